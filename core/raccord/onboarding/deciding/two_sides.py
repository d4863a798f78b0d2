"""What people answer where two own accounts' lines were called differently and may be one movement of money."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor
from raccord.onboarding.deciding.decisions import held, note, on_its_way
from raccord.onboarding.deciding.treating import settle_other_side
from raccord.onboarding.deciding.treating_texts import refusal
from raccord.quickbooks.codec import entity_of
from raccord.store.models import Connection, DraftRow, DraftState, Hold
from raccord.sync.bodies import load_draft
from raccord.sync.lines.line_answers import APART, CALLED, place_of
from raccord.sync.lines.treatments import as_treated
from raccord.sync.lines.two_sides import CalledOtherwise, TwoSides, question_of
from raccord.sync.resolving.holds import close_hold
from raccord.sync.workshop import Workshop


def answer_two_sides(workshop: Workshop, actor: Actor, hold_id: str, *, same: bool) -> list[DraftRow]:
    """Say whether a line and the one that was called otherwise are one movement; return what waits to be posted.

    One movement: the transfer is posted, and the other line is its other side. Two: each is what it was called, and
    the two are not asked about again. Raises :class:`~raccord.onboarding.deciding.decisions.DecisionError` where
    nothing is
    asked, or where the other line's document has to be undone first.
    """
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        _, row, connection = held(workshop, session, actor, hold_id, two_sides=True)
        question = question_of(session, row)
        if question is None:
            raise refusal("not_two_sides")
        if same:
            return [_one(session, actor, question, now)]
        rows = [each for each in (question.row, question.other) if CALLED in each.decisions]
        said = {each.id: _said(each) for each in rows}
        for each, other in ((question.row, question.other), (question.other, question.row)):
            if each in rows:
                apart = [*(each.decisions.get(APART) or ()), place_of(other)]
                each.decisions = {**each.decisions, APART: apart}
                _restore(session, actor, each, said[each.id], now)
                of = session.get_one(Connection, each.connection_id)
                note(session, actor, "hold.two_movements", each, of, now, other=other.key)
        # Another line of the same amount may be there, which was not asked about yet.
        otherwise = CalledOtherwise(session, connection.company_id, now, actor.name)
        for each in rows:
            otherwise.ask(each)
        return rows


def _one(session: Session, actor: Actor, question: TwoSides, now: datetime) -> DraftRow:
    """Have the transfer posted and leave the other line out, as its other side."""
    transfer, _ = question.transfer
    other = question.other if transfer is question.row else question.row
    connection = session.get_one(Connection, transfer.connection_id)
    if CALLED not in transfer.decisions:
        # It is in the books, or on its way there: nothing of it is to be said again.
        note(session, actor, "hold.one_movement", transfer, connection, now, other=other.key)
        _settle(session, actor, other, transfer, now)
        return transfer
    if other.state == DraftState.POSTED or on_its_way(session, other):
        raise refusal("two_sides_posted", key=other.key)
    _restore(session, actor, transfer, _said(transfer), now)
    note(session, actor, "hold.one_movement", transfer, connection, now, other=other.key)
    _settle(session, actor, other, transfer, now)
    return transfer


def _settle(session: Session, actor: Actor, other: DraftRow, transfer: DraftRow, now: datetime) -> None:
    asked = session.scalars(select(Hold).where(Hold.draft_id == other.id, Hold.closed_at.is_(None))).one()
    settle_other_side(session, actor, (asked, other, session.get_one(Connection, other.connection_id)), transfer, now)


def _said(row: DraftRow) -> Mapping[str, Any]:
    said: Mapping[str, Any] = row.decisions[CALLED]["said"]
    return said


def _restore(session: Session, actor: Actor, row: DraftRow, said: Mapping[str, Any], now: datetime) -> None:
    """Have a line's answer count again; the next run plans it."""
    row.decisions = {**{name: each for name, each in row.decisions.items() if name != CALLED}, **said}
    row.kind = entity_of(as_treated(row.decisions, load_draft(row.body)))
    row.state, row.reason = DraftState.WAITING, ""
    close_hold(session, row, now, actor.name, said)
    # One question of a line is open at a time, in the database too.
    session.flush()
