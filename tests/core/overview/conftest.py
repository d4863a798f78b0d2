"""The till and its company, for every question about the tables."""

from __future__ import annotations

from till_company import company, connection, sandbox, till_moments, till_sandbox, workshop

__all__ = ["company", "connection", "sandbox", "till_moments", "till_sandbox", "workshop"]
