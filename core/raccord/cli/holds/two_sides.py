"""``raccord holds two-sides``: whether two lines that were called differently are one transfer."""

from __future__ import annotations

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_hold
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import actor, output
from raccord.cli.terminal.words import command
from raccord.onboarding.deciding.two_sides import answer_two_sides


@command(
    "two-sides",
    "Dire si deux opérations de vos comptes, dites l'une virement et l'autre autre chose, sont un seul virement (yes) "
    "ou deux mouvements (no).",
    "Say whether two lines of your accounts, one called a transfer and the other something else, are one transfer "
    "(yes) or two movements (no).",
)
@click.argument("hold", nargs=1)
@click.argument("same", type=click.Choice(["yes", "no"]))
def two_sides_(hold: str, same: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            hold_id = the_hold(session, hold)
        rows = answer_two_sides(workshop, operator(actor()), hold_id, same=same == "yes")
    keys = [row.key for row in rows]
    if out.as_json:
        out.json({"same": same == "yes", "treated": keys})
    out.say(
        Phrase(
            f"{', '.join(keys)} : gardé. Cela part avec la prochaine exécution.",
            f"{', '.join(keys)}: kept. It goes with the next run.",
        )
    )
    return Exit.OK
