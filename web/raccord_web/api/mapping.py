"""Several changes of a connection's mapping as one: seen together, and kept all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, model_validator
from starlette.requests import Request

from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.deciding.comments import CHARS_MAX, comment, comments_of
from raccord.onboarding.deciding.decisions import counts_from
from raccord.onboarding.deciding.open_days import open_day
from raccord.onboarding.deciding.remapping import Change, RoleChange, effect_of_changes, save_changes
from raccord.sync.days import today_of
from raccord.sync.resolving.terms import DatedTerm
from raccord_web.api.deeds import Choice, Done
from raccord_web.api.managing import TermIn, held, managed
from raccord_web.api.programs import needs
from raccord_web.api.repeating import Repeatable, repeatable
from raccord_web.api.reposts import EffectView, effect_view
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting

router = APIRouter()
deeds = APIRouter(route_class=Repeatable, dependencies=[Depends(repeatable)])
MOST = 200
"""Changes of one call of each kind; a page's bar has a hundred."""


class MappingIn(BaseModel):
    """Roles to fill and words that mean something else, each from a day on; without a day as by their own calls."""

    roles: Annotated[list[Choice], Field(max_length=MOST)] = []
    terms: Annotated[list[TermIn], Field(max_length=MOST)] = []

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.roles and not self.terms:
            raise ValueError("give roles or terms")
        return self


@deeds.post("/connections/{connection_id}/mapping", dependencies=[Depends(needs(Scope.MANAGE))])
def change(request: Request, connection_id: str, wanted: MappingIn) -> Done:
    """Keep changes of the mapping, all of them or none; what is posted stays until a repost.

    One that says what was ``seen`` is refused where something else stands.
    """
    changes = _changes(request, connection_id, wanted)
    told = [*(each.seen for each in wanted.roles), *(each.seen for each in wanted.terms)]
    seen = {change: was for change, was in zip(changes, told, strict=True) if was is not None}
    save_changes(desk_of(request).workshop, acting(request), connection_id, changes, seen)
    return Done(id=connection_id)


@deeds.post("/connections/{connection_id}/mapping/try", dependencies=[Depends(needs(Scope.MANAGE))])
def try_(request: Request, connection_id: str, wanted: MappingIn) -> EffectView:
    """Tell what the changes would do together, to what is posted and to what is not; nothing is changed."""
    changes = _changes(request, connection_id, wanted)
    return effect_view(effect_of_changes(desk_of(request).workshop, connection_id, changes))


class CommentIn(BaseModel):
    """What somebody says about a role, about a word of the source, or (``about`` is empty) about the whole mapping."""

    about: Annotated[str, Field(max_length=200)] = ""
    text: Annotated[str, Field(min_length=1, max_length=CHARS_MAX)]


class CommentView(BaseModel):
    """What somebody said, when, and about which line; nobody changes or removes it."""

    about: str
    text: str
    by: str
    at: datetime


class Comments(BaseModel):
    """The newest comments, the latest first, at most a hundred; the audit has all."""

    comments: list[CommentView]


@router.get("/connections/{connection_id}/comments")
def comments(request: Request, connection_id: str) -> Comments:
    """Give what people said about the mapping."""
    connection, _ = held(request, connection_id)
    with desk_of(request).workshop.database.read() as session:
        found = comments_of(session, connection)
        return Comments(
            comments=[
                CommentView(about=each.subject, text=str(each.body.get("text", "")), by=each.actor, at=each.at)
                for each in found
            ]
        )


@deeds.post("/connections/{connection_id}/comments", dependencies=[Depends(needs(Scope.WRITE))])
def write(request: Request, connection_id: str, said: CommentIn) -> Done:
    """Say something about the mapping, for all who see the connection."""
    comment(desk_of(request).workshop, acting(request), connection_id, said.about, said.text)
    return Done(id=connection_id)


def _changes(request: Request, connection_id: str, wanted: MappingIn) -> Sequence[Change]:
    connection, _ = managed(request, connection_id)
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        today = open_day(session, connection, today_of(connection, workshop.clock.now()))
        roles = [
            RoleChange(
                each.role,
                each.ledger_id,
                counts_from(workshop, session, connection, each.role, each.of, each.first),
                each.of,
            )
            for each in wanted.roles
        ]
    return [*roles, *(DatedTerm(each.word, each.ledger, each.first or today) for each in wanted.terms)]
