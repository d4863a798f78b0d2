"""One life of a process: the moments it passes, and the one at which it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine.interfaces import DBAPIConnection

from raccord.store import tokens
from raccord.store.database import Database
from raccord.store.locks import Held
from raccord.sync.books import sending
from raccord.sync.execution import Execution


class Killed(BaseException):
    """The end of a process, as far as the code in it can tell. No guard of ours catches it, and nothing that would
    leave the process passes after it.
    """


@dataclass
class Life:
    """What one process passes: commits, requests, last looks. After its death nothing of it reaches anybody."""

    at: int = 0
    """The moment at which it ends; 0 for none."""
    freeze_at: int = 0
    """The moment at which it is frozen while ``meanwhile`` happens; only where it holds no transaction."""
    meanwhile: Callable[[], None] = lambda: None
    passed: list[str] = field(default_factory=list)
    dead: bool = False
    frozen: bool = False
    locks: int = 0
    """Locks on tokens that it holds; frozen then, it would keep everybody else waiting in this one thread."""

    def reach(self, moment: str, *, may_freeze: bool = False) -> None:
        """Pass a moment, or end there."""
        if self.dead:
            raise Killed(moment)
        self.passed.append(moment)
        if len(self.passed) == self.at:
            self.dead = True
            raise Killed(moment)
        if may_freeze and not self.frozen and not self.locks and 0 < self.freeze_at <= len(self.passed):
            self.frozen = True
            self.meanwhile()


@dataclass
class Now:
    """Which life is being lived; one inside another's freeze takes its place for a while."""

    life: Life = field(default_factory=Life)

    @contextmanager
    def live(self, life: Life) -> Iterator[Life]:
        before, self.life = self.life, life
        try:
            yield life
        finally:
            self.life = before


class SameThread:
    """Stands in for a pool of threads: work is done where it is handed over, so that a seed has one order of events."""

    def __init__(self, *_: object) -> None:
        """Take what a pool takes."""

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(work(*arguments))
        except (Exception, Killed) as error:  # noqa: BLE001 - a pool's thread keeps whatever its work raises
            done.set_exception(error)
        return done

    def shutdown(self, wait: bool = True) -> None:
        """Nothing to wait for."""


def watch_commits(database: Database, now: Now) -> None:
    """Let every commit of a database be two moments: before it, and after it."""
    commit = database.engine.dialect.do_commit

    def watched(connection: DBAPIConnection) -> None:
        now.life.reach("before commit")
        commit(connection)
        now.life.reach("after commit", may_freeze=True)

    database.engine.dialect.do_commit = watched  # type: ignore[method-assign]  # the point of this module


@contextmanager
def in_one_thread(now: Now) -> Iterator[None]:
    """Send from the caller's thread, and let every last look before a write be a moment."""
    look, lock = Execution.check, tokens.exclusive

    @contextmanager
    def counted(database: Database, data_dir: Path, name: str) -> Iterator[Held]:
        life = now.life
        with lock(database, data_dir, name) as held:
            life.locks += 1
            try:
                yield held
            finally:
                life.locks -= 1

    def watched(self: Execution) -> None:
        now.life.reach("before the last look", may_freeze=True)
        look(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending, "ThreadPoolExecutor", SameThread)
        patch.setattr(Execution, "check", watched)
        patch.setattr(tokens, "exclusive", counted)
        yield
