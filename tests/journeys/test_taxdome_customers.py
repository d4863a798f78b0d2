"""What TaxDome's accounts become beside their name: the customer type of those that are new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cabinet import Cabinet, cabinet
from harness import OWNER, lab
from sqlalchemy import select
from till_company import sandbox, till_sandbox

from raccord.onboarding.deciding.decisions import answer_conflict, choose
from raccord.plugin.ledger import ResolutionKind
from raccord.store.database import Database
from raccord.store.models import DraftState, Hold
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

__all__ = ["sandbox", "till_sandbox"]


@pytest.fixture
def firm(database: Database, data_dir: Path, sandbox: SandboxServer) -> Iterator[Cabinet]:
    with cabinet(database, data_dir, sandbox) as made:
        yield made


def billed(firm: Cabinet, name: str) -> dict[str, str]:
    """Bill a new account and bring it over; return the customer type of its customer."""
    firm.practice.invoice(firm.practice.account(name), firm.practice.line(name="X", rate="10.00"))
    firm.sync()
    (customer,) = firm.named("Customer", name)
    found: dict[str, str] = customer.get("CustomerTypeRef", {})
    return found


@pytest.mark.requirement("TD-25")
def test_a_new_account_gets_the_type_particulier_where_quickbooks_has_it_and_no_type_is_made(
    firm: Cabinet, sandbox: SandboxServer
) -> None:
    lab(sandbox, "create", entity="Customer", changes={"DisplayName": "Ana Roy"})
    assert billed(firm, "Un") == {}
    assert list(firm.workshop.client(firm.company).query_all("CustomerType")) == []
    other = lab(sandbox, "create", entity="CustomerType", changes={"Name": "Détaillant"})
    assert billed(firm, "Deux") == {}
    kind = lab(sandbox, "create", entity="CustomerType", changes={"Name": "Particulier"})
    assert billed(firm, "Trois")["value"] == kind["Id"]
    assert billed(firm, "Ana Roy") == {}, "who was there before keeps what people said of him"
    # What a person makes of it stays, whatever the source says of the account later.
    (customer,) = firm.named("Customer", "Trois")
    lab(sandbox, "edit", entity="Customer", id=customer["Id"], changes={"CustomerTypeRef": {"value": other["Id"]}})
    firm.practice.change("account", "acc_0003", contacts=[{"email": "trois@exemple.ca"}])
    firm.sync()
    (customer,) = firm.named("Customer", "Trois")
    assert customer["CustomerTypeRef"]["value"] == other["Id"]
    lab(sandbox, "deactivate", entity="CustomerType", id=kind["Id"])
    assert billed(firm, "Quatre") == {}
    choose(firm.workshop, OWNER, firm.connection.id, "customer_type", other["Id"])
    assert billed(firm, "Cinq")["value"] == other["Id"]


@pytest.mark.requirement("TD-25")
def test_a_type_of_the_english_name_counts_as_well(firm: Cabinet, sandbox: SandboxServer) -> None:
    lab(sandbox, "create", entity="CustomerType", changes={"Name": "Individual"})
    assert "value" in billed(firm, "Un")


@pytest.mark.requirement("TD-21", "K19", "EX-09")
def test_another_account_of_a_customers_name_is_asked_about_and_billed_to_nobody_else(firm: Cabinet) -> None:
    assert billed(firm, "Ana Roy") == {}
    practice = firm.practice
    practice.change("account", "acc_0001", name="Ana Roy-Gagnon")
    practice.invoice("acc_0001", practice.line(name="Y", rate="20.00"))
    practice.invoice(practice.account("Ana Roy"), practice.line(name="Z", rate="30.00"))
    for _ in range(2):
        firm.sync()
        assert firm.states()["accounts/acc_0002"] == (DraftState.HELD, "conflict.duplicate_name")
        assert sorted(each["TotalAmt"] for each in firm.ours("Invoice")) == [10, 20]
    with firm.workshop.database.read() as session:
        hold = session.scalars(
            select(Hold).where(Hold.code == "conflict.duplicate_name", Hold.closed_at.is_(None))
        ).one()
    answer_conflict(firm.workshop, OWNER, hold.id, ResolutionKind.LINK, hold.params["id"])
    firm.sync()
    assert sorted(each["TotalAmt"] for each in firm.ours("Invoice")) == [10, 20, 30]
    assert len(firm.named("Customer", "Ana Roy")) == 1
