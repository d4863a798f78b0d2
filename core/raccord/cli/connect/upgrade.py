"""``raccord connect upgrade``: what another version of a connector says otherwise, and its acceptance."""

from __future__ import annotations

from dataclasses import asdict

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, actor, both, output
from raccord.cli.terminal.showing import field_shown
from raccord.cli.terminal.words import Option, command
from raccord.onboarding.deciding.upgraded import accept_upgrade, differences
from raccord.quickbooks.fields import field_named

SHOWN_MAX = 200


@command(
    "upgrade",
    "Montrer ce que la version installée du connecteur dit autrement des dernières opérations, ou l'accepter.",
    "Show what the installed version of the connector says otherwise of the newest records, or accept it.",
    params=[
        Option(
            "--accept",
            metavar="VERSION",
            default="",
            phrase=Phrase("Accepter cette version.", "Accept this version."),
        ),
    ],
)
@click.argument("connection", required=False)
def upgrade(connection: str | None, accept: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
        if accept:
            accept_upgrade(workshop, operator(actor()), found.id, accept)
        told = differences(workshop, found.id)
    shown = told.differences[:SHOWN_MAX]
    if out.as_json:
        out.json(
            {
                "connection": found.id,
                "accepted": accept or told.was,
                "installed": told.now,
                "looked_at": told.looked_at,
                "records": told.records,
                "differences": [
                    asdict(each) | {"day": each.day.isoformat(), "name": both(field_named(each.field))}
                    for each in shown
                ],
                "left_out": len(told.differences) - len(shown),
            }
        )
        return Exit.OK
    differ = counted(
        told.records,
        (f"{{n}} opération sur {told.looked_at} diffère", f"{{n}} record of {told.looked_at} differs"),
        (f"{{n}} opérations sur {told.looked_at} diffèrent", f"{{n}} records of {told.looked_at} differ"),
    )
    out.table(
        Phrase(
            f"{found.label} : version acceptée {accept or told.was}, installée {told.now} ; {differ.fr}",
            f"{found.label}: version accepted {accept or told.was}, installed {told.now}; {differ.en}",
        ),
        [
            Column(Phrase("Jour", "Day")),
            Column(Phrase("Opération", "Record")),
            Column(Phrase("Champ", "Field")),
            Column(Phrase("Avant", "Before")),
            Column(Phrase("Après", "After")),
        ],
        [
            [
                each.day.isoformat(),
                each.record,
                field_shown(each.field, out.language) or each.key,
                each.before,
                each.after,
            ]
            for each in shown
        ],
        empty=Phrase("Aucune différence.", "No difference."),
    )
    if len(told.differences) > len(shown):
        left = len(told.differences) - len(shown)
        out.say(
            counted(
                left,
                ("{n} autre différence.", "{n} more difference."),
                ("{n} autres différences.", "{n} more differences."),
            )
        )
    return Exit.OK
