"""The proof of all connections at one look, and the months of each company that somebody certified."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from raccord.onboarding.access.people import Power, require
from raccord.onboarding.closing.certificates import certify, sums_by_stream
from raccord.onboarding.closing.export import export_company
from raccord.onboarding.closing.not_certified import CertificateError
from raccord.overview.companies import list_companies
from raccord.overview.connections import ConnectionView, list_connections
from raccord.overview.listing import MOST
from raccord.overview.proofs import proof_totals
from raccord.plugin.texts import Language
from raccord.store.canonical import canonical, exact
from raccord.store.models import Certificate, Connection, Problem, ProblemState
from raccord.sync.proving.certified import CHANGED
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import language_of, said_by, show
from raccord_web.parts.open_points import OpenPoint, left_out_told, open_points
from raccord_web.parts.proving import proven
from raccord_web.words.formats import month_text
from raccord_web.words.names import Names
from raccord_web.words.wording import wording

router = APIRouter()
MONTHS_OFFERED = 36
SHOWN = 100
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@router.get("/proof")
def overview(request: Request) -> Response:
    return _page(request)


def _page(
    request: Request, error: CertificateError | None = None, month: str = "", company_id: str = "", *, reason: str = ""
) -> Response:
    """Show the proofs; after a refusal it stands on top, and the month's form is open as it was filled in."""
    within = within_of(request)
    with desk_of(request).workshop.database.read() as session:
        connections = list_connections(session, within=within, since=None, limit=MOST).rows
        companies = list_companies(session, within=within, limit=MOST).rows
        by_id = {view.id: view for view in connections}
        certificates = session.scalars(
            select(Certificate)
            .where(Certificate.company_id.in_([each.id for each in companies]))
            .order_by(Certificate.month.desc(), Certificate.version.desc(), Certificate.id)
            .limit(SHOWN)
        ).all()
        # Only one that is listed here, so of a company of the visitor's.
        asked = request.query_params.get("certificate", "")
        certified = next((each for each in certificates if each.id == asked), None)
        return show(
            request,
            "proof/books.html",
            session,
            status=HTTPStatus.OK if error is None else HTTPStatus.CONFLICT,
            wrong=None if error is None else said_by(error, request),
            wanted=(company_id, month),
            wanted_month=month_text(date.fromisoformat(f"{month}-01"), language_of(request)) if month else "",
            points=[] if error is None else open_points(session, _names(request), error.parts),
            may_accept=error is not None and error.acceptable,
            reason=reason,
            wrong_reason=error is not None and error.code == "certificate.reason",
            connections=connections,
            by_id=by_id,
            totals=proof_totals(session, list(by_id)),
            companies={each.id: each.name for each in companies},
            certificates=[(each, _found_in(each)) for each in certificates],
            certified=certified,
            accepted=[] if certified is None else _open_in(request, session, certified),
            **({} if certified is None else {"done": ""}),
            changed=_changed_since(session, certificates),
            months=_months(_today(request, connections), month, language_of(request)),
        )


def _open_in(request: Request, session: Session, certificate: Certificate) -> list[OpenPoint]:
    """Return what was open in a certified month, as the certificate names it."""
    body: Any = exact(certificate.body)
    return open_points(session, _names(request), body["connections"])


def _today(request: Request, connections: Sequence[ConnectionView]) -> date:
    """Return the day that has begun at every source, so that no month is offered before it is over."""
    now = desk_of(request).workshop.clock.now()
    zones = [view.time_zone for view in connections]
    return min((now.astimezone(ZoneInfo(zone)).date() for zone in zones), default=now.date())


def _changed_since(session: Session, certificates: Sequence[Certificate]) -> dict[str, str]:
    """Return the certificates whose month is no longer what it was, each with the connection where it changed.

    Only the newest of a month is compared with what is proven.
    """
    newest: dict[tuple[str, str], Certificate] = {}
    for each in certificates:
        newest.setdefault((each.company_id, f"month/{each.month:%Y-%m}"), each)
    rows = session.execute(
        select(Connection.company_id, Problem.subject, Connection.id)
        .join(Connection, Connection.id == Problem.connection_id)
        .where(
            Problem.code == CHANGED,
            Problem.state == ProblemState.OPEN,
            Connection.company_id.in_({each.company_id for each in certificates}),
        )
        .order_by(Problem.id)
        .limit(MOST)
    )
    return {
        newest[company, subject].id: connection for company, subject, connection in rows if (company, subject) in newest
    }


