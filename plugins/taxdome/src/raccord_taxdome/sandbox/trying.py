"""The twin's part in `raccord check`: three weeks of the practice as tables, in both places where payments land."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from raccord.plugin.contract.writing import write_table
from raccord.plugin.testing import Again, Telling, Trial
from raccord.plugin.texts import Text
from raccord_taxdome.contract import CONTRACT
from raccord_taxdome.sandbox.demonstration import FIRST_DAY
from raccord_taxdome.sandbox.practice import Practice
from raccord_taxdome.sandbox.story import seeded

MARKER = "extra-field-7"
_DAYS_ALONE = Text(
    "Les documents de TaxDome portent leur propre jour.", "Documents of TaxDome bear a day of their own."
)
Files = list[tuple[str, bytes]]


def trials() -> list[Trial]:
    """Return the practice with its payments in Undeposited Funds, and in a clearing account."""
    practice = seeded(FIRST_DAY, 3)
    practice.refund(next(iter(practice.objects["payment"])), "20.00")
    return [_trial(practice, landing) for landing in ("undeposited", "clearing")]


def _trial(practice: Practice, landing: str) -> Trial:
    told, earlier = _files(practice), _files(seeded(FIRST_DAY, 1))
    return Trial(
        name=landing,
        values={"firm": "laurier", "accounts": "used", "landing": landing, "input_kind": "upload"},
        told=Telling(files=told),
        again={
            Again.REORDERED: Telling(files=_files(practice, backwards=True)[::-1]),
            Again.OVERLAPPING: Telling(
                files=[*told, *((f"{name[:-4]}-old.csv", content) for name, content in earlier)]
            ),
            Again.REISSUED: Telling(files=_documents(practice)),
        },
        extended=Telling(files=_documents(practice, more={"fresh": MARKER})),
        marker=MARKER,
        totals=_totals(practice, landing),
        starts_on=FIRST_DAY,
        exempt={"day.zone": _DAYS_ALONE},
    )


def _files(practice: Practice, *, backwards: bool = False) -> Files:
    tables: Files = []
    for info in CONTRACT.objects:
        values = practice.all(info.name)[:: -1 if backwards else 1]
        if values:
            tables.append((f"{info.path}.csv", write_table(CONTRACT, info.name, values).encode()))
    return tables


def _documents(practice: Practice, *, more: Mapping[str, str] | None = None) -> Files:
    return [
        (f"{info.path}.json", json.dumps([{**value, **(more or {})} for value in practice.all(info.name)]).encode())
        for info in CONTRACT.objects
    ]


def _totals(practice: Practice, landing: str) -> dict[str, dict[str, Decimal]]:
    said = practice.objects
    paid = Decimal(0)
    for each in said["payment"].values():
        amount = Decimal(str(each["amount"]))
        paid += -amount if each["source"] == "promotional_credit" else amount - Decimal(str(each.get("fee", "0")))
    payouts = Decimal(0)
    for each in said["payout"].values():
        total, fee = Decimal(str(each["total"])), Decimal(str(each["fee"]))
        payouts += total + fee if landing == "undeposited" else -total
    amounts = {
        "invoices": sum((Decimal(str(each["total"])) for each in said["invoice"].values()), Decimal(0)),
        "payments": paid,
        "refunds": -sum((Decimal(str(each["amount"])) for each in said["refund"].values()), Decimal(0)),
        "payouts": payouts,
    }
    return {stream: {"CAD": amount} for stream, amount in amounts.items()}
