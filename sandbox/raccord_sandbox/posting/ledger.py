"""The general ledger of one company: balanced entries in home currency, kept per document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class StockMove:
    """What an entry moves of an inventory item; a quantity of zero marks a cost that follows from a movement."""

    item: str
    quantity: Decimal
    """What comes in; less than zero goes out."""
    contra: str = ""
    """The account that bears the cost."""
    at_cost: bool = True
    """Whether the stock's own cost is the entry's amount; else the document states it."""
    estimate: Decimal = ZERO
    """What one unit is taken to cost while nothing is known of it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a posting; a positive amount is a debit."""

    account: str
    amount: Decimal
    memo: str = ""
    name: str = ""
    """The customer, vendor or employee id, where there is one."""
    line: str = ""
    """The id of the document's line behind it: what tells its item, class, location and quantity."""
    tax: str = ""
    """The id of the tax rate whose tax this is, where it is one."""
    item: str = ""
    """The open item that the entry raises or settles on its account, as Kind:Id or, for a line, Kind:Id:Line."""
    foreign: Decimal | None = None
    """The amount in the document's currency, where that is not the home currency."""
    stock: StockMove | None = None

    @property
    def stated(self) -> Decimal:
        """Return the amount in the document's currency."""
        return self.amount if self.foreign is None else self.foreign

    def turned(self) -> Entry:
        """Return the entry of the opposite document: a refund for a sale."""
        stock = None if self.stock is None else replace(self.stock, quantity=-self.stock.quantity)
        return replace(self, amount=-self.amount, stock=stock)


@dataclass(frozen=True, slots=True)
class Posting:
    """All entries of one document on its date."""

    kind: str
    id: str
    day: str
    entries: tuple[Entry, ...]


class UnbalancedError(Exception):
    """A posting's debits and credits differ: a fault of the sandbox, never of a client."""


def assert_balanced(entries: Sequence[Entry]) -> None:
    """Raise UnbalancedError unless debits equal credits."""
    if sum((entry.amount for entry in entries), ZERO) != 0:
        raise UnbalancedError(f"debits and credits differ: {entries}")


class Ledger:
    """Answers balances now and on any past day without reading every entry."""

    def __init__(self) -> None:
        self._postings: dict[tuple[str, str], Posting] = {}
        self._balance: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._by_name: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self._daily: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        self._foreign: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._foreign_by_name: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self._open: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self._open_foreign: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self._movers: defaultdict[tuple[str, str], dict[tuple[str, str], None]] = defaultdict(dict)
        self._documents: defaultdict[str, dict[tuple[str, str], None]] = defaultdict(dict)
        self._on_hand: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._stock: defaultdict[str, dict[tuple[str, str], None]] = defaultdict(dict)

    def post(self, posting: Posting) -> None:
        """Replace what the document posted before. Raises UnbalancedError."""
        assert_balanced(posting.entries)
        self.unpost(posting.kind, posting.id)
        self._postings[posting.kind, posting.id] = posting
        self._apply(posting, 1)

    def unpost(self, kind: str, key: str) -> None:
        """Take a document's entries out of the books, if it has any."""
        old = self._postings.pop((kind, key), None)
        if old is not None:
            self._apply(old, -1)

    def posting(self, kind: str, key: str) -> Posting | None:
        """Return what a document posted."""
        return self._postings.get((kind, key))

    def postings(self) -> Iterator[Posting]:
        """Yield every posting in order of creation."""
        return iter(self._postings.values())

    def balance(self, account: str, *, first: str = "", last: str = "9999-12-31") -> Decimal:
        """Return the debit balance of an account, or its movement between two days, both included."""
        if not first and last == "9999-12-31":
            return self._balance.get(account, ZERO)
        days = self._daily.get(account)
        if days is None:
            return ZERO
        return sum((amount for day, amount in days.items() if first <= day <= last), ZERO)

    def balance_of(self, accounts: Sequence[str], name: str) -> Decimal:
        """Return the debit balance of one customer or vendor over control accounts."""
        return sum((self._by_name.get((account, name), ZERO) for account in accounts), ZERO)

    def foreign_balance(self, account: str) -> Decimal:
        """Return the debit balance of an account kept in a foreign currency, in that currency."""
        return self._foreign.get(account, ZERO)

    def foreign_balance_of(self, accounts: Sequence[str], name: str) -> Decimal:
        """Return the debit balance of one foreign customer or vendor, in that currency."""
        return sum((self._foreign_by_name.get((account, name), ZERO) for account in accounts), ZERO)

    def open_item(self, account: str, item: str) -> tuple[Decimal, Decimal]:
        """Return what a foreign item leaves open on an account: in home currency and in its own."""
        return self._open.get((account, item), ZERO), self._open_foreign.get((account, item), ZERO)

    def open_items(self) -> Iterator[tuple[tuple[str, str], tuple[Decimal, Decimal]]]:
        """Yield account and item of each foreign item with what it leaves open, at home and in its own currency."""
        for place, amount in self._open.items():
            yield place, (amount, self._open_foreign[place])

    def movers(self, account: str, item: str) -> list[tuple[str, str]]:
        """Return the documents that raise or settle a foreign item, in order of posting."""
        return list(self._movers.get((account, item), ()))

    def of_account(self, account: str) -> list[Posting]:
        """Return the postings that touch an account, by date."""
        found = [self._postings[key] for key in self._documents.get(account, {})]
        return sorted(found, key=lambda posting: posting.day)

    def documents_of(self, account: str) -> Iterator[tuple[str, str]]:
        """Yield kind and id of the documents that touch an account."""
        return iter(self._documents.get(account, {}))

    def on_hand(self, item: str) -> Decimal:
        """Return how much of an inventory item all documents together leave."""
        return self._on_hand.get(item, ZERO)

    def stock_of(self, item: str) -> Iterator[tuple[str, str]]:
        """Yield kind and id of the documents that move an inventory item."""
        return iter(self._stock.get(item, {}))

    def is_used(self, account: str) -> bool:
        """Tell whether any document touches the account."""
        return bool(self._documents.get(account))

    def _apply(self, posting: Posting, sign: int) -> None:
        key = (posting.kind, posting.id)
        for entry in posting.entries:
            amount = entry.amount * sign
            self._balance[entry.account] += amount
            self._daily[entry.account][posting.day] += amount
            if entry.name:
                self._by_name[entry.account, entry.name] += amount
            if sign > 0:
                self._documents[entry.account][key] = None
            else:
                self._documents[entry.account].pop(key, None)
            if entry.foreign is not None:
                self._apply_foreign(key, entry, sign)
            if entry.stock is not None:
                self._on_hand[entry.stock.item] += entry.stock.quantity * sign
                if sign > 0:
                    self._stock[entry.stock.item][key] = None
                else:
                    self._stock[entry.stock.item].pop(key, None)

    def _apply_foreign(self, key: tuple[str, str], entry: Entry, sign: int) -> None:
        foreign = entry.stated * sign
        self._foreign[entry.account] += foreign
        if entry.name:
            self._foreign_by_name[entry.account, entry.name] += foreign
        if not entry.item:
            return
        place = (entry.account, entry.item)
        self._open[place] += entry.amount * sign
        self._open_foreign[place] += foreign
        if sign > 0:
            self._movers[place][key] = None
        else:
            self._movers[place].pop(key, None)
