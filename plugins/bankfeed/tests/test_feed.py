"""Pages, cursors and files: each line told once, in any number of sittings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import raccord_bankfeed
from raccord.plugin import PAGE_RECORDS_MAX, Record, Reject, Skipped, SourceRefused, Text
from raccord.plugin.testing import FakeFetchContext, FakeMapContext
from raccord_bankfeed import feed as feed_module
from raccord_bankfeed.providers.sweep import Sweep
from raccord_bankfeed.settings import BankFeedSettings, InputKind
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, statement_file
from raccord_bankfeed.twins.formats import file_of

DAY = date(2026, 3, 2)


def coffees(count: int, name: str = "COFFEE") -> bytes:
    return statement_file(MadeAccount(), [MadeLine(day=DAY, amount=Decimal("-3.00"), name=name)] * count)


def bad_rows(count: int) -> bytes:
    return coffees(count).replace(b"<TRNAMT>-3.00", b"<TRNAMT>?")


def test_a_large_file_comes_in_pages_and_equal_lines_keep_counting(feed: Feed) -> None:
    reading = feed.put(coffees(2_500)).read()
    assert reading.pages == 3
    assert len(set(reading.ids())) == 2_500


def test_another_process_for_each_page_gives_the_same_lines(
    feed: Feed, new_feed: Callable[[], Feed], monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered = feed.put(coffees(2_500), coffees(10, "TEA")).read()
    monkeypatch.setattr(feed_module, "_KEPT_MAX", 0)
    assert new_feed().put(coffees(2_500), coffees(10, "TEA")).read() == remembered


def test_rows_in_the_middle_of_a_file_are_read_once_and_not_again_for_each_page(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.put(coffees(5_000))
    made = []
    original = feed_module.reader_for
    monkeypatch.setattr(feed_module, "reader_for", lambda *of: made.append(1) or original(*of))
    assert len(feed.read().records) == 5_000
    assert len(made) == 1


def test_a_file_that_two_companies_read_in_turns_is_compared_with_each_one_s_own_files(
    new_feed: Callable[[], Feed],
) -> None:
    lines = [MadeLine(day=DAY, amount=Decimal(f"-{number + 1}.25"), name="SHOP") for number in range(1_500)]
    known, large = lines[1_100:1_105], statement_file(MadeAccount(), lines)
    mine, theirs = (
        new_feed().put(coffees(1, "TEA"), large),
        new_feed().put(file_of("camt", MadeAccount(), known), large),
    )
    records: dict[int, list[Record]] = {0: [], 1: []}
    cursors: dict[int, str | None] = {0: None, 1: None}
    for _ in range(4):
        for number, each in enumerate((mine, theirs)):
            page = raccord_bankfeed.fetch_records(each.context(), "lines", cursors[number])
            assert page is not None
            cursors[number] = page.cursor
            records[number] += page.records
    assert [sum("twin" in record.raw for record in records[number]) for number in (0, 1)] == [0, 5]


def test_a_page_of_rejects_is_bounded_too(feed: Feed) -> None:
    feed.put(bad_rows(2_100))
    page = raccord_bankfeed.fetch_records(feed.context(), "lines", None)
    assert page is not None
    assert len(page.rejects) == PAGE_RECORDS_MAX
    assert len({reject.where for reject in feed.read().rejects}) == 2_100


def test_what_a_provider_says_takes_no_reject_of_a_row_off_the_page(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [Reject("lines", f"SimpleFIN {number}", "bankfeed.provider_says", Text("x", "x")) for number in range(3)]

    def sweep_on(context: FakeFetchContext, *_: object) -> tuple[Sweep, list[Reject]]:
        feed.put(bad_rows(2_100))
        return Sweep(over=True), said

    monkeypatch.setattr(feed_module, "sweep_on", sweep_on)
    feed.settings = BankFeedSettings.model_construct(input_kind=InputKind.SIMPLEFIN)
    wheres = {reject.where for reject in feed.read().rejects}
    assert len(wheres) == 2_103


def test_a_page_asked_for_again_is_the_same_page(feed: Feed) -> None:
    feed.put(coffees(2_500))
    context = feed.context()
    first = raccord_bankfeed.fetch_records(context, "lines", None)
    assert first is not None
    second = raccord_bankfeed.fetch_records(context, "lines", first.cursor)
    again = raccord_bankfeed.fetch_records(context, "lines", first.cursor)
    assert second == again


@pytest.mark.requirement("BF-20", "BF-24")
def test_the_cursor_of_the_last_run_brings_only_what_arrived_since(feed: Feed) -> None:
    first = feed.put(coffees(2)).read()
    assert feed.read(cursor=first.cursor).records == []
    feed.put(coffees(3))
    second = feed.read(cursor=first.cursor)
    assert set(first.ids()) < set(second.ids()), "a line that was known is told again under its id"
    assert len(second.ids()) == 3


def test_an_empty_box_has_nothing_to_say(feed: Feed) -> None:
    reading = feed.read()
    assert (reading.records, reading.cursor, reading.pages) == ([], None, 1)


def test_files_without_lines_do_not_end_the_reading(feed: Feed, sample: Callable[[str], bytes]) -> None:
    feed.put(coffees(0), b"", coffees(1))
    reading = feed.read()
    assert len(reading.records) == 1
    assert reading.codes() == ["bankfeed.file_empty"]


@pytest.mark.requirement("BF-09", "BF-20")
def test_a_folder_is_read_and_a_file_dropped_later_is_found(feed: Feed, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    feed.settings = BankFeedSettings(input_kind=InputKind.FOLDER, folder=str(inbox))
    (inbox / "march.qfx").write_bytes(coffees(2))
    first = feed.read()
    (inbox / "april.ofx").write_bytes(coffees(1, "TEA"))
    assert len(first.records) == 2
    assert len(feed.read(cursor=first.cursor).records) == 1


@pytest.mark.requirement("BF-22")
def test_a_folder_that_is_not_there_is_said_in_both_languages(feed: Feed, tmp_path: Path) -> None:
    feed.settings = BankFeedSettings(input_kind=InputKind.FOLDER, folder=str(tmp_path / "nowhere"))
    with pytest.raises(SourceRefused) as refused:
        feed.read()
    assert "nowhere" in refused.value.text.fr
    assert "cannot be read" in refused.value.text.en


def test_statements_are_a_stream_with_balances_and_without_full_numbers(
    feed: Feed, sample: Callable[[str], bytes], skipped_code: Callable[[Record], str]
) -> None:
    feed.put(sample("ofx2/multiple_accounts.ofx"), sample("ofx1/fidelity.ofx"), sample("qfx/bank_medium_cad.qfx"))
    reading = feed.read("statements")
    checking, savings, investment, canadian = reading.records
    assert checking.raw["ledger_balance"] == {"amount": "111", "day": "2012-06-03"}
    assert savings.amount is None
    assert canadian.raw["total"] == "-345.27"
    assert "000012345678" not in str(canadian)
    assert [skipped_code(record) for record in (checking, investment)] == [
        "bankfeed.balance_only",
        "bankfeed.not_a_bank_account",
    ]
    assert feed.read("statements", reading.cursor).records == []


LOAN = (
    b"OFXHEADER:100\nVERSION:103\n\n<OFX><LOANMSGSRSV1><LOANSTMTTRNRS><LOANSTMTRS><CURDEF>CAD<LOANACCTFROM>"
    b"<LOANACCTID>L-445566</LOANACCTFROM><LOANTRANLIST><DTSTART>20260301<DTEND>20260331%s</LOANTRANLIST></LOANSTMTRS>"
    b"</LOANSTMTTRNRS></LOANMSGSRSV1></OFX>"
)
PAID = b"<LOANSTMTTRN><DTPOSTED>20260315<TRNAMT>-1200.00<FITID>L1</LOANSTMTTRN>"
WITHIN = b"<LOANSTMTTRN><STMTTRN><DTPOSTED>20260315<TRNAMT>-1200.00<FITID>L1</STMTTRN><PRINAMT>900</LOANSTMTTRN>"


@pytest.mark.parametrize("row", [PAID, WITHIN, PAID.replace(b"LOANSTMTTRN", b"STMTTRN")])
@pytest.mark.parametrize("statement", [b"LOANSTMT", b"AMORTSTMT"])
@pytest.mark.requirement("BF-22")
def test_a_loan_is_named_as_not_read_with_how_many_transactions_it_lists(
    feed: Feed, mapping: FakeMapContext, row: bytes, statement: bytes
) -> None:
    feed.put(
        (LOAN % (row * 3)).replace(b"LOANSTMTRS", statement + b"RS").replace(b"LOANSTMTTRNRS", statement + b"TRNRS")
    )
    (record,) = feed.read("statements").records
    assert (record.raw["left_out"], record.raw["starts"], record.raw["ends"]) == (3, "2026-03-01", "2026-03-31")
    skipped = raccord_bankfeed.map_record(mapping, record)
    assert isinstance(skipped, Skipped)
    assert skipped.report
    assert ("…5566 is a loan account" in skipped.reason.en, "(3 dans ce relevé)" in skipped.reason.fr) == (True, True)
    assert feed.read().records == []


def test_a_statement_that_says_nothing_is_reported(feed: Feed) -> None:
    feed.put(b"<OFX><STMTRS><BANKACCTFROM><ACCTID>12345</BANKACCTFROM></STMTRS></OFX>")
    assert feed.read("statements").codes() == ["bankfeed.statement_undated"]


def test_rejects_name_file_line_and_place(feed: Feed, sample: Callable[[str], bytes]) -> None:
    feed.shelf.put("fail_date_missing.ofx", sample("ofx1/fail_date_missing.ofx"))
    wheres = [reject.where for reject in feed.read().rejects]
    assert wheres[0] == "fail_date_missing.ofx [5b313314] 33, 869"
    assert len(set(wheres)) == 3


def test_no_other_stream_exists(feed: Feed) -> None:
    assert raccord_bankfeed.fetch_records(feed.context(), "invoices", None) is None


def test_the_http_way_out_is_never_used(feed: Feed) -> None:
    assert isinstance(feed.put(coffees(1)).context(), FakeFetchContext)
    assert len(feed.read().records) == 1, "a call would fail the test"
