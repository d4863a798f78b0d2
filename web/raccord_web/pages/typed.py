"""A connector's settings as a form: the same Pydantic model says the fields, their labels, and what is wrong with them.

A label is the field's title, its French one stands beside it (``json_schema_extra={"fr": …}``), the hint likewise
(``fr_hint``). Secrets are never shown again; left empty they stay as they are. What a field lists of the source
(:mod:`raccord.overview.choosing.known_here`) is chosen by name; it may still say what is not there yet, one a line. A
set of choices (an enumeration, or values that ``options`` names) is ticked, days are written one a line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from itertools import groupby
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from raccord.overview.choosing.known_here import Known
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Language
from raccord_web.pages.limits import is_number, limits
from raccord_web.pages.refused import wrong_in
from raccord_web.words.formats import written
from raccord_web.words.wording import typeset

PREFIX = "s_"
"""What the form's names begin with, so that no setting is taken for a field of the page's own."""

Kind = Literal[
    "text", "lines", "number", "secret", "choice", "check", "list", "set", "days", "picks", "named", "dated", "columns"
]
LISTED: tuple[Kind, ...] = ("picks", "named", "dated", "columns")
"""Settings of lines, each about one thing that the source told of."""
_SAYS: Mapping[str, Kind] = {"name": "named", "day": "dated", "column": "columns"}
LONG = 1000
"""From this many characters on a text is written in several lines."""

SEVERAL = (list, tuple, set, frozenset)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that a setting may name: the form's name for it, what people call it, and what is said of it."""

    name: str
    label: str
    value: str
    options: Sequence[tuple[str, str]] = ()
    """What may be said of it, each value with its label, where that is chosen."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form; ``value`` is text and empty for secrets."""

    name: str
    label: str
    hint: str
    kind: Kind
    value: str
    options: tuple[tuple[str, str], ...]
    """Each value with its label."""
    required: bool
    fixed: bool
    wrong: str
    fold: str
    """The heading it is folded under, if the connector says so (``json_schema_extra={"fold": [fr, en]}``)."""
    when: str = ""
    """Beside which values of other fields it is needed, as JSON of the form's names; empty where always."""
    heading: str = ""
    """What these values are called."""
    rows: Sequence[Row] = ()
    """What is there to be ticked, named or dated; ``value`` is what the setting says of anything else."""
    changed: bool = False
    """Whether it says something else than where nobody says anything."""
    limits: Mapping[str, str] = field(default_factory=dict)
    """What a browser may check of it: attributes of its ``input``."""


def said_beside_files(info: ConnectorInfo) -> set[str]:
    """Return the settings that are said beside a file, once there is one: no step of the set-up asks for them."""
    return {*info.questions.values(), *info.currencies.values()}


def shown(
    model: type[BaseModel],
    values: Mapping[str, Any],
    language: Language,
    *,
    wrong: Mapping[str, str] | None = None,
    fixed: str = "",
    without: Container[str] = (),
    within: Callable[[FieldInfo], bool] = lambda _: True,
    later: Mapping[str, Sequence[str]] | None = None,
    known: Mapping[str, Sequence[Known]] | None = None,
) -> list[Field]:
    """Return the fields of a model with the values given, some left out; ``fixed`` names one that cannot change.

    A field that says ``when`` is needed only beside such values of other fields. Where those can be chosen on the same
    form, it is there with its condition, so that the page shows it once they are; not those of values that are asked
    for at a ``later`` step, nor a ``kept`` one. What the source told of (``known``, by setting) is there to be chosen.
    """
    chosen_here = {
        name
        for name, info in model.model_fields.items()
        if name != fixed and name not in without and within(info) and _kind(info) == "choice" and not kept_off(info)
    }
    found = [
        Field(
            name=name,
            label=_said(info, language, "fr", info.title or name),
            hint=_said(info, language, "fr_hint", info.description or ""),
            kind=_kind(info),
            value=_rest(info, values.get(name), (known or {}).get(name, ())),
            options=_labelled(info, language),
            required=info.is_required(),
            fixed=name == fixed,
            wrong=(wrong or {}).get(name, ""),
            fold=_fold(info, language),
            rows=_rows(name, info, values.get(name), (known or {}).get(name, ()), language),
            changed=not info.is_required() and name in values and _text(values[name]) != _text(_default(info)),
            limits=limits(info, _kind(info), language),
            **_condition(info, model, language, chosen_here),
        )
        for name, info in model.model_fields.items()
        if name not in without
        and within(info)
        and (asked_for(info, values) or _may_be_chosen(info, chosen_here, later or {}))
    ]
    places = {each.when: at for at, each in reversed(list(enumerate(found)))}
    # What one choice needs stands together, where the first of it stands.
    return sorted(found, key=lambda each: places[each.when] if each.when else found.index(each))


