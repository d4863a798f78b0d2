"""The twin's part in `raccord check`: statements of a bank account and of a card, told in several ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from raccord.plugin.testing import Again, Expected, Telling, Trial
from raccord.plugin.texts import Text
from raccord_bankfeed.twins.bank import Dialect, Header, Leaves, MadeAccount, MadeLine, statement_file

MARKER = "extra-field-7"
_DAYS_ALONE = Text(
    "Une banque dit le jour d'une ligne selon son propre calendrier.",
    "A bank says the day of a line by a calendar of its own.",
)
_BANK = MadeAccount()
_CARD = MadeAccount(number="4111111111111111", card=True, balance=Decimal("-120.00"))


_ACCOUNT, _OF_CARD = "bank-6789-327e587ead", "card-1111-4a7"
_LINES = (
    (f"{_ACCOUNT}/2026-01-05-e574fdc3d81acea8", "2026-01-05", "1200.00"),
    (f"{_ACCOUNT}/2026-01-09-0f782f584c4d085a", "2026-01-09", "-43.17"),
    (f"{_ACCOUNT}/2026-01-09-0f782f584c4d085a~2", "2026-01-09", "-43.17"),
    (f"{_ACCOUNT}/2026-01-31-a4a83cfb2e61adc6", "2026-01-31", "0.10"),
    (f"{_ACCOUNT}/2026-02-02-4f53bee08775f76b", "2026-02-02", "-900.00"),
    (f"{_ACCOUNT}/2026-02-06-2379b072eaa6ec29", "2026-02-06", "0.20"),
    (f"{_OF_CARD}/2026-02-03-e1b855aa86bdc92c", "2026-02-03", "-120.00"),
    (f"{_OF_CARD}/2026-02-04-38e383ca67514797", "2026-02-04", "20.00"),
)
_CONTRADICTED = Expected("lines", f"{_OF_CARD}/2026-02-05-253adc4b6567a771", "2026-02-05", "-7.00", "bad")
"""Is called money in, and its amount says money out: for a person."""
"""The lines as the statements print them, each with the digest that makes its id: nobody knows their category yet."""

_COUNTS = {
    "Deposit": 3,
    "Expense": 5,
}
_PRINTED = {
    "lines/bank-6789-327e587ead/2026-01-05-e574fdc3d81acea8": [
        "Deposit",
        "day: 2026-01-05",
        "currency: CAD",
        "bank: ledger_account/bank-6789-327e587ead",
        "lines: account ?category; amount 1200.00; PAYROLL",
        "total: 1200.00",
        "memo: PAYROLL",
        "tax_mode: none",
    ],
    "lines/card-1111-4a7/2026-02-04-38e383ca67514797": [
        "Expense",
        "day: 2026-02-04",
        "currency: CAD",
        "paid_from: ledger_account/card-1111-4a7",
        "payment_type: card",
        "lines: account ?category; amount 20.00; HOTEL REFUND",
        "total: 20.00",
        "tax_mode: none",
        "credit: True",
        "memo: HOTEL REFUND",
    ],
}


def trials() -> list[Trial]:
    """Return the trial of a chequing account and a card over two months; February pays out more than comes in."""
    told, lines = _files(), [*_january(), *_february(), *_spent()]
    other = Dialect(header=Header.XML, leaves=Leaves.CLOSED, newline="\n", comments=True)
    return [
        Trial(
            name="statements",
            values={
                "input_kind": "upload",
                "accounts": "bank-815-30000-0123456789 = Chequing",
                "paypal_secret": "canary-secret",
            },
            told=Telling(files=told),
            again={
                Again.REORDERED: Telling(files=_files(backwards=True)[::-1]),
                Again.OVERLAPPING: Telling(files=[told[0], ("again.ofx", _files(dialect=other)[0][1]), *told[1:]]),
                Again.REISSUED: Telling(files=[(f"b-{name}", content) for name, content in _files(dialect=other)]),
            },
            extended=Telling(files=_files(more=True)),
            marker=MARKER,
            totals={"lines": {"CAD": sum((each.amount for each in lines), Decimal(0))}},
            expected=[*(Expected("lines", id_, day, amount, "waits") for id_, day, amount in _LINES), _CONTRADICTED],
            effects={"lines": {"ledger_account": "113.96", "category": "-113.96"}},
            counts=_COUNTS,
            printed=_PRINTED,
            exempt={"day.zone": _DAYS_ALONE},
        )
    ]


def _january() -> list[MadeLine]:
    return [
        _line(date(2026, 1, 5), "1200.00", "j1", "PAYROLL", "CREDIT"),
        _line(date(2026, 1, 9), "-43.17", "j2", "HYDRO", "DEBIT"),
        _line(date(2026, 1, 9), "-43.17", "j3", "HYDRO", "DEBIT"),
        _line(date(2026, 1, 31), "0.10", "j4", "INTEREST", "INT"),
    ]


def _february() -> list[MadeLine]:
    return [
        _line(date(2026, 2, 2), "-900.00", "f1", "LOYER", "CHECK"),
        _line(date(2026, 2, 6), "0.20", "f2", "", "INT"),
    ]


def _spent() -> list[MadeLine]:
    return [
        _line(date(2026, 2, 3), "-120.00", "c1", "HOTEL", "POS"),
        _line(date(2026, 2, 4), "20.00", "c2", "HOTEL REFUND", "CREDIT"),
        _line(date(2026, 2, 5), "-7.00", "c3", "CAFE", "CREDIT"),
    ]


def _line(day: date, amount: str, native: str, name: str, type_: str) -> MadeLine:
    return MadeLine(day=day, amount=Decimal(amount), native=native, name=name, type=type_)


def _files(*, dialect: Dialect | None = None, backwards: bool = False, more: bool = False) -> list[tuple[str, bytes]]:
    months: Sequence[tuple[str, MadeAccount, list[MadeLine], date, date]] = (
        ("january.ofx", _BANK, _january(), date(2026, 1, 1), date(2026, 1, 31)),
        ("february.ofx", _BANK, _february(), date(2026, 2, 1), date(2026, 2, 28)),
        ("card.ofx", _CARD, _spent(), date(2026, 2, 1), date(2026, 2, 28)),
    )
    found = []
    for name, account, lines, starts, ends in months:
        written = [replace(line, more={**line.more, "FRESH": MARKER}) if more else line for line in lines]
        content = statement_file(
            account, written[::-1] if backwards else written, dialect=dialect, starts=starts, ends=ends
        )
        found.append((name, content))
    return found
