"""Expense lines: what purchases, bills, vendor credits and purchase orders have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from raccord_sandbox.entities.amounts import CENTS, NAMED, forget_old_tax, line_amount, number_lines, own_lines
from raccord_sandbox.entities.goods import INVENTORY, bought, moved_quantity
from raccord_sandbox.entities.kind import Draft
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import Doc, FaultError, business, missing
from raccord_sandbox.schema import MONEY, Block, Choice, Line, Number, Property, Ref
from raccord_sandbox.tax import Side, TaxableLine, Taxes, tax_purchase

SPLIT: Mapping[str, Property] = {
    "ClassRef": Ref(("Class",)),
    "CustomerRef": Ref(("Customer",)),
    "BillableStatus": Choice(("Billable", "NotBillable", "HasBeenBilled")),
    "TaxCodeRef": Ref(),
    "TaxInclusiveAmt": MONEY,
    "MarkupInfo": Block({"Percent": Number(), "MarkUpIncomeAccountRef": Ref(("Account",))}),
}
EXPENSE_LINE = Line(
    {
        "AccountBasedExpenseLineDetail": Block({**SPLIT, "AccountRef": Ref(("Account",)), "TaxAmount": MONEY}),
        "ItemBasedExpenseLineDetail": Block(
            {**SPLIT, "ItemRef": Ref(("Item",)), "Qty": Number(), "UnitPrice": Number()}
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Expenses:
    """The lines and taxes of one document."""

    parts: tuple[TaxableLine, ...]
    taxes: Taxes
    total: Decimal

    def entries(self, work: Work, name: str, sign: int = 1) -> list[Entry]:
        """Return the debits (for -1 the credits) of the lines and taxes; `name` is whom the document names."""
        found: list[Entry] = []
        for part in self.parts:
            memo, line = part.line.get("Description", ""), part.line["Id"]
            entry = Entry(part.account, sign * part.line["Amount"], memo, _name_on(work, part, name), line)
            item = _inventory(work, part.detail)
            found += [entry] if item is None else bought(item, entry, sign * part.detail["Qty"])
        return found + self.taxes.entries(sign, name)


def settle_expenses(work: Work, draft: Draft, link: Callable[[Doc], None] | None = None) -> Expenses:
    """Compute lines, tax and total and store them; `link` treats each line's links, which are dropped without it."""
    new = draft.new
    lines = own_lines(draft)
    parts = tuple(_part(work, line) for line in lines)
    forget_old_tax(draft)
    taxes = tax_purchase(work, new, parts, old=draft.old)
    number_lines(lines, draft.old)
    for part in parts:
        item = _inventory(work, part.detail)
        if item is not None:
            moved_quantity(item, part.detail, new["TxnDate"])
    for line in lines:
        if link is None:
            line.pop("LinkedTxn", None)
        else:
            link(line)
    total = sum((part.line["Amount"] for part in parts), CENTS) + taxes.total
    if total < 0:
        raise business("Transaction amount must be 0 or greater.", "TotalAmt")
    new["Line"], new["TotalAmt"] = lines, total
    if taxes.detail is not None:
        new["TxnTaxDetail"] = taxes.detail
    return Expenses(parts, taxes, total)


def refuse_control_accounts(work: Work, expenses: Expenses) -> None:
    """Raise fault 6430 for a line on receivables or payables, which the document itself posts to."""
    for part in expenses.parts:
        account = work.get("Account", part.account) or {}
        if account.get("AccountType") in NAMED:
            raise FaultError(6430, f"Invalid account type used : a line cannot be on {account['Name']}", "AccountRef")


def _name_on(work: Work, part: TaxableLine, name: str) -> str:
    """Return the customer of a line, else whom the document names; on payables a vendor comes first."""
    customer: str = part.detail.get("CustomerRef", {}).get("value", "")
    account = work.get("Account", part.account) or {}
    return name if account.get("AccountType") == "Accounts Payable" else customer or name


def _inventory(work: Work, detail: Doc) -> Doc | None:
    item = work.get("Item", detail.get("ItemRef", {}).get("value", ""))
    return item if item is not None and item["Type"] == INVENTORY else None


def _part(work: Work, line: Doc) -> TaxableLine:
    detail: Doc = line.setdefault(line["DetailType"], {})
    if "TaxInclusiveAmt" in detail and "Amount" not in line and "UnitPrice" not in detail:
        line["Amount"] = detail["TaxInclusiveAmt"]
    detail.setdefault("BillableStatus", "Billable" if "CustomerRef" in detail else "NotBillable")
    if detail["BillableStatus"] == "Billable" and "CustomerRef" not in detail:
        raise FaultError(6310, "Customer Reference Missing : a billable line needs a customer", "CustomerRef")
    if line["DetailType"] == "AccountBasedExpenseLineDetail":
        if "AccountRef" not in detail:
            raise missing("AccountRef")
        if "Amount" not in line:
            raise missing("Line.Amount")
        return TaxableLine(line, detail, detail["AccountRef"]["value"], Side.PURCHASE)
    if "ItemRef" not in detail:
        raise missing("ItemRef")
    item = work.get("Item", detail["ItemRef"]["value"])
    if item is None or item["Type"] in ("Category", "Group"):
        raise business("A category or bundle cannot be used on a line.", "ItemRef")
    if "ExpenseAccountRef" not in item:
        raise business("The item on this line has no expense account.", "ItemRef")
    line["Amount"] = line_amount(line, detail)
    return TaxableLine(line, detail, item["ExpenseAccountRef"]["value"], Side.PURCHASE)
