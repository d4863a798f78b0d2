"""A sandbox company, a workshop on either database, and the till connected to it."""

from __future__ import annotations

from till_company import company, connection, sandbox, till_moments, till_sandbox, workshop

__all__ = ["company", "connection", "sandbox", "till_moments", "till_sandbox", "workshop"]
