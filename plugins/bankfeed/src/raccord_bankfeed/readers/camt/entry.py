"""One entry (``Ntry``) of a CAMT message: from its leaves to a line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache

from raccord_bankfeed.readers import faults, text_faults
from raccord_bankfeed.readers.contract import Account, Line
from raccord_bankfeed.readers.days import day_of
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.ofx.line import is_currency

DETAILS_MAX = 10_000
"""Payments of one entry that are taken apart; an entry of more stays one line."""
LEAVES_MAX = 600
"""Of one entry; a batch of thousands of payments is still one line."""

_AMOUNT = re.compile(r"\+?[0-9]{0,24}(?:\.[0-9]{0,12})?")
_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?![0-9])")
BOOKED = frozenset({"BOOK", ""})
DETAILS = "NtryDtls/TxDtls/"
NOTHING = frozenset({"NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOREF", "NONE"})
DATES = (
    "BookgDt/Dt",
    "BookgDt/DtTm",
    "ValDt/Dt",
    "ValDt/DtTm",
    f"{DETAILS}RltdDts/IntrBkSttlmDt",
    f"{DETAILS}RltdDts/AccptncDtTm",
    f"{DETAILS}RltdDts/TxDtTm",
)
_NAMES_MAX = 3
MEMO_CHARS_MAX = 2000
REFERENCES = tuple(
    f"{DETAILS}{path}" for path in ("Refs/EndToEndId", "RmtInf/Strd/CdtrRefInf/Ref", "Refs/TxId", "Refs/InstrId")
)


def _names_of(role: str) -> tuple[str, ...]:
    return tuple(f"{party}/{path}" for party in (role, f"Ultmt{role}") for path in ("Nm", "Pty/Nm"))


PARTIES = {role: tuple(f"{DETAILS}RltdPties/{path}" for path in _names_of(role)) for role in ("Dbtr", "Cdtr")}
TEXTS = (
    *(f"{DETAILS}RmtInf/{path}" for path in ("Ustrd", "Strd/RfrdDocInf/Nb", "Strd/CdtrRefInf/Ref", "Strd/AddtlRmtInf")),
    f"{DETAILS}AddtlTxInf",
    "AddtlNtryInf",
)
CODES = {
    where: tuple(f"{where}BkTxCd/Domn/{path}" for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd"))
    for where in ("", DETAILS)
}


@dataclass(slots=True)
class Entry:
    """The leaves of an entry by path, in the file's order; a path that comes again has a number."""

    line: int
    offset: int
    leaves: dict[str, str] = field(default_factory=dict)
    transactions: int = 0
    repeats: dict[str, int] = field(default_factory=dict)
    details: list[dict[str, str]] = field(default_factory=list)
    """The leaves of each payment in it, where they are wanted one by one."""
    apart: bool = False
    """Whether they are."""

    def add(self, path: str, text: str) -> None:
        """Keep one leaf."""
        if self.apart and path.startswith(DETAILS) and len(self.details) <= DETAILS_MAX:
            self.details[-1].setdefault(path.removeprefix(DETAILS), text)
        if path in self.leaves:
            number = self.repeats[path] = self.repeats.get(path, 1) + 1
            path = f"{path}[{number}]"
        if len(self.leaves) < LEAVES_MAX:
            self.leaves[path] = text

    def all(self, path: str) -> Sequence[str]:
        """Return every value of a path."""
        leaves = self.leaves
        if path not in leaves:
            return ()
        if path not in self.repeats:
            return (leaves[path],)
        others = (leaves.get(f"{path}[{number}]") for number in range(2, self.repeats[path] + 1))
        return (leaves[path], *(value for value in others if value is not None))


def read_money(amount: str, direction: str, where: str) -> Decimal:
    """Return an amount with its sign; the direction is that of the money, also for what reverses another entry."""
    if not amount:
        raise RowFault(text_faults.amount_missing(f"{where}Amt"))
    if _AMOUNT.fullmatch(amount) is None or not any(map(str.isdigit, amount)):
        raise RowFault(text_faults.amount_unreadable(f"{where}Amt", amount))
    match direction.upper():
        case "CRDT":
            return Decimal(amount)
        case "DBIT":
            return -Decimal(amount)
        case _:
            raise RowFault(text_faults.direction_unknown(f"{where}CdtDbtInd", direction))


