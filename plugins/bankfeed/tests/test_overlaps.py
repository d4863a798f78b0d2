"""Downloads overlap: importing parts and then the whole is importing the whole, in every format and across two."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raccord.plugin import Record
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, statement_file
from raccord_bankfeed.twins.camt import camt_chunks
from raccord_bankfeed.twins.formats import FORMATS, file_of

ACCOUNT = MadeAccount(number="0123456789", currency="CAD")
ONE_DAY = frozenset({"bai2"})
NAMES = BankFeedSettings(currency_if_missing="CAD")


def made(day: int, amount: str, name: str = "CAFE CENTRAL", native: str = "") -> MadeLine:
    return MadeLine(day=date(2026, 3, day), amount=Decimal(amount), name=name, native=native)


def booked(files: list[bytes], settings: BankFeedSettings = NAMES) -> dict[str, Record]:
    """Return the lines that move money, each once, as a connection keeps them."""
    with TemporaryDirectory() as folder:
        feed = Feed(Path(folder))
        feed.settings = settings
        reading = feed.put(*files).read()
    assert reading.codes() == []
    return {record.source_id: record for record in reading.records if record.amount is not None}


def lines_of(name: str) -> st.SearchStrategy[list[MadeLine]]:
    """Return what a bank knows of a few days: many equal lines, some with ids of which one is used for several."""
    days = st.just(14) if name in ONE_DAY else st.integers(14, 17)
    natives = st.sampled_from(["", "", "F-1001", "F-1002"])
    row = st.builds(made, days, st.sampled_from(["-4.20", "10.00"]), st.sampled_from(["CAFE", "SHOP NORD"]), natives)
    return st.lists(row, min_size=1, max_size=9).map(lambda lines: sorted(lines, key=lambda line: line.day))


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_importing_parts_and_the_whole_in_any_order_equals_importing_the_whole(name: str, data: st.DataObject) -> None:
    """A download is a stretch of the bank's list, whose first and last day may be there in part."""
    known = data.draw(lines_of(name))
    bounds = st.integers(0, len(known))
    stretches = data.draw(st.lists(st.tuples(bounds, bounds).map(sorted), max_size=3))
    parts = [file_of(name, ACCOUNT, known[start:end]) for start, end in stretches if start < end]
    whole = file_of(name, ACCOUNT, known)
    alone = booked([whole])
    assert set(booked(data.draw(st.permutations([*parts, whole])))) == set(alone)
    assert Counter((record.day, record.amount.amount) for record in alone.values()) == Counter(
        (line.day, line.amount) for line in known
    )


@pytest.mark.parametrize("name", FORMATS)
def test_n_equal_coffees_are_n_lines_however_often_and_in_whatever_number_they_come(name: str) -> None:
    coffee = made(14, "-4.20")
    for count in (1, 3):
        assert len(booked([file_of(name, ACCOUNT, [coffee] * each) for each in (count, 1, count, count)])) == count


@pytest.mark.parametrize("pair", [(a, b) for a in FORMATS for b in FORMATS if a != b and {a, b} & {"qif", "bai2"}])
def test_coffees_that_come_in_one_format_and_then_more_of_them_in_another_are_counted_once(
    pair: tuple[str, str],
) -> None:
    """QIF holds no account number, so a person gives both accounts one name; other pairs: ``test_crossing.py``."""
    first, second = pair
    coffee = made(14, "-4.20")
    few, more = file_of(first, ACCOUNT, [coffee] * 2), file_of(second, ACCOUNT, [coffee] * 3)
    with TemporaryDirectory() as folder:
        feed = Feed(Path(folder))
        keys = {str(record.raw["account"]) for record in feed.put(few, more).read().records}
    named = BankFeedSettings(accounts="\n".join(f"{key} = Chequing" for key in sorted(keys)))
    records = booked([few, more, few], named)
    assert len(records) == 3
    assert {"twin" in record.raw for record in records.values()} == {False}, "nothing of it is asked"


def test_a_line_that_is_pending_first_is_booked_once_and_the_pending_one_moves_nothing() -> None:
    line = made(14, "-4.20", native="R-1001")
    ofx = [
        statement_file(ACCOUNT, [], pending=[made(14, "-4.20")]),
        statement_file(ACCOUNT, [line]),
        statement_file(ACCOUNT, [line], pending=[made(14, "-4.20")]),
    ]
    camt = [
        b"".join(camt_chunks(ACCOUNT, [], pending=[line], message="052")),
        b"".join(camt_chunks(ACCOUNT, [line], message="053")),
    ]
    notice = b"".join(camt_chunks(ACCOUNT, [], pending=[line], message="054"))
    for files in (ofx, camt, [*camt, notice], [*reversed(camt)], [*ofx, *camt]):
        assert len(booked(files)) == 1


def test_a_bank_that_gives_every_line_a_new_id_has_its_lines_told_again_with_the_bank_s_id() -> None:
    """Rule 3: an id of which the bank does not say that it corrects is a line of its own; core holds what it posted."""
    lines = [made(14, "-4.20", native="A-1001"), made(15, "10.00", native="A-1002")]
    again = [made(line.day.day, str(line.amount), native=line.native.replace("A-", "B-")) for line in lines]
    records = booked([file_of("ofx1", ACCOUNT, lines), file_of("ofx1", ACCOUNT, again)])
    assert sorted(str(record.raw["native"]) for record in records.values()) == ["A-1001", "A-1002", "B-1001", "B-1002"]
    assert len(booked([file_of("ofx1", ACCOUNT, lines), file_of("ofx2", ACCOUNT, lines)])) == 2


@pytest.mark.requirement("EX-18")
@pytest.mark.parametrize("header", ["Date,Description,Amount", "Date,Description,Debit,Credit"])
def test_three_or_four_columns_of_any_size_overlap_by_a_day_and_each_line_counts_once(header: str) -> None:
    """QuickBooks' own upload takes 350 KB of them, and wants a file to start a day before the oldest known line."""

    def row(number: int) -> str:
        day = date(2026, 1, 1) + timedelta(number // 100)
        amount = f"{number % 90 + 1}.25"
        out = number % 3 != 0
        money = f"{'-' if out else ''}{amount}" if header.endswith("Amount") else f"{amount}," if out else f",{amount}"
        return f"{day:%Y-%m-%d},PAYMENT AT SHOP NUMBER {number % 700} OF A LONG STREET,{money}"

    first, second = range(6000), range(5900, 7000)
    files = ["\n".join((header, *map(row, some), "")).encode() for some in (first, second)]
    assert len(files[0]) > 350_000
    assert len(booked(files)) == len(booked([*files, files[0]])) == 7000
