"""A connection's life: each step from each state by each role, and another company that is never taken by mistake."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
import till
from harness import BROWSER, OWNER, choose_usual, consent, enable, finish, lab, request, sync
from set_up import till_of
from sqlalchemy import func, select

from raccord.clock import FixedClock
from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.connecting.companies import begin_authorisation, finish_authorisation
from raccord.onboarding.connecting.connections import (
    activate,
    connect,
    pause,
    reconnect,
    resume,
    update_settings,
)
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.connecting.switching import WORDS, describe_switch, is_confirmed, switch_company
from raccord.quickbooks import WrongCompanyError
from raccord.store.files import StoredFileBox
from raccord.store.models import (
    Action,
    Company,
    Connection,
    ConnectionState,
    Event,
    LinkRow,
    PlanLine,
    Proof,
    RunState,
    Schedule,
    Secret,
)
from raccord.sync.life import STATES, TRANSITIONS, Step, Whose, core_takes
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

VALUES = {"till": "T1", "code": "new"}
PERSONS = [step for step, each in TRANSITIONS.items() if each.whose is not Whose.CORE]
MAY = {
    Whose.OWNER: {RoleName.OWNER},
    Whose.MANAGER: {RoleName.OWNER, RoleName.ADMIN},
}


def sale(number: int, day: str = "2026-03-02", amount: str = "10.00") -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": day, "amount": amount}


def put(workshop: Workshop, connection: Connection, state: ConnectionState) -> None:
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).state = state


def state_of(workshop: Workshop, connection: Connection) -> ConnectionState:
    with workshop.database.read() as session:
        return ConnectionState(session.get_one(Connection, connection.id).state)


def do(workshop: Workshop, actor: Actor, connection: Connection, step: Step, other: Company) -> object:
    deeds: dict[Step, Callable[[], object]] = {
        Step.ACTIVATE: lambda: activate(workshop, actor, connection.id),
        Step.PAUSE: lambda: pause(workshop, actor, connection.id),
        Step.RESUME: lambda: resume(workshop, actor, connection.id),
        Step.SETTINGS: lambda: update_settings(workshop, actor, connection.id, VALUES),
        Step.RECONNECT: lambda: reconnect(workshop, actor, connection.id, VALUES),
        Step.DISCONNECT: lambda: disconnect(workshop, actor, connection.id, without_export=True),
        Step.SWITCH: lambda: switch_company(workshop, actor, connection.id, other.id, "ACCEPT", "en"),
    }
    return deeds[step]()


@pytest.mark.requirement("K5", "TD-46", "CH-43", "CH-46", "CH-62")
def test_every_step_is_taken_from_its_states_by_those_who_may_and_refused_with_the_reason_elsewhere(
    workshop: Workshop, company: Company, other_company: Company, connection: Connection
) -> None:
    assert set(STATES) == set(ConnectionState)
    for step, state in product(PERSONS, ConnectionState):
        transition = TRANSITIONS[step]
        for role in RoleName:
            if role in MAY[transition.whose]:
                continue
            put(workshop, connection, state)
            with pytest.raises(NotAllowedError) as not_allowed:
                do(workshop, Actor("Ada", role), connection, step, other_company)
            assert not_allowed.value.code == "people.not_allowed"
            assert state_of(workshop, connection) == state
        put(workshop, connection, state)
        if state in transition.begins:
            if step is not Step.SWITCH:
                do(workshop, OWNER, connection, step, other_company)
                keeps = step is Step.SETTINGS and state in (
                    ConnectionState.DRAFT,
                    ConnectionState.PAUSED,
                    ConnectionState.CONNECTED,
                )
                assert state_of(workshop, connection) == (state if keeps else transition.ends), (step, state)
            continue
        with pytest.raises(RaccordError) as refused:
            do(workshop, OWNER, connection, step, other_company)
        assert refused.value.code == transition.code, (step, state)
        assert STATES[state].fr in refused.value.text.fr
        assert STATES[state].en in refused.value.text.en
        assert transition.does.en in refused.value.text.en
        assert state_of(workshop, connection) == state


def test_core_takes_its_own_steps_only_where_no_person_went_elsewhere_meanwhile(connection: Connection) -> None:
    for step, state in product((Step.SIGN_IN_REFUSED, Step.FAULT, Step.EXPIRE), ConnectionState):
        connection.state = state
        taken = core_takes(connection, step)
        assert taken == (state in TRANSITIONS[step].begins)
        assert connection.state == (TRANSITIONS[step].ends if taken else state)


def test_a_draft_reads_and_writes_nothing_before_its_owner_starts_it(workshop: Workshop, company: Company) -> None:
    till.ROWS.clear()
    till.ROWS["T1"] = [sale(1)]
    draft = connect(workshop, OWNER, replace(till_of(company, "T1"), draft=True))
    assert draft.state == ConnectionState.DRAFT
    with pytest.raises(RaccordError) as refused:
        request(workshop, draft)
    assert refused.value.code == "jobs.connection_not_ready"
    with workshop.database.read() as session:
        assert not session.get_one(Schedule, draft.id).enabled
    with pytest.raises(RaccordError, match=r"connection\.source_taken"):
        connect(workshop, OWNER, till_of(company, "T1"))
    activate(workshop, OWNER, draft.id)
    choose_usual(workshop, draft, company)
    assert finish(workshop, request(workshop, draft)).state == RunState.APPROVAL


@pytest.mark.requirement("K14", "TD-52")
@pytest.mark.parametrize(
    ("typed", "language", "confirmed"),
    [
        ("ACCEPTER", "fr", True), ("  ACCEPTER ", "fr", True), ("accepter", "fr", False), ("ACCEPT", "fr", False),
        ("", "fr", False), ("ACCEPTER", "en", False), ("ACCEPT", "en", True), ("OUI", "fr", False),
    ],
)  # fmt: skip
def test_the_word_is_that_of_the_screens_language_in_capitals(typed: str, language: str, confirmed: bool) -> None:
    assert is_confirmed(typed, "fr" if language == "fr" else "en") is confirmed
    assert WORDS == {"fr": "ACCEPTER", "en": "ACCEPT"}


def everything(workshop: Workshop) -> list[object]:
    with workshop.database.read() as session:
        rows = session.execute(select(Connection.id, Connection.state, Connection.revision).order_by(Connection.id))
        return [*map(tuple, rows), session.scalar(select(func.count()).select_from(Secret))]


def creations(workshop: Workshop, connection: Connection) -> int:
    """Run a connection, approving its plan, and count the lines that created something."""
    run = sync(workshop, connection)
    assert run.state == RunState.DONE
    with workshop.database.read() as session:
        lines = select(func.count()).select_from(PlanLine).where(PlanLine.plan_id == run.plan_id)
        return session.scalar(lines.where(PlanLine.action == Action.CREATE)) or 0


@pytest.mark.requirement("TD-47", "TD-48", "TD-49", "TD-50", "TD-51", "TD-52", "K14")
def test_pain_4_t3_from_one_company_to_another_and_back_nothing_is_created_twice(
    workshop: Workshop, company: Company, connection: Connection, hand: FixedClock, sandbox: SandboxServer
) -> None:
    """Leader 7: company A, then B, then A again: the second plan of A creates nothing."""
    second = sandbox.store.add("quebec").realm
    lab(sandbox, "edit", second, entity="CompanyInfo", id="1", changes={"CompanyName": "La Deuxième inc."})
    other_company = consent(workshop, second)
    enable(workshop, other_company, "till")
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [sale(1), sale(2)]
    box = StoredFileBox(workshop.vault, workshop.settings.data_dir, connection.id, workshop.clock)
    assert box.receive("march.csv", io.BytesIO(b"kept"), origin="test")
    assert creations(workshop, connection) > 0

    before = everything(workshop)
    for typed in ("", "accepter", "ACCEPT"):
        with pytest.raises(RaccordError) as refused:
            switch_company(workshop, OWNER, connection.id, other_company.id, typed, "fr")
        assert refused.value.code == "connection.word_missing"
        assert all(name in refused.value.text.fr for name in (company.name, other_company.name))
        assert "ACCEPTER" in refused.value.fix.fr
    with pytest.raises(RaccordError, match=r"connection\.same_company"):
        switch_company(workshop, OWNER, connection.id, company.id, "ACCEPTER", "fr")
    assert everything(workshop) == before

    notice = describe_switch(workshop, connection.id, other_company.id)
    assert (notice.before, notice.after, notice.returns) == (company.name, other_company.name, False)
    assert "irréversible" in notice.text.fr
    assert f"It has 2 documents in “{company.name}”." in notice.text.en
    there = switch_company(workshop, OWNER, connection.id, other_company.id, " ACCEPTER ", "fr")
    assert there.id != connection.id
    assert state_of(workshop, connection) == ConnectionState.DISCONNECTED
    with pytest.raises(RaccordError, match=r"jobs\.connection_not_ready"):
        request(workshop, connection)
    choose_usual(workshop, there, other_company)
    run = finish(workshop, request(workshop, there))
    assert run.state == RunState.APPROVAL, "what was posted in A is proposed to B, never posted silently"
    sync(workshop, there)
    assert [workshop.client(each).count("SalesReceipt") for each in (company, other_company)] == [2, 2]
    files = StoredFileBox(workshop.vault, workshop.settings.data_dir, there.id, workshop.clock)
    brought = files.after(0)
    assert brought is not None
    assert brought.name == "march.csv"

    hand.set(hand.now() + timedelta(days=3))
    assert describe_switch(workshop, there.id, company.id).returns
    back = switch_company(workshop, OWNER, there.id, company.id, "ACCEPT", "en")
    assert back.id == connection.id
    assert creations(workshop, back) == 0
    assert [workshop.client(each).count("SalesReceipt") for each in (company, other_company)] == [2, 2]
    with workshop.database.read() as session:
        links = select(func.count()).select_from(LinkRow).where(LinkRow.key.like("sales/%"), LinkRow.state == "live")
        assert session.scalar(links) == 4, "the links of both companies stand"
        assert all(proof.equal for proof in session.scalars(select(Proof)))
        switched = session.scalars(select(Event).where(Event.action == "connection.switched").order_by(Event.seq)).all()
        assert [(each.body["from"], each.body["to"]) for each in switched] == [
            (company.name, other_company.name),
            (company.name, other_company.name),
            (other_company.name, company.name),
            (other_company.name, company.name),
        ]


@pytest.mark.requirement("TD-47", "CH-64")
def test_pain_4_t1_disconnected_and_connected_to_the_same_company_again_the_plan_creates_nothing(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [sale(1), sale(2)]
    assert creations(workshop, connection) > 0
    disconnect(workshop, OWNER, connection.id, without_export=True)
    again = connect(workshop, OWNER, till_of(company, "T1"))
    assert again.id == connection.id
    assert creations(workshop, again) == 0
    assert workshop.client(company).count("SalesReceipt") == 2


@pytest.mark.requirement("TD-48")
def test_leader_7_another_company_that_answers_the_sign_in_is_refused_unless_it_is_the_declared_switch(
    workshop: Workshop, company: Company, other_company: Company, connection: Connection
) -> None:
    environment = workshop.settings.quickbooks_environment
    held = workshop.stored_tokens(company).load()
    before = everything(workshop)
    url, state = begin_authorisation(workshop, OWNER, environment)
    answer = BROWSER.get(f"{url}&auto=1&realm={other_company.realm}&password=")
    with pytest.raises(WrongCompanyError) as refused:
        finish_authorisation(workshop, OWNER, environment, answer.headers["location"], state, company.realm)
    assert (refused.value.expected, refused.value.received) == (company.realm, other_company.realm)
    assert everything(workshop) == before
    assert workshop.stored_tokens(company).load() == held
    assert consent(workshop, company.realm).id == company.id, "the right one is taken"
    there = switch_company(workshop, OWNER, connection.id, other_company.id, "ACCEPT", "en")
    assert there.company_id == other_company.id
