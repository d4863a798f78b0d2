"""Taking back a file that was handed in wrongly: first what goes and what stays, then the deed."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Power, require
from raccord.onboarding.arriving.files_back import take_back_file, weigh_file
from raccord.onboarding.sources.source_accounts import ConnectionRuleError
from raccord.overview.connections import connection_head
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import language_of, said_by, show
from raccord_web.parts.asking_accounts import asked_before, read_on
from raccord_web.screens.records.undo import CHOSEN_MAX
from raccord_web.words.formats import month_text

router = APIRouter()
NUMBER_MAX = 2**31 - 1
BACK = "back-"
"""How the place is called, before the file's number, that leads back to where taking a file back is shown."""


@router.get("/connections/{connection_id}/files/{number}/take-back")
def what_goes(request: Request, connection_id: str, number: str, then: str = "") -> Response:
    """Show what taking a file back means; nothing is done by that."""
    require(acting(request), Power.WORK)
    return file_back_page(request, connection_id, number, then)


@router.post("/connections/{connection_id}/files/{number}/take-back")
def take_back(request: Request, connection_id: str, number: str, fields: Fields) -> Response:
    """Take the file back; a run reads the others again, where the connection runs."""
    require(acting(request), Power.WORK)
    then, reason = fields.get("then", ""), fields.get("reason", "")
    try:
        take_back_file(
            desk_of(request).workshop, acting(request), connection_id, number_of(number),
            seen=fields.get("seen", ""), reason=reason,
        )  # fmt: skip
    except ConnectionRuleError as error:
        return file_back_page(request, connection_id, number, then, error, reason)
    reads = then != "files" and read_on(request, connection_id)
    done = "file_taken_back" if reads else "file_taken_back_later"
    place = _back(connection_id, then)
    return RedirectResponse(f"{place}?done={done}", HTTPStatus.SEE_OTHER)


def _back(connection_id: str, then: str) -> str:
    return f"/connections/{connection_id}/{'setup/files' if then == 'files' else 'files'}"


def number_of(said: str) -> int:
    """Return the number of a file, which none has where it is none."""
    return int(said) if said.isascii() and said.isdigit() and int(said) <= NUMBER_MAX else 0


def file_back_page(
    request: Request,
    connection_id: str,
    number: str,
    then: str,
    error: RaccordError | None = None,
    reason: str = "",
) -> Response:
    """Show what taking a file back means, and what is to be said before."""
    workshop, file = desk_of(request).workshop, None
    status = HTTPStatus.OK if error is None else HTTPStatus.CONFLICT
    try:
        file = weigh_file(workshop, acting(request), connection_id, number_of(number))
    except ConnectionRuleError as refused:
        error = error or refused
    with workshop.database.read() as session:
        view = connection_head(session, connection_id)
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        posted = [] if file is None else [each.record_id for each in file.documents if not each.matched]
        return show(
            request,
            "connections/file_back.html",
            session,
            status=status,
            view=view,
            file=file,
            action=f"/connections/{connection_id}/files/{number_of(number)}/take-back",
            back=_back(connection_id, then),
            then="files" if then == "files" else "",
            asks=[] if file is None else asked_before(request, session, connection_id, file.asks),
            then_back=f"{BACK}{number_of(number)}",
            undo=list(dict.fromkeys(posted))[:CHOSEN_MAX],
            reason=reason,
            months=", ".join(month_text(each, language_of(request)) for each in file.months) if file else "",
            wrong=None if error is None else said_by(error, request),
        )
