"""Proving a company again before a person or a program says something of its proof."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select

from raccord.jobs.errors import company_busy
from raccord.jobs.locks import company_locks
from raccord.store.models import Connection, ConnectionState
from raccord.sync.proving.reprove import prove_again
from raccord.sync.workshop import Workshop


@contextmanager
def proven(workshop: Workshop, company_id: str) -> Iterator[None]:
    """Prove a company again, and let no run write to it until the caller is done with what was proven."""
    with workshop.database.read() as session:
        ids = session.scalars(
            select(Connection.id).where(
                Connection.company_id == company_id, Connection.state != ConnectionState.UNCONNECTED
            )
        ).all()
    held = company_locks(workshop.database, f"web-{socket.gethostname()[:20]}-{os.getpid()}").take(company_id)
    if held is None:
        raise company_busy(company_id)
    try:
        for connection_id in ids:
            prove_again(workshop, connection_id)
        yield
    finally:
        held.release()
