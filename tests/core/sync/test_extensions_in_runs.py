"""A company's own rules as extensions: asked before the connector, told as a document's origin, and survived."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
import till
from harness import OWNER, catalog_of, choose_usual, enable, sync
from sqlalchemy import select

from raccord.enablement import Switchboard
from raccord.onboarding.deciding.decisions import choose
from raccord.overview.answers import PluginAnswer
from raccord.overview.records import record_story
from raccord.overview.why import why
from raccord.plugin import (
    AccountChoice,
    AccountNeed,
    BadRecord,
    ResolveContext,
    RetryLater,
    Text,
    hookimpl,
)
from raccord.scope import Scopes
from raccord.store import events
from raccord.store.models import (
    Company,
    Connection,
    Event,
    Hold,
    Problem,
    ProblemState,
    RunState,
    SourceRecord,
)
from raccord.store.told import WRITTEN
from raccord.sync.workshop import Workshop

pytestmark = pytest.mark.either_database

Giving = Callable[[AccountNeed], Any]


def sale(number: int) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": "2026-03-02", "amount": "10.00"}


def giving(answer: Giving) -> ModuleType:
    """Return an extension that implements nothing but ``resolve_account``, for the account of the sales."""

    @hookimpl
    def resolve_account(context: ResolveContext, need: AccountNeed) -> AccountChoice | None:
        return answer(need) if need.role == "income" else None

    module = ModuleType("house_rules")
    module.__dict__["resolve_account"] = resolve_account
    return module


def nth(place: int, reason: Text) -> Giving:
    return lambda need: AccountChoice(need.candidates[place].id, reason)


def installed(workshop: Workshop, *, connector: Giving | None = None, **extensions: ModuleType) -> None:
    """Let the till, with an answer of its own or none, and extensions be what is installed."""
    own = ModuleType("till_with_hooks")
    own.__dict__.update(vars(till) | ({} if connector is None else vars(giving(connector))))
    workshop.scopes = Scopes(catalog_of(own, extensions=extensions))


def answers(workshop: Workshop, key: str) -> list[PluginAnswer]:
    """Return what ``why`` tells of a document, once it agrees with what its record's page tells."""
    with workshop.database.read() as session:
        [found] = why(session, key)
        record = session.scalars(select(SourceRecord).where(SourceRecord.source_id == key.split("/")[1])).one()
        story = record_story(session, record.id)
    assert story is not None
    assert list(story.answers) == list(found.answers)
    return list(found.answers)


def test_an_extension_gives_an_account_before_the_connector_and_the_document_keeps_saying_so(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    house = giving(nth(1, Text("Ventes du comptoir.", "Counter sales.")))
    installed(workshop, connector=nth(0, Text("Le premier.", "The first.")), house=house)
    till.ROWS["T1"] = [sale(1)]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    [by_connector] = answers(workshop, "sales/s1")
    assert (by_connector.plugin, by_connector.reason) == ("till", Text("Le premier.", "The first.")), (
        "installed is not enabled"
    )

    enable(workshop, company, "house")
    till.ROWS["T1"].append(sale(2))
    sync(workshop, connection)
    [ruled] = answers(workshop, "sales/s2")
    assert (ruled.hook, ruled.plugin, ruled.version, ruled.about) == ("resolve_account", "house", "2.1", "income")
    assert (ruled.reason, ruled.at) == (Text("Ventes du comptoir.", "Counter sales."), workshop.clock.now())
    client = workshop.client(company)
    [account] = [row for row in client.query_all("Account") if row["Id"] == ruled.answer]
    assert account["Name"] == ruled.name != by_connector.name
    items = {row["Id"]: row["IncomeAccountRef"]["value"] for row in client.query("SELECT * FROM Item")}
    receipts = sorted(client.query_all("SalesReceipt"), key=lambda row: int(row["Id"]))
    used = [items[row["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"]] for row in receipts]
    assert used == [by_connector.answer, ruled.answer]
    with workshop.database.read() as session:
        told = [each.body for each in session.scalars(select(Event).where(Event.action == WRITTEN).order_by(Event.seq))]
    assert [each.get("answered") for each in told if "sales/s2" in str(each)] == [["house 2.1"]]

    with workshop.database.begin() as session:
        board = Switchboard(session, events.append, actor=OWNER.name, now=workshop.clock.now())
        board.disable("house", company.id)
    till.ROWS["T1"].append(sale(3))
    sync(workshop, connection)
    assert [each.plugin for each in answers(workshop, "sales/s3")] == ["till"]
    assert answers(workshop, "sales/s2") == [ruled], "a posted document keeps its origin"


def raising(error: BaseException) -> Giving:
    def answer(need: AccountNeed) -> object:
        raise error

    return answer


WHY = Text("Ainsi.", "So.")


@pytest.mark.parametrize(
    ("extensions", "code", "named"),
    [
        ({"house": raising(RuntimeError("canary-7731"))}, "plugin.failed", ["house 2.1", "RuntimeError"]),
        ({"house": raising(BadRecord("x", WHY))}, "plugin.failed", ["house 2.1", "BadRecord"]),
        ({"house": raising(RetryLater(WHY, timedelta(0)))}, "plugin.failed", ["house 2.1", "RetryLater"]),
        ({"house": lambda need: AccountChoice("999999", WHY)}, "plugin.wrong_answer", ["none of the candidates"]),
        ({"house": lambda need: need.candidates[0].id}, "plugin.wrong_answer", ["house 2.1", "str"]),
        ({"house": nth(0, WHY), "other": nth(1, WHY)}, "plugin.contradicted", ["house 2.1", "other 2.1"]),
    ],
    ids=["raises", "bad record", "retry later", "no candidate", "no choice", "two that contradict"],
)
@pytest.mark.every(3)
def test_an_extension_that_cannot_be_followed_costs_the_documents_it_was_asked_about(
    workshop: Workshop,
    connection: Connection,
    company: Company,
    extensions: dict[str, Giving],
    code: str,
    named: list[str],
) -> None:
    installed(workshop, **{name: giving(answer) for name, answer in extensions.items()})
    enable(workshop, company, *extensions)
    till.ROWS["T1"] = [sale(1), {"stream": "refunds", "id": "r1", "day": "2026-03-03", "amount": "-2.00"}]
    choose_usual(workshop, connection, company)
    assert sync(workshop, connection).state == RunState.DONE, "the others go on"
    with workshop.database.read() as session:
        hold = session.scalars(select(Hold).where(Hold.closed_at.is_(None), Hold.draft_id == 1)).one()
        problem = session.scalars(select(Problem).where(Problem.code == code, Problem.subject == "sales/s1")).one()
    assert (hold.code, hold.params["role"]) == ("resolve.choice_missing", "income"), "and never a default instead"
    assert all(word in problem.params["en"] for word in named)
    assert problem.params["fr"] != problem.params["en"]
    assert "canary" not in str(problem.params)

    income = workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Income'")[0]["Id"]
    choose(workshop, OWNER, connection.id, "income", income)
    sync(workshop, connection)
    with workshop.database.read() as session:
        assert session.get_one(Problem, problem.id).state == ProblemState.GONE
    assert answers(workshop, "sales/s1") == [], "what a person chose, no plugin gave"
