"""A small pipeline that writes real tables, companies for it to run in, and engines that execute it."""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from lent_databases import LentPostgres, lent_from
from paging import Pages
from sqlalchemy import text
from sqlalchemy.engine import Engine, make_url

from raccord.clock import SystemClock
from raccord.jobs.inline import HandOver
from raccord.jobs.locks import company_locks
from raccord.jobs.requests import request_run
from raccord.jobs.steps import Pause, Steps
from raccord.jobs.tuning import Tuning
from raccord.jobs.worker import Worker, embedded_worker, spread_worker
from raccord.store.database import Database
from raccord.store.models import Company, Connection, Run, RunState

NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)
QUICK = Tuning(
    slots=4,
    slice_steps=3,
    attempts=3,
    first_wait=timedelta(milliseconds=1),
    patience=timedelta(milliseconds=100),
    lock_poll=timedelta(milliseconds=20),
    max_restarts=3,
    lease=timedelta(seconds=1),
    beat_every=timedelta(milliseconds=200),
    chores_every=timedelta(milliseconds=50),
    poll_every=timedelta(milliseconds=20),
    drain=timedelta(seconds=5),
    busy_wait=timedelta(milliseconds=50),
)
PATIENT = timedelta(seconds=20)


@dataclass
class House:
    """Companies and connections in a database, and the runs asked of them."""

    database: Database
    clock: SystemClock = field(default_factory=SystemClock)

    def company(self, realm: str) -> str:
        with self.database.begin() as session:
            company = Company(realm=realm, environment="sandbox", name=realm, created_at=NOW)
            session.add(company)
            session.flush()
            return company.id

    def connection(self, company_id: str, **given: object) -> str:
        with self.database.begin() as session:
            values = {
                "connector": "chase",
                "label": "Shop",
                "starts_on": date(2025, 1, 1),
                "set_up_at": NOW,
                "created_by": "owner",
            }
            connection = Connection(company_id=company_id, **(values | given))
            session.add(connection)
            session.flush()
            return connection.id

    def queued(self, connection_id: str) -> str:
        """Return a run that is in our table and in no engine."""
        return request_run(self.database, HandOver(), connection_id, trigger="person", by="owner", clock=self.clock)

    def run(self, run_id: str) -> Run:
        with self.database.read() as session:
            return session.get_one(Run, run_id)


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@pytest.fixture
def company(house: House) -> str:
    return house.company("9130")


@pytest.fixture
def connection(house: House, company: str) -> str:
    return house.connection(company)


@pytest.fixture
def pages(database: Database) -> Pages:
    """A pipeline of five pages."""
    return Pages(database, total=5)


@dataclass
class Waits:
    """Notes how long was waited instead of waiting; asks to stop after so many waits."""

    spans: list[timedelta] = field(default_factory=list)
    stop_after: int = 1000

    def __call__(self, span: timedelta) -> bool:
        self.spans.append(span)
        return len(self.spans) >= self.stop_after


@pytest.fixture
def quick() -> Tuning:
    """Limits and periods that make tests short."""
    return QUICK


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def steps_of(database: Database) -> Callable[..., Steps]:
    """Makes the steps of a pipeline."""

    def make(advance: Callable[[str], str], tuning: Tuning = QUICK, pause: Pause | None = None) -> Steps:
        return Steps(database, advance, company_locks(database, "test"), SystemClock(), tuning, pause)

    return make


@pytest.fixture(scope="session")
def engine_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An engine database that knows the queue already; discovering a new one takes DBOS a second."""
    from raccord.jobs.dbos_engine import DbosEngine

    folder = tmp_path_factory.mktemp("engine")
    database = Database(f"sqlite:///{folder / 'app.db'}")
    steps = Steps(database, lambda _: "done", company_locks(database, "local"), SystemClock(), QUICK)
    engine = DbosEngine(steps, f"sqlite:///{folder / 'engine.db'}", "local", SystemClock(), QUICK)
    engine.start()
    engine.stop()
    database.dispose()
    return folder / "engine.db"


@pytest.fixture(scope="session")
def postgres_template(postgres_template: str, postgres_server: Engine) -> Iterator[str]:
    """A template that holds the engine's tables too; migrating and discovering the queue take DBOS two seconds."""
    from raccord.jobs.dbos_engine import DbosEngine

    name = f"jobs_{uuid.uuid4().hex}"
    with postgres_server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{postgres_template}"'))
    database = Database(postgres_server.url.set(database=name))
    steps = Steps(database, lambda _: "done", company_locks(database, "template"), SystemClock(), QUICK)
    engine = DbosEngine(steps, database.url, "template", SystemClock(), QUICK)
    engine.start()
    engine.stop()
    database.dispose()
    yield name
    with postgres_server.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def lent_postgres(postgres_template: str, postgres_server: Engine) -> Iterator[LentPostgres]:
    """The PostgreSQL database of these tests, with the engine's tables."""
    with lent_from(postgres_server, postgres_template) as lent:
        yield lent


@pytest.fixture
def engine_url(database: Database, engine_template: Path, tmp_path: Path) -> str:
    if database.dialect == "postgresql":
        return database.url.render_as_string(hide_password=False)
    path = tmp_path / "engine.db"
    shutil.copyfile(engine_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def worker_of(database: Database, engine_url: str, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Makes workers, each stopped at the end of the test."""
    made: list[Worker] = []

    def make(advance: Callable[[str], str], tuning: Tuning = QUICK, watch: Callable[[], None] | None = None) -> Worker:
        if make_url(engine_url).get_backend_name() == "sqlite":
            worker = embedded_worker(database, engine_url, advance, tmp_path, SystemClock(), tuning, watch)
        else:
            worker = spread_worker(database, engine_url, advance, SystemClock(), tuning, watch)
        made.append(worker)
        return worker

    yield make
    for worker in made:
        worker.stop()


@pytest.fixture
def until(house: House) -> Callable[..., Run]:
    """Waits until a run is in a state, and fails the test when that takes too long."""

    def wait(run_id: str, *states: RunState) -> Run:
        pause = threading.Event()
        deadline = SystemClock().elapsed_ms() + PATIENT // timedelta(milliseconds=1)
        while (run := house.run(run_id)).state not in states:
            assert SystemClock().elapsed_ms() < deadline, f"{run.state} at page {run.progress}, {run.error_code}"
            pause.wait(0.02)
        return run

    return wait
