"""Whatever is done to a bank's file: only declared problems, no invented row, and every row accounted for.

``fuzz_readers.py`` does the same for longer, led by coverage (``make fuzz``).
"""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import raccord_bankfeed
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, Read
from raccord_bankfeed.twins.checks import Unaccounted, read_and_account
from raccord_bankfeed.twins.formats import FORMATS, file_of

SAMPLES = Path(raccord_bankfeed.__file__).parent / "samples"
SAMPLE_FILES = sorted(path for path in SAMPLES.glob("*/*") if path.parent.name != "LICENSES")
ACCOUNT = MadeAccount(number="0123456789", currency="CAD")
PIECES = (
    *(b"\n", b"\r", b",", b";", b'"', b"'", b"<", b">", b"&", b"^", b"/", b"-", b"+", b"\t", b"\0", b"\xff", b"\xc3"),
    *(b"]]>", b"<!--", b"-->", b"<![CDATA[", b"<STMTTRN>", b"</STMTTRN>", b"</Ntry>", b"<Ntry>", b"<TRNAMT>", b"<?"),
    *(
        b":61:",
        b":86:",
        b":62F:",
        b"-}",
        b"{4:",
        b"\n88,",
        b"\n16,",
        b"\n49,",
        b"\n!Type:Bank\n",
        b"\nD",
        b"\nT",
        b"?20",
    ),
    *(b"99999999999999999999999999999", b"1e9", b"NaN", b"31/02/2026", b"00000000", b"\xef\xbb\xbf", b"\xff\xfe"),
)


@cache
def seeds(name: str) -> tuple[bytes, ...]:
    """Return a format's file from the twin, of a dozen lines, and the samples that lie in folders of its name."""
    lines = [
        MadeLine(day=date(2026, 3, 14), amount=Decimal(number).scaleb(-2), name=f"N{number}", native=f"F-{number:05}")
        for number in range(-600, 700, 100)
    ]
    kept = [path.read_bytes() for path in SAMPLE_FILES if name[:3] in path.parent.name]
    return (file_of(name, ACCOUNT, lines), *(content for content in kept if len(content) < 12_000))


def mangled(content: bytes, dice: random.Random) -> bytes:
    """Return a file with a few of the things done to it that editors, networks and programs do."""
    rows = content.splitlines(keepends=True) or [b""]
    for _ in range(dice.randint(1, 4)):
        at, other = dice.randrange(len(rows)), dice.randrange(len(rows))
        inside = dice.randint(0, len(rows[at]))
        match dice.randrange(8):
            case 0:
                del rows[at]
            case 1:
                rows.insert(at, rows[other])
            case 2:
                rows[at], rows[other] = rows[other], rows[at]
            case 3:
                rows[at] = rows[at][:inside]
            case 4 | 5:
                rows[at] = rows[at][:inside] + dice.choice(PIECES) + rows[at][inside:]
            case 6:
                rows[at] = rows[at][:inside] + dice.choice(PIECES) + rows[at][inside + dice.randint(1, 9) :]
            case _:
                rows = rows[: at + 1]
        rows = rows or [b""]
    return b"".join(rows)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), sittings=st.booleans())
def test_a_mangled_file_is_read_without_crash_invented_row_or_unaccounted_line(
    name: str, seed: int, sittings: bool
) -> None:
    dice = random.Random(seed)
    read_and_account(mangled(dice.choice(seeds(name)), dice), sittings=sittings)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("strange", ["²", "١", "9" * 5000], ids=["superscript", "Arabic", "five thousand"])
def test_a_digit_that_is_none_of_ten_and_one_too_many_are_named_wherever_they_stand(name: str, strange: str) -> None:
    """``str.isdigit`` takes ² for a digit that ``int`` refuses, and ``int`` refuses five thousand of them."""
    lines = [MadeLine(day=date(2026, 3, 14), amount=Decimal("-12.50"), name="N", native="F-1", check_number="17")]
    text = file_of(name, ACCOUNT, lines).decode()
    for at in (at for at, char in enumerate(text) if char.isdigit()):
        read_and_account((text[:at] + strange + text[at + 1 :]).encode())


def amounts_of(name: str, line: MadeLine) -> bytes:
    """Return how the twin writes a line's amount in a format, with what stands around it."""
    text = f"{abs(line.amount):f}"
    match name:
        case "mt940":
            return text.replace(".", ",").encode() + b"NTRF"
        case "bai2":
            return b"," + text.replace(".", "").encode() + b","
        case "qif":
            return f"T{line.amount:,f}".encode()
        case "camt":
            return f'"CAD">{text}<'.encode()
        case "csv":
            row = StringIO()
            csv.writer(row).writerow([f"{line.amount:,.2f}"])
            return row.getvalue().strip().encode()
        case _:
            return f"<TRNAMT>{line.amount:f}".encode()


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_each_row_that_is_spoilt_is_one_problem_and_the_others_are_read(name: str, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))
    first = date(2026, 3, 14)
    lines = [
        MadeLine(
            day=first if name == "bai2" else first + timedelta(number),
            amount=Decimal(-(20_000_011 + 1_000_003 * number)).scaleb(-2),
            name=f"SHOP {number}",
            native=f"F-{number:05}",
        )
        for number in range(count)
    ]
    content = file_of(name, ACCOUNT, lines)
    spoilt = data.draw(st.sets(st.integers(0, count - 1)))
    for number in spoilt:
        written = amounts_of(name, lines[number])
        assert content.count(written) == 1
        content = content.replace(written, written.replace(b"0", b"?"))
    read = read_and_account(content)
    good = [line for number, line in enumerate(lines) if number not in spoilt]
    problems = [each.code for each in read.unreadable if "amount_unreadable" in each.code]
    if name == "csv" and not good:
        # Without one amount, nothing tells that the table's column of amounts is one; the file is refused or asked.
        assert not read.lines
        return
    assert [(line.day, line.amount) for line in read.lines] == [(line.day, line.amount) for line in good]
    assert len(problems) == len(spoilt)


def test_a_reading_that_invents_a_row_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    content = file_of("ofx1", ACCOUNT, [MadeLine(day=date(2026, 3, 14), amount=Decimal(1))])
    twice = Read(content)
    twice.lines *= 2
    monkeypatch.setattr("raccord_bankfeed.twins.checks.Read", lambda _: twice)
    with pytest.raises(Unaccounted, match="2 lines of 1 rows"):
        read_and_account(content)


def test_the_pieces_that_files_are_mangled_with_differ() -> None:
    assert all(one != other for one, other in pairwise(sorted(PIECES)))
