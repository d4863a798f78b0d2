"""One MT940 or MT942 message while it is read: what its lines come to, and whether the bank's own figures agree."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from raccord_bankfeed.readers import questions
from raccord_bankfeed.readers.contract import Numbered, Question
from raccord_bankfeed.readers.mt940.leading import Leading, asked_about
from raccord_bankfeed.readers.tally import Tally

_NUMBER = re.compile(r"\s*([0-9]{1,5})")


@dataclass(slots=True)
class Message:
    """The message that is being read."""

    tally: Tally
    reference: str = ""
    number: str = ""
    interim: bool = False
    closed: bool = False
    named: bool = False
    """Whether it names its currency before its lines."""
    count: int = 0
    credits: Decimal = Decimal(0)
    debits: Decimal = Decimal(0)
    announced: list[tuple[str, int, Decimal]] = field(default_factory=list)
    waiting: tuple[str, int, int] | None = None
    """A ``:61:`` that waits for what follows its texts, with its row and place."""
    texts: list[str] = field(default_factory=list)
    """What was told of it: one ``:86:``, of some banks two."""
    structured: str = ""
    """What a ``:NS:`` told of it, which some banks write beside a text and others instead."""
    leading: Leading = field(default_factory=Leading)
    currencies: set[str] = field(default_factory=set)
    """Those of its balances."""
    ahead: list[str] | None = None
    """The texts before the next line, where a person said that they are that line's."""

    @property
    def numbered(self) -> Numbered | None:
        """Where it stands among the account's statements; nothing of a report within the day."""
        if self.interim:
            return None
        number, _, page = self.number.partition("/")
        legal = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
        return Numbered(legal or None, None, int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1)

    @property
    def is_numbered(self) -> bool:
        """Whether its number, with a line's place in it, tells lines apart: not where each message is the first."""
        number = _NUMBER.match(self.number)
        return number is not None and int(number[1]) > 1 and not self.interim


def sum_up(message: Message, day: date, amount: Decimal) -> None:
    """Add a line up before it is told."""
    if amount >= 0:
        message.credits += amount
    else:
        message.debits -= amount
    tally = message.tally
    tally.lines += 1
    tally.total += amount
    tally.last_day = day


def contradiction(message: Message) -> Question | None:
    """Compare with the bank's balances and sums; a message with an unreadable line, told apart, cannot be added up."""
    tally = message.tally
    found: questions.Contradiction | None = None
    if tally.unreadable:
        return None
    opening, closing = tally.opening, tally.ledger
    if len(message.currencies) > 1:
        found = questions.currencies_differ(tally, message.currencies)
    elif opening is not None and closing is not None and opening.amount + tally.total != closing.amount:
        found = questions.balance_differs(tally, opening.amount, closing.amount, tally.currency)
    for side, _, amount in message.announced:
        made = message.credits if side == "C" else message.debits
        if found is None and amount != made:
            found = questions.total_differs(tally, amount, made, f":90{side}:")
    if found is None:
        return (
            asked_about(message.leading, tally, message.reference, message.number) if message.leading.is_open else None
        )
    key = questions.digest(tally.account.key, message.reference, message.number, str(tally.opening), str(tally.total))
    return questions.contradicted(key, found, tally, tally.last_day)
