"""The database as one file, exact at one moment, and a database of its own made from it again."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, inspect, literal_column, select, table, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from raccord.keeping.errors import BackupError, tool_failed, tool_missing
from raccord.plugin.texts import Text
from raccord.store import schema
from raccord.store.database import SCHEMA, Database, sqlite_path
from raccord.store.models import EventHead

TOOL_SECONDS = 3 * 3600
"""How long PostgreSQL's programs may take."""
SAID_MAX = 300
TABLES_MAX = 500
SQLITE_FILE, POSTGRES_FILE = "app.db", "app.dump"


@dataclass(frozen=True, slots=True)
class Content:
    """What a database held at the moment of a dump: its revision, the rows of each table and the audit chain's end."""

    revision: str
    counts: Mapping[str, int]
    entries: int
    hash: str


def dump(database: Database, folder: Path) -> tuple[Path, Content]:
    """Write the whole database to one file in a folder, as it is at one moment, and say what it holds.

    Others read and write meanwhile. Raises ``BackupError`` where PostgreSQL's programs are missing or refuse.
    """
    if database.dialect == "sqlite":
        return _dump_sqlite(database, folder / SQLITE_FILE)
    return _dump_postgres(database, folder / POSTGRES_FILE)


@contextmanager
def restored(live: Database, file: Path, place: Path) -> Iterator[Database]:
    """Open a database made from a dump: a file in ``place``, or a database of its own beside the live one, which is
    dropped afterwards. The live one is not touched.
    """
    if file.name == SQLITE_FILE:
        copied = place / SQLITE_FILE
        shutil.copyfile(file, copied)
        copied.chmod(0o600)
        database = Database(f"sqlite:///{copied}")
        try:
            yield database
        finally:
            database.dispose()
        return
    with _scratch_database(live) as url:
        _run(
            "pg_restore", ["--no-owner", "--no-privileges", "--exit-on-error", f"--dbname={_uri(url)}", str(file)], url
        )
        database = Database(url)
        try:
            yield database
        finally:
            database.dispose()


def content_of(session: Session, revision: str) -> Content:
    """Return what a database holds, in one transaction; its tables are those that are there, of whatever revision."""
    names = inspect(session.connection()).get_table_names()[:TABLES_MAX]
    counts = {
        name: session.scalar(select(func.count(literal_column("*"))).select_from(table(name))) or 0 for name in names
    }
    head = session.get(EventHead, 1)
    return Content(revision, counts, 0 if head is None else head.seq, "" if head is None else head.hash)


def _dump_sqlite(database: Database, file: Path) -> tuple[Path, Content]:
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(sqlite_path(database.url))) as source, closing(sqlite3.connect(file)) as copy:
        source.backup(copy)
    copied = Database(f"sqlite:///{file}")
    try:
        revision = schema.current(copied) or ""
        with copied.read() as session:
            content = content_of(session, revision)
    finally:
        copied.dispose()
    return file, content


def _dump_postgres(database: Database, file: Path) -> tuple[Path, Content]:
    revision = schema.current(database) or ""
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        # It waits for pg_dump without a word, for as long as that takes.
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        with Session(connection) as session:
            content = content_of(session, revision)
        options = ["--format=custom", f"--schema={SCHEMA}", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
        _run("pg_dump", [*options, f"--file={file}", f"--dbname={_uri(database.url)}"], database.url)
    return file, content


@contextmanager
def _scratch_database(live: Database) -> Iterator[URL]:
    name = f"raccord_drill_{secrets.token_hex(6)}"
    try:
        _alone(live, f'CREATE DATABASE "{name}"')
    except DBAPIError as error:
        raise BackupError(
            "drill.no_scratch",
            Text(
                f"Aucune base d'essai n'a pu être créée sur le serveur PostgreSQL ({type(error.orig).__name__}).",
                f"No scratch database could be made on the PostgreSQL server ({type(error.orig).__name__}).",
            ),
            Text(
                "Donnez à l'utilisateur de Raccord le droit de créer des bases : ALTER ROLE … CREATEDB.",
                "Let Raccord's user create databases: ALTER ROLE … CREATEDB.",
            ),
        ) from None
    try:
        yield live.url.set(database=name)
    finally:
        _alone(live, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _alone(live: Database, statement: str) -> None:
    with live.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))


def _run(name: str, arguments: Sequence[str], url: URL) -> None:
    program = shutil.which(name)
    if program is None:
        raise tool_missing(name)
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    try:
        done = subprocess.run(
            [program, *arguments], env=environment, capture_output=True, text=True, timeout=TOOL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise tool_failed(name, f"{TOOL_SECONDS} s") from None
    if done.returncode:
        lines = [line for line in done.stderr.strip().splitlines() if line] or [str(done.returncode)]
        raise tool_failed(name, lines[0][:SAID_MAX])


def _uri(url: URL) -> str:
    """Return the address for PostgreSQL's programs, without the password, which goes another way."""
    query = {key: value for key, value in url.query.items() if key != "options"}
    plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    return plain.render_as_string(hide_password=False)
