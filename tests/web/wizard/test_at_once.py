"""Two people at the same settings at once: neither takes back what the other said."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from browsing import TOKEN
from fastapi import FastAPI
from harness import OWNER
from httpx2 import Response
from programs import program
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.errors import RaccordError
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.arriving import untold_accounts
from raccord.onboarding.arriving.answering import answer_file, questions_of
from raccord.onboarding.arriving.untold_accounts import AccountTold, bank_accounts
from raccord.onboarding.connecting import card_kinds
from raccord.onboarding.connecting.connections import reconnect, update_settings
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.deciding.decisions import choose
from raccord.store.models import Choice, Connection
from raccord.sync.workshop import Workshop
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, Read, statement_file
from raccord_web.api.application import PATH
from raccord_web.pages.forms import VALUE_MAX

Send = Callable[..., Response]


def settings(workshop: Workshop, bank: str) -> dict[str, Any]:
    with workshop.database.read() as session:
        return dict(session.get_one(Connection, bank.rpartition("/")[2]).settings)


def test_answers_about_two_files_at_once_are_both_kept(
    workshop: Workshop, bank: str, browser: TestClient, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    rows = 'Date,{},Montant\n{},PAPETERIE,"-1,234"\n{},LOYER,"-5,678"\n'
    for said in (("Description", "03/04/2026", "05/04/2026"), ("Detail", "03/05/2026", "05/05/2026")):
        files = [("files", (f"{said[0]}.csv", rows.format(*said).encode()))]
        browser.post(f"{bank}/files", data={"form_token": token[1]}, files=files)
    id_ = bank.rpartition("/")[2]
    first, second = (each.key for each in questions_of(workshop, id_))
    answers = {"bankfeed.date_order": "day-first", "bankfeed.decimal_mark": "point"}
    meanwhile = [second]

    def later(*arguments: Any) -> Connection:
        """Let a colleague answer between the reading of the settings and their writing."""
        while meanwhile:
            answer_file(workshop, OWNER, id_, meanwhile.pop(), answers, every=False, told=AccountTold(name="Main"))
        return update_settings(*arguments)

    monkeypatch.setattr(untold_accounts, "update_settings", later)
    answer_file(workshop, OWNER, id_, first, answers, every=False, told=AccountTold(name="Savings"))
    kept = settings(workshop, bank)
    assert sorted(line.partition(" = ")[0] for line in kept["answers"].splitlines()) == sorted((first, second))
    assert sorted(line.partition(" = ")[2] for line in kept["accounts"].splitlines()) == ["Main", "Savings"]


def test_a_form_of_settings_that_changed_meanwhile_takes_nothing_back(
    workshop: Workshop, bank: str, browser: TestClient
) -> None:
    """Anne opens the settings, Bob says meanwhile how a file is read; Anne saves."""
    page, id_ = f"{bank}/settings", bank.rpartition("/")[2]
    browser.get("/?lang=en")

    def form_of(shown: str) -> dict[str, str]:
        found = re.findall(r'<input(?![^>]*checkbox)[^>]*name="(s_[^":]+|seen)"[^>]*value="([^"]*)"', shown)
        found += re.findall(r'<textarea[^>]*name="(s_[^":]+)"[^>]*>([^<]*)<', shown)
        token = TOKEN.search(shown)
        assert token
        typed = {name: html.unescape(value).lstrip("\n").replace("\n", "\r\n") for name, value in found}
        return {**typed, "s_input_kind": "upload", "form_token": token[1]}

    update_settings(workshop, OWNER, id_, {"csv_columns": "a = date:1 text:2 amount:3\nb = date:1 text:2 amount:3"})
    anne = form_of(browser.get(page).text)
    assert "\r\n" in anne["s_csv_columns"]
    assert browser.post(page, data=anne).status_code == 303, "what nobody changed is saved"
    bob = "a = date:1 text:2 amount:3 sign:reversed"
    update_settings(workshop, OWNER, id_, {"csv_columns": bob})
    before = settings(workshop, bank)
    refused = browser.post(page, data={**anne, "s_currency_if_missing": "USD"})
    assert (refused.status_code, settings(workshop, bank)) == (409, before)
    told = refused.text.partition('role="alert"')[2].partition("</ul>")[0]
    assert ("Somebody changed these settings" in told, bob in told, "currency" in told.lower()) == (True, True, False)
    again = form_of(refused.text)
    assert (again["s_csv_columns"], again["s_currency_if_missing"]) == (bob, "USD"), "Bob's answer, and what Anne typed"
    assert browser.post(page, data=again).status_code == 303
    now = settings(workshop, bank)
    assert (now["csv_columns"], now["currency_if_missing"]) == (bob, "USD")

    # Both changed one: what was typed stays in the form, beside what stands.
    clash = browser.post(page, data={**anne, "s_csv_columns": "c = date:1 text:2 amount:3"})
    assert (clash.status_code, form_of(clash.text)["s_csv_columns"]) == (409, "c = date:1 text:2 amount:3")
    assert bob in clash.text.partition('role="alert"')[2].partition("</ul>")[0]

    # The set-up's own form of the source too.
    step = f"{bank}/setup/source"
    old = form_of(browser.get(step).text)
    update_settings(workshop, OWNER, id_, {"accounts": "a = Main"})
    kept = settings(workshop, bank)
    refused = browser.post(step, data=old)
    assert (refused.status_code, settings(workshop, bank)) == (409, kept)
    assert form_of(refused.text)["s_accounts"] == "a = Main"
    assert browser.post(step, data=form_of(refused.text)).status_code == 303

    # Each end of a line counts as one character; what is too long is refused whole.
    fits = "\r\n".join(f"{at:05} = date:1 text:2 amount:3" for at in range(630))
    assert len(fits) > VALUE_MAX
    assert browser.post(page, data={**again, "seen": "", "s_csv_columns": fits}).status_code == 303
    assert settings(workshop, bank)["csv_columns"] == fits.replace("\r\n", "\n")
    kept = settings(workshop, bank)
    assert browser.post(page, data={**again, "seen": "", "s_csv_columns": fits + fits}).status_code == 413
    assert settings(workshop, bank) == kept

    # Connecting again what ended, with the settings that it had in the form.
    disconnect(workshop, OWNER, id_, without_export=True)
    source = re.search(r'href="(/connect/bankfeed/source[?][^"]+)"', browser.get(bank).text)
    assert source
    address = html.unescape(source[1])
    place, _, said = address.partition("?")
    shown = browser.get(address).text
    label = re.search(r'name="label"[^>]* value="([^"]*)"', shown)
    assert label
    old = dict(parse_qsl(said)) | form_of(shown) | {"label": html.unescape(label[1]), "s_currency_if_missing": "EUR"}
    reconnect(workshop, OWNER, id_, {**kept, "currency_if_missing": "CAD"})
    disconnect(workshop, OWNER, id_, without_export=True)
    refused = browser.post(place, data=old)
    assert (refused.status_code, settings(workshop, bank)["currency_if_missing"]) == (409, "CAD")
    told = refused.text.partition('role="alert"')[2].partition("</ul>")[0]
    assert ("Somebody changed these settings" in told, "CAD" in told) == (True, True)
    anew = old | form_of(refused.text)
    assert anew["s_currency_if_missing"] == "EUR", "what was typed stays, beside what stands"
    assert browser.post(place, data=anew).status_code == 303
    assert settings(workshop, bank) == {**kept, "currency_if_missing": "EUR"}, "what files asked for stays said"


def test_bank_and_card_chosen_for_one_account_at_once_are_one_of_the_two(
    workshop: Workshop, bank: str, browser: TestClient, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anne says that an account of a file is a bank account; Bob said meanwhile that it is a card."""
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    token = TOKEN.search(browser.get(f"{bank}/files").text)
    assert token
    account = MadeAccount(number="0123456789")
    file = statement_file(account, [MadeLine(day=date(2026, 3, 4), amount=Decimal("-4.50"), name="CAFE")])
    browser.post(f"{bank}/files", data={"form_token": token[1]}, files=[("files", ("march.ofx", file))])
    id_, key = bank.rpartition("/")[2], Read(file).lines[0].account.key
    with workshop.database.read() as session:
        company = session.get_one(Connection, id_).company_id
        chart = bank_accounts(session, company)
    card = next(each.id for each in chart if each.type == "Credit Card")
    account_of_bank = next(each.id for each in chart if each.type == "Bank")
    meanwhile, keep = [card], untold_accounts.keep_told

    def later(*arguments: Any, **named: Any) -> str:
        """Let a colleague choose between what was asked and what is kept."""
        while meanwhile:
            untold_accounts.name_account(workshop, OWNER, id_, key, AccountTold(ledger_id=meanwhile.pop()))
        return keep(*arguments, **named)

    monkeypatch.setattr(untold_accounts, "keep_told", later)
    with pytest.raises(RaccordError, match=r"files\.no_question"):
        untold_accounts.name_account(workshop, OWNER, id_, key, AccountTold(ledger_id=account_of_bank))
    with workshop.database.read() as session:
        [choice] = session.scalars(select(Choice).where(Choice.connection_id == id_, Choice.of == key))
    assert (choice.ledger_id, choice.held_as) == (card, "card")


