"""What customers owe, read from documents and their links alone, so that the ledger can be held against it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from raccord_sandbox.refusing.faults import Doc

if TYPE_CHECKING:
    from raccord_sandbox.keeping.company import Company

RECEIVABLE = "Accounts Receivable"
LINK_TYPES = {
    "Invoice": "Invoice",
    "CreditMemo": "CreditMemo",
    "JournalEntry": "JournalEntry",
    "Expense": "Purchase",
    "Check": "Purchase",
    "CreditCardCredit": "Purchase",
}
"""What a payment line may name, and the entity behind it."""
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Item:
    """What a payment is applied to: a document, or one line of a journal entry."""

    kind: str
    id: str
    line: str = ""

    @property
    def key(self) -> str:
        """Return the name by which entries call the item."""
        return f"{self.kind}:{self.id}:{self.line}" if self.line else f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Claim:
    """The receivable of an item: a charge (sign 1) or a credit (sign -1) with its amount before payments."""

    sign: int
    amount: Decimal
    customer: str
    number: str
    account: str = ""
    """The receivable account where the document itself names it."""


def item_of(link: Doc) -> Item:
    """Return what a payment line's link stands for."""
    kind = LINK_TYPES[link["TxnType"]]
    return Item(kind, link["TxnId"], link.get("TxnLineId", "") if kind == "JournalEntry" else "")


def expense_type(purchase: Doc) -> str:
    """Return what links call a purchase."""
    if purchase["PaymentType"] == "Check":
        return "Check"
    return "CreditCardCredit" if purchase.get("Credit") else "Expense"


def applications(payment: Doc) -> dict[Item, Decimal]:
    """Return how much a payment applies to each item."""
    found: dict[Item, Decimal] = {}
    for line in payment["Line"]:
        item = item_of(line["LinkedTxn"][0])
        found[item] = found.get(item, ZERO) + line["Amount"]
    return found


def claims(doc: Doc, kind: str, receivable: frozenset[str]) -> dict[str, Claim]:
    """Return the receivables of a document by line id, the empty id for the document as a whole."""
    number = doc.get("DocNumber", "")
    match kind:
        case "Invoice":
            amount = doc["TotalAmt"] - doc.get("Deposit", ZERO)
            return {"": Claim(1, amount, doc["CustomerRef"]["value"], number)}
        case "CreditMemo":
            return {"": Claim(-1, doc["TotalAmt"], doc["CustomerRef"]["value"], number)}
        case "JournalEntry":
            return dict(_journal_claims(doc, receivable, number))
        case "Purchase":
            return _expense_claim(doc, receivable, number)
        case _:
            return {}


def _journal_claims(doc: Doc, receivable: frozenset[str], number: str) -> Iterator[tuple[str, Claim]]:
    for line in doc["Line"]:
        detail = line.get("JournalEntryLineDetail", {})
        if detail.get("AccountRef", {}).get("value") in receivable:
            sign = 1 if detail["PostingType"] == "Debit" else -1
            name = detail["Entity"]["EntityRef"]["value"]
            yield line["Id"], Claim(sign, line["Amount"], name, number, detail["AccountRef"]["value"])


def _expense_claim(doc: Doc, receivable: frozenset[str], number: str) -> dict[str, Claim]:
    """Return what an expense lends to one customer; lines on several accounts or for several customers are no claim."""
    amount, owners = ZERO, set()
    for line in doc["Line"]:
        detail = line.get("AccountBasedExpenseLineDetail", {})
        if detail.get("AccountRef", {}).get("value") in receivable:
            amount += line["Amount"]
            owner = detail.get("CustomerRef") or doc.get("EntityRef") or {"value": ""}
            owners.add((owner["value"], detail["AccountRef"]["value"]))
    if len(owners) != 1 or amount <= 0:
        return {}
    customer, account = owners.pop()
    return {"": Claim(-1 if doc.get("Credit") else 1, amount, customer, number, account)}


