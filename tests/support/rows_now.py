"""Rows of the database as they are at the moment."""

from __future__ import annotations

from typing import Any

from raccord.store.models import Plan, Run
from raccord.sync.workshop import Workshop


def plan_of(workshop: Workshop, run: Run) -> Plan:
    with workshop.database.read() as session:
        return session.get_one(Plan, run.plan_id)


def row(workshop: Workshop, kind: type[Any], row_id: object) -> Any:
    with workshop.database.read() as session:
        return session.get_one(kind, row_id)
