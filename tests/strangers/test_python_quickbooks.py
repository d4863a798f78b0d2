"""python-quickbooks with Intuit's own OAuth client: their code as installed, pointed at the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import httpx
import pytest
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects.account import Account
from quickbooks.objects.attachable import Attachable
from quickbooks.objects.base import AttachableRef, LinkedTxn, Ref
from quickbooks.objects.bill import Bill
from quickbooks.objects.billpayment import BillPayment, BillPaymentLine, CheckPayment
from quickbooks.objects.company_info import CompanyInfo
from quickbooks.objects.creditmemo import CreditMemo
from quickbooks.objects.customer import Customer
from quickbooks.objects.department import Department
from quickbooks.objects.deposit import Deposit, DepositLine, DepositLineDetail
from quickbooks.objects.detailline import (
    AccountBasedExpenseLine,
    AccountBasedExpenseLineDetail,
    SalesItemLine,
    SalesItemLineDetail,
)
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item
from quickbooks.objects.journalentry import JournalEntry, JournalEntryLine, JournalEntryLineDetail
from quickbooks.objects.payment import Payment, PaymentLine
from quickbooks.objects.paymentmethod import PaymentMethod
from quickbooks.objects.preferences import Preferences
from quickbooks.objects.purchase import Purchase
from quickbooks.objects.refundreceipt import RefundReceipt
from quickbooks.objects.salesreceipt import SalesReceipt
from quickbooks.objects.taxcode import TaxCode
from quickbooks.objects.term import Term
from quickbooks.objects.trackingclass import Class
from quickbooks.objects.transfer import Transfer
from quickbooks.objects.vendor import Vendor
from quickbooks.objects.vendorcredit import VendorCredit

Stranger = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


@pytest.fixture
def auth(stranger: Stranger) -> Iterator[AuthClient]:
    with closing(
        AuthClient(stranger.client_id, stranger.client_secret, "http://localhost:9/callback", stranger.discovery)
    ) as client:
        yield client


@pytest.fixture
def qb(stranger: Stranger, auth: AuthClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickBooks]:
    """A client that has refreshed its tokens."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(QuickBooks, "api_url_v3", stranger.api)
    client = QuickBooks(
        auth_client=auth,
        refresh_token=stranger.refresh_token,
        company_id=stranger.realm,
        minorversion=75,
        use_decimal=True,
    )
    with closing(client.session):
        yield client


def ref(qb: QuickBooks, subtype: str) -> Ref:
    return Account.where(f"AccountSubType = '{subtype}'", qb=qb)[0].to_ref()


def sold(qb: QuickBooks, amount: object, description: str = "") -> SalesItemLine:
    line = SalesItemLine()
    line.Amount, line.Description = amount, description
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = Item.all(qb=qb)[0].to_ref()
    return line


def spent(qb: QuickBooks, amount: object) -> AccountBasedExpenseLine:
    line = AccountBasedExpenseLine()
    line.Amount = amount
    line.AccountBasedExpenseLineDetail = AccountBasedExpenseLineDetail()
    line.AccountBasedExpenseLineDetail.AccountRef = ref(qb, "Travel")
    return line


def customer(qb: QuickBooks, name: str) -> Customer:
    made = Customer()
    made.DisplayName = name
    return made.save(qb=qb)


def vendor(qb: QuickBooks, name: str) -> Vendor:
    made = Vendor()
    made.DisplayName = name
    return made.save(qb=qb)


def invoice(qb: QuickBooks, who: Customer, amount: object) -> Invoice:
    made = Invoice()
    made.CustomerRef = who.to_ref()
    made.Line.append(sold(qb, amount, "Set-up"))
    return made.save(qb=qb)


def test_consent_tokens_refresh_and_revocation(stranger: Stranger, auth: AuthClient) -> None:
    given = stranger.consented(auth.get_authorization_url([Scopes.ACCOUNTING]))
    assert (given["realmId"], given["state"]) == (stranger.realm, auth.state_token)
    auth.get_bearer_token(given["code"], realm_id=given["realmId"])
    first = auth.access_token
    auth.refresh()
    assert first != auth.access_token
    with pytest.raises(AuthClientError):
        auth.get_bearer_token(given["code"])
    assert auth.revoke() is True
    with pytest.raises(AuthClientError) as refused:
        auth.refresh()
    assert refused.value.status_code == 400
    assert "invalid_grant" in str(refused.value.content)


