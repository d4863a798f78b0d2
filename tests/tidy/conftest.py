"""The sources as syntax trees, read once for all tidy tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Module:
    """A module of ours: its dotted name, its path from the root and its syntax tree."""

    name: str
    path: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """The distribution's package it belongs to (``raccord``, ``raccord_web``, ``raccord_chase`` …)."""
        return self.name.partition(".")[0]

    @property
    def imports(self) -> Iterator[tuple[str, int]]:
        """Every module imported anywhere in it, inside functions too, with the line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module, node.lineno
                # ``from raccord import scope`` imports the module raccord.scope.
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def source_folders() -> list[Path]:
    """Return the folders whose children are our import packages."""
    layers = [ROOT / name for name in ("core", "web", "sandbox", "migrations")]
    return layers + sorted((ROOT / "plugins").glob("*/src"))


def _read() -> Iterator[Module]:
    for folder in source_folders():
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            text = path.read_text(encoding="utf-8")
            yield Module(name, str(path.relative_to(ROOT)), text, ast.parse(text, str(path)))


@pytest.fixture(scope="session")
def modules() -> list[Module]:
    """All modules of the application's layers and of the plugins, without tests."""
    found = list(_read())
    assert len(found) > 50
    return found


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT
