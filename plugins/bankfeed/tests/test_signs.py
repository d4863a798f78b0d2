"""No amount's sign is lost or turned: what a file says twice agrees, or its lines wait with a question."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO

import pytest

import raccord_bankfeed
from raccord.plugin import BadRecord, Mapped
from raccord.plugin.testing import FakeMapContext
from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.amounts import MINUS_SIGNS, Mark, read_amount
from raccord_bankfeed.readers.contract import Line, Question
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.ofx import values as ofx_values
from raccord_bankfeed.readers.told import ACCEPT, NOTHING_KNOWN, REVERSED, Known
from raccord_bankfeed.records import LINES, STATEMENTS
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bank import Feed, Read

OFX = (
    "<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>CAD<BANKACCTFROM><BANKID>1<ACCTID>777</BANKACCTFROM><BANKTRANLIST>"
    "{rows}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
)
ROW = "<STMTTRN><TRNTYPE>{kind}<DTPOSTED>20260302<TRNAMT>{amount}<FITID>{id}<NAME>Café Lune</STMTTRN>"


def ofx(*rows: tuple[str, str]) -> str:
    return OFX.format(rows="".join(ROW.format(kind=kind, amount=amount, id=n) for n, (kind, amount) in enumerate(rows)))


@dataclass
class Told:
    """What a file says under what people said of it."""

    lines: list[Line]
    questions: list[Question]


def told(content: bytes, known: Known = NOTHING_KNOWN) -> Told:
    stream = BytesIO(content)
    events = list(reader_for(stream, known).events(stream))
    return Told(
        [each for each in events if isinstance(each, Line)], [each for each in events if isinstance(each, Question)]
    )


@pytest.mark.parametrize("minus", ["-", *MINUS_SIGNS])
def test_whatever_stands_for_a_minus_is_one_before_and_after_an_amount(minus: str) -> None:
    for text in (f"{minus}12.50", f"12.50{minus}"):
        assert read_amount(text, Mark.POINT) == ofx_values.read_amount(text) == Decimal("-12.50")
    assert read_amount("(12.50)", Mark.POINT) == ofx_values.read_amount("(12.50)") == Decimal("-12.50")
    for twice in (f"{minus}12.50{minus}", f"({minus}12.50)", f"{minus}12.50 DR", "(12.50) CR"):
        assert read_amount(twice, Mark.POINT) is None, "a sign said twice is nobody's guess"


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(lambda text: text.encode("utf-16"), id="with a byte order mark"),
        pytest.param(lambda text: text.encode("utf-16-be"), id="big end first, without one"),
        pytest.param(lambda text: ("\ufeff" + text).encode("utf-16-be"), id="big end first"),
        pytest.param(
            lambda text: ('<?xml version="1.0" encoding="UTF-16"?>' + text).encode("utf-16-le"), id="declared in XML"
        ),
        pytest.param(
            lambda text: ("OFXHEADER:100\r\nENCODING:UTF-16\r\nCHARSET:NONE\r\n\r\n" + text).encode("utf-16"),
            id="declared in the header",
        ),
        pytest.param(lambda text: text.encode("utf-32"), id="of four bytes"),
    ],
)
def test_ofx_in_utf_16_reads_like_the_same_in_utf_8(encoded: Callable[[str], bytes], feed: Feed) -> None:
    # Longer than several pieces and pages, with characters of one, two, three and four bytes.
    text = ofx(*(("DEBIT", f"-{n}.25") for n in range(1, 1501))).replace("Café Lune", "Café Lune — 🥐" + "é" * 60)
    plain, wide = Read(text.encode()), Read(encoded(text))
    assert [line[1:14] for line in wide.lines] == [line[1:14] for line in plain.lines]
    assert (len(wide.lines), wide.codes) == (1500, plain.codes)
    feed.put(encoded(text))
    records = feed.read(LINES).records
    assert [record.raw["amount"] for record in records] == [str(line.amount) for line in plain.lines]


@pytest.mark.parametrize(("kind", "amount"), [("DEBIT", "12.50"), ("CREDIT", "-12.50")])
def test_an_ofx_line_whose_kind_contradicts_its_sign_waits_until_the_sign_is_said_to_count(
    kind: str, amount: str, feed: Feed, mapping: FakeMapContext
) -> None:
    feed.put(ofx((kind, amount), ("POS", "12.50"), ("FEE", "-1.00")).encode())
    first, *others = feed.read(LINES).records
    assert all(isinstance(raccord_bankfeed.map_record(mapping, each), Mapped) for each in others)
    with pytest.raises(BadRecord) as refused:
        raccord_bankfeed.map_record(mapping, first)
    assert refused.value.code == "bankfeed.sign_contradicted"
    answer = f"sign-{first.raw['account']} = {ACCEPT}"
    offered = refused.value.answers
    assert offered is not None
    assert f"{offered.key} = {offered.words[0][0]}" == answer
    assert offered.key not in refused.value.reason.fr, "people are offered words, not codes"
    answered = FakeMapContext(settings=BankFeedSettings(answers=answer), terms=mapping.terms)
    assert isinstance(raccord_bankfeed.map_record(answered, first), Mapped)


@pytest.mark.parametrize(
    ("currency", "amounts", "read"),
    [
        ("CAD", ("-1,230", "-1,234.50"), ["-1230", "-1234.50"]),
        ("CAD", ("-1,230", "-5.00"), ["-1230", "-5.00"]),
        ("CAD", ("-1,230", "-12,50", "-1,231"), ["-1.230", "-12.50", "-1.231"]),
        ("CAD", ("-0,500", "-1 234,500"), ["-0.500", "-1234.500"]),
        ("CAD", ("-1.230", "-5,00"), ["-1230", "-5.00"]),
        ("CAD", ("-1.230", "-1.234,50", "2.000"), ["-1230", "-1234.50", "2000"]),
        ("CAD", ("-1.230", "-5.00"), ["-1.230", "-5.00"]),
        ("CAD", ("-30.000", "0.500"), ["-30.000", "0.500"]),
        ("COP", ("-30.000", "-1.250.000"), ["-30000", "-1250000"]),
        ("JPY", ("-1.230", "-5"), ["-1230", "-5"]),
        ("JPY", ("-1,230", "-5"), ["-1230", "-5"]),
        ("TND", ("-1.230", "-5"), ["-1.230", "-5"]),
        ("TND", ("-1,230", "-5"), ["-1.230", "-5"]),
    ],
)
def test_a_mark_before_three_digits_of_ofx_is_what_the_other_amounts_or_the_currency_say(
    currency: str, amounts: Sequence[str], read: Sequence[str]
) -> None:
    found = told(ofx(*(("POS", amount) for amount in amounts)).replace("CAD", currency).encode())
    assert [str(line.amount) for line in found.lines] == read
    assert not found.questions


@pytest.mark.parametrize(
    ("amounts", "under"),
    [
        (("-1,230", "-5", "(2,000)"), {"point": ["-1230", "-5", "-2000"], "comma": ["-1.230", "-5", "-2.000"]}),
        (("-1.230", "-5", "2.000"), {"point": ["-1.230", "-5", "2.000"], "comma": ["-1230", "-5", "2000"]}),
        (("-1.230", "-1,230"), {"point": ["-1.230", "-1230"], "comma": ["-1230", "-1.230"]}),
    ],
)
def test_where_neither_tells_an_ofx_file_is_asked_about_with_both_readings(
    amounts: Sequence[str], under: dict[str, list[str]], feed: Feed
) -> None:
    content = ofx(*(("POS", amount) for amount in amounts)).encode()
    asked = told(content).questions[0]
    assert (asked.code, asked.answers) == ("bankfeed.decimal_mark", tuple(under))
    shown = [each.shown[0].en for each in asked.readings]
    assert shown == (["-1,230.00", "-1.23"] if amounts[0] == "-1,230" else ["-1.23", "-1,230.00"])
    feed.put(content)
    assert feed.read(LINES).records == [], "its lines wait"
    for answer, read in under.items():
        # Said of the bank, the answer counts for its next file too.
        found = told(content.replace(b"20260302", b"20260402"), Known({asked.layout: frozenset({answer})}))
        assert [str(line.amount) for line in found.lines] == read
        assert not found.questions


def test_a_comma_before_three_digits_is_never_guessed() -> None:
    with pytest.raises(RowFault) as refused:
        ofx_values.read_amount("-1,230")
    assert refused.value.fault.code == "bankfeed.amount_open"


def table(header: str, *rows: str) -> str:
    return "\n".join((header, *(f"2026-03-{n:02},Shop {n},{row}" for n, row in enumerate(rows, 1)), ""))


@pytest.mark.parametrize(
    ("content", "expected", "asked"),
    [
        pytest.param(
            table("Date,Description,Amount,DR/CR", "10.00,DR", "20.00,CR", "-0.00,DR", "30.00,DR"),
            ["-10.00", "20.00", "0.00", "-30.00"], False, id="a nothing with a minus makes no file a signed one",
        ),
        pytest.param(
            table("Date,Description,Amount,DR/CR", "10.00,DR", "20.00,CR", "-5.00,DR", "30.00,DR"),
            None, True, id="one reversal with a minus among words of direction",
        ),
        pytest.param(
            table("Date,Description,Amount,DR/CR", "-10.00,DR", "20.00,CR", "-5.00,DR"),
            ["-10.00", "20.00", "-5.00"], False, id="signs and words that agree",
        ),
        pytest.param(
            table("Date,Description,Debit,Credit", "10.00,", ",20.00", "12.00,", "13.00,", "14.00,", "-5.00,"),
            ["-10.00", "20.00", "-12.00", "-13.00", "-14.00", "5.00"], False, id="one reversal in a column of debits",
        ),
        pytest.param(
            table("Date,Description,Debit,Credit", "10.00,", ",20.00", "-5.00,"),
            None, True, id="debits of both signs, as many",
        ),
        pytest.param(
            table("Date,Description,Debit,Credit", "-10.00,", ",-20.00", "-5.00,"), None, True, id="both columns minus",
        ),
        pytest.param(
            table("Date,Description,Debit,Credit,Balance", "10.00,,90.00", ",20.00,110.00", "-5.00,,115.00"),
            ["-10.00", "20.00", "5.00"], False, id="debits of both signs, proven by the balances",
        ),
        pytest.param(
            "!Type:Bank\nD02/13/2026\nT-10.00\nPA\nSFood\n$-6.00\nSHome\n$-4.00\n^\n", ["-10.00"], False, id="QIF",
        ),
    ],
)  # fmt: skip
def test_a_table_that_contradicts_its_signs_asks_unless_its_balances_prove_them(
    content: str, expected: Sequence[str] | None, asked: bool
) -> None:
    read = told(content.encode())
    assert [each.code for each in read.questions] == (["bankfeed.signs_contradict"] if asked else [])
    if expected is not None:
        assert [line.amount for line in read.lines] == [Decimal(each) for each in expected]
    if asked:
        key, [reading] = read.questions[0].key, read.questions[0].readings
        assert len(read.questions[0].examples) == len(reading.shown) > 0, "the rows that contradict are shown"
        assert all(re.match(r"\d+ · .*\d", each) for each in read.questions[0].examples), "with their lines"
        assert not told(content.encode(), Known({key: frozenset({ACCEPT})})).questions


@pytest.mark.parametrize(
    "record",
    [
        "T100.00\nU-100.00\nPA",
        "T100.00\nPA\nSFood\n$-60.00\nSHome\n$-40.00",
    ],
    ids=["U says another sign", "the splits say another sign"],
)
def test_a_qif_record_that_says_two_amounts_is_lost_with_both_named_and_the_others_stay(record: str) -> None:
    read = Read(f"!Type:Bank\nD02/13/2026\n{record}\n^\nD02/14/2026\nT-5.00\nPB\n^\n".encode())
    assert [line.amount for line in read.lines] == [Decimal("-5.00")]
    assert read.codes == ["bankfeed.amounts_contradict"]


def bai2(balances: str, *details: str) -> bytes:
    units = [*balances.split(",")[2::4], *(each.split(",")[1] for each in details)]
    control = sum(map(int, filter(None, units)))
    rows = "\n".join(f"16,{each},,,,SHOP/" for each in details)
    return (
        "01,A,B,260302,0800,1,,,2/\n02,B,A,1,260302,,CAD,2/\n"
        f"03,777,CAD{balances}/\n{rows}\n49,{control},9/\n98,0,1,9/\n99,0,1,9/\n"
    ).encode()


def test_a_bai2_amount_with_a_minus_beside_a_code_of_direction_is_asked_about_unless_balances_prove_it() -> None:
    asked = told(bai2("", "475,-5000", "165,2000"))
    assert [each.code for each in asked.questions] == ["bankfeed.statement_does_not_add_up"]
    assert "contre-passation" in asked.questions[0].reason.fr
    assert not told(bai2(",010,0,,,015,-3000,,", "475,5000", "165,2000")).questions
    proven = told(bai2(",010,0,,,015,7000,,", "475,-5000", "165,2000"))
    assert [line.amount for line in proven.lines] == [Decimal("50.00"), Decimal("20.00")]


@pytest.mark.parametrize(
    ("mark", "amount"),
    [
        *(("C", "12.50"), ("D", "-12.50"), ("RC", "-12.50"), ("RD", "12.50")),
        *(("CR", "12.50"), ("DR", "-12.50"), ("RCR", "-12.50"), ("RDR", "12.50")),
    ],
)
def test_mt940_reversals_turn_and_the_currency_letter_does_not(mark: str, amount: str) -> None:
    read = Read(f":20:A\n:25:777\n:28C:1\n:60F:C260301EUR0,\n:61:2603020302{mark}12,50NTRFNONREF\n:86:X\n-\n".encode())
    assert [str(line.amount) for line in read.lines] == [amount]


AMEX = "Date,Description,Amount\n01/25/2026,UBER TRIP,23.45\n01/26/2026,SHOP,16.00\n01/27/2026,PAYMENT THANKS,-500.00\n"


def test_a_card_s_file_that_does_not_tell_its_signs_waits_until_they_are_said(
    feed: Feed, mapping: FakeMapContext
) -> None:
    feed.put(AMEX.encode())
    page = feed.read(LINES)
    first = page.records[0]
    key, signs = str(first.raw["account"]), str(first.raw["signs"])
    named = {"accounts": f"{key} = Amex", "currencies": f"{key} = CAD"}

    def read(kind: str, *said: str) -> tuple[list[object], list[str]]:
        """Return what the kept lines become once the next run has read what has to be read again."""
        settings = BankFeedSettings(**named, kinds=f"{key} = {kind}", answers="\n".join(said))
        feed.settings = settings
        again = feed.read(LINES, page.cursor).records
        assert [each.source_id for each in again] == [each.source_id for each in page.records], "no line comes twice"
        context = FakeMapContext(settings=settings, terms=mapping.terms)
        made: list[object] = []
        for record in again:
            try:
                mapped = raccord_bankfeed.map_record(context, record)
            except BadRecord as refused:
                made.append(refused.code)
            else:
                assert isinstance(mapped, Mapped)
                made += [getattr(draft, "credit", None) for draft in mapped.drafts]
        return made, [str(each.raw["amount"]) for each in again]

    assert read("bank")[0] == [None, None, False], "an account of a bank is asked nothing"
    assert read("card")[0] == ["bankfeed.card_signs"] * 3
    assert read("card", f"{signs} = {ACCEPT}") == ([True, True, False], ["23.45", "16.00", "-500.00"])
    turned = f"{signs} = reversed"
    assert read("card", turned) == ([False, False, True], ["-23.45", "-16.00", "500.00"])
    context = FakeMapContext(settings=feed.settings, terms=mapping.terms)
    with pytest.raises(BadRecord) as waits:
        raccord_bankfeed.map_record(context, first)
    assert waits.value.code == "bankfeed.card_signs", "what was read before it was said is not posted"


@pytest.mark.parametrize(
    ("rows", "written", "owed"),
    [
        ("01/15/2026,SHOP,54.20,,1054.20\n01/16/2026,PAYMENT,,200.00,854.20\n", ["54.20", "-200.00"], "-854.20"),
        ("01/15/2026,PAYMENT,200.00,854.20\n01/16/2026,PAYMENT,54.20,800.00\n", ["-200.00", "-54.20"], "-800.00"),
        ("Date,Text,Amount,Balance\n01/15/2026,SHOP,54.20,1054.20\n01/16/2026,PAYMENT,-200.00,854.20\n",
         ["54.20", "-200.00"], "-854.20"),
        ("Date,Text,Debit,Credit,Balance\n01/15/2026,SHOP,54.20,,1054.20\n01/16/2026,PAYMENT,,200.00,854.20\n",
         ["-54.20", "200.00"], ""),
        ("01/15/2026,SHOP,54.20,,4500********1234\n01/16/2026,PAYMENT,,200.00,4500********1234\n",
         ["-54.20", "200.00"], ""),
    ],
    ids=["two columns", "one column", "an amount", "named columns", "no balance"],
)  # fmt: skip
def test_a_balance_that_a_card_may_owe_does_not_tell_what_is_a_purchase(
    rows: str, written: list[str], owed: str, feed: Feed, mapping: FakeMapContext
) -> None:
    feed.put(rows.encode())
    page = feed.read(LINES)
    first = page.records[0]
    key, signs = str(first.raw["account"]), str(first.raw.get("signs", ""))
    assert ([str(each.raw["amount"]) for each in page.records], bool(signs)) == (written, bool(owed))
    named = {"accounts": f"{key} = Visa", "currencies": f"{key} = CAD", "kinds": f"{key} = card"}
    if owed:
        context = FakeMapContext(settings=BankFeedSettings(**named), terms=mapping.terms)
        with pytest.raises(BadRecord) as waits:
            raccord_bankfeed.map_record(context, first)
        assert waits.value.code == "bankfeed.card_signs"
        feed.settings = BankFeedSettings(**named, answers=f"{signs} = reversed")
        again = feed.read(LINES, page.cursor)
        turned = [(each.source_id, str(each.raw["amount"])) for each in again.records if each.stream == LINES]
        assert turned == [
            (each.source_id, str(-Decimal(amount))) for each, amount in zip(page.records, written, strict=True)
        ]
        stated = feed.read(STATEMENTS).records[-1].raw
        ends = [Decimal(str(stated[name]["amount"])) for name in ("opening_balance", "ledger_balance")]
        assert ends[1] - ends[0] == -sum(map(Decimal, written))
        assert str(ends[1]) == owed, "what is owed is less than nothing"


def test_bmo_s_cards_are_cards_whose_purchases_are_positive_and_told_signs_are_not_asked() -> None:
    header = "Item #,Card #,Transaction Date,Posting Date,Transaction Amount,Description\n"
    rows = "1,'5191230000001234',20260125,20260126,23.45,UBER\n2,'5191230000001234',20260126,20260127,-100.00,PAYMENT\n"
    lines = told((header + rows).encode()).lines
    assert [(line.account.kind.value, str(line.amount), line.account.signs) for line in lines] == [
        ("card", "-23.45", ""),
        ("card", "100.00", ""),
    ]
    worded = table("Date,Description,Amount,DR/CR", "10.00,DR", "20.00,CR")
    assert {line.account.signs for line in told(worded.encode()).lines} == {""}


QIF = "!Type:CCard\nD03/14/2026\nT{0}\nPUBER TRIP\n^\nD03/15/2026\nT{1}\nPSHOP\n^\n"


@pytest.mark.parametrize(
    ("content", "written"),
    [
        pytest.param(
            table("Date,Description,Amount", "-10.00", "-20.00"), ["-10.00", "-20.00"], id="a minus everywhere"
        ),
        pytest.param(table("Date,Description,Amount", "10.00", "20.00"), ["10.00", "20.00"], id="a minus nowhere"),
        pytest.param(QIF.format("-10.00", "-20.00"), ["-10.00", "-20.00"], id="QIF with a minus everywhere"),
        pytest.param(QIF.format("10.00", "20.00"), ["10.00", "20.00"], id="QIF with a minus nowhere"),
        pytest.param(QIF.format("10.00", "-20.00"), ["10.00", "-20.00"], id="QIF with both"),
    ],
)
def test_a_card_s_file_of_one_sign_is_asked_about_with_what_its_lines_become(
    content: str, written: list[str], feed: Feed, mapping: FakeMapContext
) -> None:
    feed.put(content.encode())
    page = feed.read(LINES)
    first = page.records[0]
    key, signs = str(first.raw["account"]), str(first.raw["signs"])
    named = {"accounts": f"{key} = Visa", "currencies": f"{key} = CAD", "kinds": f"{key} = card"}
    context = FakeMapContext(settings=BankFeedSettings(**named), terms=mapping.terms)
    with pytest.raises(BadRecord) as refused:
        raccord_bankfeed.map_record(context, first)
    offered = refused.value.answers
    assert (refused.value.code, offered is not None and offered.key) == ("bankfeed.card_signs", signs)
    assert offered is not None
    said = {word: text.en for word, text in offered.words}
    purchase, payment = (ACCEPT, "reversed") if written[0].startswith("-") else ("reversed", ACCEPT)
    assert said[purchase].endswith("this line: purchase of CAD\u00a010.00")
    assert said[payment].endswith("this line: payment or refund of CAD\u00a010.00")
    for word, turned in ((ACCEPT, 1), ("reversed", -1)):
        feed.settings = settings = BankFeedSettings(**named, answers=f"{signs} = {word}")
        again = feed.read(LINES, page.cursor).records
        assert [each.source_id for each in again] == [each.source_id for each in page.records], "no line comes twice"
        assert [Decimal(str(each.raw["amount"])) for each in again] == [Decimal(each) * turned for each in written]
        context = FakeMapContext(settings=settings, terms=mapping.terms)
        assert all(isinstance(raccord_bankfeed.map_record(context, each), Mapped) for each in again)


def test_many_qif_records_at_once_are_turned_like_each_alone() -> None:
    rows = "".join(f"D03/14/2026\nT{n}.25\nPSHOP {n}\n^\n" for n in range(1, 400))
    content = f"!Type:CCard\n{rows}".encode()
    signs = told(content).lines[0].account.signs
    turned = told(content, Known({signs: frozenset({"reversed"})})).lines
    assert [line.amount for line in turned] == [Decimal(f"-{n}.25") for n in range(1, 400)]


OWED = ["03/02/2026,SHOP,50.00,,150.00", "03/09/2026,PAYMENT,,30.00,120.00", "03/20/2026,CAFE,5.00,,125.00"]


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("names", ["Date,Description,Debit,Credit,Balance"])
def test_what_a_card_with_columns_of_money_out_and_in_owes_is_less_than_nothing(names: str, newest_first: bool) -> None:
    rows = OWED[::-1] if newest_first else OWED
    read = Read(f"{names}\n{chr(10).join(rows)}\n".encode())
    assert [event for event in read.events if isinstance(event, Question)] == []
    (told,) = read.statements
    assert told.opening is not None
    assert told.ledger is not None
    assert (str(told.opening.amount), str(told.ledger.amount)) == ("-100.00", "-125.00")


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_balance_that_stands_before_its_line_is_not_taken_for_what_is_owed(newest_first: bool) -> None:
    rows = ["03/02/2026,SHOP,50.00,,100.00", "03/09/2026,PAYMENT,,30.00,50.00", "03/20/2026,CAFE,5.00,,80.00"]
    rows = rows[::-1] if newest_first else rows
    (told,) = Read(f"Date,Description,Debit,Credit,Balance\n{chr(10).join(rows)}\n".encode()).statements
    assert told.opening is not None
    assert told.ledger is not None
    assert (str(told.opening.amount), str(told.ledger.amount)) == ("100.00", "75.00")


SWISSCARD = "Transaction date,Description,Card number,Currency,Amount,Debit/Credit\n" + "".join(
    f"{day}.03.2026,SHOP,XXXX1234,CHF,{amount},{word}\n"
    for day, amount, word in ((14, "4.20", "Debit"), (15, "-100.00", "Credit"), (16, "8.00", "Debit"))
)


@pytest.mark.parametrize("every", [False, True])
def test_signs_that_every_word_contradicts_may_be_told_to_be_the_other_ones(every: bool) -> None:
    """Swisscard writes purchases without a minus, and a word for each direction."""
    (asked,) = [event for event in Read(SWISSCARD.encode()).events if isinstance(event, Question)]
    assert asked.answers == (ACCEPT, REVERSED)
    assert [len(reading.shown) for reading in asked.readings] == [len(asked.examples)] * 2
    for answer, amounts in ((ACCEPT, ["4.20", "-100.00", "8.00"]), (REVERSED, ["-4.20", "100.00", "-8.00"])):
        known = BankFeedSettings(answers=f"{asked.layout if every else asked.key} = {answer}").known()
        events = list(reader_for(BytesIO(SWISSCARD.encode()), known).events(BytesIO(SWISSCARD.encode())))
        assert [str(event.amount) for event in events if isinstance(event, Line)] == amounts
        assert not [event for event in events if isinstance(event, Question)]
    mixed = SWISSCARD + "17.03.2026,SHOP,XXXX1234,CHF,9.00,Credit\n"
    (asked,) = [event for event in Read(mixed.encode()).events if isinstance(event, Question)]
    assert (asked.answers, asked.layout) == ((ACCEPT,), "")
