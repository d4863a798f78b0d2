"""The forms that mend a cause on the page of problems: refused with what was typed, kept and retried, by whom."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import till
from browsing import TOKEN, somebody
from fastapi import FastAPI
from harness import OWNER, choose_usual, finish, lab, request, sync
from moments import Moments
from sqlalchemy import func, select
from starlette.testclient import TestClient
from till_company import again

from raccord.jobs.inline import HandOver
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.quickbooks import Cause
from raccord.store.models import Choice, Company, Connection, Event, Plan, Problem, ProblemState, Run
from raccord.sync.posting.periods import ClosedPolicy
from raccord.sync.workshop import Workshop
from raccord_sandbox.entities.kind import Kind
from raccord_sandbox.operations import write
from raccord_sandbox.refusing.faults import Doc, FaultError
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.app import create_app
from raccord_web.parts.mending import MENDABLE

SALE = {"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "1.00"}


@dataclass(frozen=True)
class Refusal:
    """With which code QuickBooks refuses for a cause, and the role whose answer mends it."""

    code: int
    role: str


REFUSALS = {
    Cause.INACTIVE_REFERENCE: Refusal(2500, "clearing"),
    Cause.WRONG_ACCOUNT_TYPE: Refusal(6430, "clearing"),
    Cause.MISSING_TAX_CODE: Refusal(6100, "tax"),
}
LANGUAGES = ("fr", "en")
DOES_NOT_FIT = {
    "fr": "L’objet 999999 n’existe pas, est inactif ou ne convient pas ici.",
    "en": "The object 999999 does not exist, is inactive or does not fit here.",
}
NO_POLICY = {
    "fr": "Cette réponse pour une période close n’existe pas.",
    "en": "There is no such answer for a closed period.",
}


@pytest.fixture
def house(workshop: Workshop) -> FastAPI:
    """The pages of an installation where people sign in."""
    return create_app(workshop, HandOver())


@pytest.fixture
def waiting(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer, till_moments: Moments
) -> Run:
    """A run of one sale whose plan waits, in books that have a second drawer."""
    till.ROWS["T1"] = [SALE]

    def live() -> Run:
        lab(sandbox, "create", entity="Account", changes={"Name": "Tiroir", "AccountType": "Bank"})
        choose_usual(workshop, connection, company)
        return finish(workshop, request(workshop, connection))

    return again(till_moments, workshop, "mending", live)


def post(browser: TestClient, language: str, fields: dict[str, str]) -> Any:
    found = TOKEN.search(browser.get("/settings").text)
    assert found
    data = {"form_token": found[1], **fields}
    return browser.post("/problems/mend", data=data, headers={"accept-language": language})


def refuse_sales(code: int) -> Callable[..., Doc]:
    """Return the sandbox's own write, but that it refuses each sale with a code, alone among its batch."""

    def refusing(company: Any, kind: Kind, *rest: Any, **more: Any) -> Doc:
        if kind.name == "SalesReceipt":
            raise FaultError(code, "as armed")
        return write(company, kind, *rest, **more)

    return refusing


def form_in(page: str) -> str:
    found = re.search(r'action="/problems/mend".*?</form>', html.unescape(page), re.DOTALL)
    assert found, page[page.index("<main") :]
    return found[0]


def select_in(form: str, role: str) -> str:
    found = re.search(rf'<select[^>]* name="ledger_{role}".*?</select>', form, re.DOTALL)
    assert found, form
    return found[0]


def state_of(workshop: Workshop, connection: Connection) -> tuple[object, ...]:
    """Return everything that an answer would change."""
    with workshop.database.read() as session:
        held = session.get_one(Connection, connection.id)
        choices = select(Choice.role, Choice.ledger_id, Choice.valid_from).order_by(Choice.role, Choice.valid_from)
        return (
            held.closed_policy, held.revision, session.execute(choices).all(), open_codes(workshop),
            session.scalar(select(func.count()).select_from(Event)),
        )  # fmt: skip


def open_codes(workshop: Workshop) -> list[str]:
    with workshop.database.read() as session:
        return list(session.scalars(select(Problem.code).where(Problem.state == ProblemState.OPEN)))


def nobody_else_may(workshop: Workshop, house: FastAPI, connection: Connection, fields: dict[str, str]) -> None:
    """A stranger finds nothing, a guest is refused and sees no form, and neither changes anything."""
    with workshop.database.begin() as session:
        other = Company(environment="sandbox", realm="77", name="Autre", created_at=workshop.clock.now())
        session.add(other)
        session.flush()
    stranger = somebody(workshop, house, "eve@example.ca", RoleName.OWNER, other.id)
    guest = somebody(workshop, house, "bea@example.ca", RoleName.ACCOUNTANT, connection.company_id)
    before = state_of(workshop, connection)
    assert post(stranger, "en", fields).status_code == 404
    assert post(guest, "en", fields).status_code == 403
    page = guest.get("/problems").text
    assert fields["code"] in page
    assert "/problems/mend" not in page
    assert state_of(workshop, connection) == before


def test_every_cause_with_a_form_has_its_journey_here() -> None:
    assert {*REFUSALS, Cause.PERIOD_CLOSED} == MENDABLE


