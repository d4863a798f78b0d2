"""What waits for a person: drafts with a question of their own, and roles that many drafts wait for at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, not_, or_, select, true, union_all
from sqlalchemy.orm import Session

from raccord.onboarding.deciding.seen_questions import question_seen
from raccord.overview.lines.one_or_two import OneOrTwo, one_or_two
from raccord.overview.lines.said_views import SaidView
from raccord.overview.listing import MOST, USUAL, Listing, Within, among, bounds
from raccord.overview.weighing.decided import is_decided
from raccord.plugin.drafts import Accepts, Draft, StillDraft, money_effect
from raccord.plugin.ledger import ResolutionKind
from raccord.store.canonical import exact
from raccord.store.models import Connection, DraftRow, Hold, LedgerEntry, SourceRecord
from raccord.sync.bodies import load_draft
from raccord.sync.books.company import TYPES, kind_of
from raccord.sync.lines.line_answers import LEARNED
from raccord.sync.lines.matching import Reason, Sure
from raccord.sync.lines.paying import MATCHES, proposal_seen
from raccord.sync.lines.titles import TEXT_MAX, Title, text_of, titles_by_id
from raccord.sync.lines.treatments import treatable
from raccord.sync.lines.unmet import invoices_in
from raccord.sync.posting.removals import UNDONE
from raccord.sync.resolving.conflict_rules import KINDS, allowed_for
from raccord.sync.resolving.conflicts import DECISION, decision_of
from raccord.sync.resolving.holds import MONTHS_ASKED
from raccord.sync.resolving.resolve import CHOICE_MISSING, DECISION_MISSING, LINK_MISSING, LINK_WAITS

FACTS_MAX = 40


class Answer(StrEnum):
    """How a question is answered."""

    DECISION = "decision"
    """With a ledger object for this one draft (``answer_hold``)."""
    CHOICE = "choice"
    """With a ledger object for the role, which settles every draft that waits for it (``choose``)."""
    CONFLICT = "conflict"
    """With one of the ways out that the conflict allows (``answer_conflict``)."""
    UNMET = "unmet"
    """A payment whose invoice did not come over, with one of three ways (``onboarding.deciding.unmet``)."""
    CAUSE = "cause"
    """Not by an answer: its cause goes away, or the draft is left out."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ledger object that would fit."""

    id: str
    name: str
    type: str
    number: str
    tax_code: str = ""
    """Of an account: the tax code that QuickBooks has by default for it."""
    subtype: str = ""


@dataclass(frozen=True, slots=True)
class Payable:
    """An invoice or bill that is open, or a payment that waits to be deposited, as a run read it."""

    id: str
    number: str
    day: date
    amount: Decimal
    """What the line pays of it."""
    leaves: Decimal = Decimal(0)
    """What is open of it afterwards."""
    kind: str = ""
    """Of a payment that waits, which document it is; others are of their proposal's kind."""
    party: str = ""
    """Whose it is, where a proposal's documents are of several."""


@dataclass(frozen=True, slots=True)
class PaidWith:
    """Another line that pays of the same document."""

    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Match:
    """What a bank line may pay, or the payments that it deposits; ``reasons`` say why, ``sure`` how sure that is.

    ``score`` is of 100 and puts the proposals of a line in order; how sure the first is depends on the others too.
    """

    kind: str
    party: str
    documents: Sequence[Payable]
    sure: Sure
    reasons: Sequence[Reason]
    together: Sequence[PaidWith] = ()
    """The lines that pay the rest of its one document."""
    score: int = 0
    seen: str = ""
    """Tells this proposal from any other; whoever accepts it says so, and another one is not paid."""


@dataclass(frozen=True, slots=True)
class Behind:
    """A line that somebody answered before, and the document it became, if it is posted."""

    connection_id: str
    key: str
    day: date
    text: str
    amount: Decimal
    kind: str
    document: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """What a bank line probably is; ``confidence`` of 1 000 such suggestions were right."""

    account: str
    account_name: str
    party: str
    confidence: int
    examples: Sequence[Behind]


