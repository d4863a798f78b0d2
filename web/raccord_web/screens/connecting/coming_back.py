"""Coming back from a source at whose own page a person signed in: the step is taken again with what they bring."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.onboarding.connecting.signing_in import sign_in
from raccord.store.models import Connection
from raccord.sync.environments import SOURCE_CALLBACK_PATH
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import admit, renew_signed_in, visitor_of
from raccord_web.parts.held import connection_of
from raccord_web.screens.connecting.setting_up import asked_on
from raccord_web.steps.order import names_of

router = APIRouter()


@router.get(SOURCE_CALLBACK_PATH)
def come_back(request: Request) -> Response:
    """Take a person back; the beginning of the state names the connection, its connector checks the rest of it.

    Anybody could send somebody here: without the state that the connection waits for, nothing is taken.
    """
    workshop = desk_of(request).workshop
    connection_id, _, _ = request.query_params.get("state", "").partition(".")
    with workshop.database.read() as session:
        _, actor = admit(session, visitor_of(request), "connection_id", connection_id)
    # The address as it is registered, and not as a proxy hands it on.
    back = f"{workshop.settings.web_url}{SOURCE_CALLBACK_PATH}?{request.url.query}"
    step = sign_in(workshop, actor, connection_id, {"back": back})
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
    found = connection_of(workshop, connection_id)
    if not step.done and found is not None:
        return asked_on(request, connection, found[1], step)
    on = "?done=settings"
    if connection.approved_at is None and found is not None:
        names = names_of(found[1], connection)
        on = f"/setup/{names[names.index('signin') + 1]}"
    response = RedirectResponse(f"/connections/{connection_id}{on}", HTTPStatus.SEE_OTHER)
    renew_signed_in(request, response)
    return response