def test_lists_are_made_read_changed_found_and_counted(qb: QuickBooks) -> None:
    before = Customer.count(qb=qb)
    ada = customer(qb, "Ada O'Hare")
    assert Customer.get(ada.Id, qb=qb).DisplayName == "Ada O'Hare"
    ada.Notes = "by the quay"
    ada = ada.save(qb=qb)
    assert Customer.filter(DisplayName="Ada O'Hare", qb=qb)[0].Notes == "by the quay"
    assert Customer.choose(["Ada O'Hare", "Nobody"], field="DisplayName", qb=qb)[0].Id == ada.Id
    assert Customer.query("SELECT * FROM Customer WHERE DisplayName LIKE 'Ada O%'", qb=qb)[0].Id == ada.Id
    assert Customer.count(qb=qb) == before + 1
    ada.Active = False
    ada.save(qb=qb)
    assert ada.Id not in [one.Id for one in Customer.all(qb=qb)]
    assert Customer.filter(Active=False, qb=qb)[0].Id == ada.Id


def test_every_kind_of_list_can_be_made(qb: QuickBooks) -> None:
    income = ref(qb, "ServiceFeeIncome")
    for kind, values in (
        (Class, {"Name": "North"}),
        (Department, {"Name": "West"}),
        (Term, {"Name": "In ten", "DueDays": 10}),
        (PaymentMethod, {"Name": "Barter"}),
        (Account, {"Name": "Clearing", "AccountType": "Bank", "AccountSubType": "Checking"}),
        (Item, {"Name": "Hour", "Type": "Service", "IncomeAccountRef": income, "UnitPrice": 90}),
    ):
        made = kind()
        for name, value in values.items():
            setattr(made, name, value)
        saved = made.save(qb=qb)
        assert kind.get(saved.Id, qb=qb).Name == values["Name"]
    assert CompanyInfo.get(1, qb=qb).Country == "US"
    assert Preferences.get(qb=qb).CurrencyPrefs.HomeCurrency.value == "USD"
    assert {code.Name for code in TaxCode.all(qb=qb)} >= {"TAX", "NON"}


def test_an_invoice_is_paid_deposited_and_reported(qb: QuickBooks) -> None:
    ada = customer(qb, "Ada")
    owed = invoice(qb, ada, 120)
    payment = Payment()
    payment.CustomerRef, payment.TotalAmt = ada.to_ref(), 120
    line = PaymentLine()
    line.Amount = 120
    line.LinkedTxn.append(owed.to_linked_txn())
    payment.Line.append(line)
    paid = payment.save(qb=qb)
    assert Invoice.get(owed.Id, qb=qb).Balance == 0
    deposit = Deposit()
    deposit.DepositToAccountRef = ref(qb, "Checking")
    linked = DepositLine()
    linked.Amount = Decimal("120.00")
    link = LinkedTxn()
    link.TxnId, link.TxnType, link.TxnLineId = paid.Id, "Payment", "0"
    linked.LinkedTxn.append(link)
    linked.DetailType, linked.DepositLineDetail = None, None
    fee = DepositLine()
    fee.Amount = Decimal("-3.78")
    fee.DepositLineDetail = DepositLineDetail()
    fee.DepositLineDetail.AccountRef = ref(qb, "BankCharges")
    deposit.Line += [linked, fee]
    made = deposit.save(qb=qb)
    assert made.TotalAmt == Decimal("116.22")
    with pytest.raises(QuickbooksException) as frozen:
        Payment.get(paid.Id, qb=qb).delete(qb=qb)
    assert frozen.value.error_code == 6540
    trial = qb.get_report("TrialBalance")
    cells = {row["ColData"][0]["value"]: row["ColData"] for row in trial["Rows"]["Row"] if "ColData" in row}
    assert cells["Checking"][1]["value"] == "116.22"
    profit = qb.get_report("ProfitAndLoss", {"accounting_method": "Cash", "summarize_column_by": "Month"})
    assert profit["Rows"]["Row"][-1]["Summary"]["ColData"][-1]["value"] == "116.22"


