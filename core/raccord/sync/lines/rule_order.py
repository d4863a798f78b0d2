"""A company's rules in their order, by what a text must hold for them: a line is held against a few of them; pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from raccord.sync.lines.bank_rules import Condition, Line, Rule, RuleBody, TextCondition, TextTest, Together, fits, fold

_LETTERS = 3
_WORD = re.compile(r"\w+")


class RuleOrder:
    """Finds the first rule that fits a line."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules: Sequence[Rule] = [rule for rule in rules if rule.enabled]
        self._always: list[int] = []
        """Places of the rules that a text without any particular letters may be about."""
        self._by_piece: dict[str, list[int]] = defaultdict(list)
        for place, rule in enumerate(self._rules):
            pieces = self._pieces(rule.body)
            if not pieces:
                self._always.append(place)
            for piece in pieces:
                self._by_piece[piece].append(place)

    def first_fitting(self, line: Line) -> Rule | None:
        """Return the first rule, in the order given, that fits a line."""
        text, by_piece = line.text, self._by_piece
        places = set(self._always)
        for start in range(len(text) - _LETTERS + 1):
            there = by_piece.get(text[start : start + _LETTERS])
            if there is not None:
                places.update(there)
        return next((self._rules[place] for place in sorted(places) if fits(self._rules[place], line)), None)

    def _pieces(self, body: RuleBody) -> set[str]:
        """Return letters of which a text holds some where a rule fits it; none where that cannot be said."""
        found = [self._piece(each) for each in body.conditions]
        if body.together is Together.ANY:
            return set(found) if all(found) else set()
        return {min(filter(None, found), key=self._rules_at)} if any(found) else set()

    def _piece(self, condition: Condition) -> str:
        """Return letters that a text holds where a condition is met: of those it names, what the fewest rules name."""
        if not isinstance(condition, TextCondition) or condition.test is TextTest.LACKS:
            return ""
        said = fold(condition.value)
        # Between words a text may have anything.
        parts = _WORD.findall(said) if condition.test is TextTest.WORD else [said]
        pieces = [part[start : start + _LETTERS] for part in parts for start in range(len(part) - _LETTERS + 1)]
        return min(pieces, key=self._rules_at, default="")

    def _rules_at(self, piece: str) -> int:
        return len(self._by_piece[piece]) if piece in self._by_piece else 0
