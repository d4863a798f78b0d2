"""Connecting a source, the first steps: which source, which way of starting, which company, which source account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.enablement import is_allowed
from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, may, require
from raccord.onboarding.connecting.connections import NewConnection
from raccord.onboarding.connecting.seen_settings import BegunOtherwiseError, SettingsChangedError, seen_of_kept
from raccord.onboarding.connecting.signing_in import signs_in
from raccord.onboarding.setting_up.steps import begin, unfinished
from raccord.onboarding.sources.institutions import Found, search_institutions
from raccord.onboarding.sources.source_accounts import company_joined, joined_to
from raccord.overview.companies import CompanyView, list_companies
from raccord.overview.connections import list_connections
from raccord.overview.listing import MOST
from raccord.plugin.info import ConnectorInfo, Institution, Mode
from raccord.store.models import Company, Connection, ConnectionState
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, renew_signed_in, visitor_of, within_of
from raccord_web.pages.addresses import page_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.manual import chapter
from raccord_web.pages.rendering import language_of, said_by, show
from raccord_web.pages.typed import Field, read, said_beside_files, shown
from raccord_web.parts.held import with_meanwhile
from raccord_web.steps.beginning import Beginning, beginning_of
from raccord_web.steps.books_before import books_seen
from raccord_web.steps.order import first_steps, where_left

router = APIRouter()


@router.get("/connect")
def sources(request: Request) -> Response:
    """Show what can be connected, and what was begun and not finished."""
    _require_somewhere(request)
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        admitted = workshop.scopes.catalog.admitted
        begun = unfinished(session, within_of(request))
        return show(
            request,
            "connecting/connect.html",
            session,
            connected=list_connections(session, within=within_of(request), limit=1, since=None).total > 0,
            offered=[each.info for each in admitted.values() if is_allowed(session, each.name)],
            closed=[each.info for each in admitted.values() if not is_allowed(session, each.name)],
            begun=[
                (each, where_left(each, admitted[each.connector].info)) for each in begun if each.connector in admitted
            ],
        )


@router.get("/connect/{connector}")
def mode(request: Request, connector: str) -> Response:
    """Ask first whether these books know the source already; nothing else opens before that is said (PL-02)."""
    beginning = _beginning(request, connector)
    if beginning is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        linked = _companies(request, session)
    # Of several companies the books are looked at once one is chosen.
    books = books_seen(workshop, linked[0].id, beginning.info) if len(linked) == 1 else {}
    with workshop.database.read() as session:
        return _step(
            request, session, beginning, "mode", books=books, modes=sorted(beginning.info.modes, reverse=True),
            guide=chapter("how-to", connector, language_of(request)),
        )  # fmt: skip


@router.get("/connect/{connector}/ready")
def ready(request: Request, connector: str, go: str = "") -> Response:
    """Show what must be done before the company and the source, and go on once it is."""
    beginning = _beginning(request, connector)
    if beginning is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    if beginning.mode is None or not beginning.gates or (go and not beginning.closed):
        step = "mode" if beginning.mode is None else "company"
        return RedirectResponse(beginning.address(step), HTTPStatus.SEE_OTHER)
    fields = shown(beginning.info.settings, _said(beginning), language_of(request), later=beginning.info.signs_in)
    with desk_of(request).workshop.database.read() as session:
        return _step(
            request, session, beginning, "ready", fields={each.name: each for each in fields},
            closed=[each.name for each in beginning.closed] if go else [],
        )  # fmt: skip


@router.get("/connect/{connector}/company")
def company(request: Request, connector: str) -> Response:
    beginning = _beginning(request, connector)
    if beginning is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    if waits := beginning.waits_at("company"):
        return RedirectResponse(waits, HTTPStatus.SEE_OTHER)
    with desk_of(request).workshop.database.read() as session:
        return _company_step(request, session, beginning)


def _company_step(request: Request, session: Session, beginning: Beginning, *, taken: str = "") -> Response:
    """Show the companies, those marked that this source is joined to; ``taken`` is one that was chosen all the same."""
    companies, info = _companies(request, session), beginning.info
    joined = joined_to(session, info, [each.id for each in companies])
    full = set(joined) if info.owner_only else set()
    free = [each.id for each in companies if each.id not in joined]
    wanted = beginning.company or (free[0] if len(free) == 1 else "")
    refused = company_joined(session, info, session.get_one(Company, taken)) if taken else None
    return _step(
        request, session, beginning, "company",
        status=HTTPStatus.CONFLICT if refused else HTTPStatus.OK, companies=companies, joined=joined, full=full,
        chosen="" if wanted in full else wanted, taken=joined.get(taken),
        lefts={each.id: where_left(each, info) for each in joined.values()},
        refusal=None if refused is None else said_by(refused, request),
        sign_up=desk_of(request).workshop.settings.quickbooks_signup_url,
    )  # fmt: skip


@router.get("/connect/{connector}/source")
def source(request: Request, connector: str, q: str = "", institution: str = "") -> Response:
    """Show the source's settings; where a connector has a directory, one searches it first."""
    beginning = _beginning(request, connector)
    if beginning is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    if waits := beginning.waits_at("source"):
        return RedirectResponse(waits, HTTPStatus.SEE_OTHER)
    info = beginning.info
    chosen = _institution(info, institution)
    said = _said(beginning) | ({} if chosen is None else dict(chosen.values))
    # A bank that no directory has is called as it was looked for.
    label = "" if chosen is None else q.strip()[:80] if chosen.always else chosen.name
    before = _before(request, beginning)
    if before is not None and chosen is None:
        said, label = {**said, **before.settings}, before.label
    fields = shown(info.settings, said, language_of(request), without=said_beside_files(info), later=info.signs_in)
    found = _found(info, q, chosen)
    books = _books(request, beginning)
    with desk_of(request).workshop.database.read() as session:
        if info.owner_only and beginning.company in joined_to(session, info, [beginning.company]):
            # Said before anything is typed: a company has one account of such a source.
            mine = {each.id for each in _companies(request, session)}
            if beginning.company not in mine:
                return explained(request, HTTPStatus.NOT_FOUND)
            return _company_step(request, session, beginning, taken=beginning.company)
        return _step(
            request, session, beginning, "source", fields=fields, label=label, q=q, found=found, institution=chosen,
            books=books,
            seen="" if before is None else seen_of_kept(before.settings, {each.name for each in fields}),
        )  # fmt: skip


