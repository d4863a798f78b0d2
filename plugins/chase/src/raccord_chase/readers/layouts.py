"""Record layouts as data: which report a row belongs to, where its fields stand, what its codes mean."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from raccord.plugin import SourceRefused, Text
from raccord_chase.settings import ChaseSettings

Use = Literal["deposit", "transaction", "charge", "chargeback", "nothing"]
_FILE_BYTES_MAX = 256 * 1024


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Container(_Data):
    """The marks around a file; ``count_keys`` name trailer values that hold the number of rows."""

    begin: str
    end: str
    delimiters: tuple[str, ...]
    dates: str
    count_keys: tuple[str, ...] = ()


class Actions(_Data):
    sale: frozenset[str]
    refund: frozenset[str]


class Categories(_Data):
    """The categories of the deposit summary that are neither SALE, REF, CB nor NET."""

    fees: tuple[str, ...]
    unsupported: frozenset[str]
    not_money: frozenset[str]
    fee_signs: tuple[Literal["positive", "negative"], ...] = Field(min_length=1)


class Exceptions(_Data):
    taken: frozenset[str]
    returned: frozenset[str]
    by_sign: frozenset[str]
    not_money: frozenset[str]


class Report(_Data):
    """The fields of one kind of row, in order; a row with fewer than ``required`` is refused."""

    use: Use
    required: int
    fields: tuple[str, ...]
    masked: frozenset[str] = frozenset()


class Layout(_Data):
    version: str
    container: Container
    actions: Actions
    categories: Categories
    exceptions: Exceptions
    reports: Mapping[str, Report]
    digest: str = ""
    """Tells two layouts apart in caches."""

    def ids(self, use: Use) -> frozenset[str]:
        """Return the row ids of one use."""
        return frozenset(name for name, report in self.reports.items() if report.use == use)


def layout_for(settings: ChaseSettings) -> Layout:
    """Return the connection's layout: its own file, else a shipped version.

    Raises :class:`SourceRefused` when it is missing or not understood.
    """
    try:
        if settings.layout_file:
            return parse_layout(_read(Path(settings.layout_file)))
        return _shipped(settings.layout)
    except (OSError, ValueError) as error:
        name = settings.layout_file or settings.layout
        # Pydantic's own message lists inputs and links; the first fault is enough for a person.
        detail = str(error.errors()[0]["loc"]) if isinstance(error, ValidationError) else str(error)
        raise SourceRefused(
            Text(
                f"Le format d’enregistrement « {name} » manque ou n’est pas compris : {detail}. Corrigez les réglages.",
                f"The record layout “{name}” is missing or not understood: {detail}. Correct the settings.",
            )
        ) from error


def parse_layout(text: str) -> Layout:
    """Read a layout file; raises ``ValueError`` (also as Pydantic's) where it is not one."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Layout.model_validate({**tomllib.loads(text), "digest": digest})


def _read(path: Path) -> str:
    if path.stat().st_size > _FILE_BYTES_MAX:
        raise ValueError(f"larger than {_FILE_BYTES_MAX} bytes")
    return path.read_text(encoding="utf-8")


@lru_cache(maxsize=8)
def _shipped(version: str) -> Layout:
    return parse_layout(files("raccord_chase").joinpath("layouts", f"dfr-{version}.toml").read_text(encoding="utf-8"))
