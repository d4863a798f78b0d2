"""Help: each status word, each code with its remedy and who can apply it, the keys, and each connector's limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from raccord.onboarding.arriving.arrivals import contacts_of
from raccord.overview.companies import list_companies
from raccord.overview.connections import connection_names
from raccord.overview.explain import known_codes
from raccord.overview.listing import MOST, Within
from raccord.overview.records import Fate
from raccord.plugin.info import ConnectorInfo, Contact
from raccord.plugin.texts import Text
from raccord.store.models import Connection, ConnectionState
from raccord.sync.workshop import Workshop
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import within_of
from raccord_web.pages.rendering import language_of, said, show
from raccord_web.parts.reviewing import KEYS
from raccord_web.words.states import FATES, OFF, RUNS

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Unseen:
    """What is to be done where a company is not to be seen after the set-up: check something, else call somebody."""

    info: ConnectorInfo
    check: Text | None
    contacts: Sequence[Contact]


@router.get("/help")
def contents(request: Request, q: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Show all of it; ``q`` keeps the codes that hold these words."""
    desk, language = desk_of(request), language_of(request)
    wanted = q.strip().casefold()
    codes = [said(code, {}, language) for code in sorted(known_codes())]
    found = [each for each in codes if wanted in f"{each.code} {each.what} {each.fix}".casefold()]
    within, infos = within_of(request), [each.info for each in desk.workshop.scopes.catalog.admitted.values()]
    with desk.workshop.database.read() as session:
        return show(
            request,
            "help/help.html",
            session,
            q=q,
            paused=connection_names(session, within=within, state=ConnectionState.PAUSED),
            codes=found,
            states=[*OFF.values(), *RUNS.values()],
            review_keys=KEYS,
            fates=[(fate, FATES[fate]) for fate in Fate],
            connectors=infos,
            faq=desk.workshop.settings.faq_url or "#questions",
            contact=desk.workshop.settings.contact_url or "#contacts",
            companies=list_companies(session, within=within, limit=MOST).rows,
            unseen=[_unseen(desk.workshop, session, each, within) for each in infos if each.missing_company],
        )


def _unseen(workshop: Workshop, session: Session, info: ConnectorInfo, within: Within) -> Unseen:
    """Return whom to call once an account of the source is connected, else what to check first (CH-67)."""
    wanted = select(Connection).where(
        Connection.connector == info.name,
        Connection.source_identity != "",
        Connection.state != ConnectionState.DRAFT,
        *([] if within is None else [Connection.company_id.in_(within)]),
    )
    connection = session.scalars(wanted.order_by(Connection.id.desc()).limit(1)).first()
    if connection is None:
        return Unseen(info, info.missing_company, ())
    return Unseen(info, None, contacts_of(workshop, session, connection))