def assert_receivables(company: Company) -> None:
    """Raise AssertionError unless receivable accounts, open documents and customers say the same, link by link."""
    accounts = frozenset(company.accounts_of(AccountType=RECEIVABLE))
    applied = _applied(company)
    owed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for kind in ("Invoice", "CreditMemo"):
        for doc in company.table(kind):
            _assert_balance(kind, doc, claims(doc, kind, accounts)[""], applied.pop(Item(kind, doc["Id"]), ZERO))
            owed[doc["CustomerRef"]["value"]] += doc["Balance"] if kind == "Invoice" else -doc["Balance"]
    for payment in company.table("Payment"):
        owed[payment["CustomerRef"]["value"]] -= payment["UnappliedAmt"]
    posted: defaultdict[str, Decimal] = defaultdict(Decimal)
    for posting in company.ledger.postings():
        for entry in posting.entries:
            if entry.account in accounts:
                posted[entry.name] += entry.stated
                if posting.kind not in ("Invoice", "CreditMemo", "Payment"):
                    owed[entry.name] += entry.stated
    for item, amount in applied.items():
        claim = claims(company.get(item.kind, item.id) or {}, item.kind, accounts)[item.line]
        if amount > claim.amount:
            raise AssertionError(f"{item} is worth {claim.amount} and {amount} is applied to it")
        owed[claim.customer] -= claim.sign * amount
    for customer in {*owed, *posted}:
        if owed[customer] != posted[customer]:
            raise AssertionError(f"customer {customer}: documents say {owed[customer]}, entries {posted[customer]}")
    _assert_customers(company, sorted(accounts))


def _applied(company: Company) -> dict[Item, Decimal]:
    """Return what all payments apply to each item, and check each payment and that its links are mutual."""
    applied: dict[Item, Decimal] = {}
    said: Counter[tuple[str, str, str]] = Counter()
    accounts = frozenset(company.accounts_of(AccountType=RECEIVABLE))
    for payment in company.table("Payment"):
        rest = payment["TotalAmt"]
        mine = applications(payment)
        for item, amount in mine.items():
            doc = company.get(item.kind, item.id)
            if doc is None or item.line not in claims(doc, item.kind, accounts) or amount <= 0:
                raise AssertionError(f"payment {payment['Id']} applies {amount} to {item}")
            rest -= claims(doc, item.kind, accounts)[item.line].sign * amount
            applied[item] = applied.get(item, ZERO) + amount
        said.update({(item.kind, item.id, payment["Id"]) for item in mine})
        if payment["UnappliedAmt"] != rest or rest < 0:
            raise AssertionError(f"payment {payment['Id']} leaves {rest} and says {payment['UnappliedAmt']}")
    held = Counter(
        (kind, doc["Id"], link["TxnId"])
        for kind in set(LINK_TYPES.values())
        for doc in company.table(kind)
        for link in doc.get("LinkedTxn", [])
        if link["TxnType"] == "Payment"
    )
    if said != held:
        raise AssertionError(f"links of payments are not mutual: {said - held} and {held - said}")
    return applied


def _assert_balance(kind: str, doc: Doc, claim: Claim, applied: Decimal) -> None:
    if doc["Balance"] != claim.amount - applied or doc["Balance"] < 0:
        raise AssertionError(f"{kind} {doc['Id']}: {claim.amount} less {applied} is not {doc['Balance']}")
    if doc.get("RemainingCredit", doc["Balance"]) != doc["Balance"]:
        raise AssertionError(f"{kind} {doc['Id']}: RemainingCredit differs from Balance")


def _assert_customers(company: Company, accounts: list[str]) -> None:
    control = sum((company.ledger.balance(account) for account in accounts), ZERO)
    customers = sum((company.ledger.balance_of(accounts, doc["Id"]) for doc in company.table("Customer")), ZERO)
    if control != customers:
        raise AssertionError(f"receivable accounts hold {control}, customers owe {customers}")