@router.post("/connect/{connector}/source")
def connect(request: Request, connector: str, fields: Fields) -> Response:
    """Keep the source account as a draft and go on; sent twice, it is the same draft."""
    workshop, info = desk_of(request).workshop, _info(request, connector)
    if info is None or not fields.get("company", ""):
        return explained(request, HTTPStatus.NOT_FOUND)
    require(acting(request), Power.LINK)
    beginning = beginning_of(info, fields)
    if beginning.mode is None:
        return RedirectResponse(beginning.address("mode"), HTTPStatus.SEE_OTHER)
    values, wrong = read(info.settings, fields, _usual(info), language_of(request))
    refusal, seen, kept = None, fields.get("seen", ""), None
    changed: Sequence[str] = ()
    if not wrong:
        new = NewConnection(
            company_id=beginning.company,
            connector=connector,
            values={**values, **_beside_files(request, beginning, values, fields)},
            # What is offered in the field counts where nobody writes another name, in the language of the page.
            label=(fields.get("label", "") or info.label.get(language_of(request)))[:80],
            mode=beginning.mode,
            starts_on=beginning.starts_on,
            passed=beginning.passed,
            again=beginning.again,
            seen=seen,
        )
        try:
            connection = begin(workshop, acting(request), new)
        except BegunOtherwiseError as error:
            values, kept, changed = _with_begun(info, values, error), error.kept, error.names
            seen = seen_of_kept(kept, set(values))
        except SettingsChangedError:
            values, seen, changed = _meanwhile(request, beginning, values, seen)
        except RaccordError as error:
            refusal = said_by(error, request)
        else:
            following = "signin" if signs_in(info, connection.settings) else "accounts"
            response = RedirectResponse(f"/connections/{connection.id}/setup/{following}", HTTPStatus.SEE_OTHER)
            renew_signed_in(request, response)
            return response

    def form_of(said: Mapping[str, Any]) -> list[Field]:
        return shown(
            info.settings, said, language_of(request), wrong=wrong, without=said_beside_files(info),
            later=info.signs_in,
        )  # fmt: skip

    again = form_of(values)
    with workshop.database.read() as session:
        return _step(
            request, session, beginning, "source",
            status=HTTPStatus.CONFLICT if changed else HTTPStatus.UNPROCESSABLE_ENTITY, fields=again,
            wrong=wrong.get("", ""), refusal=refusal, label=fields.get("label", ""), q=fields.get("q", "")[:100],
            institution=_institution(info, fields.get("institution", "")), seen=seen,
            meanwhile=[
                each
                for each in form_of({**values, **kept} if kept else _kept(request, beginning, values))
                if each.name in changed
            ],
            begun=kept is not None,
        )  # fmt: skip


def _beside_files(
    request: Request, beginning: Beginning, values: Mapping[str, Any], fields: Mapping[str, str]
) -> dict[str, Any]:
    """Return what no form of the source asks for, as it was said beside the files of the account connected again."""
    before, name = _before(request, beginning), beginning.info.identity_setting
    said = str(values.get(name, "")) if name else fields.get("label", "")
    if before is None or said != (before.source_identity if name else before.label):
        return {}
    return {each: before.settings[each] for each in said_beside_files(beginning.info) if each in before.settings}


