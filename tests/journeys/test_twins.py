"""Twins and doubles: what several sources, files and people say of one movement of money, and what equal ones are not.

Each scenario is data: what arrives step by step, the documents that the books hold in the end, and the questions that
a person is asked. It runs through the real pipeline: bank files, Chase's reports, a till, a person in QuickBooks.
"""

from __future__ import annotations

import pytest
from twin_steps import (
    ANOTHER,
    CARDS,
    CATEGORY,
    CHEQUING,
    COFFEE,
    DOUBLE,
    RENUMBERED,
    SAME,
    SAVINGS,
    House,
    Scenario,
    again,
    as_transfer,
    asked_of_files,
    asked_with,
    bank,
    bank_at_once,
    beside_the_file,
    by_hand,
    categorise,
    chase,
    cheque_by_hand,
    cheques,
    dated_either_way,
    left_out,
    live,
    named_alike,
    nothing_beside,
    numbered,
    of_card,
    only_undone,
    placed,
    processor,
    read_again,
    rule,
    statements,
    still_asked,
    to_other_account,
    told_apart,
    told_to,
    transfers,
    unnumbered,
)

from raccord.overview.records import MATCHED, list_records
from raccord.overview.sought import Fate, Wanted
from raccord.sync.mapping.vanished import DRAFT_VANISHED

