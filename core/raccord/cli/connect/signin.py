"""``raccord connect signin``: sign in at a connection's source, question by question."""

from __future__ import annotations

import sys

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Output, actor, output
from raccord.cli.terminal.words import Option, command
from raccord.onboarding.connecting.signing_in import sign_in
from raccord.plugin.signing import Asked, AskKind, SignIn

STEPS_MAX = 20


@command(
    "signin",
    "Se connecter à la source : second facteur et choix des comptes ; liens et historique restent.",
    "Sign in at the source: second factor and choice of accounts; links and history stay.",
    params=[
        Option(
            "--answer",
            "answers",
            multiple=True,
            metavar="KEY[=VALUE]",
            phrase=Phrase(
                "Répondre sans question ; sans « = », cocher. Un secret se tape ou se lit sur l'entrée (KEY=-).",
                "Answer unasked; without “=” it is ticked. A secret is typed, or read from standard input (KEY=-).",
            ),
        )
    ],
)
@click.argument("connection", required=False)
def signin(connection: str | None, answers: tuple[str, ...]) -> int:
    out = output()
    given: dict[str, str] = {}
    for each in answers:
        key, equals, value = each.partition("=")
        given[key] = sys.stdin.readline().rstrip("\r\n") if value == "-" else value if equals else "on"
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
        step = sign_in(workshop, operator(actor()), found.id, given)
        for _ in range(STEPS_MAX):
            if step.done or not sys.stdin.isatty():
                break
            step = sign_in(workshop, operator(actor()), found.id, _answered(out, step))
    if out.as_json:
        asks = [{"key": each.key, "kind": str(each.kind), "text": each.text.get(out.language)} for each in step.asks]
        told = step.told.get(out.language) if step.told else ""
        out.json({"connection": found.id, "done": step.done, "told": told, "page": step.page, "asks": asks})
    elif step.done:
        out.say(Phrase(f"{found.label} : connecté à la source.", f"{found.label}: signed in at the source."))
    else:
        _tell(out, step)
        for ask in step.asks:
            out.say(Phrase(f"  {ask.key} : {ask.text.fr}", f"  {ask.key}: {ask.text.en}"))
        out.say(Phrase("Répondez par --answer.", "Answer by --answer."))
    return Exit.OK if step.done else Exit.NEEDS_PERSON


def _tell(out: Output, step: SignIn) -> None:
    if step.told is not None:
        out.say(Phrase(step.told.fr, step.told.en))
    if step.page:
        out.say(Phrase(f"Continuez ici, puis revenez : {step.page}", f"Go on here, then come back: {step.page}"))


def _answered(out: Output, step: SignIn) -> dict[str, str]:
    _tell(out, step)
    if step.page:
        click.pause(Phrase("Entrée quand c'est fait.", "Press a key when done.").get(out.language), err=True)
    answers = {ask.key: value for ask in step.asks if (value := _ask(out, ask))}
    return {"answered": "yes", **answers}


def _ask(out: Output, ask: Asked) -> str:
    text = ask.text.get(out.language)
    if ask.kind is AskKind.PICK:
        return "on" if click.confirm(text, default=ask.preset == "on", err=True) else ""
    typed: str = click.prompt(
        text, default=ask.preset, show_default=bool(ask.preset), hide_input=ask.kind is AskKind.SECRET, err=True
    )
    return typed
