"""The optional file behind a sandbox: a SQLite journal of every company's objects and postings."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Any

from raccord_sandbox.keeping.deletions import Deletion
from raccord_sandbox.posting.ledger import Entry, StockMove
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.wire import dumps

SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
    realm TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, serial INTEGER NOT NULL,
    body TEXT NOT NULL, entries TEXT, PRIMARY KEY (realm, kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    realm TEXT NOT NULL, digest TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (realm, digest));
CREATE TABLE IF NOT EXISTS deletions (
    realm TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS deletions_by_realm ON deletions (realm);
CREATE TABLE IF NOT EXISTS facts (scope TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (scope, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS writes (number INTEGER PRIMARY KEY, realm TEXT NOT NULL, body TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One stored object with its posting; `serial` keeps the order of creation."""

    kind: str
    id: str
    serial: int
    doc: Doc
    entries: tuple[Entry, ...] | None


@dataclass(slots=True)
class Pending:
    """What one request has changed, saved in one transaction at its end."""

    rows: dict[tuple[str, str], Row | None] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    writes: list[Doc] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.rows or self.facts or self.writes or self.deletions)


class Storage:
    """Saves and loads; a process killed at any point leaves whole requests only."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = Lock()
        self._db = sqlite3.connect(folder / "sandbox.sqlite3", timeout=1, check_same_thread=False, isolation_level=None)
        # The books in memory are the truth while we run: a second sandbox on the same file would overwrite them.
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)

    def save(self, realm: str, pending: Pending) -> None:
        """Write one request's changes, all or none."""
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._write(realm, pending)

    def replace(self, realm: str, pending: Pending) -> None:
        """Write a company anew, nothing of its former state left; all or none."""
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._forget(realm)
            self._write(realm, pending)

    def put_facts(self, scope: str, facts: dict[str, Any]) -> None:
        """Write named values, all or none; None removes one."""
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._put_facts(scope, facts)

    def fact(self, scope: str, name: str) -> Any:
        """Return one named value. Raises KeyError."""
        with self._lock:
            found = self._db.execute("SELECT body FROM facts WHERE scope = ? AND name = ?", (scope, name)).fetchone()
        if found is None:
            raise KeyError(name)
        return _loads(found[0])

    def facts(self, scope: str) -> dict[str, Any]:
        """Return the named values of a scope."""
        with self._lock:
            found = self._db.execute("SELECT name, body FROM facts WHERE scope = ?", (scope,)).fetchall()
        return {name: _loads(body) for name, body in found}

    def rows(self, realm: str) -> Iterator[Row]:
        """Yield a company's objects in order of creation."""
        with self._lock:
            found = self._db.execute(
                "SELECT kind, id, serial, body, entries FROM rows WHERE realm = ? ORDER BY serial", (realm,)
            ).fetchall()
        for kind, key, serial, body, entries in found:
            yield Row(kind, key, serial, _loads(body), _entries(entries))

    def writes(self, realm: str, limit: int) -> list[Doc]:
        """Return the latest `limit` writes of a company, oldest first."""
        with self._lock:
            found = self._db.execute(
                "SELECT body FROM writes WHERE realm = ? ORDER BY number DESC LIMIT ?", (realm, limit)
            ).fetchall()
        return [_loads(body) for (body,) in reversed(found)]

    def deletions(self, realm: str) -> list[Deletion]:
        """Return what a company deleted."""
        with self._lock:
            found = self._db.execute("SELECT kind, id, at FROM deletions WHERE realm = ?", (realm,)).fetchall()
        return [Deletion(*row) for row in found]

    def put_file(self, realm: str, digest: str, content: bytes) -> None:
        """Write the content of a file once."""
        with self._lock, self._db:
            self._db.execute("INSERT OR IGNORE INTO files VALUES (?, ?, ?)", (realm, digest, content))

    def file(self, realm: str, digest: str) -> bytes | None:
        """Return the content of a file."""
        with self._lock:
            found = self._db.execute("SELECT body FROM files WHERE realm = ? AND digest = ?", (realm, digest))
            row = found.fetchone()
        return None if row is None else bytes(row[0])

    def keep_files(self, realm: str, digests: Collection[str]) -> None:
        """Remove a company's other contents."""
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            found = self._db.execute("SELECT digest FROM files WHERE realm = ?", (realm,)).fetchall()
            gone = [(realm, digest) for (digest,) in found if digest not in digests]
            self._db.executemany("DELETE FROM files WHERE realm = ? AND digest = ?", gone)

    def forget(self, realm: str, *scopes: str) -> None:
        """Remove everything of a company with its files, and the facts of other scopes; all or none."""
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._forget(realm)
            self._db.execute("DELETE FROM files WHERE realm = ?", (realm,))
            self._db.executemany("DELETE FROM facts WHERE scope = ?", [(scope,) for scope in scopes])

    def names(self, scope: str) -> list[str]:
        """Return the names of a scope's values."""
        with self._lock:
            found = self._db.execute("SELECT name FROM facts WHERE scope = ? ORDER BY name", (scope,)).fetchall()
        return [name for (name,) in found]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _write(self, realm: str, pending: Pending) -> None:
        puts = [
            (realm, row.kind, row.id, row.serial, dumps(row.doc), _entries_text(row.entries))
            for row in pending.rows.values()
            if row is not None
        ]
        drops = [(realm, *key) for key, row in pending.rows.items() if row is None]
        self._db.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?, ?)", puts)
        self._db.executemany("DELETE FROM rows WHERE realm = ? AND kind = ? AND id = ?", drops)
        self._put_facts(realm, pending.facts)
        self._db.executemany(
            "INSERT INTO writes (realm, body) VALUES (?, ?)", [(realm, dumps(write)) for write in pending.writes]
        )
        self._db.executemany(
            "INSERT INTO deletions VALUES (?, ?, ?, ?)",
            [(realm, one.kind, one.id, one.at) for one in pending.deletions],
        )

    def _forget(self, realm: str) -> None:
        for table, column in (("rows", "realm"), ("writes", "realm"), ("deletions", "realm"), ("facts", "scope")):
            self._db.execute(f"DELETE FROM {table} WHERE {column} = ?", (realm,))  # noqa: S608  # our own names

    def _put_facts(self, scope: str, facts: dict[str, Any]) -> None:
        for name, body in facts.items():
            if body is None:
                self._db.execute("DELETE FROM facts WHERE scope = ? AND name = ?", (scope, name))
            else:
                self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", (scope, name, dumps(body)))


