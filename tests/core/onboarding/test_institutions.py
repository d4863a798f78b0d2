"""Finding a bank, and how far back each way goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

import raccord_bankfeed
from raccord.errors import RaccordError
from raccord.onboarding.sources.institutions import History, find_institutions, limit_of, require_history
from raccord_bankfeed.settings import BankFeedSettings

INFO = raccord_bankfeed.describe()
TODAY = date(2026, 11, 28)
ALWAYS = ["other-plaid", "other-enable_banking", "other-simplefin", "ofx-direct", "not-listed"]


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
    assert [each.key for each in found[-len(ALWAYS) :]] == ALWAYS


AS_TYPED = {
    "Caisse Populaire Desjardins": "Desjardins",
    "Caisse Desjardins de Montréal-Nord": "Desjardins",
    "Mouvement des caisses Desjardins": "Desjardins",
    "Dejardins": "Desjardins",
    "The Royal Bank of Canada": "RBC Banque Royale",
    "Banque Royale du Canada": "RBC Banque Royale",
    "RBC Royal Bank business account": "RBC Banque Royale",
    "T.D. Bank": "TD Canada Trust",
    "Toronto-Dominion Bank (TD)": "TD Canada Trust",
    "Bank of Montreal": "BMO Banque de Montréal",
    "BMO Harris": "BMO Banque de Montréal",
    "Scotia Bank": "Banque Scotia",
    "La Banque de Nouvelle-Écosse (Scotia)": "Banque Scotia",
    "Banque CIBC": "CIBC",
    "Canadian Imperial Bank of Commerce": "CIBC",
    "National Bank": "Banque Nationale du Canada",
    "BNC - Banque nationale": "Banque Nationale du Canada",
    "La Laurentienne": "Banque Laurentienne",
    "Simplii": "Simplii Financial",
    "Vancity Credit Union": "Vancity",
    "Coast Capital Savings": "Coast Capital",
    "Amex Canada": "American Express Canada",
    "JPMorgan Chase Bank, N.A.": "Chase",
    "BankAmerica": "Bank of America",
    "B of A": "Bank of America",
    "Wells-Fargo": "Wells Fargo",
    "CapitalOne": "Capital One",
    "US Bancorp": "U.S. Bank",
    "Navy Federal": "Navy Federal Credit Union",
    "Credit Agricole Ile de France": "Crédit Agricole",
    "CRCAM Brie Picardie": "Crédit Agricole",
    "BNP": "BNP Paribas",
    "SocGen": "Société Générale",
    "Crédit Lyonnais": "LCL",
    "CIC Est": "Crédit Mutuel",
    "Banque postale": "La Banque Postale",
    "caisse depargne": "Caisse d'Épargne",
    "Banque Populaire Rives de Paris": "Caisse d'Épargne",
    "Boursorama Banque": "BoursoBank",
    "Lloyds TSB": "Lloyds",
    "National Westminster Bank": "NatWest",
    "Nationwide Building Society": "Nationwide",
    "HSBC UK Bank plc": "HSBC",
    "Kreissparkasse Köln": "Sparkasse",
    "Stadtsparkasse München": "Sparkasse",
    "Deutsche Bank AG": "Deutsche Bank",
    "Raiffeisenbank Zürich": "Raiffeisen",
    "Union de Banques Suisses (UBS)": "UBS",
    "Post Finance": "PostFinance",
    "KBC Bank Belgique": "KBC",
    "ING Belgique": "ING",
    "ABN-AMRO Bank N.V.": "ABN AMRO",
}


@pytest.mark.requirement("BF-08")
@pytest.mark.parametrize("typed", AS_TYPED)
def test_a_bank_is_found_as_its_customers_write_it(typed: str) -> None:
    found = [each.name for each in find_institutions(INFO, typed) if not each.always]
    assert AS_TYPED[typed] in found[:5]


def test_words_that_many_banks_bear_alone_find_those_that_bear_them_all() -> None:
    assert {each.name for each in find_institutions(INFO, "credit union") if not each.always} == {
        "Navy Federal Credit Union", "Vancity"
    }  # fmt: skip
    for typed in ("the bank of Narnia", "Caisse d’à côté"):
        assert not [each for each in find_institutions(INFO, typed) if not each.always]


@pytest.mark.requirement("BF-08", "BF-09")
@pytest.mark.parametrize("typed", ["", "   ", "Wealthsimple", "%_*", "x" * 1000])
def test_a_bank_that_is_not_there_leaves_the_providers_that_may_reach_it_and_the_way_by_files(typed: str) -> None:
    found = find_institutions(INFO, typed)
    assert [each.key for each in found] == ALWAYS
    assert all("dit s’il l’atteint" in each.way.fr and "whether it" in each.way.en for each in found[:3])


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


@pytest.mark.requirement("BF-18", "K11")
def test_a_bank_that_gives_less_than_its_way_does_has_its_own_limit_from_the_first_search_on() -> None:
    admitted = cast(Any, SimpleNamespace(name="bankfeed", version="0", info=INFO))
    by_plaid = {name: next(each for each in find_institutions(INFO, name) if each.key.endswith("-plaid"))
                for name in ("Capital One", "Wells Fargo")}  # fmt: skip
    assert {name: each.days for name, each in by_plaid.items()} == {"Capital One": 90, "Wells Fargo": 730}
    for name, days in (("Capital One", 90), ("Wells Fargo", 730)):
        chosen = BankFeedSettings.model_validate(dict(by_plaid[name].values))
        assert limit_of(admitted, chosen, TODAY) == History(days, TODAY - timedelta(days))
        with pytest.raises(RaccordError, match="history"):
            require_history(admitted, chosen, TODAY - timedelta(days + 1), TODAY)
    assert limit_of(admitted, BankFeedSettings(), TODAY) is None, "files go back as far as they go"
