"""Refusals tell amounts as people write them, in both languages."""

from __future__ import annotations

from decimal import Decimal

import pytest

from raccord.plugin import BadRecord
from raccord.plugin.documents import _same
from raccord.plugin.texts import figures, figures_of
from raccord.quickbooks.codec.amounts import cents, must_add_up, total_of
from raccord.quickbooks.codec.errors import EncodeError
from raccord.quickbooks.codec.tax import stated_differs


@pytest.mark.parametrize(
    ("amount", "fr", "en"),
    [
        ("1234.5", "1\u00a0234,50", "1,234.50"),
        ("-1234567", "-1\u00a0234\u00a0567,00", "-1,234,567.00"),
        ("1.2340", "1,234", "1.234"),
        ("1E+3", "1\u00a0000,00", "1,000.00"),
        ("NaN", "NaN", "NaN"),
    ],
)
def test_figures_are_those_of_each_language(amount: str, fr: str, en: str) -> None:
    said = figures(Decimal(amount))
    assert (said.fr, said.en) == (fr, en)
    assert figures_of(Decimal(amount), "fr") == fr


def test_what_cannot_be_sent_is_told_in_the_figures_of_each_language() -> None:
    with pytest.raises(EncodeError) as parts:
        must_add_up([Decimal("1234.50")], Decimal("2000.00"))
    with pytest.raises(EncodeError) as fraction:
        cents(Decimal("1234.567"), "CAD", "total")
    with pytest.raises(EncodeError) as negative:
        total_of(Decimal(-1234), "CAD")
    tax = stated_differs("", Decimal("1234.5"), Decimal("1200"))
    for error, fr, en in (
        (parts.value, ("1\u00a0234,50", "2\u00a0000,00", "765,50"), ("1,234.50", "2,000.00", "765.50")),
        (fraction.value, ("1\u00a0234,567",), ("1,234.567",)),
        (negative.value, ("-1\u00a0234,00",), ("-1,234.00",)),
        (tax, ("1\u00a0234,50", "1\u00a0200,00"), ("1,234.50", "1,200.00")),
    ):
        assert all(each in error.fr for each in fr), error.fr
        assert all(each in error.en for each in en), error.en


def test_parts_that_do_not_come_to_a_record_s_total_are_told_so() -> None:
    with pytest.raises(BadRecord) as bad:
        _same(Decimal("1234.5"), Decimal("1700"))
    assert bad.value.reason.fr == "Les parties font 1\u00a0234,50, le total dit 1\u00a0700,00."
    assert bad.value.reason.en == "The parts come to 1,234.50, the total says 1,700.00."
