"""How well bank lines were suggested: month by month, against what they finally became."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, and_, case, cast, func, literal, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Accepts
from raccord.store.models import Connection, DraftRow, Hold, LearnedHistory
from raccord.suggesting.calibration import Support, supported
from raccord.suggesting.learner import EXAMPLES_MIN
from raccord.sync.lines.line_answers import ACCEPTED_ONCE, LEARNED
from raccord.sync.lines.suggestions import SUGGESTED_KINDS, accepts_from, calibration_of
from raccord.sync.lines.treatments import TREATMENT
from raccord.sync.resolving.resolve import DECISION_MISSING
from raccord.sync.zones import zone_of

LOOKED_BACK = timedelta(days=366)
ANSWERS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class SuggestedMonth:
    """The questions for a category that were answered in a month."""

    month: date
    answered: int = 0
    suggested: int = 0
    """Those for which something was suggested."""
    right: int = 0
    """Those of them that are in the suggested account now."""
    by_itself: int = 0
    """Those that were accepted without being asked, and below those of them that stayed so."""
    by_itself_right: int = 0


@dataclass(frozen=True, slots=True)
class Suggesting:
    """What a company's history is worth, and what came of its suggestions."""

    examples: int
    wanted: int
    """Answers that a history needs before anything is learned of it."""
    shown_from: int | None
    judged: int
    right: int
    """Of the judged ones that are sure enough to be shown."""
    supports: Support | None
    """From where on the past supports accepting by itself."""
    accepts_from: int | None
    accepts_by: str
    paused: bool
    """Whether the past does not support any more what the owner said: all are asked until it does."""
    months: Sequence[SuggestedMonth]
    older: int = 0
    """How many questions of the year were closed before the newest ``ANSWERS_MAX``, which the months count."""


def suggesting(session: Session, company_id: str, now: datetime) -> Suggesting:
    """Return what is known of a company's suggestions, the newest month first."""
    kept = session.get(LearnedHistory, company_id)
    months, older = _months(session, company_id, now)
    if kept is None:
        return Suggesting(0, EXAMPLES_MIN, None, 0, 0, None, None, "", False, months, older)
    calibration = calibration_of(kept)
    shown = calibration.above(calibration.shown_from) if calibration.shown_from is not None else (0, 0)
    return Suggesting(
        kept.examples,
        EXAMPLES_MIN,
        calibration.shown_from,
        *shown,
        supported(calibration),
        kept.accepts_from,
        kept.accepts_by,
        kept.accepts_from is not None and accepts_from(kept) is None,
        months,
        older,
    )


def _months(session: Session, company_id: str, now: datetime) -> tuple[Sequence[SuggestedMonth], int]:
    """Return the months of the newest answers, and how many questions of the year were closed before those.

    The database counts: of 20 000 answers no draft is read.
    """
    closed = (
        Connection.company_id == company_id,
        Hold.code == DECISION_MISSING,
        Hold.closed_at >= now - LOOKED_BACK,
    )
    starts = _starts(now, zone_of(session, company_id))
    newest = (
        select(
            case(*((Hold.closed_at >= start.astimezone(UTC), place) for place, start in enumerate(starts))).label(
                "month"
            ),
            _outcome(session).label("outcome"),
        )
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .join(Connection, Connection.id == Hold.connection_id)
        .where(*closed)
        .order_by(Hold.closed_at.desc(), Hold.id)
        .limit(ANSWERS_MAX)
        .subquery()
    )
    counted: dict[int, Counter[_Outcome]] = defaultdict(Counter)
    counts = select(newest.c.month, newest.c.outcome, func.count()).group_by(newest.c.month, newest.c.outcome)
    for place, outcome, count in session.execute(counts.order_by(newest.c.month)):
        counted[place][_Outcome(outcome)] += count
    months = tuple(_month(starts[place], each) for place, each in counted.items())
    count = sum(each.total() for each in counted.values())
    older = 0
    if count == ANSWERS_MAX:
        of_company = select(func.count(Hold.id)).join(Connection, Connection.id == Hold.connection_id).where(*closed)
        older = (session.scalar(of_company) or 0) - count
    return tuple(each for each in months if each.answered), older


class _Outcome(IntEnum):
    """What came of a question that was closed."""

    UNANSWERED = 0
    """It went away by itself."""
    UNSUGGESTED = 1
    WRONG = 2
    RIGHT = 3
    WRONG_BY_ITSELF = 4
    RIGHT_BY_ITSELF = 5


def _month(start: datetime, counted: Mapping[_Outcome, int]) -> SuggestedMonth:
    right, by_itself = counted[_Outcome.RIGHT_BY_ITSELF], counted[_Outcome.WRONG_BY_ITSELF]
    suggested = counted[_Outcome.WRONG] + counted[_Outcome.RIGHT] + right + by_itself
    return SuggestedMonth(
        start.date(),
        counted[_Outcome.UNSUGGESTED] + suggested,
        suggested,
        counted[_Outcome.RIGHT] + right,
        right + by_itself,
        right,
    )


def _outcome(session: Session) -> ColumnElement[int]:
    told = Hold.params[(LEARNED, "account")].as_string()
    # Nothing of SQL, or of JSON.
    unanswered = func.coalesce(cast(Hold.answer, String), "null").in_(("null", "{}"))
    right = case((told == _answer(session), _Outcome.RIGHT), else_=_Outcome.WRONG)
    itself = DraftRow.decisions[ACCEPTED_ONCE].as_string().is_not(None)
    apart = _Outcome.RIGHT_BY_ITSELF - _Outcome.RIGHT
    return case(
        (unanswered, _Outcome.UNANSWERED),
        (told.is_(None), _Outcome.UNSUGGESTED),
        else_=right + case((itself, apart), else_=0),
    )


def _starts(now: datetime, zone: str) -> list[datetime]:
    """Return when the months of the year that is looked back on began where the company is, the newest first."""
    there = ZoneInfo(zone)
    start = now.astimezone(there).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = [start]
    while start > now - LOOKED_BACK:
        start = (start - timedelta(days=1)).replace(day=1)
        found.append(start)
    return found


def _answer(session: Session) -> ColumnElement[str]:
    """Return the account that a line is in now; nothing where it is something that is never suggested."""
    one = DraftRow.decisions[(TREATMENT, "parts", 0, "account")].as_string()
    suggested = and_(
        DraftRow.decisions[(TREATMENT, "kind")].as_string().in_([str(each) for each in SUGGESTED_KINDS]),
        DraftRow.decisions[(TREATMENT, "parts", 1, "account")].as_string().is_(None),
    )
    name = Hold.params["decision"].as_string()
    key = name if session.get_bind().dialect.name == "postgresql" else literal('$."') + name + '"'
    return case(
        (DraftRow.decisions[(TREATMENT, "kind")].as_string().is_not(None), case((suggested, one))),
        (Hold.params["accepts"].as_string() == str(Accepts.CATEGORY), DraftRow.decisions[key].as_string()),
    )
