"""What people say to each other about a connection's mapping (CH-21): an accountant guides whoever may change it.

Comments stand in the audit chain, so nobody changes or removes one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.sources.source_accounts import info_of
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Connection, Event
from raccord.sync.workshop import Workshop

CHARS_MAX = 1000
SHOWN_MAX = 100
DAILY_MAX = 100
"""So many comments a connection takes within a day, whoever writes them."""


class CommentError(RaccordError):
    """Raised when a comment cannot be kept; says why and what to do."""


def comment(workshop: Workshop, actor: Actor, connection_id: str, about: str, text: str) -> Event:
    """Keep a comment on a role, on a word of the source, or on the whole mapping (``about`` is empty).

    Everybody who sees the connection may write, at most ``CHARS_MAX`` characters. Raises ``CommentError``.
    """
    require(actor, Power.SEE)
    said, now = text.replace("\r\n", "\n").strip(), workshop.clock.now()
    if not 0 < len(said) <= CHARS_MAX:
        raise _length(len(said))
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id)
        _require_line(info_of(workshop, connection.connector), about)
        lately = _of(connection).where(Event.at > now - timedelta(days=1))
        if session.scalars(select(func.count()).select_from(lately.subquery())).one() >= DAILY_MAX:
            raise CommentError(
                "comments.too_many",
                Text(
                    f"Cette connexion a déjà reçu {DAILY_MAX} commentaires en un jour.",
                    f"This connection has had {DAILY_MAX} comments within a day already.",
                ),
                Text("Réessayez demain.", "Try again tomorrow."),
            )
        return events.append(
            session,
            actor=actor.name,
            action="comment.written",
            subject=about,
            company_id=connection.company_id,
            connection_id=connection.id,
            now=now,
            body={"text": said},
        )


def count_comments(session: Session, connection: Connection) -> int:
    """Return how many comments a connection's mapping has."""
    return session.scalars(select(func.count()).select_from(_of(connection).subquery())).one()


def comments_of(session: Session, connection: Connection) -> Sequence[Event]:
    """Return the newest comments on a connection's mapping, the latest first, ``SHOWN_MAX`` at most."""
    return session.scalars(_of(connection).order_by(Event.seq.desc()).limit(SHOWN_MAX)).all()


def _of(connection: Connection) -> Select[Event]:
    return select(Event).where(
        Event.company_id == connection.company_id,
        Event.connection_id == connection.id,
        Event.action == "comment.written",
    )


def _require_line(info: ConnectorInfo, about: str) -> None:
    if about and about not in {role.name for role in info.roles} and not any(term.word == about for term in info.terms):
        raise CommentError(
            "comments.unknown_line",
            Text(f"Le mappage n'a pas de ligne « {about[:100]} ».", f"The mapping has no line “{about[:100]}”."),
            Text("Choisissez une ligne de la liste, ou aucune.", "Choose a line of the list, or none."),
        )


def _length(chars: int) -> CommentError:
    return CommentError(
        "comments.length",
        Text(f"Le commentaire a {chars} caractères.", f"The comment has {chars} characters."),
        Text(f"Écrivez-en de 1 à {CHARS_MAX}.", f"Write 1 to {CHARS_MAX} of them."),
    )
