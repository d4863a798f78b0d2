"""Files that name no account: two of one layout are of one account where that shows, else a person is asked."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from raccord.plugin import BadRecord, Record, Skipped
from raccord.plugin.testing import FakeMapContext
from raccord_bankfeed import describe, map_record, placing
from raccord_bankfeed.records import LINES, STATEMENTS
from raccord_bankfeed.seen_files import name_pattern
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed


def csv(*rows: str) -> bytes:
    """A table of day, text and amount, with balances where rows have them."""
    header = "Date,Description,Amount" + (",Balance" if rows and rows[0].count(",") == 3 else "")
    return "\n".join((header, *(f"2026-{row}" for row in rows), "")).encode()


def qif(*rows: str) -> bytes:
    parts = (row.split(",") for row in rows)
    return ("!Type:Bank\n" + "".join(f"D2026-{day}\nT{amount}\nP{text}\n^\n" for day, text, amount in parts)).encode()


def accounts(feed: Feed) -> dict[str, list[str]]:
    """Return the texts of all lines by the end of their account's key."""
    found: dict[str, list[str]] = {}
    for record in feed.read(LINES).records:
        number = str(record.raw["account"]).rpartition("-")[2]
        found.setdefault(number if len(number) < 3 else "1", []).append(str(record.raw["name"]))
    return found


def told(feed: Feed, *, answered: bool) -> list[Record]:
    """Return the questions that are answered, or those that are not."""
    records = [each for each in feed.read(STATEMENTS).records if each.raw.get("code") == "bankfeed.which_account"]
    context = FakeMapContext(settings=feed.settings, terms=describe().terms)

    def is_answered(record: Record) -> bool:
        try:
            return isinstance(map_record(context, record), Skipped)
        except BadRecord:
            return False

    return [each for each in records if is_answered(each) is answered]


def asked(feed: Feed) -> list[Record]:
    return told(feed, answered=False)


def readings(question: Record) -> dict[str, str]:
    (ask,) = question.raw["asks"]
    return {each["answer"]: each["shown"][0]["en"] for each in ask["readings"]}


def put(feed: Feed, files: Mapping[str, bytes]) -> Feed:
    for name, content in files.items():
        feed.shelf.put(name, content)
    return feed


def say(feed: Feed, question: Record, word: str, *, every: bool) -> None:
    key = question.raw["layout"] if every else question.raw["question"]
    feed.settings = BankFeedSettings(answers=f"{feed.settings.answers}\n{key} = {word}".strip())


@pytest.mark.parametrize("made", [csv, qif])
def test_a_second_file_without_an_account_of_other_days_waits_until_it_is_said_whose_it_is(made, feed: Feed) -> None:
    put(feed, {"a.txt": made("03-14,Rent,-900.00", "03-15,Cafe,-4.20"), "b.txt": made("04-14,Pay,100.00")})
    assert accounts(feed) == {"1": ["Rent", "Cafe"]}, "its lines wait"
    (question,) = asked(feed)
    assert list(readings(question)) == ["account-1", "account-2"]
    assert "a.txt, 14 March 2026 – 15 March 2026; nothing says so" in readings(question)["account-1"]
    say(feed, question, "account-2", every=False)
    assert accounts(feed) == {"1": ["Rent", "Cafe"], "2": ["Pay"]}
    feed.settings = BankFeedSettings()
    say(feed, question, "account-1", every=False)
    assert accounts(feed) == {"1": ["Rent", "Cafe", "Pay"]}
    assert not asked(feed)


