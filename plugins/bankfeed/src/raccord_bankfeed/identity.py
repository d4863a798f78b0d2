"""One id for each line of an account, the same in every file that holds the line.

The bank's own id (OFX's ``FITID``) is meant to be unique for ever, and is not: banks repeat it in one file for
different transactions, use it again years later, send ``1`` or nothing. What is done about it, rule by rule:

1. *Same native id, same day and amount, in another file*: the same line. The text is no part of the id, so a text that
   the bank changed is a new revision of the same record.
2. *Same native id, other day or amount, in one file*: different lines, because the id always ends in a digest of native
   id, day and amount. It does so even for a native id seen once, since whether it is repeated must not depend on which
   file came first.
3. *Same native id, other amount, in a later file, and the bank does not say that it corrects*: a line of its own, for
   the reason above. The other way, one record with a new revision, would rewrite a posted document whenever a bank
   uses an id again. So nothing is lost or rewritten, and ``raw["native"]`` tells that they share the bank's id. On
   near days they are asked about (``replacing.py``); later, the second is a line like any other, which a rule may book.
   Where the bank does say so (``CORRECTFITID``), the first goes on under its id with what the second says
   (``corrections.py``).
4. *No native id, or one that tells nothing*: account, day and a digest of what the line says, and for the second equal
   line of a file and on ``~2``, ``~3`` … Equal lines are counted for each account and day within the file, so two equal
   coffees are two lines, the same file again adds nothing, and of two files that share a day the fuller one counts
   (the greater number of equal lines, never the sum).
   Where balances prove that two files' statements share no line, their equal lines are as many as both have
   (``chained.py``).
   Lines with a native id are counted the same way, but within one statement of the file: a statement lists a line once,
   so an entry twice in one list is two lines, and the same entry in two lists is one.
5. *The same account by another road* (another format, another layout) shares no ids: see ``crossing.py``.
   Where a provider promises that its id is one line's for ever (SimpleFIN), the day is no part of the id: a line that
   is booked on another day is a new revision. The amount stays one: a provider that changes it is not believed unasked.
   Where a provider tells changes by the id (Plaid's ``modified`` and ``removed``), the id alone is the line's: another
   amount is a new revision, and so is that the line is gone.
6. Never part of an id: the file's name, the line's place in it, a running balance. Never alone: the text.

What this cannot see: a line without a native id whose text the bank changes between two files is two lines.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from itertools import count
from types import MappingProxyType

from raccord_bankfeed.equal_lines import EqualLines
from raccord_bankfeed.readers.contract import Line

_DIGEST_BYTES = 8
_SHOWN_CHARS = 40
_COUNTED = re.compile(rf"-[0-9a-f]{{{2 * _DIGEST_BYTES}}}")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
_NOTHING = frozenset({"NONE", "NULL", "NAN", "UNKNOWN", "NOTPROVIDED", "NOT PROVIDED", "NONREF"})
_COUNTER_DIGITS_MAX = 3
"""An id of so few digits, zeros in front apart, is a counter that starts again with each download."""


_PLAIN_CHARS_MAX = 28
"""A longer amount may lose digits where it is put in its shortest form, and always did."""


Taken = Mapping[int, Mapping[str, frozenset[int]]]
"""By statement of a file, counted from 0, and by what equal lines have in common (``base_of``) the numbers that lines
have which are proven to be others.
"""
NOTHING_TAKEN: Taken = MappingProxyType({})


class Identities:
    """Gives the lines of one file their ids; ask for every line in the file's order, and tell when a statement ends."""

    def __init__(self, taken: Taken = NOTHING_TAKEN) -> None:
        self.taken = taken
        self._numbered = frozenset(base for some in taken.values() for base in some)
        self._numbers: dict[tuple[str, str], set[int]] = {}
        self._statement = 0
        self._in_file, self._pending, self._in_statement = EqualLines(), EqualLines(), EqualLines()

    def of(self, line: Line) -> str:
        """Return the id of the next line of the file."""
        account = line.account
        native = line.native
        if line.lasting and native:
            # Told twice in one file, it is the same line, changed in between: never numbered.
            return f"{account.key}/{_shown(native)}-{_digest(native).hex()}"
        day = line.day.isoformat()
        amount = plain_amount(-line.amount if account.turned else line.amount)
        if not line.pending and (is_telling(native, line.day) or (line.stable and native)):
            equal, shown = self._in_statement, _shown(native)
            told, day = ((native, amount), "") if line.stable else ((native, day, amount), day)
            digest = _digest(*told)
        else:
            equal, shown = (self._pending, f"pending-{day}") if line.pending else (self._in_file, day)
            reference = line.reference or line.check_number
            words = normalised(f"{line.name} {line.memo}")
            digest = _digest(day, amount, line.currency, words, normalised(reference))
            if self._numbered and not line.pending and (base := f"{shown}-{digest.hex()}") in self._numbered:
                return self._of_other_than(account.key, base)
        which = equal.count(account.key, digest, day)
        plain = f"{account.key}/{shown}-{digest.hex()}"
        return plain if which == 1 else f"{plain}~{which}"

    def _of_other_than(self, key: str, base: str) -> str:
        """Return the id of a line with the first number that neither an equal line of the file has nor another one."""
        used = self._numbers.setdefault((key, base), set())
        number = first_free(used, self.taken.get(self._statement, {}).get(base, frozenset()))
        used.add(number)
        return f"{key}/{base}" if number == 1 else f"{key}/{base}~{number}"

    def statement_ended(self) -> None:
        """Begin a new list: native ids are counted afresh."""
        self._in_statement = EqualLines()
        self._statement += 1


def first_free(*taken: Collection[int]) -> int:
    """Return the first number that nothing has."""
    return next(number for number in count(1) if not any(number in some for some in taken))


def plain_taken(taken: Taken) -> str:
    """Return which numbers are taken, as one text."""
    return repr([(each, sorted((base, sorted(some)) for base, some in taken[each].items())) for each in sorted(taken)])


def base_of(id_: str, day: date) -> str:
    """Return what the ids of equal lines that are counted within a file have in common, without the account's key;
    empty where the bank's own id tells a line.
    """
    base = id_.partition("/")[2].partition("~")[0]
    return base if _COUNTED.fullmatch(base.removeprefix(day.isoformat())) else ""


def is_telling(native: str, day: date) -> bool:
    """Tell whether a bank's id can tell lines apart: not if empty, a word for nothing, a small counter or the day."""
    plain = native.strip().upper()
    if len(plain) <= _COUNTER_DIGITS_MAX or plain in _NOTHING or plain.count(plain[0]) == len(plain):
        return False
    if plain.isdigit():
        digits = plain.lstrip("0")
        if len(digits) <= _COUNTER_DIGITS_MAX:
            return False
        compact = f"{day:%Y%m%d}"
        return not (digits.startswith(compact) and not digits[8:].strip("0"))
    return True


def normalised(text: str) -> str:
    """Return a text for comparison: compatibility forms unified, upper case, runs of blanks as one; digits stay."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(plain.upper().split())


def plain_amount(amount: Decimal) -> str:
    """Return an amount without its scale: ``-30.000`` and ``-30.00`` are one amount."""
    text = str(amount)
    if len(text) > _PLAIN_CHARS_MAX or "E" in text:
        return format(amount.normalize(), "f") if amount else "0"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _shown(native: str) -> str:
    plain = native if native.isascii() and native.isalnum() else _NOT_PLAIN.sub("_", native)
    return plain[:_SHOWN_CHARS]


def _digest(*parts: str) -> bytes:
    return blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=_DIGEST_BYTES).digest()
