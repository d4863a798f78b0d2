"""Settings that name things of the source are chosen from what it told of; lines of text keep their meaning."""

from __future__ import annotations

from raccord.overview.choosing.known_here import Known
from raccord_taxdome.settings import TaxDomeSettings
from raccord_web.pages import typed

KNOWN = {"selected": [Known("acc_0001", ["Érable & fils"]), Known("acc_0002", ["Tremblay"])]}


def test_accounts_are_ticked_by_name_and_one_that_is_not_there_yet_still_typed() -> None:
    values = {"selected": "acc_0002\nacc_0099"}
    shown = {each.name: each for each in typed.shown(TaxDomeSettings, values, "fr", known=KNOWN)}
    rows = shown["selected"].rows
    assert [(row.label, row.value) for row in rows] == [("Érable & fils", ""), ("Tremblay", "on")]
    assert shown["selected"].value == "acc_0099"
    assert "dentifiant" not in shown["selected"].label

    form = {"s_selected:acc_0001": "on", "s_selected": "acc_0099"}
    held = TaxDomeSettings.model_construct(selected="acc_0002")
    values, _ = typed.read(TaxDomeSettings, form, held, "fr")
    assert values["selected"] == "acc_0001\nacc_0099", "what is not ticked any more is gone"
    values, _ = typed.read(TaxDomeSettings, {}, held, "fr")
    assert values["selected"] == "acc_0002", "it was not on the form"
