"""What people say that bank lines are: categories, splits, transfers, personal money, or nothing for the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.masking import masked
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.deciding.decisions import DecisionError, held, note, on_its_way
from raccord.onboarding.deciding.treating_texts import refusal
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
)
from raccord.sync.bodies import load_draft
from raccord.sync.books.company import PEOPLE, store_entry
from raccord.sync.days import around
from raccord.sync.lines.attached import let_files_go
from raccord.sync.lines.line_answers import (
    ACCEPTED_ONCE,
    UNRULED,
    answered,
    ask_again,
    last_answered,
    money_account_of,
    other_side_of,
    place_of,
)
from raccord.sync.lines.overrides import weigh_answer
from raccord.sync.lines.pairing import DAYS_APART
from raccord.sync.lines.shared_documents import free_part, last_asked
from raccord.sync.lines.titles import titles_of
from raccord.sync.lines.transfers import TRANSFER
from raccord.sync.lines.treatment_fit import BooksFit
from raccord.sync.lines.treatments import (
    BY_PERSON,
    OTHER_SIDE,
    TREATMENT,
    Treated,
    Treatment,
    UnfitTreatment,
    arrives,
    as_treated,
    dump_treatment,
    load_treatment,
    treatable,
)
from raccord.sync.lines.two_sides import UNDER_WAY, CalledOtherwise, leave_to_the_next
from raccord.sync.posting.removals import UNDONE
from raccord.sync.resolving.conflicts import DECISION
from raccord.sync.resolving.holds import alone_in, close_hold
from raccord.sync.resolving.resolve import DECISION_MISSING
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
    and posts nothing of its own. Where the other account's line was said to be this transfer already, this line is its
    other side; where it was said to be something else, a person is asked whether the two are one. Raises
    :class:`DecisionError` for what the line, or the company's books, do not allow.
    """
    require(actor, Power.WORK)
    _meet(workshop, hold_id, treatment)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        hold, row, connection = held(workshop, session, actor, hold_id)
        draft = _line(hold, row)
        check_treatment(session, connection, row, draft, treatment)
        first = None if other_side else first_side_of(session, connection, row, draft, treatment)
        if first is not None:
            settle_other_side(session, actor, (hold, row, connection), first, now)
            return row
        if other_side:
            other = held(workshop, session, actor, other_side)
            _answer_other_side(session, actor, (row, draft, connection), treatment, other, now)
        try:
            said = dump_treatment(treatment, draft)
        except UnfitTreatment as error:
            raise refusal(error.code, **error.params) from error
        row.decisions = answered(row.decisions, draft, {TREATMENT: said})
        row.revision += 0 if row.state == DraftState.HELD else 1
        if treatment.kind is Treated.EXCLUDE:
            row.state, row.reason = DraftState.SKIPPED, f"{treatment.origin}: {treatment.why.strip()[:200]}"
        else:
            row.kind = entity_of(as_treated(row.decisions, draft))
            row.state, row.reason = DraftState.WAITING, ""
        close_hold(session, row, now, actor.name, {TREATMENT: said})
        note(session, actor, "hold.treated", row, connection, now, **_told(treatment))
        weigh_answer(session, connection.company_id, hold, row)
        CalledOtherwise(session, connection.company_id, now, actor.name).ask(row)
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
        hold, _, _ = held(workshop, session, actor, hold_id, lock=False)
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
        connection = session.get(Connection, connection_id)
        if connection is not None:
            alone_in(session, connection.company_id)
        row = session.scalars(
            select(DraftRow).where(DraftRow.connection_id == connection_id, DraftRow.key == key)
        ).one_or_none()
        if row is None:
            raise refusal("nothing_to_take_back")
        if OTHER_SIDE in row.decisions:
            raise refusal("other_side_first", key=_called(session, str(row.decisions[OTHER_SIDE])))
        other = other_side_of(session, row)
        _take_back(session, actor, row, now)
        if other is not None:
            _take_back(session, actor, other, now)
        return row


def _called(session: Session, place: str) -> str:
    """Return what a line says that is told by its connection and key."""
    connection_id, _, key = place.partition(" ")
    title = titles_of(session, connection_id, [key]).get(key)
    return title.text if title is not None and title.text else masked(key)


def ask_about_again(workshop: Workshop, actor: Actor, hold_id: str) -> str:
    """Ask again about the bank line of a question, open or not, as :func:`take_back` does; return what is open now."""
    with workshop.database.read() as session:
        hold = session.get_one(Hold, hold_id)
        connection_id, key = hold.connection_id, session.get_one(DraftRow, hold.draft_id).key
    row = take_back(workshop, actor, connection_id, key)
    with workshop.database.read() as session:
        return session.scalars(select(Hold.id).where(Hold.draft_id == row.id, Hold.closed_at.is_(None))).one()


def check_treatment(
    session: Session, connection: Connection, row: DraftRow, draft: Deposit | Expense, treatment: Treatment
) -> None:
    """Refuse what is not in the books, inactive, of a kind that does not fit, or of another currency."""

    try:
        BooksFit(session, connection.company_id).check(
            treatment, draft.currency, money_account_of(session, row), deposit=isinstance(draft, Deposit)
        )
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
    settle_other_side(session, actor, asked, row, now)


