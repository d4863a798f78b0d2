"""What profit and loss, the balance sheet and cash flow share: accounts as a tree under sections, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from raccord_sandbox.keeping.company import Company
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.reports.shape import Cell, Column, data, money, money_or_blank, section
from raccord_sandbox.reports.slices import Slice, slices
from raccord_sandbox.reports.source import ZERO, Source

Amounts = list[Decimal]


class Statement:
    """The accounts of a source in the columns asked for; `as_of` shows balances instead of movements."""

    def __init__(self, source: Source, *, as_of: bool = False) -> None:
        self.source = source
        self.slices: list[Slice] = slices(source, as_of=as_of)
        self._as_of = as_of

    @property
    def columns(self) -> list[Column]:
        """Return the declarations: the account, then the amounts."""
        return [Column("", "Account", "account"), *(one.column for one in self.slices)]

    @property
    def blanks(self) -> list[str]:
        """Return an empty cell for each column of amounts."""
        return [""] * len(self.slices)

    @property
    def nothing(self) -> Amounts:
        """Return zero for each column of amounts."""
        return [ZERO] * len(self.slices)

    def amounts(self, account: Doc, sign: int) -> Amounts:
        """Return an account's amount in each column."""
        return [sign * one.moved(account["Id"], as_of=self._as_of) for one in self.slices]

    def of_types(self, types: Sequence[str], sign: int) -> tuple[list[Doc], Amounts]:
        """Return the rows and totals of the accounts of some types, sub-accounts below their parents."""
        accounts = [account for account in self.source.accounts if account["AccountType"] in types]
        amounts = {account["Id"]: self.amounts(account, sign) for account in accounts}
        return self.tree(accounts, amounts)

    def tree(self, accounts: Sequence[Doc], amounts: dict[str, Amounts]) -> tuple[list[Doc], Amounts]:
        """Return the rows and totals of accounts; those without any amount are left out."""
        below: dict[str, list[Doc]] = {}
        for account in accounts:
            parent = account.get("ParentRef", {}).get("value", "")
            below.setdefault(parent if parent in amounts else "", []).append(account)
        return self._branch(below, "", amounts)

    def part(
        self, group: str, title: str, types: Sequence[str], sign: int, total: str = ""
    ) -> tuple[Doc | None, Amounts]:
        """Return a section of account types, None where no account of them has an amount, and its totals."""
        rows, totals = self.of_types(types, sign)
        return (self.closed(group, title, rows, totals, total) if rows else None), totals

    def closed(self, group: str, title: str, rows: Sequence[Doc], totals: Amounts, total: str = "") -> Doc:
        """Return a section with its total."""
        return section([title, *self.blanks], rows, [total or f"Total {title}", *self.total_cells(rows, totals)], group)

    def total_cells(self, rows: Sequence[Doc], totals: Amounts) -> list[str]:
        """Return totals as cells; nothing is written where nothing was added up."""
        return [money(amount) for amount in totals] if rows else self.blanks

    def _branch(
        self, below: dict[str, list[Doc]], parent: str, amounts: dict[str, Amounts]
    ) -> tuple[list[Doc], Amounts]:
        rows: list[Doc] = []
        totals = self.nothing
        for account in below.get(parent, ()):
            own = amounts[account["Id"]]
            inner, inner_totals = self._branch(below, account["Id"], amounts)
            both = plus(own, inner_totals)
            totals = plus(totals, both)
            title = account_cell(self.source.company, account)
            if inner:
                summed: list[Cell] = [f"Total {title[0]}", *(money(amount) for amount in both)]
                rows.append(section([title, *(money_or_blank(amount) for amount in own)], inner, summed))
            elif any(own):
                rows.append(data(title, *(money_or_blank(amount) for amount in own)))
        return rows, totals


def plus(left: Amounts, right: Amounts, sign: int = 1) -> Amounts:
    """Add (or, with -1, take away) column by column."""
    return [one + sign * other for one, other in zip(left, right, strict=True)]


def account_title(company: Company, account: Doc, *, full: bool = False) -> str:
    """Return an account's name, its number in front where the company uses numbers."""
    preferences = (company.get("Preferences", "1") or {}).get("AccountingInfoPrefs", {})
    name = str(account["FullyQualifiedName" if full else "Name"])
    number = account.get("AcctNum", "") if preferences.get("UseAccountNumbers") else ""
    return f"{number} {name}" if number else name


def account_cell(company: Company, account: Doc, *, full: bool = False) -> tuple[str, str]:
    """Return the cell that names an account."""
    key = account["Id"]
    return account_title(company, account, full=full), key if key.isdecimal() else ""
