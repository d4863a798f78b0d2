from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from raccord_sandbox.keeping.company import assert_books_balance
from raccord_sandbox.posting.ledger import Entry, Posting, UnbalancedError

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import


def trial(books: Books, **parameters: str) -> dict[str, Decimal]:
    """Return debit balances by account name, and prove that the totals agree."""
    report = books.get("reports/TrialBalance", **parameters)
    *rows, last = report["Rows"]["Row"]
    found = {}
    for row in rows:
        name, debit, credit = (cell["value"] for cell in row["ColData"])
        found[name] = Decimal(debit or 0) - Decimal(credit or 0)
    assert sum(found.values()) == 0
    total = last["Summary"]["ColData"]
    assert last["group"] == "GrandTotal"
    assert total[1] == total[2]
    return found


def test_the_trial_balance_is_as_of_a_day_and_carries_earlier_profit(us: Books) -> None:
    for day, amount in (("2025-12-31", 100), ("2026-01-01", 20), ("2026-02-01", 3)):
        us.make("SalesReceipt", us.sale(amount, TxnDate=day))
    funds, services, earned = "Undeposited Funds", "Services", "Retained Earnings"
    assert trial(us, end_date="2025-12-30") == {}
    assert trial(us, end_date="2025-12-31") == {funds: 100, services: -100}
    assert trial(us, end_date="2026-01-31") == {funds: 120, services: -20, earned: -100}
    assert trial(us, start_date="2026-02-01", end_date="2026-02-28") == {funds: 123, services: -3, earned: -120}
    header = us.get("reports/TrialBalance", end_date="2026-01-31")["Header"]
    assert (header["StartPeriod"], header["EndPeriod"], header["Currency"]) == ("2026-01-01", "2026-01-31", "USD")
    assert us.get("reports/TrialBalance", end_date="tomorrow")["Fault"]["Error"][0]["code"] == "2060"


def test_the_general_ledger_runs_each_account_with_its_beginning_balance(us: Books) -> None:
    us.make("SalesReceipt", us.sale(100, "G1", TxnDate="2026-01-01"))
    us.make("SalesReceipt", us.sale(20, "G2", TxnDate="2026-02-01", PrivateNote="second"))
    funds = us.account("UndepositedFunds")["Id"]
    report = us.get("reports/GeneralLedger", start_date="2026-02-01", end_date="2026-02-28", account=funds)
    (section,) = report["Rows"]["Row"]
    beginning, row = section["Rows"]["Row"]
    assert beginning["ColData"][0]["value"] == "Beginning Balance"
    assert beginning["ColData"][-1]["value"] == "100.00"
    assert [cell["value"] for cell in row["ColData"]] == [
        "2026-02-01", "Sales Receipt", "G2", "", "second", "Services", "20.00", "120.00",
    ]  # fmt: skip
    whole = us.get("reports/GeneralLedger", start_date="2026-01-01", end_date="2026-12-31")["Rows"]["Row"]
    assert [section["Summary"]["ColData"][6]["value"] for section in whole] == ["120.00", "120.00"]


def test_profit_and_balance_sheet_come_from_the_same_ledger(quebec: Books) -> None:
    quebec.make("SalesReceipt", quebec.sale(100, code="TPS/TVQ QC - 9,975"))
    profit = quebec.get("reports/ProfitAndLoss")["Rows"]["Row"]
    totals = {row["group"]: row["Summary"]["ColData"][1]["value"] for row in profit}
    assert (totals["Income"], totals["NetIncome"]) == ("100.00", "100.00")
    assets, rest = quebec.get("reports/BalanceSheet")["Rows"]["Row"]
    assert assets["Summary"]["ColData"][1]["value"] == rest["Summary"]["ColData"][1]["value"] == "114.98"


def test_the_invariant_check_notices_books_that_do_not_balance(us: Books) -> None:
    made = us.make("SalesReceipt", us.sale(10))
    key = ("SalesReceipt", made["Id"])
    good = us.company.ledger.posting(*key)
    assert good is not None
    bad = Posting(*key, good.day, (Entry(good.entries[0].account, Decimal(10)),))
    with pytest.raises(UnbalancedError):
        us.company.ledger.post(bad)
    us.company.ledger._postings[key] = bad
    with pytest.raises(AssertionError, match="out of balance by 10"):
        assert_books_balance(us.company)


def page(books: Books, path: str, language: str = "fr-CA,fr;q=0.9,en;q=0.5") -> httpx.Response:
    return httpx.get(f"{books.server.url}{path}", headers={"Accept-Language": language})


def test_the_company_page_shows_accounts_and_documents_in_two_languages(quebec: Books) -> None:
    path = f"/company/{quebec.company.realm}"
    assert "Aucun document encore" in page(quebec, path).text
    made = quebec.make("SalesReceipt", quebec.sale("1234.50", "N-9", PrivateNote="<script>alert(1)</script>"))
    french = page(quebec, path)
    assert french.headers["content-security-policy"].startswith("default-src 'none'")
    assert "1\u202f234,50" in french.text
    assert "Fonds non déposés" in french.text
    assert "<script" not in french.text
    assert "1,234.50" in page(quebec, path, "de, en").text
    assert "1,234.50" in page(quebec, f"{path}?lang=en").text
    document = page(quebec, f"{path}/salesreceipt/{made['Id']}")
    assert "N-9" in document.text
    assert "Ventes" in document.text
    balance = page(quebec, f"{path}/trial-balance")
    assert balance.text.count("1\u202f234,50") == 4
    assert quebec.company.settings["name"] in page(quebec, "/").text


def test_a_page_that_does_not_exist_says_so(quebec: Books) -> None:
    for path in ("/company/1", f"/company/{quebec.company.realm}/salesreceipt/1", "/company/1/trial-balance"):
        answer = page(quebec, path)
        assert answer.status_code == 404
        assert "n’existe pas" in answer.text
