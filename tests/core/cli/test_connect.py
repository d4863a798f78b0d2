"""Connecting from the command line: consent, sources, secrets, choices, files, pauses and ends."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import till
from harness import NOW, catalog_of, lab

import raccord_bankfeed
from raccord.cli.connect import source
from raccord.cli.terminal import callback_listener
from raccord.cli.terminal.callback_listener import ListenerError, is_loopback, wait_for_callback
from raccord.cli.terminal.exits import Exit
from raccord.clock import FixedClock, SystemClock
from raccord.store.database import Database
from raccord.store.models import Connection
from raccord_bankfeed.twins.http import TwinServer
from raccord_bankfeed.twins.ofx import OfxTwin, three_accounts
from raccord_sandbox.serving.server import SandboxServer

Told = Callable[..., tuple[int, Any]]
Said = Callable[..., tuple[int, str]]


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_the_listener_takes_the_visit_that_bears_our_state_and_no_other() -> None:
    address = free_address() + "/oauth/quickbooks/callback"
    statuses: list[int] = []

    def visit() -> None:
        place = urlsplit(address)
        for path in ("/favicon.ico", f"{place.path}?state=theirs&code=x", f"{place.path}?state=ours&code=c&realmId=9"):
            caller = http.client.HTTPConnection(place.netloc, timeout=10)
            caller.request("GET", path)
            statuses.append(caller.getresponse().status)
            caller.close()

    browser = threading.Thread(target=visit)
    back = wait_for_callback(address, "ours", SystemClock(), ready=browser.start)
    browser.join()
    assert back == f"{address}?state=ours&code=c&realmId=9"
    assert statuses == [404, 404, 200]


def test_the_listener_gives_up_and_says_when_its_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hasty(FixedClock):
        def elapsed_ms(self) -> int:
            self.sleep_ms(300_000)
            return super().elapsed_ms()

    monkeypatch.setattr(callback_listener, "POLL_S", 0.01)
    address = free_address()
    with pytest.raises(ListenerError) as nobody:
        wait_for_callback(address, "ours", Hasty(NOW))
    assert nobody.value.code == "connect.nobody_came"
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", urlsplit(address).port or 0))
        holder.listen()
        with pytest.raises(ListenerError) as taken:
            wait_for_callback(address, "ours", SystemClock())
    assert taken.value.code == "connect.port_taken"


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8321", True),
        ("http://localhost", True),
        ("http://[::1]:80", True),
        ("https://127.0.0.1", False),
        ("http://127.0.0.1.example.com", False),
        ("http://example.com", False),
        ("production", False),
    ],
)
def test_only_an_address_of_this_machine_is_listened_on(url: str, here: bool) -> None:
    assert is_loopback(url) is here


def test_a_company_is_connected_with_the_address_that_the_browser_came_back_to(
    told: Told, realm: str, shop: Path
) -> None:
    status, asked = told("connect", "quickbooks", "--no-wait")
    assert status == Exit.NEEDS_PERSON
    back = httpx.get(f"{asked['url']}&auto=1&realm={realm}").headers["location"]
    assert told("connect", "quickbooks", "--callback", back)[1]["error"]["code"] == "connect.state_missing"
    status, refused = told("connect", "quickbooks", "--callback", back, "--state", "other")
    assert (status, refused["error"]["code"]) == (Exit.FAILED, "quickbooks.authorisation_failed")
    status, company = told("connect", "quickbooks", "--callback", back, "--state", asked["state"])
    assert (status, company["realm"], company["taxed"]) == (Exit.OK, realm, True)


def test_another_company_than_the_one_to_authorise_again_is_refused(
    told: Told, company: str, realm: str, sandbox: SandboxServer
) -> None:
    other = sandbox.store.add("us").realm
    status, refused = told("connect", "quickbooks", "--consent", "--company", realm, "--realm", other)
    assert (status, refused["error"]["code"]) == (Exit.FAILED, "quickbooks.wrong_company")
    status, again = told("connect", "quickbooks", "--consent", "--company", realm)
    assert (status, again["company"]) == (Exit.OK, company)


def test_a_source_is_described_with_its_settings_and_roles(told: Told, said: Said) -> None:
    _, described = told("connect", "source", "till", "--describe")
    settings = {each["name"]: each for each in described["settings"]}
    assert settings["till"]["title"] == {"fr": "Caisse", "en": "Till"}
    assert (settings["till"]["required"], settings["till"]["secret"]) == (True, False)
    assert (settings["code"]["required"], settings["code"]["secret"]) == (False, True)
    assert {role["name"] for role in described["roles"]} >= {"bank", "income"}
    assert "Code (secret)" in said("connect", "source", "till", "--describe", "--lang", "fr")[1]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--set", "till=T1"], "connector.not_allowed"),
        (["--enable"], "connection.settings"),
        (["--set", "tll=T1"], "settings.unknown"),
        (["--set", "till"], "settings.wrong_value"),
        (["--set", "code=canary-7731"], "settings.secret_in_sight"),
        (["--secret", "till"], "settings.wrong_value"),
        (["--secret", "code=canary-7731"], "settings.wrong_value"),
        (["--secret", "code=env:NOT_THERE"], "settings.wrong_value"),
        (["--secret", "code=file:/nowhere/at-all"], "settings.wrong_value"),
        (["--secret", "code"], "settings.wrong_value"),
        (["--enable", "--set", "till=T1", "--time-zone", "Mars/Base"], "connection.time_zone"),
        (["--company", "Nowhere", "--set", "till=T1"], "company.which"),
    ],
)
def test_what_cannot_be_taken_is_refused_and_no_secret_is_quoted(
    told: Told, company: str, arguments: list[str], code: str
) -> None:
    status, answer = told("connect", "source", "till", *arguments)
    assert (status, answer["error"]["code"]) == (Exit.FAILED, code)
    assert "canary-7731" not in json.dumps(answer)


def test_secrets_come_from_a_file_or_hidden_keys_and_lie_nowhere_in_clear(
    told: Told, said: Said, company: str, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "code").write_text("canary-7731\n")
    place = ["--secret", f"code=file:{tmp_path / 'code'}"]
    assert told("connect", "source", "till", "--enable", "--set", "till=T1", *place)[0] == Exit.OK
    asked: list[dict[str, Any]] = []

    def prompt(*_: object, **how: Any) -> str:
        asked.append(how)
        return "canary-7732"

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.prompt", prompt)
    status, shown = said("connect", "settings", "till", "--secret", "code")
    assert status == Exit.OK, shown
    assert asked[0]["hide_input"] is True
    for path in shop.rglob("*"):
        assert not path.is_file() or b"canary-773" not in path.read_bytes(), path


@pytest.mark.requirement("CH-42", "CH-43", "CH-46", "CH-47", "CH-61", "CH-62", "CH-37")
def test_pause_resume_and_disconnect_say_what_follows_and_need_a_persons_word(
    told: Told, said: Said, connected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["", "yes", "n", "o", "nein", "y"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.prompt", lambda *_, **__: next(answers))

    def state() -> str:
        return str(told("connect", "list")[1]["connections"][0]["state"])

    status, shown = said("connect", "pause", "Shop")
    assert "stay a gap" in shown
    assert (status, state()) == (Exit.INTERRUPTED, "connected")
    assert said("connect", "pause", "Shop")[0] == Exit.OK
    assert state() == "paused"
    assert told("sync", "Shop")[1]["error"]["code"] == "jobs.connection_not_ready"
    assert said("connect", "resume", "Shop")[0] == Exit.INTERRUPTED
    assert said("connect", "resume", "Shop")[0] == Exit.OK
    assert state() == "connected"
    assert told("connect", "resume", "Shop", "--yes")[1]["error"]["code"] == "connection.not_paused"

    status, shown = said("connect", "disconnect", "Shop")
    assert "whole onboarding" in shown
    assert "its authorisation at QuickBooks ends too" in shown
    assert (status, state()) == (Exit.INTERRUPTED, "connected")
    assert said("connect", "disconnect", "Shop")[0] == Exit.OK
    listed = told("connect", "list")[1]["connections"][0]
    assert (listed["state"], listed["company_state"]) == ("disconnected", "disconnected")


def test_without_a_person_nothing_irreversible_happens_unless_yes_is_said(told: Told, connected: str) -> None:
    status, answer = told("connect", "disconnect", "Shop")
    assert (status, answer["error"]["code"]) == (Exit.FAILED, "cli.not_confirmed")
    assert "onboarding" in answer["error"]["text"]["en"]
    status, answer = told("connect", "disconnect", "Shop", "--yes", "--keep-company")
    assert (status, answer["state"], answer["company_ended"]) == (Exit.OK, "disconnected", False)


@pytest.mark.requirement("TD-47", "CH-64")
def test_a_disconnected_source_is_connected_again_and_nothing_comes_twice(
    told: Told, chosen: str, realm: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"}]
    _, plan = told("plan")
    told("apply", "--hash", plan["hash"], "--yes")
    assert told("connect", "disconnect", "Shop", "--yes")[1]["error"]["code"] == "connection.not_exported"
    told("connect", "disconnect", "Shop", "--yes", "--without-export")
    assert told("connect", "quickbooks", "--consent", "--realm", realm)[0] == Exit.OK

    def say(till_id: str) -> None:
        with database.begin() as session:
            session.get_one(Connection, chosen).settings = {"till": till_id}

    with monkeypatch.context() as asking:
        # Somebody else says otherwise while this person is asked.
        asking.setattr(source, "confirm", lambda *_, **__: say("T2"))
        status, refused = told("connect", "reconnect", "Shop", "--secret", "code=env:TILL_CODE")
    assert (status, refused["error"]["code"]) == (Exit.FAILED, "connection.settings_changed")
    say("T1")
    status, again = told("connect", "reconnect", "Shop", "--secret", "code=env:TILL_CODE", "--yes")
    assert (status, again["connection"]) == (Exit.OK, chosen)
    status, run = told("sync", "Shop")
    assert (status, run["runs"][0]["state"]) == (Exit.OK, "done")
    listed = told("connect", "list")[1]["connections"][0]
    assert (listed["documents"], listed["unequal"]) == (1, 0)


@pytest.mark.requirement("TD-48", "TD-49", "TD-52", "K14")
def test_a_source_goes_to_another_company_only_with_the_word_of_the_language(
    told: Told, said: Said, chosen: str, realm: str, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = sandbox.store.add("us").realm
    name = told("connect", "quickbooks", "--consent", "--realm", second)[1]["name"]
    status, refused = told("connect", "switch", "Shop", "--to", second)
    assert (status, refused["error"]["code"]) == (Exit.FAILED, "connection.word_missing")
    assert name in refused["error"]["text"]["fr"]
    assert "ACCEPTER" in refused["error"]["fix"]["fr"]
    typed = iter(["accept", "ACCEPT"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.prompt", lambda *_, **__: next(typed))
    status, shown = said("connect", "switch", "Shop", "--to", second)
    assert (status, name in shown, "cannot be undone" in shown) == (Exit.FAILED, True, True)
    assert told("connect", "list")[1]["total"] == 1
    # The connector is enabled for each company by itself.
    _, refused = told("connect", "switch", "Shop", "--to", second, "--word", "ACCEPT")
    assert refused["error"]["code"] == "connector.not_enabled"
    assert told("plugins", "enable", "till", "--company", second)[0] == Exit.OK
    assert said("connect", "switch", "Shop", "--to", second)[0] == Exit.OK
    states = sorted(each["state"] for each in told("connect", "list")[1]["connections"])
    assert states == ["connected", "disconnected"]


@pytest.mark.requirement("K19")
def test_a_name_that_is_taken_is_given_another_one_with_holds_decide(
    told: Told, said: Said, chosen: str, realm: str, sandbox: SandboxServer
) -> None:
    lab(sandbox, "create", realm, entity="Vendor", changes={"DisplayName": "Client Caisse"})
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"}]
    told("plan")
    [question] = told("holds")[1]["questions"]
    assert (question["code"], question["ways"]) == ("resolve.name_taken", ["rename", "skip"])
    assert "Client Caisse (client)" in question["fix"]["fr"]
    status, refused = told("holds", "decide", "link", question["hold"], "--document", "1")
    assert (status, refused["error"]["code"]) == (Exit.FAILED, "conflict.not_allowed")
    assert told("holds", "decide", "rename", question["hold"])[1]["error"]["code"] == "conflict.not_allowed"
    name = question["params"]["proposals"][0]
    assert told("holds", "decide", "rename")[1]["error"]["code"] == "hold.not_named"
    assert told("holds", "decide", "rename", "--all", "conflict.stale")[1]["error"]["code"] == "hold.unknown"
    assert said("holds", "decide", "rename", "--all", question["code"], "--name", name)[0] == Exit.OK
    status, refused = told("holds", "decide", "skip", question["hold"], "--seen", question["seen"])
    assert (status, refused["error"]["code"]) == (Exit.FAILED, "conflict.answered_meanwhile")
    assert told("holds", "decide", "skip", "--all", "x", "--seen", "y")[1]["error"]["code"] == "hold.seen_of_one"
    _, plan = told("plan")
    assert told("apply", "--hash", plan["hash"], "--yes")[0] == Exit.OK
    assert told("holds")[1]["total"] == 0
    books = sandbox.store.get(realm)
    assert books is not None
    assert [row["DisplayName"] for row in books.table("Customer")].count(name) == 1


@pytest.mark.requirement("CH-54", "CH-55", "K9")
def test_a_changed_choice_counts_from_its_day(told: Told, chosen: str) -> None:
    _, roles = told("connect", "roles", "Shop")
    income = next(role for role in roles["roles"] if role["role"] == "income")
    assert "“Revenu Caisse” (Till Income), created if needed" in income["otherwise"]["en"], "as it is made"
    assert income["otherwise"]["fr"] == "« Revenu Caisse », créé au besoin"
    assert (income["choices"], income["missing"]) == ([], False)
    first, second = income["candidates"][0]["id"], income["candidates"][1]["name"]
    assert told("connect", "choose", "Shop", "income", first)[1]["from"] is None
    added = told("connect", "choose", "Shop", "bank", "Épargne 2", "--add", "savings")[1]
    assert (added["name"], added["added"]) == ("Épargne 2", "savings")
    assert (
        told("connect", "choose", "Shop", "bank", "épargne 2", "--add", "cash")[1]["error"]["code"]
        == "account.not_added"
    )
    for old in ("", second):
        refused = told("connect", "choose", "Shop", "income", second, "--from", "2026-03-05", "--seen", old)[1]
        assert refused["error"]["code"] == "mapping.changed", "what was read stands no more"
    dated = ("connect", "choose", "Shop", "income", second, "--from", "2026-03-05", "--seen", first)
    assert told(*dated)[1]["from"] == "2026-03-05"
    _, roles = told("connect", "roles", "Shop")
    income = next(role for role in roles["roles"] if role["role"] == "income")
    assert [each["from"] for each in income["choices"]] == [None, "2026-03-05"]


@pytest.mark.requirement("CH-08")
def test_roles_without_a_choice_ask_for_a_person(told: Told, said: Said, connected: str) -> None:
    status, shown = said("connect", "roles", "Shop")
    assert status == Exit.NEEDS_PERSON
    assert "TO BE CHOSEN" in shown


@pytest.mark.requirement("K5")
def test_managing_is_granted_and_taken_back(told: Told, connected: str) -> None:
    assert told("connect", "grant", "Shop")[1]["manage_granted"] is True
    assert told("connect", "grant", "Shop", "--off")[1]["manage_granted"] is False


def test_files_are_handed_in_once_each(told: Told, connected: str, tmp_path: Path) -> None:
    for name, text in (("a.txt", "same"), ("b.txt", "same"), ("c.txt", "other")):
        (tmp_path / name).write_text(text)
    paths = [str(tmp_path / name) for name in ("a.txt", "b.txt", "c.txt")]
    status, answer = told("connect", "upload", "Shop", *paths)
    assert (status, [each["new"] for each in answer["files"]]) == (Exit.OK, [True, False, True])
    assert told("connect", "upload", "Shop", *paths)[1]["new"] == 0


def test_a_schedule_is_shown_changed_and_switched_off(told: Told, connected: str) -> None:
    _, shown = told("connect", "schedule", "Shop")
    assert (shown["cron"], shown["enabled"]) == ("30 5 * * *", True)
    _, changed = told("connect", "schedule", "Shop", "--cron", "0 3 * * 1", "--time-zone", "Europe/Paris")
    assert (changed["time_zone"], changed["next"] is not None) == ("Europe/Paris", True)
    _, off = told("connect", "schedule", "Shop", "--off")
    assert (off["enabled"], off["next"], off["cron"]) == (False, None, "0 3 * * 1")
    status, refused = told("connect", "schedule", "Shop", "--cron", "never")
    assert (status, refused["error"]["code"]) == (Exit.FAILED, "jobs.cron")


def test_source_list_and_plan_name_the_time_zone_and_cut_off(told: Told, said: Said, chosen: str) -> None:
    status, answer = told("connect", "days", "Shop", "--time-zone", "Europe/Paris", "--from", "2026-03-01")
    assert (status, answer["rules"]) == (0, [{"from": "", "time_zone": "Europe/Paris", "cut_off": "00:00"}])
    assert "Europe/Paris 00:00" in said("connect", "list")[1]
    assert "Europe/Paris, up to 00:00" in said("plan", "Shop")[1].split("Hash")[0]
    assert told("plan", "show", "Shop")[1]["time_zone"] == "Europe/Paris"
    status, shown = said("connect", "source", "till", "--set", "till=T2", "--secret", "code=env:TILL_CODE")
    assert (status, "Europe/Paris, up to 00:00" in shown) == (0, True), shown


def test_the_list_names_holes_and_what_waits(told: Told, said: Said, connected: str) -> None:
    till.ROWS["T1"] = [{"stream": "bank", "id": "b1", "day": "2026-03-04", "amount": "-1.00"}]
    told("sync")
    [listed] = told("connect", "list")[1]["connections"]
    assert (listed["questions"], listed["state"]) == (1, "connected")
    assert [(gap["reason"], gap["last_day"]) for gap in listed["gaps"]] == [("before_start", "2026-02-28")]
    status, shown = said("connect", "list", "--lang", "fr")
    assert status == Exit.OK
    assert "Connecté" in shown
    assert "questions : 1" in shown


def test_lists_go_to_the_source_once_from_the_command_line(
    told: Told, said: Callable[..., tuple[int, str]], connected: str
) -> None:
    status, answer = told("lists", "push", "Shop", "articles")
    assert (status, answer["list"], answer["pushed"], answer["unchanged"]) == (0, "articles", 1, 0)
    assert told("lists", "push", "Shop", "articles")[1]["unchanged"] == 1
    _, shown = told("lists", "Shop")
    assert {each["list"]: each["taken"] for each in shown["lists"]} == {"articles": 1, "people": 0}
    status, text = said("lists", "list", "Shop")
    assert status == 0
    assert "on request" in text
    status, refused = told("lists", "push", "Shop", "nothing")
    assert (status != 0, refused["error"]["code"]) == (True, "list.unknown")


def test_what_is_there_twice_is_shown_and_only_what_was_imported_goes(
    told: Told, said: Said, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told("lists", "tag", "Shop", "people")[1]["error"]["code"] == "list.not_tended"
    # Here the till's sales are its own entries of the list, named as customers are.
    lists = [replace(each, of_stream="sales", tag="Before") for each in till.INFO.lists]
    monkeypatch.setattr(till, "INFO", replace(till.INFO, lists=lists))
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00", "name": "Ventes"}]
    told("plan")
    assert told("lists", "push", "Shop", "articles")[1]["pushed"] == 1
    assert told("lists", "tag", "Shop", "articles")[1] == {"list": "articles", "done": 1, "refused": 0, "left": 0}
    [double] = told("lists", "doubles", "Shop", "articles")[1]["doubles"]
    assert (double["name"], [each["id"] for each in double["earlier"]]) == ("Ventes", ["s1"])
    assert "Ventes (s1)" in said("lists", "doubles", "Shop", "articles")[1]
    assert told("lists", "doubles", "Shop", "articles", "--delete", "0")[1]["error"]["code"] == "list.no_double"
    status, text = said("lists", "doubles", "Shop", "articles", "--delete", double["object_id"], "--lang", "fr")
    assert (status, "1 supprimés, 0 refusés" in text) == (Exit.OK, True)
    assert told("lists", "doubles", "Shop", "articles")[1]["doubles"] == []
    assert till.TOLD[-1] == ["articles", "delete", f"T-{double['object_id']}"]
    assert told("lists", "push", "Shop", "articles")[1]["unchanged"] == 1


def test_what_another_version_says_otherwise_is_shown_and_accepted(told: Told, said: Said, chosen: str) -> None:
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"}]
    told("plan")
    status, shown = told("connect", "upgrade")
    assert (status, shown["accepted"], shown["installed"]) == (Exit.OK, "1.0", "1.0")
    assert (shown["looked_at"], shown["records"], shown["differences"]) == (1, 0, [])
    assert told("connect", "upgrade", "--accept", "9.9")[1]["error"]["code"] == "plugin.another_version"
    status, text = said("connect", "upgrade", "--accept", "1.0")
    assert (status, "No difference." in text) == (Exit.OK, True)


def test_the_address_that_a_source_calls_is_made_shown_and_taken_away(told: Told, said: Said, chosen: str) -> None:
    assert told("connect", "webhook")[1]["address"] is None
    status, made = told("connect", "webhook", "--open")
    assert (status, made["secret"][:6], "/hooks/" in made["address"]) == (Exit.OK, "whsec_", True)
    status, shown = told("connect", "webhook")
    assert (shown["address"], "secret" in shown, shown["messages"]) == (made["address"], False, [])
    assert made["address"] in said("connect", "webhook")[1]
    assert told("connect", "webhook", "--close")[1]["address"] is None


def test_a_bank_line_pays_the_bill_that_it_is_proposed_for(
    told: Told, chosen: str, realm: str, sandbox: SandboxServer
) -> None:
    vendor = lab(sandbox, "create", realm, entity="Vendor", changes={"DisplayName": "Imprimerie Simard"})["Id"]
    company = sandbox.store.get(realm)
    assert company is not None
    account = next(row["Id"] for row in company.table("Account") if row["AccountType"] == "Expense")
    name = "AccountBasedExpenseLineDetail"
    detail = {"DetailType": name, name: {"AccountRef": {"value": account}}}
    bill = lab(
        sandbox,
        "create",
        realm,
        entity="Bill",
        changes={
            "TxnDate": "2026-02-20", "DocNumber": "7741", "VendorRef": {"value": vendor},
            "GlobalTaxCalculation": "NotApplicable", "Line": [{"Amount": 88.20, **detail}],
        },
    )["Id"]  # fmt: skip
    till.ROWS["T1"] = [
        {"stream": "bank", "id": "b1", "day": "2026-03-04", "amount": "-88.20", "memo": "IMPRIMERIE SIMARD 7741"},
        {"stream": "bank", "id": "b2", "day": "2026-03-05", "amount": "-3.00", "memo": "CAFE"},
    ]
    told("plan")
    question, other = told("holds")[1]["questions"]
    assert told("holds", "pay")[1]["error"]["code"] == "hold.not_named"
    assert told("holds", "pay", question["hold"], "--document", "1")[1]["error"]["code"] == "pays.not_open"
    assert [each["id"] for each in told("holds", "pay", question["hold"], "--open")[1]["open"]] == [bill]
    unseen = told("holds", "pay", question["hold"], "--document", bill, "--seen", "another")
    assert unseen[1]["error"]["code"] == "pays.proposed_otherwise"
    some = told("holds", "pay", other["hold"], question["hold"])
    assert some[0] == Exit.NEEDS_PERSON, "the one that pays nothing keeps no other back"
    assert (some[1]["pays"], some[1]["left"]) == (["bank/b1"], {other["hold"]: "pays.not_proposed"})
    told("holds", "skip", other["hold"], "--why", "not ours")
    _, plan = told("plan")
    assert told("apply", "--hash", plan["hash"], "--yes")[0] == Exit.OK
    assert told("holds")[1]["total"] == 0


@pytest.mark.requirement("BF-08", "BF-12", "BF-23")
def test_a_bank_is_searched_for_and_its_second_factor_answered_from_the_command_line(
    told: Told, said: Said, company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raccord.catalog.load_catalog", lambda: catalog_of(raccord_bankfeed))
    monkeypatch.setenv("RACCORD_PRIVATE_HOSTS", "127.0.0.1")
    monkeypatch.setenv("BANK_PASSWORD", "canary-password")
    bank = OfxTwin(three_accounts([]), password="canary-password", factor={"MFA1": ("Town?", "Laval")})
    found = told("connect", "institutions", "bankfeed", "desj")[1]
    assert [each["days"] for each in found if each["name"] == "Desjardins"] == [90, 730, None]
    described = said("connect", "source", "bankfeed", "--describe")[1]
    assert "Only with" in described
    conditions = {
        each["name"]: each["when"] for each in told("connect", "source", "bankfeed", "--describe")[1]["settings"]
    }
    assert (conditions["folder"], conditions["accounts"]) == ({"input_kind": ["folder"]}, {})
    assert "ofx_password" in described
    assert "ofx_access_key" not in described
    with TwinServer(bank) as server:
        settings = ["--set", "input_kind=ofx", "--set", f"ofx_url={server.url}/", "--set", "ofx_user=marie"]
        made = ["connect", "source", "bankfeed", "--enable", "--label", "Bank", *settings]
        assert told(*made, "--secret", "ofx_password=env:BANK_PASSWORD")[0] == Exit.OK
        status, asked = told("connect", "signin", "Bank")
        assert (status, asked["done"], [each["key"] for each in asked["asks"]]) == (3, False, ["mfa:MFA1"])
        wrong = told("connect", "signin", "Bank", "--answer", "mfa:MFA1=Paris")[1]
        assert "does not accept" in wrong["told"]
        right = told("connect", "signin", "Bank", "--answer", "mfa:MFA1=Laval")[1]
        take = next(each["key"] for each in right["asks"] if each["key"].startswith("take:"))
        status, text = said("connect", "signin", "Bank", "--answer", take)
        assert (status, "signed in at the source" in text) == (Exit.OK, True)
    assert "canary" not in described + text + str(right)


@pytest.mark.usefixtures("connected")
def test_an_account_kept_without_a_connection_is_removed_by_its_name(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(till, "INFO", replace(till.INFO, owner_only=True))
    second = ("--set", "till=T2", "--secret", "code=env:TILL_CODE", "--label", "Second")
    status, answer = told("connect", "source", "till", *second)
    assert (status == Exit.OK, answer["error"]["code"]) == (False, "connection.company_taken")
    assert [each["label"] for each in told("connect", "list")[1]["connections"]] == ["Second", "Shop"]
    assert told("connect", "remove", "Shop")[1]["error"]["code"] == "connection.not_unconnected"
    assert told("connect", "remove", "second")[1]["removed"] is True
    assert [each["label"] for each in told("connect", "list")[1]["connections"]] == ["Shop"]
