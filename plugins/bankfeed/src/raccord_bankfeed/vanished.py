"""Lines that a provider told before and tells no more, though it tells those of days before and after: taken back.

That is so only of roads that always tell all of the days they are asked for, each line by an id for good
(``TELL_ALL``). The day must lie between the first and the last line of the account in the answer, for a bank that
cannot be reached tells nothing, and an answer may be cut at either end. Core withdraws what is not posted, and asks
about what is; a line that comes back is itself again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from raccord.plugin import FileBox, SourceFile
from raccord_bankfeed.pairing import Entry
from raccord_bankfeed.placing import Places, placed_lines
from raccord_bankfeed.readers import TELL_ALL
from raccord_bankfeed.readers.told import Known
from raccord_bankfeed.seen_files import LINES_MAX, files_before, files_seen

FILES_MAX = 100
"""So many files before the one that is read are looked at."""


def vanished_in(
    files: FileBox,
    source: SourceFile,
    known: Known,
    said: str,
    names: Mapping[str, str],
    places: Places,
    replaced: Collection[str] = (),
) -> Sequence[Entry]:
    """Return the lines of files before that a file lacks, of days that it has; what others ``replaced`` went on."""
    road = files_seen.road(source)
    mine = None
    if road in TELL_ALL:
        mine = placed_lines(files_seen.of(source, known, said, names), source, names, places)
    if mine is None:
        return ()
    here = {entry.id for entry in mine.entries} | mine.pending | {*replaced}
    earlier = [each for each in files_before(files, source.number) if files_seen.road(each) == road]
    found: dict[str, Entry] = {}
    size = len(mine.entries)
    for each in reversed(earlier[-FILES_MAX:]):
        lines = placed_lines(files_seen.of(each, known, said, names), each, names, places)
        size += 0 if lines is None else len(lines.entries)
        if size > LINES_MAX:
            break
        for entry in () if lines is None else lines.entries:
            if entry.id not in here and mine.days.cover(entry) and mine.days.state(entry):
                found.setdefault(entry.id, entry)
    return sorted(found.values(), key=lambda entry: (entry.day, entry.id))
