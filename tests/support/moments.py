"""Moments at which tests begin: each is lived through once in a process, then returned to by putting files back.

Connecting a company, choosing accounts and posting a first plan cost more than most tests that begin after them.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import till

from raccord.store.database import Database
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.keeping.store import Store

T = TypeVar("T")

KEPT_MAX = 32
"""Moments that are kept, some megabytes each; the one not returned to for longest goes first."""


class Kept(NamedTuple):
    """What there was at a moment; the till's manifest is held, so that its identity names no other one."""

    manifest: object
    files: dict[str, tuple[int, bytes]]
    books: bytes
    grants: bytes
    answer: bytes


class Moments:
    """The moments of one sandbox company and of the installations that are connected to it, one test at a time."""

    def __init__(self, store: Store, company: Company | None = None) -> None:
        self._store = store
        self.company = company or store.add("quebec")
        self._new = _books(self.company)
        self._kept: OrderedDict[tuple[str, int, str], Kept] = OrderedDict()

    def begin(self) -> str:
        """Make the company as it was when it was added; return its realm."""
        _restore(self.company, self._new)
        return self.company.realm

    def at(self, name: str, folder: Path, live: Callable[[], T], database: Database | None = None) -> T:
        """Return what ``live`` returned the first time, with the world as it left it then.

        The world is the folder, the database where it lies elsewhere, the company's books and the consents given.
        Where the database is given, a moment is returned to only from the world in which it was lived through first:
        whatever else a test did before, it has moments of its own.
        """
        before = ""
        if database is not None:
            database.dispose()
            before = self._world(folder, database)
        # A manifest that a test changed has moments of its own.
        key = (name, id(till.INFO), before)
        if key not in self._kept:
            answer = live()
            if database is not None:
                database.dispose()
            self._kept[key] = Kept(
                till.INFO,
                dict(_read(folder, database)),
                _books(self.company),
                pickle.dumps((self._store.grants._grants, self._store.grants._access)),
                pickle.dumps(answer),
            )
            if len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
            return answer
        kept = self._kept[key]
        self._kept.move_to_end(key)
        _write(folder, database, kept.files)
        _restore(self.company, kept.books)
        grants, access = pickle.loads(kept.grants)  # noqa: S301 - our own bytes, here and below
        self._store.grants._grants.update(grants)
        self._store.grants._access.update(access)
        again: T = pickle.loads(kept.answer)  # noqa: S301
        return again

    def _world(self, folder: Path, database: Database) -> str:
        """Return what tells one world from another: files, books and the hour in them."""
        digest = hashlib.blake2b(repr((self.company.clock.now(), self.company.settings)).encode())
        for row in self.company.rows():
            digest.update(repr((row.kind, row.serial, row.doc)).encode())
        for name, (_, content) in sorted(_read(folder, database)):
            # Each folder begins with a key of its own, with which nothing is encrypted yet.
            if name != "vault.key":
                digest.update(name.encode() + content)
        return digest.hexdigest()


def _books(company: Company) -> bytes:
    """Return a company's state as bytes, which no test can change in place."""
    with company.lock:
        return pickle.dumps((company.settings, tuple(company.rows()), tuple(company.deletions)))


def _restore(company: Company, books: bytes) -> None:
    settings, rows, deletions = pickle.loads(books)  # noqa: S301
    with company.lock:
        company.restore(settings, iter(rows), {}, deletions)
        company.writes.clear()
        company.mails.clear()


def _read(folder: Path, database: Database | None) -> Iterator[tuple[str, tuple[int, bytes]]]:
    """Yield the mode and content of every file, by its name in the folder; the database's own is the empty one."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(folder)), (path.stat().st_mode & 0o777, path.read_bytes())
    if database is not None:
        path = Path(str(database.url.database))
        yield "", (path.stat().st_mode & 0o777, path.read_bytes())


def _write(folder: Path, database: Database | None, files: dict[str, tuple[int, bytes]]) -> None:
    for name, (mode, content) in files.items():
        path = folder / name if name else Path(str(database and database.url.database))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            each.unlink(missing_ok=True)
        place: Any = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with open(place, "wb") as file:
            file.write(content)
