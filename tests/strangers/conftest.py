"""A sandbox behind a wiretap, and a company of one's own in it, made as a stranger makes one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from documented import check
from wiretap import Exchange, Wiretap

from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.keeping.company import assert_books_balance
from raccord_sandbox.serving.server import SandboxServer

Doc = dict[str, Any]
REDIRECT = "http://localhost:9/callback"


@dataclass(frozen=True)
class Stranger:
    """What somebody who wants to use a company was given: addresses, keys and a refresh token."""

    url: str
    realm: str
    client_id: str
    client_secret: str
    refresh_token: str
    tap: Wiretap

    @property
    def api(self) -> str:
        """The address that clients know as https://quickbooks.api.intuit.com."""
        return f"{self.url}/v3"

    @property
    def discovery(self) -> str:
        """The address of the discovery document."""
        return f"{self.url}/.well-known/openid_sandbox_configuration"

    def consented(self, url: str) -> dict[str, str]:
        """Consent as a person would, and return what the redirect carries."""
        answer = httpx.get(url, params={**httpx.URL(url).params, "auto": "1", "realm": self.realm})
        return dict(httpx.URL(answer.headers["location"]).params)

    def exchanges(self, method: str, part: str) -> list[Exchange]:
        """Return what was said with this method to paths that hold `part`."""
        return [one for one in self.tap.exchanges if one.method == method and part in one.path]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    """One sandbox without companies."""
    with SandboxServer(SandboxConfig(seeds=())) as running:
        yield running


@pytest.fixture(scope="session")
def tap(sandbox: SandboxServer) -> Iterator[Wiretap]:
    """What stands between the clients and the sandbox."""
    with Wiretap(sandbox.host, sandbox.port) as running:
        yield running


@pytest.fixture
def stranger(sandbox: SandboxServer, tap: Wiretap) -> Iterator[Stranger]:
    """A new company; afterwards its books must balance and everything said must have been as documented."""
    tap.exchanges.clear()
    headers = {"Authorization": f"Bearer {sandbox.lab_token}"}
    with httpx.Client(base_url=sandbox.url, headers=headers, verify=False) as lab:  # noqa: S501  # plain HTTP
        made = lab.post("/sandbox/companies", json={"template": "us"}).json()
        keys = {name: made[name] for name in ("realm", "client_id", "client_secret", "refresh_token")}
        yield Stranger(url=tap.url, tap=tap, **keys)
        company = sandbox.store.get(made["realm"])
        assert company is not None
        assert_books_balance(company)
        lab.delete(f"/sandbox/companies/{made['realm']}").raise_for_status()
    assert tap.exchanges
    for exchange in tap.exchanges:
        check(exchange)
