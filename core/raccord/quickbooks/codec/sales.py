"""Sales receipts and refund receipts in QuickBooks' words."""

from __future__ import annotations

from decimal import Decimal

from raccord.plugin.drafts import RefundReceipt, SalesLine, SalesReceipt
from raccord.quickbooks.codec.amounts import quantity_and_price
from raccord.quickbooks.codec.json_text import Json, JsonObject
from raccord.quickbooks.codec.names import clean_text
from raccord.quickbooks.codec.notes import description, private_note
from raccord.quickbooks.codec.sheet import Sheet
from raccord.quickbooks.codec.tax_plan import TaxPlan, tax_of_sale


def sales_receipt(draft: SalesReceipt, sheet: Sheet, marker: str, number: JsonObject) -> JsonObject:
    """Return a SalesReceipt whose total in QuickBooks is ``draft.total``."""
    return _form(draft, sheet, marker, number, sheet.ref(draft.deposit_to, "deposit_to"), 21)


def refund_receipt(draft: RefundReceipt, sheet: Sheet, marker: str, number: JsonObject) -> JsonObject:
    """Return a RefundReceipt; ``DepositToAccountRef`` is, against its name, the account the money leaves."""
    return _form(draft, sheet, marker, number, sheet.ref(draft.paid_from, "paid_from"), 100)


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
    lines: list[Json] = [_line(line, place, tax, sheet) for place, line in enumerate(draft.lines)]
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
