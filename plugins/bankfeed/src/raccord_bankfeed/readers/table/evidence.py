"""What a whole table tells before its first row is used: how it writes, how it signs, whether its balances follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from raccord_bankfeed.readers.amounts import Mark, MarkEvidence, Signs, signs_of
from raccord_bankfeed.readers.days import DayEvidence
from raccord_bankfeed.readers.table.following import Followed, Following
from raccord_bankfeed.readers.table.layout import Layout
from raccord_bankfeed.readers.table.rows import Block, Row
from raccord_bankfeed.readers.table.sections import Sections
from raccord_bankfeed.readers.table.words import IN, MINUSES, OUT, PLUSES, SELLERS, Part, plain

_TEXTS_MAX = 4000
_EITHER = frozenset({"payment"})
"""What money in is called by banks of cards, and what any payment is by others."""
_ROWS_MIN, _ROWS_MAX = 8, 4096
"""So many rows are tried at once at least, and at most."""


@dataclass(slots=True)
class Evidence:
    """Counted over all rows that have a date."""

    days: DayEvidence = field(default_factory=DayEvidence)
    marks: MarkEvidence = field(default_factory=MarkEvidence)
    rows: int = 0
    first_line: int = 0
    signed: int = 0
    """Amounts that are negative, and not nothing."""
    plus: int = 0
    """Amounts with a mark that says money comes in: a plus, or CR."""
    bare: int = 0
    """Amounts without any sign."""
    debits_negative: int = 0
    debits_positive: int = 0
    credits_negative: int = 0
    credits_positive: int = 0
    directions: int = 0
    """Rows whose kind of transaction is a word for a direction."""
    contradictions: int = 0
    """Of those, the rows whose amount has the other sign than the word says."""
    outward: int = 0
    """Of those, the rows whose word says that money goes out."""
    against: int = 0
    """Rows that move money the other way than the word in their column of directions, or kinds, says."""
    continuations: int = 0
    """Rows with nothing but text that follow a transaction."""
    ends: int = 0
    """The line from which on it is another table; 0 where it is one."""
    account: tuple[Row, Row] | None = None
    """A header that stands again below a text that may name another account, and that text."""
    pending: list[tuple[int, int]] = field(default_factory=list)
    """The lines, first and last, of rows that are not booked yet, as their title says; 0 for no end."""
    followed: Followed | None = None
    """Its balances, where each row has a plain one."""
    cents: Mark | None = None
    """The mark before the cents of every amount, where each is nothing but a sign, digits, thousands and cents."""

    def waits(self, first: int, last: int) -> bool:
        """Tell whether any of some lines is of rows that are not booked yet."""
        return any(begins <= last and (first <= ends or not ends) for begins, ends in self.pending)


def weigh(blocks: Iterable[Block], layout: Layout) -> Evidence:
    """Look at every row once."""
    weighing = _Weighing(layout)
    if layout.at(Part.DATE) is None:
        return weighing.found
    for block in blocks:
        if weighing.sections.ends:
            break
        weighing.block(block)
    return weighing.ended()


class _Weighing:
    """Takes the rows of a table for what they tell, column by column where every cell is written the usual way."""

    def __init__(self, layout: Layout) -> None:
        self._read_day = layout.read_day
        self.found = Evidence(days=DayEvidence(read=layout.read_day))
        self.sections = Sections(layout)
        self._following = Following(layout)
        self._at_once = _ROWS_MAX
        self._dated = layout.columns.get(Part.DATE, 0)
        self._amount, self._debit, self._credit, self._kind, self._balance = (
            layout.at(part) for part in (Part.AMOUNT, Part.DEBIT, Part.CREDIT, Part.TYPE, Part.BALANCE)
        )
        self._directed = layout.columns.get(Part.DIRECTION, self._kind)
        self._silent = SELLERS if layout.net else frozenset[str]()
        self._money, self._units = layout.money, layout.units
        self._texts = frozenset((*layout.names, *layout.texts))
        self._balances = MarkEvidence()
        self._cents: set[Mark | None] = set()
        """The marks before the cents of amounts, nothing among them where one is written otherwise."""
        self._waiting: dict[str, int] = {}
        """Of texts that are days and are not weighed yet, each but once, how often they came."""

    def block(self, block: Block) -> None:
        """Weigh rows, as many at once as are written the usual way."""
        at, size = 0, len(block)
        if size and block.lines[0] == 1:
            # The header, as a rule: the rows below it are not looked for among ever fewer rows.
            at, first = 1, block.part(0, 1)
            if not self.columns(first):
                self.row(next(iter(first)))
        while at < size:
            some = block.part(at, at + self._at_once) if at or self._at_once < size else block
            if self.columns(some):
                self._at_once = min(2 * self._at_once, _ROWS_MAX)
            elif len(some) > _ROWS_MIN:
                self._at_once = max(len(some) // 4, _ROWS_MIN)
                continue
            else:
                for number, row in enumerate(some):
                    # A row that goes the general way cannot be followed.
                    if not (self._following.open and self.columns(some.part(number, number + 1))):
                        self.row(row)
            at += len(some)

    def columns(self, block: Block) -> bool:
        """Weigh rows; false, and nothing of them is weighed, where one needs a closer look."""
        columns = block.columns()
        needed = (self._dated, *self._money, *(n for n in (self._kind, self._balance) if n is not None))
        if self.sections.ends or self._units or max(needed) >= len(columns):
            return False
        days = Counter(columns[self._dated])
        new = [text for text in days if text not in self._waiting]
        if not all((parts := self._read_day(text)) is not None and parts.days for text in new):
            return False
        signs: dict[int, Signs] = {}
        for number in self._money:
            if (known := signs_of(columns[number])) is None:
                return False
            signs[number] = known
        balances = signs_of(columns[self._balance]) if self._balance is not None else None
        if self._balance is not None and balances is None:
            return False
        self.sections.dated()
        if len(self._waiting) + len(new) > _TEXTS_MAX:
            self._add_days()
        for text, times in days.items():
            self._waiting[text] = self._waiting.get(text, 0) + times
        self.found.rows += len(block)
        self.found.first_line = self.found.first_line or block.lines[0]
        for number, known in signs.items():
            self._signs(number, known)
        if balances is not None:
            self._balances.add_marks(balances.points, balances.commas)
        if self._kind is not None:
            amounts = columns[self._amount] if self._amount is not None else ("",) * len(block)
            signed = Counter(zip(columns[self._kind], (text[:1] == "-" for text in amounts), strict=True))
            for (text, negative), times in signed.items():
                self._word(plain(text), times, negative=negative)
        if self._directed is not None and self._amount is not None:
            said = Counter(zip(columns[self._directed], columns[self._amount], strict=True))
            for (text, amount), times in said.items():
                self._against(text, times, negative=amount[:1] == "-", moves=amount.strip("+-0.,") != "")
        if balances is not None and self._following.open:
            self._following.take(columns, signs, balances)
        self._cents.update(known.cents for known in signs.values() if known.minus + known.plus + known.bare)
        return True

    def _day(self, text: str, times: int) -> bool:
        """Weigh a day that stands there some times; false where the text is none."""
        if text not in self._waiting:
            parts = self._read_day(text)
            if parts is None or not parts.days:
                return False
            if len(self._waiting) >= _TEXTS_MAX:
                self._add_days()
            self._waiting[text] = 0
        self._waiting[text] += times
        return True

    def _add_days(self) -> None:
        for text, times in self._waiting.items():
            self.found.days.add(text, times)
        self._waiting.clear()

    def _signs(self, number: int, known: Signs) -> None:
        found = self.found
        found.marks.add_marks(known.points, known.commas)
        if number == self._debit:
            found.debits_negative += known.minus - known.minus_zero
            found.debits_positive += known.plus + known.bare - known.plus_zero - known.bare_zero
        elif number == self._credit:
            found.credits_negative += known.minus - known.minus_zero
            found.credits_positive += known.plus + known.bare - known.plus_zero - known.bare_zero
        elif number == self._amount:
            found.signed += known.minus - known.minus_zero
            found.plus += known.plus - known.plus_zero
            found.bare += known.bare - known.bare_zero

    def _word(self, word: str, times: int, *, negative: bool) -> None:
        if (word in OUT or word in IN) and word not in self._silent:
            self.found.directions += times
            self.found.outward += times * (word in OUT)
            self.found.contradictions += times * (negative is not (word in OUT))

    def _against(self, text: str, times: int, *, negative: bool, moves: bool) -> None:
        word, mark = plain(text), text.strip()
        if word in self._silent:
            return
        out, into = word in OUT or mark in MINUSES, word in IN - _EITHER or mark in PLUSES
        self.found.against += times * (moves and (out or into) and negative is not out)

    def row(self, row: Row) -> None:
        """Weigh one row."""
        found, cells, width = self.found, row.cells, len(row.cells)
        if self.sections.ends:
            return
        if self._dated >= width or not self._day(cells[self._dated], 1):
            if found.rows:
                filled = {number for number, cell in enumerate(cells) if cell.strip()}
                found.continuations += bool(filled) and filled <= self._texts
            self.sections.undated(row, found.rows)
            return
        self.sections.dated()
        self._following.give_up()
        self._cents.add(None)
        found.rows += 1
        found.first_line = found.first_line or row.line
        negative = moved = False
        for number in self._money:
            if number < width and (cell := cells[number]) and (known := found.marks.add(cell)) is not None:
                moves = known.digits.strip("0.,") != ""
                if number == self._debit:
                    found.debits_negative += moves and known.negative
                    found.debits_positive += moves and not known.negative
                elif number == self._credit:
                    found.credits_negative += moves and known.negative
                    found.credits_positive += moves and not known.negative
                elif number == self._amount or number in self._units:
                    found.signed += moves and known.negative
                    found.plus += moves and known.signed and not known.negative
                    found.bare += moves and not known.signed
                    negative, moved = known.negative, moves
        if self._balance is not None and self._balance < width and cells[self._balance]:
            self._balances.add(cells[self._balance])
        if self._kind is not None and self._kind < width:
            self._word(plain(cells[self._kind]), 1, negative=negative)
        if self._directed is not None and self._directed < width and self._amount is not None:
            self._against(cells[self._directed], 1, negative=negative, moves=moved)

    def ended(self) -> Evidence:
        """Return what was found once all rows were taken."""
        found, balances = self.found, self._balances
        self._add_days()
        found.followed, found.pending = self._following.found, self.sections.pending
        found.cents = next(iter(self._cents)) if len(self._cents) == 1 else None
        found.ends, found.account = self.sections.ends, next(iter(self.sections.accounts), None)
        if not (found.marks.points or found.marks.commas):
            # Some banks write the balance with another mark than the amounts, so it tells only what those leave open.
            found.marks.points, found.marks.commas = balances.points, balances.commas
        return found


def marks_incoming(found: Evidence) -> bool:
    """Tell whether only money that comes in has a sign, as on statements of cards."""
    return found.plus > 0 and found.bare > 0 and not found.signed


def are_inverted(found: Evidence) -> bool:
    """Tell whether every row's word contradicts its sign, both ways: a card's file, whose purchases are positive.

    Not where each amount has a sign, a plus too: whoever writes that means it, and a person says which is right.
    """
    if found.plus and not found.bare:
        return False
    return 0 < found.outward < found.directions == found.rows == found.contradictions and found.signed > 0


def leaves_card_signs_open(found: Evidence, layout: Layout) -> bool:
    """Tell whether amounts are told apart by a minus or a balance alone, which cards' files write either way.

    A balance beside them is no proof: a card's is what is owed, or less than nothing. Neither is a minus before every
    one of them: a month may hold nothing but payments, or nothing but purchases.
    """
    if layout.by_balance and not layout.signs_told:
        return True
    if layout.signs_told or layout.flip or Part.AMOUNT not in layout.columns or Part.DIRECTION in layout.columns:
        return False
    worded = found.directions == found.rows
    return not (worded or marks_incoming(found))


def are_credits_negative(found: Evidence) -> bool:
    """Tell whether money in has a minus in a column of its own, as Citi's cards write it."""
    return found.credits_negative > 0 == found.credits_positive and not found.debits_negative


def doubted_signs(found: Evidence, *, flipped: bool) -> tuple[str, int] | None:
    """Return what contradicts the signs of a file's amounts, with in how many rows; nothing where all agree.

    A few amounts against the sign of their column are reversals; as many as that leave both readings open.
    """
    if found.signed and found.against and not flipped:
        return "words", found.against
    few, most = sorted((found.debits_negative, found.debits_positive))
    if few and 4 * few > most:
        return "debit", few
    if found.credits_negative and not are_credits_negative(found):
        few = min(found.credits_negative, found.credits_positive)
        if not few or 4 * few > max(found.credits_negative, found.credits_positive):
            return "credit", found.credits_negative
    return None