def test_a_choice_made_while_another_said_card_keeps_the_settings_in_step(
    workshop: Workshop, bank: str, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is chosen last is what the settings say, though the other kind was kept since they were looked at."""
    send(f"{bank}/setup/scope", f"{bank}/setup/scope", first="2026-01-01", time_zone="America/Toronto")
    id_, key = bank.rpartition("/")[2], "0123456789"
    with workshop.database.read() as session:
        chart = bank_accounts(session, session.get_one(Connection, id_).company_id)
    card = next(each.id for each in chart if each.type == "Credit Card")
    account_of_bank = next(each.id for each in chart if each.type == "Bank")
    choose(workshop, OWNER, id_, "ledger_account", account_of_bank, key)
    meanwhile, look = [card], card_kinds.card_settings

    def later(*arguments: Any) -> dict[str, object]:
        found = look(*arguments)
        while meanwhile:
            choose(workshop, OWNER, id_, "ledger_account", meanwhile.pop(), key)
        return found

    monkeypatch.setattr(card_kinds, "card_settings", later)
    last = choose(workshop, OWNER, id_, "ledger_account", account_of_bank, key)
    assert (last.held_as, settings(workshop, bank)["kinds"]) == ("bank", f"{key} = bank")


def test_a_set_up_that_somebody_began_is_begun_again_with_other_settings_only_once_these_were_read(
    workshop: Workshop, bank: str, app: FastAPI, send: Send
) -> None:
    with workshop.database.read() as session:
        draft = session.scalars(select(Connection)).one()
    form = {"company": draft.company_id, "mode": "first_time", "s_input_kind": "upload"}
    page = f"/connect/bankfeed/source?mode=first_time&company={draft.company_id}"

    def sent(**fields: str) -> Response:
        return send(page, "/connect/bankfeed/source", **form, **fields)

    update_settings(workshop, OWNER, draft.id, {"accounts": "1234 = Épargne"})
    late = sent(s_currency_if_missing="USD")
    assert late.status_code == 409
    assert "was begun already" in late.text
    assert "1234 = Épargne" in html.unescape(late.text), "what this person did not touch is as it was begun"
    seen = re.search(r'name="seen" value="([^"]+)"', late.text)
    assert seen
    update_settings(workshop, OWNER, draft.id, {"accounts": "1234 = Voyage"})
    assert "while you were reading" in sent(s_currency_if_missing="USD", s_accounts="1234 = A", seen=seen[1]).text
    own = f"{PATH}/connections/{draft.id}/settings"
    client = program(workshop, app, RoleName.OWNER, Scope.OWN, draft.company_id)
    connect = f"{PATH}/companies/{draft.company_id}/connections"
    new = {"connector": "bankfeed", "values": {"input_kind": "upload", "currency_if_missing": "USD"}}
    refused = client.post(connect, json=new)
    assert (refused.status_code, refused.json()["code"]) == (409, "connection.begun_otherwise")
    assert client.post(connect, json={**new, "values": {"input_kind": "upload"}}).json()["id"] == draft.id
    assert client.post(connect, json={**new, "seen": client.get(own).headers["etag"]}).json()["id"] == draft.id
    with workshop.database.read() as session:
        kept = session.get_one(Connection, draft.id).settings
    assert (kept["currency_if_missing"], kept["accounts"]) == ("USD", "1234 = Voyage")
