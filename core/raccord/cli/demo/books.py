"""The demonstration's deeds: a sandbox company, each twin connected, everything brought in and proven."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import cast

import httpx
from sqlalchemy import select

from raccord.catalog import Admitted
from raccord.cli.terminal.output import both
from raccord.enablement import Switchboard
from raccord.jobs.inline import InlineEngine
from raccord.jobs.list_requests import request_lists
from raccord.jobs.requests import request_run
from raccord.onboarding.access.people import Actor, RoleName
from raccord.onboarding.connecting.companies import begin_authorisation, finish_authorisation, refresh_company
from raccord.onboarding.connecting.connections import NewConnection, connect, read_settings, update_settings
from raccord.onboarding.deciding.decisions import answer_hold, approve_plan, choose
from raccord.onboarding.gates.gates import gates_of, pass_gate
from raccord.onboarding.setting_up.lists import lists_of
from raccord.onboarding.sources.source_accounts import info_of
from raccord.overview.books import balances, documents_by_kind, money_moved, month_ends, proof_summary
from raccord.plugin.demo import DemoSource, Twin
from raccord.plugin.drafts import Accepts
from raccord.plugin.texts import Language, Text
from raccord.store import events
from raccord.store.models import (
    Choice,
    Company,
    Connection,
    DraftRow,
    Hold,
    LedgerEntry,
    Plan,
    Run,
    RunState,
)
from raccord.store.sensitive import split_secrets
from raccord.sync.books.company import fits, kind_of
from raccord.sync.resolving.resolve import CHOICE_MISSING, DECISION_MISSING
from raccord.sync.workshop import Workshop

PERSON = Actor("demo", RoleName.OWNER)
ROUNDS_MAX = 5


@dataclass(frozen=True, slots=True)
class Connected:
    """A source of the demonstration and its connection."""

    source: DemoSource
    connection_id: str
    label: str
    streams: Mapping[str, Text] = field(default_factory=dict)
    """What its streams are called, by name."""


@dataclass(frozen=True, slots=True)
class ClearingRow:
    """The clearing account at the end of a month: in the ledger, and what the sources have not paid out yet."""

    day: date
    ledger: Decimal
    expected: Decimal

    @property
    def equal(self) -> bool:
        return self.ledger == self.expected


def connect_company(workshop: Workshop, realm: str) -> Company:
    """Connect the sandbox company once; later starts find it, at whatever address the sandbox is now.

    So they do the companies that a person connected: all of them are in the one sandbox of the demonstration.
    """
    environment = workshop.settings.quickbooks_environment
    with workshop.database.begin() as session:
        companies = session.scalars(select(Company)).all()
        for each in companies:
            each.environment = environment
    for each in companies:
        workshop.forget_client(each.id)
    known = next((each for each in companies if each.realm == realm), None)
    if known is not None:
        return refresh_company(workshop, known.id)
    url, state = begin_authorisation(workshop, PERSON, environment)
    answer = httpx.get(f"{url}&auto=1&realm={realm}", follow_redirects=False)
    return finish_authorisation(workshop, PERSON, environment, answer.headers["location"], state)


def connect_sources(
    workshop: Workshop, company: Company, folder: Path, today: date, language: Language, served: ExitStack
) -> list[Connected]:
    """Connect every installed connector that has a twin, with the choices a person would make, named in a language.

    Twins that answer calls do so until ``served`` ends.
    """
    connected: list[Connected] = []
    for admitted in workshop.scopes.catalog.admitted.values():
        twin = _twin(admitted)
        if twin is None:
            continue
        source = twin.demo(folder / admitted.name, today)
        if source.close is not None:
            served.callback(source.close)
        for name, type_ in source.accounts:
            _open_account(workshop, company, name, type_)
        for owed in source.owed:
            _enter_invoice(workshop, company, *owed)
        label = source.label.get(language)
        streams = {stream.name: stream.label for stream in admitted.info.streams}
        connected.append(Connected(source, _connect(workshop, company, admitted, source, label), label, streams))
    return connected


def bring_in(workshop: Workshop, engine: InlineEngine, each: Connected, tell: Callable[[str], None]) -> int:
    """Run a connection, approve its plan and answer its questions as a person would; return documents newly posted."""
    before = _count(workshop, each.connection_id)
    if each.source.act is not None:
        _prepare(workshop, engine, each)
        each.source.act()
    for _ in range(ROUNDS_MAX):
        tell(each.label)
        run_id = request_run(
            workshop.database, engine, each.connection_id, trigger="person", by=PERSON.name, clock=workshop.clock
        )
        run = _read_run(workshop, run_id)
        if run.state == RunState.APPROVAL:
            with workshop.database.read() as session:
                plan = session.get_one(Plan, run.plan_id)
            approve_plan(workshop, PERSON, plan.id, plan.hash)
            engine.submit(run.id)
            run = _read_run(workshop, run_id)
        if run.state != RunState.DONE:
            raise DemoFailedError(each.label, run.state, run.error_code, run.error_params)
        if not _answer(workshop, each):
            break
    return _count(workshop, each.connection_id) - before


def _prepare(workshop: Workshop, engine: InlineEngine, each: Connected) -> None:
    """Bring the company's lists to a source whose people work with them, and say that they did what it asks of them."""
    names = [listed.info.name for listed in lists_of(workshop, each.connection_id)]
    if names:
        run = _read_run(workshop, request_lists(workshop, engine, PERSON, each.connection_id, names))
        if run.state != RunState.DONE:
            raise DemoFailedError(each.label, run.state, run.error_code, run.error_params)
    with workshop.database.read() as session:
        connection = session.get_one(Connection, each.connection_id)
        gates = gates_of(session, connection, info_of(workshop, connection.connector))
    for gate in gates:
        if not gate.passed and not gate.info.roles:
            pass_gate(workshop, PERSON, each.connection_id, gate.info.name)


