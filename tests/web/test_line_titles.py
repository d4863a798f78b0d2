"""Bank lines are called by their text, day and amount on every page, and found by it; keys stay beside them."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import till
from harness import OWNER, choose_usual, finish, request, sync
from lines_at_hand import account, asked, category, line
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.onboarding.deciding.treating import treat
from raccord.plugin.drafts import Customer, Deposit, Role
from raccord.store.models import Company, Connection, DraftRow, Problem, ProblemState
from raccord.sync.bodies import dump_draft
from raccord.sync.lines.titles import titles_by_id
from raccord.sync.workshop import Workshop

CALLED = {
    "fr": "SHELL &#34;STATION&#34; 0442 · 4\u00a0mars · \u221264,80\u00a0$",
    "en": "SHELL &#34;STATION&#34; 0442 · 4\u00a0Mar · \u2212$64.80",
}


def test_a_bank_line_is_called_by_what_it_is_everywhere_and_found_by_it(
    workshop: Workshop, company: Company, connection: Connection, browser: TestClient
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [
        line(1, "-64.80", 'SHELL "STATION" 0442'),
        line(2, "-9.00", "HYDRO-QUÉBEC 50%"),
        {"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "7.00"},
    ]
    sync(workshop, connection)
    treat(workshop, OWNER, asked(workshop)["b1"].id, category(account(workshop, company, "Expense")))
    plan_id = finish(workshop, request(workshop, connection, stop_after="plan")).plan_id
    with workshop.database.begin() as session:
        row = session.scalars(select(DraftRow).where(DraftRow.key == "bank/b1")).one()
        record_id = row.record_id
        session.add(
            Problem(
                id="P1", connection_id=connection.id, code="posting.refused", subject=row.key,
                stream="bank", params={}, run_id="", opened_at=workshop.clock.now(), state=ProblemState.OPEN,
            )
        )  # fmt: skip
    for language, called in CALLED.items():
        browser.headers["accept-language"] = language
        for page in (
            f"/records/{record_id}",
            f"/records/{record_id}/undo",
            "/problems",
            "/problems?code=posting.refused",
        ):
            shown = browser.get(page).text
            assert called in shown, page
        heading = re.search(r"<h1>(.*?)</h1>", browser.get(f"/records/{record_id}/undo").text)
        assert heading is not None
        assert "&amp;" not in heading[1], "escaped once"
        shown = browser.get(f"/records/{record_id}").text
        assert f"<title>{called}" in shown
        assert f"<h1>{called}</h1>" in shown
        assert "b1" in shown, "the number of the source stays"
        shown = browser.get(f"/plans/{plan_id}").text
        assert 'class="main wrapped-value">SHELL &#34;STATION&#34; 0442</span>' in shown
        assert "bank/b1" in shown
        listed = browser.get("/records").text
        assert f'href="/records/{record_id}">SHELL &#34;STATION&#34; 0442</a>' in listed
    for words, found in (
        ("shell", ["SHELL"]), ('"station" 04', ["SHELL"]), ("québec", ["HYDRO"]), ("QUÉBEC", ["HYDRO"]),
        ("50%", ["HYDRO"]), ("0%4", []), ("memo", []), ("b1", ["SHELL"]), ("s1", []),
    ):  # fmt: skip
        shown = browser.get("/records", params={"q": words}).text
        assert [each for each in ("SHELL", "HYDRO") if f">{each}" in shown] == found, words


def test_a_document_is_called_by_its_kind_and_not_by_the_memo_that_its_connector_wrote(
    workshop: Workshop, synced: Connection
) -> None:
    said = Deposit(
        key="deposits/1", day=date(2026, 11, 17), currency="CAD", bank=Role("bank"), lines=(),
        total=Decimal("4671.77"), memo="Dépôt de règlement",
    )  # fmt: skip
    customer = Customer(key="customers/1", name="Marie Roy", memo="Cliente depuis 2020")
    with workshop.database.read() as session:
        titles = titles_by_id(session, {1: (synced.id, dump_draft(said)), 2: (synced.id, dump_draft(customer))})
    assert (titles[1].kind, titles[1].text, str(titles[1].amount)) == ("Deposit", "", "4671.77")
    assert titles[2].text == "Marie Roy"
