"""The audit chain tells of every link, and a link that it does not tell is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from raccord.clock import FixedClock
from raccord.store import events
from raccord.store.database import Database
from raccord.store.models import Company, Connection, Event, LinkRow, LinkState
from raccord.store.told import WRITTEN, Links, digest, on_behalf_of, verify_links

LINKED = datetime(2026, 3, 4, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def told(database: Database, clock: FixedClock) -> Database:
    """A database with three links of one transaction, one of which another transaction let go."""
    database.clock = clock
    with database.begin() as session:
        session.add(
            Company(
                id="c1", realm="1", environment="local", name="Boulangerie", home_currency="CAD", country="CA",
                taxed=True, created_at=LINKED,
            )
        )  # fmt: skip
        session.add(
            Connection(
                id="k1", company_id="c1", connector="till", label="Caisse", starts_on=date(2026, 3, 1),
                set_up_at=LINKED, created_by="Odile",
            )
        )  # fmt: skip
    with database.begin() as session:
        on_behalf_of(session, "r1", {"plans": ["p1"], "mapped": ["till 1.0 r1"]})
        session.add_all(link(f"sales/s{number}", str(140 + number)) for number in range(3))
    with database.begin() as session:
        session.scalars(select(LinkRow).where(LinkRow.key == "sales/s1")).one().state = LinkState.UNLINKED
    return database


def link(key: str, document_id: str) -> LinkRow:
    return LinkRow(
        company_id="c1", connection_id="k1", key=key, kind="SalesReceipt", document_id=document_id, sync_token="0",
        revision=1, marker="M" * 12, payload_hash="h", day=date(2026, 3, 4), amount=Decimal("10.50"), currency="CAD",
        money_account="35", linked_at=LINKED,
    )  # fmt: skip


def verified(database: Database) -> Links:
    with database.read() as session:
        return verify_links(session)


def test_each_transaction_that_writes_links_tells_of_them_in_one_entry(told: Database, clock: FixedClock) -> None:
    with told.read() as session:
        entries = session.scalars(select(Event).order_by(Event.seq)).all()
        assert events.verify(session) is None
    assert [(entry.action, entry.subject, entry.at, len(entry.body["links"])) for entry in entries] == [
        (WRITTEN, "r1", clock.now(), 3),
        (WRITTEN, "", clock.now(), 1),
    ]
    assert (entries[0].body["plans"], entries[0].body["mapped"]) == (["p1"], ["till 1.0 r1"])
    assert [row[:4] for row in entries[1].body["links"].values()] == [["sales/s1", "SalesReceipt", "141", "unlinked"]]
    assert verified(told) == Links((), told=3, older=0)


def test_what_is_rolled_back_is_not_told(told: Database) -> None:
    with told.begin() as session:
        session.add(link("sales/never", "200"))
        session.flush()
        session.rollback()
    assert verified(told) == Links((), told=3, older=0)


Past = Callable[[Session], object]
PAST_RACCORD: dict[str, tuple[Past, str, str, int]] = {
    "another amount": (
        lambda session: session.execute(text("UPDATE link SET amount = '11.50' WHERE key = 'sales/s0'")),
        "altered", "sales/s0", 1,
    ),
    "another document": (
        lambda session: session.execute(update(LinkRow).where(LinkRow.key == "sales/s2").values(document_id="999")),
        "altered", "sales/s2", 1,
    ),
    "brought back": (
        lambda session: session.execute(update(LinkRow).where(LinkRow.key == "sales/s1").values(state="live")),
        "altered", "sales/s1", 2,
    ),
    "removed": (
        lambda session: session.execute(delete(LinkRow).where(LinkRow.key == "sales/s2")), "removed", "sales/s2", 1,
    ),
    "inserted": (
        lambda session: session.execute(
            text(
                "INSERT INTO link (company_id, connection_id, key, kind, document_id, document_number, sync_token,"
                " revision, marker, payload_hash, stream, currency, money_account, state, origin, linked_at)"
                " SELECT company_id, connection_id, 'sales/new', kind, '777', '', sync_token, revision, marker,"
                " payload_hash, stream, currency, money_account, state, origin, '2099-01-01 00:00:00+00:00'"
                " FROM link WHERE key = 'sales/s0'"
            )
        ),
        "inserted", "sales/new", 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("deed", PAST_RACCORD)
def test_a_link_written_past_raccord_is_named_with_the_entry_that_told_of_it_last(told: Database, deed: str) -> None:
    write, what, key, seq = PAST_RACCORD[deed]
    with told.begin() as session:
        write(session)
    found = verified(told)
    assert [(each.what, each.key, each.seq) for each in found.untold] == [(what, key, seq)]
    with told.read() as session:
        assert events.verify(session) is None, "the chain itself is whole: only the row is another"


def test_links_of_a_database_that_told_of_none_are_counted_as_older(told: Database) -> None:
    with told.begin() as session:
        session.execute(text("DELETE FROM event"))
        session.execute(text("DELETE FROM event_head"))
    assert verified(told) == Links((), told=0, older=3)


def test_the_digest_covers_every_column_of_a_link(told: Database) -> None:
    moment = LINKED.replace(year=2020)
    others = {str: "x", int: 77, date: date(2020, 1, 1), "amount": Decimal("77.00"), "linked_at": moment}
    with told.read() as session:
        row = session.scalars(select(LinkRow)).first()
        assert row is not None
        for column in LinkRow.__table__.columns:
            before, was = digest(row), getattr(row, column.key)
            setattr(row, column.key, others.get(column.key) or others[column.type.python_type])
            assert (digest(row) != before) == (column.key != "id"), column.key
            setattr(row, column.key, was)
