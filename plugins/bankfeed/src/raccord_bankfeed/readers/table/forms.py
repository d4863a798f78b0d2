"""How rows without names of columns are written: it tells banks apart whose files are laid out alike."""

from __future__ import annotations

import re
from collections.abc import Sequence

from raccord_bankfeed.readers.amounts import written
from raccord_bankfeed.readers.days import parts_of

CARD = re.compile(r"\d{4}[*xX]{4,}\d{4}|[*xX]{8,12}\d{4}")
_EMPTY, _DAY, _MONEY, _CARDS, _TEXT = "edmct"
_NUMBER = re.compile(r"[0-9]+")


def form_of(rows: Sequence[Sequence[str]], width: int, dated: int) -> str:
    """Return how the days of some rows are written, and of each column what stands in it, as one text."""
    day = next((cells[dated].strip() for cells in rows if dated < len(cells) and parts_of(cells[dated].strip())), "")
    shape = _NUMBER.sub(lambda found: "y" if len(found[0]) == 4 else "9", day)
    columns = ([cells[at].strip() if at < len(cells) else "" for cells in rows] for at in range(width))
    return f"{shape} {''.join(map(_kind_of, columns))}"


def _kind_of(cells: Sequence[str]) -> str:
    filled = {cell for cell in cells if cell.strip("-–— ")}
    if not filled:
        return _EMPTY
    if all(map(CARD.fullmatch, filled)):
        return _CARDS
    if all(len(cell) < 40 and written(cell) is not None for cell in filled):
        return _MONEY
    return _DAY if all(map(parts_of, filled)) else _TEXT


def are_alike(one: str, other: str) -> bool:
    """Tell whether two files may be written by one program: a column that is empty in one of them tells nothing."""
    shapes, columns = zip(one.rpartition(" ")[::2], other.rpartition(" ")[::2], strict=True)
    return shapes[0] == shapes[1] and all(
        mine == theirs or _EMPTY in (mine, theirs) for mine, theirs in zip(*columns, strict=False)
    )


def dialect_of(form: str) -> str:
    """Return what of a form stays from month to month: amounts may be missing in a column."""
    shape, _, columns = form.rpartition(" ")
    return f"{shape} {columns.replace(_MONEY, _EMPTY)}"
