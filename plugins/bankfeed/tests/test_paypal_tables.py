"""CSV: the activity of PayPal."""

from __future__ import annotations

from datetime import date

import pytest

from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.twins.bank import Read

PAYPAL = "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,Transaction ID,Reference Txn ID,Balance Impact\n"


@pytest.mark.requirement("BF-01")
def test_of_paypal_only_what_moves_the_balance_is_read_by_currency() -> None:
    rows = (
        "03/14/2026,10:00:00,PST,Ann,Website Payment,Completed,USD,100.00,-3.20,96.80,T1,,Credit",
        "03/14/2026,10:01:00,PST,Bob,Express Checkout Payment,Completed,EUR,-50.00,0.00,-50.00,T2,,Debit",
        "03/14/2026,10:01:00,PST,,General Currency Conversion,Completed,USD,-55.00,0.00,-55.00,T3,T2,Debit",
        "03/14/2026,10:01:00,PST,,General Currency Conversion,Completed,EUR,50.00,0.00,50.00,T4,T2,Credit",
        "03/15/2026,10:01:00,PST,Eve,Account Hold for Open Authorization,Completed,USD,-9.00,0.00,-9.00,T5,,Debit",
        "03/15/2026,10:01:00,PST,Eve,Website Payment,Pending,USD,7.00,0.00,7.00,T6,,Memo",
        "03/15/2026,10:01:00,PST,Eve,Website Payment,Pending,USD,8.00,0.00,8.00,T7,,Credit",
        "03/15/2026,10:01:00,PST,Eve,Website Payment,Denied,USD,9.00,0.00,9.00,T8,,Credit",
        "03/15/2026,10:01:00,PST,Eve,Website Payment,Completed,USD,10.00,-1.00,9.50,T9,,Credit",
    )
    result = Read((PAYPAL + "\n".join(rows) + "\n").encode())
    booked = [(line.account.key, str(line.amount), line.native) for line in result.lines if not line.pending]
    assert booked == [
        ("paypal-usd", "100.00", "T1"),
        ("paypal-usd", "-3.20", "T1.fee"),
        ("paypal-eur", "-50.00", "T2"),
        ("paypal-usd", "-55.00", "T3"),
        ("paypal-eur", "50.00", "T4"),
    ]
    assert [line.native for line in result.lines if line.pending] == ["T7"]
    assert result.codes == ["bankfeed.fee_differs"]
    assert sum(statement.left_out for statement in result.statements) == 3
    assert "fee 3.20" in result.lines[0].memo


ABROAD = {
    "german, statement": (
        '"Datum","Uhrzeit","Zeitzone","Beschreibung","Währung","Brutto","Entgelt","Netto","Guthaben","Transaktionscode"',
        '"15.08.2026","10:11:12","Europe/Berlin","Zahlung","EUR","1.100,00","-2,84","1.097,16","1.097,16","T1"',
    ),
    "german": (
        '"Datum","Uhrzeit","Zeitzone","Name","Typ","Status","Währung","Brutto","Entgelt","Netto","Transaktionscode"',
        '"15.08.2026","10:11:12","CEST","Ann","Zahlung","Abgeschlossen","EUR","1.100,00","-2,84","1.097,16","T1"',
    ),
    "polish": (
        '"Data","Godzina","Strefa czasowa","Opis","Waluta","Brutto","Opłata","Netto","Saldo","Numer transakcji"',
        '"15.08.2026","10:11:12","CEST","Płatność","EUR","1 100,00","-2,84","1 097,16","1 097,16","T1"',
    ),
    "italian": (
        '"Data","Orario","Fuso orario","Nome","Tipo","Stato","Valuta","Lordo","Tariffa","Netto","Codice transazione"',
        '"15/08/2026","10:11:12","CEST","Ann","Pagamento","Completata","EUR","1.100,00","-2,84","1.097,16","T1"',
    ),
    "portuguese": (
        '"Data","Hora","Fuso horário","Nome","Tipo","Status","Moeda","Bruto","Tarifa","Líquido","ID da transação"',
        '"15/08/2026","10:11:12","BRT","Ann","Pagamento","Concluído","EUR","1.100,00","-2,84","1.097,16","T1"',
    ),
    "swedish": (
        '"Datum","Tid","Tidszon","Namn","Typ","Status","Valuta","Brutto","Avgift","Netto","Transaktions-id"',
        '"2026-08-15","10:11:12","CEST","Ann","Betalning","Slutförd","EUR","1 100,00","-2,84","1 097,16","T1"',
    ),
}


