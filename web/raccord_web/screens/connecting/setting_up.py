"""Connecting a source, the steps after its draft was kept: accounts, days, files, checks, the first plan, the proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.jobs.requests import request_run
from raccord.onboarding.access.people import Power, require
from raccord.onboarding.arriving.changing import change_settings
from raccord.onboarding.arriving.first_days import proposed_first_day
from raccord.onboarding.arriving.freshness import first_data_expected
from raccord.onboarding.arriving.reading_ahead import takes_files
from raccord.onboarding.arriving.receiving import files_of
from raccord.onboarding.checking.company import check_company
from raccord.onboarding.checking.connection import check_connection
from raccord.onboarding.checking.findings import Finding, Level
from raccord.onboarding.closing.holes import left_outside
from raccord.onboarding.connecting import connections
from raccord.onboarding.connecting.seen_settings import SettingsChangedError, seen_of
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.onboarding.deciding.seen_choices import ChoiceChangedError
from raccord.onboarding.gates.each_account import each_account
from raccord.onboarding.gates.gates import closing, gates_of, pass_gate
from raccord.onboarding.gates.passed_steps import note_gone_on
from raccord.onboarding.setting_up.baseline import baseline_of
from raccord.onboarding.setting_up.chart_accounts import journals_of, kinds_for
from raccord.onboarding.setting_up.duplicates_step import answered_since
from raccord.onboarding.setting_up.lists_step import needs_new_plan
from raccord.onboarding.setting_up.steps import history_of, roles_left_empty, set_mode, set_scope
from raccord.onboarding.sources.account_types import HeldAs
from raccord.overview.approving.checks import plan_checks, totals_by_kind
from raccord.overview.connections import connection_view
from raccord.overview.listing import MOST
from raccord.overview.plans import plan_effect, plan_money, plan_summary, waiting_plan
from raccord.overview.proofs import proof_totals
from raccord.overview.runs import PHASES, RunView, recent_runs
from raccord.plugin.errors import ConnectorError
from raccord.plugin.info import ConnectorInfo, Mode, Stage
from raccord.plugin.signing import SignIn
from raccord.store.models import Company, Connection, ConnectionState
from raccord.sync.workshop import Workshop
from raccord.sync.zones import zone_groups
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, renew_signed_in
from raccord_web.gate import UPLOAD_BYTES_MAX
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import language_of, said_by, show
from raccord_web.pages.typed import Field, read, said_beside_files, shown
from raccord_web.parts.asking_accounts import AskedAccounts, asked_accounts, files_values
from raccord_web.parts.file_answers import Refused
from raccord_web.parts.held import changes_in, connection_of, known_of, settings_of
from raccord_web.parts.mapped import language_of_books, roles_of
from raccord_web.screens.connecting.lists import of_source
from raccord_web.steps.accounts import (
    account_rows,
    fitting_roles,
    kinds_of_type,
    left_defaults,
    named_for,
    roles_said,
    take_accounts,
    told_of,
)
from raccord_web.steps.books_before import books_seen
from raccord_web.steps.duplicates import duplicates_values, take_duplicates
from raccord_web.steps.lists import lists_values, take_lists
from raccord_web.steps.order import BEFORE_CHECKS, first_day_unsaid, later_steps, names_of
from raccord_web.steps.signing_in import credentials, take_sign_in

router = APIRouter()
GATED = {"accounts": "accounts", "checks": "checks", "setup_lists": "lists"}
"""The steps that show gates, by the name that their forms give themselves."""
ASKING = frozenset({"files", "checks", "plan"})
"""The steps that tell what files leave open."""
ALSO_PAGES = {"files": files_values, "lists": lists_values, "duplicates": duplicates_values}
"""What a step shows that stays a page of its own after the set-up."""


@router.get("/connections/{connection_id}/setup/{step}")
def show_step(request: Request, connection_id: str, step: str, first: str = "") -> Response:
    """Show a step; ``first`` is a first day to propose in the place of the one that is kept."""
    workshop = desk_of(request).workshop
    require(acting(request), Power.LINK)
    found = connection_of(workshop, connection_id)
    if found is None or step not in names_of(found[1], found[0]):
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    if step == "checks" and first_day_unsaid(connection):
        return RedirectResponse(f"/connections/{connection_id}/setup/scope", HTTPStatus.SEE_OTHER)
    match step:
        case "source":
            return step_page(request, connection, info, step, **_source_form(request, connection, info))
        case "signin":
            return step_page(request, connection, info, step, **credentials(request, connection, info))
        case "scope":
            asked = _day(first)
            of_files = None if asked else proposed_first_day(workshop, connection.id)
            return step_page(
                request, connection, info, step, first=asked or of_files or connection.starts_on, of_files=of_files
            )
        case "mode":
            return step_page(request, connection, info, step, books=books_seen(workshop, connection.company_id, info))
        case "checks":
            return step_page(request, connection, info, step, findings=_checked(workshop, connection))
        case _:
            return step_page(request, connection, info, step)


@router.post("/connections/{connection_id}/setup/{step}")
def take_step(request: Request, connection_id: str, step: str, fields: Fields) -> Response:
    """Keep what a step says and go on to the next; what is refused is said beside the form."""
    workshop = desk_of(request).workshop
    require(acting(request), Power.LINK)
    found = connection_of(workshop, connection_id)
    if found is None or step not in names_of(found[1], found[0]):
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    try:
        again = _keep(request, connection, info, step, fields)
    except ConnectorError as error:
        return step_page(
            request, connection, info, step, status=HTTPStatus.CONFLICT,
            refusal=of_source(error, language_of(request)),
        )  # fmt: skip
    except RaccordError as error:
        # Read again: credentials that were typed are kept before the source refuses them, and stand in the form.
        connection = (connection_of(workshop, connection_id) or found)[0]
        form: dict[str, Any] = {"fields": [], "wrong": ""}
        if step == "source":
            # What others changed meanwhile is shown as it stands; anything else that was typed stays typed.
            typed = None if isinstance(error, SettingsChangedError) else fields
            form = _source_form(request, connection, info, typed)
        if step == "signin":
            form |= credentials(request, connection, info)
        return step_page(
            request, connection, info, step, status=HTTPStatus.CONFLICT, refusal=said_by(error, request),
            findings=[], typed=fields, changed=isinstance(error, ChoiceChangedError), **form,
        )  # fmt: skip
    if again is not None:
        return again
    if step in BEFORE_CHECKS:
        note_gone_on(workshop, acting(request), connection_id, step)
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        names = names_of(info, connection)
    following = f"/setup/{names[min(names.index(step) + 1, len(names) - 1)]}"
    back = step == "signin" and connection.approved_at is not None
    on = f"/connections/{connection_id}{'?done=settings' if back else following}"
    response = RedirectResponse(on, HTTPStatus.SEE_OTHER)
    if step in ("source", "signin"):
        renew_signed_in(request, response)
    return response


def asked_on(request: Request, connection: Connection, info: ConnectorInfo, asking: SignIn) -> Response:
    """Show what a source asks of a person who came back from it."""
    return step_page(request, connection, info, "signin", fields=[], asking=asking)


@router.post("/connections/{connection_id}/gates")
def gate(request: Request, connection_id: str, fields: Fields) -> Response:
    """Say that what a gate asks for is done, or that it is not yet."""
    workshop = desk_of(request).workshop
    pass_gate(workshop, acting(request), connection_id, fields.get("gate", ""), passed=bool(fields.get("passed")))
    step = fields.get("step", "")
    place = "lists" if step == "lists" else f"setup/{GATED.get(step, 'checks')}"
    return RedirectResponse(f"/connections/{connection_id}/{place}", HTTPStatus.SEE_OTHER)


def _source_form(
    request: Request, connection: Connection, info: ConnectorInfo, typed: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the source's settings as they stand, or as they were typed, and what tells that they were seen so."""
    held = settings_of(desk_of(request).workshop, connection, info)
    values: Mapping[str, Any] = held.model_dump(mode="json")
    if typed is not None:
        values, _ = read(info.settings, typed, held, language_of(request))
    fields = _source_fields(request, connection, info, values)
    return {"fields": fields, "wrong": "", "seen": seen_of(held, {each.name for each in fields})}


