"""CSV, QIF and OFX: the charset of a text, and words of other letters."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.readers.guessed import guessed_charset
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, Read, statement_file

WRITTEN = {
    "cp1250": "PŁATNOŚĆ KARTĄ WROCŁAW, żabka",
    "iso8859-2": "Wpłata własna, źródło: Łódź",
    "cp852": "összevont utánvét, Wpłata własna, książka",
    "cp1251": "Оплата в магазине",
    "cp850": "Café à l'été, crème brûlée, Größe",
    "mac_roman": "Café à l'été, crème brûlée",
    "cp1252": "l’agence ÉLAN, À L’ŒUVRE n° 3, 3ª m², “Zürich” naïve…",
    "cp1253": "Πληρωμή λογαριασμού",
    "cp1254": "İşlem ücreti ödeme",
    "cp1255": "תשלום חשבון",
    "cp1256": "دفع الفاتورة",
    "cp1257": "Mokėtojo sąskaita, žemė",
    "koi8-r": "Оплата товаров",
    "cp866": "Оплата товаров и услуг",
    "cp874": "จำนวนเงิน",
    "cp932": "お支払 振込手数料",
    "euc_jp": "お支払 振込手数料",
    "gb18030": "转账手续费",
    "big5": "轉帳手續費",
    "cp949": "이체 수수료",
}


@pytest.mark.parametrize("charset", WRITTEN)
@pytest.mark.parametrize("head", ["Date,Payee,Amount\n2026-03-14,", "!Type:Bank\nD14/03/2026\nT-4.20\nP"])
def test_the_charset_is_the_one_under_which_a_text_is_of_words(head: str, charset: str) -> None:
    text = WRITTEN[charset].replace(",", "") if head[0] == "D" else WRITTEN[charset]
    end = ",-4.20\n" if head[0] == "D" else "\n^\n"
    (line,) = Read(f"{head}{text}{end}".encode(charset)).lines
    assert line.name == text


@pytest.mark.parametrize("charset", ["cp1252", "cp1250"])
def test_a_few_signs_beside_letters_leave_the_charset_as_it_is(charset: str) -> None:
    for text in ("l’agence", "“texte” – etc…", "Libellé\xa0: 12\xa0€", "Nº 3 1ª", "12 m²"):
        if charset == "cp1252" or "º" not in text:
            sample = text.encode(charset, "ignore")
            assert guessed_charset(sample) == "cp1252", text


@pytest.mark.parametrize(
    "text", ["ÖSTERREICH", "JOÃO", "Ægir Ólafsson kaup", "Þórður Íbúð", "Beløb Køb på", "Café Größe Müller señor", "N°"]
)
def test_few_letters_of_western_languages_are_of_no_other_charset(text: str) -> None:
    assert guessed_charset(text.encode("cp1252")) == "cp1252"


@pytest.mark.parametrize("sign", ["£4.20", "¥4", "À 4", "Ø 4", "°"])
def test_a_sign_that_stands_alone_is_no_japanese_letter(sign: str) -> None:
    assert guessed_charset(f'1,"{sign}"\n2,"{sign}"\n'.encode("cp1252")) == "cp1252"


@pytest.mark.parametrize("charset", ["cp1250", "cp1251", "cp1253", "cp932", "gb18030"])
def test_an_ofx_file_that_is_not_in_the_charset_it_declares_is_read_in_its_own(charset: str) -> None:
    name = "ČEZ příjem Žižkov šek" if charset == "cp1250" else WRITTEN[charset]
    content = statement_file(MadeAccount(), [MadeLine(day=date(2026, 3, 2), amount=Decimal(1), name=name)]).decode()
    assert "CHARSET:1252" in content
    (line,) = Read(content.encode(charset)).lines
    assert line.name == name


CYRILLIC = {
    "a bank of ukraine": (
        '"Дата i час операції","Деталі операції",MCC,"Сума в валюті картки (UAH)","Сума в валюті операції",Валюта\n'
        '"14.03.2026 10:11:12",Кафе,5411,-4.20,-0.10,EUR\n'
    ),
    "a status in russian": (
        '"Дата операции";"Статус";"Сумма операции";"Валюта операции";"Описание"\n'
        '"14.03.2026 16:44:00";"OK";"-4,20";"RUB";"Кафе"\n"14.03.2026 16:42:04";"FAILED";"-64,00";"RUB";"Кафе"\n'
    ),
    "vtb: spent in another currency, booked later, and one that is not booked": (
        "Номер карты/счета/договора;Дата операции;Дата обработки;Сумма операции;Валюта операции;"
        "Сумма пересчитанная в валюту счета;Валюта счета;Основание;Статус\n"
        "'462200******1111;2026-03-13 00:00:00;2026-03-14;-0,05;EUR;-4,20;RUB;Кафе;Исполнено\n"
        "'462200******1111;2026-03-16 10:48:55;;-600,00;RUB;-600,00;RUB;Кафе;В обработке\n"
    ),
    "t-bank: paid in the card's currency what was spent in another": (
        '"Дата операции";"Дата платежа";"Номер карты";"Статус";"Сумма операции";"Валюта операции";"Сумма платежа";'
        '"Валюта платежа";"Описание";"Сумма операции с округлением"\n'
        '"14.03.2026 16:44:00";"16.03.2026";"*1111";"OK";"-0,05";"EUR";"-4,20";"RUB";"Кафе";"4,20"\n'
    ),
    "a word for money out in greek": "Ημερομηνία;Περιγραφή;Ποσό;Χ/Π\n14/03/2026;Кафе;4,20;Χ\n",
}


@pytest.mark.parametrize("bank", CYRILLIC)
def test_names_and_words_of_other_letters_are_known(bank: str) -> None:
    (line,) = Read(CYRILLIC[bank].encode()).lines
    assert (line.day, str(line.amount), line.name) == (date(2026, 3, 14), "-4.20", "Кафе")


def test_amounts_without_signs_beside_two_unknown_words_are_asked_about() -> None:
    rows = "".join(f"2026-03-{day},X{day},4.20,{'Gik' if day % 2 else 'Gak'}\n" for day in range(13, 20))
    for mark, codes in (("", ["bankfeed.csv_columns"]), ("-", [])):
        read = Read(f"Date,Payee,Amount,Wohin\n{rows}".replace("4.20", f"{mark}4.20").encode())
        assert [event.code for event in read.events if isinstance(event, Question)] == codes


def test_rows_whose_amounts_stand_where_none_is_known_are_asked_about() -> None:
    rows = "".join(
        f'"Caisse","VISA 12","VISA","2026/03/{day}","1","CAFE","","","","","","4.20","",""\n' for day in (14, 15)
    )
    read = Read(rows.encode())
    assert [event.code for event in read.events if isinstance(event, Question)] == ["bankfeed.csv_columns"]


def test_names_of_columns_in_the_charset_of_central_europe_are_known() -> None:
    text = "Datum provedení;Datum zaúčtování;Číslo účtu;Název protiúčtu;Zaúčtovaná částka;Měna účtu\n"
    text += "14.03.2026;15.03.2026;123456789/0100;KAVÁRNA Č;-1,00;CZK\n"
    (line,) = Read(text.encode("cp1250")).lines
    assert (line.day, str(line.amount), line.currency, line.name) == (date(2026, 3, 15), "-1.00", "CZK", "KAVÁRNA Č")
