"""What programs do as the pages do: repost, pay, undo, set up a source, rules of a connection, a company's own."""

from __future__ import annotations

from decimal import Decimal

import till
from gated import gated_info
from harness import choose_usual, finish, sync
from open_documents import owed
from programs import program
from sqlalchemy import select

from raccord.jobs.inline import HandOver
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import RoleName
from raccord.store.models import Choice, Company, Connection, LedgerEntry, PaidDocument, Problem, RunState, SourceRecord
from raccord.sync.workshop import Workshop
from raccord_web.api.application import PATH
from raccord_web.app import create_app


def test_a_program_sees_what_a_repost_changes_has_it_planned_and_takes_it_back(
    workshop: Workshop, synced: Connection
) -> None:
    client = program(workshop, create_app(workshop, HandOver()), RoleName.ADMIN, Scope.MANAGE, synced.company_id)
    own, days = f"{PATH}/connections/{synced.id}", {"first": "2026-03-01", "last": "2026-03-20"}
    nothing = client.post(f"{own}/repost", json=days).json()
    assert nothing == {"changing": 0, "staying": 0, "run": None}
    with workshop.database.read() as session:
        held = session.scalars(select(Choice).where(Choice.role == "income")).one()
        other = session.scalars(
            select(LedgerEntry).where(LedgerEntry.type == "Income", LedgerEntry.object_id != held.ledger_id)
        ).first()
    assert other
    choice = {"role": "income", "ledger_id": other.object_id, "first": "2026-03-01"}
    effect = client.post(f"{own}/choices/try", json=choice).json()
    assert (effect["first"], effect["posted"]["changing"]) == ("2026-03-01", 3)
    assert client.post(f"{own}/repost/try", json=days).json()["changing"] == 0, "what was tried is not saved"
    assert client.post(f"{own}/choices", json=choice).status_code == 200
    seen = client.post(f"{own}/repost/try", json=days).json()
    assert (seen["changing"], seen["staying"], len(seen["rewrites"])) == (3, 0, 3)
    moves = {(each["account"], each["day"]): Decimal(each["amount"]) for each in seen["moves"]}
    assert {account for account, _ in moves} == {held.ledger_id, other.object_id}
    assert moves[held.ledger_id, "2026-03-02"] == -moves[other.object_id, "2026-03-02"] > Decimal("900.00")
    word = {"word": "sale", "ledger": "Counter sale", "first": "2026-03-01"}
    assert client.post(f"{own}/terms/try", json=word).status_code == 200

    key = {"idempotency-key": "repost"}
    asked = client.post(f"{own}/repost", json=days, headers=key).json()
    assert asked["changing"] == 3
    assert client.post(f"{own}/repost", json=days, headers=key).json() == asked
    assert client.post(f"{own}/repost", json=days).json()["code"] == "repost.open"
    assert client.get(f"{own}/repost").json()["waiting"]["first_day"] == "2026-03-01"
    assert finish(workshop, asked["run"]["id"]).state == RunState.APPROVAL
    assert client.post(f"{own}/repost/cancel").json() == {"id": synced.id}
    assert client.get(f"{own}/repost").json() == {"waiting": None}
    assert client.post(f"{own}/repost/cancel").json()["code"] == "repost.none"


