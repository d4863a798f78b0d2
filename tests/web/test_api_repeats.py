"""Calls repeated under an Idempotency-Key: one deed, one answer, for a day; another call under the key is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from programs import program
from sqlalchemy import func, select

from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.onboarding.access import repeats
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import RoleName
from raccord.store.models import ApiAnswer, ApiToken, Connection, Event
from raccord.sync.workshop import Workshop
from raccord_web.api.application import PATH
from raccord_web.app import create_app

KEY = "idempotency-key"


def paused(workshop: Workshop) -> int:
    with workshop.database.read() as session:
        return session.scalar(select(func.count()).where(Event.action == "connection.paused")) or 0


def test_a_repeated_call_gets_its_first_answer_and_nothing_is_done_twice(
    workshop: Workshop, connection: Connection
) -> None:
    app = create_app(workshop, HandOver())
    client = program(workshop, app, RoleName.OWNER, Scope.OWN, connection.company_id)
    other = program(workshop, app, RoleName.ADMIN, Scope.MANAGE, connection.company_id)
    own = f"{PATH}/connections/{connection.id}"
    first = client.post(f"{own}/pause", headers={KEY: "a"})
    assert (first.status_code, first.json()["state"]) == (200, "paused")
    assert "idempotent-replayed" not in first.headers
    assert client.post(f"{own}/resume").json()["state"] == "connected"

    again = client.post(f"{own}/pause", headers={KEY: "a"})
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert client.get(own).json()["state"] == "connected", "the answer came again, the deed did not"
    assert paused(workshop) == 1

    for address, body in ((f"{own}/resume", None), (f"{own}/pause", {"x": 1})):
        refused = client.post(address, json=body, headers={KEY: "a"})
        assert (refused.status_code, refused.json()["code"]) == (422, "api.key_reused"), address
    # A key is a token's own.
    assert other.post(f"{own}/pause", headers={KEY: "a"}).json()["state"] == "paused"
    assert paused(workshop) == 2
    assert client.post(f"{own}/resume", headers={KEY: "x" * 256}).status_code == 400

    clock = workshop.clock
    assert isinstance(clock, FixedClock)
    clock.advance(repeats.KEPT + timedelta(seconds=1))
    assert client.post(f"{own}/resume", headers={KEY: "a"}).json()["state"] == "connected", "a day later it is new"
    with workshop.database.read() as session:
        [kept] = session.scalars(select(ApiAnswer).join(ApiToken).where(ApiToken.scope == Scope.OWN))
        assert (kept.status, kept.made_at) == (200, clock.now())


def test_what_was_refused_is_decided_anew_and_what_is_under_way_waits(
    workshop: Workshop, connection: Connection
) -> None:
    app = create_app(workshop, HandOver())
    client = program(workshop, app, RoleName.OWNER, Scope.OWN, connection.company_id)
    own = f"{PATH}/connections/{connection.id}"
    assert client.post(f"{own}/resume", headers={KEY: "b"}).status_code == 409
    client.post(f"{own}/pause")
    assert client.post(f"{own}/resume", headers={KEY: "b"}).json()["state"] == "connected"

    with workshop.database.begin() as session:
        [kept] = session.scalars(select(ApiAnswer))
        asked, token_id, kept.status = kept.asked, kept.token_id, None
    waiting = client.post(f"{own}/resume", headers={KEY: "b"})
    assert (waiting.status_code, waiting.json()["code"]) == (409, "api.key_under_way")
    clock = workshop.clock
    assert isinstance(clock, FixedClock)
    clock.advance(repeats.UNDER_WAY + timedelta(seconds=1))
    assert repeats.begin(workshop, token_id, "b", asked) is None, "its process died; it may come again"
    with pytest.raises(repeats.RepeatError):
        repeats.begin(workshop, token_id, "b", asked)
    repeats.forget(workshop, token_id, "b")
    assert repeats.begin(workshop, token_id, "b", asked) is None
