"""Bills, vendor credits and what both sides pay, in QuickBooks' words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from raccord.plugin.drafts import Application, Bill, BillPayment, Payment, PaymentType, Settled, VendorCredit
from raccord.plugin.texts import figures
from raccord.quickbooks.codec.amounts import ZERO, added, cents, total_of
from raccord.quickbooks.codec.errors import EncodeError
from raccord.quickbooks.codec.expenses import expense_line
from raccord.quickbooks.codec.json_text import Json, JsonObject
from raccord.quickbooks.codec.names import NUMBER_LENGTH, clean_text, own_number, within
from raccord.quickbooks.codec.notes import private_note
from raccord.quickbooks.codec.sheet import Sheet, must_have_lines
from raccord.quickbooks.codec.tax_plan import tax_of_expense

_LINES = 10_000
_ASK_FOR_REFERENCE = ("FR",)
"""Countries where QuickBooks takes no payment without a reference; ours stands where the source has none."""
_RECEIVED = {Settled.INVOICE: 1, Settled.EXPENSE: 1, Settled.CREDIT_MEMO: -1}
_PAID = {Settled.BILL: 1, Settled.DEPOSIT: 1, Settled.VENDOR_CREDIT: -1}
"""What a payment of each side may name, and whether it takes of the money (1) or adds to it."""


def bill(draft: Bill, sheet: Sheet, marker: str, number: JsonObject) -> JsonObject:
    """Return a Bill, which QuickBooks posts to the payable account of its currency."""
    form = _bought(draft, sheet, marker, number)
    if draft.due is not None:
        form["DueDate"] = draft.due.isoformat()
    if draft.term is not None:
        form["SalesTermRef"] = sheet.ref(draft.term, "term")
    return form


def vendor_credit(draft: VendorCredit, sheet: Sheet, marker: str, number: JsonObject) -> JsonObject:
    """Return a VendorCredit; a bill payment applies it."""
    return _bought(draft, sheet, marker, number)


def payment(draft: Payment, sheet: Sheet, marker: str, number: str) -> JsonObject:
    """Return a Payment; what its lines do not apply stays unapplied."""
    total = total_of(draft.total, draft.currency)
    amounts = applied_amounts(draft.applied, draft.currency)
    taken = _taken(draft.applied, amounts, _RECEIVED)
    if taken > total:
        raise _applied_differs(taken, total)
    reference = clean_text(draft.reference, lines=False)
    fits = len(reference) <= NUMBER_LENGTH
    body: JsonObject = {
        "TxnDate": draft.day.isoformat(),
        **sheet.currency(draft),
        "CustomerRef": sheet.ref(draft.customer, "customer"),
        "TotalAmt": total,
        "DepositToAccountRef": sheet.ref(draft.deposit_to, "deposit_to"),
        "PrivateNote": private_note(draft.memo, "" if fits else reference, marker),
    }
    if draft.method is not None:
        body["PaymentMethodRef"] = sheet.ref(draft.method, "method")
    if reference and fits:
        body["PaymentRefNum"] = reference
    elif number and sheet.facts.country in _ASK_FOR_REFERENCE:
        body["PaymentRefNum"] = within(number, NUMBER_LENGTH, "number")
    return {**body, "Line": _applications(draft.applied, amounts, sheet)}


def bill_payment(draft: BillPayment, sheet: Sheet, marker: str, number: JsonObject) -> JsonObject:
    """Return a BillPayment by cheque or card, whose total is exactly what its lines pay."""
    must_have_lines(len(draft.applied), _LINES)
    total = total_of(draft.total, draft.currency)
    amounts = applied_amounts(draft.applied, draft.currency)
    taken = _taken(draft.applied, amounts, _PAID)
    if taken != total:
        raise _applied_differs(taken, total)
    account = sheet.ref(draft.paid_from, "paid_from")
    by: JsonObject
    if draft.payment_type is PaymentType.CARD:
        by = {"PayType": "CreditCard", "CreditCardPayment": {"CCAccountRef": account}}
    else:
        by = {"PayType": "Check", "CheckPayment": {"BankAccountRef": account}}
    return {
        "TxnDate": draft.day.isoformat(),
        **number,
        **sheet.currency(draft),
        "VendorRef": sheet.ref(draft.vendor, "vendor"),
        "TotalAmt": total,
        **by,
        "PrivateNote": private_note(draft.memo, "", marker),
        "Line": _applications(draft.applied, amounts, sheet),
    }


def applied_amounts(applied: Sequence[Application], currency: str) -> list[Decimal]:
    """Return what goes to each document: positive, and to each document once; else :class:`EncodeError`."""
    amounts = []
    seen: set[object] = set()
    for place, each in enumerate(applied):
        amount = cents(each.amount, currency, f"applied[{place}].amount")
        if amount <= 0:
            said = figures(amount)
            raise EncodeError(
                "encoding.amount_not_positive",
                f"La partie {place + 1} du paiement est de {said.fr} ; il faut un montant positif.",
                f"Part {place + 1} of the payment is of {said.en}; it takes a positive amount.",
                f"applied[{place}].amount",
            )
        if each.document in seen:
            raise EncodeError(
                "encoding.linked_twice",
                f"Le paiement nomme deux fois le même document (partie {place + 1}). Vérifiez-le dans la source.",
                f"The payment names the same document twice (part {place + 1}). Check it in the source.",
                f"applied[{place}].document",
            )
        seen.add(each.document)
        amounts.append(amount)
    return amounts


def _bought(draft: Bill | VendorCredit, sheet: Sheet, marker: str, number: JsonObject) -> JsonObject:
    tax = tax_of_expense(draft, sheet)
    own = own_number(draft.number, number)
    lines: list[Json] = [expense_line(line, place, tax, sheet) for place, line in enumerate(draft.lines)]
    form: JsonObject = {
        "TxnDate": draft.day.isoformat(),
        **own,
        **sheet.currency(draft),
        "VendorRef": sheet.ref(draft.vendor, "vendor"),
        "PrivateNote": private_note(draft.memo, draft.number if own == number else "", marker),
    }
    if draft.location is not None:
        form["DepartmentRef"] = sheet.ref(draft.location, "location")
    return {**form, **tax.header, "Line": lines}


def _applications(applied: Sequence[Application], amounts: Sequence[Decimal], sheet: Sheet) -> list[Json]:
    return [
        {
            "Amount": amount,
            "LinkedTxn": [{"TxnId": sheet.id(each.document, f"applied[{place}].document"), "TxnType": str(each.of)}],
        }
        for place, (each, amount) in enumerate(zip(applied, amounts, strict=True))
    ]


def _taken(applied: Sequence[Application], amounts: Sequence[Decimal], signs: dict[Settled, int]) -> Decimal:
    """Return what the documents take less what the credits give; credits never exceed what they are used for."""
    for place, each in enumerate(applied):
        if each.of not in signs:
            raise EncodeError(
                "encoding.settles_other_side",
                f"Un tel paiement ne règle pas un document de genre {each.of} (partie {place + 1}).",
                f"Such a payment does not settle a document of kind {each.of} (part {place + 1}).",
                f"applied[{place}].of",
            )
    taken = added(signs[each.of] * amount for each, amount in zip(applied, amounts, strict=True))
    if taken < ZERO:
        raise _applied_differs(taken, ZERO)
    return taken


def _applied_differs(taken: Decimal, total: Decimal) -> EncodeError:
    made, paid = map(figures, (taken, total))
    return EncodeError(
        "encoding.applied_differs",
        f"Les documents réglés, moins les crédits, font {made.fr} ; le paiement est de {paid.fr}. "
        "Corrigez la répartition dans la source.",
        f"The documents settled less the credits make {made.en}; the payment is of {paid.en}. "
        "Correct how it is applied in the source.",
        "applied",
    )
