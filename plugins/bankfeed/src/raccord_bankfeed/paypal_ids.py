"""PayPal's own words: the id of a payment and that of its fee, the same by its search and by its lists, and more."""

from __future__ import annotations

import re

from raccord_bankfeed.readers.contract import Line

PAYPAL = "PAYPAL"
"""The kind of the accounts of PayPal's lists of activities."""
CONVERSION = "CONVERSION"
"""The type of a line by which one of a person's own balances at PayPal became one of another currency."""
_FEE = ".fee"
_SEARCHED = re.compile(rf"(.+)\.T[0-9]{{4}}({re.escape(_FEE)})?")
"""As the search's lines are called: by id and code of event."""


def fee_of(native: str) -> str:
    """Return what the fee of a payment is called."""
    return f"{native}{_FEE}"


def id_at_paypal(line: Line) -> str:
    """Return by which id PayPal knows a payment or its fee, whatever the road; empty for all other lines."""
    if line.account.type == PAYPAL:
        return line.native
    found = _SEARCHED.fullmatch(line.native) if line.stable else None
    return f"{found[1]}{found[2] or ''}" if found is not None else ""
