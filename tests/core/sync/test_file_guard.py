"""What the database does while a connector works with its files is never the connector's fault."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import pytest
from sqlalchemy.exc import OperationalError

from raccord.plugin import SourceFile
from raccord.plugin.testing import FileShelf
from raccord.sync.fetching.file_guard import DatabaseAway, GuardedFileBox


class AwayFile:
    """A file whose key cannot be fetched."""

    number, name, size, sha256 = 1, "a.dfr", 1, "0" * 64

    def open(self) -> AbstractContextManager[BinaryIO]:
        raise OperationalError("SELECT", {}, Exception("connection refused"))


class AwayShelf(FileShelf):
    def after(self, number: int) -> SourceFile | None:  # type: ignore[override]  # another file than a shelf has
        return AwayFile() if number == 0 else None


def test_a_file_passes_the_guard_as_it_is(tmp_path: Path) -> None:
    shelf = FileShelf(tmp_path)
    shelf.put("a.dfr", b"abc")
    file = GuardedFileBox(shelf, lambda folder: True).after(0)
    assert file is not None
    kept = next(iter(shelf))
    assert (file.number, file.name, file.size, file.sha256) == (1, "a.dfr", 3, kept.sha256)
    with file.open() as stream:
        stream.seek(1)
        assert stream.read() == b"bc"
    assert stream.closed


def test_a_database_that_is_away_when_a_file_is_opened_goes_past_the_connector(tmp_path: Path) -> None:
    file = GuardedFileBox(AwayShelf(tmp_path), lambda folder: True).after(0)
    assert file is not None
    with pytest.raises(DatabaseAway), file.open():
        pass


def test_what_a_connector_raises_while_it_reads_is_its_own(tmp_path: Path) -> None:
    shelf = FileShelf(tmp_path)
    shelf.put("a.dfr", b"abc")
    file = GuardedFileBox(shelf, lambda folder: True).after(0)
    assert file is not None
    theirs = OperationalError("SELECT", {}, Exception("a database of the connector's own"))
    with pytest.raises(OperationalError), file.open():
        raise theirs
