"""The lists that were last brought to a source: how far each is, what became of it, and what was refused and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.overview.runs import RunView, run_view
from raccord.store.models import Problem, ProblemState, Run
from raccord.sync.telling.push import REFUSED, STREAM_REFUSED
from raccord.sync.telling.sending import SENT

LOOKED_THROUGH = 50
"""Runs of a connection among which the newest that was asked for lists is looked for."""
REASONS_MAX = 20


@dataclass(frozen=True, slots=True)
class Refusals:
    """Entries of a list that the source refused for one reason, or the list as a whole; ``params`` tell the reason."""

    list_name: str
    code: str
    params: Mapping[str, Any]
    count: int
    example: str
    """The name of one of them; empty where it is the list."""


@dataclass(frozen=True, slots=True)
class ListSending:
    """The newest run that was asked for lists; its ``sent_lists`` tell how far each is."""

    run: RunView
    refusals: Sequence[Refusals]

    @property
    def live(self) -> bool:
        """Whether something of it changes by itself."""
        return self.run.active and (self.run.only_lists or not all(each.ended for each in self.run.sent_lists))


def list_sending(session: Session, connection_id: str) -> ListSending | None:
    """Return how the lists stand that were last asked for, or nothing where none were for a long time."""
    newest = select(Run.id).where(Run.connection_id == connection_id).order_by(Run.id.desc()).limit(LOOKED_THROUGH)
    asked = select(Run.id).where(Run.id.in_(newest), Run.progress[SENT].as_string().is_not(None))
    run_id = session.scalar(asked.order_by(Run.id.desc()).limit(1))
    run = None if run_id is None else run_view(session, run_id)
    if run is None:
        return None
    return ListSending(run, _refusals(session, connection_id, [each.name for each in run.sent_lists]))


def _refusals(session: Session, connection_id: str, names: Sequence[str]) -> list[Refusals]:
    """Count what is refused by list and reason, the most first."""
    of, fr, en = (Problem.params[each].as_string() for each in ("list", "fr", "en"))
    rows = session.execute(
        select(of, Problem.code, fr, en, func.count(), func.min(Problem.params["name"].as_string()))
        .where(
            Problem.connection_id == connection_id,
            Problem.state == ProblemState.OPEN,
            Problem.code.in_((REFUSED, STREAM_REFUSED)),
            of.in_(names),
        )
        .group_by(of, Problem.code, fr, en)
        .order_by(func.count().desc(), of, Problem.code, en)
        .limit(REASONS_MAX)
    )
    return [
        Refusals(name, code, {"fr": french, "en": english, "list": name, "name": example or ""}, count, example or "")
        for name, code, french, english, count, example in rows
    ]
