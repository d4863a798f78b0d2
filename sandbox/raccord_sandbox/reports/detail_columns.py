"""The columns of detail reports: their keys, titles, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from raccord_sandbox.keeping.company import Company
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.reports.asked import Asked
from raccord_sandbox.reports.journal import (
    Row,
    class_of,
    department_of,
    detail_of,
    item_of,
    name_of,
    other_account,
    person_of,
    word_of,
)
from raccord_sandbox.reports.shape import Cell, Column, money, money_or_blank
from raccord_sandbox.reports.source import ZERO
from raccord_sandbox.reports.statement import account_cell

NON_POSTING = frozenset({"Estimate", "PurchaseOrder", "TimeActivity"})


@dataclass(frozen=True, slots=True)
class Printed:
    """One line of a detail report: a row of the journal with the amounts that the report gives it."""

    row: Row
    amount: Decimal = ZERO
    balance: Decimal = ZERO
    open: Decimal = ZERO
    facts: dict[str, Cell] = field(default_factory=dict)
    """Cells that the report itself fills, by column."""


Get = Callable[[Company, Printed], Cell]


@dataclass(frozen=True, slots=True)
class DetailColumn:
    """One column that a detail report can have."""

    key: str
    title: str
    get: Get
    total: str = ""
    """What its sum in a section is made of: the amount, the open balance, debit or credit; empty for none."""

    def cell(self, company: Company, printed: Printed) -> Cell:
        """Return the cell of a line."""
        return printed.facts[self.key] if self.key in printed.facts else self.get(company, printed)

    @property
    def column(self) -> Column:
        """Return the declaration."""
        return Column(self.title, self.key, self.key)


def _doc(*path: str) -> Get:
    def get(company: Company, printed: Printed) -> Cell:
        value: object = printed.row.doc
        for name in path:
            value = value.get(name, "") if isinstance(value, dict) else ""
        return "" if isinstance(value, (dict, list)) else str(value)

    return get


def _day(name: str) -> Get:
    return lambda company, printed: str(printed.row.doc.get("MetaData", {}).get(name, ""))[:10]


def _named(list_: str, find: Callable[[Row], str]) -> Get:
    def get(company: Company, printed: Printed) -> Cell:
        key = find(printed.row)
        doc = company.get(list_, key) or {}
        return str(doc.get("FullyQualifiedName") or doc.get("Name", "")), key

    return get


def _person(kind: str) -> Get:
    def get(company: Company, printed: Printed) -> Cell:
        key = person_of(company, printed.row, kind)
        return name_of(company, key), key

    return get


def _anybody(company: Company, printed: Printed) -> Cell:
    key = printed.row.entry.name
    for kind in ("Customer", "Vendor", "Employee") if not key else ():
        key = key or person_of(company, printed.row, kind)
    return name_of(company, key), key


def _custom(place: int) -> Get:
    def get(company: Company, printed: Printed) -> Cell:
        fields: Sequence[Doc] = printed.row.doc.get("CustomField", ())
        return str(fields[place].get("StringValue", "")) if len(fields) > place else ""

    return get


def _word(company: Company, printed: Printed) -> Cell:
    word = word_of(printed.row.posting.kind, printed.row.doc)
    # An opening balance belongs to a list object, which is no transaction.
    return word if printed.row.posting.kind == "Account" else (word, printed.row.posting.id)


def _memo(company: Company, printed: Printed) -> Cell:
    return printed.row.entry.memo or str(printed.row.doc.get("PrivateNote", ""))


def _account(company: Company, printed: Printed) -> Cell:
    return account_cell(company, printed.row.account, full=True) if printed.row.account else ("", "")


def _number(printed: Printed, name: str) -> str:
    value = detail_of(printed.row).get(name)
    return "" if value is None else format(value, "f")


def _paid(kind: str) -> Get:
    def get(company: Company, printed: Printed) -> Cell:
        if printed.row.posting.kind != kind:
            return ""
        return "Unpaid" if printed.row.doc.get("Balance") else "Paid"

    return get


def _posts(company: Company, printed: Printed) -> Cell:
    return "No" if printed.row.posting.kind in NON_POSTING else "Yes"


def _doc_number(company: Company, printed: Printed) -> Cell:
    return str(printed.row.doc.get("DocNumber", printed.row.doc.get("PaymentRefNum", "")))


def _tax_code(company: Company, printed: Printed) -> Cell:
    return str(detail_of(printed.row).get("TaxCodeRef", {}).get("value", ""))


def _debit(company: Company, printed: Printed) -> Cell:
    return money_or_blank(max(printed.row.amount, ZERO))


def _credit(company: Company, printed: Printed) -> Cell:
    return money_or_blank(max(-printed.row.amount, ZERO))


def _open(company: Company, printed: Printed) -> Cell:
    return money_or_blank(printed.open)


def _many(names: str, title: str, get: Get, total: str = "") -> list[DetailColumn]:
    return [DetailColumn(name, title, get, total) for name in names.split()]


def _currency(company: Company, printed: Printed) -> Cell:
    return str(printed.row.doc.get("CurrencyRef", {}).get("value", company.home_currency))


def _rate(company: Company, printed: Printed) -> Cell:
    return format(Decimal(printed.row.doc.get("ExchangeRate", 1)), "f")


ALL: dict[str, DetailColumn] = {
    column.key: column
    for column in (
        *_many("account_num", "Account #", lambda company, it: str(it.row.account.get("AcctNum", ""))),
        *_many("tx_date", "Date", lambda company, it: it.row.day),
        *_many("txn_type", "Transaction Type", _word),
        *_many("doc_num", "Num", _doc_number),
        *_many("is_no_post", "Posting", _posts),
        *_many("is_adj", "Adj", lambda company, it: "Yes" if it.row.doc.get("Adjustment") else "No"),
        *_many("create_date", "Create Date", _day("CreateTime")),
        *_many("create_by", "Created By", lambda company, it: ""),
        *_many("last_mod_date", "Last Modified", _day("LastUpdatedTime")),
        *_many("last_mod_by", "Last Modified By", lambda company, it: ""),
        *_many("cust_name", "Customer", _person("Customer")),
        *_many("vend_name", "Vendor", _person("Vendor")),
        *_many("emp_name", "Employee", _person("Employee")),
        *_many("name", "Name", _anybody),
        *_many("item_name", "Product/Service", _named("Item", item_of)),
        *_many("dept_name", "Location", _named("Department", department_of)),
        *_many("klass_name", "Class", _named("Class", class_of)),
        *_many("memo", "Memo/Description", _memo),
        *_many("cust_msg", "Customer Message", _doc("CustomerMemo", "value")),
        *_many("account_name", "Account", _account),
        *_many("split_acc other_account", "Split", lambda company, it: other_account(company, it.row)),
        *_many("term_name", "Terms", _doc("SalesTermRef", "name")),
        *_many("due_date", "Due Date", _doc("DueDate")),
        *_many("inv_date", "Invoice Date", lambda company, it: it.row.day if it.row.posting.kind == "Invoice" else ""),
        *_many("past_due", "Past Due", lambda company, it: ""),
        *_many("pmt_mthd", "Payment Method", _doc("PaymentMethodRef", "name")),
        *_many("printed chk_print_state", "Printed", _doc("PrintStatus")),
        *_many("ship_via", "Ship Via", _doc("ShipMethodRef", "value")),
        *_many("tracking_num", "Tracking Number", _doc("TrackingNum")),
        *_many("sales_cust1", "Custom 1", _custom(0)),
        *_many("sales_cust2", "Custom 2", _custom(1)),
        *_many("sales_cust3", "Custom 3", _custom(2)),
        *_many("is_cleared", "Clr", lambda company, it: ""),
        *_many("is_ar_paid", "A/R Paid", _paid("Invoice")),
        *_many("is_ap_paid", "A/P Paid", _paid("Bill")),
        *_many("tax_code", "Tax Code", _tax_code),
        *_many("quantity", "Qty", lambda company, it: _number(it, "Qty")),
        *_many("rate", "Rate", lambda company, it: _number(it, "UnitPrice")),
        *_many("currency", "Currency", _currency),
        *_many("exch_rate", "Exchange Rate", _rate),
        *_many("debt_amt debt_home_amt", "Debit", _debit, "debit"),
        *_many("credit_amt credit_home_amt", "Credit", _credit, "credit"),
        *_many(
            "nat_amount subt_amount subt_nat_amount subt_nat_home_amount subt_nat_amount_nt subt_nat_amount_home_nt",
            "Amount",
            lambda company, it: money(it.amount),
            "amount",
        ),
        *_many("subt_open_bal nat_open_bal nat_home_open_bal", "Open Balance", _open, "open"),
        *_many(
            "rbal_open_bal rbal_nat_amount rbal_nat_home_amount rbal_nat_amount_nt rbal_nat_amount_home_nt",
            "Balance",
            lambda company, it: money(it.balance),
        ),
    )
}  # fmt: skip
"""Every column by its key, in the order in which reports show them whatever the order asked."""


def chosen(asked: Asked, default: str) -> list[DetailColumn]:
    """Return the columns asked for; names that no report knows are passed over, and none known means the default."""
    wanted = asked.listed("columns") & ALL.keys() or frozenset(default.split())
    return [column for key, column in ALL.items() if key in wanted]


def line(company: Company, columns: Sequence[DetailColumn], printed: Printed) -> list[Cell]:
    """Return the cells of a line."""
    return [column.cell(company, printed) for column in columns]


def title_cells(columns: Sequence[DetailColumn], title: Cell) -> list[Cell]:
    """Return the header of a section: its title and empty cells."""
    return [title, *[""] * (len(columns) - 1)]


def total_cells(columns: Sequence[DetailColumn], title: str, lines: Iterable[Printed]) -> list[Cell]:
    """Return the summary of a section: its title and the sums of the columns that have one."""
    sums: dict[str, Decimal] = dict.fromkeys(("amount", "open", "debit", "credit"), ZERO)
    for one in lines:
        sums["amount"] += one.amount
        sums["open"] += one.open
        sums["debit"] += max(one.row.amount, ZERO)
        sums["credit"] += max(-one.row.amount, ZERO)
    return [title, *(money(sums[column.total]) if column.total else "" for column in columns[1:])]


def arranged(
    company: Company, asked: Asked, columns: Sequence[DetailColumn], lines: Iterable[Printed]
) -> list[Printed]:
    """Return lines sorted as asked; without a wish they stay as they are."""
    found = list(lines)
    column = ALL.get(asked.text("sort_by"))
    descending = asked.choice("sort_order", ("ascend", "descend"), "ascend") == "descend"
    if column is None:
        return found[::-1] if descending else found
    return sorted(found, key=lambda one: _order(column.cell(company, one)), reverse=descending)


def _order(cell: Cell) -> tuple[bool, Decimal, str]:
    text = cell if isinstance(cell, str) else cell[0]
    try:
        return False, Decimal(text or 0), ""
    except InvalidOperation:
        return True, ZERO, text.lower()
