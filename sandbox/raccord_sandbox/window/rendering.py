"""Pages: their templates, their language, and the headers that keep scripts out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, Response

from raccord_sandbox.window.texts import TEXTS

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action *; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_environment = Environment(
    loader=PackageLoader("raccord_sandbox"), autoescape=select_autoescape(default=True), undefined=StrictUndefined
)


def language_of(request: Request) -> str:
    """Return fr or en: the address decides, then the browser."""
    asked = request.query_params.get("lang", "")
    if asked in TEXTS:
        return asked
    for part in request.headers.get("accept-language", "").split(","):
        code = part.partition(";")[0].strip()[:2].lower()
        if code in TEXTS:
            return code
    return "en"


def money(amount: Decimal, language: str) -> str:
    """Return an amount with two decimals in the language's manner."""
    # Zero may be negative in decimal arithmetic; to people it is not.
    text = f"{amount + 0:,.2f}"
    return text.replace(",", "\u202f").replace(".", ",") if language == "fr" else text


def render(name: str, request: Request, **values: Any) -> str:
    """Return a page; `company` and `place` say where in the navigation it stands."""
    language = language_of(request)

    def link(path: str, **more: object) -> str:
        return f"{path}?{urlencode({'lang': language, **more})}"

    def other() -> str:
        kept = {key: value for key, value in request.query_params.items() if key != "lang"}
        return f"{request.url.path}?{urlencode({**kept, 'lang': 'en' if language == 'fr' else 'fr'})}"

    known: Mapping[str, Any] = {"title": "", "company": None, "place": "", **values}
    return _environment.get_template(name).render(
        t=TEXTS[language],
        language=language,
        money=lambda amount: money(amount, language),
        link=link,
        other_language=other if request.method == "GET" else None,
        **known,
    )


def page(name: str, request: Request, status: int = 200, **values: Any) -> Response:
    """Return a page as an answer."""
    return HTMLResponse(render(name, request, **values), status, HEADERS)


def absent(request: Request) -> Response:
    """Return the page for what does not exist."""
    return page("absent.html", request, 404)