def _months(today: date, asked: str, language: Language) -> list[tuple[str, str]]:
    """Return the months that are over, the newest first, each as the form says it and as people write it."""
    last = today.year * 12 + today.month - 2
    days = [date(at // 12, at % 12 + 1, 1) for at in range(last, last - MONTHS_OFFERED, -1)]
    said = [f"{each:%Y-%m}" for each in days]
    if asked and asked not in said:
        days.append(date.fromisoformat(f"{asked}-01"))
    return [(f"{each:%Y-%m}", month_text(each, language)) for each in days]


@dataclass(frozen=True, slots=True)
class Found:
    """What a certificate names: days of which both sides differ, and what else was open."""

    unequal: int = 0
    open: int = 0


def _found_in(certificate: Certificate) -> Found:
    if certificate.clean:
        return Found()
    body: Any = exact(certificate.body)
    codes = [str(each["code"]) for part in body["connections"] for each in part["exceptions"]]
    unequal = codes.count("unequal")
    return Found(unequal, len(codes) - unequal)


@router.get("/companies/{company_id}/certificates", include_in_schema=False)
def certificates(request: Request, company_id: str) -> Response:
    """Show the page whose form certifies a month: a month that was refused is told under this address."""
    return _page(request)


@router.post("/companies/{company_id}/certificates")
def sign_off(request: Request, company_id: str, fields: Fields) -> Response:
    """Prove a company's connections again and certify the month; what is open is refused unless it was accepted."""
    workshop, actor = desk_of(request).workshop, acting(request)
    require(actor, Power.WORK)
    month = fields.get("month", "")
    if not MONTH.fullmatch(month):
        return explained(request, HTTPStatus.BAD_REQUEST)
    first, reason = date.fromisoformat(f"{month}-01"), fields.get("reason", "")
    # Nobody accepts what he was not shown.
    accepted = fields.get("with_exceptions") == "yes"
    try:
        with proven(workshop, company_id):
            made = certify(workshop, actor, company_id, first, with_exceptions=accepted, reason=reason)
    except CertificateError as error:
        return _page(request, error, month, company_id, reason=reason)
    return RedirectResponse(f"/proof?done=certified&certificate={made.id}", HTTPStatus.SEE_OTHER)


@router.get("/certificates/{certificate_id}/read")
def read(request: Request, certificate_id: str) -> Response:
    """Show a certificate to be read and printed; the file beside it is what is verified."""
    with desk_of(request).workshop.database.read() as session:
        found = session.get_one(Certificate, certificate_id)
        body: Any = exact(found.body)
        points = _open_in(request, session, found)
        return show(
            request, "proof/certificate.html", session, certificate=found, body=body, points=points,
            date=date.fromisoformat, sums_by_stream=sums_by_stream, told=left_out_told(session, body["connections"]),
        )  # fmt: skip


def _names(request: Request) -> Names:
    return Names(desk_of(request).workshop.scopes.catalog, wording(language_of(request)))


@router.get("/certificates/{certificate_id}")
def download(request: Request, certificate_id: str) -> Response:
    """Give the certificate as the file that ``raccord proof check`` verifies."""
    with desk_of(request).workshop.database.read() as session:
        found = session.get_one(Certificate, certificate_id)
        text = canonical({"certificate": exact(found.body), "sha256": found.hash})
        name = f"raccord-{found.month:%Y-%m}-{found.version}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(f"{text}\n", media_type="application/json", headers=headers)


@router.post("/companies/{company_id}/export")
def take_away(request: Request, company_id: str, fields: Fields) -> Response:
    """Give everything that is kept about a company as one file (CH-68)."""
    workshop = desk_of(request).workshop
    content = export_company(workshop, acting(request), company_id)
    name = f"raccord-{workshop.clock.now().date().isoformat()}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(content, media_type="application/zip", headers=headers)
