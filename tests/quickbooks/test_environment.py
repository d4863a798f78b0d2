"""Addresses, links, kinds and literals."""

from __future__ import annotations

import pytest

from raccord.quickbooks import INTUIT_SANDBOX, PRODUCTION, Environment, deep_link, local, quoted
from raccord.quickbooks.entities import ENTITIES, UnknownKindError, entity
from raccord.quickbooks.query import count_statement, page_statement


def test_production_and_intuits_sandbox_differ_only_in_books_and_pages() -> None:
    assert PRODUCTION.api_base == "https://quickbooks.api.intuit.com"
    assert INTUIT_SANDBOX.api_base == "https://sandbox-quickbooks.api.intuit.com"
    assert PRODUCTION.token_url == INTUIT_SANDBOX.token_url


def test_a_local_sandbox_has_everything_at_one_address() -> None:
    here = local("http://127.0.0.1:8001/")
    assert here.api_base == "http://127.0.0.1:8001"
    assert here.token_url == "http://127.0.0.1:8001/oauth2/v1/tokens/bearer"


@pytest.mark.parametrize("address", ["ftp://x", "https://x/", ""])
def test_an_address_that_would_break_paths_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="must begin with"):
        Environment("x", address, "https://a", "https://a", "https://a", "https://a")


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        ("SalesReceipt", "salesreceipt?txnId=7"),
        ("Payment", "recvpayment?txnId=7"),
        ("Customer", "customerdetail?nameId=7"),
    ],
)
def test_a_document_has_a_link_to_its_page(kind: str, page: str) -> None:
    assert deep_link(PRODUCTION, kind, "7") == f"https://app.qbo.intuit.com/app/{page}"


def test_a_cheque_has_a_page_of_its_own_and_a_company_can_be_asked_for() -> None:
    link = deep_link(PRODUCTION, "Purchase", "7", realm="934", cheque=True)
    assert link == "https://app.qbo.intuit.com/app/check?txnId=7&deeplinkcompanyid=934"


def test_a_kind_without_a_page_has_no_link() -> None:
    assert deep_link(PRODUCTION, "TaxRate", "7") is None


def test_an_id_cannot_break_out_of_its_link() -> None:
    assert deep_link(PRODUCTION, "Deposit", "7&x=<a>") == "https://app.qbo.intuit.com/app/deposit?txnId=7%26x%3D%3Ca%3E"


def test_paths_are_lower_case_names_except_where_quickbooks_differs() -> None:
    assert entity("SalesReceipt").path == "salesreceipt"
    assert entity("CreditCardPayment").key == "CreditCardPaymentTxn"
    assert (entity("TaxService").path, entity("TaxService").key) == ("taxservice/taxcode", "")
    assert all(each.kind == kind for kind, each in ENTITIES.items())


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(UnknownKindError, match=r"no kind 'Salesreceipt'; known kinds: .*SalesReceipt"):
        entity("Salesreceipt")


@pytest.mark.parametrize(
    ("text", "literal"),
    [("O'Hare", r"'O\'Hare'"), ("plain", "'plain'"), ("back\\slash", r"'back\\slash'"), (r"\'", r"'\\\''")],
)
def test_an_apostrophe_or_backslash_cannot_end_a_literal(text: str, literal: str) -> None:
    assert quoted(text) == literal


def test_statements_name_order_and_page() -> None:
    statement = page_statement("Customer", "Active = true", "Id", 1001, 1000)
    assert statement == "SELECT * FROM Customer WHERE Active = true ORDERBY Id STARTPOSITION 1001 MAXRESULTS 1000"
    assert count_statement("Item", "") == "SELECT COUNT(*) FROM Item"


@pytest.mark.parametrize("rows", [0, 1001])
def test_a_page_that_quickbooks_would_refuse_is_refused_here(rows: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        page_statement("Customer", "", "Id", 1, rows)
