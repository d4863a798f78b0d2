"""What people must be told of even when they look at no page: told once when it begins, when it gets worse, and when
it is over.
"""

from __future__ import annotations

from raccord.alarms.conditions import conditions_of
from raccord.alarms.first_weeks import tell_first_weeks
from raccord.alarms.incidents import bring_up_to_date
from raccord.alarms.mail import send_due
from raccord.sync.workshop import Workshop

__all__ = ["watch"]


def watch(workshop: Workshop) -> None:
    """Look once at everything, keep what began and what is over, and send the messages that are due."""
    workshop.keep_counts()
    now = workshop.clock.now()
    bring_up_to_date(workshop, conditions_of(workshop, now), now)
    tell_first_weeks(workshop, now)
    send_due(workshop)
