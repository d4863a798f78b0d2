"""Every report by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from raccord_sandbox.keeping.company import Company
from raccord_sandbox.refusing.faults import Doc, unsupported
from raccord_sandbox.reports import aging, by_name, lists, transactions
from raccord_sandbox.reports.asked import read
from raccord_sandbox.reports.balance_sheet import balance_sheet, trial_balance
from raccord_sandbox.reports.cash_flow import cash_flow
from raccord_sandbox.reports.general_ledger import general_ledger, profit_and_loss_detail
from raccord_sandbox.reports.inventory import inventory_valuation
from raccord_sandbox.reports.profit_and_loss import profit_and_loss
from raccord_sandbox.reports.source import Source

Build = Callable[[Source], Doc]


@dataclass(frozen=True, slots=True)
class Report:
    """One report: what makes it, and whether it knows the cash basis."""

    build: Build
    has_basis: bool = False


REPORTS: dict[str, Report] = {
    "TrialBalance": Report(trial_balance, has_basis=True),
    "GeneralLedger": Report(general_ledger, has_basis=True),
    "ProfitAndLoss": Report(profit_and_loss, has_basis=True),
    "ProfitAndLossDetail": Report(profit_and_loss_detail, has_basis=True),
    "BalanceSheet": Report(balance_sheet, has_basis=True),
    "CashFlow": Report(cash_flow),
    "TransactionList": Report(transactions.transaction_list),
    "TransactionListByCustomer": Report(transactions.transaction_list_by_customer),
    "TransactionListByVendor": Report(transactions.transaction_list_by_vendor),
    "TransactionListWithSplits": Report(transactions.transaction_list_with_splits),
    "JournalReport": Report(transactions.journal_report),
    "AgedReceivables": Report(lambda source: aging.aged(source, "AR", "AgedReceivables")),
    "AgedReceivableDetail": Report(lambda source: aging.aged_detail(source, "AR", "AgedReceivableDetail")),
    "AgedPayables": Report(lambda source: aging.aged(source, "AP", "AgedPayables")),
    "AgedPayableDetail": Report(lambda source: aging.aged_detail(source, "AP", "AgedPayableDetail")),
    "CustomerBalance": Report(lambda source: aging.balance(source, "AR", "CustomerBalance")),
    "CustomerBalanceDetail": Report(lambda source: aging.balance_detail(source, "AR", "CustomerBalanceDetail")),
    "VendorBalance": Report(lambda source: aging.balance(source, "AP", "VendorBalance")),
    "VendorBalanceDetail": Report(lambda source: aging.balance_detail(source, "AP", "VendorBalanceDetail")),
    "CustomerIncome": Report(by_name.customer_income, has_basis=True),
    "CustomerSales": Report(by_name.customer_sales, has_basis=True),
    "ItemSales": Report(by_name.item_sales, has_basis=True),
    "ClassSales": Report(by_name.class_sales, has_basis=True),
    "DepartmentSales": Report(by_name.department_sales, has_basis=True),
    "VendorExpenses": Report(by_name.vendor_expenses, has_basis=True),
    "AccountList": Report(lists.account_list),
    "TaxSummary": Report(lists.tax_summary),
    "InventoryValuationSummary": Report(inventory_valuation),
}
BY_NAME = {name.lower(): one for name, one in REPORTS.items()}


def report(company: Company, name: str, parameters: Mapping[str, str]) -> Doc:
    """Return a report. Raises 500 for a name that there is not."""
    found = BY_NAME.get(name.lower())
    if found is None:
        raise unsupported(f"reports/{name}")
    asked = read(company, parameters)
    return found.build(Source(company, asked if found.has_basis else replace(asked, cash=False)))
