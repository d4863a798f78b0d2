"""What of a bank's text tells payees apart: words without accents, numbers, dates and the bank's own lead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_WORD = re.compile(r"[A-Z]{2,}")
_CHUNK = re.compile(r"\S+")
_LEADS = frozenset(
    {
        "ACHAT", "PAIEMENT", "PAIMENT", "PAYMENT", "PURCHASE", "POS", "PAR", "CARTE", "CARD", "VISA", "MASTERCARD",
        "DEBIT", "CREDIT", "INTERAC", "VIR", "VIREMENT", "TRANSFER", "DEPOT", "DEPOSIT", "RETRAIT", "WITHDRAWAL",
        "PREAUTORISE", "PREAUTHORIZED", "PAP", "PAD", "EFT", "TEF", "FACTURE", "BILL", "INV", "REF", "CHQ", "CHEQUE",
        "CHECK", "DE", "DU", "DES", "LA", "LE", "LES", "ET", "THE", "OF", "TO", "FROM", "INC", "LTEE", "LTD", "ENR",
        "CORP", "LLC", "SARL", "WWW", "COM", "QC", "ON", "BC", "AB", "CA", "CAD", "USD",
    }
)  # fmt: skip
"""Words that many payees share."""
PAYEE_WORDS = 5


@lru_cache(maxsize=4096)
def words_in(text: str) -> tuple[str, ...]:
    """Return the words of a text, in capitals and without accents; what holds digits is left out."""
    plain = unicodedata.normalize("NFKD", text.upper().replace("'", ""))
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    found: list[str] = []
    for chunk in _CHUNK.findall(letters):
        digits = sum(map(str.isdigit, chunk))
        if digits * 2 <= len(chunk):
            found += _WORD.findall(chunk)
    return tuple(found)


def payee_of(words: Sequence[str]) -> str:
    """Return by which words a payee is known."""
    telling = [word for word in words if word not in _LEADS]
    return " ".join((telling or list(words))[:PAYEE_WORDS])
