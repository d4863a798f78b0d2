"""A connector on one made-up source: what it reads and makes of it, each thing asked once and kept for all rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from zoneinfo import ZoneInfo

from pydantic import BaseModel, SecretStr, ValidationError

from raccord.plugin.contract import map_transaction
from raccord.plugin.days import MIDNIGHT
from raccord.plugin.hooks import Mapped, Skipped
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.records import JSON, Page, Record, Reject
from raccord.plugin.terms import TermTable
from raccord.plugin.testing.contexts import FakeFetchContext, FakeMapContext, FixedClock, NoHttp
from raccord.plugin.testing.files import FileShelf
from raccord.plugin.testing.kit.asking import Asked, asked
from raccord.plugin.testing.kit.watched_http import Change, Trouble, WatchedHttp, hosts_of
from raccord.plugin.testing.trial import Telling, Trial
from raccord.plugin.texts import Language

PAGES_MAX = 2000
Facts = Mapping[tuple[str, str], tuple[date, object, str]]


class NotJudgedError(Exception):
    """Raised where a rule cannot be judged, because what it looks at did not come to be."""


@dataclass(frozen=True, slots=True)
class Turned:
    """One call of ``fetch_records`` and what came of it; ``known`` are the ids of the stream that came before."""

    stream: str
    cursor: str | None
    asked: Asked[Page | None]
    known: frozenset[str]
    requests: int = 0

    @property
    def page(self) -> Page | None:
        found = self.asked.answer
        return found if isinstance(found, Page) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What a reading may have otherwise than the trial says."""

    starts_on: date | None = None
    later: timedelta = timedelta(0)
    time_zone: ZoneInfo | None = None
    cut_off: time = MIDNIGHT
    trouble: Trouble | None = None
    changed: Change | None = None
    files_first: Sequence[tuple[str, bytes]] = ()


@dataclass
class Read:
    """All that came of reading a telling: its pages, its records as they came last, and the open source."""

    turns: list[Turned]
    context: FakeFetchContext
    http: WatchedHttp
    box: FileShelf
    kept: dict[tuple[str, str], Mapping[str, JSON]]
    requests: int = 0
    """How many requests the reading took."""
    closely: bool = False
    """Whether it is noted what its pages ask of clock and chance."""

    @property
    def pages(self) -> Iterator[tuple[Turned, Page]]:
        return ((turn, turn.page) for turn in self.turns if turn.page is not None)

    @cached_property
    def records(self) -> list[Record]:
        found: dict[tuple[str, str], Record] = {}
        for _, page in self.pages:
            for record in page.records:
                key = (record.stream, record.source_id)
                old = found.get(key)
                if old is None or old.as_of is None or record.as_of is None or record.as_of >= old.as_of:
                    found[key] = record
        return list(found.values())

    def keep(self, page: Page) -> None:
        """Let ``context.kept`` answer with what a page brought, as core does once the page is committed."""
        for record in page.records:
            self.kept[record.stream, record.source_id] = record.raw

    @property
    def rejects(self) -> list[Reject]:
        return [reject for _, page in self.pages for reject in page.rejects]

    @property
    def error(self) -> Turned | None:
        return next((turn for turn in self.turns if turn.asked.error is not None), None)


