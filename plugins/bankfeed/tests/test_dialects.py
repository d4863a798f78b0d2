"""The same statement in every dialect that files are seen in reads the same; ugly ones too."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.bai2.record import day_of as bai2_day
from raccord_bankfeed.readers.camt.entry import read_day as camt_day
from raccord_bankfeed.readers.contract import Correction, CorrectionAction, Line, Statement
from raccord_bankfeed.readers.ofx import layouts as ofx_layouts
from raccord_bankfeed.readers.ofx import reader as ofx_module
from raccord_bankfeed.readers.ofx.values import read_day as ofx_day
from raccord_bankfeed.twins.bank import Dialect, Feed, Header, Leaves, MadeAccount, MadeLine, Read, statement_file

DAY = date(2026, 3, 2)
_SIGNS = [*"ABab019 .#'\"&<>;/-", "aé", "bô", "5 €"]
"""Letters beyond ASCII stand in words of others: alone they may be those of any charset."""
TEXTS = st.lists(st.sampled_from(_SIGNS), max_size=20).map(lambda signs: " ".join("".join(signs).split()))
LINES = st.builds(
    MadeLine,
    day=st.integers(0, 364).map(lambda days: date(2026, 1, 1) + timedelta(days)),
    amount=st.tuples(st.integers(-(10**9), 10**9), st.integers(0, 5)).map(
        lambda pair: Decimal(pair[0]).scaleb(-pair[1])
    ),
    native=st.text(st.sampled_from("ABC0123456789.-"), max_size=12),
    name=TEXTS,
    memo=TEXTS,
    type=st.sampled_from(["DEBIT", "Credit", "pos", "CHECK", "OTHER"]),
    check_number=st.sampled_from(["", "0", "319"]),
    reference=st.sampled_from(["", "R-1"]),
).map(lambda line: replace(line, type="Credit") if line.amount > 0 and line.type != "OTHER" else line)
DIALECTS = st.builds(
    Dialect,
    header=st.sampled_from(Header),
    leaves=st.sampled_from(Leaves),
    newline=st.sampled_from(["", "\n", "\r\n", "\r"]),
    indent=st.sampled_from(["", "\t", "    "]),
    blank_lines=st.integers(0, 3),
    lower_case=st.booleans(),
    cdata=st.booleans(),
    comments=st.booleans(),
    comma=st.booleans(),
    escapes=st.integers(1, 3),
    list_per_line=st.booleans(),
    charset=st.sampled_from(["utf-8", "cp1252"]),
)


def facts(line):
    return (line.day, line.amount, line.native, line.name, line.memo, line.type, line.check_number, line.reference)


@settings(max_examples=80, deadline=None)
@given(lines=st.lists(LINES, max_size=6), dialect=DIALECTS, card=st.booleans())
def test_a_statement_written_in_any_dialect_reads_back_equal(
    lines: list[MadeLine], dialect: Dialect, card: bool
) -> None:
    account = MadeAccount(card=card)
    stream = BytesIO(statement_file(account, lines, dialect=dialect))
    events = list(reader_for(stream).events(stream))
    read = [event for event in events if isinstance(event, Line)]
    wanted = [
        (
            line.day,
            line.amount,
            line.native,
            line.name,
            line.memo,
            line.type.upper(),
            line.check_number.strip("0"),
            line.reference,
        )
        for line in lines
    ]
    assert [facts(line) for line in read] == wanted
    (statement,) = (event for event in events if isinstance(event, Statement))
    assert len(events) == len(lines) + 1, "nothing is reported of a good file"
    assert statement.total == sum((line.amount for line in lines), Decimal(0))
    assert (statement.currency, statement.account.masked) == ("CAD", "…6789")
    assert statement.ledger is not None
    assert statement.ledger.amount == 1000


def test_an_sgml_and_an_xml_file_give_one_account_and_one_content() -> None:
    line = MadeLine(day=DAY, amount=Decimal("-4.20"), native="A-1001", name="CAFÉ & CO")
    one, other = (
        Read(statement_file(MadeAccount(), [line], dialect=dialect)).lines[0]
        for dialect in (Dialect(), Dialect(header=Header.XML, leaves=Leaves.CLOSED, charset="cp1252", cdata=True))
    )
    assert one._replace(offset=0) == other._replace(offset=0)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("-34.51", "-34.51"),
        ("+0000100.00", "100.00"),
        ("-30,5", "-30.5"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1,234,567", "1234567"),
        ("1 234,56", "1234.56"),
        ("1\N{NO-BREAK SPACE}234,56", "1234.56"),
        ("34.51-", "-34.51"),
        ("- 21.59", "-21.59"),
        (".23", "0.23"),
        ("-,5", "-0.5"),
        ("7", "7"),
        ("18.150", "18.150"),
    ],
)
def test_amounts_are_read_exactly_with_either_decimal_mark(text: str, amount: str) -> None:
    body = statement_file(MadeAccount(), [MadeLine(day=DAY, amount=Decimal("98765"))]).decode()
    (line,) = Read(body.replace("98765", text).encode()).lines
    assert str(line.amount) == amount


@pytest.mark.parametrize(
    "text", ["12a", "1e5", "NaN", "1_000", "12.34.56", "1.2,3.4", "--5", "$", "٣", "1,23,456", "9" * 60]
)
def test_what_is_no_amount_is_reported_and_never_guessed(text: str) -> None:
    lines = [MadeLine(day=DAY, amount=Decimal("98765")), MadeLine(day=DAY, amount=Decimal(5))]
    result = Read(statement_file(MadeAccount(), lines).decode().replace("98765", text).encode())
    assert result.codes == ["bankfeed.amount_unreadable"]
    assert [line.amount for line in result.lines] == [5]


def test_declared_windows_1252_is_believed_unless_the_bytes_are_utf_8() -> None:
    line = MadeLine(day=DAY, amount=Decimal(1), name="DÉPÔT – 5 €")
    for charset in ("utf-8", "cp1252"):
        assert Read(statement_file(MadeAccount(), [line], dialect=Dialect(charset=charset))).lines[0].name == line.name
    latin9 = statement_file(
        MadeAccount(), [MadeLine(day=DAY, amount=Decimal(1), name="5 €")], dialect=Dialect(charset="iso8859-15")
    )
    assert Read(latin9.replace(b"CHARSET:1252", b"CHARSET:ISO-8859-15")).lines[0].name == "5 €"


def test_a_late_byte_order_mark_and_a_wrong_name_change_nothing(feed: Feed) -> None:
    content = b"\xef\xbb\xbf" + statement_file(MadeAccount(), [MadeLine(day=DAY, amount=Decimal(1))])
    assert len(Read(content).lines) == 1
    feed.shelf.put("export.CSV", content)
    assert len(feed.read().records) == 1


def test_entities_escaped_twice_are_plain_and_unknown_ones_stay() -> None:
    body = statement_file(MadeAccount(), [MadeLine(day=DAY, amount=Decimal(1), name="NAME")]).replace(
        b"<NAME>NAME", b"<NAME>A &amp;lt; B &amp;amp; C &eacute;&#233;&#xE9; &nosuch; &boom AT&T &#0;"
    )
    assert Read(body).lines[0].name == "A < B & C ééé &nosuch; &boom AT&T &#0;"


def test_declared_entities_are_never_expanded() -> None:
    body = statement_file(
        MadeAccount(), [MadeLine(day=DAY, amount=Decimal(1), name="X")], dialect=Dialect(header=Header.XML)
    )
    body = body.replace(b"<OFX>", b'<!DOCTYPE OFX [<!ENTITY a "boom"><!ENTITY b SYSTEM "file:///etc/passwd">]><OFX>', 1)
    result = Read(body.replace(b"<NAME>X", b"<NAME>&a;&b;"))
    assert result.lines[0].name == "&a;&b;"
    assert result.codes == []


def test_a_currency_of_its_own_a_correction_and_a_payee_are_kept() -> None:
    lines = [
        MadeLine(day=DAY, amount=Decimal(-5), more={"CURRENCY.CURRATE": "1.1", "CURRENCY.CURSYM": "usd"}),
        MadeLine(day=DAY, amount=Decimal(-6), more={"ORIGCURRENCY.CURRATE": "1.1", "ORIGCURRENCY.CURSYM": "EUR"}),
        MadeLine(day=DAY, amount=Decimal(-7), more={"CORRECTFITID": "A1", "CORRECTACTION": "REPLACE"}),
        MadeLine(day=DAY, amount=Decimal(-8), more={"PAYEE.NAME": "ACME", "PAYEE.CITY": "LYON"}),
        MadeLine(day=DAY, amount=Decimal(-9), more={"CORRECTFITID": "A1", "CORRECTACTION": "FORGET"}),
    ]
    for leaves in Leaves:
        result = Read(statement_file(MadeAccount(), lines, dialect=Dialect(leaves=leaves)))
        own, original, correction, payee = result.lines
        assert (own.currency, original.currency) == ("USD", "CAD")
        assert original.fields["ORIGCURRENCY.CURSYM"] == "EUR"
        assert correction.correction == Correction("A1", CorrectionAction.REPLACE)
        assert (payee.name, payee.fields["PAYEE.CITY"]) == ("ACME", "LYON")
        assert result.codes == ["bankfeed.correction_unreadable"]


def test_pending_lines_and_holds_are_marked() -> None:
    booked = [
        MadeLine(day=DAY, amount=Decimal(-5), type="HOLD", native="H-1001"),
        MadeLine(day=DAY, amount=Decimal(-6)),
    ]
    result = Read(statement_file(MadeAccount(), booked, pending=[MadeLine(day=DAY, amount=Decimal(-20))]))
    assert [(line.amount, line.pending) for line in result.lines] == [(-5, True), (-6, False), (-20, True)]
    (statement,) = result.statements
    assert (statement.lines, statement.pending, statement.total) == (1, 2, -6)


def test_a_row_that_is_never_closed_ends_where_the_next_begins() -> None:
    lines = [MadeLine(day=DAY, amount=Decimal(number), name=f"N{number}") for number in (1, 2, 3)]
    content = statement_file(MadeAccount(), lines).replace(b"</STMTTRN>", b"")
    result = Read(content)
    assert [(line.amount, line.name) for line in result.lines] == [(1, "N1"), (2, "N2"), (3, "N3")]
    assert result.statements[0].ledger is not None
    assert result.codes == []


def test_aggregates_that_are_never_closed_end_where_one_of_their_rank_begins() -> None:
    content = statement_file(MadeAccount(), [MadeLine(day=DAY, amount=Decimal(1))])
    for tag in (b"</BANKACCTFROM>", b"</BANKTRANLIST>", b"</LEDGERBAL>", b"</STATUS>", b"</STMTRS>"):
        result = Read(content.replace(tag, b""))
        assert (len(result.lines), result.statements[0].account.masked, result.codes) == (1, "…6789", [])


def test_less_than_signs_in_a_text_stay_text() -> None:
    content = statement_file(MadeAccount(), [MadeLine(day=DAY, amount=Decimal(1), name="X")])
    assert Read(content.replace(b"<NAME>X", b"<NAME>A < B <3 C")).lines[0].name == "A < B <3 C"


def test_one_tag_with_two_values_is_reported_where_it_may_stand_once() -> None:
    content = statement_file(MadeAccount(), [MadeLine(day=DAY, amount=Decimal(1), memo="ONE")])
    assert Read(content.replace(b"<TRNAMT>1", b"<TRNAMT>1\n<TRNAMT>2")).codes == ["bankfeed.field_repeated"]
    assert Read(content.replace(b"<MEMO>ONE", b"<MEMO>ONE\n<MEMO>TWO")).lines[0].memo == "ONE TWO"


UGLY = st.text(st.sampled_from("0123456789.,+- &;amplt#\r\n\tAé>\x00"), max_size=14) | st.sampled_from(
    ["<![CDATA[A &amp; B ]]>", " <![CDATA[]]> ", "<![CDATA[</STMTTRN>]]>", "x<![CDATA[y]]>", "<!-- no -->"]
)
GOOD = {"DTPOSTED": "20260302", "TRNAMT": "-1.50", "TRNTYPE": "DEBIT", "NAME": "X", "CHECKNUM": "0", "FITID": "F-1001"}
TAGS = st.permutations(list(GOOD)).flatmap(lambda tags: st.integers(2, 6).map(lambda count: tags[:count]))


@settings(max_examples=100, deadline=None)
@given(
    tags=TAGS,
    values=st.lists(st.dictionaries(st.sampled_from(list(GOOD)), UGLY), max_size=8),
    closed=st.booleans(),
    cdata=st.booleans(),
)
def test_rows_read_by_a_learnt_layout_are_the_rows_read_tag_by_tag(
    tags: list[str], values: list[dict[str, str]], closed: bool, cdata: bool
) -> None:
    good = GOOD | ({"NAME": "<![CDATA[X &amp; Y ]]>"} if cdata else {})
    rows = "".join(
        "<STMTTRN>"
        + "".join(f"<{tag}>{row.get(tag, good[tag])}" + (f"</{tag}>" if closed else "\n") for tag in tags)
        + "</STMTTRN>\n"
        for row in [{}, *values, {}]
    )
    content = f"<OFX><STMTRS><CURDEF>CAD<BANKTRANLIST>{rows}</BANKTRANLIST></STMTRS></OFX>".encode()
    learnt = Read(content).events
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ofx_layouts, "LAYOUTS_MAX", 0)
        plain = Read(content).events
    assert learnt == plain


def test_most_rows_are_read_by_a_learnt_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    single = []
    original = ofx_module.make_line
    monkeypatch.setattr(ofx_module, "make_line", lambda *given: single.append(1) or original(*given))
    lines = [
        MadeLine(day=DAY, amount=Decimal(number), name="N", check_number="7" * (number % 2)) for number in range(500)
    ]
    assert len(Read(statement_file(MadeAccount(), lines)).lines) == 500
    assert len(single) < 20


@pytest.mark.parametrize(
    ("year", "usable"), [("0001", False), ("1949", False), ("1950", True), ("2099", True), ("9999", False)]
)
def test_every_format_takes_the_days_of_the_same_years(year: str, usable: bool) -> None:
    read = [bool(found) for found in (ofx_day(f"{year}1231"), camt_day(f"{year}-12-31"), bai2_day(f"{year}1231"))]
    rows = "".join(f"{day},Shop,-5.00\n" for day in (f"{year}-12-31", "2026-03-02"))
    table = Read(f"Date,Description,Amount\n{rows}".encode())
    assert [*read, len(table.lines) == 2] == [usable] * 4
    assert table.codes == ([] if usable else ["bankfeed.date_impossible"])
    named = Read(f"Date,Description,Amount\n31 Dec {year},Shop,-5.00\n2 Mar 2026,Shop,-5.00\n".encode())
    assert len(named.lines) == 1 + usable
