"""A market, its database and its QuickBooks, whose state can be saved and put back in an instant."""

from __future__ import annotations

import copy
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio.to_thread
import harness
import httpx
import market
import pytest
from harness import NOW, OWNER, make_workshop, request
from market_company import let_numbers_repeat, open_market, say
from sqlalchemy import func, select

from crash.life import Killed, Life, Now, in_one_thread, watch_commits
from crash.network import Network, at_once
from raccord.clock import FixedClock
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.plugin.errors import RetryLater
from raccord.quickbooks import client as quickbooks_client
from raccord.quickbooks import oauth
from raccord.quickbooks.codec import marked_revision
from raccord.store import schema
from raccord.store.database import Database
from raccord.store.models import (
    Connection,
    DraftRow,
    DraftState,
    LinkRow,
    LinkState,
    MarkedDocument,
    Plan,
    Posting,
    PostingState,
    Proof,
    Run,
    RunCount,
    RunState,
)
from raccord.sync import unit
from raccord.sync.books.readback import MARKED
from raccord.sync.execution import Fenced, PassingTrouble
from raccord.sync.phases import Phase
from raccord.sync.run import Pipeline
from raccord.sync.unit import Unit
from raccord.sync.workshop import Workshop
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.keeping.company import assert_books_balance
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.serving import server

NOWHERE = "http://127.0.0.1:9"
"""Where the sandbox seems to be; nothing listens there, so that no request can slip past the network."""
UNITS_MAX = 2_000
"""Units of work after which a life has gone astray."""


class TwoClocks(FixedClock):
    """Our clock, wound by hand, and the sandbox's, which follows it."""

    def __init__(self, now: datetime, follower: SandboxClock) -> None:
        self._follower = follower
        super().__init__(now)

    def advance(self, span: timedelta) -> None:
        super().advance(span)
        self._follower.advance(span)


@dataclass(frozen=True)
class Saved:
    """A moment that can be returned to."""

    database: Path
    snapshot: str
    rows: Sequence[dict[str, str]]
    elapsed: timedelta
    grants: dict[str, Any]


