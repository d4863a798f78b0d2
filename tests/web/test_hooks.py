"""Messages of a source: signed, fresh, taken in once each, and posted by the run that they start."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from types import ModuleType

import pytest
import till
from fastapi import FastAPI
from harness import OWNER, catalog_of, choose_usual, finish, sync
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook
from starlette.testclient import TestClient

from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.jobs.ticker import heed_messages
from raccord.jobs.tuning import Tuning
from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.arriving.webhook_signature import key_of, sign
from raccord.onboarding.arriving.webhooks import (
    BODY_BYTES_MAX,
    WebhookError,
    close_endpoint,
    endpoint_view,
    handle_of,
    open_endpoint,
)
from raccord.onboarding.connecting import connections
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.plugin import ConnectorInfo, FetchContext, Page, Record, hookimpl
from raccord.plugin.info import Webhooks
from raccord.plugin.money import Money
from raccord.scope import Scopes
from raccord.store.models import Company, Connection, Plan, Problem, ProblemState, Run, RunState, WebhookDelivery
from raccord.sync.workshop import Workshop
from raccord_web.front.desk import MESSAGES_A_MINUTE

Deliver = Callable[..., object]


def till_that_calls(use: Webhooks | None) -> ModuleType:
    """A till that sends each sale as a message, read back in the order of arrival."""

    @hookimpl
    def describe() -> ConnectorInfo:
        return replace(till.INFO, webhooks=use)

    @hookimpl
    def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page:
        if stream != "sales":
            return Page((), cursor, False, ())
        file = context.files.after(int(cursor or 0))
        if file is None:
            return Page((), cursor, False, ())
        with file.open() as content:
            row = json.loads(content.read())
        day = date.fromisoformat(row["day"])
        record = Record(stream="sales", source_id=row["id"], day=day, raw=row, amount=Money.of(row["amount"], "CAD"))
        return Page((record,), str(file.number), True, ())

    module = ModuleType("till_that_calls")
    module.__dict__.update(vars(till) | {"describe": describe, "fetch_records": fetch_records})
    return module


@pytest.fixture
def calling(workshop: Workshop, connection: Connection, company: Company) -> Connection:
    workshop.scopes = Scopes(catalog_of(till_that_calls(Webhooks.RECORDS)))
    choose_usual(workshop, connection, company)
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).approved_at = workshop.clock.now()
    return connection


@pytest.fixture
def secret(workshop: Workshop, calling: Connection) -> str:
    return open_endpoint(workshop, OWNER, calling.id)[1]


@pytest.fixture
def deliver(app: FastAPI, workshop: Workshop, calling: Connection, secret: str) -> Deliver:
    """Delivers a message as the source does, signed by ``standardwebhooks``' own rules unless told otherwise."""
    machine = TestClient(app, base_url="http://localhost")

    def post(body: bytes, message_id: str = "m1", *, key: str = "", late: timedelta = timedelta(0), **more: str):
        moment = workshop.clock.now() - late
        signature = Webhook(key or secret).sign(message_id, moment, body.decode())
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": signature,
            # No browser calls this, and none could make another one call it.
            "sec-fetch-site": "cross-site",
            **more,
        }
        with workshop.database.read() as session:
            view = endpoint_view(session, calling.id)
        assert view is not None
        return machine.post(view.path, content=body, headers=headers)

    return post


def message(number: int, amount: str = "10.00") -> bytes:
    return json.dumps({"stream": "sales", "id": f"s{number}", "day": "2026-03-02", "amount": amount}).encode()


def heed(workshop: Workshop) -> list[str]:
    return heed_messages(workshop.database, HandOver(), workshop.clock, Tuning())


def came(workshop: Workshop) -> list[tuple[str, bool]]:
    with workshop.database.read() as session:
        rows = session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id))
        return [(row.message_id, row.run_id is not None) for row in rows]


