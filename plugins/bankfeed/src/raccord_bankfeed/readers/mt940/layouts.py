"""How rows of ``:61:`` with their ``:86:`` are laid out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from raccord_bankfeed.readers.runs import NOTHING_SHARED, RowLayout, Run, are_alike

OPENING = ":61:"
_LINE = r"(?![:\t {\-])[^\n]*+"
"""A further line, which begins no field and ends no message."""
# What is repeated here is not repeated possessively as a whole: up to Python 3.11.4, a part that fails within such a
# repetition leaves the search behind what it looked at ahead.
_ON_LINES = r"([^?\n]*+(?:\n(?![:\t {\-])[^?\n]*+)*)"
"""A subfield, which may go on on further lines."""
WHEN, WHERE = r"[0-9]{6,10}+", r"R?[CD][A-Z]?"
"""The value day, perhaps with the entry day, and in which direction, in what kind of funds."""
HOW_MUCH = rf"{WHERE}[0-9]{{1,15}}+,[0-9]{{0,6}}+"
MOVED = rf"{WHEN}{HOW_MUCH}"
KIND = r"[NFS][A-Z0-9]{3}"
_BREAK = re.compile(r"\n[\t {\-:]")
"""A line within a text that begins a field, or might."""
READING = RowLayout(
    rf"(({WHEN})({HOW_MUCH})({KIND})([^\n]*+)(?:\n({_LINE}))?)(?:\n:86:([^\n]*+(?:\n{_LINE})*))?",
    f"\n{OPENING}",
)
_SUBFIELD = re.compile(r"\?([0-9]{2})")
_SUBFIELDS = re.compile(r"[0-9]{3}(?:\?[0-9]{2}[^?]*+)+")
_SUBFIELDS_MAX = 40
_KIND_AT, _CUSTOMER_AT, _BANK_AT, _DETAILS_AT, _TEXT_AT, _CODE_AT = range(3, 9)
"""The columns of rows with subfields; before these stand line, day and amount, after them the subfields."""
_ALIKE_AFTER = 512
"""After so many rows it is looked at what they have in common: to make a pattern takes as long as to read as many."""


class _Alike(NamedTuple):
    """How rows are written that have something in common."""

    pattern: re.Pattern[str]
    shared: Mapping[int, str]
    """What they say, by the column in which all of them say it."""


class SubfieldRun(Run):
    """Rows whose texts have the same subfields."""

    def __init__(
        self,
        rows: Sequence[str],
        layout: SubfieldLayout,
        caught: Sequence[tuple[str, ...]],
        text: str,
        shared: Mapping[int, str],
    ) -> None:
        super().__init__(rows, layout, caught, text, shared)
        self.numbers = layout.numbers
        self.lines_least = 0
        """How many lines a row takes if none of its text is broken, where no line end can break a mark."""
        self.subfields: list[Sequence[str]] = []
        """The code and the subfields, column by column, without the line ends in them, once they are taken apart."""
        self._line_ends = 0
        self._is_odd = False

    def take_apart(self) -> bool:
        """Take the line ends out of the subfields; tell whether a line after one begins a field, or might."""
        if not self.subfields:
            columns = enumerate(self.columns()[_CODE_AT:], _CODE_AT)
            self.subfields = [column if at in self.shared else self._on_one_line(column) for at, column in columns]
        return self._is_odd

    def _on_one_line(self, column: Sequence[str]) -> Sequence[str]:
        joined = "\0".join(column)
        if "\n" not in joined:
            return column
        plain = joined.replace("\n", "")
        self._line_ends += len(joined) - len(plain)
        self._is_odd = self._is_odd or _BREAK.search(joined) is not None
        parts = plain.split("\0")
        return parts if len(parts) == len(column) else [text.replace("\n", "") for text in column]

    def line_ends(self) -> int:
        """Return how many lines the rows take."""
        if self.lines_least and self.subfields:
            return len(self) * self.lines_least + self._line_ends
        return super().line_ends()


class SubfieldLayout(RowLayout):
    """How rows are written whose texts have the same subfields of a question mark, each once.

    A code of three, a mark and the number of the first begin the text, on one line; later ones a line end may break.
    In many files all rows say the same in some columns, such as the type, the code or what kind of payment it was. It
    need not be caught from each of them: what a run has in common becomes part of a pattern, which serves until a row
    says something else.
    """

    def __init__(self, numbers: tuple[str, ...], *, parted: bool, detailed: bool) -> None:
        """Take the numbers of the subfields; quickest are rows of which all or none have a bank's reference or details
        and whose marks no line end breaks.
        """
        self.numbers = numbers
        self._parted, self._detailed = parted, detailed
        self._alike: _Alike | None = None
        self._seen = 0
        perhaps = rf"([^/\n]*+)(?://([^\n]*+))?(?:\n({_LINE}))?"
        super().__init__(
            self._broken(perhaps, _ON_LINES),
            f"\n{OPENING}",
            quick=(self._unbroken(NOTHING_SHARED), self._broken(perhaps, "([^?]*+)")),
        )

    def _broken(self, references: str, value: str) -> str:
        """Return a pattern of rows in whose texts line ends may break marks."""
        first, *others = self.numbers
        marks = [rf"\?{first}", *(rf"\?\n?{number[0]}\n?{number[1]}" for number in others)]
        return rf"(({WHEN})({HOW_MUCH})({KIND}){references})\n:86:(([0-9]{{3}}){value.join(marks)}{_ON_LINES})"

    def _unbroken(self, shared: Mapping[int, str]) -> str:
        """Return the pattern of the quickest rows; what they share is not caught, but written in it."""

        def part(at: int, pattern: str) -> str:
            return re.escape(shared[at]) if at in shared else f"({pattern})"

        kind, customer = part(_KIND_AT, KIND), part(_CUSTOMER_AT, r"[^/\n]*+")
        bank = "//" + part(_BANK_AT, r"[^\n]*+") if self._parted else part(_BANK_AT, "")
        details = r"\n" + part(_DETAILS_AT, _LINE) if self._detailed else part(_DETAILS_AT, "")
        *others, last = [rf"\?{number}" for number in self.numbers]
        values = "".join(f"{mark}{part(at, '[^?]*+')}" for at, mark in enumerate(others, _CODE_AT + 1))
        text = f"{part(_CODE_AT, '[0-9]{3}')}{values}{last}{part(_CODE_AT + len(self.numbers), '[^?]*?')}"
        return rf"(({WHEN})({HOW_MUCH}){kind}{customer}{bank}{details})\n:86:({text})"

    def quick_run(self, rows: Sequence[str], text: str) -> Run | None:
        """Return a run of all of some rows, at first by what those before them have in common."""
        if self._alike is not None:
            pattern, shared = self._alike
            run = self.usable(self.run(rows, pattern.findall(f"{text}{self.between}"), text, shared))
            if run is not None:
                return run
            self._alike = None  # what does not hold for some rows of a file is not tried on the others
        run = super().quick_run(rows, text)
        if run is not None and not self.slowed:
            if self._seen < _ALIKE_AFTER <= self._seen + len(rows):
                self._alike = self._alike_to(run)
            self._seen += len(rows)
        return run

    def usable(self, run: Run) -> Run | None:
        """Return a run if each of its rows was found, and none that is odd."""
        if isinstance(run, SubfieldRun) and not self.slowed:
            run.lines_least = 3 if self._detailed else 2
        return super().usable(run)

    def _alike_to(self, run: Run) -> _Alike:
        """Return how rows are written that have in common what those of a run have."""
        columns = enumerate(run.columns())
        alike = {at: column[0] for at, column in columns if at >= _KIND_AT and are_alike(column)}
        shared = {at: text for at, text in alike.items() if at != _TEXT_AT and "\n" not in text}
        return _Alike(re.compile(self.one_of_many(self._unbroken(shared))), shared)

    def run(
        self,
        rows: Sequence[str],
        caught: Sequence[tuple[str, ...]],
        text: str,
        shared: Mapping[int, str] = NOTHING_SHARED,
    ) -> Run:
        """Return a run of such rows, with their subfields."""
        return SubfieldRun(rows, self, caught, text, shared)

    def is_odd(self, run: Run) -> bool:
        """Tell whether a line that begins a field, or might, is taken for the rest of a subfield."""
        return isinstance(run, SubfieldRun) and run.take_apart()


def layout_of(text: str, *, parted: bool, detailed: bool) -> SubfieldLayout | None:
    """Return how rows with such a text are written; nothing where it has no subfields, or one of them twice."""
    plain = text.replace("\n", "")
    numbers = tuple(_SUBFIELD.findall(plain))
    if _SUBFIELDS.fullmatch(plain) is None or len(set(numbers)) < len(numbers) or len(numbers) > _SUBFIELDS_MAX:
        return None
    return SubfieldLayout(numbers, parted=parted, detailed=detailed)
