"""What a person asks to be undone, checked and written down before a run makes its plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.clock import Clock
from raccord.errors import RaccordError
from raccord.jobs.port import JobEngine
from raccord.jobs.requests import insert_run
from raccord.onboarding.access.people import Actor, Power, require
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.database import Database
from raccord.store.models import Connection, ConnectionState, DraftRow, LinkRow, LinkState, Run, SourceRecord
from raccord.sync.phases import UNDO, Phase
from raccord.sync.proving.certified import REASON_MIN
from raccord.sync.undoing.selection import Asked, select_links

MOST = 10_000
"""Documents of one undo."""


class UndoError(RaccordError):
    """Raised when nothing can be undone as asked; says why and what to do."""


def request_undo(
    database: Database, engine: JobEngine, connection_id: str, asked: Asked, *, actor: Actor, clock: Clock
) -> str:
    """Start the run that plans an undo and return its id; nothing is taken out before its plan is approved.

    Works on a connection that is paused, faulty or disconnected too, as long as its company can be written to.
    """
    require(actor, Power.WORK)
    if asked.certified and len(asked.certified.strip()) < REASON_MIN:
        raise UndoError(
            "undo.reason_missing",
            Text(
                "Toucher à un mois certifié demande une raison, en quelques mots.",
                "Touching a certified month needs a reason, in a few words.",
            ),
            Text(f"Écrivez-la, {REASON_MIN} caractères au moins.", f"Write it, {REASON_MIN} characters at least."),
        )
    now = clock.now()
    with database.begin() as session:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        count = _check(session, connection, asked)
        run = insert_run(session, connection, trigger=UNDO, by=actor.name, now=now)
        if run is None:
            raise UndoError(
                "undo.run_open",
                Text(
                    f"Une synchro de « {connection.label} » est en cours ou en pause.",
                    f"A run of “{connection.label}” is going on or paused.",
                ),
                Text("Attendez sa fin, ou abandonnez-la.", "Wait for its end, or cancel it."),
            )
        run.phase, run.progress = Phase.RECOVER, {UNDO: asked.kept()}
        session.flush()
        _note(session, actor, connection, run, asked, count, now)
        run_id = run.id
    engine.submit(run_id)
    return run_id


def connection_of_run(session: Session, run_id: str) -> str:
    """Return the connection of a run that may be undone."""
    run = session.get(Run, run_id)
    if run is None:
        raise UndoError(
            "undo.unknown",
            Text(f"Aucune exécution ne porte le numéro {run_id}.", f"No run has the number {run_id}."),
            Text("« raccord audit why » le donne pour un document.", "“raccord audit why” gives it for a document."),
        )
    return run.connection_id


def keys_named(
    session: Session, documents: Sequence[tuple[str, str]], records: Sequence[tuple[str, str]], connection_id: str = ""
) -> tuple[str, list[str]]:
    """Return the connection and the keys of documents (kind, id) and of records (stream, source id).

    All must be of one connection. One that is given is looked in alone, since two companies may number alike.
    """
    found: dict[tuple[str, str], None] = {}
    for kind, document_id in documents:
        links = select(LinkRow.connection_id, LinkRow.key).where(
            LinkRow.kind == kind, LinkRow.document_id == document_id, LinkRow.state != LinkState.UNLINKED
        )
        rows = session.execute(links if not connection_id else links.where(LinkRow.connection_id == connection_id))
        _take(found, [(row[0], row[1]) for row in rows], f"{kind}:{document_id}")
    for stream, source_id in records:
        drafts = (
            select(DraftRow.connection_id, DraftRow.key)
            .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
            .where(SourceRecord.stream == stream, SourceRecord.source_id == source_id)
        )
        rows = session.execute(drafts if not connection_id else drafts.where(DraftRow.connection_id == connection_id))
        _take(found, [(row[0], row[1]) for row in rows], f"{stream}/{source_id}")
    connections = {each[0] for each in found}
    if len(connections) > 1:
        raise UndoError(
            "undo.several_connections",
            Text("Cela touche plusieurs connexions.", "This is about several connections."),
            Text("Défaites une connexion à la fois, en la nommant.", "Undo one connection at a time, naming it."),
        )
    if not found:
        raise _nothing()
    return connections.pop(), [key for _, key in found]


def _take(found: dict[tuple[str, str], None], rows: Sequence[tuple[str, str]], name: str) -> None:
    if not rows:
        raise UndoError(
            "undo.unknown",
            Text(f"Raccord n'a rien écrit qui porte le nom {name}.", f"Raccord wrote nothing that is named {name}."),
            Text(
                "Donnez Genre:numéro (SalesReceipt:145) ou flux/identifiant de la source.",
                "Give Kind:id (SalesReceipt:145) or stream/id of the source.",
            ),
        )
    found.update(dict.fromkeys(rows))


def _check(session: Session, connection: Connection, asked: Asked) -> int:
    """Return how many documents and names are asked for, at most ``MOST``."""
    if connection.state in (ConnectionState.DRAFT, ConnectionState.UNCONNECTED):
        raise _nothing()
    count = len(select_links(session, connection, asked).links)
    if not count:
        raise _nothing()
    if count > MOST:
        raise UndoError(
            "undo.too_many",
            Text(
                f"Cela fait {count} documents ; {MOST} au plus à la fois.", f"That is {count}; {MOST} at most at once."
            ),
            Text("Défaites par parties, avec --document ou --record.", "Undo in parts, with --document or --record."),
        )
    return count


def _nothing() -> UndoError:
    return UndoError(
        "undo.nothing",
        Text(
            "Il n'y a rien à défaire : aucun document n'a été écrit là.",
            "Nothing to undo: no document was written there.",
        ),
        Text("Vérifiez l'exécution ou le document.", "Check the run or the document."),
    )


def _note(
    session: Session, actor: Actor, connection: Connection, run: Run, asked: Asked, count: int, now: datetime
) -> None:
    events.append(
        session,
        actor=actor.name,
        action="undo.requested",
        subject=asked.run_id or run.id,
        company_id=connection.company_id,
        connection_id=connection.id,
        now=now,
        body={"run": run.id, "documents": count, **asked.kept(), "keys": list(asked.keys[:100])},
    )
