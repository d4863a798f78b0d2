"""Conservation: fetched = posted + unchanged + skipped + held + failed, counted on the way and counted again."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import groupby

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.store.made_once import made_once
from raccord.store.models import DraftRow, DraftState, RecordState, Run, RunCount, SourceRecord


class ConservationError(Exception):
    """Raised when a run's records do not add up: something was dropped or counted twice."""

    def __init__(self, stream: str, counted: int, found: int) -> None:
        super().__init__(f"{stream}: {counted} new records were counted, {found} are in the tables")
        self.stream, self.counted, self.found = stream, counted, found


_OUTCOMES = {
    DraftState.POSTED: "posted",
    DraftState.SKIPPED: "skipped",
    DraftState.RESOLVED: "skipped",
    DraftState.WITHDRAWN: "skipped",
    DraftState.FAILED: "failed",
    DraftState.READY: "failed",
    DraftState.HELD: "held",
    DraftState.PLANNED: "held",
    DraftState.WAITING: "held",
}
_WORST_FIRST = ("failed", "held", "skipped", "posted")


def conserve(session: Session, run: Run) -> None:
    """Recount the run's records by what became of them and check the sum, per stream."""
    found = recount(session, run.id)
    for count in session.scalars(*_counts(run.id)):
        outcomes = found.get(count.stream, Counter())
        rejected = count.fetched - count.unchanged - sum(outcomes.values())
        if rejected < 0 or rejected != _rejected(run, count.stream):
            raise ConservationError(count.stream, count.fetched - count.unchanged, sum(outcomes.values()))
        count.posted, count.skipped, count.held = outcomes["posted"], outcomes["skipped"], outcomes["held"]
        count.failed = outcomes["failed"] + rejected


def recount(session: Session, run_id: str) -> dict[str, Counter[str]]:
    """Return, per stream, how many of the records first seen by a run ended in each outcome."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    rows = session.execute(*_became(run_id))
    for (_, stream), drafts in groupby(rows, key=lambda row: (row[0], row[1])):
        outcomes = {_outcome(state, draft_state) for _, _, state, draft_state in drafts}
        counts[stream][min(outcomes, key=_WORST_FIRST.index)] += 1
    return counts


@made_once
def _counts(run_id: str) -> Select[RunCount]:
    return select(RunCount).where(RunCount.run_id == run_id)


@made_once
def _became(run_id: str) -> Select[int, str, str, str]:
    return (
        select(SourceRecord.id, SourceRecord.stream, SourceRecord.state, DraftRow.state)
        .outerjoin(DraftRow, DraftRow.record_id == SourceRecord.id)
        .where(SourceRecord.run_id == run_id)
        # One record after the other, so that one is held at a time.
        .order_by(SourceRecord.id)
        .execution_options(yield_per=400)
    )


def _outcome(record_state: str, draft_state: str | None) -> str:
    match record_state:
        case RecordState.SKIPPED | RecordState.SUPERSEDED:
            return "skipped"
        case RecordState.FAILED:
            return "failed"
        case RecordState.NEW:
            return "held"
        case _ if draft_state is None:
            return "skipped"
        case _:
            return _OUTCOMES[DraftState(draft_state)]


def _rejected(run: Run, stream: str) -> int:
    return int(run.progress.get("rejected", {}).get(stream, 0))
