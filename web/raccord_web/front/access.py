"""Who may reach the pages at all: the hosts they answer to, and the token that a non-local address needs."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from raccord.errors import RaccordError
from raccord.plugin.texts import Text
from raccord.settings import Settings

TOKEN_LENGTH_MIN = 16
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class AccessError(RaccordError):
    """Raised when the pages would be open to people who must not see them."""


@dataclass(frozen=True, slots=True)
class Access:
    """The hosts that requests may name, the token people must give (none on the loopback), and whether TLS is used."""

    hosts: frozenset[str]
    token: SecretStr
    secure: bool

    @property
    def guarded(self) -> bool:
        return bool(self.token.get_secret_value())

    def admits(self, given: str) -> bool:
        """Tell whether ``given`` is the token, in a time that says nothing of it."""
        return hmac.compare_digest(given.encode(), self.token.get_secret_value().encode())

    def mark(self) -> str:
        """Return what a session is bound to, so that a changed token ends all sessions."""
        return hashlib.sha256(self.token.get_secret_value().encode()).hexdigest()[:16]

    def cookie(self, name: str) -> str:
        """Return a cookie's name; with TLS it is bound to this very host."""
        return f"__Host-{name}" if self.secure else name


def access_of(settings: Settings, *, accounts: bool = False) -> Access:
    """Return who may reach the pages; raises ``AccessError`` for an address of the network without a token.

    Once there are ``accounts`` those guard the pages, and a token is needed no more.
    """
    token = settings.web_token.get_secret_value()
    if not is_loopback(settings.web_host) and not token and not accounts:
        raise AccessError(
            "web.token_missing",
            Text(
                f"L'adresse {settings.web_host} est ouverte au réseau, et rien n'y protège encore les pages.",
                f"The address {settings.web_host} is open to the network, and nothing guards the pages there yet.",
            ),
            Text(
                "Servez sur 127.0.0.1, ou donnez un jeton d'au moins 16 caractères avec RACCORD_WEB_TOKEN.",
                "Serve on 127.0.0.1, or give a token of at least 16 characters with RACCORD_WEB_TOKEN.",
            ),
        )
    if token and len(token) < TOKEN_LENGTH_MIN:
        raise AccessError(
            "web.token_short",
            Text("Le jeton des pages web est trop court.", "The token of the web pages is too short."),
            Text(
                "Donnez-en un d'au moins 16 caractères avec RACCORD_WEB_TOKEN.",
                "Give one of at least 16 characters with RACCORD_WEB_TOKEN.",
            ),
        )
    public = urlsplit(settings.web_url)
    hosts = LOCAL_NAMES | {settings.web_host.lower(), (public.hostname or "").lower()}
    return Access(frozenset(hosts - {""}), settings.web_token, public.scheme == "https")


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def host_of(header: str) -> str:
    """Return the name in a ``Host`` header without its port."""
    if not _plain(header):
        return ""
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        # Brackets that hold no IPv6 address.
        return ""


def _plain(header: str) -> bool:
    return bool(header) and header.isascii() and not set(header) & set("/\\@?# ")
