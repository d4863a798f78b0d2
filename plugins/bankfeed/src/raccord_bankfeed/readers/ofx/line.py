"""One OFX transaction: from the text between its tags to a line."""

from __future__ import annotations

import re
from datetime import date

from raccord_bankfeed.readers import faults
from raccord_bankfeed.readers.amounts import Mark
from raccord_bankfeed.readers.contract import Account, Correction, CorrectionAction, Line
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.ofx.values import read_amount, read_day
from raccord_bankfeed.readers.table.words import BALANCE_TEXT, plain

_CURRENCY = re.compile(r"[A-Z]{3}")
_DASHED = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?![0-9])")
"""What the standard does not know and can be read in one way."""
DAYS_MAX = 4000
HOLD = "HOLD"
"""The kind of an amount on hold, which is not booked."""


class Days(dict[str, date]):
    """Remembers the days of a file by their eight digits: a file has few days and many lines."""

    def __missing__(self, digits: str) -> date:
        day = read_day(digits)
        if day is None:
            raise RowFault(faults.date_impossible("DTPOSTED", digits))
        if len(self) >= DAYS_MAX:
            self.clear()
        self[digits] = day
        return day


def make_line(
    fields: dict[str, str],
    account: Account,
    currency: str,
    pending: bool,
    offset: int,
    days: Days,
    mark: Mark | None = None,
) -> Line:
    """Turn the fields of a transaction into a line; raises :class:`RowFault` where they are none."""
    get = fields.get
    posted = get("DTPOSTED", "") or (get("DTTRAN", "") if pending else "")
    if (dashed := _DASHED.match(posted)) is not None:
        posted = "".join(dashed.groups())
    if not posted:
        raise RowFault(faults.date_missing("DTTRAN" if pending else "DTPOSTED"))
    own_currency = get("CURRENCY.CURSYM", "")
    if own_currency:
        currency = own_currency.upper()
        if not is_currency(currency):
            raise RowFault(faults.currency_unreadable(own_currency))
    type_ = get("TRNTYPE", "").upper()
    check_number = get("CHECKNUM", "")
    return Line(
        account,
        get("FITID", ""),
        days[posted[:8]],
        read_amount(get("TRNAMT", ""), mark),
        currency,
        get("NAME", "") or get("PAYEE.NAME", "") or get("EXTDNAME", ""),
        get("MEMO", ""),
        type_,
        get("REFNUM", ""),
        check_number if check_number.strip("0") else "",
        pending or type_ == HOLD,
        _correction(fields) if "CORRECTFITID" in fields else None,
        tuple(fields),
        (*fields.values(), ""),
        offset,
    )


def is_balance(fields: dict[str, str]) -> bool:
    """Tell whether a row without an id says nothing but that a balance stands there, as banks of Brazil write them."""
    said = [plain(text) for tag in ("NAME", "MEMO") if (text := fields.get(tag, ""))]
    return bool(said) and not fields.get("FITID", "") and all(map(BALANCE_TEXT.fullmatch, said))


def is_currency(text: str) -> bool:
    """Tell whether a text is written like an ISO 4217 code."""
    return _CURRENCY.fullmatch(text) is not None


def _correction(fields: dict[str, str]) -> Correction | None:
    native = fields["CORRECTFITID"]
    if not native:
        return None
    action = fields.get("CORRECTACTION", "")
    try:
        return Correction(native, CorrectionAction(action.lower()))
    except ValueError:
        raise RowFault(faults.correction_unreadable(action)) from None
