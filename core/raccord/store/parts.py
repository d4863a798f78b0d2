"""Files that are seen whole or not at all: written under a passing name, then renamed."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from raccord.store.durable import make_folder, sync_folder

LEFT_OVER = timedelta(days=1)
"""A part this old has no writer any more."""

_PART = ".part-"


@dataclass(frozen=True, slots=True)
class Part:
    """A file that is being written; ``keep`` makes it durable under its name, else it is removed."""

    path: Path
    file: BinaryIO

    def keep(self, name: str) -> None:
        """Put the file, as it is now, under ``name`` in its folder, in place of what was there."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.path.replace(self.path.with_name(name))
        sync_folder(self.path.parent)


@contextmanager
def part_in(folder: Path) -> Iterator[Part]:
    """Begin a private file in ``folder``, which is made when missing."""
    make_folder(folder)
    path = folder / f"{_PART}{uuid.uuid4().hex}"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield Part(path, file)
    finally:
        path.unlink(missing_ok=True)


def sweep(folder: Path, now: datetime) -> None:
    """Remove what a writer that was killed left behind."""
    for path in folder.glob(f"{_PART}*"):
        try:
            changed_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except FileNotFoundError:
            continue
        if now - changed_at > LEFT_OVER:
            path.unlink(missing_ok=True)
