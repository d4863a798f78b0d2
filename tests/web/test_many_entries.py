"""Thousands of items, contacts and imports: pages stay short, ask as often for many, and see what changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from browsing import browser_of
from harness import NOW, OWNER, make_workshop
from many_entries import fill
from sqlalchemy import event, select, update

import raccord_plannit
from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.onboarding.setting_up import beside_each_other, instances, known_names
from raccord.onboarding.setting_up.doubles import imported_doubles
from raccord.onboarding.setting_up.instances import link_suggested, linking
from raccord.store.database import Database
from raccord.store.models import Connection, Event, LedgerEntry, PushedEntry, RecordState, SourceRecord
from raccord.sync.fetching.keep import FILE_TAKEN_BACK
from raccord.sync.workshop import Workshop
from raccord_web.app import create_app

FEW, MANY = 60, 900
PAGES = ("linking", "linking?only=open&q=000", "doubles", "doubles?offset=50", "imported", "lists", "setup/lists")


@pytest.fixture
def workshop(database: Database, data_dir: Path) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, "http://127.0.0.1:1", FixedClock(NOW), raccord_plannit)
    yield made
    made.close()


def test_pages_of_lists_ask_as_often_for_many_entries_as_for_few(workshop: Workshop) -> None:
    database = workshop.database
    ids = [fill(database, entries) for entries in (FEW, MANY)]
    browser, said = browser_of(create_app(workshop, HandOver(), OWNER)), list[str]()

    def note(*told: Any) -> None:
        said.append(told[2])

    asked: list[dict[str, int]] = []
    event.listen(database.engine, "before_cursor_execute", note)
    try:
        for id_ in ids:
            asked.append({})
            for page in PAGES:
                said.clear()
                answer = browser.get(f"/connections/{id_}/{page}")
                assert answer.status_code == 200, page
                asked[-1][page] = len(said)
                assert len(re.findall(r"<tr>", answer.text)) <= 52, page
                assert answer.text.count("<option") <= 510, "what may be chosen stands there once"
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    # The first look at a list reads it once; what is read is one question, however much it is.
    assert asked[0] == asked[1]
    shown = browser.get(f"/connections/{ids[1]}/doubles?offset=50").text
    assert ("Entrée &amp; fils 00051" in shown, "Entrée &amp; fils 00050" in shown) == (True, False)


def test_what_is_remembered_of_lists_is_read_again_once_anything_of_them_changed(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = fill(workshop.database, FEW)

    def seen(**asked: Any) -> tuple[int, int, int]:
        found = linking(workshop, connection_id, "item", **asked)
        return found.total, found.linked, found.suggested

    assert seen() == (FEW, 0, FEW)
    assert imported_doubles(workshop, connection_id, "contacts", limit=1).total == FEW
    # What the source says anew, takes back, or says of one that is there.
    with workshop.database.begin() as session:
        first = session.scalars(select(SourceRecord).where(SourceRecord.stream == "items")).first()
        assert first is not None
        session.execute(update(SourceRecord).where(SourceRecord.id == first.id).values(state="superseded"))
        gone = dict(json.loads(first.raw), deleted=True)
        values = {each.name: getattr(first, each.name) for each in SourceRecord.__table__.columns if each.name != "id"}
        session.add(SourceRecord(**values | {"revision": 2, "raw": json.dumps(gone), "state": "mapped"}))
        contact = select(SourceRecord.id).where(SourceRecord.stream == "contacts").limit(1).scalar_subquery()
        session.execute(update(SourceRecord).where(SourceRecord.id == contact).values(reason=FILE_TAKEN_BACK))
    assert seen() == (FEW - 1, 0, FEW - 1)
    assert imported_doubles(workshop, connection_id, "contacts", limit=1).total == FEW - 1
    # What QuickBooks has no more; what it calls otherwise.
    with workshop.database.begin() as session:
        item = LedgerEntry.kind == "Item"
        session.execute(update(LedgerEntry).where(item, LedgerEntry.object_id == "2").values(active=False))
        other = {"name": "Something else", "name_key": "something else"}
        session.execute(update(LedgerEntry).where(item, LedgerEntry.object_id == "3").values(**other))
    assert seen() == (FEW - 1, 0, FEW - 3)
    # What was deleted at the source by a person.
    with workshop.database.begin() as session:
        session.execute(update(PushedEntry).where(PushedEntry.object_id == "5").values(source_id=""))
    assert imported_doubles(workshop, connection_id, "contacts", limit=1).total == FEW - 2
    # What is linked: so many a request, the next ones by the next.
    monkeypatch.setattr(instances, "TOGETHER", 7)
    with workshop.database.begin() as session:
        gates = {each: {"by": "Odile", "at": NOW.isoformat()} for each in ("catalogue_created", "tax_groups")}
        session.get_one(Connection, connection_id).approved_at = NOW
        session.get_one(Connection, connection_id).gates_passed = gates
    assert link_suggested(workshop, OWNER, connection_id, "item") == 7
    assert seen() == (FEW - 1, 7, FEW - 10)
    assert linking(workshop, connection_id, "item", only="open", limit=5, offset=5).matching == FEW - 8
    assert [each.id for each in linking(workshop, connection_id, "item", q="fils 00009").rows] == ["9"]
    assert link_suggested(workshop, OWNER, connection_id, "item") == 7
    with workshop.database.read() as session:
        made = session.scalars(select(Event).where(Event.action == "choice.made")).all()
    assert len(made) == len({each.body["of"] for each in made}) == 14


def test_of_a_change_only_what_it_is_about_is_read_and_compared_again_and_nothing_comes_out_otherwise(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id, database = fill(workshop.database, FEW), workshop.database
    work: dict[str, int] = {"parsed": 0, "suggested": 0, "compared": 0}

    def counted(name: str, of: Any) -> Any:
        def call(*args: Any) -> Any:
            work[name] += 1
            return of(*args)

        return call

    monkeypatch.setattr(known_names, "_own", counted("parsed", known_names._own))
    monkeypatch.setattr(known_names.Ledger, "suggestion", counted("suggested", known_names.Ledger.suggestion))
    monkeypatch.setattr(beside_each_other, "_beside", counted("compared", beside_each_other._beside))

    def look() -> tuple[object, object, dict[str, int]]:
        work.update(dict.fromkeys(work, 0))
        found = linking(workshop, connection_id, "item", limit=2 * FEW)
        doubles = imported_doubles(workshop, connection_id, "contacts", limit=2 * FEW)
        return found, doubles, dict(work)

    def changed(row: SourceRecord, **more: object) -> None:
        row.state = RecordState.SUPERSEDED
        values = {each.name: getattr(row, each.name) for each in SourceRecord.__table__.columns if each.name != "id"}
        raw = json.dumps(json.loads(row.raw) | more)
        session.add(SourceRecord(**values | {"revision": row.revision + 1, "raw": raw, "state": RecordState.MAPPED}))

    def record(stream: str, number: int) -> SourceRecord:
        mine = SourceRecord.stream == stream, SourceRecord.state != RecordState.SUPERSEDED
        return session.scalars(select(SourceRecord).where(*mine).order_by(SourceRecord.id).offset(number)).first()  # type: ignore[return-value]

    def entry(id_: str) -> LedgerEntry:
        asked = select(LedgerEntry).where(LedgerEntry.kind == "Item", LedgerEntry.object_id == id_)
        found = session.scalars(asked).one()
        found.seen_at += timedelta(minutes=1)
        return found

    assert look()[2]["parsed"] > FEW, "at first all of it"
    assert look()[2] == dict.fromkeys(work, 0), "and nothing of what stayed"
    for step in range(9):
        with database.begin() as session:
            match step:
                case 0:
                    changed(record("items", 3), name="Another name")
                case 1:
                    changed(record("contacts", 4), name="Autre nom", display_name="Autre nom")
                case 2:
                    changed(record("contacts", 7), emails=["one@example.ca"])
                case 3:
                    changed(record("contacts", 8), deleted=True)
                case 4:
                    entry("9").name = entry("10").name
                case 5:
                    entry("11").active = False
                case 6:
                    entry("9").number = "A-77"
                case 7:
                    session.execute(update(PushedEntry).where(PushedEntry.object_id == "12").values(source_id=""))
                case _:
                    changed(record("items", 5), code="A-77", name="x")
        *known, done = look()
        assert done["parsed"] <= 1, step
        assert max(done["suggested"], done["compared"]) <= 4, step
        known_names._KEPT.pop(database)
        *anew, whole = look()
        assert whole["parsed"] > FEW
        assert known == anew, step
