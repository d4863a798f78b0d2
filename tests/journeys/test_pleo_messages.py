"""An export found by Pleo's message: pressed there, told here signed and over HTTP, posted, and answered there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from chromium import served
from harness import OWNER, finish, sync
from pleo_house import House, working
from sqlalchemy import select

from raccord.jobs.inline import HandOver
from raccord.jobs.ticker import heed_messages
from raccord.jobs.tuning import Tuning
from raccord.onboarding.webhooks import close_endpoint, open_endpoint
from raccord.store.models import Problem, Run, WebhookDelivery
from raccord_pleo.sandbox.webhooks import Message
from raccord_web.app import create_app

KEY = ("twin-key", "")


@dataclass
class Told:
    """A house whose pages are served, and that Pleo tells of exports."""

    house: House
    pleo: httpx.Client
    """A person at Pleo, and a program with its key."""
    address: str

    def press(self) -> None:
        assert self.pleo.post("/export").status_code == 303

    def heed(self) -> list[Run]:
        """Do what the ticker does each second; return the runs that came of it, at their ends."""
        workshop = self.house.workshop
        started = heed_messages(workshop.database, HandOver(), workshop.clock, Tuning())
        return [finish(workshop, run_id) for run_id in started]

    def message(self) -> Message:
        return self.house.twin.webhooks.sent[-1]

    def send(self, message: Message, **headers: str) -> tuple[int, dict[str, Any]]:
        answer = httpx.post(
            self.address, content=message.body, headers={**self.house.twin.webhooks.signed(message), **headers}
        )
        return answer.status_code, answer.json()

    def came(self) -> int:
        with self.house.workshop.database.read() as session:
            return len(session.scalars(select(WebhookDelivery.id)).all())


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    """The first plan is approved, the address is made, and Pleo's secret is handed over, as the how-to says."""
    with working(tmp_path) as house, served(create_app(house.workshop, HandOver(), OWNER)) as pages:
        house.file(100)
        house.export()
        assert sync(house.workshop, house.connection).state == "done"
        address = pages + open_endpoint(house.workshop, OWNER, house.connection.id)[0]
        with httpx.Client(base_url=house.twin.url, auth=KEY) as pleo:
            asked = {"endpointUrl": address, "eventTypes": ["v1.export-job.created"]}
            id_ = pleo.post("/v1/subscriptions", json=asked).json()["data"]["id"]
            secret = pleo.get(f"/v1/subscriptions/{id_}/secret").json()["data"]["secretKey"]
            open_endpoint(house.workshop, OWNER, house.connection.id, secret)
            yield Told(house, pleo, address)


@pytest.mark.requirement("PO-13", "PO-15")
def test_an_export_is_posted_and_answered_by_the_message_alone(told: Told) -> None:
    house = told.house
    assert told.heed() == [], "nothing leaves Pleo without an export"
    entry = house.file(4550, receipts=(b"%PDF-1.4 receipt",))
    told.press()
    job = list(house.pleo.exports)[-1]
    [run] = told.heed()
    assert (run.state, run.trigger) == ("done", "webhook")
    assert len(house.documents("Purchase")) == 2
    assert house.results(job)[entry][0] == "successful"
    assert house.pleo.exports[job].status == "completed"

    # Sent once more, it is known and starts nothing; signed anew with another time it is still the same message.
    message = told.message()
    assert told.send(message) == (200, {"status": "known"})
    house.clock.advance(timedelta(minutes=6))
    assert told.send(message) == (200, {"status": "known"})
    # Recorded and sent later, forged, or of somebody else: not believed, and nothing is kept.
    before = told.came()
    old = house.twin.webhooks.signed(message)
    house.clock.advance(timedelta(minutes=6))
    assert told.send(message, **old) == (401, {"error": "time"})
    other = Message("msg_OTHER", message.subscription, message.body, house.clock.now())
    assert told.send(other, **{"webhook-id": "msg_FORGED"}) == (401, {"error": "signature"})
    assert told.came() == before
    assert told.heed() == []
    assert len(house.documents("Purchase")) == 2


def test_an_export_whose_message_is_lost_is_found_by_the_next_run(told: Told) -> None:
    house = told.house
    close_endpoint(house.workshop, OWNER, house.connection.id)
    entry = house.file(2000)
    told.press()
    assert [each.answered for each in house.twin.webhooks.waiting] == [[404]], "the address is gone, Pleo tries again"
    assert told.heed() == []
    assert sync(house.workshop, house.connection).state == "done"
    job = list(house.pleo.exports)[-1]
    assert house.results(job)[entry][0] == "successful"
    # The address comes back, and so does the message: the export it tells of is over, and nothing happens twice.
    secret = told.pleo.get(f"/v1/subscriptions/{house.twin.webhooks.waiting[0].subscription}/secret").json()["data"]
    path, _ = open_endpoint(house.workshop, OWNER, house.connection.id, secret["secretKey"])
    [subscription] = house.twin.webhooks.subscriptions.values()
    subscription["endpointUrl"] = told.address.partition("/hooks/")[0] + path
    house.clock.advance(timedelta(seconds=5))
    assert house.twin.webhooks.deliver() == 1
    [run] = told.heed()
    assert run.state == "done"
    assert len(house.documents("Purchase")) == 2
    with house.workshop.database.read() as session:
        assert not session.scalars(select(Problem).where(Problem.state == "open")).all()
