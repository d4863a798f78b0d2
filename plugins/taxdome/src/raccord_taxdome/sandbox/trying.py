"""The twin's part in `raccord check`: three weeks of the practice as tables, in both places where payments land."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from decimal import Decimal

from raccord.plugin.contract.writing import write_table
from raccord.plugin.testing import Again, Telling, Trial, TwinAnswer, TwinHttp, TwinRequest
from raccord.plugin.testing.contract_twin import TOKEN
from raccord.plugin.texts import Text
from raccord_taxdome.contract import CONTRACT
from raccord_taxdome.sandbox.demonstration import FIRST_DAY
from raccord_taxdome.sandbox.expected import effects, expected
from raccord_taxdome.sandbox.page import twin_of
from raccord_taxdome.sandbox.practice import Practice, Value
from raccord_taxdome.sandbox.printed import OPEN, counts, printed
from raccord_taxdome.sandbox.story import seeded

MARKER = "extra-field-7"
_DAYS_ALONE = Text(
    "Les documents de TaxDome portent leur propre jour.", "Documents of TaxDome bear a day of their own."
)
_NO_ORDER = Text(
    "L'adresse du contrat rend ses objets dans un seul ordre.", "The contract's address gives its objects in one order."
)
BASE = "https://taxdome.example.com/v1"
PAGE = 7
_ASKED = datetime(2026, 3, 22, 12, tzinfo=UTC)
"""After three weeks and before the fourth, which an address tells later."""
Files = list[tuple[str, bytes]]


def trials() -> list[Trial]:
    """Return the practice with its payments in Undeposited Funds and in a clearing account, and behind an address."""
    practice = _practice(3)
    return [*(_trial(practice, landing) for landing in ("undeposited", "clearing")), _pulled(practice)]


def _practice(weeks: int) -> Practice:
    practice = seeded(FIRST_DAY, weeks)
    practice.refund(next(iter(practice.objects["payment"])), "20.00")
    practice.fee("15.00", provider="stripe", description="Mars")
    practice.fee("1.25", next(id_ for id_, each in practice.objects["payment"].items() if not each.get("fee")))
    # Its payment says more fees than the payout.
    practice.payout("pay_0001", fee="1.00")
    practice.recurring(next(iter(practice.objects["account"])), "Tenue de livres", "310.00")
    return practice


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
        expected=expected(landing),
        effects=effects(landing),
        open=OPEN,
        counts=counts(landing),
        printed=printed(landing),
        starts_on=FIRST_DAY,
        exempt={"day.zone": _DAYS_ALONE},
    )


def _pulled(practice: Practice) -> Trial:
    return Trial(
        name="address",
        values={"firm": "laurier", "accounts": "used", "input_kind": "pull", "base_url": BASE, "token": TOKEN},
        told=Telling(http=lambda: nullcontext(_Address(practice).http)),
        again={
            Again.OVERLAPPING: Telling(http=lambda: nullcontext(_Address(practice, page=100, overlap=3).http)),
            Again.REISSUED: Telling(http=lambda: nullcontext(_Address(practice, page=3).http)),
        },
        now=_ASKED,
        later=Telling(http=lambda: nullcontext(_Address(_practice(4)).http)),
        extended=Telling(http=lambda: nullcontext(_Address(practice, more={"fresh": MARKER}).http)),
        marker=MARKER,
        totals=_totals(practice, "undeposited"),
        expected=expected("undeposited"),
        effects=effects("undeposited"),
        open=OPEN,
        counts=counts("undeposited"),
        printed=printed("undeposited"),
        starts_on=FIRST_DAY,
        exempt={"day.zone": _DAYS_ALONE, "identity.reordered": _NO_ORDER},
    )


class _Address:
    """The practice's service in this process, its pages small, the last objects of a page told again by the next."""

    def __init__(self, practice: Practice, *, page: int = PAGE, overlap: int = 0, more: Value | None = None) -> None:
        self._twin, self._overlap, self._more = twin_of(practice, page_size=page), overlap, more or {}
        self.http = TwinHttp(self._answer)

    def _answer(self, request: TwinRequest) -> TwinAnswer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return TwinAnswer(401)
        found = self._twin.pulled(request.path.removeprefix("/v1/"), dict(request.params))
        if found is None:
            return TwinAnswer.of({}, 404)
        data = found["data"]
        rows = [{**each, **self._more} for each in data if isinstance(each, Mapping)] if isinstance(data, list) else []
        return TwinAnswer.of({**found, "data": [*rows[-self._overlap :], *rows] if self._overlap else rows})


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
        rows = each["payments"]
        paid_out = (
            [str(row["payment_id"]) for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
        )
        own = fee - sum((Decimal(str(said["payment"][id_].get("fee", "0"))) for id_ in paid_out), Decimal(0))
        payouts += total + fee - own if landing == "undeposited" else -total - own
    amounts = {
        "invoices": sum((Decimal(str(each["total"])) for each in said["invoice"].values()), Decimal(0)),
        "payments": paid,
        "fees": -sum((Decimal(str(each["amount"])) for each in said["fee"].values()), Decimal(0)),
        "refunds": -sum((Decimal(str(each["amount"])) for each in said["refund"].values()), Decimal(0)),
        "payouts": payouts,
    }
    return {stream: {"CAD": amount} for stream, amount in amounts.items()}
