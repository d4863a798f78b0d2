"""What is wrong with typed settings, by field, in the words of the pages or of the connector that refuses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from raccord.plugin.texts import Language
from raccord_web.words.wording import typeset, wording

BOTH = " · "
LIMITS = ("ge", "le", "gt", "lt", "min_length", "max_length", "multiple_of", "decimal_places")
LIMITED = (
    "greater_than_equal", "less_than_equal", "greater_than", "less_than", "too_short", "too_long", "string_too_long",
    "multiple_of", "decimal_max_places",
)  # fmt: skip
SHOWN = 5
"""How many entries of a list are named that cannot be used; the others are counted."""


def wrong_in(
    model: type[BaseModel], values: Mapping[str, Any], language: Language, no_days: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Return what is wrong with values by field, the empty name standing for all of them together.

    Of a list each entry that cannot be used is named; ``no_days`` are those, by field, that are no days.
    """
    found: dict[str, list[str]] = {}
    try:
        model.model_validate(values)
    except ValidationError as error:
        for each in error.errors(include_input=False, include_url=False):
            name = str(each["loc"][0]) if each["loc"] else ""
            why = _why(each["type"], each.get("ctx", {}), each["msg"], language) + _for_example(model, each, language)
            found.setdefault(name, []).append(_of_entry(values.get(name), each, why, language))
    words = wording(language)
    for name, entries in no_days.items():
        if entries:
            why = words("typed.date_from_datetime_parsing")
            found[name] = [words("typed.entry", said=each[:80], why=why) for each in entries]
    return {name: _together(some, language) for name, some in found.items()}


def _of_entry(entries: object, error: ErrorDetails, why: str, language: Language) -> str:
    at = error["loc"][1] if len(error["loc"]) > 1 else None
    if not (isinstance(entries, list) and isinstance(at, int)):
        return why
    return wording(language)("typed.entry", said=str(entries[at])[:80], why=why)


def _together(wrong: Sequence[str], language: Language) -> str:
    more = len(wrong) - SHOWN
    return " ".join([*wrong[:SHOWN], *([wording(language)("typed.more", n=more)] if more > 0 else [])])


def _for_example(model: type[BaseModel], error: ErrorDetails, language: Language) -> str:
    """Return an example of the form that a text lacks, where the field gives one."""
    info = model.model_fields.get(str(error["loc"][0])) if error["loc"] else None
    if info is None or not info.examples or error["type"] != "string_pattern_mismatch":
        return ""
    return " " + wording(language)("typed.example", example=str(info.examples[0]))


def _why(kind: str, context: Mapping[str, Any], message: str, language: Language) -> str:
    """Return what is wrong with a value in the words of the pages; a connector's own sentence comes first.

    A connector's message may say it in both languages, English first: ``Give it. · Indiquez-le.``
    """
    if own := context.get(language):
        return typeset(str(own), language)
    if "." in kind and message.count(BOTH) == 1:
        english, french = message.split(BOTH)
        return typeset(french if language == "fr" else english, language)
    words = wording(language)
    if kind in LIMITED:
        return words(f"typed.{kind}", limit=next((context[name] for name in LIMITS if name in context), ""))
    return words(f"typed.{kind}") if words.has(f"typed.{kind}") else words("typed.other")
