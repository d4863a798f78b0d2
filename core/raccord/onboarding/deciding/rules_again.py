"""What rules answered by themselves and is not posted: judged again where the rules change, never a person's answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor
from raccord.onboarding.deciding.decisions import on_its_way
from raccord.store import events
from raccord.store.models import Connection, DraftRow, DraftState, LinkRow, LinkState
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.bank_rules import RuleMode
from raccord.sync.lines.line_answers import RULED, ask_again, ask_other_side, last_answered
from raccord.sync.lines.treatments import TREATMENT, dump_treatment
from raccord.sync.lines.two_sides import UNDER_WAY, leave_to_the_next
from raccord.sync.planning.ruling import Judge, Place, days_of, read_places, read_rules


def count_ruled(session: Session, company_id: str, rule_id: str) -> int:
    """Return how many lines a rule answered by itself that are not posted: left out, or still to be posted."""
    of_rule = DraftRow.decisions[RULED]["id"].as_string() == rule_id
    return session.scalar(select(func.count()).select_from(_ruled(company_id).where(of_rule).subquery())) or 0


def judge_again(session: Session, actor: Actor, company_id: str, now: datetime) -> int:
    """Ask again about the lines of which the rules say something else now; return how many, for the next run to judge.

    A line that its rule would answer as before keeps its answer.
    """
    session.flush()
    ids = session.scalars(_ruled(company_id).with_only_columns(DraftRow.id).order_by(DraftRow.id)).all()
    if not ids:
        return 0
    rules = read_rules(session, company_id)
    places = [
        place
        for some in chunks(ids, CHUNK)
        for place in read_places(session, company_id, rules, [DraftRow.id.in_(some)])
    ]
    judge = Judge(session, company_id, rules, days_of(places))
    again = 0
    for place in places:
        row = session.get_one(DraftRow, place.draft_id)
        if _stands(judge, place) or on_its_way(session, row):
            continue
        ask_other_side(session, row)
        ask_again(session, row, last_answered(session, row), by_rule=True)
        leave_to_the_next(session, row)
        again += 1
        events.append(
            session,
            actor=actor.name,
            action="bank_rule.asked_again",
            subject=row.key,
            company_id=company_id,
            connection_id=row.connection_id,
            now=now,
            body={"rule": str(place.decisions[RULED]["id"])},
        )
    return again


def _stands(judge: Judge, place: Place) -> bool:
    """Tell whether the rule that answered a line would answer it so today."""
    ruling = judge.of(place)
    return (
        ruling is not None
        and ruling.treatment is not None
        and ruling.rule.mode is RuleMode.APPLY
        and ruling.rule.id == place.decisions[RULED]["id"]
        and _of_books(dump_treatment(ruling.treatment, place.line.draft)) == _of_books(place.decisions[TREATMENT])
    )


def _of_books(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a treatment says without its reason, which is the rule's name and may change."""
    return {name: value for name, value in said.items() if name != "why"}


def _ruled(company_id: str) -> Any:
    """Return the lines of a company that rules answered without a person, and that are in no books."""
    linked = select(LinkRow.id).where(
        LinkRow.connection_id == DraftRow.connection_id, LinkRow.key == DraftRow.key, LinkRow.state == LinkState.LIVE
    )
    wanted: list[ColumnElement[bool]] = [
        Connection.company_id == company_id,
        DraftRow.state.in_((*UNDER_WAY, DraftState.SKIPPED)),
        DraftRow.decisions[RULED]["id"].as_string().is_not(None),
        ~linked.exists(),
    ]
    return select(DraftRow).join(Connection, Connection.id == DraftRow.connection_id).where(*wanted)
