"""The steps that every connector's set-up has in a browser: from its form to the proof."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect
from sqlalchemy import select
from visiting import Journey

from raccord.store.models import Company
from raccord.sync.workshop import Workshop


def begin(journey: Journey, connector: str, mode: str) -> None:
    """Choose a source and how one starts with it."""
    journey.page.goto("/connect")
    journey.page.locator(f'a[href="/connect/{connector}"]').first.click()
    journey.page.locator(f"input[name=mode][value={mode}]").check()
    journey.look("start-or-running")
    journey.press("wizard.next")


def authorise(journey: Journey) -> None:
    """Give access to the only company at QuickBooks' own pages, and come back to the wizard."""
    journey.look("no-company-yet")
    journey.press("wizard.authorise")
    journey.look("on-to-quickbooks")
    journey.follow("leaving.go")
    journey.page.wait_for_url(re.compile("connect/oauth2"))
    journey.page.get_by_role("button").first.click()
    journey.page.wait_for_url(re.compile("/oauth/quickbooks/confirm/"))
    journey.look("which-company")
    journey.page.locator("form:has(input[name=answer][value=keep]) button").click()
    journey.page.wait_for_url(re.compile("/connect/[a-z]+/company"))


def go_on_with_company(journey: Journey) -> None:
    expect(journey.page.get_by_text("Atelier Boréal inc.")).to_be_visible()
    journey.look("company")
    journey.press("wizard.next")


def keep(journey: Journey, name: str) -> None:
    journey.look(name)
    journey.press("wizard.keep")


def choose(journey: Journey, **roles: str) -> None:
    """Choose what each role is in the books, by the beginning of its name there."""
    for role, name in roles.items():
        menu = journey.page.locator(f"#role_{role}")
        found = menu.locator("option").filter(has_text=re.compile(rf"^\s*(\d+ )?{re.escape(name)}")).first
        menu.select_option(value=found.get_attribute("value"))
    keep(journey, "accounts")


def say_first_day(journey: Journey, day: str) -> None:
    journey.page.locator("#first").fill(day)
    keep(journey, "first-day")


def plan(journey: Journey, *, lists: bool = True, duplicates: bool = False) -> None:
    """Read the checks and have the first plan made, past the steps of the lists where the source takes any, and of the
    duplicates where it was running already.
    """
    journey.look("checks")
    journey.press("wizard.make_plan")
    if lists:
        journey.page.wait_for_url(re.compile("setup/lists"))
        journey.look("lists-and-links")
        journey.press("wizard.next")
    if duplicates:
        pass_duplicates(journey)
    journey.page.wait_for_url(re.compile("setup/plan"))
    journey.look("plan")


def pass_duplicates(journey: Journey) -> None:
    """Look at what the books have already, once the source is read, and go on."""
    journey.page.wait_for_url(re.compile("setup/duplicates"))
    expect(journey.page.get_by_role("heading", name=journey.said("wizard.duplicates_title"))).to_be_visible()
    journey.look("duplicates")
    journey.press("wizard.next")


def approve(journey: Journey) -> str:
    """Approve the first plan and see the proof; return the connection's own address."""
    journey.page.locator(".wiz-foot .btn-primary").click()
    journey.page.wait_for_url(re.compile("setup/done"))
    expect(journey.page.locator(".proved").first).to_be_visible()
    journey.look("proof")
    return journey.page.url.rpartition("/setup/")[0]


def pass_gates(journey: Journey) -> None:
    """Say of each point before the company that it is done; without that nobody gets on."""
    journey.press("wizard.next")
    expect(journey.page.get_by_role("alert")).to_be_visible()
    for box in journey.page.get_by_role("checkbox").all():
        box.check()
    journey.look("points-done")
    journey.press("wizard.next")


def ours(workshop: Workshop, kind: str) -> list[dict[str, Any]]:
    """Return what the books have of a kind with our mark on it."""
    with workshop.database.read() as session:
        company = session.scalars(select(Company)).one()
    every = workshop.client(company).query_all(kind)
    return [dict(each) for each in every if "[raccord " in str(each.get("PrivateNote", ""))]
