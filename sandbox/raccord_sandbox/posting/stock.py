"""Inventory valued first in, first out: what documents move is replayed by date, and costs follow."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from raccord_sandbox.posting.ledger import Entry, StockMove
from raccord_sandbox.refusing.faults import Doc

if TYPE_CHECKING:
    from raccord_sandbox.keeping.company import Company

Key = tuple[str, str]
Change = tuple[Doc | None, tuple[Entry, ...] | None]
"""What is staged for an object: itself, or None where it goes; its entries, or None where they stay."""
Place = tuple[str, bool, bool, int, int]
"""By day; what an item starts with comes first, what comes in before what goes out, then by id and line."""
ZERO = Decimal(0)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Move:
    """One movement with its document and its place in time."""

    key: Key
    place: Place
    entry: Entry
    stock: StockMove


@dataclass(slots=True)
class Layers:
    """What is in stock, oldest first, each with its quantity and value; or what was sold and is not there yet."""

    held: deque[tuple[Decimal, Decimal]] = field(default_factory=deque)
    short: Decimal = ZERO
    short_value: Decimal = ZERO
    unit_cost: Decimal | None = None
    """What one unit cost when it was last seen."""
    last: Place | None = None

    @property
    def value(self) -> Decimal:
        """Return what the stock is worth; less than nothing where more was sold than there was."""
        return sum((value for _, value in self.held), ZERO) - self.short_value

    @property
    def quantity(self) -> Decimal:
        """Return how much is on hand."""
        return sum((quantity for quantity, _ in self.held), ZERO) - self.short

    def copy(self) -> Layers:
        """Return layers that can be moved without touching these."""
        return replace(self, held=deque(self.held))

    def move(self, move: Move) -> tuple[Decimal, Decimal]:
        """Apply a movement; return its value and what it corrects of earlier costs.

        What was sold before it was there went out at the last cost known, else at an estimate; what comes in for it
        corrects that.
        """
        self.last, estimate = move.place, move.stock.estimate
        if move.stock.quantity < 0:
            return ZERO - self._take(-move.stock.quantity, estimate), ZERO
        quantity = move.stock.quantity
        value = _rounded(quantity * self._known(estimate)) if move.stock.at_cost else move.entry.amount
        correction = ZERO
        covered = min(quantity, self.short)
        if covered:
            actual = value if covered == quantity else _rounded(value * covered / quantity)
            assumed = self.short_value if covered == self.short else _rounded(self.short_value * covered / self.short)
            correction = actual - assumed
            self.short, self.short_value = self.short - covered, self.short_value - assumed
            if quantity > covered:
                self.held.append((quantity - covered, value - actual))
        else:
            self.held.append((quantity, value))
        self.unit_cost = value / quantity
        return value, correction

    def _take(self, quantity: Decimal, estimate: Decimal) -> Decimal:
        cost, wanted = ZERO, quantity
        while wanted and self.held:
            have, value = self.held.popleft()
            taken = min(have, wanted)
            part = value if taken == have else _rounded(value * taken / have)
            if taken < have:
                self.held.appendleft((have - taken, value - part))
            cost, wanted = cost + part, wanted - taken
        if wanted:
            if wanted < quantity:
                self.unit_cost = cost / (quantity - wanted)
            assumed = _rounded(wanted * self._known(estimate))
            self.short, self.short_value = self.short + wanted, self.short_value + assumed
            return cost + assumed
        self.unit_cost = cost / quantity
        return cost

    def _known(self, estimate: Decimal) -> Decimal:
        return estimate if self.unit_cost is None else self.unit_cost


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


class Valuation:
    """Values what one operation moves: the costs of its own documents, and of later ones that it changes."""

    def __init__(self, company: Company, staged: Mapping[Key, Change]) -> None:
        self._company = company
        self._before = staged
        self.staged: dict[Key, Change] = dict(staged)
        self.ends: dict[str, Layers] = {}
        """What is left of each item in the end."""

    def run(self) -> dict[Key, Change]:
        """Return what is staged with its costs, and with every other document whose costs change."""
        for item in self._affected():
            self._value(item)
        return self.staged

    def _affected(self) -> list[str]:
        found: dict[str, None] = {}
        for key, (doc, entries) in self._before.items():
            if doc is not None and entries is None:
                continue
            for entry in (*self._posted(key), *(entries or ())):
                if entry.stock is not None:
                    found[entry.stock.item] = None
        return list(found)

    def _value(self, item: str) -> None:
        layers = self._continued(item)
        moves = sorted(self._moves(item, only_new=layers is not None), key=lambda move: move.place)
        layers = Layers() if layers is None else layers
        results: dict[Key, list[tuple[Decimal, Decimal]]] = {}
        order: dict[Key, list[int]] = {}
        for move in moves:
            results.setdefault(move.key, []).append(layers.move(move))
            order.setdefault(move.key, []).append(move.place[-1])
        for key, values in results.items():
            by_index = dict(zip(order[key], values, strict=True))
            entries = self._entries(key)
            valued = tuple(_valued(entries, item, by_index))
            if valued != entries or self.staged.get(key, (None, None))[1] is not None:
                doc = self.staged[key][0] if key in self.staged else self._company.get(*key)
                self.staged[key] = (doc, valued)
        self.ends[item] = layers

    def _continued(self, item: str) -> Layers | None:
        """Return the layers as the last movement left them, if all that is staged is new and comes after it."""
        end: Layers | None = self._company.stock.get(item)
        if end is None or end.last is None:
            return None
        for key, (_, entries) in self._before.items():
            if any(entry.stock is not None and entry.stock.item == item for entry in self._posted(key)):
                return None
            for move in _moves_of(key, self._day(key), entries or (), item):
                if move.place <= end.last:
                    return None
        return end.copy()

    def _moves(self, item: str, *, only_new: bool) -> Iterator[Move]:
        # What another item's costs changed is staged meanwhile, but its movements of this item are no new ones.
        changes = self._before if only_new else self.staged
        keys: dict[Key, None] = dict.fromkeys(key for key, (_, entries) in changes.items() if entries)
        if not only_new:
            keys.update(dict.fromkeys(self._company.ledger.stock_of(item)))
        for key in keys:
            yield from _moves_of(key, self._day(key), self._entries(key), item)

    def _entries(self, key: Key) -> tuple[Entry, ...]:
        doc, entries = self.staged.get(key, (self._company.get(*key), None))
        if doc is None:
            return ()
        return self._posted(key) if entries is None else entries

    def _posted(self, key: Key) -> tuple[Entry, ...]:
        posting = self._company.ledger.posting(*key)
        return () if posting is None else posting.entries

    def _day(self, key: Key) -> str:
        doc, entries = self.staged.get(key, (None, None))
        if doc is not None and entries is not None:
            return str(doc["TxnDate"])
        posting = self._company.ledger.posting(*key)
        return "" if posting is None else posting.day


def _moves_of(key: Key, day: str, entries: Sequence[Entry], item: str) -> Iterator[Move]:
    for index, entry in enumerate(entries):
        stock = entry.stock
        if stock is not None and stock.item == item and stock.quantity:
            yield Move(key, (day, key[0] != "Item", stock.quantity < 0, int(key[1]), index), entry, stock)


def _valued(entries: Sequence[Entry], item: str, values: Mapping[int, tuple[Decimal, Decimal]]) -> Iterator[Entry]:
    """Yield a document's entries with the costs of its movements of an item; the costs of before are left out."""
    for index, entry in enumerate(entries):
        stock = entry.stock
        if stock is None or stock.item != item:
            yield entry
            continue
        if not stock.quantity:
            continue
        value, correction = values[index]
        follows = StockMove(item, ZERO)
        if stock.at_cost:
            yield replace(entry, amount=value)
            yield replace(entry, account=stock.contra, amount=ZERO - value, stock=follows)
        else:
            yield entry
        if correction:
            plain = replace(entry, stock=follows, foreign=None if entry.foreign is None else ZERO)
            yield replace(plain, amount=ZERO - correction)
            yield replace(plain, account=stock.contra, amount=correction)


