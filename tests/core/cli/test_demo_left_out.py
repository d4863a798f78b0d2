"""The demonstration names the connectors that it goes without."""

from __future__ import annotations

import pytest

from raccord.catalog import examine
from raccord.cli.demo.command import left_out, tell_left_out
from raccord.cli.terminal.output import Output, State
from raccord.plugin.texts import Language, Text
from raccord.quarantine import Quarantined, Rule, fix_for

REASON = Text("Il ne se laisse pas importer.", "It cannot be imported.")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_quarantined_connector_is_named_with_its_reason_and_what_to_do(
    language: Language, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = next(iter(Rule))
    catalog = examine((), [Quarantined("broken", "raccord-broken", "1.0", rule, REASON, fix_for(rule))])
    tell_left_out(catalog, Output(State(language=language, as_json=False)))
    said = capsys.readouterr().out
    for part in ("broken", "raccord-broken 1.0", REASON.get(language), fix_for(rule).get(language)):
        assert part in said
    (one,) = left_out(catalog)
    assert (one["name"], one["code"], one["reason"]) == ("broken", str(rule), {"fr": REASON.fr, "en": REASON.en})
    assert left_out(examine(())) == []
