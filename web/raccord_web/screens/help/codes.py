"""Help on each code: what happened, what to do, who can do it, and where it stands open now."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from raccord.overview.waiting import open_of_code
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import within_of
from raccord_web.pages.code_tables import code_in, codes_with, parts
from raccord_web.pages.failures import explained
from raccord_web.pages.rendering import language_of, said, show

router = APIRouter()
_NAMED = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+){1,3}")


@router.get("/help/errors")
def errors(
    request: Request,
    q: Annotated[str, Query(max_length=100)] = "",
    part: Annotated[int, Query(ge=0, le=1000)] = 0,
) -> Response:
    """List the codes of one part, or those that hold the words of ``q``; without either, the parts."""
    language, wanted = language_of(request), q.strip()
    chapter = parts(language)
    chosen = chapter[part - 1] if 0 < part <= len(chapter) and not wanted else None
    codes = codes_with(wanted, language) if wanted else chosen.codes if chosen else ()
    with desk_of(request).workshop.database.read() as session:
        return show(request, "help/errors.html", session, q=wanted, parts=chapter, chosen=chosen, codes=codes)


@router.get("/help/errors/{code}")
def error(request: Request, code: str) -> Response:
    """Say of one code what happened and what to do, and how often it stands open in what the visitor may see."""
    language, admitted = language_of(request), desk_of(request).workshop.scopes.catalog.admitted
    plugin, found = admitted.get(code.partition(".")[0]), code_in(code, language)
    if found is None and (plugin is None or not _NAMED.fullmatch(code)):
        return explained(request, HTTPStatus.NOT_FOUND)
    # A stranger's connector has codes that no chapter knows; its sentences stand with each record.
    number, told = found or (0, said(code, {}, language))
    with desk_of(request).workshop.database.read() as session:
        problems, holds = open_of_code(session, code, within_of(request))
        return show(
            request,
            "help/error.html",
            session,
            code=told,
            place=number,
            part=parts(language)[number - 1].title if number else "",
            connector=None if plugin is None else plugin.info,
            problems=problems,
            holds=holds,
        )
