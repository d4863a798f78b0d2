"""What is the installation's own, not a company's, as programs read and change it: how long things are kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import Request

from raccord.keeping.retention import DAYS_MAX, Retention, choose_retention, retention_of
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import Power, require
from raccord_web.api.programs import needs, program_in
from raccord_web.api.repeating import Repeatable, repeatable
from raccord_web.front.desk import desk_of

router = APIRouter()
deeds = APIRouter(route_class=Repeatable, dependencies=[Depends(repeatable)])
Days = Annotated[int, Field(strict=True, ge=0, le=DAYS_MAX)]


class RetentionView(BaseModel):
    """For how many days each is kept after it is over; 0 keeps it for good."""

    messages: int
    devices: int


class RetentionIn(BaseModel):
    """For how many days each is to be kept; what is left out stays as it is, 0 keeps it for good."""

    messages: Days | None = None
    devices: Days | None = None


@router.get("/retention", dependencies=[Depends(needs(Scope.OWN))])
def retention(request: Request) -> RetentionView:
    """Return how long messages and devices are kept in the whole installation, to its owner's tokens."""
    require(program_in(request).house, Power.OPERATE)
    with desk_of(request).workshop.database.read() as session:
        return _view(retention_of(session))


@deeds.post("/retention", dependencies=[Depends(needs(Scope.OWN))])
def keep(request: Request, wanted: RetentionIn) -> RetentionView:
    """Say for how long messages and devices are kept in the whole installation, by its owner's tokens."""
    workshop, actor = desk_of(request).workshop, program_in(request).house
    require(actor, Power.OPERATE)
    with workshop.database.read() as session:
        held = retention_of(session)
    said = Retention(
        held.messages if wanted.messages is None else wanted.messages,
        held.devices if wanted.devices is None else wanted.devices,
    )
    return _view(choose_retention(workshop, actor, said))


def _view(found: Retention) -> RetentionView:
    return RetentionView(messages=found.messages, devices=found.devices)
