"""How the records of a QIF file are laid out: which letters, one line each, in which order."""

from __future__ import annotations

import re
from collections.abc import Callable

from raccord_bankfeed.readers.amounts import PLAIN, TELLING, Mark
from raccord_bankfeed.readers.runs import LAYOUTS_MAX, RowLayout, Run

CLOSING = "\n^"
"""What ends a record."""
BETWEEN = f"{CLOSING}\n"
"""What stands between two records."""
USUAL = frozenset("DTUNPMCLF")
"""Lines that say one thing of a transaction, of which the first counts."""

_NEEDED = frozenset("DT")
_VALUE = r"[^\n]*+"
_DECIMAL = {Mark.POINT: ".", Mark.COMMA: ","}


class Layouts:
    """The layouts that the records of a file were found to have; ``layout_of`` makes one of letters."""

    def __init__(self, layout_of: Callable[[str], RowLayout]) -> None:
        self.known: list[RowLayout] = []
        self._layout_of = layout_of
        self._letters: dict[RowLayout, str] = {}

    def letters(self, run: Run) -> str:
        """Return the letters of the records of a run."""
        return self._letters[run.layout]

    def learn(self, row: str) -> None:
        """Know a record's layout if it has only usual letters, each once, a day and an amount among them."""
        letters = "".join([line[:1] for line in row.split("\n")])
        usual = len(letters) == row.count("\n") + 1 == len(set(letters)) and _NEEDED <= set(letters) <= USUAL
        if usual and len(self.known) < LAYOUTS_MAX and letters not in self._letters.values():
            layout = self._layout_of(letters)
            self.known.append(layout)
            self._letters[layout] = letters


def reading_layout(letters: str, mark: Mark) -> RowLayout:
    """Return a layout that catches each value and, after them, an empty one; the amount is plain."""

    def written(amount: str) -> str:
        values = {"T": amount}
        return "\n".join(f"{letter}({values.get(letter, _VALUE)})" for letter in letters) + "()"

    cents = rf"[+-]?[0-9]{{1,24}}{re.escape(_DECIMAL[mark])}[0-9]{{2}}"
    return RowLayout(
        written(PLAIN[mark]), BETWEEN, quick=(written(cents), written(PLAIN[mark])), lines=len(letters) + 1
    )


def weighing_layout(letters: str) -> RowLayout:
    """Return a layout that catches what tells how a file writes: the day's line, and the mark before the cents."""

    def written(amount: str) -> str:
        lines = {"D": f"(?P<day>D{_VALUE})", "T": f"T{amount}", "U": f"U{amount}"}
        return "\n".join(lines.get(letter, letter + _VALUE) for letter in letters)

    pattern = written(rf"(?:{TELLING}|[+-]?[0-9]{{1,24}})")
    return RowLayout(pattern, BETWEEN, quick=(written("[+-]?[0-9]++([.,])[0-9]{2}"), pattern), lines=len(letters) + 1)