@dataclass(slots=True)
class Subject:
    """A connector, its manifest and one trial of it."""

    plugin: ModuleType
    info: ConnectorInfo
    trial: Trial
    folder: Path
    stack: ExitStack
    broken: list[str] = field(default_factory=list)
    """The rules found broken so far."""
    shown: dict[str, str] = field(default_factory=dict)
    """What became of records in this trial and those before it, each kind with the first such record."""
    last: bool = True
    """Whether no other trial of the connector follows."""
    _kept: dict[str, object] = field(default_factory=dict)
    _boxes: int = 0

    def once(self, name: str, make: Callable[[], object]) -> object:
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    @property
    def settings(self) -> BaseModel:
        try:
            return self.info.settings.model_validate(dict(self.trial.values))
        except ValidationError as error:
            raise NotJudgedError("settings.trial") from error

    @property
    def told(self) -> Read:
        """The reading that rules look at: whole, and without an error."""
        read = self.first
        if read.error is not None:
            raise NotJudgedError("fetch.raises")
        if not read.records:
            raise NotJudgedError("trial.records")
        return read

    @property
    def first(self) -> Read:
        """The reading of the trial as it is told, whatever came of it."""
        found = self.once("first", lambda: self.read(self.trial.told, closely=True))
        assert isinstance(found, Read)  # noqa: S101 - for the type checker
        return found

    @property
    def mapped(self) -> list[tuple[Record, Asked[Mapped | Skipped | None]]]:
        """Each record of the trial, as it comes out of the store, with what mapping made of it."""
        found = self.once("mapped", lambda: self._map_told(taxed=False))
        assert isinstance(found, list)  # noqa: S101 - for the type checker
        return found

    @property
    def mapped_taxed(self) -> list[tuple[Record, Asked[Mapped | Skipped | None]]]:
        """The same for a company whose sales lines need a tax code."""
        found = self.once("taxed", lambda: self._map_told(taxed=True))
        assert isinstance(found, list)  # noqa: S101 - for the type checker
        return found

    @property
    def mapped_later(self) -> list[tuple[Record, Asked[Mapped | Skipped | None]]]:
        """Each record as it stands once ``Trial.later`` was read too, with what mapping made of it, by ``Trial.taxed``.

        Nothing where nothing comes later, or where it cannot be read: other rules say so.
        """
        found = self.once("later", self._map_later)
        assert isinstance(found, list)  # noqa: S101 - for the type checker
        return found

    def _map_told(self, *, taxed: bool) -> list[tuple[Record, Asked[Mapped | Skipped | None]]]:
        return [(one, self.map(one, taxed=taxed, closely=True)) for one in map(stored, self.told.records)]

    def _map_later(self) -> list[tuple[Record, Asked[Mapped | Skipped | None]]]:
        if self.trial.later is None or self.told.error is not None:
            return []
        read = self.read(self.trial.told, then=self.trial.later)
        if read.error is not None:
            return []
        return [(one, self.map(one, taxed=self.trial.taxed)) for one in map(stored, read.records)]

    def read(
        self, telling: Telling, where: Where | None = None, then: Telling | None = None, *, closely: bool = False
    ) -> Read:
        """Read all streams of a telling, anew after each file that arrives; a day on, read on from there ``then``."""
        opened = self.open(telling, where or Where())
        opened.closely = closely
        cursors: dict[str, str | None] = {}
        known: dict[str, set[str]] = {}
        self._arrive(opened, telling, cursors, known)
        if then is not None:
            opened.context.clock.advance(timedelta(days=1))
            if then.http is not None:
                opened.http.inner = self.stack.enter_context(then.http())
            self._arrive(opened, then, cursors, known)
        opened.requests = opened.http.requests
        return opened

    def _arrive(
        self, opened: Read, telling: Telling, cursors: dict[str, str | None], known: dict[str, set[str]]
    ) -> None:
        arrivals: Sequence[tuple[str, bytes] | None] = [*telling.files] or [None]
        for arrival in arrivals:
            if arrival is not None:
                opened.box.put(*arrival)
            for stream in self.info.streams:
                self._drain(opened, stream.name, cursors, known.setdefault(stream.name, set()))

    def open(self, telling: Telling, where: Where) -> Read:
        """Open a source without asking it anything yet."""
        self._boxes += 1
        box = FileShelf(self.folder / str(self._boxes), sealed=telling.sealed)
        for name, content in where.files_first:
            box.put(name, content)
        inner = NoHttp() if telling.http is None else self.stack.enter_context(telling.http())
        settings = self.settings
        http = WatchedHttp(inner, hosts_of(self.info.hosts, settings), where.trouble, where.changed)
        kept: dict[tuple[str, str], Mapping[str, JSON]] = {}
        context = FakeFetchContext(
            before=kept,
            files=box,
            http=http,
            settings=settings,
            clock=FixedClock(self.trial.now + where.later),
            time_zone=where.time_zone or self.trial.time_zone,
            cut_off=where.cut_off,
            home_currency=self.trial.home_currency,
            starts_on=where.starts_on or self.trial.starts_on,
            secrets=secrets_of(settings),
        )
        return Read([], context, http, box, kept)

    def turn(
        self, read: Read, stream: str, cursor: str | None, known: frozenset[str] = frozenset(), *, closely: bool = False
    ) -> Turned:
        """Ask for one page."""
        before = read.http.requests
        answer = asked(lambda: self.plugin.fetch_records(read.context, stream, cursor), closely=closely)
        return Turned(stream, cursor, answer, known, read.http.requests - before)

    def go_on(self, read: Read, stream: str, cursor: str | None) -> list[Turned]:
        """Read a stream from a cursor to its end, apart from what was read before."""
        turns: list[Turned] = []
        for _ in range(PAGES_MAX):
            turn = self.turn(read, stream, cursor)
            turns.append(turn)
            if turn.page is None or not turn.page.more or turn.page.cursor == cursor:
                break
            cursor = turn.page.cursor
        return turns

    def _drain(self, read: Read, stream: str, cursors: dict[str, str | None], known: set[str]) -> None:
        for _ in range(PAGES_MAX):
            cursor = cursors.get(stream)
            turn = self.turn(read, stream, cursor, frozenset(known), closely=read.closely)
            read.turns.append(turn)
            page = turn.page
            if page is None:
                return
            known |= {record.source_id for record in page.records}
            read.keep(page)
            cursors[stream] = page.cursor
            if not page.more or page.cursor == cursor:
                return

    def map(
        self,
        record: Record,
        *,
        language: Language = "en",
        taxed: bool = False,
        terms: TermTable | None = None,
        closely: bool = False,
    ) -> Asked[Mapped | Skipped | None]:
        """Ask what becomes of a record."""
        context = FakeMapContext(
            settings=self.settings,
            terms=self.info.terms if terms is None else terms,
            taxed=taxed,
            language=language,
            time_zone=self.trial.time_zone,
            home_currency=self.trial.home_currency,
            starts_on=self.trial.starts_on,
        )
        own = getattr(self.plugin, "map_record", None)

        def ask() -> Mapped | Skipped | None:
            # As in core: what the connector has no answer to is asked of the plain contract.
            found: Mapped | Skipped | None = None if own is None else own(context, record)
            return map_transaction(context, record) if found is None else found

        return asked(ask, closely=closely)


def secrets_of(settings: BaseModel) -> dict[str, str]:
    """Return the secrets among settings, as the vault keeps them."""
    values = ((name, getattr(settings, name)) for name in type(settings).model_fields)
    return {name: value.get_secret_value() for name, value in values if isinstance(value, SecretStr)}


@contextmanager
def opened(plugin: ModuleType, info: ConnectorInfo, trial: Trial) -> Iterator[Subject]:
    """Open a subject whose files and sources go away at the end."""
    with TemporaryDirectory(prefix="raccord-check-") as folder, ExitStack() as stack:
        yield Subject(plugin, info, trial, Path(folder), stack)


def stored(record: Record) -> Record:
    """Return a record as mapping gets it: what the store kept of it, its JSON read back."""
    raw = json.loads(json.dumps(record.raw, default=str), parse_float=Decimal)
    return replace(record, raw=raw, as_of=None, begins_on=None)


def facts(records: Sequence[Record]) -> Facts:
    """Return what must be the same however a source tells it: of each record its day and its amount."""
    return {
        (one.stream, one.source_id): (
            one.day,
            None if one.amount is None else one.amount.amount,
            "" if one.amount is None else one.amount.currency,
        )
        for one in records
    }
