"""One refresh at a time: the access token of one company, always good, over threads and processes."""

from __future__ import annotations

import logging
import threading
from typing import Protocol

from raccord.quickbooks.clock import SYSTEM_CLOCK, Clock
from raccord.quickbooks.errors import ReauthoriseError, UnavailableError, WrongCompanyError
from raccord.quickbooks.secret import Secret
from raccord.quickbooks.tokens import Tokens, TokenStore

_log = logging.getLogger(__name__)

_TRIES = 3
_FIRST_PAUSE_MS = 1_000
_REST_MS = 30_000


class Refresher(Protocol):
    """The one thing the keeper needs of the authorisation host."""

    def refresh(self, tokens: Tokens) -> Tokens: ...


class TokenKeeper:
    """Hands out the access token of one company and renews it, single-flight.

    Any number of threads may ask; one of them refreshes while the others wait and get its result. Processes exclude
    each other through the store's lock, and each looks into the store again once inside, so a refresh made elsewhere
    is taken over instead of repeated. New tokens are saved before they are used. A grant that Intuit has declared
    dead is not asked for again until the store holds another.
    """

    def __init__(self, realm: str, store: TokenStore, oauth: Refresher, clock: Clock = SYSTEM_CLOCK) -> None:
        self.realm = realm
        self._store = store
        self._oauth = oauth
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None
        self._dead: Secret | None = None
        self._rest_until_ms = 0

    def access(self) -> Secret:
        """Return an access token with at least five minutes left, refreshing when needed.

        While the authorisation host is away, a token that still has some minutes is handed out. Errors:
        ``ReauthoriseError``, ``UnavailableError``.
        """
        tokens = self._tokens
        if tokens is not None and tokens.fresh(self._clock.now()):
            return tokens.access
        with self._lock:
            tokens = self._tokens
            if tokens is not None and tokens.fresh(self._clock.now()):
                return tokens.access
            if (
                tokens is not None
                and tokens.usable(self._clock.now())
                and self._clock.elapsed_ms() < self._rest_until_ms
            ):
                return tokens.access
            return self._renewed(refused=None)

    def renew(self, refused: Secret) -> Secret:
        """Return another access token than ``refused``, which QuickBooks has just answered with 401.

        When somebody else has renewed meanwhile, theirs is returned and nothing is asked.
        """
        with self._lock:
            tokens = self._tokens
            if tokens is not None and tokens.access != refused and tokens.fresh(self._clock.now()):
                return tokens.access
            return self._renewed(refused)

    def adopt(self, tokens: Tokens) -> None:
        """Save the tokens of a new authorisation and use them from now on; those of another company raise
        ``WrongCompanyError``.
        """
        if tokens.realm != self.realm:
            raise WrongCompanyError(self.realm, tokens.realm)
        with self._lock, self._store.exclusive():
            self._store.save(tokens)
            self._tokens = tokens
            self._dead = None

    def _renewed(self, refused: Secret | None) -> Secret:
        with self._store.exclusive():
            held = self._held()
            if held.access != refused and held.fresh(self._clock.now()):
                self._tokens = held
                return held.access
            if self._dead is not None and held.refresh == self._dead:
                raise ReauthoriseError("this company must be connected again; Intuit was not asked a second time")
            if held.refresh_ends <= self._clock.now():
                raise ReauthoriseError(f"the authorisation ended on {held.refresh_ends:%Y-%m-%d}")
            try:
                renewed = self._refreshed(held)
            except UnavailableError:
                if held.access == refused or not held.usable(self._clock.now()):
                    raise
                self._tokens = held
                self._rest_until_ms = self._clock.elapsed_ms() + _REST_MS
                _log.warning(
                    "refresh for company %s is not possible now; the present token has minutes left", self.realm
                )
                return held.access
            self._store.save(renewed)
        self._tokens = renewed
        return renewed.access

    def _held(self) -> Tokens:
        held = self._store.load()
        if held is None:
            raise ReauthoriseError("this company is not connected")
        if held.realm != self.realm:
            raise WrongCompanyError(self.realm, held.realm)
        return held

    def _refreshed(self, held: Tokens) -> Tokens:
        """Ask Intuit, again with the same refresh token when the answer is lost: within its grace the old one still
        works.
        """
        pause_ms = _FIRST_PAUSE_MS
        for remaining in reversed(range(_TRIES)):
            try:
                return self._oauth.refresh(held)
            except ReauthoriseError:
                self._dead = held.refresh
                raise
            except UnavailableError as error:
                if remaining == 0:
                    raise
                _log.warning("refresh for company %s: %s; asking again with the same refresh token", self.realm, error)
                self._clock.sleep_ms(pause_ms)
                pause_ms *= 3
        raise AssertionError("unreachable")
