"""``raccord retention``: how long messages and devices are kept, and removing now what is over."""

from __future__ import annotations

import click

from raccord.cli.terminal.finding import operator
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Output, actor, output
from raccord.cli.terminal.words import Option, default_group
from raccord.keeping.retention import DAYS_MAX, Retention, choose_retention, purge, retention_of


@default_group(
    "retention",
    "show",
    "Montrer combien de temps messages et appareils sont gardés.",
    "Show for how long messages and devices are kept.",
)
def command() -> None:
    pass


@command.command(
    "show",
    phrase=Phrase(
        "Montrer ce qui est gardé, et combien de temps (ce que fait « raccord retention » seul).",
        "Show what is kept, and for how long (what “raccord retention” alone does).",
    ),
)
def show() -> None:
    with opened_workshop() as workshop, workshop.database.read() as session:
        found = retention_of(session)
    _show(output(), found)


@command.command(
    "set",
    phrase=Phrase(
        "Dire combien de jours messages et appareils sont gardés ; 0 garde tout.",
        "Say for how many days messages and devices are kept; 0 keeps all.",
    ),
    params=[
        Option(
            "--messages",
            type=click.IntRange(0, DAYS_MAX),
            default=None,
            metavar="DAYS",
            phrase=Phrase("Jours, à compter de la fin de l'incident.", "Days, from the end of the incident on."),
        ),
        Option(
            "--devices",
            type=click.IntRange(0, DAYS_MAX),
            default=None,
            metavar="DAYS",
            phrase=Phrase("Jours, à compter de la déconnexion.", "Days, from signing out on."),
        ),
    ],
)
def set_(messages: int | None, devices: int | None) -> None:
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            held = retention_of(session)
        wanted = Retention(
            held.messages if messages is None else messages, held.devices if devices is None else devices
        )
        found = choose_retention(workshop, operator(actor()), wanted)
    _show(output(), found)


@command.command(
    "purge",
    phrase=Phrase(
        "Retirer maintenant ce qui est gardé depuis plus longtemps que dit ; sinon un ouvrier le fait chaque jour.",
        "Remove now what is over for longer than said; otherwise a worker does so each day.",
    ),
)
def purge_now() -> None:
    with opened_workshop() as workshop:
        removed = purge(workshop, actor())
    out = output()
    if out.as_json:
        out.json({"messages": removed.messages, "devices": removed.devices})
    out.say(
        Phrase(
            f"Retirés : messages {removed.messages}, appareils et invitations {removed.devices}.",
            f"Removed: messages {removed.messages}, devices and invitations {removed.devices}.",
        )
    )


def _show(out: Output, found: Retention) -> None:
    if out.as_json:
        out.json({"messages_days": found.messages, "devices_days": found.devices})
    messages, devices = _days(found.messages), _days(found.devices)
    out.say(
        Phrase(
            f"Messages : {messages.fr}. Appareils : {devices.fr}. "
            "Opérations, preuves, certificats et journal d'audit sont gardés pour toujours.",
            f"Messages: {messages.en}. Devices: {devices.en}. "
            "Records, proofs, certificates and the audit log are kept for good.",
        )
    )


def _days(days: int) -> Phrase:
    kept = Phrase("tout est gardé", "all is kept")
    return counted(days, ("{n} jour", "{n} day"), ("{n} jours", "{n} days")) if days else kept
