"""The clock that the QuickBooks package uses when it is given none."""

from __future__ import annotations

from raccord.clock import Clock, SystemClock

__all__ = ["SYSTEM_CLOCK", "Clock", "SystemClock"]

SYSTEM_CLOCK = SystemClock()
