"""Fields of a connector's settings that one choice needs: grouped under its name, whichever the connector."""

from __future__ import annotations

import json
from typing import Any

import pytest

from raccord.catalog import load_catalog
from raccord.plugin.texts import Language
from raccord_web.pages.typed import PREFIX, in_groups, shown

CONNECTORS = {name: each.info for name, each in load_catalog().admitted.items()}


def groups(name: str, language: Language, **values: Any) -> dict[str, list[str]]:
    """Return the fields of a connector's form by the heading they stand under."""
    info = CONNECTORS[name]
    fields = shown(info.settings, values, language, later=info.signs_in)
    return {each[0].heading: [field.name for field in each] for each in in_groups([f for f in fields if not f.fold])}


@pytest.mark.parametrize("name", sorted(CONNECTORS))
def test_a_condition_names_a_choice_of_the_same_settings_and_values_that_it_has(name: str) -> None:
    fields = CONNECTORS[name].settings.model_fields
    for each in shown(CONNECTORS[name].settings, {}, "en"):
        for of, among in json.loads(each.when or "{}").items():
            choice = next(f for f in shown(CONNECTORS[name].settings, {}, "en") if PREFIX + f.name == of)
            assert (each.name in fields, choice.kind, each.heading != "") == (True, "choice", True), each
            assert set(among) <= {value for value, _ in choice.options}, each
    conditions = [each[0].when for each in in_groups(shown(CONNECTORS[name].settings, {}, "en")) if each[0].when]
    assert len(set(conditions)) == len(conditions), "what one choice needs stands together"


def test_every_way_is_on_the_form_under_its_heading_so_that_it_works_without_a_script() -> None:
    chase = groups("chase", "fr", input_kind="upload")
    assert chase["Un dossier de ce serveur"] == ["folder"]
    assert chase["Le serveur SFTP de Chase"] == [
        "sftp_host", "sftp_port", "sftp_user", "sftp_password", "sftp_key", "sftp_host_key", "sftp_folder",
    ]  # fmt: skip
    assert "sftp_host" not in chase[""]
    for name in ("plannit", "taxdome"):
        found = groups(name, "en", input_kind="upload")
        assert found["An address that follows our contract"] == ["base_url", "token"]
    bank = groups("bankfeed", "en", input_kind="upload")
    assert bank["A folder of this server"] == ["folder"]
    assert not any("plaid" in field for some in bank.values() for field in some), "asked for where one signs in"
    assert any("plaid" in field for some in groups("bankfeed", "en", input_kind="plaid").values() for field in some)