def test_a_program_says_what_a_line_pays_and_undoes_chosen_records(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    client = program(workshop, create_app(workshop, HandOver()), RoleName.BOOKKEEPER, Scope.APPROVE, company.id)
    choose_usual(workshop, connection, company)
    invoice = owed(workshop, company, "Invoice", "Boulangerie Gagnon", "517.39", "F-20417")
    till.ROWS["T1"] = [
        {"stream": "bank", "id": "b1", "day": "2026-03-04", "amount": "517.39", "memo": "BOULANGERIE GAGNON F-20417"},
        {"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"},
        {"stream": "sales", "id": "s2", "day": "2026-03-03", "amount": "20.00"},
    ]
    sync(workshop, connection)
    [hold] = client.get(f"{PATH}/holds").json()["rows"]
    [proposed] = hold["matches"][0]["documents"]
    assert 80 < hold["matches"][0]["score"] <= 100, "what orders the proposals is told with them"
    assert (proposed["id"], proposed["amount"]) == (invoice, "517.39")
    own = f"{PATH}/holds/{hold['hold_id']}"
    assert client.post(f"{own}/pay", json={"documents": ["999"]}).status_code == 409
    assert client.post(f"{own}/pay", json={"documents": [invoice]}).json() == {"id": hold["hold_id"]}
    with workshop.database.read() as session:
        assert session.scalars(select(PaidDocument.document_id)).all() == [invoice]
        ids = session.scalars(select(SourceRecord.id).where(SourceRecord.stream == "sales")).all()

    undo = f"{PATH}/connections/{connection.id}/undo"
    assert client.post(undo, json={"records": [*ids, max(ids) + 999]}).status_code == 404
    run = finish(workshop, client.post(undo, json={"records": ids}).json()["id"])
    assert run.state == RunState.APPROVAL
    lines = client.get(f"{PATH}/plans/{run.plan_id}/lines").json()["rows"]
    assert sorted(each["action"] for each in lines) == ["delete", "delete"]
    assert client.post(f"{PATH}/runs/{run.id}/cancel").status_code == 200
    run = finish(workshop, client.post(f"{PATH}/records/{ids[0]}/undo", json={"void": True}).json()["id"])
    lines = client.get(f"{PATH}/plans/{run.plan_id}/lines").json()["rows"]
    assert [each["action"] for each in lines] == ["void"]


def test_a_program_leads_a_source_from_its_gates_to_the_first_plan(workshop: Workshop, company: Company) -> None:
    client = program(workshop, create_app(workshop, HandOver()), RoleName.OWNER, Scope.OWN, company.id)
    till.ROWS.clear()
    till.ROWS["T5"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"}]
    new = {"connector": "till", "values": {"till": "T5", "code": "s3cret"}, "label": "Five", "mode": "first_time"}
    connect = f"{PATH}/companies/{company.id}/connections"
    assert client.post(connect, json={**new, "connector": "nothing"}).status_code == 404
    assert client.post(connect, json={**new, "values": {"hidden": "x"}}).json()["code"] == "connection.settings"
    made = client.post(connect, json=new)
    assert (made.status_code, made.json()["state"], "s3cret" in made.text) == (200, "draft", False)
    assert client.post(connect, json=new).json()["id"] == made.json()["id"], "a source account has one draft"
    own = f"{PATH}/connections/{made.json()['id']}"
    assert set(client.get(f"{own}/setup").json()["missing_roles"]) >= {"bank"}
    scope = {"first": "2026-03-01", "time_zone": "America/Montreal"}
    assert client.post(f"{own}/scope", json=scope).json()["time_zone"] == "America/Montreal"
    for unknown in ("Nowhere", "America", "../UTC"):
        assert client.post(f"{own}/scope", json={**scope, "time_zone": unknown}).status_code == 409
    assert client.post(f"{own}/mode", json={"mode": "already_running"}).json()["mode"] == "already_running"
    account = {"role": "bank", "name": "Compte neuf", "kind": "checking"}
    assert client.post(f"{own}/accounts", json=account).status_code == 200
    assert "bank" not in client.get(f"{own}/setup").json()["missing_roles"]
    with workshop.database.read() as session:
        taxed = session.scalars(select(LedgerEntry.object_id).where(LedgerEntry.kind == "TaxCode")).first()
    assert client.post(f"{own}/choices", json={"role": "tax", "ledger_id": taxed}).status_code == 200
    run = finish(workshop, client.post(f"{own}/activate").json()["id"])
    assert run.state == RunState.APPROVAL
    plan = client.get(f"{PATH}/plans/{client.get(f'{own}/setup').json()['plan_id']}")
    approved = client.post(f"{PATH}/plans/{plan.json()['id']}/approve", headers={"if-match": plan.headers["etag"]})
    assert approved.status_code == 200
    assert finish(workshop, run.id).state == RunState.DONE
    assert client.post(f"{own}/mode", json={"mode": "first_time"}).json()["code"] == "connection.set_up"


def test_a_program_changes_the_rules_of_a_connection_and_what_is_a_companys_own(
    workshop: Workshop, theirs: dict[str, str]
) -> None:
    client = program(workshop, create_app(workshop, HandOver()), RoleName.OWNER, Scope.OWN, theirs["company_id"])
    own, firm = f"{PATH}/connections/{theirs['connection_id']}", f"{PATH}/companies/{theirs['company_id']}"
    assert client.post(f"{own}/closed", json={"policy": "ask"}).json()["closed_policy"] == "ask"
    said = {"time_zone": "Europe/Paris", "cut_off": "03:00", "first": "2026-04-01"}
    assert client.post(f"{own}/days", json=said).json()["days"][-1] == {
        "first": "2026-04-01", "time_zone": "Europe/Paris", "cut_off": "03:00",
    }  # fmt: skip
    assert client.get(f"{own}/upgrade").json()["differences"] == []
    assert client.post(f"{own}/upgrade", json={"version": "0"}).json()["code"] == "plugin.another_version"
    with workshop.database.read() as session:
        problem = session.get_one(Problem, theirs["problem_id"])
    run = client.post(f"{own}/lists", json={"lists": ["people"]}).json()
    assert run["sent_lists"][0]["name"] == "people"
    assert client.post(f"{own}/lists", json={"lists": ["people"]}).json()["id"] == run["id"], "asked twice, it is one"
    assert client.post(f"{own}/lists", json={"lists": ["nothing"]}).json()["code"] == "list.unknown"
    assert client.post(f"{own}/link-certain").json() == {"linked": 0, "left": 0}
    assert client.post(f"{own}/link-suggested", json={"role": "nothing"}).status_code == 409
    for way in ("apply", "bring_in", "unapplied"):
        answer = client.post(f"{PATH}/holds/{theirs['hold_id']}/unmet", json={"way": way, "invoice": "1"})
        assert answer.json()["code"] == "hold.unmet_refused", "a bank line is no payment whose invoice is missing"
    closed = client.post(f"{own}/problem-causes/resolved", json={"code": problem.code}).json()
    assert problem.id in closed["ids"]

    found = client.post(f"{firm}/check-up").json()["findings"]
    assert {"doctor.quickbooks"} <= {each["code"] for each in found}
    assert theirs["connection_id"] in {each["connection_id"] for each in found}
    assert client.post(f"{firm}/night", json={"every_night": True, "at": "04:30"}).json()["every_night"]
    hours = client.post(f"{own}/schedule", json={"cron": "15 6 * * 1-5"}).json()
    assert (hours["cron"], hours["enabled"], hours["next_at"] is None) == ("15 6 * * 1-5", True, False)
    assert client.post(f"{own}/schedule", json={"enabled": False}).json() == {
        **hours,
        "enabled": False,
        "next_at": None,
    }
    assert client.post(f"{own}/schedule", json={"cron": "soon"}).json()["code"] == "jobs.cron"
    account = client.get(f"{firm}/statements").json()["rows"][0]["account_id"]
    statement = {"account_id": account, "through": "2026-02-28"}
    assert client.post(f"{firm}/statements", json=statement).status_code == 200
    assert client.get(f"{firm}/statements").json()["rows"][0]["through"] == "2026-02-28"
    assert client.post(f"{firm}/statements", json={"account_id": account}).status_code == 200
    assert client.post(f"{firm}/statements", json={"account_id": account}).json()["code"] == "statement.none"
    assert client.post(f"{firm}/suggestions", json={"confidence": 990}).status_code == 409
    assert client.post(f"{firm}/suggestions/ask").json()["accepts_from"] is None
    assert client.post(f"{firm}/plugins/till/disable").json() == {"id": "till"}
    assert client.post(f"{firm}/plugins/nothing/enable").json()["code"] == "connector.not_installed"
    assert client.post(f"{firm}/plugins/till/enable").status_code == 200


def test_a_gate_is_told_with_its_reason_and_passed_in_its_turn(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    admitted = workshop.scopes.catalog.admitted["till"]
    object.__setattr__(admitted, "info", gated_info())
    client = program(workshop, create_app(workshop, HandOver()), RoleName.OWNER, Scope.OWN, company.id)
    own = f"{PATH}/connections/{connection.id}"
    gates = {each["name"]: each for each in client.get(f"{own}/setup").json()["gates"]}
    assert gates["tax_groups"]["why"] == {"fr": "Sinon rien ne concorde.", "en": "Else nothing agrees."}
    assert client.post(f"{own}/gates", json={"gate": "looked_through"}).json()["code"] == "gate.order"
    assert client.post(f"{own}/gates", json={"gate": "nothing"}).json()["code"] == "gate.unknown"
    after = client.post(f"{own}/gates", json={"gate": "tax_groups"}).json()
    assert {each["name"]: each["passed"] for each in after["gates"]}["tax_groups"]
