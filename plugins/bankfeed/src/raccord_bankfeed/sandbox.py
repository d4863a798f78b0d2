"""The connector's part in Raccord's demonstration (a real bank file, and lines to review) and in its conformance."""

from __future__ import annotations

import os
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

from raccord.plugin.demo import DemoSource
from raccord.plugin.texts import Text
from raccord_bankfeed.trying import trials

__all__ = ["demo", "trials"]

SAMPLE = ("samples", "qfx", "bank_medium_cad.qfx")
DAYS = 30
"""How far back the lines to review begin."""
OWED = "Boulangerie Gagnon", "F-1042", Decimal("1724.63")
"""An open invoice that one of the lines pays."""
LINES = (
    (21, "-6.85", "MCDONALD'S #112", "POS MERCHANDISE"),
    (19, "1724.63", "BOULANGERIE GAGNON", "DEPOT F-1042"),
    (15, "-350.00", "VIREMENT AU COMPTE CHEQUES", "TRANSFER"),
    (12, "-64.80", "SHELL STATION 0442", "POS MERCHANDISE"),
    (8, "-214.37", "HYDRO-QUEBEC", "BILL PAYMENT"),
    (5, "-48.00", "PAIEMENT DIVERS 0042", "MISCELLANEOUS PAYMENTS"),
)
"""Days before the last one, amount, name and memo: a known kind, a match, a transfer, new ones, an unclear one."""
UNKNOWN = (
    "01234567890;{first:%d/%m/%Y};CARTE 012345;00X0X0X;-105,90;\n01234567890;{last:%d/%m/%Y};CHEQUE 12;38;-5,76;\n"
)
"""Two lines of a bank of which nobody has said whether its dates begin with the day."""


def demo(folder: Path, today: date) -> DemoSource:
    """Put a Canadian bank's file into ``folder`` once, with lines of the last weeks that wait for a person; later calls
    find them there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    real = files("raccord_bankfeed").joinpath(*SAMPLE).read_bytes()
    _put(folder / SAMPLE[-1], real)
    _put(folder / "a-revoir.qfx", _statement(real.decode("ascii"), today).encode("ascii"))
    eighth = (today.replace(day=1) - timedelta(days=1)).replace(day=8)
    unknown = UNKNOWN.format(first=eighth, last=eighth + timedelta(days=1))
    _put(folder / "banque-inconnue.csv", unknown.encode("ascii"))
    return DemoSource(
        label=Text("Banque (un vrai fichier)", "Bank (a real file)"),
        values={"input_kind": "folder", "folder": str(folder)},
        starts_on=date(2009, 4, 1),
        last_day=date(2009, 4, 30),
        prefer={"ledger_account": "épargne"},
        left_from=date(2009, 5, 1),
        owed=[(*OWED[:2], today - timedelta(days=DAYS), OWED[2])],
    )


def _put(target: Path, content: bytes) -> None:
    if not target.exists():
        draft = target.with_suffix(".part")
        draft.write_bytes(content)
        # As if it had lain there for a while: a file that has just been written may still be growing.
        os.utime(draft, (0, 0))
        draft.rename(target)


def _statement(real: str, today: date) -> str:
    """Return a statement of the same account with the lines to review."""
    head, rest = real.split("<BANKTRANLIST>")
    tail = rest.split("</BANKTRANLIST>")[1]
    first = today - timedelta(days=DAYS)
    lines = [
        f"<STMTTRN><TRNTYPE>{'CREDIT' if Decimal(amount) > 0 else 'DEBIT'}"
        f"<DTPOSTED>{today - timedelta(days=back):%Y%m%d}120000<TRNAMT>{amount}<FITID>review{number}"
        f"<NAME>{name}<MEMO>{memo}</STMTTRN>"
        for number, (back, amount, name, memo) in enumerate(LINES)
    ]
    days = f"<DTSTART>{first:%Y%m%d}<DTEND>{today:%Y%m%d}"
    return f"{head}<BANKTRANLIST>{days}\n" + "\n".join(lines) + f"\n</BANKTRANLIST>{tail}"
