"""Problems by cause, with the two ways out that a person has: have it tried again, or say it was entered by hand."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.onboarding.access.people import Power, require
from raccord.onboarding.arriving.answering import answer_problem
from raccord.onboarding.arriving.arrivals import contacts_of
from raccord.onboarding.deciding.alike import numbered
from raccord.onboarding.deciding.decisions import DecisionError
from raccord.onboarding.deciding.failures import (
    close_cause,
    link_failed,
    mark_ready,
    mark_resolved,
    set_file_aside,
    skip_failed,
)
from raccord.onboarding.deciding.hand_made import NUMBER_CHARS_MAX
from raccord.overview.problems import open_problems, problem_groups, problem_kinds, problem_view
from raccord.overview.sought import Fate
from raccord.overview.weighing.counted import count_by_fate
from raccord.store.models import Connection, ProblemState
from raccord.sync.mapping.vanished import VANISHED
from raccord.sync.posting.periods import ClosedPolicy
from raccord.sync.problems import APART
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, may_everywhere, visitor_of, within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import among, said_by, show
from raccord_web.parts.asking_accounts import OF_FILES, forms_about_files, read_on
from raccord_web.parts.changed_months import changed_days
from raccord_web.parts.mending import MENDABLE, Refused, UnknownPolicyError, mend, mendings_of
from raccord_web.parts.there import places_there
from raccord_web.screens.home import PAGE, Offset

router = APIRouter()

AUTHORISED_ANEW = (
    "quickbooks.reauthorise", "quickbooks.authorisation_failed", "quickbooks.access_denied",
    "quickbooks.subscription", "quickbooks.wrong_company",
)  # fmt: skip
"""Causes that go once QuickBooks is authorised again."""
MENDED = (
    ("/quickbooks", "problems.mend_quickbooks", AUTHORISED_ANEW),
    ("/connections/{}/settings", "problems.mend_settings", ("source.reauthorise", "source.refused")),
    ("/connections/{}/mapping", "problems.mend_mapping", ("mapping.", "posting.", "resolve.")),
    ("/connections/{}/files", "problems.mend_files", ("files.",)),
)  # fmt: skip
"""The page that has the form which mends a cause, what leads there, and the beginnings of its codes."""
HandMadeNumber = Annotated[str, Query(max_length=NUMBER_CHARS_MAX)]
DEEDS = {"ready": ProblemState.READY, "resolved": ProblemState.RESOLVED}


@router.get("/problems")
def problems(
    request: Request, connection: str = "", code: str = "", kind: str | None = None, offset: Offset = 0
) -> Response:
    """Show open problems by cause; of one connection ``kind`` keeps those of one kind of object (EX-10)."""
    within = within_of(request)
    with desk_of(request).workshop.database.read() as session:
        if code:
            listing = open_problems(session, connection or None, within=within, code=code, limit=PAGE, offset=offset)
            # Whom to call is the one connection's to say; problems of several name none.
            of = {each.connection_id for each in listing.rows}
            held = session.get(Connection, of.pop()) if len(of) == 1 else None
            cause, code = code, code.partition(APART)[0]
            contacts = () if held is None else contacts_of(desk_of(request).workshop, session, held)
            return show(
                request, "records/problem.html", session, listing=listing, connection=connection, code=code,
                cause=cause, contacts=contacts,
                changed=changed_days(session, listing.rows),
                mended=mended_at(code, "" if held is None else held.id),
                places=list(places_there(session, [(held.id, code)] if held else []).values()),
            )  # fmt: skip
    return _causes(request, connection, kind, offset)


def _causes(
    request: Request, connection: str, kind: str | None, offset: int, refused: Refused | None = None, status: int = 200
) -> Response:
    """Show the causes; ``refused`` is a form that stands among them again, with why."""
    within = within_of(request)
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        groups = problem_groups(session, connection or None, within=within, kind=kind, limit=PAGE, offset=offset)
        mendings = mendings_of(workshop, session, groups.rows, among(request))
        if refused is not None and (refused.connection_id, refused.code) not in mendings:
            # What it was to mend is gone, or on another page: the refusal has a page of its own.
            raise refused.error
        held = session.get(Connection, connection) if connection else None
        seen = held is not None and (within is None or held.company_id in within)
        return show(
            request, "records/problems.html", session, status=status, listing=groups, connection=connection,
            changed=changed_days(session, [each for group in groups.rows for each in group.examples]),
            mended_at=mended_at, kind=kind, mendings=mendings,
            places=places_there(session, [(each.connection_id, each.code) for each in groups.rows]),
            file_forms=forms_about_files(request, session, groups.rows),
            of_files={each.code for each in groups.rows if each.code.endswith(OF_FILES)},
            again=count_by_fate(session, connection, [Fate.WAITING], within=within)[Fate.WAITING],
            refused=refused, why=None if refused is None else said_by(refused.error, request),
            policies=list(ClosedPolicy), kinds=problem_kinds(session, connection) if seen else {},
            connector=held.connector if held else "",
        )  # fmt: skip


def mended_at(code: str, connection_id: str) -> tuple[str, str] | None:
    """Return the address of the page whose form mends a cause, and the key of what leads there; nothing where none."""
    if code.endswith(OF_FILES) and connection_id:
        return f"/connections/{connection_id}/files", "problems.mend_files"
    if code in VANISHED:
        return None
    for place, words, codes in MENDED:
        if code.startswith(codes) and (connection_id or "{}" not in place):
            return place.format(connection_id), words
    return None


@router.post("/problems/mend")
def mend_cause(request: Request, fields: Fields) -> Response:
    """Keep the answer that mends a cause, and have what failed for it tried again; one that is refused stands again."""
    connection, code = fields.get("connection", ""), fields.get("code", "")
    require(acting(request), Power.MANAGE)
    if not connection or code not in MENDABLE:
        return explained(request, HTTPStatus.BAD_REQUEST)
    try:
        mend(desk_of(request).workshop, acting(request), connection, code, fields)
    except DecisionError as error:
        status = HTTPStatus.BAD_REQUEST if isinstance(error, UnknownPolicyError) else HTTPStatus.CONFLICT
        return _causes(request, connection, None, 0, Refused(connection, code, error, fields), status)
    return RedirectResponse(f"/problems?{urlencode({'connection': connection, 'done': 'ready'})}", HTTPStatus.SEE_OTHER)


@router.post("/problems/of-cause/{deed}")
def close_all(request: Request, deed: str, fields: Fields) -> Response:
    """Mark every record that failed for one cause: one fix releases them all."""
    desk = desk_of(request)
    state = DEEDS.get(deed)
    if state is None or not fields.get("code"):
        return explained(request, HTTPStatus.NOT_FOUND)
    connection = fields.get("connection", "")
    if not connection and not may_everywhere(visitor_of(request).reach, Power.WORK):
        # Of several companies each has its own say in who may do this.
        return explained(request, HTTPStatus.BAD_REQUEST)
    close_cause(desk.workshop, acting(request), fields["code"], state, connection or None)
    kept = {"connection": connection} if connection else {}
    return RedirectResponse(f"/problems?{urlencode({**kept, 'done': deed})}", HTTPStatus.SEE_OTHER)


@router.post("/problems/{problem_id}/{deed}")
def close(request: Request, problem_id: str, deed: str, fields: Fields) -> Response:
    """Mark a problem's record ready for synchronisation (CH-57) or resolved by hand (CH-58), tie it to a document,
    leave it out (TD-55), or answer what it asks.
    """
    desk = desk_of(request)
    kept = {name: fields[name] for name in ("connection", "code") if fields.get(name)}
    number = fields.get("document", "").strip()[:NUMBER_CHARS_MAX]
    match deed:
        case "ready":
            mark_ready(desk.workshop, acting(request), problem_id)
        case "resolved" if number and not fields.get("declared"):
            query = urlencode({"document": number, **kept})
            return RedirectResponse(f"/problems/{problem_id}/hand-made?{query}", HTTPStatus.SEE_OTHER)
        case "resolved":
            problem = mark_resolved(desk.workshop, acting(request), problem_id, number)
            deed = "document_kept" if problem.code in VANISHED else deed
        case "aside":
            set_file_aside(desk.workshop, acting(request), problem_id)
        case "link":
            link_failed(desk.workshop, acting(request), problem_id, fields.get("document", ""))
            deed = "linked"
        case "answer":
            of = answer_problem(desk.workshop, acting(request), problem_id, fields.get("word", ""))
            done = "file_answered" if read_on(request, of.id) else "file_answered_later"
            return RedirectResponse(f"/problems?{urlencode({'connection': of.id, 'done': done})}", HTTPStatus.SEE_OTHER)
        case "skip":
            skip_failed(desk.workshop, acting(request), problem_id, fields.get("why", ""))
        case _:
            return explained(request, HTTPStatus.NOT_FOUND)
    return RedirectResponse(f"/problems?{urlencode({**kept, 'done': deed})}", HTTPStatus.SEE_OTHER)


@router.get("/problems/{problem_id}/hand-made")
def hand_made(
    request: Request, problem_id: str, document: HandMadeNumber = "", connection: str = "", code: str = ""
) -> Response:
    """Show what QuickBooks has under the number or the link of a document that a person entered by hand."""
    workshop, wanted = desk_of(request).workshop, document.strip()
    found = numbered(workshop, acting(request), problem_id, wanted) if wanted else []
    with workshop.database.read() as session:
        view = problem_view(session, problem_id)
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        return show(
            request, "records/hand_made.html", session, each=view, found=found, document=wanted, connection=connection,
            code=code,
        )  # fmt: skip
