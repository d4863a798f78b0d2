"""How many equal lines a file held so far, in memory that does not grow with the file.

Most files name their days in order, so that what is told of a day is not asked for again once others have come. Beyond
some thousand lines the days that were named last stay at hand and the others are put away: into a database of SQLite's
own for the moment, which goes to disk where it is large and is gone with its connection. A day that comes again is
taken back from there, in whatever order a file names its days.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from weakref import finalize

AT_HAND_MAX = 8 * 1024
"""So many unlike lines are kept at hand, and all of one day; most files have fewer."""
_TABLE = "CREATE TABLE away (account TEXT, day TEXT, lines BLOB, PRIMARY KEY (account, day)) WITHOUT ROWID"
_PUT = "INSERT OR REPLACE INTO away VALUES (?, ?, ?)"
_GET = "SELECT lines FROM away WHERE account = ? AND day = ?"
_Day = tuple[str, str]
_NO_DAY = ("", "")


class EqualLines:
    """Counts the lines of accounts that are equal by the digest of what tells them apart."""

    def __init__(self) -> None:
        self._at_hand: dict[_Day, dict[int, int]] = {}
        """By account and day, that which was named last at the end: how often a line came, by its digest."""
        self._size = 0
        self._account, self._day = _NO_DAY
        self._lines: dict[int, int] = {}
        """Those of the day that is being read."""
        self._away: sqlite3.Connection | None = None

    def count(self, account: str, digest: bytes, day: str = "") -> int:
        """Take a line; return which of the equal ones it is. Where a day is given, the digest tells it."""
        day = day or digest[:1].hex()
        if day != self._day or account != self._account:
            self._turn_to(account, day)
        lines, key = self._lines, int.from_bytes(digest, signed=True)
        times = lines.get(key, 0) + 1
        lines[key] = times
        self._size += times == 1
        return times

    def _turn_to(self, account: str, day: str) -> None:
        if self._size >= AT_HAND_MAX:
            self._put_away()
        self._account, self._day = account, day
        lines = self._at_hand.pop((account, day), None)
        if lines is None:
            lines = self._taken_back(account, day)
            self._size += len(lines)
        self._lines = self._at_hand[account, day] = lines

    def _taken_back(self, account: str, day: str) -> dict[int, int]:
        found = None if self._away is None else self._away.execute(_GET, (account, day)).fetchone()
        keys = array("q", b"" if found is None else found[0])
        once = dict.fromkeys(keys, 1)
        return once if len(once) == len(keys) else dict(Counter(keys))

    def _put_away(self) -> None:
        """Leave half as many at hand."""
        if self._away is None:
            # The pages of one file may be made by several threads, one after the other.
            self._away = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            finalize(self, self._away.close)
            self._away.execute(_TABLE)
        self._away.execute("BEGIN")
        self._away.executemany(_PUT, self._let_go())
        self._away.execute("COMMIT")

    def _let_go(self) -> Iterator[tuple[str, str, bytes]]:
        while self._at_hand and 2 * self._size > AT_HAND_MAX:
            account, day = first = next(iter(self._at_hand))
            lines = self._at_hand.pop(first)
            self._size -= len(lines)
            more = (key for key, times in lines.items() for _ in range(1, times))
            yield account, day, array("q", chain(lines, more)).tobytes()
