from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from raccord.plugin.drafts import TaxMode
from raccord.plugin.texts import figures_of
from raccord.quickbooks.codec import EncodeError, TaxRate
from raccord.quickbooks.codec.tax import CodedAmount, add_tax, take_tax_out

GST, QST = TaxRate("8", "TPS", Decimal("5")), TaxRate("9", "TVQ", Decimal("9.975"))
RATES = {
    "TPS+TVQ": (GST, QST),
    "TVH": (TaxRate("11", "TVH", Decimal("13")),),
    "TPS": (GST,),
    "TVA": (TaxRate("12", "TVA", Decimal("20")),),
}
CODES = {"TPS+TVQ": "5", "TVH": "7", "TPS": "6", "TVA": "10"}
CENT = Decimal("0.01")
AddUp = Callable[[Mapping[str, Any]], Decimal]


def _computed(net: Decimal, rates: tuple[TaxRate, ...]) -> Decimal:
    return net + sum(((net * rate.percent / 100).quantize(CENT, ROUND_HALF_UP) for rate in rates), Decimal(0))


@pytest.mark.requirement("CH-12")
@pytest.mark.parametrize("name", CODES)
@pytest.mark.every(2)
def test_20_000_totals_that_hold_tax_come_out_of_quickbooks_to_the_cent(
    desk: Any, add_up_as_quickbooks: AddUp, name: str
) -> None:
    dice = random.Random(f"{name} 20000")
    for _ in range(5_000):
        gross = Decimal(dice.randrange(1, dice.choice((1_000, 100_000, 100_000_000)))) * CENT
        body = desk.body(desk.receipt(str(gross), tax=TaxMode.INCLUSIVE, code=CODES[name]))
        assert add_up_as_quickbooks(body) == gross
        assert body["GlobalTaxCalculation"] == "TaxInclusive"
        assert body["Line"][0]["SalesItemLineDetail"]["TaxInclusiveAmt"] == gross


@pytest.mark.parametrize("name", RATES)
def test_tax_is_sent_only_where_no_net_gives_the_total(name: str) -> None:
    rates = RATES[name]
    reachable = {_computed(Decimal(cents) * CENT, rates) for cents in range(6_000)}
    unreachable = 0
    for cents in range(1, 5_001):
        gross = Decimal(cents) * CENT
        split = take_tax_out([CodedAmount(gross, "x", rates)], gross)
        assert split.explicit == (gross not in reachable)
        assert split.nets[0] + split.tax == gross
        for tax in split.taxes:
            exact = gross / (1 + sum((rate.percent for rate in rates), Decimal(0)) / 100) * tax.rate.percent / 100
            assert abs(tax.amount - exact) < Decimal("0.0165")
        unreachable += split.explicit
    assert unreachable > 0


def test_quebec_taxes_of_a_known_receipt_are_the_agencies_own() -> None:
    split = take_tax_out([CodedAmount(Decimal("114.98"), "5", (GST, QST))], Decimal("114.98"))
    assert (split.nets, [each.amount for each in split.taxes]) == (
        (Decimal("100.00"),),
        [Decimal("5.00"), Decimal("9.98")],
    )


_LINES = st.lists(
    st.tuples(st.integers(-3_000, 90_000), st.sampled_from(["TPS+TVQ", "TVH", "TPS", "TVA", "exempt"])),
    min_size=1,
    max_size=12,
)


