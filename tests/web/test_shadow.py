"""Shadow days on their page and in the API: what differs and why, which days, and the order of switching over."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI
from harness import sync
from moments import Moments
from old_tool import shadow_days
from programs import program
from starlette.testclient import TestClient

from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import RoleName
from raccord.plugin.info import Mode
from raccord.store.models import Company, Connection
from raccord.sync.workshop import Workshop


@pytest.fixture
def shadow(workshop: Workshop, company: Company, till_moments: Moments) -> Connection:
    return shadow_days(workshop, company, till_moments)


def text(browser: TestClient, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_the_page_tells_what_differs_by_cause_each_document_and_the_days(
    browser: TestClient, shadow: Connection, workshop: Workshop, app: FastAPI
) -> None:
    own = f"/connections/{shadow.id}/shadow"
    page = text(browser, own)
    assert "Days compared: 1 Mar 2026 to 16 Mar 2026." in page
    assert "Same 2 − $ 0.80" in page
    assert "Different 6 $200.00 here, $201.00 in QuickBooks" in page
    assert "This line waits for a person to say: " in page
    assert "Only in our plan 3" in page
    assert "Only in QuickBooks 3 $ 127.50" in page
    assert "Amount Same number or customer, another amount" in page
    listed = text(browser, f"{own}?outcome=different&cause=amount")
    assert "s2" in listed
    assert "Amount: $ 22.00 → $ 23.00" in listed
    assert text(browser, f"{own}?outcome=different&cause=category").count("Old Income") == 1
    assert "Records left out" in text(browser, f"{own}?outcome=theirs&cause=left_out")
    assert f'href="{own}"' in browser.get(f"/connections/{shadow.id}").text
    assert f'href="{own}"' in browser.get(f"/connections/{shadow.id}/setup/plan").text
    order = [
        page.index(each) for each in ("1. Stop the old tool", "2. Apply the plan, from 1 Mar 2026 on", "3. Look at")
    ]
    assert order == sorted(order)
    assert "Compare again</button>" in browser.get(own).text
    held = text(browser, f"/questions?connection={shadow.id}")
    assert "posted this document otherwise in QuickBooks already: Sales receipt s2 of 4 Mar 2026, 23.00." in held
    assert "In what they differ: Amount, Tax. Shadow days" in held
    assert "It is this one: link them It is this one: post nothing" in held
    assert "the plan would post beside it, is held until you say what it is" in page
    api = program(workshop, app, RoleName.ACCOUNTANT, Scope.READ, shadow.company_id)
    told = api.get(f"/api/v1{own}").json()
    assert told["in_shadow"] is True
    assert [each["cause"] for each in told["comparison"]["groups"] if each["outcome"] == "different"] == [
        "amount", "tax", "category", "account", "day",
    ]  # fmt: skip
    part = api.get(f"/api/v1{own}/rows?outcome=theirs&limit=2").json()
    assert (part["total"], len(part["rows"])) == (3, 2)
    assert part["next"]
    assert api.get(f"/api/v1{own}/rows?outcome=nothing").status_code == 400
    sync(workshop, shadow)
    after = text(browser, own)
    assert "Compare again</button>" not in browser.get(own).text
    assert "what the old tool posts once more is held as a possible double" in after
    with workshop.database.begin() as session:
        session.get_one(Connection, shadow.id).mode = Mode.FIRST_TIME
    anew = text(browser, own)
    assert "This source starts anew" in anew
    # Its first plan is approved, and there never was a comparison.
    assert "say so in the set-up" not in anew
    assert "This is the last comparison before it" not in anew
    assert api.get(f"/api/v1{own}").json()["in_shadow"] is False


def test_nothing_to_compare_is_said_so(browser: TestClient, connection: Connection, workshop: Workshop) -> None:
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).mode = Mode.ALREADY_RUNNING
    assert "Nothing to compare yet" in text(browser, f"/connections/{connection.id}/shadow")
