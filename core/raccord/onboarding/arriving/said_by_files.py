"""What some of a connection's files say, read as if no other file had ever arrived; nothing of it is kept.

A connector that looks back sees what was kept of a record where none of these files has said it yet: so it will once
they are read again without the others, and what stays of an account stays of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from raccord.guard import PluginFault
from raccord.plugin.contexts import FileBox
from raccord.plugin.contexts import SourceFile as File
from raccord.plugin.errors import ConnectorError
from raccord.plugin.money import Money
from raccord.plugin.records import JSON, Record
from raccord.plugin.texts import Text
from raccord.sync.bodies import dump_raw, record_hash
from raccord.sync.fetching.file_guard import GuardedFileBox
from raccord.sync.fetching.repeated import twin_in
from raccord.sync.fetching.told_as import Moved, Place, exchanged_in
from raccord.sync.resolving.views import FetchView
from raccord.sync.storable import why_not
from raccord.sync.workshop import Bench

PAGES_MAX = 20_000
"""Of a stream; a source that has more is not read to its end here."""

_TOO_MANY = Text("Il y a plus d'opérations que l'on ne peut relire.", "There are more records than can be read again.")


class SomeFiles:
    """A file box that holds some files of another, by their numbers, and takes in no other."""

    def __init__(self, box: FileBox, held: Collection[int]) -> None:
        self._box, self._held = box, sorted(held)

    def receive(self, name: str, content: BinaryIO, *, origin: str) -> bool:
        return False

    def scan(self, folder: str) -> int:
        return 0

    def has(self, name: str, size: int) -> bool:
        return True

    def after(self, number: int) -> File | None:
        # From one of ours to the next: a connection of years has many others between them.
        for held in self._held[bisect_right(self._held, number) :]:
            found = self._box.after(held - 1)
            if found is None or found.number == held:
                return found
        return None


@dataclass(slots=True)
class Said:
    """What files say once all of them were read."""

    hashes: dict[Place, str] = field(default_factory=dict)
    """Of each record its content as it was said last."""
    money: dict[Place, tuple[date, Money]] = field(default_factory=dict)
    """Those that move money, with the day and what they were first said to move."""
    moved: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    """What came in and what went out, by currency."""
    questions: dict[Place, Mapping[str, JSON]] = field(default_factory=dict)
    """What is asked about the files, answered or not."""
    accounts: dict[Place, str] = field(default_factory=dict)
    """The source's account of each record that says one."""
    twins: set[Place] = field(default_factory=set)
    """Those that move nothing because another record tells the same."""
    brought: dict[Place, set[str]] = field(default_factory=dict)
    """By which deliveries each was told, where the connector says so: a file is one."""
    rejects: set[tuple[str, str]] = field(default_factory=set)
    """Code and place of each row that cannot be read."""
    told: frozenset[Place] = frozenset()
    """The records under the ids under which they are told; all others stand under those under which they are kept."""
    told_as: dict[Place, Place] = field(default_factory=dict)
    """Those that are kept under another id than they are told under, each with the one that is told."""
    stopped: Text | None = None
    """Why they were not read to their end."""
    _raws: dict[Place, Mapping[str, JSON]] = field(default_factory=dict)
    _as_of: dict[Place, datetime | None] = field(default_factory=dict)

    def kept(self, stream: str, source_id: str) -> Mapping[str, JSON] | None:
        """Return what was said of a record so far, for a connector that looks back."""
        return self._raws.get((stream, source_id))

    def take(self, record: Record, delivery: str = "") -> None:
        """Take in a record; an older word does not count against a newer one."""
        place = record.stream, record.source_id
        if delivery:
            self.brought.setdefault(place, set()).add(delivery)
        before = self._as_of.get(place)
        if place in self.hashes and record.as_of is not None and before is not None and record.as_of < before:
            return
        self.hashes[place] = record_hash(record, dump_raw(record.raw))
        self._raws[place], self._as_of[place] = record.raw, record.as_of
        if "question" in record.raw:
            self.questions[place] = record.raw
        if account := str(record.raw.get("account") or ""):
            self.accounts[place] = account
        if record.amount is None and twin_in(record.raw):
            self.twins.add(place)
        if record.amount is not None and place not in self.money:
            self.money[place] = record.day, record.amount
            came, went = self.moved.get(record.amount.currency, (Decimal(0), Decimal(0)))
            amount = record.amount.amount
            self.moved[record.amount.currency] = came + max(amount, Decimal(0)), went + min(amount, Decimal(0))

    def keep_under(self, moved: Iterable[Moved]) -> None:
        """Have all records stand under the ids under which they are kept, once all was read."""
        self.told = frozenset(self.hashes)
        names = exchanged_in(self.told, moved)
        if not names:
            return
        self.told_as = {kept: told for told, kept in names.items()}
        self.hashes = {names.get(place, place): said for place, said in self.hashes.items()}
        self.money = {names.get(place, place): said for place, said in self.money.items()}
        self.accounts = {names.get(place, place): said for place, said in self.accounts.items()}
        self.twins = {names.get(place, place) for place in self.twins}
        self.brought = {names.get(place, place): by for place, by in self.brought.items()}
        self.questions = {names.get(place, place): said for place, said in self.questions.items()}


def said_by(bench: Bench, view: FetchView, box: FileBox, held: Collection[int], moved: Iterable[Moved] = ()) -> Said:
    """Read some files of a box, by their numbers, in every stream of their connector.

    ``moved`` are the records of the connection that are kept under another id than they are told under.
    """
    said = Said()
    may_read = bench.workshop.settings.may_read

    def kept(stream: str, source_id: str) -> Mapping[str, JSON] | None:
        # What these files said before is what they go on from when they are read again without the others.
        return said.kept(stream, source_id) or view.read(stream, source_id)

    own: Any = replace(view, files=GuardedFileBox(SomeFiles(box, held), may_read), read=kept)
    for stream in bench.scope.info.streams:
        cursor, more = None, True
        for _ in range(PAGES_MAX):
            if not more:
                break
            try:
                page = bench.scope.fetch(own, stream.name, cursor)
            except (PluginFault, ConnectorError) as error:
                said.stopped = error.text
                break
            for record in page.records:
                if why_not(record) is None:
                    said.take(record, page.delivery)
            said.rejects.update((reject.code, reject.where) for reject in page.rejects)
            cursor, more = page.cursor, page.more
        else:
            said.stopped = _TOO_MANY
    said.keep_under(moved)
    return said
