"""OFX as a flow of tags and transaction rows, cut from bytes piece by piece: SGML, XML, and what lies between.

Safe by construction: document types and entities are never declared, let alone expanded; comments and processing
instructions are skipped without being kept; a tag, a text or a row has a greatest length; memory is one window.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import BinaryIO, NamedTuple

from raccord_bankfeed.readers.texts import unescape

CHUNK_BYTES = 256 * 1024
AHEAD_BYTES = 64 * 1024
"""The window always holds at least this much of what follows, so a token is judged the same wherever reading began."""
TOKEN_BYTES_MAX = 48 * 1024
"""The longest row or text."""
ROWS_BYTES_MAX = 48 * 1024
"""The most that is handed over as transactions one after another, unlooked at."""
ROW_END = b"</STMTTRN>"

_MARK = re.compile(rb"<(?=[A-Za-z/!?])")
_TAG = re.compile(rb"<(/?)([A-Za-z][A-Za-z0-9._:\-]{0,99})(?:\s[^<>]{0,2000})?(/?)>")
_NEXT_ROW = re.compile(rb"\s*<STMTTRN>")
_ROW_EDGE = re.compile(
    rb"<!--|<!\[CDATA\[|<(/?)(?:[A-Za-z0-9._\-]+:)?"
    rb"((?:LOAN)?STMTTRN|STMTTRNP|BANKTRANLISTP?|(?:CC|LOAN)?STMTRS|(?:CC|LOAN)?STMTTRNRS|LEDGERBAL|AVAILBAL|INVBANKTRAN"
    rb"|INVTRANLIST|INVSTMTRS|LOANTRANLIST|OFX)"
    rb"(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)
LOAN_ROW = "LOANSTMTTRN"
_ROWS = frozenset({"STMTTRN", "STMTTRNP", LOAN_ROW})


class Mark(Enum):
    OPEN = "open"
    CLOSE = "close"
    ROW = "row"
    """A whole transaction; ``body`` is what stands between its tags."""
    ROWS = "rows"
    """What seem to be transactions one after another; ``body`` runs up to the last one's closing tag."""
    CUT = "cut"
    """A transaction that the end of the file cuts off."""
    LONG_ROW = "long_row"
    LONG_TEXT = "long_text"


class Token(NamedTuple):
    mark: Mark
    name: str
    text: str
    """For an opened tag: what follows it up to the next tag, references replaced, trimmed."""
    body: bytes
    offset: int


