"""How far into a large file a connector has read, noted for people while its page is still being made."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from sqlalchemy import select

from raccord.clock import Clock
from raccord.guard import ContextError
from raccord.store.models import Control, Run
from raccord.sync.execution import Execution

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

READING = "reading"
"""Under this name a run's progress keeps it: the file's name, and ``at`` of its ``size`` bytes."""
BYTES_MIN = 1024 * 1024
"""Smaller files are read before anybody could ask how far."""
EVERY_MS = 2000

Tell = Callable[[str, int, int], None]
"""Takes a file's name, how many of its bytes are read, and its size in bytes."""


class StopAsked(ContextError):  # noqa: N818 - named for what happened
    """Raised through a connector's code when a person asked the run to pause or to end meanwhile."""


@dataclass(slots=True)
class Following:
    """Notes in the run's row, every two seconds at most, how far the file is read that a connector has open."""

    execution: Execution
    clock: Clock
    last: tuple[str, int, int] | None = None
    _told_at: int = field(init=False)

    def __post_init__(self) -> None:
        self._told_at = self.clock.elapsed_ms()

    def tell(self, name: str, at: int, size: int) -> None:
        """Take in how far a file is read; raises ``StopAsked`` where nobody wants the rest now."""
        self.last = name, at, size
        now = self.clock.elapsed_ms()
        if now - self._told_at < EVERY_MS:
            return
        self._told_at = now
        execution = self.execution
        with execution.database.begin() as session:
            run = session.scalars(select(Run).where(Run.id == execution.run_id).with_for_update()).one()
            # Another execution that took over is met where this one writes its page.
            if run.fence == execution.fence:
                run.progress = self.kept(run.progress)
            control = Control(run.control)
        if control is not Control.GO:
            raise StopAsked(str(control))

    def kept(self, progress: Mapping[str, Any], *, more: bool = True) -> dict[str, Any]:
        """Return a run's progress with how far the file is read; without it once there is no more of it."""
        others = {name: value for name, value in progress.items() if name != READING}
        if not more or self.last is None:
            return others
        name, at, size = self.last
        return others | {READING: {"file": name, "at": at, "size": size}}


def followed(stream: BinaryIO, tell: Tell, name: str, size: int) -> AbstractContextManager[BinaryIO]:
    """Return the same stream, of which each reading is told."""
    return closing(io.BufferedReader(_Followed(stream, tell, name, size), io.DEFAULT_BUFFER_SIZE * 8))


class _Followed(io.RawIOBase):
    """Reads from another stream, which its owner closes."""

    def __init__(self, stream: BinaryIO, tell: Tell, name: str, size: int) -> None:
        super().__init__()
        self._stream, self._tell, self._name, self._size = stream, tell, name, size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._stream.seek(offset, whence)

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        piece = self._stream.read(len(view))
        view[: len(piece)] = piece
        self._tell(self._name, self._stream.tell(), self._size)
        return len(piece)
