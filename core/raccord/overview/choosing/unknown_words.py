"""Words of a source that its connector does not know and that records wait for, to be chosen where one is added."""

from __future__ import annotations

import re
from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.terms import TermTable
from raccord.store.models import Problem, ProblemState

LOOKED_AT_MAX = 500
SHOWN_MAX = 50
_QUOTED = re.compile(r"\bword:? “([^”]+)”", re.IGNORECASE)
"""How what is said of a record quotes the word that is not known (``TermTable.known``, the plain contract)."""


def unknown_words(session: Session, connection_id: str, table: TermTable) -> list[str]:
    """Return the words that open problems of a connection are about, those of most records first."""
    rows = session.scalars(
        select(Problem.params)
        .where(Problem.connection_id == connection_id, Problem.state == ProblemState.OPEN)
        .order_by(Problem.opened_at.desc(), Problem.id)
        .limit(LOOKED_AT_MAX)
    )
    quoted = (_QUOTED.search(str(params.get("en", ""))) for params in rows)
    counted = Counter(found[1] for found in quoted if found is not None and found[1] not in table.terms)
    return [word for word, _ in counted.most_common(SHOWN_MAX)]
