"""Who may come in, and as what: members, invitations, and the table of what each role may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from http import HTTPStatus

from fastapi import APIRouter, HTTPException
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access import members
from raccord.onboarding.access.accounts import AccountError
from raccord.onboarding.access.authority import AuthorityLeavesError
from raccord.onboarding.access.people import Actor, Power, RoleName, may
from raccord.overview.companies import list_companies
from raccord.overview.listing import MOST
from raccord.plugin.texts import Text
from raccord.store.models import Invitation
from raccord.store.models.people import EVERYWHERE
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import visitor_of, within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import said_by, show

router = APIRouter()
CORRECTED = frozenset({"people.email", "people.owner_ends", "people.end_day", "people.day_unreadable"})
"""Refusals that the person mends in the form itself."""
GUEST_DAYS = 14
"""From so many days before it on, the end of a role stands out."""


@router.get("/people")
def people(request: Request) -> Response:
    return _page(request)


@router.post("/people/invite")
def invite(request: Request, fields: Fields) -> Response:
    """Make a one-time link and show it, once: it is kept nowhere."""
    desk = desk_of(request)
    role, company_id = fields.get("role", ""), fields.get("company", EVERYWHERE)
    if role not in set(RoleName):
        return explained(request, HTTPStatus.BAD_REQUEST)
    try:
        until = _last_day(fields)
        secret = members.invite(
            desk.workshop, _toward(request, company_id), fields.get("email", ""), RoleName(role), company_id,
            ends_on=until,
        )  # fmt: skip
    except RaccordError as error:
        if error.code not in CORRECTED:
            raise
        return _page(request, status=HTTPStatus.UNPROCESSABLE_ENTITY, wrong=said_by(error, request), given=fields)
    return _page(request, link=f"{desk.workshop.settings.web_url}/invitation/{secret}", given=fields)


@router.post("/people/invitations/{invitation_id}/withdraw")
def withdraw(request: Request, invitation_id: str, fields: Fields) -> Response:
    desk = desk_of(request)
    with desk.workshop.database.read() as session:
        company_id = session.get_one(Invitation, invitation_id).company_id
    members.withdraw(desk.workshop, _toward(request, company_id), invitation_id)
    return RedirectResponse("/people?done=withdrawn", HTTPStatus.SEE_OTHER)


@router.post("/people/{person_id}/{deed}")
def change(request: Request, person_id: str, deed: str, fields: Fields) -> Response:
    """Give a member another role, take their place away, or make a link for a new password; who became something else
    since the form was shown is shown first.
    """
    desk = desk_of(request)
    company_id = fields.get("company", EVERYWHERE)
    actor, seen, aware = _toward(request, company_id), fields.get("seen"), fields.get("aware", "") == "yes"
    try:
        match deed:
            case "role" if fields.get("role", "") in set(RoleName):
                members.change_role(
                    desk.workshop, actor, person_id, company_id, RoleName(fields["role"]), seen=seen,
                    ends_on=_last_day(fields), aware=aware,
                )  # fmt: skip
                done = "role_changed"
            case "remove":
                members.remove(desk.workshop, actor, person_id, company_id, seen=seen, aware=aware)
                done = "removed"
            case "reset":
                secret = members.reset_of(desk.workshop, visitor_of(request).reach.actor, person_id)
                return _page(request, link=f"{desk.workshop.settings.web_url}/invitation/{secret}", given=fields)
            case _:
                return explained(request, HTTPStatus.NOT_FOUND)
    except (members.MemberChangedError, AuthorityLeavesError) as error:
        return _page(request, status=HTTPStatus.CONFLICT, changed=said_by(error, request))
    except RaccordError as error:
        if error.code not in CORRECTED:
            raise
        return _page(request, status=HTTPStatus.UNPROCESSABLE_ENTITY, changed=said_by(error, request))
    return RedirectResponse(f"/people?done={done}", HTTPStatus.SEE_OTHER)


def _last_day(fields: Mapping[str, str]) -> date | None:
    """Return the last day of a role that a form says, or nothing where it is left empty."""
    typed = fields.get("until", "").strip()
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise AccountError(
            "people.day_unreadable",
            Text("Cette date ne se lit pas.", "This date cannot be read."),
            Text(
                "Écrivez-la comme 2027-03-31 ; rien n'est enregistré.", "Write it like 2027-03-31; nothing was saved."
            ),
        ) from None


def _toward(request: Request, company_id: str) -> Actor:
    """Return the visitor as the place they change knows them; a 404 where they are nobody there."""
    reach = visitor_of(request).reach
    actor = reach.actor_in(company_id) if company_id else reach.actor
    if actor is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return actor


def _page(request: Request, *, status: int = HTTPStatus.OK, **values: object) -> Response:
    within, reach = within_of(request), visitor_of(request).reach
    with desk_of(request).workshop.database.read() as session:
        places = _places(session, request)
        return show(
            request,
            "entering/people.html",
            session,
            status=status,
            members=members.list_members(session, within, desk_of(request).workshop.clock.now()),
            guest_days=GUEST_DAYS,
            invitations=members.list_invitations(session, within, desk_of(request).workshop.clock.now()),
            places=places,
            opened=_opened(request, places, values.get("given")),
            grants_in={
                place: sorted(members.grants(actor), key=list(RoleName).index) for place, (_, actor) in places.items()
            },
            resets=may(reach.actor, Power.LINK),
            powers=list(Power),
            roles=list(RoleName),
            holds=lambda role, power: may(Actor("", role), power),
            **{"link": "", "wrong": None, "changed": None, "given": {}, **values},
        )


def _opened(request: Request, places: Mapping[str, object], given: object) -> str | None:
    """Return the place whose form stands open: the one that was chosen, else the only company, else the only place."""
    chosen = given.get("company") if isinstance(given, Mapping) else request.query_params.get("company")
    if chosen in places:
        return str(chosen)
    companies = [each for each in places if each != EVERYWHERE]
    return companies[0] if len(companies) == 1 else EVERYWHERE if not companies else None


def _gives(places: Mapping[str, tuple[str, Actor]]) -> Iterator[tuple[str, frozenset[RoleName]]]:
    for place, (_, actor) in places.items():
        yield place, members.grants(actor)


def _places(session: Session, request: Request) -> dict[str, tuple[str, Actor]]:
    """Return where the visitor may let people in, with names: company by company, then everywhere (empty id)."""
    reach = visitor_of(request).reach
    found: dict[str, tuple[str, Actor]] = {}
    for company in list_companies(session, within=reach.within, limit=MOST).rows:
        actor = reach.actor_in(company.id)
        if actor is not None and may(actor, Power.INVITE):
            found[company.id] = (company.name, actor)
    if reach.everywhere is not None and may(reach.actor, Power.OPERATE):
        found[EVERYWHERE] = ("", reach.actor)
    return found
