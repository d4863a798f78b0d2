"""``raccord connect webhook``: the address that a source calls, its secret, and what came."""

from __future__ import annotations

import sys

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, actor, output
from raccord.cli.terminal.words import Option, command
from raccord.onboarding.arriving.subscribing import Opened, close_messages, open_messages
from raccord.onboarding.arriving.webhooks import endpoint_view


@command(
    "webhook",
    "Montrer l'adresse que la source appelle et ce qui en est venu ; --open la crée ou donne un autre secret, et le "
    "dit à la source si elle le permet.",
    "Show the address that the source calls and what came; --open makes it, or gives another secret, and tells the "
    "source where it lets us.",
    params=[
        Option(
            "--open",
            "opened",
            is_flag=True,
            phrase=Phrase("Créer l'adresse, ou donner un autre secret.", "Make the address, or give another secret."),
        ),
        Option(
            "--secret-stdin",
            is_flag=True,
            phrase=Phrase(
                "Avec --open : lire sur l'entrée le secret créé par la source.",
                "With --open: read the secret that the source made from standard input.",
            ),
        ),
        Option("--close", is_flag=True, phrase=Phrase("Retirer l'adresse.", "Take the address away.")),
    ],
)
@click.argument("connection", required=False)
def webhook(connection: str | None, opened: bool, secret_stdin: bool, close: bool) -> int:
    out = output()
    if (opened and close) or (secret_stdin and not opened):
        raise click.UsageError(
            Phrase(
                "--open ou --close ; --secret-stdin demande --open.", "--open or --close; --secret-stdin needs --open."
            ).get(out.language)
        )
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
        made = Opened("")
        if opened:
            given = sys.stdin.readline() if secret_stdin else ""
            made = open_messages(workshop, operator(actor()), found.id, given)
        if close:
            close_messages(workshop, operator(actor()), found.id)
        with workshop.database.read() as session:
            view = endpoint_view(session, found.id)
        base = workshop.settings.web_url.rstrip("/")
    if view is None:
        if out.as_json:
            out.json({"connection": found.id, "address": None})
        out.say(Phrase(f"{found.label} n'a pas d'adresse.", f"{found.label} has no address."))
        return Exit.OK
    if out.as_json:
        out.json(
            {
                "connection": found.id,
                "address": base + view.path,
                **({"secret": made.secret} if made.secret else {}),
                **({"told": made.told} if opened else {}),
                "refused": view.refused,
                "refused_why": view.refused_why,
                "messages": [
                    {"id": each.message_id, "received_at": each.received_at.isoformat(), "run": each.run_id}
                    for each in view.deliveries
                ],
            }
        )
        return Exit.OK
    out.say(Phrase(f"Adresse : {base}{view.path}", f"Address: {base}{view.path}"))
    if made.secret:
        out.say(Phrase(f"Secret, montré cette seule fois : {made.secret}", f"Secret, shown this once: {made.secret}"))
    if made.told:
        out.say(Phrase("La source envoie ses messages ici.", "The source sends its messages here."))
    out.table(
        Phrase("Messages", "Messages"),
        [Column(Phrase("Message", "Message")), Column(Phrase("Reçu", "Received")), Column(Phrase("Exécution", "Run"))],
        [[each.message_id, each.received_at.isoformat(" ", "seconds"), each.run_id or ""] for each in view.deliveries],
        empty=Phrase("Rien n'est encore venu.", "Nothing came yet."),
    )
    return Exit.OK
