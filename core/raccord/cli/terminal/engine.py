"""Runs executed by the command itself, with what a person sees of them meanwhile."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import output
from raccord.jobs.errors import company_busy
from raccord.jobs.inline import InlineEngine
from raccord.jobs.locks import company_locks
from raccord.jobs.steps import Steps
from raccord.jobs.tuning import Tuning
from raccord.plugin.texts import Text
from raccord.sync.run import Pipeline
from raccord.sync.workshop import Workshop


def inline_engine(workshop: Workshop, after_step: Callable[[str], None] | None = None) -> InlineEngine:
    """Return an engine that executes runs in this thread; ``after_step`` gets the run's id after each unit of work.

    A source that puts a run off is told of on standard error, so that nobody watches a command that says nothing.
    """
    pipeline = Pipeline(workshop)

    def advance(run_id: str) -> str:
        try:
            return pipeline.advance(run_id)
        finally:
            if after_step is not None:
                after_step(run_id)

    locks = company_locks(workshop.database, _name())
    return InlineEngine(Steps(workshop.database, advance, locks, workshop.clock, Tuning()), _say_later)


def _say_later(why: Text, span: timedelta) -> None:
    seconds = round(span.total_seconds())
    output().note(
        Phrase(
            f"{why.fr} Nouvel essai dans {seconds} s ; Ctrl-C arrête, rien n'est perdu.",
            f"{why.en} Next try in {seconds} s; Ctrl-C stops, nothing is lost.",
        )
    )


@contextmanager
def holding_company(workshop: Workshop, company_id: str) -> Iterator[None]:
    """Keep runs away from a company meanwhile; raises JobError ``jobs.company_busy`` when one goes on."""
    held = company_locks(workshop.database, _name()).take(company_id)
    if held is None:
        raise company_busy(company_id)
    try:
        yield
    finally:
        held.release()


def _name() -> str:
    return f"cli-{socket.gethostname()[:20]}-{os.getpid()}"
