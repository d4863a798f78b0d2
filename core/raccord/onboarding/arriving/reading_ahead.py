"""What files that were handed in ask of a person, before any run has read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from raccord.guard import PluginFault
from raccord.plugin.errors import ConnectorError
from raccord.plugin.info import ConnectorInfo
from raccord.scope import ScopeError
from raccord.store.models import Company, Connection, SourceFile
from raccord.sync.workshop import Workshop

BYTES_MAX = 4 * 1024 * 1024
"""Larger deliveries are read by a run alone: a page waits for this."""
PAGES_MAX = 4
"""Of each stream."""


def takes_files(info: ConnectorInfo, settings: Mapping[str, Any]) -> bool:
    """Tell whether people hand in a connection's files themselves."""
    return bool(info.uploads) and all(str(settings.get(name, "")) == value for name, value in info.uploads.items())


def asked_ahead(workshop: Workshop, connection_id: str) -> Sequence[Mapping[str, Any]]:
    """Return the bodies of the records that ask, of files that nobody approved a plan of yet; nothing is kept.

    A file that cannot be read asks nothing here: the run says what is wrong with it.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        admitted = workshop.scopes.catalog.get(connection.connector)
        if admitted is None or not admitted.info.questions or connection.approved_at is not None:
            return []
        if not takes_files(admitted.info, connection.settings):
            return []
        size = session.scalar(select(func.sum(SourceFile.size)).where(SourceFile.connection_id == connection_id))
        if not 0 < (size or 0) <= BYTES_MAX:
            return []
        try:
            bench = workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)
        except ScopeError:
            return []
    found: list[Mapping[str, Any]] = []
    for stream in admitted.info.streams:
        cursor, more = None, True
        for _ in range(PAGES_MAX):
            if not more:
                break
            try:
                page = bench.scope.fetch(workshop.fetch_view(bench), stream.name, cursor)
            except (PluginFault, ConnectorError):
                break
            found += [each.raw for each in page.records if "question" in each.raw]
            cursor, more = page.cursor, page.more
    return found
