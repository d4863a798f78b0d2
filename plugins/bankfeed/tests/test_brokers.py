"""CSV files of brokers: trades of securities are no bank lines, and are left out with the reason."""

from __future__ import annotations

from io import BytesIO

import pytest

from raccord.plugin import Skipped
from raccord.plugin.testing import FakeMapContext
from raccord_bankfeed import map_record
from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Event, Question
from raccord_bankfeed.readers.table import notes
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, Read

QUESTRADE = """\
Transaction Date,Action,Symbol,Description,Quantity,Price,Gross Amount,Commission,Net Amount,Currency,Account #
2026-03-02 12:00:00 AM,Buy,VFV.TO,VANGUARD,10.00000,120.50,-1205.00,-4.95,-1209.95,CAD,12345678
2026-03-13 12:00:00 AM,DIV,VFV.TO,VANGUARD,0.00000,0.00,0.00,0.00,12.34,CAD,12345678
2026-03-14 12:00:00 AM,CON,,DEPOSIT,0.00000,0.00,0.00,0.00,500.00,CAD,12345678
"""
FIDELITY = """\
Run Date,Action,Symbol,Description,Type,Quantity,Price ($),Commission ($),Fees ($),Amount ($)
03/02/2026,YOU BOUGHT VANGUARD,VOO,VANGUARD S&P 500 ETF,Cash,2,500.10,,,-1000.20
03/14/2026,DIVIDEND RECEIVED,VOO,VANGUARD S&P 500 ETF,Cash,,,,,3.21
"""
SCHWAB = """\
"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"
"03/14/2026","Sell","AAPL","APPLE INC","5","$200.00","$0.03","$999.97"
"03/02/2026","Bank Interest","","BANK INT 021626-031526","","","","$0.12"
"""
DEGIRO = """\
Datum,Tijd,Valutadatum,Product,ISIN,Omschrijving,FX,Mutatie,Bedrag,Saldo,Order Id
14-03-2026,09:04,14-03-26,ISHARES CORE,IE00B4L5Y983,"Koop 3 @ 80,1 EUR",,EUR,"-240,30","59,70",abc
02-03-2026,09:04,02-03-26,,,iDEAL storting,,EUR,"300,00","300,00",
"""
DEGIRO_UNNAMED = """\
Datum,Tijd,Valutadatum,Product,ISIN,Omschrijving,FX,Mutatie,,Saldo,,Order Id
15-12-2022,16:55,15-12-2022,VICI PROPERTIES INC. C,US9256521090,"Koop 1 @ 33,9 USD",,USD,"-33,90",USD,"-33,90",5925d76b
14-12-2022,16:55,14-12-2022,,,iDEAL storting,,EUR,"31,98",EUR,"31,98",
"""
TRADING_212 = """\
Action,Time,ISIN,Ticker,Name,No. of shares,Price / share,Currency (Price),Exchange rate,Total,Currency (Total),ID
Deposit,2026-03-14 10:00:00,,,,,,,,100.00,EUR,a1
Market buy,2026-03-15 10:00:00,US0378331005,AAPL,Apple,0.5,150.00,USD,1.1,68.18,EUR,EOF1
"""
DEPOT = """\
Buchungstag;Geschäftsart;Wertpapierbezeichnung;WKN;Stück;Kurs;Betrag;Währung
14.03.2026;Kauf;SAP SE;716460;5;200,00;-1000,00;EUR
02.03.2026;Dividende;SAP SE;716460;0;0;11,75;EUR
"""
COURTIER = """\
Date;Opération;Libellé;Quantité;Cours;Montant
14/03/2026;Achat;AIR LIQUIDE;5;170,00;-850,00
02/03/2026;Dividende;AIR LIQUIDE;5;;16,00
"""
UNNAMED = """\
2026-03-14,2026-03-14,Interest,ISHARES S&P/TSX CAPPED REIT IN,XRE,179,,,12.55,CAD
2026-03-16,2026-03-16,Contribution,CONTRIBUTION,,,,,600.00,CAD
2026-03-02,2026-03-05,Buy,ISHARES S&P/TSX CAPPED REIT IN,XRE,300,15.90,CDN,-4779.95,CAD
"""
FUEL = """\
Date,Card,Product,Quantity,Price,Amount
03/14/2026,…1234,DIESEL,40.00,1.50,60.00
03/02/2026,…1234,DIESEL,20.00,1.50,30.00
"""


BROKERS = [QUESTRADE, FIDELITY, SCHWAB, DEGIRO, DEPOT, COURTIER]
UNNAMED_AMOUNTS = [
    (DEGIRO_UNNAMED, "date:1 text:6 currency:8 amount:9 balance:11"),
    (TRADING_212, "date:2 text:1 amount:10 currency:11"),
]
"""Files whose columns have names, but none that tells the day or the amount, and what a person says of them."""


