"""Where the lines of something sold post: the item it is in QuickBooks, and that item's income account."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.setting_up.known_names import name_of
from raccord.overview.listing import Listing, count_of
from raccord.plugin.drafts import Item, LedgerId, Link, Ref, Role
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import (
    Choice,
    Company,
    Connection,
    DraftRow,
    LedgerEntry,
    LinkRow,
    LinkState,
    RecordState,
    SourceRecord,
)
from raccord.sync.bodies import load_draft
from raccord.sync.fetching.keep import UNSAID

ROWS_MAX = 100


@dataclass(frozen=True, slots=True)
class Sold:
    """An item and its income account, as far as they are known; ``role`` is what still has to be chosen."""

    item: str
    account: str
    role: str = ""


def sold_as(
    session: Session, info: ConnectorInfo, connection: Connection, settings: BaseModel, record: SourceRecord
) -> Sold | None:
    """Return where the lines of a record post; nothing where it is nothing that is sold."""
    tell = next((each.sold_as for each in info.streams if each.name == record.stream), None)
    if tell is None:
        return None
    ref = tell(settings, record.source_id, json.loads(record.raw, parse_float=Decimal))
    return _sold(session, info, connection, [ref])[0]


class Origin(StrEnum):
    """Where a service comes from, which tells where it posts (TD-38 to TD-40)."""

    AFTER = "after"
    """It has an item of its own, with the income account chosen here."""
    COPIED = "copied"
    """It is an item of QuickBooks, with the account that this one has."""
    BEFORE = "before"
    """It has no item: its lines are sold as the default one."""


@dataclass(frozen=True, slots=True)
class SoldRow:
    """Something that is sold, by its name at the source, and where its lines post."""

    record_id: int
    name: str
    sold: Sold
    item_id: str = ""
    """Of what is an item of QuickBooks itself."""


@dataclass(frozen=True, slots=True)
class SoldPage:
    """A page of what the source sells, by where it comes from; ``listing`` has the ids of its records."""

    groups: Mapping[Origin, Sequence[SoldRow]]
    listing: Listing[int]


def sold_page(
    session: Session, info: ConnectorInfo, connection: Connection, settings: BaseModel, offset: int = 0
) -> SoldPage:
    """Return what the source sells, oldest first, ``ROWS_MAX`` at a time; nothing where it tells of no such."""
    found: dict[Origin, list[SoldRow]] = {each: [] for each in Origin}
    streams = {each.name: each.sold_as for each in info.streams if each.sold_as is not None}
    if not streams:
        return SoldPage(found, Listing([], 0, offset, ROWS_MAX))
    told = select(SourceRecord).where(
        SourceRecord.connection_id == connection.id,
        SourceRecord.stream.in_(streams),
        SourceRecord.state != RecordState.SUPERSEDED,
        SourceRecord.reason.not_in(UNSAID),
    )
    records = session.scalars(told.order_by(SourceRecord.id).limit(ROWS_MAX).offset(offset)).all()
    raws: list[dict[str, Any]] = [json.loads(each.raw, parse_float=Decimal) for each in records]
    refs = [streams[each.stream](settings, each.source_id, raw) for each, raw in zip(records, raws, strict=True)]
    solds = _sold(session, info, connection, refs)
    for record, raw, ref, sold in zip(records, raws, refs, solds, strict=True):
        if sold is not None:
            origin, item_id = _origin(ref)
            found[origin].append(SoldRow(record.id, name_of(record.source_id, raw), sold, item_id))
    return SoldPage(found, Listing([each.id for each in records], count_of(session, told), offset, ROWS_MAX))


def _origin(ref: Ref) -> tuple[Origin, str]:
    match ref:
        case LedgerId():
            return Origin.COPIED, ref.id
        case Link():
            return Origin.AFTER, ""
        case _:
            return Origin.BEFORE, ""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the links, the drafts, the choices and the books say of some references."""

    live: Mapping[str, str]
    """The item of QuickBooks by the key of its draft."""
    planned: Mapping[str, Item]
    """The drafts of items that are not in QuickBooks yet, by key."""
    chosen: Mapping[tuple[str, str], str]
    """What is chosen last, by the name of the role and what it is of."""
    items: Mapping[str, LedgerEntry]
    accounts: Mapping[str, str]
    """Names of accounts by id."""

    def role(self, role: Role) -> str | None:
        return self.chosen.get((role.name, role.of))

    def account(self, object_id: str) -> str:
        return self.accounts.get(object_id, object_id)

    def entry(self, item_id: str) -> Sold:
        item = self.items.get(item_id)
        return Sold(item_id, "") if item is None else Sold(item.name, self.account(item.account_id))


