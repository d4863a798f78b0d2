"""The mapping of a connection: what fills what, the effect of a change before it is saved, and who changed what."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from harness import finish, lab
from httpx2 import Response
from programs import program
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.jobs.inline import HandOver
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import RoleName
from raccord.overview.weighing import volumes
from raccord.plugin.errors import BadRecord
from raccord.plugin.terms import TermTable
from raccord.store.models import Certificate, Choice, Company, Connection, LedgerEntry, RunState, TermOverride
from raccord.sync.problems import open_problem
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.api.application import PATH
from raccord_web.app import create_app


def test_a_change_is_seen_before_it_is_saved_and_counts_from_its_day(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Callable[..., Response], sandbox: SandboxServer
) -> None:
    own = f"/connections/{synced.id}/mapping"
    page = browser.get(own).text
    assert "Revenu Caisse" in page
    assert "chosen by Odile" in page
    assert re.search(rf'<a href="/connections/{synced.id}/lists">Lists for the source <span class="n">\d', page)
    assert "Revenu Caisse" not in browser.get(f"{own}?q=clearing").text
    assert "Nothing found" in browser.get(f"{own}?q=zebra").text
    with workshop.database.read() as session:
        held = session.scalars(select(Choice).where(Choice.role == "income")).one()
        other = session.scalars(
            select(LedgerEntry).where(LedgerEntry.type == "Income", LedgerEntry.object_id != held.ledger_id)
        ).first()
    assert other
    change = {"role": "income", "ledger": other.object_id, "first": "2026-03-01"}

    seen = send(own, own, **change)
    assert seen.status_code == 200
    text = re.sub(r"<[^>]+>", " ", seen.text)
    assert re.search(r"Would say something else\s+3\s", text)
    assert other.name in text.partition("Would move by")[2]
    with workshop.database.read() as session:
        assert len(session.scalars(select(Choice).where(Choice.role == "income")).all()) == 1

    assert send(own, own, **change, save="yes").headers["location"] == f"{own}?view=roles&done=chosen"
    assert send(own, own, word="sale", ledger="Counter sale", first="2026-03-10", save="yes").status_code == 303
    assert send(own, own, word="zebra", ledger="x", save="yes").status_code == 409
    assert send(own, own, role="income", ledger="nothing", save="yes").status_code == 409
    with workshop.database.read() as session:
        chosen = session.scalars(select(Choice).where(Choice.role == "income").order_by(Choice.valid_from)).all()
        said = session.scalars(select(TermOverride)).one()
    assert [each.valid_from for each in chosen] == [date(1, 1, 1), date(2026, 3, 1)]
    assert (said.ledger, said.valid_from) == ("Counter sale", date(2026, 3, 10))
    assert "Counter sale" in browser.get(f"{own}?view=terms").text
    history = browser.get(f"{own}?view=history").text
    assert other.name in history
    assert "Counter sale" in history
    assert re.search(r'<td class="l-1"[^>]*>Sale</td>', history), "a word is called by its label"
    assert "What “Sale” becomes" in browser.get(f"{own}?view=terms").text

    assert send(own, own, word="twint", ledger="sale", first="2026-03-10", save="yes").status_code == 303
    terms = browser.get(f"{own}?view=terms").text
    line = terms.partition(">twint</code>")[2].partition("</tr>")[0]
    assert "like “Sale”" in line, "the word that was added has a line of its own, called by what it became"
    assert "<select" not in line, "with nothing to choose where there is no other word"
    assert '<option value="sale">like “Sale”</option>' in terms, "the next one is chosen too"
    assert re.search(r'<option value="CreditMemo">Credit memo<', terms), "a word of programs has a name"
    assert re.search(r'<option value="Counter sale" selected>Counter sale<', terms)
    refused = send(own, own, **{"word:sale": "Crédit"}, save="yes")
    assert refused.status_code == 409
    assert "“Sale” (sale) cannot become “Crédit”" in refused.text
    assert "Nothing said (sale), Counter (Counter)" in refused.text, "and the refusal says what it can"
    assert send(own, own, **{"word:sale": "Crédit"}).status_code == 409, "no effect of it is shown either"
    with workshop.database.begin() as session:
        for subject, word in (
            ("sales/a", "gutschein"),
            ("sales/b", "gutschein"),
            ("sales/c", "bon"),
            ("sales/d", "sale"),
        ):
            said = TermTable({}).known
            with pytest.raises(BadRecord) as wrong:
                said(word, "kind")
            open_problem(
                session, connection_id=synced.id, run_id="", code="mapping.bad_record", subject=subject,
                params={"fr": wrong.value.reason.fr, "en": wrong.value.reason.en}, now=workshop.clock.now(),
            )  # fmt: skip
    terms = browser.get(f"{own}?view=terms").text
    assert re.findall(r'<option value="(\w+)"></option>', terms) == ["gutschein", "bon"], "words that records wait for"
    assert "2 words wait" in terms
    log = browser.get("/audit?action=term").text
    assert re.search(r'wrapped-value"[^>]*>Sale<span', log), "the audit calls the word by its name too"

    # Nothing changes from a day on that is closed or certified; what was never said replaces nothing.
    at = workshop.clock.now()
    lab(sandbox, "close-books", date="2026-03-31")
    with workshop.database.begin() as session:
        firm = session.get_one(Connection, synced.id).company_id
        session.get_one(Company, firm).books_closed_on = date(2026, 3, 31)
        session.add(
            Certificate(
                company_id=firm, month=date(2026, 4, 1), version=1, made_at=at, made_by="Odile", clean=True, body="{}",
                hash="x",
            )
        )  # fmt: skip
    assert 'name="first" value="2026-05-01"' in browser.get(own).text, (
        "and the day that is offered is the first open one"
    )
    late = {"word": "sale", "ledger": "Counter", "first": "2026-04-02"}
    for asked in ({**change, "first": "2026-03-31"}, late, {**late, "save": "yes"}):
        refused = send(own, own, **asked)
        assert refused.status_code == 409
        marked = re.search(r'aria-invalid="true" aria-describedby="([\w-]+)"', refused.text)
        assert marked
        beside = refused.text.partition(f'<p class="error" id="{marked[1]}">')[2].partition("</p>")[0]
        assert "Choose a day from 1\u00a0May\u00a02026 on" in beside
    assert "2\u00a0Apr\u00a02026 is in a certified month (2026-04)" in refused.text
    assert send(own, own, word="schein", ledger="sale", first="2026-03-10", save="yes").status_code == 303
    api = program(workshop, create_app(workshop, HandOver()), RoleName.OWNER, Scope.OWN, firm)
    own = f"{PATH}/connections/{synced.id}"
    closed = {"role": "income", "ledger_id": held.ledger_id, "first": "2026-03-31"}
    for call in ("choices", "choices/try"):
        assert api.post(f"{own}/{call}", json=closed).json()["code"] == "mapping.closed_month"
    assert api.post(f"{own}/choices", json={**closed, "first": "2026-05-01"}).status_code == 200


def test_the_changes_of_a_page_are_counted_seen_and_saved_together_or_not_at_all(
    workshop: Workshop,
    synced: Connection,
    browser: TestClient,
    send: Callable[..., Response],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = f"/connections/{synced.id}/mapping"
    page = browser.get(own).text
    row = page.partition('id="income"')[2].partition("</tr>")[0]
    assert "3 documents" in row, "what the last weeks brought: two sales and a refund"
    assert "Last 90 days" in page
    monkeypatch.setattr(volumes, "MOST", 2)
    page = browser.get(own).text
    assert ">Of the last 2<" in page
    newest = {each: page.partition(f'id="{each}"')[2].partition("</tr>")[0] for each in ("bank", "income")}
    assert "1 document<" in newest["bank"], "the bank line is the newest of all"
    assert "1 document<" in newest["income"], "then one of the day before, of two"
    assert ">Sur les 2 derniers<" in browser.get(own, headers={"accept-language": "fr"}).text
    monkeypatch.undo()
    with workshop.database.read() as session:
        held = {each.role: each.ledger_id for each in session.scalars(select(Choice))}
        other = session.scalars(
            select(LedgerEntry.object_id).where(LedgerEntry.type == "Income", LedgerEntry.object_id != held["income"])
        ).first()
        bank = session.scalars(
            select(LedgerEntry.object_id).where(LedgerEntry.type == "Bank", LedgerEntry.object_id != held["bank"])
        ).first()
    as_it_is = {f"role:{role}:": ledger for role, ledger in held.items()}
    assert send(own, own, **as_it_is).headers["location"] == f"{own}?view=roles", "nothing changed, nothing is asked"
    changed = {**as_it_is, "role:income:": other, "role:bank:": bank, "first": "2026-03-03"}

    seen = send(own, own, **changed).text
    assert "What these 2 changes do" in seen
    assert re.search(r'id="changes"[^>]*>2 changes<', seen)
    assert f'<option value="{other}" selected>' in seen, "what is not saved yet stays chosen"
    with workshop.database.read() as session:
        before = len(session.scalars(select(Choice)).all())
    assert send(own, own, **{**changed, "role:bank:": "nothing"}, save="yes").status_code == 409
    with workshop.database.read() as session:
        assert len(session.scalars(select(Choice)).all()) == before, "one that fits nowhere keeps all of them back"
    assert send(own, own, **changed, save="yes").headers["location"] == f"{own}?view=roles&done=chosen"
    with workshop.database.read() as session:
        now = {
            (each.role, each.ledger_id)
            for each in session.scalars(select(Choice).where(Choice.valid_from == date(2026, 3, 3)))
        }
    assert now == {("income", other), ("bank", bank)}


def test_what_is_posted_is_rewritten_by_a_plan_after_its_effect_was_seen(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Callable[..., Response]
) -> None:
    mapping, own = f"/connections/{synced.id}/mapping", f"/connections/{synced.id}/repost"
    days = {"first": "2026-03-01", "last": "2026-03-20"}
    assert "already says what your mapping says" in send(own, own, **days).text
    with workshop.database.read() as session:
        held = session.scalars(select(Choice).where(Choice.role == "income")).one()
        other = session.scalars(
            select(LedgerEntry).where(LedgerEntry.type == "Income", LedgerEntry.object_id != held.ledger_id)
        ).first()
    assert other
    send(mapping, mapping, role="income", ledger=other.object_id, first="2026-03-01", save="yes")
    assert own in browser.get(mapping).text

    seen = re.sub(r"<[^>]+>", " ", send(own, own, **days).text)
    assert re.search(r"Would say something else\s+3\s", seen)
    assert "Plan the rewrite of 3 documents" in seen
    assert ("Line 1, Product or service" in seen, "ItemRef" in seen) == (True, False), "properties have names"
    assert send(own, own, first="", last="x").status_code == 422
    assert send(own, own, first="2026-03-20", last="2026-03-01", save="yes").status_code == 409

    asked = send(own, own, **days, save="yes")
    assert (asked.status_code, asked.headers["location"].partition("?")[2]) == (303, "done=repost_asked")
    run = finish(workshop, asked.headers["location"].split("/")[2].partition("?")[0])
    assert run.state == RunState.APPROVAL
    waits = browser.get(own).text
    assert "A plan to rewrite 3 documents" in waits
    assert f"/plans/{run.plan_id}" in waits
    assert send(own, own, back="yes").headers["location"] == f"{own}?done=repost_cancelled"
    assert "A plan to rewrite" not in browser.get(own).text


def test_a_choice_that_was_made_on_another_one_is_refused_and_shows_what_stands(
    workshop: Workshop, synced: Connection, browser: TestClient, send: Callable[..., Response]
) -> None:
    """Anne opens the mapping, Bob chooses for one place; Anne saves another choice for it, or one for another place."""
    own = f"/connections/{synced.id}/mapping"
    with workshop.database.read() as session:
        income = session.scalars(select(LedgerEntry).where(LedgerEntry.type == "Income")).all()
        held = {each.role: each.ledger_id for each in session.scalars(select(Choice)) if not each.of}
    bob, anne = [each for each in income if each.object_id != held["income"]][:2]

    def seen_in(page: str) -> str:
        found = re.search(r'name="seen" value="([^"]+)"', page)
        assert found
        return found[1]

    def kept() -> list[tuple[str, str]]:
        with workshop.database.read() as session:
            rows = session.scalars(select(Choice).where(Choice.role == "income").order_by(Choice.valid_from))
            return [(each.valid_from.isoformat(), each.ledger_id) for each in rows]

    seen = seen_in(browser.get(own).text)
    assert (
        send(own, own, **{"role:income:": bob.object_id}, seen=seen, first="2026-03-05", save="yes").status_code == 303
    )
    before = kept()
    for save in ({}, {"save": "yes"}, {"save": "yes", "first": "2026-03-06"}):
        refused = send(own, own, **{"role:income:": anne.object_id}, seen=seen, **save)
        assert (refused.status_code, kept()) == (409, before), save
    told = refused.text.partition('role="alert"')[2].partition("</div>")[0]
    assert f"is “{bob.name}” now (" in told
    row = refused.text.partition('id="income"')[2].partition("</tr>")[0]
    assert f'value="{anne.object_id}" selected' in row, "what was typed stays in the form"
    assert f'data-was="{bob.object_id}"' in row, "beside what stands"

    # A field that Anne left alone takes nothing back, and her other changes are kept.
    page = send(own, own, **{"role:income:": held["income"]}, seen=seen, save="yes")
    assert (page.headers["location"], kept()) == (f"{own}?view=roles", before)
    again = {"role:income:": anne.object_id, "seen": seen_in(refused.text), "first": "2026-03-06", "save": "yes"}
    assert send(own, own, **again).status_code == 303
    assert kept() == [*before, ("2026-03-06", anne.object_id)], "once she saw what stands, it is her choice"

    terms = seen_in(browser.get(f"{own}?view=terms").text)
    counter = {"word:sale": "Counter sale", "view": "terms", "seen": terms, "save": "yes"}
    assert send(own, own, **counter, first="2026-03-10").status_code == 303
    assert send(own, own, **{**counter, "word:sale": "Counter"}).status_code == 409
    with workshop.database.read() as session:
        assert [each.ledger for each in session.scalars(select(TermOverride))] == ["Counter sale"]


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Create “Revenu Caisse” (Till Income)"), ("fr", "Créer « Revenu Caisse »<")],
)
@pytest.mark.every(2)
def test_a_name_in_the_language_of_the_books_is_explained_on_pages_in_the_other(
    workshop: Workshop, connection: Connection, browser: TestClient, language: str, said: str
) -> None:
    for page in (f"/connections/{connection.id}/mapping", f"/connections/{connection.id}/setup/accounts"):
        shown = browser.get(page, headers={"accept-language": language}).text.replace("\u00a0", " ")
        assert said in shown, page
    with workshop.database.begin() as session:
        session.get_one(Company, connection.company_id).language = "en"
    shown = browser.get(f"/connections/{connection.id}/mapping", headers={"accept-language": "en"}).text
    assert "Create “Till Income”<" in shown, "as it is made"
