"""The arithmetic of taxes by code: QuickBooks rounds each rate once, on the sum of the nets of its lines.

Therefore an amount that holds the tax is split so that QuickBooks, computing from our nets, arrives at the total of the
source. Some totals are not reachable from any net (no net gives 10.04 at 13 %); there the tax amounts are sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

from raccord.plugin.texts import figures
from raccord.quickbooks.codec.amounts import CENT, TOLERANCE, ZERO, added, rounded, total_differs
from raccord.quickbooks.codec.errors import EncodeError
from raccord.quickbooks.codec.facts import TaxRate

_GROUPS_SEARCHED = 4
"""Beyond this many tax codes in one document the search for exact nets would grow without use: the tax is sent."""


@dataclass(frozen=True, slots=True)
class CodedAmount:
    """A line's amount with its tax code's rates."""

    amount: Decimal
    code: str
    rates: tuple[TaxRate, ...]


@dataclass(frozen=True, slots=True)
class RateTax:
    """What one rate takes in one document."""

    rate: TaxRate
    net: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Split:
    """The net of each line and the tax of each rate; ``explicit``: QuickBooks would not compute these by itself."""

    nets: tuple[Decimal, ...]
    taxes: tuple[RateTax, ...]
    explicit: bool

    @property
    def tax(self) -> Decimal:
        return added(each.amount for each in self.taxes)


Stated = Mapping[Decimal, Decimal]
"""What the source says that the rates of a percentage come to; where no rate has that percentage, those that make it
together in a tax code (9.975 and 5 of 14.975).
"""


def add_tax(
    lines: Sequence[CodedAmount], total: Decimal, discount: Decimal = ZERO, stated: Stated | None = None
) -> Split:
    """Add the tax to net amounts; the outcome is ``total``, or :class:`EncodeError` beyond two cents of difference.

    ``discount`` is taken off all lines in proportion before tax is computed, as QuickBooks does. Taxes that the source
    states are kept as they are, within two cents of what QuickBooks would compute.
    """
    return _settled(lines, tuple(line.amount for line in lines), total, discount, stated or {})


def take_tax_out(lines: Sequence[CodedAmount], total: Decimal, stated: Stated | None = None) -> Split:
    """Take the tax out of amounts that hold it; nets and taxes add up to ``total``, the sum of the amounts."""
    split = _taken_out(lines, total)
    for percent, amount in (stated or {}).items():
        found = added(split.taxes[place].amount for place in _places_of(percent, split.taxes, lines))
        if found != amount:
            raise stated_differs(f" ({percent} %)", amount, found)
    return split


def _taken_out(lines: Sequence[CodedAmount], total: Decimal) -> Split:
    nets = _first_nets(lines)
    groups = _taxable_groups(lines)
    for shift in _shifts(len(groups)):
        moved = list(nets)
        for places, cents in zip(groups, shift, strict=True):
            moved[max(places, key=lambda place: abs(lines[place].amount))] += cents * CENT
        if added(moved) + added(each.amount for each in _taxes(lines, moved)) == total:
            return _settled(lines, tuple(moved), total)
    return _settled(lines, nets, total)


def booked_nets(lines: Sequence[CodedAmount]) -> tuple[Decimal, ...]:
    """Return the nets that QuickBooks takes out of amounts that hold tax: of all lines of a code together, rounded
    once, the last of them taking what rounding leaves.
    """
    groups: dict[str, list[int]] = {}
    for place, line in enumerate(lines):
        groups.setdefault(line.code, []).append(place)
    nets = [ZERO] * len(lines)
    for places in groups.values():
        whole = 1 + sum((rate.percent for rate in lines[places[0]].rates), ZERO) / 100
        for place in places:
            nets[place] = rounded(lines[place].amount / whole)
        net = rounded(added(lines[place].amount for place in places) / whole)
        nets[places[-1]] += net - added(nets[place] for place in places)
    return tuple(nets)


def tax_on(net: Decimal, rates: Sequence[TaxRate]) -> Decimal:
    """Return what ``rates`` take of ``net``, each rounded by itself."""
    return added(rounded(net * rate.percent / 100) for rate in rates)


def _settled(
    lines: Sequence[CodedAmount],
    nets: tuple[Decimal, ...],
    total: Decimal,
    discount: Decimal = ZERO,
    stated: Stated | None = None,
) -> Split:
    computed = _taxes(lines, nets, discount)
    taxes = _as_stated(computed, stated or {}, lines)
    found = added(nets) - discount + added(each.amount for each in taxes)
    gap = total - found
    if not gap:
        return Split(nets, taxes, explicit=taxes != computed)
    if stated or abs(gap) > TOLERANCE or not any(each.rate.percent for each in taxes):
        raise total_differs(found, total)
    return Split(nets, _spread(taxes, gap), explicit=True)


def _as_stated(taxes: tuple[RateTax, ...], stated: Stated, lines: Sequence[CodedAmount]) -> tuple[RateTax, ...]:
    """Give the rates of each percentage what the source says; a difference goes to the one with the largest net."""
    found = list(taxes)
    for percent, amount in stated.items():
        places = _places_of(percent, found, lines)
        computed = added(found[place].amount for place in places)
        if abs(amount - computed) > TOLERANCE or (amount != computed and not places):
            raise stated_differs(f" ({percent} %)", amount, computed)
        if places:
            place = max(places, key=lambda place: (abs(found[place].net), abs(found[place].amount)))
            found[place] = replace(found[place], amount=found[place].amount + amount - computed)
    return tuple(found)


def _places_of(percent: Decimal, taxes: Sequence[RateTax], lines: Sequence[CodedAmount]) -> list[int]:
    """Return where the rates of a percentage stand, or those of codes that come to it and stand in no other."""
    own = [place for place, each in enumerate(taxes) if each.rate.percent == percent]
    whole = {rate.id for line in lines if _percent(line) == percent for rate in line.rates}
    other = {rate.id for line in lines if _percent(line) != percent for rate in line.rates}
    return own or [place for place, each in enumerate(taxes) if each.rate.id in whole - other]


def _percent(line: CodedAmount) -> Decimal:
    return sum((rate.percent for rate in line.rates), ZERO)


def stated_differs(rate: str, stated: Decimal, computed: Decimal) -> EncodeError:
    """Return the refusal of taxes that the source states and that its lines do not make."""
    said, made = map(figures, (stated, computed))
    return EncodeError(
        "encoding.tax_differs",
        f"La source indique {said.fr} de taxe{rate}, les codes de taxe des lignes en donnent {made.fr}. "
        "Corrigez le code de taxe choisi, ou la taxe dans la source.",
        f"The source states {said.en} of tax{rate}, the tax codes of the lines make {made.en}. "
        "Correct the tax code chosen, or the tax in the source.",
        "taxes",
    )


def _taxes(lines: Sequence[CodedAmount], nets: Sequence[Decimal], discount: Decimal = ZERO) -> tuple[RateTax, ...]:
    """Compute as QuickBooks does: the nets of all lines that bear a rate are added, then rounded once."""
    rates: dict[str, TaxRate] = {}
    bases: dict[str, Decimal] = {}
    subtotal = added(nets)
    for line, net in zip(lines, nets, strict=True):
        for rate in line.rates:
            rates.setdefault(rate.id, rate)
            bases[rate.id] = bases.get(rate.id, ZERO) + net
    if discount and subtotal:
        bases = {key: rounded(base * (subtotal - discount) / subtotal) for key, base in bases.items()}
    return tuple(RateTax(rate, bases[key], rounded(bases[key] * rate.percent / 100)) for key, rate in rates.items())


def _spread(taxes: tuple[RateTax, ...], gap: Decimal) -> tuple[RateTax, ...]:
    """Give the missing cents to the rates whose own rounding was furthest on that side."""
    step = CENT if gap > 0 else -CENT
    found = list(taxes)
    for _ in range(int(gap / step)):
        place = max(
            (place for place, each in enumerate(found) if each.rate.percent),
            key=lambda place: _lacking(found[place]) * step,
        )
        found[place] = replace(found[place], amount=found[place].amount + step)
    return tuple(found)


def _lacking(tax: RateTax) -> Decimal:
    return tax.net * tax.rate.percent / 100 - tax.amount


def _first_nets(lines: Sequence[CodedAmount]) -> tuple[Decimal, ...]:
    """Divide the tax out, for each code by running sums, so that the nets of a code lose no cent among its lines."""
    nets = []
    gross: dict[str, Decimal] = {}
    given: dict[str, Decimal] = {}
    for line in lines:
        gross[line.code] = gross.get(line.code, ZERO) + line.amount
        net = rounded(gross[line.code] / _factor(line)) - given.get(line.code, ZERO)
        given[line.code] = given.get(line.code, ZERO) + net
        nets.append(net)
    return tuple(nets)


def _factor(line: CodedAmount) -> Decimal:
    return 1 + sum((rate.percent for rate in line.rates), Decimal(0)) / 100


def _taxable_groups(lines: Sequence[CodedAmount]) -> list[list[int]]:
    """Return the places of the lines of each tax code that takes something."""
    groups: dict[str, list[int]] = {}
    for place, line in enumerate(lines):
        if _factor(line) != 1:
            groups.setdefault(line.code, []).append(place)
    return list(groups.values())


def _shifts(groups: int) -> list[tuple[int, ...]]:
    """Return by how many cents to move the net of each group, the smallest move first."""
    if groups > _GROUPS_SEARCHED:
        return [(0,) * groups]
    reach = (0, -1, 1, -2, 2) if groups == 1 else (0, -1, 1)
    return sorted(product(reach, repeat=groups), key=lambda shift: sum(map(abs, shift)))
