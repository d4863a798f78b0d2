"""Runs executed by the command itself, with what a person sees of them meanwhile."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from raccord.jobs.inline import InlineEngine
from raccord.jobs.locks import company_locks
from raccord.jobs.steps import Steps
from raccord.jobs.tuning import Tuning
from raccord.sync.run import Pipeline
from raccord.sync.workshop import Workshop


def inline_engine(workshop: Workshop, after_step: Callable[[str], None] | None = None) -> InlineEngine:
    """Return an engine that executes runs in this thread; ``after_step`` gets the run's id after each unit of work."""
    pipeline = Pipeline(workshop)

    def advance(run_id: str) -> str:
        try:
            return pipeline.advance(run_id)
        finally:
            if after_step is not None:
                after_step(run_id)

    locks = company_locks(workshop.database, f"cli-{socket.gethostname()[:20]}-{os.getpid()}")
    return InlineEngine(Steps(workshop.database, advance, locks, workshop.clock, Tuning()))
