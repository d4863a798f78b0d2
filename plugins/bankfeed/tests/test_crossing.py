"""A line that comes first in one format and then in another is one; n equal coffees stay n, by any road."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raccord.plugin import BadRecord, Mapped, Record, Skipped
from raccord.plugin.testing import FakeMapContext
from raccord_bankfeed import crossing, map_record
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, statement_file
from raccord_bankfeed.twins.camt import camt_chunks
from raccord_bankfeed.twins.csv import csv_chunks
from raccord_bankfeed.twins.mt940 import mt940_chunks
from raccord_bankfeed.twins.text import qif_chunks

ACCOUNT = MadeAccount(number="0123456789", currency="CAD")
DAY = date(2026, 3, 14)
NAMED = "unnamed-qif = Chequing\n"


def made(day: int, amount: str = "-4.20", name: str = "CAFE CENTRAL", **more) -> MadeLine:
    return MadeLine(day=date(2026, 3, day), amount=Decimal(amount), name=name, **more)


def ofx(*lines: MadeLine) -> bytes:
    return statement_file(ACCOUNT, lines)


def csv(*lines: MadeLine) -> bytes:
    return b"".join(csv_chunks(ACCOUNT, lines))


def camt(*lines: MadeLine) -> bytes:
    return b"".join(camt_chunks(ACCOUNT, lines))


def mt940(*lines: MadeLine) -> bytes:
    return b"".join(mt940_chunks(ACCOUNT, lines))


ROADS: list[Callable[..., bytes]] = [ofx, csv, camt, mt940]


def counted(records: list[Record]) -> list[Record]:
    """Return the lines that move money, each once."""
    return list({record.source_id: record for record in records if record.amount is not None}.values())


@pytest.mark.parametrize("first", ROADS)
@pytest.mark.parametrize("second", ROADS)
@pytest.mark.parametrize("coffees", [1, 3])
def test_a_line_that_comes_by_two_roads_is_one(feed: Feed, first, second, coffees: int) -> None:
    lines = [made(10, "-1", "SHOP NORTH"), *[made(14)] * coffees, made(20, "50", "PAYROLL")]
    records = feed.put(first(*lines), second(*lines)).read().records
    assert len(counted(records)) == len(lines)
    if first is not second:
        known = [record for record in records if record.amount is None]
        assert len(known) == len(lines), "each is listed with the line that it is"
        assert {record.raw["twin"]["id"] for record in known} == {record.source_id for record in counted(records)}


def test_what_another_file_knows_is_skipped_with_the_name_of_its_twin(feed: Feed, mapping: FakeMapContext) -> None:
    _, known = feed.put(csv(made(14)), ofx(made(14))).read().records
    answer = map_record(mapping, known)
    assert isinstance(answer, Skipped)
    assert answer.code == "bankfeed.known_by_another_road"
    assert known.raw["twin"]["id"] in answer.reason.fr


def test_what_one_road_has_more_of_is_new() -> None:
    with TemporaryDirectory() as folder:
        feed = Feed(Path(folder))
        records = feed.put(csv(*[made(14)] * 2), ofx(*[made(14)] * 5)).read().records
    assert len(counted(records)) == 5


def test_on_days_that_both_cover_whole_the_count_tells_whatever_the_texts_say(feed: Feed) -> None:
    ends = [made(10, "-1", "SHOP NORTH"), made(20, "50", "PAYROLL")]
    one, other = csv(ends[0], made(14, name="POS 1234"), ends[1]), ofx(ends[0], made(14), ends[1])
    assert len(counted(feed.put(one, other).read().records)) == 3


def test_other_texts_on_a_day_that_may_be_covered_in_part_and_near_days_are_asked(
    feed: Feed, mapping: FakeMapContext
) -> None:
    feed.put(csv(made(10, name="POS 1234"), made(14)), ofx(made(10), made(12, "-9"), made(16)))
    records = feed.read().records
    perhaps = [record for record in records if "twin" in record.raw]
    assert [(record.day.day, record.raw["twin"]["certain"]) for record in perhaps] == [(10, False), (16, False)]
    with pytest.raises(BadRecord) as refused:
        map_record(mapping, perhaps[1])
    assert refused.value.code == "bankfeed.perhaps_known"
    key, offered = perhaps[1].raw["twin"]["answer"], refused.value.answers
    assert offered is not None
    assert (offered.key, offered.like) == (key, perhaps[1].raw["twin"]["id"])
    assert {word for word, _ in offered.words} == {"same", "separate"}
    for word, kind in (("same", Skipped), ("separate", Mapped)):
        context = replace(mapping, settings=BankFeedSettings(answers=f"{key} = {word}"))
        assert type(map_record(context, perhaps[1])) is kind
    assert isinstance(map_record(mapping, next(each for each in records if each.raw["amount"] == "-9")), Mapped)


def test_what_is_asked_stays_asked_when_the_line_comes_again_by_its_own_road(feed: Feed) -> None:
    """A bank's next download overlaps: the line in it is the one that waits, and is not let go unanswered."""
    second = [made(10), made(12, "-9"), made(16)]
    feed.put(csv(made(10, name="POS 1234"), made(14)), ofx(*second), ofx(*second, made(20, "-7")))
    told: dict[str, list[object]] = {}
    for record in feed.read().records:
        told.setdefault(record.source_id, []).append(record.raw.get("twin"))
    assert sum(len(each) > 1 for each in told.values()) == len(second)
    assert sum(each[0] is not None for each in told.values()) == 2
    assert all(each == each[:1] * len(each) for each in told.values())


