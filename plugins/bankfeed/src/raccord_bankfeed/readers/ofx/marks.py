"""Which mark stands before the cents in an OFX file, where an amount such as ``1,230`` leaves it open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from raccord_bankfeed.readers.amounts import Mark, MarkEvidence

_CHUNK_BYTES = 256 * 1024
_TAG_CHARS_MAX = 80
_THREE = re.compile(rb",[0-9]{3}(?![0-9.,])")
_BEFORE = re.compile(rb"AMT>\s*(?:<!\[CDATA\[)?[^<.,]*\Z", re.IGNORECASE)
_AMOUNT = re.compile(rb"<(?:[a-z0-9._-]+:)?(?:TRN|BAL)AMT>\s*(?:<!\[CDATA\[)?([^<\]]{1,60})", re.IGNORECASE)


def mark_of(stream: BinaryIO) -> Mark | None:
    """Return the mark that a file's amounts tell of, nothing where none has to be told or none tells."""
    if not any(_is_open(piece) for piece in _pieces(stream)):
        return None
    found = MarkEvidence()
    for piece in _pieces(stream):
        for text in _AMOUNT.findall(piece):
            found.add(text.decode("ascii", "replace").strip())
    marks = found.marks()
    return marks[0] if len(marks) == 1 else None


def _is_open(piece: bytes) -> bool:
    # Most files hold no comma at all, which is found out many times faster.
    return b"," in piece and any(
        _BEFORE.search(piece, max(0, each.start() - _TAG_CHARS_MAX), each.start()) for each in _THREE.finditer(piece)
    )


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    """Yield a file in pieces that each end where a tag begins."""
    stream.seek(0)
    left = b""
    while chunk := stream.read(_CHUNK_BYTES):
        ends = chunk.rfind(b"<")
        yield left + chunk[: max(ends, 0)]
        left = chunk[ends:] if ends >= 0 else left[-_TAG_CHARS_MAX:] + chunk[-_TAG_CHARS_MAX:]
    yield left
