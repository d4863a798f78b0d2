"""One unit of a run's work: a bounded piece of one of its phases, committed before the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import assert_never

from sqlalchemy.orm import Session

from raccord.plugin.records import Page
from raccord.store.models import Company, CompanyState, Connection, Control, Plan, PlanState, Run, RunState
from raccord.sync.books.acquaint import creates_documents, get_acquainted, has_lines_to_send
from raccord.sync.books.company import (
    PEOPLE,
    Facts,
    chosen,
    kind_of,
    lists_of,
    read_books,
    read_closing,
    store_books,
)
from raccord.sync.books.entries import changed_entries, read_entries
from raccord.sync.books.meter import Budget, use_of_month
from raccord.sync.execution import Execution
from raccord.sync.fetching.following import READING, Following
from raccord.sync.fetching.keep import cursor_of, keep_page
from raccord.sync.lines.come_since import hold_come_since, looked_long_ago
from raccord.sync.lines.concerned import Sought, Ways, documents_near
from raccord.sync.lines.doubles import Doubles
from raccord.sync.lines.offering import OFFERED, leave_changed_since, offer
from raccord.sync.lines.payees import named_payees
from raccord.sync.lines.suggestions import SUGGESTED, suggest
from raccord.sync.mapping.map import judge, map_slice
from raccord.sync.mapping.upgrades import MAPPED_WITH, check_upgrade
from raccord.sync.phases import Phase, PlanNotApprovedError, Progress, is_undo
from raccord.sync.planning.beside import in_shadow
from raccord.sync.planning.order import Position, waiting_drafts
from raccord.sync.planning.plan import Planner
from raccord.sync.planning.plans import leave_changed, start_plan
from raccord.sync.planning.reposts import settle_repost
from raccord.sync.planning.ruling import any_applied, rule_lines
from raccord.sync.planning.sealing import STANDING, lines_up_to, seal
from raccord.sync.planning.since_approval import PlanChanged, changed_here, changed_there, lines_on_documents, names_of
from raccord.sync.posting.claims import hold_claimed
from raccord.sync.posting.periods import leave_closed_since
from raccord.sync.posting.post import Poster
from raccord.sync.problems import close_problems, subject_of
from raccord.sync.proving.conserve import conserve
from raccord.sync.proving.look import look, note
from raccord.sync.proving.proof_months import confirm, proven_before
from raccord.sync.proving.prove import proof_months
from raccord.sync.proving.reprove import keep_month, read_month, to_read
from raccord.sync.resolving.money_places import payments_behind, read_landed
from raccord.sync.resolving.newcomers import FIRSTS, firsts_of, read_alike, waiting_names
from raccord.sync.resolving.reactivate import note_inactive
from raccord.sync.resolving.resolve import Resolver
from raccord.sync.resolving.views import View
from raccord.sync.shadowing.comparing import SHADOWED, compare_shadow
from raccord.sync.telling.report import tell_outcomes, tell_under_way
from raccord.sync.telling.sending import send_page, tell_lists
from raccord.sync.undoing.books import changed_in
from raccord.sync.undoing.run import plan_undo
from raccord.sync.workshop import Bench, Workshop

MAP_SLICE = 500
PLAN_SLICE = 500
FEW = 50
"""Records, drafts or lines that are so soon done that the run goes on at once: what comes around a unit of work takes
longer than they do."""
SEEN, LOOKED = "seen", "looked"
"""Under these names it says that it looked at what changed before its plan, and before its proof."""
CLOSING = "closing"
"""Under this name a run's progress keeps the closing date that was read before posting."""