def settle_other_side(
    session: Session, actor: Actor, asked: tuple[Hold, DraftRow, Connection], first: DraftRow, now: datetime
) -> None:
    """Leave a line out that tells of the transfer which another line posts."""
    _, other, connection = asked
    other.decisions = answered(other.decisions, load_draft(other.body), {OTHER_SIDE: place_of(first)})
    other.revision += 0 if other.state == DraftState.HELD else 1
    other.state, other.reason = DraftState.SKIPPED, f"transfer: {first.key}"
    close_hold(session, other, now, actor.name, {OTHER_SIDE: first.key})
    note(session, actor, "hold.other_side", other, connection, now, of=first.key)


def first_side_of(
    session: Session, connection: Connection, row: DraftRow, draft: Deposit | Expense, treatment: Treatment
) -> DraftRow | None:
    """Return the nearest line of the other account that is to post the transfer which a line is said to be."""
    if treatment.kind is not Treated.TRANSFER or row.day is None:
        return None
    here = money_account_of(session, row)
    rows = session.scalars(
        select(DraftRow)
        .join(Connection, Connection.id == DraftRow.connection_id)
        .where(
            Connection.company_id == connection.company_id,
            DraftRow.state.in_(UNDER_WAY),
            DraftRow.kind == "Transfer",
            DraftRow.day.between(*around(row.day, row.day, DAYS_APART)),
            DraftRow.id != row.id,
        )
        .order_by(DraftRow.day, DraftRow.id)
    ).all()
    sides = [
        (abs((other.day - row.day).days), other)
        for other in rows
        if other.day is not None and _posts(session, other, (here, treatment.other_account), draft)
    ]
    return min(sides, key=lambda side: side[0])[1] if sides else None


def _posts(session: Session, other: DraftRow, accounts: tuple[str, str], draft: Deposit | Expense) -> bool:
    """Tell whether another account's line is to post the movement that a line tells of too, which no line told yet."""
    said, there = load_treatment(other.decisions), treatable(load_draft(other.body))
    return (
        said is not None
        and there is not None
        and said.kind is Treated.TRANSFER
        and (said.other_account, money_account_of(session, other)) == accounts
        and arrives(there) != arrives(draft)
        and (there.total, there.currency) == (draft.total, draft.currency)
        and other_side_of(session, other) is None
    )


def _take_back(session: Session, actor: Actor, row: DraftRow, now: datetime) -> None:
    posted = select(LinkRow.id).where(
        LinkRow.connection_id == row.connection_id, LinkRow.key == row.key, LinkRow.state == LinkState.LIVE
    )
    if session.scalars(posted).first() is not None or on_its_way(session, row):
        raise refusal("posted_already")
    # What a document of the books was said to hold is the line's own again.
    freed = free_part(session, row)
    hold = last_asked(session, row) if freed else _to_ask_again(session, actor, row, now)
    if hold is None:
        raise refusal("nothing_to_take_back")
    ask_again(session, row, hold)
    leave_to_the_next(session, row)
    note(session, actor, "hold.taken_back", row, session.get_one(Connection, row.connection_id), now)


def _to_ask_again(session: Session, actor: Actor, row: DraftRow, now: datetime) -> Hold | None:
    """Return the question whose answer a person takes back; what else was asked about the line is settled by that."""
    last = last_answered(session, row)
    if last is not None and last.code != UNDONE:
        return last
    holds = select(Hold).where(Hold.draft_id == row.id).order_by(Hold.opened_at.desc(), Hold.closed_at.desc())
    found = session.scalars(holds).all()
    answers = (hold for hold in found if hold.code == DECISION_MISSING and hold.closed_at is not None and hold.answer)
    answer = next(answers, None)
    asked = next((hold for hold in found if hold.closed_at is None), None)
    if asked is not None and asked.code == DECISION_MISSING:
        return None
    undone = session.scalars(
        select(LinkRow).where(
            LinkRow.connection_id == row.connection_id,
            LinkRow.key == row.key,
            LinkRow.state.in_((LinkState.UNDONE, LinkState.RELEASED)),
        )
    ).all()
    if answer is None:
        for link in undone if last is not None else ():
            # Said to be posted again and taken back before it was: what was asked of it is asked again.
            link.state = LinkState.UNDONE
        return last
    close_hold(session, row, now, actor.name, {"taken_back": True})
    for link in undone:
        # What it becomes now is another document, which neither a rule nor a suggestion makes by itself.
        link.state = LinkState.RELEASED
        row.revision = max(row.revision, link.revision)
        row.decisions = {**row.decisions, UNRULED: True, ACCEPTED_ONCE: True}
    let_files_go(session, row)
    row.decisions = {name: said for name, said in row.decisions.items() if name != DECISION}
    # One question of a line is open at a time, in the database too.
    session.flush()
    return answer


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
