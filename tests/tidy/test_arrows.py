"""Who may import whom. An arrow that is missing here is a decision to take, not a test to loosen."""

from __future__ import annotations

import ast
from typing import Any

LEVELS = (
    ("plugin",),  # the vocabulary that connectors share with core; knows nothing of core
    ("errors", "clock", "masking"),  # what every part of core says and asks, and hides
    ("suggesting",),  # what a history of answers says; pure
    ("settings", "quickbooks", "store"),
    ("shapes", "signatures", "quarantine", "defaults"),  # rules of admission and core's own hooks
    ("admission", "answers", "enablement"),
    ("catalog",),  # what is installed
    ("guard",),  # the way into a plugin's code
    ("scope",),  # the hooks of one connection
    ("sync",),
    ("onboarding",),  # asks sync for what it knows of a company's books
    ("jobs",),
    ("keeping",),  # backups, and drills that put one back and plan again what it holds
    ("overview",),  # what people are shown, the same for the web pages and the command line
    ("alarms",),  # what people must be told of, and telling them
    ("bench",),  # a connector run without a company; the same for the web pages and the command line
    ("cli",),
)
"""Core from the bottom up; a part may import parts of lower levels, and itself, but none beside it."""

LAYERS = {
    "raccord": {"raccord_migrations"},
    "raccord_web": {"raccord"},
    "raccord_sandbox": set[str](),  # it is the oracle: shared code would share the bug
    "raccord_migrations": set[str](),  # revisions are history and must not know today's models
}
"""Which other packages of ours the application's layers may import; plugins import ``raccord.plugin`` only."""


def test_layers_and_plugins_import_only_what_their_arrows_allow(modules: list[Any]) -> None:
    ours = {module.package for module in modules}
    wrong = []
    for module in modules:
        for imported, line in module.imports:
            package = imported.partition(".")[0]
            if package not in ours or package == module.package:
                continue
            if module.package in LAYERS:
                allowed = package in LAYERS[module.package]
            else:
                allowed = imported == "raccord.plugin" or imported.startswith("raccord.plugin.")
            if not allowed:
                wrong.append(f"{module.path}:{line} imports {imported}")

    assert wrong == []


def test_core_imports_downwards_only(modules: list[Any]) -> None:
    level = {part: height for height, parts in enumerate(LEVELS) for part in parts}
    wrong = []
    for module in modules:
        if module.package != "raccord" or module.name == "raccord":
            continue
        part = module.name.split(".")[1]
        assert part in level, f"raccord.{part} has no level: give it one in LEVELS and say why"
        for imported, line in module.imports:
            names = imported.split(".")
            other = names[1] if names[0] == "raccord" and len(names) > 1 else part
            if other in level and other != part and level[other] >= level[part]:
                wrong.append(f"{module.path}:{line} imports {imported}")

    assert wrong == []


def test_the_web_layer_does_not_lean_on_the_command_line(modules: list[Any]) -> None:
    wrong = [
        f"{module.path}:{line}"
        for module in modules
        if module.package == "raccord_web"
        for imported, line in module.imports
        if imported.startswith("raccord.cli")
    ]

    assert wrong == []


def test_only_the_quickbooks_package_and_the_sandbox_speak_http_with_quickbooks(modules: list[Any]) -> None:
    """Its wire is known in one place: nobody else imports the OAuth library, but to sign in with any provider."""
    allowed = ("raccord.quickbooks", "raccord.onboarding.access.provider")
    wrong = [
        f"{module.path}:{line} imports {imported}"
        for module in modules
        if module.package == "raccord" and not module.name.startswith(allowed)
        for imported, line in module.imports
        if imported.partition(".")[0] == "authlib"
    ]

    assert wrong == []


def test_no_modules_import_each_other_in_a_circle(modules: list[Any]) -> None:
    names = {module.name for module in modules}
    arrows = {module.name: _at_import(module.tree, names) - {module.name} for module in modules}
    done: set[str] = set()

    def circle(name: str, path: tuple[str, ...]) -> tuple[str, ...] | None:
        if name in path:
            return (*path[path.index(name) :], name)
        if name in done:
            return None
        for other in sorted(arrows[name]):
            if found := circle(other, (*path, name)):
                return found
        done.add(name)
        return None

    assert [found for name in sorted(names) if (found := circle(name, ()))] == []


def _at_import(tree: ast.Module, names: set[str]) -> set[str]:
    """Return which of our modules are imported while this one is (not in functions, not for type checkers only)."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & names
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & names
            # A module named in full does not need its package to be ready.
            found |= inner if len(inner) == len(node.names) else inner | ({node.module} & names)
        waiting.extend(ast.iter_child_nodes(node))
    return found