def _source_fields(
    request: Request,
    connection: Connection,
    info: ConnectorInfo,
    values: Mapping[str, Any],
    wrong: Mapping[str, str] | None = None,
) -> Sequence[Field]:
    """Return the source's settings but what questions about files ask for: that is answered beside the file."""
    return shown(
        info.settings, values, language_of(request), wrong=wrong or {}, fixed=info.identity_setting,
        without=said_beside_files(info), later=info.signs_in,
        known=known_of(desk_of(request).workshop, connection.id, info),
    )  # fmt: skip


def _keep(
    request: Request, connection: Connection, info: ConnectorInfo, step: str, fields: Mapping[str, str]
) -> Response | None:
    """Do what a step asks for; return the page again where a person must correct something."""
    desk, actor = desk_of(request), acting(request)
    workshop = desk.workshop
    match step:
        case "mode":
            set_mode(workshop, actor, connection.id, _mode(fields.get("mode", ""), connection))
        case "source":
            held, seen = settings_of(workshop, connection, info), fields.get("seen", "")
            values, wrong = read(info.settings, fields, held, language_of(request))
            if wrong:
                corrected = _source_fields(request, connection, info, values, wrong)
                return step_page(
                    request, connection, info, step, status=HTTPStatus.UNPROCESSABLE_ENTITY, fields=corrected,
                    wrong=wrong.get("", ""), seen=seen,
                )  # fmt: skip
            change_settings(workshop, actor, connection.id, changes_in(values, held), seen)
        case "signin":
            left = take_sign_in(request, connection, info, fields)
            if left is not None:
                refused = HTTPStatus.CONFLICT if left.meanwhile else HTTPStatus.UNPROCESSABLE_ENTITY
                return step_page(
                    request, connection, info, step, status=HTTPStatus.OK if left.asking else refused,
                    fields=left.fields, wrong=left.wrong, asking=left.asking, seen=left.seen, meanwhile=left.meanwhile,
                )  # fmt: skip
        case "accounts":
            return _keep_accounts(request, connection, info, fields)
        case "scope":
            first = _day(fields.get("first", ""))
            if first is None:
                return step_page(
                    request, connection, info, step, status=HTTPStatus.UNPROCESSABLE_ENTITY, wrong_day=True,
                    typed=fields,
                )  # fmt: skip
            set_scope(
                workshop, actor, connection.id, first, fields.get("time_zone", ""), fields.get("cut_off", "") or "00:00"
            )
        case "checks":
            if first_day_unsaid(connection):
                return RedirectResponse(f"/connections/{connection.id}/setup/scope", HTTPStatus.SEE_OTHER)
            if connection.state == ConnectionState.DRAFT:
                connections.activate(workshop, actor, connection.id)
            _plan_anew(request, connection)
        case "lists":
            done = take_lists(request, connection, fields)
            if done is not None:
                return done if isinstance(done, Response) else step_page(request, connection, info, step, linked=done)
            with workshop.database.read() as session:
                again = needs_new_plan(session, connection.id)
            if again:
                _plan_anew(request, connection)
        case "duplicates":
            linked = take_duplicates(request, connection, fields)
            if linked is not None:
                return step_page(request, connection, info, step, linked=linked)
            with workshop.database.read() as session:
                again = answered_since(session, connection.id)
            if again:
                _plan_anew(request, connection)
        case "plan":
            run = approve_plan(workshop, actor, fields.get("plan", ""), fields.get("hash", ""), of=connection.id)
            desk.engine.submit(run.id)
        case _:
            pass
    return None


