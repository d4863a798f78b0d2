"""What TaxDome's invoices bring along: class, location, each tax by its name; and recurring ones as they come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cabinet import Cabinet, cabinet
from harness import OWNER, lab
from sqlalchemy import select
from till_company import sandbox, till_sandbox

from raccord.jobs.schedules import next_at
from raccord.onboarding.deciding.decisions import choose
from raccord.overview.questions import missing_choices
from raccord.plugin import JSON
from raccord.store.database import Database
from raccord.store.models import DraftState, Schedule
from raccord.sync.resolving.resolve import CHOICE_MISSING
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

__all__ = ["sandbox", "till_sandbox"]
HELD = (DraftState.HELD, CHOICE_MISSING)


@pytest.fixture
def firm(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Cabinet]:
    with cabinet(database, data_dir, sandbox) as made:
        yield made


def tracking(sandbox: SandboxServer, firm: Cabinet) -> None:
    """Switch classes and locations on, as a person does in QuickBooks' settings."""
    (preferences,) = firm.workshop.client(firm.company).query_all("Preferences")
    info = {"ClassTrackingPerTxnLine": True, "TrackDepartments": True}
    lab(
        sandbox, "edit", entity="Preferences", id=preferences["Id"],
        changes={"AccountingInfoPrefs": {**preferences["AccountingInfoPrefs"], **info}},
    )  # fmt: skip


@pytest.mark.requirement("EX-11", "TD-06")
def test_class_and_location_follow_onto_the_invoice_by_their_names_or_by_what_is_chosen(
    firm: Cabinet, sandbox: SandboxServer
) -> None:
    tracking(sandbox, firm)
    kind = lab(sandbox, "create", entity="Class", changes={"Name": "Fiscalité"})
    place = lab(sandbox, "create", entity="Department", changes={"Name": "Québec"})
    practice = firm.practice
    client, line = practice.account("Érable & fils"), practice.line(name="X", rate="100.00")
    practice.invoice(client, line, class_name="Fiscalité", location="Québec")
    practice.invoice(client, line, location="Lévis")
    practice.invoice(client, line)
    firm.sync()
    found = {each["DocNumber"]: each for each in firm.ours("Invoice")}
    assert set(found) == {"5001", "5003"}
    detail = found["5001"]["Line"][0]["SalesItemLineDetail"]
    assert (detail["ClassRef"]["value"], found["5001"]["DepartmentRef"]["value"]) == (kind["Id"], place["Id"])
    assert "DepartmentRef" not in found["5003"]
    assert firm.states()["invoices/inv_0002"] == HELD
    choose(firm.workshop, OWNER, firm.connection.id, "location", place["Id"], of="Lévis")
    firm.sync()
    assert {each["DocNumber"] for each in firm.ours("Invoice")} == {"5001", "5002", "5003"}
    assert firm.all_equal()


@pytest.mark.requirement("EX-11")
def test_where_class_and_location_are_left_out_an_invoice_goes_without_them(firm: Cabinet) -> None:
    firm.set(tracking="left_out")
    practice = firm.practice
    practice.invoice(
        practice.account("Ana Roy"), practice.line(name="X", rate="10.00"), class_name="A", location="B"
    )  # fmt: skip
    firm.sync()
    (invoice,) = firm.ours("Invoice")
    assert "DepartmentRef" not in invoice


@pytest.mark.requirement("EX-11")
def test_an_invoice_that_a_recurring_one_issues_comes_within_a_day(firm: Cabinet) -> None:
    with firm.workshop.database.read() as session:
        schedule = session.scalars(select(Schedule).where(Schedule.connection_id == firm.connection.id)).one()
        now = firm.workshop.clock.now()
        assert schedule.enabled
        following = next_at(schedule.cron, schedule.time_zone, now)
    assert following - now <= timedelta(days=1)
    practice = firm.practice
    monthly = practice.recurring(practice.account("Érable & fils"), "Tenue de livres", "310.00")
    firm.sync()
    assert firm.ours("Invoice") == []
    for month in (3, 4):
        practice.on(practice.now.date().replace(month=month))
        practice.issue(monthly)
        firm.sync()
        assert len(firm.ours("Invoice")) == month - 2
    assert firm.all_equal()


