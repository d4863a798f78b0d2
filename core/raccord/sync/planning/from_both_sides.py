"""Which lines of two own accounts are one transfer because rules call both of them that, each naming the other account.

Each rule answers for its own line. Where as many lines lie on one side as on the other, close together and all called
this transfer, the earliest are one, and so on; else a person is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.store import events
from raccord.store.models import Action, Connection, DraftRow, DraftState, LineState, PlanLine
from raccord.sync.bodies import load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.line_answers import answered, place_of
from raccord.sync.lines.pairing import DAYS_APART
from raccord.sync.lines.treatments import OTHER_SIDE
from raccord.sync.resolving.holds import close_hold

LEFT_TO_IT = "left_out.transfer"
"""Why a line posts nothing: the other account's line posts the transfer for both."""


class _Told(Protocol):
    @property
    def draft_id(self) -> int: ...
    @property
    def day(self) -> date: ...


_Line = TypeVar("_Line", bound=_Told)


def counterpart(
    line: _Line, here: Iterable[_Line], there: Iterable[_Line], window: tuple[date, date] | None = None
) -> _Line | None:
    """Return the line of the other account that tells of the same transfer, of all that are called it on both sides.

    Nothing where it is not sure which: one side has more lines than the other, or some are outside the ``window``.
    """
    mine, theirs = list(here), list(there)
    ours = {each.draft_id for each in mine}
    together = _hanging_together(line, sorted((*mine, *theirs), key=lambda each: (each.day, each.draft_id)))
    apart = timedelta(DAYS_APART)
    if window is not None and (together[0].day - window[0] <= apart or window[1] - together[-1].day <= apart):
        return None
    mine = [each for each in together if each.draft_id in ours]
    theirs = [each for each in together if each.draft_id not in ours]
    pairs = list(zip(mine, theirs, strict=False))
    if len(mine) != len(theirs) or any(abs(one.day - other.day) > apart for one, other in pairs):
        return None
    return next(other for one, other in pairs if one.draft_id == line.draft_id)


def _hanging_together(line: _Line, lines: Sequence[_Line]) -> Sequence[_Line]:
    """Return those of some lines, in the order of their days, that a line hangs together with, day by day."""
    place = next(number for number, each in enumerate(lines) if each.draft_id == line.draft_id)
    apart = timedelta(DAYS_APART)
    first = last = place
    while first and lines[first].day - lines[first - 1].day <= apart:
        first -= 1
    while last + 1 < len(lines) and lines[last + 1].day - lines[last].day <= apart:
        last += 1
    return lines[first : last + 1]


def told_already(session: Session, places: Mapping[str, int]) -> set[int]:
    """Return which lines, told by place, post a transfer whose other side another line was said to be."""
    said = DraftRow.decisions[OTHER_SIDE].as_string()
    found: set[int] = set()
    for some in chunks(sorted(places), CHUNK):
        rows = session.scalars(select(said).where(DraftRow.state == DraftState.SKIPPED, said.in_(some)))
        found.update(places[each] for each in rows)
    return found


def leave_to(session: Session, other_id: int, first_id: int, plan_id: str, rule: str, now: datetime) -> None:
    """Leave a line out that tells of the transfer which another line posts, as a rule said of it."""
    other, first = session.get_one(DraftRow, other_id), session.get_one(DraftRow, first_id)
    connection = session.get_one(Connection, other.connection_id)
    other.decisions = answered(other.decisions, load_draft(other.body), {OTHER_SIDE: place_of(first)})
    other.state, other.reason = DraftState.SKIPPED, f"transfer: {first.key}"
    close_hold(session, other, now, f"rule:{rule}", {OTHER_SIDE: first.key})
    planned = select(PlanLine).where(
        PlanLine.plan_id == plan_id, PlanLine.draft_id == other.id, PlanLine.state == LineState.LEFT
    )
    for line in session.scalars(planned):
        line.action, line.reason, line.params = Action.SKIP, LEFT_TO_IT, {}
    session.flush()
    events.append(
        session,
        actor=f"rule:{rule}",
        action="hold.other_side",
        subject=other.key,
        company_id=connection.company_id,
        connection_id=connection.id,
        now=now,
        body={"of": first.key},
    )
