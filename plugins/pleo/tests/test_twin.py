"""The twin beside the export protocol: messages, entries, employees, lists and the page, as Pleo publishes them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import UUID

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from raccord.plugin.testing import FixedClock
from raccord_pleo.sandbox import Filed, PleoTwin, TwinCompany, TwinRefusalError
from raccord_pleo.sandbox.webhooks import EXPORT_CREATED, RETRIES

KEY = ("twin-key", "")


@dataclass
class Shop:
    twin: PleoTwin
    company: TwinCompany
    clock: FixedClock
    client: httpx.Client


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[PleoTwin, httpx.Client]]:
    with PleoTwin(TwinCompany(FixedClock())) as twin, httpx.Client(base_url=twin.url, auth=KEY) as client:
        yield twin, client


@pytest.fixture
def shop(served: tuple[PleoTwin, httpx.Client]) -> Shop:
    twin, client = served
    clock = FixedClock()
    twin.webhooks.subscriptions.clear()
    twin.webhooks.waiting.clear()
    twin.webhooks.sent.clear()
    twin.company = TwinCompany(clock, twin.url)
    return Shop(twin, twin.company, clock, client)


class Listener(HTTPServer):
    """Who is told; answers with the statuses that it is given, then 200."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        super().__init__(("127.0.0.1", 0), _Heard)


class _Heard(BaseHTTPRequestHandler):
    server: Listener

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.end_headers()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_an_export_is_told_signed_and_again_until_somebody_takes_it(shop: Shop, listener: Listener) -> None:
    address = f"http://127.0.0.1:{listener.server_port}/in"
    asked = {"endpointUrl": address, "eventTypes": ["v1.export.job-created"], "customHeaders": {"x-who": "us"}}
    made = shop.client.post("/v1/subscriptions", json=asked).json()["data"]
    assert (made["status"], made["endpointUrl"]) == ("ACTIVE", address)
    place = f"/v1/subscriptions/{made['id']}"
    secret = shop.client.get(f"{place}/secret").json()["data"]["secretKey"]
    assert secret not in shop.client.get("/v1/subscriptions").text

    shop.company.file(Filed(minor=1, settled="2026-03-18T14:00:00Z"))
    listener.statuses = [503]
    assert shop.client.post("/export", data={"by": "Paul Côté"}).status_code == 303
    headers, body = listener.heard[0]
    assert headers["x-who"] == "us"
    shop.client.get("/v1/subscriptions")
    assert len(listener.heard) == 1, "the next attempt waits its time"
    shop.clock.advance(RETRIES[0])
    shop.client.get("/v1/subscriptions")
    again, same = listener.heard[1]
    assert (again["webhook-id"], same) == (headers["webhook-id"], body)
    assert int(again["webhook-timestamp"]) - int(headers["webhook-timestamp"]) == RETRIES[0].total_seconds()
    # Signed as the rules' own library checks it, over the bytes that went.
    digest = Webhook(secret).sign(again["webhook-id"], shop.clock(), same.decode())
    assert again["webhook-signature"] == digest
    told = json.loads(body)
    assert (told["eventType"], told["data"]["status"], told["data"]["numberOfItems"]) == (EXPORT_CREATED, "pending", 1)
    [job] = shop.company.exports
    assert told["data"]["id"] == str(job)
    [person] = shop.client.get("/v2/employees", params={"code": "E2"}).json()["data"]
    assert told["data"]["createdBy"] == person["id"]
    assert shop.client.get(f"/v2/employees/{person['id']}").json()["data"]["lastName"] == "Côté"
    assert [each.answered for each in shop.twin.webhooks.sent] == [[503, 200]]

    # Silent when told to be, and gone when deleted; the log keeps what was done.
    assert shop.client.put(place, json={**asked, "status": "INACTIVE"}).json()["data"]["status"] == "INACTIVE"
    shop.twin.webhooks.announce(EXPORT_CREATED, {})
    assert not shop.twin.webhooks.waiting
    assert shop.client.delete(place).status_code == 204
    assert shop.client.get(place).status_code == 404
    done = shop.client.get(f"{place}/activities").json()["data"]
    assert [each["operationType"] for each in done] == ["CREATE", "UPDATE", "DELETE"]


