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
from raccord.onboarding.arriving.unnamed_accounts import bank_accounts, name_account, unnamed_accounts
from raccord.onboarding.sources.source_accounts import info_of


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
            asked = unnamed_accounts(session, found, info_of(workshop, found.connector))
            ledger = next(
                (each.id for each in bank_accounts(session, found.company_id) if account in (each.id, each.name)), ""
            )
        if account:
            chosen = key or (asked[0].key if len(asked) == 1 else "")
            name = name_account(
                workshop, operator(actor()), found.id, chosen, ledger_id=ledger, name="" if ledger else account
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
                    {"key": each.key, "lines": each.lines, "first": day(each.first), "last": day(each.last)}
                    for each in asked
                ]
            }
        )
        return Exit.NEEDS_PERSON if asked else Exit.OK
    out.table(
        Phrase("De quel compte sont ces fichiers ?", "Which account are these files of?"),
        [
            Column(Phrase("Clé", "Key")),
            Column(Phrase("Lignes", "Lines"), right=True),
            Column(Phrase("Du", "From")),
            Column(Phrase("Au", "To")),
        ],
        [[each.key, str(each.lines), day(each.first), day(each.last)] for each in asked],
        empty=Phrase("Chaque fichier dit de quel compte il est.", "Each file says which account it is of."),
    )
    return Exit.NEEDS_PERSON if asked else Exit.OK