@pytest.mark.parametrize("language", ABROAD)
@pytest.mark.requirement("BF-01")
def test_of_paypal_a_fee_is_read_in_languages_in_which_its_name_is_not_known(language: str) -> None:
    read = Read("\n".join((*ABROAD[language], "")).encode())
    assert [(line.account.key, str(line.amount), line.native) for line in read.lines] == [
        ("paypal-eur", "1100.00", "T1"),
        ("paypal-eur", "-2.84", "T1.fee"),
    ]
    assert read.codes == []


STATEMENT = (
    "Date,Time,Time zone,Description,Currency,Gross,Fee,Net,Balance,Transaction ID,From Email Address,Name,"
    "Bank Name,Bank account,Postage and Packaging Amount,VAT,Invoice ID,Reference Txn ID\n"
)


HELD = (
    *("Reserve Hold", "Reserve Release", "Payment Review Hold", "Payment Review Release", "Tax Hold", "Tax Release"),
    *("Hold on Available Balance", "Reversal of General Account Hold", "Blocage de réserve", "Déblocage de réserve"),
    *("Funds Not Yet Available", "Funds Available"),
)


def test_of_paypal_an_amount_of_postage_and_a_payment_sent_leave_nothing_open() -> None:
    header = "Date, Time, Time Zone, Name, Type, Status, Currency, Gross, Fee, Net, Transaction ID, Insurance Amount"
    row = '"6/14/2026","10:46:49","PDT","Jane","Recurring Payment Sent","Completed","USD","-20","0","-20","X1",""'
    read = Read(f"{header}\n{row}\n".encode())
    assert [str(line.amount) for line in read.lines] == ["-20"]
    assert [event for event in read.events if isinstance(event, Question)] == []


def test_of_paypal_a_balance_that_counts_what_the_bank_is_about_to_pay_follows() -> None:
    header = "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,Transaction ID,Balance"
    rows = (
        '"10/14/2026","03:46:20","PDT","Radio","Payment","Completed","USD","-6.99","0.00","-6.99","A","-6.99"',
        '"10/14/2026","03:46:20","PDT","","Bank Deposit to PP Account","Pending","USD","6.99","0.00","6.99","B","0.00"',
        '"10/22/2026","05:07:06","PDT","Ann","Payment","Completed","USD","10.00","-0.59","9.41","C","9.41"',
    )
    read = Read("\n".join((header, *rows, "")).encode())
    assert [(str(line.amount), line.pending) for line in read.lines if line.type != "FEE"] == [
        ("-6.99", False),
        ("6.99", True),
        ("10.00", False),
    ]
    assert [event for event in read.events if isinstance(event, Question)] == []


def test_of_paypal_neither_what_is_held_nor_its_release_is_a_line_in_lists_and_in_statements() -> None:
    held = [(kind, number, "-" if number % 2 == 0 else "") for number, kind in enumerate(HELD)]
    listed = "".join(
        f"03/14/2026,10:00:00,PST,Ann,{kind},Completed,CAD,{sign}5.00,0.00,{sign}5.00,T{number},,Credit\n"
        for kind, number, sign in held
    )
    stated = "".join(
        f"03/14/2026,10:00:00,PST,{kind},CAD,{sign}5.00,0.00,{sign}5.00,5.00,T{number},,Ann,,,0.00,0.00,,\n"
        for kind, number, sign in held
    )
    paid = "03/14/2026,10:00:00,PST,Express Checkout Payment,CAD,9.00,-1.00,8.00,13.00,T99,,Ann,,,0.00,0.00,,\n"
    for text, ids in ((PAYPAL + listed, []), (STATEMENT + stated + paid, ["T99", "T99.fee"])):
        result = Read(text.encode())
        assert [line.native for line in result.lines] == ids
        assert sum(statement.left_out for statement in result.statements) == len(HELD)


def test_paypal_in_other_languages_reads_the_same() -> None:
    german = (
        '"Datum","Uhrzeit","Zeitzone","Name","Typ","Status","Währung","Brutto","Gebühr","Netto","Transaktionscode"\n'
        '"14.03.2026","10:00:00","CET","Ann","Zahlung","Abgeschlossen","EUR","1.100,00","-3,20","1.096,80","T1"\n'
    )
    french = (
        '"Date","Heure","Fuseau horaire","Nom","Type","État","Devise","Avant commission","Commission","Net",'
        '"Numéro de transaction"\n'
        '"14/03/2026","10:00:00","CET","Ann","Paiement","Terminé","EUR","1\u00a0100,00","-3,20","1\u00a0096,80","T1"\n'
    )
    for text in (german, french):
        lines = [(line.day, str(line.amount), line.native, line.account.key) for line in Read(text.encode()).lines]
        assert lines == [
            (date(2026, 3, 14), "1100.00", "T1", "paypal-eur"),
            (date(2026, 3, 14), "-3.20", "T1.fee", "paypal-eur"),
        ]
