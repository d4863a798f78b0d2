"""Certifying a month, as programs ask for it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, StringConstraints
from starlette.requests import Request

from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import Power, require
from raccord.onboarding.closing.certificates import certify
from raccord_web.api.programs import needs
from raccord_web.api.reading import CertificateView
from raccord_web.api.repeating import Repeatable, repeatable
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.parts.proving import proven

router = APIRouter(route_class=Repeatable, dependencies=[Depends(repeatable)])


MonthText = Annotated[str, StringConstraints(pattern=r"^2[0-9]{3}-(0[1-9]|1[0-2])$")]


class Month(BaseModel):
    """The month, such as ``2026-03``; with exceptions what is still open stands in its certificate by name."""

    month: MonthText
    with_exceptions: bool = False
    reason: Annotated[str, StringConstraints(max_length=500)] = ""
    """Why what is open is accepted; needed with exceptions where something is, and it stands in the certificate."""


@router.post("/companies/{company_id}/certificates", dependencies=[Depends(needs(Scope.APPROVE))])
def sign_off(request: Request, company_id: str, wanted: Month) -> CertificateView:
    """Prove the company's connections again and certify the month; what is open is refused unless it was accepted."""
    workshop, actor = desk_of(request).workshop, acting(request)
    require(actor, Power.WORK)
    first = date.fromisoformat(f"{wanted.month}-01")
    with proven(workshop, company_id):
        made = certify(workshop, actor, company_id, first, with_exceptions=wanted.with_exceptions, reason=wanted.reason)
    return CertificateView.model_validate(made)
