"""Sending documents to one company from several threads: in batches, and one by one while batches must wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from raccord.clock import Clock
from raccord.quickbooks import (
    BATCH_MAX,
    Answer,
    BatchItem,
    Entity,
    Fault,
    NoPermitError,
    Operation,
    QuickBooks,
    QuickBooksError,
    RefusedError,
    RetryClass,
    Uncertain,
    quoted,
)
from raccord.quickbooks.codec import uses_batch
from raccord.store.errors import FilesRefusedError
from raccord.store.files import StoredFileBox
from raccord.store.models import Action
from raccord.sync.bodies import digest
from raccord.sync.books.readback import LISTS, Sought
from raccord.sync.execution import Fenced

OPERATIONS: Mapping[str, Operation] = {Action.UPDATE: Operation.UPDATE, Action.DELETE: Operation.DELETE}
"""What a batch calls an action; whatever else goes in one creates."""
WORKERS = 8
"""Requests under way at once; the governor lets a run have no more."""
BATCH_PATIENCE_MS = 250
"""How long a batch waits for its permit before its first document goes out alone: about two single requests."""


@dataclass(frozen=True, slots=True)
class Job:
    """One document on its way."""

    posting_id: int
    line_id: int
    rank: int
    kind: str
    action: str
    key: str
    body: str
    request: str
    sought: Sought
    attempts: int
    quiet_at: datetime
    """From then on QuickBooks can no longer be executing an earlier sending of it."""
    file: str = ""
    """The SHA-256 of the received file that goes with it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a job: a document, faults, or neither (unknown)."""

    job: Job
    document: Mapping[str, Any] | None = None
    faults: tuple[Fault, ...] = ()
    tid: str = ""
    under_way_ms: int = 0
    """For how much longer QuickBooks may be executing it."""
    standing: Mapping[str, Any] = field(default_factory=dict)
    """After a refusal: what stands in its way, as QuickBooks says it."""

    @property
    def refused(self) -> bool:
        """Whether QuickBooks refused for good; a fault that leaves the outcome open is no refusal."""
        return any(fault.retry not in (RetryClass.UNCERTAIN, RetryClass.AFTER_PAUSE) for fault in self.faults)


class Sender:
    """Sends jobs, in no particular order, while its caller stores the results of earlier ones.

    Each job is sent once. A batch goes out whenever the limits allow one; until then its documents go out singly, so
    that the company's whole quota is used. After an error no further job is begun: ``collect`` returns what came
    before and then raises it; ``unsent`` are those of the others that certainly reached nobody. Leaving the
    context waits for the requests under way.
    """

    def __init__(self, client: QuickBooks, clock: Clock, files: StoredFileBox) -> None:
        self._client = client
        self._files = files
        self._uploading = threading.Lock()
        """One file at a time is held in memory."""
        self._clock = clock
        self._no_batch_until_ms = 0
        self._change = threading.Condition()
        self._queue: deque[Job] = deque()
        self._done: list[Result] = []
        self._alone: set[int] = set()
        """Documents of a batch that QuickBooks refused whole: by itself each answers for itself."""
        self._kept: list[Job] = []
        self._busy = 0
        self._error: BaseException | None = None
        self._stopped = False
        self._threads = ThreadPoolExecutor(WORKERS, "post")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._change:
            self._stopped = True
        self._threads.shutdown()

    @property
    def waiting(self) -> int:
        """How many jobs no thread has taken yet."""
        return len(self._queue)

    @property
    def unsent(self) -> Sequence[Job]:
        """After the context: the jobs of which it is certain that QuickBooks executed nothing."""
        return [*self._kept, *self._queue]

    def rest(self) -> list[Result]:
        """Return the results that were not collected; after the context all there will be."""
        with self._change:
            results, self._done = self._done, []
            return results

    def add(self, jobs: Sequence[Job]) -> None:
        """Send these too."""
        with self._change:
            self._queue.extend(jobs)
            self._call_threads()

    def collect(self, least: int) -> list[Result]:
        """Wait for ``least`` results, or for as many as will still come, and return all there are; none at the end."""
        with self._change:
            self._change.wait_for(lambda: len(self._done) >= least or not self._busy)
            results, self._done = self._done, []
            if not results and self._error is not None:
                raise self._error
            return results

    def _call_threads(self) -> None:
        if self._stopped or self._error is not None:
            return
        for _ in range(min(WORKERS - self._busy, len(self._queue))):
            self._busy += 1
            self._threads.submit(self._work).add_done_callback(self._ended)

    def _work(self) -> None:
        while jobs := self._next():
            try:
                results = self._send(jobs)
            except (QuickBooksError, Fenced):
                # Whatever leaves the outcome open is a result, so with an error nothing was executed.
                with self._change:
                    self._kept.extend(job for job in jobs if job not in self._queue)
                raise
            with self._change:
                self._done.extend(results)
                self._change.notify_all()

    def _ended(self, work: Future[None]) -> None:
        with self._change:
            self._busy -= 1
            self._error = self._error or work.exception()
            # A thread may have found nothing to do just before another one put documents back.
            self._call_threads()
            self._change.notify_all()

    def _next(self) -> list[Job]:
        """Take a batch's documents, or one while no batch may go or when that one cannot go in a batch."""
        with self._change:
            jobs: list[Job] = []
            if self._stopped or self._error is not None:
                return jobs
            most = BATCH_MAX if self._clock.elapsed_ms() >= self._no_batch_until_ms else 1
            while self._queue and len(jobs) < most and (not jobs or self._go_together(jobs[0], self._queue[0])):
                jobs.append(self._queue.popleft())
            return jobs

    def _go_together(self, first: Job, other: Job) -> bool:
        """Tell whether two jobs may go out in one request."""
        if Action.LINK in (first.action, other.action):
            return first.action == other.action and first.kind == other.kind
        if {first.posting_id, other.posting_id} & self._alone or Action.VOID in (first.action, other.action):
            return False
        return uses_batch(first.kind) and uses_batch(other.kind)

    def _put_back(self, jobs: Sequence[Job]) -> None:
        with self._change:
            self._queue.extendleft(reversed(jobs))
            self._call_threads()

    def _send(self, jobs: Sequence[Job]) -> list[Result]:
        if jobs[0].action == Action.LINK:
            return self._look_up(jobs)
        if len(jobs) > 1:
            try:
                return self._send_batch(jobs)
            except NoPermitError as error:
                self._no_batch_until_ms = self._clock.elapsed_ms() + error.wait_ms
                self._put_back(jobs[1:])
        return [self._send_one(jobs[0])]

    def _send_one(self, job: Job) -> Result:
        try:
            answer = self._upload(job) if job.file and job.action == Action.CREATE else self._write(job)
        except FilesRefusedError as error:
            # Nothing left: the bytes are not what they were when they were received.
            return Result(job, faults=(Fault(error.code, error.text.en, operation="create"),))
        except Uncertain as error:
            return Result(job, tid=error.tid, under_way_ms=error.attempt.under_way_ms)
        except RefusedError as error:
            if error.retry in (RetryClass.REAUTHORISE, RetryClass.REFRESH_TOKEN):
                raise
            return Result(job, faults=error.faults, tid=error.tid)
        return Result(job, answer.value, tid=answer.tid)

    def _write(self, job: Job) -> Answer[Entity]:
        match job.action:
            case Action.DELETE | Action.VOID:
                return self._client.take_out(job.kind, job.body, job.request, void=job.action == Action.VOID)
            case Action.UPDATE | Action.DEACTIVATE:
                return self._client.update(job.kind, job.body, job.request)
            case _:
                return self._client.create(job.kind, job.body, job.request)

    def _upload(self, job: Job) -> Answer[Entity]:
        with self._uploading:
            file = self._files.of_hash(job.file)
            with file.open() as stream:
                content = stream.read()
            return self._client.upload(job.body, content, job.request)

    def _look_up(self, jobs: Sequence[Job]) -> list[Result]:
        """Write nothing: the documents that are there become ours to follow."""
        ids = ", ".join(quoted(job.sought.document_id) for job in jobs)
        active = " AND Active IN (true, false)" if jobs[0].kind in LISTS else ""
        rows = {str(row["Id"]): row for row in self._client.query_all(jobs[0].kind, f"Id IN ({ids}){active}")}
        gone = Fault("610", "Object Not Found", operation="read")
        return [
            Result(job, rows[job.sought.document_id]) if job.sought.document_id in rows else Result(job, faults=(gone,))
            for job in jobs
        ]

    def _send_batch(self, jobs: Sequence[Job]) -> list[Result]:
        items = [
            BatchItem(str(number), OPERATIONS.get(job.action, Operation.CREATE), job.kind, job.body)
            for number, job in enumerate(jobs, start=1)
        ]
        # The same documents make the same batch id, so that a whole batch sent again is one request to QuickBooks.
        batch_id = "rb" + digest(*(job.request for job in jobs))[:32]
        try:
            answers = self._client.batch(items, batch_id, patience_ms=BATCH_PATIENCE_MS)
        except RefusedError as error:
            if error.retry is not RetryClass.NEVER:
                raise
            # Nothing of it was executed.
            self._alone.update(job.posting_id for job in jobs)
            self._put_back(jobs)
            return []
        except Uncertain as error:
            return [Result(job, tid=error.tid, under_way_ms=error.attempt.under_way_ms) for job in jobs]
        return [Result(job, answer.value, answer.faults) for job, answer in zip(jobs, answers, strict=True)]
