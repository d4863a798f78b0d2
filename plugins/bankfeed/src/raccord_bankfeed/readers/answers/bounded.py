"""What the readers of providers' answers share: an answer is bounded, so it is read whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.answers.envelope import FILE_BYTES_MAX, DamagedAnswerError, opened
from raccord_bankfeed.readers.answers.json_rows import Row, row_of
from raccord_bankfeed.readers.contract import Event, Events, Unreadable


class AnswerReader:
    """Reads a provider's answer whole, which is bounded, and yields what it says; see the contract of readers."""

    def __init__(self) -> None:
        self._waiting: deque[Event] | None = None

    def events(self, stream: BinaryIO) -> Events:
        """Yield what follows the last event that was taken."""
        if self._waiting is None:
            stream.seek(0)
            try:
                said, answer = opened(stream.read(FILE_BYTES_MAX + 1))
                self._waiting = deque(self.read(said, row_of(answer)))
            except (DamagedAnswerError, RecursionError):
                fault = text_faults.answer_damaged()
                self._waiting = deque([Unreadable(fault.code, fault.reason, 1, 0)])
        while self._waiting:
            yield self._waiting.popleft()

    def read(self, said: Row, answer: Row) -> Iterator[Event]:
        """Yield the events of an answer."""
        raise NotImplementedError