def asked(records: Sequence[Record]) -> list[Record]:
    """Return the lines that may have come before, in order of their days."""
    return sorted((each for each in records if not each.raw.get("twin", {"certain": True})["certain"]),
                  key=lambda each: each.day)  # fmt: skip


def said(feed: Feed, *words: str) -> tuple[dict[tuple[str, int], Record], str | None]:
    """Answer what is asked about the lines; return them by account and day, and where the run after it ended."""
    reading = feed.read()
    keys = [each.raw["twin"]["answer"] for each in asked(reading.records)]
    lines = (f"{key} = {word}" for key, word in zip(keys, words, strict=True))
    feed.settings = BankFeedSettings(answers="\n".join(lines))
    again = feed.read(cursor=reading.cursor)
    found = {each.source_id: each for each in (*reading.records, *again.records)}.values()
    return {
        (each.raw["account"], each.day.day): each for each in found if each.raw["name"] == "CAFE CENTRAL"
    }, again.cursor


@pytest.mark.parametrize("late", [False, True], ids=["after the answer", "before it"])
def test_a_line_that_was_said_to_be_another_is_no_further_line_that_a_third_road_s_could_be(
    feed: Feed, mapping: FakeMapContext, late: bool
) -> None:
    third = camt(made(8, "-7.77", "KIOSK"), made(14), made(15), made(18, "-1.23", "KIOSK"))
    feed.put(csv(made(10, "-5.55", "KIOSK"), made(14)), ofx(made(13, "-8.88", "KIOSK"), made(15)))
    if late:
        feed.put(third)
    told, cursor = said(feed, "same")
    if not late:
        feed.put(third)
        told |= {(each.raw["account"], each.day.day): each for each in feed.read(cursor=cursor).records}
    ((account, _), coffee) = next(each for each in told.items() if each[0][1] == 15 and "twin" not in each[1].raw)
    assert isinstance(map_record(mapping, coffee), Mapped), "the second coffee is a line of its own"
    assert told[account, 14].raw["twin"]["certain"]


