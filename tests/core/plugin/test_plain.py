"""A connector without a mapping of its own: core makes of each transaction what its word in the table of terms says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from raccord import defaults
from raccord.plugin import BadRecord, Mapped, Money, Page, Record, Skipped, TermTable, Text
from raccord.plugin.contract import TRANSACTIONS, Intake, map_transaction, plain_contract, plain_page
from raccord.plugin.drafts import Deposit, Expense, RefundReceipt, Role, SalesReceipt, TaxMode
from raccord.plugin.testing import FakeFetchContext, FakeMapContext, FileShelf

CONTRACT = plain_contract("acme", Text("Opération", "Transaction"), {"no": "id", "montant": "amount"})
TERMS = TermTable.from_toml(
    "\n".join(
        f'[[term]]\nword = "{word}"\nledger = "{ledger}"\nrole = "{role}"\nfr = "Mot"\nen = "Word"\norigin = "page 1"'
        for word, ledger, role in (
            ("sale", "SalesReceipt", "income"),
            ("fee", "Deposit", "fees"),
            ("void", "left_out", ""),
            ("odd", "Invoice", "income"),
        )
    )
)


@pytest.fixture
def context(tmp_path: Path) -> FakeFetchContext:
    return FakeFetchContext(files=FileShelf(tmp_path / "box"))


def read(context: FakeFetchContext, content: str, name: str = "acme.csv") -> Page:
    assert isinstance(context.files, FileShelf)
    context.files.put(name, content)
    page = plain_page(context, CONTRACT, Intake(), TRANSACTIONS, None)
    assert page is not None
    return page


def mapped(record: Record, *, taxed: bool = False) -> Mapped | Skipped | None:
    return map_transaction(FakeMapContext(terms=TERMS, taxed=taxed), record)


def test_tables_and_documents_say_the_same(context: FakeFetchContext, tmp_path: Path) -> None:
    page = read(
        context,
        "No;updated_at;moment;date;kind;Montant;description\n"
        "1;2026-03-05T00:00:00Z;2026-03-03T04:30:00Z;;sale;115.00;Lamps\n"
        "2;2026-03-05T00:00:00Z;;2026-03-04;fee;-1.5;\n"
        "3;2026-03-05T00:00:00Z;;;fee;1.00;\n",
    )
    assert [(each.source_id, each.day, each.amount) for each in page.records] == [
        ("1", date(2026, 3, 2), Money.of("115.00", "CAD")),
        ("2", date(2026, 3, 4), Money.of("-1.50", "CAD")),
    ]
    assert [(each.code, "give “date” or “moment”" in each.reason.en) for each in page.rejects] == [
        ("contract.violation", True)
    ]
    other = FakeFetchContext(files=FileShelf(tmp_path / "other"))
    said = (
        '{"type": "transaction.created", "data": {"id": "1", "updated_at": "2026-03-05T00:00:00Z", "kind": "sale", '
        '"moment": "2026-03-03T04:30:00Z", "amount": 115.00, "description": "Lamps"}}'
    )
    assert read(other, said, "webhook-1.json").records == page.records[:1]
    assert plain_page(context, CONTRACT, Intake(), "another", None) is None


def record(kind: str, amount: str | None, **raw: str) -> Record:
    money = None if amount is None else Money.of(amount, "CAD")
    said = {"contract": "transactions/1", "kind": kind, "description": "Lamps", "reference": "R" * 30, **raw}
    return Record(TRANSACTIONS, "1", date(2026, 3, 2), said, money)


@pytest.mark.parametrize(
    ("kind", "amount", "made"),
    [
        ("sale", "115.00", SalesReceipt),
        ("sale", "-115.00", RefundReceipt),
        ("fee", "1.50", Deposit),
        ("fee", "-1.50", Expense),
    ],
)
def test_a_word_and_the_sign_say_the_document(kind: str, amount: str, made: type[object]) -> None:
    answer = mapped(record(kind, amount), taxed=True)
    assert isinstance(answer, Mapped)
    (draft,) = answer.drafts
    assert isinstance(draft, made)
    assert not isinstance(draft, (SalesReceipt, RefundReceipt)) or draft.tax_mode is TaxMode.INCLUSIVE
    assert getattr(draft, "total", None) == abs(Decimal(amount))
    assert len(getattr(draft, "reference", "")) <= 21


def test_the_account_is_the_role_of_the_word() -> None:
    answer = mapped(record("fee", "-1.50"))
    assert isinstance(answer, Mapped)
    (draft,) = answer.drafts
    assert isinstance(draft, Expense)
    assert (draft.paid_from, draft.lines[0].account) == (Role("bank"), Role("fees"))


@pytest.mark.parametrize(
    ("kind", "amount", "code"),
    [("void", "0.00", "contract.left_out"), ("sale", "0.00", "contract.nothing"), ("sale", None, "contract.deleted")],
)
def test_what_posts_nothing_says_why(kind: str, amount: str | None, code: str) -> None:
    answer = mapped(record(kind, amount))
    assert isinstance(answer, Skipped)
    assert answer.code == code


@pytest.mark.parametrize("kind", ["unheard", "odd"])
def test_a_word_that_nobody_knows_is_a_problem_of_its_record(kind: str) -> None:
    with pytest.raises(BadRecord) as caught:
        mapped(record(kind, "1.00"))
    assert caught.value.code == "contract.word_unknown"
    assert kind in caught.value.reason.fr


def test_core_maps_nothing_of_other_records() -> None:
    other = Record("sales", "1", date(2026, 3, 2), {"kind": "sale"}, Money.of("1.00", "CAD"))
    assert defaults.map_record(FakeMapContext(terms=TERMS), other) is None
    assert isinstance(defaults.map_record(FakeMapContext(terms=TERMS), record("sale", "1.00")), Mapped)
