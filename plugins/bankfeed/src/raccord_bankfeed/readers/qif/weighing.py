"""What the days and amounts of a whole QIF file tell of how it writes both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date

from raccord_bankfeed.readers import questions
from raccord_bankfeed.readers.amounts import MarkEvidence
from raccord_bankfeed.readers.conventions import Conventions, Place, Told, decide
from raccord_bankfeed.readers.days import DayEvidence, Order
from raccord_bankfeed.readers.qif.layouts import CLOSING, Layouts, weighing_layout
from raccord_bankfeed.readers.qif.sections import KINDS, SECTION, Sections
from raccord_bankfeed.readers.runs import Run
from raccord_bankfeed.readers.told import Known

_WEIGHED = frozenset("DTU")
_DAYS_MAX = 4000
_LETTERS_MAX = 26
_SHOWN_MAX = 50
"""So many lines make the key under which a question about the file is asked."""


class Weighing:
    """Takes the lines of a file for what they tell; see :class:`raccord_bankfeed.readers.runs.RowTaker`."""

    opening, closing = "", CLOSING

    def __init__(self) -> None:
        self._known = Layouts(weighing_layout)
        self.layouts = self._known.known
        self._days = DayEvidence()
        self._marks = MarkEvidence()
        self._sections = Sections()
        self._holds = self._sections.holds_transactions
        self._waiting: dict[str, int] = {}
        """Of lines with days that are not weighed yet, each but once, how often they came."""
        self._row = self._first_row = self._seen = 0
        self._key = ""
        self._letters: set[str] = set()
        """Of which lines the first records are made: programs differ in them."""
        self.nameless: set[str] = set()
        """The kinds of the sections that hold transactions of a bank account and say nothing of which."""
        self._of_kind = ""
        self._account: dict[str, str] = {}

    def take(self, lines: Iterable[str]) -> None:
        """Take some lines, in order."""
        for text in lines:
            self._row += 1
            plain = text if self._row > 1 else text.lstrip("\ufeff")
            lead = plain[:1]
            if lead == "!" or (lead.isspace() and SECTION.match(plain)):
                self._sections.header(plain)
                self._holds = self._sections.holds_transactions
                if self._sections.name in KINDS:
                    self._of_kind = self._sections.take_nameless()
            elif self._holds and lead in _WEIGHED:
                self._weigh(lead, plain)
            elif self._sections.name == "account":
                self._name(lead, plain)
            if self._seen < _SHOWN_MAX and self._holds and lead.isalpha():
                self._letters.add(lead)

    def _name(self, lead: str, plain: str) -> None:
        if lead == "^":
            self._sections.names(self._account)
            self._account = {}
        elif len(self._account) < _LETTERS_MAX:
            self._account.setdefault(lead.upper(), plain[1:].strip())

    def _weigh(self, lead: str, plain: str) -> None:
        self.nameless.add(self._of_kind)
        self._first_row = self._first_row or self._row
        if lead == "D":
            if len(self._waiting) >= _DAYS_MAX:
                self._add_days()
            self._waiting[plain] = self._waiting.get(plain, 0) + 1
        else:
            self._marks.add(plain[1:])
        if self._seen < _SHOWN_MAX:
            self._key = questions.digest(self._key, plain)
            self._seen += 1

    def _add_days(self) -> None:
        for plain, times in self._waiting.items():
            self._days.add(plain[1:], times)
        self._waiting.clear()

    def take_run(self, run: Run) -> bool:
        """Take records whose amounts tell the mark before the cents, or hold none."""
        if not self._holds or self._seen < _SHOWN_MAX:
            return False
        self.nameless.add(self._of_kind)
        day_at = run.layout.row.groupindex["day"] - 1
        for at, column in enumerate(run.columns()):
            if at == day_at:
                days = Counter(column)
                if len(self._waiting) + len(days) > _DAYS_MAX:
                    self._add_days()
                for plain, times in days.items():
                    self._waiting[plain] = self._waiting.get(plain, 0) + times
            else:
                self._marks.add_telling(column)
        self._row += run.line_ends()
        return True

    def learn(self, row: str) -> None:
        """Know the layout of a record, if it is one that a run may have."""
        self._known.learn(row)

    def decide(self, known: Known, first: Callable[[], Iterable[Told]]) -> Conventions:
        """Return how the file writes, once all of it was taken; ``first`` gives the first of its records."""
        self._add_days()
        if self._sections.order is not None:
            self._days.state(self._sections.order)
        letters = "".join(sorted(self._letters))
        layout = f"qif-{questions.digest(self._sections.name, '', letters)}"
        place = Place(f"qif-{self._key}", layout, self._first_row, first)
        return decide(known, place, self._days, self._marks)

    def days(self, order: Order) -> dict[str, date | None]:
        """Return the days that were seen last, by what is written; nothing for what is none in an order."""
        known = self._days.known.items()
        return {text: None if parts is None else parts.days.get(order) for text, parts in known}
