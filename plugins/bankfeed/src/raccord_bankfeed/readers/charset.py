"""Which characters a text file's bytes are: mark, UTF-16 by its zeros, UTF-8 where valid, else what makes words."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from raccord_bankfeed.readers.guessed import SAMPLE_BYTES, guessed_charset

CHUNK_BYTES = 32 * 1024

_FIRST_CHARS = 2048
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FEW = 16
"""Of so many bytes of plain text in UTF-16, nearly every second one is zero."""


_BINARY = re.compile(r"[\x01-\x08\x0e-\x19\x1c-\x1f]")
"""What stands in no text; zeros do, where programs left them."""


def marked_charset(head: bytes) -> str:
    """Return the charset that a byte order mark, or the zeros of UTF-16 without one, tell; else nothing."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    start = head[:400].rstrip(b"\0")  # what a file is filled up with
    even, odd = start[::2], start[1::2]
    few, many = sorted((even.count(0), odd.count(0)))
    if len(start) >= _FEW and many > len(even) // 2 and 4 * few < len(even):
        return "utf-16-be" if even.count(0) > odd.count(0) else "utf-16-le"
    return ""


def ordered_charset(head: bytes) -> str:
    """Return the charset of two or four bytes a character with its byte order in its name; nothing for others."""
    marked = marked_charset(head)
    if marked.startswith("utf-16-"):
        return marked
    if marked in ("utf-16", "utf-32"):
        big = head.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE))
        return f"{marked}-{'be' if big else 'le'}"
    return ""


def text_charset(stream: BinaryIO) -> str:
    """Choose the charset of a whole text file; reads it once, in pieces, and leaves the stream anywhere."""
    stream.seek(0)
    chunk = stream.read(CHUNK_BYTES)
    marked = marked_charset(chunk)
    if marked:
        return marked
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk:
            decoder.decode(chunk)
            chunk = stream.read(CHUNK_BYTES)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        if is_mostly_utf_8(stream):
            return "utf-8"
        stream.seek(0)
        return guessed_charset(stream.read(SAMPLE_BYTES))
    return "utf-8"


def is_mostly_utf_8(stream: BinaryIO) -> bool:
    """Tell whether two of three characters beside ASCII are UTF-8: banks cut texts in the middle of one."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    whole = broken = 0
    while chunk := stream.read(CHUNK_BYTES):
        text = decoder.decode(chunk)
        here = text.count("\ufffd")
        broken += here
        whole += len(text) - len(text.encode("ascii", "ignore")) - here
    return whole > 2 * broken


def head_text(head: bytes) -> str:
    """Return a file's first bytes as text, for telling what it is."""
    charset = marked_charset(head)
    text = head.decode(charset or "utf-8", "replace" if charset else "surrogateescape").lstrip("\ufeff")
    return text if "\0" not in text or _BINARY.search(text) is not None else text.replace("\0", "")


def first_lines(head: str) -> str:
    """Return the first few lines of a file's beginning, in which most files say what they are; they end with a line."""
    return head[: head.rfind("\n", 0, _FIRST_CHARS) + 1]
