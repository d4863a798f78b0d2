"""Tying what comes over to what the books have: a source's items, documents that are there, payments left alone."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import Request

from raccord.jobs.list_requests import request_lists
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.deciding import unmet
from raccord.onboarding.deciding.told_again import ToldAgain, answer_alike
from raccord.onboarding.setting_up.baseline import link_certain
from raccord.onboarding.setting_up.instances import link_suggested, linking
from raccord.overview.runs import RunView
from raccord_web.api.deeds import Done, Id, run_of
from raccord_web.api.managing import managed
from raccord_web.api.programs import needs
from raccord_web.api.repeating import Repeatable, repeatable
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting

router = APIRouter(route_class=Repeatable, dependencies=[Depends(repeatable)])


class Linked(BaseModel):
    """How many were linked, and how many of that kind are left for the next call."""

    linked: int
    left: int


class RoleIn(BaseModel):
    """The role whose instances are linked one by one."""

    role: Id


class ListsIn(BaseModel):
    """The lists of QuickBooks that go to the source, by the names that its connector gives them."""

    lists: Annotated[list[Id], Field(min_length=1, max_length=20)]


class ToldAgainIn(BaseModel):
    """The cause as each question's params name it (``case``), and how many of it wait (``count``)."""

    case: Id
    way: ToldAgain
    count: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class AnsweredTogether(BaseModel):
    """How many were answered, and how many of that cause are left for the next call."""

    answered: int
    left: int


class UnmetWay(StrEnum):
    APPLY = "apply"
    BRING_IN = "bring_in"
    UNAPPLIED = "unapplied"


class UnmetIn(BaseModel):
    """What becomes of a payment whose invoice stayed out; ``invoice`` is the one of QuickBooks that it is for."""

    way: UnmetWay
    invoice: Annotated[str, StringConstraints(max_length=40, pattern=r"^[0-9]*$")] = ""


@router.post("/connections/{connection_id}/link-suggested", dependencies=[Depends(needs(Scope.MANAGE))])
def suggested(request: Request, connection_id: str, wanted: RoleIn) -> Linked:
    """Link instances of a role that are not linked to what is suggested for each; `choices` links one.

    500 are at most: ``left`` says how many wait for the next call.
    """
    managed(request, connection_id)
    workshop = desk_of(request).workshop
    done = link_suggested(workshop, acting(request), connection_id, wanted.role)
    return Linked(linked=done, left=linking(workshop, connection_id, wanted.role, limit=0).suggested)


@router.post("/connections/{connection_id}/link-certain", dependencies=[Depends(needs(Scope.WRITE))])
def certain(request: Request, connection_id: str) -> Linked:
    """Answer of documents of the plan that the books have for certain that they are the same; a run acts on it.

    500 are at most: ``left`` says how many wait for the next call.
    """
    done = link_certain(desk_of(request).workshop, acting(request), connection_id)
    return Linked(linked=done.linked, left=done.left)


@router.post("/connections/{connection_id}/told-again", dependencies=[Depends(needs(Scope.WRITE))])
def told_again(request: Request, connection_id: str, given: ToldAgainIn) -> AnsweredTogether:
    """Answer all questions of one cause the same way, each with its own movement; with ``count``, only if so many wait.

    500 are at most: ``left`` says how many wait for the next call.
    """
    workshop = desk_of(request).workshop
    done = answer_alike(workshop, acting(request), connection_id, given.case, given.way, count=given.count)
    return AnsweredTogether(answered=done.answered, left=done.left)


@router.post("/connections/{connection_id}/lists", dependencies=[Depends(needs(Scope.MANAGE))])
def send(request: Request, connection_id: str, wanted: ListsIn) -> RunView:
    """Have lists sent to the source, people before the rest; the run that does it tells how far each is.

    That is the connection's open run, if there is one: it sends them before it goes on.
    """
    desk = desk_of(request)
    return run_of(request, request_lists(desk.workshop, desk.engine, acting(request), connection_id, wanted.lists))


@router.post("/holds/{hold_id}/unmet", dependencies=[Depends(needs(Scope.WRITE))])
def take(request: Request, hold_id: str, wanted: UnmetIn) -> Done:
    """Say which invoice a payment is for, have its own brought in, or have it posted unapplied."""
    workshop, actor = desk_of(request).workshop, acting(request)
    match wanted.way:
        case UnmetWay.APPLY:
            unmet.apply_to(workshop, actor, hold_id, wanted.invoice)
        case UnmetWay.BRING_IN:
            unmet.bring_in(workshop, actor, hold_id)
        case UnmetWay.UNAPPLIED:
            unmet.post_unapplied(workshop, actor, hold_id)
    return Done(id=hold_id)
