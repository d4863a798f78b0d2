"""One execution of a run's unit of work: its fence, and transactions that check it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Update, bindparam, select, update
from sqlalchemy.orm import Session, class_mapper
from sqlalchemy.orm.attributes import instance_state

from raccord.plugin.errors import RetryLater
from raccord.store.database import Database
from raccord.store.models import Connection, Run
from raccord.store.told import on_behalf_of

# Each unit of work asks these several times. A statement that is made once is compared with those compiled before
# once; made anew, that takes longer than asking the database.
_ITS_ROW = Run.id == bindparam("which", type_=Run.id.type)
_CLAIM = (
    update(Run)
    .where(_ITS_ROW)
    .values(fence=Run.fence + 1)
    .returning(Run)
    # The session has nothing yet that could be brought up to date.
    .execution_options(synchronize_session=False)
)
# The connection is read along for most who hold a run, and waits in the session until it is asked for by its key.
_ROWS = select(Run, Connection).join(Connection, Connection.id == Run.connection_id).where(_ITS_ROW)
_HELD = _ROWS.with_for_update(of=Run)
# Rows that point to the connection may still be added.
_HELD_WITH_CONNECTION = _ROWS.with_for_update(of=(Run, Connection), key_share=True)
_FENCE = select(Run.fence).where(_ITS_ROW)


class Fenced(Exception):  # noqa: N818 - named for what happened: another execution took over
    """Raised when another execution of the same run has begun; this one must stop without writing."""


class PassingTrouble(OSError):  # noqa: N818 - named for what it is
    """Raised when a unit of work should be tried again later: network, throttling, a source that is away."""


class SourceAway(RetryLater):
    """Raised when a source gave no answer at all, and so did not say how long to leave it alone."""


class StillUnderWay(RetryLater):
    """Raised while QuickBooks may still be executing what was sent: no trouble of the source's."""


@dataclass(slots=True)
class Execution:
    """A claim on a run; every transaction through it fails once a later claim exists."""

    database: Database
    run_id: str
    fence: int
    run: Run
    """The run's row as the last transaction of this claim left it. Nobody else writes how far the run is."""

    @classmethod
    @contextmanager
    def opened(cls, database: Database, run_id: str) -> Iterator[tuple[Execution, Session, Run]]:
        """Claim the run in a transaction that holds its row; the claim stands once the block is committed."""
        with database.begin() as session:
            run = session.scalars(_CLAIM, {"which": run_id}).one_or_none()
            if run is None:
                raise LookupError(f"there is no run {run_id}")
            yield cls(database, run_id, run.fence, run), session, run
            _write_alone(session, run)

    @classmethod
    def take(cls, database: Database, run_id: str) -> Execution:
        """Claim the run for this execution."""
        with cls.opened(database, run_id) as (execution, _, _):
            return execution

    def check(self) -> None:
        """Raise ``Fenced`` when the claim is lost: a process that was frozen must not send what it had taken up."""
        with self.database.read() as session:
            fence = session.scalar(_FENCE, {"which": self.run_id})
        if fence != self.fence:
            raise Fenced(self.run_id)

    @contextmanager
    def begin(self, *, connection: bool = False) -> Iterator[tuple[Session, Run]]:
        """Open a transaction that holds the run's row; raises ``Fenced`` when the claim is lost.

        With the ``connection``'s row held as well, its settings stay as they are up to the end of the transaction: who
        changes them waits, and finds all that was made under the old ones.
        """
        held = _HELD_WITH_CONNECTION if connection else _HELD
        with self.database.begin() as session:
            run, _connection = session.execute(held, {"which": self.run_id}).one()
            if run.fence != self.fence:
                raise Fenced(self.run_id)
            on_behalf_of(session, self.run_id)
            yield session, run
            _write_alone(session, run)
        self.run = run


def _write_alone(session: Session, run: Run) -> None:
    """Write what changed of a run where nothing else is to be written: for that, a flush takes six times as long."""
    if session.new or session.deleted or any(each is not run for each in session.dirty):
        return
    before = instance_state(run).committed_state
    changed = {name: getattr(run, name) for name, value in before.items() if getattr(run, name) != value}
    if changed:
        which = {"which": run.id}
        session.connection().execute(
            _written(tuple(sorted(changed))), which | {f"new_{n}": v for n, v in changed.items()}
        )
    # Written, it must not be flushed as well.
    session.expunge(run)


@cache
def _written(names: tuple[str, ...]) -> Update:
    columns = class_mapper(Run).columns
    return (
        update(class_mapper(Run).local_table)  # type: ignore[arg-type]  # a mapped class's table is a Table
        .where(columns["id"] == bindparam("which"))
        .values({columns[name]: bindparam(f"new_{name}", type_=columns[name].type) for name in names})
    )