@dataclass
class Plant:
    """One market connected to one company; everything in this process."""

    folder: Path
    store: Store
    network: Network
    clock: TwoClocks
    now: Now
    database: Database
    data_dir: Path
    saved: dict[str, Saved] = field(default_factory=dict)
    rows: Sequence[dict[str, str]] = ()
    workshops: list[Workshop] = field(default_factory=list)
    first: Workshop | None = None

    @classmethod
    @contextmanager
    def build(cls, folder: Path) -> Iterator[Plant]:
        """Make a plant below an empty folder, its first plan not yet made; nothing of it outlives the block."""
        follower = SandboxClock(NOW)
        app = server.create_app(SandboxConfig(clock=follower, seeds=("quebec",)))
        now, clock = Now(), TwoClocks(NOW, follower)
        network = Network(app, now, clock)
        data_dir = folder / "data"
        data_dir.mkdir(mode=0o700)
        database = Database(f"sqlite:///{folder / 'app.db'}")
        schema.upgrade(database)
        watch_commits(database, now)
        plant = cls(folder, app.state.store, network, clock, now, database, data_dir)
        with ExitStack() as stack:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setattr(quickbooks_client, "new_http", plant.new_http)
            patch.setattr(oauth, "new_http", plant.new_http)
            patch.setattr(harness, "BROWSER", stack.enter_context(plant.new_http()))
            patch.setattr(anyio.to_thread, "run_sync", at_once)
            stack.enter_context(in_one_thread(now))
            # What is looked at before the first line of an approved plan reads no document back.
            for look in ("_stop_if_changed", "_hold_come_since", "_watch_closing"):
                patch.setattr(Unit, look, uncounted(network, getattr(Unit, look)))
            patch.setattr(unit, "leave_changed_since", uncounted(network, unit.leave_changed_since))
            stack.callback(plant.leave)
            let_numbers_repeat(plant.store)
            open_market(plant.workshop(), plant.store)
            plant.leave()
            yield plant
            database.dispose()

    def new_http(self, *_: object) -> httpx.Client:
        return httpx.Client(transport=self.network)

    @property
    def company(self) -> Any:
        return self.store.of_template("quebec")

    def workshop(self) -> Workshop:
        """Return what a new process works with; only what never changes is taken over from the first one."""
        if self.first is None:
            self.first = make_workshop(self.database, self.data_dir, NOWHERE, self.clock, market)
        first = self.first
        made = Workshop(first.settings, self.database, first.scopes, first.vault, self.clock)
        self.workshops.append(made)
        return made

    def leave(self) -> None:
        """Let go of what the processes of the past held."""
        for workshop in self.workshops:
            workshop.close()
        self.workshops.clear()

    # Saving and putting back

    def save(self, name: str) -> None:
        """Remember database, received files, books, clock and grants under a name."""
        path = self.folder / f"{name}.db"
        self.copy_database(path)
        _replace(self.folder / f"{name}.files", self.data_dir / "files")
        self.store.snapshot(self.company, name)
        grants = {part: copy.deepcopy(getattr(self.store.grants, part)) for part in ("_grants", "_access")}
        self.saved[name] = Saved(path, name, self.rows, self.clock.now() - NOW, grants)

    def put_back(self, name: str) -> None:
        """Return to a saved moment."""
        saved = self.saved[name]
        self.put_database(saved.database)
        # Sealed by a key that lies in that database: a later life that began before it made one of its own.
        _replace(self.data_dir / "files", self.folder / f"{name}.files")
        self.store.restore(self.company, saved.snapshot)
        for part, value in saved.grants.items():
            setattr(self.store.grants, part, copy.deepcopy(value))
        self.clock.set(NOW + saved.elapsed)
        self.clock._follower.set(NOW + saved.elapsed)
        self.network.under_way.clear()
        self.network.reads = self.network.looks = self.network.spoilt = self.network.uncertain = 0
        self.say(saved.rows)

    def copy_database(self, path: Path) -> None:
        """Keep the database as it is now in another file."""
        self.leave()
        self.database.dispose()
        shutil.copyfile(self.folder / "app.db", path)

    def put_database(self, path: Path) -> None:
        """Put an older copy in the place of the database."""
        self.leave()
        self.database.dispose()
        for end in ("-wal", "-shm"):
            (self.folder / f"app.db{end}").unlink(missing_ok=True)
        shutil.copyfile(path, self.folder / "app.db")

    def say(self, rows: Sequence[dict[str, str]]) -> None:
        """Let the market say these rows from now on."""
        self.rows = rows
        say(list(rows))

    # Living

    def live(self, life: Life, until: Phase | None = None) -> str:
        """Let a process work until its run has ended, came to a phase, or the process died; returns how it ended."""
        workshop = self.workshop()
        try:
            with self.now.live(life):
                return self._work(workshop, until)
        except Killed:
            return "killed"
        except Fenced:
            return "overtaken"

    def _work(self, workshop: Workshop, until: Phase | None) -> str:
        with workshop.database.read() as session:
            connection = session.scalars(select(Connection)).one()
        run_id = request(workshop, connection)
        pipeline = Pipeline(workshop)
        for _ in range(UNITS_MAX):
            state, phase = self.step(workshop, pipeline, run_id)
            if state not in (RunState.QUEUED, RunState.RUNNING):
                return self._ending(run_id)
            if phase == until:
                return str(until)
        raise AssertionError(f"the run goes on after {UNITS_MAX} units")

    def step(self, workshop: Workshop, pipeline: Pipeline, run_id: str) -> tuple[str, str]:
        """Do one unit of a run, as a worker does, and approve its plan where it asks for that; return how it stands."""
        self.network.counts = self._standing(run_id)[1] in (Phase.RECOVER, Phase.POST)
        try:
            pipeline.advance(run_id)
        except PassingTrouble:
            pass
        except RetryLater as error:
            self.clock.advance(error.after)
        state, phase = self._standing(run_id)
        if state == RunState.APPROVAL:
            self._approve(workshop, run_id)
            return self._standing(run_id)
        return state, phase

    def _standing(self, run_id: str) -> tuple[str, str]:
        """Return a run's state and phase, past the product's own way to its database: it is asked at every unit."""
        with closing(sqlite3.connect(self.folder / "app.db")) as connection:
            state, phase = connection.execute("SELECT state, phase FROM run WHERE id = ?", (run_id,)).fetchone()
            return str(state), str(phase)

    def _ending(self, run_id: str) -> str:
        with self.database.read() as session:
            run = session.get_one(Run, run_id)
            return f"{run.state} {run.error_code}".strip()

    def _approve(self, workshop: Workshop, run_id: str) -> None:
        with workshop.database.read() as session:
            plan = session.get_one(Plan, session.get_one(Run, run_id).plan_id)
        approve_plan(workshop, OWNER, plan.id, plan.hash)

    def approve_waiting(self) -> None:
        """Approve the plan that waits, if one does: who does so is no process that can be killed."""
        with self.database.read() as session:
            run_id = session.scalars(select(Run.id).where(Run.state == RunState.APPROVAL)).first()
        if run_id is not None:
            self._approve(self.workshop(), run_id)

    # What must hold

    def all_posted(self) -> bool:
        """Tell whether no draft waits for anything."""
        with self.database.read() as session:
            waiting = select(DraftRow.id).where(DraftRow.state != DraftState.POSTED)
            return session.scalars(waiting.limit(1)).first() is None

    def open_intents(self) -> int:
        """Count the documents whose outcome our tables do not know."""
        with self.database.read() as session:
            open_ = select(func.count()).where(Posting.state == PostingState.INTENT)
            return session.scalar(open_) or 0

    def marks(self) -> Counter[str]:
        """Count the documents in QuickBooks by the code of our mark."""
        return Counter(
            mark[0]
            for kind in MARKED
            for document in self.company.table(kind)
            if (mark := marked_revision(document)) is not None
        )

    def check_never_two(self) -> None:
        """No draft has two documents, and no list two entries of a name."""
        twice = {code: count for code, count in self.marks().items() if count > 1}
        assert not twice, f"documents made twice: {twice}"
        for kind, field_ in (("Account", "Name"), ("Customer", "DisplayName"), ("Vendor", "DisplayName")):
            names = Counter(entry[field_].lower() for entry in self.company.table(kind))
            assert max(names.values(), default=0) <= 1, names

    def check_posted(self) -> None:
        """Each draft is posted and linked to one document, which says so; nothing else bears a mark of ours."""
        self.check_never_two()
        with self.database.read() as session:
            drafts = session.scalars(select(DraftRow)).all()
            links = {link.key: link for link in session.scalars(select(LinkRow))}
            strange = session.scalars(select(MarkedDocument.code)).all()
        left = {draft.key: (draft.state, draft.reason) for draft in drafts if draft.state != DraftState.POSTED}
        assert not left, f"not posted: {left}"
        assert not strange, f"recognised and never linked: {strange}"
        for draft in drafts:
            link = links[draft.key]
            document = self.company.get(link.kind, link.document_id)
            assert document is not None, f"{draft.key} is linked to nothing"
            assert link.state == LinkState.LIVE
            assert link.revision == draft.revision
            if link.kind in MARKED:
                assert marked_revision(document) == (link.marker, link.revision), (draft.key, document)
        assert set(self.marks()) == {link.marker for link in links.values() if link.kind in MARKED}

    def check_sums(self) -> None:
        """Debits equal credits, source = posted = QuickBooks on every day, and no record is unaccounted for."""
        assert_books_balance(self.company)
        with self.database.read() as session:
            proofs = session.scalars(select(Proof)).all()
            counts = session.scalars(select(RunCount)).all()
        assert proofs
        assert [proof.differences for proof in proofs if not proof.equal] == []
        for count in counts:
            done = count.posted + count.unchanged + count.skipped + count.held + count.failed
            assert done in (count.fetched, 0), f"{count.stream}: {count.fetched} fetched, {done} accounted for"


def quick_folder() -> Path | None:
    """Return a folder in memory where the machine has one: no test here is about losing power."""
    memory = Path("/dev/shm")  # noqa: S108 - a place in memory, below which every folder is made anew
    return memory if os.access(memory, os.W_OK) else None


def uncounted(network: Network, look: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of which the network counts no reading."""

    def looked(*arguments: Any) -> Any:
        counts, network.counts = network.counts, False
        try:
            return look(*arguments)
        finally:
            network.counts = counts

    return looked


def _replace(folder: Path, by: Path) -> None:
    """Let a folder hold what another one holds, nothing where there is no other."""
    shutil.rmtree(folder, ignore_errors=True)
    if by.is_dir():
        shutil.copytree(by, folder)
