"""Calls that programs may repeat without fear: the first answer under a key is kept and given again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, delete, or_
from sqlalchemy.exc import IntegrityError

from raccord.errors import RaccordError
from raccord.plugin.texts import Text
from raccord.store.models import ApiAnswer
from raccord.sync.workshop import Workshop

KEY_MAX = 255
KEPT = timedelta(hours=24)
UNDER_WAY = timedelta(minutes=10)
"""How long a call without an answer counts as under way: its process may have died."""


class RepeatError(RaccordError):
    """Raised when a call under the same key is still under way."""


class KeyReusedError(RaccordError):
    """Raised when a key comes again with another call."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered when the call came first."""

    status: int
    body: str


def begin(workshop: Workshop, token_id: str, key: str, asked: str) -> KeptAnswer | None:
    """Return the answer that a token's call got before, or nothing and note that it is under way now.

    ``asked`` is the digest of the call. Another call under the key raises ``KeyReusedError``.
    """
    now = workshop.clock.now()
    stale = or_(ApiAnswer.made_at < now - KEPT, and_(ApiAnswer.status.is_(None), ApiAnswer.made_at < now - UNDER_WAY))
    try:
        with workshop.database.begin() as session:
            session.execute(delete(ApiAnswer).where(ApiAnswer.token_id == token_id, stale))
            found = session.get(ApiAnswer, (token_id, key))
            if found is None:
                session.add(ApiAnswer(token_id=token_id, key=key, asked=asked, made_at=now))
                return None
            if found.asked != asked:
                raise _reused()
            if found.status is None:
                raise _under_way()
            return KeptAnswer(found.status, found.body)
    except IntegrityError:
        # On PostgreSQL two that come at once both find nothing.
        raise _under_way() from None


def keep(workshop: Workshop, token_id: str, key: str, status: int, body: str) -> None:
    """Keep the answer of a call that was noted as under way."""
    with workshop.database.begin() as session:
        found = session.get(ApiAnswer, (token_id, key))
        if found is not None:
            found.status, found.body = status, body


def forget(workshop: Workshop, token_id: str, key: str) -> None:
    """Forget a call that came to nothing, so that it is decided anew when it comes again."""
    with workshop.database.begin() as session:
        session.execute(delete(ApiAnswer).where(ApiAnswer.token_id == token_id, ApiAnswer.key == key))


def _reused() -> KeyReusedError:
    return KeyReusedError(
        "api.key_reused",
        Text(
            "Cette clé d'idempotence a déjà servi à un autre appel.",
            "This idempotency key was used for another call already.",
        ),
        Text("Donnez une clé nouvelle à chaque appel nouveau.", "Give each new call a key of its own."),
    )


def _under_way() -> RepeatError:
    return RepeatError(
        "api.key_under_way",
        Text("Le même appel est encore en cours.", "The same call is still under way."),
        Text("Répétez-le dans un instant, sous la même clé.", "Repeat it in a moment, under the same key."),
    )
