"""Finding a bank, and how far back each way goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

import raccord_bankfeed
from raccord.errors import RaccordError
from raccord.onboarding.sources.institutions import find_institutions, require_history
from raccord_bankfeed.settings import BankFeedSettings

INFO = raccord_bankfeed.describe()
TODAY = date(2026, 11, 28)


@pytest.mark.requirement("BF-08", "BF-09")
@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("desj", "Desjardins"),
        ("credit agr", "Crédit Agricole"),
        ("ÉPARGNE", "Caisse d'Épargne"),
        ("accesd", "Desjardins"),
        ("royal bank", "RBC Banque Royale"),
        ("chase", "Chase"),
    ],
)
def test_part_of_a_name_finds_the_bank_whatever_its_accents(typed: str, first: str) -> None:
    found = find_institutions(INFO, typed)
    assert found[0].name == first
    assert [each.key for each in found[-2:]] == ["ofx-direct", "not-listed"]


@pytest.mark.parametrize("typed", ["", "   ", "no such bank", "%_*", "x" * 1000])
def test_a_bank_that_is_not_there_leaves_the_way_by_files(typed: str) -> None:
    assert [each.key for each in find_institutions(INFO, typed)] == ["ofx-direct", "not-listed"]


def test_every_key_is_one_way_and_every_way_is_a_setting() -> None:
    keys = [each.key for each in INFO.institutions]
    assert len(keys) == len(set(keys))
    for each in INFO.institutions:
        BankFeedSettings.model_validate(dict(each.values))


@pytest.mark.requirement("BF-18", "K11")
def test_more_days_than_a_bank_gives_are_refused_with_its_limit_and_the_way_by_files() -> None:
    admitted = cast(Any, SimpleNamespace(name="bankfeed", version="0", info=INFO))
    bank = BankFeedSettings.model_validate({"input_kind": "ofx", "ofx_history_days": 400})
    with pytest.raises(RaccordError) as far:
        require_history(admitted, bank, date(2024, 11, 28), TODAY)
    assert far.value.code == "connection.history"
    assert "400 jours : depuis le 2025-10-24" in far.value.text.fr
    assert "CSV" in far.value.fix.fr
    require_history(admitted, bank, date(2025, 10, 24), TODAY)
    require_history(admitted, BankFeedSettings(), date(2001, 1, 1), TODAY)
    without = cast(Any, SimpleNamespace(name="x", version="0", info=replace(INFO, history_days=None)))
    require_history(without, bank, date(2001, 1, 1), TODAY)
    require_history(None, bank, date(2001, 1, 1), TODAY)
