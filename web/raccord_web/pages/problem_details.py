"""What went wrong, as programs read it: problem details (RFC 9457) with our codes, in both languages."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse

from raccord.plugin.texts import Language

API = "/api/"
MEDIA_TYPE = "application/problem+json"


class Said(BaseModel):
    """A failure in one language: what happened, why, and what to do."""

    title: str
    detail: str
    fix: str


class Problem(BaseModel):
    """A failure: ``code`` is stable and stands in the list of error codes."""

    type: str
    code: str
    status: int
    title: str
    detail: str
    fix: str
    reference: str
    """By which whoever runs the installation finds it in the log; often empty."""
    texts: dict[str, Said]
    """The same in French (``fr``) and English (``en``)."""


def is_api(request: Request) -> bool:
    """Tell whether a program asks."""
    return request.url.path.startswith(API)


def problem(
    status: int, code: str, language: Language, said_in: Callable[[Language], tuple[str, str, str]], reference: str = ""
) -> JSONResponse:
    """Return the answer of a failure; ``said_in`` gives its three sentences in a language."""
    texts = {spoken: _said(said_in(spoken)) for spoken in _LANGUAGES}
    told = Problem(
        type=f"urn:raccord:error:{code}",
        code=code,
        status=status,
        reference=reference,
        texts=texts,
        **texts[language].model_dump(),
    )
    headers = {"Content-Language": language}
    return JSONResponse(told.model_dump(mode="json"), status, headers, media_type=MEDIA_TYPE)


_LANGUAGES: tuple[Language, ...] = ("fr", "en")


def _said(sentences: tuple[str, str, str]) -> Said:
    title, detail, fix = sentences
    return Said(title=title, detail=detail, fix=fix)
