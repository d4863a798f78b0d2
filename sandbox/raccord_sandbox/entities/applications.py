"""How payments are applied to what customers owe, and taken back when that shrinks."""

from __future__ import annotations

from decimal import Decimal

from raccord_sandbox.entities.amounts import CENTS
from raccord_sandbox.entities.kind import Draft, Kind
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.posting.receivables import RECEIVABLE, Claim, Item, applications, claims, item_of
from raccord_sandbox.posting.system_accounts import control_account
from raccord_sandbox.refusing.faults import Doc, FaultError

WITH_BALANCE = ("Invoice", "CreditMemo")


def receivable_accounts(work: Work) -> frozenset[str]:
    """Return the ids of the accounts that hold what customers owe."""
    return frozenset(doc["Id"] for doc in work.all("Account") if doc["AccountType"] == RECEIVABLE)


def receivable_of(work: Work, customer: str) -> str:
    """Return the account that a customer's sales are owed on: its own, else the company's first of its currency."""
    party = work.get("Customer", customer) or {}
    own: Doc | None = party.get("ARAccountRef")
    currency = party.get("CurrencyRef", {}).get("value", work.company.home_currency)
    return str(own["value"] if own else control_account(work, RECEIVABLE, currency)["Id"])


def claim_of(work: Work, item: Item) -> Claim | None:
    """Return what an item is worth before payments, None where it is nothing that a payment can settle."""
    doc = work.get(item.kind, item.id)
    return None if doc is None else claims(doc, item.kind, receivable_accounts(work)).get(item.line)


def _claim(work: Work, item: Item) -> Claim:
    claim = claim_of(work, item)
    if claim is None:
        raise KeyError(f"{item} is no claim")
    return claim


def account_of_item(work: Work, item: Item) -> str:
    """Return the receivable account that an item was posted to; a voided one is posted nowhere."""
    claim = _claim(work, item)
    if claim.account:
        return claim.account
    receivable = receivable_accounts(work)
    found = (entry.account for entry in work.entries(item.kind, item.id) if entry.account in receivable)
    return next(found, None) or receivable_of(work, claim.customer)


def applied(work: Work, item: Item) -> Decimal:
    """Return what all payments together apply to an item."""
    doc = work.get(item.kind, item.id) or {}
    return sum((applications(payment).get(item, CENTS) for payment in _payments(work, doc)), CENTS)


def _payments(work: Work, doc: Doc) -> list[Doc]:
    found = [work.get("Payment", link["TxnId"]) for link in doc.get("LinkedTxn", []) if link["TxnType"] == "Payment"]
    return [payment for payment in found if payment is not None]


def open_amount(work: Work, item: Item) -> Decimal:
    """Return what of an item no payment has settled yet."""
    claim = claim_of(work, item)
    return CENTS if claim is None else claim.amount - applied(work, item)


def open_documents(work: Work, kind: str, like: Doc, open_in: str = "Balance") -> list[Doc]:
    """Return the documents with something open of the customer and currency of another, first those due first."""
    keys = work.company.table(kind).having("CustomerRef", like["CustomerRef"]["value"])
    found = [doc for doc in (work.get(kind, key) for key in keys) if doc is not None and doc[open_in] > 0]
    found = [doc for doc in found if doc["CurrencyRef"]["value"] == like["CurrencyRef"]["value"]]
    return sorted(found, key=lambda doc: (doc.get("DueDate", doc["TxnDate"]), doc["TxnDate"], int(doc["Id"])))


