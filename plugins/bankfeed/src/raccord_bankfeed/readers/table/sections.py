"""Headers in the middle of a table: of the same one on another page, of another account, or of another table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from raccord_bankfeed.readers import questions
from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.readers.table.layout import Layout, is_header
from raccord_bankfeed.readers.table.rows import Block, Row
from raccord_bankfeed.readers.table.words import PENDING, SUMS, plain
from raccord_bankfeed.readers.told import ACCEPT, Known

_TITLE_WORDS_MAX = 5
_SPANS_MAX = 200
_BOOKED = re.compile(
    r"\b(posted|booked|settled|completed|cleared|processed|recent|comptabilisee?s?|passees?|effectuees?|gebuchte?[nrs]?"
    r"|contabilizad[ao]s?|contabilizzat[aeio]|geboekte?|verwerkte?)\b"
)
_NOT = re.compile(
    r"\b(no|not|none|without|exclud\w*|except|sans|non|pas|hors|aucune?|keine?|nicht|ohne|sin|senza|geen)\b"
)
_ABOVE_MAX = 20
"""So many rows above a header tell of what it is."""
_PAGE = re.compile(
    r"(?:page|pagina|seite|sida|side|strona)(?: [0-9]+(?: (?:of|de|sur|von|van|av|af|di|z) [0-9]+)?)?|[0-9]+"
)


@dataclass(slots=True)
class Sections:
    """Takes the rows of a table that have no day, and counts those that have one."""

    layout: Layout
    accounts: list[tuple[Row, Row]] = field(default_factory=list)
    """The first header that stands again below another text, and that text."""
    ends: int = 0
    """The line of the first header of another table, from which on the columns are others; 0 where there is none."""
    pending: list[tuple[int, int]] = field(default_factory=list)
    """The lines, first and last, of rows that their title says the bank has not booked yet; the last of them may have
    no end, which is told as 0.
    """
    _above: list[Row] = field(default_factory=list)
    _first: set[str] | None = None
    """What stood above the first header."""

    def dated(self) -> None:
        """Take a row that has a day: what comes above a header stands below it."""
        self._above.clear()

    def undated(self, row: Row, rows: int) -> None:
        """Take any other row, of those below ``rows`` that have a day."""
        if not is_header(row.cells):
            self._title(row)
            if len(self._above) < _ABOVE_MAX and row.shown():
                self._above.append(row)
            return
        above, self._above = self._above, []
        if self._waiting and any(map(_names, above)) and self.pending[-1][0] not in {each.line for each in above}:
            # Of other rows, as the text above it says.
            self._end_pending(row.line)
        same = tuple(map(plain, row.cells)) == self.layout.header
        if self._first is None and same:
            self._first = {each.shown() for each in above}
        elif not rows:
            return
        elif not same:
            self.ends = self.ends or row.line
        elif not (self.layout.accounts or self.accounts):
            others = (each for each in above if self._first is None or each.shown() not in self._first)
            self.accounts += [(row, each) for each in others if _tells(each)][:1]

    def _title(self, row: Row) -> None:
        """Take what may be the title of the rows that follow, up to one that says that they are booked."""
        said = _title_of(row)
        if _BOOKED.search(said):
            self._end_pending(row.line)
        elif PENDING.search(said) and not self._waiting and len(self.pending) < _SPANS_MAX:
            self.pending.append((row.line, 0))

    @property
    def _waiting(self) -> bool:
        return bool(self.pending) and not self.pending[-1][1]

    def _end_pending(self, line: int) -> None:
        if self._waiting:
            self.pending[-1] = (self.pending[-1][0], line)


def _title_of(row: Row) -> str:
    """Return the words of a row that may be a title: few, in one cell, and none of them denies the others."""
    filled = [cell for cell in row.cells if cell.strip()]
    said = plain(filled[0]) if len(filled) == 1 else ""
    words = [word for word in said.split() if not word.isdigit()]
    return "" if len(words) > _TITLE_WORDS_MAX or _NOT.search(said) or SUMS.search(said) else " ".join(words)


def _tells(row: Row) -> bool:
    """Tell whether a row may say of whom the next rows are: not if it says which page they are on, or a sum."""
    title = _title_of(row)
    return _names(row) and not (PENDING.search(title) or _BOOKED.search(title))


def _names(row: Row) -> bool:
    """Tell whether a row says of what the next rows are."""
    said = plain(row.shown())
    return any(map(str.isalnum, said)) and not (_PAGE.fullmatch(said) or SUMS.search(said))


def before(blocks: Iterable[Block], ends: int) -> Iterator[Block]:
    """Yield the rows above a line, all where it is 0."""
    for block in blocks:
        if ends and block.lines and block.lines[-1] >= ends:
            above = sum(line < ends for line in block.lines)
            if above:
                yield block.part(0, above)
            return
        yield block


def doubted_sections(found: tuple[Row, Row] | None, file_key: str, known: Known) -> list[Question]:
    """Ask where a table begins again below a text that may name another account."""
    if found is None:
        return []
    header, above = found
    key = f"sections-{questions.digest(file_key, str(header.line), above.shown())}"
    asked = questions.sections(key, header.line, f"{above.line} · {above.shown()}")
    return [] if known.says(key, ACCEPT) else [asked]
