"""Tables whose rows are of several accounts, told by a column that earlier versions did not look at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from raccord.plugin import JSON
from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.records import LINES, STATEMENTS
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, Read

ONE, OTHER = "4500********1234", "4500********9876"
MARCH = (("03-14", "CAFE", "4.20", "", ONE), ("03-15", "SHOP", "8.00", "", OTHER), ("03-16", "PAID", "", "50.00", ONE))


def cibc(*rows: tuple[str, str, str, str, str]) -> bytes:
    return "".join(f"2026-{','.join(row)}\n" for row in rows).encode()


def accounts(feed: Feed) -> dict[str, list[str]]:
    """Return the texts of all lines by what follows the layout in their account's key."""
    found: dict[str, list[str]] = {}
    for record in feed.read(LINES).records:
        key = str(record.raw["account"]).removeprefix("unnamed-csv-")[8:]
        found.setdefault(key or "-1", []).append(str(record.raw["name"]))
    return found


def asked(feed: Feed) -> list[dict[str, JSON]]:
    records = [each for each in feed.read(STATEMENTS).records if each.raw.get("code") == "bankfeed.which_account"]
    said = feed.settings.known().answers
    return [dict(each.raw) for each in records if not {each.raw["question"], each.raw.get("layout")} & said.keys()]


def test_two_cards_of_one_file_are_two_accounts_and_each_goes_on_in_the_next(feed: Feed) -> None:
    feed.put(cibc(*MARCH))
    assert accounts(feed) == {"-1": ["CAFE", "PAID"], "-2": ["SHOP"]}
    assert {record.raw["account_number"] for record in feed.read(LINES).records} == {"", "…9876"}
    # In another order, or alone, each is the card that it was.
    feed.put(cibc(("04-02", "BUS", "3.00", "", OTHER), ("04-03", "TRAIN", "", "9.00", ONE)))
    feed.put(cibc(("05-02", "FERRY", "7.00", "", OTHER), ("05-03", "BACK", "", "7.00", OTHER)))
    assert accounts(feed) == {"-1": ["CAFE", "PAID", "TRAIN"], "-2": ["SHOP", "BUS", "FERRY", "BACK"]}
    assert not asked(feed)


def test_a_card_after_another_may_have_replaced_it_and_is_asked_about(feed: Feed) -> None:
    feed.put(cibc(MARCH[0], MARCH[2]), cibc(("04-02", "BUS", "3.00", "", OTHER), ("04-09", "BACK", "", "3.00", OTHER)))
    assert accounts(feed) == {"-1": ["CAFE", "PAID"]}
    (question,) = asked(feed)
    feed.settings = BankFeedSettings(answers=f"{question['question']} = account-1")
    assert accounts(feed) == {"-1": ["CAFE", "PAID", "BUS", "BACK"]}


def test_what_an_earlier_version_read_as_one_account_keeps_its_ids(feed: Feed, new_feed: Callable[[], Feed]) -> None:
    alone = new_feed().put(cibc(*((*row[:4], ONE) for row in MARCH))).read(LINES).records
    feed.before = {(LINES, each.source_id): each.raw for each in alone}
    feed.put(cibc(*MARCH))
    assert [each.source_id for each in feed.read(LINES).records] == [each.source_id for each in alone]
    assert not asked(feed)
    # What overlaps with it goes on; of others a person says whether they do.
    feed.put(cibc(*MARCH, ("04-02", "BUS", "3.00", "", ONE)))
    assert accounts(feed) == {"-1": ["CAFE", "SHOP", "PAID", "CAFE", "SHOP", "PAID", "BUS"]}
    feed.put(cibc(("05-02", "FERRY", "7.00", "", OTHER), ("05-03", "BACK", "", "7.00", OTHER)))
    assert len(asked(feed)) == 1


TABLES = {
    "westpac": (
        "Bank Account,Date,Narrative,Debit Amount,Credit Amount,Balance,Categories,Serial\n"
        "032000123456,15/03/2026,SALARY,,1200.00,1295.80,DEP,\n032000123456,14/03/2026,CAFE,4.20,,95.80,POS,\n"
        "032000999999,15/03/2026,INTEREST,,1.00,501.00,DEP,\n032000999999,14/03/2026,FEE,5.00,,500.00,POS,\n"
    ),
    "bnz": (
        "Date,Amount,Payee,Particulars,Tran Type,This Party Account,Other Party Account\n"
        "14/03/26,-4.20,CAFE,,POS,02-1234-0123456-000,\n15/03/26,1200.00,SALARY,,DC,02-1234-0123456-000,01-0001-01-00\n"
        "15/03/26,1.00,INTEREST,,DC,02-1234-0123456-001,\n16/03/26,-5.00,FEE,,POS,02-1234-0123456-001,\n"
    ),
    "abn amro": (
        "123456789\tEUR\t20260314\t100,00\t95,80\t20260314\t-4,20\tCAFE\n"
        "123456789\tEUR\t20260315\t95,80\t1295,80\t20260315\t1200,00\tSALARY\n"
        "987654321\tEUR\t20260315\t500,00\t501,00\t20260315\t1,00\tINTEREST\n"
        "987654321\tEUR\t20260316\t501,00\t496,00\t20260316\t-5,00\tFEE\n"
    ),
    "bawag": (
        "AT611904300234573201;CAFE;14.03.2026;14.03.2026;-4,20;EUR\n"
        "AT611904300234573201;SALARY;15.03.2026;15.03.2026;+1.200,00;EUR\n"
        "AT021904300234573202;INTEREST;15.03.2026;15.03.2026;+1,00;EUR\n"
        "AT021904300234573202;FEE;16.03.2026;16.03.2026;-5,00;EUR\n"
    ),
    "vancity": (
        '00001234567,14-Mar-2026,"CAFE",,4.20,,95.80\n00001234567,15-Mar-2026,"SALARY",,,1200.00,1295.80\n'
        '00007654321,14-Mar-2026,"INTEREST",,,1.00,501.00\n00007654321,16-Mar-2026,"FEE",,5.00,,496.00\n'
    ),
}  # fmt: skip


