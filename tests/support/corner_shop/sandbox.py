"""The shop's twin: its till's files, its processor, and what both come to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NoReturn

from raccord.plugin import LedgerObject
from raccord.plugin.contexts import Http
from raccord.plugin.testing import Again, Expected, Telling, Trial

START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
PAGE = 2


@dataclass(frozen=True, slots=True)
class Rung:
    """A sale, a refund or a void, as the till rang it up."""

    id: str
    moment: datetime
    kind: str
    amount: str
    tax: str
    customer: str = "7"


def rung() -> list[Rung]:
    """Return three days of the till; the second one takes in less than it pays back."""
    day = timedelta(days=1)
    return [
        Rung("a1", START, "sale", "11.50", "1.50"),
        Rung("a2", START + timedelta(hours=8, minutes=30), "sale", "0.10", "0.01"),
        Rung("a3", START + timedelta(hours=9), "sale", "0.20", "0.02", "8"),
        Rung("b1", START + day, "refund", "-11.50", "1.50"),
        Rung("b2", START + day + timedelta(hours=14), "void", "0.00", "0.00"),
        Rung("c1", START + 2 * day, "sale", "1234.56", "160.80", "9"),
        Rung("c2", START + 2 * day + timedelta(hours=1), "swap", "3.00", "0.39", "9"),
        Rung("c3", START + 2 * day + timedelta(hours=2), "voucher", "2.00", "0.26", "9"),
        Rung("d1", START + 3 * day, "account", "5.75", "0.75", "9"),
        Rung("d2", START + 3 * day + timedelta(hours=1), "paid:d1", "4.00", "0.00", "9"),
        Rung("d3", START + 3 * day + timedelta(hours=2), "account", "6.90", "0.90", "9"),
    ]


HEADINGS = ("id", "moment", "kind", "amount", "tax", "customer", "note")


def till_file(rows: Sequence[Rung], *, more: Mapping[str, str] | None = None) -> bytes:
    """Write a file of the till, with further columns if some are given."""
    added = more or {}
    lines = [",".join((*HEADINGS, *added))]
    for each in rows:
        cells = (each.id, each.moment.isoformat(), each.kind, each.amount, each.tax, each.customer, "Thanks")
        lines.append(",".join((*cells, *added.values())))
    return "\n".join([*lines, ""]).encode()


LATE = [Rung("a1", START, "sale", "12.50", "1.63"), Rung("a9", START, "sale", "5.00", "0.65")]
"""What the till tells a day on: a sale corrected, and one told late."""


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> object:
        found: object = json.loads(self.content, parse_float=Decimal)
        return found


def paid() -> list[dict[str, object]]:
    """Return what the processor paid out; one of them takes money back."""
    rows = (("p1", 3, "11.80", "0.35"), ("p2", 4, "-11.50", "0.05"), ("p3", 5, "1234.56", "36.20"))
    return [
        {
            "id": id_, "day": str(date(2026, 3, day)), "gross": gross, "fee": fee, "currency": "CAD",
            "net": str(Decimal(gross) - Decimal(fee)), "seq": number,
        }
        for number, (id_, day, gross, fee) in enumerate(rows, start=1)
    ]  # fmt: skip


@dataclass(slots=True)
class Processor:
    """The card processor's service, in this process."""

    payouts: Sequence[Mapping[str, object]] = field(default_factory=paid)
    goods: dict[str, str] = field(default_factory=dict)
    access: bool = True

    def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answered:
        if url.endswith("/access"):
            return _said({"access": self.access})
        after = int((params or {}).get("after", "0"))
        rows = list(self.payouts[after : after + PAGE])
        last = after + len(rows)
        return _said({"data": rows, "last": last, "more": last < len(self.payouts)})

    def post(
        self, url: str, *, json: object = None, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answered:
        if url.endswith("/goods"):
            self.goods[f"new-{len(self.goods)}"] = f"g{len(self.goods) + 1}"
            return _said({"id": f"g{len(self.goods)}"})
        return _said({})

    def put(self, url: str, *, json: object = None, headers: Mapping[str, str] | None = None) -> Answered:
        id_ = url.rsplit("/", 1)[-1]
        return _said({"id": self.goods.setdefault(id_, f"g{len(self.goods) + 1}")})

    def delete(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answered:
        self.access = self.access and not url.endswith("/access")
        return _said({})

    def download(self, url: str, *, headers: Mapping[str, str] | None = None) -> NoReturn:
        raise AssertionError(url)


def _said(value: object) -> Answered:
    return Answered(200, json.dumps(value).encode())


def opened(payouts: Sequence[Mapping[str, object]] | None = None) -> AbstractContextManager[Http]:
    """Open the processor as it is before anybody asked."""
    return nullcontext(Processor() if payouts is None else Processor(payouts))


def held(http: Http) -> list[str]:
    """Return what the processor still holds for the shop."""
    return ["access"] if '"access": true' in http.get("https://pay.example.com/access").content.decode() else []


EXPECTED = [
    Expected("sales", "a1", "2026-03-02", "11.50"),
    Expected("sales", "a2", "2026-03-02", "0.10"),
    Expected("sales", "a3", "2026-03-02", "0.20"),
    Expected("sales", "b1", "2026-03-03", "-11.50"),
    Expected("sales", "b2", "2026-03-03", "0.00", "corner-shop.void"),
    Expected("sales", "c1", "2026-03-04", "1234.56"),
    Expected("sales", "c2", "2026-03-04", "3.00", "bad"),
    Expected("sales", "c3", "2026-03-04", "2.00", "waits"),
    Expected("sales", "d1", "2026-03-05", "5.75"),
    Expected("sales", "d2", "2026-03-05", "4.00"),
    Expected("sales", "d3", "2026-03-05", "6.90"),
    Expected("payouts", "p1", "2026-03-03", "11.45"),
    Expected("payouts", "p2", "2026-03-04", "-11.55"),
    Expected("payouts", "p3", "2026-03-05", "1198.36"),
]
EFFECTS = {
    "sales": {
        "clearing": "1238.86",
        "voucher": "2.00",
        "receivable": "8.65",
        "income": "-1249.51",
        "tax 14.975 %": "-162.74",
    },
    "payouts": {"bank": "1198.26", "clearing": "-1234.86", "fees": "36.60"},
}
"""Added up by hand: 11.50 + 0.10 + 0.20 - 11.50 + 1234.56, a voucher of 2.00, 4.00 paid of 5.75 and 6.90 on account,
and what the processor kept of it."""
OPEN = {"sales/d1": "1.75", "sales/d3": "6.90", "people/9": "8.65"}
COUNTS = {
    "Customer": 3, "SalesReceipt": 5, "RefundReceipt": 1, "Invoice": 2, "Payment": 1, "Deposit": 2, "JournalEntry": 1,
}  # fmt: skip
PRINTED = {
    "people/7": [
        "Customer",
        "name: Customer 7",
    ],
    "sales/a1": [
        "SalesReceipt",
        "day: 2026-03-02",
        "currency: CAD",
        "deposit_to: clearing",
        "lines: item income; amount 11.50; Thanks; quantity 1; price 11.50",
        "total: 11.50",
        "tax_mode: inclusive",
        "customer: people/7",
        "taxes: percent 14.975; amount 1.50",
    ],
    "payouts/p1": [
        "Deposit",
        "day: 2026-03-03",
        "currency: CAD",
        "bank: bank",
        "lines: account clearing; amount 11.80",
        "lines: account fees; amount -0.35",
        "total: 11.45",
        "tax_mode: none",
    ],
    "payouts/p2": [
        "JournalEntry",
        "day: 2026-03-04",
        "currency: CAD",
        "lines: account clearing; side debit; amount 11.50",
        "lines: account fees; side debit; amount 0.05",
        "lines: account bank; side credit; amount 11.55",
        "money: bank",
    ],
    "sales/b1": [
        "RefundReceipt",
        "day: 2026-03-03",
        "currency: CAD",
        "paid_from: clearing",
        "lines: item income; amount 11.50; Thanks; quantity 1; price 11.50",
        "total: 11.50",
        "tax_mode: inclusive",
        "customer: people/7",
        "taxes: percent 14.975; amount 1.50",
    ],
    "sales/d1": [
        "Invoice",
        "day: 2026-03-05",
        "currency: CAD",
        "customer: people/9",
        "lines: item income; amount 5.75; Thanks; quantity 1; price 5.75",
        "total: 5.75",
        "tax_mode: inclusive",
        "taxes: percent 14.975; amount 0.75",
    ],
    "sales/d2": [
        "Payment",
        "day: 2026-03-05",
        "currency: CAD",
        "customer: people/9",
        "deposit_to: clearing",
        "total: 4.00",
        "applied: document sales/d1; amount 4.00; of Invoice",
    ],
}


def trials() -> list[Trial]:
    """Return the one trial of the shop."""
    rows, payouts = rung(), paid()
    days = [rows[:3], rows[3:5], rows[5:]]
    files = [(f"till-{number}.csv", till_file(each)) for number, each in enumerate(days, start=1)]
    told = Telling(files=files, http=opened)
    return [
        Trial(
            name="three days",
            values={"shop": "1", "api_token": "canary-token"},
            told=told,
            again={
                Again.REORDERED: Telling(
                    files=[(f"till-{number}.csv", till_file(each[::-1])) for number, each in enumerate(days[::-1])],
                    http=lambda: opened(payouts[::-1]),
                ),
                Again.OVERLAPPING: Telling(files=[files[0], ("whole.csv", till_file(rows)), *files[1:]], http=opened),
                Again.REISSUED: Telling(
                    files=[(f"copy-{name}", content + b"\n") for name, content in files], http=opened
                ),
            },
            extended=Telling(
                files=[("till.csv", till_file(rows, more={"loyalty": "extra-field-7"}))],
                http=lambda: opened([{**each, "fresh": "extra-field-7"} for each in payouts]),
            ),
            marker="extra-field-7",
            totals={
                "sales": {"CAD": sum((Decimal(each.amount) for each in rows), Decimal(0))},
                "payouts": {"CAD": sum((Decimal(str(each["net"])) for each in payouts), Decimal(0))},
            },
            moments={("sales", each.id): each.moment for each in rows},
            later=Telling(
                files=[("late.csv", till_file(LATE))],
                http=lambda: opened([*payouts, *({**payouts[0], "id": f"p{number}"} for number in (4, 5, 6, 7, 8))]),
            ),
            expected=EXPECTED,
            effects=EFFECTS,
            open=OPEN,
            counts=COUNTS,
            printed=PRINTED,
            held=held,
            pushed={"goods": [LedgerObject("Item", "41", "Bread"), LedgerObject("Item", "42", "Milk")]},
        )
    ]  # fmt: skip
