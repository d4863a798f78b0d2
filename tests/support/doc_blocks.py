"""The blocks of the documentation: on which page and of which kind each is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```[ ]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One block between fences; ``page`` is its page's path in the repository, without language and ending."""

    page: str
    language: str
    number: int
    kind: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}{self.language and f' ({self.language})'}, block {self.number}"

    @property
    def commands(self) -> list[str]:
        """The lines of a shell block, those that go on joined."""
        return [line.strip() for line in self.text.replace("\\\n", " ").splitlines() if line.strip()]


def pages() -> list[Path]:
    """Return every page of the documentation, the project's own and the connectors'."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("plugins/*/README.md")]
    return sorted(found)


def blocks(page: Path) -> list[Block]:
    name = str(page.relative_to(ROOT)).removesuffix(".md")
    stem, _, language = name.rpartition(".") if name.endswith((".fr", ".en")) else (name, "", "")
    text = page.read_text(encoding="utf-8")
    found = []
    for number, each in enumerate(FENCE.finditer(text), start=1):
        indent = each["indent"]
        inner = "".join(line.removeprefix(indent) for line in each["text"].splitlines(keepends=True))
        found.append(Block(stem, language, number, each["kind"].strip(), inner))
    return found


def all_blocks() -> list[Block]:
    return [block for page in pages() for block in blocks(page)]


_SERVED = "serves at a fixed address until Ctrl-C; "

NOT_EXECUTED = {
    ("docs/tutorial/first-connector", "python3 -m venv venv"): "installs from the network",
    ("docs/how-to/rest-connector", "export RACCORD_DATA_DIR="): _SERVED + "settings for what follows",
    ("docs/how-to/rest-connector", "raccord sandbox serve"): _SERVED + "tests/sandbox serve it at free ones",
    ("docs/how-to/rest-connector", "python -m raccord_counter.sandbox"): _SERVED + "test_served.py tries what it calls",
    (
        "docs/how-to/rest-connector",
        "raccord db upgrade",
    ): "goes on with what is served there",
}
"""Blocks that are not executed, by page and the beginning of their first line, with the reason."""


def why_not(block: Block) -> str:
    """Return why a block is not executed; nothing where it is to be."""
    first = block.commands[0] if block.commands else ""
    found = (why for (page, line), why in NOT_EXECUTED.items() if page == block.page and first.startswith(line))
    return next(found, "")
