"""What is learned from: bank lines with the answers that people gave them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """A movement on one account; money in is positive."""

    id: str
    day: date
    text: str
    amount: Decimal
    account: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said a line is: ids of QuickBooks' objects, empty where nothing was said.

    Without an account it is something that is not suggested (a split, a transfer, a payment): it contradicts what is.
    """

    account: str
    kind: str = "category"
    party_kind: str = ""
    party_id: str = ""
    tax_code: str = ""
    class_id: str = ""
    location_id: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A line with its answer."""

    line: Line
    answer: Answer
    weight: int = 2
    """How much it counts; see ``BY_RULE``, ``BY_PERSON`` and ``CORRECTED``."""


BY_RULE, BY_PERSON, CORRECTED = 1, 2, 6
"""What a rule said; what a person said; and what a person said against a suggestion."""
