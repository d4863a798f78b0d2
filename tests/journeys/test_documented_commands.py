"""The commands of the pages, typed line by line in the world that the first tutorial makes.

Names that stand for something of the reader's are replaced by something of this world (``SWAPS``). Where a line shows a
case that this world does not have, it must be refused for just that reason (``REFUSED``).
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import click.termui
import pytest
from doc_blocks import EXECUTED_BY, ROOT, Block, blocks, why_not

from raccord.cli import run
from raccord.cli.terminal.exits import Exit
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.slow
GOOD = {Exit.OK, Exit.NEEDS_PERSON, Exit.UNEQUAL}
MINE = "tests/journeys/test_documented_commands.py::test_the_commands_of_the_pages_do_what_they_say"
PAGES = [page for page, test in EXECUTED_BY.items() if test == MINE]
WAITING = re.compile(
    r"raccord (serve|worker|sandbox serve.*|connect quickbooks|connect signin .*|connect institutions .*)"
)
"""Commands that wait for somebody: pages, workers and the sandbox have tests of theirs, and so has signing in."""


def asked(query: str, place: int = 0) -> Callable[[Path], str]:
    """Return what reads a name of this world from its database."""

    def read(folder: Path) -> str:
        with closing(sqlite3.connect(folder / "raccord-data" / "app.db")) as database:
            rows = database.execute(query).fetchall()
        return str(rows[place][0]) if len(rows) > place else "nothing"

    return read


LINKED = "FROM link WHERE kind = 'SalesReceipt' AND state = 'live' ORDER BY day DESC, id DESC"
"""The sales that came last: no deposit holds them yet."""
KEY, DOCUMENT = f"SELECT key {LINKED}", f"SELECT kind || ':' || document_id {LINKED}"
OPEN = "SELECT hold.id FROM hold WHERE closed_at IS NULL AND code = 'resolve.decision_missing' ORDER BY draft_id"
UNDONE = "SELECT draft.key FROM hold JOIN draft ON draft.id = draft_id WHERE closed_at IS NULL ORDER BY draft.id"
ACCOUNT = "SELECT json_extract(params, '$.of') FROM hold WHERE code = 'resolve.choice_missing'"
SWAPS: tuple[tuple[str, str | Callable[[Path], str]], ...] = (
    ("Online sales", "Services"),
    ("Ventes en ligne", "Services"),
    ("--to 2026-08-31", "--to 2026-09-30"),
    # A last day that is to come, whenever this runs.
    ("--until 2027-04-30", lambda _: f"--until {datetime.now(UTC) + timedelta(90):%Y-%m-%d}"),
    ("/mnt/backups/raccord", lambda folder: str(folder / "backups")),
    ("--accept 2.0", "--accept 0.1.0"),
    ('"SalesReceipt 123"', asked(DOCUMENT)),
    (
        "8F2K41QX",
        asked("SELECT run_id FROM plan WHERE state = 'applied' AND approved_by != 'standing' ORDER BY created_at"),
    ),
    ("SalesReceipt:145", asked(DOCUMENT)),
    ("Deposit:160", asked(DOCUMENT, 1)),
    ("release sales/s1 sales/s2", lambda folder: f"release {asked(UNDONE)(folder)}"),
    ("sales/s1", asked(KEY, 2)),
    ("sales/s2", asked(KEY, 3)),
    ("3fa29c01", asked("SELECT hash FROM plan WHERE state = 'waiting' ORDER BY created_at DESC")),
    (
        "bank-5678-ee32da3e41",
        asked("SELECT json_extract(params, '$.of') FROM hold WHERE code = 'resolve.choice_missing'"),
    ),
    ("6a8adc52 71aed934", asked(OPEN)),
    ("7564bb73", asked(OPEN)),
    ("5120", '"Fournitures de bureau"'),
    ("COMPANY", "9130118861442144"),
)
"""What pages call something of the reader's, and what that is here, read when it is typed."""
REFUSED = {
    # No such question, document, rule or person is here.
    "raccord holds skip sales/s3": "hold.unknown",
    "raccord holds decide ": "hold.unknown",
    "raccord drift settle restore DRIFT": "drift.unknown",
    "raccord drift settle unlink DRIFT": "drift.unknown",
    "raccord holds attach 3f2a": "cli.usage",
    "raccord holds take-back": "connection.which",
    **{f"raccord holds {deed} 3f2a": "hold.unknown"
       for deed in ("answer", "split", "transfer", "two-sides", "personal", "skip", "detach")},
    "raccord people reset": "people.unknown",
    "raccord problems resolved PROBLEM": "problem.unknown",
    "raccord tokens create": "people.unknown",
    "raccord tokens revoke": "people.token_unknown",
    # No file covers the days after the merchant's fourteen.
    "raccord proof certify 2026-08 --out": "certificate.exceptions",
    # Nothing of the kind is to be done here.
    "raccord connect closed Shop --month 2026-08 --answer write": "closing.not_certified",
    "raccord connect backfill Shop": "backfill.no_gap",
    "raccord connect take-back Shop": "backfill.not_asked",
    "raccord suggestions accept": "suggestions.not_supported",
    "raccord connect activate Shop": "connection.not_draft",
    "raccord connect file-answer Bank d": "files.no_question",
    "raccord connect file-back Bank 2": "files.not_here",
    "raccord connect days Shop --cut-off 22:00": "connection.days_past",
    "raccord connect source chase --enable --label Cards": "connection.source_taken",
    # The line shows one part of a longer one, or its reader has a key that nobody has here.
    "raccord connect source chase --label Shop": "connection.settings",
    "raccord connect source pleo": "connection.settings",
    "raccord connect source bankfeed --enable --label Bank --starts-on 2026-04-01": "connection.history",
    # Chase's messages and other connections are not in this world.
    "raccord connect webhook Shop --open --secret-stdin": "webhook.secret",
    "raccord connect webhook Shop --open": "webhook.not_taken",
    "raccord connect webhook Shop --close": "webhook.not_taken",
    "raccord connect settings Cards": "connection.which",
    "raccord sync Cards": "connection.which",
    **{f"raccord {deed} {label}": "connection.which"
       for deed in ("connect choose", "lists push", "lists check", "connect link") for label in ("Pleo", "Plannit")},
    "raccord plugins enable chase": "company.unknown",
    "raccord connect switch Shop": "company.which",
}  # fmt: skip
"""By the beginning of a line, the code with which it must be refused in this world."""
FOUND = {"raccord doctor": "Upload the missing files"}
"""What finds something to be done here: the files of the merchant ended long ago."""
MAY_WAIT = ("raccord apply Shop", "raccord apply Bank")
"""Where the plan before turned out empty, nothing waits for approval."""


