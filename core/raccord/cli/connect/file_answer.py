"""``raccord connect file-answer``: how a file is to be read where it does not tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, actor, output
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.onboarding.arriving.answering import FileAnswer, FileAsk, FileQuestion, answer_file, questions_of
from raccord.onboarding.arriving.asked_first import answer_first
from raccord.onboarding.arriving.files_back import weigh_file
from raccord.onboarding.arriving.untold_accounts import AccountTold, bank_accounts
from raccord.plugin.texts import Language, Text

_ANY = Text("ce que l'on dit des colonnes", "what is said of the columns")


@make_command(
    "file-answer",
    "Montrer ce que des fichiers laissent ouvert, avec ce qui peut être répondu, ou répondre : un mot par question.",
    "Show what files leave open, with what may be answered, or answer: one word for each question.",
    params=[
        Option("--key", default="", phrase=Phrase("Quel fichier, s'il y en a plusieurs.", "Which file, of several.")),
        Option(
            "--only-this-file",
            is_flag=True,
            phrase=Phrase(
                "La réponse vaut pour ce fichier seulement, et non pour tous ceux qui sont écrits comme lui.",
                "The answer counts for this file only, not for all that are written like it.",
            ),
        ),
        Option(
            "--account",
            default="",
            phrase=Phrase(
                "De quel compte est le fichier, s'il ne le dit pas : un compte des livres, ou un nouveau nom.",
                "Which account the file is of, where it does not say: one of the books, or a new name.",
            ),
        ),
        Option(
            "--without",
            type=click.IntRange(1, 2**31 - 1),
            metavar="NUMBER",
            phrase=Phrase(
                "Ce qui est demandé avant de retirer le fichier de ce numéro (raccord connect file-back).",
                "What is asked before the file of this number is taken back (raccord connect file-back).",
            ),
        ),
    ],
)
@click.argument("connection")
@click.argument("answers", nargs=-1)
def file_answer_command(
    connection: str, answers: Sequence[str], key: str, only_this_file: bool, account: str, without: int | None
) -> int:
    out, person = output(), operator(actor())
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
            ledger = next(
                (each.id for each in bank_accounts(session, found.company_id) if account in (each.id, each.name)), ""
            )
        asked = (
            questions_of(workshop, found.id)
            if without is None
            else weigh_file(workshop, person, found.id, without, patient=True).asks
        )
        if answers:
            chosen = next((each for each in asked if each.key == key), None) if key or len(asked) != 1 else asked[0]
            said = {} if chosen is None else _by_question(chosen, answers)
            told = AccountTold(ledger, "" if ledger else account) if account else None
            answer = FileAnswer(key if chosen is None else chosen.key, said, not only_this_file, told)
            if without is None:
                done = answer_file(
                    workshop, person, found.id, answer.key, answer.said, every=answer.every, told=answer.told
                )
            else:
                done = answer_first(workshop, person, found.id, without, answer, patient=True)
            if out.as_json:
                out.json({"key": done.key, "file": done.file, "said": said})
            out.say(
                Phrase(
                    f"{done.file} : réponse gardée. « raccord sync » lit ses lignes.",
                    f"{done.file}: answer kept. “raccord sync” reads its lines.",
                )
                if without is None
                else Phrase(
                    f"{done.file} : réponse gardée. Ensuite : raccord connect file-back {found.label!r} {without}.",
                    f"{done.file}: answer kept. Next: raccord connect file-back {found.label!r} {without}.",
                )
            )
            return Exit.OK
    if out.as_json:
        out.json({"questions": [_plain(each) for each in asked]})
        return Exit.NEEDS_PERSON if asked else Exit.OK
    language = out.language
    out.table(
        Phrase("Ce que des fichiers laissent ouvert", "What files leave open"),
        [
            Column(Phrase("Fichier", "File")),
            Column(Phrase("Clé", "Key")),
            Column(Phrase("Question", "Question")),
            Column(Phrase("Réponses", "Answers")),
        ],
        [
            [each.file, each.key, ask.text.get(language), "; ".join(_offered(ask, language))]
            for each in asked
            for ask in each.asks
        ],
        empty=Phrase("Aucun fichier ne laisse rien ouvert.", "No file leaves anything open."),
    )
    return Exit.NEEDS_PERSON if asked else Exit.OK


def _by_question(asked: FileQuestion, answers: Sequence[str]) -> Mapping[str, str]:
    """Return by question the word that answers it; what no question offers is what is said of columns."""
    offered = {word for ask in asked.asks for word in ask.answers}
    rest = " ".join(each for each in answers if each not in offered)
    return {ask.code: rest if ask.cells else next((a for a in answers if a in ask.answers), "") for ask in asked.asks}


def _offered(ask: FileAsk, spoken: Language) -> list[str]:
    if ask.cells:
        return [_ANY.get(spoken)]
    if not ask.readings:
        return list(ask.answers)
    return [
        f"{each.answer} ({', '.join(shown.get(spoken) for shown in each.shown) or each.label.get(spoken)})"
        for each in ask.readings
    ]


def _plain(asked: FileQuestion) -> dict[str, object]:
    return {
        "key": asked.key,
        "file": asked.file,
        "unnamed": asked.unnamed,
        "asks": [
            {
                "code": ask.code,
                "answers": list(ask.answers),
                "examples": list(ask.examples),
                "readings": {each.answer: [shown.en for shown in each.shown] for each in ask.readings},
                "cells": list(ask.cells),
            }
            for ask in asked.asks
        ],
    }
