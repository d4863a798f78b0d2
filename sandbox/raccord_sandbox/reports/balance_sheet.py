"""The balance sheet and the trial balance."""

from __future__ import annotations

from decimal import Decimal

from raccord_sandbox.keeping.company import is_balance_sheet
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.reports.period import fiscal_year_start
from raccord_sandbox.reports.profit_and_loss import OPTIONS
from raccord_sandbox.reports.shape import Cell, Column, assembled, cells, data, money, over_period, summary
from raccord_sandbox.reports.slices import needs_total
from raccord_sandbox.reports.source import ZERO, Source
from raccord_sandbox.reports.statement import Amounts, Statement, account_cell, plus

EARNINGS = "RetainedEarnings"


def balance_sheet(source: Source) -> Doc:
    """Return assets, liabilities and equity at the end of each column.

    The profit of the fiscal year in which a column ends is its net income; earlier years' stands in retained earnings.
    """
    statement = Statement(source, as_of=True)
    assets, owned = _assets(statement)
    liabilities, owed = _liabilities(statement)
    equity, own = _equity(statement)
    rest = [part for part in (liabilities, equity) if part]
    rows = [
        statement.closed("TotalAssets", "ASSETS", assets, owned, "TOTAL ASSETS"),
        statement.closed(
            "TotalLiabilitiesAndEquity",
            "LIABILITIES AND EQUITY",
            rest,
            plus(owed, own),
            "TOTAL LIABILITIES AND EQUITY",
        ),
    ]
    top = over_period(source.asked, summarized=True)
    empty = not assets and not rest
    return assembled(
        source.company, source.asked, "BalanceSheet", statement.columns, rows, empty=empty, header=top, options=OPTIONS
    )


def trial_balances(source: Source) -> list[tuple[Doc, Decimal]]:
    """Return each account's debit balance: as of the last day on the balance sheet, else from the first day.

    What income and expense accounts earned before the first day stands in retained earnings, so the sum is zero.
    """
    first, last = source.asked.first, source.asked.last
    rows, earlier = [], ZERO
    for account in source.accounts:
        if is_balance_sheet(account):
            rows.append((account, source.movement(account["Id"], last=last)))
        else:
            rows.append((account, source.movement(account["Id"], first, last)))
            earlier += source.movement(account["Id"], last=last) - rows[-1][1]
    earnings = next((account["Id"] for account in source.accounts if account["AccountSubType"] == EARNINGS), "")
    return [(account, balance + earlier if account["Id"] == earnings else balance) for account, balance in rows]


def trial_balance(source: Source) -> Doc:
    """Return the accounts with a balance on the side where it stands, and that both sides are equal."""
    needs_total(source, "TrialBalance")
    rows: list[Doc] = []
    debits, credits_ = ZERO, ZERO
    for account, balance in trial_balances(source):
        if balance == 0:
            continue
        debits += max(balance, ZERO)
        credits_ += max(-balance, ZERO)
        sides: tuple[Cell, Cell] = (money(balance), "") if balance > 0 else ("", money(-balance))
        rows.append({"ColData": cells((account_cell(source.company, account, full=True), *sides))})
    closing = summary(["TOTAL", money(debits), money(credits_)], "GrandTotal")
    columns = [Column("", "Account"), Column("Debit", "Money"), Column("Credit", "Money")]
    top = over_period(source.asked, summarized=True)
    return assembled(
        source.company, source.asked, "TrialBalance", columns, [*rows, closing], empty=not rows, header=top
    )


def _assets(statement: Statement) -> tuple[list[Doc], Amounts]:
    current = [
        statement.part("BankAccounts", "Bank Accounts", ("Bank",), 1),
        statement.part("AR", "Accounts Receivable", ("Accounts Receivable",), 1),
        statement.part("OtherCurrentAssets", "Other Current Assets", ("Other Current Asset",), 1),
    ]
    parts = [
        _joined(statement, "CurrentAssets", "Current Assets", current),
        statement.part("FixedAssets", "Fixed Assets", ("Fixed Asset",), 1),
        statement.part("OtherAssets", "Other Assets", ("Other Asset",), 1),
    ]
    return [part for part, _ in parts if part], _sum(statement, parts)


def _liabilities(statement: Statement) -> tuple[Doc | None, Amounts]:
    current = [
        statement.part("AP", "Accounts Payable", ("Accounts Payable",), -1),
        statement.part("CreditCards", "Credit Cards", ("Credit Card",), -1),
        statement.part("OtherCurrentLiabilities", "Other Current Liabilities", ("Other Current Liability",), -1),
    ]
    parts = [
        _joined(statement, "CurrentLiabilities", "Current Liabilities", current),
        statement.part("LongTermLiabilities", "Long-Term Liabilities", ("Long Term Liability",), -1),
    ]
    return _joined(statement, "Liabilities", "Liabilities", parts)


def _equity(statement: Statement) -> tuple[Doc | None, Amounts]:
    source = statement.source
    accounts = [account for account in source.accounts if account["AccountType"] == "Equity"]
    amounts = {account["Id"]: statement.amounts(account, -1) for account in accounts}
    net, earlier = statement.nothing, statement.nothing
    for account in source.accounts:
        if not is_balance_sheet(account):
            for number, one in enumerate(statement.slices):
                begin = fiscal_year_start(source.company, one.span.last)
                this_year = -one.movement(account["Id"], begin, one.span.last)
                net[number] += this_year
                earlier[number] -= one.moved(account["Id"], as_of=True) + this_year
    earnings = next((account["Id"] for account in accounts if account["AccountSubType"] == EARNINGS), None)
    if earnings is not None:
        amounts[earnings] = plus(amounts[earnings], earlier)
    rows, totals = statement.tree(accounts, amounts)
    if any(net):
        rows.append(data("Net Income", *(money(amount) for amount in net), group="NetIncome"))
    totals = plus(totals, net)
    return (statement.closed("Equity", "Equity", rows, totals) if rows else None), totals


def _joined(
    statement: Statement, group: str, title: str, parts: list[tuple[Doc | None, Amounts]]
) -> tuple[Doc | None, Amounts]:
    rows = [part for part, _ in parts if part]
    totals = _sum(statement, parts)
    return (statement.closed(group, title, rows, totals) if rows else None), totals


def _sum(statement: Statement, parts: list[tuple[Doc | None, Amounts]]) -> Amounts:
    totals = statement.nothing
    for _, amounts in parts:
        totals = plus(totals, amounts)
    return totals