class Keyboard(io.StringIO):
    """A person at the keyboard who says yes."""

    def isatty(self) -> bool:
        return True


class Reader:
    """Somebody who types what pages say, in a folder and with settings of their own."""

    def __init__(self, folder: Path, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.sandbox, self.monkeypatch = folder, sandbox, monkeypatch
        for name in os.environ:
            if name.startswith("RACCORD_"):
                monkeypatch.delenv(name)
        for name, value in {
            "RACCORD_SANDBOX_URL": sandbox.url, "RACCORD_SANDBOX_TOKEN": sandbox.lab_token,
            "TOKEN": sandbox.lab_token, "PWD": str(folder), "COLUMNS": "200",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(folder)
        monkeypatch.setattr(click.termui, "hidden_prompt_func", lambda _: "canary-7731")
        sample = files("raccord_bankfeed").joinpath("samples", "qfx", "bank_medium_cad.qfx")
        shutil.copyfile(str(sample), folder / "statement.qfx")
        (folder / "password.txt").write_text("canary-7731")
        (folder / "exports").mkdir()

    def read(self, page: str, language: str) -> list[str]:
        """Do what a page says; return what went wrong, with what was said."""
        path = ROOT / f"{page}.{language}.md"
        wrong = []
        for block in blocks(path if path.exists() else ROOT / f"{page}.md"):
            if block.kind == "sh" and not why_not(block):
                wrong += [each for line in block.commands if (each := self._typed(block, line))]
            elif block.kind == "python":
                exec(compile(block.text, block.place, "exec"), {})  # noqa: S102 - our own page
        return wrong

    def _typed(self, block: Block, line: str) -> str:
        status, said = self.type(line)
        code = next((code for start, code in REFUSED.items() if line.startswith(start)), "")
        if (code and f"[{code}]" in said) or (not code and status in GOOD):
            return ""
        if line in FOUND and status == Exit.FAILED and FOUND[line] in said.replace("\n", " "):
            return ""
        if line in MAY_WAIT and "[apply.nothing_waits]" in said:
            return ""
        return f"{block.place}: {line}\n  {status}, wanted {code or 'to be done'}: {said[-300:]}"

    def type(self, line: str) -> tuple[int, str]:
        for name, own in SWAPS:
            if name in line:
                line = line.replace(name, own if isinstance(own, str) else own(self.folder))
        line = os.path.expandvars(line.replace("http://127.0.0.1:8780", self.sandbox.url))
        words = shlex.split(line.split(" < ")[0], comments=True)
        if not words or WAITING.fullmatch(" ".join(words)):
            return Exit.OK, ""
        if words[0] == "export":
            for each in words[1:]:
                self.monkeypatch.setenv(*each.split("=", 1))
            return Exit.OK, ""
        if words[0] != "raccord":
            command = line.replace(".venv/bin/python", sys.executable)
            done = subprocess.run(["sh", "-ec", command], capture_output=True, text=True, timeout=60, check=False)
            return done.returncode, done.stdout + done.stderr
        written = io.StringIO()
        self.monkeypatch.setattr(sys, "stdin", Keyboard("y\n" * 5))
        with redirect_stdout(written), redirect_stderr(written):
            status = run(words[1:])
        return status, written.getvalue()


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    with SandboxServer(SandboxConfig()) as server:
        yield Reader(tmp_path, server, monkeypatch)


# The other language has the same commands: tests/tidy/test_docs.py compares the pages line by line.
@pytest.mark.timeout(400)
def test_the_commands_of_the_pages_do_what_they_say(reader: Reader) -> None:
    wrong = [each for page in PAGES for each in reader.read(page, "en")]

    assert wrong == [], "\n".join(wrong)


def test_the_page_of_postgresql_does_what_it_says_on_a_server(
    reader: Reader, empty_postgres: Callable[[], str]
) -> None:
    """On a PostgreSQL of the tests, with the key that its own line makes; its worker is stopped once it waits."""
    swaps = {"postgresql://raccord:password@db.example.com/raccord": shlex.quote(empty_postgres())}
    made = ""
    for block in blocks(ROOT / "docs" / "how-to" / "postgresql.en.md"):
        for line in block.commands:
            for name, own in swaps.items():
                line = line.replace(name, own)
            if line == "raccord worker":
                continue
            status, said = reader.type(line)
            nothing_there = line == "raccord sync --later" and "[connection.none]" in said
            assert nothing_there or status in GOOD, f"{line}: {said}"
            if line.startswith("python3 -c"):
                made = swaps["RACCORD_KEY=…"] = f"RACCORD_KEY={said.strip()}"
    assert len(made) == len("RACCORD_KEY=") + 44
    program = "from raccord.cli import main; main()"
    command = [sys.executable, "-c", program, "worker"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as worker:
        try:
            assert worker.stdout is not None
            assert worker.stdout.readline().strip()
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=60) == 0
        finally:
            worker.kill()
