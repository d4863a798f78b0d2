"""The lines of a document, those inside bundles too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from raccord_sandbox.refusing.faults import Doc


def every_line(lines: Iterable[Doc]) -> Iterator[Doc]:
    """Yield each line, and after a bundle's line those of its components."""
    for line in lines:
        yield line
        yield from line.get("GroupLineDetail", {}).get("Line", ())
