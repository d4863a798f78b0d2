"""Executing exactly the approved plan: intent, call, answer; and read-back wherever an answer is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from raccord.clock import Clock
from raccord.plugin.texts import Text
from raccord.quickbooks import Cause, QuickBooks, QuickBooksError, RefusedError
from raccord.quickbooks.codec import fill, with_token
from raccord.store.files import StoredFileBox
from raccord.store.models import (
    REMOVALS,
    Action,
    Company,
    Control,
    DraftRow,
    DraftState,
    LineState,
    LinkRow,
    LinkState,
    MarkedDocument,
    PlanLine,
    Posting,
    PostingState,
    Run,
)
from raccord.store.told import on_behalf_of
from raccord.sync.blocking import is_whole, unblock
from raccord.sync.bodies import digest, mark, marker, request_id
from raccord.sync.books.acquaint import RECOGNISED, known_until, marked_under, newest_of
from raccord.sync.books.namesakes import told_apart
from raccord.sync.books.readback import Sought, read_back, way_of
from raccord.sync.books.sending import Job, Result, Sender
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.execution import Execution, StillUnderWay
from raccord.sync.posting.links import Outcomes
from raccord.sync.posting.periods import leave_closed
from raccord.sync.posting.recognise import recognise
from raccord.sync.posting.removals import TOKEN_NOW, leave_held, look_again, unmet
from raccord.sync.posting.touched import go_again, touched
from raccord.sync.posting.turned_back import give_back, turn_back
from raccord.sync.problems import open_problem
from raccord.sync.resolving.holds import open_hold
from raccord.sync.resolving.resolve import LINK_WAITS
from raccord.sync.resolving.standing import tell_what_stands

ATTEMPTS_MAX = 6
ASIDE_MAX = 5
"""Documents of one plan whose outcome may stay unknown while the others go on."""
NAP_MAX = timedelta(seconds=5)
"""How long a unit of work waits by itself; for longer the run is put off, and its thread works for others."""
CLAIM = 240
"""Documents whose intents one transaction commits."""
REFILL = 120
"""Documents still to be sent when more are claimed, so that sending does not stop meanwhile."""
SETTLE = 60
"""Answers that are waited for before they are stored; about two seconds' worth under the published limits."""
SLICE = CLAIM * 2
"""Documents of one unit of work, about twenty seconds' worth under the published limits: no longer than a worker that
is asked to stop waits for its units. A person's pause is seen before more are claimed."""


UNDER_WAY = Text(
    fr="QuickBooks exécute peut-être encore des écritures dont la réponse s'est perdue ; on attend qu'il ait fini.",
    en="QuickBooks may still be executing writes whose answer was lost; they are waited for.",
)


class OutcomeUnknown(Exception):  # noqa: N818 - named for what is so
    """Raised when the outcomes of many documents stay unknown after every allowed try; their intents stay for the next
    run.
    """


