"""``raccord connect institutions``: search the banks that a connector knows."""

from __future__ import annotations

import click

from raccord.cli.connect.source import info_of
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, output
from raccord.cli.terminal.words import command
from raccord.onboarding.sources.institutions import find_institutions


@command(
    "institutions",
    "Chercher sa banque parmi celles que connaît un connecteur, et par où la relier.",
    "Search one's bank among those that a connector knows, and the ways to connect it.",
)
@click.argument("connector")
@click.argument("text", nargs=-1)
def institutions(connector: str, text: tuple[str, ...]) -> int:
    out = output()
    with opened_workshop() as workshop:
        found = find_institutions(info_of(workshop, connector), " ".join(text))
    if out.as_json:
        out.json(
            [
                {"name": each.name, "way": each.way.get(out.language), "days": each.days, "settings": dict(each.values)}
                for each in found
            ]
        )
        return Exit.OK
    out.table(
        Phrase("Banques", "Banks"),
        [
            Column(Phrase("Nom", "Name")),
            Column(Phrase("Par où", "Way")),
            Column(Phrase("Jours en arrière", "Days back")),
            Column(Phrase("Réglages", "Settings")),
        ],
        [
            [
                each.name,
                each.way.get(out.language),
                "" if each.days is None else str(each.days),
                " ".join(f"--set {name}={value}" for name, value in each.values.items()),
            ]
            for each in found
        ],
        empty=Phrase("Ce connecteur ne connaît pas de banques.", "This connector knows no banks."),
    )
    return Exit.OK
