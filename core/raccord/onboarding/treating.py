"""What people say that bank lines are: categories, splits, transfers, personal money, or nothing for the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from raccord.onboarding.decisions import DecisionError, held, note, on_its_way
from raccord.onboarding.people import Actor, Power, require
from raccord.onboarding.treating_texts import refusal
from raccord.plugin.drafts import Deposit, Expense
from raccord.quickbooks import Lane, quoted
from raccord.quickbooks.codec import entity_of
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    DraftState,
    Hold,
    LedgerEntry,
    LinkRow,
    LinkState,
    PaidDocument,
    PlanLine,
)
from raccord.sync.bodies import load_draft
from raccord.sync.books import PEOPLE, store_entry
from raccord.sync.holds import close_hold
from raccord.sync.paying import PAYS
from raccord.sync.resolve import DECISION_MISSING
from raccord.sync.ruling import RULED, UNRULED
from raccord.sync.transfers import TRANSFER
from raccord.sync.treatment_fit import BooksFit
from raccord.sync.treatments import (
    BY_PERSON,
    OTHER_SIDE,
    TREATMENT,
    Treated,
    Treatment,
    UnfitTreatment,
    arrives,
    as_treated,
    dump_treatment,
    treatable,
)
from raccord.sync.workshop import Workshop

TOGETHER_MAX = 500
"""Lines that are treated alike in one go."""


@dataclass(frozen=True, slots=True)
class TreatedLines:
    """Keys of the lines that were treated, and by hold why the others were not."""

    keys: Sequence[str]
    refused: Sequence[tuple[str, DecisionError]]


def treat(workshop: Workshop, actor: Actor, hold_id: str, treatment: Treatment, *, other_side: str = "") -> DraftRow:
    """Say what a bank line that waits is; the next run plans what it becomes.

    ``other_side`` is the hold of the line that tells of the same transfer in the other account: it is answered with it,
    and posts nothing of its own. Raises :class:`DecisionError` for what the line, or the company's books, do not allow.
    """
    require(actor, Power.WORK)
    _meet(workshop, hold_id, treatment)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        hold, row, connection = held(workshop, session, actor, hold_id)
        draft = _line(hold, row)
        check_treatment(session, connection, row, draft, treatment)
        if other_side:
            other = held(workshop, session, actor, other_side)
            _answer_other_side(session, actor, (row, draft, connection), treatment, other, now)
        try:
            said = dump_treatment(treatment, draft)
        except UnfitTreatment as error:
            raise refusal(error.code, **error.params) from error
        others = {name: each for name, each in row.decisions.items() if name not in (PAYS, RULED)}
        row.decisions = {**others, TREATMENT: said}
        row.revision += 0 if row.state == DraftState.HELD else 1
        if treatment.kind is Treated.EXCLUDE:
            row.state, row.reason = DraftState.SKIPPED, f"{treatment.origin}: {treatment.why.strip()[:200]}"
        else:
            row.kind = entity_of(as_treated(row.decisions, draft))
            row.state, row.reason = DraftState.WAITING, ""
        close_hold(session, row, now, actor.name, {TREATMENT: said})
        note(session, actor, "hold.treated", row, connection, now, **_told(treatment))
        return row


def treat_many(workshop: Workshop, actor: Actor, hold_ids: Sequence[str], treatment: Treatment) -> TreatedLines:
    """Say the same of several lines, each for itself: one that does not allow it leaves the others treated."""
    if len(hold_ids) > TOGETHER_MAX:
        raise refusal("too_many", most=str(TOGETHER_MAX))
    keys: list[str] = []
    refused: list[tuple[str, DecisionError]] = []
    for hold_id in dict.fromkeys(hold_ids):
        try:
            keys.append(treat(workshop, actor, hold_id, treatment).key)
        except DecisionError as error:
            refused.append((hold_id, error))
    return TreatedLines(keys, refused)


def accept_transfer(workshop: Workshop, actor: Actor, hold_id: str) -> DraftRow:
    """Say that a line is the transfer that stands beside its question, which answers the other side with it."""
    with workshop.database.read() as session:
        hold, _, _ = held(workshop, session, actor, hold_id)
        said = hold.params.get(TRANSFER)
    if not isinstance(said, Mapping):
        raise refusal("no_transfer")
    treatment = Treatment(kind=Treated.TRANSFER, other_account=str(said["account"]))
    return treat(workshop, actor, hold_id, treatment, other_side=str(said["hold"]))


def take_back(workshop: Workshop, actor: Actor, connection_id: str, key: str) -> DraftRow:
    """Ask about a line again as if nobody had answered, while nothing of it is posted or on its way."""
    require(actor, Power.WORK)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        row = session.scalars(
            select(DraftRow).where(DraftRow.connection_id == connection_id, DraftRow.key == key)
        ).one_or_none()
        if row is None:
            raise refusal("nothing_to_take_back")
        if OTHER_SIDE in row.decisions:
            raise refusal("other_side_first", key=str(row.decisions[OTHER_SIDE]).partition(" ")[2])
        other = _other_side_of(session, row)
        _take_back(session, actor, row, now)
        if other is not None:
            _take_back(session, actor, other, now)
        return row


def money_account_of(session: Session, row: DraftRow) -> str:
    """Return the account that a line moved, as the last plan that looked at it found it; empty before any did."""
    last = select(PlanLine.money_account).where(PlanLine.draft_id == row.id).order_by(PlanLine.id.desc()).limit(1)
    return session.scalars(last).first() or ""


def check_treatment(
    session: Session, connection: Connection, row: DraftRow, draft: Deposit | Expense, treatment: Treatment
) -> None:
    """Refuse what is not in the books, inactive, of a kind that does not fit, or of another currency."""

    try:
        BooksFit(session, connection.company_id).check(treatment, draft.currency, money_account_of(session, row))
    except UnfitTreatment as error:
        raise refusal(error.code, **error.params) from error


def _line(hold: Hold, row: DraftRow) -> Deposit | Expense:
    draft = treatable(load_draft(row.body))
    if draft is None or hold.code != DECISION_MISSING:
        raise refusal("not_a_line")
    return draft


def _answer_other_side(
    session: Session,
    actor: Actor,
    line: tuple[DraftRow, Deposit | Expense, Connection],
    treatment: Treatment,
    asked: tuple[Hold, DraftRow, Connection],
    now: datetime,
) -> None:
    """Answer the line that tells of a transfer in its other account: it is posted with the first one."""
    row, draft, own = line
    hold, other, connection = asked
    there = _line(hold, other)
    fits = (
        treatment.kind is Treated.TRANSFER
        and connection.company_id == own.company_id
        and money_account_of(session, other) == treatment.other_account
        and arrives(there) != arrives(draft)
        and (there.total, there.currency) == (draft.total, draft.currency)
    )
    if not fits:
        raise refusal("other_side")
    other.decisions = {**other.decisions, OTHER_SIDE: _place(row)}
    other.revision += 0 if other.state == DraftState.HELD else 1
    other.state, other.reason = DraftState.SKIPPED, f"transfer: {row.key}"
    close_hold(session, other, now, actor.name, {OTHER_SIDE: row.key})
    note(session, actor, "hold.other_side", other, connection, now, of=row.key)


def _other_side_of(session: Session, row: DraftRow) -> DraftRow | None:
    company = session.get_one(Connection, row.connection_id).company_id
    return session.scalars(
        select(DraftRow)
        .join(Connection, Connection.id == DraftRow.connection_id)
        .where(
            Connection.company_id == company,
            DraftRow.state == DraftState.SKIPPED,
            DraftRow.decisions[OTHER_SIDE].as_string() == _place(row),
        )
    ).first()


def _take_back(session: Session, actor: Actor, row: DraftRow, now: datetime) -> None:
    posted = select(LinkRow.id).where(
        LinkRow.connection_id == row.connection_id, LinkRow.key == row.key, LinkRow.state == LinkState.LIVE
    )
    if session.scalars(posted).first() is not None or on_its_way(session, row):
        raise refusal("posted_already")
    holds = select(Hold).where(Hold.draft_id == row.id).order_by(Hold.opened_at.desc(), Hold.closed_at.desc())
    hold = session.scalars(holds.limit(1)).first()
    if hold is None or hold.closed_at is None or not hold.answer:
        raise refusal("nothing_to_take_back")
    gone = {*hold.answer, TREATMENT, PAYS, OTHER_SIDE, RULED}
    # What a person takes from a rule, no rule takes again.
    kept = {UNRULED: True} if RULED in row.decisions else {}
    row.decisions = {name: said for name, said in row.decisions.items() if name not in gone} | kept
    session.execute(delete(PaidDocument).where(PaidDocument.draft_id == row.id))
    row.kind = entity_of(load_draft(row.body))
    # A plan that was to carry the answer out is no longer what waits.
    row.revision += 1
    row.state, row.reason = DraftState.HELD, hold.code
    hold.closed_at, hold.closed_by, hold.answer = None, "", None
    note(session, actor, "hold.taken_back", row, session.get_one(Connection, row.connection_id), now)


def _place(row: DraftRow) -> str:
    return f"{row.connection_id} {row.key}"


def _meet(workshop: Workshop, hold_id: str, treatment: Treatment) -> None:
    if not treatment.party_id:
        return
    with workshop.database.read() as session:
        hold = session.get(Hold, hold_id)
        company_id = "" if hold is None else session.get_one(Connection, hold.connection_id).company_id
    if company_id:
        meet_payee(workshop, company_id, treatment.party_kind, treatment.party_id)


def meet_payee(workshop: Workshop, company_id: str, kind: str, object_id: str) -> None:
    """Ask QuickBooks about a payee that we do not know yet: people are too many to be read whole."""
    if kind not in PEOPLE or not object_id.isdecimal():
        raise refusal("does_not_fit", object=object_id)
    with workshop.database.read() as session:
        company = session.get_one(Company, company_id)
        if session.get(LedgerEntry, (company.id, kind, object_id)) is not None:
            return
    client = workshop.client(company).in_lane(Lane.INTERACTIVE)
    found = list(client.query_all(kind, f"Id = {quoted(object_id)} AND Active IN (true, false)"))
    if found:
        with workshop.database.begin() as session:
            store_entry(session, company.id, kind, found[0], workshop.clock.now())


def _told(treatment: Treatment) -> dict[str, str]:
    """Return what the audit chain says of a treatment."""
    accounts = [treatment.other_account] if treatment.other_account else [part.account for part in treatment.parts]
    said = {
        "treatment": str(treatment.kind),
        "accounts": " ".join(accounts),
        "why": treatment.why[:200],
        "origin": "" if treatment.origin == BY_PERSON else treatment.origin,
    }
    return {name: text for name, text in said.items() if text}
