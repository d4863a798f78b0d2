"""Killed at each step of Pleo's job protocol: one document an entry, each receipt once, the export closed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from crash.life import Killed, Life, Now, in_one_thread, watch_commits
from harness import finish, make_workshop, request, sync
from pleo_house import House, working

import raccord_pleo
from raccord.store.database import Database
from raccord.store.models import RunState
from raccord.sync.fetching.source_http import HttpAnswer, HttpDownload, SourceHttp
from raccord.sync.workshop import Workshop

STEPS = {
    "GET export-jobs", "GET export-job", "POST export-job-events", "GET export-items", "GET files", "PUT items",
    "GET items",
}  # fmt: skip
"""The calls of the protocol: found, started and ended, read, receipts, told, looked whether all is told."""
LIVES_MAX = 400
EVERY = int(os.environ.get("EVERY", "1"))
"""How many moments on the next kill is: all of them take minutes, so the merge check leaves some out."""


@dataclass
class Killing:
    """A house whose processes end at chosen moments, one after the other."""

    house: House
    now: Now = field(default_factory=Now)
    steps: set[str] = field(default_factory=set)

    def new_process(self) -> Workshop:
        """Return a workshop that knows what the tables know and nothing else."""
        house = self.house
        database = Database(house.workshop.database.url.render_as_string(hide_password=False))
        watch_commits(database, self.now)
        data = house.workshop.settings.data_dir
        return make_workshop(database, data, house.sandbox.url, house.clock, raccord_pleo)

    def lived(self, life: Life) -> RunState | None:
        """Let one process run a connection to the end; nothing where it did not live to see it."""
        workshop = self.new_process()
        try:
            with self.now.live(life):
                return RunState(finish(workshop, request(workshop, self.house.connection)).state)
        except Killed:
            return None
        finally:
            with self.now.live(Life()):
                workshop.close()
                workshop.database.dispose()

    def try_one(self, at: int) -> Life:
        """Export two good expenses and one that fails, end at a moment, and take it up again."""
        house = self.house
        good = [house.file(1000 + at, receipts=(b"%PDF-1.4 a" + bytes(str(at), "ascii"), b"%PDF-1.4 b")),
                house.file(2000 + at, receipts=(b"%PDF-1.4 c",))]  # fmt: skip
        bad = house.file(3000 + at, category={"id": str(UUID(int=0)), "name": "?"})
        job = house.export(*good, bad)
        life = Life(at=at)
        if self.lived(life) is None:
            assert life.dead
        assert self.lived(Life()) == RunState.DONE
        states = {entry: status for entry, (status, _) in house.results(job).items()}
        assert states == {good[0]: "successful", good[1]: "successful", bad: "failed"}, life.passed[-1]
        assert house.pleo.exports[job].status == "completed_with_errors", life.passed[-1]
        self.check_books(job, good)
        return life

    def check_books(self, job: UUID, good: list[UUID]) -> None:
        """One document for each entry, the one that Pleo was told, and its own receipts on it."""
        client = self.house.workshop.client(self.house.company)
        told = {entry: self.house.results(job)[entry][1] for entry in good}
        amounts = {self.house.pleo.expenses[entry].minor: told[entry] for entry in good}
        spent = [each for each in self.house.documents("Purchase") if int(each["TotalAmt"] * 100) in amounts]
        assert {int(each["TotalAmt"] * 100): each["Id"] for each in spent} == amounts
        assert len(spent) == len(amounts), "one document an entry"
        held: dict[str, list[int]] = {}
        for each in client.query_all("Attachable", ""):
            for ref in each.get("AttachableRef", ()):
                held.setdefault(ref["EntityRef"]["value"], []).append(int(each["Size"]))
        for entry in good:
            assert sorted(held[told[entry]]) == sorted(len(each) for each in self.house.pleo.expenses[entry].receipts)


@contextmanager
def protocol_as_moments(killing: Killing, *, commits: bool) -> Iterator[None]:
    """Let the answer of each call of the protocol be a moment; with ``commits`` also what is before it, and each commit
    and last look: without them, what is before a call is what is after the one before.
    """
    send, download, reach = SourceHttp._send, SourceHttp.download, Life.reach

    def name_of(method: str, url: str) -> str:
        parts = urlsplit(url).path.strip("/").split("/")
        # An export's own address ends in its id.
        last = "export-job" if parts[-2:-1] == ["export-jobs"] else parts[-1]
        return f"{method} {'files' if parts[0] == 'files' else last}"

    def sent(
        self: SourceHttp, method: str, url: str, params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None, body: bytes | None,
    ) -> HttpAnswer:  # fmt: skip
        killing.steps.add(name_of(method, url))
        passed(killing.now.life, f"before {name_of(method, url)}")
        answer = send(self, method, url, params, headers, body)
        reach(killing.now.life, f"after {name_of(method, url)}")
        return answer

    @contextmanager
    def downloaded(self: SourceHttp, url: str, **more: Any) -> Iterator[HttpDownload]:
        killing.steps.add("GET files")
        passed(killing.now.life, "before GET files")
        with download(self, url, **more) as answer:
            yield answer
        reach(killing.now.life, "after GET files")

    def passed(self: Life, moment: str, *, may_freeze: bool = False) -> None:
        if commits or self.dead:
            reach(self, moment, may_freeze=may_freeze)

    with pytest.MonkeyPatch.context() as patch, in_one_thread(killing.now):
        patch.setattr(SourceHttp, "_send", sent)
        patch.setattr(SourceHttp, "download", downloaded)
        patch.setattr(Life, "reach", passed)
        yield


@pytest.fixture
def killing(tmp_path: Path) -> Iterator[Killing]:
    """A connection whose first plan was approved, so that exports go by themselves."""
    with working(tmp_path) as house:
        house.file(100)
        house.export()
        assert sync(house.workshop, house.connection).state == "done"
        yield Killing(house)


@pytest.mark.slow
@pytest.mark.requirement("PO-09", "K21")
def test_killed_at_each_step_of_an_export_nothing_is_doubled_or_lost(killing: Killing) -> None:
    with protocol_as_moments(killing, commits=False):
        at, life = 1, killing.try_one(1)
        while life.dead:
            at += 1
            assert at < LIVES_MAX
            life = killing.try_one(at)
    assert killing.steps == STEPS
    assert at > len(STEPS)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_at_each_commit_of_an_export_nothing_is_doubled_or_lost(killing: Killing) -> None:
    with protocol_as_moments(killing, commits=True):
        at, life = 1, killing.try_one(1)
        while life.dead:
            at += EVERY
            assert at < LIVES_MAX
            life = killing.try_one(at)
