"""One run, unit by unit: each call of :meth:`Pipeline.advance` does one bounded piece of work and commits it.

A run can be stopped at any commit and goes on from its rows; nothing here knows of the engine that calls it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, assert_never

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.guard import PluginFault
from raccord.plugin.errors import ConnectorError, Reauthorise, RetryLater
from raccord.plugin.ledger import Outcome
from raccord.plugin.records import Page
from raccord.quickbooks import (
    AppCredentialsError,
    QuickBooksError,
    ReauthoriseError,
    RefusedError,
    RetryClass,
    ThrottledError,
    UnavailableError,
)
from raccord.scope import ScopeError
from raccord.store.models import (
    Company,
    CompanyState,
    Connection,
    ConnectionState,
    Control,
    LineState,
    Plan,
    PlanLine,
    PlanState,
    Run,
    RunState,
    StreamCursor,
)
from raccord.sync.books import chosen, read_facts, read_lists, store_books
from raccord.sync.certified import watch_certified
from raccord.sync.conserve import ConservationError, conserve
from raccord.sync.environments import environment_of
from raccord.sync.execution import Execution, PassingTrouble
from raccord.sync.file_guard import DatabaseAway
from raccord.sync.keep import keep_page
from raccord.sync.map import map_slice
from raccord.sync.plan import Planner, Position
from raccord.sync.plans import leave_changed, plan_hash, start_plan
from raccord.sync.post import OutcomeUnknown, Poster
from raccord.sync.problems import close_problems, open_problem
from raccord.sync.prove import proof_months, store_proof, totals_between
from raccord.sync.report import outcomes_after
from raccord.sync.resolve import Resolver
from raccord.sync.workshop import Bench, Workshop

MAP_SLICE = 500
PLAN_SLICE = 500
REPORT_SLICE = 200
FAULTS_MAX = 5
"""Faults of a plugin, one run after the other, that pause its connection."""
JUDGED_FROM = 50
FAULTY_SHARE = 5
"""Of at least so many records of a run, the share (one in …) that may be faults of the plugin."""


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
    POST = "post"
    REPORT = "report"
    PROVE = "prove"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Executes runs with what the workshop gives: database, scopes, clients, clock."""

    workshop: Workshop

    def advance(self, run_id: str) -> Progress:
        """Do the run's next unit of work and commit it.

        Returns ``more`` while there is work, ``done`` at the end, ``stopped`` when the run waits (approval, pause),
        was cancelled or failed; its row says which. Raises ``Fenced`` when another execution took over, and lets
        passing trouble (network, database, throttling) through for the caller to retry.
        """
        execution = Execution.take(self.workshop.database, run_id)
        with execution.begin() as (session, run):
            stopped = self._begin(session, run)
            if stopped is not None:
                return stopped
            phase = Phase(run.phase)
            try:
                bench = self.workshop.bench(session, run)
            except ScopeError as error:
                # The connector was disabled, forbidden or uninstalled meanwhile; the run ends and says so.
                self._end_badly(session, run, error.code, {"fr": error.text.fr, "en": error.text.en})
                return Progress.STOPPED
        try:
            return _Unit(self.workshop, execution, bench).do(phase)
        except RetryLater:
            raise
        except (UnavailableError, ThrottledError, DatabaseAway) as error:
            raise PassingTrouble(str(error)) from None
        except (Reauthorise, ReauthoriseError) as error:
            return self._needs_sign_in(execution, error)
        except PluginFault as fault:
            return self._faulted(execution, fault)
        except ConnectorError as error:
            return self._fail(execution, "source.refused", {"fr": error.text.fr, "en": error.text.en})
        except RefusedError as error:
            code = "quickbooks.reauthorise" if error.retry is RetryClass.REAUTHORISE else str(error.cause)
            return self._fail(
                execution, code, {"detail": error.fault.detail[:500], "code": error.fault.code, "tid": error.tid}
            )
        except (QuickBooksError, AppCredentialsError) as error:
            return self._fail(execution, str(error.cause), {"detail": str(error)[:500]})
        except OutcomeUnknown as error:
            return self._fail(execution, "quickbooks.uncertain", {"keys": str(error)})
        except ConservationError as error:
            return self._fail(
                execution, "run.conservation", {"stream": error.stream, "counted": error.counted, "found": error.found}
            )

    def _begin(self, session: Session, run: Run) -> Progress | None:
        """Obey what a person asked for, and note that the run is under way."""
        now = self.workshop.clock.now()
        match RunState(run.state):
            case RunState.DONE:
                return Progress.DONE
            case RunState.FAILED | RunState.CANCELLED | RunState.APPROVAL:
                return Progress.STOPPED
            case RunState.QUEUED | RunState.RUNNING | RunState.PAUSED:
                pass
        match Control(run.control):
            case Control.CANCEL:
                run.state, run.finished_at = RunState.CANCELLED, now
                return Progress.STOPPED
            case Control.PAUSE:
                run.state = RunState.PAUSED
                return Progress.STOPPED
            case Control.GO:
                pass
        connection = session.get_one(Connection, run.connection_id)
        # A pause of more than a year ends in REAUTHORISE with its day kept: nothing runs until that is done (CH-45).
        ready = connection.state in (ConnectionState.CONNECTED, ConnectionState.REAUTHORISE)
        if not ready or connection.paused_at is not None:
            run.state, run.finished_at, run.error_code = RunState.CANCELLED, now, f"connection.{connection.state}"
            return Progress.STOPPED
        run.state, run.started_at = RunState.RUNNING, run.started_at or now
        return None

    def _needs_sign_in(self, execution: Execution, error: Reauthorise | ReauthoriseError) -> Progress:
        at_source = isinstance(error, Reauthorise)
        with execution.begin() as (session, run):
            if at_source:
                session.get_one(Connection, run.connection_id).state = ConnectionState.REAUTHORISE
            else:
                session.get_one(Company, run.company_id).state = CompanyState.REAUTHORISE
            params = (
                {"fr": error.text.fr, "en": error.text.en} if isinstance(error, Reauthorise) else {"tid": error.tid}
            )
            self._end_badly(session, run, "source.reauthorise" if at_source else "quickbooks.reauthorise", params)
        return Progress.STOPPED

    def _faulted(self, execution: Execution, fault: PluginFault) -> Progress:
        """Note the plugin's fault; repeated ones pause its connection, so that it cannot harm further."""
        with execution.begin() as (session, run):
            connection = session.get_one(Connection, run.connection_id)
            connection.fault_count += 1
            if connection.fault_count >= FAULTS_MAX:
                connection.state = ConnectionState.FAULTY
                connection.revision += 1
            self._end_badly(session, run, fault.code, {"fr": fault.text.fr, "en": fault.text.en})
        return Progress.STOPPED

    def _fail(self, execution: Execution, code: str, params: dict[str, Any]) -> Progress:
        with execution.begin() as (session, run):
            self._end_badly(session, run, code, params)
        return Progress.STOPPED

    def _end_badly(self, session: Session, run: Run, code: str, params: dict[str, Any]) -> None:
        now = self.workshop.clock.now()
        run.state, run.finished_at, run.error_code, run.error_params = RunState.FAILED, now, code, params
        open_problem(
            session, connection_id=run.connection_id, run_id=run.id, code=code, subject="run", params=params, now=now
        )


