"""A pipeline of so many pages that obeys, fences and commits as the real one does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from raccord.store.database import Database
from raccord.store.models import Control, RunCount, RunState
from raccord.sync.execution import Execution


class Pages:
    """Counts one page a step; ``during`` is called in the middle of each with the run's id and the page's number."""

    def __init__(self, database: Database, total: int, during: Callable[[str, int], None] = lambda *_: None) -> None:
        self.database = database
        self.total = total
        self.during = during
        self.steps: list[str] = []
        self.together = 0
        self._inside: dict[str, int] = {}
        self._lock = threading.Lock()

    def advance(self, run_id: str) -> str:
        execution = Execution.take(self.database, run_id)
        with execution.begin() as (session, run):
            if run.control == Control.CANCEL:
                run.state, run.finished_at = RunState.CANCELLED, datetime.now(UTC)
                return "stopped"
            if run.control == Control.PAUSE:
                run.state = RunState.PAUSED
                return "stopped"
            page, company = int(run.progress.get("page", 0)) + 1, run.company_id
        self._enter(run_id, company)
        try:
            self.during(run_id, page)
        finally:
            self._leave(company)
        with execution.begin() as (session, run):
            run.progress = {"page": page}
            count = session.get(RunCount, (run_id, "pages")) or RunCount(run_id=run_id, stream="pages", fetched=0)
            count.fetched += 1
            session.add(count)
            if page < self.total:
                return "more"
            run.state, run.finished_at = RunState.DONE, datetime.now(UTC)
            return "done"

    def _enter(self, run_id: str, company: str) -> None:
        with self._lock:
            self.steps.append(run_id)
            self._inside[company] = self._inside.get(company, 0) + 1
            self.together = max(self.together, self._inside[company])

    def _leave(self, company: str) -> None:
        with self._lock:
            self._inside[company] -= 1
