"""Expenses (QuickBooks' Purchase) and transfers between the company's own accounts."""

from __future__ import annotations

from raccord.plugin.drafts import Expense, ExpenseLine, PaymentType, Transfer
from raccord.plugin.texts import figures
from raccord.quickbooks.codec.amounts import cents
from raccord.quickbooks.codec.errors import EncodeError
from raccord.quickbooks.codec.json_text import Json, JsonObject
from raccord.quickbooks.codec.names import own_number
from raccord.quickbooks.codec.notes import description, private_note
from raccord.quickbooks.codec.sheet import Sheet
from raccord.quickbooks.codec.tax_plan import TaxPlan, tax_of_expense

_PAYMENT_TYPES = {PaymentType.CASH: "Cash", PaymentType.CHECK: "Check", PaymentType.CARD: "CreditCard"}


def purchase(draft: Expense, sheet: Sheet, marker: str, number: JsonObject) -> JsonObject:
    """Return a Purchase; a payee of unknown list is a vendor, and only a card gives money back."""
    if draft.credit and draft.payment_type is not PaymentType.CARD:
        raise EncodeError(
            "encoding.credit_needs_card",
            "QuickBooks ne tient un remboursement comme dépense négative que sur une carte. "
            "Enregistrez-le comme dépôt.",
            "QuickBooks keeps a refund as an expense credit on a card only. Record it as a deposit.",
            "credit",
        )
    tax = tax_of_expense(draft, sheet)
    lines: list[Json] = [expense_line(line, place, tax, sheet) for place, line in enumerate(draft.lines)]
    own = own_number(draft.number, number) if draft.payment_type is PaymentType.CHECK else number
    body: JsonObject = {
        "PaymentType": _PAYMENT_TYPES[draft.payment_type],
        "AccountRef": sheet.ref(draft.paid_from, "paid_from"),
        "TxnDate": draft.day.isoformat(),
        **own,
        **sheet.currency(draft),
        "PrivateNote": private_note(draft.memo, draft.reference, marker),
    }
    if draft.payment_type is PaymentType.CARD:
        body["Credit"] = draft.credit
    if draft.payee is not None:
        found, kind = sheet.entity(draft.payee, "payee", otherwise="Vendor")
        body["EntityRef"] = {"value": found, "type": kind}
    if draft.location is not None:
        body["DepartmentRef"] = sheet.ref(draft.location, "location")
    return {**body, **tax.header, "Line": lines}


def transfer(draft: Transfer, sheet: Sheet, marker: str) -> JsonObject:
    """Return a Transfer of a positive amount between two different accounts."""
    amount = cents(draft.total, draft.currency, "total")
    if amount <= 0:
        said = figures(amount)
        raise EncodeError(
            "encoding.amount_not_positive",
            f"Le virement porte sur {said.fr} {draft.currency} ; il faut un montant positif. "
            "Pour l'autre sens, échangez les comptes.",
            f"The transfer is of {said.en} {draft.currency}; it takes a positive amount. "
            "For the other way, exchange the accounts.",
            "total",
        )
    source, target = sheet.id(draft.source, "source"), sheet.id(draft.target, "target")
    if source == target:
        raise EncodeError(
            "encoding.same_account",
            "Le virement part du compte où il arrive. Choisissez un autre compte pour l'un des deux.",
            "The transfer leaves the account it arrives at. Choose another account for one of the two.",
            "target",
        )
    return {
        "FromAccountRef": {"value": source},
        "ToAccountRef": {"value": target},
        "Amount": amount,
        "TxnDate": draft.day.isoformat(),
        **sheet.currency(draft),
        "PrivateNote": private_note(draft.memo, "", marker),
    }


def expense_line(line: ExpenseLine, place: int, tax: TaxPlan, sheet: Sheet) -> JsonObject:
    """Return a line of an expense, bill or vendor credit."""
    detail: JsonObject = {"AccountRef": sheet.ref(line.account, f"lines[{place}].account")}
    if line.customer is not None:
        # Named without a status, the cost would be billed to the customer.
        detail["CustomerRef"] = sheet.ref(line.customer, f"lines[{place}].customer")
        detail["BillableStatus"] = "NotBillable"
    if line.class_ is not None:
        detail["ClassRef"] = sheet.ref(line.class_, f"lines[{place}].class_")
    return {
        "DetailType": "AccountBasedExpenseLineDetail",
        "Amount": tax.nets[place],
        **description(line.description),
        "AccountBasedExpenseLineDetail": {**detail, **tax.detail(place)},
    }
