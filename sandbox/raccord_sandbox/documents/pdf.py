"""Writes small PDF files: text in Helvetica on letter-size pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT = 612, 792
NARROW = frozenset(" .,:;'!|ijl")
"""Characters half as wide as a digit; the rest of an amount is as wide as one."""


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of text at a place, in points from the lower left corner; `right` ends it there instead."""

    x: int
    y: int
    text: str
    size: int = 10
    bold: bool = False
    right: bool = False


def pdf(pages: Sequence[Sequence[Words]], title: str, created: datetime) -> bytes:
    """Return a PDF 1.4 file with these pages."""
    count = len(pages)
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {count} /Kids [{kids}] >>".encode(),
        _font("Helvetica"),
        _font("Helvetica-Bold"),
    ]
    for number, words in enumerate(pages):
        stream = b"\n".join(_drawn(one) for one in words)
        page = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents {6 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>"
        )
        objects += [page.encode(), b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream)]
    date = created.strftime("D:%Y%m%d%H%M%SZ").encode()
    objects.append(b"<< /Title (%b) /Producer (Raccord sandbox) /CreationDate (%b) >>" % (_escaped(title), date))
    return _file(objects)


def _file(objects: Sequence[bytes]) -> bytes:
    body = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    size = len(objects) + 1
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        size - 1,
        len(body),
    )
    return b"%bxref\n0 %d\n0000000000 65535 f \n%b%b" % (body, size, table, trailer)


def _font(name: str) -> bytes:
    return f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()


def _drawn(words: Words) -> bytes:
    x = words.x - _amount_width(words.text) * words.size // 1000 if words.right else words.x
    font = 2 if words.bold else 1
    return b"BT /F%d %d Tf %d %d Td (%b) Tj ET" % (font, words.size, x, words.y, _escaped(words.text))


def _amount_width(text: str) -> int:
    """Return the width of an amount in thousandths of its size; other text comes out near enough."""
    return sum(278 if mark in NARROW else 556 for mark in text)


def _escaped(text: str) -> bytes:
    """Return text as the content of a PDF string; characters that the encoding lacks become question marks."""
    raw = text.replace("\u202f", "\u00a0").encode("cp1252", "replace")
    return (
        raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)").replace(b"\r", b"").replace(b"\n", b" ")
    )
