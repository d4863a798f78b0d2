"""Webhooks over real HTTP, and the rules of their delivery with a clock of their own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.keeping.changes import Change
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.webhooks.delivery import Courier, Webhooks
from raccord_sandbox.webhooks.endpoints import Endpoint, is_loopback, post
from raccord_sandbox.webhooks.events import ENTITIES, event_of
from raccord_sandbox.webhooks.queue import MAX_EVENTS, MAX_WAITING, Queue

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]
NOON = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)


class Receiver:
    """A server that keeps what it is sent and answers with `status`."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Mapping[str, str], bytes]] = []
        self.status = 200
        self.arrived = Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the server's name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, dict(self.headers), body))
                receiver.arrived.set()
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # the server's name
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}/hook?x=1"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.got]

    def legacy(self) -> list[tuple[str, str, str]]:
        """Return name, id and operation of every event in order."""
        return [
            (entity["name"], entity["id"], entity["operation"])
            for body in self.bodies()
            for notification in body["eventNotifications"]
            for entity in notification["dataChangeEvent"]["entities"]
        ]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.stop()


@pytest.fixture
def hooked(us: Books, receiver: Receiver) -> Iterator[Books]:
    """A company and an endpoint that hears of it in the earlier format."""
    number = us.lab("POST", "webhooks", url=receiver.url, format="legacy", wait=600)["number"]
    yield us
    us.lab("DELETE", f"webhooks/{number}")


def told(books: Books, receiver: Receiver) -> list[tuple[str, str, str]]:
    books.lab("POST", "webhooks/deliver")
    found = receiver.legacy()
    receiver.got.clear()
    return found


def test_every_change_is_told_and_signed(hooked: Books, receiver: Receiver) -> None:
    verifier = hooked.lab("GET", "webhooks")[-1]["verifier"]
    customer = hooked.make("Customer", {"DisplayName": "Ada"})
    receipt = hooked.make("SalesReceipt", hooked.sale(5, CustomerRef={"value": customer["Id"]}))
    hooked.refuse("customer", {"DisplayName": "ada"}, "6240")
    hooked.lab("POST", "webhooks/deliver")
    ((path, headers, body),) = receiver.got
    assert path == "/hook?x=1"
    expected = base64.b64encode(hmac.new(verifier.encode(), body, hashlib.sha256).digest()).decode()
    found = {name.lower(): value for name, value in headers.items()}
    assert found["intuit-signature"] == expected
    assert found["user-agent"] == "intuit_notification_server/0.1"
    assert found["content-type"].startswith("application/json")
    assert found["intuit-notification-schema-version"] == "0.1"
    assert re.fullmatch(r"[0-9a-f-]{36}", found["intuit-t-id"])
    assert found["intuit-created-time"] == "2026-03-02T08:00:00-0800"
    at = {"operation": "Create", "lastUpdated": "2026-03-02T16:00:00.000Z"}
    entities = [{"name": "Customer", "id": customer["Id"], **at}, {"name": "SalesReceipt", "id": receipt["Id"], **at}]
    notification = {"realmId": hooked.company.realm, "dataChangeEvent": {"entities": entities}}
    assert json.loads(body) == {"eventNotifications": [notification]}


def test_updates_voids_deletes_mails_and_deactivations_have_their_operation(hooked: Books, receiver: Receiver) -> None:
    vendor = hooked.make("Vendor", {"DisplayName": "Paper"})
    made = hooked.make("SalesReceipt", hooked.sale(5))
    key = made["Id"]
    told(hooked, receiver)
    hooked.make("SalesReceipt", {"Id": key, "SyncToken": "0", "sparse": True, "PrivateNote": "x"})
    assert told(hooked, receiver) == [("SalesReceipt", key, "Update")]
    hooked.http.post(f"{hooked.base}/salesreceipt/{key}/send", params={"sendTo": "a@b.c"})
    assert told(hooked, receiver) == [("SalesReceipt", key, "Emailed")]
    hooked.deed("void", entity="SalesReceipt", id=key)
    assert told(hooked, receiver) == [("SalesReceipt", key, "Void")]
    hooked.deed("delete", entity="SalesReceipt", id=key)
    assert told(hooked, receiver) == [("SalesReceipt", key, "Delete")]
    hooked.deed("deactivate", entity="Vendor", id=vendor["Id"])
    assert told(hooked, receiver) == [("Vendor", vendor["Id"], "Delete")]
    hooked.deed("reactivate", entity="Vendor", id=vendor["Id"])
    assert told(hooked, receiver) == [("Vendor", vendor["Id"], "Update")]
    hooked.deed("close-books", date="2026-01-31")
    assert told(hooked, receiver) == [("Preferences", "1", "Update")]
    hooked.make("Attachable", {"Note": "not told of"})
    assert told(hooked, receiver) == []


