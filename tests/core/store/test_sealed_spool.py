"""What is on its way into the house never lies on the disk in clear."""

from __future__ import annotations

import io
import os

import pytest

from raccord.store.sealed_spool import SealedSpool

CANARY = b"4111111111111111"


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 3_000_000])
def test_what_is_written_is_read_again_and_lies_sealed(size: int) -> None:
    content = (CANARY * (size // len(CANARY) + 1))[:size]
    with SealedSpool() as spool:
        for start in range(0, size, 70_000):
            assert spool.write(content[start : start + 70_000])
        assert spool.tell() == size
        assert spool.seek(0) == 0
        assert spool.read() == content
        raw = os.pread(spool._file.fileno(), size + 10_000, 0)
        assert CANARY not in raw
        assert len(raw) > size


def test_it_is_read_from_any_place_and_takes_no_more_then() -> None:
    with SealedSpool() as spool:
        spool.write(b"0123456789")
        spool.seek(4)
        assert spool.read(3) == b"456"
        assert spool.seek(-1, io.SEEK_END) == 9
        assert spool.read() == b"9"
        with pytest.raises(OSError, match="takes no more"):
            spool.write(b"x")
    with pytest.raises(ValueError, match="closed"):
        spool.read()
