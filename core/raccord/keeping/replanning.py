"""What a database that was put back would write: a plan of each connection, made by reading alone.

The sources are not asked, QuickBooks is read through the living installation's own clients, which refuse every write,
and no token of the copy is ever used: renewing one would take the living installation its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from raccord.errors import RaccordError
from raccord.plugin.errors import RetryLater
from raccord.quickbooks import OAuthClient, ReadOnlyError
from raccord.scope import Scopes
from raccord.store.database import Database
from raccord.store.models import (
    Action,
    Company,
    CompanyState,
    Connection,
    ConnectionState,
    DraftRow,
    DraftState,
    LinkRow,
    LinkState,
    PlanLine,
    Run,
    RunState,
)
from raccord.store.vault import Vault
from raccord.sync.books.readback import MARKED
from raccord.sync.execution import PassingTrouble
from raccord.sync.fetching.source_http import SourceHttp
from raccord.sync.phases import Phase
from raccord.sync.run import Pipeline, Progress
from raccord.sync.workshop import Bench, Workshop
from raccord.sync.zones import PROVEN_STATES

READING = (Phase.RECOVER, Phase.MAP, Phase.BOOKS, Phase.PLAN, Phase.MATCH)
"""Parts of a run that read and plan; nothing after them is begun."""
STILL_TO_DO = (DraftState.WAITING, DraftState.PLANNED, DraftState.READY, DraftState.FAILED)
"""States of a draft that the living installation has yet to post itself."""
OPEN_RUNS = (RunState.QUEUED, RunState.RUNNING, RunState.PAUSED, RunState.APPROVAL)
CONNECTIONS_MAX = 1000
KEYS_AT_ONCE = 500
TRIES, REST = 4, timedelta(seconds=15)
LATER_MAX = timedelta(minutes=4)


class Copy(Workshop):
    """The workshop of a database that was put back; what would leave this process by it raises ``ReadOnlyError``."""

    __slots__ = ()

    def _new_source(self, bench: Bench) -> SourceHttp:
        raise ReadOnlyError("a drill asks no source")

    def _new_oauth(self, environment: str) -> OAuthClient:
        raise ReadOnlyError("a drill renews no authorisation")


@dataclass(frozen=True, slots=True)
class Replanned:
    """What a connection of the copy would create: documents that nobody expects, and those that wait here too."""

    label: str
    company: str
    created: int = 0
    examples: Sequence[str] = ()
    waiting: int = 0
    error: str = ""
    """The code of what kept its plan from being made; empty where it was."""


def replan(live: Workshop, copied: Database, vault: Vault, place: Path) -> Iterator[Replanned]:
    """Plan each connection of a database that was put back; ``place`` is where the copy keeps what it must."""
    with live.database.read() as session:
        known = {each.id: each for each in session.scalars(select(Company))}
    settings = live.settings.model_copy(update={"data_dir": place})
    clients = {
        id_: live.client(each).reading() for id_, each in known.items() if each.state != CompanyState.DISCONNECTED
    }
    workshop = Copy(settings, copied, Scopes(live.scopes.catalog), vault, live.clock, _clients=clients)
    now = live.clock.now()
    with copied.begin() as session:
        session.execute(update(Run).where(Run.state.in_(OPEN_RUNS)).values(state=RunState.CANCELLED, finished_at=now))
        # A plan that waited for its approval is made anew, after a look at what was posted since.
        unplanned = update(DraftRow).where(DraftRow.state == DraftState.PLANNED)
        session.execute(unplanned.values(state=DraftState.WAITING))
        rows = session.execute(
            select(Connection, Company.name)
            .join(Company, Company.id == Connection.company_id)
            .where(Connection.state.in_(PROVEN_STATES))
            .order_by(Connection.label, Connection.id)
            .limit(CONNECTIONS_MAX)
        ).all()
        for connection, _ in rows:
            connection.state, connection.paused_at, connection.review_each = ConnectionState.CONNECTED, None, True
            session.get_one(Company, connection.company_id).state = CompanyState.CONNECTED
    for connection, company in rows:
        if connection.company_id not in clients:
            code = "company.disconnected" if connection.company_id in known else "company.unknown"
            yield Replanned(connection.label, company, error=code)
            continue
        yield _replanned(live, workshop, connection, company)


def _replanned(live: Workshop, workshop: Workshop, connection: Connection, company: str) -> Replanned:
    begun = live.clock.now()
    try:
        run = _plan(workshop, connection)
    except (PassingTrouble, RetryLater) as error:
        return Replanned(connection.label, company, error=f"{type(error).__name__}: {error}")
    except RaccordError as error:
        return Replanned(connection.label, company, error=error.code)
    if run.error_code or not run.plan_id:
        return Replanned(connection.label, company, error=run.error_code or f"run.{run.state}")
    surplus, waiting = _compare(live, workshop.database, connection.id, run.plan_id, begun)
    return Replanned(connection.label, company, len(surplus), surplus[:5], waiting)


def _plan(workshop: Workshop, connection: Connection) -> Run:
    """Make the plan of a connection from what is kept, and stop before anything of it would be sent or told."""
    with workshop.database.begin() as session:
        run = Run(
            connection_id=connection.id, company_id=connection.company_id, trigger="drill", started_by="drill",
            stop_after="plan", phase=Phase.RECOVER, created_at=workshop.clock.now(),
        )  # fmt: skip
        session.add(run)
        session.flush()
        run_id = run.id
    pipeline, tries = Pipeline(workshop), 0
    while True:
        with workshop.database.read() as session:
            run = session.get_one(Run, run_id)
        if run.phase not in READING or run.state not in (RunState.QUEUED, RunState.RUNNING):
            return run
        try:
            if pipeline.advance(run_id) is Progress.DONE:
                raise RuntimeError("a drill's run went to its end")
        except (PassingTrouble, RetryLater) as error:
            tries += 1
            wait = min(error.after, LATER_MAX) if isinstance(error, RetryLater) else REST
            if tries >= TRIES:
                raise
            workshop.clock.sleep_ms(int(wait.total_seconds() * 1000))


def _compare(
    live: Workshop, copied: Database, connection_id: str, plan_id: str, begun: datetime
) -> tuple[list[str], int]:
    """Return the keys of documents that the copy would create and the living installation would not, and how many it
    has yet to post itself, or has posted since the drill began.
    """
    surplus: list[str] = []
    waiting = last = 0
    while True:
        with copied.read() as session:
            rows = session.execute(
                select(PlanLine.id, PlanLine.key)
                .where(
                    PlanLine.plan_id == plan_id, PlanLine.action == Action.CREATE, PlanLine.kind.in_(MARKED),
                    PlanLine.id > last,
                )
                .order_by(PlanLine.id)
                .limit(KEYS_AT_ONCE)
            ).all()  # fmt: skip
        if not rows:
            return surplus, waiting
        last = rows[-1][0]
        keys = [key for _, key in rows]
        with live.database.read() as session:
            mine = DraftRow.connection_id == connection_id, DraftRow.key.in_(keys)
            expected = set(session.scalars(select(DraftRow.key).where(*mine, DraftRow.state.in_(STILL_TO_DO))))
            since = select(LinkRow.key).where(
                LinkRow.connection_id == connection_id, LinkRow.key.in_(keys), LinkRow.state == LinkState.LIVE,
            )  # fmt: skip
            expected |= set(session.scalars(since.group_by(LinkRow.key).having(func.min(LinkRow.linked_at) >= begun)))
        surplus += [key for key in keys if key not in expected]
        waiting += sum(key in expected for key in keys)
