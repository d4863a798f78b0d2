"""Rules on the settings of a connection: labels in both languages, secrets kept as such."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import get_args

from pydantic import SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from raccord.plugin.testing.kit.manifest import SAME_WORDS_MAX
from raccord.plugin.testing.kit.rules import check
from raccord.plugin.testing.kit.subject import Subject

_SECRET = re.compile(r"(^|_)(password|secret|token|api_?key|private_?key|passphrase|pin)$")
_UNKNOWN = "a_setting_that_no_connector_has"


def _fields(subject: Subject) -> Mapping[str, FieldInfo]:
    return subject.info.settings.model_fields


def _extra(field: FieldInfo) -> Mapping[str, object]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


@check("settings.labels")
def _labels(subject: Subject) -> Iterator[str]:
    for name, field in _fields(subject).items():
        french = _extra(field).get("fr")
        if not (field.title or "").strip() or not isinstance(french, str) or not french.strip():
            yield name
        elif french == field.title and len(french.split()) > SAME_WORDS_MAX:
            yield f"{name}: {french!r}"


@check("settings.hints")
def _hints(subject: Subject) -> Iterator[str]:
    for name, field in _fields(subject).items():
        if bool((field.description or "").strip()) is not bool(_extra(field).get("fr_hint")):
            yield name


@check("settings.options")
def _options(subject: Subject) -> Iterator[str]:
    for name, field in _fields(subject).items():
        kind = field.annotation
        if not (isinstance(kind, type) and issubclass(kind, Enum)):
            continue
        said = _extra(field).get("options")
        options = said if isinstance(said, dict) else {}
        for value in (str(each.value) for each in kind):
            label = options.get(value)
            if not (isinstance(label, list) and len(label) == 2 and all(str(each).strip() for each in label)):
                yield f"{name}: {value}"


@check("settings.secrets")
def _secrets(subject: Subject) -> Iterator[str]:
    for name, field in _fields(subject).items():
        kinds = {field.annotation, *get_args(field.annotation)}
        if _SECRET.search(name) and not kinds & {SecretStr, SecretBytes}:
            yield name


@check("settings.closed")
def _closed(subject: Subject) -> Iterator[str]:
    values = {**subject.trial.values, _UNKNOWN: "x"}
    try:
        subject.info.settings.model_validate(values)
    except ValidationError as error:
        if any(each["loc"] == (_UNKNOWN,) for each in error.errors()):
            return
    yield subject.info.settings.__name__


@check("settings.trial")
def _trial(subject: Subject) -> Iterator[str]:
    try:
        subject.info.settings.model_validate(dict(subject.trial.values))
    except ValidationError as error:
        yield from (".".join(map(str, each["loc"])) or each["type"] for each in error.errors())
