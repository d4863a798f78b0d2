"""Rules on a connector's code, read and never run: what it imports, and no float where money passes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from raccord.plugin.testing.kit.rules import check
from raccord.plugin.testing.kit.subject import Subject

_OURS = ("raccord", "raccord_web", "raccord_migrations", "raccord_sandbox")
_TWINS = ("sandbox", "twin", "tests")


@check("code.imports")
def _imports(subject: Subject) -> Iterator[str]:
    for path, tree in trees(subject):
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
                names = [node.module]
            for name in names:
                allowed = name == "raccord.plugin" or name.startswith("raccord.plugin.")
                if name.partition(".")[0] in _OURS and not allowed:
                    yield f"{path}: {name}"


@check("code.floats")
def _floats(subject: Subject) -> Iterator[str]:
    for path, tree in trees(subject):
        if path.startswith(_TWINS):
            continue
        whole = _whole_names(tree)
        for node in ast.walk(tree):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
            literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
            if called or literal or (isinstance(node, ast.BinOp) and _divides(node, whole)):
                yield f"{path}:{getattr(node, 'lineno', 0)}"


def _divides(node: ast.BinOp, names: frozenset[str]) -> bool:
    """Tell whether whole numbers are divided with ``/``, which makes a float of them."""
    return isinstance(node.op, ast.Div) and _whole(node.left, names) and _whole(node.right, names)


def _whole(node: ast.AST, names: frozenset[str]) -> bool:
    """Tell whether an expression is a whole number for certain."""
    match node:
        case ast.Constant(value=int()):
            return True
        case ast.Name(id=name):
            return name in names
        case ast.Call(func=ast.Name(id="int" | "len" | "ord")):
            return True
        case ast.UnaryOp(operand=inner):
            return _whole(inner, names)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.FloorDiv() | ast.Mod(), right=right):
            return _whole(left, names) and _whole(right, names)
        case _:
            return False


def _whole_names(tree: ast.AST) -> frozenset[str]:
    """Return names that a file gives whole numbers and nothing else."""
    given: dict[str, list[bool]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.arg(arg=name, annotation=kind) | ast.AnnAssign(target=ast.Name(id=name), annotation=kind):
                given.setdefault(name, []).append(isinstance(kind, ast.Name) and kind.id == "int")
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                given.setdefault(name, []).append(_whole(value, frozenset()))
            case ast.For(target=ast.Name(id=name)) | ast.comprehension(target=ast.Name(id=name)):
                given.setdefault(name, []).append(False)
            case _:
                pass
    return frozenset(name for name, said in given.items() if all(said))


def trees(subject: Subject) -> list[tuple[str, ast.AST]]:
    """Return a connector's code by its files, their paths inside the package."""
    found = subject.once("trees", lambda: list(_read(subject)))
    assert isinstance(found, list)  # noqa: S101 - for the type checker
    return found


def _read(subject: Subject) -> Iterator[tuple[str, ast.AST]]:
    home = Path(str(subject.plugin.__file__))
    paths = sorted(home.parent.rglob("*.py")) if home.name == "__init__.py" else [home]
    for path in paths:
        yield str(path.relative_to(home.parent)), _tree(path.read_text(encoding="utf-8"))


@lru_cache(64)
def _tree(code: str) -> ast.AST:
    """Return a file's code, which nobody changes; a plugin is judged many times where only its answers vary."""
    return ast.parse(code)
