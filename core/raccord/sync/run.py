"""One run, unit by unit: each call of :meth:`Pipeline.advance` does one bounded piece of work and commits it.

A run can be stopped at any commit and goes on from its rows; nothing here knows of the engine that calls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from raccord.enablement import SWITCHES_ON
from raccord.guard import PluginFault
from raccord.plugin.errors import ConnectorError, Reauthorise, RetryLater
from raccord.quickbooks import (
    AppCredentialsError,
    Cause,
    NoPermitError,
    QuickBooksError,
    ReauthoriseError,
    RefusedError,
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
    Plan,
    PlanState,
    Run,
    RunState,
    Secret,
)
from raccord.sync.blocking import Block, block, block_of, unblock
from raccord.sync.books.meter import use_of_month
from raccord.sync.execution import Execution, PassingTrouble
from raccord.sync.fetching.file_guard import DatabaseAway
from raccord.sync.fetching.following import StopAsked
from raccord.sync.life import Step, core_takes
from raccord.sync.phases import PROOF, Phase, Progress, is_undo
from raccord.sync.planning.since_approval import CHANGED_SINCE, PlanChanged
from raccord.sync.posting.post import OutcomeUnknown
from raccord.sync.problems import open_problem, subject_of
from raccord.sync.proving.conserve import ConservationError
from raccord.sync.safekeeping import GUARDED, NO_TARGET, posting_off
from raccord.sync.telling.sending import sends_lists
from raccord.sync.unit import Unit
from raccord.sync.workshop import Workshop, settings_handle

__all__ = ["Phase", "Pipeline", "Progress"]

FAULTS_MAX = 5
"""Faults of a plugin, one run after the other, that pause its connection."""

_PLACE = (
    # The secret only so that it need not be asked for: it stays at hand in the session.
    select(Company, Connection, SWITCHES_ON, Secret)
    .join(Connection, Connection.company_id == Company.id)
    .outerjoin(Secret, Secret.handle == bindparam("handle", type_=Secret.handle.type))
    .where(Connection.id == bindparam("which", type_=Connection.id.type))
)


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
        try:
            return self._advance(run_id)
        finally:
            self.workshop.keep_counts()

    def _advance(self, run_id: str) -> Progress:
        with Execution.opened(self.workshop.database, run_id) as (execution, session, run):
            place = {"which": run.connection_id, "handle": settings_handle(run.connection_id)}
            company, connection, switches, _secret = session.execute(_PLACE, place).one()
            stopped = self._begin(run, connection)
            if stopped is not None:
                return stopped
            phase = Phase.LISTS if sends_lists(run) else Phase(run.phase)
            try:
                bench = self.workshop.bench_of(session, company, connection, enabled=switches == 2)
            except ScopeError as error:
                # The connector was disabled, forbidden or uninstalled meanwhile; the run ends and says so.
                self._end_badly(session, run, error.code, {"fr": error.text.fr, "en": error.text.en})
                return Progress.STOPPED
        unit = Unit(self.workshop, execution, bench, self.workshop.follows(run_id, execution.fence))
        meter, done = self.workshop.meter(bench.company.id), set[Phase]()
        try:
            while True:
                if phase is Phase.POST and self._off(execution, bench.company):
                    return self._stop_unkept(execution, bench.company)
                with meter.of(str(phase)):
                    progress = unit.do(phase)
                done.add(phase)
                if unit.onward is None:
                    break
                phase = unit.onward
        except RetryLater:
            raise
        except StopAsked:
            # Nothing of the page was kept; what was asked for is obeyed before the next unit.
            return Progress.MORE
        except ThrottledError as error:
            if isinstance(error, NoPermitError) or not self._used_up():
                raise PassingTrouble(str(error)) from None
            return self._fail(execution, str(Cause.QUOTA), {"tid": error.tid}, Block.QUOTA)
        except (UnavailableError, DatabaseAway) as error:
            raise PassingTrouble(str(error)) from None
        except (Reauthorise, ReauthoriseError) as error:
            return self._needs_sign_in(execution, error)
        except PluginFault as fault:
            return self._faulted(execution, fault)
        except ConnectorError as error:
            return self._fail(execution, "source.refused", {"fr": error.text.fr, "en": error.text.en})
        except RefusedError as error:
            # Of a document, the line of the plan keeps it; before one is sent, it was a question.
            case = {"case": "reading"} if phase is not Phase.POST else {}
            said = {"detail": error.fault.detail[:500], "code": error.fault.code, "tid": error.tid}
            return self._fail(execution, str(error.cause), said | case, block_of(error, posting=phase is Phase.POST))
        except (QuickBooksError, AppCredentialsError) as error:
            return self._fail(execution, str(error.cause), {"detail": str(error)[:500]})
        except OutcomeUnknown as error:
            return self._fail(execution, "quickbooks.uncertain", {"keys": str(error)})
        except PlanChanged as changed:
            return self._set_plan_aside(execution, changed)
        except ConservationError as error:
            return self._fail(
                execution, "run.conservation", {"stream": error.stream, "counted": error.counted, "found": error.found}
            )
        if bench.company.state == CompanyState.BLOCKED and Phase.BOOKS in done:
            self._answered(execution)
        if unit.acquainted:
            self.workshop.follow(run_id, execution.fence)
        return progress

    def _begin(self, run: Run, connection: Connection) -> Progress | None:
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
        if run.trigger == PROOF:
            # It only reads, and what is paused or waits for its source is proven all the same.
            self._under_way(run, now)
            return None
        # A pause of more than a year ends in REAUTHORISE with its day kept: nothing runs until that is done (CH-45).
        ready = connection.state in (ConnectionState.CONNECTED, ConnectionState.REAUTHORISE)
        # What was written may be taken out again of a connection that brings nothing over any more.
        if not is_undo(run) and (not ready or connection.paused_at is not None):
            run.state, run.finished_at, run.error_code = RunState.CANCELLED, now, f"connection.{connection.state}"
            return Progress.STOPPED
        self._under_way(run, now)
        return None

    def _under_way(self, run: Run, now: datetime) -> None:
        if run.state != RunState.RUNNING or run.started_at is None:
            run.state, run.started_at = RunState.RUNNING, run.started_at or now

    def _needs_sign_in(self, execution: Execution, error: Reauthorise | ReauthoriseError) -> Progress:
        at_source = isinstance(error, Reauthorise)
        with execution.begin() as (session, run):
            if at_source:
                core_takes(session.get_one(Connection, run.connection_id), Step.SIGN_IN_REFUSED)
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
            if connection.fault_count >= FAULTS_MAX and core_takes(connection, Step.FAULT):
                connection.revision += 1
            self._end_badly(session, run, fault.code, {"fr": fault.text.fr, "en": fault.text.en})
        return Progress.STOPPED

    def _off(self, execution: Execution, company: Company) -> bool:
        """Tell whether nothing may be posted for want of a backup target; what was posted may always be taken out."""
        if company.environment != GUARDED or is_undo(execution.run):
            return False
        with self.workshop.database.read() as session:
            return posting_off(session, self.workshop.settings, company)

    def _stop_unkept(self, execution: Execution, company: Company) -> Progress:
        """End a run whose plan would be the first thing that nobody could put back; nothing of it was sent."""
        with execution.begin() as (session, run):
            session.get_one(Plan, run.plan_id).state = PlanState.STALE
            self._end_badly(session, run, NO_TARGET, {"company": company.name})
        return Progress.STOPPED

    def _set_plan_aside(self, execution: Execution, changed: PlanChanged) -> Progress:
        """End a run whose plan is not what was approved any more; nothing of it was sent."""
        with execution.begin() as (session, run):
            session.get_one(Plan, run.plan_id).state = PlanState.STALE
            self._end_badly(session, run, CHANGED_SINCE, changed.params())
        return Progress.STOPPED

    def _used_up(self) -> bool:
        """Tell whether this month's readings are used up, so that Intuit refuses more until the next."""
        self.workshop.keep_counts()
        with self.workshop.database.read() as session:
            use = use_of_month(session, self.workshop.settings.quickbooks_reads_per_month, self.workshop.clock.now())
        return 0 < use.limit <= use.reads

    def _answered(self, execution: Execution) -> None:
        """End a block by what QuickBooks let be read; that it takes documents again is seen by the first one alone."""
        with execution.begin() as (session, run):
            company = session.get_one(Company, run.company_id)
            if company.blocked_by != Block.SUBSCRIPTION:
                unblock(session, company, self.workshop.clock.now())

    def _fail(self, execution: Execution, code: str, params: dict[str, Any], kind: Block | None = None) -> Progress:
        with execution.begin() as (session, run):
            if kind is not None:
                now = self.workshop.clock.now()
                block(session, session.get_one(Connection, run.connection_id), kind, str(params.get("detail", "")), now)
            self._end_badly(session, run, code, params)
        return Progress.STOPPED

    def _end_badly(self, session: Session, run: Run, code: str, params: dict[str, Any]) -> None:
        now = self.workshop.clock.now()
        run.state, run.finished_at, run.error_code, run.error_params = RunState.FAILED, now, code, params
        open_problem(
            session,
            connection_id=run.connection_id,
            run_id=run.id,
            code=code,
            subject=subject_of(run.trigger),
            params=params,
            now=now,
        )
