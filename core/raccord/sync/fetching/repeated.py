"""What a run's deliveries repeated of what was known, so that a line under a new id can be told from one that is new.

Kept with the run, of each delivery that its connector tells apart (a file), else of all of it: of each of the source's
accounts how many records came again, which days each page has, and which known records came on one page with new ones
of their amount.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from raccord.plugin.records import Record
from raccord.store.models import Run

REPEATED = "repeated"
"""Under this name a run's progress keeps it, by stream."""
TWIN = "twin"
"""Under this name a record may say which other of its connection it is, or may be: ``{"id": …}``."""
BESIDE_MAX = 5000
"""Known records that are kept by name; of further ones it counts as not told that they came again."""
PAGES_MAX = 1000
DELIVERIES, DELIVERIES_MAX = "deliveries", 1000
"""Under which name those that are told apart are kept, and how many, the last ones."""


CARD, FIELDS = "card", "fields"
"""What a record says of its account's kind, and under which name it says what its source wrote of it."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card as a record names it: by the last of its number, and the names of what its source wrote of the line."""

    number: str = ""
    written: frozenset[str] = frozenset()

    def is_not(self, other: Card) -> bool:
        """Tell whether two cards are two: files that are written alike give them other numbers.

        Files of another kind may name a card's account instead of the card.
        """
        numbers = {self.number, other.number}
        alike = 2 * len(self.written & other.written) > min(len(self.written), len(other.written))
        return len(numbers) == 2 and all(numbers) and alike


NO_CARD = Card()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a run brought of one stream, or one of its deliveries."""

    accounts: Mapping[str, int]
    """How many known records came again, by the source's account; empty where it names none."""
    beside: frozenset[str]
    """The ids of those that came on a page with a new one of their amount."""
    pages: Sequence[tuple[date, date]]
    """The first and the last day of each page."""

    def has(self, day: date) -> bool:
        """Tell whether one page has a day whole: lines of days before and after it."""
        return any(first < day < last for first, last in self.pages)

    def reaches(self, day: date) -> bool:
        """Tell whether a day lies between the first and the last of a page."""
        return any(first <= day <= last for first, last in self.pages)

    def covers(self, day: date, other: date) -> bool:
        """Tell whether one page has both days, and more before the first of them."""
        return any(first < min(day, other) and max(day, other) <= last for first, last in self.pages)


def account_in(raw: Mapping[str, Any]) -> str:
    """Return which account a record says that it is of; empty where it says none."""
    said = raw.get("account")
    return said if isinstance(said, str) else ""


def card_in(raw: Mapping[str, Any]) -> Card:
    """Return of which card a record says that it is; of none, or one without a number, nothing."""
    number, fields = raw.get("account_number"), raw.get(FIELDS)
    if raw.get("account_kind") != CARD or not isinstance(number, str) or not isinstance(fields, Mapping):
        return NO_CARD
    return Card(number, frozenset(fields))


def twin_in(raw: Mapping[str, Any]) -> str:
    """Return the id of the record that a record says it is, or may be; empty where it says none."""
    twin = raw.get(TWIN)
    said = twin.get("id") if isinstance(twin, Mapping) else None
    return said if isinstance(said, str) else ""


def brought_by(run_id: str, delivery: str) -> str:
    """Return by what a record was brought: by a run, or by the one of its deliveries that its connector told apart."""
    return f"{run_id}/{delivery}" if delivery else run_id


def note(run: Run, stream: str, records: Iterable[Record], known: Collection[str], delivery: str = "") -> None:
    """Add a page to what a run keeps; ``known`` are the ids of those that came again."""
    page = list(records)
    if not page:
        return
    of_stream = run.progress.get(REPEATED, {}).get(stream, {})
    if delivery:
        several = dict(of_stream.get(DELIVERIES, ()))
        several[delivery] = _with(several.get(delivery, {}), page, known)
        of_stream = {**of_stream, DELIVERIES: _last(several)}
    else:
        of_stream = {**of_stream, **_with(of_stream, page, known)}
    run.progress = {**run.progress, REPEATED: {**run.progress.get(REPEATED, {}), stream: of_stream}}


def _with(said: Mapping[str, Any], page: Sequence[Record], known: Collection[str]) -> dict[str, Any]:
    accounts = Counter(said.get("accounts", {}))
    accounts.update(account_in(record.raw) for record in page if record.source_id in known)
    new = {_moved(record) for record in page if record.source_id not in known and record.amount is not None}
    beside = [each.source_id for each in page if each.source_id in known and _moved(each) in new]
    days = [record.day.isoformat() for record in page]
    return {
        "accounts": dict(accounts),
        "beside": [*said.get("beside", []), *beside][:BESIDE_MAX],
        "pages": [*said.get("pages", []), [min(days), max(days)]][-PAGES_MAX:],
    }


def _last(deliveries: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return as many of the last deliveries as a run keeps."""
    kept: list[tuple[str, Mapping[str, Any]]] = []
    beside = 0
    for name, said in reversed([*deliveries.items()][-DELIVERIES_MAX:]):
        beside += len(said["beside"])
        if kept and beside > BESIDE_MAX:
            break
        kept.append((name, said))
    return kept[::-1]


def delivery_of(run: Run, stream: str, delivery: str = "") -> Delivery | None:
    """Return what a run brought of a stream, or one of its deliveries; nothing where it was not kept."""
    said = run.progress.get(REPEATED, {}).get(stream)
    if said is not None and delivery:
        said = dict(said.get(DELIVERIES, ())).get(delivery)
    if said is None or "pages" not in said:
        return None
    pages = [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in said["pages"]]
    return Delivery(said["accounts"], frozenset(said["beside"]), pages)


def _moved(record: Record) -> tuple[str, str]:
    return account_in(record.raw), "" if record.amount is None else str(record.amount.amount.normalize())
