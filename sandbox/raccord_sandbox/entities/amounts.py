"""What the lines of different transactions have in common: amounts, numbers, dates, ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal

from raccord_sandbox.currency import settle_document_currency
from raccord_sandbox.entities.kind import Draft, Kind
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.lines import every_line
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import Doc, FaultError, business, missing
from raccord_sandbox.schema import fitted

CENTS = Decimal("0.00")
NAMED = {"Accounts Receivable": "Customer", "Accounts Payable": "Vendor"}
"""Account types whose entries belong to somebody."""


def line_amount(line: Doc, detail: Doc) -> Decimal:
    """Return the amount of an item line, computed or checked against quantity times price (fault 6070)."""
    quantity, price, amount = detail.get("Qty"), detail.get("UnitPrice"), line.get("Amount")
    if amount and quantity == 0 and price == 0:
        # Clients whose objects start with zeros mean nothing by them.
        quantity = price = None
        del detail["Qty"], detail["UnitPrice"]
    if quantity is None or price is None:
        if amount is None:
            if price is None:
                raise missing("Line.Amount")
            quantity = detail["Qty"] = Decimal(1)
            amount = fitted(quantity * price, 2, "Amount")
        elif quantity is not None and quantity != 0:
            detail["UnitPrice"] = fitted(amount / quantity, 7, "UnitPrice").normalize()
        return Decimal(amount)
    product: Decimal = fitted(Decimal(quantity) * price, 2, "Amount")
    if amount is not None and amount != product:
        raise FaultError(
            6070, f"Amount calculation incorrect in the request : Amount is not equal to UnitPrice * Qty. "
            f"Supplied value:{amount}", "Line.Amount"
        )  # fmt: skip
    return product


def number_lines(lines: list[Doc], old: Doc | None, first: int = 1) -> None:
    """Give each line its id: a known one stays, everything else is new."""
    known = {line["Id"] for line in every_line((old or {}).get("Line", [])) if "Id" in line}
    last = max([first - 1, *(int(key) for key in known)])
    seen: set[str] = set()
    for place, line in enumerate(every_line(lines), start=1):
        key = line.get("Id")
        if key is None or key not in known or key in seen:
            last += 1
            line["Id"] = key = str(last)
        seen.add(key)
        line["LineNum"] = place


def forget_old_tax(draft: Draft) -> None:
    """Drop a stored tax that new lines make obsolete, so that it is computed again."""
    if draft.old is not None and "TxnTaxDetail" not in draft.sent and "Line" in draft.sent:
        draft.new.pop("TxnTaxDetail", None)


def own_lines(draft: Draft) -> list[Doc]:
    """Return the lines that a client wrote: computed subtotals are left out."""
    lines = [line for line in draft.new.get("Line", []) if line and line.get("DetailType") != "SubTotalLineDetail"]
    if not lines:
        raise missing("Line")
    return lines


def date_and_currency(work: Work, draft: Draft, account: str = "", *, required: bool = True) -> None:
    """Set the default date, and the currency with its rate; `account` tells it where the document names nobody."""
    draft.new.setdefault("TxnDate", work.company.clock.today().isoformat())
    settle_document_currency(work, draft, account, required=required)


def sales_number(work: Work, kind: Kind, draft: Draft) -> None:
    """Assign the next number of the sales forms, or check a sent one, by the company's preference."""
    sales = work.company.settings
    custom = preference(work, "SalesFormsPrefs", "CustomTxnNumbers")
    number = draft.new.get("DocNumber")
    if number == "AUTO_GENERATE" or (number is None and not custom and draft.old is None):
        number = following(sales.get("last_numbers", {}).get("sales", "1000"))
        draft.new["DocNumber"] = number
    elif number is None and draft.old is not None and "DocNumber" in draft.old and not custom:
        number = draft.new["DocNumber"] = draft.old["DocNumber"]
    if number is None:
        return
    if custom:
        posting = ("SalesReceipt", "RefundReceipt", "Invoice", "CreditMemo")
        unique_number(work, draft, posting if kind.name in posting else (kind.name,))
    if draft.old is None or draft.old.get("DocNumber") != number:
        work.number("sales", number)


