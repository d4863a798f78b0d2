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


_CONNECTORS = "tests/journeys/test_first_connector.py::test_every_block_of_the_page_does_what_it_says"
_TYPED = "tests/journeys/test_documented_commands.py::test_the_commands_of_the_pages_do_what_they_say"
_TYPED_PAGES = (
    "tutorial/first-sync", "how-to/backup", "how-to/doctor", "how-to/mapping", "how-to/undo", "how-to/month-end",
    "how-to/bank-file", "how-to/bank-rules", "how-to/review", "how-to/days", "how-to/messages", "how-to/pleo",
    "how-to/plannit", "how-to/taxdome", "how-to/chase-sftp", "how-to/bank-providers", "how-to/service", "how-to/api",
    "reference/sandbox", "how-to/bench", "how-to/record",
    "how-to/connection",
)  # fmt: skip

EXECUTED_BY = {
    "docs/tutorial/first-connector": _CONNECTORS,
    "docs/how-to/rest-connector": (
        "tests/journeys/test_first_connector.py::test_the_connector_of_the_page_runs_against_its_served_twin"
    ),
    "docs/how-to/extension": (
        "tests/core/cli/test_audit.py::test_an_extension_of_the_docs_gives_an_account_and_why_says_so_in_both_languages"
    ),
    **{f"docs/{page}": _TYPED for page in _TYPED_PAGES},
    "docs/how-to/postgresql": (
        "tests/journeys/test_documented_commands.py::test_the_page_of_postgresql_does_what_it_says_on_a_server"
    ),
    "plugins/chase/README": _TYPED,
    "README": "tests/tidy/test_doc_blocks.py::test_the_readme_types_what_the_first_sync_types_and_makes_the_files",
    "CONTRIBUTING": "tests/tidy/test_doc_blocks.py::python",
}
"""Pages whose blocks are executed, in this order, and by which test; what it leaves out is listed below."""

_APART = "tests/journeys/test_blocks_elsewhere.py::test_what_"

EXECUTED_APART = {
    ("docs/how-to/pleo", "raccord connect webhook Pleo"): _APART + "tells_pleo_an_address_tells_its_twin",
    ("docs/how-to/record", "raccord record pleo --set"): _APART + "records_a_real_source_records_its_served_twin",
    ("plugins/chase/README", "pip install raccord-chase"): _APART + "installs_from_the_network_installs_from_here",
    ("docs/tutorial/first-connector", "python3 -m venv"): _APART + "installs_from_the_network_installs_from_here",
    ("docs/reference/sandbox", "RACCORD_SANDBOX_TOKEN"): _APART + "serves_at_a_fixed_address_serves_at_a_free_one",
    (
        "docs/tutorial/first-sync",
        'export RACCORD_DATA_DIR="$PWD/raccord-intuit"',
    ): _APART + "asks_intuits_sandbox_connects_a_company_of_the_local_one",
}
"""Blocks that a test of their own executes, against what stands in the place of Intuit, Pleo and the network."""

NOT_EXECUTED = {
    ("README", "make demo"): "the demonstration and the whole test run: .ci/try-wheels runs the one, .ci/run the other",
}
"""Blocks that no test executes, by page and the beginning of their first line, with the reason."""


def why_not(block: Block) -> str:
    """Return why a block is not executed where its page is; nothing where it is to be."""
    first = block.commands[0] if block.commands else ""
    elsewhere = (NOT_EXECUTED | EXECUTED_APART).items()
    found = (why for (page, line), why in elsewhere if page == block.page and first.startswith(line))
    return next(found, "")
