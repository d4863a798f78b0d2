"""Runs of rows that are laid out alike, read many at once and column by column.

A bank's program writes thousands of rows in one way. What a layout's pattern matches, whole, needs no look at its
single parts: the rows of a run are matched, converted and made into lines by loops of the interpreter's own, which
take a fraction of the time. Whatever is written otherwise goes the general way, line by line. Both ways say the same
of the same text, which ``tests/test_runs.py`` holds them to, so a layout may be narrow and leave out what is rare.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, islice, repeat
from typing import Protocol, cast

from raccord_bankfeed.readers.contract import Line

LAYOUTS_MAX = 8
"""More are not learnt, so that a file in which no two rows are alike costs no patterns."""
RUN_ROWS_MIN = 8
"""To begin and end a shorter run costs more than it saves."""
RUN_ROWS_MAX = 512
"""So many rows are taken the general way where one of a run needs a closer look."""
ROW_CHARS_MAX = 16 * 1024
"""Where a row is longer, none of its piece of text makes a run."""
NOTHING_SHARED: Mapping[int, str] = {}

_MANY_CHARS = 4 * 1024
"""A text that is longer is taken to hold enough rows: where it does not, they are looked at twice."""

_BLANKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f"
"""All blanks of ASCII but the plain space."""
_END = "\1"
"""Stands between texts that are looked at together."""
_NEW_LINE = cast("Callable[[type[Line], tuple[object, ...]], Line]", tuple.__new__)
"""What ``Line._make`` does, without going through Python for each."""


class RowLayout:
    """How a row is written, alone and many times over, each after what stands between two rows and before another."""

    def __init__(self, pattern: str, between: str, *, quick: Sequence[str] = (), lines: int = 0) -> None:
        """Take a pattern, perhaps quicker ones of rows that :meth:`is_odd` does not know, the quickest first, and how
        many lines each row takes with what stands between, if all take as many.
        """
        self.row = re.compile(pattern)
        self.lines = lines
        self.between = between
        first, *self._slower = [self.one_of_many(each) for each in quick or (pattern,)]
        self._rows = re.compile(first)
        self.slowed = False
        """Whether what the quickest pattern takes for granted does not hold for some rows."""
        # Where it ends as it begins, a row that begins with the rest of it may be taken for two.
        ends_as_it_begins = any(between.startswith(between[at:]) for at in range(1, len(between)))
        self._doubled = f"{between}{between[1:]}" if ends_as_it_begins else ""

    def one_of_many(self, pattern: str) -> str:
        """Return the pattern of a row that stands between others."""
        between = re.escape(self.between)
        return rf"{between}{pattern}(?={between})"

    @property
    def pattern(self) -> str:
        """What a row is matched with."""
        return self.row.pattern

    def caught(self, text: str, rows: int) -> list[tuple[str, ...]]:
        """Return what rows catch, one after the other up to the end of a text; fewer where one is written otherwise."""
        found: list[tuple[str, ...]] = self._rows.findall(text)
        while len(found) < rows and self._slower:
            # What does not hold for some rows of a file is not tried on the others.
            self._rows, self.slowed = re.compile(self._slower.pop(0)), True
            found = self._rows.findall(text)
        return found

    def quick_run(self, rows: Sequence[str], text: str) -> Run | None:
        """Return a run of all of some rows if one search through the text that they stand in finds each of them."""
        if self._doubled and self._doubled in text:
            return None
        return self.usable(self.run(rows, self.caught(f"{text}{self.between}", len(rows)), text))

    def run(
        self,
        rows: Sequence[str],
        caught: Sequence[tuple[str, ...]],
        text: str,
        shared: Mapping[int, str] = NOTHING_SHARED,
    ) -> Run:
        """Return a run of rows that are laid out so."""
        return Run(rows, self, caught, text, shared)

    def usable(self, run: Run) -> Run | None:
        """Return a run if each of its rows was found, and none that is odd."""
        return run if len(run.caught) == len(run.rows) and not self.is_odd(run) else None

    def is_odd(self, run: Run) -> bool:
        """Tell whether a quicker pattern took for a row what is none."""
        return False


class Run:
    """Rows of one layout that follow one another in a file."""

    def __init__(
        self,
        rows: Sequence[str],
        layout: RowLayout,
        caught: Sequence[tuple[str, ...]],
        text: str,
        shared: Mapping[int, str],
    ) -> None:
        self.rows = rows
        self.layout = layout
        self.caught = caught
        """What the groups of the layout caught, row by row; nothing where a group took no part."""
        self.text = text
        """The rows with what stands between them, also before the first."""
        self.shared = shared
        """The columns that were not caught, because all rows say the same in them: by their place, in order."""
        self._columns: Sequence[tuple[str, ...]] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def columns(self) -> Sequence[tuple[str, ...]]:
        """Return what was caught, group by group, and what all rows share."""
        if not self._columns:
            columns = list(zip(*self.caught, strict=True))
            for at, text in self.shared.items():
                columns.insert(at, (text,) * len(self.rows))
            self._columns = columns
        return self._columns

    def starts(self, first: int, between: str) -> Iterator[int]:
        """Yield at which character each row starts if the first starts at ``first``, and what follows the last."""
        return accumulate(map(len(between).__add__, map(len, self.rows)), initial=first)

    def line_ends(self) -> int:
        """Return how many lines the rows take."""
        return len(self.rows) * self.layout.lines or self.text.count("\n")


class RowTaker(Protocol):
    """Takes the lines of a text; rows stand between ``opening`` and ``closing``, and two of them a line end apart."""

    opening: str
    closing: str
    layouts: list[RowLayout]
    """What rows without opening and closing are known to be written like, the usual one first."""

    def take(self, lines: Iterable[str]) -> None:
        """Take some lines the general way, in order."""
        ...

    def take_run(self, run: Run) -> bool:
        """Take a run of rows; false where one needs a closer look, and then nothing of them was taken."""
        ...

    def learn(self, row: str) -> None:
        """Look whether a row that was taken the general way tells a layout."""
        ...


def made(columns: Iterable[Iterable[object]]) -> Iterator[Line]:
    """Yield lines from columns in the order of their fields, all but ``net``, which they have none of; those that say
    one thing for all may be endless.
    """
    return map(_NEW_LINE, repeat(Line), zip(*columns, repeat(None), strict=False))


def on_one_line(texts: Sequence[str]) -> Sequence[str]:
    """Return texts without blanks at their ends, runs of blanks as one."""
    joined = _END.join(texts)
    # A blank that is no plain space does not print.
    odd = any(map(joined.__contains__, _BLANKS)) if joined.isascii() else not "".join(texts).isprintable()
    if odd or "  " in joined:
        return [" ".join(text.split()) for text in texts]
    return list(map(str.strip, texts)) if " " in joined else texts


def holds_any(texts: Sequence[str], words: frozenset[str]) -> bool:
    """Tell whether one of some texts is one of some words, in whatever case."""
    joined = "\n".join(texts).casefold()
    return any(word in joined for word in words) and not words.isdisjoint(map(str.casefold, texts))


def are_alike(texts: Sequence[str]) -> bool:
    """Tell whether some texts, at least one, are all the same."""
    return texts.count(texts[0]) == len(texts)


class FirstLook:
    """Looks through a file before it is read, for what has to be known beforehand.

    ``sums`` adds up rows that follow one another, each after a line end and ``opening``; it says no, and has added
    nothing, where one of them needs a closer look. Rows among which one does are halved; ``line`` takes what is left,
    with its number if the lines are ``counted``, which takes time and serves only to show a person where they stand.
    """

    def __init__(
        self, opening: str, line: Callable[[str, int, int], None], sums: Callable[[str], bool], *, counted: bool
    ) -> None:
        self._between = f"\n{opening}"
        self._line = line
        self._sums = sums
        self._counted = counted
        self._row = 0
        self._held = ""

    def through(self, texts: Iterable[str]) -> None:
        """Take the texts of a file, each of whole lines."""
        for text in texts:
            self._take(text)
        self._lines(self._held[1:])

    def _take(self, text: str) -> None:
        text = self._held + text
        first, last = text.find(self._between), text.rfind(self._between)
        if last < 0:
            self._held = ""
            self._lines(text)
            return
        # The last row may go on in what comes next.
        self._held = text[last:]
        if first:
            self._lines(text[: first + 1])
        if first < last:
            self._rows(text[first:last])

    def _rows(self, text: str) -> None:
        if len(text) < _MANY_CHARS and text.count(self._between) < RUN_ROWS_MIN:
            self._lines(f"{text[1:]}\n")
        elif self._sums(text):
            self._row += text.count("\n") if self._counted else 0
        else:
            middle = text.find(self._between, len(text) // 2)
            if middle < 0:
                middle = text.rfind(self._between)
            if middle:
                self._rows(text[:middle])
                self._rows(text[middle:])
            else:
                self._lines(f"{text[1:]}\n")

    def _lines(self, text: str) -> None:
        for line in text.split("\n")[:-1]:
            self._row += 1
            self._line(line, self._row, 0)


class RowFeed:
    """Hands a taker the lines of a file, text by text: of the rows, those of a run at once.

    What follows the last place between two rows is held back with it, for what comes next may go on with it.
    """

    def __init__(self, taker: RowTaker) -> None:
        self._taker = taker
        self._between = f"{taker.closing}\n{taker.opening}"
        self._held = ""

    def take(self, text: str) -> None:
        """Take whole lines, in order."""
        goes_on = self._held != ""
        text = self._held + text
        cut = text.rfind(self._between)
        if cut < 0:
            self._taker.take(text.split("\n")[:-1])
            return
        self._held = text[cut:]
        if goes_on:
            text = text[:cut]
        elif text.startswith(self._taker.opening):
            text = f"{self._taker.closing}\n{text[:cut]}"
        else:
            first, between, text = text[:cut].partition(self._between)
            self._taker.take(f"{first}{self._taker.closing}".split("\n"))
            text = between + text
        self._rows(text.split(self._between)[1:], text)

    def end(self) -> None:
        """Take the end of the file."""
        held, self._held = self._held, ""
        self._taker.take(held[len(self._taker.closing) + 1 :].split("\n")[:-1])

    def _rows(self, rows: Sequence[str], text: str) -> None:
        """Take rows; ``text`` holds them with what stands between them, also before the first."""
        taker = self._taker
        layouts = taker.layouts if max(map(len, rows), default=0) <= ROW_CHARS_MAX else ()
        at, some = 0, Some()
        while at < len(rows):
            tried = some.of(rows, at)
            run = run_of(tried, layouts, self._between, text if len(tried) == len(rows) else "")
            taken = some.found(tried, run)
            if run is None or taken < RUN_ROWS_MIN or not taker.take_run(run):
                for row in islice(tried, taken):
                    taker.take(f"{taker.opening}{row}{taker.closing}".split("\n"))
                    taker.learn(row)
            at += taken


class Some:
    """How many rows are tried at once: few where layouts change from row to row."""

    def __init__(self) -> None:
        self._size = RUN_ROWS_MAX

    def of(self, rows: Sequence[str], at: int) -> Sequence[str]:
        """Return some rows from ``at`` on."""
        return rows[at : at + self._size]

    def found(self, tried: Sequence[str], run: Run | None) -> int:
        """Learn how many of them are laid out alike, and return that."""
        taken = 1 if run is None else len(run)
        whole = taken == len(tried)
        self._size = min(2 * self._size, RUN_ROWS_MAX) if whole else max(self._size // 2, RUN_ROWS_MIN)
        return taken


def run_of(rows: Sequence[str], layouts: Sequence[RowLayout], between: str, text: str = "") -> Run | None:
    """Return the first of some rows with all that follow it and are laid out alike, or nothing.

    ``text`` is what they stand in, if there is one: each after what stands between two of them.
    """
    for layout in layouts:
        if layout.row.fullmatch(rows[0]) is not None:
            text = text or f"{between}{between.join(rows)}"
            if (run := layout.quick_run(rows, text)) is not None:
                return run
            found = run_from(rows, 0, (layout.row,))
            rows = rows[: len(found)]
            return layout.run(rows, [match.groups("") for match in found], f"{between}{between.join(rows)}")
    return None


def run_from(rows: Sequence[str], at: int, layouts: Sequence[re.Pattern[str]]) -> list[re.Match[str]]:
    """Return the rows from ``at`` on that are laid out as the first of them."""
    for layout in layouts:
        found = list(iter(map(layout.fullmatch, islice(rows, at, at + RUN_ROWS_MAX)).__next__, None))
        if found:
            return found
    return []
