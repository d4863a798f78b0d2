from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest

from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.keeping.company import assert_books_balance
from raccord_sandbox.keeping.store import Store

Rows = list[tuple[str, str, int, Any, Any]]


def rows(store: Store) -> Rows:
    """Return everything by kind; the order of the kinds themselves means nothing."""
    return [
        (row.kind, row.id, row.serial, row.doc, row.entries)
        for company in store
        for row in sorted(company.rows(), key=lambda row: row.kind)
    ]


def started(folder: Path) -> tuple[subprocess.Popen[str], dict[str, str]]:
    command = [sys.executable, "-m", "raccord_sandbox", "--data", str(folder), "--seed", "us"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    facts = {}
    for _ in range(3):
        name, _, value = process.stdout.readline().strip().partition(" ")
        facts[name] = value
    return process, facts


def test_books_killed_in_the_middle_of_writing_keep_every_answered_document(tmp_path: Path) -> None:
    process, facts = started(tmp_path)
    try:
        realm = facts["company"].split()[0]
        lab = {"Authorization": f"Bearer {facts['lab-token']}"}
        url = f"{facts['url']}/sandbox/companies/{realm}/tokens"
        token = httpx.post(url, headers=lab).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        base = f"/v3/company/{realm}"
        with httpx.Client(base_url=facts["url"], headers=headers) as http:
            item = http.get(f"{base}/query", params={"query": "select * from Item"}).json()["QueryResponse"]["Item"][0]
            detail = {"ItemRef": {"value": item["Id"]}}
            line = {"Amount": 7.77, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
            answered = [
                http.post(f"{base}/salesreceipt", json={"Line": [line]}, params={"requestid": f"q{number}"}).json()
                for number in range(25)
            ]
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()
    with_file = tmp_path / "sandbox.sqlite3"
    assert with_file.exists()
    store = Store(SandboxConfig(data=tmp_path, seeds=("us",)))
    try:
        company = store.of_template("us")
        assert company.realm == realm
        assert_books_balance(company)
        for answer in answered:
            receipt = answer["SalesReceipt"]
            stored = company.get("SalesReceipt", receipt["Id"])
            assert stored is not None
            assert stored["DocNumber"] == receipt["DocNumber"]
        assert len(company.table("SalesReceipt")) == 25
        assert len([write for write in company.writes if write["entity"] == "SalesReceipt"]) == 25
        assert set(company.answers) == {f"q{number}" for number in range(25)}
    finally:
        store.close()


def test_a_kill_at_any_moment_keeps_every_answered_request(tmp_path: Path) -> None:
    process, facts = started(tmp_path)
    answered: list[str] = []
    enough = Event()
    lab = {"Authorization": f"Bearer {facts['lab-token']}"}
    made = httpx.post(f"{facts['url']}/sandbox/companies", json={"template": "us"}, headers=lab).json()
    headers = {"Authorization": f"Bearer {made['access_token']}", "Accept": "application/json"}

    def write(number: int) -> None:
        body = {"BatchItemRequest": [{"bId": "1", "operation": "create", "Customer": {}}]}
        with httpx.Client(headers=headers) as http:
            for place in count():
                body["BatchItemRequest"][0]["Customer"] = {"DisplayName": f"{number}-{place}"}
                try:
                    answer = http.post(f"{made['api']}/batch", json=body).json()
                except httpx.TransportError:
                    return
                answered.append(answer["BatchItemResponse"][0]["Customer"]["Id"])
                if len(answered) >= 40:
                    enough.set()

    writers = [Thread(target=write, args=(number,)) for number in range(3)]
    for writer in writers:
        writer.start()
    try:
        assert enough.wait(60)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()
        for writer in writers:
            writer.join(20)
    store = Store(SandboxConfig(data=tmp_path, seeds=()))
    company = store.get(made["realm"])
    assert company is not None
    assert_books_balance(company)
    kept = {doc["Id"] for doc in company.table("Customer")}
    assert set(answered) <= kept
    assert len(kept) <= len(answered) + 29 + len(writers)
    store.close()


def test_an_interrupt_stops_the_server_quietly_and_a_taken_port_is_said(tmp_path: Path) -> None:
    process, facts = started(tmp_path)
    command = [sys.executable, "-m", "raccord_sandbox", "--port", facts["url"].rsplit(":", 1)[1]]
    second = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert httpx.get(f"{facts['url']}/.well-known/openid_configuration").status_code == 200
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=20)
    assert (process.returncode, rest) == (0, "")
    assert (second.returncode, second.stderr) == (1, "")
    assert "Choose another --port" in second.stdout


def test_a_second_sandbox_on_the_same_file_is_refused(tmp_path: Path) -> None:
    store = Store(SandboxConfig(data=tmp_path, seeds=()))
    command = [sys.executable, "-m", "raccord_sandbox", "--data", str(tmp_path)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    store.close()
    assert (second.returncode, second.stderr) == (1, "")
    assert "Does another sandbox use it?" in second.stdout


def test_snapshots_outlive_a_restart_with_the_file(tmp_path: Path) -> None:
    config = SandboxConfig(data=tmp_path, seeds=("us",))
    first = Store(config)
    company = first.of_template("us")
    first.snapshot(company, "kept")
    first.snapshot(company, "dropped")
    first.drop_snapshot(company, "dropped")
    before = rows(first)
    company.settings["expired"] = True
    company.save_settings()
    company.apply([("Term", "4", None, None)])
    company.flush()
    first.close()
    second = Store(config)
    company = second.of_template("us")
    assert second.snapshots(company) == ["kept"]
    assert (company.switch("expired"), company.get("Term", "4")) == (True, None)
    second.restore(company, "kept")
    second.close()
    third = Store(config)
    assert rows(third) == before
    assert third.of_template("us").switch("expired") is False
    third.remove(third.of_template("us"))
    third.close()
    fourth = Store(SandboxConfig(data=tmp_path, seeds=()))
    assert list(fourth) == []
    assert fourth.storage is not None
    assert fourth.storage.names(f"snapshots:{company.realm}") == []
    fourth.close()


def test_a_restart_finds_the_same_books_settings_and_numbers(tmp_path: Path) -> None:
    config = SandboxConfig(data=tmp_path)
    first = Store(config)
    before, realms = rows(first), [company.realm for company in first]
    settings = [company.settings for company in first]
    first.close()
    second = Store(config)
    assert rows(second) == before
    assert [company.realm for company in second] == realms
    assert [company.settings for company in second] == settings
    second.close()


def test_two_sandboxes_of_one_seed_are_alike_and_another_seed_differs() -> None:
    one, two, other = Store(SandboxConfig()), Store(SandboxConfig()), Store(SandboxConfig(random_seed=2))
    assert [company.realm for company in one] == [company.realm for company in two]
    assert [company.realm for company in one] != [company.realm for company in other]
    ids = [store.of_template("quebec").accounts_of(AccountSubType="UndepositedFunds") for store in (one, other)]
    assert ids[0] != ids[1]


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(ValueError, match="no template named mars"):
        Store(SandboxConfig(seeds=("mars",)))
    with pytest.raises(ValueError, match="only the template empty"):
        Store(SandboxConfig(seeds=())).add("us", country="FR")


def test_saved_books_are_read_when_somebody_asks_for_them(tmp_path: Path) -> None:
    config = SandboxConfig(data=tmp_path, seeds=("us", "quebec"))
    first = Store(config)
    realms = [company.realm for company in first]
    before = rows(first)
    first.close()
    second = Store(config)
    assert [(company.realm, company.settings["template"]) for company in second.listed()] == list(
        zip(realms, ("us", "quebec"), strict=True)
    )
    assert all(not company.tables for company in second.listed())
    asked = second.get(realms[1])
    assert asked is not None
    assert asked.table("Account")
    assert [bool(company.tables) for company in second.listed()] == [False, True]
    assert rows(second) == before
    second.close()
