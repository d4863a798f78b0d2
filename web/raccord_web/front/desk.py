"""What every page works with: the workshop, the job engine, and who may come in."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request

from raccord.jobs.port import JobEngine
from raccord.onboarding.access.people import Actor
from raccord.sync.workshop import Workshop
from raccord_web.front.access import Access
from raccord_web.front.signing import Signer
from raccord_web.front.throttle import Throttle

MESSAGES_A_MINUTE = 1200
"""Messages that are looked at within a minute, of all sources together."""

REPORTS_A_MINUTE = 30
"""What browsers report of the pages' policy; anybody may send such a report, and the log is not for them to fill."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One for each application, kept in its state."""

    workshop: Workshop
    engine: JobEngine
    access: Access
    signer: Signer
    house: Actor | None = None
    """Who everybody is, where the pages were opened without accounts."""
    attempts: Throttle = field(default_factory=Throttle)
    """Wrong tokens given lately, by anybody."""
    reports: Throttle = field(default_factory=lambda: Throttle(REPORTS_A_MINUTE))
    """Reports of browsers that were written down lately."""
    messages: Throttle = field(default_factory=lambda: Throttle(MESSAGES_A_MINUTE))
    """What sources sent lately."""


def desk_of(request: Request) -> Desk:
    """Return the desk of the application that answers."""
    desk = request.app.state.desk
    if not isinstance(desk, Desk):
        raise TypeError("the application has no desk")
    return desk
