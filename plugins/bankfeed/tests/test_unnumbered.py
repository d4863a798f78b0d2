"""Statements whose bank writes no account number: what they say tells accounts apart, else a person is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from raccord.plugin import JSON, Record
from raccord_bankfeed.records import LINES, STATEMENTS
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, statement_file

CHEQUING = MadeAccount(number="", balance=None)
CARD = MadeAccount(number="", card=True, balance=None)
_BODY = b"<OFX>", b"</OFX>"


def ofx(account: MadeAccount, *rows: str, starts: date = date(2026, 1, 1), org: str = "") -> bytes:
    """Return a statement of rows of day, amount and text."""
    made = [
        MadeLine(day=date.fromisoformat(f"2026-{day}"), amount=Decimal(amount), native=f"id-{text}{day}", name=text)
        for day, amount, text in (row.split() for row in rows)
    ]
    content = statement_file(account, made, starts=starts)
    fi = f"<FI>\r\n<ORG>{org}\r\n</FI>\r\n</SONRS>".encode()
    return content.replace(b"</SONRS>", fi) if org else content


def together(*files: bytes) -> bytes:
    """Return one file with the statements of several."""
    head, rest = files[0].split(b"<SIGNONMSGSRSV1>", 1)
    sign_on = rest.split(b"</SIGNONMSGSRSV1>")[0]
    bodies = b"".join(each.split(b"</SIGNONMSGSRSV1>", 1)[1].rpartition(b"</OFX>")[0] for each in files)
    return head + b"<SIGNONMSGSRSV1>" + sign_on + b"</SIGNONMSGSRSV1>" + bodies + b"</OFX>"


def accounts(feed: Feed) -> dict[str, list[str]]:
    """Return the texts of all lines by their account's key."""
    found: dict[str, list[str]] = {}
    for record in feed.read(LINES).records:
        assert record.source_id.startswith(f"{record.raw['account']}/")
        found.setdefault(str(record.raw["account"]), []).append(str(record.raw["name"]))
    return found


def asked(feed: Feed) -> list[dict[str, JSON]]:
    records = [each for each in feed.read(STATEMENTS).records if each.raw.get("code") == "bankfeed.which_account"]
    said = feed.settings.known().answers
    return [dict(each.raw) for each in records if not {each.raw["question"], each.raw.get("layout")} & said.keys()]


def shown(question: dict[str, JSON]) -> dict[str, tuple[str, str]]:
    (ask,) = question["asks"]
    return {each["answer"]: (each["en"], each["shown"][0]["en"]) for each in ask["readings"]}


def say(feed: Feed, key: JSON, word: str) -> None:
    feed.settings = BankFeedSettings(answers=f"{feed.settings.answers}\n{key} = {word}".strip())


@pytest.mark.parametrize(
    "other",
    [
        ofx(CARD, "03-15 -7.00 Cafe"),
        ofx(MadeAccount(number="", bank="010", balance=None), "03-15 -7.00 Cafe"),
        ofx(MadeAccount(number="", type="SAVINGS", balance=None), "03-15 -7.00 Cafe"),
        ofx(MadeAccount(number="", currency="USD", balance=None), "03-15 -7.00 Cafe"),
    ],
    ids=["card", "bank", "type", "currency"],
)
@pytest.mark.parametrize("in_one_file", [True, False], ids=["one file", "two files"])
def test_what_statements_say_tells_accounts_without_a_number_apart(
    other: bytes, feed: Feed, *, in_one_file: bool
) -> None:
    one = ofx(CHEQUING, "03-14 -900.00 Rent")
    feed.put(*([together(one, other)] if in_one_file else [one, other]))
    assert accounts(feed) == {"unnamed": ["Rent"], "unnamed-2": ["Cafe"]}
    assert not asked(feed)
    statements = [each.raw["account"] for each in feed.read(STATEMENTS).records if "lines" in each.raw]
    assert statements == ["unnamed", "unnamed-2"]


