"""Where a page leads that was asked for a part past the end of its list."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from starlette.requests import Request

from raccord.overview.listing import Listing


def last_part(request: Request, values: Iterable[object]) -> str:
    """Return the address of the last part of a page's list where what was asked for lies past it, else nothing.

    Lines are answered and searches narrowed while an address is kept; a page of nothing would say that there is
    nothing.
    """
    lists = [each for each in values if isinstance(each, Listing) and each.offset and each.total]
    if request.method != "GET" or not lists or any(each.rows for each in lists):
        return ""
    found = lists[0]
    offset = (found.total - 1) // found.limit * found.limit
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "offset"]
    return f"{request.url.path}?{urlencode([*kept, *([('offset', str(offset))] if offset else [])])}".rstrip("?")
