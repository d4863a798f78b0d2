"""Handing in a connection's files, and what became of each: read, kept, refused row by row."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access.people import NotAllowedError, Power, require
from raccord.onboarding.arriving.answering import answer_all, answer_file
from raccord.onboarding.arriving.asked_first import answer_first
from raccord.onboarding.arriving.changing import change_account, change_answers, told_of
from raccord.onboarding.arriving.reading_ahead import takes_files
from raccord.onboarding.arriving.receiving import Received, files_of, receive_files
from raccord.onboarding.arriving.untold_accounts import AccountTold, name_account
from raccord.onboarding.gates.passed_steps import note_gone_on
from raccord.overview.connections import connection_head
from raccord.overview.pointing.other_accounts import their_connections
from raccord.overview.problems import open_problems
from raccord.overview.runs import recent_runs
from raccord.overview.sought import Fate
from raccord.overview.weighing.counted import count_by_fate, count_reports
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Connection
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, within_of
from raccord_web.gate import UPLOAD_BYTES_MAX
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import CardFields, Fields, Files
from raccord_web.pages.rendering import show
from raccord_web.parts.asking_accounts import asked_accounts, changing, read_on, told_in
from raccord_web.parts.file_answers import Card, Refused, cards_in
from raccord_web.parts.held import connection_of
from raccord_web.screens.connecting.setting_up import step_page
from raccord_web.screens.connections.files_back import BACK, file_back_page, number_of
from raccord_web.steps.order import names_of, where_left

router = APIRouter()
RECORD = "record-"
"""How the place is called, before its number, that leads back to the record beside which something was answered."""
PROBLEMS_SHOWN = 50
NO_CARD = frozenset({"files.no_question", "files.account_told", "files.not_said", "files.no_account"})
"""What is refused because nothing is asked of it any more, so that it has no form."""


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
            note_gone_on(desk_of(request).workshop, acting(request), connection_id, "files")
            return RedirectResponse(f"/connections/{connection_id}/setup/scope", HTTPStatus.SEE_OTHER)
        if then == "files" and done and all(each.new for each in done):
            return RedirectResponse(f"/connections/{connection_id}/setup/files?done=files_kept", HTTPStatus.SEE_OTHER)
    status = HTTPStatus.OK if done else HTTPStatus.UNPROCESSABLE_ENTITY
    held = connection_of(desk_of(request).workshop, connection_id) if then in ("files", "scope") else None
    if held is not None and "files" in names_of(held[1], held[0]):
        return step_page(request, *held, "files", status=status, done_files=done, nothing=not done)
    return _page(request, connection_id, done, status=status)


@router.post("/connections/{connection_id}/files/answers")
def answer_several(request: Request, connection_id: str, fields: CardFields) -> Response:
    """Keep all that was answered about several files: what is left open stays asked, what is refused says why."""
    cards = cards_in(fields)
    given = [each for each in cards if each.says]
    answers = [each.answer for each in given]
    refusals = answer_all(desk_of(request).workshop, acting(request), connection_id, answers)
    if refusals or not given:
        refused = Refused(refusals, cards, len(given) - len(refusals), nothing=not given)
        status = HTTPStatus.CONFLICT if refusals else HTTPStatus.UNPROCESSABLE_ENTITY
        return _refused(request, connection_id, fields, refused, status)
    return _read_on(request, connection_id, {**fields, "go": fields.get("go", "") if len(given) == len(cards) else ""})


@router.post("/connections/{connection_id}/files/answer")
def answer(request: Request, connection_id: str, fields: Fields) -> Response:
    """Answer all that is asked about a file; a run goes on with its lines, in the set-up its own first one."""
    workshop, card = desk_of(request).workshop, Card(fields.get("key", ""), fields)
    said, then = card.answer, fields.get("then", "")
    try:
        if then.startswith(BACK):
            answer_first(workshop, acting(request), connection_id, number_of(then.removeprefix(BACK)), said)
        elif fields.get("again"):
            change_answers(workshop, acting(request), connection_id, said.key, said.said, every=said.every)
        else:
            answer_file(workshop, acting(request), connection_id, said.key, said.said, every=said.every, told=said.told)
    except RaccordError as error:
        if then.startswith(BACK) and not isinstance(error, NotAllowedError):
            return file_back_page(request, connection_id, then.removeprefix(BACK), "", error)
        return _refused_alone(request, connection_id, card, error)
    return _read_on(request, connection_id, fields)


@router.post("/connections/{connection_id}/files/account")
def account(request: Request, connection_id: str, fields: Fields) -> Response:
    """Say which account of the books an account of files is; a run goes on with their lines."""
    told, card = told_in(fields) or AccountTold(), Card(fields.get("key", ""), fields)
    keep = change_account if fields.get("again") else name_account
    try:
        keep(desk_of(request).workshop, acting(request), connection_id, card.key, told)
    except RaccordError as error:
        return _refused_alone(request, connection_id, card, error)
    return _read_on(request, connection_id, fields)


def _refused_alone(request: Request, connection_id: str, card: Card, error: RaccordError) -> Response:
    if error.code in NO_CARD or isinstance(error, NotAllowedError):
        raise error
    return _refused(request, connection_id, card.fields, Refused({card.key: error}, [card]), HTTPStatus.CONFLICT)


def _refused(
    request: Request, connection_id: str, fields: Mapping[str, str], refused: Refused, status: HTTPStatus
) -> Response:
    """Show the form again with what was typed, where it was sent from."""
    then, again = fields.get("then", ""), bool(fields.get("again"))
    held = None if again else connection_of(desk_of(request).workshop, connection_id)
    if held is not None and then in ("files", "plan") and then in names_of(held[1], held[0]):
        return step_page(request, *held, then, status=status, refused_answers=refused)
    return _page(
        request, connection_id, [], status=status, change=fields.get("key", "") if again else "", refused=refused
    )


def _read_on(request: Request, connection_id: str, fields: Mapping[str, str]) -> Response:
    """Have the files read with what was said, and go back to where it was said, or on where its button says so."""
    then = fields.get("then", "")
    place = {
        "files": f"/connections/{connection_id}/setup/files?",
        "plan": f"/connections/{connection_id}/setup/plan?",
        "problems": f"/problems?connection={connection_id}&",
        "questions": f"/questions?connection={connection_id}&",
    }.get(then, f"/connections/{connection_id}/files?")
    if then.startswith(RECORD) and then.removeprefix(RECORD).isdecimal():
        place = f"/records/{then.removeprefix(RECORD)}?"
    if then.startswith(BACK):
        place = f"/connections/{connection_id}/files/{number_of(then.removeprefix(BACK))}/take-back"
        return RedirectResponse(f"{place}?done=file_answered_first", HTTPStatus.SEE_OTHER)
    if then == "files" and fields.get("go") == "scope":
        note_gone_on(desk_of(request).workshop, acting(request), connection_id, "files")
        return RedirectResponse(f"/connections/{connection_id}/setup/scope", HTTPStatus.SEE_OTHER)
    reads = then != "files" and read_on(request, connection_id)
    return RedirectResponse(f"{place}done={'file_answered' if reads else 'file_answered_later'}", HTTPStatus.SEE_OTHER)


def _asking(info: ConnectorInfo) -> frozenset[str]:
    """Return the codes of what the forms about files answer."""
    return frozenset({*info.questions, *info.unnamed, *info.currencies})


def _page(
    request: Request, connection_id: str, done: list[Received], *, status: int = HTTPStatus.OK, change: str = "",
    refused: Refused | None = None,
) -> Response:  # fmt: skip
    workshop = desk_of(request).workshop
    told = told_of(workshop, connection_id)
    with workshop.database.read() as session:
        view = connection_head(session, connection_id)
        connection = session.get_one(Connection, connection_id)
        admitted = workshop.scopes.catalog.get(connection.connector)
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        runs = recent_runs(session, connection_id, limit=1, lists=False).rows
        problems = open_problems(session, connection_id, limit=PROBLEMS_SHOWN).rows
        changed = changing(request, session, connection, told, change)
        asked = asked_accounts(request, session, connection, arrived=any(each.new for each in done))
        if refused is not None and changed is not None:
            changed = refused.on(changed, request)
        elif refused is not None:
            asked = refused.on(asked, request)
        return show(
            request,
            "connections/files.html",
            session,
            status=status,
            view=view,
            takes=admitted is not None and takes_files(admitted.info, connection.settings),
            unfinished=connection.approved_at is None,
            left_at="plan" if admitted is None else where_left(connection, admitted.info),
            files=files_of(session, connection_id),
            done_files=done,
            nothing=status != HTTPStatus.OK and refused is None,
            run=runs[0] if runs else None,
            became=count_by_fate(session, connection_id, list(Fate)) if runs else {},
            reports=count_reports(session, connection_id) if runs else 0,
            asked=frozenset() if admitted is None else _asking(admitted.info),
            told=told,
            changing=changed,
            asked_accounts=asked,
            theirs=their_connections(session, connection, problems, within_of(request)),
            # What the proof says of whole months is of no file.
            problems=[each for each in problems if not each.code.startswith("proof.")],
            most=UPLOAD_BYTES_MAX // (1024 * 1024),
            most_each=None if admitted is None else admitted.info.file_bytes_max,
        )