@dataclass(frozen=True, slots=True)
class Poster:
    """Posts one run's plan for one company; the only writer of that company while it runs."""

    execution: Execution
    client: QuickBooks
    clock: Clock
    company_id: str
    realm: str
    connection_id: str
    files: StoredFileBox
    hold_claimed: Callable[[Session, str, Sequence[PlanLine], datetime], bool]
    """Holds what another connection sent meanwhile (``posting/claims.py``)."""
    probing: bool
    """Whether QuickBooks refuses the company until one document was taken: no other is sent before that."""
    known: bool
    """Whether this process did the run's last unit too, so that nothing in the books can be unknown to our tables."""

    @property
    def guarded(self) -> QuickBooks:
        """The client that writes only while this execution is the run's own."""
        return self.client.guarded(self.execution.check)

    def slice(self, plan_id: str) -> bool:
        """Post the next lines of a plan; return whether any are left.

        Raises ``RetryLater`` when nothing is left but documents that QuickBooks may still be executing.
        """
        unknown = self._open_jobs(plan_id)
        over = [job for job in unknown if job.quiet_at <= self.clock.now()]
        if over:
            self._settle_open(over)
            return True
        look_again(self.execution, self.client, plan_id, self.clock.now())
        jobs = self._claim(plan_id, min(job.rank for job in unknown) if unknown else None)
        if jobs is not None:
            self._pump(plan_id, jobs, claim_more=not self.probing)
            return True
        if unknown:
            self._wait(min(job.quiet_at for job in unknown))
        return bool(unknown)

    def _pump(self, plan_id: str, jobs: Sequence[Job], *, claim_more: bool = True) -> None:
        """Send jobs and more of their rank, storing answers and claiming the next while others are under way."""
        claimed, more = len(jobs), jobs if claim_more else []
        sender, answered = Sender(self.guarded, self.clock, self.files), list[Result]()
        try:
            with sender:
                sender.add(jobs)
                while answered := sender.collect(SETTLE):
                    self._settle(answered)
                    answered = []
                    if more and claimed < SLICE and sender.waiting < REFILL:
                        more = self._claim(plan_id, jobs[0].rank) or []
                        sender.add(more)
                        claimed += len(more)
        except QuickBooksError:
            # Too many requests, for one: what never left need not be waited for, nor what was answered and not stored.
            self._note_quiet(sender.unsent, [*answered, *sender.rest()])
            raise

    def _note_quiet(self, unsent: Sequence[Job], answered: Sequence[Result]) -> None:
        """Note from when on QuickBooks can no longer be executing intents without an answer: of most, from now on.

        A document that reached nobody was not tried either, however often too many requests hold it back.
        """
        now = self.clock.now()
        self._note([job.posting_id for job in unsent], {"quiet_at": now, "attempts": Posting.attempts - 1})
        for span_ms in {each.under_way_ms for each in answered}:
            ids = [each.job.posting_id for each in answered if each.under_way_ms == span_ms]
            self._note(ids, {"quiet_at": now + timedelta(milliseconds=span_ms)})

    def recover(self) -> int:
        """Settle what earlier runs left unknown, by reading back only; return how many intents were open.

        Raises ``RetryLater`` while QuickBooks may still be executing one of them.
        """
        jobs = self._open_jobs(None)
        if not jobs:
            return 0
        self._wait(max(job.quiet_at for job in jobs))
        found = read_back(self.client, [job.sought for job in jobs if job.action != Action.LINK], moved=True)
        results = [Result(job, found.get(job.sought.code)) for job in jobs]
        with self.execution.begin() as (session, run):
            outcomes = self._outcomes(session, run, results)
            for result in results:
                if result.document is not None:
                    outcomes.record(result.job.posting_id, result.document, result.tid)
                else:
                    give_back(session, result.job, self.connection_id, self.clock.now())
        return len(jobs)

    def _wait(self, until: datetime) -> None:
        """Let a moment pass: a short while here, a longer one with the run put off."""
        span = until - self.clock.now()
        if span > NAP_MAX:
            raise StillUnderWay(UNDER_WAY, span)
        self.clock.sleep_ms(max(0, -(-span // timedelta(milliseconds=1))))

    def _open_jobs(self, plan_id: str | None) -> list[Job]:
        """Return the intents without an answer: of this plan, or of all the connection's plans.

        Of one that nobody has waited for yet it is not known when it left: perhaps just now, from a process that
        was frozen. So its time begins here, where no other execution can send it any more.
        """
        now = self.clock.now()
        latest = now + timedelta(milliseconds=self.client.executes_within_ms)
        with self.execution.begin() as (session, _):
            statement = (
                select(Posting, PlanLine)
                .join(PlanLine, PlanLine.id == Posting.plan_line_id)
                .where(Posting.connection_id == self.connection_id, Posting.state == PostingState.INTENT)
                .order_by(Posting.id)
            )
            if plan_id is not None:
                tried = Posting.attempts <= ATTEMPTS_MAX
                statement = statement.where(PlanLine.plan_id == plan_id, tried).limit(CLAIM)
            jobs = []
            for posting, line in session.execute(statement):
                # A moment further ahead than any wait was written by a clock that was wrong.
                if posting.quiet_at is None or posting.quiet_at > latest:
                    posting.quiet_at = now if posting.operation == Action.LINK else latest
                jobs.append(self._job(posting, line))
            return jobs

    def _claim(self, plan_id: str, rank: int | None = None) -> list[Job] | None:
        """Commit the intents of the next lines; ``None`` when no line is pending, or none of ``rank`` if given, or a
        person asked the run to stop meanwhile.
        """
        with self.execution.begin() as (session, run):
            lines = session.scalars(
                select(PlanLine)
                .where(PlanLine.plan_id == plan_id, PlanLine.state == LineState.PENDING)
                .order_by(PlanLine.rank, PlanLine.id)
                .limit(1 if self.probing else CLAIM)
            ).all()
            if not lines or (rank is not None and (lines[0].rank != rank or run.control != Control.GO)):
                return None
            lines = [line for line in lines if line.rank == lines[0].rank]
            if self.hold_claimed(session, plan_id, lines, self.clock.now()):
                lines = [line for line in lines if line.state == LineState.PENDING]
            ids = self._ids(session, {key for line in lines for key in line.needs})
            refusals = self._refusals(session, [line.key for line in lines])
            codes = {line.key: mark(self.realm, self.connection_id, line.key) for line in lines}
            there = marked_under(session, self.company_id, codes.values())
            ready = []
            for line in lines:
                missing = unmet(line, ids)
                if not missing:
                    ready.append(line)
                elif line.action in REMOVALS:
                    leave_held(session, run, line, missing, self.clock.now())
                else:
                    self._leave(session, run, line, missing)
            postings = []
            for line in ready:
                # Made by a life of ours that a restored backup has forgotten: it is linked and not made again.
                found = there.get(codes[line.key]) if line.action == Action.CREATE else None
                if found is not None:
                    line.reason, line.document_id = RECOGNISED, found.document_id
                postings.append((line, self._intend(line, codes[line.key], ids, refusals.get(line.key, 0), found)))
            session.add_all([posting for _, posting in postings])
            session.flush()
            return [self._job(posting, line) for line, posting in postings]

    def _intend(
        self, line: PlanLine, code: str, ids: Mapping[str, str], refusals: int, found: MarkedDocument | None
    ) -> Posting:
        if line.action in REMOVALS:
            body = with_token(line.payload, str(line.params.get(TOKEN_NOW, "")))
        else:
            way_of(line.kind)
            body = fill(line.payload, ids) if line.payload else ""
        line.state = LineState.SENDING
        line.money_account = ids.get(line.money_account.removeprefix("{link:").removesuffix("}"), line.money_account)
        return Posting(
            plan_line_id=line.id,
            company_id=self.company_id,
            connection_id=self.connection_id,
            key=line.key,
            revision=line.revision,
            kind=line.kind,
            operation=line.action if found is None else Action.LINK,
            request_id=request_id(code, line.revision, refusals, removal=line.action in REMOVALS),
            marker=code,
            body=body,
            body_hash=digest(body),
            batch_id="",
            state=PostingState.INTENT,
            attempts=1,
            document_id=line.document_id,
            fault_code="",
            fault_detail="",
            tid="",
            created_at=self.clock.now(),
            quiet_at=None,
        )

    def _job(self, posting: Posting, line: PlanLine) -> Job:
        text = marker(posting.marker, posting.revision)
        sought = Sought(
            posting.marker,
            text,
            posting.kind,
            posting.operation == Action.UPDATE,
            posting.document_id,
            posting.body,
            line.day,
            posting.created_at,
            posting.operation,
        )
        return Job(
            posting.id,
            line.id,
            line.rank,
            posting.kind,
            posting.operation,
            posting.key,
            posting.body,
            posting.request_id,
            sought,
            posting.attempts,
            posting.quiet_at or posting.created_at,
            str(line.params.get("file", "")),
        )

    def _ids(self, session: Session, keys: set[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for some in chunks(sorted(keys), CHUNK):
            rows = session.execute(
                select(LinkRow.key, LinkRow.document_id).where(
                    LinkRow.company_id == self.company_id,
                    LinkRow.connection_id == self.connection_id,
                    LinkRow.key.in_(some),
                    LinkRow.state == LinkState.LIVE,
                )
            )
            found.update({row.key: row.document_id for row in rows})
        return found

    def _refusals(self, session: Session, keys: Sequence[str]) -> dict[str, int]:
        """Count how often QuickBooks refused each key: a new try after a refusal needs a new request id."""
        counts: dict[str, int] = {}
        for some in chunks(keys, CHUNK):
            for key in session.scalars(
                select(Posting.key).where(
                    Posting.connection_id == self.connection_id,
                    Posting.key.in_(some),
                    Posting.state == PostingState.REFUSED,
                )
            ):
                counts[key] = counts.get(key, 0) + 1
        return counts

    def _leave(self, session: Session, run: Run, line: PlanLine, missing: list[str]) -> None:
        line.state, line.reason, line.params = LineState.LEFT, LINK_WAITS, {"keys": missing}
        draft = None if line.draft_id is None else session.get(DraftRow, line.draft_id)
        if draft is not None:
            draft.state, draft.reason = DraftState.HELD, LINK_WAITS
            open_hold(session, self.connection_id, draft, LINK_WAITS, {"keys": missing, "states": {}}, self.clock.now())

    def _settle_open(self, jobs: Sequence[Job]) -> None:
        """Look for documents whose answer is missing, then send again only those that are not there."""
        found = read_back(self.client, [job.sought for job in jobs if job.action != Action.LINK], moved=not self.known)
        there = [Result(job, found[job.sought.code]) for job in jobs if job.sought.code in found]
        if there:
            self._settle(there)
        missing = [job for job in jobs if job.sought.code not in found]
        worn = [job for job in missing if job.attempts >= ATTEMPTS_MAX]
        fresh = [job for job in missing if job.attempts < ATTEMPTS_MAX]
        self._note([job.posting_id for job in worn], {"attempts": Posting.attempts + 1})
        self._note([job.posting_id for job in fresh], {"attempts": Posting.attempts + 1, "quiet_at": None})
        if worn:
            self._set_aside(worn)
        self._pump("", fresh, claim_more=False)

    def _note(self, posting_ids: Sequence[int], values: Mapping[str, Any]) -> None:
        """Write down what is known of intents without an answer."""
        with self.execution.begin() as (session, _):
            for some in chunks(posting_ids, CHUNK):
                session.execute(update(Posting).where(Posting.id.in_(some)).values(**values))

    def _set_aside(self, jobs: Sequence[Job]) -> None:
        """Leave documents whose outcome never gets known to the next run, and go on with the others.

        When there are many, it is not them but QuickBooks: the run ends.
        """
        with self.execution.begin() as (session, run):
            aside = session.scalar(
                select(func.count())
                .select_from(Posting)
                .join(PlanLine, PlanLine.id == Posting.plan_line_id)
                .where(
                    PlanLine.plan_id == run.plan_id,
                    Posting.state == PostingState.INTENT,
                    Posting.attempts > ATTEMPTS_MAX,
                )
            )
            if aside is not None and aside > ASIDE_MAX:
                raise OutcomeUnknown(", ".join(job.key for job in jobs[:20]))
            for job in jobs:
                open_problem(
                    session,
                    connection_id=self.connection_id,
                    run_id=run.id,
                    stream=job.key.split("/", 1)[0],
                    code=str(Cause.UNCERTAIN),
                    subject=job.key,
                    params={"attempts": job.attempts},
                    now=self.clock.now(),
                )

    def _settle(self, results: Sequence[Result]) -> None:
        """Commit answers, links and line states together; what is still unknown stays an intent."""
        recognised = recognise(self.client, results)
        recognised = told_apart(self.execution.database, self.company_id, self.connection_id, results, recognised)
        results = tell_what_stands(self.client, recognised)
        newest = newest_of(result.document for result in results if result.document is not None)
        again = touched(self.execution.database, self.client, self.connection_id, results, ATTEMPTS_MAX)
        whole: Result | None = None
        with self.execution.begin() as (session, run):
            outcomes = self._outcomes(session, run, results)
            if self.probing and any(each.document is not None and each.job.action != Action.LINK for each in results):
                unblock(session, session.get_one(Company, self.company_id), self.clock.now())
            known_until(session, self.company_id, newest)
            for result in results:
                if result.document is not None:
                    outcomes.record(result.job.posting_id, result.document, result.tid)
                elif result.refused and is_whole(result.faults[0]) and result.job.action not in REMOVALS:
                    turn_back(outcomes, result.job.posting_id, result.faults[0], result.tid)
                    whole = result
                elif result.job.posting_id in again:
                    go_again(session, result.job.posting_id, again[result.job.posting_id])
                elif result.refused:
                    outcomes.record(result.job.posting_id, result.faults, result.tid, result.standing)
                else:
                    outcomes.wait(result.job.posting_id, timedelta(milliseconds=result.under_way_ms))
            self._stop_at_closed(session, run, outcomes, results)
        if whole is not None:
            raise RefusedError("QuickBooks refuses every document of the company", whole.faults, whole.tid)

    def _stop_at_closed(self, session: Session, run: Run, outcomes: Outcomes, results: Sequence[Result]) -> None:
        """After a refusal for a closed period send no more of the days up to the one refused: they are closed too."""
        refused = [
            (day, result.faults[0].detail[:500])
            for result in results
            if result.refused and result.faults[0].cause is Cause.PERIOD_CLOSED
            if (day := outcomes.lines[result.job.posting_id].day) is not None
        ]
        if refused:
            day, detail = max(refused)
            leave_closed(session, run, self.connection_id, run.plan_id, day, detail, self.clock.now())

    def _outcomes(self, session: Session, run: Run, results: Sequence[Result]) -> Outcomes:
        outcomes = Outcomes(session, run, self.company_id, self.clock.now())
        outcomes.load([result.job.posting_id for result in results])
        # By this the chain knows which plan and which mapping each document comes from.
        lines = outcomes.lines.values()
        mapped = sorted({f"{line.mapped_by} r{line.mapped_under}" for line in lines if line.mapped_by})
        answered = sorted({f"{each['plugin']} {each['version']}" for line in lines for each in line.answered_by})
        behind = {"plans": sorted({line.plan_id for line in lines}), "mapped": mapped}
        on_behalf_of(session, run.id, behind | ({"answered": answered} if answered else {}))
        return outcomes
