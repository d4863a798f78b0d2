"""Lets every SQLite database of a process find the statements that another one compiled.

An engine keeps what it compiles to itself. A real process opens one database; tests, and the commands in them, open
thousands, and spent a fifth of their time on compiling the same statements again.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

_COMPILED: LRUCache[Any, Any] = LRUCache(4000)


class Alike(SQLiteDialect_pysqlite):
    """SQLite as Python speaks it, equal to each other one that reads and writes JSON alike."""

    supports_statement_cache = True

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=_COMPILED)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike) and self._json() == other._json()

    def __hash__(self) -> int:
        return hash(self._json())

    def _json(self) -> tuple[object, object]:
        return self._json_serializer, self._json_deserializer


def share_statements() -> None:
    """Give the SQLite databases opened from now on one store of compiled statements."""
    registry.register("sqlite.pysqlite", __name__, Alike.__name__)
