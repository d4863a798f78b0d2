"""Bank lines that wait for a person, filtered and in a stable order, and those answered that are not posted yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import String, func, or_, select, tuple_, type_coerce
from sqlalchemy.orm import Session, aliased

from raccord.masking import masked
from raccord.overview.lines.deposit_notes import deposit_notes
from raccord.overview.lines.typed_amounts import amounts_typed
from raccord.overview.listing import MOST, USUAL, Listing, Within, among, bounds, count_of, page_and_count
from raccord.overview.questions import Match, is_line, matches_in
from raccord.overview.titles import memo_says
from raccord.plugin.drafts import Accepts, Deposit, Expense, PaymentType
from raccord.plugin.texts import Text
from raccord.store.models import Company, Connection, DraftRow, DraftState, Hold, LedgerEntry, PlanLine, SourceRecord
from raccord.sync.bodies import load_draft
from raccord.sync.books.parties import cheque_of
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.line_answers import LEARNED, place_of
from raccord.sync.lines.paying import MATCHES_LIMITED, PAYS
from raccord.sync.lines.titles import text_of
from raccord.sync.lines.treatments import OTHER_SIDE, TREATMENT, Treated, treatable
from raccord.sync.posting.removals import UNDONE
from raccord.sync.resolving.resolve import DECISION_MISSING

SEARCH_MAX = 100
ACCOUNTS_MAX = 200
ANSWERED_KINDS = ("BillPayment", "Deposit", "Payment", "Purchase", "Transfer")
"""What a bank line may have become."""
UNDONE_MAX = 100
SKIP = "skip"
"""Under this name stands, in an answer, why a line was left out."""


@dataclass(frozen=True, slots=True)
class WantedLines:
    """Which lines a list shows; ``account`` is the QuickBooks account that the money moved on."""

    connection_id: str = ""
    company_id: str = ""
    account: str = ""
    arriving: bool | None = None
    search: str = ""
    """Words of the bank's text, or an amount."""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class BankLine:
    """Money on a bank or card account of which somebody has to say what it was for; ``amount`` is negative if spent."""

    hold_id: str
    draft_id: int
    record_id: int | None
    connection_id: str
    connection: str
    company_id: str
    company: str
    home_currency: str
    key: str
    day: date | None
    amount: Decimal
    currency: str
    text: str
    account_id: str
    account: str
    on_card: bool
    suggestion: str
    """The account that the connector proposes, by id or name."""
    matches: Sequence[Match] = ()
    put_together: int = 0
    """Of how many lines, where more than those name a document that this one may pay a part of."""
    learned: Mapping[str, Any] | None = None
    """What the question keeps of a suggestion that was learned."""
    notes: Sequence[Text] = ()
    """What is told of the payments that it may be the deposit of."""
    taxed: bool = False
    cheque: str = ""
    """Its number, where the bank calls it a cheque."""

    @property
    def arrives(self) -> bool:
        return self.amount > 0


@dataclass(frozen=True, slots=True)
class AnsweredLine:
    """A line that somebody answered and that is not posted yet."""

    hold_id: str
    connection_id: str
    connection: str
    company_id: str
    key: str
    day: date | None
    amount: Decimal
    currency: str
    text: str
    kind: str
    """``pays``, ``skip``, ``other_side`` or what a treatment is."""
    accounts: Sequence[str]
    """Names of the accounts that the answer names; of another side, what the transfer's line says."""
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UndoneLine:
    """A line whose document was undone."""

    hold_id: str
    company_id: str
    record_id: int | None
    day: date | None
    amount: Decimal
    currency: str
    text: str


@dataclass(frozen=True, slots=True)
class LineAccount:
    """An account with lines that wait."""

    company_id: str
    account_id: str
    name: str
    lines: int


def count_lines(session: Session, within: Within = None, connection_id: str = "") -> int:
    """Return how many bank lines wait, of all connections or of one."""
    mine = [Hold.connection_id == connection_id] if connection_id else []
    asked = select(func.count()).select_from(Hold).where(Hold.closed_at.is_(None), is_line(), *mine)
    return session.scalar(asked.where(*among(Hold.connection_id, within))) or 0


