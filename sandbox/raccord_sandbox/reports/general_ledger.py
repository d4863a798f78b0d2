"""The general ledger and the detail of profit and loss: every account with its movements."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from raccord_sandbox.keeping.company import is_balance_sheet
from raccord_sandbox.posting.chart import is_debit_side
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.reports.detail_columns import (
    DetailColumn,
    Printed,
    arranged,
    chosen,
    line,
    title_cells,
    total_cells,
)
from raccord_sandbox.reports.journal import Row
from raccord_sandbox.reports.shape import Cell, assembled, data, money, over_period, section
from raccord_sandbox.reports.slices import needs_total
from raccord_sandbox.reports.source import ZERO, Source, grouped
from raccord_sandbox.reports.statement import account_cell

LEDGER = "tx_date txn_type doc_num name memo split_acc subt_nat_amount rbal_nat_amount"
PROFIT = "tx_date txn_type doc_num name klass_name memo split_acc subt_nat_amount rbal_nat_amount"
BALANCES = frozenset({"rbal_nat_amount", "rbal_nat_home_amount", "rbal_nat_amount_nt", "rbal_nat_amount_home_nt"})
ORDINARY = (
    ("Income", "Income", 1), ("Cost of Goods Sold", "Cost of Goods Sold", -1), ("Expenses", "Expense", -1),
)  # fmt: skip
OTHER = (("Other Income", "Other Income", 1), ("Other Expenses", "Other Expense", -1))


class Branches:
    """Accounts with their lines, sub-accounts inside their parents."""

    def __init__(self, source: Source, columns: Sequence[DetailColumn], *, beginning: bool) -> None:
        self.source = source
        self.columns = columns
        self._beginning = beginning
        asked = source.asked
        self._rows = grouped(source.rows(asked.first, asked.last), lambda row: str(row.account["Id"]))
        self._below: dict[str, list[Doc]] = {}
        known = {account["Id"] for account in source.accounts}
        for account in source.accounts:
            parent = account.get("ParentRef", {}).get("value", "")
            self._below.setdefault(parent if parent in known else "", []).append(account)

    def sections(self, types: Sequence[str] = ()) -> tuple[list[Doc], list[Printed]]:
        """Return the sections of the accounts of some types (all without any) and every line in them."""
        found: list[Doc] = []
        lines: list[Printed] = []
        for account in self._below.get("", ()):
            if not types or account["AccountType"] in types:
                made, inside = self._section(account)
                found += [made] if made else []
                lines += inside
        return found, lines

    def _section(self, account: Doc) -> tuple[Doc | None, list[Printed]]:
        source, columns = self.source, self.columns
        begin = self._begin(account)
        own = self._lines(account, begin)
        rows: list[Doc] = []
        if begin:
            last: Cell = money(begin)
            values = [last if column.key in BALANCES else "" for column in columns]
            rows.append(data("Beginning Balance", *values[1:]))
        shown = arranged(source.company, source.asked, columns, own)
        rows += [data(*line(source.company, columns, one)) for one in shown]
        inner = [self._section(child) for child in self._below.get(account["Id"], ())]
        below = [made for made, _ in inner if made]
        if not rows and not below:
            return None, []
        lines = [*own, *(one for _, inside in inner for one in inside)]
        title = account_cell(source.company, account)
        words = f"Total for {title[0]}{' with sub-accounts' if below else ''}"
        total = total_cells(columns, words, lines)
        return section(title_cells(columns, title), [*rows, *below], total), lines

    def _begin(self, account: Doc) -> Decimal:
        if not self._beginning or not is_balance_sheet(account):
            return ZERO
        source = self.source
        moved = source.movement(account["Id"]) - source.movement(account["Id"], source.asked.first)
        return moved if is_debit_side(account["Classification"]) else -moved

    def _lines(self, account: Doc, running: Decimal) -> list[Printed]:
        lines = []
        rows: list[Row] = self._rows.get(account["Id"], [])
        for row in rows:
            running += row.signed
            lines.append(Printed(row, row.signed, running))
        return lines


def general_ledger(source: Source) -> Doc:
    """Return every account that moved or had a balance; amounts are signed by the movement of the balance."""
    needs_total(source, "GeneralLedger")
    columns = chosen(source.asked, LEDGER)
    rows, _ = Branches(source, columns, beginning=True).sections()
    return assembled(
        source.company,
        source.asked,
        "GeneralLedger",
        [column.column for column in columns],
        rows,
        empty=not rows,
        header=over_period(source.asked),
    )


def profit_and_loss_detail(source: Source) -> Doc:
    """Return the lines behind profit and loss, account by account, down to the net income."""
    needs_total(source, "ProfitAndLossDetail")
    columns = chosen(source.asked, PROFIT)
    branches = Branches(source, columns, beginning=False)
    parts: list[Doc] = []
    net = ZERO
    for title, kinds in (("Ordinary Income/Expenses", ORDINARY), ("Other Income/Expenses", OTHER)):
        inner: list[Doc] = []
        for name, type_, sign in kinds:
            sections, lines = branches.sections((type_,))
            if sections:
                inner.append(
                    section(title_cells(columns, name), sections, total_cells(columns, f"Total for {name}", lines))
                )
                net += sign * sum((one.amount for one in lines), ZERO)
        if inner:
            parts.append(section(title_cells(columns, title), inner, _net(columns, "Net Operating Income", net)))
    rows = [*parts, section((), None, _net(columns, "Net Income", net))] if parts else []
    return assembled(
        source.company,
        source.asked,
        "ProfitAndLossDetail",
        [column.column for column in columns],
        rows,
        empty=not parts,
        header=over_period(source.asked),
    )


def _net(columns: Sequence[DetailColumn], title: str, net: Decimal) -> list[Cell]:
    return [title, *(money(net) if column.total == "amount" else "" for column in columns[1:])]
