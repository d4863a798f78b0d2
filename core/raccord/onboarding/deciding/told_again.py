"""One answer to all questions of one cause: a source told of many movements again, under ids that its bank gave anew.

Each is answered with the very movement that it was asked with. Only those are in it whose pair is one to one and
certain or likely; what is merely possible, or asks about one movement twice, is answered one by one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, func, select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.deciding.conflict_texts import others_asked
from raccord.onboarding.deciding.decisions import DecisionError, answer_conflict
from raccord.onboarding.deciding.seen_questions import question_seen
from raccord.plugin.ledger import ResolutionKind
from raccord.store import events
from raccord.store.canonical import canonical
from raccord.store.models import Connection, DraftRow, Hold
from raccord.sync.lines.doubles import SURE
from raccord.sync.lines.matching import Sure
from raccord.sync.lines.told_before import COMING
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS
from raccord.sync.resolving.conflicts import DECISION
from raccord.sync.resolving.left_elsewhere import LEFT_ELSEWHERE
from raccord.sync.resolving.newcomers import CASE
from raccord.sync.resolving.set_aside import GONE, LEFT_OUT, UNDONE
from raccord.sync.workshop import Workshop

TOGETHER = 500
"""Questions that one request answers; it must answer while somebody waits, who then has the next ones answered."""
CASES = ("own", COMING, LEFT_OUT, LEFT_ELSEWHERE, UNDONE, GONE)
"""The causes: what was told before is in the books, comes with the same plan, or is set aside."""
SHOWN = 20
"""Connections that one page tells of."""
_DIGITS = 12


class ToldAgain(StrEnum):
    """The answers to all questions of one cause."""

    SAME = "same"
    ANOTHER = "another"


@dataclass(frozen=True, slots=True)
class AskedAlike:
    """Questions of one cause about a connection, as they are now."""

    case: str
    count: int
    seen: str
    """Tells how many they are and the next ``TOGETHER`` of them, each with its movement."""


@dataclass(frozen=True, slots=True)
class AnsweredAlike:
    """How many questions were answered, and how many of the same cause wait for the next asking."""

    answered: int
    left: int


@dataclass(frozen=True, slots=True)
class _Asked:
    hold_id: str
    seen: str
    linkable: bool


def asked_alike(session: Session, connection_id: str) -> list[AskedAlike]:
    """Return the causes of which several questions of a connection wait that one answer can be given to."""
    asked = _asked([Hold.connection_id == connection_id])
    ranked = select(
        asked,
        func.count().over(partition_by=asked.c.said_case).label("of"),
        func.row_number().over(partition_by=asked.c.said_case, order_by=asked.c.id).label("at"),
    ).subquery()
    wanted = select(ranked.c.said_case, ranked.c.of, Hold).join(Hold, Hold.id == ranked.c.id)
    found: dict[str, tuple[int, list[_Asked]]] = {}
    for case, of, hold in session.execute(wanted.where(ranked.c.at <= TOGETHER, ranked.c.of > 1).order_by(Hold.id)):
        found.setdefault(case, (of, []))[1].append(_of(hold))
    return [AskedAlike(case, found[case][0], _seen(*found[case])) for case in CASES if case in found]


@dataclass(frozen=True, slots=True)
class AskingAlike:
    """A connection with questions that one answer can be given to, and how many of one cause there are at most."""

    connection_id: str
    label: str
    company_id: str
    count: int


def asking_alike(
    session: Session, connection_id: str | None = None, *, within: Collection[str] | None = None
) -> list[AskingAlike]:
    """Return the connections of some companies of which several questions of one cause wait, most of them first."""
    mine: list[ColumnElement[bool]] = [] if connection_id is None else [Hold.connection_id == connection_id]
    if within is not None:
        mine.append(Hold.connection_id.in_(select(Connection.id).where(Connection.company_id.in_(within))))
    asked = _asked(mine)
    causes = (
        select(asked.c.connection_id, func.count().label("of")).group_by(asked.c.connection_id, asked.c.said_case)
    ).subquery()  # fmt: skip
    most = func.max(causes.c.of)
    rows = session.execute(
        select(Connection.id, Connection.label, Connection.company_id, most)
        .join(causes, causes.c.connection_id == Connection.id)
        .group_by(Connection.id, Connection.label, Connection.company_id)
        .having(most > 1)
        .order_by(most.desc(), Connection.label)
        .limit(SHOWN)
    )
    return [AskingAlike(*row) for row in rows]


def answer_alike(
    workshop: Workshop,
    actor: Actor,
    connection_id: str,
    case: str,
    way: ToldAgain,
    *,
    seen: str = "",
    count: int | None = None,
) -> AnsweredAlike:
    """Answer the questions of one cause the same way, ``TOGETHER`` of them at most, each with its own movement.

    Who says what they have ``seen``, or the ``count``, decides about that: where it is otherwise by now nothing is
    answered. Each answer is kept by itself: cut short, the next asking goes on with those that nobody answered.
    """
    require(actor, Power.WORK)
    with workshop.database.read() as session:
        asked = _asked([Hold.connection_id == connection_id])
        here = select(asked.c.id).where(asked.c.said_case == case)
        total = session.scalar(select(func.count()).select_from(here.subquery())) or 0
        wanted = select(Hold).where(Hold.id.in_(here)).order_by(Hold.id).limit(TOGETHER)
        rows = [_of(hold) for hold in session.scalars(wanted)]
    if (seen and seen != _seen(total, rows)) or (count is not None and count != total):
        raise DecisionError(*others_asked(total))
    answered = 0
    try:
        for row in rows:
            same = ResolutionKind.LINK if row.linkable else ResolutionKind.SKIP
            kind = same if way is ToldAgain.SAME else ResolutionKind.CREATE
            answer_conflict(workshop, actor, row.hold_id, kind, seen=row.seen)
            answered += 1
    finally:
        if answered:
            _told(workshop, actor, connection_id, {"count": answered, "case": case, "kind": str(way)})
    return AnsweredAlike(answered, total - answered)


def _told(workshop: Workshop, actor: Actor, connection_id: str, body: dict[str, object]) -> None:
    with workshop.database.begin() as session:
        events.append(
            session,
            actor=actor.name,
            action="conflict.decided_together",
            subject=connection_id,
            company_id=session.get_one(Connection, connection_id).company_id,
            connection_id=connection_id,
            now=workshop.clock.now(),
            body=body,
        )


def _asked(mine: Sequence[ColumnElement[bool]]) -> Subquery:
    """Return the ids and causes of the questions that one answer can be given to."""
    said: Any = Hold.params
    pair = [said[name].as_string() for name in ("kind", "id", "owner_key")]
    held = (
        select(
            Hold.id,
            Hold.connection_id,
            said[CASE].as_string().label("said_case"),
            said[SURE].as_string().label("sure"),
            DraftRow.decisions[DECISION].as_string().label("decided"),
            # The same movement asked about twice is one to one with neither.
            func.count().over(partition_by=[Hold.connection_id, *pair]).label("pairs"),
        )
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .where(Hold.closed_at.is_(None), Hold.code == ALREADY_EXISTS, *mine)
    ).subquery()
    return (
        select(held.c.id, held.c.connection_id, held.c.said_case)
        .where(
            and_(
                held.c.pairs == 1,
                held.c.decided.is_(None),
                held.c.said_case.in_(CASES),
                held.c.sure.in_((str(Sure.CERTAIN), str(Sure.LIKELY))),
            )
        )
        .subquery()
    )


def _of(hold: Hold) -> _Asked:
    return _Asked(hold.id, question_seen(hold.code, hold.params), hold.params.get("linkable") is True)


def _seen(count: int, rows: Sequence[_Asked]) -> str:
    said = canonical([count, [[row.hold_id, row.seen] for row in rows]])
    return f"{count}.{hashlib.sha256(said.encode()).hexdigest()[:_DIGITS]}"