def _sold(session: Session, info: ConnectorInfo, connection: Connection, refs: Sequence[Ref]) -> list[Sold | None]:
    """Return what each reference is sold as: all of them are asked for at once."""
    known = _known(session, connection, refs)
    english = session.get_one(Company, connection.company_id).language == "en"
    return [_item(info, known, ref, english=english) for ref in refs]


def _known(session: Session, connection: Connection, refs: Sequence[Ref]) -> _Known:
    keys = {ref.key for ref in refs if isinstance(ref, Link)}
    live: dict[str, str] = {}
    if keys:
        links = select(LinkRow.key, LinkRow.document_id).where(
            LinkRow.connection_id == connection.id, LinkRow.key.in_(keys), LinkRow.state == LinkState.LIVE
        )
        live = {row.key: row.document_id for row in session.execute(links)}
    planned: dict[str, Item] = {}
    if keys - live.keys():
        bodies = select(DraftRow.key, DraftRow.body).where(
            DraftRow.connection_id == connection.id, DraftRow.key.in_(keys - live.keys())
        )
        drafts = {key: load_draft(body) for key, body in session.execute(bodies)}
        planned = {key: draft for key, draft in drafts.items() if isinstance(draft, Item)}
    defaults = [ref for ref in refs if isinstance(ref, Role)]
    incomes = [each.income_account for each in planned.values() if isinstance(each.income_account, Role)]
    chosen: dict[tuple[str, str], str] = {}
    if roles := {*defaults, *incomes}:
        choices = select(Choice.role, Choice.of, Choice.ledger_id).where(
            Choice.connection_id == connection.id,
            Choice.role.in_({each.name for each in roles}),
            Choice.of.in_({each.of for each in roles}),
        )
        rows = session.execute(choices.order_by(Choice.valid_from))
        chosen = {(role, of): ledger_id for role, of, ledger_id in rows}
    of_defaults, of_incomes = ([chosen.get((each.name, each.of)) for each in some] for some in (defaults, incomes))
    given = [ref.id for ref in refs if isinstance(ref, LedgerId)]
    items = _entries(session, connection, "Item", {*given, *live.values(), *of_defaults})
    accounts = _entries(session, connection, "Account", {*of_incomes, *(each.account_id for each in items.values())})
    return _Known(live, planned, chosen, items, {each.object_id: each.name for each in accounts.values()})


def _entries(session: Session, connection: Connection, kind: str, ids: Set[str | None]) -> dict[str, LedgerEntry]:
    wanted = {each for each in ids if each}
    if not wanted:
        return {}
    entries = select(LedgerEntry).where(
        LedgerEntry.company_id == connection.company_id, LedgerEntry.kind == kind, LedgerEntry.object_id.in_(wanted)
    )
    return {each.object_id: each for each in session.scalars(entries)}


def _item(info: ConnectorInfo, known: _Known, ref: Ref, *, english: bool) -> Sold | None:
    match ref:
        case LedgerId():
            return known.entry(ref.id)
        case Link():
            found = known.live.get(ref.key)
            return _planned(info, known, ref.key, english=english) if found is None else known.entry(found)
        case Role():
            chosen = known.role(ref)
            return Sold("", "", ref.name) if chosen is None else known.entry(chosen)
        case _:
            return None


def _planned(info: ConnectorInfo, known: _Known, key: str, *, english: bool) -> Sold | None:
    """Return what an item will be that is not in QuickBooks yet."""
    draft = known.planned.get(key)
    if draft is None or not isinstance(draft.income_account, Role):
        return None
    chosen = known.role(draft.income_account)
    if chosen is not None:
        return Sold(draft.name, known.account(chosen))
    role = next((each for each in info.roles if each.name == draft.income_account.name), None)
    default = None if role is None else role.default
    if default is None:
        return Sold(draft.name, "", draft.income_account.name)
    return Sold(draft.name, default.name.en if english else default.name.fr)
