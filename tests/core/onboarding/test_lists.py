"""Lists of QuickBooks on their way to a source: once, only what changed, and never where they must not go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
import till
from harness import OWNER, sync
from listing import push_list
from sqlalchemy import delete, select

from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.setting_up.lists import ListError, lists_of
from raccord.plugin.errors import RetryLater, SourceRefused
from raccord.plugin.info import ListInfo, Mode
from raccord.plugin.texts import Text
from raccord.store.models import Company, Connection, Problem, ProblemState, PushedEntry, Run, RunState
from raccord.sync.telling import push
from raccord.sync.workshop import Workshop

WHY = Text("Trop long.", "Too long.")


RATES = ListInfo(name="rates", label=Text("Taxes", "Taxes"), kinds=("TaxCode",), every_run=True)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A till that also follows the tax codes, and was told of nothing."""
    monkeypatch.setattr(till, "INFO", replace(till.INFO, lists=(*till.INFO.lists, RATES)))
    for kept in (till.SHELF, till.TOLD, till.TROUBLE):
        kept.clear()
    yield
    till.TROUBLE.clear()


def problems(workshop: Workshop) -> dict[str, str]:
    with workshop.database.read() as session:
        rows = session.scalars(select(Problem).where(Problem.state == ProblemState.OPEN))
        return {row.subject: row.code for row in rows}


def add_people(workshop: Workshop, company: Company) -> list[str]:
    names = ["Érable & fils", "Béton Roy"]
    address = {"Line1": "1 rue A", "City": "Laval"}
    for name in names:
        workshop.client(company).create("Customer", json.dumps({"DisplayName": name, "BillAddr": address}), name[:5])
    return names


@pytest.mark.requirement("PL-18", "PL-19", "PL-20", "PL-21", "PL-35")
def test_each_active_entry_is_told_once_page_by_page_and_again_when_it_changes(
    workshop: Workshop, connection: Connection, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "PAGE", 2)
    client = workshop.client(company)
    income = client.query("SELECT * FROM Account WHERE AccountType = 'Income'")[0]["Id"]
    for number in range(4):
        new = {"Name": f"Service {number}", "Type": "Service", "UnitPrice": 10 + number, "Active": number != 2}
        client.create("Item", json.dumps(new | {"IncomeAccountRef": {"value": income}}), f"item-{number}")
    items = list(client.query_all("Item", "Active IN (true, false)"))
    first = push_list(workshop, OWNER, connection.id, "articles")
    assert first.read == len(items)
    assert first.pushed == sum(bool(item["Active"]) for item in items) >= 3
    assert first.inactive == first.read - first.pushed
    assert all(len(told) <= 3 for told in till.TOLD)
    assert {each.id for each in till.SHELF.values()} == {item["Id"] for item in items if item["Active"]}
    priced = next(item for item in items if item["Name"] == "Service 1")
    assert till.SHELF[f"articles/{priced['Id']}"].details["price"] == str(priced["UnitPrice"])
    again = push_list(workshop, OWNER, connection.id, "articles")
    assert (again.pushed, again.unchanged) == (0, first.pushed)
    # Another price goes; what became inactive goes once more, to be archived.
    for changes in ({"UnitPrice": 77}, {"Active": False}):
        item = client.read("Item", priced["Id"]).value
        kept = {name: value for name, value in item.items() if name not in ("MetaData", "domain", "sparse")}
        body = json.dumps({**kept, **changes}, default=str)
        client.update("Item", body, f"by-hand-{len(till.TOLD)}")
        assert push_list(workshop, OWNER, connection.id, "articles").pushed == 1
    assert not till.SHELF[f"articles/{priced['Id']}"].active
    found = {view.info.name: (view.goes, view.taken) for view in lists_of(workshop, connection.id)}
    assert found == {"articles": (True, first.pushed - 1), "people": (True, 0), "rates": (True, 0)}