def open_lines(
    session: Session, wanted: WantedLines, *, within: Within = None, limit: int = USUAL, offset: int = 0
) -> Listing[BankLine]:
    """Return lines that wait, the oldest day first."""
    limit, offset = bounds(limit, offset)
    asked = _where(_open(wanted, within), session, wanted)
    # Only days and ids are sorted; what a line is, and which account it moved, is read for one page.
    page: Any
    if wanted == WantedLines(connection_id=wanted.connection_id):
        page = asked.with_only_columns(Hold.id).order_by(DraftRow.day, Hold.id).limit(limit).offset(offset)
        total = count_lines(session, within, wanted.connection_id)
    else:
        found = asked.with_only_columns(Hold.id, DraftRow.day)
        page, total = page_and_count(session, found, lambda of: (of.day, of.id), limit, offset)
    rows = session.execute(_open(wanted, within).where(Hold.id.in_(page)).order_by(DraftRow.day, Hold.id)).all()
    return Listing(_lines(session, rows), total, offset, limit)


def undone_lines(session: Session, within: Within = None, connection_id: str = "") -> list[UndoneLine]:
    """Return the lines whose documents were undone and that wait for a word of a person, the oldest day first."""
    rows = session.execute(
        select(Hold.id, DraftRow, Connection.company_id)
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .join(Connection, Connection.id == Hold.connection_id)
        .where(
            Hold.closed_at.is_(None),
            Hold.code == UNDONE,
            # By what waits, which is little: not by the kind, which most drafts are of.
            func.coalesce(DraftRow.kind, "").in_(ANSWERED_KINDS),
            *([Hold.connection_id == connection_id] if connection_id else []),
            *among(Hold.connection_id, within),
        )
        .order_by(DraftRow.day, Hold.id)
        .limit(UNDONE_MAX)
    )
    found = [(hold_id, row, company_id, treatable(load_draft(row.body))) for hold_id, row, company_id in rows]
    return [
        UndoneLine(
            hold_id,
            company_id,
            row.record_id,
            row.day,
            _amount(draft),
            draft.currency,
            text_of(draft) or masked(row.key),
        )
        for hold_id, row, company_id, draft in found
        if draft is not None
    ]


def some_lines(session: Session, wanted: WantedLines, within: Within = None) -> list[BankLine]:
    """Return the first lines that wait, ``MOST`` at most, without counting the others."""
    asked = _where(_open(wanted, within), session, wanted)
    return _lines(session, session.execute(asked.order_by(DraftRow.day, Hold.id).limit(MOST)).all())


def the_line(session: Session, hold_id: str, within: Within = None) -> BankLine | None:
    """Return one line that waits, if it does."""
    rows = session.execute(_open(WantedLines(), within).where(Hold.id == hold_id)).all()
    return next(iter(_lines(session, rows)), None)


def accounts_with_lines(session: Session, within: Within = None, connection_id: str = "") -> list[LineAccount]:
    """Return the accounts that have lines which wait, of all connections or of one, by name."""
    # Counted by account before their names are looked up, which are few.
    counted = (
        select(Connection.company_id, last_account().label("moved_on"), func.count().label("lines"))
        .select_from(Hold)
        .join(Connection, Connection.id == Hold.connection_id)
        .where(Hold.closed_at.is_(None), is_line(), *among(Hold.connection_id, within))
        .where(*([Hold.connection_id == connection_id] if connection_id else []))
    )
    inner = counted.group_by(Connection.company_id, "moved_on").subquery()
    rows = session.execute(
        select(inner.c.company_id, inner.c.moved_on, LedgerEntry.name, inner.c.lines)
        .outerjoin(
            LedgerEntry,
            (LedgerEntry.company_id == inner.c.company_id)
            & (LedgerEntry.kind == "Account")
            & (LedgerEntry.object_id == inner.c.moved_on),
        )
        .where(inner.c.moved_on.is_not(None), inner.c.moved_on != "")
        .order_by(LedgerEntry.name, inner.c.moved_on)
        .limit(ACCOUNTS_MAX)
    )
    return [LineAccount(row[0], row[1], row[2] or row[1], row[3]) for row in rows]


