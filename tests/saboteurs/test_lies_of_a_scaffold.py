"""Lies told in a connector as ``raccord new`` writes it, its samples untouched: the kit catches each of them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from raccord.cli.new_command import written
from raccord.plugin import JSON, Text
from raccord.plugin.fields import FieldError
from raccord.plugin.sources import RestStream
from raccord.plugin.testing import FakeFetchContext, FileShelf, check_connector

NAME = "lying_atelier"
FOUR = ("customers", "invoices", "payments", "refunds")
INVOICES, REFUND = "for each in parts]", "CustomerOf(Link(f\"invoices/{said.text('invoice_id')}\"))"
VOID = 'if said.text("status") == "void":'
LIES: dict[str, tuple[str, str, str]] = {
    "the day of an invoice is that of its last change": ("day.zone", 'moment="issued_at"', 'moment="updated_at"'),
    "the day of a payment is that of its last change": ("day.zone", 'moment="paid_at"', 'moment="updated_at"'),
    "the day of a refund is that of its last change": ("day.zone", 'moment="refunded_at"', 'moment="updated_at"'),
    "a payment settles the first of its invoices alone": ("draft.effects", INVOICES, "for each in list(parts)[:1]]"),
    "an invoice voided after its issue stands": (
        "map.expected",
        VOID,
        VOID[:-1] + ' and said.moment("updated_at") == said.moment("issued_at"):',
    ),
    "a refund is for the customer of the first invoice": ("draft.printed", REFUND, 'CustomerOf(Link("invoices/I1"))'),
    "a fee is paid from undeposited funds": (
        "draft.places",
        "return payment(record, at=place(context, said), applied=settles)",
        """kept = Expense(key=record.key("fee"), day=record.day, currency="CAD", paid_from=Role("clearing"),
        payment_type=PaymentType.CASH, lines=(ExpenseLine(account=Role("income"), amount=said.decimal("amount")),),
        total=said.decimal("amount"))
    return [payment(record, at=place(context, said), applied=settles), kept]""",
    ),
    "a credit voided a day later stands": ("map.expected", VOID, VOID[:-1] + ' and said.decimal("total") > 0:'),
    # What only a company with taxes comes to, and what no sample shows by itself.
    "the number of an invoice holds today's year": (
        "map.clock",
        'number=said.text("number")',
        "number=f\"{date.today().year}-{said.text('number')}\"",
    ),
    "an unknown way of paying is a card": (
        "map.unknown",
        'Role(context.terms.known(said.text("method"), "method").role)',
        'Role(getattr(context.terms.get(said.text("method")), "role", "clearing"))',
    ),
    "a refusal holds the token": (
        "outside.secrets",
        "    return stream_page(context, source, STREAMS, stream, cursor)",
        """    try:
        return stream_page(context, source, STREAMS, stream, cursor)
    except SourceRefused:
        raise SourceRefused(Text("Refus", f"Refused: {token.get_secret_value()}")) from None""",
    ),
    "an invoice that comes a day later has no tax code": (
        "draft.tax_code",
        "    return invoice(\n        context, record, SOLD,",
        """    if record.source_id == "I7":
        plain = SaleFields(description="title", quantity="quantity", price="unit_price", taxes="taxes")
        whose = Link(f"customers/{said.text('customer_id')}")
        return invoice(context, record, plain, customer=whose, number=said.text("number"))
    return invoice(\n        context, record, SOLD,""",
    ),
    "a card payment that comes a day later goes to the bank": (
        "draft.effects",
        "payment(record, at=place(context, said),",
        'payment(record, at=Role("bank") if record.source_id == "P5" else place(context, said),',
    ),
    "a refund is for the first customer": ("draft.printed", REFUND, 'Link("customers/C1")'),
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the package of a new connector of four streams, ready to be imported."""
    for path, text in written(NAME, "rest", FOUR).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    (made,) = (tmp_path / "src").iterdir()
    monkeypatch.syspath_prepend(str(made.parent))
    importlib.invalidate_caches()
    yield made
    for each in [each for each in sys.modules if each.partition(".")[0] == made.name]:
        del sys.modules[each]


@pytest.mark.slow
@pytest.mark.parametrize("lie", LIES)
@pytest.mark.every(3)
def test_a_lie_in_an_untouched_scaffold_is_caught(home: Path, lie: str) -> None:
    rule, old, new = LIES[lie]
    text = (home / "streams.py").read_text(encoding="utf-8")
    assert old in text
    needed = (
        "from datetime import date\nfrom raccord.plugin import SourceRefused\n"
        "from raccord.plugin.drafts import Expense, ExpenseLine, PaymentType\n"
    )
    (home / "streams.py").write_text(needed + text.replace(old, new, 1), encoding="utf-8")
    assert rule in check_connector(importlib.import_module(home.name)).broken()


@pytest.mark.slow
def test_a_row_that_is_rejected_is_told_with_its_field(home: Path) -> None:
    samples = home / "samples" / "invoices.json"
    text = samples.read_text(encoding="utf-8")
    lost = '"total": "22.60", '
    assert text.count(lost) == 1
    samples.write_text(text.replace(lost, ""), encoding="utf-8")
    places = check_connector(importlib.import_module(home.name)).broken()["day.zone"]
    assert any(
        each.startswith("invoices/I8 Pacific/Kiritimati 00:00: rejected as") and "“total”" in each for each in places
    ), places


@pytest.mark.slow
@pytest.mark.parametrize(("on", "comes_to"), [("I7", "11.30"), ("I8", "0.00")], ids=["standing", "voided"])
def test_a_payment_of_a_day_later_that_exceeds_its_invoice_is_caught(home: Path, on: str, comes_to: str) -> None:
    # What was paid on I8 before it was voided exceeds nothing: QuickBooks takes it off.
    samples = home / "samples" / "payments-news.json"
    text = samples.read_text(encoding="utf-8")
    part = '"invoice_id": "I6", "amount": "22.60"'
    assert text.count(part) == 1
    samples.write_text(text.replace(part, part.replace("I6", on)), encoding="utf-8")
    assert check_connector(importlib.import_module(home.name)).broken() == {
        "draft.applied": [f"later: invoices/{on}: 22.60 > {comes_to}"]
    }


def test_a_stream_may_count_an_absent_amount() -> None:
    def fee(row: dict[str, JSON], absent: int | None) -> Decimal:
        stream = RestStream(
            name="fees", label=Text("Frais", "Fees"), draw=lambda *_: (), amount="fee", outgoing=True, absent=absent
        )
        found = stream.record(FakeFetchContext(files=FileShelf(Path("none"))), {"id": "P1", **row}).amount
        assert found is not None
        return found.amount

    assert [fee(row, 0) for row in ({}, {"fee": None}, {"fee": ""}, {"fee": "1.13"})] == [0, 0, 0, Decimal("-1.13")]
    for row, absent in (({}, None), ({"fee": "much"}, 0)):
        with pytest.raises(FieldError, match="fee"):
            fee(row, absent)
