"""Receipts that people attach to bank lines: posted once after their line's document, and only with it."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
import till
from harness import OWNER, choose_usual, finish, request, sync
from sqlalchemy import select

from raccord.jobs.inline import HandOver
from raccord.jobs.undo_requests import request_undo
from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.arriving.receiving import files_of
from raccord.onboarding.deciding import attaching
from raccord.onboarding.deciding.attaching import attach, detach
from raccord.onboarding.deciding.decisions import DecisionError, approve_plan
from raccord.onboarding.deciding.treating import take_back, treat
from raccord.onboarding.deciding.undone import release
from raccord.overview.lines.attached import files_of_holds
from raccord.overview.records import record_story
from raccord.store.models import Company, Connection, DraftRow, DraftState, Event, Hold, Plan, Problem, Proof, RunCount
from raccord.sync.lines.attached import ATTACHED, LINE_NOT_POSTED, WITH_DOCUMENT
from raccord.sync.lines.treatments import Part, Treated, Treatment
from raccord.sync.posting.removals import UNDONE
from raccord.sync.undoing.selection import Asked
from raccord.sync.workshop import Workshop

pytestmark = pytest.mark.either_database

PDF = b"%PDF-1.7\nRe\xe7u \x00 du caf\xe9"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def row(number: int, amount: str, memo: str) -> dict[str, str]:
    return {"stream": "bank", "id": f"b{number}", "day": "2026-03-04", "amount": amount, "memo": memo}


def drafts(workshop: Workshop, kind: str = "Attachable") -> list[DraftRow]:
    with workshop.database.read() as session:
        return list(session.scalars(select(DraftRow).where(DraftRow.kind == kind).order_by(DraftRow.id)))


def there(workshop: Workshop, company: Company) -> dict[str, Any]:
    return {str(each["FileName"]): each for each in workshop.client(company).query_all("Attachable", "")}


def refused(code: str, deed: Any, *args: Any) -> None:
    with pytest.raises(DecisionError) as error:
        deed(*args)
    assert error.value.code == f"attaching.{code}"


def test_a_receipt_follows_its_line_once_and_no_line_that_posts_nothing(
    workshop: Workshop, company: Company, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    meals = str(client.create("Account", '{"Name":"Repas","AccountType":"Expense"}', "meals").value["Id"])
    till.ROWS["T1"] = [row(n, f"-{n}.50", f"TEXTE {n}") for n in range(1, 6)]
    sync(workshop, connection)
    with workshop.database.read() as session:
        asked = select(DraftRow.key, Hold.id).join(Hold, Hold.draft_id == DraftRow.id)
        holds = {key.removeprefix("bank/"): hold for key, hold in session.execute(asked)}

    def put(line: str, name: str, content: bytes, actor: Actor = OWNER) -> str:
        return attach(workshop, actor, holds[line], name, io.BytesIO(content)).name

    meal = Treatment(kind=Treated.CATEGORY, parts=(Part(account=meals),))
    with pytest.raises(NotAllowedError):
        put("b1", "a.pdf", PDF, Actor("Rémi", RoleName.ACCOUNTANT))
    refused("not_a_receipt", put, "b1", "programme.pdf", b"MZ" + bytes(40))
    with monkeypatch.context() as patch:
        patch.setattr(attaching, "UPLOAD_BYTES_MAX", 100)
        refused("too_large", put, "b1", "grand.png", PNG)
        patch.setattr(attaching, "FILES_MAX", 0)
        refused("too_many", put, "b1", "a.pdf", PDF)
    assert put("b1", "Reçu.pdf", PDF) == "Reçu.pdf"
    assert put("b1", "encore.pdf", PDF) == "Reçu.pdf", "the same bytes once"
    assert put("b1", "photo", PNG) == "photo.png", "the ending that its bytes have"
    gone = put("b1", "erreur.pdf", PDF + b"2")
    files = {each.name: each.sha256 for each in _files(workshop, holds["b1"])}
    detach(workshop, OWNER, holds["b1"], files[gone])
    refused("unknown", detach, workshop, OWNER, holds["b1"], files[gone])
    for line in ("b2", "b3", "b4"):
        put(line, f"{line}.pdf", PDF + line.encode())
    treat(workshop, OWNER, holds["b1"], meal)
    treat(workshop, OWNER, holds["b2"], Treatment(kind=Treated.EXCLUDE, why="Doublon"))
    refused("line_done", put, "b2", "tard.pdf", PDF)
    treat(workshop, OWNER, holds["b3"], meal)
    run = finish(workshop, request(workshop, connection))
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    # While the plan waits: a file comes to a line of it, and follows with the next run.
    put("b3", "plus tard.pdf", PDF + b"late")
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    finish(workshop, run.id)
    assert set(there(workshop, company)) == {"Reçu.pdf", "photo.png", "b3.pdf"}
    sync(workshop, connection)
    found = there(workshop, company)
    assert set(found) == {"Reçu.pdf", "photo.png", "b3.pdf", "plus tard.pdf"}
    assert httpx.get(found["Reçu.pdf"]["TempDownloadUri"]).content == PDF
    assert httpx.get(found["photo.png"]["TempDownloadUri"]).content == PNG
    spent = {str(each["TotalAmt"]): str(each["Id"]) for each in client.query_all("Purchase")}
    of = {name: each["AttachableRef"][0]["EntityRef"] for name, each in found.items()}
    assert (of["Reçu.pdf"]["type"], of["Reçu.pdf"]["value"]) == ("Purchase", spent["1.50"])
    assert of["plus tard.pdf"]["value"] == spent["3.50"]
    refused("line_done", put, "b1", "tard.pdf", PDF + b"3")
    refused("posted_already", detach, workshop, OWNER, holds["b1"], files["Reçu.pdf"])
    assert [str(each.fate) for each in _files(workshop, holds["b1"])] == ["posted", "posted"]
    assert [str(each.fate) for each in _files(workshop, holds["b2"])] == ["left"]
    assert [str(each.fate) for each in _files(workshop, holds["b4"])] == ["waits"]

    # Answered, planned, and then taken back: the file stays with the line that waits again.
    treat(workshop, OWNER, holds["b4"], meal)
    finish(workshop, request(workshop, connection, stop_after="plan"))
    take_back(workshop, OWNER, connection.id, "bank/b4")
    # The source says the posted line otherwise, and the one taken back too: no receipt is withdrawn by that.
    till.ROWS["T1"][0]["memo"] = "TEXTE UN"
    till.ROWS["T1"][3]["memo"] = "TEXTE QUATRE"
    sync(workshop, connection)
    last = drafts(workshop)[-1]
    assert (last.state, last.reason) == (DraftState.SKIPPED, LINE_NOT_POSTED)
    assert [each.state for each in drafts(workshop)[:4]] == [DraftState.POSTED] * 4
    treat(workshop, OWNER, holds["b4"], meal)
    sync(workshop, connection)
    sync(workshop, connection)
    assert set(there(workshop, company)) == {*found, "b4.pdf"}
    assert client.count("Attachable") == 5

    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))
        assert session.scalars(select(Problem.code)).all() == []
        for count in session.scalars(select(RunCount)):
            told = count.posted + count.unchanged + count.skipped + count.held + count.failed
            assert count.fetched == told
        assert files_of(session, connection.id) == [], "no source gave them"
        line = session.scalars(select(DraftRow).where(DraftRow.key == "bank/b1")).one()
        assert len(line.decisions[ATTACHED]) == 2
        assert line.record_id is not None
        story = record_story(session, line.record_id)
        assert story is not None
        assert [each.name for each in story.files] == ["Reçu.pdf", "photo.png"]
        assert {each.kind for each in story.view.documents} == {"Purchase", "Attachable"}
        told = [event.body["file"] for event in session.scalars(select(Event).where(Event.action == "hold.detached"))]
        assert told == ["erreur.pdf"]
    box = workshop.files(connection.id)
    assert box.after(0) is None, "no connector reads them"
    with box.of_hash(files["Reçu.pdf"]).open() as content:
        assert content.read() == PDF
    assert PDF not in box.of_hash(files["Reçu.pdf"]).path.read_bytes(), "sealed"
    # Bytes that a source gives too arrive like any other file.
    late = PDF + b"2"
    box.receive("relevé.bin", io.BytesIO(late), origin="upload")
    arrived = box.after(0)
    assert arrived is not None
    assert (arrived.name, box.after(arrived.number)) == ("relevé.bin", None)


def _files(workshop: Workshop, hold_id: str) -> list[Any]:
    with workshop.database.read() as session:
        return files_of_holds(session, [hold_id]).get(hold_id, [])


def test_a_receipt_taken_out_with_its_document_is_no_question_and_comes_back_with_it(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    meals = str(client.create("Account", '{"Name":"Repas","AccountType":"Expense"}', "meals").value["Id"])
    till.ROWS["T1"] = [row(1, "-1.50", "REPAS")]
    sync(workshop, connection)

    def asked() -> dict[str, Hold]:
        with workshop.database.read() as session:
            rows = session.execute(
                select(DraftRow.kind, Hold).join(Hold, Hold.draft_id == DraftRow.id).where(Hold.closed_at.is_(None))
            )
            return {str(kind): hold for kind, hold in rows}

    def undo(*keys: str) -> None:
        asking = Asked(keys=keys)
        run = finish(
            workshop,
            request_undo(workshop.database, HandOver(), connection.id, asking, actor=OWNER, clock=workshop.clock),
        )
        with workshop.database.read() as session:
            plan = session.get_one(Plan, run.plan_id)
        approve_plan(workshop, OWNER, plan.id, plan.hash)
        finish(workshop, run.id)

    [hold] = asked().values()
    attach(workshop, OWNER, hold.id, "Reçu.pdf", io.BytesIO(PDF))
    treat(workshop, OWNER, hold.id, Treatment(kind=Treated.CATEGORY, parts=(Part(account=meals),)))
    sync(workshop, connection)
    [first] = there(workshop, company).values()
    undo("bank/b1")
    assert there(workshop, company) == {}
    assert {kind: each.code for kind, each in asked().items()} == {"Purchase": UNDONE}, "the document alone is asked"
    assert [(each.state, each.reason) for each in drafts(workshop)] == [(DraftState.SKIPPED, WITH_DOCUMENT)]
    sync(workshop, connection)
    assert list(asked()) == ["Purchase"], "nor does the next run ask"

    release(workshop, OWNER, [asked()["Purchase"].id])
    sync(workshop, connection)
    assert asked() == {}
    [again] = there(workshop, company).values()
    [spent] = client.query_all("Purchase")
    assert (again["Id"] != first["Id"], again["AttachableRef"][0]["EntityRef"]["value"]) == (True, spent["Id"])

    # Given another category, it takes its receipt along as well.
    undo("bank/b1")
    take_back(workshop, OWNER, connection.id, "bank/b1")
    [hold] = asked().values()
    treat(workshop, OWNER, hold.id, Treatment(kind=Treated.CATEGORY, parts=(Part(account=meals),)))
    sync(workshop, connection)
    sync(workshop, connection)
    assert (asked(), list(there(workshop, company))) == ({}, ["Reçu.pdf"])
    with workshop.database.read() as session:
        assert session.scalars(select(Problem.code)).all() == []
