"""The published contract of TaxDome: its schemas, its tables, and what it refuses."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import jsonschema_rs
import pytest
from pydantic import ValidationError

import raccord_taxdome
from raccord.plugin.contract import Problem, read_objects
from raccord.plugin.contract.writing import write_table
from raccord_taxdome.contract import CONTRACT
from raccord_taxdome.sandbox import Practice
from raccord_taxdome.sandbox.demonstration import FIRST_DAY
from raccord_taxdome.sandbox.story import seeded
from raccord_taxdome.settings import TaxDomeSettings

HERE = Path(__file__).parents[1]


def test_the_schemas_are_those_of_the_models_and_the_twin_keeps_them() -> None:
    written = runpy.run_path(str(HERE / "write_contract.py"))
    schemas: dict[str, str] = written["schemas"]()
    assert schemas == {path.name: path.read_text("utf-8") for path in sorted(written["SCHEMAS"].glob("*.json"))}
    practice = seeded(FIRST_DAY)
    for info in CONTRACT.objects:
        validator = jsonschema_rs.validator_for(json.loads(schemas[f"{info.name}.schema.json"]))
        for value in practice.all(info.name):
            validator.validate(value)


def test_a_table_and_a_message_of_the_same_object_say_the_same() -> None:
    practice = seeded(FIRST_DAY)
    for info in CONTRACT.objects:
        values = practice.all(info.name)
        table = [
            each.item for each in read_objects(CONTRACT, "x.csv", write_table(CONTRACT, info.name, values).encode())
        ]
        said = [each.item for each in read_objects(CONTRACT, "x.json", json.dumps(values).encode())]
        assert table == said
        assert len(said) == len(values)


@pytest.mark.parametrize(
    ("kind", "change", "fr", "en"),
    [
        ("invoice", {"total": "1.00"}, "les lignes et les taxes font 245.00", "lines and taxes come to 245.00"),
        ("invoice", {"account_id": None}, "« account_id » manque", "“account_id” is missing"),
        ("payment", {"fee": "900.00"}, "des frais de 900.00", "a fee of 900.00"),
        ("payment", {"amount": "1.00", "fee": "0"}, "les factures prennent 245.00", "the invoices take 245.00"),
        ("payment", {"source": "troc"}, "« troc » n’est pas l’un de", "“troc” is not one of"),
        ("refund", {"amount": "-1"}, "« amount »", "“amount”"),
        ("payout", {"total": "9.00"}, "le versement dit 9.00", "the payout says 9.00"),
        ("service", {"origin": "quickbooks_copy"}, "nomme son article", "names its item"),
    ],
)
def test_what_breaks_the_contract_is_refused_in_both_languages(
    kind: str, change: dict[str, str | None], fr: str, en: str
) -> None:
    practice = Practice()
    bill = practice.invoice(practice.account("Érable & fils"), practice.line(practice.service("Déclaration", "245.00")))
    paid = practice.pay(bill, fee="7.40")
    practice.refund(paid, "40.00")
    practice.payout(paid, fee="7.40")
    value = practice.all(kind)[0] | change
    value = {name: each for name, each in value.items() if each is not None}
    (found,) = [each.item for each in read_objects(CONTRACT, "x.json", json.dumps([value]).encode())]
    assert isinstance(found, Problem)
    assert fr in found.text.fr
    assert en in found.text.en


def test_settings_say_what_is_missing() -> None:
    assert not raccord_taxdome.describe().owner_only, "linking is the owner's anyway; admins manage (K5)"
    for values in ({"input_kind": "folder"}, {"input_kind": "pull", "base_url": "https://x.example"}, {"firm": ""}):
        with pytest.raises(ValidationError):
            TaxDomeSettings(**{"firm": "laurier", **values})  # type: ignore[arg-type]
    assert TaxDomeSettings(firm="x", unsynced=" acc_1 \n\nacc_2").leaves_out("acc_1")
