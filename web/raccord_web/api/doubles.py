"""What is at a source twice since a list was imported into it: reading the pairs, and answering several at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, model_validator
from starlette.requests import Request

from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.setting_up.beside_each_other import DoubleReason
from raccord.onboarding.setting_up.doubles import (
    Double,
    Doubles,
    delete_doubles,
    imported_doubles,
    keep_both,
    link_doubles,
)
from raccord.onboarding.setting_up.lists import ListError, lists_of
from raccord.overview.listing import Listing
from raccord.plugin.errors import ConnectorError
from raccord.plugin.texts import Text
from raccord_web.api.deeds import Id
from raccord_web.api.managing import managed
from raccord_web.api.paging import Asked, Part, part
from raccord_web.api.programs import needs
from raccord_web.api.repeating import Repeatable, repeatable
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting

router = APIRouter()
deeds = APIRouter(route_class=Repeatable, dependencies=[Depends(repeatable)])
TOGETHER_MAX = 500
"""Entries of one call."""


class EarlierEntry(BaseModel):
    """An entry that the source had before, why it may be the imported one, and whether it is that customer already."""

    id: str
    name: str
    tagged: bool
    linked: bool
    reasons: Sequence[DoubleReason]


class Imported(BaseModel):
    """An imported entry by its id of QuickBooks, with those beside it; one ``in_use`` is named by a document."""

    id: str
    name: str
    source_id: str
    in_use: bool
    earlier: Sequence[EarlierEntry]


class DoubleWay(StrEnum):
    """What becomes of an imported entry."""

    KEEP = "keep"
    LINK = "link"
    DELETE = "delete"


class DoubleIn(BaseModel):
    """An imported entry, by its id; to ``link`` it, the ``earlier`` one that is the same, by its id at the source."""

    id: Id
    earlier: Id | None = None


class DoublesIn(BaseModel):
    """The entries of a list that are answered alike: they stay beside the earlier ones, are one with them, or go."""

    of_list: Annotated[Id, Field(alias="list")]
    way: DoubleWay
    entries: Annotated[list[DoubleIn], Field(min_length=1, max_length=TOGETHER_MAX)]

    @model_validator(mode="after")
    def _each_once(self) -> DoublesIn:
        if any((each.earlier is not None) != (self.way is DoubleWay.LINK) for each in self.entries):
            raise ValueError("an earlier entry is named to link, and for nothing else")
        if max(Counter(each.id for each in self.entries).values()) > 1:
            raise ValueError("an entry has one answer")
        return self


class RefusedEntry(BaseModel):
    """An entry that the source would not delete, by its id there, and why."""

    source_id: str
    why: Mapping[str, str]


class DoublesDone(BaseModel):
    """How many are answered; of those to delete, which the source refused, and how many it said nothing of."""

    done: int
    refused: Sequence[RefusedEntry] = ()
    left: int = 0


@router.get("/connections/{connection_id}/doubles")
def doubles(
    request: Request,
    connection_id: str,
    asked: Asked,
    wanted: Annotated[str, Query(alias="list", max_length=200)] = "",
) -> Part[Imported]:
    """Return what a list's import left at the source twice; without a list, of the first one that is looked after."""
    workshop = desk_of(request).workshop
    name = wanted or next(
        (each.info.name for each in lists_of(workshop, connection_id) if each.info.tag and each.goes), ""
    )
    found = Doubles((), 0)
    if name:
        found = imported_doubles(workshop, connection_id, name, limit=asked.limit, offset=asked.offset)
    return part(Listing([_imported(each) for each in found.rows], found.total, asked.offset, asked.limit))


@deeds.post("/connections/{connection_id}/doubles", dependencies=[Depends(needs(Scope.MANAGE))])
def answer(request: Request, connection_id: str, wanted: DoublesIn) -> DoublesDone:
    """Answer for several imported entries in one way: all of them, or none where one is no duplicate (any more).

    An earlier entry is never deleted, nor an imported one that a document names.
    """
    managed(request, connection_id)
    workshop, actor = desk_of(request).workshop, acting(request)
    ids = [each.id for each in wanted.entries]
    match wanted.way:
        case DoubleWay.KEEP:
            return DoublesDone(done=keep_both(workshop, actor, connection_id, wanted.of_list, ids))
        case DoubleWay.LINK:
            pairs = {each.id: each.earlier or "" for each in wanted.entries}
            return DoublesDone(done=link_doubles(workshop, actor, connection_id, wanted.of_list, pairs))
        case DoubleWay.DELETE:
            try:
                tended = delete_doubles(workshop, actor, connection_id, wanted.of_list, ids)
            except ConnectorError as error:
                raise ListError(
                    "list.source_refused",
                    error.text,
                    Text(
                        "Rien n'est perdu : lisez les doublons, et demandez de nouveau ceux qui y sont encore.",
                        "Nothing is lost: read the duplicates, and ask again for those that are still there.",
                    ),
                ) from error
            refused = [RefusedEntry(source_id=each, why=asdict(why)) for each, why in tended.refusals]
            return DoublesDone(done=tended.done, refused=refused, left=tended.left)


def _imported(each: Double) -> Imported:
    return Imported(
        id=each.object_id,
        name=each.name,
        source_id=each.source_id,
        in_use=each.in_use,
        earlier=[
            EarlierEntry(
                id=beside.earlier.id,
                name=beside.earlier.name,
                tagged=beside.earlier.tagged,
                linked=beside.linked,
                reasons=beside.reasons,
            )
            for beside in each.beside
        ],
    )