def test_where_a_line_is_said_to_be_none_of_another_the_next_like_it_may_be(feed: Feed) -> None:
    """Two days later by the second road, which two lines tell too little: the line in between is nearer."""
    first = made(14, "-6.10"), made(16, "-12.35", "GAZ METRO"), made(18, "-33.07")
    feed.put(camt(*first), ofx(made(17, "-33.07"), *later([*first], 2)))
    told, _ = said(feed, "same", "separate", "same")
    pairs = {day: each.raw["twin"]["id"] for (_, day), each in told.items() if "twin" in each.raw and day > 16}
    assert len(pairs) == 2
    assert pairs[17] == pairs[20]


def twins(feed: Feed, *files: bytes) -> list[tuple[int, int, bool]]:
    """Return of which day each twin is and its other, and whether that is certain."""
    records = feed.put(*files).read().records
    days = {record.source_id: record.day.day for record in records}
    found = [(record.day.day, record.raw["twin"]) for record in records if "twin" in record.raw]
    return sorted((day, days[str(twin["id"])], bool(twin["certain"])) for day, twin in found)


ROUND = [made(2, "-1.11", "START MARKET"), made(10, "-20", "NETFLIX SERVICES"), made(11, "-20", "FITNESS CLUB")]


def later(lines: list[MadeLine], days: int = 1) -> list[MadeLine]:
    return [replace(line, day=line.day + timedelta(days)) for line in lines]


def test_lines_that_one_road_dates_a_day_later_are_paired_by_their_texts(feed: Feed) -> None:
    ends = [*ROUND, made(20, "50", "PAYROLL")]
    assert twins(feed, csv(*ends), ofx(*later(ends))) == [(3, 2, True), (11, 10, True), (12, 11, True), (21, 20, True)]


def test_where_few_lines_tell_how_they_are_dated_those_with_like_texts_are_asked(feed: Feed) -> None:
    assert twins(feed, csv(*ROUND[1:]), ofx(*later(ROUND[1:]))) == [(11, 10, False), (12, 11, False)]


def test_texts_that_contradict_each_other_are_never_one_line_for_certain(feed: Feed) -> None:
    ends = [made(8, "-1", "SHOP NORTH"), made(20, "50", "PAYROLL")]
    one, other = [*ends, made(14, "-20", "NETFLIX")], [*ends, made(14, "-20", "FITNESS CLUB")]
    assert twins(feed, csv(*one), ofx(*other)) == [(8, 8, True), (14, 14, False), (20, 20, True)]


def test_of_equal_lines_on_all_days_the_one_that_is_left_over_by_either_road_is_asked(feed: Feed) -> None:
    daily = [made(day) for day in range(2, 12)]
    found = twins(feed, csv(*daily), ofx(*later(daily)))
    assert found == [*((day, day, True) for day in range(3, 12)), (12, 2, False)]


def test_what_both_files_should_have_and_each_has_on_another_day_is_asked(feed: Feed) -> None:
    ends = [made(2, "-1", "SHOP NORTH"), made(28, "50", "PAYROLL")]
    found = twins(feed, csv(*ends, made(9)), ofx(*ends, made(16)))
    assert found == [(2, 2, True), (16, 9, False), (28, 28, True)]


def test_lines_at_the_end_of_the_calendar_are_compared_as_others(feed: Feed) -> None:
    end = date(2099, 12, 31)
    last = [replace(made(1), day=end), replace(made(1, "-9", "SHOP NORTH"), day=end - timedelta(2))]
    assert len(counted(feed.put(csv(*last), ofx(*last)).read().records)) == 2


def test_recurring_lines_are_not_asked_about_where_the_days_of_the_files_tell(feed: Feed) -> None:
    """A coffee a day goes on after the first file ends, and a subscription comes again a week and a month later."""
    rent = made(5, "-900", "RENT MARCH")
    first = [rent, made(2, "-20", "NETFLIX"), *(made(day) for day in range(2, 12))]
    second = [rent, *(made(day) for day in range(4, 16)), *(made(day, "-20", "NETFLIX") for day in (14, 31))]
    found = twins(feed, csv(*first), ofx(*second))
    assert found == sorted([(5, 5, True), *((day, day, True) for day in range(4, 12))])


