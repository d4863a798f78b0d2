"""CAMT: every version and prefix, what an entry says, balances and totals, damaged and hostile messages."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import islice
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Event, Line, Question, Statement
from raccord_bankfeed.readers.told import Known
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, Read
from raccord_bankfeed.twins.camt import camt_chunks

IBAN = MadeAccount(number="NL26VAYB8060476890", currency="EUR")
DAY = date(2026, 3, 14)


def made(amount: str, **more) -> MadeLine:
    return MadeLine(day=DAY, amount=Decimal(amount), **{"name": "ACME", "memo": "Invoice 17"} | more)


def camt(*lines: MadeLine, account: MadeAccount = IBAN, **more) -> bytes:
    return b"".join(camt_chunks(account, lines, **more))


def entry(inner: str, head: str = "", tail: str = "") -> bytes:
    return (
        f"<Document><BkToCstmrStmt><Stmt><Id>1</Id><Acct><Id><IBAN>NL26VAYB8060476890</IBAN></Id></Acct>{head}"
        f"<Ntry>{inner}</Ntry>{tail}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


MONEY = '<Amt Ccy="EUR">8.85</Amt><CdtDbtInd>{}</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-03-14</Dt></BookgDt>'


@pytest.mark.parametrize("message", ["052", "053", "054"])
@pytest.mark.parametrize("version", ["02", "04", "08", "13"])
@pytest.mark.parametrize("prefix", ["", "camt", "ns2"])
def test_every_message_version_and_prefix_reads_the_same(message: str, version: str, prefix: str) -> None:
    content = camt(made("-12.30", native="REF-1001"), message=message, version=version, prefix=prefix, times=True)
    (line,) = Read(content).lines
    assert (line.day, line.amount, line.currency) == (DAY, Decimal("-12.30"), "EUR")
    assert (line.name, line.memo, line.native, line.pending) == ("ACME", "Invoice 17", "REF-1001", False)
    assert line.account.masked == "…6890"


def test_a_page_of_a_statement_begins_and_ends_with_interim_balances() -> None:
    interim = (
        "<Bal><Tp><CdOrPrtry><Cd>ITBD</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{}</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
        "<Dt><Dt>2026-03-14</Dt></Dt></Bal>"
    )
    (statement,) = Read(entry(MONEY.format("CRDT"), interim.format("100.00") + interim.format("108.85"))).statements
    assert statement.opening is not None
    assert statement.ledger is not None
    assert (str(statement.opening.amount), str(statement.ledger.amount)) == ("100.00", "108.85")


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252", "iso-8859-15"])
def test_every_charset_reads_the_same(charset: str) -> None:
    content = camt(made("1", name="MÜLLER & Çelik")).decode().replace('"utf-8"', f'"{charset.removesuffix("-sig")}"')
    (line,) = Read(content.encode(charset)).lines
    assert line.name == "MÜLLER & Çelik"


def test_bytes_that_are_not_what_the_header_declares_are_read_as_what_they_are() -> None:
    latin = camt(made("1", name="MÜLLER")).decode().encode("latin-1")
    assert [line.name for line in Read(latin).lines] == ["MÜLLER"]
    utf8 = camt(made("1", name="MÜLLER")).replace(b'"utf-8"', b'"ISO-8859-1"')
    assert [line.name for line in Read(utf8).lines] == ["MÜLLER"]
    assert [line.name for line in Read(b"\r\n  " + camt(made("1", name="X"))).lines] == ["X"]


@pytest.mark.parametrize(
    ("direction", "reversal", "amount", "name"),
    [
        ("CRDT", "", "8.85", "PAYER"),
        ("DBIT", "", "-8.85", "PAYEE"),
        ("CRDT", "<RvslInd>true</RvslInd>", "8.85", "PAYEE"),
        ("DBIT", "<RvslInd>true</RvslInd>", "-8.85", "PAYER"),
        ("DBIT", "<RvslInd>false</RvslInd>", "-8.85", "PAYEE"),
    ],
)
def test_the_direction_is_that_of_the_money_also_for_a_reversal(
    direction: str, reversal: str, amount: str, name: str
) -> None:
    parties = "<RltdPties><Dbtr><Nm>PAYER</Nm></Dbtr><Cdtr><Nm>PAYEE</Nm></Cdtr></RltdPties>"
    inner = MONEY.format(direction) + reversal + f"<NtryDtls><TxDtls>{parties}</TxDtls></NtryDtls>"
    (line,) = Read(entry(inner)).lines
    assert (str(line.amount), line.name) == (amount, name)


def test_a_batch_is_one_line_whatever_its_payments_say() -> None:
    payment = (
        "<TxDtls><Refs><EndToEndId>E{n}</EndToEndId></Refs>{amount}<RltdPties><Dbtr><Nm>P{n}</Nm></Dbtr></RltdPties>"
        "</TxDtls>"
    )
    payments = "".join(payment.format(n=n, amount='<Amt Ccy="USD">0</Amt>' if n == 2 else "") for n in range(1, 2001))
    inner = MONEY.format("CRDT") + f"<NtryDtls><Btch><NbOfTxs>2000</NbOfTxs></Btch>{payments}</NtryDtls>"
    (line,) = Read(entry(inner)).lines
    assert (str(line.amount), line.currency, line.name, line.reference) == ("8.85", "EUR", "P1, P2, P3", "")
    assert line.fields["NtryDtls/TxDtls/Refs/EndToEndId[2]"] == "E2"
    assert len(line.tags) <= 600


def batch(*payments: tuple[str, str, str]) -> str:
    details = "".join(
        f"<TxDtls><Refs><EndToEndId>E{n}</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy='{unit}'>{amount}</Amt></TxAmt>"
        "</AmtDtls>"
        f"<CdtDbtInd>{way}</CdtDbtInd><RltdPties><Dbtr><Nm>P{n}</Nm></Dbtr></RltdPties></TxDtls>"
        for n, (amount, way, unit) in enumerate(payments, 1)
    )
    return f"<AcctSvcrRef>BATCH-77</AcctSvcrRef><NtryDtls>{details}</NtryDtls>"


@pytest.mark.parametrize(
    ("payments", "expected"),
    [
        pytest.param([("5.00", "CRDT", "EUR"), ("4.85", "CRDT", "EUR"), ("1.00", "DBIT", "EUR")],
                     ["5.00", "4.85", "-1.00"], id="one line each, each with its own sign"),
        pytest.param([("5.00", "CRDT", "EUR"), ("4.85", "CRDT", "EUR")], ["8.85"], id="another sum"),
        pytest.param([("5.00", "CRDT", "USD"), ("3.85", "CRDT", "EUR")], ["8.85"], id="one in another currency"),
        pytest.param([("8.85", "CRDT", "EUR")], ["8.85"], id="no batch"),
    ],
)  # fmt: skip
def test_a_batch_is_taken_apart_for_an_account_that_wants_it_and_adds_up_the_same(
    payments: list[tuple[str, str, str]], expected: list[str]
) -> None:
    content = entry(MONEY.format("CRDT") + batch(*payments))
    whole = Read(content)
    account = whole.lines[0].account.key

    def read(since: str) -> list[Event]:
        stream = BytesIO(content)
        return list(reader_for(stream, Known(details={account: since})).events(stream))

    events = read("2026-03-14")
    lines = [each for each in events if isinstance(each, Line)]
    (statement,) = (each for each in events if isinstance(each, Statement))
    assert [str(line.amount) for line in lines] == expected
    assert (statement.total, statement.lines) == (whole.statements[0].total, len(expected))
    assert len({line.native for line in lines}) == len(lines)
    if len(lines) > 1:
        assert [(line.name, line.reference) for line in lines] == [("P1", "E1"), ("P2", "E2"), ("", "E3")]
    before = [each for each in read("2026-03-15") if isinstance(each, Line)]
    assert before == whole.lines, "what is booked before the day stays as it was"


@pytest.mark.parametrize(
    ("status", "pending"),
    [
        ("<Sts>PDNG</Sts>", True),
        ("<Sts><Cd>PDNG</Cd></Sts>", True),
        ("<Sts>INFO</Sts>", True),
        ("<Sts>BOOK</Sts>", False),
        ("", False),
    ],
)
def test_only_booked_entries_are_booked(status: str, pending: bool) -> None:
    (line,) = Read(entry(MONEY.format("CRDT").replace("<Sts>BOOK</Sts>", status))).lines
    assert line.pending is pending


@pytest.mark.parametrize(
    ("old", "new", "code", "day"),
    [
        ("<BookgDt><Dt>2026-03-14</Dt></BookgDt>", "<ValDt><Dt>2026-03-16</Dt></ValDt>", "", date(2026, 3, 16)),
        ("<Dt>2026-03-14</Dt>", "<DtTm>2026-03-14T23:59:59-08:00</DtTm>", "", DAY),
        ("<Dt>2026-03-14</Dt>", "<Dt>2026-03-14+01:00</Dt>", "", DAY),
        ("<BookgDt><Dt>2026-03-14</Dt></BookgDt>", "", "bankfeed.date_missing", None),
        ("2026-03-14", "2026-02-30", "bankfeed.date_impossible", None),
        ("8.85", "", "bankfeed.amount_missing", None),
        ("8.85", "8,85", "bankfeed.amount_unreadable", None),
        ("8.85", "-8.85", "bankfeed.amount_unreadable", None),
        ("CRDT", "UP", "bankfeed.direction_unknown", None),
    ],
)
def test_a_bad_entry_is_named_and_the_one_beside_it_kept(old: str, new: str, code: str, day: date | None) -> None:
    good = f"<Ntry>{MONEY.format('DBIT')}</Ntry>"
    result = Read(entry(MONEY.format("CRDT").replace(old, new), tail="\n" + good))
    assert [line.amount for line in result.lines][-1] == Decimal("-8.85")
    assert result.codes == ([code] if code else [])
    assert [line.day for line in result.lines] == ([day] if day else []) + [DAY]


@pytest.mark.requirement("BF-22")
def test_a_statement_that_does_not_add_up_waits_alone_until_a_person_accepts_it(feed: Feed) -> None:
    good, bad = camt(made("5"), made("7"), total=Decimal(12)), camt(made("9"), made("7"), total=Decimal(12))
    cut = bad.index(b"<Stmt>"), bad.index(b"</BkToCstmrStmt>")
    both = good.replace(b"</BkToCstmrStmt>", bad[slice(*cut)] + b"</BkToCstmrStmt>")
    lines, statements = feed.put(both).read(), feed.read("statements")
    assert [str(record.raw["amount"]) for record in lines.records] == ["5", "7"]
    asked = next(record for record in statements.records if "question" in record.raw)
    assert "112,00" in str(asked.raw["fr"])
    assert "116.00" in str(asked.raw["en"])
    assert "Difference: -4.00" in str(asked.raw["en"])
    (ask,) = cast("list[Any]", asked.raw["asks"])
    assert [each.partition(" · ")[2] for each in ask["examples"]] == [
        "<Bal> OPBD 100.00 CRDT",
        "<Bal> CLBD 112.00 CRDT",
    ]
    feed.settings = BankFeedSettings(answers=f"{asked.raw['question']} = accept")
    assert [str(record.raw["amount"]) for record in feed.read(cursor=lines.cursor).records] == ["5", "7", "9", "7"]


@pytest.mark.parametrize(
    ("head", "asks"),
    [
        ("<TxsSummry><TtlNtries><NbOfNtries>1</NbOfNtries></TtlNtries></TxsSummry>", 0),
        ("<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries></TxsSummry>", 1),
        ("<TxsSummry><TtlCdtNtries><Sum>8.85</Sum></TtlCdtNtries></TxsSummry>", 0),
        ("<TxsSummry><TtlCdtNtries><Sum>8.86</Sum></TtlCdtNtries></TxsSummry>", 1),
    ],
)
def test_the_announced_totals_are_checked(head: str, asks: int) -> None:
    events = Read(entry(MONEY.format("CRDT"), head)).events
    assert sum(isinstance(event, Question) for event in events) == asks
    assert sum(isinstance(event, Line) for event in events) == 1, "the reader tells the line, its keeper waits"


def test_pages_and_several_currencies_are_not_added_up() -> None:
    content = camt(made("5"), total=Decimal(99))
    paged = content.replace(
        b"<Id>S-1</Id>", b"<Id>S-1</Id><StmtPgntn><PgNb>2</PgNb><LastPgInd>true</LastPgInd></StmtPgntn>"
    )
    assert any(isinstance(event, Question) for event in Read(content).events)
    assert not any(isinstance(event, Question) for event in Read(paged).events)


def test_a_message_cut_off_anywhere_keeps_its_whole_entries_and_says_so() -> None:
    content = camt(*(made(str(number), name=f"N{number}") for number in (1, 2, 3)))
    ends = [content.index(b"</Ntry>", content.index(f"N{number}".encode())) + 7 for number in (1, 2, 3)]
    for cut in range(content.index(b"<Ntry>"), len(content.rstrip()) - 1, 23):
        result = Read(content[:cut])
        assert [line.amount for line in result.lines] == [number for number, end in enumerate(ends, 1) if end <= cut]
        assert result.codes == ["bankfeed.xml_broken"]
        assert len(result.statements) == 1


def test_document_types_entities_and_endless_nesting_are_refused() -> None:
    bomb = b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    plain = camt(made("1"))
    at = plain.index(b"<Document")
    assert Read(plain[:at] + bomb + plain[at:]).codes == ["bankfeed.document_type"]
    assert Read(plain[:at] + bomb + plain[at:]).lines == []
    nested = plain.replace(b"<Ntry>", b"<X>" * 200 + b"<Ntry>", 1)
    assert Read(nested).codes == ["bankfeed.nested_too_deeply"]
    long = plain.replace(b"<Ntry>", b'<Ntry a="' + b"x" * 3_000_000 + b'">', 1)
    assert Read(long).codes == ["bankfeed.tag_too_long"]


def test_what_stops_and_goes_on_yields_the_same_as_one_go() -> None:
    content = camt(*(made(str(number)) for number in range(1, 300)), total=Decimal(0))
    whole = list(reader_for(BytesIO(content)).events(BytesIO(content)))
    reader, pieces = reader_for(BytesIO(content)), []
    while True:
        events = reader.events(BytesIO(content))
        part = list(islice(events, 7))
        events.close()
        pieces += part
        if len(part) < 7:
            break
    assert pieces == whole
    assert isinstance(pieces[0], Question)
    assert isinstance(pieces[-1], Statement)


def picked(line: Line | MadeLine) -> tuple[object, ...]:
    return (line.day, line.amount, line.native, line.name, line.memo, line.reference)


TEXTS = st.text(st.sampled_from("ABab019 .#'\"&<>;é€ô/-"), max_size=24).map(lambda text: " ".join(text.split()))
LINES = st.lists(
    st.builds(
        MadeLine,
        day=st.integers(0, 364).map(lambda days: date(2026, 1, 1) + timedelta(days)),
        amount=st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents).scaleb(-2)),
        native=st.sampled_from(["", "REF-1001", "REF-1002"]),
        name=TEXTS,
        memo=TEXTS,
        reference=st.sampled_from(["", "E2E-1"]),
    ),
    max_size=8,
)


@settings(max_examples=50, deadline=None)
@given(lines=LINES, version=st.sampled_from(["02", "08"]), prefix=st.sampled_from(["", "ns"]))
def test_what_a_bank_writes_is_what_is_read(lines: list[MadeLine], version: str, prefix: str) -> None:
    total = sum((line.amount for line in lines), Decimal(0))
    result = Read(camt(*lines, version=version, prefix=prefix, total=total))
    assert [picked(line) for line in result.lines] == [picked(line) for line in lines]
    assert result.codes == []
    assert not any(isinstance(event, Question) for event in result.events)


@settings(max_examples=80, deadline=None)
@given(
    noise=st.lists(
        st.tuples(
            st.integers(0, 4000), st.sampled_from([b"", b"<", b">", b"&", b"</Ntry>", b"<Ntry>", b"\xff", b"\0"])
        ),
        min_size=1,
        max_size=6,
    )
)
def test_noise_neither_crashes_the_reader_nor_makes_it_invent_rows(noise: list[tuple[int, bytes]]) -> None:
    body = camt(*(made(str(number)) for number in range(1, 12)))
    for at, piece in noise:
        body = body[:at] + piece + body[at + 2 :]
    assert len(Read(body).lines) <= 11


@pytest.mark.parametrize("between", [b"", b"\n", b"\n<!-- checksum -->", b" " * 70_000, b"\n-----\n"])
def test_a_second_message_is_told_and_a_checksum_after_the_first_is_not(between: bytes) -> None:
    first, second = camt(made("-1.00")), camt(made("-2.00"))
    result = Read(first + between + second)
    assert [line.amount for line in result.lines] == [-1]
    assert result.codes == ["bankfeed.second_message"]
    assert Read(first + between + b"A1B2C3\n").codes == []


def test_the_invoice_that_is_paid_and_an_ultimate_party_are_told() -> None:
    details = "<RltdPties><UltmtCdtr><Pty><Nm>SHOP</Nm></Pty></UltmtCdtr></RltdPties>"
    details += "<RmtInf><Strd><RfrdDocInf><Nb>INV-17</Nb></RfrdDocInf></Strd></RmtInf>"
    content = entry(
        '<Amt Ccy="EUR">4.20</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt>'
        f"<NtryDtls><TxDtls>{details}</TxDtls></NtryDtls>"
    )
    (line,) = Read(content).lines
    assert (line.name, line.memo) == ("SHOP", "INV-17")


@pytest.mark.parametrize(
    ("closing", "entry", "said"), [("EUR", "SEK", "EUR, SEK"), ("SEK", "EUR", "EUR, SEK"), ("SEK", "SEK", "")]
)
def test_a_statement_in_two_currencies_waits(closing: str, entry: str, said: str) -> None:
    balance = (
        '<Bal><Tp><CdOrPrtry><Cd>{}</Cd></CdOrPrtry></Tp><Amt Ccy="{}">{}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        "<Dt><Dt>2026-03-14</Dt></Dt></Bal>"
    )
    content = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.04"><BkToCstmrStmt><Stmt><Id>1</Id>'
        "<Acct><Id><IBAN>SE4550000000058398257466</IBAN></Id><Ccy>SEK</Ccy></Acct>"
        + balance.format("OPBD", "SEK", "100.00")
        + balance.format("CLBD", closing, "95.80")
        + f'<Ntry><Amt Ccy="{entry}">4.20</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>'
        "<BookgDt><Dt>2026-03-14</Dt></BookgDt></Ntry></Stmt></BkToCstmrStmt></Document>"
    )
    asked = [event for event in Read(content.encode()).events if isinstance(event, Question)]
    assert [each.code for each in asked] == ["bankfeed.statement_does_not_add_up"] * bool(said)
    assert all(said in each.reason.en and said in each.reason.fr for each in asked)