@dataclass(frozen=True, slots=True)
class _Unit:
    """One unit of work of a run."""

    workshop: Workshop
    execution: Execution
    bench: Bench

    def do(self, phase: Phase) -> Progress:
        match phase:
            case Phase.FETCH:
                self._fetch()
            case Phase.MAP:
                self._map()
            case Phase.RECOVER:
                self._recover()
            case Phase.BOOKS:
                self._books()
            case Phase.PLAN:
                return self._plan()
            case Phase.POST:
                self._post()
            case Phase.REPORT:
                self._report()
            case Phase.PROVE:
                self._prove()
            case Phase.CLOSE:
                return self._close()
            case _:
                assert_never(phase)
        return Progress.MORE

    def _fetch(self) -> None:
        """Read one page of the next stream; page, cursor and counts are one commit."""
        bench = self.bench
        with self.execution.database.read() as session:
            run = session.get_one(Run, self.execution.run_id)
            done = int(run.progress.get("streams", 0))
            streams = [stream.name for stream in bench.scope.info.streams]
            stream = streams[done] if done < len(streams) else ""
            row = session.get(StreamCursor, (bench.connection.id, stream)) if stream else None
            cursor = None if row is None else row.cursor
        if not stream:
            with self.execution.begin() as (_, run):
                run.phase = Phase.RECOVER
            return
        page: Page = bench.scope.fetch(self.workshop.fetch_view(bench), stream, cursor)
        with self.execution.begin() as (session, run):
            connection = session.get_one(Connection, bench.connection.id)
            keep_page(session, run, connection, stream, page, self.workshop.clock.now())
            connection.fault_count = 0
            if not page.more:
                run.progress = {**run.progress, "streams": done + 1}

    def _map(self) -> None:
        bench = self.bench
        with self.execution.begin() as (session, run):
            connection = session.get_one(Connection, bench.connection.id)
            taken, faults = map_slice(
                session,
                connection,
                bench.scope,
                self.workshop.map_view(session, bench),
                run.id,
                MAP_SLICE,
                self.workshop.clock.now(),
            )
            counted = run.progress.get("mapped", [0, 0])
            run.progress = {**run.progress, "mapped": [counted[0] + taken, counted[1] + faults]}
            if taken < MAP_SLICE:
                run.phase = Phase.BOOKS
                _judge(connection, *run.progress["mapped"])

    def _recover(self) -> None:
        """Settle what an earlier run left unknown, before new revisions of the records are looked at."""
        self._poster().recover()
        with self.execution.begin() as (_, run):
            run.phase = Phase.MAP

    def _books(self) -> None:
        bench = self.bench
        names = [role.default.name.get(bench.view.language) for role in bench.scope.info.roles if role.default]
        with self.execution.database.read() as session:
            choices = chosen(session, bench.company.id)
        client = bench.client()
        facts = read_facts(client)
        rows = read_lists(client, choices, names)
        now = self.workshop.clock.now()
        with self.execution.begin() as (session, run):
            store_books(session, session.get_one(Company, bench.company.id), facts, rows, now)
            connection = session.get_one(Connection, bench.connection.id)
            plan = start_plan(session, connection, run, now)
            self.workshop.keep_facts(plan.id, facts)
            run.phase = Phase.PLAN
            run.progress = {**run.progress, "plan": [0, 0]}

    def _plan(self) -> Progress:
        bench = self.bench
        with self.execution.database.read() as session:
            plan_id = session.get_one(Run, self.execution.run_id).plan_id
        facts = self.workshop.facts(plan_id, bench.company)
        with self.execution.begin() as (session, run):
            connection = session.get_one(Connection, bench.connection.id)
            plan = session.get_one(Plan, run.plan_id)
            now = self.workshop.clock.now()
            view = replace(bench.view, home_currency=facts.encoding.home_currency)
            planner = Planner(
                session,
                bench.company,
                connection,
                run,
                plan,
                facts,
                Resolver(connection, bench.scope, view, view.language),
                now,
            )
            rank, last = run.progress["plan"]
            following = planner.slice(Position(rank, last), PLAN_SLICE)
            if following is not None:
                run.progress = {**run.progress, "plan": [following.rank, following.last]}
                return Progress.MORE
            return self._finish_plan(session, run, connection, plan)

    def _finish_plan(self, session: Session, run: Run, connection: Connection, plan: Plan) -> Progress:
        """Seal the plan; the first one, and each one where the owner reviews, waits for a person."""
        now = self.workshop.clock.now()
        plan.hash = plan_hash(session, plan.id)
        to_send = session.scalar(
            select(func.count())
            .select_from(PlanLine)
            .where(PlanLine.plan_id == plan.id, PlanLine.state == LineState.PENDING)
        )
        if not to_send:
            plan.state, run.phase = PlanState.APPLIED, Phase.REPORT
            return Progress.MORE
        if run.stop_after == "plan" or connection.approved_at is None or connection.review_each:
            plan.state, run.state, run.phase = PlanState.WAITING, RunState.APPROVAL, Phase.POST
            return Progress.STOPPED
        plan.state, plan.approved_at, plan.approved_by = PlanState.APPROVED, now, "standing"
        run.phase = Phase.POST
        return Progress.MORE

    def _post(self) -> None:
        with self.execution.begin() as (session, run):
            plan = session.get_one(Plan, run.plan_id)
            if plan.state != PlanState.APPROVED:
                raise PlanNotApprovedError(plan.id, plan.state)
            leave_changed(session, plan.id)
        if self._poster().slice(plan.id):
            return
        with self.execution.begin() as (session, run):
            session.get_one(Plan, run.plan_id).state = PlanState.APPLIED
            run.phase = Phase.REPORT

    def _report(self) -> None:
        """Tell the source what became of its records, if it wants to know."""
        bench = self.bench
        outcomes: list[Outcome] = []
        with self.execution.database.read() as session:
            run = session.get_one(Run, self.execution.run_id)
            last = int(run.progress.get("reported", 0))
            if bench.scope.answers("report_outcome"):
                environment = environment_of(bench.company.environment)
                outcomes, last = outcomes_after(
                    session, run.plan_id, last, REPORT_SLICE, environment, bench.company.realm
                )
        if outcomes:
            bench.scope.report(self.workshop.report_view(bench), outcomes)
        with self.execution.begin() as (_, run):
            run.progress = {**run.progress, "reported": last}
            if not outcomes:
                run.phase = Phase.PROVE

    def _prove(self) -> None:
        """Prove one month; the last one ends the phase."""
        bench = self.bench
        with self.execution.database.read() as session:
            run = session.get_one(Run, self.execution.run_id)
            done = str(run.progress.get("proven", ""))
            months = [each for each in proof_months(session, bench.connection) if each[0].isoformat() > done]
        if not months:
            with self.execution.begin() as (_, run):
                run.phase = Phase.CLOSE
            return
        first, last = months[0]
        unequal = prove_window(self.workshop, self.execution, bench, first, last)
        with self.execution.begin() as (_, run):
            total = int(run.progress.get("unequal", 0)) + unequal
            run.progress = {**run.progress, "proven": last.isoformat(), "unequal": total}

    def _close(self) -> Progress:
        now = self.workshop.clock.now()
        with self.execution.begin() as (session, run):
            conserve(session, run)
            run.state, run.finished_at = RunState.DONE, now
            close_problems(session, run.connection_id, "run", now)
        return Progress.DONE

    def _poster(self) -> Poster:
        bench = self.bench
        return Poster(
            self.execution,
            bench.client(),
            self.workshop.clock,
            bench.company.id,
            bench.company.realm,
            bench.connection.id,
        )


def _judge(connection: Connection, mapped: int, faults: int) -> None:
    """Pause a connection whose plugin fails on more than one record in five: its answers cannot be trusted."""
    if mapped >= JUDGED_FROM and faults * FAULTY_SHARE > mapped:
        connection.state = ConnectionState.FAULTY
        connection.revision += 1


class PlanNotApprovedError(Exception):
    """Raised when something tries to post a plan that nobody approved; a fault of ours, never a person's."""


def prove_window(workshop: Workshop, execution: Execution, bench: Bench, first: date, last: date) -> int:
    """Prove the days of one month of a connection; return how many cells are unequal."""
    proven = totals_between(execution.database, bench.client(), bench.connection, first, last)
    with execution.begin() as (session, run):
        now = workshop.clock.now()
        unequal = store_proof(session, bench.connection, run.id, first, last, proven, now)
        watch_certified(session, bench.connection, run.id, first, now)
        return unequal
