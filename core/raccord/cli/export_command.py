"""``raccord export``: all that is kept about a company, as the file that the help page gives."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import actor, output
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.errors import RaccordError
from raccord.onboarding.closing.export import TABLES, export_company
from raccord.onboarding.connecting.companies import the_company
from raccord.plugin.texts import Text

STANDARD_OUTPUT = "-"
_MODE = 0o600
"""Records of customers: for whoever asked for them, and nobody else on the machine."""


class ExportError(RaccordError):
    """Raised when the file cannot be written where it was asked for."""


@make_command(
    "export",
    "Emporter tout ce qui est gardé d'une société : opérations, documents et mappage, en un ZIP de tables.",
    "Take away all that is kept about a company: records, documents and mapping, as one ZIP of tables.",
    params=[
        Option("--company", default="", phrase=Phrase("Société, s'il y en a plusieurs.", "Company, if several.")),
    ],
)
@click.argument("file", required=False)
def command(file: str | None, company: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_company(session, company)
        place = file or f"raccord-{workshop.clock.now().date().isoformat()}.zip"
        if place != STANDARD_OUTPUT:
            _must_be_free(Path(place))
        content = export_company(workshop, operator(actor()), found.id)
        if place == STANDARD_OUTPUT:
            for piece in content:
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
            return Exit.OK
        size = _write(Path(place), content)
    tables = [name for name, *_ in TABLES]
    if out.as_json:
        out.json({"company": found.name, "file": place, "bytes": size, "tables": tables})
    out.say(
        Phrase(
            f"« {found.name} » : {', '.join(tables)} dans {place} ({size} octets).",
            f"“{found.name}”: {', '.join(tables)} in {place} ({size} bytes).",
        )
    )
    return Exit.OK


def _write(place: Path, content: Iterator[bytes]) -> int:
    """Write a file beside its place and move it there once it is whole; return its size."""
    part = place.with_name(f"{place.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE), "wb") as writing:
            size = sum(writing.write(piece) for piece in content)
        part.rename(place)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _not_written(place, error.strerror or str(error)) from None
    return size


def _must_be_free(place: Path) -> None:
    if place.exists():
        raise ExportError(
            "export.file_exists",
            Text(f"{place} existe déjà.", f"{place} exists already."),
            Text("Donnez un autre nom.", "Give another name."),
        )
    if not place.parent.is_dir():
        raise _not_written(place, "no such folder")


def _not_written(place: Path, why: str) -> ExportError:
    return ExportError(
        "export.not_written",
        Text(f"{place} n'a pas pu être écrit ({why}).", f"{place} could not be written ({why})."),
        Text("Donnez un dossier où vous pouvez écrire.", "Give a folder in which you may write."),
    )
