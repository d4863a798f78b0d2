"""Export items as records: what Pleo sent, without the links that change each time, and where its receipts are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, BinaryIO
from uuid import UUID

from raccord.plugin import BadRecord, FetchContext, Money, Record, SourceRefused
from raccord.plugin.contexts import ConnectionView
from raccord.plugin.records import JSON
from raccord_pleo.wire import File, Item

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

ENTRIES = "entries"
JOB, ITEM, RECEIPTS = "job", "item", "receipts"
INTO_ACCOUNT = frozenset({"refund", "chargeback", "cashback", "wallet_load"})
"""Types that bring money into the account that they move; all others take it out."""
_ENDINGS = {
    "application/pdf": ".pdf", "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/png": ".png", "image/gif": ".gif",
    "image/tiff": ".tif", "image/heic": ".heic",
}  # fmt: skip


def record_of(view: ConnectionView, job: UUID, raw: Mapping[str, JSON], receipts: Sequence[JSON]) -> Record:
    """Return the record of an export item; ``raw`` has an id and a date, whatever else it holds."""
    entry = str(UUID(str(raw["accountingEntryId"])))
    moment = datetime.fromisoformat(str(raw["date"]).replace("Z", "+00:00"))
    kept = {name: _text(value) for name, value in raw.items() if name not in ("files", "_links")}
    return Record(
        stream=ENTRIES,
        source_id=entry,
        day=view.days.day_of(moment) if moment.tzinfo else moment.date(),
        raw={JOB: str(job), ITEM: kept, RECEIPTS: list(receipts)},
        amount=amount_of(kept),
    )


def amount_of(raw: Mapping[str, JSON]) -> Money | None:
    """Return what an item moves, nothing where it cannot be read: mapping says why."""
    try:
        item = Item.model_validate(raw)
        paid = item.amount.in_wallet_currency.money("amount")
    except (ValueError, BadRecord):
        return None
    return paid if item.type in INTO_ACCOUNT else -paid


def _text(value: JSON | Decimal) -> JSON:
    """Return a value with its fractions as text, which keeps them exact."""
    match value:
        case Decimal():
            return format(value, "f")
        case dict():
            return {name: _text(each) for name, each in value.items()}
        case list():
            return [_text(each) for each in value]
        case _:
            return value


def keep_receipts(context: FetchContext, entry: str, files: Sequence[File]) -> list[JSON]:
    """Keep an item's receipts among the received files; of one that does not come, say why instead."""
    kept: list[JSON] = []
    for number, file in enumerate(files, 1):
        name = f"{entry}-{number}{_ENDINGS.get(file.type.lower(), '')}"
        kept.append({"name": name, **_kept(context, name, file)})
    return kept


def _kept(context: FetchContext, name: str, file: File) -> dict[str, JSON]:
    try:
        with context.http.download(file.url) as answer:
            if answer.status != 200:
                return {"missing": "expired" if answer.status in (403, 404, 410) else f"http {answer.status}"}
            counted = _Counted(answer.content)
            context.files.receive(name, BufferedReader(counted), origin="pleo")
    except SourceRefused as error:
        return {"missing": error.text.en}
    return {"sha256": counted.digest.hexdigest(), "size": counted.size}


class _Counted(RawIOBase):
    """A stream that hashes what is read of it."""

    def __init__(self, content: BinaryIO) -> None:
        super().__init__()
        self._content = content
        self.digest = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer and count it."""
        view = memoryview(buffer).cast("B")
        piece = self._content.read(len(view))
        view[: len(piece)] = piece
        self.digest.update(piece)
        self.size += len(piece)
        return len(piece)
