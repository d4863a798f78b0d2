"""Reads a connector as core does and refuses every answer that core would refuse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from raccord.plugin.contexts import FetchContext, MapContext
from raccord.plugin.drafts import Draft, StillDraft, money_effect
from raccord.plugin.hooks import Fetches, Mapped, Maps, Skipped
from raccord.plugin.records import CURSOR_BYTES_MAX, JSON, PAGE_RECORDS_MAX, Page, Record, Reject


class ContractBroken(AssertionError):  # noqa: N818 - reads as what happened
    """Raised when a connector's answer breaks a rule that core enforces."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a stream had to say, in order, and the cursor for the next time."""

    records: Sequence[Record]
    rejects: Sequence[Reject]
    cursor: str | None
    pages: int

    def ids(self) -> list[str]:
        return [record.source_id for record in self.records]

    def codes(self) -> list[str]:
        return [reject.code for reject in self.rejects]


def read_stream(
    connector: Fetches, context: FetchContext, stream: str, cursor: str | None = None, *, pages_max: int = 10_000
) -> Reading:
    """Drain ``stream`` from ``cursor`` on, page by page.

    Raises :class:`ContractBroken` for a page without end, too large, of another stream, with an id twice, with a value
    in ``raw`` that is not JSON or is a float, or for a cursor that is too long or does not move.
    """
    records: list[Record] = []
    rejects: list[Reject] = []
    for number in range(1, pages_max + 1):
        page = connector.fetch_records(context, stream, cursor)
        if page is None:
            raise ContractBroken(f"stream {stream!r}: the connector has no such stream")
        _check_page(page, stream, cursor)
        records += page.records
        rejects += page.rejects
        cursor = page.cursor
        if not page.more:
            return Reading(records, rejects, cursor, number)
    raise ContractBroken(f"stream {stream!r}: no end after {pages_max} pages")


def map_records(connector: Maps, context: MapContext, records: Iterable[Record]) -> list[Draft]:
    """Map every record and return the drafts in order; records that are skipped give none.

    Raises :class:`ContractBroken` for a record that nobody maps, for a key used twice, for a map that is not pure and
    for money effects that do not add up to the record's amount.
    """
    drafts: list[Draft] = []
    keys: set[str] = set()
    for record in records:
        mapped = connector.map_record(context, record)
        if mapped is None:
            raise ContractBroken(f"{record.key()}: not mapped")
        if connector.map_record(context, record) != mapped:
            raise ContractBroken(f"{record.key()}: mapped twice with different results")
        if isinstance(mapped, Skipped):
            continue
        _check_effects(record, mapped)
        for draft in mapped.drafts:
            if draft.key in keys:
                raise ContractBroken(f"{draft.key}: two drafts under one key")
            keys.add(draft.key)
            drafts.append(draft)
    return drafts


def _check_page(page: Page, stream: str, cursor: str | None) -> None:
    if len(page.records) > PAGE_RECORDS_MAX:
        raise ContractBroken(f"stream {stream!r}: a page of {len(page.records)} records; at most {PAGE_RECORDS_MAX}")
    if page.cursor is not None and len(page.cursor.encode()) > CURSOR_BYTES_MAX:
        raise ContractBroken(f"stream {stream!r}: a cursor of {len(page.cursor.encode())} bytes")
    if page.more and page.cursor == cursor:
        raise ContractBroken(f"stream {stream!r}: more to come, yet the cursor did not move")
    seen: set[str] = set()
    for record in page.records:
        if record.stream != stream:
            raise ContractBroken(f"stream {stream!r}: a record of stream {record.stream!r}")
        if not record.source_id or record.source_id in seen:
            raise ContractBroken(f"stream {stream!r}: id {record.source_id!r} is empty or stands twice in a page")
        seen.add(record.source_id)
        _check_json(record.raw, record.key())
    for reject in page.rejects:
        if not reject.where or not reject.code:
            raise ContractBroken(f"stream {stream!r}: a reject without place or code")


def _check_json(value: JSON, where: str) -> None:
    match value:
        case None | bool() | int() | str():
            return
        case dict():
            for name, inner in value.items():
                if not isinstance(name, str):
                    raise ContractBroken(f"{where}: a name in raw is not text: {name!r}")
                _check_json(inner, where)
        case list() | tuple():
            for inner in value:
                _check_json(inner, where)
        case _:
            raise ContractBroken(f"{where}: raw holds a {type(value).__name__}, which is not JSON without floats")


def _check_effects(record: Record, mapped: Mapped) -> None:
    effect = Decimal(0)
    for draft in mapped.drafts:
        if isinstance(draft, StillDraft):
            continue
        effect += money_effect(draft)[1]
        if record.amount is not None and draft.currency != record.amount.currency:
            raise ContractBroken(f"{draft.key}: in {draft.currency}, but the record is in {record.amount.currency}")
    if effect != (record.amount.amount if record.amount is not None else 0):
        raise ContractBroken(f"{record.key()}: the drafts move {effect}, the record {record.amount}")