def test_files_of_different_times_are_different_lines_without_a_question(feed: Feed) -> None:
    records = feed.put(csv(made(10), made(14)), ofx(made(20), made(21))).read().records
    assert len(counted(records)) == 4
    assert not [record for record in records if "twin" in record.raw]


def test_accounts_are_one_by_number_or_by_the_name_that_people_gave_them(feed: Feed) -> None:
    qif = b"".join(qif_chunks(ACCOUNT, [made(14)], named=False))
    assert len(counted(feed.put(ofx(made(14)), qif).read().records)) == 2, "a file without a number says nothing"
    key = feed.read().records[0].raw["account"]
    feed.settings = BankFeedSettings(accounts=f"{key} = Chequing\n{NAMED}")
    assert len(counted(feed.read().records)) == 1
    other = statement_file(replace(ACCOUNT, number="999999999"), [made(14)])
    feed.put(other)
    assert len(counted(feed.read().records)) == 2


@pytest.mark.parametrize(
    ("iban", "number", "same"),
    [
        ("FR76 3000 6000 0112 3456 7890 189", "12345678901", True),
        ("DE89 3704 0044 0532 0130 00", "532013000", True),
        ("BE68 5390 0754 7034", "539-0075470-34", True),
        ("GB29 NWBK 6016 1331 9268 19", "31926819", True),
        ("NL91 ABNA 0417 1643 00", "0417164300", True),
        ("FR76 3000 6000 0112 3456 7890 188", "12345678901", False),
        ("FR76 3000 6000 0112 3456 7890 189", "12345678902", False),
    ],
)
def test_an_account_by_its_iban_is_that_of_its_national_number(feed: Feed, iban: str, number: str, same: bool) -> None:
    by_iban = b"".join(camt_chunks(replace(ACCOUNT, number=iban.replace(" ", "")), [made(14)]))
    by_number = statement_file(replace(ACCOUNT, number=number), [made(14)])
    assert len(counted(feed.put(by_iban, by_number).read().records)) == (1 if same else 2)


def test_what_a_file_brought_before_stays_when_another_road_has_it_too(feed: Feed) -> None:
    first = feed.put(ofx(made(10), made(14))).read()
    second = feed.put(csv(made(14), made(16), made(18)), ofx(made(10), made(14), made(16), made(18)))
    records = second.read(cursor=first.cursor).records
    again = [record for record in records if record.source_id in set(first.ids())]
    assert [record.raw for record in again] == [record.raw for record in first.records]
    assert len(counted([*first.records, *records])) == 4


def test_two_files_of_one_road_are_never_compared(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossing, "placed_lines", None)
    assert len(counted(feed.put(ofx(made(14)), ofx(made(15))).read().records)) == 2


def test_more_lines_than_can_be_compared_are_all_told(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossing, "LINES_MAX", 2)
    lines = [made(day, str(-day)) for day in range(1, 6)]
    assert len(counted(feed.put(csv(*lines), ofx(*lines)).read().records)) == 10


KNOWN = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from(["-4.20", "10.00"]), st.sampled_from(["CAFE CENTRAL", "CAFE NORD"])),
    max_size=9,
).map(lambda rows: [made(day, amount, name) for day, amount, name in sorted(rows)])


