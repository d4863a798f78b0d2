"""Connections that can be cut before a single byte of the answer is sent."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

Ends = tuple[Any, Any]
_OPEN: dict[Ends, asyncio.Transport] = {}


class CuttableProtocol(H11Protocol):
    """uvicorn's HTTP protocol that lets an application find its own transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Remember the transport under both ends of the connection."""
        super().connection_made(transport)
        _OPEN[self.client, self.server] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the transport."""
        _OPEN.pop((self.client, self.server), None)
        super().connection_lost(exc)


class CutConnection(Response):
    """Resets the connection instead of answering."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Abort the transport and wait until the server has noticed. Raises RuntimeError under another server."""
        client, server = scope.get("client"), scope.get("server")
        transport = _OPEN.get((tuple(client) if client else None, tuple(server) if server else None))
        if transport is None:
            raise RuntimeError("a lost answer needs the sandbox's own server: use SandboxServer")
        transport.abort()
        await _until_gone(receive)


class HeldConnection(Response):
    """Never answers: waits until the client gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the client to close."""
        await _until_gone(receive)


async def _until_gone(receive: Receive) -> None:
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return
