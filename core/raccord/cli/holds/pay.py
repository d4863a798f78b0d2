"""``raccord holds pay``: lines that pay open invoices or bills become payments of these."""

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
    "Dire qu'une opération règle des factures ouvertes : la première proposition de chaque question, ou celle dont les "
    "documents sont nommés ; --certain prend toutes celles qui sont certaines.",
    "Say that a line pays open invoices or bills: the first proposal of each question, or the one whose documents are "
    "named; --certain takes all that are certain.",
    params=[
        Option(
            "--document",
            "documents",
            multiple=True,
            metavar="ID",
            phrase=Phrase("Document de QuickBooks de la proposition voulue.", "QuickBooks document of the proposal."),
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
                "{n} opération rapprochée de ce qu'elle règle. La prochaine exécution écrit le paiement.",
                "{n} line matched with what it pays. The next run posts the payment.",
            ),
            (
                "{n} opérations rapprochées de ce qu'elles règlent. La prochaine exécution écrit les paiements.",
                "{n} lines matched with what they pay. The next run posts the payments.",
            ),
        )
    )
    return Exit.OK
