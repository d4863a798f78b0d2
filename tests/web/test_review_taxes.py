"""The tax that goes with an account is shown with its reason before anything is written, and exactly it is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html import unescape

import till
from harness import sync
from httpx import Response
from review_lines import documents, held, row
from starlette.testclient import TestClient

from raccord.overview.lines.last_time import LastTime
from raccord.overview.lines.usual_taxes import TaxFrom, UsualTax, usual_taxes
from raccord.overview.questions import Candidate
from raccord.store.canonical import canonical
from raccord.store.models import Company, Connection
from raccord.sync.lines.treatments import TREATMENT
from raccord.sync.workshop import Workshop

Send = Callable[..., Response]
OFFICE, TRAVEL = "Fournitures de bureau", "Frais de déplacement"


def offered(page: str) -> dict[str, str]:
    """Return what stands below each account of the panel."""
    found = re.findall(r'<label class="cand pick">.*?<b>(.*?)</b>((?:<small>.*?</small>)*)', page)
    return {name: re.sub(r"<[^>]+>", " ", unescape(below)).strip() for name, below in found}


def test_the_tax_of_an_account_is_shown_with_who_says_so_and_written_as_it_was_shown(
    workshop: Workshop,
    company: Company,
    connection: Connection,
    accounts: dict[str, str],
    browser: TestClient,
    send: Send,
) -> None:
    client = workshop.client(company)
    taxes = {str(each["Name"]): str(each["Id"]) for each in client.query_all("TaxCode")}
    both = next(name for name in taxes if "TPS/TVQ" in name or "GST/QST" in name)
    holds = held(workshop)
    unknown = browser.get(f"/review?line={holds['COSTCO CAFE']}&view=category").text
    assert "No tax is written unless you choose one." in unknown
    assert set(offered(unknown).values()) == {""}, "where nothing is known of any, none is noted beside each"
    received = browser.get(f"/review?line={holds['RISTOURNE']}&view=category").text
    assert "Money received bears a tax only on parts that go to costs" in received
    sold = f"/review/{holds['RISTOURNE']}/treat"
    [income] = [str(each["Id"]) for each in client.query_all("Account", "AccountType = 'Income'")][:1]
    refused = send("/settings", sold, kind="category", account=income, tax=taxes[both])
    assert "only on the parts that go to costs" in refused.text, "no tax of a sale"

    # The bookkeeper sets the account's default in QuickBooks, and the next run reads it.
    office = next(each for each in client.query_all("Account", f"Id = '{accounts[OFFICE]}'"))
    changed = {**office, "TaxCodeRef": {"value": taxes[both]}}
    client.update("Account", canonical(changed), "default")
    till.ROWS["T1"].append(row(7, "-11.50", "PAPETERIE DUMAS"))
    sync(workshop, connection)
    holds = held(workshop)
    page = browser.get(f"/review?line={holds['COSTCO CAFE']}&view=category").text
    assert offered(page)[OFFICE] == f"{both}, as QuickBooks has it for this account"
    assert offered(page)[TRAVEL] == "No tax"
    assert '<option value="beside" selected>' in page
    [shown] = re.findall(r'name="taxes_shown" value="([^"]*)"', page)
    assert shown == f"{accounts[OFFICE]}={taxes[both]}"
    french = browser.get(f"/review?line={holds['COSTCO CAFE']}&view=category", headers={"accept-language": "fr"}).text
    assert offered(french)[OFFICE] == f"{both}, comme QuickBooks l’a pour ce compte"

    def say(text: str, **fields: str) -> None:
        answer = send("/settings", f"/review/{holds[text]}/treat", kind="category", tax="beside", **fields)
        assert answer.status_code == 303

    # Given back, the cost gives its tax back too.
    received = browser.get(f"/review?line={holds['RISTOURNE']}&view=category").text
    assert f'data-tax="{taxes[both]}"' in received
    assert [each for each in offered(received).values() if each] == []
    say("COSTCO CAFE", account=accounts[OFFICE], taxes_shown=shown)
    say("PAPETERIE DUMAS", account=accounts[TRAVEL], taxes_shown=shown)
    # What is typed was not shown with a tax, so none is written.
    say("COSTCO WHOLESALE", other=OFFICE, taxes_shown="")
    refund = browser.get(f"/review?line={holds['RISTOURNE']}&view=category").text
    assert f'data-tax="{taxes[both]}"' in refund, "beside an account that is typed"
    assert send("/settings", sold, kind="category", other=OFFICE, tax=taxes[both]).status_code == 303
    page = browser.get(f"/review?line={holds['JEU VIDEO']}&view=category").text
    assert offered(page)[TRAVEL] == "No tax, as the last line of this account"
    sync(workshop, connection)
    written = {
        each["TotalAmt"]: each["Line"][0]["AccountBasedExpenseLineDetail"]["TaxCodeRef"]["value"] == taxes[both]
        for each in documents(workshop, company, "Purchase")
    }
    assert written == {Decimal("4.00"): True, Decimal("11.50"): False, Decimal("60.00"): False}
    [back] = [each for each in documents(workshop, company, "Deposit") if each.get("TxnTaxDetail")]
    assert back["Line"][0]["DepositLineDetail"]["TaxApplicableOn"] == "Purchase"
    assert back["Line"][0]["Amount"] + back["TxnTaxDetail"]["TotalTax"] == back["TotalAmt"]


def test_last_lines_that_agree_say_more_than_quickbooks_default_and_few_of_them_less() -> None:
    office = Candidate("1", "Office", "Expense", "", "T")
    taxes = [Candidate("T", "GST", "", ""), Candidate("U", "GST/QST", "", "")]

    def said(*codes: str, of: str = "-4.00 CAD cash") -> list[dict[str, object]]:
        part = [{"account": "1", **({"tax_code": each} if each else {})} for each in codes]
        return [{TREATMENT: {"kind": "category", "of": of, "parts": [each]}} for each in part]

    def of(answers: list[dict[str, object]], last: LastTime | None = None, default: str = "T") -> UsualTax | None:
        account = Candidate("1", "Office", "Expense", "", default)
        return usual_taxes([account], taxes, answers, last).get("1")

    quickbooks = UsualTax("T", "GST", TaxFrom.QUICKBOOKS)
    assert of([]) == of(said("U", "U")) == of(said("U", "", "U")) == quickbooks
    assert of(said("U", "U", "U")) == UsualTax("U", "GST/QST", TaxFrom.CATEGORY, 3)
    assert of(said("U", "U"), default="") == UsualTax("U", "GST/QST", TaxFrom.CATEGORY, 2)
    assert of(said("", "", ""), default="") == UsualTax("", "", TaxFrom.CATEGORY, 3), "that there is none"
    assert of(said("U", "", "U"), default="") is None
    assert of(said("", "", "", of="+4.00 CAD bank")) == quickbooks, "money received says nothing of it"
    assert of(said(*"UUUUUT")) == UsualTax("U", "GST/QST", TaxFrom.CATEGORY, 5), "older ones count no more"
    assert of(said("X", "X", "X")) == quickbooks, "one that is inactive by now is not said"
    assert of([], default="X") is None
    assert of(said("U", "U", "U"), LastTime(office, date(2026, 3, 1), "")) == UsualTax("", "", TaxFrom.LAST_TIME)