@dataclass(slots=True)
class Unit:
    """One unit of work of a run."""

    workshop: Workshop
    execution: Execution
    bench: Bench
    acquainted: bool
    """Whether our tables know every document in the books that bears a mark of ours."""
    onward: Phase | None = None
    """What to do next in this same unit, where the piece that was done was small: committed by itself all the same."""

    def do(self, phase: Phase) -> Progress:
        self.onward = None
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
                self._plan()
            case Phase.MATCH:
                return self._match()
            case Phase.UNDO:
                return plan_undo(self.execution, self.bench, self.workshop.clock.now())
            case Phase.POST:
                self._post()
            case Phase.REPORT:
                self._report()
            case Phase.PROVE:
                self._prove()
            case Phase.CLOSE:
                return self._close()
            case Phase.LISTS:
                return send_page(self.execution, self.bench)
            case _:
                assert_never(phase)
        return Progress.MORE

    def _go_on(self, size: int = 0) -> Progress:
        """Let the next piece belong to this unit after a small one, unless somebody asked the run to stop meanwhile."""
        run = self.execution.run
        if size <= FEW and run.state == RunState.RUNNING and run.control == Control.GO:
            self.onward = Phase(run.phase)
        return Progress.MORE

    def _fetch(self) -> None:
        """Read one page of the next stream; page, cursor and counts are one commit."""
        bench = self.bench
        done = int(self.execution.run.progress.get("streams", 0))
        streams = [stream.name for stream in bench.scope.info.streams]
        if done >= len(streams):
            with self.execution.begin() as (_, run):
                run.phase = Phase.RECOVER
            return
        stream = streams[done]
        with self.execution.database.read() as session:
            cursor = session.scalar(*cursor_of(bench.connection.id, stream))
        following = Following(self.execution, self.workshop.clock)
        page: Page = bench.scope.fetch(self.workshop.fetch_view(bench, following.tell), stream, cursor)
        with self.execution.begin(connection=True) as (session, run):
            connection = session.get_one(Connection, bench.connection.id)
            if connection.revision != bench.connection.revision:
                # Read as settings were that somebody changed meanwhile: it is read again as they are now.
                return
            keep_page(session, run, connection, stream, page, self.workshop.clock.now())
            if connection.fault_count:
                connection.fault_count = 0
            if READING in run.progress or (page.more and following.last is not None):
                run.progress = following.kept(run.progress, more=page.more)
            if not page.more:
                run.progress = {**run.progress, "streams": done + 1}
                if done + 1 == len(streams):
                    run.phase = Phase.RECOVER
        if run.phase == Phase.FETCH and not page.more:
            self._go_on(len(page.records) + len(page.rejects))

    def _map(self) -> None:
        bench, now = self.bench, self.workshop.clock.now()
        with self.execution.begin(connection=True) as (session, run):
            connection = session.get_one(Connection, bench.connection.id)
            if connection.revision != bench.connection.revision:
                return
            view_on = self.workshop.map_view(session, bench)
            if MAPPED_WITH not in run.progress:
                check_upgrade(session, run, bench, view_on, now)
            taken, faults, again = map_slice(session, connection, bench.scope, view_on, run.id, MAP_SLICE, now)
            counted = run.progress.get("mapped", [0, 0])
            run.progress = {**run.progress, "mapped": [counted[0] + taken, counted[1] + faults]}
            if taken < MAP_SLICE and not again:
                run.phase = Phase.BOOKS
                judge(connection, *run.progress["mapped"])

    def _recover(self) -> None:
        """Settle what an earlier run left unknown, before new revisions of the records are looked at."""
        open_before = self._poster().recover()
        with self.execution.begin() as (_, run):
            run.phase = Phase.UNDO if is_undo(run) else Phase.MAP
        if not open_before and run.phase == Phase.MAP:
            self._go_on()

    def _books(self) -> None:
        bench = self.bench
        people = [role for role in bench.scope.info.roles if role.default and kind_of(role.accepts) in PEOPLE]
        names = [role.default.name.get(bench.view.language) for role in people if role.default]
        with self.execution.database.read() as session:
            choices = [*chosen(session, bench.company.id), *named_payees(session, bench.company.id)]
            new = waiting_names(session, session.get_one(Connection, bench.connection.id))
        client = bench.client()
        facts, rows = read_books(client, choices, names, lists_of([bench.scope.info]))
        known = {(row["kind"], str(row["Id"])) for row in rows}
        rows += [row for row in read_alike(client, new) if (row["kind"], str(row["Id"])) not in known]
        self._get_acquainted(creates_documents, bench.connection.id)
        now = self.workshop.clock.now()
        seen = look(self.execution.database, client, bench.company.id, now)
        with self.execution.begin() as (session, run):
            company = session.get_one(Company, bench.company.id)
            store_books(session, company, facts, rows, now)
            if seen is not None:
                drifted = note(session, company.id, seen, now)
                run.progress = {**run.progress, "drifted": drifted, SEEN: True}
            connection = session.get_one(Connection, bench.connection.id)
            plan = start_plan(session, connection, run, now, facts.closed_on)
            note_inactive(session, run, connection, rows)
            self.workshop.keep_facts(plan.id, facts)
            run.phase = Phase.PLAN
            run.progress = {**run.progress, "plan": [0, 0], FIRSTS: firsts_of(new)}

    def _plan(self) -> None:
        bench = self.bench
        plan_id, position = self.execution.run.plan_id, Position(*self.execution.run.progress["plan"])
        with self.execution.database.read() as session:
            _, rows = waiting_drafts(session, bench.connection.id, position, PLAN_SLICE)
            changed = changed_entries(session, bench.connection.id, rows)
            payments = payments_behind(session, bench.connection.id, rows)
        facts = self.workshop.facts(plan_id, bench.company)
        entries = read_entries(bench.client(), changed) if changed else {}
        landed = read_landed(bench.client(), payments) if payments else ()
        with self.execution.begin() as (session, run):
            planner = self._planner(session, run, facts)
            planner.entries, planner.resolver.landed = entries, landed
            following = planner.slice(position, PLAN_SLICE)
            if following is None:
                run.phase = Phase.MATCH
            else:
                run.progress = {**run.progress, "plan": [following.rank, following.last]}
        # A plan without a line is sealed at once.
        if run.phase == Phase.PLAN or position == Position(0, 0):
            self._go_on(len(rows))

    def _planner(self, session: Session, run: Run, facts: Facts) -> Planner:
        connection = session.get_one(Connection, self.bench.connection.id)
        plan = session.get_one(Plan, run.plan_id)
        view, now = self._view(facts), self.workshop.clock.now()
        resolver = Resolver(connection, self.bench.scope, view, view.language)
        return Planner(session, self.bench.company, connection, run, plan, facts, resolver, now)

    def _match(self) -> Progress:
        """Look for one month's movements that the books hold already; after the last one the plan is sealed."""
        bench, before = self.bench, self.execution.run
        plan_id, done = before.plan_id, str(before.progress.get("matched", ""))
        with self.execution.database.read() as session:
            lines = lines_up_to(session, plan_id, FEW + 1)
        if not lines:
            return self._seal(empty=True)
        with self.execution.database.read() as session:
            sought, offered = Sought(session, plan_id, bench.connection), OFFERED in before.progress
            ruled = int(before.progress.get("ruled", 0 if offered and any_applied(session, bench.company.id) else -1))
            # Only lines that rules answered meanwhile may lie in months that come after all others were looked at.
            left = () if offered and ruled < 0 and "ruled" not in before.progress else sought.months()
            following = next((each for each in left if each[0].isoformat() > done), None)
            ways = Ways() if following is None else sought.ways(*following)
        if following is None:
            if not offered:
                home = self.workshop.facts(plan_id, bench.company).encoding.home_currency
                offer(self.execution, bench, plan_id, home, self.workshop.clock.now())
            elif ruled >= 0:
                self._rule(plan_id, ruled)
            elif SUGGESTED not in before.progress:
                suggest(self.execution, bench.company.id, plan_id, self.workshop.clock.now())
            elif in_shadow(bench.connection) and SHADOWED not in before.progress:
                compare_shadow(self.workshop, self.execution, bench, plan_id)
            else:
                return self._seal()
            return self._go_on(lines)
        found = documents_near(bench.client(), ways)
        view = self._view(self.workshop.facts(plan_id, bench.company))
        with self.execution.begin() as (session, run):
            connection = session.get_one(Connection, bench.connection.id)
            now, run_id = self.workshop.clock.now(), self.execution.run_id
            doubles = Doubles(session, bench.company, connection, bench.scope, view, now, run_id)
            sought = Sought(session, plan_id, bench.connection)
            doubles.settle(sought.concerned(*following, found), found, until=following[1])
            run.progress = {**run.progress, "matched": following[0].isoformat()}
        return self._go_on(lines)

    def _seal(self, *, empty: bool = False) -> Progress:
        with self.execution.begin() as (session, run):
            done_with = ("matched", OFFERED, "ruled", SUGGESTED, SHADOWED)
            # Where nothing is written between them, the look before the plan is one before the proof too.
            looked = {LOOKED: True} if empty and SEEN in run.progress else {}
            run.progress = {name: value for name, value in run.progress.items() if name not in done_with} | looked
            connection, plan = session.get_one(Connection, run.connection_id), session.get_one(Plan, run.plan_id)
            return seal(session, run, connection, plan, self.workshop.clock.now(), empty=empty)

    def _rule(self, plan_id: str, after: int) -> None:
        """Answer the next lines by people's rules, once it is known what they may pay."""
        facts = self.workshop.facts(plan_id, self.bench.company)
        with self.execution.begin() as (session, run):
            done = rule_lines(self._planner(session, run, facts), after, PLAN_SLICE)
            run.progress = {**run.progress, "ruled": done or -1}

    def _view(self, facts: Facts) -> View:
        return replace(self.bench.view, home_currency=facts.encoding.home_currency)

    def _post(self) -> None:
        with self.execution.begin() as (session, run):
            plan = session.get_one(Plan, run.plan_id)
            if plan.state != PlanState.APPROVED:
                raise PlanNotApprovedError(plan.id, plan.state)
            unwatched = plan.approved_by != STANDING and CLOSING not in run.progress
            if not unwatched:
                # Part of it may be in the books already: the rest goes, but for what changed meanwhile.
                leave_changed(session, plan.id)
            long_ago = looked_long_ago(run, plan, self.workshop.clock.now())
        if unwatched:
            self._stop_if_changed(plan.id)
        if unwatched or long_ago:
            self._hold_come_since(plan.id)
        if unwatched:
            self._watch_closing()
        leave_changed_since(self.execution, self.bench, plan.id, self.workshop.clock.now())
        self._get_acquainted(has_lines_to_send, plan.id)
        if self._poster().slice(plan.id):
            tell_under_way(self.workshop, self.execution, self.bench)
            return
        with self.execution.begin() as (session, run):
            session.get_one(Plan, run.plan_id).state = PlanState.APPLIED
            # The source is told of what stands in the books; what was taken out is no outcome of its records.
            run.phase = Phase.PROVE if is_undo(run) else Phase.REPORT

    def _stop_if_changed(self, plan_id: str) -> None:
        """Send nothing of a plan that is not what a person approved any more; raises ``PlanChanged``."""
        with self.execution.database.read() as session:
            run = session.get_one(Run, self.execution.run_id)
            plan, connection = session.get_one(Plan, plan_id), session.get_one(Connection, run.connection_id)
            found, undo = changed_here(session, plan, run, connection), is_undo(run)
            lines = lines_on_documents(session, plan_id)
        client = self.bench.client()
        found += changed_there(client, self.bench.company, [] if undo else lines)
        if undo:
            found += changed_in(client, lines)
        if found:
            with self.execution.database.read() as session:
                raise PlanChanged(found, names_of(session, plan_id, found))

    def _hold_come_since(self, plan_id: str) -> None:
        if not is_undo(self.execution.run):
            view = self._view(self.workshop.facts(plan_id, self.bench.company))
            hold_come_since(self.execution, self.bench, plan_id, view, self.workshop.clock.now())

    def _watch_closing(self) -> None:
        """Read the closing date again before a plan that waited for a person is posted, once for each plan."""
        closed_on = read_closing(self.bench.client())
        with self.execution.begin() as (session, run):
            plan = session.get_one(Plan, run.plan_id)
            now = self.workshop.clock.now()
            leave_closed_since(session, run, plan, closed_on, now)
            if not is_undo(run):
                settle_repost(session, plan.connection_id, plan.approved_by, now)
            run.progress = {**run.progress, CLOSING: str(closed_on or "")}

    def _report(self) -> None:
        """Tell the source what became of its records, if it wants to know."""
        more = tell_outcomes(self.workshop, self.execution, self.bench) or tell_lists(self.execution, self.bench)
        with self.execution.begin() as (_, run):
            if not more:
                run.phase = Phase.PROVE
        if not more:
            self._go_on()

    def _prove(self) -> None:
        """Look at what changed, then prove the months it concerns, one a unit; the last one ends the phase."""
        bench, database, now = self.bench, self.execution.database, self.workshop.clock.now()
        done, looked = str(self.execution.run.progress.get("proven", "")), LOOKED in self.execution.run.progress
        with database.read() as session:
            proven = not looked and proven_before(session, bench.connection.id)
            use = use_of_month(session, self.workshop.settings.quickbooks_reads_per_month, now)
        if use.state is Budget.TIGHT:
            # Readings are left to posting; what was proven stays as it was found.
            with self.execution.begin() as (_, run):
                run.progress = {**run.progress, "put_off": True}
                run.phase = Phase.CLOSE
            self._go_on()
            return
        if proven:
            self._look(now)
            self._go_on()
            return
        with database.read() as session:
            months = [each for each in proof_months(session, bench.connection) if each[0].isoformat() > done]
            standing, wanted = to_read(session, bench.connection, months, now)
        reading = None if wanted is None else read_month(database, bench.client(), bench.connection, *wanted)
        with self.execution.begin() as (session, run):
            confirm(session, bench.connection.id, standing, now)
            if reading is None:
                run.phase = Phase.CLOSE
            else:
                unequal = keep_month(session, bench.connection, run.id, reading, self.workshop.clock.now())
                total = int(run.progress.get("unequal", 0)) + unequal
                run.progress = {**run.progress, "proven": reading.last.isoformat(), "unequal": total}
        if wanted is None or wanted == months[-1]:
            self._go_on()

    def _look(self, now: datetime) -> None:
        """Ask once what changed, so that months in which nothing did need not be read."""
        seen = look(self.execution.database, self.bench.client(), self.bench.company.id, now)
        with self.execution.begin() as (session, run):
            drifted = 0 if seen is None else note(session, self.bench.company.id, seen, now)
            run.progress = {**run.progress, LOOKED: True, "drifted": int(run.progress.get("drifted", 0)) + drifted}

    def _close(self) -> Progress:
        now = self.workshop.clock.now()
        with self.execution.begin() as (session, run):
            conserve(session, run)
            run.state, run.finished_at = RunState.DONE, now
            close_problems(session, run.connection_id, subject_of(run.trigger), now)
        return Progress.DONE

    def _get_acquainted(self, needed: Callable[[Session, str], bool], of: str) -> None:
        """Look for documents of ours that a restored backup has forgotten, where documents are to be created."""
        database, company_id = self.execution.database, self.bench.company.id
        with database.read() as session:
            wanted = not self.acquainted and needed(session, of)
        if wanted:
            get_acquainted(self.execution, self.bench.client(), company_id, self.workshop.clock.now())
            self.acquainted = True

    def _poster(self) -> Poster:
        bench = self.bench
        return Poster(
            self.execution,
            bench.client(),
            self.workshop.clock,
            bench.company.id,
            bench.company.realm,
            bench.connection.id,
            self.workshop.files(bench.connection.id),
            partial(hold_claimed, bench),
            bench.company.state == CompanyState.BLOCKED,
            self.acquainted,
        )
