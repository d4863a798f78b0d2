"""The account of an MT940 statement."""

from __future__ import annotations

import re
from dataclasses import replace

from raccord_bankfeed.readers.account import account_of
from raccord_bankfeed.readers.contract import Account, AccountKind

_IBAN = re.compile(r"([A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}?)(?:[/ ]?(?:EUR|CHF|GBP|USD|CAD|PLN|SEK|NOK|DKK|CZK|HUF))?")
_IN_CURRENCY = re.compile(r"(.*[0-9])(?:EUR|CHF|GBP|USD|CAD|PLN|SEK|NOK|DKK|CZK|HUF)")


def account_named(text: str) -> Account:
    """Return the account of a ``:25:``: an IBAN, perhaps with its currency, or bank and number."""
    plain = "".join(text.upper().split())
    if (iban := _IBAN.fullmatch(plain)) is not None:
        return account_of(AccountKind.BANK, {"ACCTID": iban[1]})
    named = _account_of(plain)
    if (found := _IN_CURRENCY.fullmatch(plain)) is None:
        return named
    # The account in one currency of a number: it is known by the number in files that write that alone.
    alone = _account_of(found[1])
    return replace(named, masked=alone.masked, number=alone.number)


def _account_of(plain: str) -> Account:
    bank, slash, number = plain.partition("/")
    return account_of(AccountKind.BANK, {"BANKID": bank, "ACCTID": number} if slash and number else {"ACCTID": bank})
