"""Where a file of one format ends and one of another begins: a line that both have, dated otherwise, is asked about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from raccord.plugin import BadRecord, Mapped, Record, Skipped
from raccord.plugin.testing import FakeMapContext
from raccord_bankfeed import map_record
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, statement_file
from raccord_bankfeed.twins.csv import csv_chunks

ACCOUNT = MadeAccount(number="0123456789", currency="CAD")


def made(day: str, amount: str = "-4.20", name: str = "CAFE CENTRAL", **more: str) -> MadeLine:
    return MadeLine(day=date.fromisoformat(f"2026-{day}"), amount=Decimal(amount), name=name, more=more)


def ofx(*lines: MadeLine) -> bytes:
    return statement_file(ACCOUNT, lines)


def csv(*lines: MadeLine) -> bytes:
    return b"".join(csv_chunks(ACCOUNT, lines))


def asked(records: Sequence[Record]) -> list[tuple[str, str]]:
    """Return the days of the lines that are asked about, and of those that they may be."""
    days = {each.source_id: f"{each.day:%m-%d}" for each in records}
    twins = [(days[each.source_id], each.raw["twin"]) for each in records if each.raw.get("twin")]
    assert not any(twin["certain"] for _, twin in twins), "nothing is merged unasked"
    return sorted((day, days[str(twin["id"])]) for day, twin in twins)


OCTOBER = [made("10-05", "-80.00", "GAZ METRO"), made("10-31", "-61.37", "BOULANGERIE GAGNON")]
NOVEMBER = [made("11-02", "-61.37", "BOULANGERIE GAGNON MONTREAL"), made("11-20", "-12.00", "KIOSK")]


@pytest.mark.parametrize("late", [False, True], ids=["in order", "the earlier one last"])
def test_a_line_that_two_formats_date_on_either_side_of_their_seam_waits_for_an_answer(
    feed: Feed, mapping: FakeMapContext, late: bool
) -> None:
    files = csv(*OCTOBER), ofx(*NOVEMBER)
    records = feed.put(*(reversed(files) if late else files)).read().records
    assert asked(records) == [("10-31", "11-02") if late else ("11-02", "10-31")]
    (line,) = [each for each in records if "twin" in each.raw]
    with pytest.raises(BadRecord) as refused:
        map_record(mapping, line)
    answers = refused.value.answers
    assert answers is not None
    assert (refused.value.code, answers.like) == ("bankfeed.perhaps_known", line.raw["twin"]["id"])
    for word, kind in (("same", Skipped), ("separate", Mapped)):
        feed.settings = BankFeedSettings(answers=f"{answers.key} = {word}", currency_if_missing="CAD")
        context = replace(mapping, settings=feed.settings)
        told = {each.source_id: each for each in feed.read().records}
        assert type(map_record(context, told[line.source_id])) is kind
        assert isinstance(map_record(context, told[line.raw["twin"]["id"]]), Mapped), "the first one goes"


def test_a_coffee_a_day_is_asked_about_a_few_times_at_a_seam_and_equal_ones_of_a_file_stay(feed: Feed) -> None:
    october = [made(f"10-{day}") for day in range(20, 32) for _ in range(2)]
    november = [made(f"11-{day:02}") for day in range(1, 29) for _ in range(2)]
    records = feed.put(csv(*october), ofx(*november)).read().records
    assert len({each.source_id for each in records}) == len(october) + len(november)
    pairs = asked(records)
    assert [day for day, _ in pairs] == ["11-01", "11-01", "11-02", "11-02", "11-03", "11-03"]


def test_other_words_another_amount_and_days_far_from_each_other_are_other_lines(feed: Feed) -> None:
    november = [made("11-02", "-61.37", "PHARMACIE JEAN COUTU"), made("11-02", "-61.38", "BOULANGERIE GAGNON"),
                made("11-06", "-61.37", "BOULANGERIE GAGNON")]  # fmt: skip
    assert not asked(feed.put(csv(*OCTOBER), ofx(*november)).read().records)


def test_even_where_three_lines_lie_equally_far_from_others_across_a_seam_none_is_merged_unasked(feed: Feed) -> None:
    some = [("-61.37", "BOULANGERIE GAGNON"), ("-12.10", "KIOSK VIAU"), ("-9.99", "NETFLIX")]
    october, november = ([made(day, *each) for each in some] for day in ("10-31", "11-02"))
    assert asked(feed.put(csv(*october), ofx(*november)).read().records) == [("11-02", "10-31")] * 3


def test_two_formats_that_date_what_both_have_alike_have_different_lines_at_a_seam(feed: Feed) -> None:
    """The intraday list of a day, and the list of the day before: what both had tells how they date."""
    october = [made(f"10-{day}", f"-{day}.10", f"SHOP {day}") for day in range(10, 14)]
    feed.put(csv(*october), ofx(*october), csv(made("10-16")))
    before = feed.read()
    assert not asked(feed.put(ofx(made("10-17"))).read(cursor=before.cursor).records)


@pytest.mark.parametrize(
    ("user", "asks"),
    [("20261031", True), ("20261101", False), ("20261102", True), ("", True)],
    ids=["the day of the other", "a later day", "no other day", "none"],
)
def test_the_other_day_of_a_line_tells_where_it_is_another(feed: Feed, user: str, *, asks: bool) -> None:
    posted = [made("11-02", "-61.37", "BOULANGERIE GAGNON", DTUSER=user), NOVEMBER[1]]
    assert asked(feed.put(csv(*OCTOBER), ofx(*posted)).read().records) == [("11-02", "10-31")] * asks


def test_a_table_of_two_days_tells_by_its_second_one(new_feed: Callable[[], Feed]) -> None:
    table = (
        "Account number;Date;Value date;Payee;Amount\n0123456789;2026-11-02;{};BOULANGERIE GAGNON;-61.37\n"
        "0123456789;2026-11-20;2026-11-20;KIOSK;-12.00\n"
    )
    for second, questions in (("2026-10-31", 1), ("2026-11-01", 0)):
        records = new_feed().put(ofx(*OCTOBER), table.format(second).encode()).read().records
        assert len(asked(records)) == questions


PAYEES = ("PRELEVEMENTAUTOMATIQUEASSURANCES GENERALES", "VIREMENT INTERAC ENVOYE A JEAN TREMBLAY",
          "VIREMENT INTERAC ENVOYE A JEANNE ROY", "PAYPAL *STEAM GAMES", "PAYPAL *SPOTIFY")  # fmt: skip


@pytest.mark.parametrize("length", [32, 27, 11])
@pytest.mark.parametrize("short_first", [False, True])
def test_a_text_that_the_bank_cut_is_the_same_and_payees_with_one_beginning_stay_two(
    feed: Feed, length: int, *, short_first: bool
) -> None:
    whole = [made("10-14", "-20.00", name) for name in PAYEES]
    cut = [replace(each, name=each.name[:length].strip()) for each in reversed(whole)]
    files = [csv(*whole), ofx(*cut)]
    records = feed.put(*(reversed(files) if short_first else files)).read().records
    named = {each.source_id: str(each.raw["name"]) for each in records}
    twins = [(named[each.source_id], each.raw["twin"]) for each in records if "twin" in each.raw]
    assert len(twins) == len(PAYEES)
    assert all(twin["certain"] for _, twin in twins)
    texts = [sorted((name, named[str(twin["id"])]), key=len) for name, twin in twins]
    assert all(longer.startswith(shorter) for shorter, longer in texts)


def test_a_text_that_a_format_breaks_within_a_word_is_the_same(feed: Feed) -> None:
    broken = replace(made("10-14", "-20.00", "HYDROQUEB"), memo="ECPAIEMENT")
    _, known = feed.put(csv(made("10-14", "-20.00", "HYDROQUEBECPAIEMENT")), ofx(broken)).read().records
    assert known.raw["twin"]["certain"]
