"""What a browser may check of a setting before it is sent: the rules that its Pydantic model gives it.

The server checks the same rules, and says in a sentence which one a value breaks. A browser cuts what is pasted beyond
``maxlength`` without a word, so that texts of several lines and credentials have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from types import NoneType
from typing import Any, get_args

from pydantic.fields import FieldInfo

from raccord.plugin.texts import Language
from raccord_web.words.wording import wording

NUMBERS = (int, Decimal)
ANCHORED = re.compile(r"\^.*\$", re.DOTALL)
ONLY_PYTHON = re.compile(r"\(\?|\\[AZzpPhHR]|\[\[|&&|--|~~")
"""What a browser reads in another way than the model does, or not at all."""
ENDED_BY_A_HYPHEN = re.compile(r"(?<!\\)-\]")


def is_number(info: FieldInfo) -> bool:
    """Tell whether a field is a number, perhaps one that may be left out."""
    annotation = info.annotation
    kinds = [each for each in (get_args(annotation) or (annotation,)) if each is not NoneType]
    return len(kinds) == 1 and kinds[0] in NUMBERS


def limits(info: FieldInfo, kind: str, language: Language) -> dict[str, str]:
    """Return the attributes of the ``input`` of a field of a kind; none where a browser cannot check its rules."""
    rules = dict(_rules(info))
    if kind == "number":
        return _of_number(rules, whole=int in (info.annotation, *get_args(info.annotation)))
    if kind != "text":
        return {}
    return _of_text(rules, info, language)


def _rules(info: FieldInfo) -> Iterator[tuple[str, Any]]:
    for each in info.metadata:
        for name in ("ge", "gt", "le", "lt", "multiple_of", "decimal_places", "min_length", "max_length", "pattern"):
            if (value := getattr(each, name, None)) is not None:
                yield name, value


def _of_number(rules: Mapping[str, Any], *, whole: bool) -> dict[str, str]:
    """Return a number's attributes; what it must stay above or below is the next number where its steps tell it."""
    step = _decimal(rules.get("multiple_of"))
    if step is None and whole:
        step = Decimal(1)
    if step is None and "decimal_places" in rules:
        step = Decimal(1).scaleb(-int(rules["decimal_places"]))
    found = {"step": "any" if step is None else f"{step:f}"}
    least = _edge(rules, "ge", "gt", step, upwards=True)
    most = _edge(rules, "le", "lt", step, upwards=False)
    # The steps of a browser begin at ``min``, or else at what stands in the field.
    if least is not None:
        found["min"] = f"{least:f}"
    elif "multiple_of" in rules:
        found["step"] = "1" if whole else "any"
    if most is not None:
        found["max"] = f"{most:f}"
    return found


def _edge(
    rules: Mapping[str, Any], with_it: str, without_it: str, step: Decimal | None, *, upwards: bool
) -> Decimal | None:
    held, beyond = _decimal(rules.get(with_it)), _decimal(rules.get(without_it))
    if step is None:
        both = [each for each in (held, beyond) if each is not None]
        return None if not both else max(both) if upwards else min(both)
    rounding = ROUND_CEILING if upwards else ROUND_FLOOR
    found: list[Decimal] = []
    if held is not None:
        found.append((held / step).to_integral_value(rounding) * step)
    if beyond is not None:
        near = (beyond / step).to_integral_value(rounding) * step
        found.append(near if near != beyond else near + (step if upwards else -step))
    return None if not found else max(found) if upwards else min(found)


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _of_text(rules: Mapping[str, Any], info: FieldInfo, language: Language) -> dict[str, str]:
    found = {}
    if "max_length" in rules:
        found["maxlength"] = str(rules["max_length"])
    pattern = str(getattr(rules.get("pattern"), "pattern", rules.get("pattern") or ""))
    if ANCHORED.fullmatch(pattern) and not ONLY_PYTHON.search(pattern):
        # A browser reads expressions with the flag ``v``, under which a hyphen that stands for itself is escaped.
        found["pattern"] = ENDED_BY_A_HYPHEN.sub(r"\\-]", pattern)
        words = wording(language)
        found["title"] = (
            words("typed.example", example=str(info.examples[0]))
            if info.examples
            else words("typed.string_pattern_mismatch")
        )
    return found
