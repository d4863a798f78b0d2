"""What an extension answered is told on the record's page, in both languages, and by the API."""

from __future__ import annotations

from types import ModuleType

import till
from harness import catalog_of, choose_usual, enable, sync
from programs import program
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.jobs.inline import HandOver
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import RoleName
from raccord.plugin import AccountChoice, AccountNeed, ResolveContext, Text, hookimpl
from raccord.scope import Scopes
from raccord.store.models import Company, Connection, SourceRecord
from raccord.sync.workshop import Workshop
from raccord_web.app import create_app


def test_a_records_page_and_the_api_tell_which_extension_gave_an_account(
    workshop: Workshop, connection: Connection, company: Company, browser: TestClient
) -> None:
    @hookimpl
    def resolve_account(context: ResolveContext, need: AccountNeed) -> AccountChoice | None:
        if need.role != "income":
            return None
        found = next(each for each in need.candidates if each.name == "Services")
        return AccountChoice(found.id, Text("Vendu <au marché>.", "Sold <at the market>."))

    rules = ModuleType("house_rules")
    rules.__dict__["resolve_account"] = resolve_account
    workshop.scopes = Scopes(catalog_of(till, extensions={"house": rules}))
    enable(workshop, company, "house")
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"}]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    with workshop.database.read() as session:
        record = session.scalars(select(SourceRecord)).one()
    english = browser.get(f"/records/{record.id}").text
    assert "Answered by an extension or the connector" in english
    assert "<dt>Income</dt><dd>Services" in english
    assert "house 2.1" in english
    assert "Sold &lt;at the market&gt;." in english
    browser.cookies.set("raccord_lang", "fr")
    french = browser.get(f"/records/{record.id}", headers={"accept-language": "fr"}).text
    assert "Répondu par une extension ou par le connecteur" in french
    assert "Vendu &lt;au marché&gt;." in french
    reader = program(workshop, create_app(workshop, HandOver()), RoleName.ACCOUNTANT, Scope.READ, company.id)
    [answer] = reader.get(f"/api/v1/records/{record.id}").json()["answers"]
    assert (answer["hook"], answer["plugin"], answer["version"], answer["about"], answer["name"]) == (
        "resolve_account", "house", "2.1", "income", "Services",
    )  # fmt: skip
    assert answer["reason"] == {"fr": "Vendu <au marché>.", "en": "Sold <at the market>."}
