"""Tables and paged addresses: pages within their limits, a cursor for each, and one bad row that costs itself alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import cast

import pytest

from raccord.plugin import JSON, FileBox, Money, Page, Record, RetryLater, SourceRefused
from raccord.plugin.sources import RestSource, TableSource, rest_page, table_page
from raccord.plugin.testing import FakeFetchContext, FileShelf, TwinAnswer, TwinHttp, TwinRequest

TABLES = TableSource(name="acme")
REST = RestSource(name="acme", url="https://api.example.com/v1/sales", page_size=2)


def of_row(row: Mapping[str, str]) -> Record:
    return Record("sales", row["id"], date(2026, 3, 2), dict(row), Money.of(row["amount"], "CAD"))


def of_object(row: Mapping[str, JSON]) -> Record:
    return Record("sales", str(row["id"]), date(2026, 3, 2), row, Money.of(str(row["amount"]), "CAD"))


def pages(context: FakeFetchContext, source: TableSource = TABLES, cursor: str | None = None) -> list[Page]:
    found = []
    while True:
        found.append(table_page(context, source, "sales", cursor, of_row))
        cursor = found[-1].cursor
        if not found[-1].more:
            return found


@pytest.fixture
def context(tmp_path: Path) -> FakeFetchContext:
    return FakeFetchContext(files=FileShelf(tmp_path / "box"))


def shelf(context: FakeFetchContext) -> FileShelf:
    assert isinstance(context.files, FileShelf)
    return context.files


def test_a_large_table_comes_in_pages_and_goes_on_from_each(context: FakeFetchContext) -> None:
    shelf(context).put("large.csv", "id,amount\n" + "".join(f"{n},1.10\n" for n in range(2500)))
    shelf(context).put("small.csv", "id;amount\nx;2.20\n")
    found = pages(context)
    assert [len(page.records) for page in found] == [1000, 1000, 500, 1]
    for number, page in enumerate(found[:-1]):
        assert [len(each.records) for each in pages(context, cursor=page.cursor)] == [
            len(each.records) for each in found[number + 1 :]
        ]
    assert pages(context, cursor=found[-1].cursor)[0].records == ()


class Counted(BytesIO):
    """Counts what is read of it."""

    def __init__(self, content: bytes, read: list[int]) -> None:
        super().__init__(content)
        self._bytes_read = read

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(size)
        self._bytes_read.append(len(content))
        return content

    def readline(self, size: int | None = -1) -> bytes:
        line = super().readline(size)
        self._bytes_read.append(len(line))
        return line


@dataclass(frozen=True)
class Box:
    """A box with one file that counts what is read of it."""

    content: bytes
    bytes_read: list[int]
    number: int = 1
    name: str = "large.csv"
    sha256: str = "0" * 64

    @property
    def size(self) -> int:
        return len(self.content)

    def after(self, number: int) -> Box | None:
        return self if number < self.number else None

    def open(self) -> Counted:
        return Counted(self.content, self.bytes_read)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_each_page_of_a_large_table_reads_its_own_rows_alone(context: FakeFetchContext, ending: str) -> None:
    rows = [f'{n},1.10,"é {n}{ending}of two lines"' for n in range(3500)]
    read: list[int] = []
    box = Box("\ufeff".encode() + ending.join(["id,amount,text", *rows, ""]).encode(), read)
    context, cursor, found, sizes = replace(context, files=cast(FileBox, box)), None, list[Page](), list[int]()
    while not found or found[-1].more:
        read.clear()
        found.append(table_page(context, TABLES, "sales", cursor, of_row))
        cursor, size = found[-1].cursor, sum(read)
        sizes.append(size)
    records = [record for page in found for record in page.records]
    assert [(record.source_id, record.raw["text"]) for record in records] == [
        (str(n), f"é {n}{ending}of two lines") for n in range(3500)
    ]
    if ending != "\r":
        assert max(sizes[1:]) < box.size / 3, "the first page looks at all of it"
    old = [table_page(context, TABLES, "sales", json.dumps([0, 1000]), of_row)]
    assert old[0].records == found[1].records, "a cursor of an earlier version"
    bad = Box(box.content.replace(b"3400,1.10", b"3400,many"), read)
    last = table_page(replace(context, files=cast(FileBox, bad)), TABLES, "sales", found[2].cursor, of_row)
    assert [each.where.rpartition(":")[2] for each in last.rejects] == [str(2 * 3400 + 3)]


def test_a_row_that_cannot_be_read_is_told_once_with_its_place(context: FakeFetchContext) -> None:
    shelf(context).put("a.csv", "id,amount\n1,1.00\n2,many\n3\n4,4.00,more,cells\n\n")
    (page,) = pages(context)
    assert [record.source_id for record in page.records] == ["1", "4"]
    assert [(each.code, each.where.split("]")[1]) for each in page.rejects] == [("acme.row", ":3"), ("acme.row", ":4")]
    assert page.rejects[0].raw == "2, many"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"id,amount\n1," + b"9" * 200_000 + b"\n"])
def test_a_file_that_is_no_table_is_one_reject(context: FakeFetchContext, content: bytes) -> None:
    shelf(context).put("bad.csv", content)
    shelf(context).put("good.csv", "id,amount\n1,1.00\n")
    first, second = pages(context)
    assert [each.code for each in first.rejects] == ["acme.file"]
    assert [record.source_id for record in second.records] == ["1"]


def test_a_folder_is_looked_into_and_one_that_is_not_there_is_refused(
    context: FakeFetchContext, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("id,amount\n1,1.00\n")
    assert len(pages(context, TableSource(name="acme", folder=str(tmp_path / "in")))[0].records) == 1
    with pytest.raises(SourceRefused, match="cannot be read"):
        table_page(context, TableSource(name="acme", folder=str(tmp_path / "no")), "sales", json.dumps([1, 0]), of_row)


def served(tmp_path: Path, *answers: TwinAnswer) -> tuple[FakeFetchContext, list[TwinRequest]]:
    asked: list[TwinRequest] = []

    def answer(request: TwinRequest) -> TwinAnswer:
        asked.append(request)
        return answers[len(asked) - 1]

    return FakeFetchContext(files=FileShelf(tmp_path / "box"), http=TwinHttp(answer)), asked


def test_an_address_is_read_page_by_page_and_its_last_page_again(tmp_path: Path) -> None:
    rows = [{"id": "1", "amount": "1.00"}, {"id": "2"}, 7]
    context, asked = served(
        tmp_path,
        TwinAnswer(200, b'{"data": [{"id": 1, "amount": 0.10}], "next_cursor": "n"}'),
        TwinAnswer.of({"data": rows, "next_cursor": None}),
    )
    first = rest_page(context, REST, "sales", None, of_object)
    assert (first.cursor, first.more, first.records[0].amount) == ("n", True, Money.of("0.10", "CAD"))
    assert first.records[0].raw["amount"] == "0.10"
    last = rest_page(context, REST, "sales", first.cursor, of_object)
    assert (last.cursor, last.more, [each.source_id for each in last.records]) == ("n", False, ["1"])
    assert [each.where for each in last.rejects] == ["sales/2", "/v1/sales [7902699be42c]"]
    assert [dict(each.params) for each in asked] == [{"limit": "2"}, {"limit": "2", "cursor": "n"}]


def test_an_address_that_takes_a_moment_is_asked_from_the_latest_it_said(tmp_path: Path) -> None:
    def said(*moments: str | None) -> list[JSON]:
        return [{"id": moment, "amount": "1.00", "updated_at": moment} for moment in moments]

    context, asked = served(
        tmp_path,
        TwinAnswer.of({"data": said("2026-03-02T09:00:00-05:00", "2026-03-02T13:30:00+00:00"), "next_cursor": "n"}),
        TwinAnswer.of({"data": said("2026-03-02T12:00:00+00:00", None), "next_cursor": None}),
        TwinAnswer.of({"data": said("2026-03-02T09:00:00-05:00", "later", "2099-01-01T00:00:00Z"), "next_cursor": ""}),
        TwinAnswer.of({"data": []}),
    )
    source, cursor, more = replace(REST, since="changed_since"), "n-of-before", []
    for _ in range(4):
        page = rest_page(context, source, "sales", cursor, of_object)
        cursor, more = page.cursor or "", [*more, page.more]
    assert more == [True, False, False, False]
    latest = {"limit": "2", "changed_since": "2026-03-02T09:00:00-05:00"}
    assert [dict(each.params) for each in asked] == [{"limit": "2"}, {"limit": "2", "cursor": "n"}, latest, latest]


def test_unreadable_objects_at_the_same_place_of_two_runs_are_two_problems(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"id": "T-1"}, {"id": "T-2"}, {"note": "a"}, {"note": "b"}, {"id": True}]
    context, _ = served(tmp_path, TwinAnswer.of({"data": rows[:3]}), TwinAnswer.of({"data": rows[1:]}))
    first, second = (rest_page(context, REST, "sales", None, of_object) for _ in range(2))
    told = [{each.where for each in page.rejects} for page in (first, second)]
    assert [len(each) for each in told] == [3, 4]
    assert len(told[0] | told[1]) == len(rows)
    assert told[0] & told[1] == {"sales/T-2", first.rejects[2].where}


@pytest.mark.parametrize(
    ("status", "content"),
    [(404, b"{}"), (200, b"not json"), (200, b'{"rows": []}'), (200, b"[NaN]"), (200, b'{"data": {}}')],
)
def test_what_is_no_page_is_refused(tmp_path: Path, status: int, content: bytes) -> None:
    context, _ = served(tmp_path, TwinAnswer(status, content))
    with pytest.raises(SourceRefused, match="did not answer as expected"):
        rest_page(context, REST, "sales", None, of_object)


def test_a_busy_address_passes_through(tmp_path: Path) -> None:
    context, _ = served(tmp_path, TwinAnswer(503))
    with pytest.raises(RetryLater):
        rest_page(context, REST, "sales", None, of_object)


NUMBERED = replace(REST, page="page")


def of_numbers(tmp_path: Path, source: RestSource, *answers: TwinAnswer) -> tuple[list[Page], list[TwinRequest]]:
    """Read an address to its end, from the beginning."""
    context, asked = served(tmp_path, *answers)
    found, cursor = list[Page](), None
    while not found or found[-1].more:
        found.append(rest_page(context, source, "sales", cursor, of_object))
        cursor = found[-1].cursor
    return found, asked


def rows_of(*ids: int, **more: JSON) -> TwinAnswer:
    return TwinAnswer.of({"data": [{"id": each, "amount": "1.00"} for each in ids], **more})


def test_an_address_that_numbers_its_pages_is_read_to_the_empty_one(tmp_path: Path) -> None:
    found, asked = of_numbers(tmp_path, NUMBERED, rows_of(1, 2), rows_of(3), rows_of(4), rows_of())
    assert [each.source_id for page in found for each in page.records] == ["1", "2", "3", "4"], "a short page is no end"
    assert [each.params["page"] for each in asked] == ["1", "2", "3", "4"]
    assert found[-1].cursor is None, "it cannot say what changed: the next run reads all of it"
    # From each cursor it goes on with the page that it names.
    context, asked = served(tmp_path, rows_of(4))
    assert rest_page(context, NUMBERED, "sales", found[1].cursor, of_object).records[0].source_id == "4"
    assert asked[0].params["page"] == "3"


def test_an_address_may_count_its_pages_or_begin_with_another_number(tmp_path: Path) -> None:
    counted = replace(NUMBERED, pages="of", first_page=0)
    found, asked = of_numbers(tmp_path, counted, rows_of(1, of=2), rows_of(2, of=2))
    assert ([len(page.records) for page in found], [each.params["page"] for each in asked]) == ([1, 1], ["0", "1"])
    with pytest.raises(SourceRefused, match="of"):
        of_numbers(tmp_path, counted, rows_of(1, of="many"))


def test_an_address_that_gives_one_page_again_and_again_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="page=2"):
        of_numbers(tmp_path, NUMBERED, rows_of(1), rows_of(1))


def test_numbered_pages_are_asked_by_moments_from_the_first_on(tmp_path: Path) -> None:
    def said(*moments: str) -> TwinAnswer:
        return TwinAnswer.of({"data": [{"id": each, "amount": "1.00", "updated_at": each} for each in moments]})

    source = replace(NUMBERED, since="after")
    early, late = "2026-03-02T09:00:00+00:00", "2026-03-03T09:00:00+00:00"
    found, asked = of_numbers(tmp_path, source, said(late), said(early), said())
    assert [dict(each.params) for each in asked] == [{"limit": "2", "page": number} for number in "123"]
    context, again = served(tmp_path, said(late))
    rest_page(context, source, "sales", found[-1].cursor, of_object)
    assert dict(again[0].params) == {"limit": "2", "page": "1", "after": late}