def entry_docs(entries: Iterable[Entry]) -> list[Doc]:
    """Return entries as JSON objects."""
    return [asdict(entry) for entry in entries]


def entries_of(docs: Iterable[Doc]) -> tuple[Entry, ...]:
    """Return the entries of JSON objects."""
    return tuple(_entry(doc) for doc in docs)


def _entry(doc: Doc) -> Entry:
    """Return an entry; a whole amount comes back from JSON as an int."""
    entry = {**doc, "amount": Decimal(doc["amount"])}
    if doc.get("foreign") is not None:
        entry["foreign"] = Decimal(doc["foreign"])
    if doc.get("stock") is not None:
        numbers = {name: Decimal(doc["stock"][name]) for name in ("quantity", "estimate")}
        entry["stock"] = StockMove(**{**doc["stock"], **numbers})
    return Entry(**entry)


def _entries_text(entries: tuple[Entry, ...] | None) -> str | None:
    return None if entries is None else dumps(entry_docs(entries))


def _entries(text: str | None) -> tuple[Entry, ...] | None:
    return None if text is None else entries_of(_loads(text))


_DECODER = json.JSONDecoder(parse_float=Decimal)
"""Made once: `json.loads` with a parser of its own makes one for every text."""


def _loads(text: str) -> Any:
    return _DECODER.decode(text)
