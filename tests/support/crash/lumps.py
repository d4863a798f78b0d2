"""A bank line that pays invoices of several customers, killed on the way: payments first, then their deposit."""

from __future__ import annotations

from decimal import Decimal

from harness import OWNER
from open_documents import owed
from sqlalchemy import select

from crash.life import Life
from crash.plant import Plant
from raccord.onboarding.deciding.paying import pay
from raccord.store.models import Company, Hold, RunState
from raccord.sync.phases import Phase

OWED = {"Clinique Roy": "100.10", "Garage Simard": "150.05", "Boulangerie": "49.85"}


def prepare_lump(plant: Plant, name: str) -> None:
    """Save a plant where the plan of a line that pays three customers' invoices is about to be carried out."""
    plant.say([{"stream": "takings", "id": "l1", "day": "2026-03-04", "amount": "300.00", "memo": "LOT", "asked": "y"}])
    assert plant.live(Life()) == RunState.DONE
    workshop = plant.workshop()
    with workshop.database.read() as session:
        company, hold = session.scalars(select(Company)).one(), session.scalars(select(Hold)).one()
    ids = [owed(workshop, company, "Invoice", party, amount, f"7{amount[:3]}") for party, amount in OWED.items()]
    pay(workshop, OWNER, hold.id, ids)
    assert plant.live(Life(), Phase.POST) == Phase.POST
    plant.save(name)


def check_lump(plant: Plant) -> None:
    """Each customer's invoice is paid once, and one deposit took exactly these payments to the bank."""
    plant.check_posted()
    company = plant.company
    assert sorted(Decimal(str(each["TotalAmt"])) for each in company.table("Payment")) == sorted(
        map(Decimal, OWED.values())
    )
    assert [Decimal(str(each["Balance"])) for each in company.table("Invoice")] == [0] * len(OWED)
    (deposit,) = company.table("Deposit")
    taken = sorted(each["LinkedTxn"][0]["TxnId"] for each in deposit["Line"])
    assert taken == sorted(each["Id"] for each in company.table("Payment"))
    assert Decimal(str(deposit["TotalAmt"])) == Decimal("300.00")
    plant.check_sums()
