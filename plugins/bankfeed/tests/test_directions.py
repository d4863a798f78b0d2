"""Where the money of a row goes, where its amount has no sign: by the words beside it, or asked."""

from __future__ import annotations

import pytest

from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.twins.bank import Read

ROWS = "2026-03-15,CAFE,{kind}{out},4.20\n2026-03-16,PAY,{kind}{into},50.00\n"


def codes_asked(content: str) -> list[str]:
    return [event.code for event in Read(content.encode()).events if isinstance(event, Question)]


@pytest.mark.parametrize("name", ["Movement", "Flow", "Transaction Type", "D/C"])
@pytest.mark.parametrize(
    ("out", "into"), [("OUT", "IN"), ("Money out", "Money in"), ("Withdrawal", "Deposit"), ("-", "+")]
)
def test_words_under_any_name_tell_where_unsigned_amounts_go(name: str, out: str, into: str) -> None:
    read = Read(f"Date,Description,{name},Amount\n{ROWS.format(kind='', out=out, into=into)}".encode())
    assert [str(line.amount) for line in read.lines] == ["-4.20", "50.00"]


def test_a_kind_that_tells_no_direction_stands_back_for_a_column_that_does() -> None:
    content = f"Date,Description,Type,Movement,Amount\n{ROWS.format(kind='Card,', out='OUT', into='IN')}"
    assert [str(line.amount) for line in Read(content.encode()).lines] == ["-4.20", "50.00"]
    assert codes_asked(content) == []


def test_unsigned_amounts_whose_kind_speaks_of_money_out_are_asked_about() -> None:
    rows = ROWS.format(kind="", out="Card purchase", into="Direct deposit")
    assert codes_asked(f"Date,Description,Type,Amount\n{rows}") == ["bankfeed.csv_columns"]


def test_two_columns_without_names_of_which_one_is_negative_are_asked_about_unless_a_balance_tells() -> None:
    card = "05 Mar 2026,SHOP,Groceries,,12.50\n06 Mar 2026,PAYMENT THANK YOU,Payment,-100.00,\n"
    assert codes_asked(card) == ["bankfeed.csv_columns"], "a card of Barclays writes payments with a minus"
    bank = "05 Mar 2026,SHOP,-12.50,,87.50\n06 Mar 2026,PAY,,100.00,187.50\n"
    assert codes_asked(bank) == []
    assert [str(line.amount) for line in Read(bank.encode()).lines] == ["-12.50", "100.00"]


def test_a_fee_is_taken_off_or_in_the_amount_as_the_balances_follow_else_asked() -> None:
    head, rows = "Date,Description,Amount,Fee,Balance\n", "2026-03-15,PAY,50.00,0,{}\n2026-03-16,CAFE,-4.20,0.10,{}\n"
    on_top, inside = (head + rows.format(*balances) for balances in (("150.00", "145.70"), ("150.00", "145.80")))
    assert [str(line.amount) for line in Read(on_top.encode()).lines] == ["50.00", "-4.30"]
    assert [str(line.amount) for line in Read(inside.encode()).lines] == ["50.00", "-4.20"]
    assert codes_asked(on_top) == codes_asked(inside) == []
    alone = "".join(line.rpartition(",")[0] + "\n" for line in on_top.splitlines())
    assert codes_asked(alone) == ["bankfeed.csv_columns"]
    assert codes_asked(alone.replace("0.10", "0.00")) == []


@pytest.mark.parametrize(("mark", "meant"), [("CR", ["-12.50", "100.00"]), ("Dr.", ["12.50", "-100.00"])])
def test_a_column_of_one_mark_says_the_other_where_it_is_empty(mark: str, meant: list[str]) -> None:
    rows = f"15/03/2026,12345678,SHOP,12.50,\n16/03/2026,12345679,PAYMENT,100.00,{mark}\n"
    content = f"Date,Reference,Description,Amount,\n{rows}"
    assert [str(line.amount) for line in Read(content.encode()).lines] == meant


def test_columns_in_more_languages_are_known() -> None:
    for head, currency in (
        ("交易时间,摘要,支出金额(元),收入金额(元),余额", "CNY"),
        ("取引日,摘要,お支払金額(円),お預り金額(円),残高", "JPY"),
        ("거래일자,적요,출금액(원),입금액(원),잔액", "KRW"),
        ("תאריך,תיאור,חובה,זכות,יתרה", ""),
        ("التاريخ,الوصف,مدين,دائن,الرصيد", ""),
        ("Tarih,Açıklama,Borç,Alacak,Bakiye", ""),
    ):
        content = f"{head}\n2026-03-15,X,4.20,,95.80\n2026-03-16,Y,,50.00,145.80\n"
        lines = Read(content.encode()).lines
        assert [(str(line.amount), line.name, line.currency) for line in lines] == [
            ("-4.20", "X", currency),
            ("50.00", "Y", currency),
        ], head
        assert codes_asked(content) == []


def test_of_several_columns_beside_money_in_and_out_the_balance_is_the_one_that_follows() -> None:
    row = "{day},PAYEE,{out},{into},EUR,{out},{into},1.00,{held}\n"
    content = "".join(
        row.format(day=f"{day}.03.2026", out=out, into=into, held=held)
        for day, out, into, held in (
            (15, "840.12", "0.00", "50.00"),
            (14, "500.00", "0.00", "890.12"),
            (13, "0.00", "40.00", "1390.12"),
        )
    )
    assert codes_asked(content) == ["bankfeed.csv_columns"], "what moves money stands there twice"
    head = "Datum der Transaktion,Referenz,Rechnungsbetrag ausgehend,Rechnungsbetrag eingehend,Währung der Karte,"
    head += "Zahlungsbetrag ausgehend,Zahlungsbetrag eingehend,Wechselkurs,Verfügbares Guthaben\n"
    read = Read((head + content).encode())
    assert [str(line.amount) for line in read.lines] == ["-840.12", "-500.00", "40.00"]
    assert codes_asked(head + content) == []


def test_the_sign_of_yen_and_yuan_is_no_currency() -> None:
    (line,) = Read("Date,Description,Amount\n2026-03-15,CAFE,-¥420\n".encode()).lines
    assert line.currency == ""


@pytest.mark.parametrize("row", ["CLOSE,20260317,,95.80,CLOSE BALANCE,,0,0", "OPEN,20260314,,100.00,OPEN BALANCE,,0,0"])
def test_a_dated_row_that_says_nothing_but_a_balance_is_no_transaction_without_a_header_either(row: str) -> None:
    rows = "HIST,20260315,,-4.20,CAFE,,0,0\nHIST,20260316,,50.00,PAY,,0,0\n"
    read = Read(f"{rows}{row}\n".encode())
    assert [str(line.amount) for line in read.lines] == ["-4.20", "50.00"]
    assert [statement.left_out for statement in read.statements] == [1]


def test_a_balance_brought_forward_is_no_transaction() -> None:
    rows = "01/08/2026,Balance B/F,0,0,80000.00\n14/08/2026,Fee,150.00,0,79850.00\n"
    read = Read(f"Transaction Date,Details,Withdrawal,Deposit,Balance\n{rows}".encode())
    assert [line.name for line in read.lines] == ["Fee"]


def test_payments_of_either_direction_contradict_no_sign() -> None:
    rows = "2026-03-15,Payment,Lunch,- $4.20\n2026-03-16,Payment,Rent,+ $50.00\n"
    assert codes_asked(f"Date,Type,Note,Amount\n{rows}") == []