def test_what_a_write_touches_is_told_too(hooked: Books, receiver: Receiver) -> None:
    receipt = hooked.make("SalesReceipt", hooked.sale(5))
    told(hooked, receiver)
    line = {"Amount": 5, "LinkedTxn": [{"TxnId": receipt["Id"], "TxnType": "SalesReceipt", "TxnLineId": "0"}]}
    bank = {"value": hooked.account("Checking")["Id"]}
    deposit = hooked.make("Deposit", {"DepositToAccountRef": bank, "Line": [line]})
    assert set(told(hooked, receiver)) == {
        ("Deposit", deposit["Id"], "Create"),
        ("SalesReceipt", receipt["Id"], "Update"),
    }


def test_a_merge_tells_what_vanished_and_moves_everything_over(hooked: Books, receiver: Receiver) -> None:
    gone, kept = (hooked.make("Customer", {"DisplayName": name}) for name in ("Gone", "Kept"))
    receipt = hooked.make("SalesReceipt", hooked.sale(5, CustomerRef={"value": gone["Id"]}))
    told(hooked, receiver)
    hooked.deed("merge", entity="Customer", id=gone["Id"], into=kept["Id"])
    hooked.lab("POST", "webhooks/deliver")
    entities = receiver.bodies()[0]["eventNotifications"][0]["dataChangeEvent"]["entities"]
    merged = next(entity for entity in entities if entity["operation"] == "Merge")
    assert (merged["name"], merged["id"], merged["deletedId"]) == ("Customer", kept["Id"], gone["Id"])
    assert sorted((entity["name"], entity["operation"]) for entity in entities) == [
        ("Customer", "Merge"),
        ("SalesReceipt", "Update"),
    ]
    ref = hooked.get(f"salesreceipt/{receipt['Id']}")["SalesReceipt"]["CustomerRef"]
    assert ref == {"value": kept["Id"], "name": "Kept"}
    assert hooked.get(f"customer/{gone['Id']}")["Fault"]["Error"][0]["code"] == "610"
    posting = hooked.company.ledger.posting("SalesReceipt", receipt["Id"])
    assert {entry.name for entry in posting.entries} == {kept["Id"]}
    assert hooked.here("GET", "check") == {"balanced": True}


def test_accounts_merge_with_their_balances_and_only_within_their_type(us: Books) -> None:
    bank = {"AccountType": "Bank", "AccountSubType": "Checking"}
    gone, kept = (us.make("Account", {"Name": name, **bank}) for name in ("Old bank", "New bank"))
    us.make("SalesReceipt", us.sale(7, DepositToAccountRef={"value": gone["Id"]}))
    services = us.account("ServiceFeeIncome")["Id"]
    parent = us.make("Customer", {"DisplayName": "Parent"})
    us.make("Customer", {"DisplayName": "Child", "Job": True, "ParentRef": {"value": parent["Id"]}})
    other = us.make("Customer", {"DisplayName": "Other"})
    for entity, key, into, code in (
        ("Account", gone["Id"], services, "6000"),
        ("Account", gone["Id"], gone["Id"], "6000"),
        ("Account", gone["Id"], "999999", "610"),
        ("Customer", parent["Id"], other["Id"], "6000"),
        ("Preferences", "1", "1", "6000"),
    ):
        path = f"companies/{us.company.realm}/person/merge"
        answer = us.ask("POST", path, {"entity": entity, "id": key, "into": into})
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    us.deed("merge", entity="Account", id=gone["Id"], into=kept["Id"])
    assert us.get(f"account/{kept['Id']}")["Account"]["CurrentBalance"] == 7
    assert us.here("GET", "check") == {"balanced": True}


