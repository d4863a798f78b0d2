"""From a document in QuickBooks back to what the source said, and who decided on the way."""

from __future__ import annotations

import csv
import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import till
from harness import catalog_of
from moments import Moments
from sqlalchemy import text

from raccord.cli.terminal.exits import Exit
from raccord.store.database import Database

Told = Callable[..., tuple[int, Any]]
Said = Callable[..., tuple[int, str]]


@pytest.fixture
def posted(told: Told, chosen: str, shop: Path, moments: Moments) -> dict[str, Any]:
    """One sale in the books: what the plan said of it."""
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "114.98"}]

    def live() -> dict[str, Any]:
        _, plan = told("plan")
        told("apply", "--hash", plan["hash"], "--yes")
        return dict(plan)

    return moments.at("one sale posted", shop, live)


def test_a_document_tells_why_it_is_there(told: Told, posted: dict[str, Any]) -> None:
    status, answer = told("audit", "why", "sales/s1")
    assert status == Exit.OK
    (found,) = answer["documents"]
    assert (found["kind"], found["origin"], found["state"]) == ("SalesReceipt", "created", "live")
    assert (found["said"]["source_id"], found["said"]["revision"], found["said"]["amount"]) == ("s1", 1, 114.98)
    assert found["said"]["raw"]["amount"] == "114.98", "as the source gave it"
    assert found["said"]["newest"]
    (write,) = found["writes"]
    assert (write["plan_hash"], write["operation"], write["plugin"]) == (posted["hash"], "create", "till 1.0")
    assert write["approved_by"].startswith("cli:")
    assert write["tid"]
    assert write["run_trigger"] == "person"
    taxes = [each for each in write["chosen"] if each["role"] == "tax"]
    assert [each["origin"] for each in taxes] == ["person"]


@pytest.mark.parametrize("name", ["number", "document", "kind and id", "mark"])
def test_every_name_of_a_document_finds_it(told: Told, posted: dict[str, Any], name: str) -> None:
    (known,) = told("audit", "why", "sales/s1")[1]["documents"]
    names = {
        "number": known["number"],
        "document": known["document_id"],
        "kind and id": f"{known['kind']} {known['document_id']}",
        "mark": known["marker"],
    }
    found = told("audit", "why", names[name])[1]["documents"]
    assert known["key"] in [each["key"] for each in found]


def test_a_record_that_changed_after_posting_is_said_to_have_changed(told: Told, posted: dict[str, Any]) -> None:
    till.ROWS["T1"][0]["amount"] = "120.00"
    told("plan")
    (found,) = told("audit", "why", "sales/s1")[1]["documents"]
    # The newest revision is mapped and waits; what was posted is still told by its own write.
    assert found["said"]["revision"] == 2
    assert [write["revision"] for write in found["writes"]] == [1]


def test_a_document_that_is_not_ours_is_said_to_be_unknown(told: Told, posted: dict[str, Any]) -> None:
    status, answer = told("audit", "why", "Invoice 999")
    assert (status, answer["error"]["code"]) == (Exit.FAILED, "audit.document_unknown")


def test_people_read_why_in_both_languages(said: Said, posted: dict[str, Any]) -> None:
    english = said("audit", "why", "sales/s1")[1]
    assert "Plan approved by" in english
    assert "till 1.0" in english
    assert "Plan approuvé par" in said("audit", "why", "sales/s1", "--lang", "fr")[1]


