"""The lines of every sales form: bundles, texts, inline subtotals, a discount, shipping and gratuity."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]
FORMS = ("Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt")


@pytest.fixture(params=["us", "quebec"])
def books(request: pytest.FixtureRequest) -> Books:
    return request.getfixturevalue(request.param)


@pytest.fixture
def bundle(books: Books) -> Doc:
    """A bundle of two mugs at 6 and one plate at 10."""
    income = books.item()["IncomeAccountRef"]
    parts = []
    for name, price, count in (("Mug", 6, 2), ("Plate", 10, 1)):
        body: Doc = {"Name": name, "Type": "NonInventory", "UnitPrice": price, "IncomeAccountRef": income}
        if not books.company.is_us:
            body["SalesTaxCodeRef"] = {"value": books.tax_code("Exonéré")["Id"]}
        parts.append({"ItemRef": {"value": books.make("Item", body)["Id"]}, "Qty": count})
    detail = {"ItemGroupLine": parts}
    made: Doc = books.deed("create", entity="Item", changes={"Name": "Set", "Type": "Group", "ItemGroupDetail": detail})
    return made


def item(books: Books, **more: Any) -> Doc:
    line = books.sale(more.pop("Amount", None))["Line"][0]
    line["SalesItemLineDetail"].update(more)
    return {name: value for name, value in line.items() if value is not None}


def text(words: str) -> Doc:
    return {"DetailType": "DescriptionOnly", "Description": words, "DescriptionLineDetail": {}}


def discount(**detail: Any) -> Doc:
    amount = {"Amount": detail.pop("Amount")} if "Amount" in detail else {}
    return {**amount, "DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}


def group(bundle: Doc, **detail: Any) -> Doc:
    return {"DetailType": "GroupLineDetail", "GroupLineDetail": {"GroupItemRef": {"value": bundle["Id"]}, **detail}}


def body(books: Books, *lines: Doc, **more: Any) -> Doc:
    funds = {"value": books.account("UndepositedFunds")["Id"]}
    return {"DepositToAccountRef": funds, "Line": list(lines), **more}


def form(books: Books, entity: str, *lines: Doc, **more: Any) -> Doc:
    customer = {"value": books.all("Customer")[0]["Id"]} if books.all("Customer") else books.customer()
    made: Doc = books.make(entity, body(books, *lines, CustomerRef=customer, **more))
    return made


def kinds(doc: Doc) -> list[str]:
    return [line["DetailType"].removesuffix("LineDetail") for line in doc["Line"]]


@pytest.mark.parametrize("entity", FORMS)
def test_the_lines_of_an_answer_stand_in_one_order(books: Books, entity: str) -> None:
    shipping = item(books, Amount=5, ItemRef={"value": "SHIPPING_ITEM_ID"})
    lines = (discount(PercentBased=True, DiscountPercent=10), shipping, text("hello"), item(books, Amount=80))
    made = form(books, entity, *lines)
    assert kinds(made) == ["DescriptionOnly", "SalesItem", "SubTotal", "Discount", "SalesItem"]
    assert [line.get("Amount") for line in made["Line"]] == [None, 80, 80, 8, 5]
    assert made["TotalAmt"] == 77
    assert "Id" not in made["Line"][2]
    assert sorted(int(line["Id"]) for line in made["Line"] if "Id" in line) == [1, 2, 3, 4]


@pytest.mark.parametrize("entity", FORMS)
def test_a_bundle_is_opened_into_its_components(books: Books, bundle: Doc, entity: str) -> None:
    made = form(books, entity, group(bundle, Quantity=3), item(books, Amount=1))
    line = made["Line"][0]
    assert (line["Amount"], line["GroupLineDetail"]["GroupItemRef"]["name"]) == (66, "Set")
    inside = line["GroupLineDetail"]["Line"]
    assert [(one["SalesItemLineDetail"]["Qty"], one["Amount"], one["Id"]) for one in inside] == [
        (6, 36, "2"), (3, 30, "3"),
    ]  # fmt: skip
    assert (made["Line"][1]["Id"], made["Line"][2]["Amount"], made["TotalAmt"]) == ("4", 67, 67)
    posting = books.company.ledger.posting(entity, made["Id"])
    assert {"2", "3", "4"} <= {entry.line for entry in posting.entries}


def test_components_may_be_sent_and_keep_their_ids(books: Books, bundle: Doc) -> None:
    mine = item(books, Amount=7)
    made = form(books, "Invoice", group(bundle, Quantity=1, Line=[mine, text("inside")]))
    assert (made["TotalAmt"], made["Line"][0]["Amount"]) == (7, 7)
    again = {**made["Line"][0]}
    again["GroupLineDetail"]["Line"].append(item(books, Amount=2))
    token = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    changed = books.make("Invoice", {**token, "Line": [again]})
    assert [one["Id"] for one in changed["Line"][0]["GroupLineDetail"]["Line"]] == ["2", "3", "4"]
    assert (changed["TotalAmt"], changed["Balance"]) == (9, 9)
    noted = books.make("Invoice", {**token, "SyncToken": "1", "PrivateNote": "x"})
    assert noted["Line"] == changed["Line"]


def test_a_voided_bundle_is_empty_inside_too(books: Books, bundle: Doc) -> None:
    made = form(books, "Invoice", group(bundle))
    void = books.make("Invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="void")
    line = void["Line"][0]
    assert (line["Amount"], line["GroupLineDetail"]["Quantity"]) == (0, 0)
    assert {one["Amount"] for one in line["GroupLineDetail"]["Line"]} == {0}


def test_bundles_are_shown_by_the_api_and_made_by_people(books: Books, bundle: Doc) -> None:
    assert books.read("Item", bundle["Id"])["ItemGroupDetail"] == bundle["ItemGroupDetail"]
    assert [doc["Name"] for doc in books.all("Item", "where Type = 'Group'")] == ["Set"]
    change = {"Id": bundle["Id"], "SyncToken": "0", "Name": "Sets", "Type": "Group", "sparse": True}
    books.refuse("item", change, "5030")
    body = {"Name": "Other", "Type": "Group", "ItemGroupDetail": bundle["ItemGroupDetail"]}
    books.refuse("item", body, "5030")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"DetailType": "GroupLineDetail", "GroupLineDetail": {}}, "2020"),
        ({"DetailType": "GroupLineDetail", "GroupLineDetail": {"GroupItemRef": {"value": "plain"}}}, "6000"),
        ({"DetailType": "GroupLineDetail", "GroupLineDetail": {"GroupItemRef": {"value": "99999"}}}, "2500"),
        ({"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "set"}}}, "6000"),
        ({"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "category"}}}, "6000"),
        ({"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "99999"}}}, "2500"),
        ({"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "TIPS_ITEM_ID"}}}, "2500"),
        ({"DetailType": "SalesItemLineDetail", "Amount": None, "SalesItemLineDetail": {"Qty": 2}}, "2020"),
        ({"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"Qty": 3, "UnitPrice": "33.33"}}, "6070"),
        ({"DetailType": "DescriptionOnly", "Description": "x" * 4001}, "2050"),
        ({"DetailType": "DiscountLineDetail", "Amount": None, "DiscountLineDetail": {}}, "6090"),
    ],
)
def test_a_bad_line_changes_nothing(us: Books, line: Doc, code: str) -> None:
    plain = us.item()
    part = {"ItemRef": {"value": plain["Id"]}}
    made = {
        "set": us.deed(
            "create",
            entity="Item",
            changes={"Name": "Set", "Type": "Group", "ItemGroupDetail": {"ItemGroupLine": [part]}},
        ),
        "category": us.make("Item", {"Name": "Wares", "Type": "Category"}),
        "plain": plain,
    }
    for detail in (value for value in line.values() if isinstance(value, dict)):
        for ref in (value for value in detail.values() if isinstance(value, dict)):
            ref["value"] = made.get(ref["value"], {"Id": ref["value"]})["Id"]
    line = {"Amount": 100, **line}
    us.refuse("salesreceipt", {"Line": [item(us, Amount=100), line]}, code)


def test_a_form_has_one_discount(us: Books) -> None:
    us.refuse("salesreceipt", body(us, item(us, Amount=9), discount(Amount=1), discount(Amount=2)), "6000")


def test_shipping_is_no_component_of_a_bundle(books: Books, bundle: Doc) -> None:
    inside = item(books, Amount=5, ItemRef={"value": "SHIPPING_ITEM_ID"})
    books.refuse("salesreceipt", body(books, group(bundle, Line=[inside])), "6000")


def test_inline_subtotals_add_up_what_stands_above_them(books: Books, bundle: Doc) -> None:
    lines = (item(books, Amount=10), group(bundle), text("Subtotal:"), item(books, Amount=5), text("Subtotal: 99.00"))
    made = form(books, "Invoice", *lines, item(books, Amount=1), text("Subtotal of nothing"))
    words = [line["Description"] for line in made["Line"] if line["DetailType"] == "DescriptionOnly"]
    assert words == ["Subtotal: 32.00", "Subtotal: 5.00", "Subtotal of nothing"]
    assert made["TotalAmt"] == 38


def test_a_form_may_hold_texts_only(books: Books) -> None:
    made = form(books, "Invoice", text("thank you"))
    assert (made["TotalAmt"], made["Balance"], kinds(made)) == (0, 0, ["DescriptionOnly", "SubTotal"])
    sent = {"DetailType": "SubTotalLineDetail", "Amount": 999, "SubTotalLineDetail": {}}
    assert form(books, "Invoice", item(books, Amount=3), sent)["TotalAmt"] == 3


@pytest.mark.parametrize("reserved", ["SHIPPING_ITEM_ID", "GRATUITY_ITEM_ID"])
def test_shipping_and_gratuity_have_accounts_of_their_own(books: Books, reserved: str) -> None:
    line = item(books, Amount=12, ItemRef={"value": reserved})
    made = form(books, "Invoice", item(books, Amount=30), line)
    account = made["Line"][-1]["SalesItemLineDetail"]["ItemAccountRef"]
    assert made["Line"][-1]["SalesItemLineDetail"]["ItemRef"] == {"value": reserved}
    assert made["Line"][1]["Amount"] == 30
    assert books.company.ledger.balance(account["value"]) == -12
    type_ = "Income" if reserved.startswith("SHIPPING") else "Other Current Liability"
    assert books.read("Account", account["value"])["AccountType"] == type_
    again = form(books, "SalesReceipt", line)
    assert again["Line"][-1]["SalesItemLineDetail"]["ItemAccountRef"] == account


def test_a_discount_spares_shipping_and_its_tax(quebec: Books) -> None:
    taxed = {"value": quebec.tax_code("TPS")["Id"]}
    shipping = item(quebec, Amount=100, ItemRef={"value": "SHIPPING_ITEM_ID"}, TaxCodeRef=taxed)
    lines = (item(quebec, Amount=100, TaxCodeRef=taxed), discount(PercentBased=True, DiscountPercent=50), shipping)
    made = form(quebec, "Invoice", *lines)
    assert made["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]["NetAmountTaxable"] == 150
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (Decimal("7.50"), Decimal("157.50"))


def test_components_are_taxed_by_their_codes(quebec: Books) -> None:
    income = quebec.item()["IncomeAccountRef"]
    code = {"value": quebec.tax_code("TPS")["Id"]}
    one = quebec.make("Item", {"Name": "A", "Type": "Service", "UnitPrice": 10, "IncomeAccountRef": income})
    two = {"Name": "B", "Type": "Service", "UnitPrice": 20, "IncomeAccountRef": income, "SalesTaxCodeRef": code}
    parts = [{"ItemRef": {"value": doc["Id"]}} for doc in (quebec.make("Item", two), one)]
    make = {"Name": "Set", "Type": "Group", "ItemGroupDetail": {"ItemGroupLine": parts[:1]}}
    made = form(quebec, "Invoice", group(quebec.deed("create", entity="Item", changes=make)))
    assert (made["TotalAmt"], made["TxnTaxDetail"]["TotalTax"]) == (21, 1)
    make = {"Name": "Mixed", "Type": "Group", "ItemGroupDetail": {"ItemGroupLine": parts}}
    mixed = quebec.deed("create", entity="Item", changes=make)
    quebec.refuse("salesreceipt", body(quebec, group(mixed)), "6000")


@pytest.mark.parametrize(
    ("sent", "amount", "price"),
    [
        ({"Qty": 3, "UnitPrice": "33.333333"}, Decimal(100), Decimal("33.333333")),
        ({"Qty": 3, "Amount": 100}, Decimal(100), Decimal("33.3333333")),
        ({"UnitPrice": 7}, Decimal(7), Decimal(7)),
        ({"Amount": Decimal("9.995")}, Decimal("10.00"), None),
        ({"Qty": 2, "UnitPrice": -5}, Decimal(-10), Decimal(-5)),
    ],
)
def test_amount_quantity_and_price(us: Books, sent: Doc, amount: Decimal, price: Decimal | None) -> None:
    made = form(us, "Invoice", item(us, Amount=50), item(us, **sent))
    line = made["Line"][1]
    assert (line["Amount"], line["SalesItemLineDetail"].get("UnitPrice")) == (amount, price)