def unique_number(
    work: Work, draft: Draft, kinds: tuple[str, ...], among: Callable[[Doc], bool] = lambda doc: True
) -> None:
    """Refuse a number that another document of these kinds, `among` those meant, has (fault 6140)."""
    number = draft.new.get("DocNumber")
    if number is None or "allowduplicatedocnum" in draft.include:
        return
    own = draft.old["Id"] if draft.old else None
    for name in kinds:
        for key in work.company.table(name).having("DocNumber", number):
            other = work.get(name, key)
            if key != own and other is not None and among(other):
                raise FaultError(
                    6140,
                    "Duplicate Document Number Error : You must specify a different number. This number has already "
                    f"been used. DocNumber={number} is assigned to TxnType={name} with TxnId={key}",
                    "DocNumber",
                )


def bought_number(work: Work, draft: Draft, sequence: str) -> None:
    """Assign the next number of what is bought, unless the company writes its own."""
    new = draft.new
    if "DocNumber" not in new and not preference(work, "OtherPrefs", "VendorAndPurchasesPrefs.UseCustomTxnNumbers"):
        if draft.old is not None and "DocNumber" in draft.old:
            new["DocNumber"] = draft.old["DocNumber"]
            return
        new["DocNumber"] = following(work.company.settings.get("last_numbers", {}).get(sequence, "0"))
    if "DocNumber" in new:
        work.number(sequence, new["DocNumber"])


def following(number: str) -> str:
    """Return the number after `number`: its last run of digits plus one, zeros in front kept."""
    found = re.search(r"(\d+)(?!.*\d)", number)
    if found is None:
        return f"{number}1"[-21:]
    digits = found.group(1)
    return (number[: found.start()] + str(int(digits) + 1).zfill(len(digits)) + number[found.end() :])[-21:]


def preference(work: Work, section: str, name: str) -> bool:
    """Return a boolean of the Preferences; absent is false."""
    stored = work.get("Preferences", "1") or {}
    if section == "OtherPrefs":
        pairs = stored.get("OtherPrefs", {}).get("NameValue", [])
        return any(pair["Name"] == name and pair["Value"] == "true" for pair in pairs)
    return bool(stored.get(section, {}).get(name, False))


def refuse_unnamed(work: Work, entries: Iterable[Entry]) -> None:
    """Refuse an entry on a receivable or payable account that names no customer or vendor."""
    for entry in entries:
        type_ = (work.get("Account", entry.account) or {}).get("AccountType", "")
        needed = NAMED.get(type_)
        if needed is not None and (not entry.name or work.get(needed, entry.name) is None):
            raise business(f"When you use {type_}, you must choose a {needed.lower()} in the name field.", "Entity")


def account_of(work: Work, ref: Doc, types: tuple[str, ...], element: str) -> Doc:
    """Return the account behind a reference; one of another type is fault 6430."""
    account = work.get("Account", ref["value"])
    if account is None or account["AccountType"] not in types:
        found = account["AccountType"] if account else "none"
        raise FaultError(
            6430, f"Invalid account type used : {element} must be of type {' or '.join(types)}, not {found}", element
        )
    return account


def frozen_by_deposit(doc: Doc) -> FaultError | None:
    """Return fault 6540 if a transaction is part of a deposit."""
    links = [*doc.get("LinkedTxn", [])]
    if doc.get("Line") and "DepositToAccountRef" not in doc:
        links += [link for line in doc["Line"] for link in line.get("LinkedTxn", [])]
    if any(link["TxnType"] == "Deposit" for link in links):
        return FaultError(
            6540,
            "This transaction has been deposited. If you want to change or delete it, you must edit the deposit it "
            "appears on and remove it first.",
        )
    return None


def refuse_if_deposited(work: Work, kind: Kind, doc: Doc) -> None:
    """Raise fault 6540 for a transaction that a deposit holds."""
    fault = frozen_by_deposit(doc)
    if fault is not None:
        raise fault


def mark_voided(doc: Doc) -> None:
    """Set all amounts and quantities to zero and note the void."""
    for line in every_line(doc.get("Line", [])):
        if "Amount" in line:
            line["Amount"] = CENTS
        detail = line.get(line.get("DetailType", ""), {})
        for name in ("Qty", "Quantity", "UnitPrice", "TaxInclusiveAmt"):
            if name in detail:
                detail[name] = CENTS if name == "TaxInclusiveAmt" else Decimal(0)
    if "TxnTaxDetail" in doc:
        doc["TxnTaxDetail"] = {"TotalTax": CENTS}
    for name in ("TotalAmt", "Balance", "Amount"):
        if name in doc:
            doc[name] = CENTS
    note = doc.get("PrivateNote")
    doc["PrivateNote"] = "Voided" if not note else f"Voided - {note}"[:4000]
