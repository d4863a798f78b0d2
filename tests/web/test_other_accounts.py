"""A file handed in to the wrong connection: its own is named, with the way there, and what to do is about files."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from browsing import somebody
from programs import another_company
from starlette.testclient import TestClient

from raccord.jobs.inline import HandOver
from raccord.onboarding.access.people import RoleName
from raccord.overview.explain import explain
from raccord.plugin.texts import Language
from raccord.store.models import Connection, Problem
from raccord.sync.workshop import Workshop
from raccord_web.app import create_app


@pytest.fixture
def refuse(workshop: Workshop, synced: Connection) -> Callable[[str], None]:
    """Have a file be refused because it is of the account of a number."""

    def refused(number: str) -> None:
        text = {
            "en": f"The file is of merchant {number}, this connection of T1.",
            "fr": f"Celui du commerçant {number}.",
        }
        with workshop.database.begin() as session:
            session.add(
                Problem(
                    connection_id=synced.id, run_id="r", code="till.other_merchant", subject=f"sales/{number}",
                    params=text, opened_at=workshop.clock.now(),
                )
            )  # fmt: skip

    return refused


def beside(workshop: Workshop, one: Connection, company_id: str) -> str:
    """Return the id of a connection of the account 777002."""
    with workshop.database.begin() as session:
        other = Connection(
            company_id=company_id, connector=one.connector, label="Second till", source_identity="777002",
            starts_on=one.starts_on, set_up_at=workshop.clock.now(), created_by="t",
        )  # fmt: skip
        session.add(other)
    return other.id


@pytest.mark.parametrize(
    ("language", "there", "advice"),
    [
        ("en", "Hand it in to “Second till”", "Hand it in on the page of files of that account"),
        ("fr", "Le remettre à « Second till »", "Remettez-le à la page des fichiers de la connexion de ce compte"),
    ],
)
@pytest.mark.every(2)
def test_a_file_of_another_account_leads_to_the_connection_that_takes_it(
    workshop: Workshop, synced: Connection, browser: TestClient, refuse: Callable[[str], None], language: str,
    there: str, advice: str,
) -> None:  # fmt: skip
    browser.headers["accept-language"] = language
    page = f"/connections/{synced.id}/files"
    refuse("0000777002")
    before = browser.get(page).text
    assert 'href="/connect/till"' in before, "no connection is of that account yet"
    other = beside(workshop, synced, synced.company_id)
    shown = browser.get(page).text.replace("\u00a0", " ")
    assert f'href="/connections/{other}/files">{there}</a>' in shown
    assert advice in shown
    assert "Correct the row" not in shown
    assert "Corrigez la ligne" not in shown


def test_another_companys_connection_is_not_named(
    workshop: Workshop, synced: Connection, refuse: Callable[[str], None]
) -> None:
    refuse("777002")
    refuse("1777002")
    other = beside(workshop, synced, another_company(workshop))
    keeper = somebody(
        workshop, create_app(workshop, HandOver()), "k@example.ca", RoleName.BOOKKEEPER, synced.company_id
    )
    shown = keeper.get(f"/connections/{synced.id}/files").text
    assert "777002" in shown
    assert other not in shown
    assert "Second till" not in shown


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_row_of_another_account_is_not_to_be_corrected(language: Language) -> None:
    said = explain("chase.other_merchant", {}, language, "page")
    assert said.fix.startswith(("Hand it in on", "Remettez-le à"))
    assert said.fix != explain("chase.bad_row", {}, language, "page").fix
