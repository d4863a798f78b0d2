"""QIF: what its sections are, how its dates and amounts are read, and what it asks."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raccord.plugin import BadRecord
from raccord.plugin.testing import FakeMapContext
from raccord_bankfeed import map_record
from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import AccountKind, Line, Question
from raccord_bankfeed.readers.qif.reader import QifReader
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, Read
from raccord_bankfeed.twins.text import qif_chunks, us_day

COFFEE = "!Type:Bank\nD{day}\nT{amount}\nPCAFE\n^\n"


def written(day: str, amount: str = "-4.20") -> bytes:
    return COFFEE.format(day=day, amount=amount).encode()


def questions(content: bytes) -> list[str]:
    return [event.code for event in Read(content).events if isinstance(event, Question)]


@pytest.mark.parametrize(
    ("day", "meant"),
    [
        ("12/19/18", date(2018, 12, 19)),
        ("19/12/18", date(2018, 12, 19)),
        ("2/14'2020", date(2020, 2, 14)),
        (" 1/ 1'00", date(2000, 1, 1)),
        (" 6/ 6' 6", date(2006, 6, 6)),
        ("12/31'99", date(2099, 12, 31)),
        ("12/31/99", date(1999, 12, 31)),
        ("2020-03-04", date(2020, 3, 4)),
        ("04.03.2020", date(2020, 3, 4)),
        ("4.3.20", date(2020, 3, 4)),
        ("4 Mar 2020", date(2020, 3, 4)),
        ("7/7/20", date(2020, 7, 7)),
    ],
)
def test_a_date_that_can_be_read_in_one_way_is_read(day: str, meant: date) -> None:
    (line,) = Read(written(day)).lines
    assert line.day == meant
    assert questions(written(day)) == []


@pytest.mark.parametrize(
    ("amount", "meant"),
    [
        ("-1,234.56", "-1234.56"),
        ("-1.234,56", "-1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u202f234,5", "1234.5"),
        ("1'234.50", "1234.50"),
        ("-0,500", "-0.500"),
        ("1,234,567", "1234567"),
        ("-12", "-12"),
        ("$-15.00", "-15.00"),
        ("(15.00)", "-15.00"),
        ("15.00-", "-15.00"),
    ],
)
def test_an_amount_that_can_be_read_in_one_way_is_read(amount: str, meant: str) -> None:
    (line,) = Read(written("12/19/18", amount)).lines
    assert str(line.amount) == meant


def test_the_order_of_the_whole_file_is_taken_from_the_dates_that_tell() -> None:
    content = written("03/04/26") + written("05/06/26") + written("25/12/26")
    assert [line.day for line in Read(content).lines] == [date(2026, 4, 3), date(2026, 6, 5), date(2026, 12, 25)]
    assert questions(content) == []


@pytest.mark.requirement("BF-22")
def test_dates_that_tell_nothing_are_asked_with_both_readings_and_the_lines_wait(
    feed: Feed, mapping: FakeMapContext
) -> None:
    feed.put(written("03/04/26") + written("05/06/26"))
    assert feed.read().records == []
    (asked,) = feed.read("statements").records
    with pytest.raises(BadRecord) as refused:
        map_record(mapping, asked)
    assert refused.value.code == "bankfeed.date_order"
    assert "3 avril 2026" in refused.value.text.fr
    assert "4 mars 2026" in refused.value.text.fr
    assert "4 March 2026" in refused.value.text.en


@pytest.mark.parametrize(
    ("answer", "days"),
    [("day-first", [date(2026, 4, 3), date(2026, 6, 5)]), ("month-first", [date(2026, 3, 4), date(2026, 5, 6)])],
)
def test_an_answer_has_the_file_read_again_and_ends_the_question(
    feed: Feed, mapping: FakeMapContext, answer: str, days: list[date]
) -> None:
    feed.put(written("03/04/26") + written("05/06/26"), written("12/19/18"))
    asked, whose = (each for each in feed.read("statements").records if "question" in each.raw)
    assert feed.read().records == [], "of the second file it is asked whose it is, as nothing shows it"
    same = f"{whose.raw['question']} = account-1"
    feed.settings = BankFeedSettings(answers=same)
    lines = feed.read()
    assert [record.day for record in lines.records] == [date(2018, 12, 19)]
    feed.settings = BankFeedSettings(answers=f"{same}\n{asked.raw['question']} = {answer}")
    again = feed.read(cursor=lines.cursor)
    assert [record.day for record in again.records] == [*days, date(2018, 12, 19)]
    assert again.records[-1] == lines.records[0], "what was read before comes again under its id"
    assert feed.read(cursor=again.cursor).records == [], "and once"
    context = FakeMapContext(settings=feed.settings, terms=mapping.terms)
    answered = map_record(context, asked)
    assert getattr(answered, "code", "") == "bankfeed.question_answered"


@pytest.mark.parametrize(("option", "day"), [("MDY", date(2026, 3, 4)), ("DMY", date(2026, 4, 3))])
def test_an_order_that_the_file_states_is_not_asked(option: str, day: date) -> None:
    content = f"!Option:{option}\n".encode() + written("03/04/26")
    assert [line.day for line in Read(content).lines] == [day]
    assert questions(content) == []
    assert [line.day for line in Read(content + written("25/12/26")).lines][1] == date(2026, 12, 25), "dates win"


def test_an_amount_with_three_digits_after_its_only_mark_is_asked() -> None:
    (question,) = [event for event in Read(written("12/19/18", "1,234")).events if isinstance(event, Question)]
    assert question.code == "bankfeed.decimal_mark"
    assert "1,234.00" in question.reason.en
    assert "1.234" in question.reason.en
    assert questions(written("12/19/18", "1,234") + written("12/19/18", "5.00")) == []


def test_investments_and_loans_are_counted_and_not_read() -> None:
    invest = "!Type:Invst\nD2/14'2020\nNBuy\nT100.00\n^\n!Type:Oth L\nD2/14'2020\nT5.00\n^\n"
    result = Read(written("2/14'2020") + invest.encode())
    assert len(result.lines) == 1
    assert [(one.account.kind, one.left_out) for one in result.statements] == [
        (AccountKind.BANK, 0),
        (AccountKind.INVESTMENT, 1),
        (AccountKind.LOAN, 1),
    ]


def test_accounts_are_told_apart_by_their_names() -> None:
    account = "!Option:AutoSwitch\n!Account\nNChequing\nTBank\n^\nNVisa\nTCCard\n^\n!Clear:AutoSwitch\n"
    one = "!Account\nNChequing\nTBank\n^\n" + written("2/14'2020").decode()
    two = "!Account\nNVisa\nTCCard\n^\n" + written("2/15'2020").decode().replace("Bank", "CCard")
    result = Read((account + one + two).encode())
    assert [line.account.kind for line in result.lines] == [AccountKind.BANK, AccountKind.CARD]
    assert len({line.account.key for line in result.lines}) == 2


def test_numbers_splits_and_opening_balances_are_what_they_are() -> None:
    rows = "D2/14'2020\nT-10.00\nN{n}\nPX\nSFood\nEhalf\n$-5.00\nSRent\nD1/1'2020\n$-5.00\n^\n"
    first, second = Read(("!Type:Bank\n" + rows.format(n="104") + rows.format(n="ATM")).encode()).lines
    assert (first.check_number, first.reference) == ("104", "")
    assert (second.check_number, second.reference) == ("", "ATM")
    assert first.day == date(2020, 2, 14)
    assert "Ehalf" in first.fields["splits"]
    (opening,) = Read(b"!Type:Bank\nD2/14'2020\nT100.00\nPOpening Balance\nL[Chequing]\n^\n").lines
    assert opening.type == "OPENING_BALANCE"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("T1.00", "bankfeed.date_missing"),
        ("D\nT1.00", "bankfeed.date_missing"),
        ("D2/31'2020\nT1.00", "bankfeed.date_impossible"),
        ("Dtomorrow\nT1.00", "bankfeed.date_impossible"),
        ("D2/14'2020", "bankfeed.amount_missing"),
        ("D2/14'2020\nT", "bankfeed.amount_missing"),
        ("D2/14'2020\nTmuch", "bankfeed.amount_unreadable"),
    ],
)
def test_a_bad_record_is_named_with_its_line_and_the_others_are_kept(row: str, code: str) -> None:
    good = "D2/14'2020\nT2.00\n^\n"
    result = Read(f"!Type:Bank\n{good}{row}\n^\n{good}".encode())
    assert [line.amount for line in result.lines] == [2, 2]
    assert [(bad.code, bad.line) for bad in result.unreadable] == [(code, 5)]
    assert result.statements[0].unreadable == 1


def test_a_record_that_the_file_cuts_off_is_not_read() -> None:
    whole = b"!Type:Bank\nD12/19/18\nT-123.45\n"
    assert len(Read(whole).lines) == 1, "some programs leave out the last mark"
    assert Read(whole[:-4]).codes == ["bankfeed.row_cut_off"]
    assert Read(whole + b"!Type:Bank\nD12/19/18\nT1\n^\n").codes == ["bankfeed.row_cut_off"]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_charset_and_line_end_reads_the_same(charset: str, newline: str) -> None:
    line = MadeLine(day=date(2026, 3, 14), amount=Decimal("-1234.50"), name="CAFÉ MÜLLER", memo="Thé glacé")
    content = b"".join(qif_chunks(MadeAccount(), [line], newline=newline))
    content = content.decode().encode(charset)
    (read,) = Read(content).lines
    assert (read.day, read.amount, read.name, read.memo) == (line.day, line.amount, line.name, line.memo)


MADE = st.lists(
    st.builds(
        MadeLine,
        day=st.integers(0, 500).map(lambda days: date(2025, 6, 1) + timedelta(days)),
        amount=st.integers(-(10**8), 10**8).map(lambda cents: Decimal(cents).scaleb(-2)),
        name=st.sampled_from(["CAFÉ", "SHOP 17", "A, B; C", "^x"]),
        memo=st.sampled_from(["", "CARD 12", "!Type"]),
        check_number=st.sampled_from(["", "104"]),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(made=MADE, comma=st.booleans(), iso=st.booleans())
def test_what_a_bank_writes_is_what_is_read(made: list[MadeLine], comma: bool, iso: bool) -> None:
    day = date.isoformat if iso else us_day
    known = [*made, MadeLine(day=date(2025, 12, 31), amount=Decimal("-0.01"), name="LAST")]
    lines = Read(b"".join(qif_chunks(MadeAccount(), known, day=day, comma=comma))).lines
    assert [(line.day, line.amount, line.name, line.memo, line.check_number) for line in lines] == [
        (line.day, line.amount, line.name, line.memo, line.check_number) for line in known
    ]


@settings(max_examples=80, deadline=None)
@given(
    noise=st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from([b"", b"^", b"\n", b"!Type:Cat\n", b"\xff", b"\0", b"D", b"S"])),
        max_size=8,
    )
)
def test_noise_neither_crashes_the_reader_nor_makes_it_invent_rows(noise: list[tuple[int, bytes]]) -> None:
    body = b"!Type:Bank\n" + b"".join(b"D3/%02d'26\nT-%d.00\nPN\n^\n" % (day, day) for day in range(1, 20))
    for at, piece in noise:
        body = body[:at] + piece + body[at + 2 :]
    events = list(reader_for(BytesIO(body)).events(BytesIO(body)))
    assert sum(isinstance(event, Line) for event in events) <= 19 + len(noise)


def of_kinds(*kinds: str, times: int = 1, named: str = "") -> bytes:
    record = "D12/19/18\nT-4.20\nPCAFE\n^\n" * times
    return "".join(f"{named}!Type:{kind}\n{record}" for kind in kinds).encode()


@pytest.mark.parametrize("times", [1, 80])
def test_sections_of_several_kinds_without_names_are_as_many_accounts(times: int) -> None:
    """A chequing account, a box of cash and another asset were one account, unasked."""
    for kinds, keys in (
        (["Bank", "Cash", "Oth A", "CCard"], ["-bank", "-cash", "-oth-a", "-card"]),
        (["Cash", "OthA", "Cash"], ["-cash", "-oth-a", "-cash"]),
        (["Bank"], [""]), (["Cash"], [""]), (["Oth A", "OthA"], ["", ""]), (["Bank", "CCard"], ["", "-card"]),
    ):  # fmt: skip
        read = [line.account.key for line in Read(of_kinds(*kinds, times=times)).lines]
        assert read == [f"unnamed-qif{key}" for key in keys for _ in range(times)], kinds
    empty = b"!Type:Bank\n!Type:Cash\nD12/19/18\nT-4.20\n^\n"
    assert [line.account.key for line in Read(empty).lines] == ["unnamed-qif"], "a section of nothing is no account"
    named = of_kinds("Cash", named="!Account\nNBox\nTCash\n^\n") + of_kinds("Bank")
    assert Read(named).lines[-1].account.key == "unnamed-qif"


@pytest.mark.parametrize("before", [0, 2030, 2040, 2048, 5000])
def test_a_file_is_known_wherever_in_its_beginning_its_section_stands(before: int) -> None:
    content = b"." * before + b"\n!Type:Bank\nD01/02/2026\nT1.00\n^\n"
    assert isinstance(reader_for(BytesIO(content)), QifReader)
