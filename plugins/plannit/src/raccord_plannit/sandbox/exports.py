"""Tables (CSV) of the twin's objects, with the columns of the contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from raccord.plugin import JSON
from raccord.plugin.contract import writing
from raccord_plannit.contract import CONTRACT


def write_table(kind: str, values: Iterable[Mapping[str, JSON]], delimiter: str = ";") -> str:
    """Return the table of objects of a kind; what a list holds takes a row each."""
    return writing.write_table(CONTRACT, kind, values, delimiter)
