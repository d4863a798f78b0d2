"""Which day's data a connection waits for, after its set-up, after data came and after a pause."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import till
from harness import OWNER, finish, request
from set_up import on

from raccord.clock import FixedClock
from raccord.onboarding.arriving.arrivals import Freshness, freshness_of
from raccord.onboarding.arriving.freshness import Lateness
from raccord.onboarding.connecting.connections import pause, resume
from raccord.plugin import Delivery, FileDays
from raccord.store.models import Connection
from raccord.sync.workshop import Workshop


@pytest.fixture(autouse=True)
def _delivering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(till, "INFO", replace(till.INFO, delivery=lambda settings: Delivery()))


def read(workshop: Workshop, connection: Connection) -> Freshness | None:
    with workshop.database.read() as session:
        return freshness_of(workshop, session, session.get_one(Connection, connection.id))


@pytest.mark.requirement("CH-22", "CH-60", "K1", "K17")
def test_the_days_of_a_pause_are_never_called_late(
    workshop: Workshop, connection: Connection, hand: FixedClock
) -> None:
    fresh = read(workshop, connection)
    assert fresh is not None
    assert (fresh.status.day, fresh.status.state) == (date(2026, 3, 20), Lateness.NOT_YET_EXPECTED)

    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-20", "amount": "10.00"}]
    finish(workshop, request(workshop, connection))
    on(hand, "2026-03-23")
    fresh = read(workshop, connection)
    assert fresh is not None
    assert (fresh.newest, fresh.status.day, fresh.status.state) == (
        date(2026, 3, 20),
        date(2026, 3, 21),
        Lateness.LATE,
    )

    pause(workshop, OWNER, connection.id)
    assert read(workshop, connection) is None, "nothing is expected of a paused connection"
    on(hand, "2026-04-10")
    resume(workshop, OWNER, connection.id)
    fresh = read(workshop, connection)
    assert fresh is not None
    assert (fresh.status.day, fresh.status.state) == (date(2026, 4, 10), Lateness.NOT_YET_EXPECTED)


@pytest.fixture
def by_files(_delivering: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The till as a source whose files tell their days by what was sold."""
    monkeypatch.setattr(till, "INFO", replace(till.INFO, files_cover=FileDays(stream="sales", tell=lambda *_: None)))


def test_files_that_ended_long_ago_are_missing_at_once_with_what_to_do(
    by_files: None, workshop: Workshop, connection: Connection
) -> None:
    """The files handed in at the set-up end two weeks before it; a deposit that they announce is no data of its day."""
    fresh = read(workshop, connection)
    assert fresh is not None
    assert fresh.status.state is Lateness.NOT_YET_EXPECTED, "nothing was handed in yet"
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-06", "amount": "10.00"}]
    finish(workshop, request(workshop, connection))
    fresh = read(workshop, connection)
    assert fresh is not None
    assert (fresh.newest, fresh.status.day, fresh.status.state) == (
        date(2026, 3, 6),
        date(2026, 3, 7),
        Lateness.MISSING,
    )
    assert "No file covers the days since 2026-03-07" in fresh.status.text.en
    assert "Déposez les fichiers" in fresh.status.text.fr
