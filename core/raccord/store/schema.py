"""The schema's history: bringing a database up to this version, and refusing one that is ahead of it.

Alembic is imported by what changes a schema alone, and looking at one reads no migration: every command does at its
start, and both together took it longer than many a command's own work.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

import raccord_migrations
from raccord.plugin.texts import Text
from raccord.store.database import Database
from raccord.store.errors import StoreError
from raccord.store.models import Model

if TYPE_CHECKING:
    from alembic.config import Config

_ONE_AT_A_TIME = 0x5261_0001
"""Key of the PostgreSQL lock that lets one process upgrade while the others wait."""
_AS_DECLARED: set[bytes] = set()
"""What SQLite's own tables said where this process found all as declared: to compare each table takes a tenth of a
second, and a page of the doctor does at each visit."""


def upgrade(database: Database) -> str:
    """Bring the database to this version's schema and return its revision; a second caller waits, then does nothing.

    All steps are committed as one. A database that is newer than this version raises ``StoreError``.
    """
    from alembic import command

    with _alone(database) as connection:
        _refuse_newer(_revision(connection))
        command.upgrade(_config(connection), "head")
    return head()


def ensure_ready(database: Database) -> None:
    """Raise ``StoreError`` unless the database has exactly this version's schema."""
    found = current(database)
    _refuse_newer(found)
    if found != head():
        raise StoreError(
            "store.schema_old",
            Text(
                fr=f"La base de données est à la révision {found or 'vide'} ; cette version attend {head()}.",
                en=f"The database is at revision {found or 'empty'}; this version expects {head()}.",
            ),
            Text(
                fr="Sauvegardez-la, puis lancez « raccord db upgrade ».",
                en="Back it up, then run “raccord db upgrade”.",
            ),
        )


def check(database: Database) -> None:
    """Raise ``StoreError`` naming each difference between the tables that are there and those the code declares."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.engine.connect() as connection:
        there = _as_written(connection) if database.dialect == "sqlite" else None
        if there in _AS_DECLARED:
            return
        context = MigrationContext.configure(connection, opts={"include_schemas": False})
        found = [str(difference) for difference in compare_metadata(context, Model.metadata)]
    if there is not None and not found:
        _AS_DECLARED.add(there)
    if found:
        raise StoreError(
            "store.schema_drift",
            Text(
                fr=f"Les tables ne sont pas celles que le code déclare : {'; '.join(found)}.",
                en=f"The tables are not those that the code declares: {'; '.join(found)}.",
            ),
            Text(
                fr="Ajoutez la révision qui manque dans raccord_migrations.",
                en="Add the missing revision to raccord_migrations.",
            ),
        )


def current(database: Database) -> str | None:
    """Return the database's revision, or nothing when it has no tables of ours yet."""
    with database.engine.connect() as connection:
        return _revision(connection)


def head() -> str:
    """Return the newest revision this version knows."""
    return revisions()[-1]


def revisions() -> list[str]:
    """Return all revisions that this version knows, the oldest first; each file's name begins with its own."""
    found = sorted(path.name.partition("_")[0] for path in (_scripts() / "versions").glob("[0-9]*_*.py"))
    if not found:
        raise RuntimeError("raccord_migrations holds no revision")
    return found


def draft_revision(database: Database, message: str) -> Path:
    """Write the revision that would bring ``database`` (at head) to the code's models; for developers, to be read over.

    Returns the new file in ``raccord_migrations/versions``.
    """
    from alembic import command

    with database.engine.begin() as connection:
        script = command.revision(_config(connection), message, autogenerate=True, rev_id=f"{int(head()) + 1:04d}")
    if script is None or isinstance(script, list):
        raise RuntimeError("one revision was asked for")
    return Path(script.path)


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """Yield a connection in a transaction that no other upgrade can enter, committed at the end."""
    if database.dialect == "postgresql":
        with database.engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
            yield connection
        return
    with database.engine.connect() as connection:
        # SQLite alters a table by copying it, which must not look like deleting what others refer to.
        driver = connection.connection.driver_connection
        if driver is None:
            raise RuntimeError("the pool handed out a connection without a driver")
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise RuntimeError(f"the upgrade would leave a row of {broken[0]} without what it refers to")
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def _scripts() -> Path:
    return Path(raccord_migrations.__file__).parent


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(_scripts()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["target_metadata"] = Model.metadata
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _as_written(connection: Connection) -> bytes:
    """Return a hash of every table and index as SQLite has them; the statements that made them are all it knows."""
    told = connection.execute(text("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"))
    return hashlib.sha256(repr([tuple(row) for row in told]).encode()).digest()


def _refuse_newer(found: str | None) -> None:
    if found is None or found in revisions():
        return
    raise StoreError(
        "store.schema_newer",
        Text(
            fr=f"La base de données est à la révision {found}, que cette version de Raccord ne connaît pas : "
            f"une version plus récente l'a ouverte (celle-ci va jusqu'à {head()}).",
            en=f"The database is at revision {found}, which this version of Raccord does not know: "
            f"a newer version has opened it (this one goes up to {head()}).",
        ),
        Text(
            fr="Installez la version la plus récente de Raccord, ou restaurez une sauvegarde d'avant la mise à jour.",
            en="Install the newest version of Raccord, or restore a backup made before the update.",
        ),
    )
