"""The command that serves a local QuickBooks and drives one that runs."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from raccord.cli import run
from raccord.cli.terminal.exits import Exit
from raccord_sandbox.config import Limits
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.serving.server import SandboxServer

Told = Callable[..., tuple[int, Any]]


@pytest.fixture
def driven(sandbox: SandboxServer, shop: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """A company of the United States, and the environment that leads to its sandbox."""
    monkeypatch.setenv("RACCORD_SANDBOX_URL", f"{sandbox.url}/")
    monkeypatch.setenv("RACCORD_SANDBOX_TOKEN", sandbox.lab_token)
    company = sandbox.store.add("us", name="Driven")
    yield company
    if sandbox.store.get(company.realm) is not None:
        sandbox.store.remove(company)
    sandbox.lab.clear()
    sandbox.store.throttle.change(Limits())


def test_a_company_is_made_kept_brought_back_and_deleted(
    told: Told, driven: Company, sandbox: SandboxServer, tmp_path: Path
) -> None:
    status, made = told(
        "sandbox", "companies", "make", "--template", "empty", "--name", "Neuf", "--country", "BE", "--currency", "EUR",
        "--clock", "2026-01-01T00:00:00Z", "--frozen", "--switch", "cap_max_results=true",
    )  # fmt: skip
    assert (status, made["name"], made["currency"], made["switches"]["cap_max_results"]) == (0, "Neuf", "EUR", True)
    assert made["refresh_token"]
    assert made["now"] == "2025-12-31T16:00:00.000-08:00"
    assert told("sandbox", "companies", "snapshot", "Neuf")[1] == {"name": "default"}
    told("sandbox", "person", "create", "Neuf", "Customer", "--set", "DisplayName=Ada")
    assert told("sandbox", "companies", "show", made["realm"])[1]["objects"]["Customer"] == 1
    told("sandbox", "companies", "restore", "neuf")
    shown = told("sandbox", "companies", "show", "Neuf")[1]
    assert ("Customer" in shown["objects"], shown["snapshots"]) == (False, ["default"])
    assert told("sandbox", "companies", "tokens", "Neuf")[1]["access_token"]
    file = str(tmp_path / "neuf.jsonl")
    assert told("sandbox", "companies", "export", "Neuf", file)[1]["realm"] == made["realm"]
    taken = told("sandbox", "companies", "import", file)[1]
    assert (taken["name"], taken["realm"] == made["realm"]) == ("Neuf", False)
    told("sandbox", "companies", "delete", taken["realm"])
    listed = told("sandbox", "companies")[1]["companies"]
    assert [each["name"] for each in listed if each["realm"] in (made["realm"], driven.realm)] == ["Driven", "Neuf"]
    assert told("sandbox", "companies", "delete", "Neuf")[0] == 0
    assert sandbox.store.get(made["realm"]) is None


def test_a_person_makes_edits_voids_deletes_and_closes(told: Told, driven: Company) -> None:
    def does(*words: str) -> Any:
        status, answer = told("sandbox", "person", words[0], "Driven", *words[1:])
        assert status == 0, answer
        return answer

    customer = does("create", "Customer", "--set", "DisplayName=Ada", "--set", "Notes=12", "--set", "Taxable=true")
    assert (customer["Notes"], customer["Taxable"]) == ("12", True)
    address = '{"Line1": "1 Quay"}'
    edited = does("edit", "Customer", customer["Id"], "--set", f"BillAddr={address}")
    assert edited["BillAddr"]["Line1"] == "1 Quay"
    assert does("deactivate", "Customer", customer["Id"])["Active"] is False
    assert does("reactivate", "Customer", customer["Id"])["Active"] is True
    line = '[{"Amount": 5.25, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}]'
    sale = does("create", "SalesReceipt", "--set", f"Line={line}")
    assert does("void", "SalesReceipt", sale["Id"])["TotalAmt"] == 0
    assert does("delete", "SalesReceipt", sale["Id"])["status"] == "Deleted"
    assert does("close-books", "2026-01-31") == {"BookCloseDate": "2026-01-31"}
    assert does("close-books") == {"BookCloseDate": None}
    assert does("disconnect") == {"ended": 0}
    other = does("create", "Customer", "--set", "DisplayName=Other")
    does("merge", "Customer", other["Id"], customer["Id"])
    assert driven.get("Customer", other["Id"]) is None
    before = len(driven.table("TaxCode"))
    does("set-up-taxes", "united-states-automated")
    assert len(driven.table("TaxCode")) > before


def test_faults_clocks_limits_and_switches_are_set_and_shown(
    told: Told, driven: Company, sandbox: SandboxServer
) -> None:
    armed = told(
        "sandbox", "faults", "arm", "error_before", "--path", "invoice", "--company", "Driven", "--skip", "2",
        "--times", "3", "--status", "502", "--body", "html", "--probability", "0.5",
    )[1]  # fmt: skip
    assert (armed["realm"], armed["left"], armed["skip"], armed["status"], armed["probability"]) == (
        driven.realm, 3, 2, 502, 0.5,
    )  # fmt: skip
    assert told("sandbox", "faults", "arm", "hold", "--forever")[1]["left"] is None
    assert len(told("sandbox", "faults")[1]["faults"]) == 2
    assert told("sandbox", "faults", "clear", str(armed["number"]))[0] == 0
    assert [fault.effect for fault in sandbox.lab.armed()] == ["hold"]
    assert told("sandbox", "faults", "clear")[0] == 0
    assert sandbox.lab.armed() == []
    stopped = told("sandbox", "clock", "set", "2026-01-01T00:00:00Z", "--frozen", "--company", "Driven")[1]
    assert stopped == {"now": "2025-12-31T16:00:00.000-08:00", "frozen": True}
    assert told("sandbox", "clock", "advance", "2h", "--company", "Driven")[1]["now"].startswith("2025-12-31T18:00")
    assert told("sandbox", "clock", "advance", "-3d", "--company", "Driven")[1]["now"].startswith("2025-12-28T18:00")
    assert told("sandbox", "clock")[1]["frozen"] is False
    limits = told("sandbox", "limits", "documented", "per_minute=9")[1]
    assert (limits["per_minute"], limits["per_second"]) == (9, 10)
    assert set(told("sandbox", "limits", "none")[1].values()) == {None}
    assert told("sandbox", "limits")[1]["per_minute"] is None
    assert told("sandbox", "switch", "Driven", "expired=true", "tax_tolerance=1.5")[1]["tax_tolerance"] == 1.5
    assert told("sandbox", "switch", "Driven")[1]["expired"] is True
    assert {"name", "default", "meaning", "sens", "values"} == set(told("sandbox", "switch")[1]["switches"][0])


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["companies", "show", "Nowhere"], Exit.FAILED, "sandbox.no_company"),
        (["companies", "make", "--template", "mars"], Exit.FAILED, "sandbox.refused"),
        (["faults", "arm", "explode"], Exit.FAILED, "sandbox.refused"),
        (["switch", "Driven", "gravity=true"], Exit.FAILED, "sandbox.refused"),
        (["switch", "Driven", "gravity"], Exit.USAGE, "cli.usage"),
        (["clock", "advance", "soon"], Exit.USAGE, "cli.usage"),
        (["clock", "--url", "http://127.0.0.1:9"], Exit.FAILED, "sandbox.away"),
        (["person", "edit", "Driven", "Customer", "999"], Exit.FAILED, "sandbox.refused"),
    ],
)
def test_what_cannot_be_done_is_told_with_its_code(
    told: Told, driven: Company, words: list[str], status: int, code: str
) -> None:
    found, answer = told("sandbox", *words)
    assert (found, answer["error"]["code"]) == (status, code)


def test_a_sandbox_without_its_token_is_told(told: Told, driven: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RACCORD_SANDBOX_TOKEN")
    status, answer = told("sandbox", "companies")
    assert (status, answer["error"]["code"]) == (Exit.FAILED, "sandbox.no_token")
    monkeypatch.setenv("RACCORD_SANDBOX_TOKEN", "wrong")
    assert told("sandbox", "companies")[1]["error"]["code"] == "sandbox.refused"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_people_read_tables_and_sentences(said: Any, driven: Company, language: str) -> None:
    words = {"fr": ("Sociétés du bac", "Aucune", "qui court"), "en": ("Companies of the", "None", "running")}[language]
    for arguments, word in zip((["companies"], ["faults"], ["clock"]), words, strict=True):
        status, text = said("sandbox", *arguments, "--lang", language)
        assert status == 0
        assert word in text
    assert said("sandbox", "faults", "arm", "hold", "--lang", language)[0] == 0
    assert "hold" in said("sandbox", "faults", "--lang", language)[1]
    assert "tax_tolerance" in said("sandbox", "switch", "--lang", language)[1]
    assert "Driven" in said("sandbox", "companies", "show", "Driven", "--lang", language)[1]


def test_what_serve_started_is_found_by_the_other_commands(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in os.environ:
        if name.startswith("RACCORD_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("RACCORD_DATA_DIR", str(tmp_path))
    command = [
        sys.executable,
        "-c",
        "from raccord.cli import main; main()",
        "sandbox",
        "serve",
        "--port",
        "0",
        "--bare",
    ]
    process = subprocess.Popen(
        [*command, "--books", str(tmp_path / "books")], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert process.stdout is not None
    try:
        told = dict(process.stdout.readline().split() for _ in range(2))
        file = tmp_path / "sandbox.json"
        assert run(["sandbox", "companies", "make", "--template", "quebec", "--json"]) == Exit.OK
        made = json.loads(capfd.readouterr().out)
        assert made["api"] == f"{told['url']}/v3/company/{made['realm']}"
        announced = json.loads(file.read_text("utf-8"))
        assert (announced["url"], announced["token"]) == (told["url"], told["lab-token"])
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert (tmp_path / "books" / "sandbox.sqlite3").exists()
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
    assert (process.returncode, rest) == (0, "")
    assert not file.exists()
    assert run(["sandbox", "companies", "--json"]) == Exit.FAILED
    assert json.loads(capfd.readouterr().out)["error"]["code"] == "sandbox.no_token"
