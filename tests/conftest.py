"""Fixtures that every layer's tests share: both databases, a data folder and a clock.

``database`` and ``database_url`` run a test once on SQLite and once on PostgreSQL, each time with a database at the
newest revision that holds nothing yet (see ``lent_databases``). One PostgreSQL server serves the whole session, all
pytest-xdist workers included; it starts when the first test asks for it and ends with the session.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

import certifi
import pytest
from hypothesis import settings
from lent_databases import Lent, LentPostgres, LentSqlite, lent_from, newest
from one_cache import share_statements
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, Engine

from raccord.clock import FixedClock
from raccord.store import schema
from raccord.store.database import Database

# What tests and their libraries are made of stays to the end: it is looked through once (see
# ``pytest_collection_finish``), not again and again while it comes to be, which took a third of the collecting.
gc.disable()

MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own in it
ROOM = 4 * 1024**3
"""Bytes of memory that must be free before the tests' files may lie there."""

# How long an example takes is the machine's business: on a busy one some take longer than Hypothesis allows by itself.
settings.register_profile("raccord", settings.default, deadline=None)
settings.load_profile("raccord")

SERVER = Path(__file__).parent / "support" / "postgres_server.py"
MISSING = pytest.StashKey[str]()


LEFT_OUT = (
    "web",
    "suggesting",
    "crash",
    "test_lies_of_meaning.py",
    # More of the same than their quick tests: random orders and sequences, two thousand expenses.
    "test_any_sequence.py",
    "test_chase_quarter.py",
    "test_import_order.py",
    "test_pleo_many.py",
    "test_taxdome_sequences.py",
)
"""Folders and files whose slow tests the merge check leaves to those who change what they look at."""

SLOW_ONLY = (
    # Workers killed, frozen and robbed of their database, hundreds of documents undone: `make crash` kills, too.
    "test_workers.py",
    "test_undo_many.py",
    # A restored backup, and a quarter and an export under attack, each told at length.
    "test_restored_backup.py",
    "test_pleo_attacks.py",
    # Months of many documents, to see that a proof needs no more memory for them.
    "test_proof_memory.py",
)
"""Files that neither `make test` nor the merge check has, but `make test-slow`."""

LONG = (
    # Whole stories of people and sources, each told from nothing.
    "journeys",
    # A lie for each rule of the kit; that honest connectors keep them is quick.
    "test_rules_of_the_kit.py",
    # Nights and months one after the other.
    "test_nightly_proofs.py",
    # Processes that are started and stopped, one after the other.
    "test_killed.py",
    "test_serve.py",
    "test_sandbox_process.py",
    "test_wheels.py",
    # Every call of the API, as its document allows and forbids.
    "test_api_fuzz.py",
    # Several runs for each test, one after the other or at once: what each rests on has quick tests beside it.
    "test_two_runs.py",
    "test_two_sides.py",
    "test_closed_periods.py",
    "test_lump_sums.py",
    "test_undone_lines.py",
    "test_other_tellers.py",
    "test_limits.py",
    "test_files_back.py",
    "test_what_files_ask.py",
    "test_accounts_of_files.py",
)
"""Folders and files that `make test` leaves to the merge check, which has all of them, as it has what drives a browser:
one test in thirty, and half of the time."""

ABOUT_DATABASES = frozenset({"store", "jobs", "crash", "test_bucket.py", "test_two_runs.py"})
"""Folders and files of tests whose subject is what differs between databases: locks, claims, migrations."""


