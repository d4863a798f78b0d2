"""Pages that say what went wrong, why, and what to do; an unforeseen mistake gets a reference to find it by."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import TracebackType
from urllib.parse import urlencode

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import NoResultFound
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access.people import NotAllowedError
from raccord.onboarding.access.repeats import KeyReusedError
from raccord.overview.ways import on_page
from raccord.plugin.texts import Language
from raccord.quickbooks import QuickBooksError
from raccord_web.front.visitors import NotSetUpError, NotSignedInError
from raccord_web.pages.addresses import page_above
from raccord_web.pages.problem_details import is_api, problem
from raccord_web.pages.rendering import language_of, said, show
from raccord_web.words.wording import typeset, wording

log = logging.getLogger(__name__)

EXPLAINED = {
    400: "bad_request",
    403: "form_refused",
    404: "not_found",
    405: "not_found",
    413: "too_large",
    421: "wrong_host",
    429: "too_many",
}


class FormRefusedError(Exception):
    """Raised when a form did not come from a page of ours in this browser, or the page is too old."""


def not_found(request: Request, error: Exception) -> Response:
    """Answer for a row that does not exist."""
    return explained(request, 404)


def plain(request: Request, error: Exception) -> Response:
    """Answer for what the framework refuses (unknown address, wrong method, values of the wrong form)."""
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.BAD_REQUEST
    if 300 <= status < 400 and isinstance(error, HTTPException):
        return Response(status_code=status, headers=error.headers)
    if status == HTTPStatus.METHOD_NOT_ALLOWED and request.method in ("GET", "HEAD") and not is_api(request):
        above = page_above(request)
        # Whoever reloads or keeps the address of a deed, which is no page, is led to the page that it is of. What
        # machines alone call is of none.
        if above != "/":
            return RedirectResponse(above, HTTPStatus.SEE_OTHER)
    return explained(request, status, headers=error.headers if isinstance(error, HTTPException) else None)


def form_refused(request: Request, error: Exception) -> Response:
    return explained(request, 403)


def refused(request: Request, error: Exception) -> Response:
    """Answer for core's own refusals, which bring their sentences."""
    if not isinstance(error, RaccordError):
        raise error
    status = 403 if isinstance(error, NotAllowedError) else 422 if isinstance(error, KeyReusedError) else 409

    def said_in(spoken: Language) -> tuple[str, str, str]:
        # Programs are told the command, people the page.
        fix = error.fix.get(spoken)
        return error.text.get(spoken), "", fix if is_api(request) else on_page(fix, spoken)

    return _told(request, status, error.code, said_in)


def quickbooks_refused(request: Request, error: Exception) -> Response:
    """Answer for what QuickBooks refused or could not answer while a page waited for it."""
    if not isinstance(error, QuickBooksError):
        raise error
    log.warning("QuickBooks refused a page: %s tid=%s", error.cause, error.tid)

    def said_in(spoken: Language) -> tuple[str, str, str]:
        found = said(str(error.cause), {}, spoken)
        return found.what, "", found.fix

    return _told(request, 502, said(str(error.cause), {}, "en").code, said_in, error.tid)


def explained(
    request: Request, status: int, reference: str = "", *, name: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """Return the page of a status that the pages' words explain, by ``name`` where a status stands for several."""
    name = name or EXPLAINED.get(status, "unexpected" if status >= 500 else "bad_request")

    def said_in(spoken: Language) -> tuple[str, str, str]:
        words = wording(spoken)
        return words(f"failures.{name}.what"), words(f"failures.{name}.why"), words(f"failures.{name}.fix")

    answer = _told(request, status, f"web.{name}", said_in, reference)
    answer.headers.update(headers or {})
    return answer


def _told(
    request: Request, status: int, code: str, said_in: Callable[[Language], tuple[str, str, str]], reference: str = ""
) -> Response:
    """Say a failure as whoever asked reads it: a page for people, problem details (RFC 9457) for programs."""
    language = language_of(request)
    if is_api(request):
        return problem(status, code, language, said_in, reference)
    what, why, fix = (typeset(text, language) for text in said_in(language))
    return show(request, "failure.html", status=status, code=code, what=what, why=why, fix=fix, reference=reference)


class Unforeseen:
    """Guard of the pages' edge: a mistake in our code becomes a page with a reference, and a line in the log.

    The log gets the error's kind and the places it came through; its text may hold what a log must not.
    """

    def __init__(self) -> None:
        self.reference = ""

    def __enter__(self) -> Unforeseen:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> bool:
        if not isinstance(error, Exception):
            return False
        self.reference = secrets.token_hex(4).upper()
        frames = "".join(traceback.format_tb(tb))
        log.error("Reference %s: %s\n%s", self.reference, type(error).__name__, frames)
        return True


def not_signed_in(request: Request, error: Exception) -> Response:
    """Show the way in, and back from there to what was asked for."""
    then = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    wanted = f"?{urlencode({'next': then})}" if request.method in ("GET", "HEAD") and then != "/" else ""
    return RedirectResponse(f"/signin{wanted}", 303)


def not_set_up(request: Request, error: Exception) -> Response:
    return RedirectResponse("/setup", 303)


HANDLERS = {
    NotSignedInError: not_signed_in,
    NotSetUpError: not_set_up,
    RaccordError: refused,
    QuickBooksError: quickbooks_refused,
    NoResultFound: not_found,
    FormRefusedError: form_refused,
    RequestValidationError: plain,
    HTTPException: plain,
}
"""Which errors have a page of their own; every other one ends at the guard."""
