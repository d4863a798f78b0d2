"""A person goes to their bank and comes back to the step that they left, in this browser and no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from harness import NOW, consent, enable, make_workshop
from httpx2 import Response
from joserfc.jwk import RSAKey
from sqlalchemy import select
from starlette.testclient import TestClient

import raccord_bankfeed
from raccord.clock import FixedClock
from raccord.store.database import Database
from raccord.store.models import Company, Connection
from raccord.sync.workshop import Workshop
from raccord_bankfeed.twins.enable_banking import APPLICATION, EnableBankingTwin
from raccord_bankfeed.twins.http import TwinServer
from raccord_sandbox.serving.server import SandboxServer

BACK = "/oauth/source/callback"


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), raccord_bankfeed)
    enable(made, consent(made, sandbox.store.of_template("quebec").realm), "bankfeed")
    yield made
    made.close()


@pytest.mark.requirement("BF-10", "BF-12", "BF-22", "K20")
def test_who_comes_back_from_the_bank_goes_on_where_they_left(
    workshop: Workshop, app: FastAPI, browser: TestClient, send: Callable[..., Response]
) -> None:
    key, own_address = RSAKey.generate_key(2048), workshop.settings.web_url
    bank = EnableBankingTwin(key, NOW, back=f"{own_address}{BACK}")
    with workshop.database.read() as session:
        company = session.scalars(select(Company.id)).one()
    page = f"/connect/bankfeed/source?mode=first_time&company={company}"
    made = send(
        page, "/connect/bankfeed/source", company=company, mode="first_time", s_input_kind="enable_banking"
    )  # fmt: skip
    own = f"{made.headers['location'].rpartition('/')[0]}/signin"
    with TwinServer(bank) as server:
        form = {
            "s_enable_server": server.url, "s_enable_application": APPLICATION, "s_enable_bank": "BNP Paribas",
            "s_enable_key": key.as_pem(private=True).decode().replace("\n", ""),
        }  # fmt: skip
        gone = send(own, own, **form)
        assert "https://tilisy.enablebanking.com/welcome" in gone.text
        refused = browser.get(bank.consent_at_the_bank("0000").removeprefix(own_address))
        assert refused.status_code == 200
        assert "Wrong code" in refused.text
        right = bank.consent_at_the_bank("4711").removeprefix(own_address)
        foreign = browser.get(right.replace("state=", "state=x"))
        assert foreign.status_code >= 400, "it names no connection"
        came = browser.get(right)
        assert "Read “BNP Paribas Compte courant …0189”" in came.text
        done = send(own, own, answering="yes", **{"a_take:hash-0/CAD": "on"})
        assert done.headers["location"].endswith("/setup/accounts")
        again = browser.get(right)
        assert "The consent given at the bank holds until" in again.text, "an address that comes twice changes nothing"
    with workshop.database.read() as session:
        settings = str(session.query(Connection).one().settings)
    assert "PRIVATE KEY" not in settings + browser.get(own).text
    assert "session-1" not in settings
