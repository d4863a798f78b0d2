"""The pages in front of a store as years leave it: all of them answer, and ask as often for much as for little."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import browser_of
from full_store import NOW, FullStore, Sizes, addresses, fill
from harness import make_workshop
from lent_databases import LentPostgres
from programs import member
from sqlalchemy import event
from starlette.testclient import TestClient

import raccord_bankfeed
import raccord_chase
from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.onboarding.access.api_tokens import Scope, make_token
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.access.sessions import open_session
from raccord.store.database import Database
from raccord.store.models import Person
from raccord.sync.workshop import Workshop
from raccord_web.app import create_app

FEW = Sizes(records=160, holds=8, problems=8, drifts=4, entries=6)
MANY = Sizes(records=500, holds=40, problems=60, drifts=30, entries=20)
EACH_COMPANY = {
    "/gaps": 10, "/questions": 1,
    # The rules of each company whose lines are on the page.
    "/review": 1, "/review?offset=4000&direction=out": 1, "/review?state=answered": 1,
}  # fmt: skip
"""Pages that show a bounded number of connections or companies whole: how often they ask for one more company, which
has two connections."""


@pytest.fixture
def workshop(database: Database, data_dir: Path) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, "http://127.0.0.1:1", FixedClock(NOW), raccord_chase, raccord_bankfeed)
    yield made
    made.close()


def test_every_page_and_list_asks_as_often_of_a_full_store_as_of_a_small_one(workshop: Workshop) -> None:
    store, browser, token = shown(workshop)
    few = asked(workshop, browser, addresses(store), token)
    home = browser.get("/?days=90").text
    assert 'aria-current="true">90 days' in home
    drawn, told = home.count("<rect class="), home.count('<tr><td class="nowrap">')
    assert drawn >= told > 5, "what is drawn stands in a table too"
    fill(workshop.database, MANY, seed=2, after=FEW.records)
    many = asked(workshop, browser, addresses(store), token)
    grown = {page: many[page] - few[page] for page in few if many[page] != few[page]}
    assert {page: more for page, more in grown.items() if more > EACH_COMPANY.get(page, 0)} == {}
    assert max(few.values()) <= 50
    assert len(few) > 70


def test_every_page_and_list_answers_on_postgresql(lent_postgres: LentPostgres, data_dir: Path) -> None:
    lent_postgres.refill()
    made = make_workshop(
        lent_postgres.database, data_dir, "http://127.0.0.1:1", FixedClock(NOW), raccord_chase, raccord_bankfeed
    )
    try:
        store, browser, token = shown(made)
        assert made.database.engine.dialect.name == "postgresql"
        assert len(asked(made, browser, addresses(store), token)) > 70
    finally:
        made.close()
        lent_postgres.database.dispose()


def shown(workshop: Workshop) -> tuple[FullStore, TestClient, str]:
    """Fill a small store, and return it with its owner's browser and a token that reads it."""
    store = fill(workshop.database, FEW)
    owner_id = member(workshop, "owner@example.ca", RoleName.OWNER, "")
    with workshop.database.read() as session:
        owner = session.get_one(Person, owner_id)
    browser = browser_of(create_app(workshop, HandOver()))
    browser.cookies.set("raccord_session", open_session(workshop, owner, "", ""))
    return store, browser, make_token(workshop, owner.id, store.company_id, "bench", Scope.READ)[1]


def asked(workshop: Workshop, browser: TestClient, pages: list[str], token: str) -> dict[str, int]:
    """Return how many statements each page takes."""
    said: list[str] = []

    def note(*told: Any) -> None:
        said.append(told[2])

    found = {}
    event.listen(workshop.database.engine, "before_cursor_execute", note)
    try:
        for page in pages:
            said.clear()
            answer = browser.get(page, headers={"Authorization": f"Bearer {token}"} if "/api/" in page else {})
            if answer.status_code == 303 and "offset=" in page:
                # A small store ends before that part.
                said.clear()
                answer = browser.get(answer.headers["location"])
            assert answer.status_code == 200, page
            found[page] = len(said)
    finally:
        event.remove(workshop.database.engine, "before_cursor_execute", note)
    return found