def test_a_message_that_nobody_takes_is_given_up_in_the_end(shop: Shop, listener: Listener) -> None:
    address = f"http://127.0.0.1:{listener.server_port}/in"
    shop.client.post("/v1/subscriptions", json={"endpointUrl": address, "eventTypes": [EXPORT_CREATED]})
    listener.statuses = [500] * 99
    shop.company.export()
    for _ in range(len(RETRIES) + 3):
        shop.twin.webhooks.deliver()
        shop.clock.advance(max(RETRIES))
    assert len(listener.heard) == len(RETRIES) + 1
    assert not shop.twin.webhooks.waiting


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpointUrl": "https://x"},
        {"endpointUrl": "https://x", "eventTypes": []},
        {"endpointUrl": "https://x", "eventTypes": ["v9.nothing"]},
        {"endpointUrl": "ftp://x", "eventTypes": [EXPORT_CREATED]},
        {"endpointUrl": "https://x", "eventTypes": [EXPORT_CREATED], "colour": "red"},
        {"endpointUrl": "https://x", "eventTypes": [EXPORT_CREATED], "status": "ASLEEP"},
    ],
)
def test_a_subscription_that_is_none_is_refused(shop: Shop, wrong: dict[str, object]) -> None:
    assert shop.client.post("/v1/subscriptions", json=wrong).json()["type"] == "VALIDATION_FAILED"


@pytest.mark.requirement("EX-14", "EX-15")
def test_an_expense_is_free_then_locked_and_only_what_is_settled_is_exported(shop: Shop) -> None:
    for form in ({"amount": "12.30", "note": "Train", "receipt": "r"}, {"amount": "8", "pending": "on"}):
        assert shop.client.post("/file", data=form).status_code == 303
    settled, pending = shop.company.expenses
    assert shop.client.post("/export", data={"entry": str(pending)}).json()["type"] == "NOT_SETTLED"
    shop.company.edit(settled, note="Train, Rotterdam")
    assert "open to edits" in shop.client.get("/").text
    shop.client.post("/export", data={"by": "Ève Roy"})
    [job] = shop.client.get("/v3/export-jobs").json()["data"]
    assert job["numberOfItems"] == 1
    stages = ["in the export queue, locked"]
    for event in ("started", "completed"):
        with pytest.raises(TwinRefusalError, match=r"QUEUED|EXPORTING"):
            shop.company.edit(settled, note="later")
        assert stages[-1] in shop.client.get("/").text
        shop.client.post("/v3/export-job-events", json={"jobId": job["id"], "event": event})
        stages.append("being exported, locked")
        if event == "started":
            row = {"accountingEntryId": str(settled), "status": "successful", "externalId": "145"}
            shop.client.put(f"/v3/export-jobs/{job['id']}/items", json=[row])
    page = shop.client.get("/").text
    assert "exported, locked; may be exported again" in page
    assert "successful 145" in page
    # The history says the day, the time and who it was.
    assert f"{job['createdAt'][:16].replace('T', ' ')}, Ève Roy" in page
    # Nothing takes an export back: there is no such call, and a job that ended hears of nothing.
    undone = {"jobId": job["id"], "event": "failed"}
    assert shop.client.post("/v3/export-job-events", json=undone).status_code == 422
    assert shop.client.delete(f"/v3/export-jobs/{job['id']}").status_code == 404
    shop.clock.advance(timedelta(days=2))
    assert shop.client.post("/settle", data={"settle": str(pending)}).status_code == 303
    shop.client.post("/export")
    again = shop.client.get("/v3/export-jobs", params={"statuses": "pending"}).json()["data"][0]["id"]
    [item] = shop.client.get("/v3/export-items", params={"job_id": again}).json()["data"]
    assert (item["accountingEntryId"], item["date"]) == (str(pending), shop.clock().isoformat())


