"""Handing in a connection's files, and what became of each: read, kept, refused row by row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.onboarding.access.people import Power, require
from raccord.onboarding.arriving.answering import answer_file
from raccord.onboarding.arriving.changing import change_account, change_answers, told_of
from raccord.onboarding.arriving.reading_ahead import takes_files
from raccord.onboarding.arriving.receiving import Received, files_of, receive_files
from raccord.onboarding.arriving.untold_accounts import AccountTold, name_account
from raccord.overview.connections import connection_head
from raccord.overview.problems import open_problems
from raccord.overview.runs import recent_runs
from raccord.overview.sought import Fate
from raccord.overview.weighing.counted import count_by_fate
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Connection
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.gate import UPLOAD_BYTES_MAX
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields, Files
from raccord_web.pages.rendering import show
from raccord_web.parts.asking_accounts import asked_accounts, changing, read_on, told_in
from raccord_web.parts.held import connection_of
from raccord_web.screens.connecting.setting_up import step_page
from raccord_web.steps.order import names_of

router = APIRouter()
PROBLEMS_SHOWN = 50
COLUMN, ANSWER = "column_", "answer:"
COLUMN_NAME = re.compile(r"column_[0-9]{1,2}")


@router.get("/connections/{connection_id}/files")
def files(request: Request, connection_id: str, change: str = "") -> Response:
    """Show the files that arrived, what became of their records, and why rows were refused.

    ``change`` is the key of a file or account of which something was said: its form stands open again.
    """
    return _page(request, connection_id, [], change=change[:200])


@router.post("/connections/{connection_id}/files")
def hand_in(request: Request, connection_id: str, received: Files, then: str = "") -> Response:
    """Keep the files; each that is refused says why, and the same bytes are kept once.

    Whoever is at the set-up stays there, without a refusal: at the files, or with what they chose at the first day.
    """
    require(acting(request), Power.WORK)
    done = receive_files(desk_of(request).workshop, acting(request), connection_id, received)
    if not any(each.refused for each in done):
        if then == "scope":
            return RedirectResponse(f"/connections/{connection_id}/setup/scope", HTTPStatus.SEE_OTHER)
        if then == "files" and done and all(each.new for each in done):
            return RedirectResponse(f"/connections/{connection_id}/setup/files?done=files_kept", HTTPStatus.SEE_OTHER)
    status = HTTPStatus.OK if done else HTTPStatus.UNPROCESSABLE_ENTITY
    held = connection_of(desk_of(request).workshop, connection_id) if then in ("files", "scope") else None
    if held is not None and "files" in names_of(held[1], held[0]):
        return step_page(request, *held, "files", status=status, done_files=done, nothing=not done)
    return _page(request, connection_id, done, status=status)


@router.post("/connections/{connection_id}/files/answer")
def answer(request: Request, connection_id: str, fields: Fields) -> Response:
    """Answer all that is asked about a file; a run goes on with its lines, in the set-up its own first one.

    Columns come one by one and are put together here.
    """
    workshop = desk_of(request).workshop
    said = {name.removeprefix(ANSWER): value for name, value in fields.items() if name.startswith(ANSWER)}
    if fields.get("columns"):
        named = [(name, part) for name, part in fields.items() if COLUMN_NAME.fullmatch(name) and part]
        columns = [f"{part}:{number}" for number, part in sorted((int(n.removeprefix(COLUMN)), p) for n, p in named)]
        sign = ["sign:reversed"] if fields.get("sign") == "reversed" and columns else []
        said[fields["columns"]] = " ".join([*columns, *sign])
    key, every = fields.get("key", ""), fields.get("scope") != "one"
    if fields.get("again"):
        change_answers(workshop, acting(request), connection_id, key, said, every=every)
    else:
        answer_file(workshop, acting(request), connection_id, key, said, every=every, told=told_in(fields))
    return _read_on(request, connection_id, fields)


@router.post("/connections/{connection_id}/files/account")
def account(request: Request, connection_id: str, fields: Fields) -> Response:
    """Say which account of the books an account of files is; a run goes on with their lines."""
    told = told_in(fields) or AccountTold()
    keep = change_account if fields.get("again") else name_account
    keep(desk_of(request).workshop, acting(request), connection_id, fields.get("key", ""), told)
    return _read_on(request, connection_id, fields)


def _read_on(request: Request, connection_id: str, fields: Mapping[str, str]) -> Response:
    """Have the files read with what was said, and go back to where it was said, or on where its button says so."""
    then = fields.get("then", "")
    place = {
        "files": f"/connections/{connection_id}/setup/files?",
        "plan": f"/connections/{connection_id}/setup/plan?",
        "problems": f"/problems?connection={connection_id}&",
        "questions": f"/questions?connection={connection_id}&",
    }.get(then, f"/connections/{connection_id}/files?")
    if then == "files" and fields.get("go") == "scope":
        return RedirectResponse(f"/connections/{connection_id}/setup/scope", HTTPStatus.SEE_OTHER)
    reads = then != "files" and read_on(request, connection_id)
    return RedirectResponse(f"{place}done={'file_answered' if reads else 'file_answered_later'}", HTTPStatus.SEE_OTHER)


def _asking(info: ConnectorInfo) -> frozenset[str]:
    """Return the codes of what the forms about files answer."""
    return frozenset({*info.questions, *info.unnamed, *info.currencies})


def _page(
    request: Request, connection_id: str, done: list[Received], *, status: int = HTTPStatus.OK, change: str = ""
) -> Response:
    workshop = desk_of(request).workshop
    told = told_of(workshop, connection_id)
    with workshop.database.read() as session:
        view = connection_head(session, connection_id)
        connection = session.get_one(Connection, connection_id)
        admitted = workshop.scopes.catalog.get(connection.connector)
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        runs = recent_runs(session, connection_id, limit=1).rows
        problems = open_problems(session, connection_id, limit=PROBLEMS_SHOWN).rows
        return show(
            request,
            "connections/files.html",
            session,
            status=status,
            view=view,
            takes=admitted is not None and takes_files(admitted.info, connection.settings),
            unfinished=connection.approved_at is None,
            files=files_of(session, connection_id),
            done_files=done,
            nothing=status != HTTPStatus.OK,
            run=runs[0] if runs else None,
            became=count_by_fate(session, connection_id, list(Fate)) if runs else {},
            asked=frozenset() if admitted is None else _asking(admitted.info),
            told=told,
            changing=changing(request, session, connection, told, change),
            asked_accounts=asked_accounts(request, session, connection, arrived=any(each.new for each in done)),
            # What the proof says of whole months is of no file.
            problems=[each for each in problems if not each.code.startswith("proof.")],
            most=UPLOAD_BYTES_MAX // (1024 * 1024),
            most_each=None if admitted is None else admitted.info.file_bytes_max,
        )
