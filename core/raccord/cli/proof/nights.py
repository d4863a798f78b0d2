"""``raccord proof nights``: when each company's proof is made by itself."""

from __future__ import annotations

from datetime import datetime

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, Output, actor, output
from raccord.cli.terminal.showing import moment
from raccord.cli.terminal.words import Option, command
from raccord.jobs.nights import set_night
from raccord.onboarding.connecting.companies import the_company
from raccord.overview.others import NightView, nights


@command(
    "nights",
    "Montrer quand chaque société est prouvée d'elle-même, la nuit ; l'activer, l'arrêter ou changer l'heure.",
    "Show when each company is proven by itself, at night; switch it on or off, or change the hour.",
    params=[
        Option("--company", default="", phrase=Phrase("Société, s'il y en a plusieurs.", "Company, if several.")),
        Option(
            "--on/--off",
            "enabled",
            default=None,
            phrase=Phrase("Prouver chaque nuit, ou non.", "Prove each night, or not."),
        ),
        Option(
            "--at",
            type=click.DateTime(["%H:%M"]),
            phrase=Phrase("Heure, dans le fuseau de la société.", "Hour, in the company's time zone."),
        ),
    ],
)
def night_times(company: str, enabled: bool | None, at: datetime | None) -> int:
    out = output()
    with opened_workshop() as workshop:
        if enabled is not None or at is not None:
            with workshop.database.read() as session:
                chosen = the_company(session, company)
            time = None if at is None else at.time()
            set_night(
                workshop.database,
                chosen.id,
                enabled=enabled is not False,
                at=time,
                by=operator(actor()).name,
                clock=workshop.clock,
            )
        with workshop.database.read() as session:
            found = nights(session)
    if out.as_json:
        out.json({"nights": [_as_json(each) for each in found]})
    else:
        _show(out, found)
    return Exit.OK


def _show(out: Output, found: list[NightView]) -> None:
    out.table(
        Phrase("Preuves de la nuit", "Nightly proofs"),
        [
            Column(Phrase("Société", "Company")),
            Column(Phrase("Heure", "Hour")),
            Column(Phrase("Prochaine", "Next")),
            Column(Phrase("Dernière", "Last")),
            Column(Phrase("Confirmé depuis", "Confirmed since")),
            Column(Phrase("Mois avec écart", "Months with differences"), right=True),
        ],
        [
            [
                each.company,
                f"{each.at} {each.time_zone}",
                moment(each.next_at, each.time_zone) if each.enabled else {"fr": "arrêtée", "en": "off"}[out.language],
                moment(each.last_at, each.time_zone),
                moment(each.confirmed_at, each.time_zone),
                str(each.unequal),
            ]
            for each in found
        ],
        empty=Phrase(
            "Aucune nuit encore : elles commencent quand « raccord serve » ou « raccord worker » tourne.",
            "No night yet: they begin once “raccord serve” or “raccord worker” runs.",
        ),
    )


def _as_json(each: NightView) -> dict[str, object]:
    return {
        "company": each.company,
        "company_id": each.company_id,
        "enabled": each.enabled,
        "at": each.at,
        "time_zone": each.time_zone,
        "next_at": each.next_at.isoformat(),
        "last_at": None if each.last_at is None else each.last_at.isoformat(),
        "confirmed_at": None if each.confirmed_at is None else each.confirmed_at.isoformat(),
        "unequal_months": each.unequal,
    }
