"""What the connector says before anything is connected: who it is for, who may, what comes first, what words mean."""

from __future__ import annotations

import pytest

import raccord_taxdome
from raccord.plugin import Stage


@pytest.mark.requirement("TD-01", "TD-02", "TD-11", "TD-28")
def test_limits_name_the_plan_the_region_who_links_and_where_tax_comes() -> None:
    info = raccord_taxdome.describe()
    said = "\n".join(f"{each.fr}\n{each.en}" for each in info.limits)
    for words in (
        "TaxDome Pro seulement", "TaxDome Pro plans only", "n’est pas offert en Europe", "not offered in Europe",
        "Seul le patron", "Only the firm owner", "taxe automatisée", "automated sales tax",
    ):  # fmt: skip
        assert words in said
    (gate,) = info.gates
    assert (gate.before, gate.settings, gate.first_day) == (Stage.COMPANY, ("accounts",), True)


@pytest.mark.requirement("TD-45", "TD-54", "TD-56")
def test_each_status_unsyncing_and_another_currency_are_explained_in_both_languages() -> None:
    statuses, unsyncing, currency = raccord_taxdome.describe().answers
    for fr, en in (
        ("Synchronisé :", "Synced:"), ("En cours :", "Syncing:"), ("Non synchronisé :", "Not synced:"),
        ("Ignoré :", "Skipped:"), ("Échec :", "Failed:"),
    ):  # fmt: skip
        assert fr in statuses.answer.fr
        assert en in statuses.answer.en
    assert "administrateur" in unsyncing.answer.fr
    assert "nothing is doubled" in unsyncing.answer.en
    assert "devise principale" in currency.answer.fr
    assert "held" in currency.answer.en


@pytest.mark.requirement("TD-48", "TD-49")
def test_that_another_company_is_irreversible_is_said_before_connecting() -> None:
    warned = [each.en for each in raccord_taxdome.describe().warnings]
    assert any("irreversible" in each for each in warned)
