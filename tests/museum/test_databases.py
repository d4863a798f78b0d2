"""Databases that earlier versions left behind, opened with today's code."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, select

from raccord.overview.answers import answers_of
from raccord.store import events, schema
from raccord.store.database import Database
from raccord.store.keyring import Keyring
from raccord.store.models import Company, Connection, Event, LinkRow, PlanLine, Posting, Proof, SourceFile, SourceRecord
from raccord.store.vault import Vault

PIECES = sorted((Path(__file__).parent / "databases").glob("*.*"))
KEY = SecretStr("QSBtdXNldW0ga2V5IHRoYXQgZ3VhcmRzIG5vdGhpbmc=")
NOW = datetime(2025, 3, 3, 12, 0, 0, 123456, tzinfo=UTC)
AMOUNT = Decimal("1234.50")


@pytest.fixture(params=PIECES, ids=lambda piece: piece.name)
def found(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A copy of one piece of the museum, as it was left."""
    piece: Path = request.param
    if piece.name.endswith(".sqlite.gz"):
        path = tmp_path / "app.db"
        path.write_bytes(gzip.decompress(piece.read_bytes()))
        url = f"sqlite:///{path}"
    else:
        make: Callable[[], str] = request.getfixturevalue("empty_postgres")
        url = make()
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql(piece.read_text())
        engine.dispose()
    database = Database(url)
    yield database
    database.dispose()


@pytest.fixture
def revision(request: pytest.FixtureRequest) -> str:
    """The revision of the piece that is found."""
    return str(request.node.callspec.params["found"].name.partition(".")[0])


def test_the_museum_is_not_empty() -> None:
    assert {piece.suffix for piece in PIECES} == {".gz", ".sql"}


def test_a_database_of_an_earlier_version_is_upgraded_and_still_tells_its_story(found: Database, revision: str) -> None:
    schema.upgrade(found)
    schema.check(found)
    schema.ensure_ready(found)
    with found.read() as session:
        company, connection = session.scalars(select(Company)).one(), session.scalars(select(Connection)).one()
        assert (company.name, company.created_at) == ("Boulangerie Été", NOW)
        assert connection.settings == {"input_kind": "folder", "folder": "/srv/chase"}
        assert session.scalars(select(SourceFile)).one().name == "relevé.dfr"
        record, link = session.scalars(select(SourceRecord)).one(), session.scalars(select(LinkRow)).one()
        assert (record.raw, str(record.amount), record.day) == (
            '{"amount":"1234.50","né":null}',
            "1234.50",
            date(2025, 3, 2),
        )
        assert (link.key, link.document_id, link.amount) == ("sales/2025-03-02:é", "145", AMOUNT)
        line, posting = session.scalars(select(PlanLine)).one(), session.scalars(select(Posting)).one()
        assert (line.effect, posting.request_id) == ({"79": "-1234.50"}, "request-1")
        assert session.scalars(select(Proof)).one().quickbooks_total == AMOUNT
        told = [(each.plugin, each.about, each.name) for each in answers_of(session, [1])]
        assert told == ([("house-rules", "income", "Ventes")] if revision >= "0030" else [])
        assert events.verify(session) is None


def test_a_database_of_an_earlier_version_opens_with_its_key_and_goes_on(found: Database) -> None:
    schema.upgrade(found)
    vault = Vault(found, Keyring(KEY))
    assert vault.get_mapping("company:c1:tokens") == {"refresh": "museum refresh token"}
    assert vault.get_mapping("connection:k1:settings") == {"password": "museum password"}
    with found.begin() as session:
        told = len(session.scalars(select(Event)).all())
        assert events.append(session, "core", "opened", now=NOW).seq == told + 1 >= 3
        session.add(
            SourceRecord(
                connection_id="k1", stream="sales", source_id="next", revision=1, content_hash="x",
                day=date(2025, 3, 3), amount=None, currency=None, raw="{}", run_id="r1", fetched_at=NOW,
            )
        )  # fmt: skip
    with found.read() as session:
        assert events.verify(session) is None
        assert len(session.scalars(select(SourceRecord)).all()) == 2
