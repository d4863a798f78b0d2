"""A connector's settings as typed on the command line: plain ones by ``key=value``, secrets from anywhere but there."""

from __future__ import annotations

import difflib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

import click
from pydantic import SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Output
from raccord.errors import RaccordError
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Text

SECRET_CHARACTERS_MAX = 100_000
"""A private key of any size fits."""


class TypedError(RaccordError):
    """Raised when a setting cannot be taken from the command line; quotes no value."""


def plain_values(info: ConnectorInfo, typed: Sequence[str]) -> dict[str, object]:
    """Read ``key=value`` settings; a list or mapping is JSON, or a list's parts separated by commas."""
    values: dict[str, object] = {}
    for each in typed:
        key, equals, value = each.partition("=")
        field = _field(info, key)
        if not equals:
            raise _wrong(key, "il manque « = » et la valeur", "“=” and the value are missing")
        if is_secret(field):
            raise TypedError(
                "settings.secret_in_sight",
                Text(
                    f"« {key} » est un secret : la ligne de commande reste lisible par d'autres.",
                    f"“{key}” is a secret: others can read the command line.",
                ),
                Text(
                    f"Employez --secret {key} (demandé sans l'afficher), {key}=env:NOM, {key}=file:CHEMIN ou "
                    f"{key}=stdin ; changez-le s'il a été vu.",
                    f"Use --secret {key} (asked without showing it), {key}=env:NAME, {key}=file:PATH or {key}=stdin; "
                    "change it if it was seen.",
                ),
            )
        values[key] = _read(key, field, value)
    return values


def secret_values(info: ConnectorInfo, named: Sequence[str], out: Output) -> dict[str, object]:
    """Read the secrets named: ``key`` is asked for, ``key=env:NAME``, ``key=file:PATH`` and ``key=stdin`` are read."""
    values: dict[str, object] = {}
    for each in named:
        key, _, place = each.partition("=")
        field = _field(info, key)
        if not is_secret(field):
            raise _wrong(key, "ce n'est pas un secret : employez --set", "it is no secret: use --set")
        values[key] = SecretStr(_secret(key, field, place, out))
    return values


def missing_secrets(info: ConnectorInfo, values: Mapping[str, object]) -> list[str]:
    """Return the secrets that the settings require and that were not given."""
    return [
        name
        for name, field in info.settings.model_fields.items()
        if is_secret(field) and field.is_required() and name not in values
    ]


def is_secret(field: FieldInfo) -> bool:
    return any(kind in (SecretStr, SecretBytes) for kind in _kinds(field.annotation))


def is_kept(field: FieldInfo) -> bool:
    """Tell whether a setting is written by signing in and by nobody else."""
    extra = field.json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("kept"))


def needed_with(field: FieldInfo) -> dict[str, list[str]]:
    """Return beside which values of other settings a setting is needed; nothing where always."""
    extra = field.json_schema_extra
    wanted: Any = extra.get("when") if isinstance(extra, dict) else None
    return {} if wanted is None else {str(name): [str(each) for each in among] for name, among in wanted.items()}


def title(name: str, field: FieldInfo) -> Phrase:
    """Return a setting's name for people."""
    extra = field.json_schema_extra
    french = extra.get("fr") if isinstance(extra, dict) else None
    return Phrase(str(french or field.title or name), field.title or name)


def options_of(field: FieldInfo) -> list[str]:
    """Return the values a setting may have, where they are few."""
    for kind in _kinds(field.annotation):
        if isinstance(kind, type) and issubclass(kind, Enum):
            return [str(member.value) for member in kind]
    return []


def default_of(field: FieldInfo) -> str:
    """Return a setting's default as text; empty for secrets and required settings."""
    if field.is_required() or is_secret(field):
        return ""
    default: Any = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(default, frozenset | set | list | tuple):
        return ",".join(sorted(map(str, default)))
    return str(getattr(default, "value", default))


def _secret(key: str, field: FieldInfo, place: str, out: Output) -> str:
    kind, _, rest = place.partition(":")
    match kind:
        case "":
            if not sys.stdin.isatty():
                raise _wrong(key, "personne n'est là pour le taper", "nobody is there to type it")
            asked = title(key, field).get(out.language)
            answer: str = click.prompt(asked, hide_input=True, default="", show_default=False, err=True)
            return answer
        case "env" if rest in os.environ:
            return os.environ[rest]
        case "env":
            raise _wrong(key, f"la variable {rest} n'existe pas", f"there is no variable {rest}")
        case "stdin":
            return sys.stdin.read(SECRET_CHARACTERS_MAX).rstrip("\r\n")
        case "file":
            try:
                with Path(rest).expanduser().open(encoding="utf-8") as file:
                    return file.read(SECRET_CHARACTERS_MAX).rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                raise _wrong(
                    key,
                    f"{rest} ne peut pas être lu ({type(error).__name__})",
                    f"{rest} cannot be read ({type(error).__name__})",
                ) from None
        case _:
            raise _wrong(
                key,
                "après « = », seuls env:NOM, file:CHEMIN et stdin sont admis, jamais la valeur",
                "after “=” only env:NAME, file:PATH and stdin may stand, never the value",
            )


def _read(key: str, field: FieldInfo, value: str) -> object:
    if value.startswith(("[", "{")):
        try:
            read: object = json.loads(value, parse_float=Decimal)
        except ValueError:
            raise _wrong(key, "ce JSON ne se lit pas", "this JSON cannot be read") from None
        return read
    if any(get_origin(kind) in (list, tuple, set, frozenset) for kind in (field.annotation, *_kinds(field.annotation))):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _kinds(annotation: object) -> list[object]:
    """Return an annotation and the members of its union."""
    return [annotation, *get_args(annotation)]


def _field(info: ConnectorInfo, key: str) -> FieldInfo:
    fields = info.settings.model_fields
    if key in fields:
        return fields[key]
    near = difflib.get_close_matches(key, fields, n=1)
    known = ", ".join(fields) or "–"
    raise TypedError(
        "settings.unknown",
        Text(f"{info.label.fr} n'a pas de réglage « {key} ».", f"{info.label.en} has no setting “{key}”."),
        Text(
            f"Vouliez-vous dire {near[0]} ?" if near else f"Ses réglages : {known}.",
            f"Did you mean {near[0]}?" if near else f"Its settings: {known}.",
        ),
    )


def _wrong(key: str, fr: str, en: str) -> TypedError:
    return TypedError(
        "settings.wrong_value",
        Text(f"Réglage « {key} » : {fr}.", f"Setting “{key}”: {en}."),
        Text(
            "« raccord connect source CONNECTEUR --describe » montre tous les réglages.",
            "“raccord connect source CONNECTOR --describe” shows all settings.",
        ),
    )
