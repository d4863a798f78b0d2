"""An export found by Pleo's message: pressed there, told here signed and over HTTP, posted, and answered there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from browsing import TOKEN, browser_of
from chromium import opened, served
from harness import OWNER, finish, sync
from httpx import Response
from pleo_house import House, working
from sqlalchemy import select

from raccord.jobs.inline import HandOver
from raccord.jobs.ticker import heed_messages
from raccord.jobs.tuning import Tuning
from raccord.onboarding.arriving.subscribing import close_messages, open_messages
from raccord.onboarding.arriving.webhooks import WebhookError, close_endpoint, endpoint_view, open_endpoint
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.connecting.leaving import still_held
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


@pytest.mark.requirement("PO-13")
def test_switching_messages_on_tells_pleo_and_leaving_takes_it_back(tmp_path: Path) -> None:
    with (
        opened() as door,
        working(tmp_path, f"http://127.0.0.1:{door.getsockname()[1]}") as house,
        served(create_app(house.workshop, HandOver(), OWNER), door),
    ):
        workshop, kept = house.workshop, house.twin.webhooks
        browser = browser_of(create_app(workshop, HandOver(), OWNER))
        page = f"/connections/{house.connection.id}/webhooks"

        def press(place: str) -> Response:
            token = TOKEN.search(browser.get(page).text)
            assert token is not None
            return browser.post(place, data={"form_token": token[1]})

        # Where Pleo does not want to, nothing is half done, and why is told.
        house.twin.refuse = {("POST", "/v1/subscriptions"): 403}
        with pytest.raises(WebhookError) as refused:
            open_messages(workshop, OWNER, house.connection.id)
        assert (refused.value.code, kept.subscriptions) == ("webhook.not_subscribed", {})
        assert "subscriptions" in refused.value.text.en
        with workshop.database.read() as session:
            assert endpoint_view(session, house.connection.id) is None
        house.twin.refuse = {}

        told = press(page)
        assert told.status_code == 200
        assert "whsec_" not in told.text, "nothing is left to a person"
        [first] = kept.subscriptions
        assert str(kept.subscriptions[first]["endpointUrl"]).startswith(workshop.settings.web_url + "/hooks/")
        house.file(4550)
        house.export()
        assert kept.deliver() == 1
        [run_id] = heed_messages(workshop.database, HandOver(), house.clock, Tuning())
        assert finish(workshop, run_id).state == "approval", "signed, believed, and read; the first plan waits"

        # Another secret: one subscription, whatever an attempt that was cut short left behind.
        kept.create({name: kept.subscriptions[first][name] for name in ("endpointUrl", "eventTypes")})
        open_messages(workshop, OWNER, house.connection.id)
        assert len(kept.subscriptions) == 1
        assert first not in kept.subscriptions
        # Taken away, and Pleo sends nothing more; where it cannot be told, the address is gone all the same.
        assert press(f"{page}/close").status_code == 303
        assert kept.subscriptions == {}
        open_messages(workshop, OWNER, house.connection.id)
        house.twin.refuse = {("GET", "/v1/subscriptions"): 403}
        with pytest.raises(WebhookError) as still:
            close_messages(workshop, OWNER, house.connection.id)
        assert still.value.code == "webhook.still_subscribed"
        house.twin.refuse = {}
        disconnect(workshop, OWNER, house.connection.id, without_export=True)
        assert (kept.subscriptions, still_held(workshop, house.connection.id)) == ({}, None)
