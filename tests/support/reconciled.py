"""Whether the sandbox's reports of one company say the same thing, whatever is in its books."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from raccord_sandbox.keeping.company import Company, is_balance_sheet
from raccord_sandbox.reports.catalog import report

Doc = dict[str, Any]
ZERO = Decimal(0)
DEBIT_SIDE = ("Asset", "Expense")


def assert_reports_agree(company: Company, last: str, method: str = "Accrual") -> None:
    """Compare profit and loss, balance sheet, trial balance, ledger, journal, cash flow and aged open items."""
    first = f"{last[:4]}-01-01"
    asked = {"start_date": first, "end_date": last, "accounting_method": method}
    trial = _trial(company, asked)
    accounts = {account["Id"]: account for account in company.table("Account")}
    earned = -sum((amount for key, amount in trial.items() if not _on_sheet(accounts, key)), ZERO)
    profit = _groups(report(company, "ProfitAndLoss", asked))
    assert profit["NetIncome"][-1] == earned
    sheet = _groups(report(company, "BalanceSheet", asked))
    assets = sum((amount for key, amount in trial.items() if _class(accounts, key) == "Asset"), ZERO)
    assert sheet["TotalAssets"] == sheet["TotalLiabilitiesAndEquity"] == [assets]
    assert sheet.get("NetIncome", [ZERO]) == [earned]
    ledger = _ledger(company, asked)
    assert {key: amount for key, amount in ledger.items() if _on_sheet(accounts, key) and amount} == {
        key: amount for key, amount in _sheet_part(company, trial, accounts, asked).items() if amount
    }
    for by in ("Month", "Customers", "Classes"):
        *parts, whole = _groups(report(company, "ProfitAndLoss", {**asked, "summarize_column_by": by}))["NetIncome"]
        assert sum(parts, ZERO) == whole == earned
    if method == "Accrual":
        _assert_journal_agrees(company, asked, last)


def _assert_journal_agrees(company: Company, asked: Doc, last: str) -> None:
    debit, credit = _closing(report(company, "JournalReport", {**asked, "start_date": "1900-01-01"}))[-2:]
    entries = [entry for posting in company.ledger.postings() if posting.day <= last for entry in posting.entries]
    assert debit == credit == sum((max(entry.amount, ZERO) for entry in entries), ZERO)
    flow = _groups(report(company, "CashFlow", asked))
    cash = [
        account["Id"]
        for account in company.table("Account")
        if account["AccountType"] == "Bank" or account["AccountSubType"] == "UndepositedFunds"
    ]
    assert flow["EndingCash"] == [sum((company.ledger.balance(key, last=last) for key in cash), ZERO)]
    for name, detail, type_, sign in (
        ("AgedReceivables", "AgedReceivableDetail", "Accounts Receivable", 1),
        ("AgedPayables", "AgedPayableDetail", "Accounts Payable", -1),
    ):
        owed = sign * sum(
            (company.ledger.balance(key, last=last) for key in company.accounts_of(AccountType=type_)), ZERO
        )
        day = {"report_date": last}
        assert _closing(report(company, name, day))[-1] == owed
        assert _closing(report(company, detail, day))[-1] == owed
        balance = name.replace("AgedReceivables", "CustomerBalance").replace("AgedPayables", "VendorBalance")
        assert _closing(report(company, balance, day))[-1] == owed


def _trial(company: Company, asked: Doc) -> dict[str, Decimal]:
    found = report(company, "TrialBalance", asked)
    *rows, closing = found["Rows"]["Row"]
    trial = {}
    for row in rows:
        name, debit, credit = row["ColData"]
        trial[name["id"] or name["value"]] = _amount(debit) - _amount(credit)
    assert sum(trial.values(), ZERO) == 0
    total = closing["Summary"]["ColData"]
    assert total[1]["value"] == total[2]["value"]
    return trial


def _ledger(company: Company, asked: Doc) -> dict[str, Decimal]:
    """Return each account's debit balance at the end, from its running balance in the general ledger."""
    accounts = {account["Id"]: account for account in company.table("Account")}
    found: dict[str, Decimal] = {}
    waiting = list(report(company, "GeneralLedger", asked)["Rows"].get("Row", []))
    while waiting:
        section = waiting.pop()
        inner = section["Rows"]["Row"]
        waiting += [row for row in inner if "Rows" in row]
        title = section["Header"]["ColData"][0]
        running = [_amount(row["ColData"][-1]) for row in inner if "ColData" in row]
        if running:
            sign = 1 if _class(accounts, title["id"] or title["value"]) in DEBIT_SIDE else -1
            found[title["id"] or title["value"]] = sign * running[-1]
    return found


def _sheet_part(
    company: Company, trial: dict[str, Decimal], accounts: dict[str, Doc], asked: Doc
) -> dict[str, Decimal]:
    """Return the balance sheet accounts of the trial balance, retained earnings without what was never posted to it."""
    found = {key: amount for key, amount in trial.items() if _on_sheet(accounts, key)}
    for key in company.accounts_of(AccountSubType="RetainedEarnings"):
        found[key] = company.ledger.balance(key, last=asked["end_date"])
    return found


def _class(accounts: dict[str, Doc], key: str) -> str:
    if key in accounts:
        return str(accounts[key]["Classification"])
    return "Expense" if "Expense" in key else "Revenue"


def _on_sheet(accounts: dict[str, Doc], key: str) -> bool:
    return key in accounts and is_balance_sheet(accounts[key])


def _groups(found: Doc) -> dict[str, list[Decimal]]:
    """Return the amounts of every group, at any depth."""
    return {
        row["group"]: [_amount(cell) for cell in row.get("Summary", row)["ColData"][1:]]
        for row in _rows(found["Rows"])
        if "group" in row
    }


def _rows(of: Doc) -> Iterator[Doc]:
    for row in of.get("Row", []):
        yield row
        yield from _rows(row.get("Rows", {}))


def _closing(found: Doc) -> list[Decimal]:
    """Return the amounts of the last summary; a report without rows adds up to nothing."""
    rows = found["Rows"].get("Row", [])
    return [_amount(cell) for cell in rows[-1]["Summary"]["ColData"][1:]] if rows else [ZERO, ZERO]


def _amount(cell: Doc) -> Decimal:
    return Decimal(cell["value"] or 0)