def test_documents_are_voided_and_deleted(qb: QuickBooks) -> None:
    ada = customer(qb, "Ada")
    owed = invoice(qb, ada, 50)
    payment = Payment()
    payment.CustomerRef, payment.TotalAmt = ada.to_ref(), 50
    line = PaymentLine()
    line.Amount = 50
    line.LinkedTxn.append(owed.to_linked_txn())
    payment.Line.append(line)
    payment.save(qb=qb)
    payment.void(qb=qb)
    assert Payment.get(payment.Id, qb=qb).TotalAmt == 0
    again = Invoice.get(owed.Id, qb=qb)
    assert again.Balance == 50
    again.void(qb=qb)
    assert Invoice.get(owed.Id, qb=qb).TotalAmt == 0
    gone = invoice(qb, ada, 10)
    assert gone.delete(qb=qb)["Invoice"]["status"] == "Deleted"
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(gone.Id, qb=qb)


def test_every_kind_of_document_can_be_made_read_and_deleted(qb: QuickBooks) -> None:
    ada, rail = customer(qb, "Ada"), vendor(qb, "Rail")
    receipt, refund, credit = SalesReceipt(), RefundReceipt(), CreditMemo()
    for form in (receipt, refund, credit):
        form.CustomerRef = ada.to_ref()
        form.Line.append(sold(qb, 20))
    refund.DepositToAccountRef = ref(qb, "Checking")
    bill, vendor_credit, purchase = Bill(), VendorCredit(), Purchase()
    for form in (bill, vendor_credit):
        form.VendorRef = rail.to_ref()
        form.Line.append(spent(qb, 30))
    purchase.PaymentType, purchase.AccountRef = "Cash", ref(qb, "Checking")
    purchase.Line.append(spent(qb, 7))
    transfer = Transfer()
    transfer.Amount, transfer.FromAccountRef, transfer.ToAccountRef = 5, ref(qb, "Checking"), ref(qb, "Savings")
    entry = JournalEntry()
    for posting, subtype in (("Debit", "Travel"), ("Credit", "Savings")):
        line = JournalEntryLine()
        line.Amount = 4
        line.JournalEntryLineDetail = JournalEntryLineDetail()
        line.JournalEntryLineDetail.PostingType = posting
        line.JournalEntryLineDetail.AccountRef = ref(qb, subtype)
        entry.Line.append(line)
    for form in (receipt, refund, credit, bill, vendor_credit, purchase, transfer, entry):
        form.save(qb=qb)
        read = type(form).get(form.Id, qb=qb)
        assert (read.Id, read.SyncToken) == (form.Id, "0")
    paid = BillPayment()
    paid.VendorRef, paid.TotalAmt, paid.PayType = rail.to_ref(), 30, "Check"
    paid.CheckPayment = CheckPayment()
    paid.CheckPayment.BankAccountRef = ref(qb, "Checking")
    line = BillPaymentLine()
    line.Amount = 30
    link = LinkedTxn()
    link.TxnId, link.TxnType, link.TxnLineId = bill.Id, "Bill", None
    line.LinkedTxn.append(link)
    paid.Line.append(line)
    paid.save(qb=qb)
    assert Bill.get(bill.Id, qb=qb).Balance == 0
    for form in (paid, receipt, refund, credit, vendor_credit, purchase, entry):
        type(form).get(form.Id, qb=qb).delete(qb=qb)
        with pytest.raises(ObjectNotFoundException):
            type(form).get(form.Id, qb=qb)


def test_a_batch_makes_changes_and_deletes_and_tells_each_fault(qb: QuickBooks) -> None:
    names = []
    for name in ("One", "Two", "one"):
        made = Customer()
        made.DisplayName = name
        names.append(made)
    made = batch_create(names, qb=qb)
    assert [one.DisplayName for one in made.successes] == ["One", "Two"]
    assert [error.code for fault in made.faults for error in fault.Error] == ["6240"]
    for one in made.successes:
        one.Notes = "changed"
    assert len(batch_update(made.successes, qb=qb).successes) == 2
    receipts = []
    for amount in (1, 2):
        receipt = SalesReceipt()
        receipt.Line.append(sold(qb, amount))
        receipts.append(receipt)
    saved = batch_create(receipts, qb=qb).successes
    assert len(batch_delete(saved, qb=qb).successes) == 2
    assert SalesReceipt.count(qb=qb) == 0


