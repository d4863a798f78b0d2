"""Accounts as banks name them, and a key for each that is stable between files and hides the number."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from raccord_bankfeed.readers.contract import Account, AccountKind

UNNAMED = "unnamed"
"""The key of the account of a file that names none."""

UNNAMED_STATEMENT = f"{UNNAMED}-statement-"
"""How the keys begin of the second of the statements of a file that name none and of those after it, until it is found
which accounts they are of.
"""
_STATEMENTS_MAX = 100
_ANOTHER = "-of-"

NUMBER = "number"
"""How an account is known begins that a file names by its whole number; by a name or a part of the number otherwise."""

ACCOUNT_TAGS = ("BANKID", "BROKERID", "BRANCHID", "ACCTID", "ACCTTYPE", "LOANACCTID")
"""What makes an account one account."""

_BANK_DIGEST_CHARS = 10
_BANK_CHARS_MAX = 20
_IBAN_CHARS_MIN, _IBAN_CHARS_MAX = 15, 34
_NUMBER_CHARS_MIN = 6
"""A shorter number, zeros in front apart, is not one account's alone."""
_IN_IBAN = {
    "AT": (20, 9, 20), "BE": (16, 4, 16), "CH": (21, 9, 21), "DE": (22, 12, 22), "DK": (18, 8, 18), "ES": (24, 14, 24),
    "FI": (18, 4, 18), "FR": (27, 14, 25), "GB": (22, 14, 22), "IE": (22, 14, 22), "IT": (27, 15, 27),
    "LI": (21, 9, 21), "LU": (20, 7, 20), "MC": (27, 14, 25), "NL": (18, 8, 18), "NO": (15, 4, 15), "PT": (25, 12, 23),
    "SM": (27, 15, 27),
}  # fmt: skip
"""By country how long an IBAN is, and between which of its characters the account's own number stands (SWIFT's registry
of IBANs); in Belgium, Finland and Norway that is the whole of the national number.
"""
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
        bank = _plain(ids.get("BANKID", "") or ids.get("BROKERID", ""))[:_BANK_CHARS_MAX]
        return Account(UNNAMED, kind, "", type_, called=bank)
    tail = "".join(character for character in number if character.isascii() and character.isalnum())[-4:]
    size = _CARD_DIGEST_CHARS if kind is AccountKind.CARD else _BANK_DIGEST_CHARS
    digest = hashlib.sha256("\x1f".join((kind, *parts)).encode()).hexdigest()[:size]
    alone = _alone(national(number)) or _alone(number)
    known = alone and kind is AccountKind.BANK
    called = NUMBER if _is_whole(number, alone) else "called"
    by_number = f"{called} {hashlib.sha256(alone.encode()).hexdigest()[:_BANK_DIGEST_CHARS]}" if known else ""
    return Account(f"{kind}-{tail}-{digest}", kind, f"…{tail}", type_, by_number)


def is_unnamed(key: str) -> bool:
    """Tell whether a key is that of a statement of a format that numbers its accounts, and that numbers none."""
    return key == UNNAMED or key.startswith(UNNAMED_STATEMENT)


def another_of(key: str, told: str) -> str:
    """Return the key of another account of a table whose rows are of several; ``told`` is what they say of it."""
    return f"{key}{_ANOTHER}{hashlib.sha256(told.encode()).hexdigest()[:_BANK_DIGEST_CHARS]}"


def group_of(key: str) -> str:
    """Return the key of the first of the accounts among which that of a statement or of some rows is looked for."""
    return UNNAMED if is_unnamed(key) else key.partition(_ANOTHER)[0]


class Unnamed:
    """Keeps the statements of one file apart that name no account: one may be of a card, and one of its bank account.

    ``placing.py`` finds which accounts they are of. What is ``asked`` beforehand is asked of them as of one.
    """

    def __init__(self, *, asked: bool = False) -> None:
        self._asked = asked
        self._count = 0

    def next(self, account: Account) -> Account:
        """Return the account of the next statement of the file."""
        if account.key != UNNAMED or self._asked:
            return account
        self._count += 1
        if self._count == 1:
            return account
        return replace(account, key=f"{UNNAMED_STATEMENT}{min(self._count, _STATEMENTS_MAX)}")


def national(number: str) -> str:
    """Return the number of an account within its bank that an IBAN holds; empty for what is none, or of a country that
    is not told here.
    """
    length, begins, ends = _IN_IBAN.get(number[:2], (0, 0, 0))
    return number[begins:ends] if len(number) == length and is_iban(number) else ""


def is_iban(number: str) -> bool:
    """Tell whether an account is named by an IBAN, whatever its country."""
    if not (_IBAN_CHARS_MIN <= len(number) <= _IBAN_CHARS_MAX and number.isascii() and number.isalnum()):
        return False
    # The check of ISO 13616: letters count from ten on.
    checked = int("".join(str(int(each, 36)) for each in number[4:] + number[:4])) % 97
    return number[:2].isalpha() and number[2:4].isdigit() and checked == 1


def _alone(number: str) -> str:
    """Return a number without what is written between its digits, and zeros in front; empty if too short to be one."""
    plain = "".join(each for each in number if each.isalnum()).lstrip("0")
    return plain if len(plain) >= _NUMBER_CHARS_MIN else ""


def _is_whole(number: str, alone: str) -> bool:
    """Tell whether an account is named by its whole number: not by a word, with digits left out, or by an IBAN of which
    the national number is not known.
    """
    digits = sum(map(str.isdigit, alone))
    return digits >= _NUMBER_CHARS_MIN and "XX" not in alone and not (number[:2].isalpha() and not national(number))


def chosen_account(id_: str, key: str, *, card: bool) -> Account:
    """Return an account at a provider, under the key that it was chosen with."""
    tail = "".join(each for each in id_ if each.isascii() and each.isalnum())[-4:]
    return Account(key, AccountKind.CARD if card else AccountKind.BANK, f"…{tail}")


def _plain(text: str) -> str:
    return "".join(text.split()).upper()
