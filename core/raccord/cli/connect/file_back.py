"""``raccord connect file-back``: a file that was handed in wrongly, with what goes and what stays said first."""

from __future__ import annotations

import click

from raccord.cli.terminal.asking import confirm
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, Output, actor, output
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.onboarding.arriving.file_weights import FileWeight
from raccord.onboarding.arriving.files_back import may_take_back, take_back_file, weigh_file
from raccord.onboarding.arriving.receiving import files_of

FILES_SHOWN = 50


@make_command(
    "file-back",
    "Retirer un fichier remis par erreur, par son numéro : ce qui part et ce qui reste est dit d'abord. Sans numéro, "
    "montrer les fichiers.",
    "Take back a file that was handed in wrongly, by its number: what goes and what stays is said first. Without a "
    "number, show the files.",
    params=[
        Option(
            "--reason",
            default="",
            metavar="WHY",
            phrase=Phrase(
                "Pourquoi, là où un mois certifié change d'aspect.",
                "Why, where a certified month looks different then.",
            ),
        ),
        Option("--yes", is_flag=True, phrase=Phrase("Ne rien demander.", "Ask nothing.")),
    ],
)
@click.argument("connection")
@click.argument("number", type=click.IntRange(1, 2**31 - 1), required=False)
def file_back_command(connection: str, number: int | None, reason: str, yes: bool) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
            files = files_of(session, found.id, FILES_SHOWN)
        if number is None:
            rows = [each for each in files if may_take_back(each)]
            if out.as_json:
                out.json({"files": [{"number": each.number, "name": each.name, "size": each.size} for each in rows]})
                return Exit.OK
            out.table(
                Phrase("Fichiers remis", "Files that were handed in"),
                [
                    Column(Phrase("N°", "No."), right=True),
                    Column(Phrase("Nom", "Name")),
                    Column(Phrase("Octets", "Bytes"), right=True),
                ],
                [(str(each.number), each.name, str(each.size)) for each in rows],
                empty=Phrase("Aucun fichier n'a été remis.", "No file was handed in."),
            )
            return Exit.OK
        weight = weigh_file(workshop, operator(actor()), found.id, number, patient=True)
        _tell(out, weight)
        if weight.asks:
            out.say(
                Phrase(
                    f"Répondez : raccord connect file-answer {found.label!r} --without {number}.",
                    f"Answer: raccord connect file-answer {found.label!r} --without {number}.",
                )
            )
            return Exit.NEEDS_PERSON
        confirm(out, Phrase(f"« {weight.name} » est retiré.", f"“{weight.name}” is taken back."), yes=yes)
        done = take_back_file(
            workshop, operator(actor()), found.id, number, seen=weight.seen, reason=reason, patient=True
        )
        if out.as_json:
            counts = {"left_out": done.left_out, "elsewhere": done.elsewhere, "goes_on": done.goes_on}
            out.json({"name": done.name, **counts, "in_books": done.in_books})
        out.say(
            Phrase(
                f"« {done.name} » est retiré. Ensuite : raccord sync {found.label!r}.",
                f"“{done.name}” is taken back. Next: raccord sync {found.label!r}.",
            )
        )
    return Exit.OK


def _tell(out: Output, weight: FileWeight) -> None:
    out.say(
        Phrase(
            f"« {weight.name} », opérations : {weight.rows}. Partent : {weight.goes}, dont répondues : "
            f"{weight.answered}. Restent, dites par un autre fichier aussi : {weight.elsewhere}.",
            f"“{weight.name}”, records: {weight.rows}. These go: {weight.goes}, answered among them: "
            f"{weight.answered}. These stay, said by another file too: {weight.elsewhere}.",
        )
    )
    for ask in (ask for each in weight.asks for ask in each.asks):
        out.say(Phrase(f"À répondre d'abord : {ask.text.fr}", f"To be answered first: {ask.text.en}"))
    if weight.goes_on:
        out.say(
            Phrase(
                f"Dont {weight.goes_on} dans QuickBooks : la même écriture y continue comme celle de l'autre fichier, "
                "et rien n'est enregistré une deuxième fois.",
                f"Of these in QuickBooks: {weight.goes_on}. The same document goes on there as that of the other file, "
                "and nothing is posted a second time.",
            )
        )
    if weight.in_books:
        names = ", ".join(f"{each.kind}:{each.document_id}" for each in weight.documents)
        out.say(
            Phrase(
                f"Restent dans QuickBooks ({weight.in_books}) : {names}. S'ils sont faux, défaites-les d'abord : "
                "raccord undo --document.",
                f"These stay in QuickBooks ({weight.in_books}): {names}. If they are wrong, undo them first: "
                "raccord undo --document.",
            )
        )
    if weight.months:
        months = ", ".join(f"{each:%Y-%m}" for each in weight.months)
        out.say(Phrase(f"Mois certifiés touchés : {months}.", f"Certified months that are touched: {months}."))
