"""What people send: the fields of a form, taken only from a page of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, BinaryIO, cast

from fastapi import Depends, HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from raccord.store.sealed_spool import SealedSpool
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import NAMED, let_to, visitor_or_none
from raccord_web.pages.failures import FormRefusedError
from raccord_web.pages.rendering import form_is_ours

FIELDS_MAX = 200
"""As many as a provider's accounts may have boxes."""
CARDS_FIELDS_MAX = 2000
"""As many as 50 files with 40 columns have; a body of 64 KB bounds them too."""
FILES_MAX = 40
VALUE_MAX = 20_000
"""Characters of a field, each end of a line counted as one, as the settings count it."""
AS_TYPED = frozenset({"password", "current", "new"})
"""Fields in which a blank at either end means something."""
TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field


async def posted(request: Request) -> Mapping[str, str]:
    """Return a form's fields; raises ``FormRefusedError`` unless its token is the one of this browser."""
    return await _posted(request, FIELDS_MAX)


async def posted_cards(request: Request) -> Mapping[str, str]:
    """Return the fields of a form that asks about many files at once."""
    return await _posted(request, CARDS_FIELDS_MAX)


async def _posted(request: Request, most: int) -> Mapping[str, str]:
    async with request.form(max_fields=most, max_files=0) as form:
        fields = {
            name: value if name in AS_TYPED else value.replace("\r\n", "\n").strip()
            for name, value in form.items()
            if isinstance(value, str)
        }
    if not form_is_ours(request, fields.pop(TOKEN_FIELD, "")):
        raise FormRefusedError
    if any(len(each) > VALUE_MAX for each in fields.values()):
        # Cut, the rest would be lost with nobody told.
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if any("\x00" in each for each in fields.values()):
        # Nobody types it, and PostgreSQL cannot keep it.
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    await run_in_threadpool(_admit_named, request, fields)
    return fields


async def posted_files(request: Request) -> AsyncIterator[Sequence[tuple[str, BinaryIO]]]:
    """Yield a form's files with their names, for as long as the request lasts; its token is checked like any other."""
    form = await _sealed_form(request)
    try:
        if not form_is_ours(request, str(form.get(TOKEN_FIELD, ""))):
            raise FormRefusedError
        yield [
            (each.filename, each.file)
            for each in form.getlist("files")
            if isinstance(each, UploadFile) and each.filename
        ]
    finally:
        await form.close()


async def _sealed_form(request: Request) -> FormData:
    """Return a form whose files lie sealed while they are on their way; without files it is like any other."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await request.form(max_fields=FIELDS_MAX, max_files=0)
    parser = _SealingParser(request.headers, request.stream(), max_fields=FIELDS_MAX, max_files=FILES_MAX)
    try:
        return await parser.parse()
    except MultiPartException as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, error.message) from error


class _SealingParser(MultiPartParser):
    """Starlette's own parser, but for where the files go: its spool would lie on the disk in clear."""

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        file = self._current_part.file
        if file is not None:
            file.file.close()
            file.file = cast("BinaryIO", SealedSpool())
            # Closed where the parser closes its own, when what was sent turns out not to be a form.
            self._files_to_close_on_error[-1] = cast("Any", file.file)


def _admit_named(request: Request, fields: Mapping[str, str]) -> None:
    """Refuse rows of companies that the visitor does not belong to, which a form may name beside its path."""
    named = {NAMED[name]: fields[name] for name in NAMED if fields.get(name)}
    if visitor_or_none(request) is None or not named:
        return
    with desk_of(request).workshop.database.read() as session:
        for name, value in named.items():
            let_to(request, session, name, value)


Files = Annotated[Sequence[tuple[str, BinaryIO]], Depends(posted_files)]
"""What every deed that takes files asks for; their number and size are bounded."""
Fields = Annotated[Mapping[str, str], Depends(posted)]
CardFields = Annotated[Mapping[str, str], Depends(posted_cards)]
