"""Makes the museum's next pair of databases from today's code: one SQLite file and one PostgreSQL dump.

Run from the root of the repository: ``python tests/museum/make_database.py``. It tells one small story with at least
one row of each important kind and refuses to replace a piece unless it is given ``--again``. See README.md.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from raccord.clock import FixedClock
from raccord.store import events, schema
from raccord.store.canonical import canonical
from raccord.store.database import Database
from raccord.store.keyring import Keyring
from raccord.store.models import (
    Choice,
    Company,
    Connection,
    DraftRow,
    LinkRow,
    Plan,
    PlanLine,
    Posting,
    Proof,
    Run,
    RunCount,
    SourceFile,
    SourceRecord,
    StreamCursor,
)
from raccord.store.vault import Vault

HERE = Path(__file__).parent
PIECES = HERE / "databases"
KEY = SecretStr(base64.urlsafe_b64encode(b"A museum key that guards nothing").decode("ascii"))
NOW = datetime(2025, 3, 3, 12, 0, 0, 123456, tzinfo=UTC)
DAY = date(2025, 3, 2)
AMOUNT = Decimal("1234.50")
ANSWERED = [
    {"hook": "resolve_account", "plugin": "house-rules", "version": "1.0", "about": "income", "of": "", "answer": "79",
     "name": "Ventes", "reason": {"fr": "Au marché.", "en": "At the market."}}
]  # fmt: skip
DRAFT_KEY = "sales/2025-03-02:é"


def tell(database: Database) -> None:
    """Write the story: one sale of one connection, posted, linked and proven."""
    clock = FixedClock(NOW)
    with database.begin() as session:
        _setting(session)
        _sale(session)
        _posted(session)
        vault = Vault(database, Keyring(KEY), clock).within(session)
        vault.put("company:c1:tokens", {"refresh": "museum refresh token"})
        vault.put("connection:k1:settings", {"password": "museum password"})
        events.append(session, "zoé", "connection.created", "k1", "c1", "k1", now=NOW)
        events.append(session, "core", "run.done", "r1", "c1", "k1", now=NOW, body={"posted": 1, "total": AMOUNT})


def _setting(session: Session) -> None:
    session.add(
        Company(
            id="c1", realm="9130000000000001", environment="sandbox", name="Boulangerie Été", country="CA",
            home_currency="CAD", taxed=True, created_at=NOW,
        )
    )  # fmt: skip
    session.flush()
    session.add(
        Connection(
            id="k1", company_id="c1", connector="chase", label="Marchand", source_identity="420000000001",
            settings={"input_kind": "folder", "folder": "/srv/chase"}, starts_on=date(2025, 1, 1), approved_at=NOW,
            set_up_at=NOW, created_by="zoé",
        )
    )  # fmt: skip
    session.flush()
    session.add_all(
        [
            SourceFile(
                connection_id="k1", number=1, name="relevé.dfr", size=3, sha256="ab" * 32, origin="upload",
                received_at=NOW,
            ),
            StreamCursor(connection_id="k1", stream="sales", cursor="1:3", updated_at=NOW),
            Choice(
                connection_id="k1", role="income", valid_from=date(1, 1, 1), ledger_kind="Account", ledger_id="79",
                ledger_name="Ventes", origin="person", chosen_by="zoé", chosen_at=NOW,
            ),
        ]
    )  # fmt: skip


def _sale(session: Session) -> None:
    session.add(
        Run(
            id="r1", connection_id="k1", company_id="c1", trigger="person", started_by="zoé", state="done",
            phase="done", plan_id="p1", created_at=NOW, started_at=NOW, finished_at=NOW,
        )
    )  # fmt: skip
    session.flush()
    session.add(RunCount(run_id="r1", stream="sales", fetched=1, posted=1))
    session.add(
        SourceRecord(
            connection_id="k1", stream="sales", source_id="2025-03-02:é", revision=1, content_hash="cd" * 32,
            day=DAY, amount=AMOUNT, currency="CAD", raw=canonical({"amount": "1234.50", "né": None}), state="mapped",
            run_id="r1", fetched_at=NOW,
        )
    )  # fmt: skip
    session.flush()
    session.add(
        DraftRow(
            connection_id="k1", record_id=1, key=DRAFT_KEY, revision=1, kind="SalesReceipt", day=DAY,
            body="{}", body_hash="ef" * 32, state="posted",
        )
    )  # fmt: skip
    session.flush()


def _posted(session: Session) -> None:
    shared = {"key": DRAFT_KEY, "revision": 1, "kind": "SalesReceipt"}
    session.add(Plan(id="p1", connection_id="k1", run_id="r1", state="applied", hash="aa" * 32, created_at=NOW))
    session.flush()
    session.add(
        PlanLine(
            plan_id="p1", rank=1, action="create", draft_id=1, day=DAY, payload="{}", amount=AMOUNT,
            currency="CAD", effect={"79": "-1234.50"}, state="done", answered_by=ANSWERED, **shared,
        )
    )  # fmt: skip
    session.flush()
    session.add(
        Posting(
            plan_line_id=1, company_id="c1", connection_id="k1", operation="create", request_id="request-1",
            marker="R-1", body="{}", body_hash="bb" * 32, state="done", attempts=1, document_id="145", created_at=NOW,
            finished_at=NOW, **shared,
        )
    )  # fmt: skip
    session.add(
        LinkRow(
            company_id="c1", connection_id="k1", document_id="145", sync_token="0", marker="R-1",
            payload_hash="bb" * 32, stream="sales", day=DAY, amount=AMOUNT, currency="CAD", linked_at=NOW, **shared,
        )
    )  # fmt: skip
    session.add(
        Proof(
            connection_id="k1", run_id="r1", stream="sales", currency="CAD", day=DAY, source_total=AMOUNT,
            left_out_total=Decimal("0.00"), posted_total=AMOUNT, quickbooks_total=AMOUNT, equal=True, proven_at=NOW,
        )
    )  # fmt: skip


def make_sqlite(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "app.db"
        database = Database(f"sqlite:///{path}")
        schema.upgrade(database)
        tell(database)
        database.dispose()
        with closing(sqlite3.connect(path)) as connection:
            # One file, without the journal beside it.
            connection.execute("PRAGMA journal_mode=DELETE")
        target.write_bytes(gzip.compress(path.read_bytes(), mtime=0))


def make_postgres(target: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, str(HERE.parent / "support" / "postgres_server.py"), str(os.getpid())], stdout=subprocess.PIPE
    )
    with server:
        assert server.stdout is not None
        said = json.loads(server.stdout.readline())
        if "url" not in said:
            raise SystemExit(f"no PostgreSQL: {said['error']}")
        try:
            target.write_text(_dumped(said["url"]))
        finally:
            server.terminate()


def _dumped(url: str) -> str:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE museum"))
    engine.dispose()
    database = Database(make_url(url).set(database="museum"))
    schema.upgrade(database)
    tell(database)
    database.dispose()
    program = shutil.which("pg_dump") or "/usr/lib/postgresql/15/bin/pg_dump"
    host = str(make_url(url).query["host"])
    dumped = subprocess.run(
        [
            program,
            "--inserts",
            "--no-owner",
            "--no-privileges",
            "-h",
            host,
            "-U",
            make_url(url).username or "",
            "museum",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    # Lines that only psql understands, comments and settings of the session that made it.
    kept = [
        line
        for line in dumped.splitlines()
        if line and not line.startswith(("\\", "--", "SET ", "SELECT pg_catalog.set_config"))
    ]
    return "\n".join(kept) + "\n"


def main() -> None:
    PIECES.mkdir(exist_ok=True)
    pieces = {
        PIECES / f"{schema.head()}.sqlite.gz": make_sqlite,
        PIECES / f"{schema.head()}.postgres.sql": make_postgres,
    }
    there = [piece.name for piece in pieces if piece.exists()]
    if there and sys.argv[1:] != ["--again"]:
        raise SystemExit(f"{', '.join(there)} stand in the museum already; see README.md before replacing them")
    for piece, make in pieces.items():
        make(piece)
        sys.stdout.write(f"{piece} ({piece.stat().st_size} bytes)\n")


if __name__ == "__main__":
    main()
