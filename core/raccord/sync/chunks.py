"""Cutting long lists into pieces that a database takes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

CHUNK = 400
"""Values in one ``IN (…)`` and rows in one statement."""


def chunks(values: Iterable[T], size: int) -> Iterable[list[T]]:
    """Cut ``values`` into lists of at most ``size``."""
    iterator = iter(values)
    while some := list(islice(iterator, size)):
        yield some
