"""Lists brought to a source as a person's request does it: a run, advanced until it ends or must wait."""

from __future__ import annotations

from harness import OWNER

from raccord.jobs.inline import HandOver
from raccord.jobs.list_requests import request_lists
from raccord.onboarding.access.people import Actor
from raccord.store.models import Run
from raccord.sync.run import Pipeline, Progress
from raccord.sync.telling.push import Counts
from raccord.sync.telling.sending import sent_of
from raccord.sync.workshop import Workshop


def asked(workshop: Workshop, connection_id: str, *names: str, actor: Actor = OWNER) -> str:
    """Ask for lists, for whoever executes runs."""
    return request_lists(workshop, HandOver(), actor, connection_id, names)


def push_list(workshop: Workshop, actor: Actor, connection_id: str, name: str) -> Counts:
    """Bring one list to the source at once; return what became of it."""
    run_id = asked(workshop, connection_id, name, actor=actor)
    pipeline = Pipeline(workshop)
    while pipeline.advance(run_id) is Progress.MORE:
        pass
    with workshop.database.read() as session:
        return next(each.counts for each in sent_of(session.get_one(Run, run_id).progress) if each.name == name)
