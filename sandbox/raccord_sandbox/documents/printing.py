"""The PDF of a document: who, when, its lines, its tax and its total."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from raccord_sandbox.documents.pdf import Words, pdf
from raccord_sandbox.entities.kind import Kind
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.lines import every_line
from raccord_sandbox.operations import read
from raccord_sandbox.refusing.faults import Doc, unsupported

TITLES = {
    "CreditMemo": ("Note de crédit", "Credit memo"),
    "Estimate": ("Devis", "Estimate"),
    "Invoice": ("Facture", "Invoice"),
    "Payment": ("Reçu de paiement", "Payment receipt"),
    "PurchaseOrder": ("Bon de commande", "Purchase order"),
    "RefundReceipt": ("Reçu de remboursement", "Refund receipt"),
    "SalesReceipt": ("Reçu de vente", "Sales receipt"),
}
"""The documents that have a PDF and can be sent, in French and English."""
LABELS = {
    "number": ("Numéro", "No."),
    "date": ("Date", "Date"),
    "due": ("Échéance", "Due date"),
    "to": ("À l’attention de", "Bill to"),
    "description": ("Description", "Description"),
    "quantity": ("Qté", "Qty"),
    "price": ("Prix", "Rate"),
    "amount": ("Montant", "Amount"),
    "tax": ("Taxes", "Tax"),
    "total": ("Total", "Total"),
    "balance": ("Solde dû", "Balance due"),
}
LEFT, RIGHT, TOP, BOTTOM, LEADING = 54, 558, 738, 72, 15


def printed(company: Company, kind: Kind, key: str) -> bytes:
    """Return a document as a PDF. Raises fault 500 for an entity that has none."""
    if kind.name not in TITLES:
        raise unsupported(f"pdf of {kind.name}")
    doc = read(company, kind, key)
    language = 0 if company.settings["country"] in ("FR", "CA") and _is_french(company) else 1
    title = TITLES[kind.name][language]
    rows = [*_head(company, kind, doc, language), *_lines(doc, language), *_foot(doc, language)]
    pages: list[list[Words]] = [[Words(LEFT, TOP, title, 18, bold=True)]]
    place = TOP - 2 * LEADING
    for row in rows:
        if place < BOTTOM:
            pages.append([])
            place = TOP
        pages[-1] += [Words(one.x, place, one.text, one.size, one.bold, one.right) for one in row]
        place -= LEADING
    return pdf(pages, f"{title} {doc.get('DocNumber', key)}", company.clock.now())


def _is_french(company: Company) -> bool:
    info = company.get("CompanyInfo", "1") or {}
    return str(info.get("SupportedLanguages", "")).startswith("fr")


def _row(*cells: tuple[int, str], bold: bool = False) -> list[Words]:
    """Return one line of text; a negative place is that of the right end."""
    return [Words(abs(x), 0, text, bold=bold, right=x < 0) for x, text in cells]


def _head(company: Company, kind: Kind, doc: Doc, language: int) -> Iterator[list[Words]]:
    info = company.get("CompanyInfo", "1") or {}
    yield _row((LEFT, str(info.get("CompanyName", ""))), bold=True)
    for line in _address(info.get("CompanyAddr", {})):
        yield _row((LEFT, line))
    yield []
    for label, value in (
        ("number", doc.get("DocNumber")),
        ("date", doc.get("TxnDate")),
        ("due", doc.get("DueDate")),
        ("to", _block(doc, "CustomerRef", "VendorRef").get("name")),
    ):
        if value:
            yield _row((LEFT, LABELS[label][language]), (LEFT + 110, str(value)))
    for line in _address(_block(doc, "BillAddr", "VendorAddr")):
        yield _row((LEFT + 110, line))
    yield []


def _block(doc: Doc, *names: str) -> Doc:
    """Return the first of these objects that there is, else an empty one."""
    return next((doc[name] for name in names if name in doc), {})


def _address(address: Doc) -> Iterator[str]:
    for name in ("Line1", "Line2", "Line3", "Line4", "Line5"):
        if address.get(name):
            yield str(address[name])
    city = [str(address[name]) for name in ("City", "CountrySubDivisionCode", "PostalCode") if address.get(name)]
    if city:
        yield " ".join(city)


def _lines(doc: Doc, language: int) -> Iterator[list[Words]]:
    labels = {name: words[language] for name, words in LABELS.items()}
    yield _row(
        (LEFT, labels["description"]),
        (-380, labels["quantity"]),
        (-460, labels["price"]),
        (-RIGHT, labels["amount"]),
        bold=True,
    )
    for line in every_line(doc.get("Line", [])):
        if line.get("DetailType") == "SubTotalLineDetail":
            continue
        detail: Doc = line.get(line.get("DetailType", ""), {})
        item = _block(detail, "ItemRef", "GroupItemRef", "AccountRef").get("name", "")
        links = ", ".join(f"{link['TxnType']} {link['TxnId']}" for link in line.get("LinkedTxn", []))
        words = line.get("Description") or item or links or line.get("DetailType", "")
        cells = [(LEFT, str(words)[:60])]
        quantity = detail.get("Qty", detail.get("Quantity"))
        cells += [] if quantity is None else [(-380, f"{quantity:f}")]
        cells += [(-460, f"{detail['UnitPrice']:f}")] if "UnitPrice" in detail else []
        cells += [(-RIGHT, _money(line["Amount"], language))] if "Amount" in line else []
        yield _row(*cells)
    yield []


def _foot(doc: Doc, language: int) -> Iterator[list[Words]]:
    tax = doc.get("TxnTaxDetail", {}).get("TotalTax")
    for label, value in (("tax", tax), ("total", doc.get("TotalAmt")), ("balance", doc.get("Balance"))):
        if value is not None:
            text = f"{_money(value, language)} {doc.get('CurrencyRef', {}).get('value', '')}".strip()
            yield _row((380, LABELS[label][language]), (-RIGHT, text), bold=label == "total")
    memo = doc.get("CustomerMemo", {}).get("value", "")
    for line in str(memo).splitlines()[:20]:
        yield _row((LEFT, line[:90]))


def _money(amount: Decimal, language: int) -> str:
    text = f"{amount:,.2f}"
    return text.replace(",", "\u202f").replace(".", ",") if language == 0 else text
