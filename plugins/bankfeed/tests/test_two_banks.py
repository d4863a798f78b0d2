"""A company with two banks whose files have no names of columns and are laid out alike: TD, CIBC, Scotiabank."""

from __future__ import annotations

from io import BytesIO

import pytest

from raccord.plugin import Record
from raccord_bankfeed.readers import reader_for, road_of
from raccord_bankfeed.readers.contract import Line, Question, Unreadable
from raccord_bankfeed.records import LINES, STATEMENTS
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed

TD = b"03/22/2026,COFFEE,4.50,,995.50\n03/23/2026,PAY,,100.00,1095.50\n03/25/2026,RENT,900.00,,195.50\n"
CIBC = (
    b"2026-03-22,TIM HORTONS,3.25,,4500********1234\n2026-03-23,PAYMENT THANK YOU,,120.00,4500********1234\n"
    b"2026-03-27,SHOP,12.00,,4500********1234\n"
)
SCOTIA = (
    b'3/22/2026,-4.50,-,"POS PURCHASE","TIM"\n3/23/2026,150.00,-,"DEPOSIT","PAYROLL"\n'
    b'3/27/2026,-12.00,-,"POS PURCHASE","SHOP"\n'
)
BANKS = {"td": TD, "cibc": CIBC, "scotia": SCOTIA}
AMOUNTS = {
    "td": ["-4.50", "100.00", "-900.00"], "cibc": ["-3.25", "120.00", "-12.00"], "scotia": ["-4.50", "150.00", "-12.00"]
}  # fmt: skip
COLUMNS = {
    "td": "date:1 text:2 debit:3 credit:4 balance:5",
    "cibc": "date:1 text:2 debit:3 credit:4 account:5 kind:card",
    "scotia": "date:1 amount:2 text:4+5",
}
(LAYOUT,) = {road_of(BytesIO(content)) for content in BANKS.values()}
"""All three have five columns, and the day in the first."""


@pytest.mark.parametrize("mine", BANKS)
@pytest.mark.parametrize("given", BANKS)
def test_columns_that_were_given_for_another_bank_s_files_are_asked_about_and_lose_no_row(
    mine: str, given: str
) -> None:
    known = BankFeedSettings(csv_columns=f"{LAYOUT} = {COLUMNS[given]}").known()
    events = list(reader_for(BytesIO(BANKS[mine]), known).events(BytesIO(BANKS[mine])))
    assert not [event for event in events if isinstance(event, Unreadable)]
    assert [str(event.amount) for event in events if isinstance(event, Line)] == AMOUNTS[mine]
    asked = [event for event in events if isinstance(event, Question)]
    # What TD calls a balance CIBC has the number of the card in: its amounts stand in the same columns.
    if mine == given or (mine, given) == ("cibc", "td"):
        assert asked == []
        return
    assert [(each.code, each.layout) for each in asked] == [("bankfeed.csv_columns", "")]
    known = BankFeedSettings(csv_columns=f"{LAYOUT} = {COLUMNS[given]}\n{asked[0].key} = {COLUMNS[mine]}").known()
    events = list(reader_for(BytesIO(BANKS[mine]), known).events(BytesIO(BANKS[mine])))
    assert [str(event.amount) for event in events if isinstance(event, Line)] == AMOUNTS[mine]
    assert not [event for event in events if isinstance(event, Question | Unreadable)]


def which_account(feed: Feed) -> list[Record]:
    return [each for each in feed.read(STATEMENTS).records if each.raw.get("code") == "bankfeed.which_account"]


def texts(feed: Feed) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for record in feed.read(LINES).records:
        found.setdefault(str(record.raw["account"]).removeprefix(f"unnamed-{LAYOUT}"), []).append(
            str(record.raw["name"])
        )
    return found


@pytest.mark.parametrize("other", ["td", "cibc"])
def test_a_file_of_another_bank_is_asked_about_though_all_of_its_name_were_said_to_be_of_one(
    other: str, feed: Feed
) -> None:
    feed.shelf.put("transactions-2026-03.csv", SCOTIA)
    feed.shelf.put("transactions-2026-04.csv", SCOTIA.replace(b"3/2", b"4/2"))
    feed.settings = BankFeedSettings(answers=f"{which_account(feed)[0].raw['layout']} = account-1")
    before = texts(feed)
    assert [len(each) for each in before.values()] == [6]
    feed.shelf.put("transactions-2026-05.csv", BANKS[other].replace(b"3/2", b"5/2").replace(b"-03-", b"-05-"))
    assert texts(feed) == before, "the other bank's lines wait"
    asked = [each for each in which_account(feed) if each.raw["file"] == "transactions-2026-05.csv"]
    ask = asked[0].raw["asks"]
    assert isinstance(ask, list | tuple)
    assert "written otherwise" in str(ask)
    feed.settings = BankFeedSettings(answers=f"{feed.settings.answers}\n{asked[0].raw['question']} = account-2")
    assert sorted(texts(feed)) == ["", "-2"]


def test_a_month_in_which_a_column_is_empty_is_written_like_the_others(feed: Feed) -> None:
    feed.shelf.put("transactions-2026-03.csv", SCOTIA)
    feed.shelf.put("transactions-2026-04.csv", SCOTIA.replace(b"3/2", b"4/2"))
    feed.settings = BankFeedSettings(answers=f"{which_account(feed)[0].raw['layout']} = account-1")
    feed.shelf.put("transactions-2026-05.csv", b'5/22/2026,-4.50,-,"","TIM"\n5/24/2026,9.00,-,"","PAYROLL"\n')
    assert len(texts(feed)[""]) == 8


def test_the_order_of_one_bank_s_days_is_not_taken_for_another_s() -> None:
    td = b"03/02/2026,COFFEE,4.50,,995.50\n04/03/2026,PAY,,100.00,1095.50\n"
    scotia = b'3/2/2026,-4.50,-,"POS PURCHASE","TIM"\n4/3/2026,150.00,-,"DEPOSIT","PAYROLL"\n'

    def asked(content: bytes, answers: str) -> list[Question]:
        known = BankFeedSettings(answers=answers).known()
        return [each for each in reader_for(BytesIO(content), known).events(BytesIO(content))
                if isinstance(each, Question)]  # fmt: skip

    (question,) = asked(td, "")
    assert question.code == "bankfeed.date_order"
    told = f"{question.layout} = month-first"
    assert asked(td, told) == []
    assert asked(td.replace(b"COFFEE", b"TEA").replace(b"PAY", b"WAGES"), told) == []
    assert [each.code for each in asked(scotia, told)] == ["bankfeed.date_order"]
    # What was said of the layout by an earlier version stands.
    assert asked(scotia, f"{LAYOUT} = month-first") == []
