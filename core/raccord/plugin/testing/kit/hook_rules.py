"""Rules on the hooks of a connector, read without calling them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import get_type_hints

from raccord.plugin.hooks import Hooks
from raccord.plugin.testing.kit.rules import check
from raccord.plugin.testing.kit.subject import Subject

_MARK = "raccord_impl"
_NEEDED = ("describe", "fetch_records")


def _names() -> frozenset[str]:
    return frozenset(name for name in dir(Hooks) if hasattr(getattr(Hooks, name), "raccord_spec"))


def _marked(plugin: ModuleType) -> Iterator[tuple[str, Callable[..., object]]]:
    for name, value in vars(plugin).items():
        if inspect.isfunction(value) and hasattr(value, _MARK):
            yield name, value


@check("hooks.needed")
def _needed(subject: Subject) -> Iterator[str]:
    there = {name for name, _ in _marked(subject.plugin)}
    yield from (name for name in _NEEDED if name not in there)


@check("hooks.known")
def _known(subject: Subject) -> Iterator[str]:
    yield from (name for name, _ in _marked(subject.plugin) if name not in _names())


@check("hooks.plain")
def _plain(subject: Subject) -> Iterator[str]:
    for name, function in _marked(subject.plugin):
        options = getattr(function, _MARK)
        odd = (
            inspect.iscoroutinefunction(function),
            inspect.isgeneratorfunction(function),
            options.get("wrapper") or options.get("hookwrapper"),
        )
        if any(odd):
            yield name


@check("hooks.no_defaults")
def _no_defaults(subject: Subject) -> Iterator[str]:
    for name, function in _marked(subject.plugin):
        for parameter in inspect.signature(function).parameters.values():
            if parameter.default is not inspect.Parameter.empty:
                yield f"{name}({parameter.name}=…)"


@check("hooks.arguments")
def _arguments(subject: Subject) -> Iterator[str]:
    for name, function in _marked(subject.plugin):
        if name not in _names():
            continue
        known = inspect.signature(getattr(Hooks, name)).parameters
        for parameter in inspect.signature(function).parameters.values():
            if parameter.name not in known or parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
                yield f"{name}({parameter})"


@check("hooks.typed")
def _typed(subject: Subject) -> Iterator[str]:
    for name, function in _marked(subject.plugin):
        try:
            told = get_type_hints(function)
        except (NameError, TypeError):
            yield f"{name}: an annotation that leads nowhere"
            continue
        for part in (*inspect.signature(function).parameters, "return"):
            if part not in told:
                yield f"{name}: {part}"