def test_a_balance_that_goes_on_asks_nothing_and_one_that_does_not_is_shown(feed: Feed) -> None:
    march = csv("03-14,Rent,-900.00,1100.00", "03-15,Cafe,-4.20,1095.80")
    april = csv("04-14,Pay,100.00,1195.80", "04-15,Cafe,-4.20,1191.60")
    other = csv("04-14,Interest,1.00,501.00", "04-16,Fee,-5.00,496.00")
    put(feed, {"1.csv": march, "2.csv": april, "3.csv": other})
    assert accounts(feed) == {"1": ["Rent", "Cafe", "Pay", "Cafe"]}
    (question,) = asked(feed)
    assert question.raw["file"] == "3.csv"
    assert "it ends with 1,095.80, this one begins with 500.00" in readings(question)["account-1"]
    say(feed, question, "account-2", every=False)
    # From then on both go on by themselves, in whatever order they come.
    more = csv("05-02,Interest,2.00,498.00", "05-03,Fee,-5.00,493.00")
    put(feed, {"4.csv": more, "5.csv": csv("05-02,Rent,-900.00,291.60", "05-03,Pay,8.40,300.00")})
    assert accounts(feed) == {
        "1": ["Rent", "Cafe", "Pay", "Cafe", "Rent", "Pay"], "2": ["Interest", "Fee", "Interest", "Fee"],
    }  # fmt: skip
    assert not asked(feed)


def test_lines_in_common_ask_nothing_unless_other_amounts_of_the_same_days_contradict(feed: Feed) -> None:
    march = csv("03-14,Rent,-900.00", "03-15,Cafe,-4.20", "03-16,Shop,-8.00", "03-17,Fee,-5.00")
    overlapping = csv("03-16,Shop,-8.00", "03-17,Fee,-5.00", "03-18,Pay,100.00")
    put(feed, {"a.csv": march, "b.csv": overlapping})
    assert accounts(feed)["1"] == ["Rent", "Cafe", "Shop", "Fee", "Shop", "Fee", "Pay"]
    assert not asked(feed)
    # Another account of the same days, which has the same fees.
    put(feed, {"c.csv": csv("03-13,Open,1.00", "03-15,Sale,70.00", "03-17,Fee,-5.00", "03-19,Fee,-5.00")})
    (question,) = asked(feed)
    assert "other amounts on the same days" in readings(question)["account-1"]


def test_one_fee_in_common_is_no_proof(feed: Feed) -> None:
    put(
        feed, {"a.csv": csv("03-14,Rent,-900.00", "03-31,Fee,-5.00"), "b.csv": csv("03-31,Fee,-5.00", "04-02,Pay,1.00")}
    )
    assert len(asked(feed)) == 1


def test_the_same_fees_of_two_quiet_accounts_are_no_proof_where_balances_tell_them_apart(feed: Feed) -> None:
    one = csv("03-15,Paper,-2.50,997.50", "03-28,Fee,-4.95,992.55")
    longer = csv(
        "03-15,Paper,-2.50,997.50", "03-28,Fee,-4.95,992.55", "03-28,Fee,-1.00,991.55", "03-30,Pay,1.00,992.55"
    )
    other = csv("03-15,Paper,-2.50,497.50", "03-28,Fee,-4.95,492.55")
    put(feed, {"1.csv": one, "2.csv": longer, "3.csv": other})
    assert accounts(feed) == {"1": ["Paper", "Fee", "Paper", "Fee", "Fee", "Pay"]}
    (question,) = asked(feed)
    assert question.raw["file"] == "3.csv"
    assert "another balance on the same day" in readings(question)["account-1"]


def test_what_is_said_of_a_name_counts_month_after_month_until_something_contradicts_it(feed: Feed) -> None:
    put(feed, {"releve-mars-2026.csv": csv("03-14,Rent,-900.00", "03-16,Cafe,-4.20", "03-18,Shop,-8.00")})
    put(feed, {"releve-avril-2026.csv": csv("04-14,Rent,-900.00", "04-15,Cafe,-4.20")})
    (question,) = asked(feed)
    say(feed, question, "account-1", every=True)
    put(feed, {"releve-mai-2026.csv": csv("05-14,Rent,-900.00", "05-16,Cafe,-4.20", "05-18,Shop,-8.00")})
    assert not asked(feed)
    assert len(accounts(feed)["1"]) == 8
    put(feed, {"releve-mai-2026 (1).csv": csv("05-13,Sale,70.00", "05-16,Sale,30.00", "05-19,Sale,20.00")})
    (other,) = asked(feed)
    assert other.raw["file"] == "releve-mai-2026 (1).csv", "other amounts on a day that both cover"
    say(feed, other, "account-2", every=False)
    put(feed, {"releve-juin-2026.csv": csv("06-14,Rent,-900.00")})
    (last,) = asked(feed)
    assert last.raw["file"] == "releve-juin-2026.csv", "the name may be either's now"
    assert "layout" not in last.raw, "an answer counts for the file alone"


