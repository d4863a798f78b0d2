"""Where a page may send people: to pages of ours only."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.routing import Match

LONGEST = 500


def own_address(text: str) -> str:
    """Return an address of ours as it was given, or home for everything that might lead elsewhere."""
    plain = text.isprintable() and len(text) <= LONGEST and "\\" not in text
    if not plain or not text.startswith("/") or text.startswith("//"):
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else text


def page_of(request: Request) -> str:
    """Return the address under which the page that answers a request can be asked for, with its query.

    A form that is refused answers under the address of its deed, where nothing can be asked for: its page is the one
    it was sent from, where the browser says so, else the nearest above the deed.
    """
    if request.method in ("GET", "HEAD"):
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    sent_from = _sent_from(request)
    path, _, _ = sent_from.partition("?")
    return sent_from if path and _is_page(request, path) else page_above(request)


def page_above(request: Request) -> str:
    """Return the path of the nearest page at or above a request's own path; home where there is none."""
    path = request.url.path
    while path.strip("/") and not _is_page(request, path):
        path = path.rpartition("/")[0]
    return path or "/"


def _sent_from(request: Request) -> str:
    """Return which page of ours a form says it was sent from, empty where it says none."""
    try:
        parts = urlsplit(request.headers.get("referer", "")[:LONGEST])
    except ValueError:
        return ""
    if parts.netloc != request.headers.get("host", ""):
        return ""
    return own_address(parts.path + (f"?{parts.query}" if parts.query else ""))


def _is_page(request: Request, path: str) -> bool:
    asked = {**request.scope, "path": path, "method": "GET"}
    return any(each.matches(asked)[0] == Match.FULL for each in request.app.routes)
