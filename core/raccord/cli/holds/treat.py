"""``raccord holds split|transfer|personal|take-back``: what the page of bank lines says, from a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import FindingError, operator, the_connection, the_hold
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import actor, output
from raccord.cli.terminal.words import Option, command
from raccord.onboarding.deciding.payees import payee_named
from raccord.onboarding.deciding.treating import accept_transfer, take_back, treat
from raccord.overview.lines.bank_lines import BankLine, the_line
from raccord.overview.lines.line_choices import LineChoices, choices_for
from raccord.overview.naming import pick
from raccord.plugin.drafts import PaymentType
from raccord.plugin.texts import Text
from raccord.sync.lines.treatments import Part, Treated, Treatment
from raccord.sync.workshop import Workshop

Saying = Callable[[BankLine, LineChoices], Treatment]

ACCOUNT = Option(
    "--account",
    required=True,
    metavar="ID|NAME",
    phrase=Phrase("Compte (numéro QuickBooks ou nom).", "Account (QuickBooks id or name)."),
)


@command(
    "split",
    "Ventiler une opération sur plusieurs comptes. Une part sans montant prend ce qui reste ; seule, elle classe "
    "l'opération en entier.",
    "Split a line over several accounts. A part without an amount takes what is left; alone, it categorises the whole "
    "line.",
    params=[
        Option(
            "--part",
            "parts",
            multiple=True,
            required=True,
            metavar="ACCOUNT[=AMOUNT]",
            phrase=Phrase("Compte (numéro ou nom) et montant.", "Account (id or name) and amount."),
        ),
        Option("--payee", default="", metavar="NAME", phrase=Phrase("Bénéficiaire ou client.", "Payee or customer.")),
        Option("--tax", default="", metavar="ID|NAME", phrase=Phrase("Code de taxe.", "Tax code.")),
        Option("--class", "class_", default="", metavar="ID|NAME", phrase=Phrase("Classe.", "Class.")),
        Option("--cheque", is_flag=True, phrase=Phrase("Payée par chèque.", "Paid by cheque.")),
        Option(
            "--cheque-number",
            default="",
            metavar="NUMBER",
            phrase=Phrase("Payée par le chèque de ce numéro.", "Paid by the cheque of this number."),
        ),
    ],
)
@click.argument("hold", nargs=-1, required=True)
def split(
    hold: tuple[str, ...], parts: tuple[str, ...], payee: str, tax: str, class_: str, cheque: bool, cheque_number: str
) -> int:
    with opened_workshop() as workshop:

        def said(line: BankLine, choices: LineChoices) -> Treatment:
            tax_code = pick(choices.taxes, tax).id if tax else ""
            class_id = pick(choices.classes, class_).id if class_ else ""
            party_kind, party_id = payee_named(workshop, line.company_id, payee)
            return Treatment(
                kind=Treated.SPLIT if len(parts) > 1 else Treated.CATEGORY,
                parts=tuple(_part(choices, each, tax_code, class_id) for each in parts),
                party_kind=party_kind,
                party_id=party_id,
                payment_type=PaymentType.CHECK if cheque or cheque_number else None,
                number=cheque_number,
            )

        return _say(workshop, hold, said)


@command(
    "transfer",
    "Dire qu'une opération est un virement vers un autre compte à vous, ou de lui. L'opération de l'autre compte est "
    "réglée avec elle si --other-side la nomme ; sans compte, c'est le virement proposé à côté de la question.",
    "Say that a line is a transfer to another account of yours, or from it. The other account's line is settled with "
    "it where --other-side names that; without an account it is the transfer proposed beside the question.",
    params=[
        Option(
            "--account",
            default="",
            metavar="ID|NAME",
            phrase=Phrase("Compte (numéro QuickBooks ou nom).", "Account (QuickBooks id or name)."),
        ),
        Option(
            "--other-side",
            default="",
            metavar="HOLD",
            phrase=Phrase("La question de l'autre opération.", "The other line's question."),
        ),
    ],
)
@click.argument("hold", nargs=1)
def transfer(hold: str, account: str, other_side: str) -> int:
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            side = the_hold(session, other_side) if other_side else ""
            hold_id = the_hold(session, hold)
        if not account and not side:
            return _kept([accept_transfer(workshop, operator(actor()), hold_id).key])

        def said(line: BankLine, choices: LineChoices) -> Treatment:
            return Treatment(kind=Treated.TRANSFER, other_account=pick(choices.own, account).id)

        return _say(workshop, [hold], said, side)


@command(
    "personal",
    "Porter des opérations personnelles au compte du propriétaire, jamais en dépense.",
    "Post personal lines to the owner's account, never to an expense.",
    params=[ACCOUNT],
)
@click.argument("hold", nargs=-1, required=True)
def personal(hold: tuple[str, ...], account: str) -> int:
    with opened_workshop() as workshop:

        def said(line: BankLine, choices: LineChoices) -> Treatment:
            return Treatment(kind=Treated.PERSONAL, parts=(Part(account=pick(choices.owners, account).id),))

        return _say(workshop, hold, said)


@command(
    "take-back",
    "Reprendre la réponse donnée à une opération, tant qu'elle n'est pas écrite.",
    "Take the answer to a line back, while it is not posted.",
)
@click.argument("connection")
@click.argument("key")
def take_back_(connection: str, key: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection).id
        row = take_back(workshop, operator(actor()), found, key)
    if out.as_json:
        out.json({"taken_back": row.key})
    out.say(Phrase(f"{row.key} attend de nouveau une réponse.", f"{row.key} waits for an answer again."))
    return Exit.OK


def _say(workshop: Workshop, named: Sequence[str], said: Saying, other_side: str = "") -> int:
    """Say of each line what it is; one that is refused leaves those before it as they were answered."""
    keys = []
    for name in dict.fromkeys(named):
        with workshop.database.read() as session:
            hold_id = the_hold(session, name)
            line = the_line(session, hold_id)
            if line is None:
                raise FindingError(
                    "hold.not_a_line",
                    Text(
                        f"La question {name} ne porte pas sur une opération de banque.",
                        f"The question {name} is not about a bank line.",
                    ),
                    Text("« raccord holds answer » et « decide » y répondent.", "“raccord holds answer” or “decide”."),
                )
            choices = choices_for(session, line)
        keys.append(treat(workshop, operator(actor()), hold_id, said(line, choices), other_side=other_side).key)
    return _kept(keys)


def _kept(keys: Sequence[str]) -> int:
    out = output()
    if out.as_json:
        out.json({"treated": list(keys)})
    out.say(
        Phrase(
            f"{', '.join(keys)} : gardé. Cela part avec la prochaine exécution.",
            f"{', '.join(keys)}: kept. It goes with the next run.",
        )
    )
    return Exit.OK


def _part(choices: LineChoices, text: str, tax_code: str, class_id: str) -> Part:
    name, mark, amount = text.rpartition("=")
    account = pick(choices.accounts, (name if mark else text).strip()).id
    try:
        said = Decimal(amount.strip().replace(",", ".")) if mark else None
    except InvalidOperation:
        said = Decimal("NaN")
    if said is not None and not said.is_finite():
        raise FindingError(
            "review.not_an_amount",
            Text(f"« {amount} » n'est pas un montant.", f"“{amount}” is not an amount."),
            Text("Écrivez-le comme 12,50.", "Write it like 12.50."),
        )
    return Part(account=account, amount=said, tax_code=tax_code, class_id=class_id)