def share_out(work: Work, kind: str, like: Doc, amount: Decimal) -> tuple[list[Doc], Decimal]:
    """Return payment lines that settle open documents with an amount, and what is left of it."""
    lines: list[Doc] = []
    for doc in open_documents(work, kind, like):
        part = min(amount, doc["Balance"])
        if part:
            lines.append({"Amount": part, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": kind}]})
            amount -= part
    return lines, amount


def set_applied(work: Work, payment: Doc, item: Item, before: Decimal, after: Decimal) -> None:
    """Tell an item that a payment now applies `after` where it applied `before`; its SyncToken rises."""
    doc = work.touch(item.kind, item.id)
    link = {"TxnId": payment["Id"], "TxnType": "Payment"}
    links: list[Doc] = doc.setdefault("LinkedTxn", [])
    held = any((one.kind, one.id) == (item.kind, item.id) for one in applications(payment))
    if held and link not in links:
        links.append(link)
    elif not held and link in links:
        links.remove(link)
    if item.kind in WITH_BALANCE:
        doc["Balance"] -= after - before
    if item.kind == "CreditMemo":
        doc["RemainingCredit"] = doc["Balance"]


def payment_entries(work: Work, payment: Doc) -> list[Entry]:
    """Return what a payment posts: money in, and out of each account and customer that it settles."""
    customer, memo = payment["CustomerRef"]["value"], payment.get("PrivateNote", "")
    own = payment.get("ARAccountRef", {}).get("value") or receivable_of(work, customer)
    parts: dict[tuple[str, str, str], Decimal] = {(own, customer, ""): -payment["UnappliedAmt"]}
    foreign = payment["CurrencyRef"]["value"] != work.company.home_currency
    for item, amount in applications(payment).items():
        claim = _claim(work, item)
        place = (account_of_item(work, item), claim.customer, item.key if foreign else "")
        parts[place] = parts.get(place, CENTS) - claim.sign * amount
    entries = [Entry(account, amount, memo, name, item=key) for (account, name, key), amount in parts.items() if amount]
    if payment["TotalAmt"]:
        entries.insert(0, Entry(payment["DepositToAccountRef"]["value"], payment["TotalAmt"], memo, customer))
    return entries


def balance_payment(work: Work, payment: Doc) -> None:
    """Compute what a payment leaves unapplied and stage it with its entries."""
    rest: Decimal = payment["TotalAmt"]
    for item, amount in applications(payment).items():
        rest -= _claim(work, item).sign * amount
    payment["UnappliedAmt"] = rest
    work.put("Payment", payment, payment_entries(work, payment))


def take_back(work: Work, item: Item, worth: Decimal) -> None:
    """Take back what payments apply to an item beyond what it will be worth, the latest payment first."""
    excess = applied(work, item) - worth
    for payment in reversed(_payments(work, work.get(item.kind, item.id) or {})):
        if excess <= 0:
            return
        changed = work.touch("Payment", payment["Id"])
        excess -= _shorten(work, changed, item, excess)
        _even_out(work, changed, item)


def _shorten(work: Work, payment: Doc, item: Item, most: Decimal) -> Decimal:
    """Take up to `most` off a payment's lines for an item; return how much it was."""
    before = applications(payment).get(item, CENTS)
    left = max(before - most, CENTS)
    rest = left
    lines = []
    for line in payment["Line"]:
        if item_of(line["LinkedTxn"][0]) == item:
            line["Amount"] = min(line["Amount"], rest)
            rest -= line["Amount"]
            if not line["Amount"]:
                continue
        lines.append(line)
    payment["Line"] = lines
    set_applied(work, payment, item, before, left)
    return before - left


def _even_out(work: Work, payment: Doc, item: Item) -> None:
    """Keep credits within charges after a charge shrank, and the whole within the money after a credit shrank."""
    sign = _claim(work, item).sign
    totals = {1: CENTS, -1: CENTS}
    for one, amount in applications(payment).items():
        totals[_claim(work, one).sign] += amount
    surplus = totals[-1] - totals[1] if sign > 0 else totals[1] - totals[-1] - payment["TotalAmt"]
    for one in reversed(list(applications(payment))):
        if surplus > 0 and _claim(work, one).sign == -sign:
            surplus -= _shorten(work, payment, one, surplus)
    balance_payment(work, payment)


def keep_applied(work: Work, kind: Kind, draft: Draft) -> None:
    """Keep an updated document's payments, but for what its lines are no longer worth to the same customer."""
    old = draft.old
    if old is None or not _payments(work, old):
        return
    receivable = receivable_accounts(work)
    now = claims(draft.new, kind.name, receivable)
    for line, was in claims(old, kind.name, receivable).items():
        same = now.get(line)
        if same is None or (same.sign, same.customer, same.account) != (was.sign, was.customer, was.account):
            take_back(work, Item(kind.name, old["Id"], line), CENTS)
        else:
            take_back(work, Item(kind.name, old["Id"], line), same.amount)
    draft.new["LinkedTxn"] = (work.get(kind.name, old["Id"]) or old)["LinkedTxn"]


def let_go(work: Work, kind: Kind, doc: Doc) -> None:
    """Take back everything that payments apply to a document."""
    for line in claims(doc, kind.name, receivable_accounts(work)):
        take_back(work, Item(kind.name, doc["Id"], line), CENTS)


def refuse_if_linked(work: Work, kind: Kind, doc: Doc, other: str = "Payment") -> None:
    """Refuse to delete what others are linked to, unless the company, or a person in the browser, lets them go."""
    if work.by == "person" or work.company.settings.get("delete_linked"):
        return
    if any(link["TxnType"] == other for link in doc.get("LinkedTxn", [])):
        raise FaultError(
            800, f"Cannot delete object : {kind.name} {doc['Id']} has linked transactions; unlink them first"
        )
