"""Puts the Authorization header on a request."""

from __future__ import annotations

from collections.abc import Generator

import httpx

from raccord.quickbooks.secret import Secret


class HeaderAuth(httpx.Auth):
    """Adds a secret header at the last moment, so that no variable, repr or default header holds it in clear before."""

    def __init__(self, scheme: str, header: Secret) -> None:
        self._scheme = scheme
        self._header = header

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"{self._scheme} {self._header.reveal()}"
        yield request
