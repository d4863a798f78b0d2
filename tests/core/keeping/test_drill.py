"""A backup is made, put back apart and looked at whole; what it would write twice, or has lost, fails the drill."""

from __future__ import annotations

import io
import json
import os
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import till
from harness import NOW, OWNER, choose_usual, finish, lab, request, sync
from postgres_server import installed
from sqlalchemy import select, text

from raccord.clock import FixedClock
from raccord.keeping.backups import MANIFEST, choose_target, list_backups, make_backup, read_backup
from raccord.keeping.disks import on_disk_of
from raccord.keeping.drill import Drill, drill
from raccord.keeping.errors import BackupError
from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.quickbooks import ReadOnlyError
from raccord.store import events
from raccord.store.canonical import canonical, exact
from raccord.store.models import Company, Connection, Event, Installation, Plan, RunState
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def sale(number: int) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": "2026-03-02", "amount": "10.00"}


@pytest.fixture
def kept(
    workshop: Workshop, company: Company, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Workshop:
    """Two sales are posted, then all of it is backed up, then a third is posted."""
    if workshop.database.dialect == "postgresql":
        monkeypatch.setenv("PATH", ":".join([*map(str, installed()), os.environ["PATH"]]))
    till.ROWS["T1"] = [sale(1), sale(2)]
    choose_usual(workshop, connection, company)
    workshop.files(connection.id).receive("sales.csv", io.BytesIO(b"id,amount\n"), origin="upload")
    sync(workshop, connection)
    choose_target(workshop, OWNER, str(tmp_path / "target"))
    make_backup(workshop, OWNER.name)
    till.ROWS["T1"].append(sale(3))
    sync(workshop, connection)
    return workshop


def failures(done: Drill) -> list[str]:
    return [line.text.en for line in done.lines if not line.ok]


def writes(sandbox: SandboxServer) -> int:
    return len(sandbox.store.of_template("quebec").writes)


def databases(workshop: Workshop) -> list[str]:
    with workshop.database.read() as session:
        return list(session.scalars(text("SELECT datname FROM pg_database WHERE datname LIKE 'raccord_drill_%'")))


def test_the_last_backup_restores_whole_and_would_create_nothing_and_nothing_is_written_meanwhile(
    kept: Workshop, company: Company, connection: Connection, sandbox: SandboxServer
) -> None:
    before = writes(sandbox)
    done = drill(kept, OWNER)
    assert failures(done) == []
    assert done.passed
    said = [line.text.en for line in done.lines]
    assert any(line.startswith("Counts: ") for line in said)
    assert "The manifest is the one the audit chain knows." in said
    assert f"{company.name} · {connection.label}: documents to create: 0." in said
    assert writes(sandbox) == before
    assert list(kept.settings.data_dir.glob(".drill-*")) == [], "the scratch place is gone"
    if kept.database.dialect == "postgresql":
        assert databases(kept) == []
    with kept.database.read() as session:
        row = session.get_one(Installation, 1)
        assert (row.drilled, row.drill_passed, row.drilled_at) == (done.backup, True, NOW)
        assert session.scalars(select(Event.subject).where(Event.action == "drill.passed")).all() == [done.backup]
        assert events.verify(session) is None


@ON_SQLITE
def test_a_document_whose_mark_somebody_removed_since_the_backup_would_be_made_twice_and_fails_the_drill(
    kept: Workshop, connection: Connection, sandbox: SandboxServer
) -> None:
    with kept.database.begin() as session:
        session.get_one(Connection, connection.id).review_each = True
    till.ROWS["T1"].append(sale(4))
    run = finish(kept, request(kept, connection))
    step_on(kept)
    backup = make_backup(kept, OWNER.name).name
    # What is left to do here too is no surprise.
    before = drill(kept, OWNER)
    assert failures(before) == []
    assert any("waiting here too: 1" in line.text.en for line in before.lines)
    with kept.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(kept, OWNER, plan.id, plan.hash)
    assert finish(kept, run.id).state == RunState.DONE
    step_on(kept)
    assert failures(drill(kept, OWNER)) == [], "posted since, it is recognised by its mark"

    newest = max(sandbox.store.of_template("quebec").table("SalesReceipt"), key=lambda each: int(each["Id"]))
    changes = {"PrivateNote": "", "DocNumber": "by hand"}
    lab(sandbox, "edit", entity="SalesReceipt", id=newest["Id"], changes=changes)
    [found] = failures(drill(kept, OWNER, backup))
    assert "documents to create: 1 (" in found
    with kept.database.read() as session:
        row = session.get_one(Installation, 1)
        assert (row.drilled, row.drill_passed) == (backup, False)
        body = session.scalars(select(Event.body).where(Event.action == "drill.failed")).one()
    assert body["failed"] == [found]


def step_on(workshop: Workshop) -> None:
    """Let a day pass, so that the next backup has a name of its own."""
    assert isinstance(workshop.clock, FixedClock)
    workshop.clock.advance(timedelta(days=1))


@ON_SQLITE
def test_a_backup_that_was_changed_or_whose_key_is_gone_fails_and_says_what(kept: Workshop, tmp_path: Path) -> None:
    target = tmp_path / "target"
    backup = read_backup(target)
    key = kept.settings.key_file
    key.rename(key.with_name("away"))
    assert [each for each in failures(drill(kept, OWNER)) if str(key) in each]
    assert not key.exists(), "a drill makes no key"
    key.with_name("away").rename(key)

    [file] = [each for each in (target / "files").rglob("*") if each.is_file()]
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    [said] = failures(drill(kept, OWNER))
    assert said.startswith("Received files that are missing or were changed: 1")
    file.write_bytes(whole)

    manifest = backup.folder / MANIFEST
    said_before = manifest.read_text()
    manifest.write_text(said_before.replace('"company":1', '"company":2'))
    assert sorted(each.split(":")[0] for each in failures(drill(kept, OWNER))) == [
        "Tables without the manifest's count",
        "The manifest is not the one the audit chain knows",
    ]
    manifest.write_text(said_before)

    content = bytearray(backup.database.read_bytes())
    content[len(content) // 2] ^= 1
    backup.database.write_bytes(bytes(content))
    [said] = failures(drill(kept, OWNER))
    assert "is missing or was changed" in said
    manifest.write_text("{")
    [said] = failures(drill(kept, OWNER))
    assert "cannot be read" in said


@ON_SQLITE
def test_backups_keep_their_number_and_the_files_that_they_name_and_no_key_or_secret_lies_in_them(
    kept: Workshop, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    few = replace(kept, settings=kept.settings.model_copy(update={"backup_keep": 2}))
    stray = target / "files" / "gone" / ("0" * 64)
    stray.parent.mkdir()
    stray.write_bytes(b"sealed")
    for _ in range(2):
        step_on(kept)
        make_backup(few, OWNER.name)
    names = list_backups(target)
    assert len(names) == 2
    assert names == sorted(names, reverse=True)
    assert not stray.exists(), "no backup names it"
    assert len([each for each in (target / "files").rglob("*") if each.is_file()]) == 1
    assert {oct(each.stat().st_mode & 0o777) for each in target.rglob("*") if each.is_file()} == {"0o600"}
    key = kept.settings.key_file.read_bytes().strip()
    assert not [each for each in target.rglob("*") if each.is_file() and key in each.read_bytes()]
    manifest = json.loads((target / names[0] / MANIFEST).read_text(), parse_float=str)
    assert manifest["database"]["counts"]["connection"] == 1
    assert len(manifest["files"]) == 1


@ON_SQLITE
def test_a_target_is_chosen_by_who_operates_and_lies_elsewhere(workshop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(BackupError) as none:
        drill(workshop, OWNER)
    assert none.value.code == "backup.no_target"
    for wrong in ("", "relative/place", str(workshop.settings.data_dir / "inside")):
        with pytest.raises(BackupError) as refused:
            choose_target(workshop, OWNER, wrong)
        assert refused.value.code == "backup.target_unusable"
    with pytest.raises(NotAllowedError):
        choose_target(workshop, Actor("Ada", RoleName.ADMIN), str(tmp_path / "target"))
    with pytest.raises(BackupError) as missing:
        choose_target(workshop, OWNER, str(tmp_path / "target"), create=False)
    assert (missing.value.code, (tmp_path / "target").exists()) == ("backup.target_missing", False)
    choose_target(workshop, OWNER, str(tmp_path / "target"))
    choose_target(workshop, OWNER, str(tmp_path / "target"), create=False)
    with workshop.database.read() as session:
        told = session.scalars(select(Event).where(Event.action == "backup.target_chosen").order_by(Event.seq)).all()
    assert [each.body["created"] for each in told] == [True, False]
    with pytest.raises(BackupError) as empty:
        read_backup(tmp_path / "target")
    assert empty.value.code == "backup.unknown"


@ON_SQLITE
def test_a_client_given_for_reading_refuses_each_write_whoever_guards_it(workshop: Workshop, company: Company) -> None:
    client = workshop.client(company).reading().guarded(lambda: None)
    assert client.count("Customer") >= 0
    with pytest.raises(ReadOnlyError):
        client.create("Customer", '{"DisplayName": "Nobody"}', "r1")
    with pytest.raises(ReadOnlyError):
        client.upload("{}", b"", "r2")


@ON_SQLITE
def test_what_another_installation_put_into_the_target_stays_with_its_files(kept: Workshop, tmp_path: Path) -> None:
    target = tmp_path / "target"
    few = replace(kept, settings=kept.settings.model_copy(update={"backup_keep": 1}))
    [first] = list_backups(target)
    theirs = target / "raccord-20200101T000000Z"
    shutil.copytree(target / first, theirs)
    manifest: Any = exact((theirs / MANIFEST).read_text())
    sealed = target / "files" / "other" / ("1" * 64)
    sealed.parent.mkdir()
    sealed.write_bytes(b"sealed")
    manifest["files"] = [{"path": f"files/other/{sealed.name}", "bytes": 6, "sha256": "0" * 64}]
    (theirs / MANIFEST).write_text(canonical(manifest))
    step_on(kept)
    made = make_backup(few, OWNER.name)
    assert list_backups(target) == [made.name, theirs.name]
    assert sealed.exists()


def test_a_folder_on_the_disk_of_the_data_is_known(tmp_path: Path) -> None:
    data, kept = tmp_path / "data", tmp_path / "not" / "there" / "yet"
    data.mkdir()
    assert on_disk_of(kept, data), "by the nearest folder above it"
    assert on_disk_of(data / "file" / "below", data)
    assert not on_disk_of(Path("/proc"), data)
