"""Pages of records out of the files that arrived, one file after the other, each read once.

The cursor says how many events of which file are done. A reader that stopped at the end of a page is kept for the next
one; where it is gone (another process), the file is read again from its beginning, once, to know how many equal lines
stand before. What is kept depends on the file's bytes alone.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, islice
from threading import Lock

from raccord.plugin import PAGE_RECORDS_MAX, FetchContext, Page, Record, Reject, SourceFile, SourceRefused, Text
from raccord_bankfeed.identity import Identities
from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Reader
from raccord_bankfeed.records import maker
from raccord_bankfeed.settings import BankFeedSettings, InputKind

_KEPT_MAX = 4


@dataclass(frozen=True, slots=True)
class _Place:
    """``events`` of file ``file`` are done; ``None``: all of them."""

    file: int
    events: int | None

    @classmethod
    def read(cls, cursor: str | None) -> _Place:
        if cursor is None:
            return cls(0, None)
        value = json.loads(cursor)
        return cls(int(value["file"]), None if value["events"] is None else int(value["events"]))

    def write(self) -> str:
        return json.dumps({"file": self.file, "events": self.events})


@dataclass(slots=True)
class _Reading:
    """A file that is read up to somewhere."""

    reader: Reader
    done: int = 0
    identities: Identities = field(default_factory=Identities)
    put_back: Record | Reject | None = None
    """Made already, but not in the page that ended: its id stands there, and a page holds an id once."""


class _Kept:
    """Readings that stopped at the end of a page, the last few of them."""

    def __init__(self) -> None:
        self._readings: OrderedDict[tuple[str, str, int], _Reading] = OrderedDict()
        self._lock = Lock()

    def take(self, sha256: str, stream: str, done: int) -> _Reading | None:
        with self._lock:
            return self._readings.pop((sha256, stream, done), None)

    def keep(self, sha256: str, stream: str, reading: _Reading) -> None:
        with self._lock:
            self._readings[sha256, stream, reading.done] = reading
            while len(self._readings) > _KEPT_MAX:
                self._readings.popitem(last=False)


_kept = _Kept()
"""Process-wide, because core calls a hook for each page; it holds nothing but what the bytes of a file say."""


def next_page(context: FetchContext, stream: str, cursor: str | None) -> Page:
    """Return the next page of ``stream``: of the file begun, or of the first later file that has something to say."""
    place = _Place.read(cursor)
    while (source := _source(context, place)) is not None:
        done = place.events if place.events is not None and source.number == place.file else 0
        records, rejects, place = _read(context, source, stream, done)
        if records or rejects:
            return Page(
                records, place.write(), place.events is not None or _source(context, place) is not None, rejects
            )
    return Page((), None if place.file == 0 else place.write(), more=False)


def _source(context: FetchContext, place: _Place) -> SourceFile | None:
    if place.events is not None:
        return context.files.after(place.file - 1)
    found = context.files.after(place.file)
    settings = context.settings
    if found is None and isinstance(settings, BankFeedSettings) and settings.input_kind is InputKind.FOLDER:
        _scan(context, settings.folder)
        found = context.files.after(place.file)
    return found


def _scan(context: FetchContext, folder: str) -> None:
    try:
        context.files.scan(folder)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise SourceRefused(
            Text(
                f"Le dossier « {folder} » ne se lit pas ({why}). Vérifiez qu’il existe et que Raccord peut y lire, ou "
                "corrigez-le dans les réglages.",
                f"The folder “{folder}” cannot be read ({why}). Check that it exists and that Raccord may read it, or "
                "correct it in the settings.",
            )
        ) from error


def _read(
    context: FetchContext, source: SourceFile, stream: str, done: int
) -> tuple[list[Record], list[Reject], _Place]:
    with source.open() as opened:
        reading = _kept.take(source.sha256, stream, done) if done else None
        reading = reading or _Reading(reader_for(opened))
        with closing(reading.reader.events(opened)) as events:
            make = maker(source, stream, reading.identities, context.home_currency)
            for event in islice(events, done - reading.done):
                make(event)
                reading.done += 1
            records, rejects, ended = _collect(reading, map(make, events))
    if ended:
        return records, rejects, _Place(source.number, None)
    _kept.keep(source.sha256, stream, reading)
    return records, rejects, _Place(source.number, reading.done)


def _collect(reading: _Reading, made: Iterator[Record | Reject | None]) -> tuple[list[Record], list[Reject], bool]:
    """Fill a page; it ends early before an id that it holds already, so that core sees the line again as unchanged."""
    records: dict[str, Record] = {}
    rejects: list[Reject] = []
    first = () if reading.put_back is None else (reading.put_back,)
    reading.put_back = None
    for one in chain(first, made):
        if isinstance(one, Record):
            if one.source_id in records:
                reading.put_back = one
                return list(records.values()), rejects, False
            records[one.source_id] = one
        elif one is not None:
            rejects.append(one)
        reading.done += 1
        if len(records) + len(rejects) >= PAGE_RECORDS_MAX:
            return list(records.values()), rejects, False
    return list(records.values()), rejects, True
