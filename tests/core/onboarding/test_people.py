"""Who may do what: asked by the services themselves, whatever page or command called them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import product

import pytest
import till
from harness import OWNER, choose_usual, finish, request
from set_up import till_of
from sqlalchemy import select

from raccord.onboarding.access.people import Actor, NotAllowedError, Power, RoleName, may
from raccord.onboarding.connecting.companies import begin_authorisation, disconnect_company
from raccord.onboarding.connecting.connections import (
    connect,
    grant_managing,
    pause,
    reconnect,
    resume,
    update_settings,
)
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.deciding import comments
from raccord.onboarding.deciding.comments import CommentError, comment, comments_of
from raccord.onboarding.deciding.decisions import approve_plan, choose
from raccord.store import events
from raccord.store.models import Company, Connection, ConnectionState, LedgerEntry, Plan
from raccord.sync.workshop import Workshop

Deed = Callable[[Workshop, Actor, Company, Connection], object]


def bank_of(workshop: Workshop, company: Company) -> str:
    with workshop.database.read() as session:
        found = session.scalars(
            select(LedgerEntry.object_id).where(LedgerEntry.company_id == company.id, LedgerEntry.type == "Bank")
        ).first()
    assert found is not None
    return found


VALUES = {"till": "T1", "code": "new"}
OTHERS = [role for role in RoleName if role is not RoleName.OWNER]
LINKING: dict[str, Deed] = {
    "connect": lambda workshop, actor, company, _: connect(workshop, actor, till_of(company, "T2")),
    "disconnect": lambda workshop, actor, _, connection: disconnect(
        workshop, actor, connection.id, without_export=True
    ),
    "reconnect": lambda workshop, actor, _, connection: reconnect(workshop, actor, connection.id, VALUES),
    "connect company": lambda workshop, actor, *_: begin_authorisation(
        workshop, actor, workshop.settings.quickbooks_environment
    ),
    "disconnect company": lambda workshop, actor, company, _: disconnect_company(workshop, actor, company.id),
}
MANAGING: dict[str, Deed] = {
    "pause": lambda workshop, actor, _, connection: pause(workshop, actor, connection.id),
    "resume": lambda workshop, actor, _, connection: resume(workshop, actor, connection.id),
    "choose": lambda workshop, actor, company, connection: choose(
        workshop, actor, connection.id, "bank", bank_of(workshop, company)
    ),
    "settings": lambda workshop, actor, _, connection: update_settings(workshop, actor, connection.id, VALUES),
}


def everything(workshop: Workshop) -> list[tuple[str, str, int]]:
    with workshop.database.read() as session:
        return [
            (row.id, row.state, row.revision) for row in session.scalars(select(Connection).order_by(Connection.id))
        ]


@pytest.mark.requirement("CH-20", "CH-21", "CH-73", "K5")
def test_only_the_owner_connects_and_disconnects_and_the_refusal_says_who_may(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    before = everything(workshop)
    for role, deed in product(OTHERS, LINKING.values()):
        with pytest.raises(NotAllowedError) as refused:
            deed(workshop, Actor("Ada", role), company, connection)
        assert refused.value.code == "people.not_allowed"
        assert "le propriétaire" in refused.value.fix.fr
        assert "the owner" in refused.value.fix.en
    assert everything(workshop) == before


@pytest.mark.requirement("CH-73", "K5")
@pytest.mark.usefixtures("owner_only")
def test_an_owner_only_source_is_paused_resumed_and_mapped_by_nobody_else(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    before = everything(workshop)
    for role, deed in product(OTHERS, MANAGING.values()):
        with pytest.raises(NotAllowedError):
            deed(workshop, Actor("Ada", role), company, connection)
    assert everything(workshop) == before


@pytest.mark.requirement("CH-73", "K5")
@pytest.mark.usefixtures("owner_only")
def test_the_owner_may_let_administrators_manage_an_owner_only_source_and_take_it_back(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    admin = Actor("Ada", RoleName.ADMIN)
    with pytest.raises(NotAllowedError):
        grant_managing(workshop, admin, connection.id, granted=True)
    grant_managing(workshop, OWNER, connection.id, granted=True)
    for deed in MANAGING.values():
        deed(workshop, admin, company, connection)
        with pytest.raises(NotAllowedError):
            deed(workshop, Actor("Ben", RoleName.BOOKKEEPER), company, connection)
    for deed in LINKING.values():
        with pytest.raises(NotAllowedError):
            deed(workshop, admin, company, connection)
    grant_managing(workshop, OWNER, connection.id, granted=False)
    with pytest.raises(NotAllowedError):
        pause(workshop, admin, connection.id)


@pytest.mark.requirement("K5")
def test_any_other_source_is_managed_by_an_administrator_too_but_not_by_those_below(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    for deed in MANAGING.values():
        for role in (RoleName.BOOKKEEPER, RoleName.ACCOUNTANT, RoleName.OPERATOR):
            with pytest.raises(NotAllowedError):
                deed(workshop, Actor("Ada", role), company, connection)
        deed(workshop, Actor("Ada", RoleName.ADMIN), company, connection)


@pytest.mark.requirement("CH-21")
def test_an_accountant_sees_and_no_more() -> None:
    accountant = Actor("Carole", RoleName.ACCOUNTANT)
    assert [power for power in Power if may(accountant, power, till.INFO)] == [Power.SEE]


@pytest.mark.requirement("CH-21")
def test_an_accountant_comments_on_the_mapping_and_nobody_changes_what_was_said(
    workshop: Workshop, company: Company, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    carole = Actor("Carole", RoleName.ACCOUNTANT)
    comment(workshop, carole, connection.id, "fees", "  Bank charges,\r\nnot Office expenses ")
    comment(workshop, OWNER, connection.id, "", "Thank you")
    with workshop.database.read() as session:
        said = [(each.actor, each.subject, each.body["text"]) for each in comments_of(session, connection)]
        assert events.verify(session) is None
    assert said == [(OWNER.name, "", "Thank you"), ("Carole", "fees", "Bank charges,\nnot Office expenses")]
    for about, text, code in (("", " ", "length"), ("", "x" * 1001, "length"), ("nothing", "x", "unknown_line")):
        with pytest.raises(CommentError, match=rf"comments\.{code}"):
            comment(workshop, carole, connection.id, about, text)
    monkeypatch.setattr(comments, "DAILY_MAX", 2)
    with pytest.raises(CommentError, match=r"comments\.too_many"):
        comment(workshop, carole, connection.id, "", "again")
    workshop.clock.sleep_ms(25 * 3_600_000)
    comment(workshop, carole, connection.id, "sale", "a day later")


@pytest.mark.requirement("K22")
def test_the_first_plan_is_the_owners_to_approve_and_a_bookkeeper_approves_later_ones(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    bookkeeper = Actor("Ben", RoleName.BOOKKEEPER)
    choose_usual(workshop, connection, company)
    for number in (1, 2):
        till.ROWS["T1"] = [
            {"stream": "sales", "id": f"s{each}", "day": "2026-03-02", "amount": "10.00"} for each in range(number)
        ]
        run = finish(workshop, request(workshop, connection, stop_after="plan"))
        with workshop.database.read() as session:
            plan = session.get_one(Plan, run.plan_id)
        if number == 1:
            with pytest.raises(NotAllowedError):
                approve_plan(workshop, bookkeeper, plan.id, plan.hash)
            approve_plan(workshop, OWNER, plan.id, plan.hash)
        else:
            approve_plan(workshop, bookkeeper, plan.id, plan.hash)
        finish(workshop, run.id)


@pytest.mark.requirement("CH-15")
def test_what_was_done_is_recorded_with_person_and_time(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    with workshop.database.read() as session:
        found = session.get_one(Connection, connection.id)
    assert (found.created_by, found.set_up_at.date(), found.state) == (
        OWNER.name,
        date(2026, 3, 20),
        ConnectionState.CONNECTED,
    )
