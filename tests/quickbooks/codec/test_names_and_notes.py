from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raccord.plugin.drafts import Account, Customer, Item, Role, Vendor
from raccord.quickbooks.codec import EncodeError, clean_name, read_marker
from raccord.quickbooks.codec.notes import private_note

MARKER = "[raccord 7K2M9QX4TW r1]"


@pytest.mark.parametrize(
    ("kind", "name", "clean"),
    [
        ("Customer", "  Dupont:\tfils \n", "Dupont - fils"),
        ("Customer", 'Café "Le Coin"', 'Café "Le Coin"'),
        ("Customer", "Cafe\u0301", "Café"),
        ("Account", 'Revenu "Chase": net', "Revenu 'Chase' - net"),
        ("Item", ":Ventes:", "Ventes"),
        ("Vendor", "-5 % rabais", "-5 % rabais"),
        ("Vendor", "a\ud800b\x00c", "a\N{REPLACEMENT CHARACTER}b c"),
    ],
)
def test_a_name_loses_what_quickbooks_refuses_and_nothing_else(kind: str, name: str, clean: str) -> None:
    assert clean_name(kind, name) == clean
    assert clean_name(kind, clean) == clean


@pytest.mark.parametrize(("kind", "limit"), [("Account", 100), ("Item", 100), ("Customer", 500), ("Vendor", 500)])
def test_a_name_too_long_is_refused_rather_than_cut(kind: str, limit: int) -> None:
    assert clean_name(kind, "n" * limit) == "n" * limit
    with pytest.raises(EncodeError) as caught:
        clean_name(kind, "n" * (limit + 1))
    assert (caught.value.code, caught.value.field) == ("encoding.too_long", "name")
    assert str(limit) in caught.value.fr


@pytest.mark.parametrize("name", ["", " \t\n", ":", " : "])
def test_an_empty_name_is_refused(name: str) -> None:
    with pytest.raises(EncodeError, match="name_empty"):
        clean_name("Customer", name)


@given(memo=st.text(max_size=4500), reference=st.text(max_size=300))
def test_the_mark_ends_every_note_and_is_read_back(memo: str, reference: str) -> None:
    note = private_note(memo, reference, MARKER)
    assert len(note) <= 4000
    assert note.endswith(MARKER)
    assert read_marker({"PrivateNote": note}) == MARKER


def test_only_the_memo_is_shortened() -> None:
    note = private_note("m" * 5000, "CHQ-88", MARKER)
    assert len(note) == 4000
    assert note.endswith(f"m… (CHQ-88) {MARKER}")


def test_a_reference_that_the_memo_holds_is_not_repeated() -> None:
    assert private_note("Chèque CHQ-88", "CHQ-88", MARKER) == f"Chèque CHQ-88 {MARKER}"


def test_a_mark_that_came_with_the_memo_is_not_taken_for_ours() -> None:
    foreign = "[raccord AAAAAAAAAA r9]"
    note = private_note(f"copie {foreign}", foreign, MARKER)
    assert note == f"copie raccord AAAAAAAAAA r9 {MARKER}"
    assert private_note("", "", MARKER) == MARKER


@pytest.mark.parametrize("document", [{}, {"PrivateNote": None}, {"PrivateNote": "a [raccord] note"}, {"Memo": MARKER}])
def test_a_document_without_our_mark_has_none(document: dict[str, object]) -> None:
    assert read_marker(document) is None


def test_a_voided_or_edited_document_keeps_its_mark() -> None:
    assert read_marker({"PrivateNote": f"Voided - Vente {MARKER} (vu par Anne)"}) == MARKER


def test_of_several_marks_in_a_note_the_last_is_ours() -> None:
    assert read_marker({"PrivateNote": f"[raccord AAAAAAAAAA r9] collé par Anne, Vente {MARKER}"}) == MARKER


def test_an_account_bears_type_subtype_and_number(desk: Any) -> None:
    draft = Account(key="a", name="Revenu Chase", type="Income", subtype="SalesOfProductIncome", number="4:100")
    assert desk.body(draft) == {
        "Name": "Revenu Chase",
        "AccountType": "Income",
        "AccountSubType": "SalesOfProductIncome",
        "AcctNum": "4-100",
    }


def test_an_account_number_may_be_longer_in_canada_than_in_the_united_states(desk: Any) -> None:
    draft = Account(key="a", name="A", type="Bank", number="12345678", description="d" * 120)
    body = desk.body(draft)
    assert (body["AcctNum"], len(body["Description"])) == ("12345678", 100)
    with pytest.raises(EncodeError, match="too_long at number"):
        desk.body(draft, desk.us)


def test_people_bear_what_the_source_knows_of_them(desk: Any) -> None:
    customer = Customer(
        key="c", name="Ada: Stone", email=" ada@example.test ", phone="514", company="Stone", memo="VIP"
    )
    assert desk.body(customer) == {
        "DisplayName": "Ada - Stone",
        "CompanyName": "Stone",
        "PrimaryEmailAddr": {"Address": "ada@example.test"},
        "PrimaryPhone": {"FreeFormNumber": "514"},
        "Notes": "VIP",
    }
    assert desk.body(Vendor(key="v", name="Chase", memo="x")) == {"DisplayName": "Chase"}


@pytest.mark.parametrize(
    ("customer", "field"),
    [
        (Customer(key="c", name="A", email="not an address"), "email"),
        (Customer(key="c", name="A", email="a@b, c@d"), "email"),
        (Customer(key="c", name="A", phone="5" * 31), "phone"),
        (Customer(key="c", name="A", company="c" * 101), "company"),
    ],
)
def test_what_quickbooks_would_refuse_about_a_person_names_its_field(desk: Any, customer: Customer, field: str) -> None:
    with pytest.raises(EncodeError) as caught:
        desk.body(customer)
    assert caught.value.field == field


def test_an_item_is_a_service_on_one_income_account(desk: Any) -> None:
    draft = Item(key="i", name="Ventes", income_account=Role("income"), unit_price=Decimal("1E+2"))
    assert desk.body(draft) == {
        "Name": "Ventes",
        "Type": "Service",
        "IncomeAccountRef": {"value": "role-income"},
        "UnitPrice": 100,
    }
    with pytest.raises(EncodeError, match="amount_unfit at unit_price"):
        desk.body(Item(key="i", name="V", income_account=Role("i"), unit_price=Decimal("0.00000001")))
