"""The history of the tables is one line: two revisions that follow the same one would make every upgrade fail."""

from __future__ import annotations

import ast
from pathlib import Path

VERSIONS = Path(__file__).parents[2] / "migrations" / "raccord_migrations" / "versions"


def test_each_revision_follows_the_one_before_and_its_file_says_which_it_is() -> None:
    told = {path.name: _told(path) for path in sorted(VERSIONS.glob("[0-9]*.py"))}
    numbers = [f"{number:04}" for number in range(1, len(told) + 1)]

    assert [name[:4] for name in told] == numbers
    assert list(told.values()) == list(zip(numbers, [None, *numbers[:-1]], strict=True))


def _told(path: Path) -> tuple[object, object]:
    """Return a migration's own revision and the one it follows."""
    values = {
        target.id: ast.literal_eval(node.value)
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in ("revision", "down_revision")
    }
    return values["revision"], values["down_revision"]
