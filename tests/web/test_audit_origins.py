"""From where people act: noted in the chain, shown, searched and taken away as a table by whoever may see it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from browsing import somebody
from fastapi import FastAPI
from httpx2 import Response
from programs import another_company, program
from sqlalchemy import select, update
from starlette.testclient import TestClient

from raccord.jobs.inline import HandOver
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import RoleName
from raccord.overview.tables.entries import COLUMNS
from raccord.store import events
from raccord.store.models import Company, Connection, Event
from raccord.store.origins import acting_from, origin_now
from raccord.sync.workshop import Workshop
from raccord_web.api.application import PATH
from raccord_web.app import create_app

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0"
Send = Callable[..., Response]


def rows_of(answer: Response) -> list[dict[str, str]]:
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_a_deed_says_from_which_address_device_and_token_it_was_asked(
    workshop: Workshop, app: FastAPI, synced: Connection, company: Company, browser: TestClient, send: Send
) -> None:
    browser.headers["user-agent"] = FIREFOX
    own = f"/connections/{synced.id}"
    assert send(own, f"{own}/pause").status_code == 303
    client = program(workshop, create_app(workshop, HandOver()), RoleName.OWNER, Scope.OWN, company.id)
    client.headers["user-agent"] = "till/1.0\n"
    assert client.post(f"{PATH}{own}/resume", json={}).status_code == 200
    with workshop.database.read() as session:
        paused, resumed = session.scalars(
            select(Event).where(Event.action.in_(["connection.paused", "connection.resumed"])).order_by(Event.seq)
        ).all()
        assert (paused.address, paused.device, paused.token_name) == ("testclient", FIREFOX, "")
        assert (resumed.address, resumed.device, resumed.token_name) == ("testclient", "till/1.0", "till reader")
        assert events.verify(session) is None
    assert origin_now().address == "", "nothing of it is left behind"

    page = browser.get("/audit").text
    assert "Firefox, Windows" in page
    assert "Token “till reader”" in page
    assert "Jeton « till reader »" in browser.get("/audit?lang=fr").text.replace("\u00a0", " ")
    narrow = browser.get("/audit?origin=firefox&lang=en&action=connection").text
    assert (narrow.count("connection.paused"), "connection.resumed" in narrow) == (1, False)
    narrowed = client.get(f"{PATH}/audit", params={"origin": "till reader"}).json()["rows"]
    assert [(each["action"], each["token"]) for each in narrowed] == [("connection.resumed", "till reader")]
    assert client.get(f"{PATH}/audit", params={"origin": "192.168."}).json()["rows"] == []
    day = workshop.clock.now().date().isoformat()
    assert client.get(f"{PATH}/audit", params={"first": day, "last": day}).json()["total"] > 2
    assert client.get(f"{PATH}/audit", params={"last": "2020-01-01"}).json()["total"] == 0
    assert browser.get("/audit?first=soon").status_code == 200


def test_from_where_it_came_is_sealed_with_the_entry(workshop: Workshop) -> None:
    with workshop.database.begin() as session, acting_from("203.0.113.7", "curl/8"):
        seq = events.append(session, "Ada", "plan.approved", now=workshop.clock.now()).seq
    with workshop.database.read() as session:
        assert events.verify(session) is None
    with workshop.database.begin() as session:
        session.execute(update(Event).where(Event.seq == seq).values(address="203.0.113.8"))
    with workshop.database.read() as session:
        assert events.verify(session) == seq


def test_the_log_is_taken_away_whole_and_runs_nothing_in_a_spreadsheet(
    workshop: Workshop, synced: Connection, company: Company, browser: TestClient
) -> None:
    other = another_company(workshop)
    with workshop.database.begin() as session, acting_from("203.0.113.7", "=cmd|' /C calc'!A0"):
        for number in range(502):
            events.append(session, "=HYPERLINK(1)", "comment.written", f"+{number}", company.id, synced.id,
                          now=workshop.clock.now(), body={"text": "@SUM(A1)"})  # fmt: skip
        events.append(session, "Eve", "comment.written", "theirs", other, now=workshop.clock.now())
    asked = {"action": "comment"}
    taken = rows_of(browser.get("/audit/table", params=asked))
    assert len(taken) == 503
    assert [each["Who"] for each in taken[:2]] == ["Eve", "'=HYPERLINK(1)"]
    assert {each["Device"] for each in taken} == {"'=cmd|' /C calc'!A0"}
    assert len({each["Hash"] for each in taken}) == 503
    assert not [cell for each in taken for cell in each.values() if cell.startswith(("=", "+", "-", "@"))]
    assert "Appareil" in browser.get("/audit/table?action=none&lang=fr").text
    assert 'href="/audit/table?action=comment"' in browser.get("/audit?action=comment").text

    # Of another company nothing is told, to a guest of this one or to a program of theirs.
    guest = somebody(workshop, create_app(workshop, HandOver()), "g@example.ca", RoleName.ACCOUNTANT, company.id)
    assert {each["Subject"] for each in rows_of(guest.get("/audit/table?action=comment"))}.isdisjoint({"theirs"})
    assert len(rows_of(guest.get("/audit/table?action=comment"))) == 502
    assert guest.get(f"/audit/table?company={other}").status_code == 404
    reader = program(workshop, create_app(workshop, HandOver()), RoleName.ACCOUNTANT, Scope.READ, company.id)
    table = rows_of(reader.get(f"{PATH}/audit/table", params={"action": "comment", "origin": "203.0.113."}))
    assert (len(table), tuple(table[0])) == (502, COLUMNS)
    assert table[0]["body"] == '{"text":"@SUM(A1)"}'
