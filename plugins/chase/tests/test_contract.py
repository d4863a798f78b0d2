"""The published contract: its odd files, and that it and its schemas say the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from raccord_chase.facts import LineType
from raccord_chase.readers.contract_facts import OBJECTS
from raccord_chase.sandbox import Merchant
from raccord_chase.sandbox.handmade import Deliveries
from raccord_chase.sandbox.portal import COLUMNS

Deliver = Callable[..., Deliveries]


def sale(**changes: object) -> dict[str, object]:
    plain = {
        "object": "sale",
        "merchant_id": "123456",
        "id": "s1",
        "day": "2026-09-01",
        "currency": "CAD",
        "amount": "5.00",
    }
    return {**plain, **changes}


def settlement(net: str, *lines: tuple[str, str, str]) -> dict[str, object]:
    rows = [{"type": type_, "ref": ref, "amount": amount} for type_, ref, amount in lines]
    return {**sale(object="settlement", id="d1", net=net), "lines": rows}


def test_json_numbers_keep_every_digit(deliver: Deliver) -> None:
    text = '{"data": [' + json.dumps(sale()).replace('"5.00"', "114.98") + "]}"
    (record,) = deliver().put("a.json", text).run().records
    assert str(record.amount) == "114.98 CAD"


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2027-01-01T04:30:00Z", date(2026, 12, 31)),  # 23:30 in Toronto
        ("2026-10-31T23:30:00-04:00", date(2026, 10, 31)),  # the night when the clock goes back
        ("2026-11-02T04:30:00+00:00", date(2026, 11, 1)),
        ("2027-03-14T03:30:00+00:00", date(2027, 3, 13)),  # the night when it goes forward
        ("2027-03-15T03:59:00+00:00", date(2027, 3, 14)),
    ],
)
def test_a_moment_counts_on_the_merchant_s_own_day(deliver: Deliver, moment: str, day: date) -> None:
    text = json.dumps([sale(day=None, occurred_at=moment)])
    assert [record.day for record in deliver().put("a.json", text).run().records] == [day]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": "5.001"}, "bad_amount"),
        ({"amount": "-5"}, "bad_amount"),
        ({"amount": None}, "bad_amount"),
        ({"day": "2026-02-30"}, "bad_date"),
        ({"day": "", "occurred_at": "2026-09-01T10:00:00"}, "bad_date"),
        ({"day": ""}, "missing_value"),
        ({"id": ""}, "missing_value"),
        ({"currency": "USD"}, "other_currency"),
        ({"merchant_id": "777"}, "other_merchant"),
        ({"schema_version": "2"}, "bad_value"),
        ({"deleted": "perhaps"}, "bad_value"),
        ({"object": "tip"}, "unknown_report"),
        ({"object": "chargeback", "dispute": "1", "direction": "sideways"}, "bad_value"),
    ],
)
def test_an_object_that_cannot_be_used_says_why(deliver: Deliver, change: dict[str, object], code: str) -> None:
    chase = deliver().put("a.json", json.dumps([sale(**change), sale(id="s2")])).run()
    assert chase.codes() == [f"chase.{code}"]
    assert [record.source_id for record in chase.records] == ["s2"]


def test_a_settlement_whose_lines_miss_its_net_is_refused_with_the_difference(deliver: Deliver) -> None:
    text = json.dumps([settlement("4.00", ("sale", "s1", "5.00"), ("fee", "IA", "-0.50"))])
    chase = deliver().put("a.json", text).run()
    assert chase.codes() == ["chase.settlement_net"]
    assert "difference 0.50 CAD" in chase.rejects[0].reason.en


@pytest.mark.parametrize("text", ["[1, 2", '{"data": 5}', "[" * 100_000, '[{"a": NaN}]'])
def test_a_document_that_is_no_json_is_told(deliver: Deliver, text: str) -> None:
    assert deliver().put("a.json", text).run().codes() == ["chase.file_unreadable"]


def test_a_deleted_object_posts_nothing_and_is_shown(deliver: Deliver) -> None:
    chase = deliver().put("a.json", json.dumps([sale(deleted=True)])).run()
    assert [record.amount for record in chase.records] == [None]
    assert chase.drafts() == []


def test_semicolons_columns_in_any_order_and_unknown_ones_are_read(deliver: Deliver) -> None:
    text = "amount;id;OBJECT;merchant_id;colour;currency;day\n5.00;s1;sale;0123456;red;CAD;2026-09-01\n"
    (record,) = deliver().put("a.csv", text).run().records
    assert (record.source_id, str(record.amount)) == ("s1", "5.00 CAD")


def test_a_row_of_a_settlement_after_a_bad_row_is_not_lost(deliver: Deliver) -> None:
    names = "object,merchant_id,id,day,currency,net,line_type,line_ref,line_amount"
    rows = [
        "settlement,123456,d1,2026-09-01,CAD,3.00,sale,a,1.00",
        "broken",
        "settlement,123456,d2,2026-09-01,CAD,2.00,sale,b,2.00",
    ]
    chase = deliver().put("a.csv", "\n".join([names, *rows])).run()
    assert [record.source_id for record in chase.of("settlements")] == ["d2"]
    assert sorted(chase.codes()) == ["chase.row_too_short", "chase.settlement_net"]


def test_many_objects_are_read_in_pages(deliver: Deliver) -> None:
    objects = [sale(id=f"s{number}") for number in range(1500)] + [sale(id="s3", amount="6.00")]
    for name, text in (
        ("a.json", json.dumps(objects)),
        ("a.jsonl", "\n".join(json.dumps(each) for each in objects)),
        (
            "a.csv",
            "object,merchant_id,id,day,currency,amount\n" + "\n".join(",".join(map(str, o.values())) for o in objects),
        ),
    ):
        if name == "a.csv":
            text = text.replace("object,merchant_id,id", ",".join(sale()).rpartition(",day")[0])
        chase = deliver().put(name, text).run()
        assert (len(chase.of("sales")), chase.codes()) == (1500, ["chase.id_conflict"]), name


def test_the_schemas_name_every_object_line_and_column(tmp_path: Path) -> None:
    folder = files("raccord_chase").joinpath("schemas")
    named: set[str] = {"line_type", "line_ref", "line_amount", "line_description"}
    for kind in OBJECTS:
        schema = json.loads(folder.joinpath(f"{kind}.schema.json").read_text(encoding="utf-8"))
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["properties"]["object"] == {"const": kind}
        assert set(schema["required"]) <= set(schema["properties"])
        named |= set(schema["properties"]) - {"lines"}
        if "lines" in schema["properties"]:
            types = schema["properties"]["lines"]["items"]["properties"]["type"]["enum"]
            assert set(types) <= {each.value for each in LineType}
    assert named == set(COLUMNS)
    for path in Merchant(days=8).portal_files(tmp_path):
        if path.suffix == ".json":
            for each in json.loads(path.read_text())["data"]:
                schema = json.loads(folder.joinpath(f"{each['object']}.schema.json").read_text(encoding="utf-8"))
                assert set(schema["required"]) <= set(each) <= set(schema["properties"])
