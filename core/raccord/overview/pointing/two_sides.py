"""A record's documents side by side: what the source means each to be, and what QuickBooks was or would be told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.overview.drifts import FieldDifference, differences_of
from raccord.overview.pointing.differences import ANYBODY, KINDS
from raccord.overview.pointing.sent import SentField, fields_sent
from raccord.overview.weighing.kept_back import kept_of
from raccord.plugin.drafts import (
    CustomerOf,
    Decision,
    Draft,
    ItemFor,
    LedgerId,
    Link,
    MoneyDraft,
    MoneyOf,
    Role,
    money_effect,
)
from raccord.store.canonical import canonical, exact
from raccord.store.models import (
    REMOVALS,
    Connection,
    DraftRow,
    Drift,
    DriftState,
    LedgerEntry,
    LineState,
    LinkRow,
    LinkState,
    PlanLine,
    SourceRecord,
)
from raccord.sync.bodies import load_draft
from raccord.sync.lines.titles import Title, titles_of

DOCUMENTS_MAX = 20
LINES_MAX = 20
"""A document of hundreds of lines is shown so far."""
_MONEY_PLACES = ("deposit_to", "paid_from", "bank", "source", "target")
_PARTIES = ("customer", "payee", "vendor")
_PARTY_FIELDS = ("CustomerRef", "VendorRef", "EntityRef")


class Field(StrEnum):
    """What both sides tell of a document."""

    NAME = "name"
    DAY = "day"
    PARTY = "party"
    AMOUNT = "amount"
    KEPT_BACK = "kept_back"
    """Of a deposit what was kept back from it, and below what it was before."""
    BEFORE_FEES = "before_fees"
    TAX = "tax"
    ACCOUNT = "account"
    LINES = "lines"
    DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class Said:
    """One value of one side: plain words, or the role or the draft that stands for it, with a day or an amount."""

    text: str = ""
    title: Title | None = None
    role: str = ""
    of: str = ""
    """Which of the role's instances."""
    kind: str = ""
    """Of a document in QuickBooks that nobody here made."""
    day: date | None = None
    amount: Decimal | None = None
    currency: str = ""
    mode: str = ""
    """How amounts relate to tax: ``inclusive`` or ``exclusive``."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the two sides say of one thing; ``differs`` where both tell it and not the same."""

    field: Field
    source: Sequence[Said]
    ledger: Sequence[Said]
    differs: bool = False
    more: int = 0
    """Lines that are not shown."""


@dataclass(frozen=True, slots=True)
class Sides:
    """A document's rows; ``changed`` is what people made otherwise in QuickBooks since, of what waits for a decision.

    ``planned`` tells that the ledger's side is what a plan would write, and ``told`` that it says anything at all.
    """

    rows: Sequence[Row]
    planned: bool
    told: bool
    changed: Sequence[FieldDifference] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """What things are called that drafts point to."""

    titles: Mapping[str, Title]
    entries: Mapping[str, str]
    """Names by kind and id, as ``Account/12``."""

    def said(self, ref: object) -> Said:
        match ref:
            case Link():
                title = self.titles.get(ref.key)
                return Said(title=title) if title is None or title.day is not None else Said(title.text, title)
            case LedgerId():
                kinds = (ref.kind,) if ref.kind else (*KINDS, *ANYBODY)
                name = next((found for kind in kinds if (found := self.entries.get(f"{kind}/{ref.id}"))), "")
                return Said(name or ref.id, kind=ref.kind)
            case Role():
                return Said(role=ref.name, of=ref.of)
            case ItemFor():
                return self.said(ref.account)
            case MoneyOf():
                return self.said(ref.otherwise)
            case CustomerOf():
                title = self.titles.get(ref.document.key)
                return Said(title.text if title else "")
            case Decision():
                return Said(ref.suggestion)
            case _:
                return Said()