def _keep_accounts(
    request: Request, connection: Connection, info: ConnectorInfo, fields: Mapping[str, str]
) -> Response | None:
    """Keep what fills each role, and what each account of the source is; what lacks is named beside its field."""
    workshop, actor, adding = desk_of(request).workshop, acting(request), fields.get("add")
    leaving = left_defaults(workshop, connection, info, fields)
    if leaving:
        return step_page(request, connection, info, "accounts", leaving=leaving, typed=fields)
    rows, wanted = account_rows(workshop, connection, info, fields), roles_said(info, fields)
    with workshop.database.read() as session:
        left = roles_left_empty(session, connection, info, wanted)
        shut = closing(session, connection, info, Stage.ACCOUNTS)
    empty = [role.name for role in left if not named_for(role, fields)]
    lacking = [each for each in rows if not each.whole]
    if adding is None and not shut and (empty or lacking):
        return step_page(
            request, connection, info, "accounts", status=HTTPStatus.UNPROCESSABLE_ENTITY, typed=fields,
            accounts=rows, empty=empty,
        )  # fmt: skip
    take_accounts(workshop, actor, connection, info, rows, fields)
    if adding is None:
        return None
    return RedirectResponse(f"/connections/{connection.id}/setup/accounts", HTTPStatus.SEE_OTHER)


