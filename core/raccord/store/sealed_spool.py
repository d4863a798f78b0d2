"""Room for what is on its way into the house: nothing of it lies on the disk in clear, and none of it outlives us."""

from __future__ import annotations

import io
import os
import tempfile
from typing import TYPE_CHECKING, BinaryIO, cast

from raccord.store.sealed import KEY_BYTES, Sealer, unsealed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_LABEL = "upload"


class SealedSpool(io.RawIOBase):
    """A temporary file that is written once, from its beginning, and then read as often as wanted.

    Its key is in memory alone and its file has no name. The first ``seek`` ends the writing.
    """

    def __init__(self) -> None:
        super().__init__()
        # Unbuffered, so that it is a plain file that reading can share.
        self._file = _plain_file(tempfile.TemporaryFile(buffering=0))  # noqa: SIM115 - closed with the spool
        self._keys = [os.urandom(KEY_BYTES)]
        self._sealer = Sealer(cast("BinaryIO", self._file), self._keys)
        self._plain: BinaryIO | None = None

    def write(self, content: ReadableBuffer) -> int:
        """Seal a piece; raises ``OSError`` once reading has begun."""
        if self._plain is not None:
            raise OSError("what was sent is whole and takes no more")
        piece = bytes(content)
        self._sealer.write(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._whole().seek(offset, whence)

    def tell(self) -> int:
        return self._sealer.size if self._plain is None else self._plain.tell()

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer with plain bytes."""
        view = memoryview(buffer).cast("B")
        piece = self._whole().read(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return self._plain is None

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        """Forget it: with its file its key is gone."""
        if self._plain is not None:
            self._plain.close()
        self._file.close()
        super().close()

    def _whole(self) -> BinaryIO:
        if self._plain is None:
            sha256 = self._sealer.finish()
            self._plain = unsealed(self._file, self._keys, _LABEL, self._sealer.size, sha256)
        return self._plain


def _plain_file(file: object) -> io.FileIO:
    if not isinstance(file, io.FileIO):
        raise TypeError(f"a temporary file is a plain file, not {type(file).__name__}")
    return file
