"""Amounts as the source wrote them: a decimal and its currency, never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_CURRENCY = re.compile(r"[A-Z]{3}")
_EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"), 0),
    **dict.fromkeys(("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


class MoneyError(ValueError):
    """Raised when a text is not an amount, or when two currencies meet in one sum."""


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency (ISO 4217 code); sums across currencies are refused."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise MoneyError(f"an amount must be a Decimal, not {type(self.amount).__name__}")
        if not self.amount.is_finite():
            raise MoneyError(f"{self.amount} is not an amount")
        if _CURRENCY.fullmatch(self.currency) is None:
            raise MoneyError(f"{self.currency!r} is not an ISO 4217 currency code")

    @classmethod
    def of(cls, text: str | int, currency: str) -> Money:
        """Read ``text`` (``-12.30``, blanks around allowed, point as decimal mark) exactly; the scale is kept."""
        try:
            amount = Decimal(str(text).strip())
        except InvalidOperation:
            raise MoneyError(f"{text!r} is not an amount") from None
        return cls(amount, currency)

    @classmethod
    def from_minor(cls, units: int, currency: str) -> Money:
        """Turn minor units (cents) into an amount with the currency's own exponent: 0 for JPY, 3 for KWD."""
        return cls(Decimal(units).scaleb(-exponent(currency)), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(Decimal(0), currency)

    def rounded(self) -> Money:
        """Round half up to the currency's minor unit, as QuickBooks does."""
        return Money(self.amount.quantize(Decimal(1).scaleb(-exponent(self.currency)), ROUND_HALF_UP), self.currency)

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise MoneyError(f"{self.currency} and {other.currency} cannot be added")


def exponent(currency: str) -> int:
    """Return how many decimals the currency's minor unit has (ISO 4217)."""
    return _EXPONENTS.get(currency, 2)
