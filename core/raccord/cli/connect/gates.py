"""``raccord connect gates``: what must be done before stages of a set-up, and saying that it is."""

from __future__ import annotations

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, actor, both, output
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.onboarding.gates.gates import GateView, gates_of, pass_gate
from raccord.onboarding.sources.source_accounts import info_of


@make_command(
    "gates",
    "Montrer ce qui doit venir avant la suite d'une mise en place, et dire ce qui est fait.",
    "Show what must come before a set-up goes on, and say what is done.",
    params=[
        Option(
            "--passed", default="", phrase=Phrase("Dire que ce préalable est fait.", "Say that this gate is passed.")
        ),
        Option("--reopen", default="", phrase=Phrase("Dire qu'il ne l'est pas encore.", "Say that it is not yet.")),
    ],
)
@click.argument("connection")
def gates_command(connection: str, passed: str, reopen: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
        for name, done in ((passed, True), (reopen, False)):
            if name:
                pass_gate(workshop, operator(actor()), found.id, name, passed=done)
        with workshop.database.read() as session:
            found = the_connection(session, connection)
            views = gates_of(session, found, info_of(workshop, found.connector))
    if out.as_json:
        out.json({"gates": [_row(view) for view in views]})
        return Exit.OK
    out.table(
        Phrase("Préalables", "Gates"),
        [
            Column(Phrase("Nom", "Name")),
            Column(Phrase("Ce qui vient d'abord", "What comes first")),
            Column(Phrase("Où il en est", "How it stands")),
        ],
        [[view.info.name, view.info.title.get(out.language), _stands(view).get(out.language)] for view in views],
        empty=Phrase("Rien ne doit venir d'abord.", "Nothing must come first."),
    )
    following = next((view.info for view in views if view.turn), None)
    if following is not None:
        out.say(following.why)
        out.say(following.how)
    return Exit.OK


def _stands(view: GateView) -> Phrase:
    if view.passed:
        who = f" ({view.by})" if view.by else ""
        return Phrase(f"fait{who}", f"done{who}")
    return Phrase("à faire", "to do") if view.turn else Phrase("ensuite", "after that")


def _row(view: GateView) -> dict[str, object]:
    return {
        "gate": view.info.name,
        "before": str(view.info.before),
        "title": both(view.info.title),
        "why": both(view.info.why),
        "how": both(view.info.how),
        "passed": view.passed,
        "turn": view.turn,
        "by": view.by,
    }
