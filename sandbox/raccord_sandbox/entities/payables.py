"""How bill payments are applied to what vendors are owed, and taken back when that shrinks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from raccord_sandbox.entities.amounts import CENTS
from raccord_sandbox.entities.kind import Kind
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.posting.system_accounts import control_account
from raccord_sandbox.refusing.faults import Doc, FaultError, business

LINKS = {"Check": "BillPaymentCheck", "CreditCard": "BillPaymentCreditCard"}
"""How a payment is called in the links of what it pays."""
SIGNS = {"Bill": 1, "VendorCredit": -1}
"""Documents with a balance of their own: whether it is owed to the vendor or by the vendor."""
LINKABLE = (*SIGNS, "JournalEntry", "Deposit")


@dataclass(frozen=True, slots=True)
class Payable:
    """What a document adds to what a vendor is owed (sign 1) or takes off it (-1), before payments."""

    kind: str
    id: str
    account: str
    sign: int
    worth: Decimal


def default_payables(work: Work, new: Doc) -> Doc:
    """Return the reference to the company's first payables account of a document's currency."""
    account = control_account(work, "Accounts Payable", new["CurrencyRef"]["value"])
    return {"value": account["Id"], "name": account["Name"]}


def payable(work: Work, kind: str, key: str, vendor: str) -> Payable:
    """Return the payable of a document for a vendor. Raises 620, 610 and 6000 for what cannot be paid."""
    if kind not in LINKABLE:
        raise FaultError(620, f"Txn ID cannot be linked : a bill payment cannot pay {kind or 'nothing'}", "TxnType")
    doc = work.get(kind, key)
    if doc is None:
        raise FaultError(610, f"Object Not Found : {kind} {key} does not exist", "TxnId")
    found = _payable(work, kind, doc, vendor)
    if found is None and kind in SIGNS:
        raise business("A bill payment can only pay what belongs to its vendor.", "VendorRef")
    if found is None:
        raise FaultError(620, f"Txn ID cannot be linked : {kind} {key} owes this vendor nothing", "TxnId")
    return found


def _payable(work: Work, kind: str, doc: Doc, vendor: str) -> Payable | None:
    if kind in SIGNS:
        if doc["VendorRef"]["value"] != vendor:
            return None
        return Payable(kind, doc["Id"], doc["APAccountRef"]["value"], SIGNS[kind], doc["TotalAmt"])
    owed: dict[str, Decimal] = {}
    for account, name, amount in _line_effects(kind, doc):
        stored = work.get("Account", account) or {}
        if name == vendor and stored.get("AccountType") == "Accounts Payable":
            owed[account] = owed.get(account, CENTS) + amount
    for account, amount in owed.items():
        if amount:
            return Payable(kind, doc["Id"], account, 1 if amount > 0 else -1, abs(amount))
    return None


def _line_effects(kind: str, doc: Doc) -> Iterator[tuple[str, str, Decimal]]:
    """Yield account, name and what is owed more by each line of a journal entry or deposit."""
    for line in doc["Line"]:
        if kind == "JournalEntry" and line["DetailType"] == "JournalEntryLineDetail":
            detail = line["JournalEntryLineDetail"]
            sign = 1 if detail["PostingType"] == "Credit" else -1
            name = detail.get("Entity", {}).get("EntityRef", {}).get("value", "")
            yield detail["AccountRef"]["value"], name, sign * line["Amount"]
        elif kind == "Deposit" and line.get("DetailType") == "DepositLineDetail":
            detail = line["DepositLineDetail"]
            yield detail["AccountRef"]["value"], detail.get("Entity", {}).get("value", ""), line["Amount"]


def bill_payments(work: Work, doc: Doc) -> list[Doc]:
    """Return the bill payments that a document is linked to, the earliest first."""
    found = [
        work.get("BillPayment", link["TxnId"]) for link in doc.get("LinkedTxn", []) if link["TxnType"] in LINKS.values()
    ]
    return [payment for payment in found if payment is not None]


def applied_by(payment: Doc, kind: str, key: str) -> Decimal:
    """Return what the lines of a payment take of a document."""
    return sum((line["Amount"] for line in payment["Line"] if _is_of(line, kind, key)), CENTS)


def _is_of(line: Doc, kind: str, key: str) -> bool:
    link = line["LinkedTxn"][0]
    return bool(link["TxnType"] == kind and link["TxnId"] == key)


def open_amount(work: Work, target: Payable, payment: Doc) -> Decimal:
    """Return what other payments than this one leave of a payable."""
    doc = work.get(target.kind, target.id) or {}
    others = (one for one in bill_payments(work, doc) if one["Id"] != payment["Id"])
    vendor = payment["VendorRef"]["value"]
    taken = (applied_by(one, target.kind, target.id) for one in others if one["VendorRef"]["value"] == vendor)
    return target.worth - sum(taken, CENTS)


def note_application(work: Work, payment: Doc, kind: str, key: str, change: Decimal, *, linked: bool) -> None:
    """Tell a document that a payment takes `change` more of it, and whether it is linked to it now."""
    doc = work.touch(kind, key)
    if kind in SIGNS:
        doc["Balance"] -= change
    doc["LinkedTxn"] = [one for one in doc.get("LinkedTxn", []) if one["TxnId"] != payment["Id"]]
    if linked:
        doc["LinkedTxn"].append({"TxnId": payment["Id"], "TxnType": LINKS[payment["PayType"]]})


def release_payment(work: Work, payment: Doc) -> None:
    """Give back to every document what the payment's lines took from it."""
    for line in payment["Line"]:
        link = line["LinkedTxn"][0]
        note_application(work, payment, link["TxnType"], link["TxnId"], -line["Amount"], linked=False)