@dataclass(frozen=True, slots=True)
class Question:
    """One open hold; ``facts`` is what the source said, field by field, as text."""

    hold_id: str
    connection_id: str
    connection: str
    connector: str
    company_id: str
    key: str
    kind: str
    day: date | None
    amount: Decimal | None
    currency: str
    text: str
    """The words the draft carries: memo, reference or description."""
    title: Title
    record_id: int | None
    facts: Mapping[str, str]
    code: str
    params: Mapping[str, Any]
    answer: Answer
    accepts: Accepts | None
    ways: Sequence[ResolutionKind]
    """For a conflict: what a person may answer besides letting it wait."""
    opened_at: datetime
    decided: bool
    """Whether a conflict has its answer already, which the next run acts on."""
    matches: Sequence[Match] = ()
    """What the line may pay instead of getting a category, the best first."""
    suggested: Suggested | None = None
    """Its probable category, from what the company's people answered before."""
    another: bool = False
    """Whether it is of a bank line whose document was undone, which may get another answer instead."""
    seen: str = ""
    """Of a conflict, what tells it and its answer as they are: given back with another, none is replaced unread."""
    one_or_two: OneOrTwo | None = None
    """The line that may tell of the same movement and was called otherwise: answered first, by yes or no."""
    said: SaidView | None = None
    """What the program that wrote the source's file filed the line under."""


@dataclass(frozen=True, slots=True)
class MissingChoice:
    """A role of a connection that nobody filled, and how many drafts wait for it."""

    connection_id: str
    connection: str
    company_id: str
    connector: str
    role: str
    of: str
    accepts: Accepts
    drafts: int
    first_day: date | None
    last_day: date | None


