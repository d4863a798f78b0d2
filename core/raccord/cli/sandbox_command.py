"""``raccord sandbox``: a local QuickBooks Online in the foreground, as a program of its own."""

from __future__ import annotations

import importlib.util
import os
import sys

import click

from raccord.cli.group import COMMANDS, dependency_missing
from raccord.cli.words import command as make_command

MODULE = "raccord_sandbox"


@make_command(
    "sandbox",
    "Servir un QuickBooks Online local ; les autres arguments sont les siens (« raccord sandbox -- --help »).",
    "Serve a local QuickBooks Online; other arguments are its own (“raccord sandbox -- --help”).",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    # The sandbox shares no code with us, so it is another program; it takes this process's place, Ctrl-C and exit
    # status included.
    for needed in (MODULE, "uvicorn"):
        if importlib.util.find_spec(needed) is None:
            raise dependency_missing("sandbox", COMMANDS["sandbox"], needed)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", MODULE, *arguments])  # noqa: S606 - our own program, no shell
