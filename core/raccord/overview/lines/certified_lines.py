"""Bank lines of certified months: what is accepted of them waits until somebody says why it is written there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, load_only

from raccord.overview.lines.bank_lines import BankLine
from raccord.store.models import Certificate, ClosedMonth
from raccord.sync.posting.periods import MonthAnswer, is_shut


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
    months = set(days.values())
    let_by = and_(
        ClosedMonth.month == Certificate.month,
        ClosedMonth.connection_id.in_({line.connection_id for line in lines}),
        ClosedMonth.answer == MonthAnswer.WRITE,
    )
    rows = session.execute(
        select(Certificate, ClosedMonth.connection_id, ClosedMonth.answered_at)
        .outerjoin(ClosedMonth, let_by)
        .where(Certificate.company_id.in_({line.company_id for line in lines}), Certificate.month.in_(months))
        .options(load_only(Certificate.company_id, Certificate.month, Certificate.made_at))
        .order_by(Certificate.version)
    ).all()
    newest = {(each.company_id, each.month): each for each, _, _ in rows}
    let = {(connection, each.month): answered_at for each, connection, answered_at in rows if connection}
    found: dict[str, CertifiedMonth] = {}
    for line in lines:
        month = days.get(line.hold_id)
        if month is None or (certificate := newest.get((line.company_id, month))) is None:
            continue
        if is_shut(certificate.made_at, let.get((line.connection_id, month))):
            found[line.hold_id] = CertifiedMonth(month, certificate.id)
    return found
