"""A way out that leads to public addresses only: for hosts that a person typed, not one the operator vouches for.

The address is looked up once and that very address is connected to, so a name cannot mean one place when it is
examined and another when it is called.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx


class NotOutsideError(Exception):
    """Raised when a host leads to an address that is not public."""


class _OutsideBackend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: Any = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return super().connect_tcp(public_address(host, port), port, timeout, local_address, socket_options)


class OutsideTransport(httpx.HTTPTransport):
    """HTTP whose every connection is looked at before it is opened."""

    def __init__(self) -> None:
        super().__init__(trust_env=False)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False), network_backend=_OutsideBackend()
        )


def public_address(host: str, port: int) -> str:
    """Return an address of ``host``; raises :class:`NotOutsideError` if any of its addresses is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(type(error).__name__) from None
    addresses = [str(each[4][0]) for each in found]
    if not addresses or not all(is_public(each) for each in addresses):
        raise NotOutsideError
    return addresses[0]


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet; one that stands for another network's is none."""
    read = ipaddress.ip_address(address.partition("%")[0])
    if read.version == 6 and read.ipv4_mapped is None and any(read in each for each in _TUNNELS):
        return False
    mapped = getattr(read, "ipv4_mapped", None)
    return (mapped or read).is_global and not read.is_multicast


_TUNNELS = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "::/96")))
"""IPv6 networks whose addresses hold IPv4 ones: NAT64, Teredo, 6to4 and the compatible ones of old."""
