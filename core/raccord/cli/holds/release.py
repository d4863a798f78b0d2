"""``raccord holds release``: what was undone may be posted again."""

from __future__ import annotations

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_hold
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import actor, output
from raccord.cli.terminal.words import command
from raccord.onboarding.deciding.undone import release


@command(
    "release",
    "Laisser écrire de nouveau ce qui a été défait (raccord undo), à la prochaine exécution.",
    "Let what was undone (raccord undo) be posted again, by the next run.",
)
@click.argument("hold", nargs=-1, required=True)
def release_(hold: tuple[str, ...]) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            ids = list(dict.fromkeys(the_hold(session, each) for each in hold))
        keys = release(workshop, operator(actor()), ids)
    if out.as_json:
        out.json({"released": keys})
    out.say(
        Phrase(
            f"À écrire de nouveau : {', '.join(keys)}. La prochaine exécution le fait.",
            f"To be posted again: {', '.join(keys)}. The next run does it.",
        )
    )
    return Exit.OK
