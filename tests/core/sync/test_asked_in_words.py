"""A place that a person fills for one draft is asked about in the connector's words, where it has some."""

from __future__ import annotations

from typing import Any, cast

import pytest

from raccord.overview.explain import explain
from raccord.plugin import Text
from raccord.plugin.drafts import Accepts, Decision
from raccord.sync.resolving.resolve import DECISION_MISSING, Held, Resolver

NOTHING = cast(Any, None)
TENDER = Text("le moyen de paiement", "the tender")


@pytest.mark.parametrize(
    ("label", "fr", "en"), [(TENDER, TENDER.fr, TENDER.en), (None, "tender", "tender")], ids=["in words", "by its name"]
)
def test_a_question_calls_its_place_what_the_connector_calls_it(label: Text | None, fr: str, en: str) -> None:
    resolver = Resolver(NOTHING, NOTHING, NOTHING, "en")
    with pytest.raises(Held) as held:
        resolver.resolve(Decision("tender", Accepts.BANK, label=label))
    assert (held.value.code, held.value.params["decision"]) == (DECISION_MISSING, "tender")
    said = [explain(DECISION_MISSING, held.value.params, language).sentence for language in ("fr", "en")]
    assert said == [
        f"Cette opération attend qu'une personne indique : {fr}.",
        f"This line waits for a person to say: {en}.",
    ]
