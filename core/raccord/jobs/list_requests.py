"""Lists of the ledger that a person asks to be brought to the source: kept with a run, which does it page by page."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete

from raccord.jobs.errors import other_run_open
from raccord.jobs.port import JobEngine
from raccord.jobs.requests import TRIES, insert_run, open_run
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.gates.gates import require_stage
from raccord.onboarding.setting_up.lists import bench_for, named_list
from raccord.plugin.info import ListInfo, Stage
from raccord.store.models import Connection, PushedEntry, RunState
from raccord.sync.books.company import PEOPLE
from raccord.sync.phases import LISTS, Phase
from raccord.sync.telling.push import TAKEN_BACK
from raccord.sync.telling.sending import with_lists
from raccord.sync.workshop import Workshop


def request_lists(workshop: Workshop, engine: JobEngine, actor: Actor, connection_id: str, names: Sequence[str]) -> str:
    """Have lists brought to the source, people before what is sold to them, and return the run that does it.

    That is the connection's open run, if it has one: it brings them before it goes on. A list that is on its way is
    not asked for twice. What the source was told already is left alone.
    """
    require(actor, Power.MANAGE)
    with workshop.database.read() as session:
        bench = bench_for(workshop, session, connection_id)
        wanted = sorted((named_list(bench, name) for name in names), key=_place)
        require_stage(session, bench.connection, bench.scope.info, Stage.LISTS)
    ordered, now = [each.name for each in wanted], workshop.clock.now()
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id)
        for _ in range(TRIES):
            found = open_run(session, connection_id)
            run = found or insert_run(session, connection, trigger=LISTS, by=actor.name, now=now, phase=Phase.LISTS)
            if run is not None:
                break
        else:
            raise other_run_open(connection_id)
        run.progress = with_lists(run.progress or {}, ordered, actor.name)
        # What an undone import took back comes with the next one that somebody asks for.
        mine = PushedEntry.connection_id == connection_id, PushedEntry.list_name.in_(ordered)
        session.execute(delete(PushedEntry).where(*mine, PushedEntry.told_hash == TAKEN_BACK))
        session.flush()
        run_id, paused = run.id, run.state == RunState.PAUSED
    if not paused:
        engine.submit(run_id)
    return run_id


def _place(info: ListInfo) -> bool:
    """Return what sorts the lists of people first."""
    return not set(info.kinds) <= set(PEOPLE)
