"""Plugins: what each connector moves, its words, its health and switches; and what was not let in, with the reason."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.catalog import Catalog
from raccord.onboarding.access.people import Power, may
from raccord.onboarding.sources.switches import switch_for_company, switch_for_installation
from raccord.overview.companies import list_companies
from raccord.overview.listing import MOST
from raccord.overview.plugins import Health, plugin_health
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Language
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, visitor_of, within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import language_of, show
from raccord_web.pages.typed import label_of

router = APIRouter()
Search = Annotated[str, Query(max_length=100)]
VIEWS = ("use", "moves", "access")
"""The parts of a plugin's page: who uses it, what it brings over, and what it may reach."""
NOTHING = Health(allowed=False, companies=frozenset(), uses=())
SWITCHES = {"allow": True, "forbid": False, "enable": True, "disable": False}


@router.get("/plugins")
def plugins(request: Request, q: Search = "") -> Response:
    return _page(request, "", q=q)


@router.get("/plugins/{connector}")
def plugin(request: Request, connector: str, q: Search = "", view: str = "") -> Response:
    return _page(request, connector, q=q, view=view)


@router.post("/plugins/{connector}/{deed}")
def switch(request: Request, connector: str, deed: str, fields: Fields) -> Response:
    """Allow or forbid a connector for the installation, or enable or disable it for one company."""
    workshop, company_id = desk_of(request).workshop, fields.get("company", "")
    match deed:
        case "allow" | "forbid":
            actor = visitor_of(request).reach.actor
            switch_for_installation(workshop, actor, connector, on=SWITCHES[deed])
        case "enable" | "disable" if company_id:
            switch_for_company(workshop, acting(request), connector, company_id, on=SWITCHES[deed])
        case _:
            return explained(request, HTTPStatus.NOT_FOUND)
    done = {"allow": "allowed", "forbid": "forbidden", "enable": "enabled", "disable": "disabled"}[deed]
    return RedirectResponse(f"/plugins/{connector}?done={done}", HTTPStatus.SEE_OTHER)


def _page(request: Request, connector: str, *, q: str = "", view: str = "") -> Response:
    desk, reach = desk_of(request), visitor_of(request).reach
    catalog = desk.workshop.scopes.catalog
    every = {**catalog.admitted, **catalog.extensions}
    listed = [each for name, each in every.items() if q.strip().lower() in _words(name, catalog).lower()]
    chosen = connector or next((each.name for each in listed), next(iter(every), ""))
    if connector and connector not in every:
        return explained(request, HTTPStatus.NOT_FOUND)
    info = catalog.admitted[chosen].info if chosen in catalog.admitted else None
    with desk.workshop.database.read() as session:
        health = plugin_health(session, within_of(request))
        companies = list_companies(session, within=within_of(request), limit=MOST).rows
        managed = {each.id for each in companies if (actor := reach.actor_in(each.id)) and may(actor, Power.MANAGE)}
        return show(
            request,
            "connections/plugins.html",
            session,
            plugins=listed,
            q=q,
            view=view if view in VIEWS else VIEWS[0],
            chosen=catalog.admitted.get(chosen) or catalog.extensions.get(chosen),
            info=info,
            hosts=[] if info is None else _hosts(info, language_of(request)),
            quarantined=catalog.quarantined,
            health=health,
            own=health.get(chosen, NOTHING),
            nothing=NOTHING,
            companies=companies,
            managed=managed,
            operates=may(reach.actor, Power.OPERATE),
            # Where it is allowed, whoever may connect something begins here.
            connects=info is not None
            and health.get(chosen, NOTHING).allowed
            and any((actor := reach.actor_in(each.id)) and may(actor, Power.LINK) for each in companies),
        )


def _hosts(info: ConnectorInfo, language: Language) -> list[tuple[str, str]]:
    """Return the hosts that a connector may reach, each by its name or by the label of the setting that says it."""
    told = [(each, each.removeprefix("{").removesuffix("}")) for each in info.hosts]
    return [(host, "") if host == name else ("", label_of(info.settings, name, language)) for host, name in told]


def _words(name: str, catalog: Catalog) -> str:
    """Return the words by which people look for a plugin, in both languages."""
    if name not in catalog.admitted:
        return name
    info = catalog.admitted[name].info
    return " ".join((name, info.label.fr, info.label.en, info.summary.fr, info.summary.en))
