"""Readers that are handed a file piece by piece and can stop after any event."""

from __future__ import annotations

import codecs
import io
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from itertools import chain
from typing import BinaryIO

from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.charset import CHUNK_BYTES, text_charset
from raccord_bankfeed.readers.contract import Event, Events, Unreadable
from raccord_bankfeed.readers.faults import Fault
from raccord_bankfeed.readers.runs import RowFeed, RowLayout, Run
from raccord_bankfeed.readers.texts import excerpt

LINE_CHARS_MAX = 64 * 1024


class Queue:
    """Events that are told and not yet taken, in order; those of a run are made when they are taken, one by one."""

    def __init__(self) -> None:
        self.parts: deque[Iterator[Event]] = deque()
        """What is not taken of one stays in it, so none may be a generator, which closes with who reads it."""

    def append(self, event: Event) -> None:
        """Tell one event."""
        self.parts.append(iter((event,)))

    def extend(self, events: Iterable[Event]) -> None:
        """Tell some events."""
        self.parts.append(chain(events) if isinstance(events, Generator) else iter(events))


class PushReader:
    """Feeds a file to ``pushed`` piece by piece; see :class:`raccord_bankfeed.readers.contract.Reader`."""

    def __init__(self) -> None:
        self.queue = Queue()
        self._offset = 0
        self._prepared = False
        self._finished = False

    def events(self, stream: BinaryIO) -> Events:
        """Yield what the file says, from where the last call stopped."""
        if not self._prepared:
            self.prepare(stream)
            self._prepared = True
        stream.seek(self._offset)
        while True:
            while self.queue.parts:
                yield from self.queue.parts[0]
                self.queue.parts.popleft()
            if self._finished:
                return
            chunk = stream.read(CHUNK_BYTES)
            self._offset += len(chunk)
            if chunk:
                self.pushed(chunk)
            else:
                self._finished = True
                self.ended()

    def prepare(self, stream: BinaryIO) -> None:
        """Look at the whole file once before the first event."""

    def pushed(self, chunk: bytes) -> None:
        """Take the next piece of the file."""
        raise NotImplementedError

    def ended(self) -> None:
        """Take the end of the file."""

    def unreadable(self, fault: Fault, line: int, offset: int, text: str) -> None:
        """Tell that a row cannot be read."""
        self.queue.append(Unreadable(fault.code, fault.reason, line, offset, excerpt(text)))


class LineCutter:
    """Cuts pieces of a text file into lines, whatever ends them; too long ones come shortened."""

    def __init__(self, charset: str, line_end: str = "") -> None:
        """Take what ends lines beside what ends them everywhere."""
        self._line_end = line_end
        self._decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(charset)("replace"), translate=True)
        self._rest = ""
        self._dropping = False

    @property
    def within_a_line(self) -> bool:
        """Whether the pieces so far end within a line."""
        return self._rest != "" or self._dropping

    def cut(self, chunk: bytes, final: bool = False) -> str:
        """Return the lines that end in this piece, each with a line end; at the end of the file also the last one."""
        text = self._rest + self._decoder.decode(chunk, final)
        if "\0" in text:  # some banks fill their files up with it, some programs leave it in texts
            text = text.replace("\0", "")
        if self._line_end:
            text = text.replace(self._line_end, "\n")
        end = text.rfind("\n") + 1
        whole, self._rest = text[:end], text[end:]
        if self._dropping and whole:
            whole, self._dropping = whole[whole.index("\n") :], False
        if len(self._rest) > LINE_CHARS_MAX:
            if not self._dropping:
                whole += self._rest[: LINE_CHARS_MAX + 1] + "\n"
            self._rest, self._dropping = "", True
        if final:
            last, self._rest = self._rest, ""
            if last and not self._dropping:
                whole += last + "\n"
        return whole


class LineReader(PushReader):
    """Feeds a text file to ``lines`` line by line; ``prepare`` chooses its charset."""

    def __init__(self) -> None:
        super().__init__()
        self.charset = "utf-8"
        self.line_end = ""
        """What ends lines beside what ends them everywhere."""
        self.row = 0
        """The number of the line that is being read."""
        self.start = 0
        """The character at which it starts."""
        self.whole = True
        """Whether the last line of the file ended as a line ends."""
        self._cutter: LineCutter | None = None

    @property
    def within_a_line(self) -> bool:
        """Whether the line that is taken is the file's last and does not end as a line ends."""
        return self._finished and not self.whole

    def prepare(self, stream: BinaryIO) -> None:
        """Choose the charset."""
        self.charset = text_charset(stream)

    def pushed(self, chunk: bytes) -> None:
        """Cut the piece into lines and take them."""
        self.take_text(self._cut(chunk))
        if said := chunk.rstrip(b"\0"):
            self.whole = said.endswith((b"\n", b"\r"))
        if self.line_end and self._cutter is not None:
            self.whole = self.whole or not self._cutter.within_a_line

    def ended(self) -> None:
        """Take the last line."""
        self.take_text(self._cut(b"", final=True))
        self.text_ended()
        self.finish()

    def take_text(self, text: str) -> None:
        """Take whole lines, in order."""
        self.take(text.split("\n")[:-1])

    def text_ended(self) -> None:
        """Take what was held back."""

    def take(self, lines: Iterable[str]) -> None:
        """Take some lines, in order."""
        for line in lines:
            self.row += 1
            if len(line) > LINE_CHARS_MAX:
                self.unreadable(text_faults.line_too_long(LINE_CHARS_MAX), self.row, self.start, line[:400])
            else:
                self.line(line)
            self.start += len(line) + 1

    def line(self, text: str) -> None:
        """Take one line."""
        raise NotImplementedError

    def finish(self) -> None:
        """Take the end of the file."""

    def _cut(self, chunk: bytes, final: bool = False) -> str:
        if self._cutter is None:
            self._cutter = LineCutter(self.charset, self.line_end)
        return self._cutter.cut(chunk, final)


class RunReader(LineReader):
    """Reads rows that are laid out alike many at once; see :class:`raccord_bankfeed.readers.runs.RowTaker`."""

    opening = closing = ""

    def __init__(self) -> None:
        super().__init__()
        self.layouts: list[RowLayout] = []
        self._feed = RowFeed(self)

    def take_text(self, text: str) -> None:
        """Take whole lines, in order."""
        self._feed.take(text)

    def text_ended(self) -> None:
        """Take what was held back."""
        self._feed.end()

    def take_run(self, run: Run) -> bool:
        """Take a run of rows, unless one of them needs a closer look."""
        raise NotImplementedError

    def learn(self, row: str) -> None:
        """Look whether a row tells a layout; where all are known beforehand, none does."""

    @property
    def between(self) -> str:
        """What stands between two rows."""
        return f"{self.closing}\n{self.opening}"

    def passed(self, run: Run) -> None:
        """Go on after a run."""
        self.row += run.line_ends()
        self.start += len(run.text)


def texts_of(stream: BinaryIO, charset: str, line_end: str = "") -> Iterator[str]:
    """Yield the lines of a whole text file, many at once, for a look at it beforehand."""
    stream.seek(0)
    cutter = LineCutter(charset, line_end)
    while chunk := stream.read(CHUNK_BYTES):
        yield cutter.cut(chunk)
    yield cutter.cut(b"", final=True)


def lines_of(stream: BinaryIO, charset: str) -> Iterator[str]:
    """Yield the lines of a whole text file, for a look at it beforehand."""
    for text in texts_of(stream, charset):
        yield from text.split("\n")[:-1]
