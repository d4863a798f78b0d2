"""What shows once all of a file was read: series of statements, lines that it corrects, or lines taken back, and what
was taken for those.

There may be more of it than a page holds. Each has a mark, by which the next page goes on behind the last one told:
they stand in an order that no page changes, lines taken back before those that are free then, and of an account's
series the record that keeps it after its questions, which it would answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from raccord.plugin import FetchContext, Record, SourceFile
from raccord_bankfeed.crossing import freed_in
from raccord_bankfeed.placing import Places, placed_lines
from raccord_bankfeed.readers import TAKE_BACK, TELL_ALL
from raccord_bankfeed.readers.told import SEPARATE, Known
from raccord_bankfeed.records import LINES, STATEMENTS, FileState, freed_record, vanished_record
from raccord_bankfeed.seen_files import files_seen
from raccord_bankfeed.series import id_of
from raccord_bankfeed.vanished import vanished_in

_GONE, _FREED, _CORRECTED = "gone ", "freed ", "corrected "


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file all of which was read, and what its reading rested on."""

    source: SourceFile
    stream: str
    state: FileState
    known: Known
    said: str
    """What people had said, as a digest."""
    names: Mapping[str, str]
    """Those that accounts were given, by their keys."""
    places: Places


def told_last(context: FetchContext, file: ReadFile, after: str) -> Iterator[tuple[str, Record]]:
    """Yield what a file tells at its end, each with its mark, behind the one marked ``after``; all where none is."""
    if file.stream == STATEMENTS:
        series = file.state.series
        earlier = {place: context.kept(STATEMENTS, id_of(place)) for place in series.found}
        records = series.records(STATEMENTS, earlier, context.starts_on)
        for one in records[_behind([each.source_id for each in records], after) :]:
            yield one.source_id, one
        return
    corrected = file.state.corrected
    marks = [_CORRECTED + id_ for id_ in corrected]
    for mark in marks[_behind(marks, after) :]:
        yield mark, corrected[mark.removeprefix(_CORRECTED)]
    road = files_seen.road(file.source)
    if file.state.asked or road not in TAKE_BACK:
        return
    if road in TELL_ALL:
        yield from _vanished(context, file, after)
        return
    lines = placed_lines(files_seen.of(file.source, file.known, file.said, file.names), file.source, file.names,
                         file.places)  # fmt: skip
    if lines is not None and lines.gone:
        yield from _freed(context, file, lines.gone, after)


def _vanished(context: FetchContext, file: ReadFile, after: str) -> Iterator[tuple[str, Record]]:
    # What was said to be another line than the new one is not that one; then it is told no more.
    lines = file.state.replacing.lines.values()
    replaced = {each.id for each in lines if not file.known.says(each.answer, SEPARATE)}
    vanished = vanished_in(context.files, file.source, file.known, file.said, file.names, file.places, replaced)
    told = bool(after)
    if not after.startswith(_FREED):
        marks = [_GONE + each.id for each in vanished]
        begins = _behind(marks, after)
        for mark, entry in zip(marks[begins:], vanished[begins:], strict=True):
            earlier = context.kept(LINES, entry.id)
            one = vanished_record(entry, earlier) if earlier else None
            if one is not None:
                told = True
                yield mark, one
    if told:
        yield from _freed(context, file, {each.id for each in vanished}, after)


def _freed(context: FetchContext, file: ReadFile, gone: set[str], after: str) -> Iterator[tuple[str, Record]]:
    freed = freed_in(context.files, file.source, file.known, file.said, file.names, file.places, gone)
    marks = [_FREED + each.entry.id for each in freed]
    begins = _behind(marks, after)
    for mark, (entry, twin) in zip(marks[begins:], freed[begins:], strict=True):
        earlier = context.kept(LINES, entry.id)
        one = None if earlier is None else freed_record(entry, earlier, twin, gone, context.home_currency)
        if one is not None:
            yield mark, one


def _behind(marks: Sequence[str], after: str) -> int:
    """Return where to go on; from the beginning where the mark is gone: what was told already is not told again."""
    return marks.index(after) + 1 if after in marks else 0
