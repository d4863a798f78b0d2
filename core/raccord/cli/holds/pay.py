"""``raccord holds pay``: lines that settle what is open, or deposit what waits, become payments or deposits of it."""

from __future__ import annotations

import click
from sqlalchemy import select

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import FindingError, operator, the_hold
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import actor, output
from raccord.cli.terminal.words import Option, command
from raccord.onboarding.deciding.paying import certain, pay
from raccord.plugin.texts import Text
from raccord.store.models import Connection


@command(
    "pay",
    "Dire ce qu'une opération règle : des factures ouvertes de clients ou de fournisseurs, des crédits qu'elle "
    "rembourse, ou des paiements en attente dont elle est le dépôt. La première proposition de chaque question, ou "
    "celle dont les documents sont nommés ; --certain prend toutes celles qui sont certaines.",
    "Say what a line settles: open invoices or bills, credits that it pays back, or waiting payments that it deposits. "
    "The first proposal of each question, or the one whose documents are named; --certain takes all that are certain.",
    params=[
        Option(
            "--document",
            "documents",
            multiple=True,
            metavar="ID",
            phrase=Phrase(
                "Document de QuickBooks de la proposition voulue ; répétable.",
                "QuickBooks document of the proposal wanted; repeatable.",
            ),
        ),
        Option(
            "--certain",
            "all_certain",
            is_flag=True,
            phrase=Phrase("Toutes les propositions certaines.", "All proposals that are certain."),
        ),
    ],
)
@click.argument("hold", nargs=-1)
def pay_(hold: tuple[str, ...], documents: tuple[str, ...], all_certain: bool) -> int:
    out = output()
    if bool(hold) == all_certain or (documents and len(hold) != 1):
        raise FindingError(
            "hold.not_named",
            Text("Nommez des questions, ou --certain seul.", "Name questions, or --certain alone."),
            Text("« raccord holds » montre celles qui sont ouvertes.", "“raccord holds” shows those that are open."),
        )
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            if all_certain:
                ids = certain(session, session.scalars(select(Connection.id)).all())
            else:
                ids = list(dict.fromkeys(the_hold(session, each) for each in hold))
        keys = [pay(workshop, operator(actor()), each, documents).key for each in ids]
    if out.as_json:
        out.json({"pays": keys})
    out.say(
        counted(
            len(keys),
            (
                "{n} opération rapprochée de ce qu'elle règle. La prochaine exécution l'écrit ainsi.",
                "{n} line matched with what it settles. The next run posts it as that.",
            ),
            (
                "{n} opérations rapprochées de ce qu'elles règlent. La prochaine exécution les écrit ainsi.",
                "{n} lines matched with what they settle. The next run posts them as that.",
            ),
        )
    )
    return Exit.OK
