"""Deposits: what Undeposited Funds held goes to the bank, with fees and other direct lines beside it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from raccord_sandbox.entities.amounts import (
    account_of,
    date_and_currency,
    forget_old_tax,
    number_lines,
    own_lines,
)
from raccord_sandbox.entities.kind import (
    TRANSACTION_COMPUTED,
    TRANSACTION_PROPERTIES,
    TRANSACTION_QUERYABLE,
    TRANSACTIONS,
    Draft,
    Family,
    Kind,
)
from raccord_sandbox.entities.payables import release_from_payments, rework_payments
from raccord_sandbox.entities.sales_forms import MONEY_ACCOUNTS
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import Doc, FaultError, business, missing
from raccord_sandbox.schema import MONEY, Block, Choice, Line, Many, Ref, Text
from raccord_sandbox.tax import TAX_PROPERTIES, Side, TaxableLine, tax_deposit

NAMES = ("Customer", "Vendor", "Employee")
SIGNS = {"SalesReceipt": 1, "Payment": 1, "RefundReceipt": -1}
"""Transactions that are deposited whole, with the sign of their amount in the deposit."""

DEPOSIT_LINE = Line(
    {
        "DepositLineDetail": Block(
            {
                "AccountRef": Ref(("Account",)),
                "Entity": Ref(NAMES, typed=True),
                "PaymentMethodRef": Ref(("PaymentMethod",)),
                "CheckNum": Text(21),
                "ClassRef": Ref(("Class",)),
                "TxnType": Text(40),
                "TaxCodeRef": Ref(("TaxCode",)),
                "TaxApplicableOn": Choice(("Sales", "Purchase")),
            }
        )
    },
    bare=True,
)


@dataclass(frozen=True, slots=True)
class Source:
    """A transaction that a deposit line takes in: its customer and what it left in Undeposited Funds."""

    kind: str
    id: str
    line_id: str
    name: str
    amount: Decimal
    account: str

    @property
    def key(self) -> str:
        """Return the name by which entries call it."""
        return f"{self.kind}:{self.id}:{self.line_id}" if self.kind == "JournalEntry" else f"{self.kind}:{self.id}"


def settle_deposit(work: Work, kind: Kind, draft: Draft) -> None:
    """Link the sources, total the lines and post bank against Undeposited Funds and the direct accounts."""
    new = draft.new
    date_and_currency(work, draft, "DepositToAccountRef", required=False)
    bank = account_of(work, new["DepositToAccountRef"], MONEY_ACCOUNTS, "DepositToAccountRef")
    if bank["AccountSubType"] == "UndepositedFunds":
        raise business("Select a bank account for this deposit.", "DepositToAccountRef")
    if not work.company.settings.get("store_deposit_number"):
        new.pop("DocNumber", None)
    lines = own_lines(draft)
    number_lines(lines, draft.old)
    if draft.old is not None:
        unlink_sources(work, kind, draft.old)
    forget_old_tax(draft)
    direct = [_direct(line) for line in lines if line.get("DetailType") is not None]
    taxes = tax_deposit(work, new, direct, old=draft.old)
    total, entries = taxes.total, taxes.entries(-1, "")
    for line in lines:
        amount, entry = _linked(work, new, line) if line.get("DetailType") is None else _direct_entry(line)
        total += amount
        entries.append(entry)
    total, entries = _cash_back(new, total, entries)
    if total < 0:
        raise business("The deposit total must not be negative.", "TotalAmt")
    new["Line"], new["TotalAmt"] = lines, total
    if taxes.detail is not None:
        new["TxnTaxDetail"] = taxes.detail
    draft.entries = [Entry(bank["Id"], total, new.get("PrivateNote", "")), *entries]
    rework_payments(work, kind.name, new, draft.old)


def unlink_sources(work: Work, kind: Kind, doc: Doc) -> None:
    """Free the transactions that a deposit held, so that they can be changed or deposited again."""
    for line in doc["Line"]:
        for link in line.get("LinkedTxn", []):
            if line.get("DetailType") is None and work.get(link["TxnType"], link["TxnId"]) is not None:
                _set_link(work, link["TxnType"], link["TxnId"], link.get("TxnLineId", "0"), doc["Id"], present=False)


def release_deposit(work: Work, kind: Kind, doc: Doc) -> None:
    """Free the sources before a deposit is deleted; one that a bill payment is applied to is refused."""
    release_from_payments(work, kind, doc)
    unlink_sources(work, kind, doc)


def _linked(work: Work, new: Doc, line: Doc) -> tuple[Decimal, Entry]:
    links = line.get("LinkedTxn") or []
    if not links:
        raise missing("Line.DepositLineDetail")
    if len(links) > 1:
        raise business("A deposit line can be linked to one transaction only.", "LinkedTxn")
    source = _source(work, links[0])
    currency = (work.get(source.kind, source.id) or {})["CurrencyRef"]["value"]
    if currency != new["CurrencyRef"]["value"]:
        raise business(
            f"{source.kind} {source.id} is in {currency}, the deposit in {new['CurrencyRef']['value']}.", "CurrencyRef"
        )
    line.setdefault("Amount", source.amount)
    if source.kind == "RefundReceipt" and work.company.settings.get("positive_refund_lines"):
        line["Amount"] = -abs(line["Amount"])
    if line["Amount"] != source.amount:
        raise business(
            f"The amount of a linked deposit line must equal its transaction: {source.amount}, not {line['Amount']}.",
            "Line.Amount",
        )
    links[0] = {"TxnId": source.id, "TxnType": source.kind, "TxnLineId": source.line_id}
    line["LinkedTxn"] = links
    _set_link(work, source.kind, source.id, source.line_id, new["Id"], present=True)
    entry = Entry(source.account, -source.amount, line.get("Description", ""), source.name, line["Id"], item=source.key)
    return source.amount, entry


def _direct(line: Doc) -> TaxableLine:
    detail = line.get("DepositLineDetail") or {}
    if "AccountRef" not in detail:
        raise FaultError(
            2020,
            "Required parameter Line.DepositLineDetail.AccountRef is missing in the request",
            "Line.DepositLineDetail.AccountRef",
        )
    if "Amount" not in line:
        raise missing("Line.Amount")
    if "Entity" in detail:
        detail["Entity"]["type"] = detail["Entity"]["type"].upper()
    line.pop("LinkedTxn", None)
    side = Side.PURCHASE if detail.get("TaxApplicableOn") == "Purchase" else Side.SALES
    return TaxableLine(line, detail, detail["AccountRef"]["value"], side)


def _direct_entry(line: Doc) -> tuple[Decimal, Entry]:
    detail: Doc = line["DepositLineDetail"]
    name = detail.get("Entity", {}).get("value", "")
    entry = Entry(detail["AccountRef"]["value"], -line["Amount"], line.get("Description", ""), name, line["Id"])
    return line["Amount"], entry


def _cash_back(new: Doc, total: Decimal, entries: list[Entry]) -> tuple[Decimal, list[Entry]]:
    back = new.get("CashBack")
    if not back:
        return total, entries
    if "AccountRef" not in back or "Amount" not in back:
        raise missing("CashBack.AccountRef" if "AccountRef" not in back else "CashBack.Amount")
    return total - back["Amount"], [*entries, Entry(back["AccountRef"]["value"], back["Amount"], back.get("Memo", ""))]


def _source(work: Work, link: Doc) -> Source:
    kind, key = link.get("TxnType", ""), link.get("TxnId", "")
    doc = work.get(kind, key) if kind in SIGNS or kind in ("JournalEntry", "Transfer") else None
    if doc is None:
        raise FaultError(620, f"Txn ID cannot be linked : {kind} {key} does not exist or cannot be deposited", "TxnId")
    funds = set(work.company.accounts_of(AccountSubType="UndepositedFunds"))
    line_id = "0"
    name = doc.get("CustomerRef", {}).get("value", "")
    held: list[Doc] = doc.get("LinkedTxn", [])
    if kind in SIGNS:
        account, amount = doc.get("DepositToAccountRef", {}).get("value", ""), SIGNS[kind] * doc["TotalAmt"]
    elif kind == "Transfer":
        account, amount = doc["ToAccountRef"]["value"], doc["Amount"]
    else:
        line_id = link.get("TxnLineId", "0")
        line = next((line for line in doc["Line"] if line["Id"] == line_id), None)
        if line is None or line["DetailType"] != "JournalEntryLineDetail":
            raise FaultError(620, f"Txn ID cannot be linked : JournalEntry {key} has no line {line_id}", "TxnLineId")
        detail = line["JournalEntryLineDetail"]
        account = detail["AccountRef"]["value"]
        amount = line["Amount"] if detail["PostingType"] == "Debit" else -line["Amount"]
        name = detail.get("Entity", {}).get("EntityRef", {}).get("value", "")
        held = line.get("LinkedTxn", [])
    if account not in funds:
        raise _unlinkable(work, f"{kind} {key} is not in Undeposited Funds")
    if any(one["TxnType"] == "Deposit" for one in held):
        raise _unlinkable(work, f"{kind} {key} has been deposited already")
    return Source(kind, key, line_id, name, amount, account)


def _unlinkable(work: Work, why: str) -> FaultError:
    """Return the refusal of a source that there is and cannot be deposited; its code is not documented."""
    if work.company.settings.get("deposit_link_code") == "6000":
        return business(f"{why}.", "TxnId")
    return FaultError(620, f"Txn ID cannot be linked : {why}", "TxnId")


def _set_link(work: Work, kind: str, key: str, line_id: str, deposit: str, *, present: bool) -> None:
    doc = work.touch(kind, key)
    holder = doc
    if kind == "JournalEntry":
        holder = next(line for line in doc["Line"] if line["Id"] == line_id)
    links = [link for link in holder.get("LinkedTxn", []) if (link["TxnType"], link["TxnId"]) != ("Deposit", deposit)]
    if present:
        links.append({"TxnId": deposit, "TxnType": "Deposit"})
    holder["LinkedTxn"] = links


DEPOSIT = Kind(
    "Deposit",
    Family.TRANSACTION,
    {
        **TRANSACTION_PROPERTIES,
        **TAX_PROPERTIES,
        "Line": Many(DEPOSIT_LINE),
        "DocNumber": Text(21),
        "DepositToAccountRef": Ref(("Account",)),
        "CashBack": Block({"AccountRef": Ref(("Account",)), "Amount": MONEY, "Memo": Text(4000)}),
    },
    settle_deposit,
    sequence="transaction",
    operations=TRANSACTIONS,
    required=("DepositToAccountRef", "Line"),
    computed=TRANSACTION_COMPUTED | {"LinkedTxn"},
    queryable=TRANSACTION_QUERYABLE | {"DepositToAccountRef"},
    release=release_deposit,
)
