"""Getting ready: what a first start asks for after the owner's account, and where all of it is changed later."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.keeping.backups import choose_target
from raccord.keeping.disks import SAME_DISK, on_disk_of
from raccord.keeping.drill import ask_for_drill
from raccord.keeping.retention import (
    DAYS_MAX,
    DEVICES_MIN,
    MESSAGES_MIN,
    Retention,
    choose_retention,
    retention_of,
)
from raccord.keeping.standing import DRILL_DAYS, troubles_of
from raccord.onboarding.access.people import Power, may, require
from raccord.onboarding.checking.findings import Level
from raccord.onboarding.checking.getting_ready import key_state, say_key_kept, say_time_zone, tell_at
from raccord.onboarding.checking.house import check_house
from raccord.store.models import Person
from raccord.sync.safekeeping import installation_of, target_of
from raccord.sync.zones import zone_groups, zones_of
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, visitor_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import said_by, show
from raccord_web.words.languages import COOKIE as LANGUAGE_COOKIE
from raccord_web.words.languages import YEAR_SECONDS

router = APIRouter()
PLACE = "/settings/start"


@router.get(PLACE)
def getting_ready(request: Request, check: str = "") -> Response:
    """Show each step with how it stands; ``check`` looks the installation over, which a fresh one always is."""
    if not may(acting(request), Power.OPERATE):
        with desk_of(request).workshop.database.read() as session:
            return show(request, "entering/getting_ready.html", session, theirs=False)
    return _page(request, check=check == "yes")


@router.post("/settings/start/{deed}")
def step(request: Request, deed: str, fields: Fields) -> Response:
    """Keep what one step says; the others are as they were."""
    workshop, actor, signed = desk_of(request).workshop, acting(request), visitor_of(request).signed
    require(actor, Power.OPERATE)
    try:
        match deed:
            case "backup":
                folder = fields.get("folder", "")
                # A folder is created once somebody saw that it is not there.
                choose_target(workshop, actor, folder, from_pages=True, create=fields.get("create") == folder)
            case "key":
                say_key_kept(workshop, actor)
            case "drill":
                ask_for_drill(workshop, actor)
            case "place":
                say_time_zone(workshop, actor, fields.get("time_zone", ""))
                if signed is not None:
                    tell_at(workshop, signed.person_id, fields.get("address", ""), fields.get("language", ""))
            case "retention":
                choose_retention(workshop, actor, Retention(_days(fields, "messages"), _days(fields, "devices")))
            case _:
                return explained(request, HTTPStatus.NOT_FOUND)
    except RaccordError as error:
        if error.code == "people.not_allowed":
            raise
        return _page(
            request, status=HTTPStatus.UNPROCESSABLE_ENTITY, wrong=said_by(error, request), of=deed, given=fields
        )
    response = RedirectResponse(f"{PLACE}?done=ready_{deed}#{deed}", HTTPStatus.SEE_OTHER)
    if deed == "place" and fields.get("language") in ("fr", "en"):
        access = desk_of(request).access
        response.set_cookie(
            access.cookie(LANGUAGE_COOKIE), fields["language"], max_age=YEAR_SECONDS, path="/", secure=access.secure,
            httponly=True, samesite="lax",
        )  # fmt: skip
    return response


def _days(fields: Fields, name: str) -> int:
    """Return a number of days, 0 where nothing is said; what is no number is too many."""
    said = fields.get(name, "").strip()
    return int(said) if said.isdecimal() and len(said) < 6 else DAYS_MAX + 1 if said else 0


def _page(
    request: Request,
    *,
    status: int = HTTPStatus.OK,
    check: bool = False,
    wrong: object = None,
    of: str = "",
    given: Fields | None = None,
) -> Response:
    workshop, signed = desk_of(request).workshop, visitor_of(request).signed
    settings, now = workshop.settings, workshop.clock.now()
    findings = list(check_house(settings, workshop.database, workshop.scopes.catalog)) if check else []
    with workshop.database.read() as session:
        row = installation_of(session)
        target = target_of(settings, row)
        zone, usual = row.time_zone if row is not None else "", zones_of(session).house
        person = None if signed is None else session.get(Person, signed.person_id)
        return show(
            request, "entering/getting_ready.html", session, status=status, wrong=wrong, of=of, given=given or {},
            theirs=True,
            address="" if person is None else person.told_at or person.email,
            key=key_state(settings, row), row=row, target=target, person=person,
            same_disk=SAME_DISK if target is not None and on_disk_of(target, settings.data_dir) else None,
            fixed=settings.backup_dir.parts != (), here_only=settings.served_here(), mails=bool(settings.smtp_host),
            zones=zone_groups("", zone, usual), zone=zone, usual_zone=usual,
            checked=check, findings=sorted(findings, key=lambda each: list(Level).index(each.level), reverse=True),
            troubles=troubles_of(session, settings, now), drill_days=DRILL_DAYS,
            retention=retention_of(session), messages_min=MESSAGES_MIN, devices_min=DEVICES_MIN, days_max=DAYS_MAX,
        )  # fmt: skip
