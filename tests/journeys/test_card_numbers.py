"""A card number in clear in every kind of file: after the runs, no file below the data directory holds it."""

from __future__ import annotations

import base64
import io
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from harness import OWNER, choose_usual, consent, enable, make_workshop, sync
from lent_databases import laid
from sqlalchemy import func, select

import raccord_bankfeed
import raccord_chase
from raccord.clock import FixedClock
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.store.clear_files import seal_clear_files
from raccord.store.files import StoredFileBox
from raccord.store.models import Connection, SourceFile, SourceRecord
from raccord.sync.workshop import Workshop
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, statement_file
from raccord_chase.sandbox.handmade import MERCHANT, dfr, head, sale, settlement_file, total
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
CARD = "4111111111111111"
MASKED = b"411111******1111"
FORMS = {
    "in clear": CARD.encode(),
    "in UTF-16": CARD.encode("utf-16-le"),
    "in hexadecimal": CARD.encode().hex().encode(),
    "in base64": base64.b64encode(CARD.encode())[:20],
    "in groups": b"4111 1111 1111 1111",
}
GOOD = sale(1, "100.00", card=CARD)
BAD = sale(2, "5.00", card=CARD, day="02/30/2026")
REPORT = settlement_file(net="100.00", totals=(total("SALE", "100.00", method="VI", count="1"),), rows=(GOOD, BAD))
IN_ZIP = dfr(head("ACT0010", "09/02/2026"), sale(3, "7.00", card=CARD, day="09/02/2026"))
STATEMENT = statement_file(
    MadeAccount(number=CARD, card=True),
    [MadeLine(day=date(2026, 9, 3), amount=Decimal("-12.34"), native="F1", name="SHOP", type="DEBIT")],
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=("quebec",))) as running:
        yield running


@pytest.fixture
def workshop(data: Path, sandbox: SandboxServer) -> Iterator[Workshop]:
    database = laid(data / "app.db")
    made = make_workshop(database, data, sandbox.url, FixedClock(NOW), raccord_chase, raccord_bankfeed)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def connections(workshop: Workshop, sandbox: SandboxServer, tmp_path: Path) -> dict[str, Connection]:
    """A Chase connection that reads a folder and a bank feed that gets uploads, both with their files delivered."""
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "a.dfr").write_text(REPORT)
    with zipfile.ZipFile(reports / "b.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("in/b.dfr", IN_ZIP)
    assert all(CARD.encode() in path.read_bytes() for path in reports.iterdir())
    for path in reports.iterdir():
        os.utime(path, (0, 0))
    company = consent(workshop, sandbox.store.of_template("quebec").realm)
    enable(workshop, company, "chase", "bankfeed")
    values = {
        "chase": {"merchant_id": MERCHANT, "input_kind": "folder", "folder": str(reports)},
        "bankfeed": {"input_kind": "upload"},
    }
    made = {
        name: connect(
            workshop,
            OWNER,
            NewConnection(company_id=company.id, connector=name, values=given, starts_on=date(2026, 9, 1)),
        )
        for name, given in values.items()
    }
    choose_usual(workshop, made["chase"], company, bank="deposit_bank")
    box = StoredFileBox(workshop.vault, workshop.settings.data_dir, made["bankfeed"].id, workshop.clock)
    assert box.receive("statement.ofx", io.BytesIO(STATEMENT), origin="upload")
    return made


def holding(folder: Path, content: bytes) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file() and content in path.read_bytes()}


def found_in_clear(data: Path) -> list[tuple[str, str]]:
    return [(form, name) for form, content in FORMS.items() for name in holding(data, content)]


def read_all(workshop: Workshop, connection: Connection) -> list[bytes]:
    box = StoredFileBox(workshop.vault, workshop.settings.data_dir, connection.id, workshop.clock)
    found, number = [], 0
    while (file := box.after(number)) is not None:
        with file.open() as stream:
            found.append(stream.read())
        number = file.number
    return found


def test_a_card_number_in_a_report_an_archive_and_a_bank_file_is_in_no_file_of_the_data_directory(
    workshop: Workshop, connections: dict[str, Connection], data: Path
) -> None:
    for connection in connections.values():
        sync(workshop, connection)
    with workshop.database.read() as session:
        assert session.scalar(select(func.count()).select_from(SourceFile)) == 4
        streams = session.execute(select(SourceRecord.connection_id, SourceRecord.stream)).all()
    assert {(connections["chase"].id, "sales"), (connections["bankfeed"].id, "lines")} <= {
        tuple(row) for row in streams
    }
    assert found_in_clear(data) == []
    assert any(name.startswith("app.db") for name in holding(data, MASKED)), "the search would not see a number either"
    report, archive, member = read_all(workshop, connections["chase"])
    assert (report, member) == (REPORT.encode(), IN_ZIP.encode())
    assert CARD.encode() in archive
    assert read_all(workshop, connections["bankfeed"]) == [STATEMENT]


def test_what_an_earlier_version_kept_in_clear_is_gone_after_sealing(
    workshop: Workshop, connections: dict[str, Connection], data: Path
) -> None:
    sync(workshop, connections["chase"])
    contents = read_all(workshop, connections["chase"])
    box = StoredFileBox(workshop.vault, data, connections["chase"].id, workshop.clock)
    for number, content in enumerate(contents):
        file = box.after(number)
        assert file is not None
        file.path.write_bytes(content)
    assert len(found_in_clear(data)) == 3
    assert seal_clear_files(workshop.vault, data, workshop.clock) == 3
    assert found_in_clear(data) == []
    assert read_all(workshop, connections["chase"]) == contents
