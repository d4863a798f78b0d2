"""Which earlier line a line is by what people said of it, of its own road or of another.

Two lines of two roads each of which was said to be the other's would leave each other out: neither would be in the
books.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from raccord.plugin import JSON
from raccord_bankfeed.readers.told import SAME, Known

TWIN = "twin"
"""What a line's ``raw`` has where it came before by another road: the other's id."""
REPLACES = "replaces"
"""What a line's ``raw`` has where it may be an earlier one of its road that the bank told with another amount."""
CORRECTS = "corrects"
"""What a line's ``raw`` has where its bank corrects an earlier one by it: in which of these ways that was done."""

Earlier = Callable[[str], Mapping[str, JSON] | None]
"""What was kept of a line before, by its id."""


def was_said_to_be(id_: str, other: str, known: Known, earlier: Earlier) -> bool:
    """Tell whether people said of a line that it is another road's ``other``: that it corrects that one, or that it is
    an earlier line of its own road, which is that one.
    """
    if _says((earlier(id_) or {}).get(CORRECTS), other, known):
        return True
    before = (earlier(goes_on_as(id_, known, earlier)) or {}).get(TWIN)
    return isinstance(before, Mapping) and (
        (before.get("certain") is True and before.get("id") == other) or _says(before, other, known)
    )


def goes_on_as(id_: str, known: Known, earlier: Earlier) -> str:
    """Return under which id a line is told: its own, or that of the earlier one of its road that it was said to be."""
    replaced = (earlier(id_) or {}).get(REPLACES) if id_ else None
    if isinstance(replaced, Mapping) and known.says(str(replaced.get("answer", "")), SAME):
        return str(replaced.get("id", ""))
    return id_


def _says(said: JSON, other: str, known: Known) -> bool:
    """Tell whether what a line's ``raw`` says names ``other``, and people said that the line is that."""
    return isinstance(said, Mapping) and said.get("id") == other and bool(known.says(str(said.get("answer", "")), SAME))
