"""CAMT.052, 053 and 054 (ISO 20022), every version: names are matched, name spaces are not.

The file streams through expat twice: once for the control totals, so that a statement that does not add up is known
before its first line, then for the lines. Document types are refused, so there is no entity to expand.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Callable
from typing import BinaryIO
from xml.parsers import expat

from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.camt.layouts import CLOSING, blanks_for
from raccord_bankfeed.readers.camt.walk import Refused, Walk
from raccord_bankfeed.readers.charset import CHUNK_BYTES, text_charset
from raccord_bankfeed.readers.contract import Event, Question
from raccord_bankfeed.readers.faults import Fault
from raccord_bankfeed.readers.ofx.reader import declared_charset
from raccord_bankfeed.readers.pushed import PushReader
from raccord_bankfeed.readers.runs import Some, run_of
from raccord_bankfeed.readers.told import NOTHING_KNOWN, Known

_MESSAGE = re.compile(r"<(?:[A-Za-z_][\w.\-]*:)?BkToCstmr(?:AcctRpt|Stmt|DbtCdtNtfctn)|:camt\.05[234]\.")
_PARTS = ("BkToCstmr", ":camt.05")
"""One of which each of them holds, which is found in a fraction of the time."""
_NAME = re.compile(r"BkToCstmr(?:AcctRpt|Stmt|DbtCdtNtfctn)")
_NEXT = re.compile(_NAME.pattern.encode())
_CLOSING = CLOSING.encode()
_MESSAGE_CHARS_MAX = 40
_TOKEN_BYTES_MAX = 1024 * 1024
_ASKED_MAX = 1000


def looks_like_camt(head: str) -> bool:
    """Tell from a file's beginning, whatever its name space."""
    return any(map(head.__contains__, _PARTS)) and _MESSAGE.search(head) is not None


def message_of(head: str) -> str:
    """Return the name of the message, the same for every version."""
    found = _NAME.search(head)
    return "camt" if found is None else found[0]


class _Feeder:
    """Hands pieces of a file to a walk, in UTF-8, and says why where the file breaks off."""

    def __init__(self, walk: Walk, charset: str) -> None:
        self._walk = walk
        plain = charset in ("utf-8", "utf-8-sig")
        self._decoder = None if plain else codecs.getincrementaldecoder(charset)("replace")
        self._begun = False
        self._fed = 0
        self._rest = b""
        self.stopped: tuple[Fault, int, int] | None = None

    def push(self, chunk: bytes, *, final: bool = False) -> None:
        data = chunk if self._decoder is None else self._decoder.decode(chunk, final).encode()
        first, closing, rest = data.partition(_CLOSING)
        self._parse(first + closing, final=final and not closing)
        if closing:
            whole, closing, last = rest.rpartition(_CLOSING)
            if closing:
                self._entries(whole)
            self._parse(last, final=final)

    def _entries(self, whole: bytes) -> None:
        """Take the texts between the closing tags of entries; the parser is given blanks for those of a layout."""
        rows = whole.decode(errors="surrogateescape").split(CLOSING)
        at, some = 0, Some()
        while at < len(rows) and self.stopped is None:
            tried = some.of(rows, at)
            run = run_of(tried, self._walk.known_after(self._fed - len(CLOSING)), CLOSING)
            some.found(tried, run)
            if run is not None:
                self._walk.take_entries(run)
                at += len(run)
                self._parse(blanks_for(run.text))
            else:
                self._parse(f"{rows[at]}{CLOSING}".encode(errors="surrogateescape"))
                self._walk.learn(rows[at])
                at += 1

    def _parse(self, data: bytes, *, final: bool = False) -> None:
        if self.stopped is not None:
            return
        if self._walk.finished:
            self._after(data)
            return
        if not self._begun:
            data = data.removeprefix(codecs.BOM_UTF8).lstrip()
            self._begun = bool(data)
        parser = self._walk.parser
        try:
            parser.Parse(data, final)
            self._fed += len(data)
            if self._fed - parser.CurrentByteIndex > _TOKEN_BYTES_MAX and not self._walk.finished:
                self._stop(text_faults.tag_too_long(_TOKEN_BYTES_MAX))
        except expat.ExpatError as error:
            if self._walk.ended():
                self._after(data[max(parser.ErrorByteIndex, 0) - self._fed :])
            else:
                fault = text_faults.xml_broken(error.lineno, error.offset + 1)
                self.stopped = (fault, error.lineno, max(parser.ErrorByteIndex, 0))
        except Refused as refused:
            self._stop(refused.fault)

    def _after(self, data: bytes) -> None:
        """Take what follows the message: some banks' checksum, which is no fault, or a second message, which is."""
        self._rest = self._rest[-_MESSAGE_CHARS_MAX:] + data
        if _NEXT.search(self._rest) is not None:
            self._stop(text_faults.second_message())

    def _stop(self, fault: Fault) -> None:
        parser = self._walk.parser
        self.stopped = (fault, parser.CurrentLineNumber, max(parser.CurrentByteIndex, 0))


class CamtReader(PushReader):
    """Reads one file; see :class:`raccord_bankfeed.readers.contract.Reader`."""

    def __init__(self, known: Known = NOTHING_KNOWN) -> None:
        super().__init__()
        self._known = known
        self._walk = Walk(self.queue.append, {}, light=False)
        self._feeder = _Feeder(self._walk, "utf-8")
        self._statements = 0

    def prepare(self, stream: BinaryIO) -> None:
        """Choose the charset, and find the statements that do not add up."""
        charset = text_charset(stream)
        if charset == "cp1252":
            stream.seek(0)
            charset = declared_charset(stream.read(4096))
            charset = "cp1252" if charset == "utf-8" else charset
        asked = self._contradictions(stream, charset)
        questions = {number: each for number, each in asked.items() if not self._known.says(each.key, *each.answers)}
        self._walk = Walk(self._tell, questions, light=False, details=self._known.details)
        self._feeder = _Feeder(self._walk, charset)

    def pushed(self, chunk: bytes) -> None:
        """Take the next piece of the file."""
        self._feeder.push(chunk)

    def ended(self) -> None:
        """Take the end of the file: tell where it broke off, and a message without any statement."""
        self._feeder.push(b"", final=True)
        broken = self._feeder.stopped
        self._walk.close()
        if broken is not None:
            fault, line, offset = broken
            self.unreadable(fault, line, offset, "")
        elif not self._statements:
            self.unreadable(text_faults.no_statement(), 1, 0, "")

    def _tell(self, event: Event) -> None:
        self._statements += 1
        self.queue.append(event)

    @staticmethod
    def _contradictions(stream: BinaryIO, charset: str) -> dict[int, Question]:
        found: dict[int, Question] = {}
        nothing: Callable[[Event], None] = deque[Event](maxlen=0).append
        feeder = _Feeder(Walk(nothing, found, light=True), charset)
        stream.seek(0)
        while (chunk := stream.read(CHUNK_BYTES)) and feeder.stopped is None and len(found) < _ASKED_MAX:
            feeder.push(chunk)
        return found
