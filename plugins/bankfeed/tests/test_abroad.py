"""Cards' tables whose one column of currencies is that of a purchase abroad, not of what the bank took for it."""

from __future__ import annotations

import pytest

from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, Read

EUROBONUS = """\
Datum;Bokfört;Specifikation;Ort;Valuta;Utl. belopp;Belopp
2026-03-05;2026-03-06;ICA;Stockholm;SEK;0;542,50
2026-03-09;2026-03-10;AMAZON;LONDON;GBP;12,34;150,00
"""
FIRST_CARD = """\
Datum;Ytterligare information;Reseinformation / Inköpsplats;Valuta;växlingskurs;Utländskt belopp;Belopp;Moms;Kort
2026-03-06;;ICA STOCKHOLM;SEK;;;542,50;0,00;1234******5678
2026-03-10;;AMAZON LONDON;GBP;12,16;12,34;150,00;0,00;1234******5678
"""
BANK_NORWEGIAN = """\
TransactionDate;Text;Type;Currency Amount;Currency Rate;Currency;Amount;Merchant Area;Merchant Category;BookDate
2026-03-05;ICA;Kjøp;542,50;1;SEK;542,50;STOCKHOLM;Grocery;2026-03-06
2026-03-09;AMAZON;Kjøp;12,34;12,16;GBP;150,00;LONDON;Books;2026-03-10
"""
OWN_BESIDE = """\
Date;Description;Amount;Currency;Foreign Amount
2026-03-06;ICA;542.50;SEK;
2026-03-10;AMAZON;150.00;GBP;12.34
"""
BOTH = """\
Date;Description;Amount;Currency;Foreign Amount;Foreign Currency
2026-03-06;ICA;542.50;SEK;542.50;SEK
2026-03-10;AMAZON;150.00;GBP;12.34;EUR
"""


@pytest.mark.parametrize("content", [EUROBONUS, FIRST_CARD, BANK_NORWEGIAN])
def test_a_purchase_abroad_is_not_booked_in_the_currency_of_the_shop(content: str) -> None:
    read = Read(content.encode())
    assert [(str(line.amount), line.currency) for line in read.lines] == [("542.50", "SEK"), ("150.00", "")]


@pytest.mark.parametrize("content", [OWN_BESIDE, BOTH])
def test_the_currency_beside_the_amount_is_its_own(content: str) -> None:
    assert [line.currency for line in Read(content.encode()).lines] == ["SEK", "GBP"]


def test_a_currency_that_a_person_told_stays(feed: Feed) -> None:
    key = Read(EUROBONUS.encode()).statements[0].account.key.removeprefix("unnamed-")
    feed.settings = BankFeedSettings(csv_columns=f"{key} = date:2 text:3 currency:5 amount:7")
    assert [line.raw["currency"] for line in feed.put(EUROBONUS.encode()).read().records] == ["SEK", "GBP"]


def test_a_sum_of_purchases_is_no_row_that_is_lost() -> None:
    content = EUROBONUS + ";;Summa köp/uttag;;;;692,50\n"
    read = Read(content.encode())
    assert (len(read.lines), read.codes) == (2, [])
    (statement,) = read.statements
    assert statement.left_out == 1
