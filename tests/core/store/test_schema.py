from __future__ import annotations

from sqlalchemy import inspect

from raccord.store import schema
from raccord.store.database import Database
from raccord.store.models import Model


def test_an_upgraded_database_has_exactly_the_tables_that_the_code_declares(database: Database) -> None:
    schema.check(database)
    schema.ensure_ready(database)
    assert schema.current(database) == schema.head()
    there = set(inspect(database.engine).get_table_names()) - {"alembic_version"}
    assert there == set(Model.metadata.tables)
