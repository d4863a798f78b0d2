"""A score says how often it is right: by a curve whose place and height the company's past says."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import exp

import pytest

from raccord.suggesting.calibration import LEAST, SHOWN_MIN, calibrated, proves
from raccord.suggesting.curve import EVEN, QUARTER


def told(likely: Callable[[int], float], count: int = 4_000, seed: int = 5) -> list[tuple[int, bool]]:
    """Return scores of all kinds, right as often as a rule of theirs says."""
    chance = random.Random(seed)
    scores = [chance.randrange(EVEN - 2_000, EVEN + 13_000) for _ in range(count)]
    return [(score, chance.random() < likely(score)) for score in scores]


def logistic(score: int, shift: float = 0) -> float:
    return 1 / (1 + exp(-(score - EVEN) / (4 * QUARTER) - shift))


@pytest.mark.parametrize("shift", [-1.5, -0.5, 0, 0.5, 1.5])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_a_curve_says_of_each_score_how_often_it_is_right_be_all_surer_or_less_sure_or_answered_at_random(
    shift: float, noise: float
) -> None:
    found = calibrated(told(lambda score: (1 - noise) * logistic(score, shift)))
    assert [each.confidence for each in found.steps] == sorted(each.confidence for each in found.steps)
    for score in range(EVEN, EVEN + 13_000, QUARTER):
        likely = 1000 * (1 - noise) * logistic(score, shift)
        assert abs(found.confidence(score + QUARTER // 2) - likely) < 25


def test_of_a_short_history_no_score_is_surer_for_a_few_that_were_right_by_luck() -> None:
    """Ten of ten right say little; two hundred together say where the curve stands."""
    history = told(logistic, 200)
    lucky = [(score, right or EVEN <= score < EVEN + 2_000) for score, right in history]
    found = calibrated(lucky)
    assert found.confidence(EVEN + 1_500) < 850
    assert found.confidence(EVEN + 12_000) > 970


def test_nothing_is_shown_but_where_enough_were_judged_and_as_many_right_as_are_wanted() -> None:
    assert calibrated([]).shown_from is None
    assert calibrated(told(lambda _: 0.9)).shown_from is None, "right nine times of ten is not enough to speak"
    assert calibrated([(EVEN + 12_000, True)] * (LEAST - 1)).shown_from is None
    assert calibrated([(EVEN + 12_000, True)] * LEAST).shown_from is not None
    inverse = told(lambda score: 1 - logistic(score) / 2)
    assert calibrated(inverse).shown_from is None, "what has not the shape is not believed"
    assert not proves(100, 97, 970), "exactly as many leave no room for chance"
    assert proves(200, 198, 970)


@pytest.mark.parametrize(("noise", "wanted"), [(0.0, 975), (0.02, 950), (0.05, 930)])
def test_what_is_shown_reached_the_level_in_the_past_or_what_can_be_reached_of_it(noise: float, wanted: int) -> None:
    """Where people contradict themselves nothing agrees with 975 of 1 000; less than 930 is never shown."""
    found = calibrated(told(lambda score: (1 - noise) * logistic(score)))
    assert found.shown_from is not None
    count, right = found.above(found.shown_from)
    assert right * 1000 >= wanted * count
    assert count >= 1_000
    assert found.shown_from >= SHOWN_MIN
    assert calibrated(told(lambda score: 0.92 * logistic(score))).shown_from is None
