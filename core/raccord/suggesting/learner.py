"""Learns the history of one company in the order of its days, and judges itself by it on the way.

Each line of the history is guessed from those before it, compared with its answer, and learned only then. So every
figure is of lines that the learner had not seen, and what it says now rests on all of them, the last included.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from raccord.suggesting.calibration import Calibration, calibrated
from raccord.suggesting.evidence import Evidence
from raccord.suggesting.features import features_of
from raccord.suggesting.history import Answer, Example, Line
from raccord.suggesting.linear import Perceptron
from raccord.suggesting.nearest import Nearest
from raccord.suggesting.shifts import Shifts
from raccord.suggesting.watch import WATCHED, Watched, overridden
from raccord.suggesting.words import payee_of, words_in

HISTORY_MAX = 10_000
"""Examples that are learned, the newest."""
JUDGED_MAX = 4_000
"""Of them those that are guessed first, the newest."""
EXAMPLES_MIN = 30
"""Fewer say nothing."""
SHOWN = 3
"""Examples shown behind a suggestion."""
REPLAYS = 3
"""Earlier examples that are gone over again with each new one."""
ASKED_AFTER = timedelta(days=30)
ASKED_PART = 20
"""While it judges itself, lines of so many days, or one in so many of all, are guessed before any of them is learned.

People answer a delivery of lines together, so what a payee's first line in its new category tells comes too late for
the others of the delivery. A learner judged line by line would promise more than it keeps where payees move.
"""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Guess:
    """What a line may be, whether or not that is sure enough to say; ``score`` means nothing by itself."""

    account: str
    score: int
    near: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a line is likely to be."""

    answer: Answer
    confidence: int
    """Of 1 000 such suggestions so many are right."""
    examples: tuple[Example, ...]
    """Accepted lines of the same payee with the same account, the newest first."""


@dataclass(slots=True)
class Learned:
    """What was learned of a history."""

    calibration: Calibration
    examples: int
    judged: int
    overridden: frozenset[str] = frozenset()
    """Accounts of which nothing is suggested until what is sure of them has held again."""
    _linear: Perceptron = field(default_factory=Perceptron)
    _nearest: Nearest = field(default_factory=Nearest)
    _shifts: Shifts = field(default_factory=Shifts)
    _seen: list[tuple[tuple[str, ...], Example]] = field(default_factory=list)

    def suggest(self, line: Line) -> Suggestion | None:
        """Return what a line is likely to be; nothing of a new payee, or where that is not sure enough."""
        guess, shown_from = self.guess(line), self.calibration.shown_from
        if guess is None or shown_from is None:
            return None
        confidence = self.calibration.confidence(guess.score)
        if not guess.account or guess.account in self.overridden or confidence < shown_from:
            return None
        behind = [each for each in reversed(guess.near) if each.answer.account == guess.account]
        return Suggestion(_agreed(guess.account, behind), confidence, tuple(behind[:SHOWN]))

    def guess(self, line: Line) -> Guess | None:
        """Return the account that the nearest examples and the linear model say together."""
        nearness, near = self._nearest.of(payee_of(words_in(line.text)), money_in=line.amount > 0)
        if not near:
            return None
        evidence = Evidence(line, near, nearness)
        scores = self._linear.scores(features_of(line))
        _, account = max((evidence.score(each, scores), each) for each in evidence.votes)
        steadiness = self._shifts.steadiness(account, (line.day - near[-1].line.day).days)
        return Guess(account, evidence.steadied(account, scores, steadiness), tuple(near))

    def learn(self, example: Example) -> None:
        """Take one answer in."""
        features, payee = features_of(example.line), payee_of(words_in(example.line.text))
        self._nearest.add(payee, example)
        self._shifts.learn(payee, example.answer.account, money_in=example.line.amount > 0)
        self._linear.learn(features, example.answer.account, example.weight)
        self._seen.append((features, example))
        for turn in range(REPLAYS):
            # A fixed walk over what is known, in the place of chance.
            again, earlier = self._seen[(len(self._seen) * 7919 + turn * 104_729) % len(self._seen)]
            self._linear.learn(again, earlier.answer.account, earlier.weight)


def learn(examples: Iterable[Example], usable: Collection[str], known: Calibration | None = None) -> Learned:
    """Learn a history; answers with accounts that are not ``usable`` any more are left out.

    ``known`` is the calibration of a history that was nearly the same: then only the newest are guessed, for what was
    overridden of late, which takes half the time.
    """
    there = sorted(
        (each for each in examples if not each.answer.account or each.answer.account in usable),
        key=lambda each: (each.line.day, each.line.id),
    )[-HISTORY_MAX:]
    learned = Learned(known or Calibration(), len(there), 0)
    judged: list[Watched] = []
    watched: list[Watched] = []
    newest = WATCHED if known is not None else JUDGED_MAX
    for some in deliveries(there):
        for place, example in some:
            if place >= EXAMPLES_MIN and place >= len(there) - newest:
                guess = learned.guess(example.line)
                if guess is not None:
                    judged.append(Watched(guess.account, guess.score, guess.account == example.answer.account))
                    if place >= len(there) - WATCHED:
                        watched.append(judged[-1])
        for _, example in some:
            learned.learn(example)
    if known is None:
        learned.calibration = calibrated((each.score, each.right) for each in judged)
    learned.overridden = overridden(watched, learned.calibration)
    learned.judged = sum(step.count for step in learned.calibration.steps)
    return learned


def deliveries(there: Sequence[Example]) -> Iterator[list[tuple[int, Example]]]:
    """Yield the examples with their places, in such parts as are asked about together."""
    some: list[tuple[int, Example]] = []
    for place, each in enumerate(there):
        if some and (len(some) * ASKED_PART >= len(there) or each.line.day - some[0][1].line.day >= ASKED_AFTER):
            yield some
            some = []
        some.append((place, each))
    if some:
        yield some


def _agreed(account: str, behind: Sequence[Example]) -> Answer:
    """Return the account with those details on which three of four of its examples agree."""
    party = _common([(each.answer.party_kind, each.answer.party_id) for each in behind]) or ("", "")
    return Answer(
        account,
        _common([each.answer.kind for each in behind]) or behind[0].answer.kind,
        *party,
        tax_code=_common([each.answer.tax_code for each in behind]) or "",
        class_id=_common([each.answer.class_id for each in behind]) or "",
        location_id=_common([each.answer.location_id for each in behind]) or "",
    )


def _common(values: Sequence[T]) -> T | None:
    best = max(values, key=lambda each: (values.count(each), str(each)))
    return best if values.count(best) * 4 >= len(values) * 3 else None