def pytest_configure(config: pytest.Config) -> None:
    """Make waiting short for this process and those it starts.

    Files lie in memory where it has room: SQLite waits for the disk at each commit. Clients trust one authority only:
    no test speaks TLS, and reading all of them costs each client 20 ms.
    """
    share_statements()
    # What stays for the whole run (modules, fixtures, compiled statements) is looked through less often.
    gc.set_threshold(100_000, 50, 100)
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    folder = Path(tempfile.mkdtemp())
    config.add_cleanup(lambda: shutil.rmtree(folder))
    authorities = Path(certifi.where()).read_text("utf-8")
    first, end, _ = authorities[authorities.index("-----BEGIN") :].partition("-----END CERTIFICATE-----")
    (folder / "authority.pem").write_text(first + end)
    os.environ["SSL_CERT_FILE"] = str(folder / "authority.pem")
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try on one of the two databases what is marked ``either_database``, each test always on the same.

    What says nothing is tried on both; but where it is not about the database itself, on the other one in the slow run
    alone, which the merge check leaves out.
    """
    marked = any(mark.name == "either_database" for mark in metafunc.definition.iter_markers())
    chosen = any("database_url" in str(mark.args[:1]) for mark in metafunc.definition.iter_markers("parametrize"))
    if chosen or "database_url" not in metafunc.fixturenames:
        return
    kinds = ("sqlite", "postgres")
    # A test takes half as long again on PostgreSQL, so every sixth is tried there.
    which = int(crc32(metafunc.definition.originalname.encode()) % 6 == 1)
    if marked:
        tried: list[object] = [kinds[which]]
    elif ABOUT_DATABASES.isdisjoint(metafunc.definition.path.parts):
        tried = [kinds[which], pytest.param(kinds[1 - which], marks=pytest.mark.at_length)]
    else:
        return
    metafunc.definition.add_marker(pytest.mark.parametrize("database_url", tried, indirect=True))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what the merge check and the quick run leave out, before anything is chosen by marks."""
    cases: Counter[str] = Counter()
    for item in items:
        if nth := item.get_closest_marker("every"):
            family = item.nodeid.partition("[")[0]
            if cases[family] % nth.args[0]:
                item.add_marker("at_length")
            cases[family] += 1
        names = frozenset(item.path.parts)
        if item.get_closest_marker("at_length"):
            item.add_marker("slow")
        elif not names.isdisjoint(LEFT_OUT) and item.get_closest_marker("slow"):
            item.add_marker("at_length")
        if not names.isdisjoint(SLOW_ONLY):
            item.add_marker("slow")
            item.add_marker("at_length")
        # After that: what is long is no reason to leave it out of a merge.
        if not names.isdisjoint(LONG) or "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("slow")


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of what is looked through for garbage from here on."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture
def clock() -> FixedClock:
    """A clock at noon UTC on 2025-03-03, wound by hand."""
    return FixedClock(datetime(2025, 3, 3, 12, tzinfo=UTC))


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty private data directory."""
    path = tmp_path / "data"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a database at the newest revision without a row, once on SQLite and once on PostgreSQL."""
    lent: Lent = request.getfixturevalue(f"lent_{request.param}")
    lent.refill()
    return lent.database.url.render_as_string(hide_password=False)


@pytest.fixture
def database(request: pytest.FixtureRequest, database_url: str) -> Iterator[Database]:
    """The database at ``database_url``, opened."""
    lent: Lent = request.getfixturevalue("lent_sqlite" if database_url.startswith("sqlite") else "lent_postgres")
    yield lent.database
    lent.database.dispose()


@pytest.fixture
def sqlite_database(lent_sqlite: LentSqlite) -> Iterator[Database]:
    """A database at the newest revision that holds nothing yet, for what is tried on both kinds elsewhere."""
    lent_sqlite.refill()
    yield lent_sqlite.database
    lent_sqlite.database.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    make: Callable[[], str] = request.getfixturevalue("empty_postgres")
    return make()


@pytest.fixture
def run_together() -> Callable[[list[str]], list[int]]:
    """Runs a command twice at the same time and returns both exit codes.

    The program writes a line when it is ready and then waits for one, so that slow starts do not keep the two apart.
    """

    def run(command: list[str]) -> list[int]:
        pair = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
        with pair[0] as one, pair[1] as other:
            for process in (one, other):
                assert process.stdout is not None
                assert process.stdout.readline() == b"ready\n"
            for process in (one, other):
                assert process.stdin is not None
                process.stdin.write(b"go\n")
                process.stdin.flush()
            return [process.wait(60) for process in (one, other)]

    return run