def test_the_accounts_of_a_file_are_those_of_the_next_in_whatever_order_they_come(feed: Feed) -> None:
    march = together(ofx(CHEQUING, "03-14 -900.00 Rent", "03-20 -3.00 Fee"), ofx(CARD, "03-15 -7.00 Cafe"))
    again = [ofx(CARD, "04-02 -8.00 Shop"), ofx(CHEQUING, "03-14 -900.00 Rent", "03-20 -3.00 Fee", "04-14 5.00 Pay")]
    feed.put(march, together(*again))
    assert accounts(feed) == {"unnamed": ["Rent", "Fee"], "unnamed-2": ["Cafe"]}, "the whole file waits"
    (question,) = asked(feed)
    said = shown(question)
    assert list(said) == ["account-2", "account-1", "account-3"], "of the card first: a card is no chequing account"
    assert "another kind" in said["account-1"][1]
    assert said["account-2"][0] == "The account of “export-1.ofx” (card, CAD)"
    say(feed, question["question"], "account-2")
    assert accounts(feed) == {"unnamed": ["Rent", "Fee", "Rent", "Fee", "Pay"], "unnamed-2": ["Cafe", "Shop"]}


def test_two_files_that_nothing_tells_apart_wait_until_it_is_said_whose_they_are(feed: Feed) -> None:
    feed.put(ofx(CHEQUING, "03-14 -900.00 Rent"), ofx(CHEQUING, "04-14 10.00 Pay"))
    assert accounts(feed) == {"unnamed": ["Rent"]}
    (question,) = asked(feed)
    say(feed, question["question"], "account-2")
    assert accounts(feed) == {"unnamed": ["Rent"], "unnamed-2": ["Pay"]}
    feed.settings = BankFeedSettings()
    say(feed, question["layout"], "account-1")
    assert accounts(feed) == {"unnamed": ["Rent", "Pay"]}
    assert not asked(feed)


def test_two_statements_of_one_file_that_nothing_tells_apart_are_asked_about(feed: Feed) -> None:
    feed.put(together(ofx(CHEQUING, "03-14 -900.00 Rent"), ofx(CHEQUING, "03-14 10.00 Pay")))
    assert accounts(feed) == {}, "the whole file waits"
    (question,) = asked(feed)
    (ask,) = question["asks"]
    assert ask["examples"] == ["export-1.ofx (2): 2026-03-14 – 2026-03-14"]
    say(feed, question["question"], "account-2")
    assert accounts(feed) == {"unnamed": ["Rent"], "unnamed-2": ["Pay"]}


def test_a_balance_that_goes_on_from_the_statement_before_asks_nothing(feed: Feed) -> None:
    march = MadeAccount(number="", balance=Decimal("100.00"))
    april = MadeAccount(number="", balance=Decimal("110.00"))
    feed.put(ofx(march, "03-14 -900.00 Rent"), ofx(april, "04-14 10.00 Pay"))
    assert accounts(feed) == {"unnamed": ["Rent", "Pay"]}
    assert not asked(feed)
    # That it does not go on proves nothing: a bank may write what the account holds on the day of the download.
    feed.put(ofx(MadeAccount(number="", balance=Decimal("95.00")), "05-02 10.00 Gift"))
    (question,) = asked(feed)
    assert shown(question)["account-1"][0] == "The account of “export-1.ofx” (chequing, 815, CAD)"


def test_lines_in_common_weigh_more_than_another_name_of_the_bank(feed: Feed) -> None:
    rows = ("03-14 -900.00 Rent", "03-15 -7.00 Cafe")
    feed.put(ofx(CHEQUING, *rows, org="Bank"), ofx(CHEQUING, *rows, "03-16 -1.00 Fee", org="The Bank"))
    assert accounts(feed) == {}.fromkeys(["unnamed"], ["Rent", "Cafe"]), "the second waits"
    assert len(asked(feed)) == 1


def kept_by_an_earlier_version(feed: Feed, new_feed: Callable[[], Feed], *files: bytes) -> list[Record]:
    """Read files as versions did to which each statement without a number was of one account, one after the other."""
    records = []
    for each in files:
        records += new_feed().put(each).read(LINES).records
    assert {each.raw["account"] for each in records} == {"unnamed"}
    feed.before = {(LINES, each.source_id): each.raw for each in records}
    return records