def test_entries_are_searched_as_published(shop: Shop) -> None:
    for minor, kind, day in ((5, "card_purchase", "10"), (7, "mileage", "12"), (9, "card_purchase", "14")):
        shop.company.file(Filed(minor=minor, kind=kind, settled=f"2026-03-{day}T10:00:00+00:00", receipts=(b"%PDF",)))
    shop.company.file(Filed(minor=11, pending=True))

    def found(body: dict[str, object], **params: str) -> list[int]:
        asked = {"company_id": str(shop.company.id), **params}
        answer = shop.client.post("/v1/accounting-entries:search", params=asked, json=body)
        assert answer.status_code == 200, answer.text
        return [each["totalBillValue"]["minors"] for each in answer.json()["data"]]

    ordered = {"sorting_keys": "settledAt", "sorting_order": "DESC_NULLS_LAST"}
    assert found({"includeDeleted": False, "settled": True}, **ordered) == [9, 7, 5]
    assert found({"includeDeleted": False, "families": ["MILEAGE"]}) == [7]
    assert found({"includeDeleted": False, "status": ["PENDING"]}) == [11]
    assert found({"includeDeleted": False, "settledAtStart": "2026-03-11", "settledAtEnd": "2026-03-13"}) == [7]
    for wrong in (
        {},
        {"includeDeleted": False, "updatedSince": "2026"},
        {"includeDeleted": False, "settledAtStart": "2026", "performedAtEnd": "2026"},
        {"includeDeleted": False, "families": ["MILEAGE"] * 101},
    ):
        asked = {"company_id": str(shop.company.id)}
        assert shop.client.post("/v1/accounting-entries:search", params=asked, json=wrong).status_code == 400
    entry = next(iter(shop.company.expenses))
    shown = shop.client.get(f"/v1/accounting-entries/{entry}").json()["data"]
    assert (shown["family"], shown["exportStatus"], len(shown["receiptIds"])) == ("CARD_PURCHASE", "NOT_EXPORTED", 1)
    [receipt] = shop.client.get(f"/v1/accounting-entries/{entry}/receipts").json()["data"]
    assert httpx.get(receipt["url"]).content == b"%PDF"
    shop.clock.advance(timedelta(hours=24, seconds=1))
    assert httpx.get(receipt["url"]).status_code == 403, "a link lives for 24 hours"
    assert shop.client.get(f"/v1/accounting-entries/{UUID(int=3)}").status_code == 404
    shop.twin.scopes.discard("accounting-entries:read")
    try:
        assert shop.client.get(f"/v1/accounting-entries/{entry}").json()["message"] == "accounting-entries:read"
    finally:
        shop.twin.scopes.add("accounting-entries:read")


def test_accounts_and_codes_answer_as_published(shop: Shop) -> None:
    row = {"companyId": str(shop.company.id), "name": "Repas", "externalId": "60", "archived": False}
    made = shop.client.post("/v1/chart-of-accounts", json=row)
    same = shop.client.post("/v1/chart-of-accounts", json=row)
    other = shop.client.post("/v1/chart-of-accounts", json={**row, "name": "Autre"})
    assert [each.status_code for each in (made, same, other)] == [201, 200, 409]
    batch = {"accounts": [{**row, "externalId": "61"}, row, {**row, "externalId": "62", "name": " "}]}
    said = shop.client.post("/v1/chart-of-accounts/batch", json=batch).json()
    assert [each["externalId"] for each in said["created"]] == ["61"]
    assert [each["reason"] for each in said["failed"]] == ["EXTERNAL_ID_ALREADY_EXISTS", "NAME_EMPTY"]
    place = f"/v1/chart-of-accounts/{made.json()['data']['id']}"
    shop.company.categories["60"] = "Pour manger"
    assert shop.client.delete(place).status_code == 409, "what is used is archived"
    shop.company.categories.clear()
    assert shop.client.delete(place).status_code == 204
    assert shop.client.get(place).status_code == 404
    assert shop.client.get("/v0/tag-groups").status_code == 400, "of a company or an organisation"
    pages = {"after": "AB=", "offset": "3"}
    assert shop.client.get("/v1/subscriptions", params=pages).status_code == 400
    assert shop.client.get("/v1/subscriptions", auth=("other", "")).status_code == 401
