"""What people send: the fields of a form, taken only from a page of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, BinaryIO

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request

from raccord_web.desk import desk_of
from raccord_web.failures import FormRefusedError
from raccord_web.rendering import form_is_ours
from raccord_web.visitors import NAMED, OBJECTS, admit, visitor_or_none

FIELDS_MAX = 50
FILES_MAX = 40
VALUE_MAX = 20_000
AS_TYPED = frozenset({"password", "current", "new"})
"""Fields in which a blank at either end means something."""
TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field


async def posted(request: Request) -> Mapping[str, str]:
    """Return a form's fields; raises ``FormRefusedError`` unless its token is the one of this browser."""
    async with request.form(max_fields=FIELDS_MAX, max_files=0) as form:
        fields = {
            name: value[:VALUE_MAX] if name in AS_TYPED else value[:VALUE_MAX].strip()
            for name, value in form.items()
            if isinstance(value, str)
        }
    if not form_is_ours(request, fields.pop(TOKEN_FIELD, "")):
        raise FormRefusedError
    await run_in_threadpool(_admit_named, request, fields)
    return fields


async def posted_files(request: Request) -> AsyncIterator[Sequence[tuple[str, BinaryIO]]]:
    """Yield a form's files with their names, for as long as the request lasts; its token is checked like any other."""
    async with request.form(max_fields=FIELDS_MAX, max_files=FILES_MAX) as form:
        if not form_is_ours(request, str(form.get(TOKEN_FIELD, ""))):
            raise FormRefusedError
        yield [
            (each.filename, each.file)
            for each in form.getlist("files")
            if isinstance(each, UploadFile) and each.filename
        ]


def _admit_named(request: Request, fields: Mapping[str, str]) -> None:
    """Refuse rows of companies that the visitor does not belong to, which a form may name beside its path."""
    visitor = visitor_or_none(request)
    named = {} if visitor is None else {NAMED[name]: fields[name] for name in NAMED if fields.get(name)}
    if visitor is None or not named:
        return
    with desk_of(request).workshop.database.read() as session:
        for name, value in named.items():
            actor = admit(session, visitor, name, value)
            if not set(request.path_params) & set(OBJECTS):
                request.state.actor = actor


Files = Annotated[Sequence[tuple[str, BinaryIO]], Depends(posted_files)]
"""What every deed that takes files asks for; their number and size are bounded."""
Fields = Annotated[Mapping[str, str], Depends(posted)]