def sides_of(session: Session, record_id: int) -> Mapping[int, Sides]:
    """Return both sides of a record's documents, by draft; of at most ``DOCUMENTS_MAX``."""
    record = session.get_one(SourceRecord, record_id)
    rows = session.scalars(
        select(DraftRow).where(DraftRow.record_id == record_id).order_by(DraftRow.id).limit(DOCUMENTS_MAX)
    ).all()
    drafts = {each.id: load_draft(each.body) for each in rows}
    links = {
        each.key: each
        for each in session.scalars(
            select(LinkRow).where(
                LinkRow.connection_id == record.connection_id, LinkRow.key.in_([each.key for each in rows])
            )
        )
    }
    there = {each.id for each in rows if each.key in links and links[each.key].state == LinkState.LIVE}
    gone = {each.id for each in rows if each.key in links} - there
    lines = _written(session, set(drafts) - gone, there)
    sent = fields_sent(
        session, record.connection_id, {each.plan_id for each in lines.values()},
        {each.id: _short(each.payload) for each in lines.values()}, most=LINES_MAX * 24,
    )  # fmt: skip
    known = _known(session, record.connection_id, drafts.values())
    moving = [each for each in drafts.values() if isinstance(each, MoneyDraft)]
    changed = _changed(session, [each.id for each in links.values()])
    found: dict[int, Sides] = {}
    for row in rows:
        link, line = links.get(row.key), lines.get(row.id)
        whole = record.amount if len(moving) == 1 else None
        source = _source(drafts[row.id], known, None if whole is None else abs(whole))
        ledger = _ledger(sent.get(line.id, ()) if line else (), link if row.id in there else None, line)
        differences = changed.get(link.id, ()) if link is not None else ()
        both = tuple(_row(each, source.get(each, ()), ledger.get(each, ())) for each in Field)
        shown = tuple(each for each in both if each.source or each.ledger)
        found[row.id] = Sides(shown, row.id not in there and line is not None, bool(ledger), differences)
    return found


def _row(field: Field, source: Sequence[Said], ledger: Sequence[Said]) -> Row:
    more = max(len(source), len(ledger)) - LINES_MAX
    return Row(field, source[:LINES_MAX], ledger[:LINES_MAX], _differ(field, source, ledger), max(more, 0))


def _differ(field: Field, source: Sequence[Said], ledger: Sequence[Said]) -> bool:
    if len(source) != 1 or len(ledger) != 1:
        return False
    ours, theirs = source[0], ledger[0]
    match field:
        case Field.DAY:
            return ours.day != theirs.day
        case Field.AMOUNT | Field.TAX | Field.KEPT_BACK | Field.BEFORE_FEES:
            told = ours.amount is not None and theirs.amount is not None
            return told and (ours.amount, ours.currency or theirs.currency) != (theirs.amount, theirs.currency)
        case Field.NAME | Field.PARTY:
            # What a person chose for a role bears another name of course.
            return bool(ours.text and theirs.text) and _plain(ours.text) != _plain(theirs.text)
        case Field.ACCOUNT | Field.LINES | Field.DOCUMENTS:
            return False


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _source(draft: Draft, known: _Known, whole: Decimal | None) -> dict[Field, Sequence[Said]]:
    if not isinstance(draft, MoneyDraft):
        return {Field.NAME: (Said(draft.name),)}
    currency: str = draft.currency
    total = abs(money_effect(draft)[1]) if whole is None else whole
    party = next((each for name in _PARTIES if (each := getattr(draft, name, None)) is not None), None)
    taxes, mode = getattr(draft, "taxes", ()), str(getattr(draft, "tax_mode", ""))
    stated = sum((each.amount for each in taxes), Decimal(0)) if taxes else None
    places = [getattr(draft, name, None) for name in _MONEY_PLACES]
    lines = [*getattr(draft, "lines", ()), *getattr(draft, "applied", ())]
    after = getattr(draft, "after", None)
    documents = [
        replace(known.said(each.document), amount=each.amount, currency=currency)
        for each in lines
        if hasattr(each, "document")
    ]
    return {
        Field.DAY: (Said(day=draft.day),),
        Field.PARTY: () if party is None else (known.said(party),),
        Field.AMOUNT: (Said(amount=total, currency=currency),),
        **_kept_back(kept_of(draft), total, currency),
        Field.TAX: (Said(amount=stated, currency=currency, mode=mode),) if mode in ("inclusive", "exclusive") else (),
        Field.ACCOUNT: tuple(known.said(each) for each in places if each is not None),
        Field.LINES: tuple(_line(each, known, currency) for each in lines if not hasattr(each, "document")),
        Field.DOCUMENTS: (*documents, *(() if after is None else (known.said(after),))),
    }


