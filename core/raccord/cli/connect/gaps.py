"""``raccord connect gaps``, ``backfill`` and ``take-back``: days that were not brought over, and asking for them."""

from __future__ import annotations

from datetime import datetime

import click

from raccord.cli.terminal.asking import confirm
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import every_connection, operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, actor, output
from raccord.cli.terminal.showing import day, money
from raccord.cli.terminal.words import Option, command
from raccord.onboarding.closing.holes import holes_of
from raccord.onboarding.closing.left_days import left_days
from raccord.onboarding.connecting.backfill import backfill
from raccord.onboarding.connecting.taking_back import take_back
from raccord.overview.coverage import coverage_of

REASONS = {
    "covered": Phrase("apporté", "brought over"),
    "before_start": Phrase("avant le premier jour", "before the first day"),
    "paused": Phrase("en pause", "paused"),
    "disconnected": Phrase("déconnecté", "disconnected"),
    "failing": Phrase("en échec", "failing"),
    "not_yet": Phrase("mise en place à terminer", "set-up not finished"),
    "no_file": Phrase("aucun fichier ne les couvre", "no file covers them"),
    "unasked": Phrase("la source n’a pas été interrogée depuis", "the source was not asked since"),
    "taken_up": Phrase("demandés, plan pas encore exécuté", "asked for, plan not carried out yet"),
}


@command(
    "gaps",
    "Montrer quels jours sont apportés, et pourquoi les autres ne le sont pas.",
    "Show which days are brought over, and why the others are not.",
)
@click.argument("connection", required=False)
def gaps(connection: str | None) -> int:
    out = output()
    with opened_workshop() as workshop, workshop.database.read() as session:
        chosen = every_connection(session) if connection is None else [the_connection(session, connection)]
        found = []
        for each in chosen:
            left = left_days(workshop, session, each)
            found.append((each, coverage_of(workshop, session, each, left), holes_of(workshop, session, each, left)))
    if out.as_json:
        out.json(
            {
                "connections": [
                    {
                        "connection": each.id,
                        "label": each.label,
                        "coverage": [
                            {"reason": one.reason, "first": day(one.first) or None, "last": day(one.last)}
                            for one in coverage
                        ],
                        "gaps": [
                            {
                                "reason": hole.reason,
                                "first": day(hole.first_day) or None,
                                "last": day(hole.last_day) or None,
                                "records": hole.records,
                                "totals": dict(hole.totals),
                                "account": hole.account,
                            }
                            for hole in holes
                        ],
                    }
                    for each, coverage, holes in found
                ]
            }
        )
        return Exit.OK
    for each, coverage, holes in found:
        sizes = {(hole.reason, hole.last_day): hole for hole in holes}
        rows = []
        for one in coverage:
            hole = sizes.get((one.reason, one.last)) or sizes.get((one.reason, None))
            rows.append(
                [
                    day(one.first) or "…",
                    day(one.last),
                    REASONS.get(one.reason, Phrase(one.reason, one.reason)).get(out.language),
                    "" if hole is None else str(hole.records),
                    "" if hole is None else ", ".join(f"{money(t, out.language)} {c}" for c, t in hole.totals.items()),
                ]
            )
        out.table(
            Phrase(f"{each.label} : jours", f"{each.label}: days"),
            [
                Column(Phrase("Du", "From")),
                Column(Phrase("Au", "To")),
                Column(Phrase("Pourquoi", "Why")),
                Column(Phrase("Opérations connues", "Known records"), right=True),
                Column(Phrase("Total", "Total"), right=True),
            ],
            rows,
            empty=Phrase("Rien encore.", "Nothing yet."),
        )
    return Exit.OK


@command(
    "backfill",
    "Reprendre les jours d'un trou : le prochain plan les contient et attend une approbation.",
    "Take up the days of a gap: the next plan holds them and waits for approval.",
    params=[
        Option(
            "--from",
            "first",
            required=True,
            type=click.DateTime(["%Y-%m-%d"]),
            phrase=Phrase("Premier jour, AAAA-MM-JJ.", "First day, YYYY-MM-DD."),
        ),
        Option(
            "--to",
            "last",
            required=True,
            type=click.DateTime(["%Y-%m-%d"]),
            phrase=Phrase("Dernier jour, AAAA-MM-JJ.", "Last day, YYYY-MM-DD."),
        ),
        Option("--yes", is_flag=True, phrase=Phrase("Ne rien demander.", "Ask nothing.")),
    ],
)
@click.argument("connection")
def backfill_command(connection: str, first: datetime, last: datetime, yes: bool) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
        confirm(
            out,
            Phrase(
                "Ces jours seront lus de nouveau et planifiés ; rien n'est écrit avant votre approbation.",
                "These days will be read again and planned; nothing is posted before you approve.",
            ),
            yes=yes,
        )
        taken = backfill(workshop, operator(actor()), found.id, first.date(), last.date())
    if out.as_json:
        out.json(
            {
                "connection": found.id,
                "first": day(taken.first),
                "last": day(taken.last),
                "reasons": list(taken.reasons),
                "records": taken.records,
                "totals": dict(taken.totals),
                "without_file": [{"first": day(start), "last": day(end)} for start, end in taken.without_file],
            }
        )
    for start, end in taken.without_file:
        out.say(
            Phrase(
                f"Aucun fichier ne couvre encore les jours du {day(start)} au {day(end)} : déposez celui qui les "
                "contient.",
                f"No file covers {day(start)} to {day(end)} yet: hand in the one that holds these days.",
            )
        )
    records = counted(
        taken.records,
        ("{n} opération connue reprise", "{n} known record taken up"),
        ("{n} opérations connues reprises", "{n} known records taken up"),
    )
    out.say(
        Phrase(
            f"{records.fr}. Relisez le plan : raccord plan {found.label!r}",
            f"{records.en}. Read the plan: raccord plan {found.label!r}",
        )
    )
    return Exit.OK


@command(
    "take-back",
    "Retirer la demande de reprendre des jours, tant que leur plan n'est pas approuvé.",
    "Take back that days be brought over, as long as their plan is not approved.",
    params=[Option("--yes", is_flag=True, phrase=Phrase("Ne rien demander.", "Ask nothing."))],
)
@click.argument("connection")
def take_back_command(connection: str, yes: bool) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
        confirm(
            out,
            Phrase(
                "Ces jours restent de nouveau dehors, et le plan qui attend est mis de côté.",
                "These days stay outside again, and the plan that waits is set aside.",
            ),
            yes=yes,
        )
        taken = take_back(workshop, operator(actor()), found.id)
    if out.as_json:
        spans = [{"first": day(first), "last": day(last)} for first, last in taken.days]
        out.json({"connection": found.id, "days": spans, "starts_on": day(taken.began), "records": taken.records})
        return Exit.OK
    records = counted(
        taken.records,
        ("{n} opération de nouveau dehors", "{n} record outside again"),
        ("{n} opérations de nouveau dehors", "{n} records outside again"),
    )
    out.say(
        Phrase(
            f"{records.fr}. Premier jour : {day(taken.began)}.",
            f"{records.en}. First day: {day(taken.began)}.",
        )
    )
    return Exit.OK
