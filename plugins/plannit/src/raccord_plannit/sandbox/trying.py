"""The twin's part in `raccord check`: three weeks of the firm, as tables and behind the address of the contract."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

from raccord.plugin import JSON, LedgerObject
from raccord.plugin.testing import Again, Telling, Trial, TwinAnswer, TwinHttp, TwinRequest
from raccord.plugin.texts import Text
from raccord_plannit.contract import CONTRACT
from raccord_plannit.sandbox.demonstration import FIRST_DAY
from raccord_plannit.sandbox.expected import EFFECTS, EXPECTED
from raccord_plannit.sandbox.exports import write_table
from raccord_plannit.sandbox.firm import Firm, Sold, Value
from raccord_plannit.sandbox.printed import COUNTS, OPEN, PRINTED
from raccord_plannit.sandbox.service import TOKEN, Service
from raccord_plannit.sandbox.story import seeded

MARKER = "extra-field-7"
BASE = "https://plannit.example.com/v1"
PAGE = 7
_ASKED = datetime(2026, 3, 22, 12, tzinfo=UTC)
"""After three weeks and before the fourth, which an address tells later."""
_DAYS_ALONE = Text(
    "Les documents de Plannit portent leur propre jour.", "Documents of Plannit bear a day of their own."
)
_CHECKED_BEFORE = Text(
    "Le contrat vérifie chaque objet à la lecture : ce qui ne sert pas est un rejet, jamais un enregistrement.",
    "The contract checks each object as it is read: what cannot be used is a reject, never a record.",
)
_FILES_ONLY = Text("Par fichiers, rien ne repart vers Plannit.", "By files, nothing goes back to Plannit.")
_NO_ORDER = Text(
    "L'adresse du contrat rend ses objets dans un seul ordre.", "The contract's address gives its objects in one order."
)
Files = list[tuple[str, bytes]]


def trials() -> list[Trial]:
    """Return both ways in which the firm's objects come."""
    firm = _firm()
    return [_tables(firm), _pulled(firm)]


def _firm(weeks: int = 3) -> Firm:
    firm = seeded(FIRST_DAY, weeks)
    paid = next(iter(firm.objects["payment"]))
    firm.refund(paid, Sold(name="Remise", price="20.00"))
    # The source rounds 1.995 of tax down.
    refund = next(iter(firm.objects["refund"].values()))
    taxes = [dict(each) for each in cast("list[Value]", refund["taxes"])]
    taxes[1]["amount"] = "1.99"
    firm.objects["refund"][str(refund["id"])] = {**refund, "taxes": list[JSON](taxes), "total": "22.99"}
    return firm


def _tables(firm: Firm) -> Trial:
    told, earlier = _files(firm), _files(seeded(FIRST_DAY, 1))
    return Trial(
        name="tables",
        values={"account": "boreale", "input_kind": "upload"},
        told=Telling(files=told),
        again={
            Again.REORDERED: Telling(files=_files(firm, backwards=True)[::-1]),
            Again.OVERLAPPING: Telling(
                files=[*told, *((f"{name[:-4]}-old.csv", content) for name, content in earlier)]
            ),
            Again.REISSUED: Telling(files=_documents(firm)),
        },
        extended=Telling(files=_documents(firm, more={"fresh": MARKER})),
        marker=MARKER,
        totals=_totals(firm),
        expected=EXPECTED,
        effects=EFFECTS,
        open=OPEN,
        counts=COUNTS,
        printed=PRINTED,
        starts_on=FIRST_DAY,
        exempt={
            "day.zone": _DAYS_ALONE,
            "push.told": _FILES_ONLY,
            "push.idempotent": _FILES_ONLY,
            "trial.bad": _CHECKED_BEFORE,
        },
    )


def _pulled(firm: Firm) -> Trial:
    entries = {
        "contacts": [LedgerObject("Customer", "41", "Ana"), LedgerObject("Customer", "42", "Bo", active=False)],
        "items": [LedgerObject("Item", "51", "Conduits"), LedgerObject("Item", "52", "Filtres")],
    }
    return Trial(
        name="address",
        values={"account": "boreale", "input_kind": "pull", "base_url": BASE, "token": TOKEN},
        told=Telling(http=lambda: nullcontext(_Address(_firm()).http)),
        again={
            Again.OVERLAPPING: Telling(http=lambda: nullcontext(_Address(_firm(), page=100, overlap=3).http)),
            Again.REISSUED: Telling(http=lambda: nullcontext(_Address(_firm(), page=3).http)),
        },
        extended=Telling(http=lambda: nullcontext(_Address(_firm(), more={"fresh": MARKER}).http)),
        marker=MARKER,
        totals=_totals(firm),
        expected=EXPECTED,
        effects=EFFECTS,
        open=OPEN,
        counts=COUNTS,
        printed=PRINTED,
        now=_ASKED,
        later=Telling(http=lambda: nullcontext(_Address(_firm(4)).http)),
        pushed=entries,
        starts_on=FIRST_DAY,
        exempt={"day.zone": _DAYS_ALONE, "identity.reordered": _NO_ORDER, "trial.bad": _CHECKED_BEFORE},
    )


class _Address:
    """The firm's service in this process, its pages small, the last objects of a page told again by the next."""

    def __init__(self, firm: Firm, *, page: int = PAGE, overlap: int = 0, more: Value | None = None) -> None:
        self._service, self._overlap, self._more = Service(firm, page_size=page), overlap, more or {}
        self.http = TwinHttp(self._answer)

    def _answer(self, request: TwinRequest) -> TwinAnswer:
        path = request.path.removeprefix("/v1/")
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return TwinAnswer(401)
        if request.method == "PUT":
            kind, _, ledger_id = path.partition("/quickbooks/")
            body = request.json()
            status, said = self._service.taken(kind, ledger_id, body if isinstance(body, dict) else {})
            return TwinAnswer.of(said, status)
        found = self._service.pulled(path, dict(request.params))
        if found is None:
            return TwinAnswer.of({}, 404)
        data = found["data"]
        rows = [{**each, **self._more} for each in data if isinstance(each, Mapping)] if isinstance(data, list) else []
        return TwinAnswer.of({**found, "data": [*rows[-self._overlap :], *rows] if self._overlap else rows})


def _files(firm: Firm, *, backwards: bool = False) -> Files:
    tables: Files = []
    for info in CONTRACT.objects:
        values = firm.all(info.name)
        if values:
            tables.append((f"{info.path}.csv", write_table(info.name, values[::-1] if backwards else values).encode()))
    return tables


def _documents(firm: Firm, *, more: Mapping[str, str] | None = None) -> Files:
    return [
        (f"{info.path}.json", json.dumps([{**value, **(more or {})} for value in firm.all(info.name)]).encode())
        for info in CONTRACT.objects
    ]


def _totals(firm: Firm) -> dict[str, dict[str, Decimal]]:
    said = firm.objects

    def sum_of(values: Iterable[Value], field: str) -> Decimal:
        return sum((Decimal(str(each[field])) for each in values), Decimal(0))

    amounts = {
        "invoices": sum_of((each for each in said["invoice"].values() if each.get("number")), "total"),
        "credits": -sum_of(said["credit"].values(), "total"),
        "refunds": -sum_of(said["refund"].values(), "total"),
        "payments": sum_of((each for each in said["payment"].values() if not each.get("voided_at")), "amount"),
        "payouts": -sum_of(said["payout"].values(), "fee"),
    }
    return {stream: {"CAD": amount} for stream, amount in amounts.items()}
