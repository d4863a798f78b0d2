"""Documents that several lines are together: what is asked, what was said, and which part each line has of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from raccord.plugin.ledger import ResolutionKind
from raccord.store.made_once import made_once
from raccord.store.models import Connection, DraftRow, Hold, Match, PlanLine, SourceRecord
from raccord.sync.days import around
from raccord.sync.lines.in_parts import Group
from raccord.sync.lines.pairing import DAYS_APART, Found, Line
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS
from raccord.sync.resolving.conflicts import DECISION, decision_of, without_decision
from raccord.sync.resolving.newcomers import CASE

PART = "part"
"""Under this name a question says what the line moves of the document."""
WITH = "with"
"""Under this name it says the keys of the lines that are the rest."""
PARTLY = "proof.partly_covered"

Place = tuple[str, str, str]
"""Kind, id and account of a document."""


class Partly(NamedTuple):
    """A line that is a part of a document of which others are missing; ``missing`` is what no line is."""

    stream: str
    currency: str
    day: date
    key: str
    kind: str
    document_id: str
    missing: Decimal


def said_to_be_parts(plan_lines: Sequence[ColumnElement[bool]]) -> Select[int, dict[str, Any]]:
    """Return the question which of some plan lines a person said to be parts, with their decisions."""
    said = DraftRow.decisions[(DECISION, "params", PART)].as_string()
    lines = select(PlanLine.id, DraftRow.decisions).join(DraftRow, DraftRow.id == PlanLine.draft_id)
    return lines.where(*plan_lines, said.is_not(None))


def asked_of(
    session: Session, connection: Connection, days: tuple[date, date], said: Iterable[Mapping[str, Any]]
) -> frozenset[Place]:
    """Return the documents around some days that lines cover in part, and those that lines were said to be parts of."""
    asked = {_place_in(decisions[DECISION]["params"]) for decisions in said}
    parts = _parts_around(session, connection, *days)
    return frozenset(asked | {place for place, some in parts.items() if _missing(some)})


def partly_covered(session: Session, connection: Connection, first: date, last: date) -> list[Partly]:
    """Return the lines of some days that are parts of documents which no lines cover whole."""
    parts = _parts_around(session, connection, first, last)
    missing = {match.id: left for some in parts.values() if (left := _missing(some)) for match in some}
    if not missing:
        return []
    rows = session.execute(
        select(Match.id, SourceRecord.stream, SourceRecord.currency, SourceRecord.day, DraftRow.key, Match.kind,
               Match.document_id)
        .join(DraftRow, DraftRow.id == Match.draft_id)
        .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .where(Match.connection_id == connection.id, Match.part > 0, SourceRecord.day.between(first, last))
        .order_by(SourceRecord.day, DraftRow.key)
    )  # fmt: skip
    return [
        Partly(stream, currency or "", day, key, kind, document_id, missing[match_id])
        for match_id, stream, currency, day, key, kind, document_id in rows
        if match_id in missing and day is not None
    ]


def _parts_around(session: Session, connection: Connection, first: date, last: date) -> dict[Place, list[Match]]:
    rows = session.scalars(*_parts(connection.id, *around(first, last, DAYS_APART)))
    found: dict[Place, list[Match]] = defaultdict(list)
    for match in rows:
        found[match.kind, match.document_id, match.money_account].append(match)
    return found


@made_once
def _parts(connection_id: str, first: date, last: date) -> Select[Match]:
    return select(Match).where(Match.connection_id == connection_id, Match.part > 0, Match.day.between(first, last))


def _missing(parts: Iterable[Match]) -> Decimal:
    some = list(parts)
    return (some[0].whole or Decimal(0)) - sum((match.amount for match in some), Decimal(0))


def is_part(row: DraftRow) -> bool:
    """Tell whether a person answered that a line is a part of a document, or is not."""
    decided = row.decisions.get(DECISION)
    params = decided.get("params") if isinstance(decided, Mapping) else None
    return isinstance(params, Mapping) and PART in params


@dataclass(slots=True)
class Shares:
    """Gives lines their parts of documents, as people said, and says what is asked of those that may be parts."""

    session: Session
    connection: Connection
    now: datetime

    def decided(self, lines: Iterable[tuple[Line, DraftRow]], found: Iterable[Found]) -> dict[int, Found]:
        """Return by line the document that a person said it is a part of, while no more is said of it than it holds.

        What was said of a document that is gone, or of another amount, is forgotten.
        """
        there = {each.place: each for each in found}
        left = {place: each.left for place, each in there.items()}
        taken: dict[int, Found] = {}
        for line, row in sorted(lines, key=lambda each: each[0].id):
            said = decision_of(row)
            if not is_part(row) or said is None or said.kind is not ResolutionKind.SKIP:
                continue
            params = row.decisions[DECISION]["params"]
            place = _place_in(params)
            rest = left.get(place, Decimal(0))
            within = (line.amount > 0) == (rest > 0) and abs(line.amount) <= abs(rest)
            if not within or Decimal(str(params[PART])) != line.amount:
                row.decisions = without_decision(row)
                continue
            left[place] -= line.amount
            taken[line.id] = there[place]
        return taken

    def match(self, line: PlanLine, row: DraftRow, found: Found) -> None:
        """Keep that a line is a part of a document."""
        place = (
            Match.connection_id == self.connection.id, Match.kind == found.kind, Match.document_id == found.id,
            Match.money_account == found.account,
        )  # fmt: skip
        last = self.session.scalar(select(func.max(Match.part)).where(*place)) or 0
        self.session.add(
            Match(
                company_id=self.connection.company_id, connection_id=self.connection.id, draft_id=row.id,
                kind=found.kind, document_id=found.id, money_account=found.account, part=last + 1, whole=found.amount,
                amount=line.amount, currency=line.currency, day=found.day, matched_at=self.now,
            )
        )  # fmt: skip
        self.session.flush()


def asked_with(group: Group, line: Line, keys: Mapping[int, str]) -> dict[str, Any]:
    """Return what a question says of the lines that are one document with this one."""
    others = [each for each in group.lines if each is not line]
    # Nothing is told of those that were answered before: what they left is one line's.
    return {
        CASE: PART if others else "rest",
        PART: format(line.amount, "f"),
        "left": format(group.found.left, "f"),
        "account": group.found.account,
        WITH: [keys[each.id] for each in others],
        "together": ", ".join(f"{each.day}: {format(each.amount, 'f')}" for each in others),
        "linkable": False,
    }


def free_part(session: Session, row: DraftRow) -> bool:
    """Forget which document, or documents, hold a line's movement; tell whether any did."""
    matches = session.scalars(select(Match).where(Match.draft_id == row.id)).all()
    for match in matches:
        session.delete(match)
    session.flush()
    return bool(matches)


def last_asked(session: Session, row: DraftRow) -> Hold | None:
    """Return the question whose answer was that a document holds the line's movement."""
    # A plan that looked at the answer may have asked for the line's category before.
    holds = select(Hold).where(Hold.draft_id == row.id, Hold.closed_at.is_not(None))
    return session.scalars(holds.order_by(Hold.closed_at.desc()).limit(1)).first()


def siblings(session: Session, hold: Hold) -> list[tuple[Hold, DraftRow]]:
    """Return the open questions about the other lines that are one document with this one."""
    keys = hold.params.get(WITH) or []
    if not keys:
        return []
    rows = session.execute(
        select(Hold, DraftRow)
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .where(
            Hold.connection_id == hold.connection_id, Hold.closed_at.is_(None), Hold.code == ALREADY_EXISTS,
            DraftRow.key.in_([str(key) for key in keys]),
        )
        .order_by(DraftRow.id)
    ).all()  # fmt: skip
    place = _place_in(hold.params)
    return [(other, row) for other, row in rows if PART in other.params and _place_in(other.params) == place]


def _place_in(params: Mapping[str, Any]) -> Place:
    return (str(params["kind"]), str(params["id"]), str(params["account"]))
