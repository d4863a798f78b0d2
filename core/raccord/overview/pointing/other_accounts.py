"""Which connection a file is for that was handed in to another one of the same connector."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.overview.explain import OTHER_ACCOUNTS
from raccord.overview.listing import MOST, Within, among
from raccord.overview.problems import ProblemView
from raccord.store.models import Connection
from raccord.sync.life import LIVE


def their_connections(
    session: Session, connection: Connection, problems: Sequence[ProblemView], within: Within = None
) -> Mapping[str, tuple[str, str]]:
    """Return the id and name of the connection whose account a problem names as a file's own, by the problem's id.

    Of those that somebody sees; a problem of which none is known is left out.
    """
    asked = [each for each in problems if each.code.endswith(OTHER_ACCOUNTS)]
    if not asked:
        return {}
    others = session.execute(
        select(Connection.id, Connection.label, Connection.source_identity)
        .where(
            Connection.connector == connection.connector, Connection.id != connection.id,
            Connection.source_identity != "", Connection.state.in_(LIVE), *among(Connection.id, within),
        )
        .order_by(Connection.set_up_at, Connection.id)
        .limit(MOST)
    ).all()  # fmt: skip
    return {
        problem.id: (id_, label)
        for problem in asked
        for id_, label, identity in reversed(others)
        if _names(str(problem.params.get("en", "")), identity)
    }


def _names(text: str, identity: str) -> bool:
    """Tell whether a text names an account, which sources write with zeros before its number or without."""
    return re.search(rf"(?<!\w)0*{re.escape(identity.lstrip('0'))}(?!\w)", text) is not None
