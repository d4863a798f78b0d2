"""``raccord connect closed``: what a connection does about closed periods, and the answers for closed months."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, Output, actor, output
from raccord.cli.terminal.showing import day
from raccord.cli.terminal.words import Option, command
from raccord.onboarding.closing.closings import answer_closed_month, set_closed_policy
from raccord.overview.closed_months import AskedMonth, answered_months, asked_months
from raccord.overview.connections import connection_view
from raccord.sync.posting.periods import ClosedPolicy, MonthAnswer

POLICIES = {
    ClosedPolicy.BLOCKED: Phrase("attend que la période soit rouverte", "waits until the period is opened"),
    ClosedPolicy.NEXT_OPEN_DAY: Phrase(
        "daté du premier jour ouvert, la date réelle dans le mémo", "dated on the first open day, true date in the memo"
    ),
    ClosedPolicy.ASK: Phrase("une question par mois clos", "one question for each closed month"),
}
ANSWERS = {
    MonthAnswer.NEXT_OPEN_DAY: Phrase("premier jour ouvert", "first open day"),
    MonthAnswer.LEAVE_OUT: Phrase("laissé de côté", "left out"),
    MonthAnswer.WAIT: Phrase("attend", "waits"),
    MonthAnswer.WRITE: Phrase("écrit bien que certifié", "written although certified"),
}


@command(
    "closed",
    "Montrer ou choisir ce que devient un document daté d'une période close, et répondre pour un mois clos.",
    "Show or choose what becomes of a document dated in a closed period, and answer for a closed month.",
    params=[
        Option(
            "--policy",
            type=click.Choice([str(each) for each in ClosedPolicy]),
            phrase=Phrase(
                "Attendre, dater du premier jour ouvert, ou demander.", "Wait, date on the first open day, or ask."
            ),
        ),
        Option(
            "--month",
            type=click.DateTime(["%Y-%m"]),
            phrase=Phrase("Un mois clos, AAAA-MM, avec --answer.", "A closed month, YYYY-MM, with --answer."),
        ),
        Option(
            "--answer",
            type=click.Choice([str(each) for each in MonthAnswer]),
            phrase=Phrase("La réponse pour tout ce mois.", "The answer for that whole month."),
        ),
        Option(
            "--reason",
            default="",
            phrase=Phrase(
                "Pourquoi écrire dans un mois certifié, avec --answer write.",
                "Why to write into a certified month, with --answer write.",
            ),
        ),
    ],
)
@click.argument("connection", required=False)
def closed(connection: str | None, policy: str | None, month: datetime | None, answer: str | None, reason: str) -> int:
    out = output()
    if (month is None) != (answer is None):
        raise click.UsageError(
            Phrase("--month et --answer vont ensemble.", "--month and --answer go together.").get(out.language)
        )
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
        if policy is not None:
            set_closed_policy(workshop, operator(actor()), found.id, ClosedPolicy(policy))
        if month is not None and answer is not None:
            answer_closed_month(workshop, operator(actor()), found.id, month.date(), MonthAnswer(answer), reason)
        with workshop.database.read() as session:
            view = connection_view(session, found.id)
            asked, answered = asked_months(session, found.id), answered_months(session, found.id)
    if view is None:
        raise LookupError(f"there is no connection {found.id}")
    waits = [each for each in asked if not each.answer]
    if out.as_json:
        out.json(
            {
                "connection": view.id,
                "label": view.label,
                "policy": view.closed_policy,
                "books_closed_on": day(view.books_closed_on) or None,
                "asked": [asked_as_json(each) for each in asked],
                "answers": [
                    {
                        "month": f"{each.month:%Y-%m}",
                        "answer": each.answer,
                        "reason": each.reason or None,
                        "by": each.answered_by,
                    }
                    for each in answered
                ],
            }
        )
        return Exit.NEEDS_PERSON if waits else Exit.OK
    now = POLICIES[ClosedPolicy(view.closed_policy)]
    until = day(view.books_closed_on) or "–"
    out.say(
        Phrase(
            f"{view.label} : livres clos jusqu'au {until} ; un document d'avant {now.fr} ({view.closed_policy}).",
            f"{view.label}: books closed to {until}; an earlier document {now.en} ({view.closed_policy}).",
        )
    )
    show_asked(out, asked)
    for each in answered:
        said = ANSWERS[MonthAnswer(each.answer)]
        out.say(
            Phrase(
                f"{each.month:%Y-%m} : {said.fr} ({each.answered_by}).",
                f"{each.month:%Y-%m}: {said.en} ({each.answered_by}).",
            )
        )
    return Exit.NEEDS_PERSON if waits else Exit.OK


def show_asked(out: Output, asked: Sequence[AskedMonth]) -> None:
    """Show the closed months that documents wait for, with the command that answers."""
    if not asked:
        return
    out.table(
        Phrase("Mois clos ou certifiés", "Closed or certified months"),
        [
            Column(Phrase("Connexion", "Connection")),
            Column(Phrase("Mois", "Month")),
            Column(Phrase("Documents qui attendent", "Documents waiting"), right=True),
            Column(Phrase("À faire", "What to do")),
        ],
        [
            [
                each.connection,
                f"{each.month:%Y-%m}",
                str(each.documents),
                ANSWERS[MonthAnswer(each.answer)].get(out.language)
                if each.answer
                else f"raccord connect closed {each.connection!r} --month {each.month:%Y-%m} --answer "
                + ("write --reason …" if each.certified else "…"),
            ]
            for each in asked
        ],
        empty=Phrase("Aucun.", "None."),
    )


def asked_as_json(each: AskedMonth) -> dict[str, object]:
    """Return an asked month as JSON values."""
    return {
        "connection": each.connection,
        "month": f"{each.month:%Y-%m}",
        "documents": each.documents,
        "first_day": day(each.first_day) or None,
        "last_day": day(each.last_day) or None,
        "certified": each.certified,
        "answer": each.answer or None,
    }
