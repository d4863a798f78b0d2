"""Rules on what a connector says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from pydantic import SecretBytes, SecretStr

from raccord.plugin.info import API_VERSION, ConnectorInfo
from raccord.plugin.testing.kit.asking import asked
from raccord.plugin.testing.kit.rules import check
from raccord.plugin.testing.kit.subject import Subject
from raccord.plugin.texts import Text

GIVEN = "info.given"
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*")
_SETTING = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_SLUG = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
SAME_WORDS_MAX = 3
"""A text of so many words may be the same in both languages (a name); a longer one was not translated."""


@check(GIVEN)
def _given(subject: Subject) -> Iterator[str]:
    again = asked(lambda: subject.plugin.describe())
    if again.error is not None:
        yield again.raised
    elif subject.info.api_version != API_VERSION:
        yield f"api_version={subject.info.api_version!r}"


@check("info.same_twice")
def _same_twice(subject: Subject) -> Iterator[str]:
    again = asked(lambda: subject.plugin.describe()).answer
    if not isinstance(again, ConnectorInfo):
        yield type(again).__name__
        return
    for each in fields(ConnectorInfo):
        old, new = getattr(subject.info, each.name), getattr(again, each.name)
        if not callable(old) and old != new:
            yield each.name


@check("info.names")
def _names(subject: Subject) -> Iterator[str]:
    info = subject.info
    kinds = (
        ("streams", [each.name for each in info.streams]),
        ("roles", [each.name for each in info.roles]),
        ("lists", [each.name for each in info.lists]),
        ("gates", [each.name for each in info.gates]),
    )
    if not info.streams:
        yield "streams"
    for kind, names in kinds:
        for name in names:
            if _SLUG.fullmatch(name) is None or names.count(name) > 1:
                yield f"{kind}: {name!r}"


@check("info.texts")
def _texts(subject: Subject) -> Iterator[str]:
    for where, text in _said(subject.info, "info"):
        if text.fr.strip() == text.en.strip() and len(text.en.split()) > SAME_WORDS_MAX:
            yield f"{where}: {text.en[:60]!r}"


def _said(value: object, where: str) -> Iterator[tuple[str, Text]]:
    if isinstance(value, Text):
        yield where, value
    elif isinstance(value, list | tuple):
        for place, each in enumerate(value):
            yield from _said(each, f"{where}[{place}]")
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from _said(getattr(value, each.name), f"{where}.{each.name}")


@check("info.hosts")
def _hosts(subject: Subject) -> Iterator[str]:
    for host in subject.info.hosts:
        setting = _SETTING.fullmatch(host)
        known = setting[1] in subject.info.settings.model_fields if setting else _HOST.fullmatch(host) is not None
        if not known:
            yield host


@check("info.identity")
def _identity(subject: Subject) -> Iterator[str]:
    name = subject.info.identity_setting
    if not name:
        return
    found = subject.info.settings.model_fields.get(name)
    if found is None:
        yield f"{name}?"
    elif found.annotation in (SecretStr, SecretBytes):
        yield name


@check("roles.exist")
def _roles(subject: Subject) -> Iterator[str]:
    info = subject.info
    known, streams = {each.name for each in info.roles}, {each.name for each in info.streams}
    lists = {each.name for each in info.lists}
    for role in info.roles:
        if role.same_as and role.same_as not in known:
            yield f"{role.name}.same_as: {role.same_as}"
        if role.of_stream and role.of_stream not in streams:
            yield f"{role.name}.of_stream: {role.of_stream}"
        if role.from_list and role.from_list not in lists:
            yield f"{role.name}.from_list: {role.from_list}"
    yield from (f"terms.{term.word}: {term.role}" for term in info.terms if term.role and term.role not in known)
    yield from (f"gates.{gate.name}: {name}" for gate in info.gates for name in gate.roles if name not in known)


@check("terms.complete")
def _terms(subject: Subject) -> Iterator[str]:
    for word, term in subject.info.terms.terms.items():
        if word != term.word or not term.ledger.strip() or not term.origin.strip():
            yield word