class DemoFailedError(Exception):
    """Raised when a run of the demonstration did not come to its end."""

    def __init__(self, label: str, state: str, code: str, params: Mapping[str, object]) -> None:
        super().__init__(f"{label}: {state} {code} {params}")
        self.label, self.state, self.code, self.params = label, state, code, params


def clearing_rows(workshop: Workshop, company: Company, connected: Sequence[Connected]) -> list[ClearingRow]:
    """Compare the clearing account with what the sources say is unpaid, at each month end."""
    told = [each.source for each in connected if each.source.unpaid is not None]
    if not told:
        return []
    with workshop.database.read() as session:
        own = session.scalars(
            select(LedgerEntry.object_id).where(
                LedgerEntry.company_id == company.id,
                LedgerEntry.kind == "Account",
                LedgerEntry.subtype == "UndepositedFunds",
            )
        ).first()
    client = workshop.client(company)
    rows: list[ClearingRow] = []
    for day in month_ends(min(each.starts_on for each in told), max(each.last_day for each in told)):
        expected = sum((each.unpaid(day) for each in told if each.unpaid is not None), Decimal(0))
        rows.append(ClearingRow(day, balances(client, day).get(str(own), Decimal(0)), expected))
    return rows


def summary(workshop: Workshop, company: Company, connected: Sequence[Connected], posted: int) -> dict[str, object]:
    """Return the demonstration's table as JSON values; decimals stay exact."""
    ids = [each.connection_id for each in connected]
    clearing = clearing_rows(workshop, company, connected)
    with workshop.database.read() as session:
        proofs = [(of, proof_summary(session, of.connection_id)) for of in connected]
        kinds = documents_by_kind(session, ids)
        moved = money_moved(session, ids)
        waiting = len(
            session.scalars(select(Hold.id).where(Hold.connection_id.in_(ids), Hold.closed_at.is_(None))).all()
        )
    return {
        "company": company.name,
        "posted_now": posted,
        "documents": kinds,
        "moved": [
            {"currency": each.currency, "in": each.moved_in, "out": each.moved_out, "between": each.between}
            for each in moved
        ],
        "clearing": [
            {"day": row.day.isoformat(), "ledger": row.ledger, "expected": row.expected, "equal": row.equal}
            for row in clearing
        ],
        "proof": [
            {
                "connection": of.label,
                "days": proof.days,
                "cells": proof.cells,
                "equal": proof.equal,
                "streams": [
                    {
                        "stream": each.stream,
                        "name": both(of.streams.get(each.stream, Text(each.stream, each.stream))),
                        "currency": each.currency,
                        "source": each.source,
                        "left_out": each.left_out,
                        "posted": each.posted,
                        "quickbooks": each.quickbooks,
                    }
                    for each in proof.streams
                ],
            }
            for of, proof in proofs
        ],
        "waiting": waiting,
        "all_equal": all(proof.all_equal and proof.cells for _, proof in proofs) and all(row.equal for row in clearing),
    }


def _twin(admitted: Admitted) -> Twin | None:
    package = admitted.hooks["describe"].function.__module__.partition(".")[0]
    try:
        module = importlib.import_module(f"{package}.sandbox")
    except ModuleNotFoundError:
        return None
    return cast(Twin, module) if hasattr(module, "demo") else None


def _open_account(workshop: Workshop, company: Company, name: str, type_: str) -> None:
    """Open a ledger account in QuickBooks as a person does, once."""
    client = workshop.client(company)
    if not list(client.query_all("Account", f"Name = '{name}'")):
        client.create("Account", json.dumps({"Name": name, "AccountType": type_}), f"demo {name}")
        refresh_company(workshop, company.id)


