"""Ids that hold over overlapping files: equal is not the same, and the same is never two."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise, permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import raccord_bankfeed
from raccord.plugin.testing import FakeFetchContext, FileShelf, read_stream
from raccord_bankfeed import equal_lines
from raccord_bankfeed.identity import Identities, is_telling, normalised
from raccord_bankfeed.readers.contract import Account, AccountKind, Line
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Dialect, Feed, Header, Leaves, MadeAccount, MadeLine, statement_file

DAY = date(2026, 3, 2)
COFFEE = MadeLine(day=DAY, amount=Decimal("-4.20"), name="CAFÉ CENTRAL", memo="CARD 12")


def write(lines, **more) -> bytes:
    return statement_file(MadeAccount(), lines, **more)


def ids_of(files: list[bytes]) -> set[str]:
    with TemporaryDirectory() as folder:
        shelf = FileShelf(Path(folder))
        for number, content in enumerate(files):
            shelf.put(f"{number}.ofx", content)
        reading = read_stream(raccord_bankfeed, FakeFetchContext(files=shelf, settings=BankFeedSettings()), "lines")
        assert reading.codes() == []
        return set(reading.ids())


@pytest.mark.parametrize("native", ["", "1", "0000", "20260302", "20260302000000", "NONREF", "F-1001"])
def test_pain_9_t1_n_equal_coffees_on_one_day_are_n_lines_however_often_they_are_imported(native: str) -> None:
    coffee = MadeLine(day=DAY, amount=COFFEE.amount, name=COFFEE.name, native=native)
    for count in (1, 2, 5):
        file = write([coffee] * count)
        again = write([coffee] * count, dialect=Dialect(leaves=Leaves.CLOSED, header=Header.XML))
        assert len(ids_of([file])) == count
        assert ids_of([file, again]) == ids_of([file])


def test_of_two_files_that_share_a_day_the_fuller_one_counts() -> None:
    two, three = write([COFFEE] * 2), write([COFFEE] * 3)
    assert len(ids_of([two, three])) == len(ids_of([three, two])) == 3


# What a bank knows: per day a few lines, many of them equal, with ids that tell everything, something or nothing.
NATIVES = st.sampled_from(["", "1", "F-1001", "F-1002", "20260301"])
KNOWN = st.lists(
    st.builds(
        MadeLine,
        day=st.integers(0, 4).map(lambda days: date(2026, 3, 1) + timedelta(days)),
        amount=st.sampled_from([Decimal("-4.20"), Decimal("-4.2"), Decimal("10.00")]),
        native=NATIVES,
        name=st.sampled_from(["CAFE", "Cafe", "SHOP"]),
    ),
    max_size=10,
).map(lambda lines: sorted(lines, key=lambda line: line.day))


@settings(max_examples=70, deadline=None)
@given(known=KNOWN, data=st.data())
def test_pain_9_t2_importing_a_part_and_then_the_whole_equals_importing_the_whole(
    known: list[MadeLine], data: st.DataObject
) -> None:
    """A download is a stretch of the bank's list, so its first and last day may be covered in part."""
    whole = write(known)
    bounds = st.integers(0, len(known))
    parts = [
        write(known[min(pair) : max(pair)], dialect=Dialect(leaves=data.draw(st.sampled_from(Leaves))))
        for pair in data.draw(st.lists(st.tuples(bounds, bounds), max_size=3))
    ]
    files = data.draw(st.permutations([*parts, whole]))
    assert ids_of(files) == ids_of([whole])
    assert len(ids_of([whole])) == len(known)


@settings(max_examples=30, deadline=None)
@given(known=KNOWN, cuts=st.lists(st.integers(0, 10), max_size=2))
def test_a_list_split_between_days_and_read_in_any_order_gives_the_same_lines(
    known: list[MadeLine], cuts: list[int]
) -> None:
    days = [date(2026, 3, 1) + timedelta(cut) for cut in sorted(cuts)]
    edges = [date.min, *days, date.max]
    parts = [write([line for line in known if start <= line.day < end]) for start, end in pairwise(edges)]
    expected = ids_of([write(known)])
    for order in permutations(parts):
        assert ids_of(list(order)) == expected


def test_the_same_id_with_another_day_or_amount_in_one_file_is_another_line() -> None:
    lines = [
        MadeLine(day=DAY, amount=Decimal("-100.00"), native="T-500", name="HOTEL ROMA"),
        MadeLine(day=DAY, amount=Decimal("-2.50"), native="T-500", name="FOREIGN FEE"),
        MadeLine(day=DAY + timedelta(1), amount=Decimal("-100.00"), native="T-500", name="HOTEL ROMA"),
    ]
    assert len(ids_of([write(lines)])) == 3
    assert ids_of([write(lines[1:]), write(lines[:1])]) == ids_of([write(lines)])


def test_a_text_that_the_bank_changes_is_the_same_line_with_a_new_revision(feed: Feed) -> None:
    for name in ("PRE-AUTH SHOP", "SHOP 17 MONTREAL"):
        feed.put(write([MadeLine(day=DAY, amount=Decimal("-9.99"), native="T-77001", name=name)]))
    first, second = feed.read().records
    assert first.source_id == second.source_id
    assert (first.raw["name"], second.raw["name"]) == ("PRE-AUTH SHOP", "SHOP 17 MONTREAL")