def _plan_anew(request: Request, connection: Connection) -> None:
    desk, by = desk_of(request), acting(request).name
    database, clock = desk.workshop.database, desk.workshop.clock
    request_run(database, desk.engine, connection.id, trigger="person", by=by, clock=clock)


def step_page(
    request: Request,
    connection: Connection,
    info: ConnectorInfo,
    step: str,
    *,
    status: int = HTTPStatus.OK,
    refused_answers: Refused | None = None,
    **values: object,
) -> Response:
    workshop = desk_of(request).workshop
    if step == "accounts":
        values["journals"] = _journals(workshop, connection, info)
        typed = values.get("typed")
        said: Mapping[str, str] = typed if isinstance(typed, Mapping) else {}
        values["wanted"] = roles_said(info, said)
        if "accounts" not in values:
            values["accounts"] = account_rows(workshop, connection, info, said if "typed" in values else None)
    if step in ALSO_PAGES:
        values = {**ALSO_PAGES[step](request, connection, info), **values}
    with workshop.database.read() as session:
        view = connection_view(session, connection.id, since=None)
        told = _shown(request, session, connection, info, step, values)
        run = told.get("run") if step == "done" else None
        complete = isinstance(run, RunView) and not run.active and run.sent > run.refused
        steps = later_steps(info, connection, step, complete=complete)
        at = names_of(info, connection)
        back = at[at.index(step) - 1] if at.index(step) else ""
        asked = asked_accounts(request, session, connection) if step in ASKING else AskedAccounts()
        asked = asked if refused_answers is None else refused_answers.on(asked, request)
        usual: dict[str, object] = {
            "refusal": None, "wrong_day": False, "asking": None, "wrong": "", "typed": {}, "leaving": [], "wanted": {},
            "linked": None, "empty": [], "done_files": [], "nothing": False,
            "first": connection.starts_on, "of_files": None, "asked_accounts": asked, "seen": "", "meanwhile": (),
            "books": {},
        }  # fmt: skip
        return show(
            request, f"connecting/setup_{step}.html", session, status=status,
            **{
                **usual, "connection": connection, "view": view, "info": info, "connector": info.name, "steps": steps,
                "step": step, "back": f"/connections/{connection.id}/setup/{back}" if back else "",
                **told, **values,
            },
        )  # fmt: skip