class Markup:
    """Cuts tokens from a stream, from ``offset`` on; ``position`` and ``line`` tell where the next one begins."""

    def __init__(self, stream: BinaryIO, charset: str, offset: int = 0, line: int = 1) -> None:
        self.charset = charset
        self.together = False
        """Whether the transactions that follow may be handed over together."""
        self._stream = stream
        self._data = b""
        self._at = 0
        self._base = offset
        self._ended = False
        self._line = line
        self._line_at = 0
        self._searched = 0
        """No row's closing tag begins between the row at hand and here."""
        stream.seek(offset)

    @property
    def position(self) -> int:
        return self._base + self._at

    def line_of(self, offset: int) -> int:
        """Return the number of the line that ``offset`` stands in; ask for offsets in the file's order."""
        at = max(offset - self._base, self._line_at)
        self._line += self._data.count(b"\n", self._line_at, at)
        self._line_at = at
        return self._line

    def tokens(self) -> Iterator[Token]:
        """Yield every tag and every transaction; at each yield ``position`` is where the following token begins."""
        while self._ensure():
            mark = _MARK.search(self._data, self._at)
            if mark is None:
                self._at = len(self._data) if self._ended else max(self._at, len(self._data) - 1)
                continue
            self._at = mark.start()
            if not self._ensure():
                return
            if self._data[self._at + 1] in b"!?":
                self._skip_declaration()
                continue
            tag = _TAG.match(self._data, self._at)
            if tag is None:
                self._at += 1
                continue
            name = tag[2].decode("ascii").rpartition(":")[2].upper()
            start = self.position
            if tag[1]:
                self._at = tag.end()
                yield Token(Mark.CLOSE, name, "", b"", start)
            elif name in _ROWS:
                yield from self._rows(name, tag.end())
            else:
                self._at = tag.end()
                text, whole = ("", True) if tag[3] else self._text()
                yield Token(Mark.OPEN, name, text, b"", start)
                if not whole:
                    yield Token(Mark.LONG_TEXT, name, "", b"", start)

    def _ensure(self) -> bool:
        """Hold at least ``AHEAD_BYTES`` bytes ahead, or all that is left; false at the end."""
        while len(self._data) - self._at < AHEAD_BYTES and not self._ended:
            chunk = self._stream.read(CHUNK_BYTES)
            self._ended = not chunk
            self.line_of(self._base + self._at)
            self._data = self._data[self._at :] + chunk
            self._base += self._at
            self._line_at -= self._at
            self._at = 0
        return self._at < len(self._data)

    def _skip_declaration(self) -> None:
        for start, end in ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>"), (b"<!", b">")):
            if self._data.startswith(start, self._at):
                self._at += len(start)
                self._skip_past(end)
                return

    def _skip_past(self, end: bytes) -> None:
        while self._ensure():
            found = self._data.find(end, self._at)
            if found >= 0:
                self._at = found + len(end)
                return
            self._at = len(self._data) if self._ended else len(self._data) - len(end) + 1

    def _text(self) -> tuple[str, bool]:
        """Take the text up to the next tag, with CDATA and without comments; false where it is longer than allowed."""
        parts: list[str] = []
        size = 0
        while self._ensure():
            mark = _MARK.search(self._data, self._at)
            end = mark.start() if mark else len(self._data)
            size += end - self._at
            if size > TOKEN_BYTES_MAX:
                self._at = end if mark else max(self._at, end - 1)
                return "", False
            parts.append(unescape(self._data[self._at : end].decode(self.charset, "replace")))
            self._at = end
            if not self._ensure() or self._data[self._at + 1] not in b"!?":
                break
            if self._data.startswith(b"<![CDATA[", self._at):
                start = self._at + 9
                stop = self._data.find(b"]]>", start, start + TOKEN_BYTES_MAX - size)
                if stop < 0:
                    self._skip_declaration()
                    return "", False
                size += stop - start
                parts.append(self._data[start:stop].decode(self.charset, "replace"))
                self._at = stop + 3
            else:
                self._skip_declaration()
        return "".join(parts).strip(), True

    def back_to(self, offset: int) -> None:
        """Go on at ``offset``, which stands in the ``ROWS`` yielded last: what begins there is no plain row."""
        self._at = offset - self._base
        self.together = False

    def _rows(self, name: str, start: int) -> Iterator[Token]:
        """Yield the transaction whose body begins at ``start`` in the window, and those that seem to follow it."""
        if (rows := self._plain_rows()) is not None:
            yield rows
            return
        offset = self._base + self._at
        end = self._row_end(start)
        body = self._data[start:end] if end >= 0 else b""
        if end < 0 or b"<STMTTRN" in body or b"<!" in body:
            token = self._odd_row(name, start, offset)
        else:
            self._at = end + len(ROW_END)
            token = Token(Mark.ROW, name, "", body, offset)
        yield token
        if (rows := self._plain_rows()) is not None:
            yield rows

    def _plain_rows(self) -> Token | None:
        """Return what seem to be transactions from here on, if they may be handed over together."""
        stop = self._data.rfind(ROW_END, self._at, self._at + ROWS_BYTES_MAX) if self.together else -1
        if stop < 0 or _NEXT_ROW.match(self._data, self._at) is None:
            return None
        offset, body = self.position, self._data[self._at : stop]
        self._at = stop + len(ROW_END)
        return Token(Mark.ROWS, "STMTTRN", "", body, offset)

    def _row_end(self, start: int) -> int:
        """Find the next closing tag of a row, or -1; what was searched in vain is not searched again."""
        begin = max(start, self._searched - self._base)
        limit = min(start + TOKEN_BYTES_MAX, len(self._data))
        end = self._data.find(ROW_END, begin, limit)
        self._searched = self._base + (end if end >= 0 else max(begin, limit - len(ROW_END) + 1))
        return end

    def _odd_row(self, name: str, start: int, offset: int) -> Token:
        """Take a row in another spelling, with comments or CDATA in it, or without its closing tag."""
        limit = start + TOKEN_BYTES_MAX
        at = start
        while (edge := _ROW_EDGE.search(self._data, at, limit)) is not None:
            if edge[2] is None:
                end = self._data.find(b"-->" if edge[0] == b"<!--" else b"]]>", edge.end(), limit)
                if end < 0:
                    break
                at = end + 3
                continue
            self._at = edge.end() if edge[1] and edge[2].upper() in (b"STMTTRN", b"STMTTRNP") else edge.start()
            return Token(Mark.ROW, name, "", self._data[start : edge.start()], offset)
        body = self._data[start : start + 400]
        if self._ended and len(self._data) <= limit:
            self._at = len(self._data)
            return Token(Mark.CUT, name, "", body, offset)
        self._at = min(limit, len(self._data))
        return Token(Mark.LONG_ROW, name, "", body, offset)
