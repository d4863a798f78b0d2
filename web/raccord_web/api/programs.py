"""Who calls: a token in the header, never a cookie; how far it reaches, and how often it may call."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Lock
from typing import Annotated

from fastapi import HTTPException, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from raccord.onboarding.access.api_tokens import Program, Scope, program_of
from raccord.onboarding.access.people import NotAllowedError
from raccord.plugin.texts import Text
from raccord.store.origins import note_token
from raccord_web.front.desk import desk_of
from raccord_web.front.throttle import Throttle
from raccord_web.front.visitors import Visitor, let_on

CALLS_A_MINUTE = 600
"""Calls of one token."""
STRANGERS_A_MINUTE = 300
"""Calls with tokens that are none, of everybody together; good tokens are not held up by them."""
TOKENS_KNOWN = 1000

_bearer = HTTPBearer(auto_error=False, scheme_name="token", description="A token of the page “API tokens”.")

Shown = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


class NotLetInError(Exception):
    """Raised when a call shows no token that works."""


@dataclass(slots=True)
class CallLimits:
    """How often each token called within the last minute, in this process."""

    strangers: Throttle = field(default_factory=lambda: Throttle(STRANGERS_A_MINUTE))
    _of: OrderedDict[str, Throttle] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def of(self, token_id: str) -> Throttle:
        """Return the limit of one token; those not seen for the longest are forgotten first."""
        with self._lock:
            found = self._of.setdefault(token_id, Throttle(CALLS_A_MINUTE))
            self._of.move_to_end(token_id)
            while len(self._of) > TOKENS_KNOWN:
                self._of.popitem(last=False)
            return found


def let_in(request: Request, shown: Shown) -> None:
    """Find out for whom a program speaks and let it on to what is theirs; the rest is not there for it."""
    desk, limits = desk_of(request), request.app.state.limits
    now_ms = desk.workshop.clock.elapsed_ms()
    program = None if shown is None else program_of(desk.workshop, shown.credentials)
    if program is None:
        if not limits.strangers.taken(now_ms):
            raise _too_many()
        raise NotLetInError
    if not limits.of(program.token_id).taken(now_ms):
        raise _too_many()
    request.state.program = program
    note_token(program.token)
    let_on(request, Visitor(program.reach))


def program_in(request: Request) -> Program:
    """Return for whom the call's token speaks."""
    found = request.state.program
    if not isinstance(found, Program):
        raise TypeError("no program calls")
    return found


def needs(scope: Scope) -> Callable[[Request], None]:
    """Return the check that a token was made for ``scope`` or more; the services check the person's role themselves."""

    def check(request: Request) -> None:
        if not program_in(request).reaches(scope):
            raise NotAllowedError(
                "people.token_scope",
                Text(
                    f"La portée de ce jeton ne suffit pas : il faut « {scope} ».",
                    f"This token's scope is not enough: “{scope}” is needed.",
                ),
                Text("Faites un jeton de cette portée.", "Make a token of that scope."),
            )

    return check


def _too_many() -> HTTPException:
    return HTTPException(HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": "60"})