@pytest.fixture
def house_rules(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extension of docs/how-to/extension, as if it were installed."""
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "extension.en.md").read_text(encoding="utf-8")
    module = ModuleType("house_rules")
    exec(page.partition("```python\n")[2].partition("\n```")[0], module.__dict__)  # noqa: S102 - ours
    installed = catalog_of(till, extensions={"house-rules": module})
    monkeypatch.setattr("raccord.catalog.load_catalog", lambda: installed)


@pytest.mark.usefixtures("house_rules")
def test_an_extension_of_the_docs_gives_an_account_and_why_says_so_in_both_languages(
    told: Told, said: Said, company: str, chosen: str
) -> None:
    sale = {"stream": "sales", "amount": "10.00"}
    till.ROWS["T1"] = [{**sale, "id": "s1", "day": "2026-03-07"}, {**sale, "id": "s2", "day": "2026-03-08"}]
    assert told("plugins", "allow", "house-rules")[0] == Exit.OK
    assert told("plugins", "enable", "house-rules", "--company", company)[0] == Exit.OK
    _, plan = told("plan")
    told("apply", "--hash", plan["hash"], "--yes")
    (found,) = told("audit", "why", "sales/s1")[1]["documents"]
    (answer,) = found["answers"]
    assert (answer["plugin"], answer["version"], answer["about"], answer["name"]) == (
        "house-rules", "2.1", "income", "Services",
    )  # fmt: skip
    assert answer["reason"]["fr"] == "Vendu au marché, le samedi."
    assert told("audit", "why", "sales/s2")[1]["documents"][0]["answers"] == [], "Sundays are nobody's"
    assert "Services (house-rules 2.1, " in " ".join(said("audit", "why", "sales/s1")[1].split())
    assert "Vendu au marché" in said("audit", "why", "sales/s1", "--lang", "fr")[1]


def test_the_log_names_who_did_what_newest_first(told: Told, posted: dict[str, Any]) -> None:
    _, answer = told("audit", "log")
    numbers = [entry["seq"] for entry in answer["entries"]]
    assert numbers == sorted(numbers, reverse=True)
    _, plans = told("audit", "log", "--action", "plan", "--connection", "Shop")
    assert [entry["action"] for entry in plans["entries"]] == ["plan.approved"]
    assert plans["entries"][0]["body"]["hash"] == posted["hash"]
    assert told("audit", "log", "--action", "pla")[1]["total"] == 0, "a family is named whole"


def test_an_altered_entry_is_named(told: Told, posted: dict[str, Any], database: Database) -> None:
    status, whole = told("audit", "verify")
    assert (status, whole["intact"], whole["older"]) == (Exit.OK, True, 0)
    with database.read() as session:
        assert whole["links"] == session.scalar(text("SELECT count(*) FROM link")) > 0
        assert whole["proofs"] == session.scalar(text("SELECT count(*) FROM proof")) > 0
    assert whole["older_proofs"] == 0
    with database.begin() as session:
        session.execute(text("UPDATE event SET actor = 'nobody' WHERE seq = 2"))
    status, answer = told("audit", "verify")
    assert (status, answer["error"]["code"]) == (Exit.FAILED, "audit.chain_broken")
    assert "2" in answer["error"]["text"]["en"]


def test_a_link_that_the_chain_does_not_tell_is_named(told: Told, posted: dict[str, Any], database: Database) -> None:
    with database.begin() as session:
        session.execute(text("UPDATE link SET document_id = '999' WHERE key = 'sales/s1'"))
    status, answer = told("audit", "verify")
    assert (status, answer["error"]["code"]) == (Exit.FAILED, "audit.links_untold")
    assert "sales/s1 altered" in answer["error"]["text"]["en"]
    assert "sales/s1 modifié" in answer["error"]["text"]["fr"]


PAST_RACCORD = {
    "altered": "UPDATE proof SET quickbooks_total = '114.99' WHERE stream = 'sales'",
    "removed": "DELETE FROM proof WHERE stream = 'sales'",
    "inserted": "INSERT INTO proof (connection_id, run_id, stream, currency, day, source_total, left_out_total,"
    " moved_total, moves, posted_total, quickbooks_total, equal, differences, told, proven_at)"
    " SELECT connection_id, run_id, stream, currency, '2026-03-09', source_total, left_out_total, moved_total, moves,"
    " posted_total, quickbooks_total, equal, differences, told, '2099-01-01' FROM proof WHERE stream = 'sales'",
}


@pytest.mark.parametrize("deed", PAST_RACCORD)
def test_leader_8_a_proof_that_the_chain_does_not_tell_is_named_until_it_is_made_again(
    told: Told, posted: dict[str, Any], database: Database, deed: str
) -> None:
    with database.begin() as session:
        session.execute(text(PAST_RACCORD[deed]))
    status, answer = told("audit", "verify")
    assert (status, answer["error"]["code"]) == (Exit.FAILED, "audit.proofs_untold")
    day = "2026-03-09" if deed == "inserted" else "2026-03-02"
    assert f"Shop sales CAD {day} {deed}" in answer["error"]["text"]["en"]
    assert ("(entry " in answer["error"]["text"]["en"]) == (deed != "inserted")
    _, checked = told("doctor", "--offline")
    assert "audit.proofs_untold" in {each["code"] for each in checked["findings"]}
    assert told("proof", "--refresh")[0] == Exit.OK
    assert told("audit", "verify")[1]["intact"] is True


def test_proofs_of_before_the_chain_told_of_them_are_counted_and_told_when_they_are_made_again(
    told: Told, posted: dict[str, Any], database: Database
) -> None:
    """As a database of an earlier revision has them: no digest, and entries without any."""
    with database.begin() as session:
        session.execute(text("UPDATE proof SET told = ''"))
        session.execute(text("DELETE FROM event"))
        session.execute(text("DELETE FROM event_head"))
        session.execute(text("DELETE FROM link"))
        session.execute(text("DELETE FROM proof WHERE stream != 'sales'"))
    assert told("audit", "verify")[1]["older_proofs"] == 1
    told("proof", "--refresh")
    found = told("audit", "verify")[1]
    assert (found["proofs"], found["older_proofs"]) == (1, 0)


@pytest.mark.requirement("CH-68")
def test_all_that_is_kept_about_a_company_is_taken_away_as_one_file(
    told: Told, said: Said, posted: dict[str, Any], tmp_path: Path
) -> None:
    place = tmp_path / "books.zip"
    status, answer = told("export", str(place))
    assert status == Exit.OK
    assert (answer["file"], answer["bytes"]) == (str(place), place.stat().st_size)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.suffix == ".part"] == []
    with zipfile.ZipFile(place) as archive:
        tables = {
            name.removesuffix(".csv"): list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
            for name in archive.namelist()
        }
    assert sorted(tables) == sorted(answer["tables"])
    (record,) = tables["records"]
    assert (record["source_id"], record["amount"], record["state"]) == ("s1", "114.98", "mapped")
    assert "SalesReceipt" in {each["kind"] for each in tables["documents"]}
    _, log = told("audit", "log")
    assert "company.exported" in {each["action"] for each in log["entries"]}

    again, refused = said("export", str(place))
    assert again != Exit.OK
    assert "exists already" in refused
    nowhere, refused = said("export", str(tmp_path / "no" / "such.zip"))
    assert nowhere != Exit.OK
    assert "could not be written" in refused