def test_what_an_earlier_version_read_keeps_its_ids(feed: Feed, new_feed: Callable[[], Feed]) -> None:
    chequing, card = ofx(CHEQUING, "03-14 -900.00 Rent"), ofx(CARD, "03-15 -7.00 Cafe", "03-16 -8.00 Shop")
    before = kept_by_an_earlier_version(feed, new_feed, chequing, card)
    feed.put(chequing, card)
    assert [each.source_id for each in feed.read(LINES).records] == [each.source_id for each in before]
    assert not asked(feed)
    # Of both the account's files are: which one a further statement is of, nothing tells.
    feed.put(ofx(CARD, "04-02 -9.00 Hotel"))
    assert accounts(feed) == {"unnamed": ["Rent", "Cafe", "Shop"]}
    (question,) = asked(feed)
    # A download that overlaps goes on as what it was.
    feed.put(ofx(CARD, "03-15 -7.00 Cafe", "03-16 -8.00 Shop", "03-17 -1.00 Fee"))
    assert accounts(feed) == {"unnamed": ["Rent", "Cafe", "Shop", "Cafe", "Shop", "Fee"]}
    say(feed, question["question"], "account-2")
    assert accounts(feed)["unnamed-2"] == ["Hotel"]


def test_two_statements_of_one_file_that_an_earlier_version_read_as_one_account_keep_their_ids(
    feed: Feed, new_feed: Callable[[], Feed]
) -> None:
    whole = together(ofx(CHEQUING, "03-14 -900.00 Rent"), ofx(CARD, "03-15 -7.00 Cafe", "03-16 -8.00 Shop"))
    parts = ofx(CHEQUING, "03-14 -900.00 Rent"), ofx(CARD, "03-15 -7.00 Cafe", "03-16 -8.00 Shop")
    before = kept_by_an_earlier_version(feed, new_feed, *parts)
    feed.put(whole)
    assert [each.source_id for each in feed.read(LINES).records] == [each.source_id for each in before]


def test_what_was_read_under_another_account_stays_there(feed: Feed) -> None:
    feed.put(ofx(CHEQUING, "03-14 -900.00 Rent"), ofx(CARD, "03-15 -7.00 Cafe"))
    lines = feed.read(LINES).records
    feed.before = {(LINES, each.source_id): each.raw for each in lines}
    assert [each.source_id for each in feed.read(LINES).records] == [each.source_id for each in lines]


MT940 = (
    ":20:A{n}\n:28C:{n}/1\n:60F:C260301{ccy}{opening}\n:61:2603{day}03{day}C1,NTRFNONREF\n:86:{text}\n"
    ":62F:C2603{day}{ccy}{closing}\n-\n"
)


def mt940(*statements: tuple[str, str, str, str, str]) -> bytes:
    """Return messages without an account, of a text, a day, a currency and what was held before and after."""
    return "".join(
        MT940.format(n=number, text=text, day=day, ccy=ccy, opening=opening, closing=closing)
        for number, (text, day, ccy, opening, closing) in enumerate(statements, 1)
    ).encode()


def test_messages_without_an_account_are_of_one_where_balances_go_on(feed: Feed) -> None:
    feed.put(
        mt940(
            ("Pay", "14", "EUR", "10,", "11,"), ("Gift", "15", "EUR", "11,", "12,"), ("Sale", "15", "USD", "5,", "6,")
        )
    )
    assert accounts(feed) == {"unnamed": ["", ""], "unnamed-2": [""]}
    assert not asked(feed)


def test_accounts_of_other_formats_without_a_number_are_no_account_of_ofx_files(feed: Feed) -> None:
    feed.put(ofx(CHEQUING, "03-14 -900.00 Rent"), mt940(("Pay", "15", "CAD", "10,", "11,")))
    assert accounts(feed) == {"unnamed": ["Rent"]}
    assert len(asked(feed)) == 1


def test_an_account_stays_what_it_is_once_the_file_before_is_taken_back(
    feed: Feed, new_feed: Callable[[], Feed]
) -> None:
    card = ofx(CARD, "03-15 -7.00 Cafe", "03-16 -8.00 Shop")
    feed.put(ofx(CHEQUING, "03-14 -900.00 Rent"), card)
    both = feed.read(LINES).records
    left = new_feed().put(card)
    left.before = {(LINES, each.source_id): each.raw for each in both}
    assert [each.source_id for each in left.read(LINES).records] == [each.source_id for each in both[1:]]
    # So it is where a person said whose it is.
    first, second = ofx(CHEQUING, "03-14 -900.00 Rent"), ofx(CHEQUING, "04-14 10.00 Pay")
    said = new_feed().put(first, second)
    say(said, asked(said)[0]["question"], "account-2")
    alone = new_feed()
    alone.shelf.put("export-2.ofx", second)
    alone.settings = said.settings
    assert accounts(alone) == {"unnamed-2": ["Pay"]}