def _shown(
    request: Request, session: Session, connection: Connection, info: ConnectorInfo, step: str,
    values: Mapping[str, object],
) -> dict[str, object]:  # fmt: skip
    """Return what the tables say for a step."""
    workshop = desk_of(request).workshop
    match step:
        case "accounts":
            roles = roles_of(session, connection, info)
            return {
                "gates": closing(session, connection, info, Stage.ACCOUNTS),
                "roles": roles,
                "books_lang": language_of_books(session, connection),
                "fitting": fitting_roles(request, session, connection, info, roles, values["wanted"]),
                "seen": told_of(session, connection, info, values),
                "new_accounts": {each.accepts: kinds_for(each.accepts) for each in info.roles},
                "types": list(HeldAs),
                "new_bank_accounts": kinds_of_type(),
            }
        case "checks":
            takes = takes_files(info, connection.settings)
            files = files_of(session, connection.id, MOST) if takes else []
            return {"gates": gates_of(session, connection, info), "takes": takes, "files": files}
        case "scope":
            country = session.get_one(Company, connection.company_id).country
            return {
                "outside": left_outside(session, connection),
                "zones": zone_groups(country, connection.time_zone),
                "limit": history_of(workshop, session, connection),
            }
        case "files":
            return {"files": files_of(session, connection.id, MOST), "most": UPLOAD_BYTES_MAX // (1024 * 1024)}
        case "plan":
            runs = recent_runs(session, connection.id, limit=1, lists=False).rows
            plan = waiting_plan(session, connection.id)
            written = "" if plan or connection.approved_at or not runs else runs[0].plan_id
            effects = None if plan is None else plan_effect(session, plan.id)
            rows = [] if effects is None else effects.rows
            return {
                "run": runs[0] if runs else None,
                # Of a plan that nobody has to approve, since it writes nothing, is told what it says all the same.
                "ended": plan_summary(session, written) if written else None,
                "untold": [each for each in each_account(workshop, session, connection, info) if not each.told],
                "takes": takes_files(info, connection.settings),
                "baseline": baseline_of(session, connection.id),
                "outside": left_outside(session, connection),
                "phases": len(PHASES),
                "plan": plan,
                "effects": effects,
                "totals": [] if plan is None else totals_by_kind(plan.groups),
                "checks": [] if plan is None or effects is None else plan_checks(session, plan, effects),
                "moved": [] if plan is None else plan_money(session, plan.id),
                "debits": sum((each.amount for each in rows if each.amount > 0), Decimal(0)),
                "credits": -sum((each.amount for each in rows if each.amount < 0), Decimal(0)),
            }
        case "done":
            runs = recent_runs(session, connection.id, limit=1, lists=False).rows
            return {
                "run": runs[0] if runs else None,
                "takes": takes_files(info, connection.settings),
                "totals": proof_totals(session, [connection.id]),
                "expected": first_data_expected(connection.set_up_at),
            }
        case _:
            return {}


def _journals(workshop: Workshop, connection: Connection, info: ConnectorInfo) -> list[tuple[str, str]]:
    """Return the journal codes to choose from where an account is proposed and the company keeps journals."""
    if not any(role.proposal for role in info.roles):
        return []
    with workshop.database.read() as session:
        company = session.get_one(Company, connection.company_id)
    return journals_of(workshop, company)


def _checked(workshop: Workshop, connection: Connection) -> list[Finding]:
    """Return what stands in the way or should be known, the gravest first; QuickBooks is asked now."""
    with workshop.database.read() as session:
        company = session.get_one(Company, connection.company_id)
    # A draft runs by itself once its first plan was asked for; that it does not yet is no finding here.
    quiet = "doctor.schedule_off" if connection.state == ConnectionState.DRAFT else ""
    found = [each for each in check_connection(workshop, connection) if each.code != quiet]
    found += check_company(workshop, company)
    order = list(reversed(Level))
    return sorted(found, key=lambda each: order.index(each.level))


def _mode(text: str, connection: Connection) -> Mode:
    return Mode(text) if text in set(Mode) else Mode(connection.mode)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