SOME = [f"03-{day:02} -{day * 3}.{day:02} ACHAT {day}" for day in range(4, 10)]
SCENARIOS = {
    "pain 9: three equal coffees of one day are three": Scenario(
        [bank(COFFEE, COFFEE, COFFEE), categorise], ["Purchase 4.50 03-04"] * 3
    ),
    "pain 9: coffees of overlapping exports in any order are as many as the fullest says": Scenario(
        [
            bank(COFFEE, COFFEE),
            categorise,
            bank(COFFEE),
            bank(COFFEE, COFFEE, COFFEE),
            bank(COFFEE, COFFEE),
            categorise,
        ],
        ["Purchase 4.50 03-04"] * 3,
    ),
    "pain 9: an equal line of two statements that follow each other is two, in one run or in two": Scenario(
        [
            statements(("100.00", [COFFEE, "03-04 -9.00 TAXI"]), ("86.50", [COFFEE, "03-04 -7.00 LIVRE"])),
            still_asked(*[CATEGORY] * 4),
            statements(("75.00", [COFFEE, "03-05 -1.00 SEL"])),
            still_asked(*[CATEGORY] * 6),
            statements(("86.50", [COFFEE, "03-04 -7.00 LIVRE"]), newline="\n"),
            categorise,
            again(1),
        ],
        [
            *["Purchase 4.50 03-04"] * 3,
            *("Purchase 9.00 03-04", "Purchase 7.00 03-04", "Purchase 1.00 03-05"),
        ],
    ),
    "pain 9: of three statements of one day the middle one comes last: equal lines are three": Scenario(
        [
            statements(("100.00", [COFFEE, "03-04 -9.00 TAXI"])),
            categorise,
            statements(("75.00", [COFFEE, "03-04 -1.00 SEL"])),
            categorise,
            statements(("86.50", [COFFEE, "03-04 -7.00 LIVRE"])),
            still_asked(*[CATEGORY] * 3),
            categorise,
            statements(("75.00", [COFFEE, "03-04 -1.00 SEL"]), newline="\n"),
            statements(("69.50", [COFFEE, "03-04 -2.00 PAIN"])),
            categorise,
            again(1),
        ],
        [
            *["Purchase 4.50 03-04"] * 4,
            *(f"Purchase {amount} 03-04" for amount in ("9.00", "1.00", "7.00", "2.00")),
        ],
    ),
    "pain 9: an equal line of two statements whose balances do not go on is one": Scenario(
        [
            statements(("100.00", [COFFEE, "03-04 -9.00 TAXI"])),
            statements(("100.00", [COFFEE, "03-04 -9.00 TAXI", "03-04 -7.00 LIVRE"])),
            categorise,
        ],
        ["Purchase 4.50 03-04", "Purchase 9.00 03-04", "Purchase 7.00 03-04"],
    ),
    "pain 9: the day before and the day after overlap": Scenario(
        [
            bank("03-03 -9.00 TAXI #TAX100", "03-04 -9.00 TAXI #TAX200"),
            categorise,
            bank("03-04 -9.00 TAXI #TAX200", "03-05 -9.00 TAXI #TAX300"),
            categorise,
        ],
        ["Purchase 9.00 03-03", "Purchase 9.00 03-04", "Purchase 9.00 03-05"],
    ),
    "pain 9: a new line beside a known one is no line told anew": Scenario(
        [
            bank("03-04 -12.00 EAU #EAU001"),
            categorise,
            bank("03-04 -12.00 EAU #EAU001", "03-04 -12.00 EAU #EAU002"),
            categorise,
        ],
        ["Purchase 12.00 03-04"] * 2,
    ),
    "one account under two numbers: the later days are booked, the same and near days are asked about": Scenario(
        [
            bank("03-03 -11.00 GAZ", "03-04 -12.00 EAU", "03-04 -12.00 EAU", "03-09 -30.00 LOYER"),
            categorise,
            bank("03-20 -9.00 NEUF", account=RENUMBERED),
            categorise,
            bank(
                *("03-04 -11.00 GAZ", "03-04 -12.00 EAU", "03-04 -12.00 EAU", "03-04 -12.00 EAU", "03-09 -30.00 LOYER"),
                *("03-20 -9.00 NEUF", "03-21 -9.00 NEUF", "04-09 -30.00 LOYER"),
                account=RENUMBERED,
            ),
            categorise,
        ],
        [
            *("Purchase 11.00 03-03", "Purchase 12.00 03-04", "Purchase 12.00 03-04", "Purchase 30.00 03-09"),
            # A third equal line, a second one the day after and a month later are no line told twice.
            *("Purchase 9.00 03-20", "Purchase 12.00 03-04", "Purchase 9.00 03-21", "Purchase 30.00 04-09"),
        ],
        [DOUBLE] * 4,
    ),
    "one account under two numbers, both read before anything is booked": Scenario(
        [
            bank("03-31 -11.00 GAZ", "04-02 -4.50 CAFE", "04-02 -4.50 CAFE"),
            bank("04-01 -11.00 GAZ", "04-02 -4.50 CAFE", "04-02 -4.50 CAFE", "04-02 -4.50 CAFE", account=RENUMBERED),
            categorise,
            categorise,
        ],
        ["Purchase 11.00 03-31", *["Purchase 4.50 04-02"] * 3],
        [DOUBLE] * 3,
    ),
    "one account under two numbers, said to be the same before anything is booked": Scenario(
        [bank("03-04 -11.00 GAZ"), bank("03-05 -11.00 GAZ", account=RENUMBERED), SAME, categorise, again(1)],
        ["Purchase 11.00 03-04"],
    ),
    "one account without a number, named after another format's file of it was booked": Scenario(
        [
            unnumbered("03-03 -11.00 GAZ", "03-04 -12.00 EAU", "03-20 -9.00 NEUF"),
            bank("03-03 -11.00 GAZ", "03-05 -12.00 EAU"),
            categorise,
            told_apart,
            categorise,
        ],
        ["Purchase 11.00 03-03", "Purchase 12.00 03-05", "Purchase 9.00 03-20"],
        [DOUBLE] * 2,
    ),
    "one account without a number: its file waits until another format's is booked": Scenario(
        [
            *(unnumbered("03-03 -11.00 GAZ"), told_apart),
            unnumbered("04-03 -12.00 EAU", "04-20 -9.00 NEUF", name="april.csv"),
            *(bank("04-03 -12.00 EAU"), categorise, placed("account-1"), categorise),
        ],
        ["Purchase 11.00 03-03", "Purchase 12.00 04-03", "Purchase 9.00 04-20"],
        [DOUBLE],
    ),
    "one account without a number, called as another format's: its file waits until that is booked": Scenario(
        [
            *(unnumbered("03-03 -11.00 GAZ"), told_apart, named_alike),
            unnumbered("04-03 -12.00 EAU", "04-20 -9.00 NEUF", name="april.csv"),
            *(bank("04-03 -12.00 EAU"), categorise, placed("account-1"), categorise, SAME, again(1)),
        ],
        ["Purchase 11.00 03-03", "Purchase 12.00 04-03", "Purchase 9.00 04-20"],
    ),
    "one account with and without a number, as two of the books: asked before a line is twice": (
        Scenario(
            [
                *(unnumbered("03-03 -11.20 GAZ", "03-04 -12.75 EAU", "03-20 -9.10 NEUF"), told_to(1), categorise),
                bank("03-03 -11.20 GAZ", "03-04 -12.75 EAU", "03-20 -9.10 NEUF", "03-21 -6.30 PAIN"),
                categorise,
                nothing_beside("Purchase 6.30 03-21"),
                placed("same"),
                categorise,
            ],
            ["Purchase 11.20 03-03", "Purchase 12.75 03-04", "Purchase 9.10 03-20", "Purchase 6.30 03-21"],
        )
    ),
    "a second account of a live connection: what was said of the first one's file holds": Scenario(
        [
            dated_either_way("0001112223", "03-04 -5.00 GAZ", "03-05 -7.00 EAU"),
            asked_of_files("bankfeed.date_order"),
            placed("day-first"),
            told_to(0),
            categorise,
            dated_either_way("0009998887", "03-06 -5.00 GAZ", "03-07 -8.00 PAIN"),
            asked_of_files(),
            told_to(1),
            asked_of_files(),
            categorise,
        ],
        [f"Purchase {each}" for each in ("5.00 03-04", "7.00 03-05", "5.00 03-06", "8.00 03-07")],
    ),
    "a transfer that is posted, and its other side that comes eight days later: it is asked, and is one": Scenario(
        [
            bank("03-04 -700.00 VIREMENT"),
            to_other_account,
            bank("03-12 700.00 RECU", account=SAVINGS),
            still_asked(DOUBLE),
            again(1),
            still_asked(DOUBLE),
            SAME,
            again(1),
        ],
        ["Transfer 700.00 03-04"],
    ),
    "a transfer that is posted, and as much in the other account eight days later, said to be another": Scenario(
        [
            bank("03-04 -700.00 VIREMENT"),
            to_other_account,
            bank("03-12 700.00 RECU", account=SAVINGS),
            ANOTHER,
            still_asked(CATEGORY),
            categorise,
            again(1),
        ],
        ["Transfer 700.00 03-04", "Deposit 700.00 03-12"],
    ),
    "a transfer that is posted, and as much in the other account eleven days later: another": Scenario(
        [
            bank("03-04 -700.00 VIREMENT"),
            to_other_account,
            bank("03-15 700.00 RECU", account=SAVINGS),
            still_asked(CATEGORY),
            categorise,
        ],
        ["Transfer 700.00 03-04", "Deposit 700.00 03-15"],
    ),
    "a line said to be an earlier one that another format told too is not posted beside that one": Scenario(
        [
            numbered("03-04 -40.00 RESTO"),
            categorise,
            bank("03-02 -3.00 PAIN #P1", "03-04 -40.00 RESTO #R1", "03-06 -2.00 SEL #S1"),
            categorise,
            bank("03-02 -3.00 PAIN #P1", "03-05 -46.00 RESTO #R2", "03-06 -2.00 SEL #S1"),
            beside_the_file("replaces", "same"),
            categorise,
            beside_the_file("twin", "same"),
            categorise,
            again(1),
        ],
        ["Purchase 40.00 03-04", "Purchase 3.00 03-02", "Purchase 2.00 03-06"],
    ),
    "a line that two formats tell with its tip is in the books with it, where one's first was the other's": Scenario(
        [
            numbered("03-04 -40.00 RESTO"),
            categorise,
            bank("03-02 -3.00 PAIN #P1", "03-04 -40.00 RESTO #R1", "03-06 -2.00 SEL #S1"),
            categorise,
            bank("03-02 -3.00 PAIN #P1", "03-05 -46.00 RESTO #R2", "03-06 -2.00 SEL #S1"),
            *(beside_the_file("replaces", "same"), beside_the_file("twin", "same")),
            numbered("03-02 -3.00 PAIN", "03-05 -46.00 RESTO", "03-06 -2.00 SEL"),
            *(beside_the_file("replaces", "same"), again(1), read_again),
        ],
        ["Purchase 46.00 03-05", "Purchase 3.00 03-02", "Purchase 2.00 03-06"],
    ),
    "two formats of one account: what one goes on with after the other ends is new": Scenario(
        [
            numbered("03-03 -11.00 ESSENCE", *(f"03-0{day} -4.50 CAFE" for day in (2, 3, 4, 5))),
            categorise,
            bank("03-03 -11.00 ESSENCE", *(f"03-0{day} -4.50 CAFE" for day in (2, 3, 4, 5, 6, 7))),
            categorise,
        ],
        ["Purchase 11.00 03-03", *(f"Purchase 4.50 03-0{day}" for day in (2, 3, 4, 5, 6, 7))],
    ),
    "two formats of one account: said to be another beside its file, it is not asked about again": Scenario(
        [
            numbered("03-04 -20.00 ABONNEMENT", "03-09 -3.00 PAIN"),
            categorise,
            bank("03-02 -8.00 ENCRE", "03-05 -20.00 ABONNEMENT"),
            beside_the_file("twin", "separate"),
            categorise,
        ],
        ["Purchase 20.00 03-04", "Purchase 3.00 03-09", "Purchase 8.00 03-02", "Purchase 20.00 03-05"],
    ),
    "one account under two numbers, said to be others": Scenario(
        [bank("03-04 -11.00 GAZ"), bank("03-05 -11.00 GAZ", account=RENUMBERED), ANOTHER, categorise, categorise],
        ["Purchase 11.00 03-04", "Purchase 11.00 03-05"],
    ),
    "two cards paid as one: equal amounts are two purchases, unless the day and the words are equal too": Scenario(
        [
            of_card(CARDS[0], "03-04 -4.50 CAFE NORD", "03-06 -9.00 TAXI", "03-10 -30.00 HOTEL"),
            categorise,
            of_card(CARDS[1], "03-04 -4.50 CAFE SUD", "03-07 -9.00 TAXI", "03-10 -30.00 HOTEL"),
            categorise,
        ],
        [
            *("Purchase 4.50 03-04", "Purchase 4.50 03-04", "Purchase 9.00 03-06", "Purchase 9.00 03-07"),
            "Purchase 30.00 03-10",
        ],
        [DOUBLE],
    ),
    "a file sent again under another name": Scenario(
        [
            bank(COFFEE, "03-05 30.00 CLIENT", name="mars.ofx"),
            categorise,
            bank(COFFEE, "03-05 30.00 CLIENT", name="copie de mars.ofx"),
        ],
        ["Purchase 4.50 03-04", "Deposit 30.00 03-05"],
    ),
    "a description that the bank changed afterwards": Scenario(
        [bank("03-04 -15.00 PAIEMENT #TXT001"), categorise, bank("03-04 -15.00 LIBRAIRIE DU COIN #TXT001"), categorise],
        ["Purchase 15.00 03-04"],
    ),
    "pain 2: the same account by a file and by a feed": Scenario(
        [
            bank("03-04 -21.00 ESSENCE #ESS001"),
            categorise,
            bank("03-04 -21.00 ESSENCE SARL #F-9981", feed="direct"),
            categorise,
        ],
        ["Purchase 21.00 03-04"],
        [DOUBLE],
    ),
    "pain 2: what was left out of the file is asked about in the feed, and left out there too": Scenario(
        [
            *(bank("03-02 -3.00 SEL #SEL001"), categorise, rule),
            *(bank("03-04 -21.00 ESSENCE #ESS001", "03-08 -21.00 ESSENCE #ESS002"), left_out),
            bank("03-05 -21.00 EAU ET ESSENCE #F-9981", "03-12 -9.00 PAIN #F-9982", feed="direct"),
            asked_with("aside_elsewhere", by="Odile", on="2026-03-20", owner="bankfeed", why="not ours"),
            SAME,
            bank("03-07 -21.00 EAU ET ESSENCE #F-9983", feed="direct"),
            asked_with("aside_elsewhere", day="2026-03-08"),
            ANOTHER,
            again(1),
        ],
        ["Purchase 3.00 03-02", "Purchase 21.00 03-07"],
        [CATEGORY],
    ),
    "pain 2: an account that is connected twice, as two accounts of the books, comes by one connection": Scenario(
        [
            bank(*SOME),
            categorise,
            bank(*SOME, "03-20 -8.15 NOUVEAU", feed="direct", account=SAVINGS),
            categorise,
            placed("same", of="bankfeeddirect"),
            categorise,
            bank("03-22 -7.05 PLUS TARD", feed="direct", account=SAVINGS),
            still_asked(),
        ],
        [f"Purchase {each.split()[1][1:]} {each.split()[0]}" for each in SOME],
    ),
    "pain 2 T1: a settlement told by the processor and by the bank": Scenario(
        [processor("03-04 100.00"), bank("03-06 100.00 PROCESSEUR #PRO001"), SAME, again(2)],
        ["SalesReceipt 100.00 03-04", "Deposit 100.00 03-04"],
    ),
    "pain 2 T1: the bank's line was booked before the processor told of it": Scenario(
        [bank("03-04 100.00 PROCESSEUR #PRO001"), categorise, processor("03-04 100.00"), SAME, again(2)],
        ["SalesReceipt 100.00 03-04", "Deposit 100.00 03-04"],
    ),
    "pain 2 T1: three sources tell of one deposit": Scenario(
        [
            processor("03-04 100.00"),
            by_hand("Purchase 100.00 03-04"),
            bank("03-05 100.00 PROCESSEUR #PRO001"),
            bank("03-05 100.00 PROCESSEUR #F-7781", feed="direct"),
            SAME,
            again(1),
        ],
        ["SalesReceipt 100.00 03-04", "Deposit 100.00 03-04", "Purchase 100.00 03-04"],
    ),
    "pain 2: a transfer between own accounts told on both sides": Scenario(
        [
            by_hand("Transfer 500.00 03-04"),
            bank("03-04 -500.00 VIREMENT #VIR001"),
            bank("03-05 500.00 VIREMENT #VIR002", account=SAVINGS),
            SAME,
            again(1),
        ],
        ["Transfer 500.00 03-04"],
    ),
    "pain 2: a transfer whose sides lie eight days apart is proposed, and one answer settles both": Scenario(
        [
            bank("03-04 -500.00 VERS EPARGNE"),
            bank("03-12 500.00 DEPUIS CHEQUES", account=SAVINGS),
            as_transfer("amount", "only", "days_apart"),
        ],
        ["Transfer 500.00 03-04"],
    ),
    "pain 2: a transfer that rules call so from both sides, in one run": Scenario(
        [
            *(bank("02-01 -1.00 SEL"), categorise, transfers("VERS", 1), transfers("DEPUIS", 0)),
            bank_at_once((CHEQUING, ["03-04 -500.00 VERS EPARGNE"]), (SAVINGS, ["03-05 500.00 DEPUIS CHEQUES"])),
            again(1),
        ],
        ["Purchase 1.00 02-01", "Transfer 500.00 03-05"],
    ),
    "pain 2 T2: a twin made by hand within five days is asked about": Scenario(
        [by_hand("Deposit 60.00 03-09"), bank("03-04 60.00 CLIENT #CLI001"), categorise],
        ["Deposit 60.00 03-09"],
        [DOUBLE],
    ),
    "pain 2 T2: outside of five days it is another": Scenario(
        [by_hand("Deposit 60.00 03-10"), bank("03-04 60.00 CLIENT #CLI001"), categorise],
        ["Deposit 60.00 03-10", "Deposit 60.00 03-04"],
    ),
    "pain 2: a cheque entered by hand is asked about however late it is paid, and no other": Scenario(
        [
            *(cheque_by_hand("500.00", "02-01", "1234"), cheque_by_hand("500.00", "02-02", "1235")),
            cheques("03-19 -500.00 1235", "03-19 -500.00 1240"),
            still_asked(DOUBLE, CATEGORY),
            SAME,
            categorise,
        ],
        ["Purchase 500.00 02-01", "Purchase 500.00 02-02", "Purchase 500.00 03-19"],
    ),
    "said to be another it is booked": Scenario(
        [by_hand("Deposit 60.00 03-05"), bank("03-04 60.00 CLIENT #CLI001"), ANOTHER, categorise],
        ["Deposit 60.00 03-05", "Deposit 60.00 03-04"],
    ),
    "said not to be the first of two entered by hand, it is the second": Scenario(
        [by_hand("Purchase 4.50 03-03"), by_hand("Purchase 4.50 03-05"), bank(COFFEE), ANOTHER, again(1), SAME],
        ["Purchase 4.50 03-03", "Purchase 4.50 03-05"],
    ),
    "said to be neither of two entered by hand, it is booked beside them": Scenario(
        [by_hand("Purchase 4.50 03-03"), by_hand("Purchase 4.50 03-05"), bank(COFFEE), ANOTHER, ANOTHER, categorise],
        ["Purchase 4.50 03-03", "Purchase 4.50 03-04", "Purchase 4.50 03-05"],
    ),
    "a card that was paid down by hand is asked about, and said to be the line it is": Scenario(
        [by_hand("CreditCardPayment 500.00 03-04"), bank("03-05 -500.00 VISA #VISA01"), SAME, again(1)],
        ["CreditCardPayment 500.00 03-04"],
    ),
    "a refund is no twin of the purchase of the same amount": Scenario(
        [by_hand("Purchase 33.00 03-04"), bank("03-04 33.00 REMBOURSEMENT #REM001"), categorise],
        ["Purchase 33.00 03-04", "Deposit 33.00 03-04"],
    ),
    "two equal lines, one of them entered by hand": Scenario(
        [by_hand("Purchase 4.50 03-04"), bank(COFFEE, COFFEE), categorise, SAME],
        ["Purchase 4.50 03-04"] * 2,
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.every(3)
def test_pain_2_9_10_each_movement_is_in_the_books_once(house: House, name: str) -> None:
    live(house, SCENARIOS[name])


def test_pain_2_t1_a_settlement_of_chase_and_its_line_at_the_bank_are_one_deposit(house: House) -> None:
    chase()(house)
    before = house.booked()
    assert any(each.startswith("Deposit") for each in before)
    chase(bank_too=True)(house)
    assert {hold.code for hold in house.holds()} == {DOUBLE}
    SAME(house)
    assert (house.booked(), house.holds()) == (before, [])


def test_pain_9_t3_a_row_that_is_left_out_is_listed_with_the_twin_that_holds_it(house: House) -> None:
    by_hand("Purchase 12.30 03-03")(house)
    [twin] = house.workshop.client(house.company).query_all("Purchase", "TotalAmt = '12.30'")
    bank("03-04 -12.30 OUTILS #OUT001", "03-05 -8.00 VIS #VIS001")(house)
    SAME(house)
    with house.workshop.database.read() as session:
        [left_out] = list_records(session, Wanted(fate=Fate.LEFT_OUT, search="OUT001")).rows
        [waits] = list_records(session, Wanted(fate=Fate.REVIEW)).rows
    [document] = left_out.documents
    assert (document.kind, document.document_id, document.link_state) == ("Purchase", twin["Id"], MATCHED)
    assert (document.state, document.reason) == ("skipped", DOUBLE)
    assert waits.documents[0].document_id == ""


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_pain_2_what_was_left_out_elsewhere_is_asked_about_on_postgresql_too(house_of_either: House) -> None:
    live(
        house_of_either,
        Scenario(
            [
                *(bank("03-04 -21.00 ESSENCE #ESS001"), left_out),
                *(bank("03-05 -21.00 ESSENCE #F-9981", feed="direct"), still_asked(DOUBLE), SAME, again(1)),
            ]
        ),
    )


@pytest.mark.parametrize("word", ["same", "separate"])
def test_pain_9_a_purchase_that_a_table_told_with_its_tip_is_asked_about_as_what_its_statement_had_without(
    house: House, word: str
) -> None:
    beside = "03-03 -8.00 LIVRE", "03-10 -9.00 TAXI"
    steps = [
        bank(*beside, "03-04 -40.00 RESTO"),
        categorise,
        numbered(*beside, "03-05 -46.00 RESTO"),
        categorise,
        bank(*beside, "03-05 -46.00 RESTO"),
    ]
    for step in steps:
        step(house)
    first, with_tip = "Purchase 40.00 03-04", "Purchase 46.00 03-05"
    assert {first, with_tip} < house.booked().keys()
    assert house.problems() == ["bankfeed.perhaps_replaces"], "the table has it: it posts nothing, and yet it is asked"
    beside_the_file("replaces", word)(house)
    assert house.problems() == ([DRAFT_VANISHED] if word == "same" else [])
    if word == "same":
        only_undone("-40.00")(house)
        again(1)(house)
    assert (first in house.booked(), house.booked()[with_tip]) == (word == "separate", 1)
    assert (house.problems(), house.holds(), house.proved()) == ([], [], True)