def test_changes_are_captured_with_what_was_deleted(qb: QuickBooks) -> None:
    ada = customer(qb, "Ada")
    gone, kept = invoice(qb, ada, 1), invoice(qb, ada, 2)
    gone.delete(qb=qb)
    found = change_data_capture([Invoice, Customer], ada.MetaData["CreateTime"], qb=qb)
    assert [(one.Id, getattr(one, "status", "")) for one in found.Invoice] == [(kept.Id, ""), (gone.Id, "Deleted")]
    assert ada.Id in [one.Id for one in found.Customer]


def test_files_and_notes_are_attached_found_and_fetched(qb: QuickBooks, tmp_path: Any) -> None:
    receipt = SalesReceipt()
    receipt.Line.append(sold(qb, 20))
    receipt.save(qb=qb)
    path = tmp_path / "ticket.txt"
    path.write_text("Billet n° 7\n", encoding="utf-8")
    attached = Attachable()
    place = AttachableRef()
    place.EntityRef = Ref()
    place.EntityRef.type, place.EntityRef.value = "SalesReceipt", receipt.Id
    attached.AttachableRef.append(place)
    attached.FileName, attached.ContentType, attached._FilePath = path.name, "text/plain", str(path)
    saved = attached.save(qb=qb)
    assert saved.Size == len(path.read_bytes())
    where = f"AttachableRef.EntityRef.Type = 'salesreceipt' AND AttachableRef.EntityRef.value = '{receipt.Id}'"
    found = Attachable.where(where, qb=qb)
    assert [one.Id for one in found] == [saved.Id]
    assert httpx.get(found[0].TempDownloadUri).content == path.read_bytes()
    note = Attachable()
    note.Note = "call back"
    note.save(qb=qb)
    assert Attachable.get(note.Id, qb=qb).Note == "call back"
    saved.delete(qb=qb)
    assert Attachable.count(qb=qb) == 1


def test_an_invoice_is_printed_and_sent(qb: QuickBooks) -> None:
    owed = invoice(qb, customer(qb, "Ada"), 5)
    assert owed.download_pdf(qb=qb).startswith(b"%PDF")
    owed.send(qb=qb, send_to="ada@example.test")
    assert Invoice.get(owed.Id, qb=qb).EmailStatus == "EmailSent"


def test_a_request_id_makes_one_document(qb: QuickBooks) -> None:
    made = []
    for _ in range(2):
        receipt = SalesReceipt()
        receipt.Line.append(sold(qb, 20))
        made.append(receipt.save(qb=qb, request_id="r-1").Id)
    assert made[0] == made[1]
    assert SalesReceipt.count(qb=qb) == 1


def test_refusals_arrive_as_the_exceptions_people_know(qb: QuickBooks, stranger: Stranger) -> None:
    customer(qb, "Ada")
    with pytest.raises(QuickbooksException) as taken:
        vendor(qb, "ADA")
    assert taken.value.error_code == 6240
    with pytest.raises(ValidationException) as lacking:
        Invoice().save(qb=qb)
    assert lacking.value.error_code == 2020
    with pytest.raises(ValidationException) as grammar:
        qb.query("select * from Customer where DisplayName = 'a' or DisplayName = 'b'")
    assert grammar.value.error_code == 4000
    old = Customer.all(qb=qb)[0]
    customer_now = Customer.get(old.Id, qb=qb)
    customer_now.save(qb=qb)
    with pytest.raises(QuickbooksException) as stale:
        old.save(qb=qb)
    assert stale.value.error_code == 5010
    qb.company_id = "1"
    with pytest.raises((QuickbooksException, AuthorizationException)):
        Customer.all(qb=qb)
    assert stranger.exchanges("POST", "/company/1/query")[-1].status == 403