def _enter_invoice(
    workshop: Workshop, company: Company, customer: str, number: str, day: date, amount: Decimal
) -> None:
    """Enter an open invoice in QuickBooks as a person does, once."""
    client = workshop.client(company)
    if list(client.query_all("Invoice", f"DocNumber = '{number}'")):
        return
    names = list(client.query_all("Customer", f"DisplayName = '{customer}'"))
    body = json.dumps({"DisplayName": customer})
    who = names[0]["Id"] if names else client.create("Customer", body, f"demo {customer}").value["Id"]
    item = client.query("SELECT * FROM Item")[0]["Id"]
    line = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": item}}}
    invoice = {
        "DocNumber": number,
        "TxnDate": day.isoformat(),
        "CustomerRef": {"value": who},
        "GlobalTaxCalculation": "NotApplicable",
        "Line": [{"Amount": str(amount), **line}],
    }
    client.create("Invoice", json.dumps(invoice), f"demo {number}")


def _connect(workshop: Workshop, company: Company, admitted: Admitted, source: DemoSource, label: str) -> str:
    with workshop.database.begin() as session:
        known = session.scalars(
            select(Connection).where(Connection.company_id == company.id, Connection.connector == admitted.name)
        ).first()
        board = Switchboard(session, events.append, actor=PERSON.name, now=workshop.clock.now())
        board.allow(admitted.name)
        board.enable(admitted.name, company.id)
    if known is None:
        known = connect(
            workshop,
            PERSON,
            NewConnection(
                company_id=company.id,
                connector=admitted.name,
                values=source.values,
                label=label,
                starts_on=source.starts_on,
                passed=frozenset(gate.name for gate in admitted.info.gates),
            ),
        )
    elif source.page:
        _follow(workshop, admitted, known, source)
    for role in admitted.info.roles:
        if role.name in source.prefer and "/" not in role.name:
            _choose(workshop, company, known.id, role.name, "", role.accepts, source)
    return known.id


def _follow(workshop: Workshop, admitted: Admitted, known: Connection, source: DemoSource) -> None:
    """Give a connection the address that its source has at this start."""
    plain, _ = split_secrets(read_settings(admitted.info, source.values))
    if any(known.settings.get(name) != plain[name] for name in source.values if name in plain):
        update_settings(workshop, PERSON, known.id, source.values)


def _choose(
    workshop: Workshop, company: Company, connection_id: str, role: str, of: str, accepts: Accepts, source: DemoSource
) -> None:
    with workshop.database.read() as session:
        taken = session.scalars(
            select(Choice.id).where(Choice.connection_id == connection_id, Choice.role == role, Choice.of == of)
        ).first()
        fitting = list(_fitting(workshop, company, accepts))
    if taken is not None or not fitting:
        return
    word = source.prefer.get(role, "").casefold()
    wanted = next((entry for entry in fitting if word in entry.name_key), fitting[0])
    choose(workshop, PERSON, connection_id, role, wanted.object_id, of)


def _fitting(workshop: Workshop, company: Company, accepts: Accepts) -> Iterator[LedgerEntry]:
    with workshop.database.read() as session:
        rows = session.scalars(
            select(LedgerEntry)
            .where(LedgerEntry.company_id == company.id, LedgerEntry.kind == kind_of(accepts))
            .order_by(LedgerEntry.name_key)
        ).all()
    return (row for row in rows if row.active and fits(accepts, row))


def _answer(workshop: Workshop, each: Connected) -> bool:
    """Answer what waits for a choice or a category, as a person looking at it would; return whether anything was."""
    with workshop.database.read() as session:
        waiting = select(Hold).where(Hold.connection_id == each.connection_id, Hold.closed_at.is_(None))
        if each.source.left_from is not None:
            # What is of these days is for who looks at the demonstration to answer.
            early = DraftRow.day.is_(None) | (DraftRow.day < each.source.left_from)
            waiting = waiting.outerjoin(DraftRow, DraftRow.id == Hold.draft_id).where(early)
        holds = session.scalars(waiting.order_by(Hold.id)).all()
        connection = session.get_one(Connection, each.connection_id)
        company = session.get_one(Company, connection.company_id)
    asked: set[tuple[str, str]] = set()
    answered = False
    for hold in holds:
        match hold.code:
            case code if code == DECISION_MISSING:
                accepts = Accepts(str(hold.params["accepts"]))
                fitting = [
                    entry for entry in _fitting(workshop, company, accepts) if entry.type in ("Expense", "Income")
                ]
                answer_hold(workshop, PERSON, hold.id, fitting[0].object_id)
                answered = True
            case code if code == CHOICE_MISSING:
                role, of = str(hold.params["role"]), str(hold.params["of"])
                if (role, of) not in asked:
                    asked.add((role, of))
                    _choose(
                        workshop,
                        company,
                        each.connection_id,
                        role,
                        of,
                        Accepts(str(hold.params["accepts"])),
                        each.source,
                    )
                    answered = True
    return answered


def _read_run(workshop: Workshop, run_id: str) -> Run:
    with workshop.database.read() as session:
        return session.get_one(Run, run_id)


def _count(workshop: Workshop, connection_id: str) -> int:
    with workshop.database.read() as session:
        return sum(documents_by_kind(session, [connection_id]).values())