def _with_begun(info: ConnectorInfo, values: Mapping[str, Any], begun: BegunOtherwiseError) -> dict[str, Any]:
    """Return a form's values with the settings that a set-up was begun with, but for those that this person typed."""
    usual = _usual(info).model_dump(mode="json")
    untouched = [name for name in begun.names if values.get(name) == usual.get(name)]
    return {**values, **{name: begun.kept[name] for name in untouched}}


def _meanwhile(
    request: Request, beginning: Beginning, values: Mapping[str, Any], seen: str
) -> tuple[dict[str, Any], str, Sequence[str]]:
    """Return a form to connect again with what others changed since it was shown, what tells that, and its names."""
    kept = _kept(request, beginning, values)
    names = {each.partition("=")[0] for each in seen.split(";")}
    merged, changed = with_meanwhile(values, seen, beginning.info.settings.model_validate(kept))
    return merged, seen_of_kept(kept, names), changed


def _kept(request: Request, beginning: Beginning, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of the connection that is connected again, beside the secrets that are typed."""
    before = _before(request, beginning)
    return {**values, **({} if before is None else before.settings)}


def _step(
    request: Request,
    session: Session,
    beginning: Beginning,
    step: str,
    *,
    status: int = HTTPStatus.OK,
    **values: object,
) -> Response:
    info, steps = beginning.info, first_steps(beginning.info, step, beginning)
    names = [each.name for each in steps]
    before = names[names.index(step) - 1] if names.index(step) else ""
    own = page_of(request)
    if request.method == "POST":
        chosen = values.get("institution")
        bank = chosen.key if isinstance(chosen, Institution) else ""
        own = beginning.address(step, q=str(values.get("q", "")), institution=bank)
    usual: dict[str, object] = {
        "wrong": "",
        "refusal": None,
        "q": "",
        "found": None,
        "institution": None,
        "seen": "",
        "meanwhile": (),
        "begun": False,
        "books": {},
    }
    return show(
        request, f"connecting/connect_{step}.html", session, status=status, info=info, connector=info.name, steps=steps,
        step=step, beginning=beginning, mode=beginning.mode, back=beginning.address(before) if before else "",
        own_page=own,
        **{**usual, **values},
    )  # fmt: skip


def _require_somewhere(request: Request) -> None:
    """Raise ``NotAllowedError`` where the visitor may connect nothing to any company."""
    require(Actor("", visitor_of(request).reach.highest), Power.LINK)


def _beginning(request: Request, connector: str) -> Beginning | None:
    """Return what was said so far; raises where the visitor may connect nothing."""
    _require_somewhere(request)
    info = _info(request, connector)
    return None if info is None else beginning_of(info, request.query_params)


def _books(request: Request, beginning: Beginning) -> Mapping[str, int]:
    """Return what the chosen company's books hold, where a source is said to be new to them."""
    workshop = desk_of(request).workshop
    if beginning.mode is not Mode.FIRST_TIME:
        return {}
    with workshop.database.read() as session:
        mine = {each.id for each in _companies(request, session)}
    return books_seen(workshop, beginning.company, beginning.info) if beginning.company in mine else {}


def _before(request: Request, beginning: Beginning) -> Connection | None:
    """Return the ended connection that is to be connected again, where the visitor may."""
    with desk_of(request).workshop.database.read() as session:
        found = session.get(Connection, beginning.again) if beginning.again else None
        if found is None or found.state != ConnectionState.DISCONNECTED or found.connector != beginning.info.name:
            return None
        actor = visitor_of(request).reach.actor_in(found.company_id)
        may_link = actor is not None and may(actor, Power.LINK) and found.company_id == beginning.company
        return found if may_link else None


def _said(beginning: Beginning) -> dict[str, Any]:
    """Return the settings' defaults, with what was said of them already."""
    return {
        **_usual(beginning.info).model_dump(mode="json"),
        **{name: value for name, value in beginning.values.items() if value != ""},
    }


def _info(request: Request, connector: str) -> ConnectorInfo | None:
    """Return the manifest of a connector that the installation allows."""
    workshop = desk_of(request).workshop
    admitted = workshop.scopes.catalog.get(connector)
    with workshop.database.read() as session:
        return admitted.info if admitted is not None and is_allowed(session, connector) else None


def _institution(info: ConnectorInfo, key: str) -> Institution | None:
    return next((each for each in info.institutions if key and each.key == key), None)


def _found(info: ConnectorInfo, typed: str, chosen: Institution | None) -> Found | None:
    """Return what a search finds; nothing where none was made, or one of it is chosen already."""
    return search_institutions(info, typed[:100]) if typed.strip() and chosen is None else None


def _usual(info: ConnectorInfo) -> BaseModel:
    """Return the settings' defaults; what has none is not there."""
    return info.settings.model_construct()


def _companies(request: Request, session: Session) -> list[CompanyView]:
    reach = visitor_of(request).reach
    found = list_companies(session, within=within_of(request), limit=MOST).rows
    return [
        each
        for each in found
        if each.state in ("connected", "blocked") and (actor := reach.actor_in(each.id)) and may(actor, Power.LINK)
    ]
