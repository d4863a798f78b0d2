"""What can be wrong with what a contract delivers: stable codes with their sentences, and the faults of one object."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from raccord.plugin.errors import SourceRefused
from raccord.plugin.records import Reject
from raccord.plugin.texts import Language, Text


def _table(name: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = tomllib.loads(
        files("raccord.plugin.contract").joinpath(name).read_text(encoding="utf-8")
    )
    return found


_SENTENCES = _table("problems.toml")
_FAULTS = _table("faults.toml")
PROBLEM_CODES = frozenset(f"contract.{code}" for code in _SENTENCES)
_FAULTS_MAX = 5
_VALUE_MAX = 40
_KINDS = {
    "missing": "missing",
    "contract.amount": "amount",
    "contract.day": "day",
    "contract.moment": "moment",
    "bool_parsing": "boolean",
    "bool_type": "boolean",
    "literal_error": "choice",
    "enum": "choice",
    "string_too_long": "length",
    "string_too_short": "length",
    "too_long": "length",
    "too_short": "length",
    "string_pattern_mismatch": "pattern",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that cannot be used."""

    code: str
    text: Text
    raw: str = ""

    def reject(self, stream: str, where: str) -> Reject:
        """Return the reject that core keeps."""
        return Reject(stream, where, self.code, self.text, self.raw)


def problem(code: str, *, raw: str = "", **values: str | int | Text) -> Problem:
    """Return the problem ``code`` (without ``contract.``) with ``values`` in its sentences."""
    sentence = _SENTENCES[code]
    fr, en = (
        {name: value.get(language) if isinstance(value, Text) else str(value) for name, value in values.items()}
        for language in _LANGUAGES
    )
    return Problem(f"contract.{code}", Text(sentence["fr"].format(**fr), sentence["en"].format(**en)), raw[:300])


_LANGUAGES: tuple[Language, Language] = ("fr", "en")


def refused(code: str, **values: str | int | Text) -> SourceRefused:
    """Return the refusal of a whole stream for the problem ``code``."""
    return SourceRefused(problem(code, raw="", **values).text)


def violation(label: Text, source_id: str, error: ValidationError, raw: str) -> Problem:
    """Return the problem of an object that breaks the contract, with each of its fields that does."""
    faults = error.errors(include_url=False)
    said = [_fault(each) for each in faults[:_FAULTS_MAX]]
    more = len(faults) - len(said)
    fr = " ; ".join(each.fr for each in said) + (f" ; et {more} de plus" if more else "")
    en = "; ".join(each.en for each in said) + (f"; and {more} more" if more else "")
    return problem("violation", raw=raw, object=label, id=source_id, faults=Text(fr, en))


def _fault(error: ErrorDetails) -> Text:
    context: Mapping[str, object] = error.get("ctx", {})
    kind = str(error["type"])
    place = _place(error["loc"])
    if kind == "contract.said":
        fr, en = str(context["fr"]), str(context["en"])
    else:
        sentence = _FAULTS[_KINDS.get(kind, "shape")]
        # A missing field's input is the whole object around it.
        value = str(error["input"])[:_VALUE_MAX] if kind != "missing" else ""
        expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        fr, en = (sentence[language].format(value=value, expected=expected) for language in _LANGUAGES)
    return Text(f"« {place} » {fr}", f"“{place}” {en}") if place else Text(fr, en)


def _place(where: Sequence[int | str]) -> str:
    """Return where a field stands, rows counted from 1: ``lines[2].amount``."""
    text = ""
    for each in where:
        text += f"[{each + 1}]" if isinstance(each, int) else f".{each}" if text else each
    return text