def answered_lines(
    session: Session, wanted: WantedLines, *, within: Within = None, limit: int = USUAL, offset: int = 0
) -> Listing[AnsweredLine]:
    """Return lines that were answered and are not posted, the last answer first."""
    limit, offset = bounds(limit, offset)
    asked = _where(
        _answered(within).where(*([Hold.connection_id == wanted.connection_id] if wanted.connection_id else [])),
        session,
        wanted,
    )
    rows = session.execute(asked.order_by(Hold.closed_at.desc(), Hold.id).limit(limit).offset(offset)).all()
    return Listing(_as_answered(session, rows), count_of(session, asked.with_only_columns(Hold.id)), offset, limit)


def answered_line(session: Session, hold_id: str, within: Within = None) -> AnsweredLine | None:
    """Return a line that was answered and is not posted."""
    rows = session.execute(_answered(within).where(Hold.id == hold_id)).all()
    return next(iter(_as_answered(session, rows)), None)


def _as_answered(session: Session, rows: Iterable[Any]) -> list[AnsweredLine]:
    rows = list(rows)
    told = {row.Hold.id: said_in(row.Hold.answer or {}) for row in rows}
    places = {(row.company_id, account) for row in rows for account in told[row.Hold.id][1]}
    names = _names(session, places)
    transfers = _texts(session, {place for row in rows if (place := _first_side(row.DraftRow))})
    found = []
    for row in rows:
        hold, draft = row.Hold, load_draft(row.DraftRow.body)
        if isinstance(draft, Deposit | Expense) and hold.closed_at is not None:
            found.append(
                AnsweredLine(
                    hold_id=hold.id,
                    connection_id=hold.connection_id,
                    connection=row.label,
                    company_id=row.company_id,
                    key=row.DraftRow.key,
                    day=row.DraftRow.day,
                    amount=_amount(draft),
                    currency=draft.currency,
                    text=_called(draft, row.DraftRow),
                    kind=told[hold.id][0],
                    accounts=[
                        *filter(None, [transfers.get(_first_side(row.DraftRow), "")]),
                        *(names.get((row.company_id, each), each) for each in told[hold.id][1]),
                    ],
                    by=hold.closed_by,
                    at=hold.closed_at,
                )
            )
    return found


def _first_side(row: DraftRow) -> str:
    """Return the place of the line whose transfer a line is the other side of; empty for any other line."""
    return str(row.decisions.get(OTHER_SIDE, ""))


def _texts(session: Session, places: Iterable[str]) -> dict[str, str]:
    """Return what lines say, by their connection and key."""
    wanted = [tuple(place.split(" ", 1)) for place in sorted(places)]
    rows = session.scalars(select(DraftRow).where(tuple_(DraftRow.connection_id, DraftRow.key).in_(wanted)))
    return {place_of(row): text_of(load_draft(row.body)) or masked(row.key) for row in rows} if wanted else {}


