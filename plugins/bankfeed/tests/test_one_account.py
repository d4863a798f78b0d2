"""Files of one bank account in two formats of which one names it and the other does not: asked about, never twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from random import Random

import pytest

from raccord.plugin import BadRecord, Beside, Record
from raccord.plugin.testing import FakeMapContext
from raccord_bankfeed import describe, map_record
from raccord_bankfeed.one_account import OF_NAMED, OF_UNNAMED, Measure, alike
from raccord_bankfeed.pairing import Entry
from raccord_bankfeed.records import LINES, STATEMENTS
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, statement_file
from raccord_bankfeed.twins.mt940 import mt940_chunks

ACCOUNT, SAVINGS = MadeAccount(number="0123456789"), MadeAccount(number="9876543210")
RENUMBERED = MadeAccount(number="5550001234")
MARCH = ("03-03 -11.20 GAZ METRO", "03-04 -12.75 EAU", "03-09 -900.00 LOYER", "03-20 1500.00 PAIE")


def made(text: str) -> MadeLine:
    day, amount, name = text.split(" ", 2)
    return MadeLine(day=date.fromisoformat(f"2026-{day}"), amount=Decimal(amount), name=name)


def ofx(*lines: str, account: MadeAccount = ACCOUNT) -> bytes:
    return statement_file(account, map(made, lines))


def mt940(*lines: str, account: MadeAccount = ACCOUNT) -> bytes:
    return b"".join(mt940_chunks(account, [*map(made, lines)]))


def csv(*lines: str) -> bytes:
    rows = (f"{each.day:%Y-%m-%d},{each.name},{each.amount}" for each in map(made, lines))
    return "\n".join(["Date,Description,Amount", *rows, ""]).encode()


def qif(*lines: str) -> bytes:
    rows = (f"D{each.day:%Y-%m-%d}\nT{each.amount}\nP{each.name}\n^\n" for each in map(made, lines))
    return ("!Type:Bank\n" + "".join(rows)).encode()


def renumbered(*lines: str) -> bytes:
    """The same account under the number that the bank gave it since, with other ids."""
    told = (replace(each, native=f"N{each.day}{number}") for number, each in enumerate(map(made, lines)))
    return statement_file(RENUMBERED, told)


def lines_of(feed: Feed) -> list[str]:
    """Return the lines that move money, each once, by day, amount and account."""
    records = [each for each in feed.read(LINES).records if each.amount is not None]
    found = {each.source_id: each for each in records}.values()
    return sorted(f"{each.day:%m-%d} {each.amount.amount} {str(each.raw['account'])[:8]}" for each in found)


def asked(feed: Feed) -> list[Record]:
    """Return what is asked about accounts that may be one, each once."""
    context = FakeMapContext(settings=feed.settings, terms=describe().terms)
    found = {}
    for record in feed.read(STATEMENTS).records:
        if record.raw.get("code") == "bankfeed.same_account":
            try:
                map_record(context, record)
            except BadRecord:
                found[record.source_id] = record
    return [*found.values()]


def say(feed: Feed, question: Record, word: str) -> None:
    feed.settings = BankFeedSettings(answers=f"{question.raw['question']} = {word}")


FORMATS = [pytest.param(ofx, csv, id="named first"), pytest.param(csv, ofx, id="without a name first"),
           pytest.param(qif, csv, id="both without a name")]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), FORMATS)
def test_one_account_in_two_formats_is_asked_about_once_and_said_to_be_one_has_each_line_once(
    feed: Feed, first: Callable[..., bytes], second: Callable[..., bytes]
) -> None:
    feed.shelf.put("a", first(*MARCH))
    feed.shelf.put("b", second(*MARCH, "03-23 -7.10 CAFE"))
    feed.shelf.put("c", second("04-03 -13.20 GAZ METRO"))
    assert len(lines_of(feed)) == 4, "the second format waits, and all that comes of it"
    (question,) = asked(feed)
    assert question.raw["file"] in ("b", "c")
    assert "4 of 4 lines in common, from 3 March 2026 to 20 March 2026" in question.raw["asks"][0]["en"]
    say(feed, question, "same")
    # The file of another month names no account either: whose it is, its own format asks.
    april = second is ofx
    assert len(lines_of(feed)) == 5 + april
    assert len({each.rpartition(" ")[2] for each in lines_of(feed)}) == 1, "all of it is of one account"
    assert not asked(feed)
    say(feed, question, "separate")
    assert len(lines_of(feed)) == 9 + april
    assert not asked(feed)


NAMED = [
    pytest.param(ofx, renumbered, id="renumbered"),
    pytest.param(ofx, partial(mt940, account=RENUMBERED), id="named otherwise"),
]


@pytest.mark.parametrize(("first", "second"), NAMED)
def test_two_numbers_of_one_account_are_asked_about_once_and_said_to_be_one_have_each_line_once(
    feed: Feed, first: Callable[..., bytes], second: Callable[..., bytes]
) -> None:
    more = (*MARCH, "03-24 -61.35 EPICERIE", "03-25 -18.05 PHARMACIE")
    feed.shelf.put("a", first(*more))
    feed.shelf.put("b", second(*more, "03-26 -7.10 CAFE"))
    feed.shelf.put("c", second("04-03 -13.20 GAZ METRO"))
    assert len(lines_of(feed)) == 6, "what comes under the other number waits"
    (question,) = asked(feed)
    assert "6 of 6 lines in common" in question.raw["asks"][0]["en"]
    assert {"…6789", "…1234"} == {each for each in ("…6789", "…1234") if each in question.raw["asks"][0]["fr"]}
    say(feed, question, "same")
    assert len(lines_of(feed)) == 8
    assert len({each.rpartition(" ")[2] for each in lines_of(feed)}) == 1, "all of it is of one account"
    assert not asked(feed)
    say(feed, question, "separate")
    assert len(lines_of(feed)) == 14
    assert not asked(feed)


def test_two_numbers_of_one_account_are_found_in_files_of_a_line_or_two(feed: Feed) -> None:
    lines = [f"03-{day:02} -{day * 3}.{day:02} EPICERIE" for day in range(1, 15)]
    feed.shelf.put("a", ofx(*lines))
    for number, line in enumerate(lines):
        feed.shelf.put(f"b{number}", renumbered(line))
    (question,) = asked(feed)
    assert "4 of 4 lines in common" in question.raw["asks"][0]["en"]
    assert len(lines_of(feed)) == 14 + 3


@pytest.mark.parametrize("account", [ACCOUNT, RENUMBERED], ids=["under its number", "under another number"])
def test_an_account_that_another_connection_brings_is_asked_about_once_and_its_lines_come_by_one(
    feed: Feed, new_feed: Callable[[], Feed], account: MadeAccount
) -> None:
    other, more = new_feed(), (*MARCH, "03-24 -61.35 EPICERIE", "03-25 -18.05 PHARMACIE")
    other.shelf.put("theirs", ofx(*more, "03-28 -2.15 CAFE", account=account))

    def told(feed: Feed, label: str) -> Beside:
        records = [each for each in feed.read(LINES).records if each.amount is not None]
        settings = {"answers": feed.settings.answers}
        return Beside(label=label, pair="pair", first=label == "Plaid", settings=settings, records=records)

    feed.others = [told(other, "Plaid")]
    feed.shelf.put("mine", ofx(*more, "04-02 -9.95 LIVRE"))
    assert lines_of(feed) == [], "nothing goes before it is answered"
    (question,) = asked(feed)
    text = question.raw["asks"][0]
    assert "6 of 7 lines in common" in text["en"]
    assert "connection “Plaid”" in text["en"]
    assert "connexion « Plaid »" in text["fr"]
    say(feed, question, "same")
    assert {str(each.raw["account"])[:9] for each in feed.read(LINES).records} == {"elsewhere"}
    context = FakeMapContext(settings=feed.settings, terms=describe().terms)
    (skipped,) = {getattr(map_record(context, each), "code", "") for each in feed.read(LINES).records}
    assert skipped == "bankfeed.account_elsewhere"
    assert not asked(feed)
    # Said at both, the one that was connected first brings the lines, and never none of them.
    (theirs,) = feed.others
    for first, count in ((True, 0), (False, 7)):
        feed.others = [replace(theirs, first=first, settings={"answers": feed.settings.answers})]
        assert len([each for each in lines_of(feed) if "elsewher" not in each]) == count
    feed.others = [theirs]
    say(feed, question, "separate")
    assert len(lines_of(feed)) == 7
    # The other connection reads a further file: it was said already.
    other.others = [told(feed, "Files")]
    other.shelf.put("again", ofx(*more, "04-02 -9.95 LIVRE", account=account))
    assert not asked(other)


def test_two_accounts_of_two_connections_with_transfers_between_them_are_not_asked_about(
    feed: Feed, new_feed: Callable[[], Feed]
) -> None:
    other = new_feed()
    amounts = {f"03-{day:02}": f"{100 * day}.{day:02}" for day in range(3, 12)}
    other.shelf.put("theirs", ofx(*(f"{day} {each} VIREMENT" for day, each in amounts.items()), account=SAVINGS))
    feed.others = [Beside(label="Plaid", pair="pair", first=True, settings={}, records=other.read(LINES).records)]
    feed.shelf.put("mine", ofx(*(f"{day} -{each} VIREMENT" for day, each in amounts.items()), *MARCH))
    assert not asked(feed)
    assert len(lines_of(feed)) == 13


@pytest.mark.parametrize("stream", [STATEMENTS, LINES])
def test_files_that_were_read_before_accounts_were_compared_are_compared_at_the_next_run(
    feed: Feed, stream: str
) -> None:
    more = (*MARCH, "03-24 -61.35 EPICERIE", "03-25 -18.05 PHARMACIE")
    for number, content in enumerate(
        (csv("01-05 -31.00 JANVIER"), ofx(*more), renumbered(*more), ofx("05-02 -7.15 A"))
    ):
        feed.shelf.put(f"{number}", content)
    read = {"file": 4, "events": None, "waits": 0, "known": feed.settings.said()}
    since = feed.read(stream, json.dumps(read))
    told = [each.raw.get("code") for each in since.records if stream == STATEMENTS]
    assert told.count("bankfeed.same_account") == (stream == STATEMENTS)
    assert len(since.records) == (2 if stream == STATEMENTS else 1), "from the file on that is asked about"
    assert not feed.read(stream, since.cursor).records, "once"
    say(feed, *asked(feed), "same")
    again = feed.read(stream, since.cursor).records
    if stream == LINES:
        assert {str(each.raw["account"])[:9] for each in again if each.amount is not None} == {"bank-6789"}


def test_what_other_connections_told_of_the_days_of_later_files_counts_too_when_accounts_are_compared_late(
    feed: Feed, new_feed: Callable[[], Feed]
) -> None:
    other, more = new_feed(), (*MARCH, "03-24 -61.35 EPICERIE", "03-25 -18.05 PHARMACIE")
    other.shelf.put("theirs", ofx(*more))
    feed.others = [Beside(label="A", pair="pair", first=True, settings={}, records=other.read(LINES).records)]
    january = statement_file(ACCOUNT, [made("01-05 -31.00 JANVIER")], starts=date(2026, 1, 1), ends=date(2026, 1, 31))
    feed.shelf.put("january", january)
    feed.shelf.put("march", ofx(*more))
    read = json.dumps({"file": 2, "events": None, "waits": 0, "known": feed.settings.said()})
    told = [each.raw.get("code") for each in feed.read(STATEMENTS, read).records]
    assert told.count("bankfeed.same_account") == 1


def test_two_accounts_that_one_file_has_are_two(feed: Feed) -> None:
    more = (*MARCH, "03-24 -61.35 EPICERIE", "03-25 -18.05 PHARMACIE")
    feed.shelf.put("both", mt940(*more) + mt940("02-01 -5.15 EAU", account=RENUMBERED))
    feed.shelf.put("b", mt940(*more, account=RENUMBERED))
    assert not asked(feed)
    assert len(lines_of(feed)) == 13


def test_lines_that_a_format_brought_before_it_was_said_whose_it_is_are_not_told_again(feed: Feed) -> None:
    feed.shelf.put("january.csv", csv("01-05 -31.00 JANVIER", "01-06 -32.00 JANVIER", "01-07 -33.00 JANVIER"))
    feed.shelf.put("march.ofx", ofx(*MARCH))
    assert len(lines_of(feed)) == 7
    feed.shelf.put("all.csv", csv("01-06 -32.00 JANVIER", "01-07 -33.00 JANVIER", *MARCH, "03-28 -6.30 NEUF"))
    (question,) = asked(feed)
    say(feed, question, "same")
    amounts = [each.split(" ")[1] for each in lines_of(feed)]
    assert sorted(amounts) == sorted({*amounts}), "no line is twice"
    assert len(amounts) == 8


def test_two_accounts_with_a_transfer_and_fees_in_common_are_not_asked_about(feed: Feed) -> None:
    shared = ("03-31 -4.95 FRAIS MENSUELS", "04-30 -4.95 FRAIS MENSUELS", "03-15 -2.50 RELEVE PAPIER")
    feed.shelf.put("a.ofx", ofx(*MARCH, "03-12 -500.00 VIREMENT", *shared))
    own = ("03-12 500.00 VIREMENT", "03-14 100.00 DEPOT", "03-21 -61.10 EPICERIE", "04-02 0.41 INTERET")
    feed.shelf.put("b.csv", csv(*own, *shared))
    assert not asked(feed)
    assert len(lines_of(feed)) == 15


MERCHANTS = ("EPICERIE METRO", "GAZ METRO", "HYDRO QUEBEC", "CAFE CENTRAL", "LOYER", "PAIE ACME", "PHARMACIE", "TAXI")


def account_of(random: Random, lines: int) -> list[Entry]:
    """Make an account of a month or a few: fees and standing orders that others have too, and lines of its own."""
    found = []
    for number in range(lines):
        day = date(2026, 3, 1) + timedelta(random.randrange(45))
        name = random.choice(MERCHANTS)
        own = f"-{random.randrange(300, 20000) / 100:.2f}"
        amount = random.choice((own, own, own, "-4.95", "-12.00", "-100.00", "500.00"))
        found.append(entry(number, day, amount, name))
    for month in (3, 4):
        found += [entry(900 + month, date(2026, month, 1), "-4.95", "FRAIS MENSUELS"),
                  entry(950 + month, date(2026, month, 15), "500.00", "VIREMENT")]  # fmt: skip
    return found


def entry(number: int, day: date, amount: str, name: str) -> Entry:
    return Entry(number, f"k/{number}", frozenset({"k"}), day, amount, "CAD", name, "", ())


def otherwise_told(random: Random, entries: list[Entry], style: str) -> list[Entry]:
    """Tell the same account as another format does: other words beside the name, none, or dated a day later."""
    told = []
    for each in entries:
        day = each.day + timedelta(style == "a day later")
        name = {"no text": "", "other words": "ACHAT PAR CARTE DE DEBIT"}.get(
            style, f"ACHAT {each.name} #{each.number}"
        )
        told.append(entry(each.number, day, each.amount, name))
    # An export lacks what is not booked yet, and begins a few days later.
    return [each for each in told if random.random() > 0.03 and each.day >= date(2026, 3, 4)]


@pytest.mark.parametrize("measure", [OF_UNNAMED, OF_NAMED], ids=["unnamed", "named"])
@pytest.mark.parametrize("style", ["more words", "no text", "other words", "a day later"])
def test_on_a_made_set_one_account_told_twice_is_found(style: str, measure: Measure) -> None:
    found = 0
    for seed in range(100):
        random = Random(seed)
        mine = account_of(random, random.randrange(12, 80))
        found += alike(mine, otherwise_told(random, mine, style), measure) is not None
    assert found >= 95


def test_on_a_made_set_two_accounts_are_never_taken_for_one() -> None:
    for seed in range(400):
        random = Random(f"two {seed}")
        mine, other = (account_of(random, random.randrange(0, 60)) for _ in range(2))
        # What goes from one to the other moves them in opposite ways.
        for number in range(random.randrange(4)):
            day, amount = date(2026, 3, 5 + number), f"{random.randrange(100, 90000) / 100:.2f}"
            mine.append(entry(700 + number, day, f"-{amount}", "VIREMENT"))
            other.append(entry(700 + number, day, amount, "VIREMENT"))
        assert alike(mine, other) is None, seed
        assert alike(mine, other, OF_NAMED) is None, seed


def test_two_named_accounts_with_the_same_rent_fees_and_instalments_are_two() -> None:
    """Two flats with an account each, or two savings accounts of a family: most of a month is the same there."""
    same = (("-1200.00", "LOYER"), ("-4.95", "FRAIS MENSUELS"), ("-310.55", "CHARGES"), ("250.00", "VIREMENT"))
    for seed in range(400):
        random = Random(f"flats {seed}")
        mine, other = (account_of(random, random.randrange(2, 12)) for _ in range(2))
        for number, (amount, name) in enumerate(same):
            for some in (mine, other):
                some.append(entry(700 + number, date(2026, 3, 2 + number), amount, name))
        assert alike(mine, other, OF_NAMED) is None, seed


def test_an_account_that_its_bank_writes_otherwise_in_one_format_is_asked_about_once(feed: Feed) -> None:
    """The branch is left out from one download to the next: the number is the same, and the key another."""
    feed.shelf.put("a", ofx(*MARCH))
    told = (replace(each, native=f"T{number}") for number, each in enumerate(map(made, [*MARCH, "03-26 -7.10 CAFE"])))
    feed.shelf.put("b", statement_file(replace(ACCOUNT, branch=""), told))
    (question,) = asked(feed)
    assert len(lines_of(feed)) == len(MARCH)
    say(feed, question, "same")
    assert len(lines_of(feed)) == len(MARCH) + 1
