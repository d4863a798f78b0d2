"""Prints which requirements have a test that proves them, from the marks in the test sources.

Whether those tests pass is for pytest to say: ``make test``.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
ID = re.compile(r"(BF|PL|TD|CH|PO|K)-?(\d+)([a-z]?)")


def proven(root: Path) -> dict[str, set[str]]:
    """Return each requirement's id with the tests (``path::name``) that bear its mark."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in [*root.glob("tests/**/test_*.py"), *root.glob("plugins/*/tests/**/test_*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            name, marks = _marked(node)
            for requirement in (one for mark in marks for one in _ids(mark)):
                found[requirement].add(f"{path.relative_to(root)}::{name}")
    return found


def _marked(node: ast.AST) -> tuple[str, list[ast.expr]]:
    """Return the name and marks of a test or class, or of a whole module (``pytestmark``)."""
    match node:
        case ast.FunctionDef() | ast.ClassDef():
            return node.name, node.decorator_list
        case ast.Assign(targets=[ast.Name(id="pytestmark")]):
            return "*", node.value.elts if isinstance(node.value, ast.List) else [node.value]
        case _:
            return "", []


def _ids(mark: ast.expr) -> list[str]:
    if not isinstance(mark, ast.Call) or not ast.unparse(mark.func).endswith("mark.requirement"):
        return []
    return [str(one.value) for one in mark.args if isinstance(one, ast.Constant)]


def main() -> None:
    found = proven(ROOT)
    groups: dict[str, list[str]] = defaultdict(list)
    for requirement in found:
        match = ID.fullmatch(requirement)
        groups[match[1] if match else "?"].append(requirement)
    for group in sorted(groups):
        ordered = sorted(groups[group], key=lambda one: [int(part) for part in re.findall(r"\d+", one)])
        print(f"{group}: {len(ordered)} proven: {', '.join(ordered)}")
    print(f"{len(found)} requirements have a test, in {len(set().union(*found.values()))} tests")


if __name__ == "__main__":
    main()
