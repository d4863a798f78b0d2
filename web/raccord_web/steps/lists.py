"""The step of a set-up in which lists go to the source and its items are linked, before the first plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from raccord.onboarding.access.people import Power, may
from raccord.onboarding.gates.passed_steps import pass_step
from raccord.onboarding.setting_up.instances import link_suggested, linking, roles_with_instances
from raccord.onboarding.setting_up.lists import closing_lists, lists_of, push_list
from raccord.onboarding.setting_up.lists_step import LISTS
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Connection
from raccord.sync.telling.push import Counts
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting


@dataclass(frozen=True, slots=True)
class Done:
    """What a person had done on the step and stays there to read."""

    sent: tuple[str, Counts] | None = None
    linked: int | None = None


def lists_values(request: Request, connection: Connection, info: ConnectorInfo) -> dict[str, object]:
    """Return what the step shows: each list with what the source took, and how many items are linked."""
    workshop = desk_of(request).workshop
    granted = connection.manage_granted_at is not None
    return {
        "lists": lists_of(workshop, connection.id),
        "closing": closing_lists(workshop, connection.id),
        "linkings": [linking(workshop, connection.id, each.name) for each in roles_with_instances(info)],
        "manages": may(acting(request), Power.MANAGE, info, manage_granted=granted),
    }


def take_lists(request: Request, connection: Connection, fields: Mapping[str, str]) -> Done | None:
    """Send a list or link what is suggested, and return what became of it; nothing where the person goes on."""
    workshop, actor = desk_of(request).workshop, acting(request)
    match fields.get("do", ""):
        case "push":
            name = fields.get("list", "")
            return Done(sent=(name, push_list(workshop, actor, connection.id, name)))
        case "link":
            return Done(linked=link_suggested(workshop, actor, connection.id, fields.get("role", "")))
        case _:
            pass_step(workshop, actor, connection.id, LISTS)
            return None
