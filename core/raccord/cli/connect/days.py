"""``raccord connect days``: the time zone and the hour by which a source's moments become days."""

from __future__ import annotations

from datetime import date, datetime

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, actor, output
from raccord.cli.terminal.words import Option, command
from raccord.onboarding.sources.day_rules import change_days
from raccord.sync.days import days_of, today_of


@command(
    "days",
    "Montrer ou changer le fuseau horaire de la source et l'heure où finissent ses jours.",
    "Show or change the source's time zone and the hour at which its days end.",
    params=[
        Option("--time-zone", default="", phrase=Phrase("Par exemple Europe/Paris.", "For example Europe/Paris.")),
        Option(
            "--cut-off",
            default="",
            phrase=Phrase(
                "HH:MM ; avant midi : le lendemain matin ; 00:00 : minuit.",
                "HH:MM; before noon: the morning after; 00:00: midnight.",
            ),
        ),
        Option(
            "--from",
            "first",
            type=click.DateTime(["%Y-%m-%d"]),
            phrase=Phrase(
                "Premier jour du changement ; sinon demain, ou tous les jours si rien n'est écrit.",
                "First day of the change; if absent tomorrow, or all days while nothing is posted.",
            ),
        ),
    ],
)
@click.argument("connection", required=False)
def days(connection: str | None, time_zone: str, cut_off: str, first: datetime | None) -> int:
    out = output()
    if first is not None and not time_zone and not cut_off:
        raise click.UsageError(
            Phrase(
                "--from demande --time-zone ou --cut-off.", "--from needs --time-zone or --cut-off."
            ).get(out.language)
        )  # fmt: skip
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
        if time_zone or cut_off:
            start = None if first is None else first.date()
            change_days(
                workshop, operator(actor()), found.id, time_zone=time_zone, cut_off=cut_off, first=start
            )  # fmt: skip
        with workshop.database.read() as session:
            found = the_connection(session, found.id)
        today = today_of(found, workshop.clock.now())
    rules = [
        {
            "from": "" if rule.first == date.min else rule.first.isoformat(),
            "time_zone": rule.zone.key,
            "cut_off": f"{rule.cut_off:%H:%M}",
        }
        for rule in days_of(found).rules
    ]
    if out.as_json:
        out.json({"connection": found.id, "label": found.label, "today": today.isoformat(), "rules": rules})
        return Exit.OK
    out.table(
        Phrase(f"{found.label} : jours (aujourd'hui {today})", f"{found.label}: days (today {today})"),
        [
            Column(Phrase("À partir du", "From")),
            Column(Phrase("Fuseau horaire", "Time zone")),
            Column(Phrase("Fin du jour", "End of day")),
        ],
        [[rule["from"] or "…", rule["time_zone"], rule["cut_off"]] for rule in rules],
        empty=Phrase("Rien.", "Nothing."),
    )
    return Exit.OK
