"""On paper: what is proven, planned and listed stands whole on A4, without the menu, and says whose it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import served
from full_store import NOW, FullStore, Sizes, fill
from harness import OWNER, make_workshop
from playwright.sync_api import Browser, Page
from visiting import Visits

import raccord_bankfeed
import raccord_chase
from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.plugin.texts import Language
from raccord.store.database import Database
from raccord.sync.workshop import Workshop
from raccord_web.app import create_app

A4_PX = 688
"""The width between the margins that the pages ask for, at 96 px an inch."""
COMPANY = "Atelier Boréal inc."

CUT = """() => [...document.querySelectorAll("main *")].filter(each => {
    const box = each.getBoundingClientRect();
    return box.width > 0 && !each.closest(".sr") && (box.right > innerWidth + 1 || box.left < -1);
}).map(each => each.outerHTML.slice(0, 120)).slice(0, 5)"""
"""What stands beyond the edge of the paper."""
SCROLLS = """() => [...document.querySelectorAll("main *")].filter(each =>
    ["auto", "scroll", "hidden"].includes(getComputedStyle(each).overflowX) && each.scrollWidth > each.clientWidth + 1
    && !each.closest(".sr") && each.clientWidth > 1).map(each => each.outerHTML.slice(0, 120)).slice(0, 5)"""
"""What could be scrolled on a screen, and is cut off on paper."""
MENUS = ".side, .topbar, .bottombar, .tabs, .toolbar, .pager, .crumbs, form, .skip, .btn"


@pytest.fixture
def workshop(database: Database, data_dir: Path) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, "http://127.0.0.1:1", FixedClock(NOW), raccord_chase, raccord_bankfeed)
    yield made
    made.close()


def on_paper(page: Page, address: str) -> str:
    """Return what the title of a page is once nothing of it is cut off, and no menu stands on the paper."""
    page.goto(address)
    page.emulate_media(media="print")
    assert (page.evaluate(CUT), page.evaluate(SCROLLS)) == ([], []), address
    shown = page.locator(MENUS).filter(visible=True)
    assert shown.count() == 0, (address, shown.first.evaluate("each => each.outerHTML.slice(0, 200)"))
    assert re.search(COMPANY, page.locator(".paper").inner_text()), address
    return page.title()


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.every(2)
def test_proof_plan_and_records_are_whole_on_a4_and_say_whose_they_are(
    workshop: Workshop, chromium: Browser, language: Language
) -> None:
    store: FullStore = fill(workshop.database, Sizes(records=160, holds=8, problems=8, drifts=4, entries=6))
    with served(create_app(workshop, HandOver(), OWNER)) as url:
        visits = Visits(chromium, url)
        page = visits.open(language, A4_PX)
        month = "mars 2026" if language == "fr" else "March 2026"
        months = "mars\u00a02026" if language == "fr" else "Mar\u00a02026"
        titles = {
            name: on_paper(page, address)
            for name, address in (
                ("proof", f"/connections/{store.cards}/proof?month=2026-03-01"),
                ("books", "/proof"),
                ("plan", f"/plans/{store.waiting_plan}"),
                ("records", "/records?first=2026-03-01&last=2026-03-31"),
            )
        }
        visits.close()
    assert visits.complaints == []
    assert {name for name, title in titles.items() if COMPANY not in title} == set()
    assert month in titles["proof"]
    assert set(re.findall("(?:Mar|mars)\u00a02026", titles["plan"] + titles["records"])) == {months}
