"""Accounts as banks name them, and a key for each that is stable between files and hides the number."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from raccord_bankfeed.readers.contract import Account, AccountKind

UNNAMED = "unnamed"
"""The key of the account of a file that names none."""

ACCOUNT_TAGS = ("BANKID", "BROKERID", "BRANCHID", "ACCTID", "ACCTTYPE", "LOANACCTID")
"""What makes an account one account."""

_BANK_DIGEST_CHARS = 10
_NUMBER_CHARS_MIN = 6
"""A shorter number, zeros in front apart, is not one account's alone."""
_CARD_DIGEST_CHARS = 3
"""Few enough that a card's number cannot be found by trying: dozens of numbers share last digits and digest."""


def account_of(kind: AccountKind, ids: Mapping[str, str]) -> Account:
    """Return the account that a statement's ``…ACCTFROM`` names.

    Its identity is the standard's: bank, branch, number and type (banks give a chequing and a savings account one
    number), blanks and case apart.
    """
    parts = [_plain(ids.get(name, "")) for name in ACCOUNT_TAGS]
    number = _plain(ids.get("ACCTID", "") or ids.get("LOANACCTID", ""))
    type_ = _plain(ids.get("ACCTTYPE", ""))[:20]
    if not number:
        return Account(UNNAMED, kind, "", type_)
    tail = "".join(character for character in number if character.isascii() and character.isalnum())[-4:]
    size = _CARD_DIGEST_CHARS if kind is AccountKind.CARD else _BANK_DIGEST_CHARS
    digest = hashlib.sha256("\x1f".join((kind, *parts)).encode()).hexdigest()[:size]
    alone = number.lstrip("0")
    known = len(alone) >= _NUMBER_CHARS_MIN and kind is AccountKind.BANK
    by_number = f"number {hashlib.sha256(alone.encode()).hexdigest()[:_BANK_DIGEST_CHARS]}" if known else ""
    return Account(f"{kind}-{tail}-{digest}", kind, f"…{tail}", type_, by_number)


def chosen_account(id_: str, key: str, *, card: bool) -> Account:
    """Return an account at a provider, under the key that it was chosen with."""
    tail = "".join(each for each in id_ if each.isascii() and each.isalnum())[-4:]
    return Account(key, AccountKind.CARD if card else AccountKind.BANK, f"…{tail}")


def _plain(text: str) -> str:
    return "".join(text.split()).upper()
