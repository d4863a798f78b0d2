"""Tables that tell what tax was withheld of interest: whether the amount is before it or after it, a person says."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import pytest

from raccord.plugin import JSON
from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Line, Question
from raccord_bankfeed.records import LINES, STATEMENTS
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed

TRADE_REPUBLIC = (
    '"datetime","date","account_type","category","type","asset_class","name","symbol","shares","price","amount","fee",'
    '"tax","currency","description","transaction_id"\n'
    '"2026-03-01T10:00:00.000Z","2026-03-01","DEFAULT","CASH","INTEREST_PAYMENT","","","","","","10.00","","-2.64",'
    '"EUR","Interest payment","a1"\n'
    '"2026-03-02T10:00:00.000Z","2026-03-02","DEFAULT","CASH","CARD_TRANSACTION","","CAFE","","","","-4.20","","",'
    '"EUR","CAFE","a2"\n'
)


def read(content: str, answers: str = "") -> tuple[list[Line], list[Question]]:
    known = BankFeedSettings(answers=answers).known()
    events = list(reader_for(BytesIO(content.encode()), known).events(BytesIO(content.encode())))
    asked = [each for event in events if isinstance(event, Question) for each in (event, *event.others)]
    return [event for event in events if isinstance(event, Line)], asked


def test_interest_with_tax_withheld_waits_until_it_is_said_whether_its_amount_is_before_the_tax(feed: Feed) -> None:
    feed.shelf.put("tr.csv", TRADE_REPUBLIC.encode())
    assert feed.read(LINES).records == []
    (question,) = [each for each in feed.read(STATEMENTS).records if "asks" in each.raw]
    (ask,) = question.raw["asks"]
    shown: dict[str, JSON] = {each["answer"]: each["shown"][0]["en"] for each in ask["readings"]}
    assert ask["code"] == "bankfeed.tax_beside"
    assert shown == {"separate": "10.00, tax -2.64: 7.36 come in", "accept": "10.00 come in"}
    gross, tax, cafe = read(TRADE_REPUBLIC, f"{question.raw['layout']} = separate")[0]
    assert [str(each.amount) for each in (gross, tax, cafe)] == ["10.00", "-2.64", "-4.20"]
    assert sum((gross.amount, tax.amount), Decimal(0)) == Decimal("7.36"), "what the account holds more"
    assert (tax.native, tax.name, tax.memo) == ("a1-tax", gross.name, "tax")
    net, _ = read(TRADE_REPUBLIC, f"{question.raw['question']} = accept")[0]
    assert str(net.amount) == "10.00"


def test_what_was_read_before_keeps_its_id_and_the_tax_comes_beside_it(feed: Feed) -> None:
    (question,) = read(TRADE_REPUBLIC)[1]
    feed.shelf.put("tr.csv", TRADE_REPUBLIC.encode())
    ids = []
    for word in ("accept", "separate"):
        feed.settings = BankFeedSettings(answers=f"{question.key} = {word}")
        ids.append([each.source_id for each in feed.read(LINES).records])
    assert (len(ids[0]), len(ids[1])) == (2, 3)
    assert set(ids[0]) < set(ids[1])


@pytest.mark.parametrize(
    "content",
    [
        TRADE_REPUBLIC.replace('"-2.64"', '"0.00"'),
        "Date,Description,Amount,Tax\n2026-03-01,SALE,10.00,1.30\n2026-03-02,CAFE,-4.20,-0.55\n",
        "Date,Description,Amount,Tax,Balance\n2026-03-01,INTEREST,10.00,-2.64,110.00\n2026-03-02,CAFE,-4.20,,105.80\n",
    ],
    ids=["none withheld", "sales tax in the amount", "balances that follow"],
)
def test_nothing_is_asked_where_no_tax_was_withheld_or_balances_tell(content: str) -> None:
    lines, asked = read(content)
    assert [str(each.amount) for each in lines] == ["10.00", "-4.20"]
    assert asked == []


def test_a_broker_s_tax_needs_no_sign() -> None:
    content = "Date,Type,Symbol,Amount,Fee,Tax\n2026-03-10,Interest,,2.40,,0.36\n2026-03-11,Card,,-4.20,,\n"
    (asked,) = read(content)[1]
    lines, _ = read(content, f"{asked.key} = separate")
    assert [str(each.amount) for each in lines] == ["2.40", "-0.36", "-4.20"]
