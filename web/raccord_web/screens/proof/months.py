"""The proof of a connection, day by day, one month a page; unequal days first, with what explains them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from http import HTTPStatus

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Power, may
from raccord.onboarding.closing.certificates import next_month
from raccord.overview.connections import connection_head, proven_of
from raccord.overview.proofs import proof_months, proof_rows, proof_totals, records_named
from raccord.overview.sought import Fate
from raccord.overview.weighing.balances import BankBalance, balances_of
from raccord.overview.weighing.books_balances import comparable, compared, read_days
from raccord.overview.weighing.counted import count_by_fate, count_reports
from raccord.overview.weighing.kept_back import in_all, kept_back
from raccord.quickbooks import deep_link
from raccord.store.models import Company, Connection
from raccord.sync.environments import environment_of
from raccord.sync.workshop import Workshop
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.rendering import said_by, show
from raccord_web.parts.left_out import left_out_in
from raccord_web.screens.home import Offset

router = APIRouter()
SHOWN = 100
NAMED = 10
"""How many documents each day that differs names."""
OUTSIDE = (Fate.LEFT_OUT, Fate.RESOLVED, Fate.REVIEW, Fate.FAILED, Fate.WAITING)
"""What is not in QuickBooks by our hand: left out for good, and what waits."""


@router.get("/connections/{connection_id}/proof")
def proof(
    request: Request, connection_id: str, month: date | None = None, only: str = "", offset: Offset = 0, books: str = ""
) -> Response:  # fmt: skip
    """Show one month (any day of it), the newest unless asked; ``only=unequal`` shows what differs, in any month.

    With ``books`` QuickBooks is asked what it holds on the days whose balances the bank says.
    """
    workshop = desk_of(request).workshop
    asked = bool(books and month) and may(acting(request), Power.WORK)
    there, failed = _books(workshop, connection_id, month.replace(day=1)) if asked and month else ({}, None)
    with workshop.database.read() as session:
        view = connection_head(session, connection_id)
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        admitted = workshop.scopes.catalog.get(view.connector)
        months = proof_months(session, connection_id)
        unequal = only == "unequal"
        chosen = None if unequal or not months else (month or months[0].first).replace(day=1)
        balances = [] if chosen is None else _balances(workshop, session, connection_id, chosen)
        connection = session.get_one(Connection, connection_id)
        company = session.get_one(Company, connection.company_id)
        listing = proof_rows(session, connection_id, month=chosen, unequal_only=unequal, limit=SHOWN, offset=offset)
        last = None if chosen is None else next_month(chosen) - timedelta(days=1)
        kept = {} if chosen is None or last is None else kept_back(session, connection_id, chosen, last) or {}
        return show(
            request,
            "proof/proof.html",
            session,
            kept=kept,
            kept_in_month=in_all(kept),
            view=view,
            proven=proven_of(session, connection_id),
            months=months,
            chosen=chosen,
            unequal=unequal,
            last=last,
            left_out=left_out_in(session, connection_id, None if admitted is None else admitted.info, chosen),
            balances=balances,
            comparable=comparable(balances, view.home_currency),
            compared=compared(session, connection, balances, there) if there else {},
            failed=None if failed is None else said_by(failed, request),
            date=date.fromisoformat,
            apart=count_by_fate(session, connection_id, OUTSIDE),
            reports=count_reports(session, connection_id),
            totals=proof_totals(session, [connection_id]),
            listing=listing,
            named=NAMED,
            records=records_named(session, connection_id, listing.rows, each=NAMED),
            there=partial(deep_link, environment_of(company.environment), realm=company.realm),
        )


def _books(
    workshop: Workshop, connection_id: str, month: date
) -> tuple[Mapping[date, Mapping[str, Decimal]], RaccordError | None]:
    """Ask QuickBooks for its balances on the days that the bank tells of, or return why they are not known."""
    with workshop.database.read() as session:
        connection = session.get(Connection, connection_id)
        if connection is None:
            return {}, None
        company = session.get_one(Company, connection.company_id)
        rows = comparable(_balances(workshop, session, connection_id, month), company.home_currency)
    try:
        return (read_days(workshop, company, rows) if rows else {}), None
    except RaccordError as error:
        return {}, error


def _balances(workshop: Workshop, session: Session, connection_id: str, month: date) -> Sequence[BankBalance]:
    last = next_month(month) - timedelta(days=1)
    return balances_of(workshop, session, session.get_one(Connection, connection_id), month, last)