def open_questions(
    session: Session,
    connection_id: str | None = None,
    *,
    within: Within = None,
    without_choices: bool = False,
    without_lines: bool = False,
    limit: int = USUAL,
    offset: int = 0,
) -> Listing[Question]:
    """Return open holds, the oldest day first, those of no day last; what is decided already comes after them all.

    ``without_choices`` leaves out those that :func:`missing_choices` and ``asked_months`` tell of once for all,
    ``without_lines`` the bank lines that have a page of their own.
    """
    limit, offset = bounds(limit, offset)
    wanted: list[ColumnElement[bool]] = [Hold.closed_at.is_(None), *among(Hold.connection_id, within)]
    if connection_id is not None:
        wanted.append(Hold.connection_id == connection_id)
    if without_choices:
        wanted.append(Hold.code.not_in((CHOICE_MISSING, *MONTHS_ASKED)))
    if without_lines:
        wanted.append(not_(is_line()))
    rows = session.execute(
        select(Hold, DraftRow, Connection, SourceRecord.raw)
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .join(Connection, Connection.id == Hold.connection_id)
        .outerjoin(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .where(*wanted)
        .order_by(case((is_decided(), 1), else_=0), DraftRow.day.is_(None), DraftRow.day, Hold.id)
        .limit(limit)
        .offset(offset)
    )
    total = session.scalar(select(func.count()).select_from(Hold).join(DraftRow).where(*wanted)) or 0
    held = list(rows)
    titles = titles_by_id(session, {draft.id: (of.id, draft.body) for _, draft, of, _ in held})
    found = [_question(hold, draft, of, raw, titles[draft.id]) for hold, draft, of, raw in held]
    asked = one_or_two(session, [each.hold_id for each in found if each.code == DECISION_MISSING])
    found = [replace(each, one_or_two=asked[each.hold_id]) if each.hold_id in asked else each for each in found]
    return Listing(found, total, offset, limit)


def is_line() -> ColumnElement[bool]:
    """Return the condition on a hold that it is about a bank line that waits for its category."""
    return Hold.line.is_(True)


def asked_once() -> ColumnElement[Any]:
    """Return what tells apart the questions that a person answers: a role or a closed month asks once for many drafts.

    Of holds that are no bank lines; the count of its distinct values is what the page of questions shows.
    """
    return func.coalesce(Hold.connection_id + "|" + Hold.code + "|" + Hold.asked, Hold.id)


def missing_choices(
    session: Session, connection_id: str | None = None, *, within: Within = None, limit: int = MOST
) -> list[MissingChoice]:
    """Return the roles that hold drafts back, those with most drafts first."""
    role, of = Hold.params["role"].as_string(), Hold.params["of"].as_string()
    accepts = Hold.params["accepts"].as_string()
    drafts = func.count()
    mine = among(Hold.connection_id, within)
    mine += [] if connection_id is None else [Hold.connection_id == connection_id]
    rows = session.execute(
        select(
            Connection.id,
            Connection.label,
            Connection.company_id,
            Connection.connector,
            role.label("role"),
            of.label("instance"),
            accepts.label("accepts"),
            drafts,
            func.min(DraftRow.day),
            func.max(DraftRow.day),
        )
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .join(Connection, Connection.id == Hold.connection_id)
        .where(Hold.closed_at.is_(None), Hold.code == CHOICE_MISSING, *mine)
        .group_by(Connection.id, "role", "instance", "accepts")
        .order_by(drafts.desc(), Connection.id)
        .limit(bounds(limit, 0)[0])
    )
    return [
        MissingChoice(
            connection_id=row[0],
            connection=row[1],
            company_id=row[2],
            connector=row[3],
            role=row[4],
            of=row[5] or "",
            accepts=Accepts(row[6]),
            drafts=row[7],
            first_day=row[8],
            last_day=row[9],
        )
        for row in rows
    ]


def candidates(
    session: Session, company_id: str, wanted: Collection[Accepts], like: str = "", also: Collection[str] = ()
) -> dict[Accepts, Sequence[Candidate]]:
    """Return the active ledger objects that fit each kind of place, by name, ``MOST`` for each at most.

    With ``like`` those whose name holds each of its words, or whose number begins with it; those of ``also``, by id,
    are there in any case, since they are what is chosen already.
    """
    if not wanted:
        return {}
    places = list(wanted)
    fits = [
        or_(
            LedgerEntry.name_key.contains(word, autoescape=True),
            LedgerEntry.number.startswith(word, autoescape=True),
        )
        for word in like.casefold().split()
    ]
    held = LedgerEntry.object_id.in_(sorted(also))
    # Each place has a part of its own: of one limit for all, a long list (customers) would leave the others nothing.
    parts = [
        _of_place(accepts)
        .add_columns(literal(at).label("place"))
        .where(LedgerEntry.company_id == company_id, LedgerEntry.active.is_(True))
        .where(or_(held, and_(true(), *fits)))
        .order_by(case((held, 0), else_=1), LedgerEntry.name_key)
        .limit(MOST)
        .subquery()
        for at, accepts in enumerate(places)
    ]
    rows = session.execute(union_all(*(select(part) for part in parts))).all()
    found: dict[Accepts, list[tuple[str, Candidate]]] = {accepts: [] for accepts in places}
    for type_, object_id, name, name_key, number, tax_code, subtype, at in rows:
        found[places[at]].append((name_key, Candidate(object_id, name, type_, number, tax_code, subtype)))
    return {
        accepts: tuple(each for _, each in sorted(those, key=lambda one: one[0])) for accepts, those in found.items()
    }


def count_candidates(session: Session, company_id: str, accepts: Accepts) -> int:
    """Return how many active ledger objects fit a kind of place, however many of them a list shows."""
    fits = _of_place(accepts).where(LedgerEntry.company_id == company_id, LedgerEntry.active.is_(True))
    return session.scalar(select(func.count()).select_from(fits.subquery())) or 0


def _of_place(accepts: Accepts) -> Select[str, str, str, str, str, str, str]:
    """Return the columns of what fits a place: whole rows would take long, for a company's lists are."""
    columns = select(
        LedgerEntry.type,
        LedgerEntry.object_id,
        LedgerEntry.name,
        LedgerEntry.name_key,
        LedgerEntry.number,
        LedgerEntry.tax_code,
        LedgerEntry.subtype,
    ).where(LedgerEntry.kind == kind_of(accepts))
    return columns.where(LedgerEntry.type.in_(sorted(TYPES[accepts]))) if accepts in TYPES else columns


def _question(hold: Hold, draft: DraftRow, of: Connection, raw: str | None, title: Title) -> Question:
    body = load_draft(draft.body)
    amount = None if isinstance(body, StillDraft) else money_effect(body)[1]
    accepts = Accepts(str(hold.params["accepts"])) if hold.code in (DECISION_MISSING, CHOICE_MISSING) else None
    return Question(
        hold_id=hold.id,
        connection_id=hold.connection_id,
        connection=of.label,
        connector=of.connector,
        company_id=of.company_id,
        key=draft.key,
        kind=draft.kind,
        day=draft.day,
        amount=amount,
        currency=str(getattr(body, "currency", "")),
        text=text_of(body),
        title=title,
        record_id=draft.record_id,
        facts=_facts(raw),
        code=hold.code,
        params=hold.params,
        answer=Answer.UNMET if _is_unmet(hold, body) else _answer(hold.code),
        accepts=accepts,
        ways=tuple(sorted(allowed_for(hold.code, hold.params) - {ResolutionKind.HOLD})),
        opened_at=hold.opened_at,
        decided=DECISION in draft.decisions,
        seen=question_seen(hold.code, hold.params, decision_of(draft)) if hold.code in KINDS else "",
        another=hold.code == UNDONE and treatable(body) is not None,
        matches=matches_in(hold.params),
        suggested=suggested_in(hold.params),
    )


def suggested_in(params: Mapping[str, Any]) -> Suggested | None:
    """Return what the company's own answers suggest for a question's line."""
    said = params.get(LEARNED)
    if not isinstance(said, Mapping):
        return None
    examples = tuple(
        Behind(
            each["connection_id"], each["key"], date.fromisoformat(each["day"]), each["text"], Decimal(each["amount"]),
            each["kind"], each["document"],
        )
        for each in said["examples"]
    )  # fmt: skip
    return Suggested(said["account"], said.get("name", ""), said.get("party", ""), said["confidence"], examples)


def matches_in(params: Mapping[str, Any]) -> tuple[Match, ...]:
    """Return what a question says that its line may pay, the best first."""
    return tuple(_match(each) for each in params.get(MATCHES) or ())


def _match(said: Mapping[str, Any]) -> Match:
    documents = tuple(
        Payable(
            each["id"], each["number"], date.fromisoformat(each["day"]), Decimal(each["amount"]),
            Decimal(each.get("open", each["amount"])) - Decimal(each["amount"]), each.get("kind", ""),
            each.get("party", ""),
        )
        for each in said["documents"]
    )  # fmt: skip
    together = tuple(
        PaidWith(date.fromisoformat(each["day"]), Decimal(each["amount"])) for each in said.get("together", ())
    )
    reasons = tuple(Reason(each) for each in said["reasons"])
    return Match(
        said["kind"], said["party"], documents, Sure(said["sure"]), reasons, together, said.get("score", 0),
        proposal_seen(said),
    )  # fmt: skip


def _is_unmet(hold: Hold, draft: Draft) -> bool:
    """Tell whether a draft waits for an invoice that it pays."""
    keys = {str(key) for key in hold.params.get("keys", ())} if hold.code in (LINK_MISSING, LINK_WAITS) else set()
    return bool(invoices_in(draft, keys))


def _answer(code: str) -> Answer:
    if code in KINDS:
        return Answer.CONFLICT
    return {DECISION_MISSING: Answer.DECISION, CHOICE_MISSING: Answer.CHOICE}.get(code, Answer.CAUSE)


def _facts(raw: str | None) -> dict[str, str]:
    """Return a record's own fields, nested ones left out, each cut to a length that fits a page."""
    said = exact(raw) if raw else {}
    if not isinstance(said, dict):
        return {}
    plain = {
        name: value for name, value in said.items() if not isinstance(value, dict | list) and value not in ("", None)
    }
    return {name: str(value)[:TEXT_MAX] for name, value in list(plain.items())[:FACTS_MAX]}