@pytest.mark.requirement("K18", "TD-11", "TD-23")
def test_each_tax_has_a_quickbooks_tax_of_its_own_and_is_asked_about_by_its_name(
    database: Database, data_dir: Path, sandbox: SandboxServer
) -> None:
    with cabinet(database, data_dir, sandbox, answered=("tax_exempt", "default_item", "payout_bank")) as firm:
        codes = {each["Name"]: each["Id"] for each in firm.workshop.client(firm.company).query_all("TaxCode")}
        both = ({"tax": "TPS", "rate": "5", "amount": "5.00"}, {"tax": "TVQ", "rate": "9.975", "amount": "9.98"})
        practice = firm.practice
        client, line = practice.account("Érable & fils"), practice.line(name="X", rate="100.00", taxable=True)
        practice.invoice(client, line, taxes=both)
        practice.invoice(client, line, taxes=both[:1])
        practice.invoice(client, line, practice.line(name="Y", rate="100.00", taxable=True, tax="TPS"), taxes=(
            {"tax": "TPS", "rate": "5", "amount": "10.00"}, both[1],
        ))  # fmt: skip
        firm.sync()
        assert {firm.states()[f"invoices/inv_000{number}"] for number in (1, 2, 3)} == {HELD}
        with firm.workshop.database.read() as session:
            asked = {(each.role, each.of) for each in missing_choices(session)}
        assert asked == {("tax_named", "TPS + TVQ"), ("tax_named", "TPS")}
        whole = next(name for name in codes if "TVQ" in name and "TPS" in name)
        federal = next(name for name in codes if name.startswith("TPS") and "TVQ" not in name)
        choose(firm.workshop, OWNER, firm.connection.id, "tax_named", codes[whole], of="TPS + TVQ")
        choose(firm.workshop, OWNER, firm.connection.id, "tax_named", codes[federal], of="TPS")
        firm.sync()
        found = {each["DocNumber"]: each for each in firm.ours("Invoice")}
        assert {number: str(each["TxnTaxDetail"]["TotalTax"]) for number, each in found.items()} == {
            "5001": "14.98", "5002": "5.00", "5003": "19.98",
        }  # fmt: skip
        lines = [each["SalesItemLineDetail"]["TaxCodeRef"]["value"] for each in found["5003"]["Line"][:2]]
        assert lines == [codes[whole], codes[federal]]
        assert firm.all_equal()


@pytest.mark.requirement("TD-06", "TD-24")
def test_an_invoice_lowered_or_moved_after_it_was_paid_holds_no_payment_and_what_a_person_took_off_holds_it(
    firm: Cabinet, sandbox: SandboxServer
) -> None:
    practice = firm.practice
    client, other = practice.account("Érable & fils"), practice.account("Ana Roy")
    bills = [practice.invoice(client, practice.line(name="X", rate="100.00")) for _ in range(4)]
    lowered, moved, freed, freed_and_said = paid = [practice.pay(each) for each in bills]
    granted = practice.invoice(client, practice.line(name="Y", rate="100.00"))
    credit = practice.pay(granted, "80.00", source="promotional_credit", provider="none")
    firm.sync()
    practice.change("invoice", granted, lines=[practice.line(name="Y", rate="70.00")], total="70.00")
    less: list[JSON] = [{"invoice_id": granted, "amount": "70.00"}]
    practice.change("payment", credit, amount="70.00", invoice_applications=less)
    practice.change("invoice", bills[0], lines=[practice.line(name="X", rate="60.00")], total="60.00")
    part: list[JSON] = [{"invoice_id": bills[0], "amount": "60.00"}]
    practice.change("payment", lowered, invoice_applications=part)
    for kind, id_ in (("invoice", bills[1]), ("payment", moved)):
        practice.change(kind, id_, account_id=other)
    # QuickBooks took these off their invoices because a person did, whatever we say of the invoice.
    documents = {each.get("PaymentRefNum"): each["Id"] for each in firm.ours("Payment")}
    for id_ in (freed, freed_and_said):
        lab(sandbox, "edit", entity="Payment", id=documents[id_], changes={"Line": []})
        practice.change("payment", id_, description="Encore")
    practice.change("invoice", bills[3], description="Encore")
    firm.sync()
    states = {each: firm.states()[f"payments/{each}"] for each in paid}
    held = (DraftState.HELD, "conflict.stale")
    assert states == {lowered: ("posted", ""), moved: ("posted", ""), freed: held, freed_and_said: held}
    assert firm.states()[f"payments/{credit}#applied"] == ("posted", "")
    assert [each["Balance"] for each in firm.ours("Invoice")] == [0, 0, 100, 100, 0]
    assert sorted(each["UnappliedAmt"] for each in firm.ours("Payment")) == [0, 0, 40, 100, 100]
    customers = {each.get("PaymentRefNum"): each["CustomerRef"]["value"] for each in firm.ours("Payment")}
    assert customers[moved] == firm.named("Customer", "Ana Roy")[0]["Id"]
