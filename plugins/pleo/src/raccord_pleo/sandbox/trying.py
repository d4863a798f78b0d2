"""The twin's part in `raccord check`: a company's expenses in one export, over pages, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.message import Message
from io import BytesIO
from urllib.parse import urlencode

from raccord.plugin import LedgerObject
from raccord.plugin.contexts import Http
from raccord.plugin.testing import Again, Expected, FixedClock, Telling, Trial, TwinAnswer, TwinHttp, TwinRequest
from raccord.plugin.texts import Text
from raccord_pleo.lists import ACCOUNTS, TAX_CODES, VENDORS
from raccord_pleo.mapping import CLASSES, PROJECTS
from raccord_pleo.sandbox.company import Filed, TwinCompany
from raccord_pleo.sandbox.printed import COUNTS, PRINTED
from raccord_pleo.sandbox.server import Handler, PleoTwin

MARKER = "extra-field-7"
NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
FIRST = datetime(2026, 3, 16, 2, 30, tzinfo=UTC)
PAGE = 3
_ONE_EXPORT = Text(
    "Une dépense est dans un seul export à la fois ; Pleo refuse d'en commencer un second.",
    "An expense is in one export at a time; Pleo refuses to begin a second one.",
)
_TAX_ID = "22222222-2222-4222-8222-222222222222"
_ANOTHER_EXPORT = Text(
    "Ce qui vient plus tard est dans un autre export, que Pleo donne entier ; celui-ci est fini.",
    "What comes later is in another export, which Pleo gives whole; this one is over.",
)
_SPENT = {"id": "11111111-1111-4111-8111-111111111111", "name": "Fournitures", "identifier": "60"}


_EXPENSES = (
    ("2026-03-15", "-45.50"), ("2026-03-16", "-12.00"), ("2026-03-17", "9.00"), ("2026-03-17", "500.00"),
    ("2026-03-18", "-12.00"), ("2026-03-18", "-0.10"), ("2026-03-19", "-0.20"), ("2026-03-19", "-7.00"),
)  # fmt: skip
"""By the clock of Toronto: the first is settled at half past ten in the evening there."""


def trials() -> list[Trial]:
    """Return the trial of one company; every day but one spends more than comes back."""
    company = _company()
    return [
        Trial(
            name="export",
            values={"company_id": str(company.id), "api_key": "twin-key"},
            told=Telling(http=lambda: _opened(_company())),
            again={
                Again.REORDERED: Telling(http=lambda: _opened(_company(), backwards=True)),
                Again.REISSUED: Telling(http=lambda: _opened(_company(), failed_before=True)),
            },
            extended=Telling(http=lambda: _opened(_company(more={"fresh": MARKER}))),
            marker=MARKER,
            totals={"entries": {"CAD": sum((_signed(each) for each in company.expenses.values()), Decimal(0))}},
            moments={
                ("entries", str(entry)): datetime.fromisoformat(filed.settled)
                for entry, filed in company.expenses.items()
            },
            expected=[
                Expected("entries", str(entry), day, amount, *(["bad"] if amount == "-7.00" else []))
                for entry, (day, amount) in zip(company.expenses, _EXPENSES, strict=True)
            ],
            # 45.50 + 12 + 0.10 + 0.20 less a refund of 9; the mileage is owed and paid back.
            effects={"entries": {"60": "48.80", "pleo_bank": "451.20", "funding": "-500.00"}},
            counts=COUNTS,
            printed=PRINTED,
            pushed=_ENTRIES,
            now=NOW,
            exempt={"identity.overlapping": _ONE_EXPORT, "identity.later": _ANOTHER_EXPORT},
        )
    ]


_ENTRIES = {
    ACCOUNTS: [LedgerObject("Account", "60", "Fournitures", type="Expense")],
    TAX_CODES: [LedgerObject("TaxCode", "5", "TPS/TVQ QC", details={"purchase_percent": "14.975"})],
    VENDORS: [LedgerObject("Vendor", "7", "Papeterie Roy")],
    CLASSES: [LedgerObject("Class", "8", "Nord")],
    PROJECTS: [
        LedgerObject("Customer", "9", "Ville:Chantier 7"),
        LedgerObject("Customer", "10", "Ville:Fini", active=False),
    ],
}


def _company(more: Mapping[str, object] | None = None) -> TwinCompany:
    company = TwinCompany(FixedClock(NOW))
    kinds = (
        ("card_purchase", 4550), ("mileage", 1200), ("refund", 900), ("wallet_load", 50000), ("reimbursement", 1200),
        ("card_purchase", 10), ("card_purchase", 20), ("card_purchase", 700),
    )  # fmt: skip
    # The first one holds tax at a rate that the source states, and rounds 5.926 down; the last one has no category.
    tax = {"currency": "CAD", "value": 592}
    taxed = {
        "id": _TAX_ID, "code": "TPS/TVQ", "rate": Decimal("0.14975"), "type": "inclusive",
        "amount": {"inWalletCurrency": tax, "inSupplierCurrency": tax},
    }  # fmt: skip
    for number, (kind, minor) in enumerate(kinds):
        company.file(
            Filed(
                minor=minor,
                kind=kind,
                currency="CAD",
                category=None if minor == 700 else _SPENT,
                settled=(FIRST + timedelta(hours=13 * number)).isoformat(),
                receipts=(b"%PDF-1.4 receipt",) if number == 0 else (),
                tax=taxed if number == 0 else None,
                more=more or {},
            )
        )
    return company


def _signed(filed: Filed) -> Decimal:
    amount = Decimal(filed.minor).scaleb(-2)
    return amount if filed.kind in ("refund", "wallet_load") else -amount


@contextmanager
def _opened(company: TwinCompany, *, backwards: bool = False, failed_before: bool = False) -> Iterator[Http]:
    """Open the company with an export under way that nobody took over yet."""
    twin = PleoTwin(company)
    company.base = "https://external.pleo.io"
    if failed_before:
        job = company.export()
        company.event(job, "started", None)
        company.event(job, "failed", None)
    company.export([*company.expenses][::-1] if backwards else ())
    try:
        yield TwinHttp(lambda request: _Direct(twin, request).answer)
    finally:
        twin.close()


class _Direct(Handler):
    """The twin's routes without a socket between."""

    def __init__(self, twin: PleoTwin, request: TwinRequest) -> None:
        asked = {**request.params, **({"limit": str(PAGE)} if "limit" in request.params else {})}
        self.twin, self.command = twin, request.method
        self.path = f"{request.path}?{urlencode(asked)}"
        self.headers = Message()
        for name, value in request.headers.items():
            self.headers[name] = value
        self.headers["Content-Length"] = str(len(request.body))
        self.rfile = BytesIO(request.body)
        self.answer = TwinAnswer(500)
        self._serve()

    def _write(self, status: int, content: bytes, kind: str, headers: Mapping[str, str]) -> None:
        self.answer = TwinAnswer(status, content, {"content-type": kind, **headers})
