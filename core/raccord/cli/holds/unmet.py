"""``raccord holds unmet``: what becomes of a payment whose invoice did not come over."""

from __future__ import annotations

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import FindingError, operator, the_hold
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import actor, output
from raccord.cli.terminal.words import Option, command
from raccord.onboarding.deciding.unmet import apply_to, bring_in, post_unapplied
from raccord.plugin.texts import Text


@command(
    "unmet",
    "Décider d'un paiement dont la facture est restée dehors : une autre de QuickBooks, la sienne, ou aucune.",
    "Decide about a payment whose invoice stayed out: an invoice of QuickBooks, its own, or none.",
    params=[
        Option(
            "--invoice", default="", metavar="ID", phrase=Phrase("Facture de QuickBooks.", "Invoice of QuickBooks.")
        ),
        Option(
            "--bring-in", "bring_in_", is_flag=True, phrase=Phrase("Faire venir la facture.", "Bring the invoice in.")
        ),
        Option("--unapplied", is_flag=True, phrase=Phrase("Écrire sans appliquer.", "Post it unapplied.")),
    ],
)
@click.argument("hold")
def unmet(hold: str, invoice: str, bring_in_: bool, unapplied: bool) -> int:
    out = output()
    if bool(invoice) + bring_in_ + unapplied != 1:
        raise FindingError(
            "hold.one_of_three",
            Text("Choisissez un seul des trois.", "Choose one of the three."),
            Text("--invoice ID, --bring-in ou --unapplied.", "--invoice ID, --bring-in or --unapplied."),
        )
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_hold(session, hold)
        person = operator(actor())
        if invoice:
            apply_to(workshop, person, found, invoice)
        elif unapplied:
            post_unapplied(workshop, person, found)
        else:
            bring_in(workshop, person, found)
    if out.as_json:
        out.json({"decided": True})
    out.say(Phrase("C'est noté. La prochaine exécution en tient compte.", "Noted. The next run goes by it."))
    return Exit.OK
