"""Statements whose balances go on: an equal line of two is two, and what may be an overlap stays one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raccord.plugin import Record
from raccord_bankfeed import chained
from raccord_bankfeed import feed as reading
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine
from raccord_bankfeed.twins.camt import camt_chunks
from raccord_bankfeed.twins.csv import csv_chunks
from raccord_bankfeed.twins.mt940 import mt940_chunks

ACCOUNT = MadeAccount(number="0123456789", currency="CAD")
OPENING = Decimal("100.00")
FORMATS = ("mt940", "camt", "csv", "bai2")


def made(amount: str, day: int = 14, name: str = "CAFE CENTRAL") -> MadeLine:
    return MadeLine(day=date(2026, 3, day), amount=Decimal(amount), name=name)


def total(lines: Iterable[MadeLine]) -> Decimal:
    return sum((line.amount for line in lines), Decimal(0))


def statement(lines: Sequence[MadeLine], opening: Decimal, name: str = "mt940", newline: str = "\r\n") -> bytes:
    match name:
        case "camt":
            return b"".join(camt_chunks(ACCOUNT, lines, total=total(lines), opening=opening))
        case "csv":
            return b"".join(csv_chunks(ACCOUNT, lines, balance=True, opening=opening))
        case "bai2":
            return _bai2(lines, opening)
    return b"".join(mt940_chunks(ACCOUNT, lines, total=total(lines), opening=opening, number="1", newline=newline))


def _bai2(lines: Sequence[MadeLine], opening: Decimal) -> bytes:
    day = f"{lines[0].day:%y%m%d}"
    rows = [f"01,BANK,COMPANY,{day},0900,1,,,2/", f"02,COMPANY,BANK,1,{day},2359,CAD,2/"]
    units, closing = (int(amount.scaleb(2)) for amount in (opening, opening + total(lines)))
    rows.append(f"03,{ACCOUNT.number},,010,{units:+d},,,015,{closing:+d},,/")
    control = units + closing
    for line in lines:
        amount = abs(int(line.amount.scaleb(2)))
        control += amount
        rows.append(f"16,{195 if line.amount > 0 else 475},{amount},Z,,,{line.name}/")
    rows += [f"49,{control:+d},{len(lines) + 2}/", f"98,{control:+d},1,{len(lines) + 4}/"]
    return "\r\n".join([*rows, f"99,{control:+d},1,{len(lines) + 6}/", ""]).encode()


def booked(files: Iterable[bytes]) -> dict[str, Record]:
    """Return the lines that move money, each once, as a connection keeps them."""
    with TemporaryDirectory() as folder:
        found = Feed(Path(folder)).put(*files).read()
    assert found.codes() == []
    return {record.source_id: record for record in found.records if record.amount is not None}


def counted(records: dict[str, Record]) -> Counter[Decimal]:
    return Counter(record.amount.amount for record in records.values() if record.amount is not None)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("turned", [False, True], ids=["as they were made", "the later one first"])
def test_pain_9_t1_an_equal_line_of_two_statements_that_follow_each_other_is_two(name: str, turned: bool) -> None:
    morning, noon = [made("-4.50"), made("-30.00", name="TAXI")], [made("-4.50"), made("-7.00", name="LIVRE")]
    between = OPENING + total(morning)
    files = [statement(morning, OPENING, name), statement(noon, between, name)]
    found = booked(reversed(files) if turned else files)
    assert counted(found) == Counter(line.amount for line in [*morning, *noon])
    whole = booked([*files, statement([*morning, *noon], OPENING, name)])
    assert set(whole) == set(booked(files)), "the whole day, sent afterwards, brings nothing"
    assert set(booked([statement([*morning, *noon], OPENING, name), *files])) == set(whole)


@pytest.mark.parametrize("name", FORMATS)
def test_pain_9_t1_where_balances_do_not_go_on_an_equal_line_of_a_day_is_one_as_before(name: str) -> None:
    first, wider = [made("-4.50"), made("-30.00", name="TAXI")], [made("-4.50"), made("-7.00", name="LIVRE")]
    found = booked([statement(first, OPENING, name), statement(wider, Decimal("80.00"), name)])
    assert counted(found) == Counter({Decimal("-4.50"): 1, Decimal("-30.00"): 1, Decimal("-7.00"): 1})


def test_what_two_statements_may_overlap_in_is_no_proof_that_they_share_nothing() -> None:
    """The day that both have came to nothing, so the first ends with what the second begins with."""
    day = [made("100.00", name="VIREMENT"), made("-100.00", name="LOYER")]
    first, second = [made("-9.00", 13, "PAIN"), *day], [*day, made("-3.00", 15, "SEL")]
    found = booked([statement(first, OPENING), statement(second, OPENING - 9)])
    assert len(found) == 4


@pytest.mark.parametrize("meanwhile", [made("100.00", name="VIREMENT REÇU"), made("100.00", 13, "VIREMENT")])
def test_what_was_worded_or_dated_otherwise_meanwhile_is_of_an_overlap_too(meanwhile: MadeLine) -> None:
    rent = made("-100.00", name="LOYER")
    first = [made("-9.00", 12, "PAIN"), made("100.00", name="VIREMENT"), rent]
    second = [meanwhile, rent, made("-3.00", 15, "SEL")]
    found = booked([statement(first, OPENING, "csv"), statement(second, OPENING - 9, "csv")])
    assert counted(found)[rent.amount] == 1


def test_a_statement_within_one_that_comes_to_nothing_shares_its_line() -> None:
    whole = [made("4.50", name="RETOUR"), made("-4.50")]
    within = [made("-4.50")]
    found = booked([statement(within, OPENING + Decimal("4.50")), statement(whole, OPENING)])
    assert len(found) == 2
    assert set(found) == set(booked([statement(whole, OPENING), statement(within, OPENING + Decimal("4.50"))]))


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_pain_9_t2_a_day_in_pieces_is_that_day_from_whichever_on_they_go_on_and_sent_again(data: st.DataObject) -> None:
    day = [made(amount) for amount in data.draw(st.lists(st.sampled_from(["-4.50", "-3.00"]), min_size=2, max_size=7))]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(day) - 1), max_size=3)))
    bounds = list(zip([0, *cuts], [*cuts, len(day)], strict=True))
    pieces, again = (
        [statement(day[start:end], OPENING + total(day[:start]), newline=newline) for start, end in bounds]
        for newline in ("\r\n", "\n")
    )
    first = last = data.draw(st.integers(0, len(pieces) - 1))
    files = [pieces[first]]
    while first or last < len(pieces) - 1:
        before = last == len(pieces) - 1 or (first > 0 and data.draw(st.booleans()))
        first, last = (first - 1, last) if before else (first, last + 1)
        files.append(pieces[first if before else last])
        if data.draw(st.booleans()):
            files.append(again[data.draw(st.integers(first, last))])
    found = booked(files)
    assert counted(found) == Counter(line.amount for line in day)
    whole = statement(day, OPENING)
    assert set(booked([*files, whole])) == set(booked([whole, *files])) == set(found)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_pain_9_t2_a_day_in_pieces_is_that_day_in_whatever_order_they_arrive(data: st.DataObject) -> None:
    day = [made(amount) for amount in data.draw(st.lists(st.sampled_from(["-4.50", "-3.00"]), min_size=3, max_size=7))]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(day) - 1), min_size=2, max_size=4)))
    bounds = list(zip([0, *cuts], [*cuts, len(day)], strict=True))
    pieces = [statement(day[start:end], OPENING + total(day[:start])) for start, end in bounds]
    found = booked(data.draw(st.permutations(pieces)))
    assert counted(found) == Counter(line.amount for line in day)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_pain_9_t2_no_stretches_of_a_day_make_more_lines_than_the_day_has(data: st.DataObject) -> None:
    """Stretches may overlap, lie within one another, or meet in any order, and sums come to nothing often."""
    amounts = st.sampled_from(["-4.50", "4.50", "-9.00", "9.00"])
    day = [made(amount) for amount in data.draw(st.lists(amounts, min_size=2, max_size=6))]
    bounds = st.tuples(st.integers(0, len(day)), st.integers(0, len(day))).map(sorted)
    stretches = [each for each in data.draw(st.lists(bounds, min_size=2, max_size=4)) if each[0] < each[1]]
    found = booked(statement(day[start:end], OPENING + total(day[:start])) for start, end in stretches)
    listed = {at for start, end in stretches for at in range(start, end)}
    assert counted(found) <= Counter(day[at].amount for at in listed)


def test_a_file_read_in_pieces_gives_its_lines_the_same_ids(monkeypatch: pytest.MonkeyPatch, feed: Feed) -> None:
    morning = [made("-4.50")] * 3
    files = [statement(morning, OPENING), statement([made("-4.50")] * 4, OPENING + total(morning))]
    whole = booked(files)
    monkeypatch.setattr(reading, "PAGE_RECORDS_MAX", 2)
    monkeypatch.setattr(reading._kept, "take", lambda *_: None)
    assert {record.source_id for record in feed.put(*files).read().records} == set(whole)
    assert len(whole) == 7


def test_a_whole_day_by_another_road_is_what_its_statements_are() -> None:
    day = [made("-4.50"), made("-30.00", name="TAXI"), made("-4.50")]
    pieces = [statement(day[:2], OPENING), statement(day[2:], OPENING + total(day[:2]))]
    table = b"".join(csv_chunks(ACCOUNT, day))
    for files in ([*pieces, table], [table, *pieces], [pieces[0], table, pieces[1]]):
        assert counted(booked(files)) == Counter(line.amount for line in day)


def test_files_beyond_those_that_are_looked_at_make_no_line_others(monkeypatch: pytest.MonkeyPatch) -> None:
    day = [made("-4.50")] * 4
    pieces = [statement(day[at : at + 1], OPENING + total(day[:at])) for at in range(4)]
    again = [statement(day[at : at + 1], OPENING + total(day[:at]), newline="\n") for at in range(4)]
    assert len(booked([*pieces, *again])) == 4
    monkeypatch.setattr(chained, "FILES_MAX", 2)
    assert set(booked([*pieces, *again])) <= set(booked([statement(day, OPENING)]))
