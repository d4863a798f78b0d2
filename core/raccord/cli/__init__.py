"""The command ``raccord``: every screen's deeds from a terminal, for people and for scripts.

``raccord --help`` imports click and nothing heavier. Exit statuses are in :mod:`raccord.cli.terminal.exits`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from raccord.cli.group import LazyGroup
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.language import Phrase, spoken
from raccord.cli.terminal.words import Option, State

__all__ = ["main", "run"]


def main() -> None:
    """Run the command line of this process and end it with the exit status."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit status; refusals are printed, not raised."""
    state = State(language=spoken(arguments, os.environ))
    # A usage error may come up before the option that asks for JSON was read.
    state.as_json = "--json" in arguments
    try:
        status = root.main(list(arguments), prog_name="raccord", standalone_mode=False, obj=state)
    except click.exceptions.Abort:
        return Exit.INTERRUPTED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has seen enough; Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except click.ClickException as error:
        from raccord.cli.terminal.complaints import complain_of_click

        return complain_of_click(error, state)
    except _refusals() as error:
        from raccord.cli.terminal.refusals import complain_of

        return complain_of(error, state)
    return int(status or Exit.OK)


def _refusals() -> tuple[type[Exception], ...]:
    # Asked only when something was raised: the errors' packages import what help does not need.
    from raccord.cli.terminal.refusals import REFUSALS

    return REFUSALS


def _print_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"raccord {version('raccord')}")
    ctx.exit()


root = LazyGroup(
    "raccord",
    phrase=Phrase(
        "Apporte les écritures de vos sources dans QuickBooks Online, une fois chacune, au centime, preuve à l'appui.",
        "Brings the records of your sources into QuickBooks Online, once each, to the cent, and proves it.",
    ),
    params=[
        Option(
            "--version",
            phrase=Phrase("Afficher la version.", "Show the version."),
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print_version,
        )
    ],
)
