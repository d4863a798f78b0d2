"""Lists at Pleo follow QuickBooks: accounts, tax rates in use, vendors, classes, projects; nothing is deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from harness import sync
from pleo_house import House, working

from raccord_pleo.mapping import CLASSES, PROJECTS


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with working(tmp_path) as made:
        yield made


def group_of(house: House, name: str) -> str:
    """Return under which name the twin keeps a list: a tag group's tags below its id."""
    found = house.pleo.found("tag-groups", "code", name)
    return name if found is None else str(found["id"])


@pytest.mark.requirement("PO-05", "PO-06", "PO-07", "PO-10")
def test_lists_follow_quickbooks_and_nothing_is_deleted(house: House) -> None:
    client = house.workshop.client(house.company)
    client.create("Class", '{"Name":"Nord"}', "class")
    for name in ("Papeterie Roy", "Hydro"):
        client.create("Vendor", json.dumps({"DisplayName": name}), name)
    drafted = house.pleo.add_vendor(
        {"companyId": str(house.pleo.id), "defaultCurrency": "CAD", "name": "papeterie roy"}
    )
    parent = client.create("Customer", '{"DisplayName":"Ville"}', "parent").value["Id"]
    body = f'{{"DisplayName":"Pont","Job":true,"ParentRef":{{"value":"{parent}"}}}}'
    client.create("Customer", body, "project")
    sync(house.workshop, house.connection)

    def names(name: str) -> dict[str, bool]:
        groups = {str(each["code"]): str(each["id"]) for each in house.pleo.lists["tag-groups"]}
        rows = house.pleo.lists.get(groups.get(name, name), [])
        return {str(each["name"]): not each["archived"] for each in rows}

    assert names("accounts")["Fournitures"]
    assert "Banque Pleo" not in names("accounts"), "expense accounts alone"
    assert names(CLASSES) == {"Nord": True}
    assert names(PROJECTS) == {"Ville:Pont": True}
    vendors = {str(each["name"]): each for each in house.pleo.lists["vendors"]}
    assert {name: each["state"] for name, each in vendors.items() if name in ("Papeterie Roy", "Hydro")} == {
        "Papeterie Roy": "ACTIVE", "Hydro": "ACTIVE",
    }  # fmt: skip
    assert vendors["Papeterie Roy"]["id"] == drafted["id"], "the one that people made at Pleo, and no second"
    rates = {str(each["name"]): each["rate"] for each in house.pleo.lists["tax-codes"]}
    assert Decimal("0.14975") in rates.values()
    supplies = house.accounts["Fournitures"]

    def change(name: str, **said: object) -> None:
        token = next(client.query_all("Account", f"Id = '{supplies}' AND Active IN (true, false)"))["SyncToken"]
        client.update("Account", json.dumps({"Id": supplies, "SyncToken": token, "sparse": True, **said}), name)

    change("rename", Name="Papeterie", AcctNum="6060")
    again = sync(house.workshop, house.connection)
    assert again.state == "done"
    known = {str(each["externalId"]): each for each in house.pleo.lists["accounts"]}
    assert (known[supplies]["name"], known[supplies]["code"]) == ("Papeterie", "6060")
    assert len(known) == len(house.pleo.lists["accounts"])
    change("inactive", Active=False)
    hydro = next(client.query_all("Vendor", "DisplayName = 'Hydro'"))
    gone = {"Id": hydro["Id"], "SyncToken": hydro["SyncToken"], "sparse": True, "Active": False}
    client.update("Vendor", json.dumps(gone), "hydro")
    sync(house.workshop, house.connection)
    assert not any(active for name, active in names("accounts").items() if name.startswith("Papeterie"))
    states = {str(each["externalId"]): each["state"] for each in house.pleo.lists["vendors"]}
    assert states[str(hydro["Id"])] == "ARCHIVED"
    assert not house.codes()
    # Switched off and on again, a class and a tax rate go and come back, each as the same entry at Pleo.
    bought = next(each for each in client.query_all("TaxCode", "") if each["Name"] == "TPS/TVQ QC - 9,975")
    there = {name: len(house.pleo.lists.get(group_of(house, name), [])) for name in (CLASSES, "tax-codes")}
    for active in (False, True):
        row = next(client.query_all("Class", "Active IN (true, false)"))
        said = {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True, "Name": "Nord", "Active": active}
        client.update("Class", json.dumps(said), f"class {active}")
        switched = next(row for row in house.sandbox.store.of_template("quebec").rows() if row.doc is not None
                        and (row.kind, row.doc.get("Id")) == ("TaxCode", bought["Id"]))  # fmt: skip
        switched.doc["Active"] = active
        assert sync(house.workshop, house.connection).state == "done"
        assert list(names(CLASSES).values()) == [active]
        assert names("tax-codes")[bought["Name"]] is active
    assert {name: len(house.pleo.lists[group_of(house, name)]) for name in there} == there
    assert not house.codes()
