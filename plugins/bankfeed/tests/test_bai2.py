"""BAI2: records and their continuations, funds types, currencies, directions, control totals, damage."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bai2 import bai2_chunks
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, Read

ACCOUNT = MadeAccount(number="0123456789", currency="CAD")
DAY = date(2026, 3, 14)


def made(amount: str, **more) -> MadeLine:
    return MadeLine(day=DAY, amount=Decimal(amount), **{"name": "ACME", "memo": "Invoice 17"} | more)


def bai2(*lines: MadeLine, account: MadeAccount = ACCOUNT, **more) -> bytes:
    return b"".join(bai2_chunks(account, lines, **more))


def one(*details: str, group: str = "02,C,B,1,260314,,CAD,2/", account: str = "03,123456,,/") -> bytes:
    return "\n".join(["01,B,C,260314,0900,1,,,2/", group, account, *details, "49,,9/", "98,,1,/", "99,,1,/"]).encode()


def asks(content: bytes) -> bool:
    return any(isinstance(event, Question) for event in Read(content).events)


@pytest.mark.parametrize(
    "funds",
    [
        ",",
        "Z,",
        "0,",
        "1,",
        "2,",
        "V,260314,,",
        "V,260314,0900,",
        "S,100,200,300,",
        "D,2,0,100,1,200,",
        "D,0,",
    ],
)
def test_references_and_text_stand_after_the_fields_of_every_funds_type(funds: str) -> None:
    content = one(f"16,475,1230,{funds}BANK-1,104,CHEQUE, PAID / ON TIME/")
    (line,) = Read(content).lines
    assert (line.amount, line.native, line.check_number) == (Decimal("-12.30"), "BANK-1", "104")
    assert line.memo == "CHEQUE, PAID / ON TIME"


@pytest.mark.parametrize(
    ("group", "account", "currency", "amount"),
    [
        ("CAD", "", "CAD", "12.30"),
        ("CAD", "GBP", "GBP", "12.30"),
        ("", "", "USD", "12.30"),
        ("JPY", "", "JPY", "1230"),
        ("USD", "KWD", "KWD", "1.230"),
    ],
)
def test_the_decimals_are_those_of_the_currency_of_account_or_group(
    group: str, account: str, currency: str, amount: str
) -> None:
    content = one("16,195,1230,,,,X/", group=f"02,C,B,1,260314,,{group},2/", account=f"03,123456,{account},/")
    (line,) = Read(content).lines
    assert (line.currency, str(line.amount)) == (currency, amount)


@pytest.mark.parametrize(
    ("type_", "amount", "code"),
    [
        *(("100", "1", ""), ("399", "1", ""), ("400", "-1", ""), ("699", "-1", "")),
        *((other, "", "direction_unknown") for other in ("720", "890", "9")),
    ],
)
def test_the_type_code_says_the_direction(type_: str, amount: str, code: str) -> None:
    result = Read(one(f"16,{type_},100,,,,X/", "16,195,200,,,,Y/"))
    assert [str(line.amount) for line in result.lines] == ([f"{amount}.00"] if amount else []) + ["2.00"]
    assert [each for each in result.codes if "direction" in each] == ([f"bankfeed.{code}"] if code else [])


@pytest.mark.parametrize(
    ("row", "code"),
    [("16,195,,,,,X/", "amount_missing"), ("16,195,12.3,,,,X/", "amount_unreadable"), ("16,195/", "amount_missing")],
)
def test_a_bad_detail_is_named_and_the_one_beside_it_kept(row: str, code: str) -> None:
    result = Read(one(row, "16,195,200,,,,Y/"))
    assert [line.amount for line in result.lines] == [2]
    assert next((bad.code, bad.line) for bad in result.unreadable) == (f"bankfeed.{code}", 4)


@pytest.mark.parametrize(
    "rows",
    [
        ("16,475,1230,,BANK-1,104,CHEQUE/", "88,PAID/", "88,ON TIME/"),
        ("16,475,1230,,BANK-1,104/", "88,CHEQUE PAID/", "88,ON TIME"),
        ("16,475,1230/", "88,,BANK-1,104,CHEQUE PAID ON TIME/"),
        ("16,475,1230,,BANK-1,104,CHEQUE", "PAID ON TIME/"),
        ("16,475,1230,,BANK-1,104/", "88,CHEQUE PAID ON TIME/"),
    ],
)
def test_a_record_goes_on_in_its_continuations(rows: tuple[str, ...]) -> None:
    (line,) = Read(one(*rows)).lines
    assert (line.native, line.check_number, line.memo) == ("BANK-1", "104", "CHEQUE PAID ON TIME")


def test_a_comma_before_the_slash_ends_an_empty_field() -> None:
    (line,) = Read(one("16,699,971,,,/", "88,LVP USA, RELAY")).lines
    assert (line.reference, line.memo) == ("", "LVP USA, RELAY")
    (line,) = Read(one("16,142,490196,,172629,/", "88,ACH OFFSET")).lines
    assert (line.native, line.reference, line.memo) == ("172629", "", "ACH OFFSET")


def test_several_records_may_share_a_line() -> None:
    content = one("16,195,100,,,,ONE/16,195,200,,,,TWO/88,MORE/")
    assert [(line.amount, line.memo) for line in Read(content).lines] == [(1, "ONE"), (2, "TWO MORE")]


def test_summaries_go_on_over_continuations_and_funds_types() -> None:
    account = "03,123456,,010,+10000,,,040,5,,V,260314,,015,10100,,,/\n88,045,777,2,S,1,2,3,100,100,1,/"
    (statement,) = Read(one("16,195,100,,,,X/", account=account)).statements
    assert statement.opening is not None
    assert statement.ledger is not None
    assert statement.available is not None
    assert [each.amount for each in (statement.opening, statement.ledger, statement.available)] == [
        Decimal("100.00"),
        Decimal("101.00"),
        Decimal("7.77"),
    ]


@pytest.mark.requirement("BF-22")
def test_an_account_that_does_not_add_up_waits_alone_until_a_person_accepts_it(feed: Feed) -> None:
    content = bai2(made("5"), made("-7")) + bai2(
        made("9"), wrong_by=1, account=MadeAccount(number="99", currency="CAD")
    )
    lines, statements = feed.put(content).read(), feed.read("statements")
    assert [str(record.raw["amount"]) for record in lines.records] == ["5.00", "-7.00"]
    asked = next(record for record in statements.records if "question" in record.raw)
    assert "(49) is 10901; the amounts make 10900. Difference: 1." in str(asked.raw["en"])
    feed.settings = BankFeedSettings(answers=f"{asked.raw['question']} = accept")
    again = feed.read(cursor=lines.cursor).records
    assert [str(record.raw["amount"]) for record in again] == ["5.00", "-7.00", "9.00"]


@pytest.mark.parametrize(
    ("account", "wrong"),
    [
        ("03,1,,010,100,,,015,200,,/", False),
        ("03,1,,010,100,,,015,201,,/", True),
        ("03,1,,100,100,1,/", False),
        ("03,1,,100,101,1,/", True),
        ("03,1,,400,100,1,/", True),
    ],
)
def test_balances_and_totals_are_compared_with_the_lines(account: str, wrong: bool) -> None:
    content = one("16,195,100,,,,X/", account=account)
    assert asks(content) is wrong
    if "015,201" in account:
        (asked,) = (each for each in Read(content).events if isinstance(each, Question))
        assert "Difference: 0.01." in asked.reason.en
        assert asked.examples == ("3 · 03 … 010 100", "3 · 03 … 015 201")


def test_wrong_counts_and_totals_above_the_account_are_told_and_stop_nothing() -> None:
    good = bai2(made("5"))
    assert Read(good).codes == []
    wrong = good.replace(b",3/", b",7/").replace(b"99,+10500", b"99,+10600")
    assert Read(wrong).codes == ["bankfeed.control_count", "bankfeed.control_total"]
    assert not asks(wrong)
    assert len(Read(wrong).lines) == 1


@pytest.mark.parametrize(("status", "lines"), [("1", 1), ("", 1), ("2", 0), ("3", 0), ("4", 0)])
def test_groups_that_delete_correct_or_test_are_told_and_not_read(status: str, lines: int) -> None:
    result = Read(one("16,195,100,,,,X/", group=f"02,C,B,{status},260314,,CAD,2/"))
    assert len(result.lines) == lines
    assert ("bankfeed.group_not_new" in result.codes) is (not lines)


def test_lines_of_the_same_day_so_far_are_provisional() -> None:
    (line,) = Read(one("16,195,100,,,,X/", group="02,C,B,1,260314,,CAD,3/")).lines
    assert line.pending


def test_a_group_without_a_day_is_told_for_each_of_its_lines() -> None:
    for group, code in (("02,C,B,1,,,CAD,2/", "date_missing"), ("02,C,B,1,260230,,CAD,2/", "date_impossible")):
        result = Read(one("16,195,100,,,,X/", group=group))
        assert result.lines == []
        assert result.codes[0] == f"bankfeed.{code}"


def test_a_file_without_its_trailer_says_so() -> None:
    assert Read(bai2(made("5")).partition(b"99,")[0]).codes == ["bankfeed.file_cut_off"]
    assert len(Read(bai2(made("5")).partition(b"99,")[0]).lines) == 1


def test_what_stops_and_goes_on_yields_the_same_as_one_go() -> None:
    content = bai2(*(made(str(number)) for number in range(1, 900)), wrong_by=1)
    whole = list(reader_for(BytesIO(content)).events(BytesIO(content)))
    reader, pieces = reader_for(BytesIO(content)), []
    while True:
        events = reader.events(BytesIO(content))
        part = list(islice(events, 11))
        events.close()
        pieces += part
        if len(part) < 11:
            break
    assert pieces == whole


LINES = st.lists(
    st.builds(
        MadeLine,
        day=st.just(DAY),
        amount=st.integers(-(10**9), 10**9).filter(bool).map(lambda cents: Decimal(cents).scaleb(-2)),
        native=st.sampled_from(["", "REF-1001"]),
        name=st.sampled_from(["ACME", 'A "B", C/D', "16,195"]),
        memo=st.sampled_from(["Invoice 17", "x" * 90]),
    ),
    max_size=10,
)


@settings(max_examples=60, deadline=None)
@given(lines=LINES, funds=st.sampled_from([",", "V,260314,,", "S,1,2,3,"]))
def test_what_a_bank_writes_is_what_is_read(lines: list[MadeLine], funds: str) -> None:
    result = Read(bai2(*lines, funds=funds))
    assert [(line.day, line.amount, line.native) for line in result.lines] == [
        (line.day, line.amount, line.native) for line in lines
    ]
    assert [line.memo.replace(" ", "") for line in result.lines] == [
        f"{line.name}{line.memo}".replace(" ", "") for line in lines
    ]
    assert len(result.events) == len(lines) + 1


@settings(max_examples=80, deadline=None)
@given(
    noise=st.lists(
        st.tuples(st.integers(30, 700), st.sampled_from([b"", b"\n", b",", b"/", b"88,", b"\xff", b"\0", b"V"])),
        min_size=1,
        max_size=6,
    )
)
def test_noise_neither_crashes_the_reader_nor_makes_it_invent_rows(noise: list[tuple[int, bytes]]) -> None:
    body = bai2(*(made(str(number)) for number in range(1, 12)))
    for at, piece in noise:
        body = body[:at] + piece + body[at + 2 :]
    assert len(Read(body).lines) <= 11


@pytest.mark.parametrize("currency", ["BIF", "DJF", "VUV", "JPY", "KRW", "CLP", "XPF"])
def test_a_currency_without_decimals_has_none(currency: str) -> None:
    (line,) = Read(one("16,195,1230,,,,X/", group=f"02,C,B,1,260314,,{currency},2/")).lines
    assert str(line.amount) == "1230"


@pytest.mark.parametrize(
    ("account", "codes", "waits"),
    [
        ("03,1,,100,300,2,,400,100,1,/", [], False),
        ("03,1,,100,300,,,400,100,,/", [], False),
        ("03,1,,100,300,3,,400,100,1,/", ["bankfeed.item_count"], False),
        ("03,1,,100,300,2,,400,-100,1,/", [], False),
        ("03,1,,100,,3,/", [], True),
        ("03,1,,400,,1,/", [], False),
    ],
)
def test_the_number_of_items_of_a_total_is_compared_with_the_lines(account: str, codes: list[str], waits: bool) -> None:
    content = one("16,195,100,,,,X/", "16,195,200,,,,Y/", "16,475,100,,,,Z/", account=account).replace(b",9/", b",/")
    assert (Read(content).codes, asks(content)) == (codes, waits)
    odd = one("16,195,100,,,,X/Y", "16,195,200,,,,Y/", "16,475,100,,,,Z/", account=account).replace(b",9/", b",/")
    assert (Read(odd).codes, asks(odd)) == (codes, waits)


def test_accounts_and_groups_that_a_trailer_announces_and_the_file_has_not_are_told() -> None:
    good = bai2(made("5"))
    assert b"\n98,+10500,1," in good
    assert b"\n99,+10500,1," in good
    missing = good.replace(b"\n98,+10500,1,", b"\n98,+10500,2,").replace(b"\n99,+10500,1,", b"\n99,+10500,3,")
    result = Read(missing)
    assert result.codes == ["bankfeed.control_parts", "bankfeed.control_parts"]
    assert "2 accounts" in result.unreadable[0].reason.en
    assert "3 groups" in result.unreadable[1].reason.en
    assert len(result.lines) == 1
