"""Inventory items, their cost first in first out, and adjustments: §§6.6 and 9 of the reference."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]


@pytest.fixture
def vendor(books: Books) -> Any:
    return books.make("Vendor", {"DisplayName": "Pump Works"})


def stock_account(books: Books) -> Doc:
    found = books.all("Account", "where AccountSubType = 'Inventory'")
    made: Doc = found[0] if found else books.make("Account", {"Name": "Stock", "AccountSubType": "Inventory"})
    return made


def item_body(books: Books, quantity: object = 0, cost: object = 0, name: str = "Compressor", **more: Any) -> Doc:
    return {
        "Name": name,
        "Type": "Inventory",
        "TrackQtyOnHand": True,
        "QtyOnHand": quantity,
        "InvStartDate": "2026-01-01",
        "PurchaseCost": cost,
        "IncomeAccountRef": {"value": books.account("SalesOfProductIncome")["Id"]},
        "ExpenseAccountRef": {"value": books.account("SuppliesMaterialsCogs")["Id"]},
        "AssetAccountRef": {"value": stock_account(books)["Id"]},
        **more,
    }


def pump(books: Books, quantity: object = 0, cost: object = 0, **more: Any) -> Doc:
    made: Doc = books.make("Item", item_body(books, quantity, cost, **more))
    return made


def exempt(books: Books) -> Doc:
    return {} if books.company.is_us else {"TaxCodeRef": {"value": books.tax_code("Exonéré")["Id"]}}


def buy(books: Books, vendor: Doc, item: Doc, quantity: object, price: object, day: str, entity: str = "Bill") -> Doc:
    detail = {"ItemRef": {"value": item["Id"]}, "Qty": quantity, "UnitPrice": price, **exempt(books)}
    line = {"DetailType": "ItemBasedExpenseLineDetail", "ItemBasedExpenseLineDetail": detail}
    made: Doc = books.make(entity, books.bill(vendor, line, TxnDate=day))
    return made


def sale_body(books: Books, item: Doc, quantity: object, day: str, **more: Any) -> Doc:
    detail = {"ItemRef": {"value": item["Id"]}, "Qty": quantity, "UnitPrice": 20, **exempt(books)}
    line = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    return {"TxnDate": day, "Line": [line], **more}


def sell(books: Books, item: Doc, quantity: object, day: str, entity: str = "SalesReceipt", **more: Any) -> Doc:
    made: Doc = books.make(entity, sale_body(books, item, quantity, day, **more))
    return made


def on_hand(books: Books, item: Doc) -> Decimal:
    return Decimal(books.read("Item", item["Id"])["QtyOnHand"])


def worth(books: Books) -> Decimal:
    return Decimal(books.balance("Inventory"))


def cost(books: Books, last: str = "9999-12-31") -> Decimal:
    """Return the cost of goods sold up to a day."""
    key = books.account("SuppliesMaterialsCogs")["Id"]
    found: Decimal = books.company.ledger.balance(key, first="2000-01-01", last=last)
    return found


def cost_of(books: Books, sale: Doc, entity: str = "SalesReceipt") -> Decimal:
    """Return what one sale cost."""
    key = books.account("SuppliesMaterialsCogs")["Id"]
    posting = books.company.ledger.posting(entity, sale["Id"])
    return Decimal(sum(entry.amount for entry in posting.entries if entry.account == key))


def test_an_item_starts_with_what_is_on_hand(books: Books) -> None:
    item = pump(books, 10, "2.50", Sku="P-1", PurchaseDesc="Pumps")
    assert (item["QtyOnHand"], item["TrackQtyOnHand"], item["Sku"]) == (10, True, "P-1")
    assert "TxnDate" not in item
    assert worth(books) == 25
    assert books.balance("OpeningBalanceEquity") == 25
    assert books.read("Item", item["Id"]) == item
    assert books.all("Item", "where Type = 'Inventory' and Name = 'Compressor'") == [item]


@pytest.mark.parametrize(
    ("change", "code", "element"),
    [
        ({"QtyOnHand": None}, "2020", "QtyOnHand"),
        ({"InvStartDate": None}, "2020", "InvStartDate"),
        ({"TrackQtyOnHand": None}, "2020", "TrackQtyOnHand"),
        ({"TrackQtyOnHand": False}, "6000", "TrackQtyOnHand"),
        ({"AssetAccountRef": None}, "2020", "AssetAccountRef"),
        ({"IncomeAccountRef": None}, "2020", "IncomeAccountRef"),
        ({"ExpenseAccountRef": None}, "2020", "ExpenseAccountRef"),
        ({"AssetAccountRef": "Checking"}, "6430", "AssetAccountRef"),
        ({"IncomeAccountRef": "ServiceFeeIncome"}, "6430", "IncomeAccountRef"),
        ({"ExpenseAccountRef": "Travel"}, "6430", "ExpenseAccountRef"),
        ({"QtyOnHand": -1}, "2160", "QtyOnHand"),
        ({"InvStartDate": "2026-13-01"}, "2060", "InvStartDate"),
        ({"Name": "a:b"}, "2040", "Name"),
    ],
)
def test_a_bad_inventory_item_changes_nothing(books: Books, change: Any, code: str, element: str) -> None:
    change = {
        name: {"value": books.account(value)["Id"]} if name.endswith("Ref") and value else value
        for name, value in change.items()
    }
    error = books.refuse("item", {**item_body(books, 5), **change}, code)
    assert error["element"] in (element, "")


def test_what_is_sold_costs_what_came_first(books: Books, vendor: Any) -> None:
    item = pump(books, 4, 5)
    buy(books, vendor, item, 10, 7, "2026-02-01")
    first = sell(books, item, 3, "2026-02-02")
    assert (cost_of(books, first), on_hand(books, item), worth(books)) == (15, 11, 75)
    second = sell(books, item, 4, "2026-02-03")
    assert (cost_of(books, second), on_hand(books, item), worth(books)) == (5 + 21, 7, 49)
    assert books.balance("UndepositedFunds") == 140


def test_cents_that_do_not_divide_leave_with_the_last_piece(books: Books, vendor: Any) -> None:
    item = pump(books)
    line = {"Amount": 10, "DetailType": "ItemBasedExpenseLineDetail"}
    detail = {"ItemRef": {"value": item["Id"]}, "Qty": 3, **exempt(books)}
    books.make("Bill", books.bill(vendor, {**line, "ItemBasedExpenseLineDetail": detail}))
    costs = [cost_of(books, sell(books, item, 1, "2026-03-02")) for _ in range(3)]
    assert costs == [Decimal("3.33"), Decimal("3.34"), Decimal("3.33")]
    assert (on_hand(books, item), worth(books)) == (0, 0)


@pytest.mark.parametrize("entity", ["SalesReceipt", "Invoice"])
def test_sales_forms_move_stock_and_their_mirrors_bring_it_back(books: Books, entity: str) -> None:
    item, customer = pump(books, 10, 3), books.customer("Kim")
    sell(books, item, 4, "2026-02-02", entity, CustomerRef=customer)
    assert (on_hand(books, item), worth(books), cost(books)) == (6, 18, 12)
    if entity == "SalesReceipt":
        checking = {"value": books.account("Checking")["Id"]}
        sell(books, item, 1, "2026-02-03", "RefundReceipt", DepositToAccountRef=checking, CustomerRef=customer)
    else:
        sell(books, item, 1, "2026-02-03", "CreditMemo", CustomerRef=customer)
    assert (on_hand(books, item), worth(books), cost(books)) == (7, 21, 9)


def test_an_estimate_and_a_purchase_order_move_nothing(books: Books, vendor: Any) -> None:
    item = pump(books, 10, 3)
    sell(books, item, 4, "2026-02-02", "Estimate", CustomerRef=books.customer("Kim"))
    detail = {"ItemRef": {"value": item["Id"]}, "Qty": 5, "UnitPrice": 2, **exempt(books)}
    line = {"DetailType": "ItemBasedExpenseLineDetail", "ItemBasedExpenseLineDetail": detail}
    payables = {"APAccountRef": {"value": books.account("AccountsPayable")["Id"]}}
    books.make("PurchaseOrder", {**books.bill(vendor, line), **payables})
    assert (on_hand(books, item), worth(books)) == (10, 30)


def test_bundles_move_their_components(books: Books) -> None:
    item = pump(books, 10, 3)
    part = {"ItemRef": {"value": item["Id"]}, "Qty": 2}
    body = {"Name": "Twin pump", "Type": "Group", "ItemGroupDetail": {"ItemGroupLine": [part]}}
    books.refuse("item", body, "5030")
    bundle = books.deed("create", entity="Item", changes=body)
    line: Doc = {"DetailType": "GroupLineDetail", "GroupLineDetail": {"GroupItemRef": {"value": bundle["Id"]}}}
    component = {"ItemRef": {"value": item["Id"]}, "Qty": 2, "UnitPrice": 20, **exempt(books)}
    line["GroupLineDetail"]["Line"] = [{"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": component}]
    books.make("SalesReceipt", {"TxnDate": "2026-02-01", "Line": [line]})
    assert (on_hand(books, item), worth(books), cost(books)) == (8, 24, 6)


@pytest.mark.parametrize("entity", ["VendorCredit", "Purchase"])
def test_what_goes_back_to_the_vendor_leaves_at_cost_and_the_difference_is_cost_too(
    books: Books, vendor: Any, entity: str
) -> None:
    item = pump(books, 4, 5)
    if entity == "VendorCredit":
        buy(books, vendor, item, 1, 8, "2026-02-02", "VendorCredit")
    else:
        detail = {"ItemRef": {"value": item["Id"]}, "Qty": 1, "UnitPrice": 8, **exempt(books)}
        line = {"DetailType": "ItemBasedExpenseLineDetail", "ItemBasedExpenseLineDetail": detail}
        card = {"value": books.account("CreditCard")["Id"]}
        body = {"PaymentType": "CreditCard", "AccountRef": card, "Credit": True, "TxnDate": "2026-02-02"}
        books.make("Purchase", {**body, "Line": [line]})
    assert (on_hand(books, item), worth(books), cost(books)) == (3, 15, -3)


def test_what_is_entered_late_changes_the_cost_of_later_sales_and_nothing_else_of_them(
    books: Books, vendor: Any
) -> None:
    item = pump(books, 1, 10)
    buy(books, vendor, item, 5, 8, "2026-02-10")
    sale = sell(books, item, 3, "2026-02-20")
    assert cost_of(books, sale) == 10 + 16
    late = buy(books, vendor, item, 5, 2, "2026-02-01")
    assert cost_of(books, sale) == 10 + 4
    assert books.read("SalesReceipt", sale["Id"]) == sale
    books.make("Bill", {"Id": late["Id"], "SyncToken": "0"}, operation="delete")
    assert cost_of(books, sale) == 10 + 16
    earlier = sell(books, item, 1, "2026-02-15")
    assert (cost_of(books, earlier), cost_of(books, sale)) == (10, 24)
    token = {"Id": earlier["Id"], "SyncToken": "0"}
    books.make("SalesReceipt", token, operation="void")
    assert (cost_of(books, sale), on_hand(books, item)) == (26, 3)


def test_more_can_be_sold_than_there_is_and_what_comes_in_corrects_the_cost(books: Books, vendor: Any) -> None:
    item = pump(books, 2, 5)
    sale = sell(books, item, 6, "2026-02-01")
    assert (cost_of(books, sale), on_hand(books, item), worth(books)) == (30, -4, -20)
    bill = buy(books, vendor, item, 3, 7, "2026-02-05")
    assert (on_hand(books, item), worth(books)) == (-1, -5)
    assert cost_of(books, sale) == 30
    assert cost_of(books, bill, "Bill") == 6
    rest = buy(books, vendor, item, 2, 4, "2026-02-06")
    assert (on_hand(books, item), worth(books), cost_of(books, rest, "Bill")) == (1, 4, -1)


def test_what_was_never_bought_goes_out_at_the_items_purchase_cost(books: Books) -> None:
    item = pump(books, 0, "1.25")
    sale = sell(books, item, 2, "2026-02-01")
    assert (cost_of(books, sale), worth(books)) == (Decimal("2.50"), Decimal("-2.50"))
    token = {"Id": item["Id"], "SyncToken": "0", "sparse": True}
    books.make("Item", {**token, "PurchaseCost": 9})
    assert cost_of(books, sale) == Decimal("2.50")


def test_sales_of_one_day_take_what_came_in_that_day(books: Books, vendor: Any) -> None:
    item = pump(books)
    sale = sell(books, item, 1, "2026-02-01")
    buy(books, vendor, item, 2, 6, "2026-02-01")
    assert (cost_of(books, sale), on_hand(books, item), worth(books)) == (6, 1, 6)


@pytest.mark.parametrize("entity", ["Bill", "SalesReceipt"])
def test_a_line_needs_a_quantity_and_a_day_after_the_start(books: Books, vendor: Any, entity: str) -> None:
    item = pump(books, 5, 5)
    key = "ItemBasedExpenseLineDetail" if entity == "Bill" else "SalesItemLineDetail"
    detail: Doc = {"ItemRef": {"value": item["Id"]}, **exempt(books)}
    line: Doc = {"DetailType": key, key: detail, "Amount": 10}
    head = {"VendorRef": {"value": vendor["Id"]}} if entity == "Bill" else {}
    books.refuse(entity.lower(), {**head, "TxnDate": "2026-02-01", "Line": [line]}, "6520")
    detail["Qty"] = 0
    books.refuse(entity.lower(), {**head, "TxnDate": "2026-02-01", "Line": [line]}, "6520")
    detail["Qty"] = 2
    books.refuse(entity.lower(), {**head, "TxnDate": "2025-12-31", "Line": [line]}, "6270")
    books.make(entity, {**head, "TxnDate": "2026-01-01", "Line": [line]})


def test_a_quantity_that_is_set_becomes_an_adjustment(books: Books) -> None:
    item = pump(books, 10, 3)
    token = {"Id": item["Id"], "SyncToken": "0", "sparse": True}
    less = books.make("Item", {**token, "QtyOnHand": 8})
    assert (less["QtyOnHand"], worth(books)) == (8, 24)
    [made] = books.all("InventoryAdjustment")
    assert (made["Line"][0]["ItemAdjustmentLineDetail"]["QtyDiff"], made["TxnDate"]) == (-2, "2026-03-02")
    account = books.read("Account", made["AdjustAccountRef"]["value"])
    assert (account["AccountType"], books.company.ledger.balance(account["Id"])) == ("Cost of Goods Sold", 6)
    more = books.make("Item", {**token, "SyncToken": "1", "QtyOnHand": 9})
    assert (more["QtyOnHand"], worth(books)) == (9, 27)
    same = books.make("Item", {**token, "SyncToken": "2", "Description": "x", "QtyOnHand": 9})
    assert same["QtyOnHand"] == 9
    assert len(books.all("InventoryAdjustment")) == 2


def test_an_item_made_inactive_is_adjusted_to_nothing(books: Books) -> None:
    item = pump(books, 10, 3)
    gone = books.make("Item", {"Id": item["Id"], "SyncToken": "0", "sparse": True, "Active": False})
    assert (gone["Name"], gone["QtyOnHand"], worth(books)) == ("Compressor (deleted)", 0, 0)


def test_an_item_stays_inventory_on_its_account_and_may_start_earlier(books: Books, vendor: Any) -> None:
    item = pump(books, 10, 3)
    token = {"Id": item["Id"], "SyncToken": "0", "sparse": True}
    for type_ in ("Service", "NonInventory", "Category"):
        books.refuse("item", {**token, "Type": type_}, "6000")
    other = books.make("Account", {"Name": "Other stock", "AccountSubType": "Inventory"})
    books.refuse("item", {**token, "AssetAccountRef": {"value": other["Id"]}}, "6000")
    buy(books, vendor, item, 1, 4, "2026-02-01")
    books.refuse("item", {**token, "InvStartDate": "2026-02-02"}, "6270")
    moved = books.make("Item", {**token, "InvStartDate": "2025-12-01"})
    assert (moved["InvStartDate"], moved["QtyOnHand"], worth(books)) == ("2025-12-01", 11, 34)
    assert books.company.ledger.balance(stock_account(books)["Id"], last="2025-12-31") == 30
    again = sell(books, item, 1, "2025-12-05")
    assert cost_of(books, again) == 3


def test_a_product_may_become_inventory_and_a_service_a_product(books: Books) -> None:
    income = {"value": books.account("SalesOfProductIncome")["Id"]}
    item = books.make("Item", {"Name": "Vase", "Type": "Service", "IncomeAccountRef": income})
    token = {"Id": item["Id"], "SyncToken": "0", "sparse": True}
    item = books.make("Item", {**token, "Type": "NonInventory", "QtyOnHand": 5})
    assert item["Type"] == "NonInventory"
    assert "QtyOnHand" not in item
    fields = item_body(books, 3, 2, name="Vase")
    item = books.make("Item", {**token, "SyncToken": "1", **fields})
    assert (item["Type"], item["QtyOnHand"], worth(books)) == ("Inventory", 3, 6)


def adjustment(books: Books, *changes: tuple[Doc, object], **more: Any) -> Doc:
    lines = [
        {
            "DetailType": "ItemAdjustmentLineDetail",
            "ItemAdjustmentLineDetail": {"ItemRef": {"value": item["Id"]}, "QtyDiff": quantity},
        }
        for item, quantity in changes
    ]
    account = {"value": books.account("OfficeGeneralAdministrativeExpenses")["Id"]}
    return {"AdjustAccountRef": account, "TxnDate": "2026-02-15", "Line": lines, **more}


def test_an_adjustment_moves_quantities_at_cost_against_its_account(books: Books) -> None:
    one, two = pump(books, 10, 3), pump(books, 2, 7, name="Hose")
    made = books.make("InventoryAdjustment", adjustment(books, (one, -2), (two, 1)))
    assert (made["DocNumber"], made["PrivateNote"], made["Line"][0]["Id"]) == ("1", "", "1")
    assert (on_hand(books, one), on_hand(books, two), worth(books)) == (8, 3, 45)
    key = books.account("OfficeGeneralAdministrativeExpenses")["Id"]
    assert books.company.ledger.balance(key) == 6 - 7
    line = {"Id": "1", "ItemAdjustmentLineDetail": {"ItemRef": {"value": one["Id"]}, "QtyDiff": -3}}
    token = {"Id": made["Id"], "SyncToken": "0"}
    account = made["AdjustAccountRef"]
    changed = books.make("InventoryAdjustment", {**token, "sparse": True, "Line": [line], "AdjustAccountRef": account})
    assert (changed["DocNumber"], on_hand(books, one), on_hand(books, two)) == ("1", 7, 2)
    books.make("InventoryAdjustment", {**token, "SyncToken": "1"}, operation="delete")
    assert (on_hand(books, one), worth(books)) == (10, 44)
    assert books.make("InventoryAdjustment", adjustment(books, (one, 1)))["DocNumber"] == "2"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"AdjustAccountRef": None}, "2020"),
        ({"Line": []}, "2020"),
        ({"Line": [{"ItemAdjustmentLineDetail": {"QtyDiff": 1}}]}, "2020"),
        ({"Line": [{"DetailType": "ItemAdjustmentLineDetail"}]}, "2020"),
        ({"TxnDate": "2025-12-31"}, "6270"),
        ({"AdjustAccountRef": "Checking"}, "6430"),
        ({"Total": 1}, "2010"),
    ],
)
def test_a_bad_adjustment_changes_nothing(books: Books, change: Any, code: str) -> None:
    if change.get("AdjustAccountRef"):
        change = {"AdjustAccountRef": {"value": books.account("Checking")["Id"]}}
    item = pump(books, 10, 3)
    books.refuse("inventoryadjustment", {**adjustment(books, (item, -1)), **change}, code)
    books.refuse("inventoryadjustment", adjustment(books, (item, 0)), "6520")
    books.refuse("inventoryadjustment", adjustment(books, (books.item(), 1)), "6000")


def test_categories_hold_items_to_four_levels_and_are_on_no_line(books: Books, vendor: Any) -> None:
    chain = [books.make("Item", {"Name": "C0", "Type": "Category"})]
    for level in range(1, 4):
        parent = {"value": chain[-1]["Id"]}
        chain.append(books.make("Item", {"Name": f"C{level}", "Type": "Category", "ParentRef": parent}))
    parent = {"value": chain[-1]["Id"]}
    books.refuse("item", {"Name": "C4", "Type": "Category", "ParentRef": parent}, "6180")
    item = pump(books, 1, 1, ParentRef=parent, SubItem=True)
    assert (item["FullyQualifiedName"], item["Level"]) == ("C0:C1:C2:C3:Compressor", 4)
    under = {"Name": "Under", "Type": "Category", "ParentRef": {"value": item["Id"]}}
    assert books.refuse("item", under, "6180")
    lone = pump(books, name="Lone")
    books.refuse("item", {**under, "ParentRef": {"value": lone["Id"]}}, "6000")
    books.refuse("item", {"Name": "C", "Type": "Category", "ExpenseAccountRef": item["ExpenseAccountRef"]}, "6000")
    detail = {"ItemRef": {"value": chain[0]["Id"]}, "Qty": 1, "UnitPrice": 1, **exempt(books)}
    line = {"DetailType": "ItemBasedExpenseLineDetail", "ItemBasedExpenseLineDetail": detail}
    books.refuse("bill", books.bill(vendor, line), "6000")


def test_a_category_and_an_item_share_their_names(books: Books) -> None:
    category = books.make("Item", {"Name": "Garden", "Type": "Category"})
    books.refuse("item", item_body(books, name="Garden"), "6240")
    inside = item_body(books, name="Garden", ParentRef={"value": category["Id"]})
    books.here("POST", "switches", unique_item_names=True)
    books.refuse("item", inside, "6240")
    books.here("POST", "switches", unique_item_names=False)
    assert books.make("Item", inside)["FullyQualifiedName"] == "Garden:Garden"


def test_tax_that_nobody_gives_back_is_a_cost_and_not_stock(quebec: Books) -> None:
    vendor = quebec.make("Vendor", {"DisplayName": "Pompes"})
    item = pump(quebec)
    agency = quebec.make("TaxAgency", {"DisplayName": "Ville"})
    quebec.company.tables["TaxAgency"].put(
        {**quebec.company.get("TaxAgency", agency["Id"]), "TaxTrackedOnPurchases": False}
    )
    details = [{"TaxRateName": "Ville10", "RateValue": 10, "TaxAgencyId": agency["Id"], "TaxApplicableOn": "Purchase"}]
    code = quebec.post("taxservice/taxcode", {"TaxCode": "Ville", "TaxRateDetails": details})["TaxCodeId"]
    detail = {"ItemRef": {"value": item["Id"]}, "Qty": 2, "UnitPrice": 5, "TaxCodeRef": {"value": code}}
    line = {"DetailType": "ItemBasedExpenseLineDetail", "ItemBasedExpenseLineDetail": detail}
    assert quebec.make("Bill", quebec.bill(vendor, line))["TotalAmt"] == 11
    assert (worth(quebec), cost(quebec)) == (10, 1)


def test_stock_is_whole_again_after_a_restart(us: Books) -> None:
    vendor = us.make("Vendor", {"DisplayName": "Pump Works"})
    item = pump(us, 4, 5)
    us.here("POST", "snapshots", name="before")
    sell(us, item, 1, "2026-02-02")
    us.here("POST", "snapshots/before/restore")
    buy(us, vendor, item, 2, 9, "2026-02-01")
    assert cost_of(us, sell(us, item, 5, "2026-02-02")) == 20 + 9


def test_an_account_that_bears_costs_may_merge_and_an_inventory_item_may_not(books: Books, vendor: Any) -> None:
    one, two = pump(books, 4, 5), pump(books, 4, 5, name="Other")
    merged = {"entity": "Item", "id": two["Id"], "into": one["Id"]}
    answer = books.ask("POST", f"companies/{books.company.realm}/person/merge", merged)
    assert answer.status_code == 400
    assert "Inventory items cannot be merged" in answer.text
    sale = sell(books, one, 2, "2026-02-10")
    cogs = books.account("SuppliesMaterialsCogs")
    other = books.make("Account", {"Name": "Cost of pumps", "AccountSubType": "SuppliesMaterialsCogs"})
    books.deed("merge", entity="Account", id=cogs["Id"], into=other["Id"])
    buy(books, vendor, one, 5, 1, "2026-01-15")
    sell(books, one, 4, "2026-02-05")
    posting = books.company.ledger.posting("SalesReceipt", sale["Id"])
    assert [entry.amount for entry in posting.entries if entry.account == other["Id"]] == [2]


def test_stock_bought_abroad_is_worth_its_price_at_home(us: Books) -> None:
    us.deed("edit", entity="Preferences", id="1", changes={"CurrencyPrefs": {"MultiCurrencyEnabled": True}})
    us.make("CompanyCurrency", {"Code": "EUR"})
    euro = {"value": "EUR"}
    vendor = us.make("Vendor", {"DisplayName": "Pompes", "CurrencyRef": euro})
    item = pump(us)
    detail = {"ItemRef": {"value": item["Id"]}, "Qty": 4, "UnitPrice": 10}
    line = {"DetailType": "ItemBasedExpenseLineDetail", "ItemBasedExpenseLineDetail": detail}
    dollar = {"value": "USD"}
    early = sell(us, item, 1, "2026-01-20", CurrencyRef=dollar)
    assert cost_of(us, early) == 0
    body = us.bill(vendor, line, TxnDate="2026-02-01", CurrencyRef=euro, ExchangeRate="1.25")
    bill = us.make("Bill", body)
    assert (bill["TotalAmt"], worth(us), cost_of(us, bill, "Bill")) == (40, Decimal("37.50"), Decimal("12.50"))
    sale = sell(us, item, 2, "2026-02-05", CurrencyRef=dollar)
    assert (cost_of(us, sale), worth(us)) == (25, Decimal("12.50"))
    token = {"Id": bill["Id"], "SyncToken": "0", "sparse": True, "VendorRef": bill["VendorRef"]}
    us.make("Bill", {**token, "ExchangeRate": 2, "CurrencyRef": euro})
    assert (cost_of(us, sale), worth(us)) == (40, 20)
