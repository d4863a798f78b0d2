"""Export items as records: what Pleo sent, without the links that change each time, and where its receipts are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
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
JOB, ITEM, RECEIPTS, SETTLES = "job", "item", "receipts", "settles"
INTO_ACCOUNT = frozenset(
    {
        "refund", "chargeback", "cashback", "wallet_topup", "wallet_load", "invoice_payment/returned",
        "reimbursement/reimbursement_to_employee_refund", "reimbursement/reimbursement_to_company",
    }
)  # fmt: skip
"""Words that bring money into the account that they move; all others take it out."""
TURNED_BY_SUB_TYPE = frozenset({"fee", "invoice_payment", "reimbursement", "wallet_topup", "wallet_load"})
"""Types whose sub types tell the direction of the money, so that one that is not known says nothing."""
NUMBER = "number "
"""Before the name by which payments know an invoice, in the id of the record that keeps which one it is."""
ENTRY = "entry"
"""In such a record: the invoice."""
VENDOR = "vendor"
"""Before the id of a vendor at Pleo, in the id of the record that keeps its name; and in that record, before the name.
"""
PAYMENT = "payment "
"""Before the entry of a purchase by accounts payable, in the id of the record of what was paid for it."""
PAYS = "pays"
"""In that record: the entry."""
ACCOUNTS_PAYABLE = "accounts_payable"
_NAME_CHARS_MAX = 300
_ENDINGS = {
    "application/pdf": ".pdf", "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/png": ".png", "image/gif": ".gif",
    "image/tiff": ".tif", "image/heic": ".heic",
}  # fmt: skip


def record_of(
    view: ConnectionView, job: UUID, raw: Mapping[str, JSON], receipts: Sequence[JSON], settles: str = ""
) -> Record:
    """Return the record of an export item; ``raw`` has an id and a date, whatever else it holds.

    ``settles`` is the entry of the invoice that a payment is for, where it is known.
    """
    entry = str(UUID(str(raw["accountingEntryId"])))
    moment = datetime.fromisoformat(str(raw["date"]).replace("Z", "+00:00"))
    kept = {name: _text(value) for name, value in raw.items() if name not in ("files", "_links")}
    return Record(
        stream=ENTRIES,
        source_id=entry,
        day=view.days.day_of(moment) if moment.tzinfo else moment.date(),
        raw={JOB: str(job), ITEM: kept, RECEIPTS: list(receipts), **({SETTLES: settles} if settles else {})},
        amount=amount_of(kept),
    )


def number_of(invoice: Record) -> Record | None:
    """Return the record that keeps under which name payments know an invoice; nothing where it has none."""
    item = invoice.raw[ITEM]
    name = name_of(item) if isinstance(item, Mapping) and item.get("type") == "invoice" else ""
    if not name:
        return None
    return Record(stream=ENTRIES, source_id=f"{NUMBER}{name}", day=invoice.day, raw={ENTRY: invoice.source_id})


def payment_of(purchase: Record) -> Record | None:
    """Return the record of what was paid for a purchase that is kept by accounts payable: its own is of the bill.

    Nothing without a vendor, where there is no bill either, and of money that comes in.
    """
    item, amount = purchase.raw[ITEM], purchase.amount
    if not isinstance(item, Mapping) or not by_accounts_payable(item) or str(item.get("type")).startswith("invoice"):
        return None
    if not isinstance(item.get("vendor"), Mapping) or amount is None or amount.amount >= 0:
        return None
    raw: Mapping[str, JSON] = {JOB: purchase.raw[JOB], ITEM: item, PAYS: purchase.source_id}
    return Record(
        stream=ENTRIES, source_id=f"{PAYMENT}{purchase.source_id}", day=purchase.day, raw=raw, amount=amount
    )  # fmt: skip


def by_accounts_payable(item: Mapping[str, JSON]) -> bool:
    """Tell whether the company keeps an item as a debt to its vendor and what settles it."""
    bookkeeping = item.get("bookkeeping")
    return isinstance(bookkeeping, Mapping) and bookkeeping.get("method") == ACCOUNTS_PAYABLE


def vendor_of(record: Record) -> Record | None:
    """Return the record of the vendor of a bill that QuickBooks is not known to have; nothing where it is."""
    item = record.raw[ITEM]
    billed = isinstance(item, Mapping) and (str(item.get("type")).startswith("invoice") or by_accounts_payable(item))
    vendor = item.get("vendor") if billed and isinstance(item, Mapping) else None
    if not isinstance(vendor, Mapping) or vendor.get("externalId") or not vendor.get("id") or not vendor.get("name"):
        return None
    raw: Mapping[str, JSON] = {VENDOR: str(vendor["name"])}
    return Record(stream=ENTRIES, source_id=f"{VENDOR} {vendor['id']}", day=record.day, raw=raw)


def name_of(raw: Mapping[str, JSON]) -> str:
    """Return what tells an invoice from all others, on itself and on its payment: the vendor and the vendor's number.

    Empty where Pleo says one of the two not; its own numbers are told of reimbursements alone.
    """
    more, vendor = raw.get("additionalInformation"), raw.get("vendor")
    invoice = more.get("invoiceInformation") if isinstance(more, Mapping) else None
    if not isinstance(vendor, Mapping) or not isinstance(invoice, Mapping) or not invoice.get("invoiceNumber"):
        return ""
    return f"{vendor.get('id')} {invoice['invoiceNumber']}"[:_NAME_CHARS_MAX]


def entries_named(rows: Iterable[object], name: str) -> set[str]:
    """Return the entries of the invoices of that name among items."""
    return {
        str(row.get("accountingEntryId"))
        for row in rows
        if isinstance(row, Mapping) and row.get("type") == "invoice" and name_of(row) == name
    }


def word_of(item: Item) -> str:
    """Return the word of an item in the term table."""
    return f"{item.type}/{item.sub_type}" if item.sub_type and item.type in TURNED_BY_SUB_TYPE else item.type


def amount_of(raw: Mapping[str, JSON]) -> Money | None:
    """Return what an item moves, nothing where it cannot be read: mapping says why."""
    try:
        item = Item.model_validate(raw)
        paid = item.amount.in_wallet_currency.money("amount")
    except (ValueError, BadRecord):
        return None
    return paid if word_of(item) in INTO_ACCOUNT else -paid


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
