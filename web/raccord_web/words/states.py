"""One word, one icon and one tone for each state that the pages show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from raccord.onboarding.arriving.freshness import Lateness
from raccord.overview.connections import ConnectionView
from raccord.overview.runs import RunView
from raccord.overview.sought import Fate
from raccord.overview.status import CompanyStatus, SourceStatus
from raccord.overview.tables.board import BoardRow
from raccord.overview.weighing.queues import NOTHING
from raccord.store.models import CompanyState, ConnectionState, RunState

Tone = Literal["ok", "info", "warn", "bad", "mute"]


@dataclass(frozen=True, slots=True)
class State:
    """A state as shown: ``text`` is a key of the pages' words, ``n`` its number where it has one."""

    tone: Tone
    icon: str
    text: str
    n: int = 0

    @property
    def name(self) -> str:
        """By which help has a page of it."""
        return self.text.partition(".")[2]

    def counting(self, n: int) -> State:
        """Return it with a number of what it counts, where it counts something."""
        return replace(self, n=n)


OFF = {
    ConnectionState.DRAFT: State("mute", "circle-dashed", "states.draft"),
    ConnectionState.PAUSED: State("mute", "circle-pause", "states.paused"),
    ConnectionState.REAUTHORISE: State("warn", "key-round", "states.reauthorise"),
    ConnectionState.FAULTY: State("bad", "circle-alert", "states.faulty"),
    ConnectionState.DISCONNECTED: State("mute", "unplug", "states.disconnected"),
    ConnectionState.UNCONNECTED: State("mute", "unplug", "states.unconnected"),
}
RUNS = {
    RunState.QUEUED: State("info", "clock", "states.queued"),
    RunState.RUNNING: State("info", "loader-circle", "states.running"),
    RunState.PAUSED: State("mute", "circle-pause", "states.run_paused"),
    RunState.APPROVAL: State("info", "list-checks", "states.approval"),
    RunState.FAILED: State("bad", "circle-alert", "states.failed"),
    RunState.CANCELLED: State("mute", "ban", "states.cancelled"),
}


FATES = {
    Fate.POSTED: State("ok", "circle-check", "states.posted"),
    Fate.REVIEW: State("info", "list-checks", "states.review"),
    Fate.FAILED: State("bad", "circle-alert", "states.record_failed"),
    Fate.WAITING: State("info", "clock", "states.waiting"),
    Fate.LEFT_OUT: State("mute", "minus", "states.left_out"),
    Fate.RESOLVED: State("mute", "hand", "states.resolved"),
}
"""What became of a record."""

QUICKBOOKS_AGAIN = OFF[ConnectionState.REAUTHORISE]
BLOCKED = {
    "subscription": State("bad", "ban", "states.blocked_subscription"),
    "rights": State("bad", "ban", "states.blocked_rights"),
    "quota": State("bad", "ban", "states.blocked_quota"),
}
"""What QuickBooks refuses a company for as a whole."""
PROBLEMS = State("bad", "circle-alert", "states.problems")
UNEQUAL = State("bad", "circle-alert", "states.unequal")
PLAN_WAITS = State("info", "list-checks", "states.plan_waits")
QUESTIONS = State("info", "list-checks", "states.questions")
NEVER = State("mute", "minus", "states.never")
UP_TO_DATE = State("ok", "circle-check", "states.up_to_date")
SILENT = State("bad", "clock", "standing.silent")
WAITS = State("info", "list-checks", "standing.waits")
NOT_POSTED = State("bad", "circle-alert", "states.not_posted")
NOTHING_NEW = State("mute", "minus", "states.nothing_new")
NOTHING_UNDONE = State("warn", "minus", "states.nothing_undone")
COMPLETE = State("ok", "circle-check", "states.complete")

FRESHNESS = {
    "": State("mute", "minus", "standing.fresh_unsaid"),
    Lateness.ARRIVED: State("ok", "circle-check", "standing.fresh_arrived"),
    Lateness.NOT_YET_EXPECTED: State("info", "clock", "standing.fresh_not_yet_expected"),
    Lateness.LATE: State("warn", "clock", "standing.fresh_late"),
    Lateness.MISSING: State("bad", "circle-alert", "standing.fresh_missing"),
}
"""How the data of a source stands; empty where its connector does not say when data comes."""

EXPLAINED = {
    "records": [*FATES.values()],
    "connections": [
        *OFF.values(), *BLOCKED.values(), NEVER, PROBLEMS, UNEQUAL, PLAN_WAITS, QUESTIONS, UP_TO_DATE,
        FRESHNESS[Lateness.LATE], FRESHNESS[Lateness.MISSING],
    ],
    "runs": [*RUNS.values(), NOT_POSTED, NOTHING_NEW, NOTHING_UNDONE, COMPLETE],
}  # fmt: skip
"""Every state of which help has a page, with what it is said of. Runs have those of their connections too."""


def connection_state(view: ConnectionView) -> State:
    """Return what matters most about a connection now."""
    if view.state in OFF:
        return OFF[view.state]
    if view.company_state != CompanyState.CONNECTED:
        return BLOCKED.get(view.blocked_by, QUICKBOOKS_AGAIN)
    if view.last_run is not None and view.last_run.active:
        return RUNS[view.last_run.state]
    if view.problems:
        return PROBLEMS.counting(view.problems)
    if view.last_run is not None and view.last_run.state == RunState.FAILED:
        return RUNS[RunState.FAILED]
    if view.proven is not None and not view.proven.equal:
        return UNEQUAL.counting(view.proven.unequal)
    if view.waiting_plan:
        return PLAN_WAITS
    if view.questions:
        return QUESTIONS.counting(view.questions)
    if view.last_run is None:
        return NEVER
    return UP_TO_DATE


def board_state(source: SourceStatus, row: BoardRow, company: CompanyStatus) -> State:
    """Return what matters most about a connection on the board: that it is silent comes before what it said last."""
    if source.state in OFF:
        return OFF[ConnectionState(source.state)]
    if company.state != CompanyState.CONNECTED:
        return BLOCKED.get(company.blocked_by, QUICKBOOKS_AGAIN)
    if source.overdue is not None or row.silent_since is not None:
        return SILENT
    if row.problems:
        return PROBLEMS.counting(row.problems)
    if row.proof is not None and row.proof.unequal:
        return UNEQUAL.counting(row.proof.unequal)
    if row.queue != NOTHING:
        return WAITS
    return NEVER if source.last_run is None else UP_TO_DATE


def run_state(run: RunView) -> State:
    """Return what a run came to."""
    if run.state in RUNS:
        return RUNS[run.state]
    if run.only_lists:
        lacking = sum(each.counts.refused + each.counts.left for each in run.sent_lists)
        return NOT_POSTED.counting(lacking) if lacking else COMPLETE if run.listed else NOTHING_NEW
    if run.unequal:
        return UNEQUAL.counting(run.unequal)
    failed = sum(count.failed for count in run.counts)
    if failed or run.refused:
        return NOT_POSTED.counting(max(failed, run.refused))
    held = sum(count.held for count in run.counts)
    if held:
        return QUESTIONS.counting(held)
    if not run.to_send:
        return NOTHING_UNDONE if run.undoes else NOTHING_NEW
    return COMPLETE
