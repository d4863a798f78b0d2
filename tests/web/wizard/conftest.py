"""Set-ups that have not begun, and one of a bank feed that takes uploads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import till
from fastapi import FastAPI
from harness import NOW, OWNER, consent, make_workshop
from httpx2 import Response
from moments import Moments
from till_company import again
from visiting import Onwards

import raccord_bankfeed
import raccord_chase
from raccord.clock import FixedClock
from raccord.enablement import Switchboard
from raccord.store import events
from raccord.store.database import Database
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.app import create_app
from raccord_web.front.signing import Signer


@pytest.fixture
def address() -> str:
    """Where the pages are said to be; nobody comes back there without a browser."""
    return "http://127.0.0.1:9"


@pytest.fixture
def workshop(
    database: Database, data_dir: Path, sandbox: SandboxServer, address: str, till_moments: Moments
) -> Iterator[Workshop]:
    """A workshop with the real connectors and the till, all allowed here; no company yet."""
    modules = (till, raccord_chase, raccord_bankfeed)
    made = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), *modules, web_url=address)
    # What the last test had the till say would make this another world.
    for kept in (till.ROWS, till.SHELF, till.TOLD, till.TROUBLE):
        kept.clear()

    def live() -> None:
        Signer.of(made.vault)
        with made.database.begin() as session:
            board = Switchboard(session, events.append, actor="test", now=NOW)
            for connector in ("till", "chase", "bankfeed"):
                board.allow(connector)

    again(till_moments, made, "nobody's yet", live)
    yield made
    made.close()


@pytest.fixture
def app(workshop: Workshop) -> FastAPI:
    return create_app(workshop, Onwards(workshop), OWNER)


@pytest.fixture
def bank(workshop: Workshop, sandbox: SandboxServer, send: Callable[..., Response], till_moments: Moments) -> str:
    """Where a bank feed is that takes uploads, its set-up begun."""

    def live() -> str:
        found = consent(workshop, sandbox.store.of_template("quebec").realm)
        page = f"/connect/bankfeed/source?mode=first_time&company={found.id}"
        made = send(page, "/connect/bankfeed/source", company=found.id, mode="first_time", s_input_kind="upload")
        return str(made.headers["location"].split("/setup")[0])

    return again(till_moments, workshop, "a bank begun", live)
