"""Somebody who writes any kind of document into one company of the sandbox, and links them as people do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from raccord_sandbox.entities.kind import Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.operations import Origin, write
from raccord_sandbox.wire import dumps

Doc = dict[str, Any]
ZERO = Decimal(0)
DEPOSITED = {"SalesReceipt": 1, "Payment": 1, "RefundReceipt": -1}


class Bookkeeper:
    """Makes bodies of requests from an amount and a choice, which numbers of a test decide."""

    def __init__(self, company: Company, people: str = "") -> None:
        self.company = company
        self.customers = [self.make("Customer", {"DisplayName": f"{people}{name}"})["Id"] for name in ("Ada", "Bela")]
        parent = {"value": self.customers[0]}
        site = {"DisplayName": f"{people}Site", "Job": True, "ParentRef": parent, "BillWithParent": True}
        self.customers.append(self.make("Customer", site)["Id"])
        self.vendors = [self.make("Vendor", {"DisplayName": f"{people}{name}"})["Id"] for name in ("Rail", "Sail")]
        service = {"Name": f"{people}Hour", "Type": "Service", "IncomeAccountRef": self.ref("ServiceFeeIncome")}
        self.item = self.make("Item", service)["Id"]
        self.class_ = self.make("Class", {"Name": f"{people}North"})["Id"]
        self.bodies: dict[str, Callable[[Decimal, int], Doc]] = {
            "SalesReceipt": self.receipt,
            "RefundReceipt": self.receipt,
            "Invoice": self.form,
            "CreditMemo": self.form,
            "Payment": self.payment,
            "Deposit": self.deposit,
            "JournalEntry": self.journal,
            "Purchase": self.purchase,
            "Transfer": self.transfer,
            "Bill": self.bill,
            "VendorCredit": self.bill,
            "BillPayment": self.bill_payment,
            "CreditCardPaymentTxn": self.card_payment,
        }

    def make(self, kind: str, body: Doc) -> Doc:
        """Create an object through the API."""
        return write(self.company, KINDS[kind], body, Operation.CREATE)

    def write(self, kind: str, body: Doc, operation: Operation, by: str = "api") -> Doc:
        """Execute one write."""
        return write(self.company, KINDS[kind], body, operation, origin=Origin(by=by))

    def ref(self, subtype: str) -> Doc:
        """Return a reference to the first account of a subtype."""
        return {"value": self.company.accounts_of(AccountSubType=subtype)[0]}

    def documents(self, kinds: frozenset[str] | None = None) -> list[tuple[str, Doc]]:
        """Return every document with its kind."""
        return [
            (kind, doc) for kind in self.bodies if kinds is None or kind in kinds for doc in self.company.table(kind)
        ]

    def target(self, kind: str, doc: Doc) -> Doc:
        """Return what names an object in an update, with what a sparse one needs."""
        needed = {name: doc[name] for name in KINDS[kind].sparse_required}
        return {**needed, "Id": doc["Id"], "SyncToken": doc["SyncToken"], "sparse": True}

    def dated(self, body: Doc, pick: int) -> Doc:
        """Return a body on a day of this year or the last."""
        day = self.company.clock.today() - timedelta(days=pick * 7 % 500)
        return {"TxnDate": date.isoformat(day), **body}

    def receipt(self, amount: Decimal, pick: int) -> Doc:
        """A sale or refund paid at once."""
        account = self.ref("UndepositedFunds" if pick % 5 else "Checking")
        return self.dated({"DepositToAccountRef": account, "Line": self._sold(amount, pick)}, pick)

    def form(self, amount: Decimal, pick: int) -> Doc:
        """A sale or credit on account."""
        customer = {"value": self.customers[pick % 3]}
        return self.dated({"CustomerRef": customer, "Line": self._sold(amount, pick)}, pick)

    def _sold(self, amount: Decimal, pick: int) -> list[Doc]:
        detail: Doc = {"ItemRef": {"value": self.item}}
        if pick % 2:
            detail["ClassRef"] = {"value": self.class_}
        if not self.company.is_us:
            codes = [code["Id"] for code in self.company.table("TaxCode")]
            detail["TaxCodeRef"] = {"value": codes[pick % len(codes)]}
        line = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
        return [{**line, "Amount": amount}, {**line, "Amount": Decimal(pick)}][: 1 + pick % 2]

    def payment(self, amount: Decimal, pick: int) -> Doc:
        """Money of a customer for some of its invoices, with some of its credits."""
        customer = self.customers[pick % 2]
        lines: list[Doc] = []
        total = ZERO
        for kind, sign in (("Invoice", 1), ("CreditMemo", -1)):
            for place, doc in enumerate(self.company.table(kind)):
                share = min(doc["Balance"], amount) if (place + pick) % 2 else ZERO
                if share > 0 and doc["CustomerRef"]["value"] == customer:
                    lines.append({"Amount": share, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": kind}]})
                    total += sign * share
        spare = amount if pick % 3 == 0 else ZERO
        body = {"CustomerRef": {"value": customer}, "TotalAmt": total + spare, "Line": lines}
        return self.dated(body, pick)

    def deposit(self, amount: Decimal, pick: int) -> Doc:
        """Some of what waits to be deposited, with a fee."""
        funds = self.ref("UndepositedFunds")["value"]
        lines: list[Doc] = []
        for kind, sign in DEPOSITED.items():
            for place, doc in enumerate(self.company.table(kind)):
                if (place + pick) % 3 == 0 and doc.get("DepositToAccountRef", {}).get("value") == funds:
                    link = {"TxnId": doc["Id"], "TxnType": kind, "TxnLineId": "0"}
                    lines.append({"Amount": sign * doc["TotalAmt"], "LinkedTxn": [link]})
        detail = self._code({"AccountRef": self.ref("BankCharges")})
        fee = {"Amount": -amount / 10, "DetailType": "DepositLineDetail", "DepositLineDetail": detail}
        return self.dated({"DepositToAccountRef": self.ref("Checking"), "Line": [*lines, fee]}, pick)

    def journal(self, amount: Decimal, pick: int) -> Doc:
        """Two sides; now and then a customer or a vendor owes or is owed."""
        sides = [("Debit", "Travel"), ("Credit", "Savings")]
        control, kind, key = (
            ("AccountsReceivable", "Customer", self.customers[pick % 3]),
            ("AccountsPayable", "Vendor", self.vendors[pick % 2]),
            ("", "", ""),
        )[pick % 3]
        if control:
            sides[pick % 2] = (sides[pick % 2][0], control)
        lines = []
        for posting, subtype in sides:
            detail: Doc = {"PostingType": posting, "AccountRef": self.ref(subtype)}
            if subtype == control:
                detail["Entity"] = {"Type": kind, "EntityRef": {"value": key}}
            lines.append({"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail})
        return self.dated({"Line": lines}, pick)

    def purchase(self, amount: Decimal, pick: int) -> Doc:
        """An expense, a cheque, a card charge or a card refund."""
        payment = ("Cash", "Check", "CreditCard")[pick % 3]
        account = self.ref("CreditCard" if payment == "CreditCard" else "Checking")
        body = {
            "PaymentType": payment,
            "AccountRef": account,
            "Credit": pick % 2 == 0,
            "Line": self._spent(amount, pick),
        }
        return self.dated(body, pick)

    def bill(self, amount: Decimal, pick: int) -> Doc:
        """A bill or a vendor's credit."""
        vendor = {"value": self.vendors[pick % 2]}
        return self.dated({"VendorRef": vendor, "Line": self._spent(amount, pick)}, pick)

    def _spent(self, amount: Decimal, pick: int) -> list[Doc]:
        detail: Doc = {"AccountRef": self.ref("Travel"), "CustomerRef": {"value": self.customers[pick % 3]}}
        detail = self._code({**detail, "BillableStatus": "NotBillable"})
        line = {"DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": detail}
        return [{"Amount": amount, **line}]

    def _code(self, detail: Doc) -> Doc:
        if self.company.is_us:
            return detail
        return {**detail, "TaxCodeRef": {"value": next(iter(self.company.table("TaxCode")))["Id"]}}

    def bill_payment(self, amount: Decimal, pick: int) -> Doc:
        """Money to a vendor for some of its bills, less some of its credits."""
        vendor = self.vendors[pick % 2]
        lines: list[Doc] = []
        total = ZERO
        for kind, sign in (("Bill", 1), ("VendorCredit", -1)):
            for doc in self.company.table(kind):
                share = min(doc["Balance"], amount)
                if share > 0 and doc["VendorRef"]["value"] == vendor:
                    lines.append({"Amount": share, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": kind}]})
                    total += sign * share
        check = {"PayType": "Check", "CheckPayment": {"BankAccountRef": self.ref("Checking")}}
        body = {"VendorRef": {"value": vendor}, **check, "TotalAmt": max(total, ZERO), "Line": lines}
        return self.dated(body, pick)

    def transfer(self, amount: Decimal, pick: int) -> Doc:
        """Money from one account to another."""
        return self.dated(
            {"FromAccountRef": self.ref("Checking"), "ToAccountRef": self.ref("Savings"), "Amount": amount}, pick
        )

    def card_payment(self, amount: Decimal, pick: int) -> Doc:
        """Money to the card."""
        accounts = {"CreditCardAccountRef": self.ref("CreditCard"), "BankAccountRef": self.ref("Checking")}
        return self.dated({**accounts, "Amount": amount}, pick)

    def digest(self) -> str:
        """Return the documents, and the lists they name, as text, so that a change in place shows too."""
        return "\n".join(self._texts())

    def _texts(self) -> Iterator[str]:
        named = {*self.customers, *self.vendors, self.item, self.class_}
        for row in self.company.rows():
            if row.kind in self.bodies or row.kind == "Preferences" or row.id in named:
                entries = [[entry.account, str(entry.amount), entry.name, entry.line] for entry in row.entries or ()]
                yield f"{row.kind} {row.id} {dumps(row.doc)} {dumps(entries)}"


def assert_deposits_are_whole(company: Company) -> None:
    """Raise AssertionError unless each deposited document points to the one deposit that holds it."""
    held = [
        (link["TxnType"], link["TxnId"], doc["Id"])
        for doc in company.table("Deposit")
        for line in doc["Line"]
        for link in line.get("LinkedTxn", [])
        if "DetailType" not in line
    ]
    claimed = [
        (kind, doc["Id"], link["TxnId"])
        for kind in DEPOSITED
        for doc in company.table(kind)
        for link in doc.get("LinkedTxn", [])
        if link["TxnType"] == "Deposit"
    ]
    if sorted(held) != sorted(claimed) or len({(kind, key) for kind, key, _ in held}) != len(held):
        raise AssertionError(f"deposits hold {held}, documents say {claimed}")
    funds = company.accounts_of(AccountSubType="UndepositedFunds")[0]
    waiting = sum(
        (
            sign * doc["TotalAmt"]
            for kind, sign in DEPOSITED.items()
            for doc in company.table(kind)
            if doc.get("DepositToAccountRef", {}).get("value") == funds
            and not any(link["TxnType"] == "Deposit" for link in doc.get("LinkedTxn", []))
        ),
        ZERO,
    )
    if company.ledger.balance(funds) != waiting:
        raise AssertionError(f"Undeposited Funds holds {company.ledger.balance(funds)}, documents {waiting}")