def events_of(content: str, settings: BankFeedSettings) -> list[Event]:
    stream = BytesIO(content.encode())
    return list(reader_for(stream, settings.known()).events(stream))


def questions(content: str) -> list[Question]:
    return [event for event in events_of(content, BankFeedSettings()) if isinstance(event, Question)]


@pytest.mark.parametrize(("content", "columns"), UNNAMED_AMOUNTS)
def test_whoever_tells_the_columns_of_trades_is_asked_what_they_are(content: str, columns: str, feed: Feed) -> None:
    (asked,) = questions(content)
    assert asked.code == "bankfeed.csv_columns"
    feed.settings = BankFeedSettings(csv_columns=f"{asked.layout} = {columns}")
    feed.put(content.encode())
    told = [each for each in events_of(content, feed.settings) if isinstance(each, Question)]
    assert [each.code for one in told for each in (one, *one.others)][:1] == ["bankfeed.trades"]
    assert feed.read().records == []


@pytest.mark.parametrize("content", BROKERS)
def test_a_broker_s_rows_wait_until_a_person_says_what_they_are(content: str, feed: Feed) -> None:
    asked = questions(content)
    assert [each.code for each in asked] == ["bankfeed.trades"]
    assert all(len(reading.shown) == len(asked[0].examples) for reading in asked[0].readings)
    feed.put(content.encode())
    assert feed.read().records == []


@pytest.mark.parametrize("content", BROKERS)
def test_a_broker_s_rows_that_are_left_out_say_why(content: str, feed: Feed) -> None:
    (asked,) = questions(content)
    feed.settings = BankFeedSettings(answers=f"{asked.layout} = leave-out")
    feed.put(content.encode())
    assert feed.read().records == []
    (statement,) = feed.read("statements").records
    assert (statement.raw["account_kind"], statement.raw["ends"]) == ("investment", "2026-03-14")
    told = statement.raw["no_transactions"]
    assert isinstance(told, list | tuple)
    assert {each["en"] for each in told if isinstance(each, dict)} == {notes.INVESTMENT.en}
    answer = map_record(FakeMapContext(settings=feed.settings), statement)
    assert isinstance(answer, Skipped)
    assert answer.code == "bankfeed.not_a_bank_account"
    assert f"{content.count('2026')} in this statement" in answer.reason.en


def test_a_broker_s_rows_without_names_of_columns_wait_likewise() -> None:
    assert [each.code for each in questions(UNNAMED)] == ["bankfeed.trades"]
    assert questions(UNNAMED)[0].examples[0].startswith("3 · 2026-03-02")
    quiet = UNNAMED.replace("Buy", "Transfer")
    assert questions(quiet) == []


def test_a_cash_account_at_a_broker_is_read_once_a_person_says_so(feed: Feed) -> None:
    (asked,) = questions(SCHWAB)
    feed.settings = BankFeedSettings(answers=f"{asked.layout} = accept")
    lines = feed.put(SCHWAB.encode()).read().records
    assert [str(line.raw["amount"]) for line in lines] == ["999.97", "0.12"]


def test_a_month_without_a_trade_is_not_asked_about() -> None:
    quiet = "".join(line for line in SCHWAB.splitlines(keepends=True) if "Sell" not in line)
    assert "bankfeed.trades" not in [each.code for each in questions(quiet)]


def test_a_fuel_card_has_quantities_and_prices_too() -> None:
    read = Read(FUEL.encode())
    assert [str(line.amount) for line in read.lines] == ["60.00", "30.00"]
    assert questions(FUEL) == []


def test_columns_that_a_person_told_are_no_broker_s(feed: Feed) -> None:
    (statement,) = Read(SCHWAB.encode()).statements
    key = statement.account.key.removeprefix("unnamed-")
    feed.settings = BankFeedSettings(csv_columns=f"{key} = date:1 text:4 amount:8")
    lines = feed.put(SCHWAB.encode()).read().records
    assert [str(line.raw["amount"]) for line in lines] == ["999.97", "0.12"]


def test_a_footer_makes_no_account_of_its_own() -> None:
    rows = (
        "Run Date,Account Number,Action,Amount\n03/14/2026,X1111,CHECK PAID,-5.00\n03/16/2026,X1111,DEPOSIT,9.00\n"
        "\nDate downloaded 03/17/2026 3:00 pm\nTotal,Total,,4.00\n"
    )
    (statement,) = Read(rows.encode()).statements
    assert (statement.account.masked, statement.lines, statement.left_out) == ("…1111", 2, 2)
