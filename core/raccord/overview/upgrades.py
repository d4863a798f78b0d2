"""What another version of a connector says otherwise, beside the plan whose approval accepts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.store.models import Problem, ProblemState
from raccord.sync.mapping.upgrades import MAPPING_CHANGED


@dataclass(frozen=True, slots=True)
class MappingChange:
    """Of how many of the newest records a connector says something else than before; the first differences."""

    was: str
    now: str
    looked_at: int
    records: int
    examples: Sequence[Mapping[str, str]]
    """``{"record", "field", "before", "after"}``; without a field, what the record becomes as a whole."""


def mapping_change(session: Session, connection_id: str) -> MappingChange | None:
    """Return the change of mapping that nobody accepted yet, or nothing."""
    params = session.scalar(
        select(Problem.params).where(
            Problem.connection_id == connection_id,
            Problem.code == MAPPING_CHANGED,
            Problem.state == ProblemState.OPEN,
        )
    )
    if params is None:
        return None
    return MappingChange(
        params["was"], params["now"], int(params["looked_at"]), int(params["records"]), params["examples"]
    )
