"""CSV: rows read many at once, in pieces and damaged are the rows read one by one."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Balance, Line, Question
from raccord_bankfeed.readers.table import balances, evidence, rows
from raccord_bankfeed.readers.table.layout import Layout
from raccord_bankfeed.readers.table.lines import RowReader
from raccord_bankfeed.readers.table.rows import Block, Row
from raccord_bankfeed.readers.table.running import RunningBalance
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, Read
from raccord_bankfeed.twins.csv import csv_chunks


def test_a_quote_that_is_never_closed_costs_no_row() -> None:
    content = 'Date,Description,Amount\n2026-03-14,5" PIPE,-1.00\n2026-03-15,"OPEN,-2.00\n2026-03-16,C,-3.00\n'
    result = Read(content.encode())
    assert [line.amount for line in result.lines] == [-1, -2, -3]


def test_what_stops_and_goes_on_yields_the_same_as_one_go() -> None:
    lines = [MadeLine(day=date(2026, 3, 14), amount=Decimal(number), name='A "B"\nC') for number in range(1, 900)]
    content = b"".join(csv_chunks(MadeAccount(), lines))
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
    assert len(pieces) == 900


def asked(content: bytes) -> list[str]:
    return [event.code for event in Read(content).events if isinstance(event, Question)]


UGLY = [b"\n", b",", b'"', b";", b" ", b"\t", b"(", b"-", b"+", b"$", b"EUR", b",Pending", b"0", b".", b"\0"]


MADE = st.lists(
    st.builds(
        MadeLine,
        day=st.integers(0, 364).map(lambda days: date(2026, 1, 1) + timedelta(days)),
        amount=st.integers(-(10**8), 10**8).filter(bool).map(lambda cents: Decimal(cents).scaleb(-2)),
        name=st.sampled_from(["CAFÉ", 'A "B", C; D', "two\nlines", "SHOP 17"]),
        native=st.sampled_from(["", "TX-1001"]),
    ),
    min_size=1,
    max_size=10,
)


@settings(max_examples=60, deadline=None)
@given(
    made=MADE,
    delimiter=st.sampled_from([",", ";", "\t"]),
    comma=st.booleans(),
    columns=st.booleans(),
    balance=st.booleans(),
    preamble=st.booleans(),
)
def test_what_a_bank_writes_is_what_is_read(
    made: list[MadeLine], delimiter: str, comma: bool, columns: bool, balance: bool, preamble: bool
) -> None:
    content = b"".join(
        csv_chunks(
            MadeAccount(),
            made,
            delimiter=delimiter,
            comma=comma,
            two_columns=columns,
            balance=balance,
            preamble=preamble,
        )
    )
    result = Read(content)
    assert [(line.day, line.amount, line.name, line.native) for line in result.lines] == [
        (line.day, line.amount, " ".join(line.name.split()), line.native) for line in made
    ]
    assert (result.codes, asked(content)) == ([], [])


@settings(max_examples=120, deadline=None)
@given(
    made=MADE,
    words=st.sampled_from([(), ("DEBIT", "CREDIT"), ("CREDIT",), ("SHOP",)]),
    columns=st.booleans(),
    balance=st.booleans(),
    noise=st.lists(st.tuples(st.integers(0, 600), st.sampled_from([*UGLY, b"0.00", b"0,00"])), max_size=4),
    batch=st.sampled_from([3, 16, 256]),
)
def test_rows_read_many_at_once_are_the_rows_read_one_by_one(
    made: list[MadeLine],
    words: tuple[str, ...],
    columns: bool,
    balance: bool,
    noise: list[tuple[int, bytes]],
    batch: int,
) -> None:
    body = b"".join(csv_chunks(MadeAccount(), made * 3, two_columns=columns, balance=balance))
    if words:
        table = csv.reader(StringIO(body.decode(), newline=""))
        wider = [[*cells, words[number % len(words)] if number else "Type"] for number, cells in enumerate(table)]
        csv.writer(into := StringIO(newline="")).writerows(wider)
        body = into.getvalue().encode()
    for at, piece in noise:
        body = body[:at] + piece + body[at:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "_BATCH_LINES", batch)
        together = Read(body).events
        patch.setattr(RowReader, "block_moved", lambda *_: None)
        patch.setattr(evidence, "signs_of", lambda _: None)
        assert Read(body).events == together


def test_each_row_is_weighed_once_whichever_of_them_needs_a_closer_look(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed: list[int] = []

    def counted(blocks: Iterable[Block], layout: Layout) -> evidence.Evidence:
        found = weigh(blocks, layout)
        weighed.append(found.rows)
        return found

    weigh = evidence.weigh
    monkeypatch.setattr("raccord_bankfeed.readers.table.reader.weigh", counted)
    monkeypatch.setattr(rows, "_BATCH_LINES", 20)
    for odd in range(0, 60, 7):
        amounts = ["1.5 $" if number == odd else f"-{number}.25" for number in range(60)]
        Read(b"Date,Text,Amount\n" + "".join(f"2026-03-14,N,{each}\n" for each in amounts).encode())
    assert weighed == [60] * 9


@pytest.mark.parametrize("odd", ["", "N50,1.5", "Closing balance,0.00", "N50,1.00 CAD", "N50,"])
@pytest.mark.parametrize("columns", [False, True])
def test_balances_of_usual_rows_are_followed_in_the_first_look_and_of_others_in_one_of_their_own(
    odd: str, columns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[RowReader] = []
    original = balances.running_beside

    def running(blocks: Iterable[Block], reader: RowReader, beside: balances.Beside) -> dict[str, RunningBalance]:
        looks.append(reader)
        return original(blocks, reader, beside)

    monkeypatch.setattr(balances, "running_beside", running)
    made = [MadeLine(day=date(2026, 3, 14), amount=Decimal("-40.00"), name=f"N{number}") for number in range(100)]
    body = b"".join(csv_chunks(MadeAccount(), made, two_columns=columns, balance=True)).decode()
    if odd:
        usual = "N50,40.00," if columns else "N50,-40.00,"
        assert usual in body
        body = body.replace(usual, f"{odd},")
    (statement,) = Read(body.encode()).statements
    assert bool(looks) is bool(odd)
    if not odd:
        day = date(2026, 3, 14)
        assert statement.opening == Balance(Decimal("100.00"), day)
        assert statement.ledger == Balance(Decimal("-3900.00"), day)


def test_most_rows_of_a_large_table_are_read_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    alone: list[Row] = []
    original = RowReader.line

    def line(self: RowReader, row: Row) -> Line:
        alone.append(row)
        return original(self, row)

    monkeypatch.setattr(RowReader, "line", line)
    made = [
        MadeLine(day=date(2026, 3, 14), amount=Decimal(number * (-1) ** number), name=f"N{number}")
        for number in range(1, 1001)
    ]
    for columns in (True, False):
        body = b"".join(csv_chunks(MadeAccount(), made, two_columns=columns, balance=True))
        assert len(Read(body.replace(b"N500,", b"N500 2026,")).lines) == 1000
    assert len(alone) < 40


@settings(max_examples=80, deadline=None)
@given(
    noise=st.lists(
        st.tuples(st.integers(0, 700), st.sampled_from([b"", b"\n", b",", b'"', b";", b"\xff", b"\0", b"-"])),
        min_size=1,
        max_size=6,
    )
)
def test_noise_neither_crashes_the_reader_nor_makes_it_invent_rows(noise: list[tuple[int, bytes]]) -> None:
    lines = [MadeLine(day=date(2026, 3, 14), amount=Decimal(number), name=f"N{number}") for number in range(1, 12)]
    body = b"".join(csv_chunks(MadeAccount(), lines))
    for at, piece in noise:
        body = body[:at] + piece + body[at + 2 :]
    events = list(reader_for(BytesIO(body)).events(BytesIO(body)))
    assert sum(isinstance(event, Line) for event in events) <= 11 + len(noise)
