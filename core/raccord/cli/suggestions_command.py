"""``raccord suggestions``: how well bank lines are suggested, and whether suggestions are accepted by themselves."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, Output, actor, output
from raccord.cli.terminal.words import Option, default_group
from raccord.onboarding.connecting.companies import the_company
from raccord.onboarding.deciding.suggesting import accept_from, ask_always, percent
from raccord.overview.lines.suggestions import SuggestedMonth, Suggesting, suggesting

COMPANY = Option("--company", default="", phrase=Phrase("Société, s'il y en a plusieurs.", "Company, if several."))


@default_group(
    "suggestions",
    "show",
    "Montrer si les catégories suggérées étaient justes, et décider si elles s'appliquent sans être demandées.",
    "Show whether suggested categories were right, and say whether they are accepted without being asked.",
)
def command() -> None:
    pass


@command.command(
    "show",
    phrase=Phrase(
        "Montrer ce que vaut l'historique, et mois par mois ce que sont devenues les suggestions.",
        "Show what the history is worth, and month by month what became of suggestions.",
    ),
    params=[COMPANY],
)
def show_(company: str) -> int:
    out = output()
    with opened_workshop() as workshop, workshop.database.read() as session:
        found = suggesting(session, the_company(session, company).id, workshop.clock.now())
    if out.as_json:
        out.json(_as_json(found))
        return Exit.OK
    out.say(_history(found))
    out.say(_by_itself(found))
    _show_months(out, found)
    return Exit.OK


@command.command(
    "accept",
    phrase=Phrase(
        "Accepter sans demander les suggestions assez sûres (propriétaire) ; l'historique doit le permettre.",
        "Accept suggestions that are sure enough without asking (owner); the company's history must support it.",
    ),
    params=[
        COMPANY,
        Option(
            "--from",
            "at_least",
            required=True,
            metavar="PERCENT",
            phrase=Phrase("Confiance minimale, par exemple 99.2.", "Least confidence, such as 99.2."),
        ),
    ],
)
def accept(company: str, at_least: str) -> int:
    out = output()
    try:
        confidence = int(Decimal(at_least.rstrip("% ").replace(",", ".")) * 10)
    except (InvalidOperation, OverflowError, ValueError) as error:
        raise click.BadParameter(at_least, param_hint="--from") from error
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            company_id = the_company(session, company).id
        support = accept_from(workshop, operator(actor()), company_id, confidence)
    if out.as_json:
        out.json({"accepts_from": confidence, "judged": support.judged, "right": support.right})
    out.say(
        Phrase(
            f"Acceptées à partir de {percent(confidence)} % : {support.right} justes sur {support.judged} dans "
            "l'historique. Les prochains plans les contiennent.",
            f"Accepted from {percent(confidence)} %: {support.right} of {support.judged} were right in the history. "
            "The next plans hold them.",
        )
    )
    return Exit.OK


@command.command(
    "ask",
    phrase=Phrase(
        "Ne plus rien accepter sans demander ; ce qui n'est pas encore écrit redevient une question.",
        "Accept nothing without asking any more; what is not posted yet is a question again.",
    ),
    params=[COMPANY],
)
def ask(company: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            company_id = the_company(session, company).id
        keys = ask_always(workshop, operator(actor()), company_id)
    if out.as_json:
        out.json({"accepts_from": None, "asked_again": keys})
    out.say(
        Phrase(
            f"Toute suggestion attend une personne. De nouveau à répondre : {len(keys)}.",
            f"Every suggestion waits for a person. To answer again: {len(keys)}.",
        )
    )
    return Exit.OK


def _history(found: Suggesting) -> Phrase:
    learned = counted(
        found.examples,
        ("{n} réponse apprise", "{n} answer learned"),
        ("{n} réponses apprises", "{n} answers learned"),
    )
    if found.shown_from is None:
        return Phrase(
            f"{learned.fr} : rien n'est suggéré, faute d'être assez sûr.",
            f"{learned.en}: nothing is suggested, for want of being sure enough.",
        )
    right = counted(found.right, ("{n} juste", "{n} right"), ("{n} justes", "{n} right"))
    return Phrase(
        f"{learned.fr}. Suggéré à partir de {percent(found.shown_from)} % : {right.fr} "
        f"sur {found.judged} devinées avant de connaître la réponse.",
        f"{learned.en}. Suggested from {percent(found.shown_from)} %: {found.right} right of "
        f"{found.judged} guessed before their answer was known.",
    )


def _by_itself(found: Suggesting) -> Phrase:
    if found.paused and found.accepts_from is not None:
        least = percent(found.accepts_from)
        return Phrase(
            f"Toutes sont demandées : l'historique ne permet plus d'accepter à partir de {least} %.",
            f"Each is asked: the history does not support accepting from {least} % any more.",
        )
    if found.accepts_from is not None:
        return Phrase(
            f"Acceptées sans demander à partir de {percent(found.accepts_from)} % ({found.accepts_by}).",
            f"Accepted without asking from {percent(found.accepts_from)} % ({found.accepts_by}).",
        )
    if found.supports is None:
        return Phrase(
            "Rien n'est accepté sans demander ; l'historique ne le permettrait pas encore.",
            "Nothing is accepted without asking; the history would not support it yet.",
        )
    least = percent(found.supports.confidence)
    return Phrase(
        f"Rien n'est accepté sans demander ; l'historique le permettrait à partir de {least} %.",
        f"Nothing is accepted without asking; the history would support it from {least} %.",
    )


def _show_months(out: Output, found: Suggesting) -> None:
    out.table(
        Phrase("Questions répondues", "Questions answered"),
        [
            Column(Phrase("Mois", "Month")),
            Column(Phrase("Répondues", "Answered"), right=True),
            Column(Phrase("Suggérées", "Suggested"), right=True),
            Column(Phrase("Justes", "Right"), right=True),
            Column(Phrase("Sans demander", "Without asking"), right=True),
            Column(Phrase("Restées", "Stayed"), right=True),
        ],
        [
            [
                f"{each.month:%Y-%m}", str(each.answered), str(each.suggested), _share(each), str(each.by_itself),
                str(each.by_itself_right),
            ]
            for each in found.months
        ],
        empty=Phrase("Aucune réponse depuis un an.", "No answer in a year."),
    )  # fmt: skip
    if found.older:
        out.note(
            Phrase(
                f"{found.older} questions closes plus tôt ne sont pas comptées : le dernier mois est incomplet.",
                f"{found.older} questions that were closed earlier are not counted: the last month is incomplete.",
            )
        )


def _share(month: SuggestedMonth) -> str:
    return f"{month.right} ({percent(month.right * 1000 // month.suggested)} %)" if month.suggested else "–"


def _as_json(found: Suggesting) -> dict[str, object]:
    supports = found.supports
    return {
        "examples": found.examples,
        "shown_from": found.shown_from,
        "judged": found.judged,
        "right": found.right,
        "accepts_from": found.accepts_from,
        "paused": found.paused,
        "supported_from": None if supports is None else supports.confidence,
        "months": [
            {
                "month": f"{each.month:%Y-%m}",
                "answered": each.answered,
                "suggested": each.suggested,
                "right": each.right,
                "by_itself": each.by_itself,
                "by_itself_right": each.by_itself_right,
            }
            for each in found.months
        ],
        "older": found.older,
    }
