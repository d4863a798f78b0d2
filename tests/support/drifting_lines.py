"""Made years in which what is right changes: each kind of change by itself, so that none hides behind another.

Synthetic like ``accepted_lines``, whose payees, texts and difficulties these are.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

import accepted_lines
from accepted_lines import CATEGORIES, FIRST_DAY, AcceptedLines, Payee

from raccord.suggesting.history import Answer, Example

DAYS = 365
SHARE = 0.25
"""Of the plain payees, those that change."""
SEASON = (timedelta(200), timedelta(320))
"""When the lines of payees with a season are something else."""
WRONG, CORRECTED_AFTER = 0.08, timedelta(60)


class Change(StrEnum):
    """What changes in a year."""

    MOVES = "payees move once"
    NEWCOMERS = "new payees"
    SEASON = "seasons"
    POLICY = "policy changes"
    CORRECTED = "corrected later"
    ALIKE = "payees alike"


@dataclass(frozen=True)
class Year:
    """The lines of a year as they were answered at once, what is right, and when wrong answers were put right."""

    made: AcceptedLines
    corrected_after: timedelta | None = None

    def answered(self, each: Example) -> str:
        """Return what a line was answered in the end."""
        return each.answer.account if self.corrected_after is None else self.made.truth[each.line.id]

    def known(self, begin: int) -> Sequence[Example]:
        """Return the answers as they stand when the line at a place is asked about."""
        before = self.made.examples[:begin]
        if self.corrected_after is None or not before:
            return before
        until = before[-1].line.day - self.corrected_after
        return [
            replace(each, answer=Answer(self.made.truth[each.line.id])) if each.line.day < until else each
            for each in before
        ]


def year(change: Change, count: int, seed: int) -> Year:
    """Return a year of ``count`` lines in which one thing changes."""
    match change:
        case Change.MOVES:
            return Year(accepted_lines.make(count, seed, drift=SHARE))
        case Change.CORRECTED:
            return Year(accepted_lines.make(count, seed, noise=WRONG), CORRECTED_AFTER)
        case _:
            return Year(_made(change, count, random.Random(f"{change} {seed}")))


def _made(change: Change, count: int, chance: random.Random) -> AcceptedLines:
    newcomers = change is Change.NEWCOMERS
    payees = accepted_lines.payees_of(chance, max(12, count // (4 if newcomers else 8)), 0.04, DAYS)
    if change is Change.ALIKE:
        payees = _twins(chance, payees)
    if change is Change.SEASON:
        payees = [replace(each, kind="season") if each.kind == "plain" and chance.random() < SHARE else each
                  for each in payees]  # fmt: skip
    policy = {}
    if change is Change.POLICY:
        # Four of the categories become others on one day, for all payees.
        day = FIRST_DAY + timedelta(chance.randrange(DAYS * 5 // 10, DAYS * 19 // 20))
        policy = {f"c{each}": (day, f"c{chance.randrange(CATEGORIES)}") for each in chance.sample(range(CATEGORIES), 4)}
    made, first = AcceptedLines(), count // (12 if newcomers else 4)
    for number in range(count):
        day = FIRST_DAY + timedelta(number * DAYS // count)
        open_by_now = max(6, len(payees) * (number + first) // (count + first))
        payee = payees[min(int(chance.paretovariate(0.7)) - 1, 10**6) % open_by_now]
        if chance.random() < 0.25:
            payee = payees[chance.randrange(open_by_now)]
        line = accepted_lines.line_of(chance, number, day, payee)
        right = _right(payee, day) or accepted_lines.category_of(chance, payee, line)
        if accepted_lines.moved(payee, line):
            made.changed[line.id] = payee.name
        since, instead = policy.get(right, (date.max, right))
        if day >= since and instead != right:
            made.changed[line.id], right = right, instead
        made.truth[line.id] = right
        made.examples.append(Example(line, Answer(right)))
    return made


def _right(payee: Payee, day: date) -> str:
    """Return what a payee with a season is on a day."""
    if payee.kind != "season":
        return ""
    begin, end = (FIRST_DAY + each for each in SEASON)
    return payee.other if begin <= day < end else payee.category


def _twins(chance: random.Random, payees: Sequence[Payee]) -> list[Payee]:
    """Return payees of which every third is called like the one before it, but for one letter or a word at its end."""
    found = list(payees)
    for place in range(2, len(found), 3):
        name = found[place - 1].name
        cut = chance.randrange(3, len(name) - 1)
        near = f"{name} {chance.choice(('II', 'SUD', 'OUEST'))}"
        if chance.random() < 0.5:
            near = name[:cut] + chance.choice("AEIOU") + name[cut + 1 :]
        found[place] = replace(found[place], name=near)
    return found
