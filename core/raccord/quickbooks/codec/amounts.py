"""Amounts on their way to QuickBooks: whole cents, sums that hold, and prices that multiply out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from raccord.plugin.money import exponent
from raccord.plugin.texts import figures
from raccord.quickbooks.codec.errors import EncodeError

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
LARGEST = Decimal("999999999999999")
TOLERANCE = Decimal("0.02")
"""How far a tax may be from what QuickBooks would compute before a person must look (pain 13, T2)."""
_PRICE = Decimal("0.0000001")


def cents(value: Decimal, currency: str, field: str) -> Decimal:
    """Return ``value`` with two decimals; raises :class:`EncodeError` if QuickBooks cannot keep it."""
    fits = value.is_finite() and abs(value) <= LARGEST
    if fits and value == value.quantize(Decimal(1).scaleb(-min(2, exponent(currency)))):
        return value.quantize(CENT)
    said = figures(value)
    raise EncodeError(
        "encoding.amount_unfit",
        f"QuickBooks ne peut pas garder le montant {said.fr} {currency} au centime près. Corrigez-le dans la source.",
        f"QuickBooks cannot keep the amount {said.en} {currency} to the cent. Correct it in the source.",
        field,
    )


def rounded(value: Decimal) -> Decimal:
    """Round half up to cents, away from zero for negatives, as QuickBooks does."""
    return value.quantize(CENT, ROUND_HALF_UP)


def added(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)


def total_of(value: Decimal, currency: str) -> Decimal:
    """Return a document's total in cents; QuickBooks refuses negative documents."""
    total = cents(value, currency, "total")
    if total < 0:
        said = figures(total)
        raise EncodeError(
            "encoding.negative_total",
            f"Le total {said.fr} {currency} est négatif ; QuickBooks refuse un tel document. "
            "La source doit le livrer comme son contraire (un remboursement au lieu d'une vente).",
            f"The total {said.en} {currency} is negative; QuickBooks refuses such a document. "
            "The source must deliver it as its opposite (a refund instead of a sale).",
            "total",
        )
    return total


def must_add_up(parts: Sequence[Decimal], total: Decimal) -> None:
    """Raise :class:`EncodeError` unless ``parts`` sum to ``total`` exactly."""
    found = added(parts)
    if found != total:
        raise total_differs(found, total)


def total_differs(found: Decimal, total: Decimal) -> EncodeError:
    made, said, off = map(figures, (found, total, total - found))
    return EncodeError(
        "encoding.total_differs",
        f"Les lignes et la taxe donnent {made.fr}, le document dit {said.fr} (écart {off.fr}). "
        "Rien n'a été envoyé : corrigez les lignes, le code de taxe ou le total dans la source.",
        f"Lines and tax make {made.en}, the document says {said.en} (difference {off.en}). "
        "Nothing was sent: correct the lines, the tax code or the total in the source.",
        "total",
    )


def quantity_and_price(
    quantity: Decimal | None, price: Decimal | None, amount: Decimal
) -> tuple[Decimal, Decimal] | None:
    """Return quantity and unit price whose product rounds to ``amount`` (QuickBooks' fault 6070 otherwise), or None.

    A price that does not multiply out is replaced by a finer one (100.00 / 3 → 33.3333333); where seven decimals do
    not suffice, the amount goes alone, which is always right.
    """
    if quantity is None or quantity.is_zero() or not quantity.is_finite() or abs(quantity) > LARGEST:
        return None
    for candidate in (price, amount / quantity):
        if candidate is None or not candidate.is_finite() or abs(candidate) > LARGEST:
            continue
        fine = candidate.quantize(_PRICE, ROUND_HALF_UP)
        if abs(quantity * fine) <= LARGEST and rounded(quantity * fine) == amount:
            return plain(quantity), plain(fine)
    return None


def plain(value: Decimal) -> Decimal:
    """Return the same number without trailing zeros and without exponent, so that equal numbers give equal bytes."""
    return Decimal(format(value.normalize(), "f"))
