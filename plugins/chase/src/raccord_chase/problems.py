"""What can be wrong with a file, a row or a settlement: one stable code each, with its sentences and what to do."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files

from raccord.plugin import Reject, Text
from raccord_chase.masking import mask_excerpt

_SENTENCES: dict[str, dict[str, str]] = tomllib.loads(
    files("raccord_chase").joinpath("texts", "problems.toml").read_text(encoding="utf-8")
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that cannot be used; ``line`` is 0 where the whole file or settlement is meant."""

    code: str
    text: Text
    line: int = 0
    raw: str = ""

    def reject(self, stream: str, where: str) -> Reject:
        """Return the reject core keeps; the excerpt is masked already."""
        return Reject(stream, f"{where}:{self.line}" if self.line else where, self.code, self.text, self.raw)


def problem(code: str, *, line: int = 0, raw: str = "", **values: str | int | Decimal) -> Problem:
    """Return the problem ``code`` (without ``chase.``) with ``values`` in its sentences and ``raw`` masked and cut."""
    sentence = _SENTENCES[code]
    fr = {name: _fr(value) for name, value in values.items()}
    en = {name: str(value) for name, value in values.items()}
    return Problem(
        f"chase.{code}", Text(sentence["fr"].format(**fr), sentence["en"].format(**en)), line, mask_excerpt(raw)
    )


def codes() -> frozenset[str]:
    """Return every code a reject of this connector may bear."""
    return frozenset(f"chase.{code}" for code in _SENTENCES)


def _fr(value: str | int | Decimal) -> str:
    return str(value).replace(".", ",") if isinstance(value, Decimal) else str(value)
