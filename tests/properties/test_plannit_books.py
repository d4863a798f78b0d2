"""Plannit's golden books, and random invoices of Quebec: equal to the cent, tax by tax, or held."""

from __future__ import annotations

import os
import random
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from plannit_books import FOLDER, QUEBEC, SETTINGS, TAXES, body_of, books, record_of, said_by

from raccord.plugin import JSON
from raccord.plugin.drafts import Invoice
from raccord.plugin.testing import FileShelf
from raccord.quickbooks.codec import EncodeError

CENT = Decimal("0.01")
HELD = {"encoding.total_differs", "encoding.tax_differs", "encoding.stated_tax_differs"}


@pytest.mark.requirement("PL-14", "PL-15", "PL-16", "PL-23", "EX-02", "EX-03", "EX-04")
def test_each_object_becomes_the_documents_of_its_golden_book(tmp_path: Path) -> None:
    written = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
    assert books(FileShelf(tmp_path / "box")) == written, "python -m plannit_books writes them anew; read what changed"


def test_pain_13_t1_random_invoices_of_quebec_are_equal_to_the_cent_or_held(tmp_path: Path) -> None:
    _try(2_000, 13, FileShelf(tmp_path / "box"))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_pain_13_t1_a_hundred_thousand_random_invoices_are_equal_to_the_cent_or_held(tmp_path: Path) -> None:
    _try(int(os.environ.get("INVOICES", "100000")), 1313, FileShelf(tmp_path / "box"))


def _try(count: int, seed: int, shelf: FileShelf) -> None:
    """Invoices with tax on the document or line by line, prices with and without tax, discounts and adjustments."""
    dice, held, plain = random.Random(seed), dict[str, int](), 0
    for number in range(count):
        # Rounded line by line, or taken out of prices, a source's tax may be more cents away than can be stated.
        by_line = dice.random() < 0.3
        value = _invoice(dice, number, by_line=by_line)
        (draft,) = said_by([record_of("invoice", value, SETTINGS, shelf)], SETTINGS)
        assert isinstance(draft, Invoice)
        try:
            body = body_of(draft)
        except EncodeError as error:
            held[error.code] = held.get(error.code, 0) + 1
            plain += not (by_line or value["prices_include_tax"])
            continue
        assert body["DocNumber"] == str(value["number"])
        taxes = value["taxes"]
        assert isinstance(taxes, list)
        stated = {Decimal(each["rate"]): Decimal(each["amount"]) for each in taxes if isinstance(each, dict)}
        found = _as_quickbooks(body)
        assert {rate.percent: found[rate.percent] for rate in TAXES if stated} == stated
        net = sum((line["Amount"] for line in body["Line"]), Decimal(0))
        assert net + sum(found.values(), Decimal(0)) == Decimal(str(value["total"]))
    assert set(held) <= HELD
    assert plain == 0, "with taxes of the whole document and prices without tax, nothing is held"
    assert sum(held.values()) * 10 <= count, held


def _invoice(dice: random.Random, number: int, *, by_line: bool) -> dict[str, JSON]:
    inclusive = dice.random() < 0.3
    lines: list[tuple[Decimal, bool, Decimal]] = []
    for _ in range(dice.randint(1, 6)):
        amount = (Decimal(dice.randint(1, 400)) / 4 * Decimal(dice.randint(1, 9_999_999)).scaleb(-4)).quantize(CENT)
        discount = (amount * dice.randint(0, 30) / 100).quantize(CENT) if dice.random() < 0.2 else Decimal(0)
        lines.append((max(amount - discount, CENT), dice.random() < 0.8, discount))
    if dice.random() < 0.2:
        lines.append((-Decimal(dice.randint(1, 5)) * CENT, False, Decimal(0)))
    taxable = [amount for amount, taxed, _ in lines if taxed]
    taxes = {rate.percent: _tax(taxable, rate.percent, inclusive, by_line) for rate in TAXES} if taxable else {}
    total = sum((amount for amount, _, _ in lines), Decimal(0))
    return {
        "id": f"F{number}",
        "number": str(number),
        "updated_at": "2026-03-03T10:00:00-05:00",
        "contact_id": "C1",
        "date": "2026-03-03",
        "prices_include_tax": inclusive,
        "lines": [
            {"name": "x", "amount": str(amount), "taxable": taxed, **({"discount": str(off)} if off else {})}
            for amount, taxed, off in lines
        ],
        "taxes": [{"tax": str(rate), "rate": str(rate), "amount": str(amount)} for rate, amount in taxes.items()],
        "total": str(total if inclusive else total + sum(taxes.values(), Decimal(0))),
    }


def _tax(amounts: list[Decimal], rate: Decimal, inclusive: bool, by_line: bool) -> Decimal:
    part = rate / (100 + sum((each.percent for each in TAXES), Decimal(0))) if inclusive else rate / 100
    bases = amounts if by_line else [sum(amounts, Decimal(0))]
    return sum(((base * part).quantize(CENT, ROUND_HALF_UP) for base in bases), Decimal(0))


def _as_quickbooks(body: dict[str, Any]) -> dict[Decimal, Decimal]:
    """Return each tax as QuickBooks would have it: what is sent counts, else its own sum."""
    found: dict[Decimal, Decimal] = {}
    for rate in TAXES:
        base = sum(
            (
                line["Amount"]
                for line in body["Line"]
                if QUEBEC.tax_codes[line["SalesItemLineDetail"]["TaxCodeRef"]["value"]] == TAXES
            ),
            Decimal(0),
        )
        found[rate.percent] = (base * rate.percent / 100).quantize(CENT, ROUND_HALF_UP)
    percents = {rate.id: rate.percent for rate in TAXES}
    for line in body.get("TxnTaxDetail", {}).get("TaxLine", ()):
        if line["TaxLineDetail"]["TaxRateRef"]["value"] in percents:
            found[percents[line["TaxLineDetail"]["TaxRateRef"]["value"]]] = line["Amount"]
    return found
