"""Golden books of Pleo: what an export says, and the exact documents of QuickBooks that come of it.

``PYTHONPATH=tests/support .venv/bin/python -m pleo_books`` writes them anew, to be read in review.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid5

import raccord_pleo
from raccord.plugin import JSON, BadRecord, Record, Skipped
from raccord.plugin.drafts import Draft, LedgerId, Link, Ref, Role
from raccord.plugin.testing import FakeFetchContext, FakeMapContext, FileShelf
from raccord.quickbooks.codec import CompanyFacts, TaxRate, encode, placeholder
from raccord_pleo.mapping import CLASSES, PROJECTS
from raccord_pleo.records import entries_named, name_of, number_of, payment_of, record_of, vendor_of
from raccord_pleo.sandbox import Filed, TwinCompany

FOLDER = Path(__file__).parents[1] / "golden" / "pleo"
BOTH = (TaxRate("8", "TPS", Decimal("5")), TaxRate("9", "TVQ", Decimal("9.975")))
REVERSED = (TaxRate("20", "Autoliquidation", Decimal(20)), TaxRate("21", "Autoliquidation", Decimal(-20)))
TVA = (TaxRate("3", "TVA", Decimal(20)),)
CODES = {"TPS/TVQ": BOTH, "Exonéré": (TaxRate("2", "Exonéré", Decimal(0)),), "Autoliquidation": REVERSED, "TVA 20": TVA}
QUEBEC = CompanyFacts("CA", "CAD", False, True, CODES, "Exonéré", CODES)
MARKER = "[raccord 7K2M9QX4TWAB r1]"
DAY = "2026-03-18T14:00:00Z"
SPACE = UUID(int=7)


def answer(ref: Ref) -> str:
    """Return what stands for a reference: roles by their names, so that a reader sees what was chosen where."""
    match ref:
        case Link():
            return placeholder(ref.key)
        case LedgerId():
            return ref.id
        case Role(of=""):
            return ref.name
        case Role(name="tax"):
            return ref.of
        case Role():
            return f"{ref.name} {ref.of}"
        case _:
            raise TypeError(ref)


def account(name: str, identifier: str = "") -> dict[str, object]:
    return {"id": str(uuid5(SPACE, name)), "name": name, **({"identifier": identifier} if identifier else {})}


def tag(group: str, code: str) -> dict[str, object]:
    return {"id": str(uuid5(SPACE, group + code)), "code": code, "groupCode": group}


def money(minor: int, currency: str = "CAD") -> dict[str, object]:
    amount = {"currency": currency, "value": minor}
    return {"inWalletCurrency": amount, "inSupplierCurrency": amount}


def tax(code: str, rate: str, minor: int, type_: str = "inclusive") -> dict[str, object]:
    return {"id": str(uuid5(SPACE, code)), "code": code, "rate": Decimal(rate), "type": type_, "amount": money(minor)}


def part(minor: int, name: str, **more: object) -> dict[str, object]:
    """Return a line of a split."""
    id_ = str(uuid5(SPACE, f"{name} {minor}"))
    return {
        "accountingEntryLineId": id_, "lineAmount": money(minor), "netAmount": money(minor),
        "account": account(name, "60"), **more,
    }  # fmt: skip


def filed(minor: int, **more: Any) -> Filed:
    more.setdefault("category", account("Fournitures", "60"))
    return Filed(minor=minor, currency="CAD", settled=DAY, **more)


def vendor(external: str = "57") -> dict[str, object]:
    found: dict[str, object] = {"id": str(uuid5(SPACE, "roy")), "name": "Papeterie Roy", "defaultCurrency": "CAD"}
    return found | ({"externalId": external} if external else {})


def invoice(number: str = "F-77") -> dict[str, object]:
    said = {"invoiceNumber": number, "invoiceDate": "2026-03-02", "dueDate": "2026-04-01", "status": "paid"}
    return {"vendor": vendor(), "additionalInformation": {"reconciliationId": "31", "invoiceInformation": said}}


def _card() -> list[Filed]:
    more = {"supplier": {"name": "Papeterie Roy"}, "user": {"id": str(uuid5(SPACE, "u")), "name": "Ève Roy"}}
    tags = (tag(CLASSES, "5000000000000001"), tag(PROJECTS, "88"), tag("theirs", "x"))
    receipts = (b"%PDF-1.4 one", b"%PDF-1.4 two")
    return [filed(4550, note="Cahiers", tags=tags, more=more, receipts=receipts, supplier_currency="USD",
                  supplier_minor=3300)]  # fmt: skip


def _taxed() -> list[Filed]:
    return [
        filed(11498, tax=tax("TPS/TVQ", "0.14975", 1498)),
        # A cent beside what QuickBooks would compute: Pleo's own tax stays.
        filed(11499, tax=tax("TPS/TVQ", "0.14975", 1499)),
        filed(12000, tax=tax("TVA 20", "0.2", 2000)),
    ]


def _exclusive() -> list[Filed]:
    line = part(10000, "Fournitures", tax=tax("TPS/TVQ", "0.14975", 1498, "exclusive"))
    return [filed(11498, lines=(line,))]


def _reverse() -> list[Filed]:
    return [filed(10000, tax=tax("Autoliquidation", "0.2", 2000, "reverse"))]


def _split() -> list[Filed]:
    lines = (
        part(5749, "Fournitures", tax=tax("TPS/TVQ", "0.14975", 749), tags=[tag(CLASSES, "5000000000000001")]),
        part(1000, "Repas"),
        part(-249, "Escompte"),
    )
    return [filed(6500, lines=lines)]


def _fee() -> list[Filed]:
    return [
        filed(900, kind="fee"),
        filed(900, kind="fee", more={"subType": "interest"}),
        filed(900, kind="fee", more={"subType": "refunded"}),
        filed(4500, kind="card_invoice"),
    ]


def _back() -> list[Filed]:
    return [
        filed(4550, kind="refund", tags=(tag(PROJECTS, "88"),)),
        filed(11498, kind="refund", tax=tax("TPS/TVQ", "0.14975", 1498), note="Retour"),
        filed(1200, kind="chargeback", more={"vendor": vendor()}),
        filed(75, kind="cashback"),
    ]


def _pocket() -> list[Filed]:
    kinds = ("out_of_pocket", "mileage", "per_diem")
    settled = {"reconciliationId": "40", "reconciledEntries": ["37", "38", "39"]}
    return [
        *(filed(1200 + number, kind=kind, note=kind) for number, kind in enumerate(kinds)),
        filed(3603, kind="reimbursement", category=None, more={"additionalInformation": settled}),
        *(
            filed(100 + number, kind="reimbursement", category=None, more={"subType": f"reimbursement_{each}"})
            for number, each in enumerate(("to_employee", "to_employee_refund", "to_company", "by_pigeon"))
        ),
    ]


def _loads() -> list[Filed]:
    return [
        filed(50000, kind="wallet_topup", category=None),
        filed(50000, kind="wallet_load", category=None),
        filed(50000, kind="wallet_topup", category=None, more={"subType": "unload"}),
    ]


def _invoices() -> list[Filed]:
    line = part(11498, "Fournitures", tax=tax("TPS/TVQ", "0.14975", 1498))
    paid = {"subType": "sent", **invoice()}
    back = {"subType": "returned", **invoice()}
    return [
        filed(11498, kind="invoice", lines=(line,), more=invoice(), receipts=(b"%PDF-1.4 invoice",)),
        # Of a vendor that QuickBooks is not known to have.
        filed(900, kind="invoice", more={**invoice("F-78"), "vendor": vendor("")}),
        filed(11498, kind="invoice_payment", category=None, more=invoice()),
        filed(11498, kind="invoice_payment", category=None, more=paid),
        filed(11498, kind="invoice_payment", category=None, more=back),
        filed(900, kind="invoice_payment", category=None, more={"subType": "sent", **invoice("F-99")}),
        filed(900, kind="invoice_payment", category=None, more={**invoice(), "subType": "mailed"}),
    ]


def _methods() -> list[Filed]:
    kept = [{"bookkeeping": {"method": each}} for each in ("none", "journal", "accounts_payable")]
    line = part(11498, "Fournitures", tax=tax("TPS/TVQ", "0.14975", 1498))
    return [
        *(filed(4550, more=each) for each in kept),
        filed(11498, lines=(line,), more={**kept[2], "vendor": vendor()}, receipts=(b"%PDF-1.4 bought",)),
        # Of a vendor that QuickBooks is not known to have.
        filed(4550, kind="card_invoice", more={**kept[2], **invoice("F-80"), "vendor": vendor("")}),
        filed(4550, kind="refund", more={**kept[2], "vendor": vendor()}),
        filed(1200, kind="out_of_pocket", more={**kept[2], "vendor": vendor()}),
        filed(11498, kind="invoice", lines=(line,), more={**invoice(), **kept[2]}),
        filed(11498, kind="invoice_payment", category=None, more={"subType": "sent", **invoice(), **kept[2]}),
        filed(50000, kind="wallet_load", category=None, more=kept[0]),
    ]


def _unknown() -> list[Filed]:
    return [filed(100, kind="levitation", more={"subType": "high"}), filed(-100), filed(0)]


def _elsewhere() -> list[Filed]:
    nothing = {"id": str(UUID(int=0)), "name": "?"}
    undefined = {"currency": "UNDEFINED", "value": 6}
    return [
        filed(300, category={**account("Déplacements"), "code": "6251"}),
        filed(300, category=nothing),
        replace(filed(300), currency="EUR"),
        filed(6, more={"amount": {"inWalletCurrency": undefined, "inSupplierCurrency": undefined}}),
    ]


SCENES: dict[str, Callable[[], list[Filed]]] = {
    "PO-08 PO-09 PO-07 PO-11 card purchase": _card,
    "PO-10 tax included": _taxed,
    "PO-10 tax on top": _exclusive,
    "PO-10 reverse charge": _reverse,
    "PO-08 split": _split,
    "PO-08 fee and card invoice": _fee,
    "PO-08 money back": _back,
    "PO-12 Pocket": _pocket,
    "PO-04 wallet load": _loads,
    "PO-08 supplier invoices": _invoices,
    "PO-08 bookkeeping methods": _methods,
    "PO-08 unknown": _unknown,
    "PO-05 categories, nothing and other currencies": _elsewhere,
}


def books(shelf: FileShelf) -> dict[str, str]:
    """Return the text of each golden file by its name."""
    return {f"{name.replace(' ', '_')}.json": _text(_pairs(make(), shelf)) for name, make in SCENES.items()}


def _pairs(expenses: list[Filed], shelf: FileShelf) -> list[object]:
    company = TwinCompany(lambda: datetime(2026, 3, 20, tzinfo=UTC))
    for each in expenses:
        company.file(each)
    rows = cast("list[dict[str, Any]]", company.items(company.export()))
    pairs: list[object] = []
    for row, expense in zip(rows, expenses, strict=True):
        record = _record(row, rows, expense, shelf)
        said: list[object] = [
            each
            for one in (record, number_of(record), vendor_of(record), payment_of(record))
            if one is not None
            for each in _said(one)
        ]
        shown = {name: value for name, value in _plain(row).items() if name not in ("files", "_links", "companyId")}
        pairs.append({"pleo": shown, "quickbooks": said})
    return pairs


def _record(row: Mapping[str, Any], rows: list[dict[str, Any]], expense: Filed, shelf: FileShelf) -> Record:
    kept: list[JSON] = []
    for number, content in enumerate(expense.receipts, 1):
        kept.append({"name": f"{number}.pdf", "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)})
    name = name_of(row) if row["type"] == "invoice_payment" else ""
    settles = "".join(sorted(entries_named(rows, name))) if name else ""
    return record_of(FakeFetchContext(files=shelf), UUID(int=1), row, kept, settles)


def _said(record: Record) -> list[object]:
    context = FakeMapContext(terms=raccord_pleo.describe().terms, taxed=True, language="fr")
    try:
        answered = raccord_pleo.map_record(context, record)
    except BadRecord as error:
        return [{"problem": error.code, "fr": error.reason.fr, "en": error.reason.en}]
    assert answered is not None
    if isinstance(answered, Skipped):
        return [{"nothing": answered.code, "fr": answered.reason.fr, "en": answered.reason.en}]
    return [{str(each.kind): body_of(each)} for each in answered.drafts]


def body_of(draft: Draft) -> dict[str, Any]:
    """Return the document that QuickBooks is sent."""
    number = str(getattr(draft, "number", ""))
    encoded = encode(draft, answer, QUEBEC, marker=MARKER, number=number, kind_of=kind_of)
    decoded: dict[str, Any] = json.loads(encoded.payload, parse_float=Decimal)
    return decoded


def kind_of(ref: Ref) -> str:
    """Return what core would know of a reference: of which kind it is."""
    return "its document" if isinstance(ref, Link) else str(getattr(ref, "kind", ""))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(json.dumps(row, default=lambda value: format(value, "f")))
    return decoded


def _text(pairs: list[object]) -> str:
    return json.dumps(pairs, ensure_ascii=False, indent=2, default=lambda value: format(value, "f")) + "\n"


if __name__ == "__main__":
    for name, text in books(FileShelf(Path("var/golden-box"))).items():
        (FOLDER / name).write_text(text, encoding="utf-8")
