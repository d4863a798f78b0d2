"""What was answered of a bank line, as its draft keeps it: one answer at a time, of the money that it was said of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Draft
from raccord.quickbooks.codec import entity_of
from raccord.store.models import Connection, DraftRow, DraftState, Hold, PaidDocument, PlanLine
from raccord.sync.bodies import load_draft
from raccord.sync.lines.paying import PAYS, asked_in
from raccord.sync.lines.treatments import OTHER_SIDE, TREATMENT, Treated, moved, treatable
from raccord.sync.lines.undeposited import TAKEN
from raccord.sync.resolving.holds import reopen

LEARNED = "learned"
"""Under this name a question says what is suggested; and a draft's decisions, that it was accepted by itself."""
DOUBTED = "doubted"
"""Under this name a question keeps what was suggested, and is not while another answer is against its account."""
ACCEPTED_ONCE = "accepted_once"
"""Under this name decisions keep that, also where a person took it back: then only a person answers."""
RULED = "ruled"
"""Under this name stands, among a draft's decisions, which rule in which version answered it without a person."""
UNRULED = "unruled"
"""Under this name, that a person took such an answer back: rules propose there, and no more."""
CALLED = "called_apart"
"""Under this name stands what a line was answered while a person is asked whether it and another one are one movement,
called differently; ``with`` is the other line, ``said`` the answer, which posts nothing meanwhile."""
APART = "apart"
"""Under this name, the lines of which a person said that they tell of another movement."""
ANSWERS = frozenset({TREATMENT, PAYS, OTHER_SIDE, RULED, LEARNED, CALLED, TAKEN})


def answered(decisions: Mapping[str, Any], draft: Draft, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line's decisions with an answer in the place of every earlier one, whoever gave it."""
    line = treatable(draft)
    asked = None if line is None else asked_in(line)
    gone = ANSWERS if asked is None else ANSWERS | {asked.name}
    return {**{name: each for name, each in decisions.items() if name not in gone}, **said}


def forget_outdated(session: Session, row: DraftRow, draft: Draft) -> bool:
    """Drop what was answered of a line of which the source says another amount or direction now; tell whether it was.

    A line that was left out, or was the other side of a transfer, is asked about anew; so is its own other side.
    """
    if ANSWERS.isdisjoint(row.decisions):
        return False
    before, line = treatable(load_draft(row.body)), treatable(draft)
    if before is None or line is None or moved(before) == moved(line):
        return False
    ask_other_side(session, row)
    said = row.decisions.get(TREATMENT)
    excluded = isinstance(said, Mapping) and said.get("kind") == Treated.EXCLUDE
    left_out = row.state == DraftState.SKIPPED and (OTHER_SIDE in row.decisions or excluded)
    row.decisions = {name: said for name, said in row.decisions.items() if name not in ANSWERS}
    session.execute(delete(PaidDocument).where(PaidDocument.draft_id == row.id))
    if left_out:
        row.state, row.reason = DraftState.WAITING, ""
    return True


def forget_answers(session: Session, row: DraftRow) -> None:
    """Drop all that was answered of a line, which is asked about as a new one should it come again."""
    ask_other_side(session, row)
    draft = load_draft(row.body)
    row.decisions, row.kind = answered(row.decisions, draft, {}), entity_of(draft)
    session.execute(delete(PaidDocument).where(PaidDocument.draft_id == row.id))


def other_side_of(session: Session, row: DraftRow) -> DraftRow | None:
    """Return the line that tells of the same transfer in its other account, and posts nothing of its own."""
    said = row.decisions.get(TREATMENT)
    if not isinstance(said, Mapping) or said.get("kind") != Treated.TRANSFER:
        return None
    company = session.get_one(Connection, row.connection_id).company_id
    return session.scalars(
        select(DraftRow)
        .join(Connection, Connection.id == DraftRow.connection_id)
        .where(
            Connection.company_id == company,
            DraftRow.state == DraftState.SKIPPED,
            DraftRow.decisions[OTHER_SIDE].as_string() == place_of(row),
        )
    ).first()


def ask_other_side(session: Session, row: DraftRow) -> None:
    """Ask about a transfer's other side again: its first side is no such transfer any more."""
    other = other_side_of(session, row)
    if other is not None:
        ask_again(session, other, last_answered(session, other))


def last_answered(session: Session, row: DraftRow) -> Hold | None:
    """Return the question about a line that was answered last, unless another one is open."""
    holds = select(Hold).where(Hold.draft_id == row.id).order_by(Hold.opened_at.desc(), Hold.closed_at.desc())
    found = session.scalars(holds).all()
    is_open = any(hold.closed_at is None for hold in found)
    return None if is_open or not found or not found[0].answer else found[0]


def ask_again(session: Session, row: DraftRow, hold: Hold | None, *, by_rule: bool = False) -> None:
    """Have a line wait with a question that was answered, as if nobody had; nothing of it is in the books.

    ``by_rule`` says that the rules changed, and may answer it anew.
    """
    # What a person takes from a rule, no rule takes again.
    kept = {UNRULED: True} if RULED in row.decisions and not by_rule else {}
    gone = {*ANSWERS, *(() if hold is None else hold.answer or ())}
    row.decisions = {name: said for name, said in row.decisions.items() if name not in gone} | kept
    session.execute(delete(PaidDocument).where(PaidDocument.draft_id == row.id))
    row.kind = entity_of(load_draft(row.body))
    # A plan that was to carry the answer out is no longer what waits.
    row.revision += 1
    if hold is None:
        row.state, row.reason = DraftState.WAITING, ""
        return
    row.state, row.reason = DraftState.HELD, hold.code
    reopen(hold, row)


def place_of(row: DraftRow) -> str:
    """Return the words by which a line's other side names it."""
    return f"{row.connection_id} {row.key}"


def money_account_of(session: Session, row: DraftRow) -> str:
    """Return the account that a line moved, as the last plan that looked at it found it; empty before any did."""
    last = select(PlanLine.money_account).where(PlanLine.draft_id == row.id).order_by(PlanLine.id.desc()).limit(1)
    return session.scalars(last).first() or ""