@lru_cache(maxsize=4096)
def read_day(text: str) -> date | None:
    """Return the day of a date or of a time, as the bank wrote it, never shifted by the zone."""
    found = _DAY.match(text)
    return None if found is None else day_of(int(found[1]), int(found[2]), int(found[3]))


def is_booked(leaves: Mapping[str, str]) -> bool:
    """Tell whether the bank has booked an entry: from version 8 on the word stands in a leaf of its own."""
    status = leaves.get("Sts") or leaves.get("Sts/Cd") or leaves.get("Sts/Prtry") or ""
    return status.upper() in BOOKED


def booking_day(leaves: Mapping[str, str]) -> date:
    """Return the booking day, else the value day, else that of the payment; raises ``RowFault``."""
    for path in DATES:
        if text := leaves.get(path, ""):
            day = read_day(text)
            if day is None:
                raise RowFault(text_faults.date_impossible(path, text))
            return day
    raise RowFault(text_faults.date_missing("BookgDt, ValDt"))


def judge(leaves: Mapping[str, str], currency: str) -> tuple[date, Decimal, str, bool]:
    """Return day, amount, currency and whether an entry is pending; raises ``RowFault`` where it is no transaction."""
    get = leaves.get
    amount = read_money(get("Amt", ""), get("CdtDbtInd", ""), "Ntry/")
    day = booking_day(leaves)
    currency = get("Amt@Ccy", "").upper() or currency
    if currency and not is_currency(currency):
        raise RowFault(faults.currency_unreadable(currency))
    return day, amount, currency, not is_booked(leaves)


def make_line(entry: Entry, account: Account, currency: str) -> Line:
    """Turn an entry into a line; raises ``RowFault`` where it is none."""
    leaves = entry.leaves
    get = leaves.get
    day, amount, currency, pending = judge(leaves, currency)
    single = entry.transactions == 1
    incoming = amount >= 0
    if get("RvslInd", "") in ("true", "1"):
        incoming = not incoming
    return Line(
        account,
        get("AcctSvcrRef") or (single and (get(f"{DETAILS}Refs/AcctSvcrRef") or get(f"{DETAILS}Refs/UETR"))) or "",
        day,
        amount,
        currency,
        ", ".join(_parties(entry, "Dbtr" if incoming else "Cdtr")),
        _memo(entry),
        _kind(leaves, "") or (_kind(leaves, DETAILS) if single else ""),
        _reference(leaves) if single else "",
        get(f"{DETAILS}Refs/ChqNb", "") if single else "",
        pending,
        None,
        tuple(leaves),
        (*leaves.values(), ""),
        entry.offset,
    )


def _parties(entry: Entry, role: str) -> list[str]:
    """Return who is on the other side; of a batch the first few, each once."""
    names: dict[str, None] = {}
    for path in PARTIES[role]:
        for name in entry.all(path):
            names[name] = None
            if len(names) == _NAMES_MAX:
                return list(names)
        if names:
            break
    return list(names)


def _memo(entry: Entry) -> str:
    parts = [text for path in TEXTS for text in entry.all(path)]
    return (parts[0] if len(parts) == 1 else " ".join(dict.fromkeys(parts)))[:MEMO_CHARS_MAX]


def _kind(leaves: Mapping[str, str], where: str) -> str:
    domain, family, subfamily = CODES[where]
    if domain in leaves and family in leaves and subfamily in leaves:
        return f"{leaves[domain]}-{leaves[family]}-{leaves[subfamily]}"
    return leaves.get(f"{where}BkTxCd/Prtry/Cd", "")


def _reference(leaves: Mapping[str, str]) -> str:
    for path in REFERENCES:
        text = leaves.get(path, "")
        if text and text.upper() not in NOTHING:
            return text
    return ""
