"""Lists on their way to a source within a run: those that follow every run, and those that a person asked for.

A page and how far the run is are one commit. Whoever goes on after a kill hands the page that was under way over once
more, and the source finds what it took of it by QuickBooks' own id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from raccord.plugin.info import ListInfo
from raccord.store import events
from raccord.store.models import Connection, Run, RunState
from raccord.sync.execution import Execution
from raccord.sync.phases import LISTS, Phase, Progress
from raccord.sync.problems import close_problems, subject_of
from raccord.sync.telling.push import ALL_ENTRIES, Counts, Place, Told, alone, goes, note_told, tell_page
from raccord.sync.workshop import Bench

SENT = "sent"
"""Under this name a run's progress keeps the lists that people asked for: where it stands, and what became of each."""
FOLLOWED = "lists"
"""Under this name it keeps where it stands in the lists that follow every run."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A list that a person asked for: how many entries QuickBooks has, and what became of those that were read."""

    name: str
    total: int | None
    """Nothing until they are counted."""
    counts: Counts
    ended: bool

    @property
    def created(self) -> int:
        """What the source made."""
        return self.counts.pushed - self.counts.found - self.counts.renewed


def with_lists(progress: Mapping[str, Any], names: Iterable[str], by: str) -> dict[str, Any]:
    """Return a run's progress with lists to bring to the source; one that is on its way is not asked for twice."""
    kept = progress.get(SENT, {"at": [0, 0, 1], "lists": []})
    coming = {each["name"] for each in kept["lists"][kept["at"][0] :]}
    new: list[dict[str, Any]] = [
        {"name": name, "by": by, "total": None, "counts": {}} for name in names if name not in coming
    ]
    return {**progress, SENT: {"at": kept["at"], "lists": [*kept["lists"], *new]}}


def sent_of(progress: Mapping[str, Any]) -> list[Sent]:
    """Return what became of the lists that people asked of a run, each under its name once: the newest asking."""
    kept = progress.get(SENT, {"at": [0, 0, 1], "lists": []})
    found: dict[str, Sent] = {}
    for number, each in enumerate(kept["lists"]):
        ended = number < kept["at"][0]
        found[each["name"]] = Sent(each["name"], each["total"], Counts(**each["counts"]), ended)
    return list(found.values())


def sends_lists(run: Run) -> bool:
    """Tell whether a run brings lists to the source before it goes on."""
    return run.phase == Phase.LISTS or _more(run)


def send_page(execution: Execution, bench: Bench) -> Progress:
    """Bring the next page of the lists that people asked for to the source, and end a run that only does that."""
    kept = execution.run.progress.get(SENT, {"at": [0, 0, 1], "lists": []})
    number, kind, start = kept["at"]
    if number >= len(kept["lists"]):
        return _end(execution, bench)
    name, total = kept["lists"][number]["name"], kept["lists"][number]["total"]
    info = next((each for each in bench.scope.info.lists if each.name == name), None)
    if info is None or not goes(info, bench.connection.mode):
        # The connector, or the mode, is another one than when it was asked for.
        return _keep(execution, bench, None, None)
    if total is None:
        client = bench.client()
        counted = sum(client.count(each, ALL_ENTRIES) for each in info.kinds)
        with execution.begin() as (_, run):
            _note(run, {"total": counted}, kept["at"])
        return Progress.MORE
    with alone(bench):
        return _keep(execution, bench, info, tell_page(bench, info, Place(kind, start)))


def tell_lists(execution: Execution, bench: Bench) -> bool:
    """Bring one page of the lists that follow every run to the source; return whether there was one."""
    lists = [each for each in bench.scope.info.lists if each.every_run and goes(each, bench.connection.mode)]
    number, kind, start = execution.run.progress.get(FOLLOWED, [0, 0, 1])
    if number >= len(lists):
        return False
    with alone(bench):
        told = tell_page(bench, lists[number], Place(kind, start))
        with execution.begin() as (session, run):
            connection = session.get_one(Connection, bench.connection.id)
            note_told(session, connection, told, bench.workshop.clock.now(), run.id)
            run.progress = {**run.progress, FOLLOWED: _following(number, told.following)}
    return True


def _keep(execution: Execution, bench: Bench, info: ListInfo | None, told: Told | None) -> Progress:
    """Keep what the source took of a page, what became of it, and where the run goes on."""
    now = bench.workshop.clock.now()
    with execution.begin() as (session, run):
        number = run.progress[SENT]["at"][0]
        listed = run.progress[SENT]["lists"][number]
        counts = Counts(**listed["counts"])
        if told is not None:
            note_told(session, session.get_one(Connection, bench.connection.id), told, now, run.id)
            counts.add(told.counts)
        at = _following(number, None if told is None else told.following)
        _note(run, {"counts": asdict(counts)}, at)
        if info is not None and at[0] > number:
            _tell(session, bench, info, listed["by"], counts, now)
    return Progress.MORE


def _end(execution: Execution, bench: Bench) -> Progress:
    """Go on with what else was asked of the run meanwhile, else end it."""
    now = bench.workshop.clock.now()
    with execution.begin() as (session, run):
        if _more(run):
            return Progress.MORE
        if run.trigger != LISTS:
            run.phase = Phase.FETCH
            return Progress.MORE
        run.state, run.finished_at = RunState.DONE, now
        close_problems(session, run.connection_id, subject_of(run.trigger), now)
    return Progress.DONE


def _more(run: Run) -> bool:
    """Tell whether a list that was asked for has not been gone through yet."""
    kept = run.progress.get(SENT)
    return kept is not None and kept["at"][0] < len(kept["lists"])


def _note(run: Run, said: Mapping[str, Any], at: list[int]) -> None:
    kept = run.progress[SENT]
    number = kept["at"][0]
    lists = [each | said if place == number else each for place, each in enumerate(kept["lists"])]
    run.progress = {**run.progress, SENT: {"at": at, "lists": lists}}


def _following(number: int, after: Place | None) -> list[int]:
    return [number + 1, 0, 1] if after is None else [number, after.kind, after.start]


def _tell(session: Session, bench: Bench, info: ListInfo, by: str, counts: Counts, now: datetime) -> None:
    events.append(
        session,
        actor=by,
        action="list.pushed",
        subject=info.name,
        company_id=bench.company.id,
        connection_id=bench.connection.id,
        now=now,
        body=asdict(counts),
    )
