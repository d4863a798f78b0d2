"""Sizes, names and guards of the house."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

MODULE_LINES_MAX = 450
FUNCTION_LINES_MAX = 70

GUARDS = {
    "core/raccord/catalog.py:contained": "importing and examining a stranger's module may raise anything",
    "core/raccord/guard.py:call": "a hook may raise anything",
    "core/raccord/plugin/testing/kit/asking.py:asked": "a connector under test may raise anything",
}
"""The only functions with a broad ``except``, each with its reason."""

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "shared", "tools"}


def test_no_module_is_too_long(modules: list[Any]) -> None:
    lengths = {module.path: len(module.text.splitlines()) for module in modules}

    assert {path: length for path, length in lengths.items() if length > MODULE_LINES_MAX} == {}


def test_no_function_is_too_long(modules: list[Any]) -> None:
    long = {}
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES_MAX:
                    long[f"{module.path}:{node.name}"] = length

    assert long == {}


def test_modules_are_named_for_what_they_are(modules: list[Any]) -> None:
    wrong = [module.path for module in modules if set(module.name.split(".")) & FORBIDDEN_NAMES]

    assert wrong == []


def test_only_the_named_guards_catch_everything(modules: list[Any]) -> None:
    found = {f"{module.path}:{function}" for module in modules for function in _broad(module.tree)}

    assert found == set(GUARDS)


def test_the_search_for_broad_excepts_finds_them() -> None:
    tree = ast.parse(
        "def a():\n try: pass\n except: pass\n"
        "def b():\n try: pass\n except (ValueError, Exception): pass\n"
        "def c():\n with contextlib.suppress(BaseException): pass\n"
        "def d():\n try: pass\n except ValueError: pass\n"
    )

    assert list(_broad(tree)) == ["a", "b", "c"]


def test_no_source_speaks_of_a_machine_or_an_unfinished_thought(modules: list[Any]) -> None:
    # Written in two pieces, so that the test does not find itself.
    mark = re.compile("# ?(TO" + "DO|FIX" + "ME|XX" + "X)\\b|/ho" + "me/[a-z]|/wo" + "rk/")
    wrong = [f"{module.path}: {found[0]}" for module in modules if (found := mark.search(module.text))]

    assert wrong == []


def _broad(tree: ast.AST, function: str = "module") -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        name = node.name if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else function
        if isinstance(node, ast.ExceptHandler) and _catches_all(node.type):
            yield name
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            yield from [name] if any(_catches_all(argument) for argument in node.args) else ()
        yield from _broad(node, name)


def _catches_all(kind: ast.expr | None) -> bool:
    if kind is None:
        return True
    parts = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(ast.unparse(part).rpartition(".")[2] in ("Exception", "BaseException") for part in parts)


ZONES = {"ZoneInfo", "astimezone"}
"""What only those use who make days of moments."""


def test_connectors_leave_it_to_core_which_day_a_moment_belongs_to(modules: list[Any]) -> None:
    found = {module.path for module in modules if module.path.startswith("plugins/") and "/sandbox" not in module.path}
    own = {
        f"{module.path}:{node.lineno}"
        for module in modules
        if module.path in found and "/tests/" not in module.path
        for node in ast.walk(module.tree)
        if isinstance(node, (ast.Name, ast.Attribute)) and getattr(node, "attr", getattr(node, "id", "")) in ZONES
    }

    assert found
    assert own == set()
