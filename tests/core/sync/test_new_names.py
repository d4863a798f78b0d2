"""New names: what is almost there already is asked about instead of made, and so are too many at once."""

from __future__ import annotations

from collections import Counter

import pytest
import till
from harness import OWNER, choose_usual, finish, lab, request, sync
from sqlalchemy import select

from raccord.onboarding.deciding.decisions import answer_conflict
from raccord.overview.explain import explain
from raccord.plugin import ResolutionKind
from raccord.store.models import Company, Connection, Hold, LinkRow, RunState
from raccord.sync.resolving import newcomers
from raccord.sync.resolving.newcomers import comparison_key
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database

ALIKE = [
    ("Boulangerie Côté inc.", "BOULANGERIE COTE", "Boulangerie  Coté, Inc", "boulangerie-côté ltée"),
    ("Pain & Cie", "Pain et Cie", "PAIN AND COMPAGNIE", "Pain et"),
    ("Œuvres d’Émile S.E.N.C.R.L.", "oeuvres d'emile", "Oeuvres dEmile SENCRL"),
    ("Straße GmbH", "STRASSE", "strasse gmbh"),
    ("9123-4567 Québec inc.", "9123 4567 Quebec Inc."),
]


@pytest.mark.parametrize("names", ALIKE, ids=[names[0] for names in ALIKE])
def test_pain_16_t2_what_a_person_takes_for_the_same_name_compares_equal(names: tuple[str, ...]) -> None:
    assert len({comparison_key(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jean Roy", "Jeanne Roy"),
        ("Client 1", "Client 11"),
        ("Inc.", "Ltée"),
        ("9123-4567 Québec inc.", "9123-4568 Québec inc."),
        ("***", "???"),
        ("東京", "京都"),
    ],
)
def test_other_names_stay_apart(one: str, other: str) -> None:
    assert comparison_key(one) != comparison_key(other)


def people(*names: str) -> None:
    till.ROWS["T1"] = [
        {"stream": "sales", "id": f"c{number}", "day": "2026-03-02", "kind": "customer", "name": name}
        for number, name in enumerate(names, 1)
    ]


def open_holds(workshop: Workshop) -> list[Hold]:
    with workshop.database.read() as session:
        return list(session.scalars(select(Hold).where(Hold.closed_at.is_(None)).order_by(Hold.id)))


def customers(workshop: Workshop, company: Company) -> Counter[str]:
    rows = workshop.client(company).query_all("Customer", "Active IN (true, false)")
    return Counter(str(row["DisplayName"]) for row in rows)


@pytest.fixture
def ready(workshop: Workshop, connection: Connection, company: Company) -> Connection:
    choose_usual(workshop, connection, company)
    return connection


def test_pain_16_t2_alike_names_propose_one_link_and_make_nothing(
    workshop: Workshop, ready: Connection, company: Company, sandbox: SandboxServer
) -> None:
    there = lab(sandbox, "create", entity="Customer", changes={"DisplayName": "Boulangerie Côté inc."})["Id"]
    before = customers(workshop, company)
    people("BOULANGERIE COTE", "boulangerie coté, Ltée", "Autre Client", "AUTRE-CLIENT inc.", "Vraiment autre")
    assert sync(workshop, ready).state == RunState.DONE
    asked = open_holds(workshop)
    assert [(each.code, each.params["holder"], each.params["id"]) for each in asked] == [
        ("conflict.alike_name", "Boulangerie Côté inc.", there),
        ("conflict.alike_name", "Boulangerie Côté inc.", there),
        ("conflict.alike_name", "Autre Client", ""),
    ]
    assert customers(workshop, company) - before == Counter(["Autre Client", "Vraiment autre"])
    # Once the first of two is in the books, the second can be linked to it.
    assert sync(workshop, ready).state == RunState.DONE
    asked = open_holds(workshop)
    for hold in asked:
        answer_conflict(workshop, OWNER, hold.id, ResolutionKind.LINK)
    assert sync(workshop, ready).state == RunState.DONE
    assert open_holds(workshop) == []
    assert customers(workshop, company) - before == Counter(["Autre Client", "Vraiment autre"])
    with workshop.database.read() as session:
        links = {link.key: link.document_id for link in session.scalars(select(LinkRow))}
    assert (links["sales/c1"], links["sales/c2"]) == (there, there)
    assert links["sales/c4"] == links["sales/c3"] != links["sales/c5"]


def test_equal_names_are_not_called_almost_and_one_that_is_only_planned_is_said_so(
    workshop: Workshop, ready: Connection, company: Company, sandbox: SandboxServer
) -> None:
    lab(sandbox, "create", entity="Customer", changes={"DisplayName": "Zoé Roy"})
    # Stored otherwise, and to the eye the same.
    lab(sandbox, "create", entity="Customer", changes={"DisplayName": "Re\u0301mi Roy"})
    people("Zoe Roy", "Rémi Roy", "Léa Roy", "léa roy", "Lea Roy")
    sync(workshop, ready)
    told = {each.params["name"]: explain(each.code, each.params, "en").sentence for each in open_holds(workshop)}
    assert told == {
        "Zoe Roy": "The name “Zoe Roy” is almost that of an entry that exists already: “Zoé Roy”. Nothing is made.",
        "Rémi Roy": "The name “Rémi Roy” is that of an entry that exists already: “Re\u0301mi Roy”. Nothing is made.",
        "léa roy": "Another entry of the same plan, not in QuickBooks yet, has the same name: “Léa Roy”. "
        "This one is not made.",
        "Lea Roy": "The name “Lea Roy” is almost that of another entry of the same plan, not in QuickBooks yet: "
        "“Léa Roy”.",
    }


def test_pain_16_t2_a_person_may_say_that_it_is_another(
    workshop: Workshop, ready: Connection, company: Company, sandbox: SandboxServer
) -> None:
    lab(sandbox, "create", entity="Customer", changes={"DisplayName": "Zoé Roy"})
    people("Zoe Roy")
    sync(workshop, ready)
    [hold] = open_holds(workshop)
    answer_conflict(workshop, OWNER, hold.id, ResolutionKind.CREATE)
    assert sync(workshop, ready).state == RunState.DONE
    assert {"Zoe Roy", "Zoé Roy"} <= set(customers(workshop, company))
    assert open_holds(workshop) == []


def test_pain_16_t3_more_new_names_than_a_run_may_make_wait_for_one_answer(
    workshop: Workshop, ready: Connection, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newcomers, "NEW_NAMES_MAX", 3)
    before = customers(workshop, company)
    people("Client a")
    assert sync(workshop, ready).state == RunState.DONE, "approved by a person, who read its names"
    people("Client a", *(f"Client {letter}" for letter in "bcdefgh"))
    # Nobody reads this connection's plans any more: they go by themselves.
    for _ in range(2):
        # Not three more with each run of the day.
        assert finish(workshop, request(workshop, ready)).state == RunState.DONE
    made = customers(workshop, company) - before
    asked = open_holds(workshop)
    assert {each.code for each in asked} == {"conflict.many_names"}
    assert (len(made), [each.params["name"] for each in asked]) == (4, [f"Client {letter}" for letter in "efgh"])
    for hold in asked:
        answer_conflict(workshop, OWNER, hold.id, ResolutionKind.CREATE)
    assert finish(workshop, request(workshop, ready)).state == RunState.DONE
    assert len(customers(workshop, company) - before) == 8
    assert open_holds(workshop) == []


def test_a_plan_that_a_person_approves_may_bring_any_number_of_names(
    workshop: Workshop, ready: Connection, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newcomers, "NEW_NAMES_MAX", 1)
    before = customers(workshop, company)
    people(*(f"Client {letter}" for letter in "abc"))
    assert sync(workshop, ready).state == RunState.DONE
    assert len(customers(workshop, company) - before) == 3
