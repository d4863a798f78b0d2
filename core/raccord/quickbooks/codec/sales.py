"""Sales forms in QuickBooks' words: sales and refund receipts, invoices and credit memos."""

from __future__ import annotations

from decimal import Decimal

from raccord.plugin.drafts import CreditMemo, Discount, Invoice, RefundReceipt, SalesLine, SalesReceipt
from raccord.quickbooks.codec.amounts import quantity_and_price
from raccord.quickbooks.codec.json_text import Json, JsonObject
from raccord.quickbooks.codec.names import clean_text, own_number
from raccord.quickbooks.codec.notes import description, private_note
from raccord.quickbooks.codec.sheet import Sheet
from raccord.quickbooks.codec.tax_plan import Sale, TaxPlan, tax_of_sale


def sales_receipt(draft: SalesReceipt, sheet: Sheet, marker: str, number: JsonObject) -> JsonObject:
    """Return a SalesReceipt whose total in QuickBooks is ``draft.total``."""
    return _form(draft, sheet, marker, number, sheet.ref(draft.deposit_to, "deposit_to"), 21)


def refund_receipt(draft: RefundReceipt, sheet: Sheet, marker: str, number: JsonObject) -> JsonObject:
    """Return a RefundReceipt; ``DepositToAccountRef`` is, against its name, the account the money leaves."""
    if draft.after is not None:
        # Nothing of the wire says so: the refund only waits for what it pays back.
        sheet.id(draft.after, "after")
    return _form(draft, sheet, marker, number, sheet.ref(draft.paid_from, "paid_from"), 100)


def invoice(draft: Invoice, sheet: Sheet, marker: str, number: JsonObject) -> JsonObject:
    """Return an Invoice, which QuickBooks posts to the receivable account of its currency."""
    form = _owed(draft, sheet, marker, number)
    if draft.due is not None:
        form["DueDate"] = draft.due.isoformat()
    if draft.term is not None:
        form["SalesTermRef"] = sheet.ref(draft.term, "term")
    return form


def credit_memo(draft: CreditMemo, sheet: Sheet, marker: str, number: JsonObject) -> JsonObject:
    """Return a CreditMemo; a payment applies it."""
    return _owed(draft, sheet, marker, number)


def _owed(draft: Invoice | CreditMemo, sheet: Sheet, marker: str, number: JsonObject) -> JsonObject:
    tax = tax_of_sale(draft, sheet)
    own = own_number(draft.number, number)
    form: JsonObject = {
        "TxnDate": draft.day.isoformat(),
        **own,
        **sheet.currency(draft),
        "CustomerRef": sheet.ref(draft.customer, "customer"),
        "PrivateNote": private_note(draft.memo, draft.number if own == number else "", marker),
    }
    if draft.location is not None:
        form["DepartmentRef"] = sheet.ref(draft.location, "location")
    return {**form, **tax.header, "Line": _lines(draft, tax, sheet)}


def _lines(draft: Sale, tax: TaxPlan, sheet: Sheet) -> list[Json]:
    lines: list[Json] = [_line(line, place, tax, sheet) for place, line in enumerate(draft.lines)]
    if draft.discount is not None and tax.discount:
        lines.append(_discount(draft.discount, tax.discount, sheet))
    return lines


def _form(
    draft: SalesReceipt | RefundReceipt,
    sheet: Sheet,
    marker: str,
    number: JsonObject,
    money: JsonObject,
    reference_length: int,
) -> JsonObject:
    tax = tax_of_sale(draft, sheet)
    reference = clean_text(draft.reference, lines=False)
    fits = len(reference) <= reference_length
    lines = _lines(draft, tax, sheet)
    form: JsonObject = {
        "TxnDate": draft.day.isoformat(),
        **number,
        **sheet.currency(draft),
        "DepositToAccountRef": money,
        "PrivateNote": private_note(draft.memo, "" if fits else reference, marker),
    }
    if draft.customer is not None:
        form["CustomerRef"] = sheet.ref(draft.customer, "customer")
    if reference and fits:
        form["PaymentRefNum"] = reference
    return {**form, **tax.header, "Line": lines}


def _discount(discount: Discount, amount: Decimal, sheet: Sheet) -> JsonObject:
    return {
        "DetailType": "DiscountLineDetail",
        "Amount": amount,
        **description(discount.description),
        "DiscountLineDetail": {
            "PercentBased": False,
            "DiscountAccountRef": sheet.ref(discount.account, "discount"),
        },
    }


def _line(line: SalesLine, place: int, tax: TaxPlan, sheet: Sheet) -> JsonObject:
    net: Decimal = tax.nets[place]
    detail: JsonObject = {"ItemRef": sheet.ref(line.item, f"lines[{place}].item")}
    counted = quantity_and_price(line.quantity, line.unit_price, net)
    if counted is not None:
        detail["Qty"], detail["UnitPrice"] = counted
    if line.class_ is not None:
        detail["ClassRef"] = sheet.ref(line.class_, f"lines[{place}].class_")
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": net,
        **description(line.description),
        "SalesItemLineDetail": {**detail, **tax.detail(place)},
    }
