"""Files that banks compress: read as what is in them, within limits, and refused with what to do."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from raccord_bankfeed.readers import packed
from raccord_bankfeed.twins.bank import Feed, MadeAccount, MadeLine, statement_file

LINES = [MadeLine(day=date(2026, 3, 2), amount=Decimal(f"-{number}.25"), name="SHOP") for number in range(1, 1_500)]
PLAIN = statement_file(MadeAccount(), LINES)


def zipped(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return content.getvalue()


def encrypted() -> bytes:
    """Say of a member that it is encrypted, in its own head and in the directory."""
    body = bytearray(zipped(statement=PLAIN))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(mark) + flags] |= 1
    return bytes(body)


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(PLAIN),
        gzip.compress(PLAIN[:70_000]) + gzip.compress(PLAIN[70_000:]),
        zipped(statement=PLAIN),
        zipped(**{"__MACOSX/._statement.ofx": b"x", ".DS_Store": b"x", "in/statement.ofx": PLAIN}),
    ],
    ids=["gzip", "gzip in two", "zip", "zip of a Mac"],
)
@pytest.mark.requirement("BF-09", "BF-22")
def test_a_packed_file_is_read_as_what_is_in_it_and_is_known_by_it(
    feed: Feed, new_feed: Callable[[], Feed], content: bytes
) -> None:
    plain = new_feed().put(PLAIN).read()
    reading = feed.put(content).read()
    assert reading.ids() == plain.ids()
    assert reading.pages == 2
    assert feed.put(PLAIN).read(cursor=reading.cursor).ids() == plain.ids(), "the same lines, told again"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (gzip.compress(PLAIN)[:-9], "bankfeed.packed_damaged"),
        (b"\x1f\x8b\x08\x00 nothing", "bankfeed.packed_damaged"),
        (zipped(statement=PLAIN)[:-40], "bankfeed.packed_damaged"),
        (gzip.compress(zipped(statement=PLAIN)), "bankfeed.packed_twice"),
        (zipped(one=PLAIN, two=PLAIN), "bankfeed.archive"),
        (encrypted(), "bankfeed.packed_encrypted"),
        (gzip.compress(b"0" * (5 << 20)), "bankfeed.packed_too_large"),
        (zipped(bomb=b"0" * (5 << 20)), "bankfeed.packed_too_large"),
    ],
    ids=["cut gzip", "no gzip", "cut zip", "twice", "two files", "encrypted", "gzip bomb", "zip bomb"],
)
@pytest.mark.requirement("BF-22")
def test_what_cannot_be_unpacked_is_refused_with_what_to_do_and_the_next_file_is_read(
    feed: Feed, content: bytes, code: str
) -> None:
    reading = feed.put(content, statement_file(MadeAccount(), LINES[:2])).read()
    assert reading.codes() == [code]
    assert len(reading.records) == 2


def test_no_file_is_unpacked_beyond_the_limit(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "UNPACKED_BYTES_MAX", 100_000)
    assert feed.put(gzip.compress(PLAIN)).read().codes() == ["bankfeed.packed_too_large"]
    assert len(PLAIN) > 100_000
