"""What every database can keep: texts without characters it has no place for, amounts and keys of a bounded size."""

from __future__ import annotations

import hashlib
from decimal import Decimal

from raccord.plugin.records import Record
from raccord.plugin.texts import Text

KEY_BYTES_MAX = 2400
"""PostgreSQL indexes no longer text."""
SUBJECT_MAX = 500
DIGITS_MAX = 15
DECIMALS_MAX = 10


def storable(text: str) -> bool:
    """Tell whether both databases keep ``text`` as it is: no NUL, no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def cleaned(text: str) -> str:
    """Return ``text`` with what cannot be kept replaced by a mark."""
    if storable(text):
        return text
    return "".join("\N{REPLACEMENT CHARACTER}" if not storable(each) else each for each in text)


def short_subject(text: str) -> str:
    """Return a problem's subject cleaned and bounded; two long ones stay apart by their hash."""
    plain = cleaned(text)
    if len(plain.encode()) <= KEY_BYTES_MAX:
        return plain
    return f"{plain[:SUBJECT_MAX]}… {hashlib.sha256(plain.encode()).hexdigest()[:16]}"


def fits_key(key: str) -> bool:
    """Tell whether ``key`` can name a draft."""
    return storable(key) and len(key.encode()) <= KEY_BYTES_MAX


def fits_amount(amount: Decimal) -> bool:
    """Tell whether ``amount`` can be kept and summed exactly."""
    exponent = amount.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -DECIMALS_MAX and (not amount or amount.adjusted() < DIGITS_MAX)


def why_not(record: Record) -> Text | None:
    """Return why a record cannot be kept, or nothing."""
    if not fits_key(record.key()):
        return Text(
            "Son identifiant contient des caractères qu'aucune base de données ne garde, ou il est trop long.",
            "Its id holds characters that no database keeps, or it is too long.",
        )
    if record.amount is not None and not fits_amount(record.amount.amount):
        return Text(
            f"Son montant dépasse {DIGITS_MAX} chiffres ou {DECIMALS_MAX} décimales.",
            f"Its amount has more than {DIGITS_MAX} digits or {DECIMALS_MAX} decimals.",
        )
    return None