def test_cloud_events_say_the_same_in_their_own_form(us: Books, receiver: Receiver) -> None:
    number = us.lab("POST", "webhooks", url=receiver.url, verifier="v", entities=["Vendor"], wait=600)["number"]
    try:
        us.make("Customer", {"DisplayName": "not asked for"})
        gone, kept = (us.make("Vendor", {"DisplayName": name}) for name in ("Gone", "Kept"))
        us.deed("merge", entity="Vendor", id=gone["Id"], into=kept["Id"])
        us.lab("POST", "webhooks/deliver")
    finally:
        us.lab("DELETE", f"webhooks/{number}")
    ((_, _, body),) = receiver.got
    first, second, merged = json.loads(body)
    assert re.fullmatch(r"[0-9a-f-]{36}", first.pop("id"))
    assert re.fullmatch(r"intuit\.[A-Za-z0-9+/]{43}=", first.pop("source"))
    assert first == {
        "specversion": "1.0",
        "type": "qbo.vendor.created.v1",
        "datacontenttype": "application/json",
        "time": "2026-03-02T16:00:00Z",
        "intuitentityid": gone["Id"],
        "intuitaccountid": us.company.realm,
        "data": {},
    }
    assert second["intuitentityid"] == kept["Id"]
    assert (merged["type"], merged["intuitentityid"]) == ("qbo.vendor.merged.v1", kept["Id"])
    assert merged["data"] == {"deletedid": gone["Id"]}


def test_lab_faults_repeat_lose_and_disorder_notifications(hooked: Books, receiver: Receiver) -> None:
    def make(name: str) -> str:
        key: str = hooked.make("Customer", {"DisplayName": name})["Id"]
        hooked.lab("POST", "webhooks/deliver")
        return key

    hooked.lab("POST", "faults", effect="duplicate_webhook", path="hook")
    one = make("one")
    assert receiver.legacy() == [("Customer", one, "Create")] * 2
    assert receiver.got[0][2] == receiver.got[1][2]
    receiver.got.clear()
    hooked.lab("POST", "faults", effect="out_of_order_webhook", realm=hooked.company.realm)
    two = make("two")
    assert receiver.got == []
    three = make("three")
    assert [key for _, key, _ in receiver.legacy()] == [three, two]
    receiver.got.clear()
    hooked.lab("POST", "faults", effect="lose_webhook", left=1)
    make("four")
    five = make("five")
    assert [key for _, key, _ in receiver.legacy()] == [five]
    number = hooked.lab("GET", "webhooks")[-1]["number"]
    outcomes = [entry["outcome"] for entry in hooked.lab("GET", f"webhooks/{number}/deliveries")]
    assert outcomes == ["delivered", "duplicate", "delivered", "delivered", "lost", "delivered"]
    assert hooked.http.get(f"{hooked.base}/preferences").status_code == 200


def test_a_company_that_is_not_connected_is_not_told_of(hooked: Books, receiver: Receiver) -> None:
    hooked.deed("disconnect")
    hooked.deed("create", entity="Customer", changes={"DisplayName": "Quiet"})
    assert told(hooked, receiver) == []


def test_each_application_is_told_of_the_companies_connected_to_it(us: Books, receiver: Receiver) -> None:
    other = us.lab("POST", "clients", name="Other")["client_id"]
    body = {"url": receiver.url, "format": "legacy", "wait": 600}
    own = us.lab("POST", "webhooks", **body)["number"]
    theirs = us.lab("POST", "webhooks", client_id=other, **body)["number"]
    assert us.ask("POST", "webhooks", {**body, "client_id": "nobody"}).status_code == 404
    us.make("Customer", {"DisplayName": "one"})
    us.lab("POST", "webhooks/deliver")
    assert len(us.lab("GET", f"webhooks/{own}/deliveries")) == 1
    assert us.lab("GET", f"webhooks/{theirs}/deliveries") == []
    us.server.store.grants.grant(us.company.realm, client=other)
    us.make("Customer", {"DisplayName": "two"})
    us.lab("POST", "webhooks/deliver")
    assert [len(us.lab("GET", f"webhooks/{number}/deliveries")) for number in (own, theirs)] == [2, 1]
    for path in (f"webhooks/{own}", f"webhooks/{theirs}", f"clients/{other}"):
        us.lab("DELETE", path)


class Wire:
    """Stands for the network: keeps what was sent and answers as told."""

    def __init__(self) -> None:
        self.clock = SandboxClock(NOON)
        self.sent: list[tuple[datetime, list[str]]] = []
        self.answer: int | Exception = 200
        self.hooks = Webhooks(self.clock, None, lambda realm, client: True, self.send)

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.sent.append((self.clock.now(), [event["intuitentityid"] for event in json.loads(body)]))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def change(self, *keys: str, realm: str = "1", operation: str = "Update") -> None:
        self.hooks.hear(realm, [Change("Invoice", key, operation, "2026-03-02T12:00:00-08:00") for key in keys])

    def run(self, **step: float) -> None:
        self.clock.advance(timedelta(**step))
        self.hooks.deliver()


