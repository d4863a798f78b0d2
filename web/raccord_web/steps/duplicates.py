"""The step of a set-up in which the documents that the books have already are linked, before the first plan goes."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from raccord.onboarding.access.people import Power, may
from raccord.onboarding.gates.passed_steps import pass_step
from raccord.onboarding.setting_up.baseline import baseline_of, link_certain
from raccord.onboarding.setting_up.duplicates_step import DUPLICATES
from raccord.overview.plans import waiting_plan
from raccord.overview.runs import PHASES, recent_runs
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Connection
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting


def duplicates_values(request: Request, connection: Connection, info: ConnectorInfo) -> dict[str, object]:
    """Return what the step shows: how many documents the books have, how surely, or how far the first reading is."""
    with desk_of(request).workshop.database.read() as session:
        runs = recent_runs(session, connection.id, limit=1, lists=False).rows
        return {
            "run": runs[0] if runs else None,
            "plan": waiting_plan(session, connection.id),
            "phases": len(PHASES),
            "found": baseline_of(session, connection.id),
            "contacts": [each for each in info.contacts if each.url],
            "works": may(acting(request), Power.WORK),
        }


def take_duplicates(request: Request, connection: Connection, fields: Mapping[str, str]) -> int | None:
    """Link all that are certain and return how many were; nothing where the person goes on."""
    workshop, actor = desk_of(request).workshop, acting(request)
    if fields.get("do", "") == "link":
        return link_certain(workshop, actor, connection.id).linked
    pass_step(workshop, actor, connection.id, DUPLICATES)
    return None
