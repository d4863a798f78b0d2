"""What of QuickBooks a record may be that failed or is asked about: documents around its day, or entries, by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from difflib import get_close_matches
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.plugin.ledger import ResolutionKind
from raccord.quickbooks import Lane, deep_link, quoted
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    Hold,
    LedgerEntry,
    LinkRow,
    LinkState,
    Problem,
    SourceRecord,
)
from raccord.sync.bodies import load_draft
from raccord.sync.books.readback import DOCUMENTS, LISTS, Way, way_of
from raccord.sync.environments import environment_of
from raccord.sync.lines.titles import text_of
from raccord.sync.resolving.conflict_rules import allowed_for
from raccord.sync.workshop import Workshop

AROUND = timedelta(days=45)
SEARCHED = timedelta(days=400)
"""How far from its day another one is searched for, of kinds that QuickBooks cannot look up by number."""
READ_MAX = 500
ENTRIES_MAX = 5_000
_LINKED = re.compile(r"(?:txnId|nameId)=(\d{1,20})(?!\d)", re.IGNORECASE)
"""The id in the address of a document or an entry in QuickBooks."""
SHOWN_MAX = 8
"""The likeliest; another one is found by its number or name."""


@dataclass(frozen=True, slots=True)
class Alike:
    """A document or an entry as a person knows it; an entry has a name alone. ``url`` leads into QuickBooks."""

    id: str
    kind: str
    number: str = ""
    name: str = ""
    day: date | None = None
    amount: Decimal | None = None
    currency: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class _Sought:
    """What is looked for: a kind, and what is known of it; ``type`` narrows entries to those of one type."""

    company: Company
    kind: str
    day: date
    amount: Decimal | None
    name: str
    type: str | None = None
    without: frozenset[str] = frozenset()


def alike_to_problem(workshop: Workshop, actor: Actor, problem_id: str, search: str = "") -> list[Alike]:
    """Return what a failed record may be tied to: the same amount first, then the nearest days; none that is linked.

    ``search`` is a number or a name instead, of one that is not among them.
    """
    require(actor, Power.WORK)
    with workshop.database.read() as session:
        problem = session.get_one(Problem, problem_id)
        of = (DraftRow.connection_id == problem.connection_id, DraftRow.key == problem.subject)
        draft = session.scalars(select(DraftRow).where(*of)).one_or_none()
        if draft is None:
            return []
        sought = _of_draft(session, draft, problem.opened_at.date())
    return _found(workshop, sought, search)


def numbered(workshop: Workshop, actor: Actor, problem_id: str, typed: str) -> list[Alike]:
    """Return the documents of a failed record's kind that bear exactly a number, or the one a QuickBooks link leads to;
    those that are another record's too. Nothing where no draft tells the kind.
    """
    require(actor, Power.WORK)
    with workshop.database.read() as session:
        problem = session.get_one(Problem, problem_id)
        of = (DraftRow.connection_id == problem.connection_id, DraftRow.key == problem.subject)
        draft = session.scalars(select(DraftRow).where(*of)).one_or_none()
        if draft is None:
            return []
        sought = replace(_of_draft(session, draft, problem.opened_at.date()), without=frozenset())
    linked = _LINKED.search(typed)
    return _found(workshop, sought, typed, exactly=True) if linked is None else _linked(workshop, sought, linked[1])


def alike_to_hold(workshop: Workshop, actor: Actor, hold_id: str, search: str = "") -> list[Alike]:
    """Return what a conflict may be answered with: what its draft may be linked to, or entries in an inactive one's
    place; nothing for any other question.
    """
    require(actor, Power.WORK)
    with workshop.database.read() as session:
        hold = session.get_one(Hold, hold_id)
        draft = session.get_one(DraftRow, hold.draft_id)
        ways = allowed_for(hold.code, hold.params)
        if ResolutionKind.LINK in ways:
            sought = _of_draft(session, draft, hold.opened_at.date())
        elif ResolutionKind.REPLACE in ways:
            sought = _in_place_of(session, draft, str(hold.params["kind"]), str(hold.params["id"]))
        else:
            return []
    return _found(workshop, sought, search)


def _of_draft(session: Session, draft: DraftRow, otherwise: date) -> _Sought:
    company = _company(session, draft)
    record = None if draft.record_id is None else session.get(SourceRecord, draft.record_id)
    amount = None if record is None or record.amount is None else abs(record.amount)
    linked = select(LinkRow.document_id).where(
        LinkRow.company_id == company.id, LinkRow.kind == draft.kind, LinkRow.state == LinkState.LIVE
    )
    taken = frozenset() if draft.kind in LISTS else frozenset(session.scalars(linked))
    name = text_of(load_draft(draft.body))
    return _Sought(company, draft.kind, draft.day or otherwise, amount, name, without=taken)


def _in_place_of(session: Session, draft: DraftRow, kind: str, inactive: str) -> _Sought:
    company = _company(session, draft)
    before = session.get(LedgerEntry, (company.id, kind, inactive))
    name, type_ = ("", None) if before is None else (before.name, before.type)
    return _Sought(company, kind, date.min, None, name, type_, frozenset({inactive}))


def _company(session: Session, draft: DraftRow) -> Company:
    return session.get_one(Company, session.get_one(Connection, draft.connection_id).company_id)


def _linked(workshop: Workshop, sought: _Sought, id_: str) -> list[Alike]:
    """Return the document or entry of the kind that has an id."""
    if sought.kind in DOCUMENTS:
        client = workshop.client(sought.company).in_lane(Lane.INTERACTIVE)
        rows = islice(client.query_all(sought.kind, f"Id = {quoted(id_)}"), SHOWN_MAX)
        return [_alike(sought, row) for row in rows]
    with workshop.database.read() as session:
        entry = session.get(LedgerEntry, (sought.company.id, sought.kind, id_))
        return [] if entry is None or not entry.active else [_entry(sought, entry)]


def _found(workshop: Workshop, sought: _Sought, search: str, *, exactly: bool = False) -> list[Alike]:
    """Return what matches a number or a name, or without one what lies around; ``exactly``: only what is just that."""
    wanted = " ".join(search.split()).casefold()
    if sought.kind not in DOCUMENTS:
        with workshop.database.read() as session:
            return _entries(session, sought, wanted, exactly=exactly)
    client = workshop.client(sought.company).in_lane(Lane.INTERACTIVE)
    numbered = way_of(sought.kind) is Way.NUMBER
    if wanted and numbered:
        where = f"DocNumber = {quoted(' '.join(search.split()))}"
    else:
        around = SEARCHED if wanted else AROUND
        first, last = (quoted((sought.day + by).isoformat()) for by in (-around, around))
        where = f"TxnDate >= {first} AND TxnDate <= {last}"
    rows = islice(client.query_all(sought.kind, where), READ_MAX)
    found = [_alike(sought, row) for row in rows if str(row["Id"]) not in sought.without]
    if wanted and not numbered:
        found = [each for each in found if any(wanted in said.casefold() for said in _words(each))]
    if exactly:
        found = [each for each in found if each.number.casefold() == wanted]
    found.sort(
        key=lambda each: (
            each.amount != sought.amount,
            abs(((each.day or sought.day) - sought.day).days),
            each.number,
        )
    )
    return found[:SHOWN_MAX]


def _words(each: Alike) -> Iterable[str]:
    return (each.number, each.name, each.id, "" if each.amount is None else format(each.amount, "f"))


def _entries(session: Session, sought: _Sought, wanted: str, *, exactly: bool = False) -> list[Alike]:
    """Return active entries, those first whose name is most like the one known."""
    conditions = [
        LedgerEntry.company_id == sought.company.id,
        LedgerEntry.kind == sought.kind,
        LedgerEntry.active.is_(True),
    ]
    if sought.type is not None:
        conditions.append(LedgerEntry.type == sought.type)
    rows = session.scalars(
        select(LedgerEntry).where(*conditions).order_by(LedgerEntry.name_key).limit(ENTRIES_MAX)
    ).all()
    kept = [each for each in rows if each.object_id not in sought.without]
    if exactly:
        kept = [each for each in kept if wanted in (each.number.casefold(), each.name.casefold())]
    elif wanted:
        kept = [each for each in kept if wanted in f"{each.number} {each.name}".casefold()]
    elif sought.name:
        named = [each.name.casefold() for each in kept]
        near = get_close_matches(sought.name.casefold(), named, n=SHOWN_MAX, cutoff=0)
        kept.sort(key=lambda each: _place(near, each.name.casefold()))
    return [_entry(sought, each) for each in kept[:SHOWN_MAX]]


def _entry(sought: _Sought, entry: LedgerEntry) -> Alike:
    return Alike(entry.object_id, entry.kind, entry.number, entry.name, url=_url(sought, entry.object_id))


def _place(near: Sequence[str], name: str) -> int:
    return near.index(name) if name in near else len(near)


def _alike(sought: _Sought, row: Mapping[str, Any]) -> Alike:
    party: Any = next((row[name] for name in ("CustomerRef", "VendorRef", "EntityRef") if row.get(name)), {})
    total = row.get("TotalAmt", row.get("Amount"))
    currency: Any = row.get("CurrencyRef") or {}
    return Alike(
        str(row["Id"]),
        sought.kind,
        str(row.get("DocNumber") or row.get("PaymentRefNum") or ""),
        str(party.get("name") or row.get("PrivateNote") or "")[:80],
        date.fromisoformat(str(row["TxnDate"])),
        None if total is None else Decimal(str(total)),
        str(currency.get("value") or ""),
        _url(sought, str(row["Id"])),
    )


def _url(sought: _Sought, id_: str) -> str:
    return deep_link(environment_of(sought.company.environment), sought.kind, id_, realm=sought.company.realm) or ""
