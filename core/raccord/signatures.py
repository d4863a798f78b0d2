"""Compares the annotations of a plugin's hook with the specification's, as far as a type checker would see them."""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from raccord.plugin.hooks import Hooks

Misannotation = tuple[str, str, str]
"""The part (``return`` or an argument's name), what is annotated, what the specification says."""


@cache
def hook_names() -> frozenset[str]:
    """Return the names of all hooks."""
    return frozenset(name for name in dir(Hooks) if hasattr(getattr(Hooks, name), "raccord_spec"))


def specification(hook: str) -> Callable[..., object]:
    """Return the function of the Protocol that specifies ``hook``."""
    found: Callable[..., object] = getattr(Hooks, hook)
    return found


@cache
def hook_arguments(hook: str) -> tuple[str, ...]:
    """Return the names of the arguments that ``hook`` gets, in order."""
    code = specification(hook).__code__
    return code.co_varnames[1 : code.co_argcount]


def misannotation(hook: str, function: Callable[..., object]) -> Misannotation | None:
    """Return the first annotation that contradicts the specification, or nothing.

    Annotations that cannot be evaluated (imported for type checkers only) count as absent: a wrong answer is then
    caught when the hook is called.
    """
    try:
        found = get_type_hints(function)
    except (NameError, AttributeError, TypeError, SyntaxError):
        return None
    wanted = get_type_hints(specification(hook))
    for part, annotated in found.items():
        if part not in wanted:
            continue
        specified = wanted[part]
        fits = _returns(annotated, specified) if part == "return" else _accepts(annotated, specified)
        if not fits:
            return part, _show(annotated), _show(specified)
    return None


def _returns(annotated: object, specified: object) -> bool:
    if annotated is Any:
        return True
    if _members(annotated) == (type(None),):
        return False
    return all(any(_is_a(one, other) for other in _members(specified)) for one in _members(annotated))


def _accepts(annotated: object, specified: object) -> bool:
    if annotated is Any or annotated is object:
        return True
    return all(
        any(_is_a(one, other) or _is_structural(other) for other in _members(annotated)) for one in _members(specified)
    )


def _members(hint: object) -> tuple[object, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _is_a(one: object, other: object) -> bool:
    if one == other:
        return True
    lower, upper = get_origin(one) or one, get_origin(other) or other
    if not isinstance(lower, type) or not isinstance(upper, type):
        # Literals, type variables and the like: left to the check of the answer itself.
        return True
    if upper in lower.__mro__:
        return get_origin(one) is None or get_origin(other) is None or get_args(one) == get_args(other)
    return False


def _is_structural(hint: object) -> bool:
    """Tell whether a plugin's own Protocol stands there, which may well describe one of our contexts."""
    if not isinstance(hint, type) or hint.__module__.startswith("raccord."):
        return False
    return getattr(hint, "_is_protocol", False) or is_typeddict(hint)


def _show(hint: object) -> str:
    text = hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)
    for prefix in ("raccord.plugin.", "collections.abc.", "typing."):
        text = text.replace(prefix, "")
    return text
