"""The files of a connection, and taking one back that was handed in wrongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel
from starlette.requests import Request

from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.arriving.files_back import may_take_back, take_back_file, weigh_file
from raccord.onboarding.arriving.receiving import files_of
from raccord_web.api.deeds import Words
from raccord_web.api.managing import held
from raccord_web.api.programs import needs
from raccord_web.api.repeating import Repeatable, repeatable
from raccord_web.api.setting_up import FileQuestion, told_question
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting

router = APIRouter()
deeds = APIRouter(route_class=Repeatable, dependencies=[Depends(repeatable)])
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
FILES_MAX = 200


class SourceFile(BaseModel):
    """A file that arrived; ``handed_in`` says that a person did, who may take it back."""

    number: int
    name: str
    size: int
    sha256: str
    received_at: datetime
    handed_in: bool


class StaysInBooks(BaseModel):
    """A document that stays in QuickBooks; ``matched`` says that it was there before."""

    record_id: int
    kind: str
    document_id: str
    matched: bool


class FileMoney(BaseModel):
    """What came in and what went out."""

    came: Decimal
    went: Decimal


class FileWeight(BaseModel):
    """What taking a file back means.

    ``goes`` are records that nothing else says, ``answered`` those of them that were answered, ``elsewhere`` those that
    another file says too, ``goes_on`` those of them in QuickBooks that go on as what the other file tells under an id
    of its own, ``unread`` those that nothing was made of yet; of ``in_books`` a document stays in
    QuickBooks, of which the first hundred are named. ``asks`` is what the other files ask without this one: it is
    refused until that is answered. ``months`` are certified, so that a reason is needed. ``seen``
    says what was shown.
    """

    number: int
    name: str
    rows: int
    moved: Mapping[str, FileMoney]
    goes: int
    answered: int
    elsewhere: int
    goes_on: int
    unread: int
    in_books: int
    documents: Sequence[StaysInBooks]
    asked: bool
    asks: Sequence[FileQuestion]
    months: Sequence[date]
    seen: str


class TakeBack(BaseModel):
    """``seen`` of what was shown, refused where it is another by now; why certified months are touched."""

    seen: Words = ""
    reason: Words = ""


class TakenBack(BaseModel):
    """What was taken back; ``already`` says that it had been before."""

    name: str
    left_out: int
    elsewhere: int
    goes_on: int
    in_books: int
    already: bool


@router.get("/connections/{connection_id}/files")
def files(request: Request, connection_id: str) -> list[SourceFile]:
    """Return the newest files of a connection, those not that were taken back."""
    held(request, connection_id)
    with desk_of(request).workshop.database.read() as session:
        return [
            SourceFile(
                number=each.number, name=each.name, size=each.size, sha256=each.sha256, received_at=each.received_at,
                handed_in=may_take_back(each),
            )
            for each in files_of(session, connection_id, FILES_MAX)
        ]  # fmt: skip


@deeds.post("/connections/{connection_id}/files/{number}/take-back/try", dependencies=[Depends(needs(Scope.WRITE))])
def weigh(request: Request, connection_id: str, number: Number) -> FileWeight:
    """Tell what taking a file back means; nothing is changed."""
    found = weigh_file(desk_of(request).workshop, acting(request), connection_id, number)
    return FileWeight(
        number=found.number,
        name=found.name,
        rows=found.rows,
        moved={currency: FileMoney(came=came, went=went) for currency, (came, went) in found.moved.items()},
        goes=found.goes,
        answered=found.answered,
        elsewhere=found.elsewhere,
        goes_on=found.goes_on,
        unread=found.unread,
        in_books=found.in_books,
        documents=[
            StaysInBooks(
                record_id=each.record_id, kind=each.kind, document_id=each.document_id, matched=each.matched
            )
            for each in found.documents
        ],
        asked=found.asked,
        asks=[told_question(each) for each in found.asks],
        months=found.months,
        seen=found.seen,
    )  # fmt: skip


@deeds.post("/connections/{connection_id}/files/{number}/take-back", dependencies=[Depends(needs(Scope.WRITE))])
def take_back(request: Request, connection_id: str, number: Number, said: TakeBack | None = None) -> TakenBack:
    """Take a file back: what only it said is left out, and the next run reads all others again."""
    said = said or TakeBack()
    done = take_back_file(
        desk_of(request).workshop, acting(request), connection_id, number, seen=said.seen, reason=said.reason
    )
    return TakenBack(
        name=done.name, left_out=done.left_out, elsewhere=done.elsewhere, goes_on=done.goes_on,
        in_books=done.in_books, already=done.already,
    )  # fmt: skip
