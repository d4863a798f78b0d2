"""Lines of a file in bounded memory, and the encoding they are in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from raccord_chase.problems import Problem, problem

LINE_BYTES_MAX = 64 * 1024
_SNIFF_BYTES = 4096
_SKIP_BYTES = 1024 * 1024
_UTF8_MARK = b"\xef\xbb\xbf"
_OTHER_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_PGP = (b"-----BEGIN PGP", b"\x85\x01", b"\x85\x02", b"\xc1\xc0", b"\xc1\xc1")


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; ``data`` is ``None`` where it is too long. ``stop`` is where the next begins."""

    number: int
    start: int
    stop: int
    data: bytes | None


def read_lines(stream: BinaryIO, *, offset: int = 0, number: int = 1) -> Iterator[Line]:
    """Yield the lines from byte ``offset`` on, counting from ``number``; blank lines are counted, not yielded."""
    stream.seek(offset)
    while data := stream.readline(LINE_BYTES_MAX + 1):
        start, whole = offset, True
        offset += len(data)
        if len(data) > LINE_BYTES_MAX and not data.endswith(b"\n"):
            whole = False
            while rest := stream.readline(_SKIP_BYTES):
                offset += len(rest)
                if rest.endswith(b"\n"):
                    break
        if not whole:
            yield Line(number, start, offset, None)
        elif text := (data.removeprefix(_UTF8_MARK) if start == 0 else data).strip(b"\r\n\x1a"):
            yield Line(number, start, offset, text)
        number += 1


def decode(data: bytes) -> str:
    """Return the text of a line: UTF-8 where it is, else Windows-1252 (Latin-1's letters), which never fails here."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def unreadable(stream: BinaryIO) -> Problem | None:
    """Tell from the first bytes why the file cannot be text, or return nothing."""
    stream.seek(0)
    head = stream.read(_SNIFF_BYTES)
    if not head.strip(b" \t\r\n" + _UTF8_MARK):
        return problem("empty_file")
    for mark, name in _OTHER_MARKS.items():
        if head.startswith(mark):
            return problem("encoding", encoding=name)
    if head.startswith(_PGP):
        return problem("binary_file")
    zeros = head.count(0)
    if zeros * 3 > len(head) and (not any(head[::2]) or not any(head[1::2])):
        return problem("encoding", encoding="UTF-16")
    return problem("binary_file") if zeros else None


def first_text(stream: BinaryIO) -> bytes:
    """Return the first bytes that are not blank, for telling formats apart."""
    stream.seek(0)
    return stream.read(_SNIFF_BYTES).removeprefix(_UTF8_MARK).lstrip(b" \t\r\n")
