"""Rows that are read many at once say what they say line by line, whatever stands between and around them."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import raccord_bankfeed
from raccord_bankfeed.readers import pushed, reader_for, runs
from raccord_bankfeed.readers.bai2 import reader as bai2
from raccord_bankfeed.readers.bai2.reader import Bai2Reader
from raccord_bankfeed.readers.camt import layouts as camt_layouts
from raccord_bankfeed.readers.camt import reader as camt
from raccord_bankfeed.readers.camt.walk import Walk
from raccord_bankfeed.readers.contract import Event, Line
from raccord_bankfeed.readers.mt940 import layouts as mt940_layouts
from raccord_bankfeed.readers.mt940 import reader as mt940
from raccord_bankfeed.readers.mt940.layouts import SubfieldLayout
from raccord_bankfeed.readers.mt940.reader import Mt940Reader
from raccord_bankfeed.readers.qif.reader import QifReader
from raccord_bankfeed.readers.table import rows as table
from raccord_bankfeed.readers.table.rows import RowCutter
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, Read
from raccord_bankfeed.twins.formats import FORMATS, file_of

ACCOUNT = MadeAccount(number="0123456789", currency="CAD")
SAMPLES = Path(raccord_bankfeed.__file__).parent / "samples"
SAMPLE_FILES = sorted(path for path in SAMPLES.glob("*/*") if path.parent.name != "LICENSES")
READERS = {"qif": QifReader, "bai2": Bai2Reader, "mt940": Mt940Reader}
"""The readers that read runs."""

UGLY = st.text(st.sampled_from("0123456789.,+-/' ?:&^$!DTN\tAé\x00\u2028\ufeff"), max_size=12)
"""What may stand where something usual does."""


@dataclass(frozen=True)
class Kind:
    """What rows of a kind are written like: the lines of a usual one, which of them it may lack, lines that are odd."""

    usual: tuple[str, ...]
    odd: tuple[str, ...]
    before: str
    after: str = ""
    may_lack: range = range(0)


MT940 = ":20:A\n:25:0123456789\n:60F:C260301CAD100,00\n"
KINDS = {
    "qif": Kind(
        ("D{day:%d/%m/%Y}", "T{amount:,f}", "U{amount:f}", "N319", "PSHOP {number}", "MCARD", "LFood", "C*", "^"),
        ("POpening balance", "!Type:CCard", "Sfood", "$1.00", "^ ", "D31/02/2026", "T1e5", "T-1.234,5", "^"),
        "!Type:Bank\n",
        may_lack=range(2, 8),
    ),
    "bai2": Kind(
        ("16,{kind},{units},V,260314,,F{number:05},319,SHOP {number}, MONTREAL  QC/",),
        ("88,more", "16,175,12,Z,,,X / 16", "49,12,3/", "03,77,EUR,010,5,,/", "16,999,1,,,,/16,475", "16,475,1,Z/"),
        "01,BANK,COMPANY,260314,0900,1,,,2/\n02,COMPANY,BANK,1,260314,2359,CAD,2/\n"
        "03,0123456789,,010,+10000,,,100,77,,,400,88,,/\n",
        "49,+33760,5/\n98,+33760,1,7/\n99,+33760,1,9/\n",
    ),
    "camt": Kind(
        (
            '<Ntry><Amt Ccy="CAD">{units}.50</Amt><CdtDbtInd>{side}</CdtDbtInd>',
            "<RvslInd>{reversal}</RvslInd><Sts><Cd>BOOK</Cd></Sts>",
            "<BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>F{number:05}</AcctSvcrRef>",
            "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>",
            "<NtryDtls><TxDtls><Refs><EndToEndId>E-{number}</EndToEndId></Refs>",
            "<RltdPties><Dbtr><Nm>A {number}</Nm></Dbtr>",
            "<Cdtr><Nm>D\N{LATIN SMALL LETTER E WITH ACUTE} {number} \N{EURO SIGN}</Nm></Cdtr></RltdPties>",
            "<RmtInf><Ustrd>CARD {number}</Ustrd></RmtInf>",
            "<RltdDts><AccptncDtTm>2026-01-02T03:04:05</AccptncDtTm></RltdDts></TxDtls></NtryDtls>",
            "<AddtlNtryInf>CARD</AddtlNtryInf>",
            "</Ntry>",
        ),
        (
            *(
                "<Nm>&amp;</Nm>",
                "<Dt></Dt>",
                "<Nm> </Nm>",
                "</TxDtls>",
                "<TxDtls>",
                "]]>",
                "<!-- - -->",
                "<Ntry/>",
                "\r",
            ),
            *(
                "<Dt>2026-02-30</Dt>",
                '<Amt Ccy="EUR">1.25</Amt>',
                "<Sts>PDNG</Sts>",
                "<CdtDbtInd>X</CdtDbtInd>",
                "</Stmt>",
            ),
            *(
                "<Bal><Amt>1</Amt>",
                "\N{NO-BREAK SPACE}",
                "\U0001f600",
                '<Nm Ccy="CAD">A</Nm>',
                "</Ntry>",
                '<Amt Ccy="CAD"> </Amt>',
            ),
        ),
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt><Id>S</Id>\n'
        "<Acct><Id><IBAN>NL26VAYB8060476890</IBAN></Id><Ccy>CAD</Ccy></Acct>"
        "<TxsSummry><TtlDbtNtries><Sum>5</Sum></TtlDbtNtries></TxsSummry>\n",
        "</Stmt></BkToCstmrStmt></Document>\n",
    ),
    "mt940": Kind(
        (
            ":61:{day:%y%m%d%m%d}{mark}{comma}NTRFREF {number}//F{number:05}",
            "details {number}",
            ":86:166?00CARD?100399?20SVWZ+PURCHASE {number}?32SHOP",
            " {number}?33 MONTREAL",
        ),
        (
            ":86:",
            ":86:166?00A?20EREF+1SVWZ+B?20C",
            ":61:2602300230D1,NTRFX",
            "?2",
            "{4:",
            "-",
            ":NS:x",
            ":62F:C260331CAD1,",
        ),
        f"{MT940}:28C:00000/001\n",
        ":62F:C260331CAD7,00\n-\n",
        may_lack=range(1, 4),
    ),
    "mt940 of plain subfields": Kind(
        (":61:{day:%y%m%d}{mark}{comma}NMSCNONREF", ":86:166?20PURCHASE {number}?21  of things?32SHOP"),
        (
            ":86:166?20A?20B",
            ":86:1",
            ":86:16\n6?20A?21B?32C",
            ":86:166~20B",
            "?21+",
            ":86:166?20",
            ":86:166?20SVWZ+A+?32B",
        ),
        MT940,
        ":62F:C260331CAD7,00\n-\n",
    ),
    "mt940 of subfields that lines break": Kind(
        (
            ":61:{day:%y%m%d%m%d}{mark}{comma}NMSCREF {number}//B//{number}",
            ":86:166?20PURCHASE {number}?2",
            "1 of things?",
            "32SHOP",
            "{number}?33",
        ),
        (":86:166?20A?2", "?", "1", ":NS:?21", " ?33A", "REF/1", ":86:166?20A?20B", "?33 A ? B", "-", ":61:26021D1,"),
        MT940,
        ":62F:C260331CAD7,00\n-\n",
        may_lack=range(1, 5),
    ),
    "mt940 of words": Kind(
        (":61:{day:%y%m%d%m%d}{mark}{comma}NCHK{number:06}", ":86:A  purchase +{number}", "of things"),
        ("NONREF", ":28C:2/1", " :61:2601010101C1,5NTRF", ":86:/NAME/X/REMI/Y", "-}", ":34F:CAD1,", ":25:77"),
        f"{MT940}:28C:00017\n",
        ":90C:3CAD5,\n-\n",
        may_lack=range(1, 3),
    ),
}


def events_of(content: bytes, *, together: bool, chunk: int = 64 * 1024, alike_after: int = 1) -> list[Event]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pushed, "CHUNK_BYTES", chunk)
        patch.setattr(camt, "CHUNK_BYTES", chunk)
        patch.setattr(runs, "RUN_ROWS_MIN", 1 if together else 10**9)
        patch.setattr(mt940_layouts, "_ALIKE_AFTER", alike_after)
        patch.setattr(camt_layouts, "LAYOUTS_MAX", runs.LAYOUTS_MAX if together else 0)
        return Read(content).events


def made(count: int) -> list[MadeLine]:
    first = date(2026, 1, 10)
    return [
        MadeLine(
            day=first + timedelta(number % 30),
            amount=Decimal(number * 7919 % 100_000 - 50_000).scaleb(-2),
            native=f"F-{number:05}",
            name=f"SHOP {number}",
            memo="CARD" * (number % 3),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("path", SAMPLE_FILES, ids=lambda path: path.name)
def test_a_sample_reads_the_same_many_rows_at_once_as_line_by_line(path: Path) -> None:
    content = path.read_bytes()
    assert events_of(content, together=True) == events_of(content, together=False)


def spoilt(line: str, odd: str, dice: random.Random) -> str:
    """Return a line that is odd, has an odd part, or has an odd line beside it."""
    start, end = sorted(dice.randrange(len(line) + 1) for _ in range(2))
    return dice.choice([odd, f"{odd}\n{line}", f"{line}\n{odd}", line[:start] + odd + line[end:], line[:1] + odd, ""])


@st.composite
def written(draw: st.DrawFn, name: str) -> bytes:
    """Write a file of rows, most of them usual."""
    dice = random.Random(draw(st.integers(0, 2**32)))
    kind, text = KINDS[name], ""
    for number, line in enumerate(made(draw(st.integers(1, 40)))):
        parts = {"units": abs(line.amount).scaleb(2), "kind": 175 if line.amount > 0 else 475, "number": number}
        parts["side"] = "CRDT" if line.amount > 0 else "DBIT"
        parts |= {"mark": "C" if line.amount > 0 else "RC", "comma": f"{abs(line.amount)}".replace(".", ",")}
        parts["reversal"] = "false" if number % 3 else "true"
        lines = [each.format(day=line.day, amount=line.amount, **parts) for each in kind.usual]
        for at in reversed(kind.may_lack):
            if dice.random() < 0.1:
                del lines[at]
        if dice.random() < 0.1:
            at = dice.randrange(len(lines))
            lines[at] = spoilt(lines[at], draw(UGLY | st.sampled_from(kind.odd)), dice)
        text += "".join(f"{each}\n" for each in lines)
    return (kind.before + text + kind.after).encode()


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=40, deadline=None)
@given(data=st.data(), chunk=st.sampled_from([300, 64 * 1024]), alike_after=st.sampled_from([1, 10**9]))
def test_rows_taken_together_are_the_rows_taken_line_by_line(
    name: str, data: st.DataObject, chunk: int, alike_after: int
) -> None:
    content = data.draw(written(name))
    read = events_of(content, together=True, chunk=chunk, alike_after=alike_after)
    assert read == events_of(content, together=False, chunk=chunk)


@pytest.mark.parametrize("name", READERS)
def test_most_rows_of_a_large_file_are_read_in_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    reader = READERS[name]
    original: Callable[..., bool] = reader.take_run

    def take_run(self: object, run: runs.Run) -> bool:
        done = original(self, run)
        taken.append(len(run) * done)
        return done

    monkeypatch.setattr(reader, "take_run", take_run)
    content = file_of(name, ACCOUNT, made(2000))
    assert len(Read(content).lines) == 2000
    assert sum(taken) > 1900
    assert name in FORMATS


def test_most_texts_of_a_large_file_are_taken_apart_by_the_search_that_finds_their_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layouts: list[runs.RowLayout] = []
    original = Mt940Reader.passed
    monkeypatch.setattr(
        Mt940Reader, "passed", lambda self, run: layouts.extend([run.layout] * len(run)) or original(self, run)
    )
    assert len(Read(file_of("mt940", ACCOUNT, made(2000))).lines) == 2000
    assert sum(isinstance(layout, SubfieldLayout) for layout in layouts) > 1900


ALIKE = ":61:2603100310D{number},00NMSCREF//B{number}\n:86:166?00C.RD?10\n03?20PURCHASE {number}?32A\n"
"""Rows that have their type, the customer's reference, the code and three subfields in common."""


