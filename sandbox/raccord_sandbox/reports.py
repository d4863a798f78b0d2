"""Reports, all read from the one ledger so that they reconcile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from raccord_sandbox.chart import is_debit_side
from raccord_sandbox.clock import precise_stamp
from raccord_sandbox.company import Company, is_balance_sheet
from raccord_sandbox.faults import Doc, FaultError, unsupported
from raccord_sandbox.ledger import Posting

ZERO = Decimal(0)
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def report(company: Company, name: str, parameters: Mapping[str, str]) -> Doc:
    """Return a report by name. Raises 500 for one that this sandbox does not have, 2060 for a bad date."""
    last = _day(parameters, "end_date") or company.clock.today().isoformat()
    first = _day(parameters, "start_date") or fiscal_year_start(company, last)
    match name.lower():
        case "trialbalance":
            return _trial_balance(company, first, last)
        case "generalledger":
            return _general_ledger(company, first, last, parameters.get("account", ""))
        case "profitandloss":
            return _profit_and_loss(company, first, last)
        case "balancesheet":
            return _balance_sheet(company, first, last)
        case _:
            raise unsupported(f"reports/{name}")


def fiscal_year_start(company: Company, day: str) -> str:
    """Return the first day of the fiscal year that holds `day`."""
    info = company.get("CompanyInfo", "1") or {}
    month = MONTHS.index(info.get("FiscalYearStartMonth", "January")) + 1
    when = date.fromisoformat(day)
    return date(when.year - (when.month < month), month, 1).isoformat()


def trial_balances(company: Company, first: str, last: str) -> list[tuple[Doc, Decimal]]:
    """Return each account's debit balance: as of `last` on the balance sheet, from `first` for income and expense.

    What income and expense accounts earned before `first` stands in retained earnings, so the sum is zero.
    """
    rows, earlier = [], ZERO
    for account in company.table("Account"):
        if is_balance_sheet(account):
            rows.append((account, company.ledger.balance(account["Id"], last=last)))
        else:
            rows.append((account, company.ledger.balance(account["Id"], first=first, last=last)))
            earlier += company.ledger.balance(account["Id"], last=last) - rows[-1][1]
    return [
        (account, balance + earlier if account["AccountSubType"] == "RetainedEarnings" else balance)
        for account, balance in rows
    ]


def _day(parameters: Mapping[str, str], name: str) -> str | None:
    text = parameters.get(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise FaultError(2060, f"Invalid Date Format : {text}", name) from error


def _header(company: Company, name: str, first: str, last: str, *, empty: bool) -> Doc:
    return {
        "ReportName": name,
        "Time": precise_stamp(company.clock.now()),
        "ReportBasis": "Accrual",
        "StartPeriod": first,
        "EndPeriod": last,
        "SummarizeColumnsBy": "Total",
        "Currency": company.home_currency,
        "Option": [{"Name": "NoReportData", "Value": "true" if empty else "false"}],
    }


def _columns(*columns: tuple[str, str]) -> Doc:
    return {"Column": [{"ColTitle": title, "ColType": type_} for title, type_ in columns]}


def _cells(*cells: str | tuple[str, str]) -> list[Doc]:
    return [{"value": cell} if isinstance(cell, str) else {"value": cell[0], "id": cell[1]} for cell in cells]


def _money(amount: Decimal) -> str:
    return format(amount.quantize(Decimal("0.01")), "f")


def _trial_balance(company: Company, first: str, last: str) -> Doc:
    rows: list[Doc] = []
    debits, credits_ = ZERO, ZERO
    for account, balance in trial_balances(company, first, last):
        if balance == 0:
            continue
        name = (account["FullyQualifiedName"], account["Id"])
        debits += max(balance, ZERO)
        credits_ += max(-balance, ZERO)
        sides = (_money(balance), "") if balance > 0 else ("", _money(-balance))
        rows.append({"ColData": _cells(name, *sides)})
    total = _cells("TOTAL", _money(debits), _money(credits_))
    closing: Doc = {"type": "Section", "group": "GrandTotal", "Summary": {"ColData": total}}
    return {
        "Header": _header(company, "TrialBalance", first, last, empty=not rows),
        "Columns": _columns(("", "Account"), ("Debit", "Money"), ("Credit", "Money")),
        "Rows": {"Row": [*rows, closing]},
    }


def _general_ledger(company: Company, first: str, last: str, wanted: str) -> Doc:
    chosen = {key for key in wanted.split(",") if key}
    sections = []
    for account in company.table("Account"):
        if chosen and account["Id"] not in chosen:
            continue
        section = _ledger_section(company, account, first, last)
        if section is not None:
            sections.append(section)
    return {
        "Header": _header(company, "GeneralLedger", first, last, empty=not sections),
        "Columns": _columns(
            ("Date", "tx_date"),
            ("Transaction Type", "txn_type"),
            ("Num", "doc_num"),
            ("Name", "name"),
            ("Memo/Description", "memo"),
            ("Split", "split_acc"),
            ("Amount", "subt_nat_amount"),
            ("Balance", "rbal_nat_amount"),
        ),
        "Rows": {"Row": sections},
    }


def _ledger_section(company: Company, account: Doc, first: str, last: str) -> Doc | None:
    """Return one account's movements; amounts are signed by the movement of the balance, not by side."""
    sign = 1 if is_debit_side(account["Classification"]) else -1
    running = ZERO
    if is_balance_sheet(account):
        running = sign * company.ledger.balance(account["Id"]) - sign * company.ledger.balance(
            account["Id"], first=first
        )
    rows: list[Doc] = []
    if running:
        rows.append({"ColData": _cells("Beginning Balance", *[""] * 6, _money(running)), "type": "Data"})
    moved = ZERO
    for posting in company.ledger.of_account(account["Id"]):
        if not first <= posting.day <= last:
            continue
        for entry in posting.entries:
            if entry.account != account["Id"]:
                continue
            amount = sign * entry.amount
            moved += amount
            running += amount
            rows.append(_ledger_row(company, posting, account["Id"], entry.memo, entry.name, amount, running))
    if not rows:
        return None
    name = account["FullyQualifiedName"]
    return {
        "Header": {"ColData": _cells((name, account["Id"]), *[""] * 7)},
        "Rows": {"Row": rows},
        "Summary": {"ColData": _cells(f"Total for {name}", *[""] * 5, _money(moved), "")},
        "type": "Section",
    }


