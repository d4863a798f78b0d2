"""Files as banks really write them, where they depart from the standard or from what others write."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from raccord_bankfeed.twins.bank import Read

VARIANTS = {
    each["name"]: each for each in tomllib.loads((Path(__file__).parent / "variants.toml").read_text())["variant"]
}
HEADER = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\n\n"
STATEMENT = (
    "<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>CAD<BANKACCTFROM><BANKID>1<ACCTID>123456<ACCTTYPE>CHECKING"
    "</BANKACCTFROM><BANKTRANLIST>{rows}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
)


def written(text: str, wrap: str, charset: str) -> bytes:
    """Return the bytes of a variant."""
    if wrap:
        text = HEADER + STATEMENT.replace("{rows}", text)
    match wrap:
        case "ofx utf-8":
            text = text.replace("ENCODING:USASCII\nCHARSET:1252", "ENCODING:UTF-8\nCHARSET:NONE")
        case "ofx one line":
            text = text.replace("\n", " ")
        case "ofx no list":
            text = text.replace("<BANKTRANLIST>", "").replace("</BANKTRANLIST>", "")
        case _:
            pass
    if charset == "cut utf-8":
        return text.encode().replace(b"@", "É".encode()[:1])
    if charset == "zeros after it":
        # More of them than are read at once, and than a line may have.
        return text.encode() + bytes(200_000)
    if charset == "zeros in it":
        return text.encode().replace(b"@", b"\0")
    return text.encode(charset)


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.requirement("BF-09")
def test_what_a_bank_writes_otherwise_is_read_as_it_is_meant(name: str) -> None:
    variant = VARIANTS[name]
    read = Read(written(variant["text"], variant.get("wrap", ""), variant.get("charset", "utf-8")))
    booked = [line for line in read.lines if not line.pending]
    assert [[line.day.isoformat(), str(line.amount), line.name or line.memo] for line in booked] == variant["lines"]
    assert read.codes == variant.get("codes", [])
    (statement,) = read.statements
    assert (statement.left_out, statement.lines) == (variant.get("left_out", 0), len(booked))


def test_a_list_of_accounts_gives_its_name_to_the_section_of_its_kind() -> None:
    name = "qif: a list of accounts before a section of one kind"
    (line,) = Read(VARIANTS[name]["text"].encode()).lines
    assert line.account.masked == "…KING"


def test_balances_among_many_rows_are_left_out_one_by_one() -> None:
    row = "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>{day}<TRNAMT>-4.20<FITID>{id}<NAME>{name}</STMTTRN>\n"
    rows = [row.format(day=f"202603{day:02}", id=f"A{day}", name="CAFE") for day in range(1, 31)]
    rows[20] = row.format(day="20260321", id="", name="Saldo do dia")
    rows[25] = row.format(day="00021130", id="", name="Saldo do dia")
    rows[26] = row.format(day="20260327", id="", name="CAFE")
    read = Read(written("".join(rows), "ofx", "utf-8"))
    (statement,) = read.statements
    assert (statement.lines, statement.left_out, len(statement.notes)) == (28, 2, 2)
    assert [note.line for note in statement.notes] == [28, 33]


def test_the_currency_of_a_message_is_known_that_names_one_after_its_lines_alone() -> None:
    row = ":61:2603020302D1,00NMSCNONREF\n:86:/REMI//USTD//for coffee/\n"
    first = f":20:S\n:25:12345678/1\n:28C:1/1\n{row * 20}:62F:C260302EUR80,00\n-\n"
    second = f":20:S\n:25:12345678/2\n:28C:1/1\n:60F:C260301CAD1,00\n{row}:62F:C260302CAD0,00\n-\n"
    read = Read(f"{first}{second}{first.replace('EUR', 'USD')}".encode())
    assert [line.currency for line in read.lines] == ["EUR"] * 20 + ["CAD"] + ["USD"] * 20
    assert {line.memo for line in read.lines} == {"for coffee"}


def test_of_slashed_words_the_payer_s_reference_ends_where_the_bank_s_begins() -> None:
    variant = VARIANTS["mt940: tags behind blanks, a reference of the bank's between slashes"]
    assert [line.reference for line in Read(variant["text"].encode()).lines] == ["X1"]


@pytest.mark.parametrize(
    ("section", "kind"), [("OthL", "loan"), ("Oth L", "loan"), ("CreditCard", "card"), ("OthA", "bank")]
)
def test_a_section_is_of_its_kind_however_it_is_spelt(section: str, kind: str) -> None:
    (statement,) = Read(f"!Type:{section}\nD2026-03-15\nT-4.20\nPCAFE\n^\n".encode()).statements
    assert statement.account.kind == kind
    assert statement.lines == (kind != "loan")


def test_what_a_split_says_stays_the_split_s() -> None:
    (line,) = Read(VARIANTS["qif: a day told again within a split"]["text"].encode()).lines
    assert line.fields["splits"].split("\n") == ["SFood", "D03/10/2026", "EMemo", "$-2.20", "SHome", "$-2.00"]