@pytest.mark.parametrize("answer", [500, 502, 503, 504, 408, ConnectionRefusedError(), TimeoutError()])
def test_no_answer_is_tried_again_after_20_30_and_50_minutes_and_then_dropped(answer: int | Exception) -> None:
    wire = Wire()
    endpoint = wire.hooks.register("http://127.0.0.1:1/", "app", wait=0)
    wire.answer = answer
    wire.change("7")
    for _ in range(240):
        wire.run(minutes=1)
    minutes = [round((moment - NOON).total_seconds() / 60) for moment, _ in wire.sent]
    assert [late - minutes[0] for late in minutes] == [0, 20, 50, 100]
    assert [entry["outcome"] for entry in endpoint.deliveries] == ["again", "again", "again", "dropped"]
    assert endpoint.enabled
    assert endpoint.failing_since is not None
    wire.answer = 200
    wire.change("8")
    wire.run(minutes=1)
    assert endpoint.failing_since is None


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410, 501])
def test_another_refusal_is_not_tried_again(status: int) -> None:
    wire = Wire()
    endpoint = wire.hooks.register("http://127.0.0.1:1/", "app", wait=0)
    wire.answer = status
    wire.change("7")
    wire.run(days=1)
    wire.run(days=1)
    assert len(wire.sent) == 1
    assert endpoint.deliveries[0]["outcome"] == "dropped"


def test_an_endpoint_that_fails_for_a_day_is_given_up_until_it_is_enabled_again() -> None:
    wire = Wire()
    endpoint = wire.hooks.register("http://127.0.0.1:1/", "app", wait=0)
    wire.answer = 503
    for hour in range(30):
        wire.change(str(hour))
        wire.run(hours=1)
    assert not endpoint.enabled
    count = len(wire.sent)
    wire.answer = 200
    wire.change("later")
    wire.run(hours=5)
    assert len(wire.sent) == count
    wire.hooks.enable(endpoint.number)
    wire.change("now")
    wire.run(hours=1)
    assert wire.sent[-1][1] == ["now"]
    assert len(wire.sent) == count + 1


def test_changes_are_gathered_for_a_while_one_company_at_a_time() -> None:
    wire = Wire()
    wire.hooks.register("http://127.0.0.1:1/", "app", wait=300)
    wire.change("1", "2")
    wire.run(minutes=4)
    assert wire.sent == []
    wire.change("2", "3")
    wire.change("9", realm="2")
    wire.run(minutes=1)
    assert [keys for _, keys in wire.sent] == [["1", "2", "3"]]
    wire.run(minutes=5)
    assert [keys for _, keys in wire.sent] == [["1", "2", "3"], ["9"]]


def test_a_notification_that_nothing_overtakes_is_delivered_after_an_hour() -> None:
    wire = Wire()
    wire.hooks.register("http://127.0.0.1:1/", "app", wait=0)
    struck = ["out_of_order_webhook", None]
    wire.hooks.draw = lambda realm, path: struck.pop(0)
    wire.change("1", "2")
    wire.run(minutes=59)
    assert wire.sent == []
    wire.run(minutes=1)
    assert [keys for _, keys in wire.sent] == [["2", "1"]]


def test_queues_are_bounded() -> None:
    wire = Wire()
    wire.hooks.register("http://127.0.0.1:1/", "app", wait=60)
    wire.change(*(str(number) for number in range(MAX_EVENTS + 5)))
    wire.run(minutes=2)
    assert [len(keys) for _, keys in wire.sent] == [MAX_EVENTS, 5]
    queue = Queue()
    event = event_of(Change("Invoice", "1", "Create", "2026-03-02T12:00:00-08:00"))
    assert event is not None
    for realm in range(MAX_WAITING + 10):
        queue.gather(str(realm), [event], 0, 0)
    assert len(queue) == MAX_WAITING
    found = queue.take(0, gathering_too=False)
    assert found is not None
    assert found.realm == "10"


