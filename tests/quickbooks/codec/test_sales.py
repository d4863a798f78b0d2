from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from raccord.plugin.drafts import ItemFor, LedgerId, Link, RefundReceipt, Role, SalesLine, TaxMode
from raccord.quickbooks.codec import CompanyFacts, EncodeError, encode


def _refused(desk: Any, draft: Any, facts: CompanyFacts | None = None) -> EncodeError:
    with pytest.raises(EncodeError) as caught:
        desk.body(draft, facts)
    error: EncodeError = caught.value
    assert error.fr != error.en
    assert error.text.fr == error.fr
    return error


@pytest.mark.requirement("CH-26", "CH-12")
def test_a_sale_becomes_a_sales_receipt_in_undeposited_funds(desk: Any) -> None:
    draft = replace(
        desk.receipt("114.98", tax=TaxMode.INCLUSIVE, code="5"),
        customer=Link("client"),
        reference="CHQ-88",
        memo="Vente",
    )
    assert desk.body(draft) == {
        "TxnDate": "2026-03-02",
        "DocNumber": "R-7K2M9QX4TW",
        "DepositToAccountRef": {"value": "role-clearing"},
        "PrivateNote": "Vente [raccord 7K2M9QX4TW r1]",
        "CustomerRef": {"value": "{link:client}"},
        "PaymentRefNum": "CHQ-88",
        "GlobalTaxCalculation": "TaxInclusive",
        "Line": [
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": Decimal("100.00"),
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "item-sales"},
                    "TaxCodeRef": {"value": "5"},
                    "TaxInclusiveAmt": Decimal("114.98"),
                },
            }
        ],
    }


@pytest.mark.requirement("CH-27", "CH-28")
def test_a_refund_leaves_undeposited_funds_with_positive_amounts(desk: Any) -> None:
    draft = RefundReceipt(
        key="refunds/1",
        day=date(2026, 3, 3),
        currency="CAD",
        paid_from=Role("clearing"),
        lines=(SalesLine(item=ItemFor(Role("sales")), amount=Decimal("20.00")),),
        total=Decimal("20.00"),
        reference="chargeback 4711 of a very long number, longer than 21",
    )
    body = desk.body(draft)
    assert body["DepositToAccountRef"] == {"value": "role-clearing"}
    assert body["Line"][0]["Amount"] == Decimal("20.00")
    assert body["PaymentRefNum"] == "chargeback 4711 of a very long number, longer than 21"


def test_a_reference_too_long_for_its_place_goes_whole_into_the_note(desk: Any) -> None:
    reference = "0123456789-0123456789-0123456789"
    body = desk.body(replace(desk.receipt("1.00"), reference=reference, memo="Vente"))
    assert "PaymentRefNum" not in body
    assert body["PrivateNote"] == f"Vente ({reference}) {desk.marker}"


def test_an_amount_without_tax_bears_the_exempt_code(desk: Any) -> None:
    body = desk.body(desk.receipt("15.50", "10.00", "5.50"))
    assert body["GlobalTaxCalculation"] == "TaxExcluded"
    assert [line["SalesItemLineDetail"]["TaxCodeRef"]["value"] for line in body["Line"]] == ["3", "3"]
    assert "TxnTaxDetail" not in body


def test_without_an_exempt_code_tax_is_not_applicable(desk: Any) -> None:
    body = desk.body(desk.receipt("10.00"), replace(desk.quebec, exempt_code=""))
    assert body["GlobalTaxCalculation"] == "NotApplicable"
    assert "TaxCodeRef" not in body["Line"][0]["SalesItemLineDetail"]


def test_net_prices_leave_the_tax_to_quickbooks_when_it_computes_the_same(desk: Any) -> None:
    body = desk.body(desk.receipt("114.98", "100.00", tax=TaxMode.EXCLUSIVE, code="5"))
    assert (body["GlobalTaxCalculation"], body["Line"][0]["Amount"]) == ("TaxExcluded", Decimal("100.00"))
    assert "TxnTaxDetail" not in body


def test_net_prices_send_the_tax_when_quickbooks_would_compute_another_cent(desk: Any) -> None:
    body = desk.body(desk.receipt("5168.32", "4495.16", tax=TaxMode.EXCLUSIVE, code="5"))
    assert body["TxnTaxDetail"]["TotalTax"] == Decimal("673.16")
    assert body["TxnTaxDetail"]["TaxLine"][1] == {
        "Amount": Decimal("448.40"),
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": "9"},
            "PercentBased": True,
            "TaxPercent": Decimal("9.975"),
            "NetAmountTaxable": Decimal("4495.16"),
        },
    }


