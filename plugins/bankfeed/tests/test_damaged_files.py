"""Damaged and hostile files: the good rows stay, each bad one is named, memory and time stay bounded."""

from __future__ import annotations

import random
import subprocess
import sys
import time
import tracemalloc
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO, RawIOBase
from itertools import islice
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Line, Unreadable
from raccord_bankfeed.readers.ofx.line import DAYS_MAX, Days
from raccord_bankfeed.twins.bank import Dialect, Leaves, MadeAccount, MadeLine, Read, statement_chunks, statement_file

DAY = date(2026, 3, 2)
MIB = 1024 * 1024
PART = 320 * 1024
ROW = b"<STMTTRN><DTPOSTED>20260302<TRNAMT>1<MEMO>A%s</STMTTRN>"
CLOSED = b"<STMTTRN><DTPOSTED>20260302</DTPOSTED><TRNAMT>1</TRNAMT>%s</STMTTRN>"


def row(number: int = 1, **more: str) -> MadeLine:
    return MadeLine(day=DAY, amount=Decimal(number), native=f"F-{number:06}", name=f"N{number}", more=more)


class Flow(RawIOBase):
    """A file that is never in memory: pieces made when read, from the beginning each time it is rewound."""

    def __init__(self, pieces) -> None:
        self._pieces, self._size = pieces, 0
        self.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        assert whence == 0
        self._left, self._rest = self._pieces(), b""
        while offset > 0:
            offset -= len(self.read(min(offset, MIB)))
        return offset

    def read(self, size: int = -1) -> bytes:
        parts, missing = [self._rest[:size]], size - len(self._rest[:size])
        self._rest = self._rest[size:]
        while missing > 0 and (piece := next(self._left, b"")):
            parts.append(piece[:missing])
            self._rest = piece[missing:]
            missing -= len(parts[-1])
        return b"".join(parts)


def peak_and_events(flow: Flow):
    tracemalloc.start()
    reader = reader_for(flow)
    counted = {Line: 0, Unreadable: 0}
    last = None
    for last in reader.events(flow):
        counted[type(last)] = counted.get(type(last), 0) + 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, counted, last


@pytest.mark.parametrize("leaves", [Leaves.OPEN, Leaves.CLOSED])
def test_memory_does_not_grow_with_the_file(leaves: Leaves) -> None:
    long = [MadeLine(day=DAY, amount=Decimal(number), memo="M" * 4000) for number in range(50)]
    flow = Flow(
        lambda: statement_chunks(
            MadeAccount(), (long[number % 50] for number in range(2_000)), dialect=Dialect(leaves=leaves)
        )
    )
    peak, counted, _ = peak_and_events(flow)
    assert counted[Line] == 2_000
    assert peak < 3 * MIB, "of a file of 8 MB"


