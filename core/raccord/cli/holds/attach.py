"""``raccord holds attach|detach``: receipts of bank lines, from a terminal."""

from __future__ import annotations

from pathlib import Path

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import FindingError, operator, the_line_asked
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import actor, output
from raccord.cli.terminal.words import command
from raccord.onboarding.deciding.attaching import attach, detach
from raccord.overview.lines.attached import files_of_holds
from raccord.plugin.texts import Text


@command(
    "attach",
    "Joindre un reçu (PDF, JPEG, PNG, GIF, TIFF) à une opération qui n'est pas écrite ; il suit son document dans "
    "QuickBooks.",
    "Attach a receipt (PDF, JPEG, PNG, GIF, TIFF) to a line that is not posted; it follows the line's document into "
    "QuickBooks.",
)
@click.argument("hold")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def attach_(hold: str, file: Path) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            hold_id = the_line_asked(session, hold)
        with file.open("rb") as content:
            kept = attach(workshop, operator(actor()), hold_id, file.name, content)
    if out.as_json:
        out.json({"attached": kept.name, "sha256": kept.sha256})
    out.say(
        Phrase(
            f"{kept.name} : joint. Il part après le document de l'opération.",
            f"{kept.name}: attached. It goes after the line's document.",
        )
    )
    return Exit.OK


@command(
    "detach",
    "Retirer un reçu d'une opération, tant qu'il n'est pas dans QuickBooks.",
    "Take a receipt back from a line, while it is not in QuickBooks.",
)
@click.argument("hold")
@click.argument("name")
def detach_(hold: str, name: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            hold_id = the_line_asked(session, hold)
            files = files_of_holds(session, [hold_id]).get(hold_id, [])
        found = next((each for each in files if each.name == name), None)
        if found is None:
            names = ", ".join(each.name for each in files) or "–"
            raise FindingError(
                "hold.no_such_file",
                Text(f"Aucun reçu « {name} » n'est joint.", f"No receipt “{name}” is attached."),
                Text(f"Ceux qui le sont : {names}.", f"Those that are: {names}."),
            )
        gone = detach(workshop, operator(actor()), hold_id, found.sha256)
    if out.as_json:
        out.json({"detached": gone.name, "sha256": gone.sha256})
    out.say(Phrase(f"{gone.name} : retiré.", f"{gone.name}: taken back."))
    return Exit.OK
