"""The published contract's transport: what it takes, in which forms, and what it refuses in which words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from pydantic import SecretStr

from raccord.plugin import Money, Record, SourceRefused, Text
from raccord.plugin.contract import (
    FILE_BYTES_MAX,
    Amount,
    Contract,
    ContractObject,
    ContractPart,
    Day,
    Found,
    Intake,
    ObjectInfo,
    Problem,
    Pull,
    Said,
    SourceId,
    Words,
    contract_page,
    json_schemas,
    read_objects,
)
from raccord.plugin.testing import FakeFetchContext, FileShelf, FixedClock


class Sold(ContractPart):
    name: str
    amount: Amount
    taxable: bool = True


class Place(ContractPart):
    city: str = ""


class Order(ContractObject):
    day: Day
    kind: Literal["shop", "web"] = "shop"
    total: Amount
    tags: Words = ()
    place: Place | None = None
    lines: tuple[Sold, ...]


class Person(ContractObject):
    name: str


CONTRACT = Contract(
    "stall",
    (
        ObjectInfo(name="person", label=Text("Client", "Person"), stream="people", model=Person, path="people"),
        ObjectInfo(
            name="order",
            label=Text("Commande", "Order"),
            stream="orders",
            model=Order,
            path="orders",
            words=("commandes",),
            headings={"montant": "total", "ligne": "lines.name"},
        ),
    ),
)
FIRST = {
    "object": "order",
    "id": "o1",
    "updated_at": "2026-03-02T10:00:00-05:00",
    "day": "2026-03-02",
    "total": "30.5",
    "tags": ["a", "b"],
    "place": {"city": "Lévis"},
    "lines": [{"name": "Chou", "amount": 10}, {"name": "Blé", "amount": "20.50", "taxable": False}],
}
TABLE = (
    "object;id;updated_at;day;montant;tags;place.city;ligne;lines.amount;lines.taxable;autre\r\n"
    "order;o1;2026-03-02T10:00:00-05:00;2026-03-02;30.50;a | b;Lévis;Chou;10.00;;x\r\n"
    "order;o1;2026-03-02T10:00:00-05:00;2026-03-02;30.50;;;Blé;20.5;false;\r\n"
)


def read(content: str | bytes, name: str = "file") -> list[Found]:
    return list(read_objects(CONTRACT, name, content if isinstance(content, bytes) else content.encode()))


def wrong(content: str | bytes, name: str = "file") -> Problem:
    (found,) = read(content, name)
    assert isinstance(found.item, Problem)
    return found.item


def test_a_table_a_message_an_array_and_lines_say_the_same_object() -> None:
    forms = {
        "array": json.dumps([FIRST]),
        "message": json.dumps({"type": "order.updated", "data": {k: v for k, v in FIRST.items() if k != "object"}}),
        "page": json.dumps({"data": [FIRST], "next_cursor": None}),
        "lines": json.dumps(FIRST) + "\n" + json.dumps(FIRST) + "\n",
        "table": TABLE,
        "table with mark": "\ufeff" + TABLE,
    }
    said = {name: read(text)[0].item for name, text in forms.items()}
    first = said["array"]
    assert isinstance(first, Order)
    assert (first.total, first.lines[1].amount, first.tags) == (Decimal("30.50"), Decimal("20.50"), ("a", "b"))
    assert first.model_dump(mode="json")["lines"][0]["amount"] == "10.00"
    assert all(each == first for each in said.values())
    assert len(read(TABLE)) == 1


@pytest.mark.parametrize(
    ("change", "fr", "en"),
    [
        ({"total": "12,50"}, "« total » « 12,50 » n’est pas un montant", "“total” “12,50” is not an amount"),
        ({"total": True}, "« total » « True » n’est pas un montant", "“total” “True” is not an amount"),
        ({"total": None}, "« total » manque", "“total” is missing"),
        ({"day": "2026-02-30"}, "« day » « 2026-02-30 » n’est pas une date", "“day” “2026-02-30” is not a date"),
        ({"updated_at": "2026-03-02T10:00:00"}, "n’est pas un moment", "“updated_at” “2026-03-02T10:00:00” is not a"),
        ({"kind": "fair"}, "« fair » n’est pas l’un de shop, web", "“fair” is not one of shop, web"),
        ({"lines": [{"name": "x", "amount": "1", "taxable": "oui"}]}, "« lines[1].taxable » « oui »", "neither"),
        ({"lines": "x"}, "« lines » n’est pas de la forme attendue", "“lines” has not the expected shape"),
        ({"id": "x" * 101}, "« id » est trop court ou trop long", "“id” is too short or too long"),
    ],
)
def test_each_field_that_breaks_the_contract_is_named_in_both_languages(
    change: dict[str, object], fr: str, en: str
) -> None:
    found = wrong(json.dumps([{**FIRST, **change}]))
    assert found.code == "contract.violation"
    assert fr in found.text.fr
    assert en in found.text.en


def test_a_bad_row_leaves_the_others_and_names_its_line() -> None:
    rows = "person,{},2026-03-02T10:00:00Z,{}\n"
    table = "object,id,updated_at,name\n" + rows.format("1", "Zoé") + rows.format("2", "") + rows.format("3", "Éva,x")
    found = read(table + rows.format("4", "Léo") + "stall,5,2026-03-02T10:00:00Z,No\n")
    assert [(each.kind, each.line) for each in found] == [("person", 2), ("person", 3), ("", 4), ("person", 5), ("", 6)]
    codes = [each.item.code for each in found if isinstance(each.item, Problem)]
    assert codes == ["contract.violation", "contract.row_length", "contract.object_unknown"]


def test_a_missing_column_a_wrong_encoding_and_an_endless_cell_are_told() -> None:
    missing = wrong("id;updated_at;montant\no1;2026-03-02T10:00:00Z;1\n", "Commandes mars.csv")
    assert missing.code == "contract.columns_missing"
    assert "day, lines.name, lines.amount. Trouvées : id, updated_at, montant" in missing.text.fr
    assert wrong("object,id\nperson,Zoé\n".encode("cp1252")).code == "contract.encoding"
    assert "Line 2 is" in wrong("object,id\nperson,Zoé\n".encode("cp1252")).text.en
    head = "object,id,updated_at,name\n"
    row = "person,2,2026-03-02T10:00:00Z,Léo\n"
    found = read(f'{head}person,1,2026-03-02T10:00:00Z,"{"x" * 10_000_000}"\n{row}')
    assert [getattr(each.item, "code", each.kind) for each in found] == ["contract.cell_too_long", "person"]
    assert wrong(b" " * (FILE_BYTES_MAX + 1)).code == "contract.file_too_large"
    assert wrong('{"a": ').code == "contract.not_json"
    assert wrong('[{"object": "order", "total": NaN}]').code == "contract.not_json"
    assert wrong("[1]").code == "contract.object_unknown"
    assert read("") == []


def test_of_a_file_with_too_many_rows_nothing_is_used_as_its_problem_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raccord.plugin.contract.reading.OBJECTS_MAX", 2)
    shelf = FileShelf(tmp_path / "box")
    shelf.put(
        "people.csv", "object,id,updated_at,name\n" + "".join(f"person,{n},2026-03-02T10:00:00Z,X\n" for n in "123")
    )
    context = FakeFetchContext(files=shelf)
    page = contract_page(context, CONTRACT, Intake(), "people", None, make)
    assert page is not None
    assert ([*page.records], [each.code for each in page.rejects]) == ([], ["contract.too_many_objects"])
    assert "nothing of it is used" in page.rejects[0].reason.en


def test_what_a_company_says_of_its_headings_stands_for_the_columns() -> None:
    text = "No;Maj;Nom complet\n7;2026-03-02T10:00:00Z;Zoé\n"
    said = {"person": {"no": "id", "maj": "updated_at", "nom complet": "name"}}
    (found,) = read_objects(CONTRACT, "people.csv", text.encode(), Said(said))
    assert isinstance(found.item, Person)
    assert (found.item.id, found.item.name) == ("7", "Zoé")


def test_the_schema_names_what_is_required_and_the_columns_of_the_table() -> None:
    schema = json_schemas(CONTRACT)["order"]
    assert schema["required"] == ["id", "updated_at", "day", "total", "lines"]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    columns = schema["x-columns"]
    assert isinstance(columns, list)
    assert {"object", "place.city", "lines.amount", "tags"} <= set(columns)


def make(kind: str, value: ContractObject) -> Record:
    if isinstance(value, Order):
        amount = Money(value.total, "CAD")
        return Record("orders", value.id, value.day, {"total": str(value.total)}, amount, as_of=value.updated_at)
    return Record("people", value.id, date(2026, 3, 1), {"kind": kind}, as_of=value.updated_at)


def test_the_newest_word_of_a_page_counts_whichever_came_last(tmp_path: Path) -> None:
    shelf = FileShelf(tmp_path / "box")
    shelf.put("webhook-2.json", json.dumps({**FIRST, "total": "8", "updated_at": "2026-03-02T12:00:00-05:00"}))
    shelf.put("webhook-1.json", json.dumps(FIRST))
    shelf.put("bad.json", '{"a": ')
    context = FakeFetchContext(files=shelf)
    page = contract_page(context, CONTRACT, Intake(), "orders", None, make)
    assert page is not None
    assert [str(record.amount) for record in page.records] == ["8.00 CAD"]
    assert not page.more
    people = contract_page(context, CONTRACT, Intake(), "people", None, make)
    assert people is not None
    assert [(each.code, each.where[:8]) for each in people.rejects] == [("contract.not_json", "bad.json")]
    again = contract_page(context, CONTRACT, Intake(), "orders", page.cursor, make)
    assert again is not None
    assert (again.records, again.cursor) == ([], page.cursor)


def test_a_file_of_more_objects_than_a_page_holds_goes_on_where_it_stopped(tmp_path: Path) -> None:
    shelf = FileShelf(tmp_path / "box")
    people = [
        {"object": "person", "id": str(n), "updated_at": "2026-03-02T10:00:00Z", "name": "x"} for n in range(2500)
    ]
    shelf.put("people.json", json.dumps(people))
    context, cursor, sizes, ids = FakeFetchContext(files=shelf), None, [], set()
    more = True
    while more:
        page = contract_page(context, CONTRACT, Intake(), "people", cursor, make)
        assert page is not None
        cursor, more = page.cursor, page.more
        sizes.append(len(page.records))
        ids |= {record.source_id for record in page.records}
    assert (sizes[:3], sum(sizes), len(ids)) == ([1000, 1000, 500], 2500, 2500)


class Answer:
    def __init__(self, status: int, body: object) -> None:
        self.status, self.content, self.headers = status, json.dumps(body).encode(), dict[str, str]()

    def json(self) -> object:
        return json.loads(self.content)


class Source:
    """A source that is pulled; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.pages: dict[tuple[str, str], object] = {
            ("people", ""): {"data": [], "next_cursor": None},
            ("orders", ""): {"data": [{k: v for k, v in FIRST.items() if k != "object"}], "next_cursor": "p2"},
            ("orders", "p2"): {"data": [{**FIRST, "id": "o2"}], "next_cursor": None},
        }
        self.status = 200

    def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        assert headers is not None
        assert headers["Authorization"] == "Bearer t-1"
        path, asked = url.rsplit("/", 1)[1], dict(params or {})
        self.asked.append((path, asked))
        return Answer(self.status, self.pages[path, asked.get("cursor", "")])

    def post(self, url: str, **_: object) -> Answer:
        raise AssertionError(url)

    def put(self, url: str, **_: object) -> Answer:
        raise AssertionError(url)


