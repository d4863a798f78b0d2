"""What the connector says of itself before a record moves, and what its settings refuse."""

from __future__ import annotations

import json
import tomllib
from importlib.metadata import entry_points
from importlib.resources import files

import pytest
from pydantic import ValidationError

import raccord_chase
from raccord.plugin import Connector
from raccord.plugin.drafts import Accepts
from raccord_chase.mapping import map_chase_record
from raccord_chase.problems import codes, problem
from raccord_chase.settings import ChaseSettings

connector: Connector = raccord_chase
ROLES = {role.name: role for role in raccord_chase.describe().roles}


def test_the_connector_is_found_by_its_entry_point() -> None:
    (point,) = [each for each in entry_points(group="raccord") if each.name == "chase"]
    assert point.load() is raccord_chase
    assert map_chase_record is not None


@pytest.mark.requirement("CH-14", "CH-40")
def test_exactly_five_kinds_can_post() -> None:
    *streams, reports = [stream.name for stream in raccord_chase.describe().streams]
    assert reports == "reports", "which tells of days and posts nothing"
    assert streams == ["sales", "refunds", "chargebacks", "charges", "settlements"]


@pytest.mark.requirement("CH-01", "CH-02", "CH-03", "CH-04")
def test_limits_are_told_before_connecting_in_both_languages() -> None:
    limits = raccord_chase.describe().limits
    english, french = " ".join(text.en for text in limits), " ".join(text.fr for text in limits)
    for words in (("Mobile Checkout-PLUS", "POS terminal", "no extra cost", "every plan", "Desktop is not supported"),):
        assert all(word in english for word in words)
    assert "Terminal" in french or "terminal de point de vente" in french
    assert "Desktop n’est pas pris en charge" in french


@pytest.mark.requirement("CH-08")
def test_the_bank_account_has_no_default_and_must_be_a_bank() -> None:
    bank = ROLES["deposit_bank"]
    assert (bank.accepts, bank.required, bank.default, bank.same_as, bank.subtype) == (Accepts.BANK, True, None, "", "")


@pytest.mark.requirement("CH-09", "CH-10", "CH-11", "CH-12")
def test_defaults_are_created_under_the_names_of_the_source_page() -> None:
    names = {name: role.default.name for name, role in ROLES.items() if role.default}
    assert {name: (text.fr, text.en) for name, text in names.items()} == {
        "income": ("Revenu Chase", "Chase Income"),
        "fees": ("Dépense Chase", "Chase Expense"),
        "customer": ("Client Chase", "Chase Customer"),
    }
    assert not ROLES["tax"].required


@pytest.mark.requirement("CH-13")
def test_every_default_and_what_follows_one_says_why_it_is_worth_keeping() -> None:
    kept = {name for name, role in ROLES.items() if role.keep_default is not None}
    assert kept == {name for name, role in ROLES.items() if role.default or role.same_as}


@pytest.mark.requirement("CH-06", "CH-07", "CH-25", "K12")
def test_one_income_choice_fills_three_types_and_each_can_have_its_own() -> None:
    assert {name: role.same_as for name, role in ROLES.items() if name.startswith("income_")} == {
        "income_sales": "income",
        "income_refunds": "income",
        "income_chargebacks": "income",
    }


@pytest.mark.requirement("CH-17", "CH-41", "K10")
def test_support_contacts_are_data() -> None:
    info = raccord_chase.describe()
    assert [contact.phone for contact in info.contacts] == ["1-800-507-0782"] * 2
    assert ChaseSettings(merchant_id="1", input_kind="upload").support_phone == "1-800-507-0782"


def test_every_setting_has_a_french_label_and_secrets_stay_out_of_sight() -> None:
    for name, field in ChaseSettings.model_fields.items():
        extra = field.json_schema_extra
        assert field.title, name
        assert isinstance(extra, dict), name
        assert extra.get("fr"), name
    settings = ChaseSettings(merchant_id="1", input_kind="upload", sftp_password="canary", zip_password="canary")
    assert "canary" not in f"{settings!r} {settings} {settings.model_dump_json()}"
    assert json.loads(json.dumps(ChaseSettings.model_json_schema()))


@pytest.mark.parametrize(
    "given",
    [
        {"merchant_id": "12a"},
        {"merchant_id": "1", "input_kind": "folder"},
        {"merchant_id": "1", "input_kind": "sftp", "sftp_host": "h", "sftp_user": "u", "sftp_password": "p"},
        {
            "merchant_id": "1",
            "input_kind": "sftp",
            "sftp_host": "h",
            "sftp_user": "u",
            "sftp_host_key": "SHA256:" + "a" * 43,
        },
        {"merchant_id": "1", "input_kind": "upload", "sftp_host_key": "MD5:12"},
        {"merchant_id": "1", "input_kind": "upload", "delivery_days": []},
        {"merchant_id": "1", "input_kind": "upload", "delivery_days": [8]},
        {"merchant_id": "1", "input_kind": "upload", "typo": "x"},
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ChaseSettings.model_validate(given)


def test_files_are_handed_in_where_nothing_is_said_and_a_folder_that_is_named_says_it() -> None:
    for said, kind in (
        ({}, "upload"),
        ({"folder": "/in"}, "folder"),
        ({"folder": "/in", "input_kind": "upload"}, "upload"),
    ):
        assert ChaseSettings.model_validate({"merchant_id": "1", **said}).input_kind == kind


def test_every_problem_has_its_two_sentences() -> None:
    sentences = tomllib.loads(files("raccord_chase").joinpath("texts", "problems.toml").read_text(encoding="utf-8"))
    assert {f"chase.{name}" for name in sentences} == codes()
    for name, texts in sentences.items():
        fields = {part.split("}")[0] for part in texts["fr"].split("{")[1:]}
        assert fields == {part.split("}")[0] for part in texts["en"].split("{")[1:]}, name
        assert problem(name, **dict.fromkeys(fields, "x")).text.fr  # type: ignore[arg-type]  # any text will do
