"""Bank lines of the till at hand: what they look like, which of them wait, and a second account beside the first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import till
from harness import OWNER, choose, finish, request
from sqlalchemy import select

from raccord.jobs.inline import HandOver
from raccord.jobs.undo_requests import request_undo
from raccord.onboarding.connecting.companies import refresh_company
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.store.models import Company, Connection, DraftRow, Hold, Plan
from raccord.sync.lines.treatments import Part, Treated, Treatment
from raccord.sync.undoing.selection import Asked
from raccord.sync.workshop import Workshop

DAY = "2026-03-04"

JUDGED = replace(till.INFO, validates_each=True)
"""The till's manifest where people judge its bank lines one by one: one object, which keeps its moments."""


def line(number: int, amount: str, text: str, **more: str) -> dict[str, str]:
    return {"stream": "bank", "id": f"b{number}", "day": DAY, "amount": amount, "memo": text, **more}


def asked(workshop: Workshop) -> dict[str, Hold]:
    with workshop.database.read() as session:
        rows = session.execute(
            select(DraftRow.key, Hold)
            .join(Hold, Hold.draft_id == DraftRow.id)
            .where(Hold.closed_at.is_(None))
            .order_by(DraftRow.id, Hold.opened_at)
        )
        return {row.key.removeprefix("bank/"): row.Hold for row in rows}


def of(key: str, workshop: Workshop) -> DraftRow:
    with workshop.database.read() as session:
        return session.scalars(select(DraftRow).where(DraftRow.key == f"bank/{key}")).one()


def account(workshop: Workshop, company: Company, type_: str) -> str:
    return str(next(workshop.client(company).query_all("Account", f"AccountType = '{type_}'"))["Id"])


def category(account_id: str, **more: Any) -> Treatment:
    return Treatment(kind=Treated.CATEGORY, parts=(Part(account=account_id),), **more)


def second_account(workshop: Workshop, company: Company) -> tuple[Connection, str]:
    body = '{"Name":"Épargne","AccountType":"Bank"}'
    savings = str(workshop.client(company).create("Account", body, "savings").value["Id"])
    new = NewConnection(company_id=company.id, connector="till", values={"till": "T2", "code": "x"},
                        starts_on=date(2026, 3, 1))  # fmt: skip
    second = connect(workshop, OWNER, new)
    refresh_company(workshop, company.id)
    choose(workshop, OWNER, second.id, "bank", savings)
    return second, savings


def planned(workshop: Workshop, connection: Connection) -> Plan:
    run = finish(workshop, request(workshop, connection, stop_after="plan"))
    with workshop.database.read() as session:
        return session.get_one(Plan, run.plan_id)


def undo(workshop: Workshop, connection: Connection, *keys: str) -> None:
    run_id = request_undo(
        workshop.database, HandOver(), connection.id, Asked(keys=keys), actor=OWNER, clock=workshop.clock
    )
    run = finish(workshop, run_id)
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert finish(workshop, run.id).state == "done"
