"""Run by Alembic; the caller hands over ``connection`` and ``target_metadata`` through ``config.attributes``.

The caller owns the transaction: everything up to the wanted revision is committed as one, or not at all.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.types import TypeDecorator

SCHEMA = "app"


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write the plain type below a type of the application: history must not import what may change."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


def run() -> None:
    connection: Connection = context.config.attributes["connection"]
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes.get("target_metadata"),
        # Only the connection's own schema is compared; the durable engine's lies beside it.
        include_schemas=False,
        render_as_batch=True,
        render_item=render_item,
    )
    context.run_migrations()


run()
