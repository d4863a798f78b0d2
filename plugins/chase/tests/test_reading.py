"""What is read from damaged, odd, repeated and very large input."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import raccord_chase
from raccord.plugin import PAGE_RECORDS_MAX, Record
from raccord.plugin.testing import read_stream
from raccord_chase import reading
from raccord_chase.cache import Cache
from raccord_chase.problems import codes
from raccord_chase.sandbox import DamagedFile, damaged_files
from raccord_chase.sandbox.handmade import Deliveries, dfr, head, sale, total

Deliver = Callable[..., Deliveries]
FULL_CARD = "4111111111111111"


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[DamagedFile]]:
    folder = tmp_path_factory.mktemp("damaged")
    return folder, damaged_files(folder, date(2026, 12, 1), long_line=3_000_000)


def test_each_damaged_file_is_told_with_its_reason_and_its_good_rows_are_kept(
    deliver: Deliver, damaged: tuple[Path, list[DamagedFile]]
) -> None:
    folder, expected = damaged
    for each in expected:
        chase = deliver().put(each.name, (folder / each.name).read_bytes()).run()
        found = [reject for reject in chase.rejects if (reject.stream, reject.code) == (each.stream, each.code)]
        assert found, f"{each.name}: {chase.codes()}"
        assert len(chase.of("sales")) == each.good_sales, each.name
        assert {reject.code for reject in chase.rejects} <= codes()
        assert all(FULL_CARD not in f"{reject}" for reject in chase.rejects)


def test_all_damaged_files_together_leave_each_other_alone(
    deliver: Deliver, damaged: tuple[Path, list[DamagedFile]]
) -> None:
    folder, expected = damaged
    chase = deliver().put_all(folder).run()
    assert len(chase.of("sales")) == sum(each.good_sales for each in expected)
    assert {each.code for each in expected} <= set(chase.codes())
    # The rows refused below cost their settlement only where they belong to it.
    assert sorted({reject.where for reject in chase.rejects if reject.stream == "settlements"}) == [
        "settlements/0000098765-CAD-90010-20261211-20261211",
        "settlements/0000098765-CAD-90013-20261214-20261214",
        "settlements/0000098765-CAD-90014-20261215-20261215",
    ]


def test_a_bad_row_is_told_with_file_and_line(deliver: Deliver) -> None:
    text = dfr(head("ACT0010"), sale(1, "1.00"), sale(2, "2.00", day="02/30/2026", card=FULL_CARD), sale(3, "x"))
    chase = deliver().put("a.dfr", text).run()
    first, second = chase.rejects
    assert (first.where, first.code) == ("1/a.dfr:4", "chase.bad_date")
    assert "“02/30/2026” is not a date that exists" in first.reason.en
    assert "« 02/30/2026 » n’est pas une date qui existe" in first.reason.fr
    assert "411111******1111" in first.raw
    assert (second.where, second.code) == ("1/a.dfr:5", "chase.bad_amount")
    assert len(chase.of("sales")) == 1


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (sale(1, "-5.00"), "wrong_sign"),
        (sale(1, "5.00", action="Z"), "unknown_action"),
        (sale(1, "5.001"), "bad_amount"),
        (sale(1, "NaN"), "bad_amount"),
        (sale(1, "1e5"), "bad_amount"),
        (sale(1, "5.00", pid="777"), "other_merchant"),
        (sale(1, "5.00", day=""), "bad_date"),
        ('RACT0010|"never closed|' + sale(1, "5.00")[9:], "row_too_short"),
        ("Xwhat is this", "unknown_line"),
        ("RACT0082|a|b", "unknown_report"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(deliver: Deliver, row: str, code: str) -> None:
    chase = deliver().put("a.dfr", dfr(head("ACT0010"), row, sale(2, "7.00"))).run()
    assert chase.codes() == [f"chase.{code}"]
    assert len(chase.of("sales")) == 1


@pytest.mark.requirement("CH-40")
def test_unknown_reports_are_counted_once_each_and_post_nothing(deliver: Deliver) -> None:
    text = dfr(head("ACT0082"), "RACT0082S|1|411111111111111 1", "RACT0082S|2", head("PDE0022"), "RPDE0022D|1")
    chase = deliver().put("a.dfr", text).run()
    assert [(reject.where, reject.code) for reject in chase.rejects] == [
        ("1/a.dfr:3", "chase.unknown_report"),
        ("1/a.dfr:6", "chase.unknown_report"),
    ]
    assert "Report ACT0082S is not supported: 2 row(s)" in chase.rejects[0].reason.en
    assert chase.records == []


def test_rows_outside_a_report_or_with_an_impossible_period_are_told(deliver: Deliver) -> None:
    text = dfr(sale(1, "1.00"), head("ACT0010", "13/45/2026"), sale(2, "2.00"))
    chase = deliver().put("a.dfr", text).run()
    assert chase.codes() == ["chase.row_outside_report", "chase.bad_header"]
    assert [record.source_id for record in chase.records] == ["123456-77-2"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
def test_letters_survive_whatever_the_encoding(deliver: Deliver, encoding: str) -> None:
    text = dfr(head("ACT0010"), sale(1, "1.00", order="Café"))
    (record,) = deliver().put("a.dfr", text.encode(encoding)).run().records
    assert record.raw["order"] == "Café"


def test_commas_may_delimit_and_rows_may_grow_or_be_of_the_oldest_known_length(deliver: Deliver) -> None:
    text = dfr(head("ACT0010"), sale(1, "1.00"), sale(2, "2.00", extra="|Y|A|B|C|D|E|F|G|new|4111111111111111"))
    records = deliver().put("a.dfr", text.replace("|", ",")).run().records
    assert len(records) == 2
    source = records[1].raw["source"]
    assert isinstance(source, dict)
    assert source["extra"] == ["new", "411111******1111"]
    assert source["token"] == "Y"


def test_card_numbers_are_masked_before_anything_is_kept(deliver: Deliver) -> None:
    chase = deliver().put("a.dfr", dfr(head("ACT0010"), sale(1, "1.00", card=FULL_CARD), sale(2, "?", card=FULL_CARD)))
    chase.run()
    assert FULL_CARD not in f"{chase.records} {chase.rejects}"
    assert chase.records[0].raw["card"] == "411111******1111"
    assert "expiry" not in f"{chase.records[0].raw}"


def test_the_same_file_and_the_same_rows_again_give_nothing_new(deliver: Deliver) -> None:
    text = dfr(head("ACT0010"), sale(1, "1.00"), sale(2, "2.00"))
    chase = deliver().put("a.dfr", text).run()
    chase.put("again.dfr", text).put("longer.dfr", dfr(head("ACT0010"), sale(2, "2.00"), sale(3, "3.00"))).run()
    assert [record.source_id for record in chase.records] == ["123456-77-1", "123456-77-2", "123456-77-3"]
    assert chase.rejects == []


def test_a_contradiction_in_a_later_file_is_refused_there(deliver: Deliver) -> None:
    chase = deliver().put("a.dfr", dfr(head("ACT0010"), sale(1, "1.00"))).run()
    chase.put("b.dfr", dfr(head("ACT0010"), sale(1, "9.00"))).run()
    assert len(chase.records) == 1
    assert [(reject.where, reject.code) for reject in chase.rejects] == [("2/b.dfr:3", "chase.id_conflict")]


def test_a_long_file_is_read_in_pages_and_resumes_in_a_new_process(
    deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [sale(number, "1.00") for number in range(2_500)] + [sale(7, "8.00")]
    chase = deliver().put("a.dfr", dfr(head("ACT0010"), *rows))
    found: list[Record] = []
    rejected: list[str] = []
    cursor, pages = None, 0
    while True:
        # A cache of nothing, as after a restart between two pages.
        monkeypatch.setattr(reading, "_SEEN", Cache[reading.Seen](0))
        page = raccord_chase.fetch_records(chase.context, "sales", cursor)
        assert page is not None
        assert len(page.records) <= PAGE_RECORDS_MAX
        found += page.records
        rejected += [reject.code for reject in page.rejects]
        cursor, pages = page.cursor, pages + 1
        if not page.more:
            break
    assert (len(found), len({record.source_id for record in found}), pages) == (2_500, 2_500, 3)
    assert rejected == ["chase.id_conflict"]


def test_many_files_are_read_in_pages_too(deliver: Deliver) -> None:
    chase = deliver()
    for number in range(450):
        chase.put(f"{number}.dfr", dfr(head("ACT0010"), sale(number, "1.00")))
    result = read_stream(raccord_chase, chase.context, "sales")
    assert (len(result.records), result.pages) == (450, 3)


def test_two_hundred_megabytes_of_one_line_fit_in_little_memory(deliver: Deliver, tmp_path: Path) -> None:
    path = tmp_path / "long.dfr"
    before, _, after = dfr(head("ACT0010"), sale(1, "1.00"), "MARK").partition("MARK")
    before += "".join(f"{sale(number, '1.00')}\n" for number in range(2, 80))
    with path.open("wb") as stream:
        stream.write(before.encode())
        stream.write(b"R")
        stream.truncate(200 * 1024 * 1024)
        stream.seek(0, 2)
        stream.write(after.encode())
    chase = deliver()
    tracemalloc.start()
    with path.open("rb") as content:
        chase.files.receive("long.dfr", content, origin="test")
    sales = read_stream(raccord_chase, chase.context, "sales")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sales.codes() == ["chase.line_too_long"]
    assert len(sales.records) == 79
    assert peak < 16 * 1024 * 1024


def test_another_layout_is_read_from_the_merchant_s_own_file(deliver: Deliver, tmp_path: Path) -> None:
    shipped = Path(raccord_chase.__file__).with_name("layouts") / "dfr-2022.toml"
    own = tmp_path / "own.toml"
    own.write_text(shipped.read_text().replace('"submission_date", "pid",', '"submission_date", "sid", "pid",'))
    row = sale(1, "1.00").replace(f"|{'123456'}|", "|SID|123456|")
    assert len(deliver(layout_file=str(own)).put("a.dfr", dfr(head("ACT0010"), row)).run().records) == 1
    assert deliver().put("a.dfr", dfr(head("ACT0010"), row)).run().records == []


def test_several_files_in_one_are_read_as_several(deliver: Deliver) -> None:
    text = dfr(head("ACT0010"), sale(1, "1.00")) + dfr(head("FIN0010"), total("SALE", "1.00"), total("NET", "1.00"))
    chase = deliver().put("a.dfr", text).run()
    assert (len(chase.of("sales")), len(chase.of("settlements")), chase.codes()) == (1, 1, [])