def layers_of(company: Company, item: Doc) -> tuple[Layers, dict[Key, tuple[Entry, ...]]]:
    """Return what all movements together leave of an item, and how each document would be valued from scratch."""
    keys = list(company.ledger.stock_of(item["Id"]))
    found = [(key, company.ledger.posting(*key)) for key in keys]
    postings = {key: posting for key, posting in found if posting is not None}
    moves = [
        move for key, posting in postings.items() for move in _moves_of(key, posting.day, posting.entries, item["Id"])
    ]
    layers = Layers()
    values: dict[Key, dict[int, tuple[Decimal, Decimal]]] = {}
    for move in sorted(moves, key=lambda move: move.place):
        values.setdefault(move.key, {})[move.place[-1]] = layers.move(move)
    return layers, {
        key: tuple(_valued(posting.entries, item["Id"], values.get(key, {}))) for key, posting in postings.items()
    }


def assert_stock(company: Company) -> None:
    """Raise AssertionError unless inventory accounts hold what the layers of each item are worth."""
    for item in company.table("Item"):
        if item["Type"] != "Inventory":
            continue
        layers, valued = layers_of(company, item)
        worth = quantity = ZERO
        for key, entries in valued.items():
            posting = company.ledger.posting(*key)
            if posting is None or entries != posting.entries:
                raise AssertionError(f"{key} moves item {item['Id']} at another cost than its layers")
            for entry in entries:
                if entry.stock is not None and entry.stock.item == item["Id"]:
                    quantity += entry.stock.quantity
                    worth += entry.amount if entry.account == item["AssetAccountRef"]["value"] else ZERO
        if (quantity, worth) != (layers.quantity, layers.value):
            raise AssertionError(f"item {item['Id']}: {quantity} worth {worth}, its layers {layers}")
        if company.ledger.on_hand(item["Id"]) != quantity:
            raise AssertionError(f"item {item['Id']}: {company.ledger.on_hand(item['Id'])} on hand, moved {quantity}")
        if not quantity and not layers.short and worth:
            raise AssertionError(f"item {item['Id']}: nothing on hand is worth {worth}")