@pytest.mark.parametrize(
    ("total", "amounts", "tax", "code", "expected", "field"),
    [
        ("10.01", ["10.00"], TaxMode.NONE, None, "encoding.total_differs", "total"),
        ("114.97", ["114.98"], TaxMode.INCLUSIVE, "5", "encoding.total_differs", "total"),
        ("115.02", ["100.00"], TaxMode.EXCLUSIVE, "5", "encoding.total_differs", "total"),
        ("10.00", ["10.00"], TaxMode.NONE, "5", "encoding.tax_unexpected", "lines[0].tax_code"),
        ("10.00", ["10.00"], TaxMode.INCLUSIVE, "99", "encoding.tax_code_unknown", "lines[0].tax_code"),
        ("-1.00", ["-1.00"], TaxMode.NONE, None, "encoding.negative_total", "total"),
        ("1.005", ["1.005"], TaxMode.NONE, None, "encoding.amount_unfit", "lines[0].amount"),
        ("NaN", ["1.00"], TaxMode.NONE, None, "encoding.amount_unfit", "total"),
        ("9e15", ["9e15"], TaxMode.NONE, None, "encoding.amount_unfit", "lines[0].amount"),
    ],
)
def test_what_would_not_give_the_total_is_refused_before_anything_is_sent(
    desk: Any, total: str, amounts: list[str], tax: TaxMode, code: str | None, expected: str, field: str
) -> None:
    error = _refused(desk, desk.receipt(total, *amounts, tax=tax, code=code))
    assert (error.code, error.field) == (expected, field)


def test_a_missing_tax_code_is_refused_in_a_company_without_exempt_code(desk: Any) -> None:
    error = _refused(desk, desk.receipt("10.00", tax=TaxMode.INCLUSIVE), replace(desk.quebec, exempt_code=""))
    assert error.code == "encoding.tax_code_missing"
    mixed = desk.receipt("10.00", "5.00", "5.00")
    mixed = replace(mixed, lines=(replace(mixed.lines[0], tax_code=LedgerId("3")), mixed.lines[1]))
    assert _refused(desk, mixed, replace(desk.quebec, exempt_code="")).field == "lines[1].tax_code"


def test_a_document_without_lines_or_with_too_many_is_refused(desk: Any) -> None:
    empty = replace(desk.receipt("0.00"), lines=())
    assert _refused(desk, empty).code == "encoding.no_lines"
    line = empty.lines or desk.receipt("0.00").lines
    assert _refused(desk, replace(empty, lines=line * 751)).code == "encoding.too_many_lines"
    assert len(desk.body(replace(empty, lines=line * 750))["Line"]) == 750


def test_another_currency_is_refused_without_multicurrency_and_named_with_it(desk: Any) -> None:
    draft = replace(desk.receipt("10.00"), currency="USD")
    error = _refused(desk, draft)
    assert (error.code, error.field) == ("encoding.currency_foreign", "currency")
    assert desk.body(draft, replace(desk.quebec, multicurrency=True))["CurrencyRef"] == {"value": "USD"}
    assert "CurrencyRef" not in desk.body(desk.receipt("10.00"))


def test_yen_have_no_cents(desk: Any) -> None:
    facts = replace(desk.quebec, home_currency="JPY")
    assert _refused(desk, replace(desk.receipt("10.50"), currency="JPY"), facts).code == "encoding.amount_unfit"
    assert desk.body(replace(desk.receipt("10"), currency="JPY"), facts)["Line"][0]["Amount"] == 10


@pytest.mark.parametrize(
    ("quantity", "price", "amount", "sent"),
    [
        ("2", "5.00", "10.00", ("2", "5")),
        ("3", "33.33", "100.00", ("3", "33.3333333")),
        ("-1", "10.00", "-10.00", ("-1", "10")),
        ("1.5", None, "10.00", ("1.5", "6.6666667")),
        ("0", "5.00", "10.00", None),
        ("7000003", None, "1000.00", None),
        ("1e15", "1e15", "10.00", None),
    ],
)
def test_quantity_and_price_always_multiply_out_to_the_amount(
    desk: Any, quantity: str, price: str | None, amount: str, sent: tuple[str, str] | None
) -> None:
    line = replace(
        desk.receipt("1.00").lines[0],
        amount=Decimal(amount),
        quantity=Decimal(quantity),
        unit_price=None if price is None else Decimal(price),
    )
    other = replace(line, amount=Decimal("10.00"), quantity=None, unit_price=None)
    draft = replace(desk.receipt("1.00"), lines=(line, other), total=Decimal(amount) + 10)
    detail = desk.body(draft)["Line"][0]["SalesItemLineDetail"]
    found = (str(detail["Qty"]), str(detail["UnitPrice"])) if "Qty" in detail else None
    assert found == sent


def test_where_the_price_holds_tax_the_unit_price_is_net(desk: Any) -> None:
    draft = desk.receipt("114.98", tax=TaxMode.INCLUSIVE, code="5")
    line = replace(draft.lines[0], quantity=Decimal(2), unit_price=Decimal("57.49"))
    detail = desk.body(replace(draft, lines=(line,)))["Line"][0]["SalesItemLineDetail"]
    assert (detail["Qty"], detail["UnitPrice"]) == (2, 50)


def _american(desk: Any, draft: Any) -> dict[str, Any]:
    body: dict[str, Any] = desk.body(replace(draft, currency="USD"), desk.us)
    return body