def _line(line: Any, known: _Known, currency: str) -> Said:
    said = known.said(getattr(line, "item", None) or getattr(line, "account", None))
    if line.description:
        said = Said(line.description)
    return replace(said, amount=line.amount, currency=currency)


def _ledger(sent: Sequence[SentField], link: LinkRow | None, line: PlanLine | None) -> dict[Field, Sequence[Said]]:
    """Return what QuickBooks has by its link, and by what was sent; of what is not there yet what a plan would send."""
    told = link if link is not None else line
    found: dict[Field, Sequence[Said]] = {}
    currency = told.currency if told is not None else ""
    if told is not None and told.day is not None:
        found[Field.DAY] = (Said(day=told.day),)
    if told is not None and told.amount is not None:
        found[Field.AMOUNT] = (Said(amount=abs(told.amount), currency=currency),)
    if told is not None and told.amount is not None and line is not None:
        found |= _kept_back(_kept_in(line.payload), abs(told.amount), currency)
    whole = [each for each in sent if not each.path.startswith("Line[")]
    lines = list(_lines(sent, currency))
    found[Field.NAME] = tuple(Said(each.value) for each in whole if each.path in ("Name", "DisplayName"))[:1]
    found[Field.PARTY] = tuple(_pointed(each) for each in whole if each.path in _PARTY_FIELDS)[:1]
    found[Field.ACCOUNT] = tuple(_pointed(each) for each in whole if each.path.endswith("AccountRef"))
    found[Field.TAX] = _tax(line.payload if line is not None else "", currency)
    found[Field.LINES] = tuple(said for said, linked in lines if not linked)
    found[Field.DOCUMENTS] = tuple(said for said, linked in lines if linked)
    return {field: said for field, said in found.items() if said}


def _kept_back(kept: Decimal, total: Decimal, currency: str) -> dict[Field, Sequence[Said]]:
    """Return what was kept back from a deposit, and what it was before; nothing of one that is whole."""
    if not kept:
        return {}
    return {
        Field.KEPT_BACK: (Said(amount=kept, currency=currency),),
        Field.BEFORE_FEES: (Said(amount=total + kept, currency=currency),),
    }


def _kept_in(payload: str) -> Decimal:
    """Return what a deposit that was sent lacks of the documents that it takes to the bank."""
    body: Any = exact(payload) if payload else {}
    lines = body.get("Line", ())
    own = [Decimal(each["Amount"]) for each in lines if "DepositLineDetail" in each and not _takes_in(each)]
    return -sum(own, Decimal(0)) if len(own) < len(lines) else Decimal(0)


def _tax(payload: str, currency: str) -> Sequence[Said]:
    """Return a document's tax: as it was sent, else what all its lines hold of it, shown or not."""
    body: Any = exact(payload) if payload else {}
    mode = body.get("GlobalTaxCalculation", "")
    named = {"TaxInclusive": "inclusive", "TaxExcluded": "exclusive"}.get(mode, "")
    total = body.get("TxnTaxDetail", {}).get("TotalTax")
    if total is None and named == "inclusive":
        # Line by line: one without tax says its amount alone.
        held = [
            Decimal(detail["TaxInclusiveAmt"]) - Decimal(line["Amount"])
            for line in body.get("Line", ())
            for detail in line.values()
            if isinstance(detail, dict) and "TaxInclusiveAmt" in detail
        ]
        total = sum(held) if held else None
    if total is None and not named:
        return ()
    return (Said(amount=None if total is None else Decimal(total), currency=currency, mode=named),)


