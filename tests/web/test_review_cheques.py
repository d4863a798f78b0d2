"""A cheque has its number in the review, filled in where the bank tells it, and bears it in QuickBooks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from harness import sync
from httpx2 import Response
from review_lines import held
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.plugin.drafts import Deposit, Expense, PaymentType
from raccord.store.models import Company, Connection, DraftRow
from raccord.sync.bodies import dump_draft, load_draft
from raccord.sync.lines.treatments import Part, Treated, Treatment, UnfitTreatment, treated
from raccord.sync.workshop import Workshop


def test_a_cheque_that_is_said_by_hand_bears_the_number_that_is_typed(
    workshop: Workshop,
    company: Company,
    accounts: dict[str, str],
    browser: TestClient,
    connection: Connection,
    send: Callable[..., Response],
) -> None:
    hold = held(workshop)["COSTCO WHOLESALE"]
    panel = browser.get(f"/review?line={hold}&view=category&lang=fr").text
    assert ("Numéro du chèque" in panel, re.findall(r'id="number"[^>]*value="([^"]*)"', panel)) == (True, [""])
    said = {"kind": "category", "account": accounts["Fournitures de bureau"]}
    action = f"/review/{hold}/treat"
    assert "21" in send("/review", action, **said, payment="check", number="9" * 22).text
    assert send("/review", action, **said, payment="check", number="1042").status_code == 303
    other = held(workshop)["JEU VIDEO"]
    assert send("/review", f"/review/{other}/treat", **said, number="1043").status_code == 303, "it is no cheque"
    sync(workshop, connection)
    sync(workshop, connection)
    bought = {each["TotalAmt"]: each for each in workshop.client(company).query_all("Purchase")}
    cheque, cash = (next(each for total, each in bought.items() if str(total) == one) for one in ("60.00", "9.99"))
    assert (cheque["PaymentType"], cheque["DocNumber"], len(bought)) == ("Check", "1042", 2)
    assert (cash["PaymentType"], cash["DocNumber"] == "1043") == ("Cash", False)


def test_the_number_that_the_bank_tells_is_filled_in(
    workshop: Workshop, accounts: dict[str, str], browser: TestClient
) -> None:
    hold = held(workshop)["COSTCO WHOLESALE"]
    with workshop.database.begin() as session:
        line = session.scalars(select(DraftRow).where(DraftRow.key == "bank/b2")).one()
        draft = load_draft(line.body)
        assert isinstance(draft, Expense)
        line.body = dump_draft(replace(draft, payment_type=PaymentType.CHECK, reference="2077"))
    panel = browser.get(f"/review?line={hold}&view=category").text
    assert re.findall(r'id="number"[^>]*value="([^"]*)"', panel) == ["2077"]
    assert '<option value="check" selected>' in panel
    other = held(workshop)["JEU VIDEO"]
    assert '<option value="check" selected>' not in browser.get(f"/review?line={other}&view=category").text
    with workshop.database.read() as session:
        money = {key: load_draft(body) for key, body in session.execute(select(DraftRow.key, DraftRow.body))}
    numbered = Treatment(kind=Treated.CATEGORY, parts=(Part(account="1"),), number="7")
    spent, received = money["bank/b5"], money["bank/b4"]
    assert isinstance(spent, Expense)
    assert isinstance(received, Deposit)
    for line_of in (spent, received):
        with pytest.raises(UnfitTreatment, match="payment_type"):
            treated(line_of, numbered)
