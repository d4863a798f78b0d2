"""The parts of a run, and what its caller does after each unit."""

from __future__ import annotations

from enum import StrEnum


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


PROOF = "proof"
"""The trigger of a run that fetches and posts nothing and proves what is there."""
