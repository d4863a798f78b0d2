"""Gates of a set-up: what stays closed, what opens it, who said so, and which gates a manifest may not have."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import till
from gated import GATES, gated_info
from harness import OWNER, choose_usual, finish, request
from listing import push_list
from set_up import till_of
from sqlalchemy import select

from raccord.admission import examine_hooks, examine_info
from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.connecting.connections import connect, reconnect
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.deciding.decisions import approve_plan, choose
from raccord.onboarding.gates.gates import gates_of, pass_gate
from raccord.onboarding.setting_up.steps import begin, fill_roles, set_mode
from raccord.plugin import ConnectorInfo, GateInfo, Mode, Stage
from raccord.quarantine import RefusedError
from raccord.store.models import Choice, Company, Connection, Event, Plan, Run
from raccord.sync.workshop import Workshop


@pytest.fixture(autouse=True)
def gated(monkeypatch: pytest.MonkeyPatch) -> ConnectorInfo:
    till.ROWS.clear()
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"}]
    monkeypatch.setattr(till, "INFO", gated_info())
    return till.INFO


def begun(workshop: Workshop, company: Company) -> Connection:
    """A connection whose early gates were passed with the request that made it."""
    return connect(workshop, OWNER, replace(till_of(company, "T1"), passed=frozenset({"tax_groups"})))


def standing(workshop: Workshop, connection: Connection) -> dict[str, tuple[bool, bool]]:
    with workshop.database.read() as session:
        again = session.get_one(Connection, connection.id)
        return {each.info.name: (each.passed, each.turn) for each in gates_of(session, again, till.INFO)}


def refused(caught: pytest.ExceptionInfo[RaccordError]) -> tuple[str, str]:
    return caught.value.code, caught.value.text.en


@pytest.mark.requirement("PL-07", "TD-28")
def test_no_connection_begins_before_what_must_be_said_first(workshop: Workshop, company: Company) -> None:
    ready = replace(till_of(company, "T1"), passed=frozenset({"tax_groups"}))
    for new, gate in (
        (till_of(company, "T1"), "tax_groups"),
        (replace(ready, starts_on=None), "scope"),
        (replace(ready, passed=frozenset({"scope", "looked_through"})), "tax_groups"),
    ):
        for way in (connect, begin):
            with pytest.raises(RaccordError) as caught:
                way(workshop, OWNER, new)
            assert refused(caught) == ("gate.closed", f"Not yet: Gate {gate}. Else nothing agrees.")
    with workshop.database.read() as session:
        assert session.scalars(select(Connection)).first() is None
    draft = begin(workshop, OWNER, ready)
    assert set(draft.gates_passed) == {"tax_groups", "scope", "step:scope"}
    assert draft.gates_passed["tax_groups"]["by"] == OWNER.name
    assert draft.starts_on == date(2026, 3, 1)


@pytest.mark.requirement("PO-16", "PL-17")
def test_each_stage_stays_closed_until_its_gate_is_passed_in_order(workshop: Workshop, company: Company) -> None:
    connection = begun(workshop, company)
    run = finish(workshop, request(workshop, connection, stop_after="plan"))
    assert standing(workshop, connection) == {
        "tax_groups": (True, False), "scope": (True, False), "pos_account": (False, True),
        "all_matched": (False, False), "looked_through": (False, False),
    }  # fmt: skip
    with pytest.raises(RaccordError) as caught:
        choose_usual(workshop, connection, company)
    assert refused(caught)[0] == "gate.closed"
    with pytest.raises(RaccordError) as caught:
        fill_roles(workshop, OWNER, connection.id, {})
    assert refused(caught)[1] == "Not yet: Gate pos_account. Else nothing agrees."
    with pytest.raises(RaccordError) as caught:
        pass_gate(workshop, OWNER, connection.id, "looked_through")
    assert refused(caught) == ("gate.order", "First: Gate pos_account.")
    pass_gate(workshop, OWNER, connection.id, "pos_account")

    # Half of the accounts is not enough for a list, and an account of core's own choosing counts.
    choose_usual(workshop, connection, company)
    with pytest.raises(RaccordError) as caught:
        push_list(workshop, OWNER, connection.id, "people")
    assert refused(caught)[1] == "Not yet: Gate all_matched. Else nothing agrees."
    with pytest.raises(RaccordError) as caught:
        pass_gate(workshop, OWNER, connection.id, "all_matched")
    assert refused(caught)[0] == "gate.seen"
    income = workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Income'")[0]
    choose(workshop, OWNER, connection.id, "item", income["Id"])
    assert push_list(workshop, OWNER, connection.id, "people").refused == 0

    # What was read meanwhile is not approved before the last gate.
    run = finish(workshop, request(workshop, connection))
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    with pytest.raises(RaccordError) as caught:
        approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert refused(caught)[1] == "Not yet: Gate looked_through. Else nothing agrees."
    pass_gate(workshop, OWNER, connection.id, "looked_through")
    pass_gate(workshop, OWNER, connection.id, "looked_through", passed=False)
    pass_gate(workshop, OWNER, connection.id, "looked_through")
    assert finish(workshop, approve_plan(workshop, OWNER, plan.id, plan.hash).id).state == "done"
    with workshop.database.read() as session:
        told = session.scalars(select(Event.action).where(Event.action.like("connection.gate%"))).all()
        assert session.scalars(select(Run.id)).all()
    assert told == ["connection.gate_passed"] * 2 + ["connection.gate_reopened", "connection.gate_passed"]


@pytest.mark.requirement("PL-02")
def test_the_way_of_starting_can_change_until_the_first_plan_is_approved(workshop: Workshop, company: Company) -> None:
    connection = begun(workshop, company)
    waits = finish(workshop, request(workshop, connection))
    assert set_mode(workshop, OWNER, connection.id, Mode.ALREADY_RUNNING).mode == "already_running"
    # A gate of the other way is none here, and a plan made for the other way waits no more.
    assert "pos_account" not in standing(workshop, connection)
    choose_usual(workshop, connection, company)
    income = workshop.client(company).query("SELECT * FROM Account WHERE AccountType = 'Income'")[0]
    choose(workshop, OWNER, connection.id, "item", income["Id"])
    pass_gate(workshop, OWNER, connection.id, "looked_through")
    run = finish(workshop, request(workshop, connection))
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
        assert session.get_one(Run, waits.id).state != "approval"
    finish(workshop, approve_plan(workshop, OWNER, plan.id, plan.hash).id)
    with pytest.raises(RaccordError) as caught:
        set_mode(workshop, OWNER, connection.id, Mode.FIRST_TIME)
    assert refused(caught)[0] == "connection.set_up"

    # An onboarding that ended is done again, what people said included.
    disconnect(workshop, OWNER, connection.id, without_export=True)
    again = reconnect(workshop, OWNER, connection.id, {"till": "T1"})
    assert standing(workshop, again)["tax_groups"] == (False, True)
    assert standing(workshop, again)["scope"] == (True, False)


def test_only_who_may_connect_says_that_a_gate_is_passed(workshop: Workshop, company: Company) -> None:
    connection = begun(workshop, company)
    with pytest.raises(NotAllowedError):
        pass_gate(workshop, Actor("Bo", RoleName.BOOKKEEPER), connection.id, "pos_account")
    with pytest.raises(RaccordError) as caught:
        pass_gate(workshop, OWNER, connection.id, "other")
    assert refused(caught)[0] == "gate.unknown"
    with workshop.database.read() as session:
        assert session.scalars(select(Choice)).first() is None


def test_one_way_of_starting_is_not_taken_for_another(workshop: Workshop, company: Company) -> None:
    connection = begun(workshop, company)
    only = replace(till.INFO, modes=frozenset({Mode.FIRST_TIME}))
    catalog = workshop.scopes.catalog
    object.__setattr__(catalog.admitted["till"], "info", only)
    with pytest.raises(RaccordError) as caught:
        set_mode(workshop, OWNER, connection.id, Mode.ALREADY_RUNNING)
    assert refused(caught)[0] == "connection.mode"


@pytest.mark.parametrize(
    ("gates", "why"),
    [
        ((GATES[4], GATES[0]), "order of the stages"),
        ((replace(GATES[0], name="Tax groups"),), "no short name"),
        ((GATES[0], GATES[0]), "no short name of its own"),
        ((replace(GATES[0], modes=frozenset()),), "needs a mode"),
        ((replace(GATES[3], roles=("nothing",)),), "no “nothing”"),
        ((replace(GATES[1], settings=("nothing",)),), "no “nothing”"),
        ((replace(GATES[1], settings=("code",)),), "a secret is no gate"),
        ((replace(GATES[1], before=Stage.PLAN),), "before the source"),
        ((replace(GATES[3], before=Stage.SOURCE),), "not chosen yet"),
        ((replace(GATES[3], before=Stage.ACCOUNTS),), "not chosen yet"),
    ],
)
def test_a_gate_that_nobody_could_pass_keeps_its_connector_out(gates: tuple[GateInfo, ...], why: str) -> None:
    hooks = examine_hooks("till", till)
    assert examine_info("till", hooks, till.INFO).gates == GATES
    with pytest.raises(RefusedError) as caught:
        examine_info("till", hooks, replace(till.INFO, gates=gates))
    assert why in str(caught.value)