@pytest.mark.parametrize("bank", TABLES)
def test_a_column_that_says_whose_each_row_is_tells_accounts_apart(bank: str, feed: Feed) -> None:
    feed.shelf.put("all.csv", TABLES[bank].encode())
    first, second = ({*texts} for texts in accounts(feed).values())
    assert (first, second) == ({"CAFE", "SALARY"}, {"INTEREST", "FEE"})
    assert not feed.read(STATEMENTS).rejects
    assert all("asks" not in record.raw for record in feed.read(STATEMENTS).records)


def test_what_stands_before_the_days_and_differs_in_most_rows_is_no_account() -> None:
    rows = "".join(f"2026{day:06},2026-03-{day:02},CAFE {day},-{day}.00\n" for day in range(10, 20))
    assert len({line.account.key for line in Read(rows.encode()).lines}) == 1


def test_a_number_after_whom_it_is_of_is_the_other_side_s() -> None:
    rows = "".join(f"{day}.03.2026;{name};{number};-{day},00\n" for day, name, number in (
        (10, "SHOP", "123456789"), (11, "CAFE", "987654321"), (12, "SHOP", "123456789"), (13, "CAFE", "987654321"),
    ))  # fmt: skip
    for named in ("Kontonummer", "Bank account", "Compte bancaire"):
        read = Read(f"Buchungstag;Empfänger;{named};Betrag\n{rows}".encode())
        assert len({line.account.key for line in read.lines}) == 1, named


def test_two_cards_whose_balances_are_those_of_one_account_are_of_it() -> None:
    rows = (
        f"2026-03-14,CAFE,4.20,,95.80,{ONE}\n2026-03-15,SHOP,8.00,,87.80,{OTHER}\n2026-03-16,PAY,,50.00,137.80,{ONE}\n"
    )
    read = Read((rows + f"2026-03-17,BUS,3.00,,134.80,{OTHER}\n").encode())
    assert len({line.account.key for line in read.lines}) == 1
    assert not [event for event in read.events if isinstance(event, Question)]
    (statement,) = read.statements
    assert (statement.opening, statement.ledger) != (None, None)


HEADS = {
    "ubs": "IBAN:;{iban};\nVon:;2026-03-01;\n\n",
    "postfinance": 'Datum von:;="01.03.2026"\nKonto:;="{iban}"\n\n',
    "in a text": "Umsätze des Kontos {iban} vom 01.03.2026\n\n",
    "la banque postale": "Numéro Compte   ;{number}A020\nType         ;CCP\n\n",
}
FIRST, SECOND = "CH93 0076 2011 6238 5295 7", "CH56 0483 5012 3456 7800 9"


def stated(head: str, account: str, *rows: str) -> bytes:
    above = HEADS[head].format(iban=account, number="".join(account.split())[-8:-1])
    return "\n".join((f"{above}Datum;Text;Betrag", *rows, "")).encode()


@pytest.mark.parametrize("head", HEADS)
def test_the_account_that_stands_above_a_table_tells_it_from_another_one_that_has_the_same_fees(
    head: str, feed: Feed
) -> None:
    fees = "10.03.2026;FEE;-5,00", "11.03.2026;STAMP;-1,00"
    feed.shelf.put("a.csv", stated(head, FIRST, *fees))
    feed.shelf.put("b.csv", stated(head, SECOND, *fees))
    assert accounts(feed) == {"-1": ["FEE", "STAMP"]}, "its lines wait"
    (question,) = asked(feed)
    feed.settings = BankFeedSettings(answers=f"{question['question']} = account-2")
    assert accounts(feed) == {"-1": ["FEE", "STAMP"], "-2": ["FEE", "STAMP"]}
    # Each goes on without a question.
    feed.shelf.put("c.csv", stated(head, SECOND, "10.04.2026;FEE;-5,00"))
    feed.shelf.put("d.csv", stated(head, FIRST, "12.04.2026;FEE;-7,00"))
    assert accounts(feed) == {"-1": ["FEE", "STAMP", "FEE"], "-2": ["FEE", "STAMP", "FEE"]}
    assert not asked(feed)
    assert {record.raw["account_number"] for record in feed.read(LINES).records} == {""}


@pytest.mark.parametrize("head", HEADS)
def test_files_of_two_accounts_that_stand_above_them_are_two_where_they_share_days_and_no_line(
    head: str, feed: Feed
) -> None:
    feed.shelf.put("a.csv", stated(head, FIRST, "10.03.2026;FEE;-5,00", "12.03.2026;CAFE;-4,20"))
    feed.shelf.put("b.csv", stated(head, SECOND, "11.03.2026;SHOP;-6,00", "13.03.2026;PAY;90,00"))
    assert accounts(feed) == {"-1": ["FEE", "CAFE"], "-2": ["SHOP", "PAY"]}
    assert not asked(feed)


def test_what_stands_above_a_table_and_is_no_account_tells_nothing(feed: Feed) -> None:
    for name, head in (
        ("a.csv", "Kunde;12345678\nErstellt;16.03.2026 12:00\n"),
        ("b.csv", "Kunde;87654321\nTotal;12345678\n"),
    ):
        rows = "10.03.2026;FEE;-5,00\n11.03.2026;STAMP;-1,00\n"
        feed.shelf.put(name, f"{head}\nDatum;Text;Betrag\n{rows}".encode())
    assert list(accounts(feed)) == ["-1"]
    assert not asked(feed)