def test_a_message_becomes_a_document_once_however_often_it_comes(
    workshop: Workshop, calling: Connection, company: Company, deliver: Deliver
) -> None:
    assert [deliver(message(1)).json(), deliver(message(1)).json()] == [{"status": "kept"}, {"status": "known"}]
    assert deliver(message(2), "m2").json() == {"status": "kept"}
    assert deliver(message(2), "m3").status_code == 200, "the same bytes under another id are one file"
    assert came(workshop) == [("m1", False), ("m2", False), ("m3", False)]
    [run_id] = heed(workshop)
    assert heed(workshop) == [], "one run, though it has not ended"
    with workshop.database.read() as session:
        assert session.get_one(Run, run_id).trigger == "webhook"
    deliver(message(3), "m4")
    assert heed(workshop) == [], "what comes while it runs waits for the next one"
    assert finish(workshop, run_id).state == RunState.DONE
    [following] = heed(workshop)
    assert finish(workshop, following).state == RunState.DONE
    assert workshop.client(company).count("SalesReceipt") == 3
    assert came(workshop) == [("m1", True), ("m2", True), ("m3", True), ("m4", True)]


def test_messages_do_not_take_a_plan_out_of_the_hands_of_who_reads_it(
    workshop: Workshop, calling: Connection, company: Company, deliver: Deliver
) -> None:
    with workshop.database.begin() as session:
        session.get_one(Connection, calling.id).approved_at = None
    deliver(message(1))
    [first] = heed(workshop)
    assert finish(workshop, first).state == RunState.APPROVAL
    deliver(message(2), "m2")
    assert heed(workshop) == []
    with workshop.database.read() as session:
        plan = session.scalars(select(Plan).where(Plan.run_id == first)).one()
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert finish(workshop, first).state == RunState.DONE
    [following] = heed(workshop)
    assert finish(workshop, following).state == RunState.DONE
    assert workshop.client(company).count("SalesReceipt") == 2


def test_what_is_not_signed_by_the_source_now_is_refused_and_told(
    workshop: Workshop, calling: Connection, deliver: Deliver, secret: str
) -> None:
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    for wrong, fault in (
        ({"key": other}, "signature"),
        ({"late": timedelta(minutes=6)}, "time"),
        ({"late": -timedelta(minutes=6)}, "time"),
        ({"webhook-timestamp": "soon"}, "headers"),
        ({"webhook-id": ""}, "headers"),
        ({"webhook-signature": "v2,abc"}, "headers"),
        ({"webhook-signature": "v1,"}, "signature"),
        ({"webhook-id": "m2"}, "signature"),
    ):
        answer = deliver(message(1), **wrong)
        assert (answer.status_code, answer.json()) == (401, {"error": fault}), wrong
    assert (came(workshop), heed(workshop)) == ([], [])
    with workshop.database.read() as session:
        [problem] = session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN))
        view = endpoint_view(session, calling.id)
    assert (problem.code, problem.params["count"]) == ("webhook.refused", 5)
    assert view is not None
    assert (view.refused, view.refused_why) == (8, "signature")
    assert deliver(message(1)).status_code == 200
    with workshop.database.read() as session:
        assert session.scalars(select(Problem.state)).all() == [ProblemState.GONE]
    assert secret not in workshop.settings.model_dump_json()


def test_limits_of_size_and_number_and_an_address_that_is_nobodys(
    app: FastAPI, workshop: Workshop, deliver: Deliver
) -> None:
    assert deliver(b"x" * (BODY_BYTES_MAX + 1)).status_code == 413
    machine = TestClient(app, base_url="http://localhost")
    assert machine.post("/hooks/nobody", content=b"{}").status_code == 404
    assert machine.get("/hooks/nobody").status_code in (404, 405)
    assert isinstance(workshop.clock, FixedClock)
    # The one to nobody was counted, so there is room for all but it, the last of which is taken over the network.
    for _ in range(MESSAGES_A_MINUTE - 2):
        assert app.state.desk.messages.taken(workshop.clock.elapsed_ms())
    assert machine.post("/hooks/nobody", content=b"{}").status_code == 404
    answer = machine.post("/hooks/nobody", content=b"{}")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert deliver(message(1)).status_code == 200, "whoever the source is gets in, whatever strangers send"
    workshop.clock.advance(timedelta(minutes=2))
    assert deliver(message(1)).status_code == 200