def _ledger_row(
    company: Company, posting: Posting, account: str, memo: str, name: str, amount: Decimal, running: Decimal
) -> Doc:
    doc = company.get(posting.kind, posting.id) or {}
    others = {entry.account for entry in posting.entries} - {account}
    split = "-Split-"
    if len(others) == 1:
        split = (company.get("Account", next(iter(others))) or {}).get("Name", "")
    cells = _cells(
        posting.day,
        (transaction_type(posting.kind, doc), posting.id),
        doc.get("DocNumber", ""),
        (name_of(company, name), name),
        memo,
        split,
        _money(amount),
        _money(running),
    )
    return {"ColData": cells, "type": "Data"}


def name_of(company: Company, key: str) -> str:
    """Return the display name behind an id of the shared name sequence."""
    for kind in ("Customer", "Vendor", "Employee"):
        found = company.get(kind, key)
        if found is not None:
            return str(found["DisplayName"])
    return ""


def transaction_type(kind: str, doc: Doc) -> str:
    """Return the words that reports and links use for a transaction."""
    if kind != "Purchase":
        return {
            "SalesReceipt": "Sales Receipt", "RefundReceipt": "Refund", "JournalEntry": "Journal Entry"
        }.get(kind, kind)  # fmt: skip
    match doc.get("PaymentType"), doc.get("Credit", False):
        case "Check", _:
            return "Check"
        case "CreditCard", True:
            return "Credit Card Credit"
        case _:
            return "Expense"


def _section(group: str, title: str, rows: list[Doc], total: Decimal) -> Doc:
    return {
        "Header": {"ColData": _cells(title, "")},
        "Rows": {"Row": rows},
        "Summary": {"ColData": _cells(f"Total {title}", _money(total))},
        "type": "Section",
        "group": group,
    }


def _summary(group: str, title: str, total: Decimal) -> Doc:
    return {"Summary": {"ColData": _cells(title, _money(total))}, "type": "Section", "group": group}