def test_an_id_used_again_for_another_amount_is_a_line_of_its_own_and_shows_the_shared_id(feed: Feed) -> None:
    for day, amount in ((DAY, "-9.99"), (DAY + timedelta(400), "-55.00")):
        feed.put(write([MadeLine(day=day, amount=Decimal(amount), native="T-77001")]))
    first, second = feed.read().records
    assert first.source_id != second.source_id
    assert first.raw["native"] == second.raw["native"] == "T-77001"


def test_the_same_entry_in_two_statements_of_one_file_is_one_line(feed: Feed) -> None:
    line = MadeLine(day=DAY, amount=Decimal("-9.99"), native="T-77001")
    feed.put(write([line, line]).replace(b"</OFX>\r\n", b"") + write([line, line]).partition(b"<OFX>\r\n")[2])
    reading = feed.read()
    assert len(reading.ids()) == 4, "both are told, so that the second can be counted as unchanged"
    assert len(set(reading.ids())) == 2


def test_equal_lines_without_an_id_are_counted_through_the_whole_file() -> None:
    one = write([COFFEE])
    both = one.replace(b"</OFX>\r\n", b"") + one.partition(b"<OFX>\r\n")[2]
    assert len(ids_of([both])) == 2
    assert ids_of([one, both]) == ids_of([both])


def test_accounts_do_not_share_lines_even_under_one_number() -> None:
    files = [statement_file(MadeAccount(type=kind), [COFFEE]) for kind in ("CHECKING", "SAVINGS")]
    files.append(statement_file(MadeAccount(card=True), [COFFEE]))
    files.append(statement_file(MadeAccount(branch="30001"), [COFFEE]))
    assert len(ids_of(files)) == 4


def test_a_pending_line_and_the_booked_one_are_two(feed: Feed) -> None:
    feed.put(write([], pending=[MadeLine(day=DAY, amount=Decimal(-20), name="RESTO")]))
    feed.put(write([MadeLine(day=DAY + timedelta(3), amount=Decimal(-24), name="RESTO", native="T-900")]))
    pending, booked = feed.read().records
    assert pending.amount is None, "a pending line moves no money yet"
    assert booked.amount is not None
    assert pending.source_id != booked.source_id


def test_ids_hold_neither_file_names_nor_whole_account_numbers(feed: Feed) -> None:
    card = MadeAccount(number="4111111111111234", card=True)
    feed.shelf.put("secret-name.qfx", statement_file(card, [COFFEE]))
    (record,) = feed.read().records
    assert "secret-name" not in record.source_id
    assert "4111111111111234" not in str(record)
    assert record.source_id.startswith("card-1234-")


@pytest.mark.parametrize(
    ("native", "telling"),
    [
        ("", False),
        ("1", False),
        ("000012", False),
        ("999", False),
        ("none", False),
        ("XXXXXXXX", False),
        ("20260302", False),
        ("202603020000", False),
        ("202603020001", True),
        ("20260303", True),
        ("184997056", True),
        ("AB12", True),
        ("00092990122-30.00019012312798.01", True),
    ],
)
def test_an_id_that_tells_nothing_is_known(native: str, telling: bool) -> None:
    assert is_telling(native, DAY) is telling


def test_texts_are_compared_without_case_blanks_and_compatibility_forms() -> None:
    assert normalised(" Cafe\u0301  du\u00a0port №5 ") == normalised("CAFÉ DU PORT NO5")
    assert normalised("INV 10") != normalised("INV 11")


LINE = Line(
    Account("bank-1", AccountKind.BANK, "1"),
    "",
    DAY,
    Decimal("-4.20"),
    "CAD",
    "CAFE",
    "",
    "",
    "",
    "",
    False,
    None,
    (),
    (),
    0,
)


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("native", "a_day"),
    [("", 20), ("F{number}", 20), ("F{number}", 20_000)],
    ids=["by day and text", "by the bank's id", "all of one day"],
)
def test_the_ids_of_a_large_file_take_the_memory_of_those_of_a_small_one(native: str, a_day: int) -> None:
    ids = Identities()
    tracemalloc.start()
    for number in range(20_000):
        day = DAY + timedelta(number // a_day)
        ids.of(LINE._replace(day=day, name=f"SHOP {number}", native=native.format(number=number + 1000)))
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 1_250_000  # bytes; each line by itself took 80, which is 1 600 000


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(
            LINE._replace,
            account=st.sampled_from([LINE.account, replace(LINE.account, key="bank-2")]),
            native=st.sampled_from(["", "F-1001", "F-1002"]),
            day=st.integers(0, 3).map(lambda days: DAY + timedelta(days)),
            name=st.sampled_from(["CAFE", "SHOP"]),
            pending=st.booleans(),
            stable=st.booleans(),
        ),
        max_size=40,
    )
)
def test_lines_that_are_put_away_are_counted_on_in_whatever_order_their_days_come(lines: list[Line]) -> None:
    at_hand, put_away = Identities(), Identities()
    with pytest.MonkeyPatch.context() as patch:
        expected = [at_hand.of(line) for line in lines]
        patch.setattr(equal_lines, "AT_HAND_MAX", 2)
        assert [put_away.of(line) for line in lines] == expected
