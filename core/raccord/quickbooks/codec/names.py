"""Names and short texts as QuickBooks' lists take them (lengths and forbidden characters of its reference)."""

from __future__ import annotations

import re
import unicodedata

from raccord.quickbooks.codec.errors import EncodeError
from raccord.quickbooks.codec.json_text import JsonObject

_NAME_LENGTHS = {"Account": 100, "Item": 100, "Customer": 500, "Vendor": 500}
NUMBER_LENGTH = 21
_ADDRESS = re.compile(r"[^@\s,]+@[^@\s,]+")


def clean_name(kind: str, name: str) -> str:
    """Return ``name`` as an entry of the list ``kind`` bears it, which is also the name to look it up by.

    A colon would make a sub-entry and becomes a dash, a double quote in an account becomes an apostrophe, other blanks
    and control characters become one blank. Raises :class:`EncodeError` for an empty or a too long name: cutting it
    could make two entries one.
    """
    plain = re.sub(r"\s*:\s*", " - ", clean_text(name, lines=False).strip(" :"))
    if kind == "Account":
        plain = plain.replace('"', "'")
    plain = " ".join(plain.split())
    if not plain:
        raise EncodeError(
            "encoding.name_empty",
            "Le nom est vide. Donnez-lui un nom dans la source, puis relancez.",
            "The name is empty. Give it a name in the source, then run again.",
            "name",
        )
    return within(plain, _NAME_LENGTHS[kind], "name")


def clean_text(text: str, *, lines: bool = True) -> str:
    """Return ``text`` without characters that QuickBooks cannot store; ``lines`` keeps line feeds."""
    normal = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(
        each if (lines and each == "\n") else _stored(each) for each in normal
    ).strip()  # fmt: skip


def shortened(text: str, limit: int) -> str:
    """Return ``text`` cut to ``limit`` characters, the cut shown by an ellipsis: for texts that identify nothing."""
    plain = clean_text(text)
    return plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "…"


def within(text: str, limit: int, field: str) -> str:
    """Return ``text``, or raise :class:`EncodeError` when it is longer than ``limit``."""
    if len(text) > limit:
        raise EncodeError(
            "encoding.too_long",
            f"« {text[:60]} » compte {len(text)} caractères ; QuickBooks en accepte {limit}. "
            "Raccourcissez-le dans la source.",
            f'"{text[:60]}" has {len(text)} characters; QuickBooks takes {limit}. Shorten it in the source.',
            field,
        )
    return text


def clean_email(email: str) -> str:
    """Return one address, or raise :class:`EncodeError`: a bad one stored in QuickBooks breaks whole queries later."""
    plain = within(clean_text(email, lines=False), 100, "email")
    if not _ADDRESS.fullmatch(plain):
        raise EncodeError(
            "encoding.email_invalid",
            f"« {plain} » n'est pas une adresse de courriel. Corrigez-la ou videz-la dans la source.",
            f'"{plain}" is not an e-mail address. Correct it or clear it in the source.',
            "email",
        )
    return plain


def own_number(said: str, ours: JsonObject) -> JsonObject:
    """Return the source's document number, or ours where it gave none or one that QuickBooks cannot keep."""
    number = clean_text(said, lines=False)
    return {"DocNumber": number} if number and len(number) <= NUMBER_LENGTH else ours


def _stored(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return " "
        case "Cs":
            return "\N{REPLACEMENT CHARACTER}"
        case _:
            return character
