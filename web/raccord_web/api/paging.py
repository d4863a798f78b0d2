"""Lists in parts: every list has a limit, and a cursor that leads to its next part."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, HTTPException, Query
from pydantic import BaseModel

from raccord.overview.listing import MOST, USUAL, Listing

Row = TypeVar("Row")
OFFSET_MAX = 10**9


class Part(BaseModel, Generic[Row]):
    """A part of a list; ``next`` is the cursor of what follows, absent at the end."""

    rows: Sequence[Row]
    total: int
    next: str | None


@dataclass(frozen=True, slots=True)
class Window:
    """Which part is asked for."""

    limit: int
    offset: int


def window(
    limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL, cursor: Annotated[str, Query(max_length=64)] = ""
) -> Window:
    """Read limit and cursor; a cursor that is none of ours is refused."""
    return Window(limit, _opened(cursor) if cursor else 0)


Asked = Annotated[Window, Depends(window)]


def part(listing: Listing[Row]) -> Part[Row]:
    """Return a listing as programs read it."""
    following = listing.offset + len(listing.rows)
    return Part(rows=listing.rows, total=listing.total, next=_cursor(following) if listing.more else None)


def part_of(rows: Sequence[Row], asked: Window) -> Part[Row]:
    """Return the part asked for of a list that is at hand."""
    return part(Listing(rows[asked.offset : asked.offset + asked.limit], len(rows), asked.offset, asked.limit))


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"after:{offset}".encode()).decode().rstrip("=")


def _opened(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("ascii")
    except (UnicodeError, binascii.Error):
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None
    front, _, offset = text.partition(":")
    if front != "after" or not offset.isdigit() or int(offset) > OFFSET_MAX:
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    return int(offset)