@pytest.fixture
def empty_database(empty_database_url: str) -> Iterator[Database]:
    """A database without any table, once on SQLite and once on PostgreSQL."""
    opened = Database(empty_database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def fresh_sqlite(sqlite_template: Path, tmp_path: Path) -> Callable[[], str]:
    """Makes a SQLite database at the newest revision and returns its address."""

    def make() -> str:
        path = tmp_path / f"app-{uuid.uuid4().hex[:8]}.db"
        shutil.copyfile(sqlite_template, path)
        return f"sqlite:///{path}"

    return make


@pytest.fixture
def fresh_postgres(postgres_template: str, postgres_server: Engine) -> Iterator[Callable[[], str]]:
    """Makes a PostgreSQL database at the newest revision and returns its address; dropped after the test."""
    how = f'TEMPLATE "{postgres_template}"'
    if (postgres_server.dialect.server_version_info or (0,)) >= (15,):
        # Five times as quick as going through the log, and older servers do nothing else.
        how += " STRATEGY FILE_COPY"
    with made_in(postgres_server, how) as make:
        yield make


@pytest.fixture
def empty_postgres(postgres_server: Engine) -> Iterator[Callable[[], str]]:
    """Makes an empty PostgreSQL database and returns its address; dropped after the test."""
    with made_in(postgres_server, "") as make:
        yield make


@pytest.fixture(scope="session")
def lent_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> LentSqlite:
    """The one SQLite database of this process's tests."""
    return LentSqlite(sqlite_template, tmp_path_factory.mktemp("lent") / "app.db")


@pytest.fixture(scope="session")
def lent_postgres(postgres_template: str, postgres_server: Engine) -> Iterator[LentPostgres]:
    """The one PostgreSQL database of this process's tests."""
    with lent_from(postgres_server, postgres_template) as lent:
        yield lent


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "app.db"
    path.write_bytes(newest())
    return path


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine on the server's own database, from which others are made."""
    with alone(shared_folder(tmp_path_factory)) as folder:
        said = served(folder, request.config)
    if "url" not in said:
        reason = f"no PostgreSQL for the tests: {said['error']}"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        request.config.stash[MISSING] = reason
        pytest.skip(reason)
    engine = create_engine(said["url"], isolation_level="AUTOCOMMIT", pool_size=2)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    name = "template_at_head"
    with alone(shared_folder(tmp_path_factory)):
        with postgres_server.connect() as connection:
            there = connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name})
            if there:
                return name
            connection.execute(text(f'CREATE DATABASE "{name}_new"'))
        database = Database(at(postgres_server, f"{name}_new"))
        schema.upgrade(database)
        database.dispose()
        with postgres_server.connect() as connection:
            connection.execute(text(f'ALTER DATABASE "{name}_new" RENAME TO "{name}"'))
    return name


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in red that half of the store's tests did not run."""
    reason = config.stash.get(MISSING, "")
    if reason:
        terminalreporter.section("PostgreSQL tests were skipped", red=True, bold=True)
        terminalreporter.line(reason)


def at(server: Engine, name: str) -> URL:
    return server.url.set(database=name)


@contextmanager
def made_in(server: Engine, how: str) -> Iterator[Callable[[], str]]:
    names: list[str] = []

    def make() -> str:
        names.append(f"test_{uuid.uuid4().hex}")
        with server.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{names[-1]}" {how}'))
        return at(server, names[-1]).render_as_string(hide_password=False)

    yield make
    with server.connect() as connection:
        for name in names:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of this session that all its workers see."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@contextmanager
def alone(folder: Path) -> Iterator[Path]:
    with (folder / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def served(folder: Path, config: pytest.Config) -> dict[str, str]:
    """Return what the session's server said of itself; the first caller starts it."""
    note = folder / "postgres.json"
    if not note.exists():
        main_process = os.getppid() if hasattr(config, "workerinput") else os.getpid()
        server = subprocess.Popen(
            [sys.executable, str(SERVER), str(main_process)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert server.stdout is not None
        with server.stdout as said:
            line = said.readline()
        server.returncode = 0  # it ends by itself after this process, which therefore must not wait for it
        note.write_bytes(line or b'{"error": "the server ended without a word"}')
    said_before: dict[str, str] = json.loads(note.read_text())
    return said_before
