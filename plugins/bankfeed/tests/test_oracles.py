"""Public libraries read what we read: the samples, and files that the twin writes; where they differ, why is known."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import raccord_bankfeed
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, Read
from raccord_bankfeed.twins.camt import camt_chunks
from raccord_bankfeed.twins.formats import file_of

SAMPLES = Path(raccord_bankfeed.__file__).parent / "samples"
DAY = date(2026, 3, 14)
Fact = tuple[date, Decimal, str]
"""Day, amount and the bank's id; an id is empty where the format or the library has none."""

pytestmark = [
    # ofxparse reads XML by an HTML parser, and says so; quiffen and it use what later Pythons will not have.
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def by_ofxparse(content: bytes) -> list[Fact]:
    from ofxparse import OfxParser

    read = OfxParser.parse(BytesIO(content))
    statements = [getattr(account, "statement", None) for account in read.accounts]
    lines = [line for each in statements for line in getattr(each, "transactions", ())]
    return [(line.date.date(), line.amount, line.id) for line in lines if hasattr(line, "amount")]


def by_mt940(content: bytes) -> list[Fact]:
    """A reversed credit is money out to it only if told so; the booking day is the entry date, else the value date."""
    import mt940

    text = content.decode("utf-8", "replace")
    read = mt940.parse(text, options=mt940.models.Options(reversal_sign=True))
    return [
        (date.fromisoformat(str(line.data.get("entry_date") or line.data["date"])), line.data["amount"].amount, "")
        for line in read
    ]


def by_bai2(content: bytes) -> list[Fact]:
    """Its amounts have no sign and are minor units; its type codes know the direction."""
    from bai2 import bai2
    from bai2.constants import TypeCodeTransaction

    read = bai2.parse_from_string(content.decode(), check_integrity=False)
    found = []
    for group in read.children:
        for account in group.children:
            for line in account.children:
                out = line.type_code.transaction is TypeCodeTransaction.debit
                amount = Decimal(line.amount or 0).scaleb(-2)
                found.append((group.header.as_of_date, -amount if out else amount, line.bank_reference or ""))
    return found


def by_quiffen(content: bytes) -> list[Fact]:
    from quiffen import Qif

    with NamedTemporaryFile(suffix=".qif") as file:
        file.write(content)
        file.flush()
        read = Qif.parse(file.name, day_first=False)
    lines = [line for each in read.accounts.values() for kind in each.transactions.values() for line in kind]
    return [(line.date.date(), line.amount, "") for line in lines]


def by_pycamt(content: bytes) -> list[Fact]:
    """Its amounts have no sign; of a batch it tells every payment."""
    from pycamt.parser import Camt053Parser

    return [
        (
            date.fromisoformat(line["BookingDate"][:10]),
            Decimal(line["Amount"]) * (1 if line["CreditDebitIndicator"] == "CRDT" else -1),
            line["TransactionID"] or "",
        )
        for line in Camt053Parser(content).get_transactions()
    ]


AS_STATEMENT = (
    (b"camt.052", b"camt.053"),
    (b"camt.054", b"camt.053"),
    (b"BkToCstmrAcctRpt", b"BkToCstmrStmt"),
    (b"BkToCstmrDbtCdtNtfctn", b"BkToCstmrStmt"),
    (b"Rpt>", b"Stmt>"),
    (b"Ntfctn>", b"Stmt>"),
)


def by_pycamt_as_statement(content: bytes) -> list[Fact]:
    """It reads statements alone; a report of the day and a notification have the same entries under other names."""
    for name, other in AS_STATEMENT:
        content = content.replace(name, other)
    return by_pycamt(content)


def by_csv(content: bytes) -> list[Fact]:
    return [
        (date.fromisoformat(row["Date"]), Decimal(row["Amount"].replace(",", "")), row["Transaction ID"])
        for row in csv.DictReader(StringIO(content.decode(), newline=""))
    ]


ORACLES: dict[str, Callable[[bytes], list[Fact]]] = {
    "ofx1": by_ofxparse,
    "ofx2": by_ofxparse,
    "qfx": by_ofxparse,
    "qif": by_quiffen,
    "mt940": by_mt940,
    "bai2": by_bai2,
    "camt052": by_pycamt_as_statement,
    "camt053": by_pycamt,
    "camt054": by_pycamt_as_statement,
    "csv": by_csv,
}

DIFFERS: dict[str, tuple[int | str, str]] = {
    "ofx1/fail_date_missing.ofx": ("OfxParserException", "one bad row loses the file; we report three and go on"),
    "ofx1/ofx-v102-empty-tags.ofx": ("IndexError", "an indented header loses the file"),
    "ofx1/fidelity.ofx": (3, "cash lines of an investment account; we count and leave them out"),
    "mt940/ASNB_0708271685_09022020_164516.940.txt": ("RuntimeError", "a long reference loses the file"),
    "mt940/self-provided_february_30.sta": (1, "a day that does not exist; we take the entry day, 1 March"),
    "qif/test.qif": (6, "the opening balance is lost, and an investment's record without an amount is a line"),
    "qif/test_split.qif": (0, "a file whose last record is not ended"),
    "qif/with_categories.qif": (2, "records of one day and payee are lost"),
    "camt053/camt053.v2.wrong.xml": ("Camt053ParseError", "no CAMT message; we report it"),
    "camt053/camt053.v4.xml": (1, "takes an amount of a detail, which is 0, for the entry's"),
    "camt053/camt053.v8.xml": (1, "takes an amount of a detail, which is 0, for the entry's"),
    "camt054/camt054.v2.xml": (3, "tells each payment of a batch, all with the amount of the whole"),
    "camt054/camt054.v4.xml": (3, "tells each payment of a batch; one line until a person wants them apart"),
}
"""Samples that a library reads otherwise: how many lines it finds or how it fails, and what is right."""


def samples_with_an_oracle() -> list[str]:
    return sorted(
        f"{folder}/{path.name}" for folder in ORACLES if folder != "csv" for path in (SAMPLES / folder).iterdir()
    )


def ours(content: bytes, ids: bool) -> Counter[Fact]:
    return Counter((line.day, line.amount, line.native if ids else "") for line in Read(content).lines)


@pytest.mark.parametrize("name", samples_with_an_oracle())
def test_a_public_library_reads_the_same_lines_of_a_sample_or_why_not_is_known(name: str) -> None:
    content = (SAMPLES / name).read_bytes()
    try:
        found: list[Fact] | str = ORACLES[name.partition("/")[0]](content)
    except Exception as problem:  # noqa: BLE001 - how a stranger's library fails is what is compared
        found = type(problem).__name__
    if name in DIFFERS:
        wanted, _ = DIFFERS[name]
        assert (len(found) if isinstance(found, list) else found) == wanted, "the library reads otherwise now"
        return
    assert isinstance(found, list), found
    assert Counter(found) == ours(content, ids=any(native for _, _, native in found))


TEXTS = st.text(st.sampled_from("ABCdef019 .#-/"), min_size=1, max_size=30).map(
    lambda text: f"X{' '.join(text.replace('//', '/').split())}"
)
AMOUNTS = st.integers(-(10**9), 10**9).filter(bool).map(lambda cents: Decimal(cents).scaleb(-2))


def lines_on(days: st.SearchStrategy[date]) -> st.SearchStrategy[list[MadeLine]]:
    made = st.builds(MadeLine, day=days, amount=AMOUNTS, name=TEXTS, memo=TEXTS)
    numbered = st.lists(made, min_size=1, max_size=8, unique_by=lambda line: (line.day, line.name))
    return numbered.map(
        lambda lines: [
            MadeLine(day=line.day, amount=line.amount, name=line.name, memo=line.memo, native=f"N{number:06}")
            for number, line in enumerate(lines)
        ]
    )


YEAR = st.integers(0, 364).map(lambda days: date(2026, 1, 1) + timedelta(days))


@pytest.mark.parametrize("name", ["ofx1", "ofx2", "qif", "camt", "camt052", "mt940", "bai2", "csv"])
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_a_public_library_and_we_read_what_the_twin_wrote(name: str, data: st.DataObject) -> None:
    lines = data.draw(lines_on(st.just(DAY) if name == "bai2" else YEAR))
    if name == "qif":
        lines.append(MadeLine(day=date(2026, 12, 31), amount=Decimal(1), name="A day that tells the order of all"))
    account = MadeAccount(number="0123456789", currency="CAD")
    reported = name == "camt052"
    content = b"".join(camt_chunks(account, lines, message="052")) if reported else file_of(name, account, lines)
    found = ORACLES["camt053" if name == "camt" else name](content)
    ids = any(native for _, _, native in found)
    wanted = Counter((line.day, line.amount, line.native if ids else "") for line in lines)
    assert Counter(found) == wanted
    assert ours(content, ids) == wanted