@pytest.mark.requirement("CH-56", "TD-35")
@pytest.mark.parametrize("cause", REFUSALS)
def test_a_refused_place_is_answered_in_its_problem_by_who_may(
    cause: Cause, workshop: Workshop, company: Company, connection: Connection, waiting: Run, browser: TestClient,
    house: FastAPI, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    role = REFUSALS[cause].role
    other = {"clearing": "tax", "tax": "clearing"}[role]
    with workshop.database.read() as session:
        plan = session.get_one(Plan, waiting.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    with monkeypatch.context() as refusing:
        for place in ("batch", "serving.routing"):
            refusing.setattr(f"raccord_sandbox.{place}.write", refuse_sales(REFUSALS[cause].code))
        finish(workshop, waiting.id)
    assert open_codes(workshop) == [cause]
    form = form_in(browser.get("/problems").text)
    held = {each: re.search(rf'name="held_{each}" value="(\d*)"', form) for each in (role, other)}
    fields = {"connection": connection.id, "code": str(cause)}
    fields |= {f"held_{each}": found[1] for each, found in held.items() if found}
    (wanted, *_) = [
        each for each in re.findall(r'<option value="(\d+)">', select_in(form, role)) if each != fields[f"held_{role}"]
    ]
    right = {**fields, f"ledger_{role}": wanted}
    every = len(re.findall(r'<option value="\d+"', select_in(form, role)))
    assert "choices here" not in form
    with monkeypatch.context() as short:
        # Of lists that are longer than what is shown, it says how long they are, and words lead to the others.
        for place in ("raccord.overview.questions", "raccord_web.parts.mending"):
            short.setattr(f"{place}.MOST", 2)
        part = form_in(browser.get("/problems").text)
        assert f"2 of {every} choices here: a few words find the others." in part
        name = re.search(rf'<option value="{wanted}">([^<]+)', select_in(form, role))
        assert name
        found = browser.get("/problems", params={"among": html.unescape(name[1])}).text
        assert f'<option value="{wanted}">' in select_in(form_in(found), role)
        assert 'name="among"' in found.partition("<noscript>")[2]

    before = state_of(workshop, connection)
    for language in LANGUAGES:
        # The good answer stands first: it is not kept either.
        refused = post(browser, language, {**right, f"ledger_{other}": "999999"})
        assert refused.status_code == 409
        shown = form_in(refused.text)
        assert DOES_NOT_FIT[language] in shown
        assert f'<option value="{wanted}" selected>' in select_in(shown, role)
        assert '<option value="999999" selected>' in select_in(shown, other)
        assert 'aria-invalid="true"' in select_in(shown, other)
        assert 'aria-invalid="true"' not in select_in(shown, role)
        unknown = post(browser, language, {**right, "ledger_nowhere": wanted})
        assert (unknown.status_code, "nowhere" in form_in(unknown.text)) == (409, True)
    assert post(browser, "en", {**right, "code": "posting.refused"}).status_code == 400
    assert state_of(workshop, connection) == before
    nobody_else_may(workshop, house, connection, right)

    assert post(browser, "fr", right).status_code == 303
    with workshop.database.read() as session:
        chosen = session.scalars(select(Choice).where(Choice.role == role).order_by(Choice.valid_from)).all()
    assert chosen[-1].ledger_id == wanted
    sync(workshop, connection)
    (sold,) = workshop.client(company).query_all("SalesReceipt")
    (line, *_) = sold["Line"]
    placed = {
        "clearing": sold["DepositToAccountRef"]["value"], "tax": line["SalesItemLineDetail"]["TaxCodeRef"]["value"]
    }  # fmt: skip
    assert placed[role] == wanted
    assert open_codes(workshop) == []
    assert "/problems/mend" not in browser.get("/problems").text


@pytest.mark.requirement("CH-56")
def test_a_closed_period_is_answered_in_its_problem_by_who_may(
    workshop: Workshop, company: Company, connection: Connection, sandbox: SandboxServer, browser: TestClient,
    house: FastAPI,
) -> None:  # fmt: skip
    lab(sandbox, "close-books", realm=company.realm, date="2026-03-18")
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [SALE]
    sync(workshop, connection)
    right = {"connection": connection.id, "code": str(Cause.PERIOD_CLOSED), "policy": str(ClosedPolicy.NEXT_OPEN_DAY)}
    before = state_of(workshop, connection)
    for language in LANGUAGES:
        for wrong in ("never", ""):
            refused = post(browser, language, {**right, "policy": wrong})
            assert refused.status_code == 400
            assert NO_POLICY[language] in form_in(refused.text)
    assert state_of(workshop, connection) == before
    nobody_else_may(workshop, house, connection, right)
    assert post(browser, "fr", right).status_code == 303
    with workshop.database.read() as session:
        assert session.get_one(Connection, connection.id).closed_policy == ClosedPolicy.NEXT_OPEN_DAY
    sync(workshop, connection)
    (sold,) = workshop.client(company).query_all("SalesReceipt")
    assert sold["TxnDate"] == "2026-03-19"
    assert open_codes(workshop) == []
    assert "/problems/mend" not in browser.get("/problems").text
