"""MT940 and MT942: envelopes, what a line says, dialects of its text, balances, damage."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import islice
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raccord_bankfeed.readers import pushed, reader_for
from raccord_bankfeed.readers.contract import Line, Question, Statement
from raccord_bankfeed.readers.mt940.reader import Mt940Reader
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, Read
from raccord_bankfeed.twins.mt940 import Information, mt940_chunks

IBAN = MadeAccount(number="NL26VAYB8060476890", currency="EUR")
DAY = date(2026, 3, 14)


def made(amount: str, **more) -> MadeLine:
    return MadeLine(day=DAY, amount=Decimal(amount), **{"name": "ACME GmbH", "memo": "Invoice 17"} | more)


def mt940(*lines: MadeLine, account: MadeAccount = IBAN, **more) -> bytes:
    return b"".join(mt940_chunks(account, lines, **more))


def message(*rows: str, closing: str = "") -> bytes:
    text = [":20:A", ":25:50880050/0194774600", ":28C:0", ":60F:C260301EUR100,00", *rows, closing, "-", ""]
    return "\n".join(text).encode()


@pytest.mark.parametrize("envelope", [False, True])
@pytest.mark.parametrize("information", Information)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_envelope_dialect_and_line_end_reads_the_same(
    envelope: bool, information: Information, newline: str
) -> None:
    result = Read(
        mt940(made("-12.30"), total=Decimal("-12.30"), envelope=envelope, information=information, newline=newline)
    )
    (line,) = result.lines
    assert (line.day, line.amount, line.currency) == (DAY, Decimal("-12.30"), "EUR")
    assert f"{line.name} {line.memo}".strip() == "ACME GmbH Invoice 17"
    assert (line.account.masked, line.type) == ("…6890", "NTRF")
    (statement,) = result.statements
    assert statement.opening is not None
    assert statement.ledger is not None
    assert statement.ledger.amount == Decimal("87.70")
    assert not any(isinstance(event, Question) for event in result.events)


@pytest.mark.parametrize(("text", "memo"), [("", "Fee: 7.21HUF"), (":86:what for", "what for")])
def test_what_a_bank_tells_in_its_own_field_counts_where_it_tells_nothing_else(text: str, memo: str) -> None:
    own = ":NS:01526715\n02A12596785    20260926000100\n09Fee: 7.21HUF\n15ACME Versiche\n16rung\n340000004279"
    entry, other = ":61:2603140314DF12,30S   X", ":61:2603140314D1,NMSCNONREF"
    line, plain = Read(message(*filter(None, (entry, own, text, other)))).lines
    assert (line.amount, line.name, line.memo) == (Decimal("-12.30"), "" if text else "ACME Versicherung", memo)
    assert (plain.name, plain.memo) == ("", "")


@pytest.mark.parametrize(
    ("text", "day", "amount", "kind", "reference"),
    [
        ("2603140314D12,30NTRFNONREF", DAY, "-12.30", "NTRF", ""),
        ("260314C12,NMSCREF 1//BANK-2", DAY, "12", "NMSC", "BANK-2"),
        ("2603140314RC12,30NRTINONREF", DAY, "-12.30", "NRTI", ""),
        ("2603140314RD12,30NRTINONREF", DAY, "12.30", "NRTI", ""),
        ("2603140314DR12,30N024NONREF", DAY, "-12.30", "N024", ""),
        ("2603140314RCR12,30NRTINONREF", DAY, "-12.30", "NRTI", ""),
        ("2603140314C,50FMSCNONREF", DAY, "0.50", "FMSC", ""),
        ("2603140314C1.234,50NTRFNONREF", DAY, "1234.50", "NTRF", ""),
        ("2603140314D12.30NTRFX-1", DAY, "-12.30", "NTRF", "X-1"),
        ("2512310102D1,NTRFNONREF", date(2026, 1, 2), "-1", "NTRF", ""),
        ("2601021231D1,NTRFNONREF", date(2025, 12, 31), "-1", "NTRF", ""),
        ("1602300301D6,00NTRFNONREF", date(2016, 3, 1), "-6.00", "NTRF", ""),
        ("2603140314D65,00NOVBNL47INGB9999999999NL47INGB", DAY, "-65.00", "NOVB", "NL47INGB9999999999NL47INGB"),
    ],
)
def test_a_line_says_day_amount_direction_and_references(
    text: str, day: date, amount: str, kind: str, reference: str
) -> None:
    (line,) = Read(message(f":61:{text}")).lines
    assert (line.day, str(line.amount), line.type, line.reference) == (day, amount, kind, reference)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2602300230D1,NTRFNONREF", "bankfeed.date_impossible"),
        ("260230D1,NTRFNONREF", "bankfeed.date_impossible"),
        ("MARCH D1,NTRF", "bankfeed.date_impossible"),
        ("2603140314X1,NTRFNONREF", "bankfeed.direction_unknown"),
        ("2603140314DNTRFNONREF", "bankfeed.amount_unreadable"),
        ("2603140314D", "bankfeed.amount_unreadable"),
    ],
)
def test_a_bad_line_is_named_and_the_one_beside_it_kept(text: str, code: str) -> None:
    result = Read(message(":61:2603140314C1,NTRFNONREF", f":61:{text}", ":86:TEXT", ":61:2603140314C2,NTRFNONREF"))
    assert [line.amount for line in result.lines] == [1, 2]
    assert [(bad.code, bad.line) for bad in result.unreadable] == [(code, 6)]


@pytest.mark.parametrize(
    ("text", "name", "memo", "reference"),
    [
        (
            "166?00GUT?20EREF+E2E-7?21SVWZ+Rechnung 17 und no?22ch eine?30PB\nNK?31DE42?32Richter Rena?33te",
            "Richter Renate",
            "Rechnung 17 und noch eine",
            "E2E-7",
        ),
        ("008?00DAUERAUFTRAG?20Miete November?3010020030?32MUELLER", "MUELLER", "Miete November", ""),
        ("/TRTP/SEPA OVERBOEKING/IBAN/NL1/NAME/Jan/REMI/Huur mei/EREF/X-9", "Jan", "Huur mei", "X-9"),
        ("/EREF/NOTPROVIDED//CNTP/NL1/BIC/Piet///REMI/USTD//Factuur 9/", "Piet", "Factuur 9", ""),
        ("020~00BEZ~20SVWZ+Kaffee~21 am Markt~32CAFE", "CAFE", "Kaffee am Markt", ""),
        ("020<00PRZELEW<20Kawa<21 rynek<27CAFE <28CENTRAL<29Ul 1", "CAFE CENTRAL", "Kawa rynek", ""),
        ("020^00PRZELEW^20Kawa^21rynek^32CAFE", "CAFE", "Kawa rynek", ""),
        ("000+20Plata +30302410000+31RO89+32CAFE SRL+33\n+23FACT 7", "CAFE SRL", "Plata FACT 7", ""),  # BRD
        ("1234+20 Text", "", "1234+20 Text", ""),
        (">20usługa 2026/01>31591>32BIURO", "BIURO", "usługa 2026/01", ""),
        ("GIRO   428428 KPN\nINCL. 1,44 BTW", "", "GIRO 428428 KPN INCL. 1,44 BTW", ""),
    ],
)
def test_the_dialects_of_the_text_are_told_apart_and_the_unknown_is_kept(
    text: str, name: str, memo: str, reference: str
) -> None:
    (line,) = Read(message(":61:2603140314C1,NTRFNONREF", ":NS:22A BANK'S OWN", f":86:{text}")).lines
    assert (line.name, line.memo, line.reference) == (name, memo, reference)
    assert line.fields[":86:"] == text


def test_the_parts_of_a_text_in_fields_of_their_own_are_one_text() -> None:
    """As ING of the Netherlands writes them."""
    texts = (":86:/EREF/E2E-42/", ":86:/ORDP//NAME/ACME BV/", ":86:/REMI/USTD//INVOICE 42/")
    (line,) = Read(message(":61:2603140314C1,NTRFEREF//INGA1\n/TRCD/00100/", *texts)).lines
    assert (line.name, line.memo, line.reference) == ("ACME BV", "INVOICE 42", "E2E-42")


def test_a_line_of_a_message_that_names_no_account_waits_for_a_name() -> None:
    (line,) = Read(message(":61:2603140314C1,NTRFNONREF").replace(b":25:", b":21:")).lines
    assert line.account.key == "unnamed"


def test_a_file_whose_messages_hold_no_account_and_no_line_says_so() -> None:
    assert Read(b":20:A\n:62F:C260314EUR1,00\n-\n").codes == ["bankfeed.no_statement"]


def test_text_after_the_closing_balance_belongs_to_no_line() -> None:
    content = message(":61:2603140314C1,NTRFNONREF", ":86:MINE", closing=":62F:C260314EUR101,00\n:86:NOT MINE")
    assert [line.memo for line in Read(content).lines] == ["MINE"]


def test_what_is_only_expected_is_pending_and_in_no_balance() -> None:
    rows = (":61:2603100310ED2,00NMSCNONREF", ":86:EXPECTED", ":61:2603100310D1,00NMSCNONREF", ":86:BOOKED")
    result = Read(message(*rows, closing=":62F:C260310EUR99,00"))
    assert [(str(line.amount), line.pending) for line in result.lines] == [("-2.00", True), ("-1.00", False)]
    assert not [event for event in result.events if isinstance(event, Question)]


@pytest.mark.requirement("BF-22")
def test_a_message_that_does_not_add_up_waits_alone_until_a_person_accepts_it(feed: Feed) -> None:
    good, bad = mt940(made("5"), total=Decimal(5)), mt940(made("9"), total=Decimal(12))
    lines, statements = feed.put(good + bad).read(), feed.read("statements")
    assert [str(record.raw["amount"]) for record in lines.records] == ["5"]
    asked = next(record for record in statements.records if "question" in record.raw)
    assert "ensemble 109,00, et non 112,00" in str(asked.raw["fr"])
    assert "begins at line 9 " in str(asked.raw["en"])
    assert "Difference: 3.00" in str(asked.raw["en"])
    (ask,) = cast("list[Any]", asked.raw["asks"])
    assert ask["examples"] == ["12 · :60F:C260331EUR100,00", "15 · :62F:C260331EUR112,00"]
    assert [each["fr"] for each in ask["readings"][0]["shown"]] == [
        "ouverture : 100,00",
        "clôture : 112,00, attendu 109,00, écart 3,00",
    ]
    feed.settings = BankFeedSettings(answers=f"{asked.raw['question']} = accept")
    assert [str(record.raw["amount"]) for record in feed.read(cursor=lines.cursor).records] == ["5", "9"]


def test_a_message_without_closing_balance_is_read_and_not_checked() -> None:
    events = Read(mt940(made("5"))).events
    assert [type(event) for event in events] == [Line, Statement]


def test_an_interim_report_is_provisional_and_its_sums_are_checked() -> None:
    rows = [":20:A", ":25:1/2", ":28C:1/1", ":34F:EUR0,00", ":13D:2603141200+0100", ":61:2603140314C5,NTRFNONREF"]
    content = "\n".join([*rows, ":90C:1EUR5,00", "-"]).encode()
    (line,) = Read(content).lines
    assert (line.pending, line.currency) == (True, "EUR")
    assert not any(isinstance(event, Question) for event in Read(content).events)
    wrong = content.replace(b"1EUR5,00", b"1EUR6,00")
    assert any(isinstance(event, Question) for event in Read(wrong).events)


def test_numbered_statements_tell_equal_lines_of_two_files_apart_and_unnumbered_ones_do_not() -> None:
    def keys(number: str) -> list[str]:
        return [line.native for line in Read(mt940(made("-3"), made("-3"), total=Decimal(-6), number=number)).lines]

    assert keys("19321/1") == ["28C:19321/1#1", "28C:19321/1#2"]
    assert keys("00000/001") == keys("1/1") == ["", ""]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_charset_reads_the_same(charset: str) -> None:
    (line,) = Read(mt940(made("1", name="MÜLLER & Söhne")).decode().encode(charset)).lines
    assert line.name == "MÜLLER & Söhne"


def test_what_stops_and_goes_on_yields_the_same_as_one_go() -> None:
    content = mt940(*(made(str(number)) for number in range(1, 900)), total=Decimal(0))
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
    assert isinstance(pieces[0], Question)


LINES = st.lists(
    st.builds(
        MadeLine,
        day=st.integers(0, 364).map(lambda days: date(2026, 1, 1) + timedelta(days)),
        amount=st.integers(-(10**9), 10**9).filter(bool).map(lambda cents: Decimal(cents).scaleb(-2)),
        name=st.sampled_from(["ACME", "A very long name of somebody who pays", "MÜLLER"]),
        memo=st.sampled_from(["Invoice 17", "x" * 60, "Rent:May-June"]),
    ),
    max_size=10,
)


@settings(max_examples=60, deadline=None)
@given(lines=LINES, envelope=st.booleans(), slashed=st.booleans())
def test_what_a_bank_writes_is_what_is_read(lines: list[MadeLine], envelope: bool, slashed: bool) -> None:
    dialect = Information.SLASHED if slashed else Information.GERMAN
    total = sum((line.amount for line in lines), Decimal(0))
    result = Read(mt940(*lines, total=total, envelope=envelope, information=dialect))
    assert [(line.day, line.amount, line.name, line.memo) for line in result.lines] == [
        (line.day, line.amount, line.name, line.memo) for line in lines
    ]
    assert len(result.events) == len(lines) + 1


@settings(max_examples=80, deadline=None)
@given(
    noise=st.lists(
        st.tuples(st.integers(0, 1500), st.sampled_from([b"", b"\n", b":86:", b"-", b"{4:", b"\xff", b"\0", b"?20"])),
        min_size=1,
        max_size=6,
    )
)
def test_noise_neither_crashes_the_reader_nor_makes_it_invent_rows(noise: list[tuple[int, bytes]]) -> None:
    body = mt940(*(made(str(number)) for number in range(1, 12)), total=Decimal(66))
    for at, piece in noise:
        body = body[:at] + piece + body[at + 2 :]
    assert len(Read(body).lines) <= 11


def test_an_account_in_one_currency_is_known_by_its_number_too() -> None:
    text = ":20:S\n:25:12030000/1234567890{}\n:28C:1/1\n:60F:C260301EUR1,00\n:62F:C260301EUR1,00\n-\n"
    plain, euros, dollars = (Read(text.format(unit).encode()).statements[0].account for unit in ("", "EUR", "USD"))
    assert len({account.key for account in (plain, euros, dollars)}) == 3
    assert {(account.masked, account.number) for account in (euros, dollars)} == {("…7890", plain.number)}


@pytest.mark.parametrize("chunk", [7, 64 * 1024])
def test_two_signs_for_a_line_end_as_fints_has_them_read_as_a_line_end(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushed, "CHUNK_BYTES", chunk)
    usual = mt940(made("-12.30"), made("5.00", memo="A" * 90), total=Decimal("-7.30"), newline="\n")
    sent = usual.replace(b"\n", b"@@")
    assert len(Read(sent).lines) == 2
    for old, new in ((b"", b""), (b"12,30", b"12,31")):
        assert Read(sent.replace(old, new)).events == Read(usual.replace(old, new)).events
    assert Read(b"@@" + sent).lines == Read(b"\n" + usual).lines


def test_two_signs_in_a_text_end_no_line_where_line_ends_do() -> None:
    (line,) = Read(message(":61:2603140314C1,NTRFNONREF", ":86:A@@:B@@ C", closing=":62F:C260314EUR101,00")).lines
    assert line.memo == "A@@:B@@ C"


def test_what_is_told_before_a_line_is_not_that_lines_text() -> None:
    rows = (":86:OF THE STATEMENT", ":61:2603140314C1,NTRFNONREF", ":61:2603140314C2,NTRFNONREF", ":86:MINE")
    assert [line.memo for line in Read(message(*rows, closing=":62F:C260314EUR103,00")).lines] == ["", "MINE"]


LINES = (":61:2603140314D1,NTRFNONREF", ":61:2603150315D2,NTRFNONREF", ":61:2603160316D3,NTRFNONREF")
CLOSING = ":62F:C260316EUR94,00"


def alternating(*texts: str) -> bytes:
    return message(*(row for text, line in zip(texts, LINES, strict=False) for row in (f":86:{text}", line)),
                   closing=CLOSING if len(texts) == 3 else ":62F:C260316EUR97,00")  # fmt: skip


def read_with(content: bytes, answers: str = "") -> list[Any]:
    known = BankFeedSettings(answers=answers).known()
    return list(reader_for(BytesIO(content), known).events(BytesIO(content)))


@pytest.mark.parametrize("texts", [("Rent", "Cafe", "Shop"), ("Rent", "Cafe")])
def test_a_text_before_each_line_and_none_after_the_last_is_asked_about(texts: tuple[str, ...]) -> None:
    content = alternating(*texts)
    events = read_with(content)
    (asked,) = [event for event in events if isinstance(event, Question)]
    assert (asked.code, asked.answers) == ("bankfeed.texts_first", ("accept", "reversed"))
    shown = {reading.answer: reading.shown[0].en for reading in asked.readings}
    assert shown == {"accept": texts[1], "reversed": texts[0]}
    standard = [event.memo for event in events if isinstance(event, Line)]
    assert standard == [*texts[1:], ""]
    for key in (asked.key, asked.layout):
        for answer, wanted in (("accept", standard), ("reversed", [*texts])):
            told = read_with(content, f"{key} = {answer}")
            assert [event.memo for event in told if isinstance(event, Line)] == wanted
            assert not [event for event in told if isinstance(event, Question)]


def test_a_text_before_the_first_line_is_one_about_the_statement_and_not_lost() -> None:
    rows = (":86:About all", *(row for line, text in zip(LINES, "abc", strict=True) for row in (line, f":86:{text}")))
    events = read_with(message(*rows, closing=CLOSING))
    assert [event.memo for event in events if isinstance(event, Line)] == ["a", "b", "c"]
    assert not [event for event in events if isinstance(event, Question)]
    (statement,) = [event for event in events if isinstance(event, Statement)]
    assert [(note.line, note.excerpt) for note in statement.notes] == [(5, "About all")]


def test_lines_without_any_text_below_one_about_the_statement_are_not_asked_about() -> None:
    events = read_with(message(":86:About all", *LINES, closing=CLOSING))
    assert not [event for event in events if isinstance(event, Question)]
    assert len([event for event in events if isinstance(event, Line)]) == 3


@pytest.mark.parametrize("before", [0, 2030, 2040, 2048, 5000])
def test_a_file_is_known_wherever_in_its_beginning_its_fields_stand(before: int) -> None:
    content = b"." * before + b"\n:20:A\n:25:0123456789\n:60F:C260301CAD1,\n:61:260301D1,NMSCNONREF\n-\n"
    assert isinstance(reader_for(BytesIO(content)), Mt940Reader)


@pytest.mark.parametrize(
    ("opening", "closing", "said"),
    [("EUR", "USD", "EUR, USD"), ("USD", "EUR", "EUR, USD"), ("EUR", "EUR", ""), ("EUR", "", ""), ("", "EUR", "")],
)
def test_a_statement_whose_balances_are_in_two_currencies_waits(opening: str, closing: str, said: str) -> None:
    rows = f":20:A\n:25:1/2\n:28C:1\n:60F:C260313{opening}100,00\n:61:2603140314D4,20NMSCNONREF\n"
    content = f"{rows}:62F:C260314{closing}95,80\n:64:C260314{closing}95,80\n-\n".encode()
    read = Read(content)
    asked = [event for event in read.events if isinstance(event, Question)]
    assert [each.code for each in asked] == ["bankfeed.statement_does_not_add_up"] * bool(said)
    assert all(said in each.reason.en and said in each.reason.fr for each in asked)
    (statement,) = read.statements
    assert {line.currency for line in read.lines} == {statement.currency} == {opening or closing}
    if asked:
        assert not [each for each in read_with(content, f"{asked[0].key} = accept") if isinstance(each, Question)]


def test_an_available_balance_in_another_currency_is_not_that_of_the_statement() -> None:
    closing = ":62F:C260314EUR95,80\n:64:C260314USD9,"
    (statement,) = Read(message(":61:2603140314D4,20NMSCNONREF", closing=closing)).statements
    assert statement.currency == "EUR"
