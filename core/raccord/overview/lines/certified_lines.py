"""Bank lines of certified months: what is accepted of them waits until somebody says why it is written there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.overview.lines.bank_lines import BankLine
from raccord.store.models import Certificate, Connection
from raccord.sync.posting.periods import certified_months


@dataclass(frozen=True, slots=True)
class CertifiedMonth:
    """A month, by its first day, that was certified and that nobody let anything be written into since."""

    month: date
    certificate_id: str
    """Its newest certificate."""


def certified_of(session: Session, lines: Sequence[BankLine]) -> dict[str, CertifiedMonth]:
    """Return the certified month of each line that lies in one, by the line's hold."""
    days = {line.hold_id: line.day.replace(day=1) for line in lines if line.day is not None}
    if not days:
        return {}
    rows = session.execute(
        select(Certificate.company_id, Certificate.month, Certificate.id)
        .where(
            Certificate.company_id.in_({line.company_id for line in lines}),
            Certificate.month.in_(set(days.values())),
        )
        .order_by(Certificate.version)
    )
    newest = {(company, month): id_ for company, month, id_ in rows}
    if not newest:
        return {}
    shut: dict[str, frozenset[date]] = {}
    found: dict[str, CertifiedMonth] = {}
    for line in lines:
        month = days.get(line.hold_id)
        if month is None or (certificate := newest.get((line.company_id, month))) is None:
            continue
        if line.connection_id not in shut:
            shut[line.connection_id] = certified_months(session, session.get_one(Connection, line.connection_id))
        if month in shut[line.connection_id]:
            found[line.hold_id] = CertifiedMonth(month, certificate)
    return found
