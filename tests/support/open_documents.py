"""Invoices and bills that are open in the sandbox, and payments that wait, entered as a person enters them."""

from __future__ import annotations

from datetime import date

from raccord.quickbooks import QuickBooks
from raccord.store.models import Company
from raccord.sync.workshop import Workshop


def owed(workshop: Workshop, company: Company, kind: str, name: str, amount: str, number: str) -> str:
    """Enter an open invoice, credit memo, bill or vendor credit in QuickBooks as a person does; returns its id."""
    client = workshop.client(company)
    party = "Vendor" if kind in ("Bill", "VendorCredit") else "Customer"
    rows = list(client.query_all(party, f"DisplayName = '{name}'"))
    who = rows[0]["Id"] if rows else client.create(party, f'{{"DisplayName":"{name}"}}', f"{kind} {name}").value["Id"]
    if party == "Customer":
        item = client.query("SELECT * FROM Item")[0]["Id"]
        detail = f'"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{{"ItemRef":{{"value":"{item}"}}}}'
    else:
        account = client.query("SELECT * FROM Account WHERE AccountType = 'Expense'")[0]["Id"]
        detail = (
            f'"DetailType":"AccountBasedExpenseLineDetail","AccountBasedExpenseLineDetail":'
            f'{{"AccountRef":{{"value":"{account}"}}}}'
        )
    body = (
        f'{{"TxnDate":"2026-02-20","DocNumber":"{number}","{party}Ref":{{"value":"{who}"}},'
        f'"GlobalTaxCalculation":"NotApplicable","Line":[{{"Amount":{amount},{detail}}}]}}'
    )
    return str(client.create(kind, body, f"{kind} {number}").value["Id"])


def by_hand(workshop: Workshop, company: Company, kind: str, amount: str, day: date) -> str:
    """Enter a deposit or an expense in QuickBooks as a person does; returns its id."""
    client = workshop.client(company)
    bank = client.query("SELECT * FROM Account WHERE AccountType = 'Bank'")[0]["Id"]
    other = client.query("SELECT * FROM Account WHERE AccountType = 'Expense'")[0]["Id"]
    detail = "DepositLineDetail" if kind == "Deposit" else "AccountBasedExpenseLineDetail"
    head = f'"DepositToAccountRef":{{"value":"{bank}"}}'
    if kind == "Purchase":
        head = f'"AccountRef":{{"value":"{bank}"}},"PaymentType":"Cash","GlobalTaxCalculation":"NotApplicable"'
    body = (
        f'{{"TxnDate":"{day}",{head},"Line":[{{"Amount":{amount},"DetailType":"{detail}",'
        f'"{detail}":{{"AccountRef":{{"value":"{other}"}}}}}}]}}'
    )
    return str(client.create(kind, body, f"hand {kind} {amount} {day}").value["Id"])


def received(client: QuickBooks, kind: str, name: str, amount: str, day: str) -> str:
    """Record a payment or sales receipt that waits in Undeposited Funds, as a person does; returns its id."""
    rows = list(client.query_all("Customer", f"DisplayName = '{name}'"))
    who = rows[0]["Id"] if rows else client.create("Customer", f'{{"DisplayName":"{name}"}}', name).value["Id"]
    item = client.query("SELECT * FROM Item")[0]["Id"]
    sold = (
        f'"GlobalTaxCalculation":"NotApplicable","Line":[{{"Amount":{amount},"DetailType":"SalesItemLineDetail",'
        f'"SalesItemLineDetail":{{"ItemRef":{{"value":"{item}"}}}}}}]'
    )
    what = f'"TotalAmt":{amount}' if kind == "Payment" else sold
    if kind == "RefundReceipt":
        [funds] = client.query_all("Account", "AccountSubType = 'UndepositedFunds'")
        what += f',"DepositToAccountRef":{{"value":"{funds["Id"]}"}}'
    body = f'{{"TxnDate":"{day}","CustomerRef":{{"value":"{who}"}},{what}}}'
    return str(client.create(kind, body, f"{kind} {name} {amount} {day}").value["Id"])
