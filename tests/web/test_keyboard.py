"""By keyboard alone: rows are walked and opened, a mapping is saved, Tab reaches everything and shows where it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chromium import served
from harness import OWNER
from playwright.sync_api import Browser, Page, expect
from visiting import PATIENCE_MS, Visits

from raccord.jobs.inline import HandOver
from raccord.store.models import Connection
from raccord.sync.workshop import Workshop
from raccord_web.app import create_app

expect.set_options(timeout=PATIENCE_MS)

REACHABLE = """() => [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex='0']")].filter(each =>
    !each.disabled && each.type !== "hidden" && each.checkVisibility({visibilityProperty: true}) && each.tabIndex >= 0)
    .map((each, at) => { each.dataset.reach = String(at);
        return [String(at), each.type === "radio" ? each.name : ""]; })"""
"""Marks what a person could act on; of a group of radio buttons Tab reaches one, so these come with its name."""

HERE = """() => { const at = document.activeElement, look = getComputedStyle(at);
    const around = at.closest(".choice, .cand"), ring = around ? getComputedStyle(around) : look;
    const seen = [look, ring].some(each => each.outlineStyle !== "none" && parseFloat(each.outlineWidth) >= 2);
    return [at.dataset.reach ?? "", at.type === "radio" ? at.name : "", seen, at.outerHTML.slice(0, 90)]; }"""


@pytest.fixture
def page(workshop: Workshop, chromium: Browser) -> Iterator[Page]:
    with served(create_app(workshop, HandOver(), OWNER)) as url:
        visits = Visits(chromium, url)
        yield visits.open("en")
        visits.close()
    assert visits.complaints == []


def test_rows_are_walked_opened_and_saved_without_a_mouse(page: Page, synced: Connection) -> None:
    page.goto("/records")
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    page.keyboard.press("k")
    second = page.locator("#records a.cover").nth(1)
    expect(second).to_be_focused()
    name = second.inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)

    # In a field the same letters are letters; outside of rows arrows scroll as ever.
    page.goto(f"/connections/{synced.id}/mapping")
    page.keyboard.press("ArrowDown")
    expect(page.locator("body")).to_be_focused()
    page.keyboard.press("j")
    row = page.locator(".mapline").first
    expect(row).to_be_focused()
    page.keyboard.press("Enter")
    field = row.locator("select")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(row).to_be_focused()
    page.keyboard.press("Enter")
    field.select_option(index=2)
    page.keyboard.press("Control+s")
    expect(page.locator(".mapline").first.locator("select")).not_to_have_value("")
    assert "Nobody" not in page.locator(".mapline").first.inner_text()
    page.goto("/help/keyboard")
    expect(page.get_by_text("Save what is changed")).to_be_visible()


def test_single_letters_can_be_switched_off(page: Page, synced: Connection) -> None:
    page.goto("/settings")
    page.locator("input[name=keys]").uncheck()
    page.get_by_role("button", name="Keep").first.click()
    page.goto("/records")
    page.keyboard.press("j")
    expect(page.locator("body")).to_be_focused()


PLACES = ["/", "/records", "/connections/{}", "/connections/{}/mapping", "/connect/till"]


def test_tab_reaches_everything_and_shows_where_it_is(page: Page, synced: Connection) -> None:
    wrong: list[str] = []
    for place in PLACES:
        page.goto(place.format(synced.id))
        left = dict(page.evaluate(REACHABLE))
        assert left, place
        # A date is several stops, and the browser's own bars are some.
        for _ in range(4 * len(left)):
            page.keyboard.press("Tab")
            reach, group, seen, what = page.evaluate(HERE)
            left = {other: its for other, its in left.items() if other != reach and not (group and its == group)}
            if reach and not seen:
                wrong.append(f"{place}: no ring around {what}")
            if not left:
                break
        for each in left:
            what = page.evaluate("at => document.querySelector(`[data-reach='${at}']`)?.outerHTML.slice(0, 90)", each)
            wrong.append(f"{place}: not reached: {what}")
    assert wrong == []