def said_in(answer: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return what a closed hold's answer says: its kind, and the ids of the accounts that it names."""
    treatment = answer.get(TREATMENT)
    if isinstance(treatment, Mapping):
        accounts = [str(part["account"]) for part in treatment.get("parts", ())]
        return str(treatment["kind"]), [*accounts, *filter(None, [str(treatment.get("other_account", ""))])]
    for kind in (PAYS, SKIP, OTHER_SIDE):
        if kind in answer:
            return kind, []
    return str(Treated.CATEGORY), [str(each) for each in answer.values() if isinstance(each, str)]


def _answered(within: Within) -> Any:
    """Return the question for the last closed hold of lines that wait for a run, or were left out by a person."""
    other = aliased(Hold)
    newest = select(func.max(other.id)).where(other.draft_id == DraftRow.id).correlate(DraftRow).scalar_subquery()
    states = (DraftState.WAITING, DraftState.PLANNED, DraftState.READY, DraftState.SKIPPED)
    return (
        select(Hold, DraftRow, Connection.label, Connection.company_id)
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .join(Connection, Connection.id == Hold.connection_id)
        .outerjoin(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .where(
            Hold.id == newest,
            Hold.closed_at.is_not(None),
            Hold.closed_by != "raccord",
            Hold.code == DECISION_MISSING,
            Hold.params["accepts"].as_string() == str(Accepts.CATEGORY),
            DraftRow.state.in_(states),
            *among(Hold.connection_id, within),
        )
    )


def _open(wanted: WantedLines, within: Within) -> Any:
    mine = [Hold.connection_id == wanted.connection_id] if wanted.connection_id else []
    return (
        select(
            Hold,
            DraftRow,
            Connection.label,
            Company.id.label("company_id"),
            Company.name.label("company"),
            Company.home_currency,
            Company.taxed,
            last_account().label("account_id"),
        )
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .join(Connection, Connection.id == Hold.connection_id)
        .join(Company, Company.id == Connection.company_id)
        .outerjoin(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .where(Hold.closed_at.is_(None), is_line(), *mine, *among(Hold.connection_id, within))
    )


def _where(asked: Any, session: Session, wanted: WantedLines) -> Any:
    """Narrow a question about lines down to what is wanted."""
    signed = type_coerce(SourceRecord.amount, String)
    if wanted.company_id:
        asked = asked.where(Connection.company_id == wanted.company_id)
    if wanted.account:
        asked = asked.where(last_account() == wanted.account)
    if wanted.arriving is not None:
        asked = asked.where(signed.not_like("-%") if wanted.arriving else signed.like("-%"))
    if wanted.first is not None:
        asked = asked.where(DraftRow.day >= wanted.first)
    if wanted.last is not None:
        asked = asked.where(DraftRow.day <= wanted.last)
    if search := wanted.search.strip()[:SEARCH_MAX]:
        asked = asked.where(or_(memo_says(search), SourceRecord.amount.in_(amounts_typed(search))))
    return asked


def last_account() -> Any:
    """Return the account that a line's money moved on, as the last plan found it."""
    return (
        select(PlanLine.money_account)
        .where(PlanLine.draft_id == Hold.draft_id)
        .order_by(PlanLine.id.desc())
        .limit(1)
        .correlate(Hold)
        .scalar_subquery()
    )


def _lines(session: Session, rows: Iterable[Any]) -> list[BankLine]:
    some = list(rows)
    names = _names(session, {(row.company_id, row.account_id) for row in some if row.account_id})
    found = []
    for row in some:
        draft = load_draft(row.DraftRow.body)
        if isinstance(draft, Deposit | Expense):
            found.append(
                BankLine(
                    hold_id=row.Hold.id,
                    draft_id=row.DraftRow.id,
                    record_id=row.DraftRow.record_id,
                    connection_id=row.Hold.connection_id,
                    connection=row.label,
                    company_id=row.company_id,
                    company=row.company,
                    home_currency=row.home_currency,
                    taxed=row.taxed,
                    key=row.DraftRow.key,
                    day=row.DraftRow.day,
                    amount=_amount(draft),
                    currency=draft.currency,
                    text=_called(draft, row.DraftRow),
                    account_id=row.account_id or "",
                    account=names.get((row.company_id, row.account_id or ""), ""),
                    on_card=isinstance(draft, Expense) and draft.payment_type is PaymentType.CARD,
                    suggestion=str(row.Hold.params.get("suggestion", "")),
                    matches=matches_in(row.Hold.params),
                    put_together=int(row.Hold.params.get(MATCHES_LIMITED, 0)),
                    learned=row.Hold.params.get(LEARNED),
                    notes=deposit_notes(row.Hold.params, draft.currency),
                    cheque=cheque_of(draft),
                )
            )
    return found


def _names(session: Session, places: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for some in chunks(sorted({account for _, account in places}), CHUNK):
        rows = session.execute(
            select(LedgerEntry.company_id, LedgerEntry.object_id, LedgerEntry.name).where(
                LedgerEntry.kind == "Account", LedgerEntry.object_id.in_(some)
            )
        )
        found.update({(row.company_id, row.object_id): row.name for row in rows})
    return found


def _amount(draft: Deposit | Expense) -> Decimal:
    return draft.total if isinstance(draft, Deposit) or draft.credit else -draft.total


def _called(draft: Deposit | Expense, row: DraftRow) -> str:
    return text_of(draft) or masked(row.key)
