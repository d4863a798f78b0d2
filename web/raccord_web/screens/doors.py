"""The two doors in the settings that lead to QuickBooks: accounting (PL-10) and integrations (TD-27)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from raccord.enablement import is_allowed
from raccord.onboarding.gates import early_gates
from raccord.overview.companies import list_companies
from raccord.overview.connections import list_connections
from raccord.overview.listing import MOST
from raccord.plugin.info import ConnectorInfo, Mode
from raccord_web.beginning import Beginning
from raccord_web.desk import desk_of
from raccord_web.rendering import show
from raccord_web.visitors import within_of

router = APIRouter()
QUICKBOOKS = "quickbooks-online"
"""The accounting system there is to connect; the list would hold others."""


@router.get("/settings/accounting")
def accounting(request: Request) -> Response:
    """Show which companies' books are connected, and the way to connect more."""
    with desk_of(request).workshop.database.read() as session:
        companies = list_companies(session, within=within_of(request), limit=MOST).rows
        return show(request, "accounting.html", session, companies=companies)


@router.get("/settings/accounting/connect")
def connect(request: Request, system: str = "") -> Response:
    """Let an accounting system be chosen, then connected."""
    with desk_of(request).workshop.database.read() as session:
        return show(request, "accounting_connect.html", session, system=system if system == QUICKBOOKS else "")


@router.get("/settings/integrations")
def integrations(request: Request) -> Response:
    with desk_of(request).workshop.database.read() as session:
        return show(request, "integrations.html", session)


@router.get("/settings/integrations/quickbooks")
def quickbooks(request: Request) -> Response:
    """Show what is connected to QuickBooks, and for each source the way to connect it: its first question."""
    workshop, within = desk_of(request).workshop, within_of(request)
    with workshop.database.read() as session:
        admitted = workshop.scopes.catalog.admitted
        sources = [
            (each.info, _first_question(each.info)) for each in admitted.values() if is_allowed(session, each.name)
        ]
        linked = list_connections(session, within=within, limit=MOST, since=None).rows
        return show(request, "integrations_quickbooks.html", session, sources=sources, linked=linked)


def _first_question(info: ConnectorInfo) -> str:
    """Return where connecting a source begins: what to sync, where that is asked first; else how one starts (PL-02)."""
    mode = Mode.FIRST_TIME if Mode.FIRST_TIME in info.modes else next(iter(info.modes))
    asks = any(gate.first_day or gate.settings for gate in early_gates(info, mode))
    return Beginning(info, mode if asks else None).address("ready" if asks else "mode")
