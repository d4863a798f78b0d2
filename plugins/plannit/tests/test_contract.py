"""The published contract of Plannit: its schemas, its headings, and what it refuses."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path

import jsonschema_rs
import pytest
from pydantic import ValidationError

import raccord_plannit
from raccord.plugin.contract import Problem, read_objects
from raccord_plannit.contract import CONTRACT
from raccord_plannit.sandbox import Firm, write_table
from raccord_plannit.sandbox.demonstration import FIRST_DAY
from raccord_plannit.sandbox.firm import Sold
from raccord_plannit.sandbox.story import seeded
from raccord_plannit.settings import PlannitSettings

HERE = Path(__file__).parents[1]


def test_the_schemas_are_those_of_the_models_and_the_twin_keeps_them() -> None:
    written = runpy.run_path(str(HERE / "write_contract.py"))
    schemas: dict[str, str] = written["schemas"]()
    assert schemas == {path.name: path.read_text("utf-8") for path in sorted(written["SCHEMAS"].glob("*.json"))}
    firm = seeded(FIRST_DAY)
    for info in CONTRACT.objects:
        validator = jsonschema_rs.validator_for(json.loads(schemas[f"{info.name}.schema.json"]))
        for value in firm.all(info.name):
            validator.validate(value)


def test_a_table_and_a_message_of_the_same_object_say_the_same() -> None:
    firm = seeded(FIRST_DAY)
    for info in CONTRACT.objects:
        values = firm.all(info.name)
        table = [each.item for each in read_objects(CONTRACT, "x.csv", write_table(info.name, values).encode())]
        said = [each.item for each in read_objects(CONTRACT, "x.json", json.dumps(values).encode())]
        assert table == said
        assert len(said) == len(values)


@pytest.mark.parametrize(
    ("kind", "change", "fr", "en"),
    [
        ("invoice", {"total": "1.00"}, "les lignes et les taxes font 114.98", "lines and taxes come to 114.98"),
        ("invoice", {"lines": []}, "« lines » est trop court", "“lines” is too short"),
        ("invoice", {"contact_id": None}, "« contact_id » manque", "“contact_id” is missing"),
        ("invoice", {"currency": "cad"}, "n’a pas la forme attendue", "has not the expected form"),
        ("payment", {"amount": "-1"}, "le montant n’est pas positif", "the amount is not positive"),
        ("payment", {"invoice_id": None}, "un paiement nomme sa facture", "a payment names its invoice"),
        ("payment", {"method": "troc"}, "« troc » n’est pas l’un de", "“troc” is not one of"),
        ("payout", {"fee": "3.00"}, "ne font pas 97.00", "is not 97.00"),
    ],
)
def test_what_breaks_the_contract_is_refused_in_both_languages(
    kind: str, change: dict[str, object], fr: str, en: str
) -> None:
    firm = Firm()
    firm.pay(firm.invoice(firm.contact("A"), Sold(name="x", price="100")))
    firm.payout("99.00", "2.00")
    value = {**firm.all(kind)[0], **change}
    (found,) = read_objects(CONTRACT, "x.json", json.dumps([value]).encode())
    assert isinstance(found.item, Problem)
    assert fr in found.item.text.fr
    assert en in found.item.text.en


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"input_kind": "folder"}, "plannit.settings_folder"),
        ({"input_kind": "pull", "base_url": "https://x.test"}, "plannit.settings_pull"),
        ({"cut_over": "2026-03-02T09:00"}, "plannit.settings_cut_over"),
        ({"columns": "facture = x"}, "plannit.settings_columns"),
        ({"columns": "item.name = x\n" * 201}, "plannit.settings_columns"),
    ],
)
def test_settings_that_are_not_whole_are_refused(values: dict[str, str], code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        PlannitSettings.model_validate({"account": "b", **values})
    assert refused.value.errors()[0]["type"] == code


def test_headings_said_in_the_settings_reach_the_reader(tmp_path: Path, records: Callable[..., object]) -> None:
    settings = PlannitSettings(account="b", columns="item.name = Produit\nitem.updated_at = Maj\n")
    assert settings.intake().said.headings == {"item": {"produit": "name", "maj": "updated_at"}}


@pytest.mark.requirement("PL-02", "PL-07", "PL-08", "PL-17", "PL-25", "PL-26", "EX-01")
def test_the_manifest_tells_what_must_come_first_in_each_mode() -> None:
    info = raccord_plannit.describe()
    gates = {each.name: each for each in info.gates}
    assert [(each.name, sorted(each.modes)) for each in info.gates] == [
        ("tax_groups", ["already_running", "first_time"]),
        ("catalogue_created", ["first_time"]),
        ("catalogue_validated", ["already_running"]),
        ("well_configured", ["already_running", "first_time"]),
    ]
    assert gates["tax_groups"].link
    assert gates["well_configured"].roles == ("tax_taxable", "tax_exempt", "default_item", "deposit_bank")
    required = {role.name for role in info.roles if role.required}
    assert required == set(gates["well_configured"].roles)
    assert "pas d’interface publique" in info.warnings[0].fr
    assert "aucune vente n’est relue" in info.limits[0].fr
