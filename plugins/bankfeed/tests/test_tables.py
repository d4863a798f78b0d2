"""CSV: the layouts of real banks, conventions, rows that are no transactions, saved columns."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from io import BytesIO
from operator import attrgetter
from pathlib import Path

import pytest
from pydantic import ValidationError

from raccord.plugin import BadRecord
from raccord.plugin.testing import FakeMapContext
from raccord_bankfeed import map_record
from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import AccountKind, Question
from raccord_bankfeed.readers.table import notes
from raccord_bankfeed.readers.told import Known
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, Read

BANKS = {bank["name"]: bank for bank in tomllib.loads((Path(__file__).parent / "banks.toml").read_text())["bank"]}


FURTHER = {
    bank["name"]: bank
    for bank in tomllib.loads((Path(__file__).parent / "further_banks.toml").read_text(encoding="utf-8"))["bank"]
}


def bank_file(bank: str) -> bytes:
    return BANKS[bank]["text"].encode()


@pytest.mark.parametrize("bank", BANKS)
@pytest.mark.parametrize("charset", ["utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.requirement("BF-09", "K11")
def test_the_layout_of_a_real_bank_is_known(bank: str, charset: str) -> None:
    text, wanted = BANKS[bank]["text"], [tuple(line) for line in BANKS[bank]["lines"]]
    if charset == "cp1252":
        text = text.replace("\u202f", "\u00a0")
    result = Read(text.replace("\n", "\r\n").encode(charset))
    assert [(line.day.isoformat(), str(line.amount), line.name) for line in result.lines if not line.pending] == wanted
    assert result.codes == []
    for named, told in (("currencies", "currency"), ("accounts", "account.masked")):
        if named in BANKS[bank]:
            assert sorted(set(map(attrgetter(told), result.lines))) == BANKS[bank][named]


@pytest.mark.parametrize("bank", FURTHER)
@pytest.mark.requirement("BF-09")
def test_the_layout_of_a_further_bank_is_known_and_nothing_is_asked(bank: str) -> None:
    result = Read(FURTHER[bank]["text"].replace("\n", "\r\n").encode())
    read = [[line.day.isoformat(), str(line.amount), line.name] for line in result.lines if not line.pending]
    assert read == FURTHER[bank]["lines"]
    assert result.codes == []
    assert not [event for event in result.events if isinstance(event, Question)]


def test_where_only_money_in_is_marked_the_rest_goes_out() -> None:
    rows = 'Pending,HOTEL,£67.40,\n12-Dec-2026,SHOP,"£1,183.23",\n02-Dec-2026,PAYMENT,"+ £1,100.00",CR\n'
    (shop, payment) = Read(("Date Processed,Description,Amount,\n" + rows).encode()).lines
    assert (str(shop.amount), str(payment.amount), shop.currency) == ("-1183.23", "1100.00", "GBP")


def test_what_a_card_paid_is_no_line_of_the_wallet_and_a_charge_comes_in_or_goes_out() -> None:
    venmo = next(name for name in BANKS if name.startswith("venmo"))
    (statement,) = Read(bank_file(venmo)).statements
    assert [note.reason for note in statement.notes if "Green Shop" in note.excerpt] == [notes.PAID_ELSEWHERE]
    signed = "Date,Type,Note,Amount\n2026-03-14,Payment,a,- $20.00\n2026-03-16,Charge,b,+ $30.00\n"
    (asked,) = [event for event in Read(signed.encode()).events if isinstance(event, Question)]
    assert asked.code == "bankfeed.signs_contradict", "each has its sign, and the words say the contrary"


def test_a_row_without_a_direction_is_refused_and_takes_no_sign_from_the_others() -> None:
    rows = "14.03.2026;CAFE;12,00;S\n15.03.2026;LOHN;112,00;H\n16.03.2026;KORREKTUR;5,00;\n"
    read = Read(f"Buchungstag;Verwendungszweck;Umsatz;\n{rows}".encode())
    assert [str(line.amount) for line in read.lines] == ["-12.00", "112.00"]
    assert read.codes == ["bankfeed.direction_unknown"]


def test_a_table_that_says_nothing_but_days_and_amounts_is_read() -> None:
    rows = "".join(f"2026-03-{day:02},-5.00,{200 - 5 * day}.00\n" for day in range(1, 31))
    lines = Read(f"Date,Amount,Balance\n{rows}".encode()).lines
    assert [(line.amount, line.name, line.memo) for line in lines] == 30 * [(Decimal("-5.00"), "", "")]


def test_letters_beside_digits_are_a_reference_unless_they_are_a_currency() -> None:
    rows = '20260314,X,Af,"4,20",Opm1\n20260315,Y,Bij,"50,00",Opm2\n'
    assert [str(line.amount) for line in Read(rows.encode()).lines] == ["-4.20", "50.00"]
    assert [line.currency for line in Read(rows.replace("4,20", "EUR 4,20").encode()).lines] == ["EUR", ""]


def test_of_two_columns_the_one_with_signs_is_the_amount_however_the_other_adds_up() -> None:
    content = "2026-03-14,123.12,,SALARY,432.12\n2026-03-15,-1234.00,,TRANSFER,0.00\n"
    assert [str(line.amount) for line in Read(content.encode()).lines] == ["123.12", "-1234.00"]
    unsigned = "2026-03-14,A,4.20,95.80\n2026-03-15,B,5.80,90.00\n"
    assert [str(line.amount) for line in Read(unsigned.encode()).lines] == ["-4.20", "-5.80"], "the balance falls"


def test_accounts_kinds_and_currencies_are_what_the_rows_say() -> None:
    desjardins = Read(bank_file("desjardins"))
    assert len({line.account.key for line in desjardins.lines}) == len(desjardins.statements) == 2
    rbc = Read(bank_file("rbc"))
    assert [(line.account.kind, line.currency) for line in rbc.lines] == [
        (AccountKind.BANK, "CAD"),
        (AccountKind.CARD, "USD"),
    ]
    assert [line.account.kind for line in Read(bank_file("amex")).lines] == [AccountKind.CARD] * 2
    assert [line.currency for line in Read(bank_file("credit agricole")).lines] == ["EUR", "EUR"]
    assert [line.memo for line in Read(bank_file("ocbc")).lines] == ["CAFE CENTRAL", "PAY"]
    assert [line.account.masked for line in Read(bank_file("ing")).lines] == ["…4567"] * 2


def known(*rows: str) -> bytes:
    return "\n".join(["Date,Description,Amount,Balance", *rows, ""]).encode()


def asked(content: bytes) -> list[str]:
    return [event.code for event in Read(content).events if isinstance(event, Question)]


HEADER, ROW = "Date,Description,Amount\n", "2026-03-13,A,-5.00\n"


@pytest.mark.parametrize(
    ("content", "wanted", "lines", "codes"),
    [
        (f"Account: 1111\n{HEADER}{ROW}\nAccount: 2222\n{HEADER}{ROW}", ["bankfeed.sections"], 2, []),
        (f"{HEADER}{ROW}\nSavings\n{HEADER}{ROW}", ["bankfeed.sections"], 2, []),
        (f"Account: 1111\n{HEADER}{ROW}\nAccount: 1111\nPage 2 of 3\n{HEADER}{ROW}", [], 2, []),
        (f"{HEADER}{ROW}{HEADER}{ROW}Total,,-10.00\n{HEADER}{ROW}", [], 3, []),
        (f"{HEADER}{ROW}\nDate,Description,Debit,Credit\n2026-03-14,B,7.00,\n", [], 1, ["bankfeed.second_table"]),
        (f"{HEADER}{ROW * 600}Date,Description,Debit,Credit\n{ROW * 600}", [], 600, ["bankfeed.second_table"]),
    ],
)
def test_a_header_in_the_middle_is_a_page_s_another_account_s_or_another_table_s(
    content: str, wanted: list[str], lines: int, codes: list[str]
) -> None:
    read = Read(content.encode())
    assert (asked(content.encode()), len(read.lines), read.codes) == (wanted, lines, codes)
    for question in (each for each in read.events if isinstance(each, Question)):
        said = Known({question.key: frozenset({"accept"})})
        again = list(reader_for(BytesIO(content.encode()), said).events(BytesIO(content.encode())))
        assert not any(isinstance(each, Question) for each in again)


def test_rows_that_are_no_transactions_are_shown_with_their_reason_and_not_read() -> None:
    content = (
        "Date,Description,Debit,Credit\n,Opening balance,,100.00\n2026-03-14,CAFE,4.20,\n2026-03-15,NOTHING,,\n"
        "Pending,HOTEL,50.00,\n,Total,4.20,0.00\n,Page 1 of 1,,\n"
    )
    result = Read(content.encode())
    (statement,) = result.statements
    assert (statement.lines, statement.left_out, result.codes) == (1, 5, [])
    assert [note.line for note in statement.notes] == [2, 4, 5, 6, 7]
    reasons = [note.reason.en for note in statement.notes]
    assert reasons[0] == reasons[3] == "It is a balance or a total, not a transaction."
    assert "pending" in reasons[2]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("2026-02-30,CAFE,-1.00,", "date_impossible"),
        ("soon,CAFE,-1.00,", "date_impossible"),
        (",CAFE,-1.00,", "date_missing"),
        ("2026-03-14,CAFE,much,", "amount_unreadable"),
        ("2026-03-14,CAFE,1.2.3,", "amount_unreadable"),
    ],
)
def test_a_bad_row_is_named_with_line_and_column_and_the_ones_beside_it_kept(row: str, code: str) -> None:
    result = Read(known("2026-03-13,A,-2.00,", row, "2026-03-15,B,-3.00,"))
    assert [line.amount for line in result.lines] == [-2, -3]
    assert [(bad.code, bad.line) for bad in result.unreadable] == [(f"bankfeed.{code}", 3)]
    assert ("[3]" if "amount" in code else "[1]") in result.unreadable[0].reason.fr


def test_a_row_with_two_amounts_is_named() -> None:
    result = Read(b"Date,Description,Debit,Credit\n2026-03-14,A,1.00,2.00\n2026-03-14,B,1.00,0.00\n")
    assert result.codes == ["bankfeed.two_amounts"]
    assert [line.amount for line in result.lines] == [-1]


def test_balances_are_followed_in_any_order_and_tell_opening_and_closing() -> None:
    rows = ["2026-03-14,A,-4.20,95.80", "2026-03-14,B,50.00,145.80", "2026-03-15,C,-5.80,140.00"]
    for order in (rows, rows[::-1], [rows[1], rows[0], rows[2]]):
        (statement,) = Read(known(*order)).statements
        assert statement.opening is not None
        assert statement.ledger is not None
        assert (str(statement.opening.amount), str(statement.ledger.amount)) == ("100.00", "140.00")
        assert asked(known(*order)) == []


@pytest.mark.requirement("BF-22")
def test_balances_that_do_not_follow_stop_the_file_until_a_person_accepts_it(feed: Feed) -> None:
    content = known("2026-03-14,A,-4.20,95.80", "2026-03-15,C,-45.80,120.00")
    assert asked(content) == ["bankfeed.statement_does_not_add_up"]
    lines, statements = feed.put(content).read(), feed.read("statements")
    assert lines.records == []
    (question,) = statements.records
    (said,) = question.raw["asks"]
    assert said["examples"] == ["3 · 2026-03-15 | C | -45.80 | 120.00"], "the row that does not follow"
    (reading,) = said["readings"]
    assert reading["shown"] == [
        {
            "fr": "le fichier donne le solde 120,00 ; d’après la ligne voisine, ce serait 50,00",
            "en": "the file gives the balance 120.00; by the row beside it, it would be 50.00",
        }
    ]
    feed.settings = BankFeedSettings(answers=f"{question.raw['question']} = accept")
    assert len(feed.read(cursor=lines.cursor).records) == 2
    assert asked(known("2026-03-14,A,-4.20,", "2026-03-15,C,-45.80,100.00")) == [], "not where a row has none"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (["03/04/2026,A,-4.20,"], "bankfeed.date_order"),
        (["04-03-2026,A,-4.20,"], "bankfeed.date_order"),
        (['2026-03-14,A,"1,234",'], "bankfeed.decimal_mark"),
        (["2026-03-14,A,1.234,"], "bankfeed.decimal_mark"),
        (["03/04/2026,A,-4.20,", "13/04/2026,A,-4.20,"], ""),
        (["04.03.2026,A,-4.20,"], ""),
        (['2026-03-14,A,"1,234",', "2026-03-14,A,5.50,"], ""),
    ],
)
def test_what_the_whole_file_leaves_open_is_asked_and_nothing_else(rows: list[str], code: str) -> None:
    assert asked(known(*rows)) == ([code] if code else [])


@pytest.mark.requirement("BF-09")
def test_columns_that_nothing_tells_are_asked_once_and_saved_for_every_file_of_the_layout(
    feed: Feed, mapping: FakeMapContext
) -> None:
    march = b"14/03/2026;A17;4,20;95,80;3\n15/03/2026;B18;5,00;90,80;3\n"
    april = b"14/04/2026;C19;1,00;89,80;4\n"
    unclear = b"14/03/2026;A17;4,20;95,80;1,00\n15/03/2026;B18;5,00;9,80;2,50\n"
    lines, statements = feed.put(unclear).read(), feed.read("statements")
    assert lines.records == []
    (question,) = statements.records
    with pytest.raises(BadRecord) as refused:
        map_record(mapping, question)
    assert refused.value.code == "bankfeed.csv_columns"
    assert "3: '4,20'" in refused.value.text.fr
    key = question.raw["layout"]
    columns = f"{key} = date:1 text:2 debit:3 balance:4 currency:EUR"
    feed.settings = BankFeedSettings(csv_columns=columns)
    feed.put(march, april)
    # The first file cannot be compared with: whose the others are is said once for files of such a name.
    whose = next(each for each in feed.read("statements").records if each.raw.get("code") == "bankfeed.which_account")
    feed.settings = BankFeedSettings(csv_columns=columns, answers=f"{whose.raw['layout']} = account-1")
    again = feed.read(cursor=lines.cursor).records
    assert [str(record.raw["amount"]) for record in again] == ["-4.20", "-5.00", "-1.00"], "balances of the first break"
    assert {record.raw["currency"] for record in again} == {"EUR"}
    assert getattr(map_record(FakeMapContext(settings=feed.settings, terms=mapping.terms), question), "code", "")


def test_words_beyond_the_latin_letters_and_balances_among_the_rows_are_known() -> None:
    """Alfa-Bank's columns, and Swedbank's, whose rows of balances have a day, an amount and a direction."""
    names = "Тип счёта;Номер счета;Валюта;Дата операции;Референс проводки;Описание операции;Приход;Расход;\n"
    rows = "С;1;RUB;31.05.26;A1;Перевод;33123,56;0;\nС;1;RUB;03.05.26;A2;Комиссия;0;50;\n"
    (pay, fee) = Read(f"{names}{rows}".encode()).lines
    assert (str(pay.amount), str(fee.amount), fee.name, fee.currency) == ("33123.56", "-50", "Комиссия", "RUB")
    content = (
        '"Sąskaitos Nr.","","Data","Gavėjas","Paaiškinimai","Suma","Valiuta","D/K"\n'
        '"LT1","10","2026-01-01","","Likutis pradžiai","2123.82","EUR","K"\n'
        '"LT1","20","2026-01-02","McDonald\'s","PIRKINYS","14.34","EUR","D"\n'
        '"LT1","82","2026-01-31","","Apyvarta","14.34","EUR","D"\n'
        '"LT1","86","2026-01-31","","Likutis pabaigai","2109.48","EUR","K"\n'
    )
    result = Read(content.encode())
    assert [(str(line.amount), line.name) for line in result.lines] == [("-14.34", "McDonald's")]
    assert [note.line for note in result.statements[0].notes] == [2, 4, 5], "each is shown with its reason"


def test_what_a_column_can_be_told_from_is_shown_and_two_columns_of_text_are_one(feed: Feed) -> None:
    feed.put(b"0417-88213;14/03/2026;CAFE OLIMPICO;REF 7;4,20\n0417-88213;15/03/2026;LOYER;REF 8;5,00\n")
    (question,) = feed.read("statements").records
    [asked] = question.raw["asks"]
    assert asked["chosen"] == ["", "date", "text", "text", ""], "nothing tells whether money went in or out"
    said = "account:1 date:2 text:3 text:4 debit:5"
    feed.settings = BankFeedSettings(csv_columns=f"{question.raw['question']} = {said}")
    first, second = feed.read().records
    assert [f"{each.raw['name']} {each.raw['memo']}".strip() for each in (first, second)] == [
        "CAFE OLIMPICO REF 7",
        "LOYER REF 8",
    ]
    assert str(first.raw["account"]).startswith("bank-8213")


def test_positive_amounts_alone_without_a_header_are_asked_because_they_may_be_either() -> None:
    assert asked(b"2026-03-14,CAFE,4.20\n2026-03-15,SHOP,5.00\n") == ["bankfeed.csv_columns"]
    assert [line.amount for line in Read(b"2026-03-14,CAFE,-4.20\n2026-03-15,PAY,5.00\n").lines] == [
        Decimal("-4.20"),
        5,
    ]


@pytest.mark.parametrize("columns", ["", "x", "csv-1", "csv-1 = date:1", "csv-1 = date:1 amount:x", "csv-1 = when:1"])
def test_columns_that_cannot_be_meant_are_refused(columns: str) -> None:
    if not columns:
        assert BankFeedSettings(csv_columns="").known() == Known()
        return
    with pytest.raises(ValidationError):
        BankFeedSettings(csv_columns=columns)


def test_all_that_a_file_leaves_open_is_one_question_whose_answers_stand_under_their_keys(
    feed: Feed, mapping: FakeMapContext
) -> None:
    rows = b'Date,Description,Debit,Credit\n03/04/2026,A,"1,234",\n05/04/2026,B,"-2,345",\n06/04/2026,C,,"3,456"\n'
    lines, (question,) = feed.put(rows).read(), feed.read("statements").records
    codes = ["bankfeed.date_order", "bankfeed.decimal_mark", "bankfeed.signs_contradict"]
    assert ([each["code"] for each in question.raw["asks"]], question.raw["code"]) == (codes, "bankfeed.file_questions")
    key, layout, signs = question.raw["question"], question.raw["layout"], question.raw["asks"][2]["key"]
    for said in (f"{layout} = day-first point", f"{layout} = day-first point accept", f"{signs} = accept"):
        feed.settings = BankFeedSettings(answers=said)
        with pytest.raises(BadRecord):
            map_record(FakeMapContext(settings=feed.settings, terms=mapping.terms), question)
    for under in (layout, key):
        feed.settings = BankFeedSettings(answers=f"{under} = day-first point\n{signs} = accept")
        again = feed.read(cursor=lines.cursor).records
        assert (again[0].day.isoformat(), again[0].raw["amount"]) == ("2026-04-03", "-1234")
        assert getattr(map_record(FakeMapContext(settings=feed.settings, terms=mapping.terms), question), "code", "")


@pytest.mark.parametrize(
    ("header", "row", "read"),
    [
        ("Transaction amount,Transaction currency,Billing amount,Billing currency", "50.00,USD,-68.10,CAD", "CAD"),
        ("Billing amount,Billing currency,Transaction amount,Transaction currency", "-68.10,CAD,50.00,USD", "CAD"),
        ("Amount,Currency,Amount in account currency,Account currency", "-50.00,USD,-68.10,CAD", "CAD"),
        ("Transaction amount,Currency,Billing amount,Currency", "50.00,USD,-68.10,CAD", "CAD"),
        ("Currency,Transaction amount,Currency,Billing amount", "USD,50.00,CAD,-68.10", "CAD"),
        ("Amount,Currency,Amount in account currency", "50.00,USD,-68.10", ""),
        ("Currency,Amount,Amount in account currency", "USD,50.00,-68.10", ""),
        ("Transaction currency,Transaction amount,Billing amount", "USD,50.00,-68.10", ""),
        ("Betrag,Währung,Betrag in Kontowährung,Kontowährung", "50.00,USD,-68.10,CAD", "CAD"),
        ("Kwota operacji,Waluta,Kwota w walucie rachunku,Waluta rachunku", "50.00,USD,-68.10,CAD", "CAD"),
        ("Amount,Currency,Balance", "-68.10,CAD,10.00", "CAD"),
        ("Billing amount,Currency", "-68.10,CAD", "CAD"),
    ],
)
def test_the_amount_in_the_currency_of_the_account_counts_with_the_currency_beside_it(
    header: str, row: str, read: str
) -> None:
    result = Read(f"Date,Description,{header}\n2026-03-14,HOTEL NYC,{row}\n2026-03-15,CAFE,{row}\n".encode())
    assert [(str(line.amount), line.currency) for line in result.lines] == [("-68.10", read)] * 2


ROWS = "2026-03-14,HOTEL NYC,-50.00,{}\n2026-03-15,CAFE,-4.20,{}\n"


NAMES = "Date,Description,Amount,Balance\n"


@pytest.mark.parametrize(
    ("content", "pending"),
    [
        ("Pending Transactions\n" + NAMES + ROWS.format("", ""), 2),
        ("Pending Transactions\n" + NAMES + ROWS.format("", "") + "\nPosted Transactions\n" + NAMES
         + ROWS.format("54.20", "50.00"), 2),
        ("Posted Transactions\n" + NAMES + ROWS.format("54.20", "50.00") + "\nPending Transactions\n" + NAMES
         + ROWS.format("", ""), 2),
        ("Opérations à venir\n" + NAMES + ROWS.format("", "") + "Opérations comptabilisées\n"
         + ROWS.format("54.20", "50.00"), 2),
        ("Vorgemerkte Umsätze (2)\n\n" + NAMES + ROWS.format("", ""), 2),
        ("Pending Transactions\n" + NAMES + ROWS.format("", "") + "Page 2\n" + NAMES + ROWS.format("", ""), 4),
        ("Pending Transactions\n" + NAMES + ROWS.format("", "") + "\nYour transactions\n" + NAMES
         + ROWS.format("54.20", "50.00"), 2),
        ("Transactions\n" + NAMES + ROWS.format("", ""), 0),
        ("Pending transactions are not in this list\n" + NAMES + ROWS.format("", ""), 0),
        ("Posted and pending transactions\n" + NAMES + ROWS.format("", ""), 0),
        ("Pending,No\n" + NAMES + ROWS.format("", ""), 0),
    ],
)  # fmt: skip
def test_the_rows_below_a_title_that_says_so_are_pending(content: str, pending: int) -> None:
    result = Read(content.encode())
    assert sum(line.pending for line in result.lines) == pending
    assert len(result.lines) == content.count("2026-")
    shown = [event.code for event in result.events if isinstance(event, Question)]
    asked = ["bankfeed.sections"] if "Your transactions" in content else []
    assert shown == asked, "what is pending has no balance, and needs none"
    assert {line.pending for line in result.lines if line.fields["Balance"]} <= {False}


def test_many_rows_below_a_title_are_pending_too() -> None:
    rows = "".join(f"2026-03-{1 + n % 28:02},SHOP {n},-{n}.20\n" for n in range(1, 700))
    names = "Date,Description,Amount\n"
    result = Read(f"Pending Transactions\n{names}{rows}\nPosted Transactions\n{names}{rows}".encode())
    assert [sum(line.pending for line in result.lines), len(result.lines)] == [699, 2 * 699]


def test_apple_card_lines_have_the_day_on_which_they_were_cleared() -> None:
    """As those of other cards have the day of posting, however the columns stand."""
    heads, cells = ["Transaction Date", "Clearing Date"], ["03/14/2026", "03/16/2026"]
    for names, days in ((heads, cells), (heads[::-1], cells[::-1])):
        (line,) = Read(
            f"{','.join(names)},Description,Merchant,Category,Type,Amount (USD),Purchased By\n"
            f"{','.join(days)},CAFE 12,Cafe,Restaurants,Purchase,3.00,Ana\n".encode()
        ).lines
        assert (line.day, line.amount) == (date(2026, 3, 16), Decimal("-3.00"))


@pytest.mark.parametrize(
    ("column", "currency"), [("DEB FPI", ""), ("DEB DEB", ""), ("EUR EUR", "EUR"), ("LKR LKR", "LKR")]
)
def test_three_capitals_in_a_column_without_a_name_are_a_currency_only_if_there_is_one(
    column: str, currency: str
) -> None:
    one, other = column.split()
    lines = Read(f"1/5/2026,COFFEE,-4.20,{one}\n1/13/2026,PAY,100.00,{other}\n".encode()).lines
    assert [line.currency for line in lines] == [currency, currency]


@pytest.mark.parametrize("row", ["2026-03-14;CAFE;{}4,20;-", "2026-03-14;CAFE;{}4,20;–"])
def test_a_dash_for_nothing_says_no_direction(row: str) -> None:
    """Alone in a column that nobody knows it may be a minus as well, where no amount has one: a person is asked."""
    head = "Datum;Text;Belopp;Resultat\n"
    signed = Read((head + row.format("-") + "\n" + row.format("").replace("14", "15") + "\n").encode())
    assert [str(line.amount) for line in signed.lines] == ["-4.20", "4.20"]
    assert [event for event in signed.events if isinstance(event, Question)] == []
    bare = Read((head + row.format("") + "\n").encode())
    assert [event.code for event in bare.events if isinstance(event, Question)] == ["bankfeed.csv_columns"]


def test_numbers_that_do_not_go_on_with_the_amounts_are_no_balance_unless_their_header_says_so() -> None:
    def table(header: str, *rows: str) -> bytes:
        return "".join(f"{row}\n" for row in (header, *rows)).encode()

    amounts = ["-18,40", "-4,75", "124,50", "-96,58", "-21,33"]
    rows = [f"{day:02}/03/2026;SHOP {day};{amount};" for day, amount in enumerate(amounts, 14)]
    beside = ["1,00", "8,13", "15,26", "22,39", "29,52"]
    counted = table("Quand;Quoi;Mvt;Nbr", *map(str.__add__, rows, beside))
    result = Read(counted)
    assert (asked(counted), [str(line.amount) for line in result.lines]) == ([], [a.replace(",", ".") for a in amounts])
    assert all(statement.ledger is None for statement in result.statements)
    # What is called a balance is held to it, and so is what goes on but for one row.
    for header, sums in (
        ("Date;Libellé;Montant;Solde", beside),
        ("Quand;Quoi;Mvt;Nbr", ["81,60", "76,85", "201,35", "104,77", "93,44"]),
    ):
        assert asked(table(header, *map(str.__add__, rows, sums))) == ["bankfeed.statement_does_not_add_up"]
    # Nor do they tell which of two columns without signs is money out.
    pairs = [f"{day:02}/03/2026;SHOP {day};4,10;;{number}" for day, number in enumerate(beside, 14)]
    pairs[1] = "15/03/2026;CLIENT;;7,25;8,25"
    assert asked(table("Quand;Quoi;Un;Deux;Nbr", *pairs)) == ["bankfeed.csv_columns"]
