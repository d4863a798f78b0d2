"""Databases that earlier versions left behind, opened with today's code."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import JSON, column, create_engine, insert, select, table, update

from raccord.overview.answers import answers_of
from raccord.overview.titles import memo_says
from raccord.store import events, schema
from raccord.store.database import Database
from raccord.store.keyring import Keyring
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    Event,
    Hold,
    LinkRow,
    PlanLine,
    Posting,
    Proof,
    SourceFile,
    SourceRecord,
)
from raccord.store.vault import Vault
from raccord.sync.resolving.holds import asked_once, is_line

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


def test_questions_of_an_earlier_version_are_counted_by_what_they_ask(found: Database) -> None:
    accounts: dict[str, object] = {"role": "income", "of": None, "accepts": "income"}
    asked: list[tuple[str, dict[str, object], bool, str | None]] = [
        ("resolve.decision_missing", {"accepts": "category"}, True, None),
        ("resolve.decision_missing", {"accepts": "clearing"}, False, None),
        ("resolve.choice_missing", accounts, False, "income||income"),
        ("resolve.choice_missing", {**accounts, "of": "é"}, False, "income|é|income"),
        ("period.month_asked", {"month": "2025-02"}, False, "2025-02"),
        ("posting.undone", {"month": "2025-02"}, False, None),
    ]
    names = ("id", "connection_id", "draft_id", "code", "opened_at", "closed_at", "closed_by")
    hold = table("hold", *map(column, names), column("params", JSON))
    draft = table("draft", column("id"), column("connection_id"), column("kind"))
    with found.engine.begin() as connection:
        connection.execute(update(draft).values(kind="Deposit"))
        of = connection.execute(select(draft.c.id, draft.c.connection_id)).one()
        for place, (code, params, *_) in enumerate(asked):
            connection.execute(
                insert(hold).values(
                    id=str(place), connection_id=of.connection_id, draft_id=of.id, code=code, params=params,
                    opened_at=NOW, closed_at=NOW if place else None, closed_by="",
                )
            )  # fmt: skip
    schema.upgrade(found)
    with found.read() as session:
        kept = session.scalars(select(Hold).order_by(Hold.id)).all()
        assert [(each.code, each.params, each.line, each.asked) for each in kept] == asked
        for each in kept:
            assert each.line == is_line("Deposit", each.code, each.params)
            assert each.asked == asked_once(each.code, each.params)


def test_memos_of_earlier_versions_are_found_whatever_their_case(found: Database) -> None:
    draft = table("draft", column("id"), column("body"))
    with found.engine.begin() as connection:
        connection.execute(update(draft).values(body='{"memo":"CAFÉ \\"Été\\" 5 % off"}'))
    schema.upgrade(found)
    with found.read() as session:
        of = select(DraftRow.key)
        assert session.scalars(of.where(memo_says('café "été" 5 %'))).all()
        assert not session.scalars(of.where(memo_says("5 _ off"))).all()


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