def test_what_most_rows_have_in_common_is_not_caught_from_each(monkeypatch: pytest.MonkeyPatch) -> None:
    shared: list[int] = []
    original = Mt940Reader.passed
    monkeypatch.setattr(
        Mt940Reader, "passed", lambda self, run: shared.extend([len(run.shared)] * len(run)) or original(self, run)
    )
    rows = "".join(ALIKE.format(number=number) for number in range(5000))
    assert len(Read(f"{MT940}{rows}:62F:C260331CAD1,\n-\n".encode()).lines) == 5000
    # The details that no row has are in common too; a subfield that a line end breaks is caught.
    assert shared.count(6) > 3500


@pytest.mark.parametrize(
    ("usual", "other"),
    [
        *(("NMSC", "NTRF"), ("REF//", "REF 2//"), ("REF//", "R.F//"), ("166", "177"), ("C.RD", "CARD"), ("C.RD", "")),
        *(("?32A", "?32B"), ("?32A", "?32A B"), ("?32A", "?32"), ("?32A", "?32A\nB"), ("?32A", "?32A\n:86:B")),
        *(("?32A", "?33A"), ("\n:86:166", "\nD\n:86:166"), ("0310D", "0311D"), ("D", "RC"), ("D", "DD")),
        *((":61:2603100310D", ":61:2602300230D"), (":86:166?00", ":NS:01X\n:86:166?00"), ("?10\n03", "?1\n003")),
    ],
)
def test_a_row_that_says_something_else_is_read_among_rows_that_have_it_in_common(usual: str, other: str) -> None:
    rows = [ALIKE.format(number=number) for number in range(90)]
    assert usual in rows[60]
    rows[60] = rows[60].replace(usual, other, 1)
    # Where the last row stands, and that it cannot be read, is told by the number of its line.
    content = f"{MT940}{''.join(rows)}:61:X\n:62F:C260331CAD1,\n-\n".encode()
    for chunk in (1000, 64 * 1024):
        assert events_of(content, together=True, chunk=chunk) == events_of(content, together=False, chunk=chunk)


