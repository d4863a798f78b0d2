"""A bank is connected through its provider."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from browsing import TOKEN
from harness import OWNER, consent, finish
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient
from wizards import count

from raccord.jobs.inline import HandOver
from raccord.jobs.requests import request_run
from raccord.onboarding.connecting.connections import update_settings
from raccord.onboarding.deciding.decisions import BEGINNING, choose
from raccord.plugin import OWNER_ROLE
from raccord.plugin.texts import Language
from raccord.store.models import (
    Choice,
    Company,
    Connection,
    ConnectionState,
    SourceRecord,
)
from raccord.sync.workshop import Workshop
from raccord_bankfeed.twins.http import TwinServer
from raccord_bankfeed.twins.simplefin import SimpleFinTwin
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.words.wording import wording


@pytest.mark.requirement(
    "BF-08",
    "BF-09",
    "BF-10",
    "BF-13",
    "BF-14",
    "BF-15",
    "BF-16",
    "BF-17",
    "BF-18",
    "BF-19",
    "BF-22",
    "BF-23",
    "BF-24",
    "K11",
    "K20",
)
def test_a_bank_is_connected_through_its_provider_and_its_credentials_change_in_place(
    workshop: Workshop, sandbox: SandboxServer, browser: TestClient, send: Callable[..., Response]
) -> None:
    found = consent(workshop, sandbox.store.of_template("quebec").realm)
    lines = [{"id": "TRN-77", "posted": 1773835200, "amount": "-12.34", "description": "STAPLES"}]
    twin = SimpleFinTwin(
        [
            {"id": f"ACT-{n}", "name": f"Account {n}", "currency": "CAD", "balance": "1.00", "transactions": lines}
            for n in (1, 2, 3)
        ]
    )
    page = f"/connect/bankfeed/source?mode=first_time&company={found.id}"
    assert "s_simplefin_token" not in browser.get(page).text, "a provider's form stands where it is chosen"
    searched = browser.get(f"{page}&q=montreal%20BMO").text
    assert "BMO Banque de Montréal" in searched
    assert "90 days back" in searched
    nowhere = browser.get(f"{page}&q=no%20such%20bank").text
    assert not re.search(r'<ul class="plain mt-2"[^>]*>\s*<li><a', nowhere), "a way is not set in the icon's column"
    assert "my bank is not here: import its files" in nowhere
    picked = browser.get(f"{page}&institution=bmo-banque-de-montréal-simplefin").text
    assert 'value="simplefin" selected' in picked
    assert 'value="BMO Banque de Montréal"' in picked
    made = send(page, "/connect/bankfeed/source", company=found.id, mode="first_time", s_input_kind="simplefin")
    assert made.headers["location"].endswith("/setup/signin")
    own = made.headers["location"].rpartition("/")[0]
    with TwinServer(twin) as server:
        twin.url = server.url
        form = {"s_simplefin_server": server.url, "s_simplefin_token": "canary-token"}
        shown = browser.get(f"{own}/signin").text
        assert 'id="s_simplefin_token" name="s_simplefin_token" type="password"' in shown
        assert "s_simplefin_access" not in shown
        old = re.search(r'name="seen" value="([^"]*)"', shown)
        assert old, "the form says on what it was made"
        id_ = own.split("/")[2]
        update_settings(workshop, OWNER, id_, {"simplefin_server": "https://other.example"})
        changed = send(f"{own}/signin", f"{own}/signin", **form, seen=old[1])
        assert (changed.status_code, "Somebody changed these settings" in changed.text) == (409, True)
        assert "https://other.example" in changed.text.partition('role="alert"')[2].partition("</ul>")[0]
        assert f'value="{server.url}"' in changed.text, "what was typed stays"
        with workshop.database.read() as session:
            assert session.get_one(Connection, id_).settings["simplefin_server"] == "https://other.example"
        wrong = send(f"{own}/signin", f"{own}/signin", **form)
        assert wrong.status_code == 409
        assert "This is no setup token" in wrong.text
        plain = send(f"{own}/signin", f"{own}/signin", s_simplefin_server="http://10.0.0.1")
        assert plain.status_code == 422
        asked = send(f"{own}/signin", f"{own}/signin", **form | {"s_simplefin_token": twin.token()})
        assert "Read “Account 3”" in asked.text
        assert not [each for each in twin.log if each.one("start-date")], "no line is read before"
        nothing = send(f"{own}/signin", f"{own}/signin", answering="yes")
        assert "Choose at least one account." in nothing.text
        done = send(f"{own}/signin", f"{own}/signin", answering="yes", **{"a_take:ACT-2": "on"})
        assert done.headers["location"] == f"{own}/accounts"
        accounts_are_told_on_one_step(workshop, found, browser, send, own)
        assert "This way the source gives 90 days: since" in browser.get(f"{own}/scope").text, "before a day is chosen"
        far = send(f"{own}/scope", f"{own}/scope", first="2024-03-20", time_zone="America/Toronto")
        assert far.status_code == 409
        assert "gives 90 days only" in far.text
        assert "a file of the bank (CSV or other)" in far.text
        send(f"{own}/scope", f"{own}/scope", first="2026-03-01", time_zone="America/Toronto")
        send(f"{own}/checks", f"{own}/checks")
        with workshop.database.read() as session:
            kept = session.scalars(select(SourceRecord).where(SourceRecord.stream == "lines")).all()
            connection = session.scalars(select(Connection)).one()
        assert ["TRN-77" in record.raw for record in kept] == [True]
        assert {asked.one("account") for asked in twin.log if asked.one("start-date")} == {"ACT-2"}
        assert "canary" not in str(connection.settings) + browser.get(f"{own}/signin").text
        assert "pass-one" not in str(connection.settings)

        # The bridge forgets the access: the run stops, the page says so, another token mends it in place.
        twin.passwords.clear()
        by: dict[str, Any] = {"trigger": "person", "by": "x", "clock": workshop.clock}
        finish(workshop, request_run(workshop.database, HandOver(), connection.id, **by))
        with workshop.database.read() as session:
            assert session.get_one(Connection, connection.id).state == ConnectionState.REAUTHORISE
        seen = browser.get(f"/connections/{connection.id}").text
        assert min(record.day for record in kept) > connection.starts_on
        assert "The oldest that the source gave is of" in seen
        assert f"/connections/{connection.id}/setup/signin" in seen
        assert "Edit sign-in info" not in seen, "then it has to be given anew"
        send(f"{own}/signin", f"{own}/signin", s_simplefin_token=twin.token("two"))
        send(f"{own}/signin", f"{own}/signin", answering="yes", **{"a_take:ACT-2": "on"})
        finish(workshop, request_run(workshop.database, HandOver(), connection.id, **by))
    with workshop.database.read() as session:
        assert session.get_one(Connection, connection.id).state == ConnectionState.CONNECTED
    french = browser.get(f"/connections/{connection.id}", headers={"accept-language": "fr"}).text
    menu = french.partition(">Modifier<span")[2].partition("</details>")[0]
    assert "Modifier les infos de connexion" in menu, "in the menu of the account's card"
    assert count(workshop, Connection) == 1
    with workshop.database.read() as session:
        lines_now = session.scalars(select(SourceRecord).where(SourceRecord.stream == "lines")).all()
    assert len(lines_now) == 1, "zero lines are imported again as new"


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.every(2)
def test_what_was_looked_for_stays_with_how_many_were_found_and_what_to_do_where_none_was(
    workshop: Workshop, sandbox: SandboxServer, browser: TestClient, language: Language
) -> None:
    words = wording(language)
    found = consent(workshop, sandbox.store.of_template("quebec").realm)
    browser.headers["accept-language"] = language
    page = f"/connect/bankfeed/source?mode=first_time&company={found.id}"

    def told(address: str) -> tuple[str, str]:
        body = browser.get(address).text
        status = re.search(r'role="status">([^<]*)<', body)
        typed = re.search(r'id="q" name="q" maxlength="100" value="([^"]*)"', body)
        return unescape(status[1]) if status else "", unescape(typed[1]) if typed else "?"

    assert told(page) == ("", "")
    assert told(f"{page}&q=tangerine") == (words("wizard.search_hits", n=3, number=3, typed="tangerine"), "tangerine")
    assert "20" in told(f"{page}&q=banque")[0]
    nowhere = "caisse d’à côté"
    assert told(f"{page}&q={quote(nowhere)}") == (words("wizard.search_none", typed=nowhere), nowhere)
    body = browser.get(f"{page}&q={quote(nowhere)}").text
    [files] = re.findall(r'href="([^"]*institution=not-listed[^"]*)"', body)
    picked = browser.get(unescape(files)).text
    assert told(unescape(files)) == ("", nowhere)
    assert f'name="label" maxlength="80" value="{nowhere}"' in picked
    [token] = set(TOKEN.findall(picked))
    form = {"form_token": token, "company": found.id, "mode": "first_time", "s_input_kind": "folder", "q": nowhere}
    again = browser.post("/connect/bankfeed/source", data=form | {"institution": "not-listed", "label": "Ma caisse"})
    assert again.status_code == 422
    assert f'name="q" maxlength="100" value="{nowhere}"' in again.text
    assert 'value="Ma caisse"' in again.text


def accounts_are_told_on_one_step(
    workshop: Workshop, company: Company, browser: TestClient, send: Callable[..., Response], own: str
) -> None:
    """The type and the account in the books of each chosen account: both, or the way on stays shut (BF-14)."""
    page = f"{own}/accounts"
    shown = browser.get(page).text
    assert "Account 2" in shown
    assert "Account 1" not in shown, "only what was chosen"
    assert all(each in shown for each in ("Bank account", "Cash", "Payment card", "+ Add"))
    checking, card = (
        next(each["Id"] for each in workshop.client(company).query_all("Account") if each["AccountType"] == type_)
        for type_ in ("Bank", "Credit Card")
    )
    today = workshop.clock.now().date().isoformat()
    assert send(f"{own}/scope", f"{own}/scope", first=today).headers["location"] == f"{own}/checks"
    early = send(f"{own}/checks", f"{own}/checks")
    assert (early.status_code, "is missing for: Account 2" in early.text) == (409, True), "nothing is read before"
    key = re.search(r'name="key_0" value="([^"]+)"', shown)
    assert key
    row = {"key_0": key[1], "type_0": "", "account_0": ""}
    for said, field in (
        ({}, "type"),
        ({"type_0": "bank"}, "account"),
        ({"account_0": checking}, "type"),
        ({"type_0": "bank", "account_0": "+"}, "account"),
        ({"type_0": "bank", "account_0": "+", "name_0": "Épargne neuve"}, "kind"),
    ):
        lacking = send(page, page, **{**row, **said})
        assert (lacking.status_code, f'id="{field}_0-e"' in lacking.text) == (422, True), said
    other = send(page, page, **{**row, "type_0": "card", "account_0": checking})
    assert (other.status_code, "is not of that type in QuickBooks" in other.text) == (409, True)
    assert count(workshop, Choice) == 0
    saving = {"type_0": "bank", "account_0": "+", "name_0": "Épargne neuve", "kind_0": "savings"}
    assert send(page, page, **{**row, **saving, "add": "account_0"}).headers["location"] == page
    (made,) = workshop.client(company).query("SELECT * FROM Account WHERE Name = 'Épargne neuve'")
    assert (made["AccountType"], made["AccountSubType"]) == ("Bank", "Savings")
    assert re.search(rf'<option value="{made["Id"]}" selected>Épargne neuve', browser.get(page).text)
    for held_as, ledger in (("card", card), ("cash", checking)):
        kept = send(page, page, **{**row, "type_0": held_as, "account_0": ledger})
        assert kept.headers["location"] == f"{own}/scope"
        with workshop.database.read() as session:
            choice = session.scalars(select(Choice)).one()
            settings = session.scalars(select(Connection)).one().settings
        assert (choice.of, choice.held_as, choice.ledger_id) == (key[1], held_as, ledger)
        assert json.loads(settings["chosen"])["card"] == (held_as == "card"), "its lines are read as what it is"

    # Somebody else says meanwhile what it is: an old form takes nothing back, and says nothing that it was shown.
    seen = re.search(r'name="seen" value="([^"]+)"', browser.get(page).text)
    old = {**row, "type_0": "cash", "account_0": checking, "seen": seen[1] if seen else ""}
    with workshop.database.read() as session:
        connection = session.scalars(select(Connection)).one()
        role = session.scalars(select(Choice)).one().role
    choose(workshop, OWNER, connection.id, role, checking, key[1], BEGINNING, type_said="bank")
    assert send(page, page, **old).headers["location"] == f"{own}/scope"
    refused = send(page, page, **{**old, "type_0": "card", "account_0": card})
    assert (refused.status_code, "chosen since you read it" in refused.text) == (409, True)
    late = send(page, page, **{**old, **saving, "name_0": "Épargne tardive"})
    added = list(workshop.client(company).query("SELECT * FROM Account WHERE Name = 'Épargne tardive'"))
    assert (late.status_code, added) == (409, [])
    with workshop.database.read() as session:
        choice = session.scalars(select(Choice)).one()
    assert (choice.held_as, choice.ledger_id) == ("bank", checking)

    # Where what is personal goes is asked for here too, with an account to add for it (BF-05).
    [proposed] = re.findall(r'name="new_owner"[^>]* value="([^"]+)"', browser.get(page).text)
    told = {**row, "type_0": "bank", "account_0": checking}
    added = send(page, page, **told, add="owner", new_owner=proposed, kind_owner="owner", number_owner="")
    assert added.headers["location"] == page
    [made] = [each for each in workshop.client(company).query_all("Account") if each["Name"] == proposed]
    with workshop.database.read() as session:
        owner = session.scalars(select(Choice).where(Choice.role == OWNER_ROLE)).one()
    assert (owner.ledger_id, made["AccountType"], made["AccountSubType"]) == (made["Id"], "Equity", "OwnersEquity")
