"""The step of a set-up in which lists go to the source and its items are linked, before the first plan."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.jobs.list_requests import request_lists
from raccord.onboarding.access.people import Power, may
from raccord.onboarding.gates.passed_steps import pass_step
from raccord.onboarding.setting_up.instances import link_suggested, linking, roles_with_instances
from raccord.onboarding.setting_up.lists import closing_lists, lists_of
from raccord.onboarding.setting_up.lists_step import LISTS
from raccord.overview.beginning.list_sending import list_sending
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Connection
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting

ALL = "all"
"""What a form says where all lists are to be sent that do not follow every run by themselves."""


def lists_values(request: Request, connection: Connection, info: ConnectorInfo) -> dict[str, object]:
    """Return what the step shows: each list with what the source took, and how many items are linked."""
    workshop = desk_of(request).workshop
    granted = connection.manage_granted_at is not None
    with workshop.database.read() as session:
        sending = list_sending(session, connection.id)
    return {
        "sending": sending,
        "lists": lists_of(workshop, connection.id),
        "closing": closing_lists(workshop, connection.id),
        "linkings": [linking(workshop, connection.id, each.name, limit=0) for each in roles_with_instances(info)],
        "manages": may(acting(request), Power.MANAGE, info, manage_granted=granted),
    }


def send_lists(request: Request, connection_id: str, name: str) -> None:
    """Have a list sent to the source, or all that go there when somebody asks."""
    desk = desk_of(request)
    names = [name]
    if name == ALL:
        views = lists_of(desk.workshop, connection_id)
        names = [each.info.name for each in views if each.goes and not each.info.every_run]
    request_lists(desk.workshop, desk.engine, acting(request), connection_id, names)


def take_lists(request: Request, connection: Connection, fields: Mapping[str, str]) -> Response | int | None:
    """Have lists sent, or link what is suggested and return how many were; nothing where the person goes on."""
    workshop, actor = desk_of(request).workshop, acting(request)
    match fields.get("do", ""):
        case "push":
            send_lists(request, connection.id, fields.get("list", ""))
            return RedirectResponse(f"/connections/{connection.id}/setup/lists", HTTPStatus.SEE_OTHER)
        case "link":
            return link_suggested(workshop, actor, connection.id, fields.get("role", ""))
        case _:
            pass_step(workshop, actor, connection.id, LISTS)
            return None
