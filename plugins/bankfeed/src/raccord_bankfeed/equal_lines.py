"""How many equal lines a file held so far, in memory that does not grow with the file.

Most files name their days in order, so that what is told of a day is not asked for again once others have come. Beyond
some thousand lines the days that were named last stay at hand and the others are put away: into a database of SQLite's
own for the moment, which goes to disk where it is large and is gone with its connection. A day that comes again is
taken back from there, in whatever order a file names its days; the lines of a day of very many are looked up there.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter
from itertools import chain
from weakref import finalize

AT_HAND_MAX = 8 * 1024
"""So many unlike lines are kept at hand; most files have fewer."""
_MARKS = 512 * 1024
_TABLES = """
CREATE TABLE day (account TEXT, day TEXT, lines BLOB, PRIMARY KEY (account, day)) WITHOUT ROWID;
CREATE TABLE line (account TEXT, day TEXT, line INTEGER, times INTEGER, PRIMARY KEY (account, day, line)) WITHOUT ROWID;
"""
_PUT_DAY = "INSERT OR REPLACE INTO day VALUES (?, ?, ?)"
_GET_DAY = "SELECT lines FROM day WHERE account = ? AND day = ?"
_PUT_LINE = "INSERT OR REPLACE INTO line VALUES (?, ?, ?, ?)"
_GET_LINE = "SELECT times FROM line WHERE account = ? AND day = ? AND line = ?"
_Day = tuple[str, str]
_Lines = dict[int, int]
"""By the digest of what tells a line apart: how often it came."""


class EqualLines:
    """Counts the lines of accounts that are equal by the digest of what tells them apart."""

    def __init__(self) -> None:
        self._at_hand: dict[_Day, _Lines] = {}
        """By account and day, that which was named last at the end."""
        self._size = 0
        self._now: _Day | None = None
        """The day that is being read."""
        self._lines: _Lines = {}
        self._is_large = False
        self._large: set[_Day] = set()
        """The days of which lines are looked up one by one."""
        self._marked = bytearray()
        """By the ends of their digests, lines of large days that were put away: most new lines need no look there."""
        self._away: sqlite3.Connection | None = None

    def count(self, account: str, digest: bytes, day: str = "") -> int:
        """Take a line; return which of the equal ones it is. Where a day is given, the digest tells it."""
        if (account, day) != self._now:
            self._turn_to((account, day))
        lines, key = self._lines, int.from_bytes(digest, signed=True)
        if key in lines:
            lines[key] += 1
            return lines[key]
        times = lines[key] = 1 + (self._times_away(key) if self._is_large else 0)
        self._size += 1
        if 2 * len(lines) > AT_HAND_MAX:
            self._put_lines_away()
        return times

    def _turn_to(self, day: _Day) -> None:
        if self._size >= AT_HAND_MAX:
            self._put_days_away()
        self._now, self._is_large = day, day in self._large
        lines = self._at_hand.pop(day, None)
        if lines is None:
            lines = {} if self._is_large else self._taken_back(day)
            self._size += len(lines)
        self._lines = self._at_hand[day] = lines

    def _taken_back(self, day: _Day) -> _Lines:
        found = None if self._away is None else self._away.execute(_GET_DAY, day).fetchone()
        keys = array("q", b"" if found is None else found[0])
        once = dict.fromkeys(keys, 1)
        return once if len(once) == len(keys) else dict(Counter(keys))

    def _times_away(self, key: int) -> int:
        if not self._marked[key % _MARKS]:
            return 0
        found = self._database().execute(_GET_LINE, (*(self._now or ()), key)).fetchone()
        return 0 if found is None else int(found[0])

    def _put_lines_away(self) -> None:
        """Leave none of the day that is being read at hand."""
        if self._now is not None:
            self._large.add(self._now)
            self._is_large = True
            self._database().execute("BEGIN")
            self._put(self._now, self._lines)
            self._database().execute("COMMIT")
            self._size -= len(self._lines)
            self._lines.clear()

    def _put_days_away(self) -> None:
        """Leave half as many lines at hand."""
        self._database().execute("BEGIN")
        while self._at_hand and 2 * self._size > AT_HAND_MAX:
            day = next(iter(self._at_hand))
            lines = self._at_hand.pop(day)
            self._size -= len(lines)
            self._put(day, lines)
        self._database().execute("COMMIT")

    def _put(self, day: _Day, lines: _Lines) -> None:
        if day in self._large:
            self._marked = self._marked or bytearray(_MARKS)
            for key in lines:
                self._marked[key % _MARKS] = 1
            self._database().executemany(_PUT_LINE, ((*day, key, times) for key, times in sorted(lines.items())))
            return
        more = (key for key, times in lines.items() for _ in range(1, times))
        self._database().execute(_PUT_DAY, (*day, array("q", chain(lines, more)).tobytes()))

    def _database(self) -> sqlite3.Connection:
        if self._away is None:
            # The pages of one file may be made by several threads, one after the other.
            self._away = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            finalize(self, self._away.close)
            self._away.executescript(f"PRAGMA journal_mode = OFF; {_TABLES}")
        return self._away
