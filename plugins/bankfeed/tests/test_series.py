"""Statements that are missing between others: told with their numbers and days, until they come or a person says no."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

import raccord_bankfeed
from raccord.plugin import JSON, BadRecord, Record, Skipped
from raccord.plugin.testing import FakeFetchContext, FakeMapContext
from raccord_bankfeed import feed as feed_module
from raccord_bankfeed.records import QUESTION, STATEMENTS
from raccord_bankfeed.series import FILLED
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed


def mt940(number: str, day: int, opening: str, moved: str, closing: str) -> bytes:
    sign = "D" if moved.startswith("-") else "C"
    return (
        f":20:A\n:25:NL69INGB0123456789\n:28C:{number}\n:60F:C2603{day - 1:02}EUR{opening}\n"
        f":61:2603{day:02}{sign}{moved.lstrip('-')}NTRFNONREF\n:86:X\n:62F:C2603{day:02}EUR{closing}\n-\n"
    ).encode()


def camt(day: int, opening: str, closing: str, **numbers: int) -> bytes:
    said = "".join(f"<{name}>{number}</{name}>" for name, number in numbers.items())

    def balance(code: str, on: int, amount: str) -> str:
        return (
            f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt>'
            f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-{on:02}</Dt></Dt></Bal>"
        )

    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt><Id>S</Id>'
        f"{said}<FrToDt><FrDtTm>2026-03-{day:02}T00:00:00</FrDtTm><ToDtTm>2026-03-{day:02}T23:59:59</ToDtTm></FrToDt>"
        f"<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>{balance('OPBD', day, opening)}"
        f"{balance('CLBD', day, closing)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def gaps(feed: Feed, answers: str = "") -> list[BadRecord]:
    """Return what is asked of the newest word of each question."""
    asked = []
    for record in kept(feed):
        mapping = FakeMapContext(settings=BankFeedSettings(answers=answers), terms=raccord_bankfeed.describe().terms)
        try:
            assert isinstance(raccord_bankfeed.map_record(mapping, record), Skipped)
        except BadRecord as question:
            asked.append(question)
    return asked


def kept(feed: Feed) -> list[Record]:
    """Return the newest of each record; pages are kept one by one, as core keeps them."""
    newest: dict[tuple[str, str], Mapping[str, JSON]] = {}
    records: dict[str, Record] = {}
    context = FakeFetchContext(files=feed.shelf, settings=feed.settings, before=newest)
    cursor, more = None, True
    while more:
        page = raccord_bankfeed.fetch_records(context, STATEMENTS, cursor)
        assert page is not None
        newest.update({(STATEMENTS, each.source_id): each.raw for each in page.records})
        records.update({each.source_id: each for each in page.records})
        cursor, more = page.cursor, page.more
    return list(records.values())


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (2, 1, 0)])
def test_a_missing_number_is_told_with_its_days_and_closed_by_the_statement_in_any_order(
    order: tuple[int, ...], feed: Feed, new_feed: Callable[[], Feed]
) -> None:
    files = [
        mt940("12/1", 10, "100,", "5,", "105,"),
        mt940("14/1", 12, "98,", "2,", "100,"),
        mt940("13/1", 11, "105,", "-7,", "98,"),
    ]
    (gap,) = gaps(new_feed().put(*(files[place] for place in order if place != 2)))
    assert gap.code == "bankfeed.statement_missing"
    for words in (gap.reason.fr, gap.reason.en):
        assert all(each in words for each in ("13", "n° 12 (2026-03-10)", "n° 14 (2026-03-12)", "105", "98"))
    assert gaps(feed.put(*(files[place] for place in order))) == []


def test_balances_that_break_off_pages_and_both_numbers_of_camt_are_told_and_an_answer_ends_it(
    feed: Feed, new_feed: Callable[[], Feed]
) -> None:
    whole = camt(2, "12.00", "12.00", ElctrncSeqNb=7), camt(3, "12.00", "12.00", ElctrncSeqNb=8)
    assert gaps(new_feed().put(*whole)) == []
    both = camt(2, "12.00", "12.00", ElctrncSeqNb=7, LglSeqNb=3), camt(3, "12.00", "12.00", ElctrncSeqNb=8, LglSeqNb=5)
    (legal,) = gaps(new_feed().put(*both))
    assert "4" in legal.reason.fr
    assert "se suivent" in legal.reason.fr
    feed.put(camt(2, "12.00", "12.00"), camt(4, "15.00", "15.00"))
    (broken,) = gaps(feed)
    assert "12.00" in broken.reason.en
    assert "15.00" in broken.reason.en
    key = broken.reason.en.rsplit("line: ", 1)[1].split(" =", maxsplit=1)[0]
    assert gaps(feed, f"{key} = accept") == []
    pages = mt940("12/1", 10, "100,", "5,", "105,"), mt940("12/3", 10, "107,", "1,", "108,")
    (page,) = gaps(new_feed().put(*pages))
    assert "12/2" in page.reason.fr


def test_a_number_that_each_message_repeats_tells_of_no_gap(feed: Feed) -> None:
    assert gaps(feed.put(mt940("1/1", 10, "100,", "5,", "105,"), mt940("1/1", 11, "105,", "1,", "106,"))) == []


def test_more_gaps_than_a_page_holds_are_all_asked_and_closed_by_what_fills_them(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "PAGE_RECORDS_MAX", 20)

    def three(first: int) -> bytes:
        numbers = range(first, 30, 2)
        one = b"".join(mt940(f"{number}/1", 10, f"{number},", "1,", f"{number + 1},") for number in numbers)
        return b"".join(one.replace(b"0123456789", each) for each in (b"0123456789", b"0987654321", b"0112233445"))

    def asked() -> int:
        return sum(FILLED not in each.raw for each in kept(feed) if QUESTION in each.raw)

    feed.put(three(1))
    assert asked() == 3 * 14
    feed.put(three(2))
    assert asked() == 0