def _of_types(company: Company, types: tuple[str, ...], first: str, last: str, sign: int) -> tuple[list[Doc], Decimal]:
    rows: list[Doc] = []
    total = ZERO
    for account in company.table("Account"):
        if account["AccountType"] not in types:
            continue
        amount = sign * company.ledger.balance(account["Id"], first=first, last=last)
        total += amount
        if amount:
            cells = _cells((account["FullyQualifiedName"], account["Id"]), _money(amount))
            rows.append({"ColData": cells, "type": "Data"})
    return rows, total


def _profit_and_loss(company: Company, first: str, last: str) -> Doc:
    income, sales = _of_types(company, ("Income",), first, last, -1)
    goods, cost = _of_types(company, ("Cost of Goods Sold",), first, last, 1)
    spent, expenses = _of_types(company, ("Expense",), first, last, 1)
    other_in, gains = _of_types(company, ("Other Income",), first, last, -1)
    other_out, losses = _of_types(company, ("Other Expense",), first, last, 1)
    rows = [
        _section("Income", "Income", income, sales),
        _section("COGS", "Cost of Goods Sold", goods, cost),
        _summary("GrossProfit", "Gross Profit", sales - cost),
        _section("Expenses", "Expenses", spent, expenses),
        _summary("NetOperatingIncome", "Net Operating Income", sales - cost - expenses),
        _section("OtherIncome", "Other Income", other_in, gains),
        _section("OtherExpenses", "Other Expenses", other_out, losses),
        _summary("NetOtherIncome", "Net Other Income", gains - losses),
        _summary("NetIncome", "Net Income", sales - cost - expenses + gains - losses),
    ]
    return {
        "Header": _header(company, "ProfitAndLoss", first, last, empty=not (income or goods or spent)),
        "Columns": _columns(("", "Account"), ("Total", "Money")),
        "Rows": {"Row": rows},
    }


def _balance_sheet(company: Company, first: str, last: str) -> Doc:
    def part(group: str, title: str, sign: int, *types: str) -> tuple[Doc, Decimal]:
        rows, total = _of_types(company, types, "", last, sign)
        return _section(group, title, rows, total), total

    bank, bank_total = part("BankAccounts", "Bank Accounts", 1, "Bank")
    receivable, receivable_total = part("AR", "Accounts Receivable", 1, "Accounts Receivable")
    current, current_total = part("OtherCurrentAssets", "Other Current Assets", 1, "Other Current Asset")
    fixed, fixed_total = part("FixedAssets", "Fixed Assets", 1, "Fixed Asset", "Other Asset")
    payable, payable_total = part("AP", "Accounts Payable", -1, "Accounts Payable")
    cards, cards_total = part("CreditCards", "Credit Cards", -1, "Credit Card")
    owed, owed_total = part(
        "OtherCurrentLiabilities", "Other Liabilities", -1, "Other Current Liability", "Long Term Liability"
    )
    assets = bank_total + receivable_total + current_total + fixed_total
    liabilities = payable_total + cards_total + owed_total
    equity_rows: list[Doc] = []
    equity = income = ZERO
    for account, balance in trial_balances(company, first, last):
        if account["Classification"] == "Equity":
            equity -= balance
            if balance:
                cells = _cells((account["FullyQualifiedName"], account["Id"]), _money(-balance))
                equity_rows.append({"ColData": cells, "type": "Data"})
        elif not is_balance_sheet(account):
            income -= balance
    net = {"ColData": _cells("Net Income", _money(income)), "type": "Data", "group": "NetIncome"}
    rows = [
        _section("TotalAssets", "ASSETS", [bank, receivable, current, fixed], assets),
        _section(
            "TotalLiabilitiesAndEquity",
            "LIABILITIES AND EQUITY",
            [
                _section("Liabilities", "Liabilities", [payable, cards, owed], liabilities),
                _section("Equity", "Equity", [*equity_rows, net], equity + income),
            ],
            liabilities + equity + income,
        ),
    ]
    return {
        "Header": _header(company, "BalanceSheet", first, last, empty=not (assets or liabilities or equity or income)),
        "Columns": _columns(("", "Account"), ("Total", "Money")),
        "Rows": {"Row": rows},
    }
