"""The parts of a run, and what its caller does after each unit."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raccord.store.models import Run


class Progress(StrEnum):
    """What the caller does next."""

    MORE = "more"
    DONE = "done"
    STOPPED = "stopped"


class Phase(StrEnum):
    """The parts of a run, in their order."""

    FETCH = "fetch"
    MAP = "map"
    RECOVER = "recover"
    BOOKS = "books"
    PLAN = "plan"
    MATCH = "match"
    UNDO = "undo"
    """In the place of fetching, mapping and planning, where a run takes documents out of the books."""
    POST = "post"
    REPORT = "report"
    PROVE = "prove"
    CLOSE = "close"
    LISTS = "lists"
    """Before all others, and alone in a run that only brings lists to the source."""


PROOF = "proof"
"""The trigger of a run that fetches and posts nothing and proves what is there."""
LISTS = "lists"
"""The trigger of a run that brings lists of the ledger to the source, and no record over."""
UNDO = "undo"
"""The trigger of a run that takes documents out, and under which name its progress keeps what it is asked for."""
PLAN_CHANGED = "plan.changed"
"""Why a line of a plan is left: what it rests on is no longer as it was when the plan was made."""


def is_undo(run: Run) -> bool:
    """Tell whether a run takes documents out instead of bringing records over."""
    return run.trigger == UNDO


class PlanNotApprovedError(Exception):
    """Raised when something tries to post a plan that nobody approved; a fault of ours, never a person's."""
