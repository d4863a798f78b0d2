"""What a person said about the files of a connection: answers to readers' questions, and saved columns of CSV files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "day-first", "month-first", "year-first"
COMMA, POINT = "comma", "point"
ACCEPT = "accept"
SAME, SEPARATE = "same", "separate"
REVERSED = "reversed"
"""A card's file writes purchases without a minus."""
LEAVE_OUT = "leave-out"
"""A broker's rows are no bank lines."""
COLUMNS = "columns"
"""Stands among the answers of a question that saved columns answer."""
ACCOUNT_WORDS = tuple(f"account-{number}" for number in range(1, 21))
"""Which of the accounts a file is of whose files name none and are laid out alike."""
YEAR_WORDS = tuple(f"year-{year}" for year in range(2099, 1989, -1))
"""Of which year the newest day of a file is whose days have none."""
WORDS = frozenset(
    {*YEAR_WORDS, DAY_FIRST, MONTH_FIRST, YEAR_FIRST, COMMA, POINT, ACCEPT, LEAVE_OUT, SAME, SEPARATE, REVERSED}
    | {*ACCOUNT_WORDS}
)
"""Every answer that some question takes."""


@dataclass(frozen=True, slots=True)
class Known:
    """Answers by the key of their question, and the columns of CSV layouts by the key of the layout."""

    answers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    """By account from which booking day (YYYY-MM-DD) on each payment of a batch is a line."""

    today: date | None = None
    """The day on which files are read; what may be asked hangs on it, never what was answered."""

    cards: frozenset[str] = frozenset()
    """The keys of accounts that people said are cards."""

    def says(self, key: str, *words: str) -> str:
        """Return which of the words answers the question, or nothing."""
        said = self.answers.get(key, frozenset())
        return next((word for word in words if word in said), "")

    def is_card(self, unnamed: str) -> bool:
        """Tell whether a person said that an account without a name, or one of several of its key, is a card."""
        return any(key == unnamed or key.startswith(f"{unnamed}-") for key in self.cards)

    def says_of(self, key: str, layout: str, *words: str) -> str:
        """Return which of the words answers a question about one file, or about all that are written like it."""
        return self.says(key, *words) or self.says(layout, *words)

    def answered(self, key: str, answers: Sequence[str], layout: str = "") -> bool:
        """Tell whether a question needs no answer any more."""
        return bool(self.says_of(key, layout, *answers)) or (
            COLUMNS in answers and not self.columns.keys().isdisjoint((key, layout))
        )


NOTHING_KNOWN = Known()