@given(_LINES)
@settings(max_examples=300, deadline=None)
def test_lines_of_several_codes_keep_the_total_or_are_refused(lines: list[tuple[int, str]]) -> None:
    coded = [CodedAmount(Decimal(cents) * CENT, name, RATES.get(name, ())) for cents, name in lines]
    total = sum((line.amount for line in coded), Decimal("0.00"))
    try:
        split = take_tax_out(coded, total)
    except EncodeError:
        event("refused")
        return
    assert sum(split.nets) + split.tax == total
    for line, net in zip(coded, split.nets, strict=True):
        exact = line.amount / (1 + sum((rate.percent for rate in line.rates), Decimal(0)) / 100)
        assert abs(net - exact) <= Decimal("0.03")
        if not line.rates:
            assert net == line.amount
    if not split.explicit:
        for tax in split.taxes:
            base = sum((net for line, net in zip(coded, split.nets, strict=True) if tax.rate in line.rates), Decimal(0))
            assert (tax.net, tax.amount) == (
                base,
                (base * tax.rate.percent / 100).quantize(CENT, ROUND_HALF_UP),
            )


@given(st.integers(1, 10_000_000), st.sampled_from(sorted(RATES)), st.integers(-2, 2))
def test_net_prices_reach_a_total_up_to_two_cents_away(cents: int, name: str, off: int) -> None:
    net = Decimal(cents) * CENT
    total = _computed(net, RATES[name]) + off * CENT
    split = add_tax([CodedAmount(net, name, RATES[name])], total)
    assert (split.nets, split.nets[0] + split.tax, split.explicit) == ((net,), total, off != 0)


@pytest.mark.parametrize("off", ["0.03", "-0.03", "5.00"])
def test_a_residual_beyond_two_cents_blocks_the_document(off: str) -> None:
    line = CodedAmount(Decimal("4495.16"), "5", (GST, QST))
    total = _computed(line.amount, line.rates) + Decimal(off)
    with pytest.raises(EncodeError) as caught:
        add_tax([line], total)
    assert (caught.value.code, caught.value.field) == ("encoding.total_differs", "total")
    assert figures_of(total, "fr") in caught.value.fr
    assert figures_of(total, "en") in caught.value.en


def test_a_missing_cent_is_never_put_on_a_document_without_tax() -> None:
    with pytest.raises(EncodeError, match="total_differs"):
        add_tax([CodedAmount(Decimal("10.00"), "3", (TaxRate("2", "Exonéré", Decimal(0)),))], Decimal("10.01"))


def test_the_missing_cents_go_where_the_rounding_took_most() -> None:
    line = CodedAmount(Decimal("4495.16"), "5", (GST, QST))  # 224.758 and 448.39221
    split = add_tax([line], _computed(line.amount, line.rates) + CENT)
    assert [each.amount for each in split.taxes] == [Decimal("224.76"), Decimal("448.40")]


def test_the_cent_that_makes_the_total_reachable_is_taken_from_the_largest_line() -> None:
    found = 0
    for cents in range(1_000, 1_400):
        lines = [CodedAmount(Decimal("0.40"), "5", (GST, QST)), CodedAmount(Decimal(cents) * CENT, "5", (GST, QST))]
        total = lines[0].amount + lines[1].amount
        split = take_tax_out(lines, total)
        assert split.nets[0] == Decimal("0.35")
        found += sum(split.nets) != (total / Decimal("1.14975")).quantize(CENT, ROUND_HALF_UP)
    assert found > 0


def test_a_missing_cent_never_lands_on_a_rate_of_zero() -> None:
    exempt = CodedAmount(Decimal("5.00"), "3", (TaxRate("2", "Exonéré", Decimal(0)),))
    taxed = CodedAmount(Decimal("100.05"), "7", RATES["TVH"])  # 13.0065, already rounded up
    split = add_tax([exempt, taxed], Decimal("118.07"))
    assert [each.amount for each in split.taxes] == [Decimal("0.00"), Decimal("13.02")]


def test_many_tax_codes_in_one_document_do_not_make_the_search_explode() -> None:
    lines = [CodedAmount(Decimal("11.30"), str(each), (TaxRate(str(each), "", Decimal(13)),)) for each in range(400)]
    split = take_tax_out(lines, Decimal("4520.00"))
    assert (set(split.nets), split.tax) == ({Decimal("10.00")}, Decimal("520.00"))
