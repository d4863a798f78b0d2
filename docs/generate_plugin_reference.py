"""The pages of docs/reference that say what connectors may import: hooks and values, sources, and what tries them.

Every public name of ``raccord.plugin``, ``.drafts``, ``.sources``, ``.contract`` and ``.testing`` is on one of them,
with its fields, their defaults, and the values of enumerations. ``generate_reference`` writes them.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from itertools import pairwise
from textwrap import dedent
from types import ModuleType
from typing import Any

import raccord.plugin as plugin
from raccord.plugin import (
    beside,
    contexts,
    contract,
    covering,
    days,
    demo,
    documents,
    drafts,
    errors,
    hooks,
    info,
    ledger,
    lines,
    money,
    owed,
    records,
    references,
    said_parts,
    settings,
    signing,
    sources,
    terms,
    testing,
    texts,
)
from raccord.plugin import (
    fields as field_types,
)

HOOKS_INTRODUCTION = (
    "Everything a connector may import is in `raccord.plugin`, and what reads common sources and tries a connector in "
    "[`raccord.plugin.sources` and `.testing`](sources.md). Every hook is synchronous, returns a value, and answers "
    "`None` for “not mine, ask the next”: the company's extensions are asked first, then the connector, then core. The "
    f"contract described here is version {info.API_VERSION}. This page is written from the code by "
    "`docs/generate_reference.py`; what stands after `=` is a default."
)
SOURCES_INTRODUCTION = (
    "What most sources have in common, so that a connector need not write it: tables that arrive as files, addresses "
    "that give their rows page by page, the plain contract. Then what tries a connector: made-up sources (a *twin*), "
    "trials, contexts for tests and the conformance kit. [A source with an API](../how-to/rest-connector.en.md) uses "
    "them; this page is written from the code by `docs/generate_reference.py`; what stands after `=` is a default."
)
TYPES = (
    "A module is checked against these in a test, by mypy or pyright: `connector: Connector = raccord_acme`. Each hook "
    "is marked with the decorator `hookimpl`."
)
HOOKS = tuple(base for base in inspect.getmro(hooks.Hooks) if "Protocol" not in base.__name__)[1:-2]
DEFAULT_CHARS_MAX = 60
SECTIONS: tuple[tuple[str, Sequence[ModuleType]], ...] = (
    ("The manifest", (info, covering, said_parts)),
    ("Texts, money, days", (texts, money, days)),
    ("Pages and records", (records, beside)),
    ("Fields of a record", (field_types,)),
    ("Settings", (settings,)),
    ("What mapping answers", (hooks,)),
    ("References in a draft", (references,)),
    ("Drafts that move money, files and lists", (drafts,)),
    ("Drafts of what is owed", (owed,)),
    ("Lines", (lines,)),
    ("The ledger side", (ledger,)),
    ("Terms", (terms,)),
    ("Signing in", (signing,)),
    ("Errors a connector raises", (errors,)),
)


def pages() -> dict[str, str]:
    """Return the two pages by their names."""
    return {"hooks.md": hooks_page(), "sources.md": sources_page()}


def hooks_page() -> str:
    """Return the page of the hooks, their contexts and the values that pass through them."""
    written = ["# Hooks", "", HOOKS_INTRODUCTION, "", "## The hooks", ""]
    for protocol in HOOKS:
        for name, function in functions_of(protocol):
            written += [f"### `{name}`", "", *_block(f"def {name}{_signature(function)}"), _doc(function), ""]
    written += ["## Contexts", ""]
    for context in _classes(contexts):
        written += _told(context)
    for title, modules in SECTIONS:
        written += [f"## {title}", ""]
        for module in modules:
            for each in _classes(module):
                if each not in inspect.getmro(hooks.Hooks) and each.__name__ not in ("Connector", "TableConnector"):
                    written += _told(each)
            written += _aliases(module)
    written += ["## Types of a plugin", "", TYPES, ""]
    written += [f"* `{each.__name__}`{_after(each)}" for each in (hooks.Hooks, hooks.Connector, hooks.TableConnector)]
    written += [f"* `{each.__name__}`: {', '.join(f'`{name}`' for name, _ in functions_of(each))}" for each in HOOKS]
    functions = [function for function in _public(plugin, drafts) if inspect.isfunction(function)]
    written += ["", "## Functions", "", *_functions(functions), "", "## Limits", "", *_values(plugin)]
    return _page(written)


def sources_page() -> str:
    """Return the page of what reads common sources and what tries a connector."""
    written = ["# Sources and trials", "", SOURCES_INTRODUCTION, ""]
    for title, module in (
        ("Reading: `raccord.plugin.sources`", sources),
        ("Documents of signed amounts: `raccord.plugin.documents`", documents),
        ("The published contract: `raccord.plugin.contract`", contract),
        ("Trying: `raccord.plugin.testing`", testing),
    ):
        named = _public(module)
        written += [f"## {title}", "", _doc(module), ""]
        written += _functions([each for each in named if inspect.isfunction(each)])
        for each in named:
            if isinstance(each, type):
                written += _told(each)
        written += _values(module)
        modules = dict.fromkeys(inspect.getmodule(each) for each in named if inspect.isfunction(each))
        written += _aliases(*(each for each in modules if each is not None))
    written += [
        "## In `raccord demo`: `raccord.plugin.demo`",
        "",
        *(line for each in _classes(demo) for line in _told(each)),
    ]
    return _page(written)


def functions_of(holder: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, value in vars(holder).items():
        if inspect.isfunction(value) and not name.startswith("_"):
            yield name, value


def _page(written: Sequence[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(written)).rstrip() + "\n"


def _public(*modules: ModuleType) -> list[Any]:
    """Return what the modules offer by name, in the order of the alphabet, each once."""
    found = {name: getattr(module, name) for module in modules for name in module.__all__}
    return [found[name] for name in sorted(found, key=str.casefold)]


def _classes(module: ModuleType) -> list[type]:
    """Return the public classes that a module itself defines, in the order in which it does."""
    own = [each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__]
    return [each for each in own if not each.__name__.startswith("_")]


def _told(thing: type) -> list[str]:
    written = [f"### `{thing.__name__}`", "", _doc(thing), ""]
    if issubclass(thing, Enum):
        said = _docs_below(thing)
        return [*written, *(f"* `{each.name}`{_said(said, each.name)}" for each in thing), ""]
    return [*written, *_fields(thing), *_members(thing), ""]


def _fields(holder: type) -> list[str]:
    kinds = {
        name: (kind, base)
        for base in reversed(holder.__mro__[:-1])
        for name, kind in inspect.get_annotations(base).items()
        if not name.startswith("_") and not str(kind).startswith("ClassVar")
    }
    held = fields(holder) if is_dataclass(holder) else ()
    defaults = {each.name: _default(each) for each in held}
    by_name = ["* `*`: all that follows is given by name"] if held and all(each.kw_only for each in held) else []
    plain = not (held or getattr(holder, "_is_protocol", False))
    made = vars(holder).get("__init__") if plain else None
    if made is not None:
        asked = inspect.signature(made)
        given = asked.replace(parameters=list(asked.parameters.values())[1:], return_annotation=asked.empty)
        by_name = [f"* `{holder.__name__}{_plain(str(given))}`"]
    return by_name + [
        f"* `{name}: {_plain(kind)}{defaults.get(name, '')}`{_said(_docs_below(base), name)}"
        for name, (kind, base) in kinds.items()
    ]


def _default(each: Any) -> str:
    if each.default_factory is not MISSING:
        made = each.default_factory()
        return f" = {made!r}" if made in ((), [], {}) else " = …"
    if each.default is MISSING:
        return ""
    value = each.default
    if isinstance(value, Enum):
        return f" = {type(value).__name__}.{value.name}"
    return f" = {value!r}" if len(repr(value)) < DEFAULT_CHARS_MAX else " = …"


def _members(holder: type) -> list[str]:
    written = []
    for name, value in vars(holder).items():
        if name.startswith("_"):
            continue
        if isinstance(value, property) and value.fget is not None:
            kind = inspect.signature(value.fget).return_annotation
            written.append(f"* `{name}: {_plain(kind)}`{_after(value.fget)}")
        elif inspect.isfunction(value):
            written.append(f"* `{name}{_signature(value)}`{_after(value)}")
        elif isinstance(value, classmethod | staticmethod):
            written.append(f"* `{holder.__name__}.{name}{_signature(value.__func__)}`{_after(value.__func__)}")
    return written


def _functions(functions: Sequence[Callable[..., Any]]) -> list[str]:
    return [f"* `{each.__name__}{_signature(each)}`{_after(each)}" for each in functions] + [""]


def _values(module: ModuleType) -> list[str]:
    """Return the constants and the types of fields that a module offers by name."""
    written = []
    for name in module.__all__:
        value = getattr(module, name)
        if isinstance(value, int | str):
            written.append(f"* `{name} = {value!r}`")
        elif isinstance(value, frozenset):
            written.append(f"* `{name}`: {', '.join(f'`{each}`' for each in sorted(value))}")
        elif module is contract and not inspect.isfunction(value) and not isinstance(value, type):
            written.append(f"* `{name}`: a type for fields of a contract's objects")
    return [*written, ""]


def _aliases(*modules: ModuleType) -> list[str]:
    """Return the names that modules give to types, with what they stand for."""
    written = []
    for module in modules:
        body = ast.parse(inspect.getsource(module)).body
        for place, node in enumerate(body):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp | ast.Subscript):
                (target,) = node.targets
                if isinstance(target, ast.Name) and re.fullmatch(r"[A-Z][A-Za-z]*[a-z]|JSON", target.id):
                    after = body[place + 1] if place + 1 < len(body) else None
                    said = f": {_flat(_text(after))}" if _text(after) else ""
                    written.append(f"* `{target.id} = {ast.unparse(node.value)}`{said}")
    return [*written, ""]


@cache
def _docs_below(holder: type) -> dict[str, str]:
    """Return what the source says below fields and members, by their names."""
    try:
        (defined,) = ast.parse(dedent(inspect.getsource(holder))).body
    except (OSError, TypeError, ValueError):
        return {}
    body = defined.body if isinstance(defined, ast.ClassDef) else []
    said = {}
    for node, after in pairwise(body):
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [None])
        named = targets[0]
        if isinstance(named, ast.Name) and _text(after):
            said[named.id] = _text(after)
    return said


def _text(node: ast.stmt | None) -> str:
    found = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value
    return inspect.cleandoc(found) if isinstance(found, str) else ""


def _said(docs: dict[str, str], name: str) -> str:
    return f": {_flat(docs[name])}" if docs.get(name) else ""


def _signature(function: Callable[..., Any]) -> str:
    found = inspect.signature(function)
    kept = [each for each in found.parameters.values() if each.name not in ("self", "cls")]
    return _plain(str(found.replace(parameters=kept)))


def _plain(kind: object) -> str:
    # Annotations are texts (postponed evaluation) and come with quotes.
    return re.sub(r"(: |-> |^)'([^']*)'", r"\1\2", str(kind))


def _block(code: str) -> list[str]:
    return ["```python", code, "```", ""]


def _doc(thing: object) -> str:
    text = vars(thing).get("__doc__") if isinstance(thing, type) else getattr(thing, "__doc__", None)
    # A dataclass without a docstring gets its signature for one, which the fields below say better.
    if not text or (isinstance(thing, type) and text.startswith(f"{thing.__name__}(")):
        return ""
    return _markdown(inspect.cleandoc(text))


def _after(function: Callable[..., Any]) -> str:
    text = _doc(function)
    return f": {' '.join(text.split())}" if text else ""


def _flat(text: str) -> str:
    return " ".join(_markdown(text).split())


def _markdown(text: str) -> str:
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
    return re.sub(r"``([^`]+)``", r"`\1`", text).replace("::\n", ":\n")
