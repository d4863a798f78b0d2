"""A line that comes back with a tip, or with what the pump really gave, is asked about and never posted twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from raccord.plugin import BadRecord, Mapped, Record, Skipped
from raccord.plugin.testing import FakeMapContext
from raccord_bankfeed import map_record, replacing
from raccord_bankfeed.readers.told import NOTHING_KNOWN
from raccord_bankfeed.seen_files import files_before, sharing_days
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, statement_file
from raccord_bankfeed.twins.csv import csv_chunks

ACCOUNT = MadeAccount(number="0123456789", currency="CAD")


def made(day: int, amount: str, name: str = "RESTO LUC", native: str = "") -> MadeLine:
    return MadeLine(day=date(2026, 3, day), amount=Decimal(amount), name=name, native=native)


def ofx(*lines: MadeLine) -> bytes:
    return statement_file(ACCOUNT, lines, starts=date(2026, 3, 14), ends=date(2026, 3, 31))


def csv(*lines: MadeLine) -> bytes:
    return b"".join(csv_chunks(ACCOUNT, lines))


def numbered(*lines: MadeLine) -> bytes:
    """Return a file that does not say which days it lists."""
    return re.sub(rb"<DT(START|END)>\d+", b"", ofx(*lines))


SHOP, PAY = made(2, "-1", "SHOP NORTH"), made(20, "50", "PAYROLL")
BEFORE = csv(SHOP, made(14, "-20.00"))
AFTER = csv(SHOP, made(17, "-24.00"), PAY)


def asked(feed: Feed) -> list[Record]:
    return [record for record in feed.read().records if "replaces" in record.raw]


def kept(feed: Feed, cursor: str | None = None) -> dict[str, Record]:
    """Return what a connection keeps after all files were read, each line as it was told last."""
    return {record.source_id: record for record in feed.read(cursor=cursor).records}


def test_a_tip_is_asked_about_and_a_line_that_is_the_same_goes_on_under_the_id_of_the_first(
    feed: Feed, mapping: FakeMapContext
) -> None:
    (first, *_) = (record for record in feed.put(BEFORE).read().records if record.raw["amount"] == "-20.00")
    reading = feed.put(AFTER).read()
    (tip,) = (record for record in reading.records if "replaces" in record.raw)
    assert (tip.raw["amount"], tip.raw["replaces"]["id"]) == ("-24.00", first.source_id)
    with pytest.raises(BadRecord) as refused:
        map_record(mapping, tip)
    offered = refused.value.answers
    assert offered is not None
    assert (refused.value.code, offered.like) == ("bankfeed.perhaps_replaces", first.source_id)
    assert "20.00" in refused.value.text.en
    # It is the same: one line of 24.00, under the id that 20.00 was posted under; the other is let go.
    feed.settings = BankFeedSettings(currency_if_missing="CAD", answers=f"{offered.key} = same")
    same = kept(feed, reading.cursor)
    assert str(same[first.source_id].amount) == "-24.00 CAD"
    assert (same[first.source_id].day, tip.source_id in same) == (date(2026, 3, 17), False)
    context = replace(mapping, settings=feed.settings)
    assert isinstance(map_record(context, same[first.source_id]), Mapped)
    answer = map_record(context, tip)
    assert isinstance(answer, Skipped)
    assert answer.code == "bankfeed.goes_on_as_another"
    # Taken back: both are lines of their own, as if it had never been said.
    feed.settings = BankFeedSettings(currency_if_missing="CAD", answers=f"{offered.key} = separate")
    apart = kept(feed, reading.cursor)
    assert {str(apart[each].amount) for each in (first.source_id, tip.source_id)} == {"-20.00 CAD", "-24.00 CAD"}
    assert isinstance(map_record(replace(mapping, settings=feed.settings), apart[tip.source_id]), Mapped)


def test_what_was_said_holds_in_every_file_that_has_either_of_the_two(feed: Feed, mapping: FakeMapContext) -> None:
    again = csv(SHOP, made(17, "-24.00"), PAY, made(25, "-3", "KIOSK"))
    older = csv(SHOP, made(14, "-20.00"), made(15, "-2", "KIOSK"))
    (tip,) = asked(feed.put(BEFORE, AFTER))
    assert len(asked(feed.put(again))) == 2, "a line that waits waits wherever it comes again"
    feed.settings = BankFeedSettings(currency_if_missing="CAD", answers=f"{tip.raw['replaces']['answer']} = same")
    records = kept(feed.put(older))
    moved = sorted(str(record.amount) for record in records.values())
    assert moved == ["-1.00 CAD", "-2.00 CAD", "-24.00 CAD", "-3.00 CAD", "50.00 CAD"]
    # Out of sight of the first one, it is still not told beside it.
    assert isinstance(
        map_record(replace(mapping, settings=feed.settings), replace(tip, raw={**tip.raw, "replaces": None})), Skipped
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([SHOP, made(14, "-100", "SHELL 0412")], [SHOP, made(15, "-43.10", "SHELL 0977"), PAY]),
        ([SHOP, made(14, "-1", "SHELL")], [SHOP, made(14, "-61.20", "SHELL"), PAY]),
        ([SHOP, made(14, "-20", "RESTO", "F-1001")], [SHOP, made(14, "-24", "AUTRE TEXTE", "F-1001"), PAY]),
    ],
    ids=["less than was held", "more than was held", "the bank's id"],
)
@pytest.mark.parametrize("road", [csv, ofx])
def test_a_vanished_line_of_another_amount_is_asked(before, after, road, feed: Feed) -> None:
    assert len(asked(feed.put(road(*before), road(*after)))) == 1


def test_the_days_that_a_statement_says_it_lists_are_believed_unless_it_lacks_others_of_them(
    new_feed: Callable[[], Feed],
) -> None:
    after = ofx(made(17, "-24.00"))
    believed, doubted = new_feed(), new_feed()
    assert len(asked(believed.put(ofx(made(14, "-20.00")), after))) == 1
    assert asked(doubted.put(ofx(made(14, "-20.00"), made(15, "-9.00", "KIOSK")), after)) == []


@pytest.mark.parametrize(
    "after",
    [
        [SHOP, made(14, "-20.00"), made(17, "-24.00"), PAY],
        [made(17, "-24.00"), PAY],
        [SHOP, made(17, "24.00"), PAY],
        [SHOP, made(17, "-24.00", "KIOSK"), PAY],
        [SHOP, made(28, "-24.00"), made(30, "50", "PAYROLL")],
        [SHOP, made(17, "-20.00"), PAY],
    ],
    ids=["both are there", "not covered", "the other way", "another name", "too late", "same amount, which core asks"],
)
def test_what_need_not_be_the_same_line_is_not_asked(after: list[MadeLine], feed: Feed) -> None:
    assert asked(feed.put(BEFORE, csv(*after))) == []


@pytest.mark.parametrize(
    ("after", "asks"),
    [
        ([made(16, "-20.00", "AUTRE TEXTE", "F-1001")], True),
        ([made(13, "-20.00", native="F-1001"), PAY], True),
        ([made(14, "-20.00", native="F-1001"), made(16, "-20.00", native="F-1001")], False),
        ([made(16, "-20.00", native="F-1001"), made(19, "-20.00", native="F-1001")], False),
        ([made(14, "-24.00", "AUTRE TEXTE", "F-1001")], True),
        ([made(14, "20.00", native="F-1001")], True),
        ([made(16, "20.00", native="F-1001")], False),
        ([made(26, "-20.00", native="F-1001")], False),
        ([made(16, "-20.00", native="F-1002")], False),
        ([made(16, "-20.00", native="77")], False),
    ],
    ids=[
        "later",
        "earlier",
        "both are there",
        "the bank uses it again",
        "corrected",
        "turned",
        "given back",
        "too late",
        "another id",
        "a counter",
    ],
)
def test_a_line_of_the_same_id_told_otherwise_is_asked(after: list[MadeLine], asks: bool, feed: Feed) -> None:
    before = [made(14, "-20.00", native="77" if after[0].native == "77" else "F-1001")]
    found = asked(feed.put(*(numbered(made(14, "-3.00", "KIOSK", "K-1001"), *each) for each in (before, after))))
    assert [record.raw["replaces"]["day"] for record in found] == ["2026-03-14"] * asks


def test_a_line_of_the_same_id_in_the_next_download_that_shares_no_day_is_asked(feed: Feed) -> None:
    feed.put(numbered(made(14, "-20.00", native="F-1001")), numbered(made(16, "-20.00", native="F-1001"), PAY))
    assert [record.raw["replaces"]["day"] for record in asked(feed)] == ["2026-03-14"]


def test_a_file_that_has_both_takes_the_question_back(feed: Feed) -> None:
    both = csv(SHOP, made(14, "-20.00"), made(17, "-24.00"), PAY)
    records = kept(feed.put(BEFORE, AFTER, both))
    assert [record for record in records.values() if "replaces" in record.raw] == []


def test_each_line_is_replaced_once_by_the_nearest(feed: Feed) -> None:
    first = csv(SHOP, made(12, "-30.00"), made(14, "-20.00"))
    second = csv(SHOP, made(13, "-35.00"), made(15, "-24.00"), made(16, "-9.00"), PAY)
    found = {
        str(record.raw["amount"]): str(record.raw["replaces"]["amount"]) for record in asked(feed.put(first, second))
    }
    assert found == {"-35.00": "-30", "-24.00": "-20"}


def test_a_line_of_the_same_amount_is_the_one_that_replaces_another(feed: Feed) -> None:
    after = csv(SHOP, made(15, "-24.00"), made(16, "-20.00"), PAY)
    again = csv(SHOP, made(15, "-24.00"), made(16, "-20.00"), made(18, "-25.00"), PAY)
    assert asked(feed.put(BEFORE, after, again)) == []


def test_a_coffee_a_day_is_never_asked_about(feed: Feed) -> None:
    daily = [made(day, f"-{4 + day % 3}.20", "CAFE") for day in range(1, 29)]
    assert asked(feed.put(*(csv(*daily[start : start + 9]) for start in range(0, 20, 5)))) == []


def test_files_that_share_no_day_are_not_compared_and_those_that_do_by_a_third_are(
    feed: Feed, new_feed: Callable[[], Feed], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.put(csv(made(2, "-1"), made(9, "-2")), csv(made(12, "-3"), made(16, "-4")))
    feed.put(csv(made(15, "-5"), made(20, "-6")), csv(made(20, "-7"), made(25, "-8")))
    files = list(files_before(feed.shelf, 5))
    near = [sharing_days(files, each, NOTHING_KNOWN, "") for each in files]
    assert [[each.number for each in some] for some in near] == [[1], [2, 3, 4], [2, 3, 4], [2, 3, 4]]
    monkeypatch.setattr(replacing, "placed_lines", None)
    march = statement_file(ACCOUNT, [made(2, "-1")], starts=date(2026, 3, 1), ends=date(2026, 3, 13))
    later = statement_file(ACCOUNT, [made(28, "-2")], starts=date(2026, 3, 25), ends=date(2026, 3, 31))
    assert len(new_feed().put(march, later).read().records) == 2


def test_a_line_that_another_road_tells_is_asked_about_only_where_its_earlier_one_was_none_of_that_road(
    feed: Feed, new_feed: Callable[[], Feed], mapping: FakeMapContext
) -> None:
    def told(road: Callable[..., bytes], amount: str) -> bytes:
        return road(SHOP, made(14, amount), PAY)

    own, both = feed.put(told(ofx, "-40"), told(csv, "-46"), told(ofx, "-46")), new_feed()
    (tip,) = asked(own)
    assert (tip.amount, tip.raw["twin"]["certain"]) == (None, True)
    with pytest.raises(BadRecord, match="shown to you, to keep or to undo"):
        map_record(mapping, tip)
    # By both roads first without the tip: the table's own line asks, and the statement's are the table's.
    first = both.put(told(csv, "-40"), told(ofx, "-40")).read()
    both.before = {("lines", record.source_id): record.raw for record in first.records}
    (table,) = asked(both.put(told(csv, "-46"), told(ofx, "-46")))
    assert (str(table.amount), "twin" in table.raw) == ("-46.00 CAD", False)