@pytest.mark.parametrize(
    "purpose",
    ["SVWZ+A+B", "SVWZ+AEREF+1", "EREF+1SVWZ+B", "A+B", "A  B", "SVWZA", "PURPOSES", "SVWZ+", " SVWZ+A", "SVWZ+ A "],
)
def test_what_a_payment_is_for_is_read_among_others_with_its_word(purpose: str) -> None:
    rows = [ALIKE.format(number=number).replace("PURCHASE", "SVWZ+PURCHASE") for number in range(90)]
    rows[60] = rows[60].replace("SVWZ+PURCHASE 60", purpose)
    content = f"{MT940}{''.join(rows)}-\n".encode()
    assert events_of(content, together=True) == events_of(content, together=False)


def test_the_number_of_a_cheque_is_read_among_other_payments() -> None:
    rows = [ALIKE.format(number=number) for number in range(90)]
    rows[60] = rows[60].replace("NMSCREF", "NCHK319")
    content = f"{MT940}{''.join(rows)}-\n".encode()
    read = events_of(content, together=True)
    assert read == events_of(content, together=False)
    assert [event.check_number for event in read if isinstance(event, Line) and event.check_number] == ["319"]


@pytest.mark.parametrize(("name", "opening"), [("mt940", ":61:"), ("bai2", "16,")])
def test_each_row_stands_where_it_says(name: str, opening: str) -> None:
    content = file_of(name, ACCOUNT, made(500)).replace(b"\r\n", b"\n")
    lines = [event for event in events_of(content, together=True, chunk=1000) if isinstance(event, Line)]
    assert [line.offset for line in lines] == [
        found.start() for found in re.finditer(rf"^{opening}".encode(), content, re.MULTILINE)
    ]