def _lines(sent: Sequence[SentField], currency: str) -> Iterator[tuple[Said, bool]]:
    """Yield the lines that were sent, and of each whether it ties another document in."""
    by_line: dict[str, dict[str, SentField]] = {}
    for each in sent:
        start, _, end = each.path.partition(".")
        if start.startswith("Line["):
            by_line.setdefault(start, {})[end.rpartition(".")[2]] = each
    for fields in by_line.values():
        amount = fields.get("TaxInclusiveAmt") or fields.get("Amount")
        document = fields.get("TxnId")
        what = document or fields.get("ItemRef") or fields.get("AccountRef")
        said = Said() if what is None else _pointed(what)
        if document is not None and document.title is None and "TxnType" in fields:
            said = replace(said, kind=fields["TxnType"].value)
        if not said.text and said.title is None and "Description" in fields:
            said = Said(fields["Description"].value)
        yield replace(said, amount=amount.amount if amount else None, currency=currency), document is not None


def _pointed(field: SentField) -> Said:
    if field.title is not None:
        return Said(field.name or ("" if field.title.day else field.title.text), field.title)
    return Said(field.name or field.value)


def _short(payload: str) -> str:
    """Return what is sent with its first lines alone, both of its own and of those that take other documents in."""
    body = exact(payload)
    if isinstance(body, dict) and isinstance(body.get("Line"), list):
        own = [each for each in body["Line"] if not _takes_in(each)]
        linked = [each for each in body["Line"] if _takes_in(each)]
        return canonical({**body, "Line": [*own[:LINES_MAX], *linked[:LINES_MAX]]})
    return payload


def _takes_in(line: object) -> bool:
    """Tell whether a line that is sent takes another document in."""
    return isinstance(line, Mapping) and bool(line.get("LinkedTxn"))


def _written(session: Session, drafts: set[int], there: set[int]) -> dict[int, PlanLine]:
    """Return, by draft, the line that wrote its document; of one that is not there the newest that would."""
    chosen: dict[int, PlanLine] = {}
    for done in (False, True):
        newest = select(func.max(PlanLine.id)).where(
            PlanLine.draft_id.in_(there if done else drafts - there),
            PlanLine.payload != "",
            PlanLine.action.not_in(REMOVALS),
        )
        if done:
            newest = newest.where(PlanLine.state == LineState.DONE)
        rows = session.scalars(select(PlanLine).where(PlanLine.id.in_(newest.group_by(PlanLine.draft_id))))
        chosen.update({each.draft_id: each for each in rows if each.draft_id is not None})
    return chosen


def _changed(session: Session, links: Collection[int]) -> Mapping[int, Sequence[FieldDifference]]:
    rows = session.scalars(
        select(Drift).where(Drift.link_id.in_(links), Drift.state == DriftState.OPEN).limit(DOCUMENTS_MAX)
    ).all()
    return {drift.link_id: told for drift, told in differences_of(session, rows)}


def _known(session: Session, connection_id: str, drafts: Collection[Draft]) -> _Known:
    refs = list(_refs(tuple(drafts)))
    keys = {each.key for each in refs if isinstance(each, Link)}
    ids = {each.id for each in refs if isinstance(each, LedgerId)}
    company = select(Connection.company_id).where(Connection.id == connection_id).scalar_subquery()
    rows = (
        session.execute(
            select(LedgerEntry.kind, LedgerEntry.object_id, LedgerEntry.name).where(
                LedgerEntry.company_id == company, LedgerEntry.object_id.in_(ids)
            )
        )
        if ids
        else ()
    )
    entries = {f"{kind}/{object_id}": name for kind, object_id, name in rows}
    return _Known(titles_of(session, connection_id, keys), entries)


def _refs(value: object) -> Iterator[Link | LedgerId]:
    if isinstance(value, Link | LedgerId):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _refs(each)
    elif is_dataclass(value):
        for name in value.__dataclass_fields__:
            yield from _refs(getattr(value, name))
