"""Where the lines of something sold post: the item it is in QuickBooks, and that item's income account."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.setting_up.instances import name_of
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

ROWS_MAX = 500


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
    return _item(session, info, connection, ref)


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


def sold_groups(
    session: Session, info: ConnectorInfo, connection: Connection, settings: BaseModel
) -> dict[Origin, list[SoldRow]] | None:
    """Return what the source sells by where it comes from, ``ROWS_MAX`` at most; nothing where it tells of no such."""
    streams = {each.name: each.sold_as for each in info.streams if each.sold_as is not None}
    if not streams:
        return None
    rows = session.scalars(
        select(SourceRecord)
        .where(
            SourceRecord.connection_id == connection.id,
            SourceRecord.stream.in_(streams),
            SourceRecord.state != RecordState.SUPERSEDED,
            SourceRecord.reason.not_in(UNSAID),
        )
        .order_by(SourceRecord.id)
        .limit(ROWS_MAX)
    )
    found: dict[Origin, list[SoldRow]] = {each: [] for each in Origin}
    for record in rows:
        raw: dict[str, Any] = json.loads(record.raw, parse_float=Decimal)
        ref = streams[record.stream](settings, record.source_id, raw)
        sold = _item(session, info, connection, ref)
        if sold is not None:
            origin, item_id = _origin(ref)
            found[origin].append(SoldRow(record.id, name_of(record.source_id, raw), sold, item_id))
    return found


def _origin(ref: Ref) -> tuple[Origin, str]:
    match ref:
        case LedgerId():
            return Origin.COPIED, ref.id
        case Link():
            return Origin.AFTER, ""
        case _:
            return Origin.BEFORE, ""


def _item(session: Session, info: ConnectorInfo, connection: Connection, ref: Ref) -> Sold | None:
    match ref:
        case LedgerId():
            return _entry(session, connection, ref.id)
        case Link():
            live = select(LinkRow.document_id).where(
                LinkRow.connection_id == connection.id, LinkRow.key == ref.key, LinkRow.state == LinkState.LIVE
            )
            found = session.scalars(live).first()
            return _planned(session, info, connection, ref.key) if found is None else _entry(session, connection, found)
        case Role():
            chosen = _chosen(session, connection, ref)
            return Sold("", "", ref.name) if chosen is None else _entry(session, connection, chosen)
        case _:
            return None


def _planned(session: Session, info: ConnectorInfo, connection: Connection, key: str) -> Sold | None:
    """Return what an item will be that is not in QuickBooks yet."""
    body = session.scalars(
        select(DraftRow.body).where(DraftRow.connection_id == connection.id, DraftRow.key == key)
    ).first()
    draft = None if body is None else load_draft(body)
    if not isinstance(draft, Item) or not isinstance(draft.income_account, Role):
        return None
    chosen = _chosen(session, connection, draft.income_account)
    if chosen is not None:
        return Sold(draft.name, _name(session, connection, "Account", chosen))
    role = next((each for each in info.roles if each.name == draft.income_account.name), None)
    default = None if role is None else role.default
    if default is None:
        return Sold(draft.name, "", draft.income_account.name)
    english = session.get_one(Company, connection.company_id).language == "en"
    return Sold(draft.name, default.name.en if english else default.name.fr)


def _entry(session: Session, connection: Connection, item_id: str) -> Sold:
    entry = session.get(LedgerEntry, (connection.company_id, "Item", item_id))
    if entry is None:
        return Sold(item_id, "")
    return Sold(entry.name, _name(session, connection, "Account", entry.account_id))


def _name(session: Session, connection: Connection, kind: str, object_id: str) -> str:
    entry = session.get(LedgerEntry, (connection.company_id, kind, object_id))
    return object_id if entry is None else entry.name


def _chosen(session: Session, connection: Connection, role: Role) -> str | None:
    rows = select(Choice.ledger_id).where(
        Choice.connection_id == connection.id, Choice.role == role.name, Choice.of == role.of
    )
    return session.scalars(rows.order_by(Choice.valid_from.desc())).first()
