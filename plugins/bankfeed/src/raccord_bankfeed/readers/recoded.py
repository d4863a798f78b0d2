"""A stream of another charset as one of UTF-8, read in pieces and from any place, for readers that look at bytes."""

from __future__ import annotations

import codecs
from bisect import bisect_right
from typing import BinaryIO

CHUNK_BYTES = 64 * 1024


class Recoding:
    """Where in a file's UTF-8 some places of the file are, so that no call begins at its start."""

    def __init__(self, charset: str) -> None:
        self.charset = charset
        self._ends = [0]
        self._places = [0]

    def known_before(self, offset: int) -> tuple[int, int]:
        """Return the nearest place before an offset in UTF-8: that offset and the file's own."""
        at = bisect_right(self._ends, offset) - 1
        return self._ends[at], self._places[at]

    def passed(self, end: int, place: int) -> None:
        """Keep where a place of the file is."""
        if end > self._ends[-1]:
            self._ends.append(end)
            self._places.append(place)


class Recoded:
    """Reads ``stream`` as UTF-8; ``seek`` takes offsets in UTF-8."""

    def __init__(self, stream: BinaryIO, recoding: Recoding) -> None:
        self._stream = stream
        self._recoding = recoding
        # The charset names its byte order, so that a piece from the middle reads like one from the start.
        self._decoder = codecs.getincrementaldecoder(recoding.charset)("replace")
        self.seek(0)

    def seek(self, offset: int) -> int:
        """Go to an offset from the beginning."""
        self._end, self._place = self._recoding.known_before(offset)
        self._stream.seek(self._place)
        self._decoder.reset()
        self._ready, self._over = b"", False
        left = offset - self._end
        while left and (piece := self.read(min(left, CHUNK_BYTES))):
            left -= len(piece)
        return offset - left

    def read(self, size: int) -> bytes:
        """Return at most so many bytes, none at the end."""
        while not self._ready and not self._over:
            raw = self._stream.read(CHUNK_BYTES)
            self._over, self._place = not raw, self._place + len(raw)
            self._ready = self._decoder.decode(raw, final=self._over).encode("utf-8", "replace")
            self._end += len(self._ready)
            if not self._decoder.getstate()[0]:
                # No half of a character is left over: reading can begin here.
                self._recoding.passed(self._end, self._place)
        taken, self._ready = self._ready[:size], self._ready[size:]
        return taken
