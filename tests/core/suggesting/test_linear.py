"""The linear model says what its weights say, written out answer by answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from raccord.suggesting.linear import MARGIN, Perceptron


class Plain:
    """The same model with a number for each feature and answer."""

    def __init__(self) -> None:
        self.weights: dict[str, dict[str, int]] = defaultdict(dict)
        self.drawn: dict[str, dict[str, int]] = defaultdict(dict)
        self.turn = 1

    def totals(self, features: Sequence[str], of: dict[str, dict[str, int]]) -> dict[str, int]:
        totals: dict[str, int] = defaultdict(int)
        for feature in features:
            for answer, weight in of.get(feature, {}).items():
                totals[answer] += weight
        return totals

    def scores(self, features: Sequence[str]) -> dict[str, int]:
        drawn = self.totals(features, self.drawn)
        totals = self.totals(features, self.weights).items()
        return {answer: (total * 2 * self.turn - drawn[answer]) * 500 // self.turn for answer, total in totals}

    def learn(self, features: Sequence[str], right: str, weight: int) -> None:
        self.turn += 1
        totals = self.totals(features, self.weights)
        best, rival = max([(0, ""), *((total, answer) for answer, total in totals.items() if answer != right)])
        if totals.get(right, 0) - best >= MARGIN:
            return
        for feature in features:
            for answer, change in ((right, weight), *([(rival, -weight)] if rival else [])):
                self.weights[feature][answer] = self.weights[feature].get(answer, 0) + change
                self.drawn[feature][answer] = self.drawn[feature].get(answer, 0) + change * self.turn


FEATURES = st.lists(st.sampled_from([f"f{number}" for number in range(9)]), unique=True, max_size=6)
EXAMPLES = st.lists(st.tuples(FEATURES, st.sampled_from(["", "a", "b", "c", "d"]), st.integers(1, 3)), max_size=60)


@settings(max_examples=60, deadline=None)
@given(EXAMPLES, FEATURES, st.integers(1, 30))
def test_lanes_of_one_number_say_what_a_number_for_each_answer_says(
    examples: list[tuple[list[str], str, int]], asked: list[str], times: int
) -> None:
    model, plain = Perceptron(), Plain()
    for features, right, weight in examples * times:
        model.learn(features, right, weight)
        plain.learn(features, right, weight)
    for each in (asked, *(features for features, _, _ in examples)):
        assert model.scores(each) == plain.scores(each)
