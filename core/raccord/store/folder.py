"""Finished files in a folder where other programs put them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from raccord.clock import Clock
from raccord.plugin.texts import Text
from raccord.store.errors import FilesRefusedError

YOUNG = timedelta(seconds=5)
"""A file that changed this recently may still be growing."""

SETTLE_MS = 2_000
FILES_MAX = 20_000

_UNFINISHED = (".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", ".temp", ".swp", "~")


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file and what it looked like when it was found."""

    path: Path
    size: int
    changed_at: datetime

    @property
    def name(self) -> str:
        return self.path.name

    def stands(self) -> bool:
        """Tell whether the file is still as it was found."""
        try:
            return _found(self.path, self.path.lstat()) == self
        except FileNotFoundError:
            return False


def found_in(folder: str, clock: Clock) -> list[Found]:
    """Return the finished files directly in ``folder``, by name.

    Left out are sub-folders, symbolic links, hidden files and names that programs give to unfinished ones. When some
    files changed in the last seconds, this waits ``SETTLE_MS``: those that still grow no longer ``stand`` when they
    have been read, and are left for the next scan. Raises ``FilesRefusedError`` for a folder that cannot be listed or
    holds more than ``FILES_MAX`` files.
    """
    found = lying_in(folder)
    now = clock.now()
    if any(now - file.changed_at < YOUNG for file in found):
        clock.sleep_ms(SETTLE_MS)
    return found


@contextmanager
def opened(found: Found) -> Iterator[BinaryIO]:
    """Open a found file for reading; ``OSError`` when it has become something else."""
    handle = os.open(found.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(0, "not a regular file", str(found.path))
        yield stream


def lying_in(folder: str) -> list[Found]:
    """Return what :func:`found_in` does, at once: those that still grow are among them."""
    try:
        with os.scandir(folder) as entries:
            found = [seen for entry in entries if (seen := _seen(entry)) is not None]
    except OSError as error:
        raise FilesRefusedError(
            "files.folder_unreadable",
            Text(
                fr=f"Le dossier {folder} ne peut pas être lu : {error.strerror}.",
                en=f"The folder {folder} cannot be read: {error.strerror}.",
            ),
            Text(
                fr="Vérifiez le chemin dans les réglages de la connexion et les droits du dossier.",
                en="Check the path in the connection's settings and the folder's permissions.",
            ),
        ) from None
    if len(found) > FILES_MAX:
        raise FilesRefusedError(
            "files.folder_full",
            Text(
                fr=f"Le dossier {folder} contient {len(found)} fichiers ; la limite est de {FILES_MAX}.",
                en=f"The folder {folder} holds {len(found)} files; the limit is {FILES_MAX}.",
            ),
            Text(fr="Rangez ailleurs les fichiers déjà reçus.", en="Move the files already received elsewhere."),
        )
    return sorted(found, key=lambda seen: seen.name)


def _seen(entry: os.DirEntry[str]) -> Found | None:
    if entry.name.startswith(".") or entry.name.lower().endswith(_UNFINISHED):
        return None
    try:
        if not entry.is_file(follow_symlinks=False):
            return None
        return _found(Path(entry.path), entry.stat(follow_symlinks=False))
    except FileNotFoundError:
        return None


def _found(path: Path, state: os.stat_result) -> Found:
    # A copy may keep the time of its original; the time of its last change of any kind it cannot.
    seconds, rest = divmod(max(state.st_mtime_ns, state.st_ctime_ns), 1_000_000_000)
    return Found(path, state.st_size, datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=rest // 1000))