def test_what_the_source_refuses_is_a_problem_until_it_takes_it(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    names = add_people(workshop, company)
    till.TROUBLE |= {names[0]: WHY, names[1]: None}
    counts = push_list(workshop, OWNER, connection.id, "people")
    assert (counts.refused, counts.left) == (1, 1)
    assert list(problems(workshop).values()) == ["push.entry_refused"]
    till.TROUBLE.clear()
    counts = push_list(workshop, OWNER, connection.id, "people")
    assert (counts.pushed, problems(workshop)) == (2, {})
    assert {told[0] for told in till.TOLD} == {"people"}
    told = next(each for each in till.SHELF.values() if each.name == names[0])
    assert told.details == {"street": "1 rue A", "city": "Laval"}


def test_what_the_source_has_no_place_for_is_neither_created_nor_there(
    workshop: Workshop, connection: Connection, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = add_people(workshop, company)
    monkeypatch.setattr(till, "ASIDE", {names[0]})
    first = push_list(workshop, OWNER, connection.id, "people")
    assert (first.read, first.pushed, first.aside, first.left) == (2, 1, 1, 0)
    again = push_list(workshop, OWNER, connection.id, "people")
    assert (again.pushed, again.unchanged, again.aside) == (0, 1, 1)


def test_a_source_that_takes_nothing_is_a_problem_of_the_list_and_one_that_is_away_is_told_later(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    add_people(workshop, company)
    till.TROUBLE["people"] = SourceRefused(WHY)
    assert push_list(workshop, OWNER, connection.id, "people").pushed == 0
    assert problems(workshop) == {"list people": "push.list_refused"}
    till.TROUBLE["people"] = RetryLater(WHY)
    with pytest.raises(RetryLater):
        push_list(workshop, OWNER, connection.id, "people")
    till.TROUBLE["people"] = RuntimeError("secret")
    push_list(workshop, OWNER, connection.id, "people")
    with workshop.database.read() as session:
        broken = session.scalars(select(Run).order_by(Run.id.desc())).first()
    assert broken is not None
    assert (broken.state, broken.trigger) == (RunState.FAILED, "lists")
    assert "secret" not in str(broken.error_params)
    assert problems(workshop)["lists"] == broken.error_code
    till.TROUBLE.clear()
    assert push_list(workshop, OWNER, connection.id, "people").pushed
    assert problems(workshop) == {}


@pytest.mark.requirement("PL-32", "K15")
def test_a_list_that_must_not_go_in_this_mode_is_refused_by_the_service_too(
    workshop: Workshop, company: Company
) -> None:
    till.ROWS.clear()
    new = NewConnection(
        company_id=company.id, connector="till", values={"till": "T9", "code": "x"}, starts_on=date(2026, 3, 1),
        mode=Mode.ALREADY_RUNNING,
    )  # fmt: skip
    running = connect(workshop, OWNER, new)
    with pytest.raises(ListError) as caught:
        push_list(workshop, OWNER, running.id, "articles")
    assert (caught.value.code, caught.value.text.en) == ("list.other_mode", "Link each article instead.")
    with pytest.raises(ListError, match=r"list\.unknown"):
        push_list(workshop, OWNER, running.id, "nothing")
    with pytest.raises(NotAllowedError):
        push_list(workshop, Actor("Rémi", RoleName.ACCOUNTANT), running.id, "people")
    assert till.TOLD == []
    assert not next(view for view in lists_of(workshop, running.id) if view.info.name == "articles").goes


def test_a_list_of_every_run_follows_what_changes_and_its_trouble_leaves_the_run_whole(
    workshop: Workshop, connection: Connection
) -> None:
    run = sync(workshop, connection)
    assert run.state == RunState.DONE
    assert {told[0] for told in till.TOLD} == {"rates"}
    quebec = next(each for each in till.SHELF.values() if each.name.startswith("TPS/TVQ"))
    assert quebec.details["sales_percent"] == "14.975"
    told = len(till.TOLD)
    sync(workshop, connection)
    assert len(till.TOLD) == told
    till.SHELF.clear()
    till.TROUBLE["rates"] = SourceRefused(WHY)
    with workshop.database.begin() as session:
        session.execute(delete(PushedEntry))
    run = sync(workshop, connection)
    with workshop.database.read() as session:
        assert session.get_one(Run, run.id).state == RunState.DONE
    assert problems(workshop) == {"list rates": "push.list_refused"}