def test_an_american_sale_without_tax_says_non(desk: Any) -> None:
    body = _american(desk, desk.receipt("10.00"))
    assert body["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "NON"}
    assert not {"TxnTaxDetail", "GlobalTaxCalculation"} & body.keys()


@pytest.mark.parametrize("code", ["TAX", "2"])
def test_an_american_tax_is_sent_as_the_source_says_it(desk: Any, code: str) -> None:
    body = _american(desk, desk.receipt("108.01", "100.00", tax=TaxMode.EXCLUSIVE, code=code))
    group = {} if code == "TAX" else {"TxnTaxCodeRef": {"value": "2"}}
    assert body["TxnTaxDetail"] == {**group, "TotalTax": Decimal("8.01")}
    assert body["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "TAX"}


def test_an_american_tax_of_zero_is_sent_too_so_that_none_is_computed(desk: Any) -> None:
    body = _american(desk, desk.receipt("100.00", "100.00", tax=TaxMode.EXCLUSIVE, code="TAX"))
    assert body["TxnTaxDetail"] == {"TotalTax": Decimal("0.00")}


def test_the_american_code_tax_listed_without_rates_does_not_mean_a_tax_of_zero(desk: Any) -> None:
    facts = replace(desk.us, tax_codes={**desk.us.tax_codes, "TAX": (), "NON": ()})
    draft = replace(desk.receipt("108.01", "100.00", tax=TaxMode.EXCLUSIVE, code="TAX"), currency="USD")
    assert desk.body(draft, facts)["TxnTaxDetail"] == {"TotalTax": Decimal("8.01")}


def test_an_american_price_that_holds_tax_is_split_by_its_group(desk: Any) -> None:
    body = _american(desk, desk.receipt("10.00", tax=TaxMode.INCLUSIVE, code="2"))
    assert (body["Line"][0]["Amount"], body["TxnTaxDetail"]["TotalTax"]) == (Decimal("9.26"), Decimal("0.74"))
    assert "TaxInclusiveAmt" not in body["Line"][0]["SalesItemLineDetail"]


@pytest.mark.parametrize(
    ("total", "tax", "code", "expected"),
    [
        ("108.03", TaxMode.EXCLUSIVE, "2", "encoding.total_differs"),
        ("99.00", TaxMode.EXCLUSIVE, "TAX", "encoding.total_differs"),
        ("101.00", TaxMode.EXCLUSIVE, "NON", "encoding.total_differs"),
        ("100.00", TaxMode.NONE, "TAX", "encoding.tax_unexpected"),
        ("100.00", TaxMode.INCLUSIVE, "TAX", "encoding.tax_rate_unknown"),
    ],
)
def test_an_american_tax_that_cannot_be_right_is_refused(
    desk: Any, total: str, tax: TaxMode, code: str, expected: str
) -> None:
    draft = replace(desk.receipt(total, "100.00", tax=tax, code=code), currency="USD")
    assert _refused(desk, draft, desk.us).code == expected


def test_two_american_groups_in_one_document_are_refused(desk: Any) -> None:
    draft = desk.receipt("200.00", "100.00", "100.00", tax=TaxMode.EXCLUSIVE, code="2")
    draft = replace(draft, currency="USD", lines=(draft.lines[0], replace(draft.lines[1], tax_code=LedgerId("4"))))
    assert _refused(desk, draft, desk.us).code == "encoding.tax_groups_mixed"


def test_the_same_draft_gives_the_same_bytes_whatever_the_scale_of_its_amounts(desk: Any, resolve: Any) -> None:
    def payload(total: str) -> str:
        draft = desk.receipt(total, tax=TaxMode.INCLUSIVE, code="5")
        return encode(draft, resolve, desk.quebec, marker=desk.marker, number="1").payload

    assert payload("114.9") == payload("114.90") == payload("1149E-1")
    assert '"TaxInclusiveAmt":114.90' in payload("114.9")


def test_what_waits_for_another_draft_is_named_once(desk: Any, resolve: Any) -> None:
    draft = desk.receipt("2.00", "1.00", "1.00")
    items = tuple(replace(line, item=Link("item")) for line in draft.lines)
    draft = replace(draft, customer=Link("client"), deposit_to=LedgerId("35"), lines=items)
    encoded = encode(draft, resolve, desk.quebec, marker=desk.marker, number="")
    assert (encoded.kind, encoded.needs) == ("SalesReceipt", ("item", "client"))
    assert "DocNumber" not in encoded.payload


def test_a_number_too_long_and_a_reference_to_nothing_are_refused(desk: Any) -> None:
    with pytest.raises(EncodeError, match="too_long at number"):
        desk.body(desk.receipt("1.00"), number="1234567890123456789012")
    with pytest.raises(EncodeError, match="reference_missing at deposit_to"):
        desk.body(replace(desk.receipt("1.00"), deposit_to=LedgerId("")))


def test_a_marker_that_could_not_be_read_back_is_a_mistake_of_ours(desk: Any) -> None:
    for marker in ("", "raccord 7K2M9QX4TW r1", "[raccord 7K2M 9QX r1]"):
        with pytest.raises(ValueError, match="not a marker"):
            desk.body(desk.receipt("1.00"), marker=marker)
