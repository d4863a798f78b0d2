"""The list of accounts and the summary of taxes."""

from __future__ import annotations

from decimal import Decimal

from raccord_sandbox.entities.accounts import render_account
from raccord_sandbox.keeping.company import Company, is_balance_sheet
from raccord_sandbox.refusing.faults import Doc, FaultError, missing
from raccord_sandbox.reports.shape import Cell, Column, assembled, cells, data, money, over_period
from raccord_sandbox.reports.slices import needs_total
from raccord_sandbox.reports.source import ZERO, Source
from raccord_sandbox.reports.statement import account_title

ACCOUNT_COLUMNS = {
    "account_num": "Account #", "account_name": "Account", "account_type": "Type", "detail_acc_type": "Detail type",
    "create_date": "Create Date", "create_by": "Created By", "last_mod_date": "Last Modified",
    "last_mod_by": "Last Modified By", "account_desc": "Description", "account_bal": "Balance",
}  # fmt: skip
ACCOUNT_DEFAULT = frozenset({"account_name", "account_type", "detail_acc_type", "account_desc", "account_bal"})
SIGNS = {"SalesReceipt": 1, "Invoice": 1, "RefundReceipt": -1, "CreditMemo": -1}
BOUGHT = {"Purchase": 1, "Bill": 1, "VendorCredit": -1}
LINES = {
    "CA": ("Line 101", "Line 105", "Line 108", "Line 109"),
    "GB": ("Box 6", "Box 1", "Box 4", "Box 5"),
}
TITLES = ("Total sales and other revenue", "Tax collected on sales", "Tax paid on purchases", "Net tax")


def account_list(source: Source) -> Doc:
    """Return the chart of accounts."""
    asked, company = source.asked, source.company
    wanted = asked.listed("columns") & ACCOUNT_COLUMNS.keys() or ACCOUNT_DEFAULT
    types = {type_.replace(" ", "").lower() for type_ in asked.listed("account_type")}
    rows = []
    for account in source.accounts:
        if types and account["AccountType"].replace(" ", "").lower() not in types:
            continue
        if account["Active"]:
            cells_ = _account_cells(company, account)
            rows.append(data(*(cells_[key] for key in ACCOUNT_COLUMNS if key in wanted)))
    columns = [Column(title, key, key) for key, title in ACCOUNT_COLUMNS.items() if key in wanted]
    return assembled(company, asked, "AccountList", columns, rows, empty=not rows)


def _account_cells(company: Company, account: Doc) -> dict[str, Cell]:
    times = account["MetaData"]
    shown = render_account(company, account)
    return {
        "account_num": str(account.get("AcctNum", "")),
        "account_name": (account_title(company, account, full=True), account["Id"]),
        "account_type": account["AccountType"],
        "detail_acc_type": account["AccountSubType"],
        "create_date": times["CreateTime"][:10],
        "create_by": "",
        "last_mod_date": times["LastUpdatedTime"][:10],
        "last_mod_by": "",
        "account_desc": str(account.get("Description", "")),
        "account_bal": money(shown["CurrentBalance"]) if is_balance_sheet(account) else "",
    }


def tax_summary(source: Source) -> Doc:
    """Return sales, tax collected, tax paid and net tax of one agency. Raises 2020 without it, 5030 in the US."""
    needs_total(source, "TaxSummary")
    company, asked = source.company, source.asked
    if company.is_us:
        raise FaultError(
            5030, "Feature Not Supported Error : TaxSummary is not there for companies of the United States"
        )
    agency = asked.text("agency_id")
    if not agency:
        raise missing("agency_id")
    if company.get("TaxAgency", agency) is None:
        raise FaultError(2500, "Invalid Reference Id : agency_id", "agency_id")
    rates = {rate["Id"] for rate in company.table("TaxRate") if rate["AgencyRef"]["value"] == agency}
    sales, collected = _taxed(source, SIGNS, rates)
    _, paid = _taxed(source, BOUGHT, rates)
    groups = LINES.get(company.settings["country"], TITLES)
    rows = []
    for group, title, amount in zip(groups, TITLES, (sales, collected, paid, collected - paid), strict=True):
        words = title if group == title else f"{group} {title}"
        rows.append({"ColData": cells((words, money(amount))), "group": group})
    columns = [Column("", "String"), Column("Total", "Money")]
    top = over_period(asked, summarized=True)
    return assembled(company, asked, "TaxSummary", columns, rows, empty=not any((sales, collected, paid)), header=top)


def _taxed(source: Source, signs: dict[str, int], rates: set[str]) -> tuple[Decimal, Decimal]:
    """Return the taxable amount and the tax of documents at some rates."""
    net, tax = ZERO, ZERO
    for kind, sign in signs.items():
        table = source.company.table(kind)
        for key in table.dated(source.asked.first, source.asked.last):
            doc = table.get(key) or {}
            factor = (-sign if doc.get("Credit") else sign) * Decimal(doc.get("ExchangeRate", 1))
            for one in doc.get("TxnTaxDetail", {}).get("TaxLine", ()):
                detail = one["TaxLineDetail"]
                if detail["TaxRateRef"]["value"] in rates:
                    net += factor * detail.get("NetAmountTaxable", ZERO)
                    tax += factor * one["Amount"]
    return net, tax
