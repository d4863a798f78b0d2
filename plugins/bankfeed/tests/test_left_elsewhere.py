"""Lines that were left to another connection come back once that one brings them no more, but for what it posted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from raccord.plugin import Beside, Mapped, Record, Skipped
from raccord.plugin.testing import FakeMapContext
from raccord_bankfeed import map_record
from raccord_bankfeed.elsewhere import accounts_away
from raccord_bankfeed.records import STATEMENTS
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, statement_file
from raccord_bankfeed.twins.csv import csv_chunks

ACCOUNT = MadeAccount(number="0123456789", currency="CAD")
SOME = [("03", "-61.37", "BOULANGERIE GAGNON"), ("05", "-12.10", "KIOSK VIAU"), ("09", "-900.00", "LOYER"),
        ("12", "-18.05", "PHARMACIE JEAN COUTU"), ("20", "1500.00", "PAIE ACME")]  # fmt: skip
LINES = [MadeLine(day=date(2026, 3, int(day)), amount=Decimal(amount), name=name) for day, amount, name in SOME]
MORE = MadeLine(day=date(2026, 3, 25), amount=Decimal("-7.00"), name="LIBRAIRIE")
POSTED = 2


@pytest.fixture
def left(feed: Feed, new_feed: Callable[[], Feed]) -> tuple[Feed, str | None]:
    """A connection whose file was left to another one, and where its reading ended; that one posted two lines."""
    other = new_feed().put(b"".join(csv_chunks(ACCOUNT, LINES)))
    records = other.read().records
    assert len({each.raw["account"] for each in records}) == 1
    posted = frozenset(each.source_id for each in records[:POSTED])
    feed.others = [Beside(label="Plaid", pair="pair", first=True, settings={}, records=records, in_books=posted)]
    feed.put(statement_file(replace(ACCOUNT, number="5550001234"), [*LINES, MORE]))
    (asked,) = [each for each in feed.read(STATEMENTS).records if each.raw.get("code") == "bankfeed.same_account"]
    feed.settings = BankFeedSettings(answers=f"{asked.raw['question']} = same")
    reading = feed.read()
    assert {str(each.raw["account"])[:9] for each in reading.records} == {"elsewhere"}
    return feed, reading.cursor


def ended(feed: Feed, how: str) -> Beside:
    (beside,) = feed.others
    account = str(beside.records[0].raw["account"])
    match how:
        case "disconnected":
            there = [each for each in beside.records if each.source_id in beside.in_books]
            return replace(beside, connected=False, records=there)
        case "left out":
            return replace(beside, settings={"left_out": f"{account} = Chequing"})
        case "not named":
            return replace(beside, settings={"only_named": True, "accounts": "another = Savings"})
        case _:
            chosen = '{"id": "1", "key": "another", "name": "Savings", "card": false}'
            return replace(beside, settings={"input_kind": "plaid", "chosen": chosen})


def answers(mapping: FakeMapContext, feed: Feed, records: list[Record]) -> dict[str, str]:
    context = replace(mapping, settings=feed.settings)
    told = {str(each.raw["name"]): map_record(context, each) for each in records}
    return {
        name: each.code if isinstance(each, Skipped) else "mapped" if isinstance(each, Mapped) else ""
        for name, each in told.items()
    }


@pytest.mark.parametrize("how", ["disconnected", "left out", "not named", "not chosen"])
def test_what_was_left_to_a_connection_that_brings_it_no_more_comes_back_but_for_what_it_posted(
    left: tuple[Feed, str | None], mapping: FakeMapContext, how: str
) -> None:
    feed, cursor = left
    assert not feed.read(cursor=cursor).records, "nothing is read again while the other one brings it"
    feed.others = [ended(feed, how)]
    reading = feed.read(cursor=cursor)
    told = answers(mapping, feed, list(reading.records))
    assert [name for name, what in told.items() if what == "mapped"] == [name for *_, name in SOME[POSTED:]] + [
        "LIBRAIRIE"
    ]
    assert [told[name] for *_, name in SOME[:POSTED]] == ["bankfeed.known_elsewhere"] * POSTED
    assert not feed.read(cursor=reading.cursor).records, "once"


def test_a_further_account_of_a_connection_that_ended_concerns_only_the_account_that_it_is(
    left: tuple[Feed, str | None], mapping: FakeMapContext
) -> None:
    feed, cursor = left
    feed.others = [ended(feed, "disconnected")]
    feed.put(statement_file(replace(ACCOUNT, number="9876543210"), LINES[:POSTED]))
    reading = feed.read(cursor=cursor)
    ours = [each for each in reading.records if str(each.raw["account"]).startswith("bank-3210")]
    assert set(answers(mapping, feed, ours).values()) == {"mapped"}


def test_of_a_connection_that_ended_only_what_the_books_have_counts(left: tuple[Feed, str | None]) -> None:
    feed, _ = left
    (beside,) = feed.others
    (away,) = accounts_away(lambda *_: [ended(feed, "left out")], date(2026, 3, 1), date(2026, 3, 31))
    assert away.ended
    assert len(away.entries) == POSTED < len(beside.records)