def test_two_hundred_thousand_lines_leave_the_process_as_small_as_a_thousand() -> None:
    script = """
import io, resource, sys
from raccord_bankfeed.readers import reader_for
row = b"<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260302<TRNAMT>-1.00<FITID>F-1<NAME>COFFEE</STMTTRN>\\n"
def peak(rows):
    with open(sys.argv[1], "w+b") as file:
        file.write(b"<OFX><STMTRS><BANKTRANLIST>")
        for _ in range(rows // 1000):
            file.write(row * 1000)
        file.write(b"</BANKTRANLIST></STMTRS></OFX>")
        assert sum(1 for _ in reader_for(file).events(file)) == rows + 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
small = peak(1000)
print(peak(200_000) - small)
"""
    with NamedTemporaryFile() as file:
        done = subprocess.run([sys.executable, "-c", script, file.name], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 4 * 1024, "KiB more for two hundred times the lines"


def test_two_hundred_megabytes_of_one_line_are_refused_in_bounded_memory() -> None:
    head = statement_file(MadeAccount(), [row()]).partition(b"<STMTTRN>")[0].replace(b"\r\n", b"")
    junk = b"x" * MIB

    def pieces():
        yield b"<OFX>" + head.partition(b"<OFX>")[2] + b"<DTCLIENT>"
        yield from (junk for _ in range(200))
        yield b"<STMTTRN><DTPOSTED>20260302<TRNAMT>7</STMTTRN></BANKTRANLIST></STMTRS></OFX>"

    peak, counted, _ = peak_and_events(Flow(pieces))
    assert (counted[Line], counted[Unreadable]) == (1, 1)
    assert peak < 6 * MIB


def test_a_row_without_end_is_refused_in_bounded_memory_and_the_next_is_read() -> None:
    body = statement_file(MadeAccount(), [row(1), row(2)])
    first, mark, rest = body.partition(b"<NAME>N1")

    def pieces():
        yield first + mark
        yield from (b"y" * MIB for _ in range(20))
        yield rest

    peak, counted, _ = peak_and_events(Flow(pieces))
    assert (counted[Line], counted[Unreadable]) == (1, 1)
    assert peak < 6 * MIB


def test_deep_nesting_and_endless_comments_need_no_memory() -> None:
    body = statement_file(MadeAccount(), [row()])
    deep = body.replace(b"<STMTRS>", b"<STMTRS>" + b"<A><STMTTRNRS><STMTRS>" * 2_000, 1)
    comment = body.replace(b"<STMTRS>", b"<STMTRS><!--" + b"<STMTTRN>-- " * 50_000 + b"-->", 1)
    for content in (deep, comment):
        assert peak_and_events(Flow(lambda content=content: iter([content])))[0] < 4 * MIB + len(content)
        assert (
            len([event for event in reader_for(BytesIO(content)).events(BytesIO(content)) if isinstance(event, Line)])
            == 1
        )


@pytest.mark.parametrize(
    "content",
    [
        b"<OFX>" + b"<" * PART,
        b"<OFX>" + b"<A " * (PART // 3),
        b"<OFX>" + b"<!--" * (PART // 4),
        b"<OFX>" + b"<![CDATA[" * (PART // 9),
        b"<OFX>" + b"&amp;" * (PART // 5),
        b"<OFX><STMTRS>" + b"<STMTTRN>" * (PART // 9),
        b"<OFX><STMTRS>" + b"<STMTTRN><!" * (PART // 11),
        b"<OFX><STMTRS>" + b"<STMTTRN><TRNAMT>1</STMTTRN>" * (PART // 28),
        b"<OFX><STMTRS>" + b"<STMTTRN><TRNAMT>1<![CDATA[</STMTTRN>" * (PART // 37),
        b"<OFX><STMTRS>" + (ROW % b"" + ROW % (b" " * 10_000 + b"<x ")) * (PART // 10_000),
        b"<OFX><STMTRS>" + (CLOSED % b"" + CLOSED % (b" " * 10_000 + b"x")) * (PART // 10_000),
        b"\n" * 60_000 + b"<OFX><STMTRS>" + b"x" * (3 * 60_000),
    ],
    ids=[
        "lt",
        "open",
        "comments",
        "cdata",
        "entities",
        "rows",
        "odd-rows",
        "dateless",
        "cdata-rows",
        "blanks",
        "closed-blanks",
        "blank-lines",
    ],
)
def test_a_hostile_file_takes_linear_time(content: bytes) -> None:
    def seconds(data: bytes) -> float:
        started = time.process_time()
        for _ in reader_for(BytesIO(data)).events(BytesIO(data)):
            pass
        return time.process_time() - started

    quarter = content[: len(content) // 4]
    whole = seconds(content)
    assert whole < 12 * max(seconds(quarter), 0.02), "four times the bytes took more than about four times as long"
    assert whole < 4, "a third of a megabyte"


def test_days_are_remembered_up_to_a_limit() -> None:
    days = Days()
    for number in range(3 * DAYS_MAX):
        assert days[f"{DAY + timedelta(number):%Y%m%d}"] == DAY + timedelta(number)
        assert len(days) <= DAYS_MAX


def test_many_unlike_tags_are_not_kept() -> None:
    tags = b"".join(b"<T%d>x" % number for number in range(30_000))
    for inside in (b"<STATUS>" + tags, b"<STMTRS><BANKACCTFROM>" + tags):
        content = b"<OFX>" + inside
        assert peak_and_events(Flow(lambda content=content: iter([content])))[0] < 2 * MIB


def test_a_file_cut_off_anywhere_keeps_its_whole_rows_and_says_so() -> None:
    body = statement_file(MadeAccount(), [row(number) for number in (1, 2, 3)])
    whole = [body.index(f"<NAME>N{number}".encode()) for number in (1, 2, 3)]
    for cut in range(body.index(b"<OFX>") + 5, len(body.rstrip()) - 1, 7):
        result = Read(body[:cut])
        ends = [body.index(b"</STMTTRN>", start) + 10 for start in whole]
        assert [line.amount for line in result.lines][: sum(end <= cut for end in ends)] == [
            number for number, end in enumerate(ends, 1) if end <= cut
        ]
        assert len(result.lines) <= 3
        assert "bankfeed.file_cut_off" in result.codes, body[:cut][-40:]


def test_a_row_that_the_end_of_the_file_cuts_off_is_not_read() -> None:
    body = statement_file(MadeAccount(), [row(1), row(123_456)])
    cut = body[: body.index(b"<TRNAMT>123456") + 11]
    result = Read(cut)
    assert [line.amount for line in result.lines] == [1], "-123 would be an invented amount"
    assert result.codes == ["bankfeed.row_cut_off", "bankfeed.file_cut_off"]


@pytest.mark.requirement("BF-22")
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "bankfeed.file_empty"),
        (b" \r\n\t", "bankfeed.file_empty"),
        (b"Dear customer,\r\nyour statement is ready, please sign in.\r\n", "bankfeed.format_unknown"),
        (b"%PDF-1.7 \x00\x01", "bankfeed.format_unknown"),
        (b"PK\x03\x04\x14\x00\x00\x00statement.ofx", "bankfeed.packed_damaged"),
        (b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", "bankfeed.workbook"),
        (b"<html><body>Sign in to see your statement</body></html>", "bankfeed.format_unknown"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_what_to_do(content: bytes, code: str) -> None:
    result = Read(content)
    assert result.codes == [code]
    reason = result.unreadable[0].reason
    assert len(reason.fr) > 40
    assert len(reason.en) > 40


def test_rows_outside_any_statement_and_nul_bytes_are_handled() -> None:
    result = Read(b"<OFX><STMTTRN><DTPOSTED>20260302<TRNAMT>1</STMTTRN></OFX>")
    assert result.codes == ["bankfeed.row_without_statement"]
    body = statement_file(MadeAccount(), [row(1), row(2), row(3)]).replace(b"<NAME>N2", b"<NAME>N\x002")
    assert [line.name for line in Read(body).lines] == ["N1", "N2", "N3"]


def test_card_numbers_do_not_show_in_excerpts() -> None:
    body = (
        statement_file(MadeAccount(), [row(1)])
        .replace(b"<TRNAMT>1", b"<TRNAMT>x")
        .replace(b"N1", b"4111 1111 1111 1234")
    )
    (bad,) = Read(body).unreadable
    assert "1111 1111" not in bad.excerpt
    assert "…1234" in bad.excerpt


def test_good_rows_between_bad_ones_stay_and_each_bad_one_has_its_place() -> None:
    body = statement_file(MadeAccount(), [row(number) for number in range(1, 1001)])
    spoilt = body
    for number in range(10, 1001, 10):
        spoilt = spoilt.replace(f"<TRNAMT>{number}\r".encode(), b"<TRNAMT>?\r")
    result = Read(spoilt)
    assert [line.amount for line in result.lines] == [number for number in range(1, 1001) if number % 10]
    starts = [spoilt.index(f"F-{number:06}".encode()) for number in range(10, 1001, 10)]
    wanted = [spoilt[:start].rpartition(b"<STMTTRN>")[0].count(b"\n") + 1 for start in starts]
    assert [bad.line for bad in result.unreadable] == wanted
    assert result.statements[0].unreadable == 100


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10**9), cuts=st.integers(1, 30))
@example(seed=0, cuts=1)
def test_a_file_hit_by_noise_is_read_without_crash_and_without_invented_rows(seed: int, cuts: int) -> None:
    dice = random.Random(seed)
    body = bytearray(statement_file(MadeAccount(), [row(number) for number in range(1, 20)]))
    for _ in range(cuts):
        at = dice.randrange(len(body))
        match dice.randrange(3):
            case 0:
                body[at] = dice.randrange(256)
            case 1:
                del body[at : at + dice.randrange(40)]
            case _:
                body[at:at] = dice.choice(
                    [b"<", b">", b"</STMTTRN>", b"<!--", b"\x00", b"<![CDATA[", b"\xff\xfe", b"&#x0;"]
                )
    events = list(reader_for(BytesIO(bytes(body))).events(BytesIO(bytes(body))))
    assert sum(isinstance(event, Line) for event in events) <= 19


def test_what_stops_and_goes_on_yields_the_same_as_one_go() -> None:
    content = statement_file(MadeAccount(), [row(number) for number in range(1, 60)], dialect=Dialect(comments=True))
    content += statement_file(MadeAccount(), [row(number) for number in range(1, 60)]).replace(
        b"<TRNAMT>7", b"<TRNAMT>x"
    )
    whole = list(reader_for(BytesIO(content)).events(BytesIO(content)))
    for step in (1, 2, 7):
        reader, pieces = reader_for(BytesIO(content)), []
        while True:
            events = reader.events(BytesIO(content))
            part = list(islice(events, step))
            events.close()
            pieces += part
            if len(part) < step:
                break
        assert pieces == whole