@pytest.mark.parametrize(("name", "one"), [("bai2", (bai2, "sum_of")), ("mt940", (mt940, "sum_entry"))])
def test_most_rows_of_a_large_file_are_added_up_together(
    name: str, one: tuple[ModuleType, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = 0
    original = getattr(*one)

    def counted(row: object) -> object:
        nonlocal alone
        alone += 1
        return original(row)

    monkeypatch.setattr(*one, counted)
    content = file_of(name, ACCOUNT, made(2000))
    assert len(Read(content).lines) == 2000
    assert 0 < alone < 50


def test_a_text_whose_code_a_line_end_breaks_is_read_as_it_stands_among_others() -> None:
    kind = KINDS["mt940 of plain subfields"]
    row = ":61:260310D1,00NMSCNONREF\n:86:166?20A?21B?32C\n"
    content = (kind.before + row * 4 + row.replace("166?", "16\n6?") + row * 4).encode()
    read = events_of(content, together=True)
    assert read == events_of(content, together=False)
    assert len({event.name for event in read if isinstance(event, Line)}) == 2


def test_a_field_between_the_subfields_of_a_text_is_no_part_of_them() -> None:
    kind = KINDS["mt940 of plain subfields"]
    row = ":61:260310D1,00NMSCNONREF\n:86:166?20A?21B?32C\n"
    content = (kind.before + (row * 3 + row.replace("A?21", "A\n:NS:x?21")) * 20).encode()
    read = events_of(content, together=True, chunk=300)
    assert read == events_of(content, together=False, chunk=300)
    assert [event.memo for event in read if isinstance(event, Line)] == ["A B", "A B", "A B", "A"] * 20


def test_a_second_text_between_the_subfields_of_the_first_is_no_part_of_them() -> None:
    kind = KINDS["mt940 of plain subfields"]
    row = ":61:260310D1,00NMSCNONREF\n:86:166?20A?21B?32C\n"
    content = (kind.before + (row * 3 + row.replace("A?21", "A\n:86:x?21")) * 20).encode()
    read = events_of(content, together=True, chunk=300)
    assert read == events_of(content, together=False, chunk=300)
    assert len({event.memo for event in read if isinstance(event, Line)}) == 2


@pytest.mark.parametrize("funds", ["", "R", "D", "C", "E"])
@pytest.mark.parametrize("mark", ["C", "D", "RC", "RD"])
def test_a_letter_for_the_kind_of_funds_is_no_part_of_an_amount(mark: str, funds: str) -> None:
    rows = f":61:2603100310{mark}{funds}1,00NMSCREF\n:86:166?20A?32C\n" * 20
    rows += ":61:2603100310D5,00NMSCREF\n:86:166?20A?32C\n" * 20
    content = f"{MT940}{rows}:62F:C260331CAD{'20' if mark in ('C', 'RD') else '-20'},00\n-\n".encode()
    read = events_of(content, together=True)
    assert read == events_of(content, together=False)
    assert [event.amount for event in read if isinstance(event, Line)] == [
        *[Decimal("1.00") if mark in ("C", "RD") else Decimal("-1.00")] * 20,
        *[Decimal("-5.00")] * 20,
    ]


@pytest.mark.parametrize(
    ("usual", "other"),
    [("REF//B", "REF"), ("REF", "REF//B"), ("REF//B", "REF//B\ndetails"), ("REF//B\ndetails", "REF//B")],
)
def test_rows_without_what_the_first_ones_have_are_read_among_them(usual: str, other: str) -> None:
    kind = KINDS["mt940 of plain subfields"]
    row = ":61:260310D1,00NMSC{}\n:86:166?20A?21B?32C\n"
    content = (kind.before + row.format(usual) * 30 + row.format(other) * 30 + row.format(usual) * 30).encode()
    read = events_of(content, together=True)
    assert read == events_of(content, together=False)
    assert len([event for event in read if isinstance(event, Line)]) == 90


def test_what_is_not_taken_of_a_run_is_told_when_the_reader_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "RUN_ROWS_MIN", 1)
    content = file_of("mt940", ACCOUNT, made(50))
    whole = list(reader_for(io.BytesIO(content)).events(io.BytesIO(content)))
    reader, told = reader_for(io.BytesIO(content)), list[Event]()
    while len(told) < len(whole):
        events = reader.events(io.BytesIO(content))
        told.extend(islice(events, 7))
        events.close()
    assert told == whole


@pytest.mark.parametrize(("text", "memo"), [("166?20A?21B?32", "A B"), ("A B", "A B")])
def test_the_end_of_a_message_right_after_a_text_is_no_part_of_it(text: str, memo: str) -> None:
    row = f":61:260310D1,00NMSCNONREF\n:86:{text}\n"
    content = f"{MT940}{row * 20}-\n{MT940}{row * 20}-\n".encode()
    content = content.replace(b"-\n:20:", f"-\n{row}".encode() + b":20:")
    read = events_of(content, together=True)
    assert read == events_of(content, together=False)
    assert {(event.name, event.memo) for event in read if isinstance(event, Line)} == {("", memo)}


def test_a_record_after_an_empty_one_stands_where_it_stands() -> None:
    rows = [f"D01/02/2026\nT{number}.00\n^\n" for number in range(1, 40)]
    rows[20] = f"^\n{rows[20]}"
    content = f"!Type:Bank\n{''.join(rows)}".encode()
    read = events_of(content, together=True)
    assert read == events_of(content, together=False)
    assert [event.offset for event in read if isinstance(event, Line)] == [
        found.start() for found in re.finditer(b"D", content)
    ]


def test_most_entries_of_a_large_message_are_read_without_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    original = Walk.take_entries

    def take_entries(self: Walk, run: runs.Run) -> None:
        taken.append(len(run))
        original(self, run)

    monkeypatch.setattr(Walk, "take_entries", take_entries)
    assert len(Read(file_of("camt", ACCOUNT, made(2000))).lines) == 2000
    assert sum(taken) > 2 * 1900


CELL = st.one_of(
    st.sampled_from(["SHOP 1", "-1.00", "", '"1,087.91"', '"A;B"', '""', "2026-03-01"]),
    st.sampled_from(['"A', 'B"', '"A"B', 'A"B"', '"A""B"', '"\x01"', '"\x00"']),
    st.text(st.sampled_from('a," ;=\t\x00\x01'), max_size=5),
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([",", ";", "\t"]),
    st.one_of(
        st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=3), st.lists(st.lists(CELL, max_size=4), max_size=6)
    ),
)
@example(",", [["1", '"A'], ['B"', "2"]])
def test_rows_that_are_cut_many_at_once_are_those_that_are_cut_one_by_one(
    delimiter: str, cells: list[list[str]]
) -> None:
    lines = [delimiter.join(row) for row in cells]
    together, alone = RowCutter(delimiter), RowCutter(delimiter)
    if '="' not in "\n".join(lines):  # what keeps a spreadsheet from changing a cell is taken off many at once alone
        one_by_one = [row for number, line in enumerate(lines, 1) for row in alone.add(line, number, 0)]
        block = together.cut("".join(f"{line}\n" for line in lines), 1, 0)
        assert [row.cells or [""] for row in block] == [row.cells for row in one_by_one]
        assert [row.cells for row in together.end()] == [row.cells for row in alone.end()]


def test_cells_in_quotes_among_others_are_cut_to_columns_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table.csv, "reader", None)
    block = RowCutter(",").cut('1,"1,087.91",A\n"2","A; B",\n3,,"C"\n', 1, 0)
    assert [row.cells for row in block] == [["1", "1,087.91", "A"], ["2", "A; B", ""], ["3", "", "C"]]


@pytest.mark.parametrize("last", ['"7","h,i",9', '"7","h,i","9"', "7,h i,9", '"7",h,"9"'])
def test_cells_in_quotes_come_back_where_they_stood(last: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f'"1","a,b",2\n"3","c",4\n"5","f",6\n{last}\n'
    known = list(csv.reader(text.splitlines()))
    monkeypatch.setattr(table.csv, "reader", None)
    assert [row.cells for row in RowCutter(",").cut(text, 1, 0)] == known
