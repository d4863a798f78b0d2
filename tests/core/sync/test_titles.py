"""What drafts are called within sentences, to the last figure of their amounts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from raccord.sync.lines.titles import Title, said


@pytest.mark.parametrize(
    ("amount", "currency", "french", "english"),
    [
        ("-1234.50", "CAD", "-1\N{NO-BREAK SPACE}234,50", "-1,234.50"),
        ("1000", "JPY", "1\N{NO-BREAK SPACE}000,00", "1,000.00"),
        ("1.234", "KWD", "1,234", "1.234"),
    ],
)
def test_a_title_says_its_amount_to_the_last_figure(amount: str, currency: str, french: str, english: str) -> None:
    text = said(Title("CAFE", date(2026, 3, 2), Decimal(amount), currency))

    assert text.fr.endswith(f"2\N{NO-BREAK SPACE}mars 2026, {french}\N{NO-BREAK SPACE}{currency})")
    assert text.en.endswith(f"2\N{NO-BREAK SPACE}Mar 2026, {english}\N{NO-BREAK SPACE}{currency})")
