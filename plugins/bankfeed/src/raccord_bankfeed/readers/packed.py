"""Bank files as banks pack them: one compressed file (gzip), or an archive (ZIP) with one file in it.

They are known by their first bytes, whatever they are called, and unpacked in memory alone, within limits that no
statement comes near: what is kept stays the bytes that arrived.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Lock
from typing import BinaryIO

from raccord.plugin import SourceFile
from raccord_bankfeed.readers import faults
from raccord_bankfeed.readers.faults import Fault

UNPACKED_BYTES_MAX = 64 * 1024 * 1024
RATIO_MAX = 200
_RATIO_FREE_BYTES = 4 * 1024 * 1024
"""Small files may be very regular; the ratio counts beyond this size."""
_KEPT_BYTES_MAX = 16 * 1024 * 1024
"""The file unpacked last is kept for its next page, where it is no larger."""
_MEMBERS_MAX = 1_000
_CHUNK = 256 * 1024
_GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
_ENCRYPTED = 0x1
_HEAD_BYTES = 64 * 1024
_IN_WORKBOOKS = (b"[Content_Types].xml", b"xl/")
"""Names of files in a workbook, which is an archive too."""


class PackedError(Exception):
    """Raised for an archive that cannot be read; ``fault`` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


class _Kept:
    """What was unpacked last, by the digest of the file."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: tuple[str, bytes] = ("", b"")

    def of(self, source: SourceFile, stream: BinaryIO) -> bytes:
        with self._lock:
            sha256, content = self._last
        if sha256 == source.sha256:
            return content
        content = unpacked(stream)
        if len(content) <= _KEPT_BYTES_MAX:
            with self._lock:
                self._last = (source.sha256, content)
        return content


_kept = _Kept()
"""Process-wide, because core calls a hook for each page; it holds nothing but what the bytes of files say."""


@contextmanager
def opened(source: SourceFile) -> Iterator[BinaryIO]:
    """Open a file for reading: what is packed in it, or itself where it is none or cannot be unpacked."""
    with source.open() as stream:
        if not is_packed(stream):
            yield stream
            return
        try:
            content = _kept.of(source, stream)
        except PackedError:
            stream.seek(0)
            yield stream
            return
    yield BytesIO(content)


def is_packed(stream: BinaryIO) -> bool:
    """Tell whether a file is a compressed one, or an archive; it stands at its beginning then."""
    stream.seek(0)
    head = stream.read(len(ZIP))
    stream.seek(0)
    return head.startswith((_GZIP, ZIP))


def packed_fault(stream: BinaryIO) -> Fault | None:
    """Return why a packed file cannot be read; nothing where it can."""
    try:
        unpacked(stream)
    except PackedError as error:
        return error.fault
    return None


def unpacked(stream: BinaryIO) -> bytes:
    """Return what is packed in a file; raises ``PackedError`` for what is too large, damaged, or no single file."""
    stream.seek(0)
    try:
        content = _single(stream) if stream.read(len(ZIP)) == ZIP else _gunzipped(stream)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise PackedError(faults.packed_damaged(type(error).__name__)) from error
    if content.startswith((_GZIP, ZIP)):
        raise PackedError(faults.packed_twice())
    return content


def _single(stream: BinaryIO) -> bytes:
    stream.seek(0)
    head = stream.read(_HEAD_BYTES)
    if any(name in head for name in _IN_WORKBOOKS):
        raise PackedError(faults.workbook())
    with zipfile.ZipFile(stream) as archive:
        found = archive.infolist()
        hidden = ("__MACOSX/", ".")
        members = [each for each in found[:_MEMBERS_MAX] if not (each.is_dir() or each.filename.startswith(hidden))]
        if len(members) != 1 or len(found) > _MEMBERS_MAX:
            raise PackedError(faults.archive(len(members)))
        (member,) = members
        if member.flag_bits & _ENCRYPTED:
            raise PackedError(faults.packed_encrypted())
        try:
            with archive.open(member) as packed:
                return _read(packed.read, member.compress_size)
        except (NotImplementedError, RuntimeError) as error:
            raise PackedError(faults.packed_encrypted()) from error


def _gunzipped(stream: BinaryIO) -> bytes:
    size = stream.seek(0, 2)
    stream.seek(0)
    with gzip.GzipFile(fileobj=stream) as packed:
        return _read(packed.read, size)


def _read(read: Callable[[int], bytes], packed: int) -> bytes:
    """Read what so many bytes were packed into; the sizes that an archive declares are not believed."""
    limit = min(UNPACKED_BYTES_MAX, max(_RATIO_FREE_BYTES, packed * RATIO_MAX))
    content = bytearray()
    while chunk := read(_CHUNK):
        content += chunk
        if len(content) > limit:
            raise PackedError(faults.packed_too_large(limit))
    return bytes(content)