def in_groups(fields: Sequence[Field]) -> list[list[Field]]:
    """Return fields in their order, those that one choice needs together."""
    return [list(some) for _, some in groupby(fields, key=lambda each: each.when)]


def read(
    model: type[BaseModel], typed: Mapping[str, str], held: BaseModel, language: Language
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values that a form says, and what is wrong by field; the empty name stands for the whole form."""
    values: dict[str, Any] = {}
    no_days: dict[str, list[str]] = {}
    for name, info in model.model_fields.items():
        given = typed.get(PREFIX + name)
        match _kind(info):
            case _ if kept_off(info) or (given is None and is_conditional(info)):
                # It was not on the form.
                if hasattr(held, name):
                    values[name] = getattr(held, name)
            case "check":
                values[name] = given is not None
            case "secret" if not given:
                if hasattr(held, name):
                    values[name] = getattr(held, name)
            case "picks" | "named" | "dated" | "columns" as kind:
                rows = {
                    key.removeprefix(f"{PREFIX}{name}:"): said
                    for key, said in typed.items()
                    if key.startswith(f"{PREFIX}{name}:")
                }
                if given is None and not rows:
                    if hasattr(held, name):
                        values[name] = getattr(held, name)
                else:
                    said = [_line(kind, key, value.strip()) for key, value in rows.items() if value.strip()]
                    values[name] = "\n".join([*said, *(given or "").strip().splitlines()])
            case "set" if given is not None:
                ticked = [key.removeprefix(f"{PREFIX}{name}:") for key in typed if key.startswith(f"{PREFIX}{name}:")]
                values[name] = [*ticked, *_parts(given, ",")]
            case "list" if given is not None:
                values[name] = _parts(given, ",")
            case "days" if given is not None:
                values[name] = _parts(given, r"[,;\s]")
                no_days[name] = [each for each in values[name] if not _is_day(each)]
            case _ if given is None:
                if hasattr(held, name):
                    values[name] = getattr(held, name)
            case "number" if not given and NoneType in get_args(info.annotation):
                values[name] = None
            case _:
                values[name] = given
    return values, wrong_in(model, values, language, no_days)


def _parts(given: str, between: str) -> list[str]:
    return [part.strip() for part in re.split(between, given) if part.strip()]


def _is_day(text: str) -> bool:
    """Tell whether a text is a day as ISO writes it; the model would take a bare number for seconds since 1970."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _rest(info: FieldInfo, value: Any, known: Sequence[Known]) -> str:
    """Return what a setting says of anything that is not there to be chosen; nothing of a secret."""
    if _kind(info) in ("secret", "set"):
        return ""
    if _kind(info) == "days":
        return "\n".join(_entries(value))
    if not known or _kind(info) not in LISTED:
        return _text(value)
    keys = {each.key for each in known}
    return "\n".join(line for line in _text(value).splitlines() if _said_of(_kind(info), line)[0] not in keys)


def _line(kind: Kind, key: str, said: str) -> str:
    """Return the line of a setting that says something of one thing of the source."""
    if kind == "columns":
        table, _, heading = key.partition(":")
        return f"{table}.{said} = {heading}"
    return key if kind == "picks" else f"{key} = {said}"


def _said_of(kind: Kind, line: str) -> tuple[str, str]:
    """Return of what a line of a setting says something, and what."""
    name, _, said = (part.strip() for part in line.partition("="))
    if kind == "columns":
        table, _, column = name.partition(".")
        return f"{table}:{said.casefold()}", column
    return name, said or "on"


def _rows(name: str, info: FieldInfo, value: Any, known: Sequence[Known], language: Language) -> Sequence[Row]:
    if _kind(info) == "set":
        ticked = set(_entries(value))
        return tuple(
            Row(f"{PREFIX}{name}:{option}", label, "on" if option in ticked else "")
            for option, label in _labelled(info, language)
        )
    if _kind(info) not in LISTED:
        return ()
    said = dict(_said_of(_kind(info), line) for line in _text(value).splitlines())
    tables = {each["name"]: each[language] for each in _extra(info)["known"].get("objects", ())}

    def label(each: Known) -> str:
        called = each.called(lambda word: written(word, language))
        table = tables.get(each.key.partition(":")[0])
        return called if table is None else f"{typeset(table, language)} · {called}"

    return tuple(
        Row(
            f"{PREFIX}{name}:{each.key}",
            label(each),
            said.get(each.key, ""),
            [(option, typeset(text.get(language), language)) for option, text in each.options],
        )
        for each in known
    )


def is_conditional(info: FieldInfo) -> bool:
    """Tell whether a field belongs to some values of other fields only, as one provider's credentials do."""
    return bool(_extra(info).get("when"))


def kept_off(info: FieldInfo) -> bool:
    """Tell whether a field is never on a form: what signing in writes."""
    return bool(_extra(info).get("kept"))


def asked_for(info: FieldInfo, values: Mapping[str, Any]) -> bool:
    """Tell whether a field is on the form beside these values of the others."""
    wanted: Mapping[str, Sequence[str]] = _extra(info).get("when", {})
    return not kept_off(info) and all(_text(values.get(name)) in among for name, among in wanted.items())


def _may_be_chosen(info: FieldInfo, chosen_here: Container[str], later: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether what makes a field needed is chosen on the same form, and is not for a later step."""
    wanted: Mapping[str, Sequence[str]] = _extra(info).get("when", {})
    return not kept_off(info) and all(
        name in chosen_here and not set(among) <= set(later.get(name, ())) for name, among in wanted.items()
    )


def _condition(
    info: FieldInfo, model: type[BaseModel], language: Language, chosen_here: Container[str]
) -> dict[str, str]:
    """Return beside which values a field is needed, and what these are called; nothing where that cannot change."""
    wanted: Mapping[str, Sequence[str]] = _extra(info).get("when", {})
    if not wanted or not all(name in chosen_here for name in wanted):
        return {}
    labels = [
        label
        for name, among in wanted.items()
        for value, label in _labelled(model.model_fields[name], language)
        if value in among
    ]
    said = {PREFIX + name: list(among) for name, among in wanted.items()}
    return {"when": json.dumps(said, sort_keys=True), "heading": ", ".join(labels)}


def label_of(settings: type[BaseModel], name: str, language: Language) -> str:
    """Return what a form calls a setting."""
    info = settings.model_fields[name]
    return _said(info, language, "fr", info.title or name)


def _extra(info: FieldInfo) -> Mapping[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}


def _kind(info: FieldInfo) -> Kind:
    of: Any = _extra(info).get("known")
    if of:
        return _SAYS.get(str(of.get("says", "")), "picks")
    kinds = (info.annotation, *get_args(info.annotation))
    if any(each in (SecretStr, SecretBytes) for each in kinds):
        return "secret"
    if info.annotation is bool:
        return "check"
    if (element := _element(info)) is not None:
        return "set" if _options(info) else "days" if element is date else "list"
    if _options(info):
        return "choice"
    if any(getattr(each, "max_length", 0) >= LONG for each in info.metadata):
        return "lines"
    return "number" if is_number(info) else "text"


def _element(info: FieldInfo) -> Any:
    """Return what each entry of a list or set is; nothing where a field is neither."""
    several = next(
        (each for each in (info.annotation, *get_args(info.annotation)) if get_origin(each) in SEVERAL), None
    )
    if several is None:
        return None
    element = next(iter(get_args(several)), str)
    return get_args(element)[0] if get_origin(element) is Annotated else element


def _options(info: FieldInfo) -> tuple[str, ...]:
    """Return the values among which a field is chosen or, of a set, ticked; of plain values those that it names."""
    element = _element(info)
    kind = info.annotation if element is None else element
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(str(member.value) for member in kind)
    if get_origin(kind) is Literal:
        return tuple(map(str, get_args(kind)))
    return () if element is None else tuple(_extra(info).get("options", ()))


def _labelled(info: FieldInfo, language: Language) -> tuple[tuple[str, str], ...]:
    """Return each value with its label (``json_schema_extra={"options": {value: [French, English]}}``)."""
    extra = info.json_schema_extra
    said: Any = extra.get("options", {}) if isinstance(extra, dict) else {}
    at = 0 if language == "fr" else 1
    return tuple(
        (value, typeset(str(said[value][at]), language) if value in said else value) for value in _options(info)
    )


def _fold(info: FieldInfo, language: Language) -> str:
    extra = info.json_schema_extra
    said: Any = extra.get("fold") if isinstance(extra, dict) and not info.is_required() else None
    return "" if said is None else typeset(str(said[0 if language == "fr" else 1]), language)


def _said(info: FieldInfo, language: Language, french: str, english: str) -> str:
    extra = info.json_schema_extra
    found = extra.get(french) if language == "fr" and isinstance(extra, dict) else None
    return typeset(str(found or english), language)


def _default(info: FieldInfo) -> Any:
    return None if info.is_required() else info.get_default(call_default_factory=True, validated_data={})


def _entries(value: Any) -> list[str]:
    """Return the entries of a list or set as text, in order."""
    return sorted(_text(each) for each in value) if isinstance(value, SEVERAL) else []


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else ""
    if isinstance(value, SEVERAL):
        return ", ".join(_entries(value))
    if isinstance(value, SecretStr | SecretBytes):
        return "***" if value.get_secret_value() else ""
    return str(getattr(value, "value", value))
