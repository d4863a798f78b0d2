"""Pleo's part in the demonstration: a month comes in but for one expense, which is mended there and comes too."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import httpx
from harness import NOW, consent, make_workshop
from lent_databases import laid
from sqlalchemy import select

import raccord_pleo
from raccord.cli.demo.books import Connected, bring_in, connect_sources, summary
from raccord.cli.terminal.engine import inline_engine
from raccord.clock import FixedClock
from raccord.masking import known
from raccord.overview.records import record_story
from raccord.store.models import Company, Problem, SourceRecord
from raccord.sync.workshop import Workshop
from raccord_pleo.sandbox.demonstration import STORY
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer


def test_a_month_comes_in_and_what_was_refused_comes_after_it_is_mended_also_over_another_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    database = laid(data / "app.db")
    with SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=("quebec",))) as sandbox:
        workshop = make_workshop(database, data, sandbox.url, FixedClock(NOW), raccord_pleo)
        company = consent(workshop, sandbox.store.of_template("quebec").realm)
        with ExitStack() as served:
            each = started(workshop, company, tmp_path / "sources", served)
            posted = brought_in(workshop, each)
            client = workshop.client(company)
            attached = [file for file in client.query_all("Attachable", "") if file.get("AttachableRef")]
            assert len(attached) == sum(told.receipt for told in STORY) - 1
            assert codes(workshop) == ["pleo.category_missing"]
            assert of_the_source(workshop) == {
                "date": "2026-03-20T16:30:00+00:00", "note": "Souper avec deux clients", "type": "card_purchase",
                "supplier.name": "Table des Patriotes", "user.name": "Paul Côté",
            }, "what the source says of an expense that became no document"  # fmt: skip
            assert sentence(workshop).startswith("Catégorie : La dépense n'a pas de catégorie")
            assert proven(workshop, company, each) == (Decimal("-118.42"), True)
            first_page = each.source.page
        with ExitStack() as served:
            again = started(workshop, company, tmp_path / "sources", served)
            assert (again.connection_id, again.source.page != first_page) == (each.connection_id, True)
            assert brought_in(workshop, again) == 0, "what was exported stays exported, at whatever address"
            mend(again.source.page)
            assert brought_in(workshop, again) == 2, "the expense and its receipt"
            assert codes(workshop) == []
            assert proven(workshop, company, again) == (Decimal(0), True)
        assert posted == len(STORY) - 1 + len(attached)
        workshop.close()


def started(workshop: Workshop, company: Company, folder: Path, served: ExitStack) -> Connected:
    [each] = connect_sources(workshop, company, folder, date(2026, 11, 1), "fr", served)
    return each


def brought_in(workshop: Workshop, each: Connected) -> int:
    return bring_in(workshop, inline_engine(workshop, lambda _run: None), each, lambda _label: None)


def codes(workshop: Workshop) -> list[str]:
    with workshop.database.read() as session:
        return list(session.scalars(select(Problem.code).where(Problem.state == "open")))


def of_the_source(workshop: Workshop) -> dict[str, str]:
    """Return what people read of what the source said of the only record that failed."""
    with workshop.database.read() as session:
        story = record_story(
            session, session.scalars(select(SourceRecord.id).where(SourceRecord.state == "failed")).one()
        )
    assert story is not None
    return {name: value for name, value in story.facts.items() if known(value)}


def sentence(workshop: Workshop) -> str:
    with workshop.database.read() as session:
        return str(session.scalars(select(Problem.params).where(Problem.state == "open")).one()["fr"])


def proven(workshop: Workshop, company: Company, each: Connected) -> tuple[Decimal, bool]:
    table = summary(workshop, company, [each], 0)
    [proof] = table["proof"]  # type: ignore[misc]
    [stream] = proof["streams"]  # type: ignore[index]
    return stream["left_out"], bool(table["all_equal"])


def mend(page: str) -> None:
    """Give the expense that has none a category, and export it, as a person does on the twin's page."""
    shown = httpx.get(page).text
    entry = UUID(shown.partition("name=categorise value=")[2][:36])
    picked = shown.partition(f"name='category {entry}'")[2].partition("Repas")[0].rpartition('value="')[2][:36]
    form = {"categorise": str(entry), f"category {entry}": picked}
    assert httpx.post(f"{page}/categorise", data=form).status_code == 303
    assert httpx.post(f"{page}/export", data={"entry": str(entry), "by": "Ève Roy"}).status_code == 303