def test_secrets_overlap_for_a_day_and_are_kept_sealed(
    workshop: Workshop, calling: Connection, deliver: Deliver, secret: str
) -> None:
    given = "whsec_" + base64.b64encode(b"the source's own secret, 32 byte").decode()
    path, kept = open_endpoint(workshop, OWNER, calling.id, f" {given}\n")
    assert kept == given
    assert [deliver(message(1), "m1").status_code, deliver(message(2), "m2", key=given).status_code] == [200, 200]
    assert isinstance(workshop.clock, FixedClock)
    workshop.clock.advance(timedelta(hours=25))
    assert [deliver(message(3), "m3").status_code, deliver(message(4), "m4", key=given).status_code] == [401, 200]
    assert given in workshop.vault.get(handle_of(calling.id))
    for name in ("not base64!", "whsec_" + base64.b64encode(b"short").decode()):
        with pytest.raises(WebhookError, match=r"webhook\.secret"):
            open_endpoint(workshop, OWNER, calling.id, name)
    with pytest.raises(NotAllowedError):
        open_endpoint(workshop, Actor("nora", RoleName.BOOKKEEPER), calling.id)
    close_endpoint(workshop, OWNER, calling.id)
    assert workshop.vault.get(handle_of(calling.id), missing_ok=True) is None
    with workshop.database.read() as session:
        assert endpoint_view(session, calling.id) is None
    again, _ = open_endpoint(workshop, OWNER, calling.id)
    assert again != path


def test_paused_it_keeps_and_disconnected_it_refuses(
    workshop: Workshop, calling: Connection, company: Company, deliver: Deliver
) -> None:
    connections.pause(workshop, OWNER, calling.id)
    assert deliver(message(1)).status_code == 200
    assert heed(workshop) == []
    connections.resume(workshop, OWNER, calling.id)
    [run_id] = heed(workshop)
    assert finish(workshop, run_id).state == RunState.DONE
    disconnect(workshop, OWNER, calling.id, without_export=True)
    assert deliver(message(2), "m2").status_code == 404


def test_notices_start_a_run_and_are_not_kept(
    workshop: Workshop, connection: Connection, company: Company, calling: Connection, deliver: Deliver
) -> None:
    workshop.scopes = Scopes(catalog_of(till_that_calls(Webhooks.NOTICES)))
    assert deliver(b"something happened").status_code == 200
    [run_id] = heed(workshop)
    assert finish(workshop, run_id).state == RunState.DONE
    assert workshop.client(company).count("SalesReceipt") == 0


def test_a_connector_that_takes_none_has_no_address(
    workshop: Workshop, connection: Connection, browser: TestClient
) -> None:
    workshop.scopes = Scopes(catalog_of(till_that_calls(None)))
    with pytest.raises(WebhookError, match=r"webhook\.not_taken"):
        open_endpoint(workshop, OWNER, connection.id)
    assert browser.get(f"/connections/{connection.id}/webhooks").status_code == 404


def test_the_page_gives_a_secret_once_and_shows_what_came(
    workshop: Workshop, calling: Connection, company: Company, browser: TestClient, send: Deliver, deliver: Deliver
) -> None:
    page = f"/connections/{calling.id}/webhooks"
    shown = send(page, page)
    assert "whsec_" in shown.text
    assert "whsec_" not in browser.get(page).text
    deliver(message(1), "evt-77")
    assert "evt-77" in browser.get(page).text
    assert f'href="{page}"' in browser.get(f"/connections/{calling.id}").text
    assert send(page, f"{page}/close").status_code == 303
    assert "evt-77" not in browser.get(page).text
    assert sync(workshop, calling).state == RunState.DONE, "what was kept is read all the same"
    assert workshop.client(company).count("SalesReceipt") == 1


def test_our_signature_is_that_of_standard_webhooks(clock: FixedClock) -> None:
    key = "whsec_" + base64.b64encode(bytes(range(24))).decode()
    assert len(key_of(key)) == 24
    assert sign(key, "m", clock.now(), b"{}") == Webhook(key).sign("m", clock.now(), "{}")
