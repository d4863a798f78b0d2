"""``raccord connect file-account``: which account files are of that do not say so."""

from __future__ import annotations

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, actor, output
from raccord.cli.terminal.showing import day
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.onboarding.arriving.answering import all_unsettled
from raccord.onboarding.arriving.untold_accounts import AccountTold, bank_accounts, name_account


@make_command(
    "file-account",
    "Montrer les comptes que des fichiers ne nomment pas, ou dire lequel c'est : un des livres, ou un nouveau nom.",
    "Show the accounts that files do not name, or say which one it is: an account of the books, or a new name.",
    params=[
        Option("--key", default="", phrase=Phrase("Lequel, s'il y en a plusieurs.", "Which one, if there are several."))
    ],
)
@click.argument("connection")
@click.argument("account", required=False, default="")
def file_account_command(connection: str, account: str, key: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
            ledger = next(
                (each.id for each in bank_accounts(session, found.company_id) if account in (each.id, each.name)), ""
            )
        asked = all_unsettled(workshop, found.id).accounts
        if account:
            chosen = key or (asked[0].key if len(asked) == 1 else "")
            name = name_account(
                workshop, operator(actor()), found.id, chosen, AccountTold(ledger, "" if ledger else account)
            )
            if out.as_json:
                out.json({"account": chosen, "name": name})
            out.say(
                Phrase(
                    f"{chosen} : {name}. « raccord sync » lit la suite.", f"{chosen}: {name}. “raccord sync” goes on."
                )
            )
            return Exit.OK
    if out.as_json:
        out.json(
            {
                "accounts": [
                    {
                        "key": each.key,
                        "lines": each.seen.lines,
                        "first": day(each.seen.first),
                        "last": day(each.seen.last),
                        "bank": each.seen.bank,
                        "number": each.seen.number,
                        "files": each.seen.files,
                    }
                    for each in asked
                ]
            }
        )
        return Exit.NEEDS_PERSON if asked else Exit.OK
    out.table(
        Phrase("De quel compte sont ces fichiers ?", "Which account are these files of?"),
        [
            Column(Phrase("Fichiers", "Files")),
            Column(Phrase("Banque et numéro", "Bank and number")),
            Column(Phrase("Clé", "Key")),
            Column(Phrase("Lignes", "Lines"), right=True),
            Column(Phrase("Du", "From")),
            Column(Phrase("Au", "To")),
        ],
        [
            [
                ", ".join(each.seen.files),
                " ".join(filter(None, (each.seen.bank, each.seen.number))),
                each.key,
                str(each.seen.lines),
                day(each.seen.first),
                day(each.seen.last),
            ]
            for each in asked
        ],
        empty=Phrase("Chaque fichier dit de quel compte il est.", "Each file says which account it is of."),
    )
    return Exit.NEEDS_PERSON if asked else Exit.OK
