"""What a rule for bank lines is, as it is typed on the command line."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import click
from sqlalchemy.orm import Session

from raccord.cli.holds.command import find_candidate
from raccord.cli.terminal.finding import FindingError, the_connection
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.words import Option
from raccord.onboarding.deciding.bank_rules import RuleSaid
from raccord.overview.naming import AnswerError
from raccord.plugin.drafts import Accepts, PaymentType
from raccord.plugin.texts import Text
from raccord.sync.lines.bank_rules import (
    AmountCondition,
    AmountTest,
    Condition,
    Direction,
    DirectionCondition,
    KindCondition,
    Outcome,
    RuleBody,
    RulePart,
    TextCondition,
    TextTest,
    Together,
)
from raccord.sync.lines.treatments import Treated

OPTIONS = (
    Option(
        "--text",
        "texts",
        multiple=True,
        metavar="TEST:TEXT",
        phrase=Phrase(
            "Texte de la banque : contains, lacks, starts, equals ou word ; contains si rien n'est dit.",
            "The bank's text: contains, lacks, starts, equals or word; contains if nothing is said.",
        ),
    ),
    Option(
        "--amount",
        "amounts",
        multiple=True,
        metavar="TEST:AMOUNT[:AMOUNT]",
        phrase=Phrase("Montant : is, under, over ou between:10:20.", "Amount: is, under, over or between:10:20."),
    ),
    Option("--currency", default="", phrase=Phrase("Devise des montants.", "Currency of the amounts.")),
    Option("--direction", type=click.Choice(["in", "out"]), phrase=Phrase("Sens de l'argent.", "Way of the money.")),
    Option(
        "--kind", default="", phrase=Phrase("Genre d'opération, tel que la source le nomme.", "The source's own kind.")
    ),
    Option(
        "--any", "any_", is_flag=True, phrase=Phrase("Une condition suffit.", "One of the conditions is enough.")
    ),
    Option(
        "--on-account",
        "accounts",
        multiple=True,
        phrase=Phrase("Seulement sur ce compte de banque ou de carte.", "Only on this bank or card account."),
    ),
    Option(
        "--connection",
        "connections",
        multiple=True,
        phrase=Phrase("Seulement de cette connexion.", "Only of this connection."),
    ),
    Option(
        "--from",
        "valid_from",
        type=click.DateTime(["%Y-%m-%d"]),
        phrase=Phrase("Premier jour des opérations.", "First day of the lines."),
    ),
    Option("--category", default="", metavar="ACCOUNT", phrase=Phrase("Répond : ce compte.", "Answers: this account.")),
    Option(
        "--split",
        "splits",
        multiple=True,
        metavar="ACCOUNT[=PART]",
        phrase=Phrase(
            "Répond : une part, « =30% », « =12.50 », ou sans rien pour le reste.",
            "Answers: a part, “=30%”, “=12.50”, or nothing for the rest.",
        ),
    ),
    Option(
        "--transfer",
        default="",
        metavar="ACCOUNT",
        phrase=Phrase("Répond : virement avec ce compte.", "Answers: transfer with this account."),
    ),
    Option(
        "--personal",
        default="",
        metavar="ACCOUNT",
        phrase=Phrase("Répond : personnel, à ce compte.", "Answers: personal, to this account."),
    ),
    Option(
        "--exclude",
        default="",
        metavar="WHY",
        phrase=Phrase("Répond : rien pour les livres.", "Answers: nothing for the books."),
    ),
    Option("--payee", default="", metavar="KIND:ID", phrase=Phrase("Bénéficiaire : Vendor:12.", "Payee: Vendor:12.")),
    Option("--tax", default="", phrase=Phrase("Code de taxe.", "Tax code.")),
    Option("--class", "class_", default="", phrase=Phrase("Classe.", "Class.")),
    Option("--location", default="", phrase=Phrase("Lieu.", "Location.")),
    Option(
        "--cheque",
        is_flag=True,
        phrase=Phrase("Écrit un chèque : argent sorti d'une banque.", "Posts a cheque: money out of a bank account."),
    ),
)  # fmt: skip
"""Options of every command that says what a rule is."""

_ANSWERS = ("category", "splits", "transfer", "personal", "exclude")


def rule_said(session: Session, company_id: str, name: str, typed: dict[str, Any], was: RuleSaid | None) -> RuleSaid:
    """Return the rule that the options say; conditions and answer that they leave out stay as they were."""
    body = None if was is None else was.body
    conditions = tuple(_conditions(typed)) or (() if body is None else body.conditions)
    answers = [each for each in _ANSWERS if typed[each]]
    if len(answers) > 1 or (not answers and body is None):
        raise _answer_unclear()
    outcome = body.outcome if body is not None and not answers else _outcome(session, company_id, typed)
    accounts = [find_candidate(session, company_id, Accepts.BANK_OR_CARD, each).id for each in typed["accounts"]]
    connections = [the_connection(session, each).id for each in typed["connections"]]
    first: datetime | None = typed["valid_from"]
    before: date | None = None if was is None else was.valid_from
    return RuleSaid(
        name=name,
        valid_from=before if first is None else first.date(),
        body=RuleBody(
            conditions=conditions,
            outcome=outcome,
            together=Together.ANY
            if typed["any_"]
            else body.together
            if body is not None and not _conditions(typed)
            else Together.ALL,
            accounts=tuple(accounts) or (() if body is None else body.accounts),
            connections=tuple(connections) or (() if body is None else body.connections),
        ),
    )


def _conditions(typed: dict[str, Any]) -> list[Condition]:
    found: list[Condition] = []
    for text in typed["texts"]:
        test, said, value = str(text).partition(":")
        known = said and test in set(TextTest)
        found.append(TextCondition(test=TextTest(test) if known else TextTest.CONTAINS, value=value if known else text))
    found += [_amount(str(each), str(typed["currency"])) for each in typed["amounts"]]
    if typed["direction"]:
        found.append(DirectionCondition(direction=Direction(typed["direction"])))
    if typed["kind"]:
        found.append(KindCondition(value=str(typed["kind"])))
    return found


def _amount(text: str, currency: str) -> AmountCondition:
    test, *values = text.split(":")
    amounts = [_decimal(each) for each in values]
    if test not in set(AmountTest) or len(amounts) != (2 if test == AmountTest.BETWEEN else 1):
        raise _not_an_amount(text)
    upto = amounts[1] if len(amounts) > 1 else None
    return AmountCondition(test=AmountTest(test), amount=amounts[0], upto=upto, currency=currency.upper())


def _outcome(session: Session, company_id: str, typed: dict[str, Any]) -> Outcome:
    def named(accepts: Accepts, wanted: str) -> str:
        return find_candidate(session, company_id, accepts, wanted).id if wanted else ""

    kind, _, party = str(typed["payee"]).partition(":")
    location = named(Accepts.LOCATION, typed["location"])
    cheque: Literal[PaymentType.CHECK] | None = PaymentType.CHECK if typed["cheque"] else None
    tax, class_ = named(Accepts.TAX_CODE, typed["tax"]), named(Accepts.CLASS, typed["class_"])
    if typed["exclude"]:
        return Outcome(kind=Treated.EXCLUDE, why=typed["exclude"])
    if typed["transfer"]:
        return Outcome(kind=Treated.TRANSFER, other_account=_any_account(session, company_id, typed["transfer"]))
    if typed["personal"]:
        part = RulePart(account=named(Accepts.CATEGORY, typed["personal"]))
        return Outcome(kind=Treated.PERSONAL, parts=(part,), payment_type=cheque)
    if typed["category"]:
        whole = RulePart(account=named(Accepts.CATEGORY, typed["category"]), tax_code=tax, class_id=class_)
        return Outcome(
            kind=Treated.CATEGORY, parts=(whole,), party_kind=kind, party_id=party, location_id=location,
            payment_type=cheque,
        )  # fmt: skip
    parts = []
    for each in typed["splits"]:
        account, _, share = str(each).partition("=")
        percent = _decimal(share[:-1]) if share.endswith("%") else None
        amount = _decimal(share) if share and percent is None else None
        parts.append(
            RulePart(
                account=named(Accepts.CATEGORY, account), percent=percent, amount=amount, tax_code=tax, class_id=class_
            )
        )
    return Outcome(
        kind=Treated.SPLIT, parts=tuple(parts), party_kind=kind, party_id=party, location_id=location,
        payment_type=cheque,
    )  # fmt: skip


def _any_account(session: Session, company_id: str, wanted: str) -> str:
    """Return a bank or card account by name, else whatever account has the name: a loan may be one too."""
    try:
        return find_candidate(session, company_id, Accepts.BANK_OR_CARD, wanted).id
    except AnswerError:
        return find_candidate(session, company_id, Accepts.CATEGORY, wanted).id


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise _not_an_amount(text) from None


def _not_an_amount(text: str) -> FindingError:
    return FindingError(
        "bank_rule.not_an_amount",
        Text(f"« {text} » n'est pas un montant d'une règle.", f"“{text}” is not an amount of a rule."),
        Text("Écrivez par exemple under:50, ou between:10:20.", "Write for example under:50, or between:10:20."),
    )


def _answer_unclear() -> FindingError:
    return FindingError(
        "bank_rule.answer",
        Text("Une règle a exactement une réponse.", "A rule has exactly one answer."),
        Text(
            "Donnez --category, --split, --transfer, --personal ou --exclude.",
            "Give --category, --split, --transfer, --personal or --exclude.",
        ),
    )
