"""What TaxDome's accounts become beside their name: the customer type of those that are new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cabinet import Cabinet, cabinet
from harness import OWNER, lab
from till_company import sandbox, till_sandbox

from raccord.onboarding.decisions import choose
from raccord.store.database import Database
from raccord_sandbox.server import SandboxServer

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