def payment_totals(work: Work, payment: Doc) -> tuple[Decimal, Decimal]:
    """Return the charges and the credits that a payment settles."""
    totals = {1: CENTS, -1: CENTS}
    for line in payment["Line"]:
        totals[target_of(work, payment, line).sign] += line["Amount"]
    return totals[1], totals[-1]


def payment_entries(work: Work, payment: Doc, payer: str) -> list[Entry]:
    """Return what a payment posts: out of the bank or card, off each payables account that its lines settle.

    More than the lines take is a credit of the vendor, as the user interface shows it.
    """
    vendor, memo = payment["VendorRef"]["value"], payment.get("PrivateNote", "")
    entries = []
    rest: Decimal = payment["TotalAmt"]
    for line in payment["Line"]:
        target = target_of(work, payment, line)
        rest -= target.sign * line["Amount"]
        item = f"{target.kind}:{target.id}"
        entries.append(
            Entry(target.account, target.sign * line["Amount"], line.get("Description", ""), vendor, item=item)
        )
    if rest:
        entries.append(Entry(payment["APAccountRef"]["value"], rest, memo, vendor))
    if payment["TotalAmt"]:
        entries.append(Entry(payer, -payment["TotalAmt"], memo, vendor))
    return entries


def target_of(work: Work, payment: Doc, line: Doc) -> Payable:
    """Return the payable that a line of a stored payment settles."""
    link = line["LinkedTxn"][0]
    return payable(work, link["TxnType"], link["TxnId"], payment["VendorRef"]["value"])


def rework_payments(work: Work, kind: str, new: Doc, old: Doc | None) -> None:
    """Keep the payments of a changed document, but take back what it is not worth any more, the latest first."""
    payments = [] if old is None else bill_payments(work, old)
    if old is None or not payments:
        return
    new["LinkedTxn"] = [*_payment_links(old), *(link for link in new.get("LinkedTxn", []) if not _is_payment(link))]
    left = {payment["Id"]: applied_by(payment, kind, old["Id"]) for payment in payments}
    if kind in SIGNS:
        new["Balance"] = new["TotalAmt"] - sum(left.values(), CENTS)
    work.put(kind, new)
    for vendor in dict.fromkeys(payment["VendorRef"]["value"] for payment in payments):
        mine = [payment for payment in payments if payment["VendorRef"]["value"] == vendor]
        before, after = _payable(work, kind, old, vendor), _payable(work, kind, new, vendor)
        same = before is not None and after is not None and before.sign == after.sign
        worth = after.worth if same and after is not None else CENTS
        excess = sum((left[payment["Id"]] for payment in mine), CENTS) - worth
        for payment in reversed(mine):
            # The payment is posted again even if it keeps all: the payables account may be another one.
            excess -= _shorten(work, payment["Id"], kind, new["Id"], max(excess, CENTS))
            _even_out(work, payment["Id"])


def _is_payment(link: Doc) -> bool:
    return link["TxnType"] in LINKS.values()


def _payment_links(doc: Doc) -> list[Doc]:
    return [link for link in doc.get("LinkedTxn", []) if _is_payment(link)]


def _shorten(work: Work, payment_id: str, kind: str, key: str, most: Decimal) -> Decimal:
    """Take up to `most` off a payment's lines for a document; return how much it was."""
    if not most:
        return CENTS
    payment = work.touch("BillPayment", payment_id)
    left, taken, lines = most, CENTS, []
    for line in payment["Line"]:
        cut = min(line["Amount"], left) if _is_of(line, kind, key) else CENTS
        left, taken = left - cut, taken + cut
        if line["Amount"] > cut:
            lines.append({**line, "Amount": line["Amount"] - cut})
    payment["Line"] = lines
    linked = any(_is_of(line, kind, key) for line in lines)
    note_application(work, payment, kind, key, -taken, linked=linked)
    return taken


def _even_out(work: Work, payment_id: str) -> None:
    """Keep credits within charges, and what is paid within the total, after a document shrank; post the payment."""
    payment = work.touch("BillPayment", payment_id)
    charges, credits_ = payment_totals(work, payment)
    surplus = {-1: credits_ - charges, 1: charges - credits_ - payment["TotalAmt"]}
    for line in reversed(payment["Line"]):
        target = target_of(work, payment, line)
        if surplus[target.sign] > 0:
            surplus[target.sign] -= _shorten(work, payment_id, target.kind, target.id, surplus[target.sign])
    work.put("BillPayment", payment, payment_entries(work, payment, payer_of(payment)))


def payer_of(payment: Doc) -> str:
    """Return the id of the bank or card account that pays, empty where nothing is paid."""
    check, card = payment.get("CheckPayment", {}), payment.get("CreditCardPayment", {})
    return str((check.get("BankAccountRef") or card.get("CCAccountRef") or {}).get("value", ""))


def release_from_payments(work: Work, kind: Kind, doc: Doc) -> None:
    """Refuse to delete what bill payments settle, unless the company, or a person, lets them go unapplied."""
    payments = bill_payments(work, doc)
    if not payments:
        return
    if work.by != "person" and not work.company.switch("delete_linked"):
        raise FaultError(
            800, f"Cannot delete object : {kind.name} {doc['Id']} has linked transactions; unlink them first"
        )
    for payment in payments:
        _shorten(work, payment["Id"], kind.name, doc["Id"], applied_by(payment, kind.name, doc["Id"]))
        _even_out(work, payment["Id"])
