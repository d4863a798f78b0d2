"""Pages of records out of the files that arrived, one file after the other, each read once.

The cursor says how many events of which file are done. A reader that stopped at the end of a page is kept for the next
one; where it is gone (another process), the file is read again from its beginning, once, to know how many equal lines
stand before. What is kept depends on the bytes of the file and of those before it, on what people said of files (the
settings), and on what other connections told: the cursor says on which (``rests_on``), for connections may read one
file in turns, and have other files before it.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from itertools import chain, islice
from threading import Lock

from raccord.plugin import (
    PAGE_RECORDS_MAX,
    FetchContext,
    FileBox,
    Page,
    Record,
    Reject,
    SourceFile,
    SourceRefused,
    Text,
)
from raccord_bankfeed.corrections import Corrections, corrected_in
from raccord_bankfeed.crossing import answer_key, twins_of
from raccord_bankfeed.elsewhere import ELSEWHERE, all_bring_still
from raccord_bankfeed.identity import NOTHING_TAKEN, Identities, plain_taken
from raccord_bankfeed.placed import placed
from raccord_bankfeed.placing import Place, Places
from raccord_bankfeed.providers.roads import PROVIDERS
from raccord_bankfeed.providers.sweep import Sweep, sweep_on
from raccord_bankfeed.readers import TAKE_BACK, reader_for
from raccord_bankfeed.readers.contract import Reader
from raccord_bankfeed.readers.packed import opened
from raccord_bankfeed.readers.told import SAME, SEPARATE, Known
from raccord_bankfeed.records import LINES, FileState, maker
from raccord_bankfeed.replacing import NOTHING_REPLACED, replaced_in
from raccord_bankfeed.seen_files import files_before, files_seen
from raccord_bankfeed.settings import BankFeedSettings, InputKind
from raccord_bankfeed.told_last import ReadFile, told_last

_KEPT_MAX = 4
COMPARED = 1
"""Raised where accounts of files come to be compared that were not before: those that were read are compared once."""


@dataclass(frozen=True, slots=True)
class _Place:
    """``events`` of file ``file`` are done; ``None``: all of them."""

    file: int
    events: int | None
    waits: int = 0
    """The first file of which a person has to say something; 0 where none waits."""
    known: str = ""
    """What people had said when that was found, as a digest."""
    sweep: Sweep = field(default_factory=Sweep)
    """How far a provider was asked; nothing yet where files come another way."""
    compared: int = COMPARED
    """By which version the accounts of the files that are done were compared with one another."""
    rests_on: str = ""
    """What the reading of the file that is not done yet rests on beside its bytes, as a digest."""
    left: int = 0
    """The first file of which an account was left to another connection; 0 where none was."""
    left_to: tuple[str, ...] = ()
    """The keys of such accounts."""
    told: str = ""
    """The mark of the last of what the file that is not done yet tells at its end; empty before its end is reached."""
    between: int = 0
    """The last file that came between others which were read before it, for which those were read again; 0: none."""

    @classmethod
    def read(cls, cursor: str | None, known: str) -> _Place:
        """Go back where people said something new: to the first file that waited, and in a file to its beginning.

        What was taken of those files before comes again under the same ids, which changes nothing.
        """
        if cursor is None:
            return cls(0, None, 0, known)
        value = json.loads(cursor)
        place = cls(
            int(value["file"]),
            None if value["events"] is None else int(value["events"]),
            int(value.get("waits", 0)),
            str(value.get("known", known)),
            Sweep.of(value.get("sweep")),
            int(value.get("compared", 0)),
            str(value.get("rests_on", "")),
            int(value.get("left", 0)),
            tuple(map(str, value.get("left_to", ()))),
            str(value.get("told", "")),
            int(value.get("between", 0)),
        )
        if place.known == known:
            return place
        if place.waits:
            return replace(place, file=place.waits - 1, events=None, waits=0, known=known, told="")
        return replace(place, events=None if place.events is None else 0, waits=0, known=known, told="")

    def write(self, more: bool) -> str:
        """Return the cursor; where nothing more comes now, the next time asks anew."""
        plain: dict[str, object] = {"file": self.file, "events": self.events, "waits": self.waits, "known": self.known}
        plain |= {"compared": self.compared}
        plain |= {"rests_on": self.rests_on} if self.events is not None else {}
        plain |= {"told": self.told} if self.told else {}
        plain |= {"between": self.between} if self.between else {}
        plain |= {"left": self.left, "left_to": self.left_to} if self.left else {}
        said = replace(self.sweep, over=more and self.sweep.over).plain()
        return json.dumps(plain | ({"sweep": said} if said else {}))


@dataclass(slots=True)
class _Reading:
    """A file that is read up to somewhere."""

    reader: Reader
    state: FileState
    rests_on: str
    left_to: tuple[str, ...] = ()
    """The accounts of other connections that lines of it are left to."""
    done: int = 0
    put_back: Record | Reject | None = None
    """Made already, but not in the page that ended: its id stands there, and a page holds an id once."""


class _Kept:
    """Readings that stopped at the end of a page, the last few of them."""

    def __init__(self) -> None:
        self._readings: OrderedDict[tuple[str, str, str, str, int], _Reading] = OrderedDict()
        self._lock = Lock()

    def take(self, source: SourceFile, stream: str, place: _Place) -> _Reading | None:
        """Return the reading that stopped there, of the same file after files that said the same."""
        with self._lock:
            return self._readings.pop((source.sha256, stream, place.known, place.rests_on, place.events or 0), None)

    def keep(self, source: SourceFile, stream: str, known: str, reading: _Reading) -> None:
        with self._lock:
            self._readings[source.sha256, stream, known, reading.rests_on, reading.done] = reading
            while len(self._readings) > _KEPT_MAX:
                self._readings.popitem(last=False)


_kept = _Kept()
"""Process-wide, because core calls a hook for each page."""


def next_page(context: FetchContext, stream: str, cursor: str | None) -> Page:
    """Return the next page of ``stream``: of the file begun, or of the first later file that has something to say."""
    settings = context.settings if isinstance(context.settings, BankFeedSettings) else BankFeedSettings()
    place = start = _Place.read(cursor, settings.said())
    if place.compared < COMPARED and place.events is None:
        place = _compared_since(context, settings, place)
    if place.left and place.events is None and not all_bring_still(partial(context.beside, LINES), place.left_to):
        place = replace(place, file=min(place.file, place.left - 1), left=0, left_to=())
    provider = PROVIDERS.get(settings.input_kind) if stream == LINES else None
    told: Sequence[Reject] = ()
    waiting = place.events is not None or context.files.after(place.file) is not None
    if provider is not None and not waiting and not place.sweep.over:
        sweep, told = sweep_on(context, settings, provider, place.sweep)
        place = replace(place, sweep=sweep)
    again = provider is not None and not place.sweep.over
    while (source := _source(context, place)) is not None:
        records, rejects, place = _read(context, settings, source, stream, place, spare=len(told))
        if records or rejects:
            more = again or place.events is not None or _source(context, place) is not None
            delivery = str(source.number) if stream == LINES else ""
            return Page(records, place.write(more), more, [*told, *rejects], delivery)
    return Page((), None if place == start and cursor is None else place.write(again), again, told)


def _compared_since(context: FetchContext, settings: BankFeedSettings, place: _Place) -> _Place:
    """Go back to the first file whose account is asked about only since it was read; each file is read once for it, up
    to as many lines as are compared.
    """
    places = _places(context, settings, place)
    # The last one first: of its days, and of those before, other connections are asked.
    places.of(place.file)
    for source in files_before(context.files, place.file + 1):
        if places.of(source.number).asked and source.number != place.waits:
            return replace(place, file=source.number - 1, compared=COMPARED)
    return replace(place, compared=COMPARED)


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
    context: FetchContext, settings: BankFeedSettings, source: SourceFile, stream: str, place: _Place, *, spare: int
) -> tuple[list[Record], list[Reject], _Place]:
    """Read on in a file; ``spare`` so many rejects stand on the page already."""
    done = place.events if place.events is not None and source.number == place.file else 0
    reading = _kept.take(source, stream, place) if done else None
    if reading is None:
        reading = _begun(context, settings, source, stream, place)
    with opened(source) as content, closing(reading.reader.events(content)) as events:
        make = maker(
            source, stream, reading.state, context.home_currency, context.starts_on, partial(context.kept, LINES)
        )
        for event in islice(events, done - reading.done):
            make(event)
            reading.done += 1
        records, rejects, ended = _collect(reading, map(make, events), spare)
    waits = _waits(place.waits, source, settings, reading.state)
    place = _left(place, source, reading.left_to)
    told, torn = place.told if done else "", 0
    if ended:
        places, names = _places(context, settings, place), dict(settings.account_names())
        file = ReadFile(source, stream, reading.state, _known(context, settings), place.known, names, places)
        told, ended = _tell_last(records, told_last(context, file, told), told)
        torn = places.torn(source) if ended and stream == LINES else 0
    if ended:
        place = replace(place, file=source.number, events=None, waits=waits, told="")
        return records, rejects, replace(place, file=torn - 1, between=source.number) if torn else place
    _kept.keep(source, stream, place.known, reading)
    rests_on = reading.rests_on
    place = replace(place, file=source.number, events=reading.done, waits=waits, rests_on=rests_on, told=told)
    return records, rejects, place


def _begun(
    context: FetchContext, settings: BankFeedSettings, source: SourceFile, stream: str, place: _Place
) -> _Reading:
    """Begin to read a file."""
    known, names = _known(context, settings), dict(settings.account_names())
    places = _places(context, settings, place)
    twins, replacing, taken, fixed = {}, NOTHING_REPLACED, NOTHING_TAKEN, Corrections()
    if stream == LINES:
        taken = places.taken(source)
        fixed = corrected_in(context.files, source, known, place.known, names, places)
        twins = twins_of(context.files, source, known, place.known, names, places, fixed.since)
        replacing = replaced_in(context.files, source, known, place.known, names, places, fixed)
    may_be_gone = bool(twins) and any(files_seen.road(each) in TAKE_BACK for each in _all(context.files))
    under, state = places.of(source.number), FileState(twins, replacing, fixed, identities=Identities(taken))
    state.may_be_gone, state.known = may_be_gone, known
    with opened(source) as content:
        left_to = tuple(sorted(key for key in {*under.keys.values()} if key.startswith(ELSEWHERE)))
        return _Reading(placed(reader_for(content, known), under), state, _rests_on(state, under), left_to)


def _tell_last(records: list[Record], told: Iterator[tuple[str, Record]], after: str) -> tuple[str, bool]:
    """Fill a page with what a file tells at its end; return the mark of the last one, and whether that was all."""
    here = {each.source_id for each in records}
    for mark, one in told:
        if len(records) >= PAGE_RECORDS_MAX or one.source_id in here:
            return after, False
        records.append(one)
        here.add(one.source_id)
        after = mark
    return after, True


def _left(place: _Place, source: SourceFile, left_to: tuple[str, ...]) -> _Place:
    """Note that accounts of a file were left to other connections: once one brings nothing more, it is read again."""
    if not left_to:
        return place
    first = min(filter(None, (place.left, source.number)))
    return replace(place, left=first, left_to=tuple(sorted({*place.left_to, *left_to})))


def _rests_on(state: FileState, under: Place) -> str:
    """Return a digest of all that a file's records say which its own bytes and people do not."""
    said = (
        sorted(state.twins.items()), sorted(state.replacing.lines.items()), sorted(state.replacing.over),
        sorted(under.keys.items()), under.asked, under.said, sorted(under.were.items()),
        *([plain_taken(state.identities.taken)] if state.identities.taken else ()),
        *([state.corrections.plain()] if state.corrections else ()),
    )  # fmt: skip
    return blake2b(repr(said).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _all(files: FileBox) -> Iterator[SourceFile]:
    found = files.after(0)
    while found is not None:
        yield found
        found = files.after(found.number)


def _known(context: FetchContext, settings: BankFeedSettings) -> Known:
    return replace(settings.known(), today=context.now().date())


def _places(context: FetchContext, settings: BankFeedSettings, place: _Place) -> Places:
    names = dict(settings.account_names())
    return Places(
        context.files,
        _known(context, settings),
        place.known,
        names,
        partial(context.beside, LINES),
        place.between,
        partial(context.kept, LINES),
    )


def _waits(waits: int, source: SourceFile, settings: BankFeedSettings, state: FileState) -> int:
    """Return the first file that is read again when people say something new; 0 where none is."""
    numbers = [waits, source.number if _may_come_again(settings, state) else 0]
    # What was said of a line that replaces one is what becomes of that one, too.
    numbers += [each.file for each in state.replacing.lines.values()]
    return min(filter(None, numbers), default=0)


def _may_come_again(settings: BankFeedSettings, state: FileState) -> bool:
    """Tell whether what a person may say changes how a file is read, or what lines of it and of later ones are."""
    known = settings.known()
    if any(not known.says(answer_key(id_), SAME, SEPARATE) for id_ in state.unsure):
        return True
    return bool(state.asked) or any(settings.is_card(key) is not False for key in state.unproven)


def _collect(
    reading: _Reading, made: Iterator[Record | Reject | None], spare: int
) -> tuple[list[Record], list[Reject], bool]:
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
        if len(records) + len(rejects) + spare >= PAGE_RECORDS_MAX:
            return list(records.values()), rejects, False
    return list(records.values()), rejects, True
