"""The objects of one entity with the indexes that lookups and queries use."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from datetime import datetime

from raccord_sandbox.refusing.faults import Doc

EQUALITY = (
    "DocNumber", "Name", "DisplayName", "FullyQualifiedName", "TxnDate", "CustomerRef", "VendorRef", "ParentRef",
    "PaymentRefNum",
)  # fmt: skip
"""Properties looked up by value, a reference by the id that it names."""
UPDATED = "MetaData.LastUpdatedTime"
LAST_KEY = "\U0010ffff"
"""Sorts behind every id."""


Rank = tuple[int, int, str]


def rank(key: str) -> Rank:
    """Return an id's place among others: words first, then numbers by their value."""
    return (1, int(key), "") if key.isdecimal() else (0, 0, key)


def instant(text: str) -> float:
    """Return a MetaData time as seconds, so that offsets compare rightly."""
    return datetime.fromisoformat(text).timestamp()


def _value(doc: Doc, name: str) -> str | None:
    """Return what an index keeps of a property: text, or the id that a reference names."""
    value = doc.get(name)
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, str) else None


class Table:
    """Objects by id in order of creation; stored objects are never changed in place, only replaced."""

    def __init__(self) -> None:
        self._rows: dict[str, Doc] = {}
        self._serials: dict[str, int] = {}
        self._next_serial = 0
        self._last: Rank = (0, 0, "")
        self._by_id: list[Doc] | None = None
        """The objects by id, where they were not made in that order and nothing changed since."""
        self._is_in_order = True
        self._equal: dict[str, dict[str, dict[str, None]]] = {name: {} for name in EQUALITY}
        self._days: list[str] = []
        self._updated: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Doc]:
        return iter(self._rows.values())

    def get(self, key: str) -> Doc | None:
        """Return the stored object; the caller must not change it."""
        return self._rows.get(key)

    def put(self, doc: Doc, serial: int | None = None) -> None:
        """Insert or replace an object; a replaced one keeps its place in the order, a loaded one its `serial`."""
        key = doc["Id"]
        old = self._rows.get(key)
        if old is not None:
            self._unindex(key, old)
        else:
            self._serials[key] = self._next_serial if serial is None else serial
            self._next_serial = self._serials[key] + 1
            self._is_in_order = self._is_in_order and rank(key) > self._last
            self._last = max(self._last, rank(key))
        self._by_id = None
        self._rows[key] = doc
        for name in EQUALITY:
            value = _value(doc, name)
            if value is not None:
                keys = self._equal[name].setdefault(value.lower(), {})
                if name == "TxnDate" and not keys:
                    insort(self._days, value)
                keys[key] = None
        insort(self._updated, (instant(doc["MetaData"]["LastUpdatedTime"]), key))

    def drop(self, key: str) -> None:
        """Remove an object."""
        self._unindex(key, self._rows.pop(key))
        self._by_id = None
        del self._serials[key]

    def by_id(self) -> Iterable[Doc]:
        """Return the objects in the order of their ids, as the service answers."""
        if self._is_in_order:
            return self._rows.values()
        if self._by_id is None:
            self._by_id = sorted(self._rows.values(), key=lambda doc: rank(doc["Id"]))
        return self._by_id

    def in_order(self, keys: Iterable[str]) -> list[str]:
        """Return ids of objects in the order of `by_id`, each once."""
        return sorted(dict.fromkeys(keys), key=self._serials.__getitem__ if self._is_in_order else rank)

    def having(self, name: str, value: str) -> Iterable[str]:
        """Return the ids whose indexed property equals `value`, case ignored."""
        return self._equal[name].get(value.lower(), {}).keys()

    def dated(self, first: str, last: str) -> Iterator[str]:
        """Yield the ids with a TxnDate from `first` to `last`, both included."""
        for day in self._days[bisect_left(self._days, first) : bisect_right(self._days, last)]:
            yield from self._equal["TxnDate"][day]

    def updated(self, since: float, until: float) -> list[str]:
        """Return the ids last updated from `since` to `until`, both included."""
        return [key for _, key in self._updated[slice(*self._updated_between(since, until))]]

    def count_dated(self, first: str, last: str) -> int:
        """Return how many objects have a TxnDate from `first` to `last`."""
        days = self._days[bisect_left(self._days, first) : bisect_right(self._days, last)]
        return sum(len(self._equal["TxnDate"][day]) for day in days)

    def count_updated(self, since: float, until: float) -> int:
        """Return how many objects were last updated from `since` to `until`."""
        start, end = self._updated_between(since, until)
        return end - start

    def _updated_between(self, since: float, until: float) -> tuple[int, int]:
        return bisect_left(self._updated, (since, "")), bisect_right(self._updated, (until, LAST_KEY))

    def serial(self, key: str) -> int:
        """Return an object's place in the order of creation."""
        return self._serials[key]

    def _unindex(self, key: str, doc: Doc) -> None:
        for name in EQUALITY:
            value = _value(doc, name)
            if value is not None:
                keys = self._equal[name][value.lower()]
                del keys[key]
                if not keys:
                    del self._equal[name][value.lower()]
                    if name == "TxnDate":
                        del self._days[bisect_left(self._days, value)]
        spot = (instant(doc["MetaData"]["LastUpdatedTime"]), key)
        del self._updated[bisect_left(self._updated, spot)]
