"""The private note of a document: what the source said, then our mark, by which the document is found again."""

from __future__ import annotations

import re
from collections.abc import Mapping

from raccord.quickbooks.codec.json_text import JsonObject
from raccord.quickbooks.codec.names import clean_text, shortened

NOTE_LENGTH = 4000
_LINE_LENGTH = 4000
_MARKER = re.compile(r"\[raccord [^\[\]\s]+ r\d+\]")


def is_marker(text: str) -> bool:
    """Tell whether ``text`` is a mark that :func:`read_marker` finds again."""
    return _MARKER.fullmatch(text) is not None


def private_note(memo: str, reference: str, marker: str, length: int = NOTE_LENGTH) -> str:
    """Return memo, reference and marker as one note of at most ``length`` characters; only the memo is shortened.

    A reference that the memo already holds is not repeated. Marks that came in with the memo or the reference lose
    their brackets, so that the last mark, the only one, is ours.
    """
    said = _unmarked(clean_text(memo))
    number = _unmarked(shortened(reference, 200))
    tail = "" if not number or number in said else f"({number})"
    end = " ".join(part for part in (tail, marker) if part)
    room = length - len(end) - 1
    said = shortened(said, room) if room > 0 else ""
    return f"{said} {end}" if said and end else said or end


def description(text: str) -> JsonObject:
    """Return the description property of a line, shortened to what QuickBooks keeps; an empty one is left out."""
    plain = shortened(text, _LINE_LENGTH)
    return {"Description": plain} if plain else {}


def read_marker(document: Mapping[str, object]) -> str | None:
    """Return our mark in a document read from QuickBooks, or None. A voided document keeps its mark."""
    note = document.get("PrivateNote") or document.get("Note")
    found = _MARKER.findall(note) if isinstance(note, str) else []
    return found[-1] if found else None


def marked_revision(document: Mapping[str, object]) -> tuple[str, int] | None:
    """Return the code and the revision of our mark in a document read from QuickBooks, or None."""
    found = read_marker(document)
    if found is None:
        return None
    _, code, revision = found.strip("[]").split(" ")
    return code, int(revision.removeprefix("r"))


def without_marks(text: str) -> str:
    """Return a note without our marks."""
    return _MARKER.sub("", text).strip()


def _unmarked(text: str) -> str:
    return _MARKER.sub(lambda mark: mark.group().strip("[]"), text)
