"""What a month's proof leaves out, as its page shows it: by reason and line by line, and what lies outside of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.masking import masked
from raccord.onboarding.arriving.untold_accounts import said_of
from raccord.onboarding.closing.certificates import next_month
from raccord.onboarding.closing.holes import Hole, before_start
from raccord.onboarding.closing.left_out import left_out_of
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Connection, Event, Proof
from raccord_web.parts.open_points import TOLD, Told, left_out_told

FILES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class FileAside:
    """A file of which something could not be read, and that somebody set aside."""

    name: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is left out of a month, or of the connection as a whole."""

    reasons: Sequence[Mapping[str, Any]]
    """By stream, currency, state and reason: records and amount, which come to the figure of the month's days."""
    lines: Sequence[Mapping[str, Any]]
    """The first lines by day."""
    told: Mapping[tuple[str, str], Told]
    """What these lines say and which records they are, by connection and key."""
    before: Hole | None
    """The days before the first one, where records of them arrived."""
    accounts: Sequence[str]
    """Accounts of the source's files that somebody left out; masked, or by the name they were given."""
    files: Sequence[FileAside]

    def __bool__(self) -> bool:
        return bool(self.reasons or self.before or self.accounts or self.files)


def left_out_in(session: Session, connection_id: str, info: ConnectorInfo | None, month: date | None) -> LeftOut:
    """Return what is left out of the month that begins on ``month``, and what is of no month."""
    connection = session.get_one(Connection, connection_id)
    said = {"reasons": [], "lines": []} if month is None else _of_month(session, connection, month)
    before = before_start(session, connection_id)
    asides = session.scalars(
        select(Event)
        .where(
            Event.company_id == connection.company_id, Event.connection_id == connection_id,
            Event.action == "file.set_aside",
        )
        .order_by(Event.seq.desc())
        .limit(FILES_SHOWN)
    )  # fmt: skip
    lines = said["lines"][:TOLD]
    accounts = {} if info is None or not info.left_out else said_of(connection, info.left_out)
    return LeftOut(
        reasons=said["reasons"],
        lines=lines,
        told=left_out_told(session, [{"id": connection_id, "left_out": {"lines": lines}}]),
        before=before if before is not None and before.records else None,
        accounts=[name or masked(key) for key, name in accounts.items()],
        files=[FileAside(each.subject, each.actor, each.at) for each in asides],
    )


def _of_month(session: Session, connection: Connection, month: date) -> dict[str, Any]:
    last = next_month(month) - timedelta(days=1)
    rows = session.execute(
        select(Proof.stream, Proof.currency, Proof.left_out_total).where(
            Proof.connection_id == connection.id, Proof.day >= month, Proof.day <= last
        )
    )
    proofs = [{"stream": row.stream, "currency": row.currency, "left_out": row.left_out_total} for row in rows]
    return left_out_of(session, connection, month, last, proofs)
