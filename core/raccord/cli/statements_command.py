"""``raccord statements``: up to which day the statements of bank and card accounts are reconciled."""

from __future__ import annotations

from datetime import datetime

import click
from sqlalchemy.orm import Session

from raccord.cli.holds.command import find_candidate
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, actor, output
from raccord.cli.terminal.showing import day, moment
from raccord.cli.terminal.words import Option, default_group
from raccord.onboarding.closing.statements import declare, declared, withdraw
from raccord.onboarding.connecting.companies import the_company
from raccord.plugin.drafts import Accepts
from raccord.store.models import Company

COMPANY = Option("--company", default="", phrase=Phrase("Société, s'il y en a plusieurs.", "Company, if several."))


@default_group(
    "statements",
    "list",
    "Dire jusqu'à quel jour les relevés sont rapprochés : défaire n'y touche pas.",
    "Say up to which day statements are reconciled: an undo does not touch those days.",
)
def command() -> None:
    pass


@command.command(
    "list",
    phrase=Phrase(
        "Montrer les comptes de banque et de carte, et ce qui en est déclaré.",
        "Show bank and card accounts, and what is declared of them.",
    ),
    params=[COMPANY],
)
def list_(company: str) -> int:
    out = output()
    with opened_workshop() as workshop, workshop.database.read() as session:
        rows = declared(session, the_company(session, company).id)
    if out.as_json:
        out.json(
            {
                "accounts": [
                    {
                        "account": entry.object_id,
                        "name": entry.name,
                        "through": None if row is None else row.through.isoformat(),
                        "by": None if row is None else row.declared_by,
                    }
                    for entry, row in rows
                ]
            }
        )
        return Exit.OK
    out.table(
        Phrase("Relevés rapprochés", "Reconciled statements"),
        [
            Column(Phrase("Numéro", "Id")),
            Column(Phrase("Compte", "Account")),
            Column(Phrase("Jusqu'au", "Through")),
            Column(Phrase("Déclaré par", "Declared by")),
        ],
        [
            [
                entry.object_id,
                entry.name,
                "" if row is None else day(row.through),
                "" if row is None else f"{row.declared_by}, {moment(row.declared_at)}",
            ]
            for entry, row in rows
        ],
        empty=Phrase(
            "Aucun compte de banque ou de carte n'est encore connu : « raccord sync » les lit.",
            "No bank or card account is known yet: “raccord sync” reads them.",
        ),
    )
    return Exit.OK


@command.command(
    "declare",
    phrase=Phrase(
        "Déclarer qu'un compte est rapproché jusqu'à un jour.", "Declare that an account is reconciled through a day."
    ),
    params=[
        COMPANY,
        Option(
            "--through",
            required=True,
            type=click.DateTime(["%Y-%m-%d"]),
            phrase=Phrase("Dernier jour du relevé.", "Last day of the statement."),
        ),
    ],
)
@click.argument("account")
def declare_(account: str, company: str, through: datetime) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen, account_id = _named(session, company, account)
        row = declare(workshop, operator(actor()), chosen.id, account_id, through.date())
    if out.as_json:
        out.json({"account": row.account_id, "name": row.account_name, "through": row.through.isoformat()})
    out.say(
        Phrase(
            f"« {row.account_name} » : rapproché jusqu'au {row.through}.",
            f"“{row.account_name}”: reconciled through {row.through}.",
        )
    )
    return Exit.OK


@command.command(
    "withdraw",
    phrase=Phrase("Retirer ce qui est déclaré d'un compte.", "Take back what is declared of an account."),
    params=[COMPANY],
)
@click.argument("account")
def withdraw_(account: str, company: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen, account_id = _named(session, company, account)
        withdraw(workshop, operator(actor()), chosen.id, account_id)
    if out.as_json:
        out.json({"account": account_id, "through": None})
    out.say(Phrase("La déclaration est retirée.", "The declaration is taken back."))
    return Exit.OK


def _named(session: Session, company: str, account: str) -> tuple[Company, str]:
    chosen = the_company(session, company)
    return chosen, find_candidate(session, chosen.id, Accepts.BANK_OR_CARD, account).id
