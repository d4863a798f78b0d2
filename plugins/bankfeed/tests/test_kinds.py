"""OFX files whose kinds of transactions contradict the signs of all their amounts: a person tells which counts."""

from __future__ import annotations

from io import BytesIO

import pytest

from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Line, Question, Unreadable
from raccord_bankfeed.readers.told import ACCEPT, REVERSED, Known
from raccord_bankfeed.twins.bank import Read

HEAD = "OFXHEADER:100\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>CAD<BANKACCTFROM><BANKID>1<ACCTID>123456"
ROW = "<STMTTRN><TRNTYPE>OTHER<DTPOSTED>20260302<TRNAMT>1<FITID>1</STMTTRN>"
TAIL = "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"


def read(rows: list[tuple[str, str]], said: str = "") -> tuple[list[str], list[Question], list[str]]:
    """Return the amounts, what is asked, and what cannot be read of transactions of some kinds and amounts."""
    body = "".join(
        f"<STMTTRN><TRNTYPE>{kind}<DTPOSTED>20260302<TRNAMT>{amount}<FITID>A{number}<NAME>CAFE</STMTTRN>\n"
        for number, (kind, amount) in enumerate(rows)
    )
    content = f"{HEAD}<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>{body}{TAIL}".encode()
    known = Known()
    if said:
        (asked,) = read(rows)[1]
        known = Known({asked.layout: frozenset({said})})
    events = list(reader_for(BytesIO(content), known).events(BytesIO(content)))
    return (
        [str(event.amount) for event in events if isinstance(event, Line)],
        [event for event in events if isinstance(event, Question)],
        [event.code for event in events if isinstance(event, Unreadable)],
    )


UNSIGNED = [("DEBIT", "50.00"), ("CREDIT", "20.00"), ("ATM", "5.00")] * 10
CARD = [("DEBIT", "50.00"), ("POS", "20.00"), ("CREDIT", "-70.00"), ("OTHER", "1.00")] * 10


@pytest.mark.parametrize(
    ("rows", "turned"),
    [(UNSIGNED, ["-50.00", "20.00", "-5.00"] * 10), (CARD, ["-50.00", "-20.00", "70.00", "-1.00"] * 10)],
)
def test_kinds_against_every_sign_are_asked_about_once_for_a_bank(
    rows: list[tuple[str, str]], turned: list[str]
) -> None:
    written = [amount for _, amount in rows]
    amounts, (asked,), _ = read(rows)
    (line,) = Read(f"{HEAD}<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>{ROW}{TAIL}".encode()).lines
    assert asked.layout == f"sign-{line.account.key}", "the same is said of single lines of the account"
    assert (asked.code, asked.answers) == ("bankfeed.signs_contradict", (REVERSED, ACCEPT))
    assert [text.en for text in asked.readings[0].shown][:1] == ["-50.00"]
    assert amounts == written
    assert read(rows, REVERSED) == (turned, [], [])
    assert read(rows, ACCEPT) == (written, [], [])


@pytest.mark.parametrize(
    "rows",
    [
        [("DEBIT", "-50.00"), ("CREDIT", "20.00")],
        [("DEBIT", "50.00"), ("DEBIT", "-20.00")],
        [("CREDIT", "50.00"), ("CREDIT", "-20.00")],
        [("OTHER", "50.00"), ("OTHER", "-20.00")],
        [("DEBIT", "0.00"), ("CREDIT", "20.00")],
    ],
)
def test_kinds_that_agree_once_or_say_nothing_leave_the_signs_as_they_are(rows: list[tuple[str, str]]) -> None:
    assert read(rows) == ([amount for _, amount in rows], [], [])


def test_where_the_kind_tells_the_direction_a_kind_that_tells_none_is_named() -> None:
    rows = [("DEBIT", "50.00"), *[("OTHER", "20.00")] * 9, ("CREDIT", "5.00")]
    amounts, _, codes = read(rows, REVERSED)
    assert amounts == ["-50.00", "5.00"]
    assert codes == ["bankfeed.direction_unknown"] * 9
