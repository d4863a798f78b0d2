"""No ``float`` in core and the connectors: money, quantities and rates are ``Decimal``, spans whole milliseconds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

ALLOWED = {
    "core/raccord/settings.py:_from_environment": "how alike two names of settings are",
    "plugins/chase/src/raccord_chase/sandbox/story.py:_live": "a chance of the generated merchant's life",
}
"""Path and function, to the reason why a float there is no amount."""

JSON_WITHOUT_NUMBERS = {
    "core/raccord/quickbooks/tokens.py:from_vault": "what to_vault wrote: texts only",
    "plugins/bankfeed/src/raccord_bankfeed/feed.py:read": "a cursor of its own making",
    "plugins/chase/src/raccord_chase/fetching.py:parse": "a cursor of its own making",
}
"""Functions that read JSON which holds no decimals, each with the reason."""


def test_no_float_where_money_passes(modules: list[Any]) -> None:
    wrong = []
    used = set()
    for module in modules:
        if not module.path.startswith(("core/", "plugins/")):
            continue
        for function, line, what in _floats(module.tree):
            place = f"{module.path}:{function}"
            if place in ALLOWED:
                used.add(place)
            else:
                wrong.append(f"{module.path}:{line} ({function}) {what}")

    assert wrong == []
    assert set(ALLOWED) == used, "remove what is no longer needed"


def test_json_is_never_read_with_floats(modules: list[Any]) -> None:
    """``json.loads`` makes floats of decimals unless it is told otherwise."""
    found = {
        f"{module.path}:{function}"
        for module in modules
        if module.path.startswith(("core/", "plugins/"))
        for function, call in _calls(module.tree)
        if ast.unparse(call.func) in ("json.loads", "json.load")
        and "parse_float" not in {keyword.arg for keyword in call.keywords}
    }

    assert found == set(JSON_WITHOUT_NUMBERS)


def test_the_search_for_floats_finds_them() -> None:
    tree = ast.parse("def f(a: float) -> None:\n    b = 1.5\n    c = float('2')\n    d = isinstance(a, (int, float))\n")

    assert [(function, line) for function, line, _ in _floats(tree)] == [("f", 1), ("f", 2), ("f", 3)]


def _floats(tree: ast.AST, function: str = "module") -> Iterator[tuple[str, int, str]]:
    for node in ast.iter_child_nodes(tree):
        name = node.name if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else function
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
            # Asking whether something is a float is how floats are refused.
            yield from _floats(node.args[0], name) if node.args else ()
            continue
        if isinstance(node, ast.MatchClass) and isinstance(node.cls, ast.Name) and node.cls.id == "float":
            continue
        if isinstance(node, ast.Constant) and type(node.value) is float:
            yield name, node.lineno, f"literal {node.value}"
        elif isinstance(node, ast.Name) and node.id == "float":
            yield name, node.lineno, "float"
        yield from _floats(node, name)


def _calls(tree: ast.AST, function: str = "module") -> Iterator[tuple[str, ast.Call]]:
    for node in ast.iter_child_nodes(tree):
        name = node.name if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else function
        if isinstance(node, ast.Call):
            yield name, node
        yield from _calls(node, name)
