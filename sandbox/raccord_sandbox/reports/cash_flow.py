"""The statement of cash flows, indirect: net income, then what every other account took or gave."""

from __future__ import annotations

from collections.abc import Callable

from raccord_sandbox.keeping.company import is_balance_sheet
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.reports.shape import assembled, data, money, over_period, section, summary
from raccord_sandbox.reports.source import DAY_ONE, Source
from raccord_sandbox.reports.statement import Amounts, Statement, plus

OPERATING = (
    "Accounts Receivable", "Other Current Asset", "Accounts Payable", "Credit Card", "Other Current Liability",
)  # fmt: skip
INVESTING = ("Fixed Asset", "Other Asset")
FINANCING = ("Long Term Liability", "Equity")
ADJUSTMENTS = "Adjustments to reconcile Net Income to Net Cash provided by operations:"


def is_cash(account: Doc) -> bool:
    """Tell whether an account counts as cash: bank accounts and what waits to be deposited."""
    return bool(account["AccountType"] == "Bank" or account["AccountSubType"] == "UndepositedFunds")


def cash_flow(source: Source) -> Doc:
    """Return operating, investing and financing activities; together they are how far cash moved."""
    statement = Statement(source)

    def movements(wanted: Callable[[Doc], bool]) -> tuple[list[Doc], Amounts]:
        accounts = [account for account in source.accounts if wanted(account)]
        return statement.tree(accounts, {account["Id"]: statement.amounts(account, -1) for account in accounts})

    _, net = movements(lambda account: not is_balance_sheet(account))
    changes, changed = movements(lambda account: account["AccountType"] in OPERATING and not is_cash(account))
    bought, invested = movements(lambda account: account["AccountType"] in INVESTING)
    raised, financed = movements(lambda account: account["AccountType"] in FINANCING)
    operated = plus(net, changed)
    increase = plus(plus(operated, invested), financed)
    adjusted = [f"Total {ADJUSTMENTS}", *statement.total_cells(changes, changed)]
    operating = [data("Net Income", *_texts(net), group="NetIncome")]
    operating.append(section([ADJUSTMENTS, *statement.blanks], changes, adjusted, "OperatingAdjustments"))
    rows = [
        section(
            ["OPERATING ACTIVITIES", *statement.blanks],
            operating,
            ["Net cash provided by operating activities", *_texts(operated)],
            "OperatingActivities",
        )
    ]
    for group, title, inner, amounts in (
        ("InvestingActivities", "INVESTING ACTIVITIES", bought, invested),
        ("FinancingActivities", "FINANCING ACTIVITIES", raised, financed),
    ):
        if inner:
            total = [f"Net cash provided by {title.lower()}", *_texts(amounts)]
            rows.append(section([title, *statement.blanks], inner, total, group))
    rows.append(summary(["Net cash increase for period", *_texts(increase)], "CashIncrease"))
    begin = _cash_before(statement)
    if any(begin):
        rows.append(summary(["Cash at beginning of period", *_texts(begin)], "BeginningCash"))
    rows.append(summary(["Cash at end of period", *_texts(plus(begin, increase))], "EndingCash"))
    empty = not any([*net, *begin]) and not (changes or bought or raised)
    top = over_period(source.asked, summarized=True)
    del top["ReportBasis"]
    return assembled(source.company, source.asked, "CashFlow", statement.columns, rows, empty=empty, header=top)


def _cash_before(statement: Statement) -> Amounts:
    totals = statement.nothing
    for account in statement.source.accounts:
        if is_cash(account):
            before = [
                one.movement(account["Id"], DAY_ONE, one.span.last) - one.moved(account["Id"])
                for one in statement.slices
            ]
            totals = plus(totals, before)
    return totals


def _texts(amounts: Amounts) -> list[str]:
    return [money(amount) for amount in amounts]