def test_names_with_the_number_of_an_account_are_told_apart(feed: Feed) -> None:
    assert name_pattern("Releve_4567_mars_2026.csv") == name_pattern("Releve_4567_avril_2026.csv")
    assert name_pattern("Releve_4567_2026-03-01.csv") != name_pattern("Releve_8901_2026-03-01.csv")
    assert name_pattern("transactions (1).csv") == name_pattern("transactions (12).csv")
    assert name_pattern("20260331-summary.csv") == name_pattern("20260430-summary.csv")
    put(feed, {"4567-03.csv": csv("03-14,Rent,-900.00"), "8901-03.csv": csv("03-15,Pay,10.00")})
    (question,) = asked(feed)
    say(feed, question, "account-2", every=True)
    put(feed, {"8901-04.csv": csv("04-15,Pay,10.00")})
    assert accounts(feed) == {"1": ["Rent"], "2": ["Pay", "Pay"]}
    put(feed, {"4567-04.csv": csv("04-14,Rent,-900.00")})
    assert [each.raw["file"] for each in asked(feed)] == ["4567-04.csv"], "of this name nothing was said"


def test_what_was_said_of_a_file_is_told_again_with_what_may_be_said_instead(feed: Feed) -> None:
    put(feed, {"mars.csv": csv("03-14,Rent,-900.00"), "avril.csv": csv("04-14,Rent,-900.00")})
    (question,) = asked(feed)
    assert told(feed, answered=True) == []
    say(feed, question, "account-1", every=True)
    put(feed, {"mai.csv": csv("05-14,Rent,-900.00"), "juin.csv": csv("06-14,Rent,-900.00")})
    (said,) = told(feed, answered=True)
    assert said.raw["file"] == "avril.csv", "what counts for all files of a name is told once"
    assert (said.source_id, said.raw["layout"]) == (question.source_id, question.raw["layout"])
    assert list(readings(said)) == ["account-1", "account-2"]
    feed.settings = BankFeedSettings()
    say(feed, said, "account-2", every=False)
    assert [each.raw["file"] for each in told(feed, answered=True)] == ["avril.csv"]
    assert [each.raw["file"] for each in asked(feed)] == ["mai.csv", "juin.csv"]


def test_beyond_what_is_compared_a_file_still_waits_until_it_is_said_whose_it_is(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "LINES_MAX", 2)
    put(feed, {"a.csv": csv("03-14,Rent,-900.00", "03-15,Cafe,-4.20"), "b.csv": csv("04-14,Pay,100.00")})
    (question,) = asked(feed)
    say(feed, question, "account-2", every=True)
    put(feed, {"c.csv": csv("05-14,Wages,-70.00")})
    assert accounts(feed) == {"1": ["Rent", "Cafe"], "2": ["Pay"]}, "nobody said whose it is"
    (question,) = asked(feed)
    assert question.raw["file"] == "c.csv"
    say(feed, question, "account-2", every=False)
    assert accounts(feed) == {"1": ["Rent", "Cafe"], "2": ["Pay", "Wages"]}


def test_one_line_in_common_is_no_proof_where_it_is_all_that_a_file_has(feed: Feed) -> None:
    put(feed, {"a.csv": csv("03-14,Rent,-900.00", "03-31,Fee,-5.00"), "b.csv": csv("03-31,Fee,-5.00")})
    assert len(asked(feed)) == 1, "another account has the same fee on the same day"
