"""Every kind that can be sent can be found again; a new one cannot be added without saying how."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import market
import pytest
from harness import NOW, make_workshop, sync
from market_company import let_numbers_repeat, open_market, say
from market_rows import every_kind
from sqlalchemy import select

from raccord.clock import FixedClock
from raccord.plugin import drafts
from raccord.quickbooks.codec import differing, entity_of
from raccord.store.database import Database
from raccord.store.models import Company, Connection, LinkRow, Posting
from raccord.sync.books.readback import DOCUMENTS, LISTS, MARKED, WAYS, NoWayBackError, Sought, Way, read_back, way_of
from raccord.sync.planning.order import RANKS
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def kinds() -> set[str]:
    """Return QuickBooks' names of everything that a draft can become."""
    found = set()
    for draft in get_args(drafts.Draft):
        bare = object.__new__(draft)
        object.__setattr__(bare, "kind", draft.__dataclass_fields__["kind"].default)
        found.add(entity_of(bare))
    return found


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), market)
    yield made
    made.close()


@pytest.fixture
def opened(workshop: Workshop, sandbox: SandboxServer) -> tuple[Company, Connection]:
    let_numbers_repeat(sandbox.store)
    return open_market(workshop, sandbox.store)


def sent(workshop: Workshop) -> list[Posting]:
    with workshop.database.read() as session:
        return list(session.scalars(select(Posting).order_by(Posting.id)))


def as_sought(posting: Posting, day: Any) -> Sought:
    update = posting.operation == "update"
    since = posting.created_at
    text = f"[raccord {posting.marker} r{posting.revision}]"
    return Sought(posting.marker, text, posting.kind, update, posting.document_id, posting.body, day, since)


def test_pain_1_each_kind_of_draft_has_a_way_back_and_a_place_in_the_order_of_posting(database_url: str) -> None:
    assert kinds() == set(WAYS)
    assert set(WAYS.values()) == set(Way)
    assert {kind for rank in RANKS for kind in rank} == set(WAYS)
    assert set(LISTS) | set(MARKED) == set(WAYS)


def test_pain_1_a_kind_without_a_way_back_is_refused_before_it_is_sent(database_url: str) -> None:
    with pytest.raises(NoWayBackError, match="TimeActivity"):
        way_of("TimeActivity")


def test_pain_1_every_kind_is_found_by_what_was_sent_and_by_nothing_else(
    workshop: Workshop, opened: tuple[Company, Connection]
) -> None:
    company, connection = opened
    say([*every_kind("a"), *every_kind("b")])
    sync(workshop, connection)
    postings = sent(workshop)
    assert {posting.kind for posting in postings} == set(WAYS)
    with workshop.database.read() as session:
        days = {link.key: link.day for link in session.scalars(select(LinkRow))}
    client = workshop.client(company)
    wanted = [as_sought(posting, days[posting.key]) for posting in postings]
    found = read_back(client, wanted)
    assert {code: document["Id"] for code, document in found.items()} == {
        posting.marker: posting.document_id for posting in postings
    }
    for posting in postings:
        body = json.loads(posting.body, parse_float=Decimal)
        assert differing(body, found[posting.marker]) == (), posting.kind
    strangers = [
        Sought("NOBODY", "[raccord NOBODY r1]", each.kind, False, "", other(each.body), each.day, each.since)
        for each in wanted
    ]
    assert read_back(client, strangers, moved=True) == {}


def other(body: str) -> str:
    """Return a body under a number or name that nothing has."""
    read = json.loads(body)
    for name in ("DocNumber", "DisplayName", "Name"):
        if name in read:
            read[name] = "Nobody"
    return json.dumps(read)


def test_pain_1_every_kind_at_once_is_read_back_with_two_requests(
    workshop: Workshop, opened: tuple[Company, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    company, connection = opened
    say(every_kind("a"))
    sync(workshop, connection)
    wanted = [as_sought(posting, posting.created_at.date() - timedelta(days=1)) for posting in sent(workshop)]
    client = workshop.client(company)
    asked = []
    real = client._wire.send
    monkeypatch.setattr(client._wire, "send", lambda call, lane: asked.append(call.path) or real(call, lane))
    # Deposits and transfers are not on the day they are looked for: a person moved them.
    assert len(read_back(client, wanted, moved=True)) == len(wanted)
    # A batch holds 30 questions, and all kinds at once make a few more.
    assert asked == ["batch", "batch"]


def test_pain_1_an_update_of_every_kind_is_known_by_its_mark_or_its_token(
    workshop: Workshop, opened: tuple[Company, Connection]
) -> None:
    company, connection = opened
    # A sale that was paid out is frozen, so nothing is paid out here.
    rows = [row for row in every_kind("a") if row["stream"] != "payouts"]
    say(rows)
    sync(workshop, connection)
    before = {posting.key: posting for posting in sent(workshop)}
    say([row | {"memo": "corrigé", "phone": "514 555-0100"} for row in rows])
    sync(workshop, connection)
    client = workshop.client(company)
    updates = [posting for posting in sent(workshop) if posting.operation == "update"]
    assert {posting.kind for posting in updates} >= {*DOCUMENTS, "Customer"}
    for posting in updates:
        assert read_back(client, [as_sought(posting, None)])[posting.marker]["Id"] == posting.document_id
        # The same update one revision later is not in.
        later = as_sought(posting, None)
        body = json.loads(posting.body) | {"SyncToken": str(int(json.loads(posting.body)["SyncToken"]) + 1)}
        text = f"[raccord {posting.marker} r{posting.revision + 1}]"
        assert read_back(client, [replace(later, marker=text, body=json.dumps(body))]) == {}
        assert before[posting.key].document_id == posting.document_id
