"""Every cause is explained in both languages."""

from __future__ import annotations

from dataclasses import astuple
from typing import get_args

import pytest

from raccord.quickbooks import Cause, explain
from raccord.quickbooks.causes import VERDICTS
from raccord.quickbooks.texts import Language, _texts

LANGUAGES: tuple[Language, ...] = get_args(Language)
REFERENCE_CODES = (
    "120",
    "500",
    "610",
    "2020",
    "2170",
    "2500",
    "5010",
    "6000",
    "6140",
    "6190",
    "6200",
    "6210",
    "6240",
    "6540",
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_says_what_why_what_to_do_and_who_in_both_languages(cause: Cause, language: Language) -> None:
    said = explain(cause, language)
    assert all(len(text.strip()) > 5 for text in astuple(said))
    assert all(text == text.strip() for text in astuple(said))


@pytest.mark.parametrize("cause", list(Cause))
def test_french_and_english_are_two_texts(cause: Cause) -> None:
    french, english = astuple(explain(cause, "fr")), astuple(explain(cause, "en"))
    assert all(one != other for one, other in zip(french, english, strict=True))


def test_no_text_is_left_over_from_a_cause_that_is_gone() -> None:
    assert set(_texts()) == {cause.value for cause in Cause}


@pytest.mark.parametrize("code", REFERENCE_CODES)
def test_the_codes_that_integrators_meet_most_have_a_verdict_of_their_own(code: str) -> None:
    assert VERDICTS[code][1] in set(Cause)
