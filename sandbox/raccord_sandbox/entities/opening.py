"""What a customer owes from the time before these books: an invoice against opening balance equity."""

from __future__ import annotations

from decimal import Decimal

from raccord_sandbox.currency import rate_on
from raccord_sandbox.entities.amounts import CENTS
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.posting.system_accounts import control_account
from raccord_sandbox.refusing.faults import Doc

TEXT = "Opening Balance"


def open_with_invoice(work: Work, customer: Doc, amount: Decimal, day: str) -> None:
    """Stage the invoice that the service writes when a customer is made with a balance."""
    currency = customer["CurrencyRef"]["value"]
    account = control_account(work, "Accounts Receivable", currency)
    own = customer.get("ARAccountRef", {}).get("value") or account["Id"]
    equity = work.company.first_account(AccountSubType="OpeningBalanceEquity")
    detail: Doc = {"ItemAccountRef": {"value": equity["Id"], "name": equity["Name"]}}
    if work.company.is_us:
        detail["TaxCodeRef"] = {"value": "NON"}
    ref = {"value": customer["Id"], "name": customer["DisplayName"]}
    invoice: Doc = {
        "CustomerRef": ref,
        "TxnDate": day,
        "DueDate": day,
        "PrivateNote": TEXT,
        "Line": [
            {
                "Id": "1",
                "LineNum": 1,
                "Description": TEXT,
                "Amount": amount,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": detail,
            },
            {"Amount": amount, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
        ],
        "TotalAmt": amount,
        "Balance": amount,
        "Deposit": CENTS,
        "CurrencyRef": customer["CurrencyRef"],
        "ApplyTaxAfterDiscount": False,
        "PrintStatus": "NotSet",
        "EmailStatus": "NotSet",
        "CustomField": [],
        "LinkedTxn": [],
    }
    if work.company.multicurrency:
        invoice["ExchangeRate"] = rate_on(work.company, currency, day)
    if not work.company.is_us:
        invoice["GlobalTaxCalculation"] = "NotApplicable"
    entries = [Entry(own, amount, TEXT, customer["Id"]), Entry(equity["Id"], -amount, TEXT, customer["Id"], "1")]
    work.put("Invoice", work.fresh(invoice, "transaction"), entries)
