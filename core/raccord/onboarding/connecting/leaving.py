"""Giving back what a source holds for a connection that was disconnected, such as an access to a bank.

The disconnection does not wait for it: the settings as they were are laid aside with it, the source is asked at once,
and again a few times by the worker; then they are erased, and a problem says what is left to a person.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.plugin.errors import ConnectorError
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Company, Connection, Problem, ProblemState, Secret
from raccord.sync.problems import close_problems, open_problem
from raccord.sync.workshop import Bench, Workshop, settings_handle

log = logging.getLogger(__name__)

AGAIN_AFTER = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
"""How long after each failure the source is asked again; after the last one no more."""
LATER, NOT_CLOSED = "source.closed_later", "source.not_closed"
SUBJECT = "closing"
BY = "raccord"
_AT_ONCE = 20


def lay_aside(workshop: Workshop, session: Session, connection: Connection) -> None:
    """Keep the settings of a connection that ends for as long as its source has to be asked; others are not kept."""
    admitted = workshop.scopes.catalog.get(connection.connector)
    if admitted is None or "close_source" not in admitted.hooks:
        return
    vault = workshop.vault.within(session)
    secret = vault.get_mapping(settings_handle(connection.id), missing_ok=True)
    kept = {"plain": connection.settings, "secret": secret, "failures": 0, "due": workshop.clock.now().isoformat()}
    vault.put(_handle(connection.id), kept)


def close_source(workshop: Workshop, connection_id: str) -> Text | None:
    """Ask a source that is due to give back what it holds; return what it said instead of doing so."""
    with workshop.database.read() as session:
        kept = _kept(workshop, session, connection_id)
        if kept is None or datetime.fromisoformat(kept["due"]) > workshop.clock.now():
            return None
    try:
        bench = _bench(workshop, connection_id, kept)
        with workshop.closing_view(bench) as view:
            held = bench.scope.close(view)
        said = _unsaid() if held is False else None
    except (ConnectorError, RaccordError) as error:
        held, said = True, error.text
    with workshop.database.begin() as session:
        if held is None:
            workshop.vault.within(session).delete(_handle(connection_id))
        else:
            _note(workshop, session, session.get_one(Connection, connection_id), kept, said)
    return said


def close_sources(workshop: Workshop) -> Sequence[str]:
    """Ask again each source that did not give back what it holds, where its time has come; return whom it concerned."""
    handles = select(Secret.handle).where(Secret.handle.like("connection:%:closing")).order_by(Secret.updated_at)
    with workshop.database.read() as session:
        waiting = [handle.split(":")[1] for handle in session.scalars(handles)]
        due = [each for each in waiting if _is_due(workshop, session, each)]
    for connection_id in due[:_AT_ONCE]:
        close_source(workshop, connection_id)
    return due[:_AT_ONCE]


def still_held(workshop: Workshop, connection_id: str) -> Text | None:
    """Return what people are told of what a source has not given back, where that is so."""
    with workshop.database.read() as session:
        told = session.scalars(
            select(Problem).where(
                Problem.connection_id == connection_id, Problem.subject == SUBJECT, Problem.state == ProblemState.OPEN
            )
        ).first()
    return None if told is None else Text(str(told.params["fr"]), str(told.params["en"]))


def _note(
    workshop: Workshop, session: Session, connection: Connection, kept: dict[str, Any], said: Text | None
) -> None:
    """Keep what became of a request: done, to be made again, or given up."""
    vault, now, failures = workshop.vault.within(session), workshop.clock.now(), int(kept["failures"]) + 1
    over = said is None or failures > len(AGAIN_AFTER)
    close_problems(session, connection.id, SUBJECT, now)
    if said is not None:
        open_problem(
            session, connection_id=connection.id, code=NOT_CLOSED if over else LATER, subject=SUBJECT, now=now,
            params=_told(said, over=over),
        )  # fmt: skip
        log.warning("The source of connection %s keeps what it holds (attempt %d)", connection.id, failures)
    if not over:
        due = now + AGAIN_AFTER[failures - 1]
        vault.put(_handle(connection.id), kept | {"failures": failures, "due": due.isoformat()})
        return
    vault.delete(_handle(connection.id))
    events.append(
        session, actor=BY, action="connection.source_closed" if said is None else "connection.source_not_closed",
        subject=connection.label, company_id=connection.company_id, connection_id=connection.id, now=now,
    )  # fmt: skip


def _bench(workshop: Workshop, connection_id: str, kept: dict[str, Any]) -> Bench:
    """Return the bench of a connection as it was when it ended."""
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        company = session.get_one(Company, connection.company_id)
        return workshop.bench_of(session, company, connection, (kept["plain"], kept["secret"]))


def _is_due(workshop: Workshop, session: Session, connection_id: str) -> bool:
    kept = _kept(workshop, session, connection_id)
    return kept is not None and datetime.fromisoformat(kept["due"]) <= workshop.clock.now()


def _kept(workshop: Workshop, session: Session, connection_id: str) -> dict[str, Any] | None:
    return workshop.vault.within(session).get_mapping(_handle(connection_id), missing_ok=True) or None


def _handle(connection_id: str) -> str:
    return f"connection:{connection_id}:closing"


def _told(said: Text, *, over: bool) -> dict[str, str]:
    fr, en = (
        ("La source tient encore un accès pour cette connexion", "The source still holds an access for this connection")
        if over
        else ("La source n'a pas encore rendu son accès", "The source has not given its access back yet")
    )
    return {"fr": f"{fr} : {said.fr}", "en": f"{en}: {said.en}"}


def _unsaid() -> Text:
    return Text(
        "Le connecteur ne dit pas que la source a rendu l'accès.",
        "The connector does not say that the source gave the access back.",
    )
