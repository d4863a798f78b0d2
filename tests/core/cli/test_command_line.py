"""The frame of the command line: help, languages, errors, exit statuses and the commands that need no run."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from raccord.catalog import Admitted, Catalog
from raccord.cli import run
from raccord.cli.group import COMMANDS, Lazy
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.language import Phrase, spoken
from raccord.plugin import ConnectorInfo, StreamInfo, Text
from raccord.store.database import Database
from raccord.store.keyring import Keyring
from raccord.store.models import Company
from raccord.store.vault import Vault

HEAVY = ("alembic", "authlib", "cryptography", "dbos", "fastapi", "httpx", "pluggy", "pydantic", "rich", "sqlalchemy",
         "raccord.plugin", "raccord.store", "importlib.metadata")  # fmt: skip


@pytest.fixture
def home(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation without a database, in French."""
    for name in os.environ:
        if name.startswith("RACCORD_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("RACCORD_DATA_DIR", str(data_dir))
    monkeypatch.setenv("RACCORD_LANG", "fr")
    return data_dir


@pytest.fixture
def ready(home: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The same with its database made."""
    assert run(["db", "upgrade"]) == Exit.OK
    capsys.readouterr()
    return home


def test_help_imports_nothing_heavy() -> None:
    program = f"""
import sys
from raccord.cli import run
status = run(["--help"])
print(sorted(name for name in {HEAVY!r} if name in sys.modules), status)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[] 0"
    assert "proof" in done.stdout


def test_help_lists_every_command_in_the_language_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    for language in ("fr", "en"):
        assert run(["--lang", language, "--help"]) == Exit.OK
        shown = capsys.readouterr().out
        other = "en" if language == "fr" else "fr"
        for name, lazy in COMMANDS.items():
            assert name in shown
            assert lazy.phrase.get("fr" if language == "fr" else "en") in shown
            assert lazy.phrase.get("fr" if other == "fr" else "en") not in shown


def test_help_of_a_command_and_its_options_follow_the_language(capsys: pytest.CaptureFixture[str]) -> None:
    run(["plugins", "enable", "--help", "--lang", "fr"])
    french = capsys.readouterr().out
    run(["plugins", "enable", "--help", "--lang", "en"])
    english = capsys.readouterr().out

    assert "Numéro ou nom de la société." in french
    assert "Usage :" in french
    assert "Number or name of the company." in english
    assert "Show this help." in english


@pytest.mark.parametrize(
    ("arguments", "environ", "language"),
    [
        ([], {}, "fr"),
        ([], {"LANG": "C.UTF-8"}, "fr"),
        ([], {"LANG": "en_CA.UTF-8"}, "en"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        ([], {"LANG": "en_CA.UTF-8", "LC_ALL": "fr_CA.UTF-8"}, "fr"),
        ([], {"LANG": "en_CA.UTF-8", "RACCORD_LANG": "fr"}, "fr"),
        (["plugins", "--lang", "en"], {"RACCORD_LANG": "fr"}, "en"),
        (["plugins", "--lang=en"], {"RACCORD_LANG": "fr"}, "en"),
        (["audit", "why", "--", "--lang", "en"], {"RACCORD_LANG": "fr"}, "fr"),
    ],
)
def test_the_language_is_what_the_person_set_most_closely(
    arguments: list[str], environ: dict[str, str], language: str
) -> None:
    assert spoken(arguments, environ) == language


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere"], "La commande « nowhere » n'existe pas."),
        (["plugin"], "Vouliez-vous dire plugins ?"),
        (["--jsn"], "L'option --jsn n'existe pas."),
        (["plugins", "enable", "chase"], "Il manque --company."),
        (["plugins", "allow"], "Il manque CONNECTOR."),
        (["--data-dir", __file__, "plugins"], "La valeur de --data-dir ne convient pas"),
    ],
)
def test_a_wrong_command_line_is_told_in_french_too(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert run(arguments) == Exit.USAGE
    assert sentence in capsys.readouterr().err


def test_an_error_is_one_json_document_for_a_machine(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = run(["plugins", "allow", "nobody", "--json"])
    shown = capsys.readouterr()

    assert status == Exit.FAILED
    error = json.loads(shown.out)["error"]
    assert error["code"] == "connector.not_installed"
    assert set(error["text"]) == set(error["fix"]) == {"fr", "en"}
    assert shown.err == ""


def test_a_command_whose_module_is_missing_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    phrase = Phrase("x", "x")
    monkeypatch.setitem(COMMANDS, "absent", Lazy("raccord.cli.absent_command:command", phrase))
    monkeypatch.setitem(COMMANDS, "poor", Lazy("tests_missing_parent.thing:command", phrase, "web"))

    assert run(["--lang", "en", "absent"]) == Exit.FAILED
    assert "not in this installation" in capsys.readouterr().err
    assert run(["--lang", "en", "poor"]) == Exit.FAILED
    assert 'pip install "raccord[web]"' in capsys.readouterr().err


def test_no_arguments_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == Exit.USAGE
    assert "plugins" in capsys.readouterr().out


def test_the_database_is_made_checked_and_verified(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["db", "check", "--json"]) == Exit.FAILED
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "store.schema_old"

    assert run(["db", "upgrade", "--json"]) == Exit.OK
    made = json.loads(capsys.readouterr().out)
    assert made["before"] is None
    assert run(["db", "check", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out) == {"revision": made["revision"]}
    assert run(["audit", "verify", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out) == {
        "intact": True,
        "links": 0,
        "older": 0,
        "older_proofs": 0,
        "proofs": 0,
    }


def test_an_altered_audit_chain_is_found(
    ready: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(monkeypatch)
    assert run(["plugins", "allow", "trial"]) == Exit.OK
    capsys.readouterr()
    with sqlite3.connect(ready / "app.db") as connection:
        connection.execute("UPDATE event SET actor = 'nobody' WHERE seq = 1")
    connection.close()

    assert run(["audit", "verify", "--json"]) == Exit.FAILED
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "audit.chain_broken"


def test_rotating_the_key_keeps_the_secrets_and_forgets_the_old_key(
    ready: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(f"sqlite:///{ready / 'app.db'}")
    Vault(database, Keyring.open(ready / "vault.key")).put("company:1:tokens", "canary")
    old = (ready / "vault.key").read_text()

    assert run(["db", "rotate-key", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out) == {"secrets": 1, "files": 0}
    new = (ready / "vault.key").read_text()
    assert old.strip() not in new
    assert Vault(database, Keyring.open(ready / "vault.key")).get("company:1:tokens") == "canary"
    database.dispose()


def test_files_an_earlier_version_kept_in_clear_are_sealed_on_demand_and_by_a_change_of_key(
    ready: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = b"card 4111111111111111"
    path = ready / "files" / "k" / hashlib.sha256(content).hexdigest()
    path.parent.mkdir(parents=True)
    for arguments, others in ((["db", "seal-files"], {}), (["db", "rotate-key"], {"secrets": 1})):
        path.write_bytes(content)
        for files in (1, 0):
            assert _told(arguments, capsys) == (Exit.OK, {"files": files, **others})
        assert content not in path.read_bytes()
    path.write_bytes(b"damaged")
    status, told = _told(["db", "seal-files"], capsys)
    assert (status, told["error"]["code"]) == (Exit.FAILED, "files.not_sealed")


def test_switching_a_connector_needs_an_installed_one_and_one_company(
    ready: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    company_id = _company(ready)
    _install(monkeypatch)

    assert _told(["plugins", "enable", "trial", "--company", "Anvil"], capsys)[0] == Exit.FAILED
    assert run(["plugins", "allow", "trial"]) == Exit.OK
    assert "est autorisé" in capsys.readouterr().out
    status, told = _told(["plugins", "enable", "trial", "--company", "Nowhere"], capsys)
    assert (status, told["error"]["code"]) == (Exit.FAILED, "company.unknown")
    status, told = _told(["plugins", "enable", "trial", "--company", "Anvil"], capsys)
    assert status == Exit.OK
    assert [(one["name"], one["allowed"], one["companies"]) for one in told["connectors"]] == [
        ("trial", True, [company_id])
    ]
    status, told = _told(["plugins", "disable", "trial", "--company", "9130"], capsys)
    assert told["connectors"][0]["companies"] == []
    status, told = _told(["plugins", "forbid", "trial"], capsys)
    assert told["connectors"][0]["allowed"] is False


def _told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    status = run([*arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def _company(home: Path) -> str:
    database = Database(f"sqlite:///{home / 'app.db'}")
    with database.begin() as session:
        row = Company(realm="9130", environment="sandbox", name="Anvil", created_at=datetime(2026, 1, 2, tzinfo=UTC))
        session.add(row)
        session.flush()
        company_id = row.id
    database.dispose()
    return company_id


def _install(monkeypatch: pytest.MonkeyPatch) -> None:
    words = Text("Essai", "Trial")
    info = ConnectorInfo(name="trial", label=words, summary=words, version="1", streams=[StreamInfo("sales", words)])
    catalog = Catalog({"trial": Admitted("trial", "raccord-trial", "1", {}, info)}, {}, ())
    monkeypatch.setattr("raccord.catalog.load_catalog", lambda: catalog)
