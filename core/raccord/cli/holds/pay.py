"""``raccord holds pay``: lines that settle what is open, or deposit what waits, become payments or deposits of it."""

from __future__ import annotations

import click
from sqlalchemy import select

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import FindingError, operator, the_hold
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, Output, actor, output
from raccord.cli.terminal.showing import day, short
from raccord.cli.terminal.words import Option, command
from raccord.onboarding.deciding.decisions import DecisionError
from raccord.onboarding.deciding.open_documents import OpenDocuments, open_documents
from raccord.onboarding.deciding.paying import certain, first_proposal, pay
from raccord.plugin.texts import Text
from raccord.store.models import Connection


@command(
    "pay",
    "Dire ce qu'une opération règle : des factures ouvertes de clients ou de fournisseurs, des crédits qu'elle "
    "rembourse, ou des paiements en attente dont elle est le dépôt. La première proposition de chaque question, ou les "
    "documents nommés, proposés ou non ; --open montre ce qui est ouvert, --certain prend toutes les propositions "
    "certaines.",
    "Say what a line settles: open invoices or bills, credits that it pays back, or waiting payments that it deposits. "
    "The first proposal of each question, or the documents named, proposed or not; --open shows what is open, "
    "--certain takes all proposals that are certain.",
    params=[
        Option(
            "--document",
            "documents",
            multiple=True,
            metavar="ID",
            phrase=Phrase(
                "Identifiant dans QuickBooks d'un document que l'opération règle ; répétable.",
                "QuickBooks id of a document that the line settles; repeatable.",
            ),
        ),
        Option(
            "--seen",
            metavar="TEXT",
            default="",
            phrase=Phrase(
                "Ce que « raccord --json holds » dit de la proposition : si elle est une autre entre-temps, rien n'est "
                "enregistré.",
                "What “raccord --json holds” says of the proposal: where it is another one by now, nothing is saved.",
            ),
        ),
        Option(
            "--open",
            "show_open",
            is_flag=True,
            phrase=Phrase(
                "Montrer les factures ouvertes parmi lesquelles choisir, sans rien dire.",
                "Show the open invoices or bills to choose from, and say nothing.",
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
def pay_(hold: tuple[str, ...], documents: tuple[str, ...], seen: str, show_open: bool, all_certain: bool) -> int:
    out = output()
    if bool(hold) == all_certain or ((documents or seen or show_open) and len(hold) != 1):
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
            # All of them as they stand now: what a run proposes meanwhile nobody asked for.
            wanted = {each: (documents, seen) if documents or seen else first_proposal(session, each) for each in ids}
        if show_open:
            return _show(out, open_documents(workshop, operator(actor()), ids[0]))
        keys: list[str] = []
        left: dict[str, DecisionError] = {}
        for each, (named, as_seen) in wanted.items():
            try:
                keys.append(pay(workshop, operator(actor()), each, named, seen=as_seen).key)
            except DecisionError as error:
                if len(wanted) == 1:
                    raise
                left[each] = error
    if out.as_json:
        out.json({"pays": keys, "left": {each: why.code for each, why in left.items()}})
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
    for each, why in left.items():
        out.say(Phrase(f"{short(each)} : {why.text.fr} {why.fix.fr}", f"{short(each)}: {why.text.en} {why.fix.en}"))
    return Exit.NEEDS_PERSON if left else Exit.OK


def _show(out: Output, found: OpenDocuments | None) -> int:
    """Show what is open, the likeliest first; the id is what ``--document`` takes."""
    there = () if found is None else found.documents
    if out.as_json:
        said = [
            {
                "id": each.id, "number": each.number, "party": each.party, "day": day(each.day),
                "amount": format(each.amount, "f"),
            }
            for each in there
        ]  # fmt: skip
        out.json({"open": said, "more": 0 if found is None else found.more})
        return Exit.OK
    out.table(
        Phrase("Ce qui est ouvert dans QuickBooks", "What is open in QuickBooks"),
        (
            Column(Phrase("Identifiant", "Id")),
            Column(Phrase("Numéro", "Number")),
            Column(Phrase("Client ou fournisseur", "Customer or vendor")),
            Column(Phrase("Jour", "Day")),
            Column(Phrase("Ouvert", "Open"), right=True),
        ),
        [(each.id, each.number or "–", each.party, day(each.day), f"{each.amount:f}") for each in there],
        empty=Phrase("Rien n'est ouvert dans sa devise.", "Nothing is open in its currency."),
    )
    return Exit.OK
