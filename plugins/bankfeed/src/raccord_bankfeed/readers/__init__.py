"""The readers of bank files, chosen by what a file holds, never by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import BinaryIO

from raccord_bankfeed.readers import faults
from raccord_bankfeed.readers.answers.enable_banking import EnableBankingReader
from raccord_bankfeed.readers.answers.envelope import provider_of
from raccord_bankfeed.readers.answers.paypal import PayPalReader
from raccord_bankfeed.readers.answers.plaid import PlaidReader
from raccord_bankfeed.readers.answers.simplefin import SimpleFinReader
from raccord_bankfeed.readers.bai2.reader import Bai2Reader, looks_like_bai2
from raccord_bankfeed.readers.camt.reader import CamtReader, looks_like_camt, message_of
from raccord_bankfeed.readers.charset import head_text, marked_charset, text_charset
from raccord_bankfeed.readers.contract import Events, Reader, Unreadable
from raccord_bankfeed.readers.faults import Fault
from raccord_bankfeed.readers.mt940.head import looks_like_mt940
from raccord_bankfeed.readers.mt940.reader import Mt940Reader
from raccord_bankfeed.readers.ofx.reader import OfxReader, looks_like_ofx
from raccord_bankfeed.readers.packed import is_packed, packed_fault
from raccord_bankfeed.readers.qif.reader import QifReader, looks_like_qif
from raccord_bankfeed.readers.table.damaged import damaged_rows
from raccord_bankfeed.readers.table.reader import TableReader, looks_like_table
from raccord_bankfeed.readers.texts import excerpt
from raccord_bankfeed.readers.told import NOTHING_KNOWN, Known

_HEAD_BYTES = 64 * 1024
ANSWERS: Mapping[str, Callable[[], Reader]] = {
    "simplefin": SimpleFinReader,
    "paypal": PayPalReader,
    "plaid": PlaidReader,
    "enable_banking": EnableBankingReader,
}
"""Readers of what providers answered, by provider."""
TELL_CHANGES = frozenset({PlaidReader.__name__})
"""Roads whose files hold what changed, so that none of them holds all of a day."""
TELL_ALL = frozenset({SimpleFinReader.__name__})
"""Roads that tell each line by an id for good, and always all lines of the days they were asked for: one that is no
longer among them was taken back.
"""
TAKE_BACK = TELL_CHANGES | TELL_ALL
"""Roads by which a line may be taken back."""


def reader_for(stream: BinaryIO, known: Known = NOTHING_KNOWN) -> Reader:
    """Return a reader for the file; one that only says why, where no reader knows it.

    ``known`` is what a person has said of the connection's files so far. What is packed is opened before it comes here
    (``packed.py``): only why it could not be is said.
    """
    stream.seek(0)
    head = stream.read(_HEAD_BYTES)
    if not head.strip():
        return _refusal(faults.file_empty(), "")
    if is_packed(stream) and (fault := packed_fault(stream)) is not None:
        return _refusal(fault, "")
    if (provider := provider_of(head)) in ANSWERS:
        return ANSWERS[provider]()
    if looks_like_ofx(head):
        return OfxReader(known)
    text = head_text(head)
    if marked_charset(head) and looks_like_ofx(text.encode("utf-8", "replace")):
        return OfxReader(known)
    if looks_like_camt(text):
        return CamtReader(known)
    if looks_like_bai2(text):
        return Bai2Reader(known)
    if looks_like_mt940(text):
        return Mt940Reader(known)
    if looks_like_qif(text):
        return QifReader(known)
    if looks_like_table(text) or (not text.isascii() and looks_like_table(_in_words(head))):
        return TableReader(known)
    if damaged := damaged_rows(text):
        return _Refusal(damaged)
    return _refusal(faults.format_unknown(), excerpt(text[:400].replace("\0", "")))


def _in_words(head: bytes) -> str:
    """Return a file's beginning in the charset that makes words of it: a header or a sign may hold such letters."""
    whole = head[: head.rfind(b"\n") + 1] or head
    return whole.decode(text_charset(BytesIO(whole)), "replace").lstrip("\ufeff")


def road_of(stream: BinaryIO) -> str:
    """Return by which road a file's lines come: its format, of CAMT also the message, of a table the layout."""
    reader = reader_for(stream)
    match reader:
        case TableReader():
            return reader.layout_of(stream)
        case CamtReader():
            stream.seek(0)
            return message_of(head_text(stream.read(_HEAD_BYTES)))
        case _:
            return type(reader).__name__


class _Refusal:
    """Stands in for the reader of a file that cannot be read at all."""

    def __init__(self, reasons: Sequence[Unreadable]) -> None:
        self._reasons = list(reasons)

    def events(self, stream: BinaryIO) -> Events:
        """Yield each reason once."""
        while self._reasons:
            yield self._reasons.pop(0)


def _refusal(fault: Fault, shown: str) -> _Refusal:
    return _Refusal([Unreadable(fault.code, fault.reason, 1, 0, shown)])
