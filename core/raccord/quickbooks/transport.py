"""The HTTP client of one company, and the header that proves who we are."""

from __future__ import annotations

import ssl
from collections.abc import Generator
from functools import cache

import httpx

from raccord.quickbooks.secret import Secret

CONNECTIONS_MAX = 10


def new_http(read_timeout_s: int = 130) -> httpx.Client:
    """Return a client for one company, with at most 10 connections; one for all companies would cost far more CPU.

    QuickBooks gives up on a request after 120 seconds, so ours outlasts it. Redirects are not followed: they would
    carry the token along.
    """
    limits = httpx.Limits(
        max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX, keepalive_expiry=20
    )
    timeout = httpx.Timeout(read_timeout_s, connect=10)
    return httpx.Client(verify=_certificates(), limits=limits, timeout=timeout, follow_redirects=False)


class HeaderAuth(httpx.Auth):
    """Adds a secret header at the last moment, so that no variable, repr or default header holds it in clear before."""

    def __init__(self, scheme: str, header: Secret) -> None:
        self._scheme = scheme
        self._header = header

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"{self._scheme} {self._header.reveal()}"
        yield request


@cache
def _certificates() -> ssl.SSLContext:
    # Reading the authorities' certificates costs some 20 ms; once is enough for all companies.
    return httpx.create_ssl_context()