@pytest.mark.parametrize("entity", sorted(ENTITIES))
def test_each_entity_has_its_operations_and_no_others(entity: str) -> None:
    def operation(word: str) -> str | None:
        event = event_of(Change(entity, "1", word, "2026-03-02T12:00:00-08:00"))
        return None if event is None else event.operation

    for word in ("Create", "Update", "Delete"):
        assert operation(word) == (word if word in ENTITIES[entity] else None)
    assert operation("Void") in ("Void", "Update")
    assert (operation("Void") == "Void") == (
        entity in {
            "BillPayment", "CreditMemo", "Invoice", "Payment", "Purchase", "RefundReceipt", "SalesReceipt", "Transfer",
        }
    )  # fmt: skip
    assert event_of(Change("Attachable", "1", "Create", "2026-03-02T12:00:00-08:00")) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://10.0.0.1/",
        "https://127.0.0.1/",
        "http://127.0.0.1.example.com/",
        "http://user@127.0.0.1/",
        "ftp://127.0.0.1/",
        "http:///",
        "http://127.0.0.1:99999/",
        "http://2130706433/",
        "",
    ],
)
def test_only_addresses_of_this_machine_are_told(us: Books, url: str) -> None:
    answer = us.ask("POST", "webhooks", {"url": url})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_value")


def test_what_does_not_fit_an_endpoint_is_refused(us: Books) -> None:
    for more in (
        {"format": "xml"},
        {"entities": ["Unicorn"]},
        {"operations": ["Dance"]},
        {"entities": "Invoice"},
        {"wait": -1},
        {"verifier": ""},
        {"colour": "red"},
    ):
        answer = us.ask("POST", "webhooks", {"url": "http://localhost:1/", **more})
        assert answer.status_code == 400, more
    assert us.ask("DELETE", "webhooks/99").json()["code"] == "no_webhook"
    assert us.lab("GET", "webhooks") == []


def test_a_name_that_leads_away_is_not_followed(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    monkeypatch.setattr("raccord_sandbox.webhooks.endpoints.is_loopback", lambda host: host == "localhost")
    with pytest.raises(ConnectionRefusedError, match="leads away"):
        post(receiver.url, b"{}", {})
    assert receiver.got == []


def test_loopback_is_known_by_its_spelling() -> None:
    assert all(is_loopback(host) for host in ("localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"))
    assert not any(is_loopback(host) for host in ("localhost.", "example.com", "192.168.0.1", ""))


def test_endpoints_survive_a_restart(tmp_path: Path) -> None:
    config = SandboxConfig(data=tmp_path, seeds=())
    store = Store(config)
    made = store.webhooks.register("http://localhost:1/", "app", entities=["Invoice"], format="legacy")
    other = store.webhooks.register("http://localhost:2/", "app")
    store.webhooks.remove(other.number)
    store.close()
    again = Store(config)
    assert [endpoint.settings() for endpoint in again.webhooks.endpoints()] == [made.settings()]
    again.close()


def test_a_courier_delivers_by_itself(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    monkeypatch.setattr("raccord_sandbox.webhooks.delivery.LOOK_EVERY", 0.001)
    hooks = Webhooks(SandboxClock(NOON), None, lambda realm, client: True)
    hooks.register(receiver.url, "app", wait=0)
    courier = Courier(hooks)
    hooks.hear("1", [Change("Invoice", "1", "Create", "2026-03-02T12:00:00-08:00")])
    courier.start()
    assert receiver.arrived.wait(10)
    courier.stop()
    assert len(receiver.got) == 1


def test_an_answer_that_comes_too_late_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire()
    endpoint = wire.hooks.register("http://127.0.0.1:1/", "app", wait=0)
    times = iter((0.0, 3.5))
    monkeypatch.setattr("raccord_sandbox.webhooks.delivery.monotonic", lambda: next(times))
    wire.change("1")
    wire.run(minutes=1)
    assert (endpoint.deliveries[0]["outcome"], endpoint.deliveries[0]["status"]) == ("again", None)


def test_an_endpoint_may_ask_for_one_company_and_some_operations() -> None:
    endpoint = Endpoint(1, "http://localhost/", "app", realm="5", operations=("Delete",))
    gone = event_of(Change("Invoice", "1", "Delete", "2026-03-02T12:00:00-08:00"))
    made = event_of(Change("Invoice", "1", "Create", "2026-03-02T12:00:00-08:00"))
    assert gone is not None
    assert made is not None
    assert [endpoint.wants("5", gone), endpoint.wants("6", gone), endpoint.wants("5", made)] == [True, False, False]