@settings(max_examples=60, deadline=None)
@given(known=KNOWN, data=st.data())
def test_importing_a_part_by_one_road_and_the_whole_by_another_gives_the_whole(
    known: list[MadeLine], data: st.DataObject
) -> None:
    """The part is whole days, whose lines both banks' files list; so nothing is lost and nothing is twice."""
    first, last = sorted(data.draw(st.tuples(st.integers(1, 6), st.integers(1, 6))))
    part = [line for line in known if first <= line.day.day <= last]
    roads = data.draw(st.permutations(ROADS))
    files = data.draw(st.permutations([roads[0](*part), roads[1](*known)]))
    with TemporaryDirectory() as folder:
        records = Feed(Path(folder)).put(*files).read().records
    booked = counted(records)
    asked = [record for record in booked if "twin" in record.raw]
    assert len(booked) - len(asked) <= len(known) <= len(booked)
    days = sorted((record.day, record.amount.amount) for record in booked if record not in asked)
    wanted = sorted((line.day, line.amount) for line in known)
    assert all(each in wanted for each in days)


def test_a_line_that_two_layouts_of_one_bank_give_one_id_is_itself(feed: Feed) -> None:
    """Said to be the twin of itself, it would be left out by both."""
    rows = [("03/14/2026", "CAFE", "-4.20", "95.80"), ("03/15/2026", "SHOP", "-5.20", "90.60")]
    one = "Date,Description,Amount,Account Number\n" + "".join(f"{d},{t},{a},123456789\n" for d, t, a, _ in rows)
    other = "Date,Description,Amount,Balance,Account Number\n"
    other += "".join(f"{','.join(row)},123456789\n" for row in rows)
    records = feed.put(one.encode(), other.encode()).read().records
    assert len({each.source_id for each in records}) == 2
    assert [each for each in records if each.amount is None or "twin" in each.raw] == []


CHEQUES = ["03-02 -80.00 GAZ METRO", "03-15 -41.20 EPICERIE", "03-31 -5.00 FRAIS MENSUELS", "04-02 -7.00 POSTE"]
SAVED = ["03-03 -180.00 RETRAIT", "03-20 30.00 DEPOT", "03-31 -5.00 FRAIS MENSUELS", "04-03 -9.00 RETRAIT"]


def lines_of(texts: Sequence[str]) -> list[MadeLine]:
    parts = (text.split(" ", 2) for text in texts)
    return [
        MadeLine(day=date.fromisoformat(f"2026-{day}"), amount=Decimal(sum_), name=name) for day, sum_, name in parts
    ]


def named(feed: Feed, *keys: str) -> None:
    feed.settings = BankFeedSettings(accounts="\n".join(f"{key} = Chequing" for key in keys), currency_if_missing="CAD")


def test_a_fee_of_two_accounts_that_only_bear_one_name_is_asked_about_and_most_lines_of_a_few_are_one(
    feed: Feed, new_feed: Callable[[], Feed]
) -> None:
    savings = replace(ACCOUNT, number="5556667778")
    for feeds, second, unsure in ((feed, SAVED, 1), (new_feed(), CHEQUES, 0)):
        feeds.put(ofx(*lines_of(CHEQUES)), b"".join(csv_chunks(savings, lines_of(second))))
        named(feeds, *{str(each.raw["account"]) for each in feeds.read().records})
        records = [*feeds.read().records]
        assert len(asked(records)) == unsure
        assert len(counted(records)) == len({*CHEQUES, *second}) + unsure, "none is left out unasked"


def test_a_file_that_names_a_number_of_two_accounts_is_asked_about_what_either_has(feed: Feed) -> None:
    """Credit unions give a member one number, and each of its accounts a type, which other formats do not tell."""
    accounts = [replace(ACCOUNT, type=type_) for type_ in ("CHECKING", "SAVINGS")]
    without_fee = [each for each in SAVED if "FRAIS" not in each]
    feed.put(*(statement_file(one, lines_of(some)) for one, some in zip(accounts, (CHEQUES, without_fee), strict=True)))
    records = [*feed.put(camt(*lines_of(SAVED))).read().records]
    assert [each.day.day for each in asked(records)] == [31]
    assert len(counted(records)) == len({*CHEQUES, *SAVED}) + 1, "it waits beside the other one"
