"""What a report reads: the rows of its basis that pass its filters, and their sums by account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cached_property

from raccord_sandbox.keeping.company import Company
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.reports.asked import Asked
from raccord_sandbox.reports.cash import cash_rows, waiting_accounts
from raccord_sandbox.reports.filters import passes, tests
from raccord_sandbox.reports.journal import Row, accrual_rows, by_type_and_name
from raccord_sandbox.reports.period import ALL

ZERO = Decimal(0)
DAY_ONE, FOR_EVER = "", ALL[1]


class Source:
    """Answers rows and movements; without filters and on accrual the ledger's own sums are used."""

    def __init__(self, company: Company, asked: Asked) -> None:
        self.company = company
        self.asked = asked
        self._tests = tests(company, asked)

    @property
    def is_plain(self) -> bool:
        """Tell whether the ledger's own sums are what the report shows."""
        return not self.asked.cash and not self._tests

    @cached_property
    def accounts(self) -> list[Doc]:
        """Return the accounts in the order of reports."""
        found = list(self.company.table("Account"))
        if self.asked.cash:
            known = {doc["Id"] for doc in found}
            found += [doc for doc in waiting_accounts(self.company) if doc["Id"] not in known]
        return by_type_and_name(found)

    def rows(self, first: str = DAY_ONE, last: str = FOR_EVER) -> list[Row]:
        """Return the rows of a period by date."""
        if self.asked.cash or self._tests:
            return [row for row in self._all if first <= row.day <= last]
        return accrual_rows(self.company, first, last)

    def movement(self, account: str, first: str = DAY_ONE, last: str = FOR_EVER) -> Decimal:
        """Return how far the debit balance of an account moved between two days, both included."""
        if self.is_plain:
            return self.company.ledger.balance(account, first=first, last=last)
        return self._sums.movement(account, first, last)

    @cached_property
    def _all(self) -> list[Row]:
        found = cash_rows(self.company) if self.asked.cash else accrual_rows(self.company, DAY_ONE, FOR_EVER)
        return [row for row in found if passes(row, self._tests)]

    @cached_property
    def _sums(self) -> Sums:
        return Sums(self._all)


class Sums:
    """The movements of accounts by day, made from rows."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._days: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for row in rows:
            self._days[row.account["Id"]][row.day] += row.amount

    def movement(self, account: str, first: str, last: str) -> Decimal:
        """Return the movement of an account between two days, both included."""
        days: Mapping[str, Decimal] = self._days.get(account, {})
        return sum((amount for day, amount in days.items() if first <= day <= last), ZERO)


def grouped(rows: Iterable[Row], key: Callable[[Row], str]) -> dict[str, list[Row]]:
    """Return rows by what `key` says of them, in the order met."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found