def test_pulled_pages_are_read_as_files_and_the_next_round_asks_for_what_changed_since(tmp_path: Path) -> None:
    source, clock = Source(), FixedClock(datetime.fromisoformat("2026-03-03T09:00:00+00:00"))
    context = FakeFetchContext(files=FileShelf(tmp_path / "box"), http=source, clock=clock)
    intake = Intake(pull=Pull("https://stall.test/v1/", SecretStr("t-1")))

    def round_(cursors: dict[str, str | None]) -> list[str]:
        found = []
        for stream in ("people", "orders"):
            more = True
            while more:
                page = contract_page(context, CONTRACT, intake, stream, cursors.get(stream), make)
                assert page is not None
                cursors[stream], more = page.cursor, page.more
                found += [record.source_id for record in page.records]
        return found

    cursors: dict[str, str | None] = {}
    assert round_(cursors) == ["o1", "o2"]
    assert [path for path, _ in source.asked] == ["people", "orders", "orders"]
    source.asked.clear()
    clock.advance(timedelta(hours=1))
    assert round_(cursors) == []  # the same bytes are here
    assert {asked["updated_since"] for _, asked in source.asked} == {"2026-03-03T08:50:00+00:00"}
    source.status = 404
    with pytest.raises(SourceRefused, match="answered 404 for “people”"):
        round_(cursors)
    source.status, source.pages["people", ""] = 200, []
    with pytest.raises(SourceRefused, match="has not “data”"):
        round_(cursors)


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    context = FakeFetchContext(files=FileShelf(tmp_path / "box"))
    with pytest.raises(SourceRefused, match="cannot be read"):
        contract_page(context, CONTRACT, Intake(folder=str(tmp_path / "none")), "people", None, make)


def test_a_stream_of_no_object_is_none(tmp_path: Path) -> None:
    context = FakeFetchContext(files=FileShelf(tmp_path / "box"))
    assert contract_page(context, CONTRACT, Intake(), "other", None, make) is None


def test_ids_written_as_numbers_are_text() -> None:
    (found,) = read('{"object": "person", "id": 12, "updated_at": "2026-03-02T10:00:00Z", "name": "x"}')
    value: SourceId = getattr(found.item, "id", "")
    assert value == "12"
