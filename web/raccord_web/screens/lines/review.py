"""To review: bank lines, each with what it may be, answered by mouse, by form or by keyboard alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access.people import NotAllowedError, Power, may, require
from raccord.onboarding.deciding.attaching import attach, detach
from raccord.onboarding.deciding.open_documents import OpenDocuments, none_chosen, open_documents
from raccord.onboarding.deciding.paying import pay
from raccord.onboarding.deciding.suggesting import percent
from raccord.onboarding.deciding.treating import ask_about_again, treat, treat_many
from raccord.onboarding.deciding.two_sides import answer_two_sides
from raccord.onboarding.setting_up.line_additions import PAYEES, Addition, add_for_line
from raccord.onboarding.setting_up.steps import unfinished
from raccord.overview.companies import company_names
from raccord.overview.lines.alike_lines import OFFERED, AlikeLines, alike_lines
from raccord.overview.lines.attached import files_of_holds
from raccord.overview.lines.bank_lines import (
    BankLine,
    accounts_with_lines,
    answered_line,
    answered_lines,
    open_lines,
    the_line,
    undone_lines,
)
from raccord.overview.lines.certified_lines import certified_of
from raccord.overview.lines.line_choices import choices_for
from raccord.overview.lines.line_proposals import proposed_for, rule_waits
from raccord.overview.lines.one_or_two import one_or_two
from raccord.overview.listing import Listing, Within
from raccord.overview.problems import files_that_ask
from raccord.overview.tables.upload import parts, upload_file
from raccord.sync.lines.line_answers import CALLED
from raccord.sync.lines.treatments import Treated
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, admit, visitor_of, within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields, Files
from raccord_web.pages.rendering import language_of, said_by, show
from raccord_web.parts.line_taxes import tax_offer
from raccord_web.parts.line_views import filled, fills_split, view_of
from raccord_web.parts.reviewing import (
    ANSWERED_SHOWN,
    KEYS,
    PARTS,
    REASONS,
    SHOWN,
    Asked,
    AskedFor,
    View,
    as_proposed,
    chosen_documents,
    line_beside,
    named_lines,
    other_side_of,
    proposed_by_source,
    seen_of,
    together_said,
    treatment_of,
    treatment_seen,
)
from raccord_web.steps.order import left_among
from raccord_web.words.wording import wording

router = APIRouter()

SAID = (
    "gone", "undone", "added", "rule", "together", "attached", "detached", "one_or_two", "one_movement",
    "two_movements", "kept_pays",
    *(f"kept_{kind}" for kind in Treated),
)  # fmt: skip
RULE_ID = 40
"""Letters that the id of a rule may have."""


@router.get("/review")
def review(request: Request, asked: AskedFor) -> Response:
    """Show the lines that wait, and one of them whole; or those that were answered and are not posted."""
    return _page(request, asked)


@router.get("/review/upload")
def upload(request: Request, asked: AskedFor, part: Annotated[int, Query(ge=1, le=20_000)] = 1) -> Response:
    """Give the lines of one account that wait as a file for QuickBooks' own page, which takes one account at a time."""
    if not asked.wanted.account:
        return _page(request, asked)
    with desk_of(request).workshop.database.read() as session:
        content = upload_file(session, asked.wanted, part, within_of(request))
    headers = {"Content-Disposition": f'attachment; filename="quickbooks-{part}.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/review/together")
def answer_together(request: Request, asked: AskedFor, fields: Fields) -> Response:
    """Say the same of all lines that were ticked: what is sure of each, one category, or that they are left out."""
    desk, hold_ids = desk_of(request), named_lines(fields)
    actors = {}
    with desk.workshop.database.read() as session:
        for hold_id in hold_ids:
            _, actors[hold_id] = admit(session, visitor_of(request), "hold_id", hold_id)
            require(actors[hold_id], Power.WORK)
        if not hold_ids:
            require(acting(request), Power.WORK)
        lines = [line for each in hold_ids if (line := the_line(session, each, within_of(request))) is not None]
        try:
            deeds, changed = together_said(session, fields, lines, proposed_for(session, lines))
        except RaccordError as error:
            return _page(request, asked, wrong=error, typed=fields)
    done, refused, found_changed = 0, len(hold_ids) - len(lines), changed
    for line, deed in deeds:
        try:
            deed(desk.workshop, actors[line.hold_id])
            done += 1
        except NotAllowedError:
            raise
        except RaccordError as error:
            changed += error.code == "pays.proposed_otherwise"
            refused += error.code != "pays.proposed_otherwise"
    refused += len(lines) - len(deeds) - found_changed
    also = {"changed": str(changed)} if changed else {}
    return _back(asked, said="together", n=str(done), refused=str(refused), **also)


@router.post("/review/{hold_id}/treat")
def treat_one(request: Request, hold_id: str, asked: AskedFor, fields: Fields) -> Response:
    """Say what a line is: a category, several, a transfer, something personal, or nothing for the books."""
    desk, actor = desk_of(request), acting(request)
    require(actor, Power.WORK)
    with desk.workshop.database.read() as session:
        line = the_line(session, hold_id, within_of(request))
        choices = None if line is None else choices_for(session, line, within_of(request))
        proposed = {} if line is None else proposed_for(session, [line])
    if line is None or choices is None:
        return _back(asked, said="gone")
    try:
        treatment = treatment_of(desk.workshop, line, choices, fields, proposed.get(hold_id))
        side = other_side_of(choices, fields)
        row = treat(desk.workshop, actor, hold_id, treatment, other_side=side.hold_id if side else "")
    except NotAllowedError:
        raise
    except RaccordError as error:
        return _page(request, asked, wrong=error, typed=fields, hold_id=hold_id)
    if CALLED in row.decisions:
        return _back(asked, line=hold_id, said="one_or_two")
    # After an answer of one's own, lines that read the same are offered; what was proposed is proposed for them too.
    offer = {"alike": "yes"} if treatment.kind in OFFERED and not as_proposed(fields) else {}
    return _back(asked, line=fields.get("next", ""), said=f"kept_{treatment.kind}", last=hold_id, **offer)


@router.post("/review/{hold_id}/alike")
def treat_alike(request: Request, hold_id: str, asked: AskedFor, fields: Fields) -> Response:
    """Give ticked lines that read like an answered one its answer too."""
    desk, actor, wanted = desk_of(request), acting(request), named_lines(fields)
    require(actor, Power.WORK)
    with desk.workshop.database.read() as session:
        found = alike_lines(session, hold_id, within_of(request))
    offered = [] if found is None else [each.hold_id for each in found.lines if each.hold_id in wanted]
    if found is None or not offered:
        return _back(asked, said="gone")
    done = treat_many(desk.workshop, actor, offered, found.treatment)
    refused = len(wanted) - len(done.keys)
    return _back(asked, said="together", n=str(len(done.keys)), refused=str(refused))


@router.post("/review/{hold_id}/two-sides")
def say_two_sides(request: Request, hold_id: str, asked: AskedFor, fields: Fields) -> Response:
    """Say whether a line and the one that was called otherwise are one movement."""
    actor = acting(request)
    require(actor, Power.WORK)
    same = fields.get("same") == "yes"
    try:
        answer_two_sides(desk_of(request).workshop, actor, hold_id, same=same)
    except NotAllowedError:
        raise
    except RaccordError as error:
        return _page(request, asked, wrong=error, typed=fields, hold_id=hold_id)
    return _back(asked, line=fields.get("next", ""), said="one_movement" if same else "two_movements")


@router.post("/review/{hold_id}/pay")
def pay_one(request: Request, hold_id: str, asked: AskedFor, fields: Fields) -> Response:
    """Say that a line pays what one of its proposals names, or open documents that were chosen."""
    actor = acting(request)
    try:
        ids, seen = chosen_documents(fields)
        if not ids and fields.get("kind") == View.OPEN:
            raise none_chosen()
        row = pay(desk_of(request).workshop, actor, hold_id, ids, seen=seen)
    except NotAllowedError:
        raise
    except RaccordError as error:
        return _page(request, asked, wrong=error, typed=fields, hold_id=hold_id)
    if CALLED in row.decisions:
        return _back(asked, line=hold_id, said="one_or_two")
    return _back(asked, line=fields.get("next", ""), said="kept_pays", last=hold_id)


@router.post("/review/{hold_id}/add")
def add_to_books(request: Request, hold_id: str, asked: AskedFor, fields: Fields) -> Response:
    """Add an account or a payee that QuickBooks does not have yet, and put its name into the line's field."""
    actor, name, what = acting(request), fields.get("add_name", ""), fields.get("add", "")
    require(actor, Power.WORK)
    if what not in set(Addition):
        return explained(request, HTTPStatus.BAD_REQUEST)
    view = View.PERSONAL if what == Addition.OWNER else View.CATEGORY
    try:
        add_for_line(desk_of(request).workshop, actor, hold_id, name, Addition(what))
    except NotAllowedError:
        raise
    except RaccordError as error:
        return _page(request, asked, wrong=error, typed={**fields, "kind": view}, hold_id=hold_id)
    place = "payee" if what in PAYEES else "other"
    return _back(asked, line=hold_id, said="added", **{place: " ".join(name.split())}, put=view)


@router.post("/review/{hold_id}/undo")
def undo(request: Request, hold_id: str, asked: AskedFor, fields: Fields) -> Response:
    """Take an answer back while nothing of it is posted, or ask for another one in the place of what was undone."""
    actor = acting(request)
    require(actor, Power.WORK)
    try:
        open_now = ask_about_again(desk_of(request).workshop, actor, hold_id)
    except RaccordError as error:
        return _page(request, asked, wrong=error, typed=fields)
    return _back(asked, line=open_now, said="undone")


@router.post("/review/{hold_id}/attach")
def attach_files(request: Request, hold_id: str, asked: AskedFor, received: Files) -> Response:
    """Attach receipts to a line that is not posted, answered or not; one that is refused stops those after it."""
    actor = acting(request)
    require(actor, Power.WORK)
    try:
        for name, content in received:
            attach(desk_of(request).workshop, actor, hold_id, name, content)
    except RaccordError as error:
        return _page(request, asked, wrong=error, hold_id=hold_id)
    return _back(asked, line=hold_id, said="attached" if received else "")


@router.post("/review/{hold_id}/detach")
def detach_file(request: Request, hold_id: str, asked: AskedFor, fields: Fields) -> Response:
    """Take a receipt back while it is not in QuickBooks."""
    actor = acting(request)
    require(actor, Power.WORK)
    try:
        detach(desk_of(request).workshop, actor, hold_id, fields.get("file", ""))
    except RaccordError as error:
        return _page(request, asked, wrong=error, typed=fields, hold_id=hold_id)
    return _back(asked, line=hold_id, said="detached")


def _page(
    request: Request,
    asked: Asked,
    *,
    wrong: RaccordError | None = None,
    typed: Mapping[str, str] | None = None,
    hold_id: str = "",
) -> Response:
    within = within_of(request)
    typed = typed or _put(request, wrong)
    asked = asked.opened_at(desk_of(request).workshop.clock.now())
    choosing = (typed or {}).get("kind") == View.OPEN or (wrong is None and asked.view is View.OPEN)
    there, failed = _open(request, hold_id or asked.line) if choosing else (None, None)
    wrong = wrong or failed
    catalog = desk_of(request).workshop.scopes.catalog
    with desk_of(request).workshop.database.read() as session:
        companies = company_names(session, within)
        answered = asked.state == "answered"
        listing = _listing(session, asked, within)
        line = None if answered else _chosen(session, listing.rows, hold_id or asked.line, within)
        choices = None if line is None else choices_for(session, line, within, asked.opened, catalog)
        shown = [*listing.rows, *([] if line is None else [line])]
        most, at = ANSWERED_SHOWN, asked.offset
        found = answered_lines(session, asked.wanted, within=within, limit=most, offset=at) if answered else None
        proposals = proposed_for(session, list({each.hold_id: each for each in shown}.values()))
        proposed = None if line is None else proposals.get(line.hold_id)
        source = None if choices is None or line is None else proposed_by_source(line, choices)
        view = view_of(asked, line, choices, (typed or {}).get("kind", ""), proposals, source)
        open_one = proposed if proposed is not None and str(view) == proposed.treatment.kind else None
        offer = tax_offer(choices, source, open_one)
        with_files = [each.hold_id for each in (shown if found is None else found.rows)]
        return show(
            request,
            "lines/review.html",
            session,
            status=HTTPStatus.CONFLICT if wrong else HTTPStatus.OK,
            asked=asked,
            answered=found,
            attached=files_of_holds(session, with_files),
            listing=listing,
            **_around(session, asked, listing.total, within),
            line=line,
            open=there,
            choices=choices,
            split_filled=choices is not None and choices.said is not None and fills_split(choices.said),
            view=view,
            before=line_beside(listing.rows, line, -1),
            after=line_beside(listing.rows, line, 1),
            # Of whoever sees several companies, each line and account says whose it is.
            companies=companies if len(companies) > 1 else {},
            accounts=sorted(
                accounts_with_lines(session, within, asked.connection),
                key=lambda each: companies.get(each.company_id, ""),
            ),
            left_at=left_among(unfinished(session, within), asked.connection, catalog),
            source=source,
            proposals=proposals,
            **_marks(session, shown),
            rule_waits=None if line is None else rule_waits(session, line.hold_id),
            percent=percent,
            seen_of=seen_of,
            treatment_seen=treatment_seen,
            **_just_done(request, session, wrong),
            wrong=None if wrong is None else said_by(wrong, request),
            typed=filled(typed, open_one, offer, view, choices, line, language_of(request)),
            offer=offer,
            parts=PARTS,
            reasons=REASONS,
            key_list=KEYS,
        )


def _around(session: Session, asked: Asked, lines: int, within: Within) -> dict[str, object]:
    """Return what stands around the lines that wait: files that ask, what was undone, files to take away."""
    if asked.state == "answered":
        return {"files": (), "undone": (), "upload_parts": 0}
    return {
        "files": files_that_ask(session, asked.connection, within=within),
        "undone": undone_lines(session, within, asked.connection),
        "upload_parts": parts(lines),
    }


def _marks(session: Session, lines: Sequence[BankLine]) -> dict[str, object]:
    """Return what marks lines: that another connection may tell of the same, and that they lie in a certified month."""
    return {
        "asked_of": one_or_two(session, [each.hold_id for each in lines]),
        "certified": certified_of(session, lines),
    }


def _put(request: Request, wrong: RaccordError | None) -> dict[str, str]:
    """Return the name of what was just added to the books, for the field of the line that it was added for."""
    said = request.query_params
    if wrong is not None or said.get("put", "") not in (View.PERSONAL, View.CATEGORY):
        return {}
    return {"kind": said["put"], **{name: said[name][:200] for name in ("other", "payee") if said.get(name)}}


def _open(request: Request, hold_id: str) -> tuple[OpenDocuments | None, RaccordError | None]:
    """Return what is open in QuickBooks now that a line may pay, or why that is not known."""
    workshop = desk_of(request).workshop
    if not hold_id:
        return None, None
    with workshop.database.read() as session:
        _, actor = admit(session, visitor_of(request), "hold_id", hold_id)
    if not may(actor, Power.WORK):
        return None, None
    try:
        return open_documents(workshop, actor, hold_id), None
    except RaccordError as error:
        return None, error


def _told(request: Request, session: Session) -> dict[str, str] | None:
    """Return what the last deed says of itself, and the line whose answer may be taken back."""
    query, words = request.query_params, wording(language_of(request))
    said, rule = query.get("said", ""), query.get("rule", "")
    if said not in SAID:
        return None
    n, refused, changed = (
        int(query.get(name, "0")) if query.get(name, "").isdecimal() else 0 for name in ("n", "refused", "changed")
    )
    text = words(f"review.said_{said}", n=n)
    if refused:
        text += " " + words("review.said_refused", n=refused)
    if changed:
        text += " " + words("review.said_changed", n=changed)
    last = query.get("last", "") if said.startswith("kept_") else ""
    of = answered_line(session, last, within_of(request)) if last.isalnum() else None
    if of is not None:
        called = f"{', '.join(of.accounts)}. {text}" if of.accounts else text
        text = words("review.said_of", line=of.text, said=called)
    return {
        "text": text,
        "tone": "info" if said in ("gone", "one_or_two") or refused or changed else "ok",
        "last": last if last.isalnum() else "",
        "rule": rule if said == "rule" and rule.isalnum() and len(rule) <= RULE_ID else "",
    }


def _just_done(request: Request, session: Session, wrong: RaccordError | None) -> dict[str, object]:
    """Return what the last deed says of itself, and the lines that may get the same answer."""
    if wrong is not None:
        return {"told": None, "alike": None}
    return {"told": _told(request, session), "alike": _alike(request, session)}


def _alike(request: Request, session: Session) -> AlikeLines | None:
    """Return the lines that are offered the answer which was just given."""
    last = request.query_params.get("last", "")
    if request.query_params.get("alike") != "yes" or not last.isalnum():
        return None
    return alike_lines(session, last, within_of(request))


def _listing(session: Session, asked: Asked, within: frozenset[str] | None) -> Listing[BankLine]:
    """Return the page that was asked for, or the last one where lines before it were answered since."""
    listing = open_lines(session, asked.wanted, within=within, limit=SHOWN, offset=asked.offset)
    if listing.rows or not listing.total or asked.state == "answered":
        return listing
    last = (listing.total - 1) // SHOWN * SHOWN
    return open_lines(session, asked.wanted, within=within, limit=SHOWN, offset=last)


def _chosen(session: Session, rows: Sequence[BankLine], hold_id: str, within: frozenset[str] | None) -> BankLine | None:
    found = next((each for each in rows if each.hold_id == hold_id), None)
    if found is None and hold_id:
        found = the_line(session, hold_id, within)
    return found or next(iter(rows), None)


def _back(asked: Asked, line: str = "", **said: str) -> Response:
    """Lead back to the list as it was filtered, with what was done; the panel opens as it does of itself."""
    address = asked.at(line=line, view="", **said)
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)
