"""The proof of a connection, day by day, one month a page; unequal days first, with what explains them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from http import HTTPStatus

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from raccord.onboarding.closing.certificates import next_month
from raccord.overview.connections import connection_head, proven_of
from raccord.overview.proofs import proof_months, proof_rows, proof_totals
from raccord.overview.sought import Fate
from raccord.overview.weighing.balances import BankBalance, balances_of
from raccord.overview.weighing.counted import count_by_fate
from raccord.store.models import Connection
from raccord.sync.workshop import Workshop
from raccord_web.front.desk import desk_of
from raccord_web.pages.failures import explained
from raccord_web.pages.rendering import show
from raccord_web.parts.left_out import left_out_in
from raccord_web.screens.home import Offset

router = APIRouter()
SHOWN = 100
OUTSIDE = (Fate.LEFT_OUT, Fate.RESOLVED, Fate.REVIEW, Fate.FAILED, Fate.WAITING)
"""What is not in QuickBooks by our hand: left out for good, and what waits."""


@router.get("/connections/{connection_id}/proof")
def proof(
    request: Request, connection_id: str, month: date | None = None, only: str = "", offset: Offset = 0
) -> Response:
    """Show one month (any day of it), the newest unless asked; ``only=unequal`` shows what differs, in any month."""
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        view = connection_head(session, connection_id)
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        admitted = workshop.scopes.catalog.get(view.connector)
        months = proof_months(session, connection_id)
        unequal = only == "unequal"
        chosen = None if unequal or not months else (month or months[0].first).replace(day=1)
        return show(
            request,
            "proof/proof.html",
            session,
            view=view,
            proven=proven_of(session, connection_id),
            months=months,
            chosen=chosen,
            unequal=unequal,
            last=None if chosen is None else next_month(chosen) - timedelta(days=1),
            left_out=left_out_in(session, connection_id, None if admitted is None else admitted.info, chosen),
            balances=[] if chosen is None else _balances(workshop, session, connection_id, chosen),
            date=date.fromisoformat,
            apart=count_by_fate(session, connection_id, OUTSIDE),
            totals=proof_totals(session, [connection_id]),
            listing=proof_rows(session, connection_id, month=chosen, unequal_only=unequal, limit=SHOWN, offset=offset),
        )


def _balances(workshop: Workshop, session: Session, connection_id: str, month: date) -> Sequence[BankBalance]:
    last = next_month(month) - timedelta(days=1)
    return balances_of(workshop, session, session.get_one(Connection, connection_id), month, last)
