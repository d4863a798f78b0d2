"""``raccord people``: who may sign in to the pages, one-time links for new ones and for lost passwords."""

from __future__ import annotations

from datetime import datetime

import click

from raccord.cli.terminal.finding import operator
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, actor, output
from raccord.cli.terminal.words import Option, default_group
from raccord.onboarding.access.accounts import speak
from raccord.onboarding.access.members import invite, list_members, reset_link
from raccord.onboarding.access.people import RoleName
from raccord.onboarding.connecting.companies import the_company
from raccord.plugin.texts import Language
from raccord.store.models.people import EVERYWHERE

ROLES = {
    RoleName.OWNER: Phrase("propriétaire", "owner"),
    RoleName.ADMIN: Phrase("administrateur", "administrator"),
    RoleName.BOOKKEEPER: Phrase("commis comptable", "bookkeeper"),
    RoleName.ACCOUNTANT: Phrase("comptable invité", "guest accountant"),
    RoleName.OPERATOR: Phrase("exploitant", "operator"),
}


@default_group(
    "people",
    "list",
    "Montrer qui peut se connecter aux pages, inviter, rendre un mot de passe.",
    "Show who may sign in to the pages, invite, give a new password.",
)
def command() -> None:
    pass


@command.command("list", phrase=Phrase("Montrer qui est quoi.", "Show who is what."))
def list_() -> None:
    out = output()
    with opened_workshop() as workshop, workshop.database.read() as session:
        members = list_members(session, None, workshop.clock.now())
    if out.as_json:
        out.json(
            {
                "people": [
                    {
                        "email": each.email,
                        "name": each.name,
                        "role": str(each.role),
                        "company": each.company_id,
                        "seen_at": None if each.seen_at is None else each.seen_at.isoformat(),
                        "ends_on": None if each.ends_on is None else each.ends_on.isoformat(),
                        "days_left": each.days_left,
                    }
                    for each in members
                ]
            }
        )
        return
    everywhere = Phrase("toutes", "all").get(out.language)
    out.table(
        Phrase("Personnes", "People"),
        [
            Column(Phrase("Nom", "Name")),
            Column(Phrase("Adresse", "Address")),
            Column(Phrase("Rôle", "Role")),
            Column(Phrase("Société", "Company")),
            Column(Phrase("Dernier jour", "Last day")),
        ],
        [
            (
                each.name,
                each.email,
                ROLES[each.role].get(out.language),
                each.company or everywhere,
                each.ends_on.isoformat() if each.ends_on else "",
            )
            for each in members
        ],
        empty=Phrase(
            "Personne encore : la première page web crée le compte du propriétaire.",
            "Nobody yet: the first web page creates the owner's account.",
        ),
    )


@command.command(
    "invite",
    phrase=Phrase("Donner un lien qui fait entrer une personne.", "Give a link that lets a person in."),
    params=[
        Option(
            "--role",
            type=click.Choice([str(role) for role in RoleName]),
            default=str(RoleName.BOOKKEEPER),
            phrase=Phrase("Ce que la personne sera.", "What the person will be."),
        ),
        Option(
            "--company",
            phrase=Phrase("Une seule société ; toutes sinon.", "One company only; all of them otherwise."),
        ),
        Option(
            "--until",
            type=click.DateTime(["%Y-%m-%d"]),
            phrase=Phrase(
                "Le dernier jour de cet accès, à l'heure de la société ; sans fin sinon.",
                "The last day of this access, by the company's clocks; without end otherwise.",
            ),
        ),
    ],
)
@click.argument("email")
def invite_(email: str, role: str, company: str | None, until: datetime | None) -> None:
    with opened_workshop() as workshop:
        company_id = EVERYWHERE
        if company:
            with workshop.database.read() as session:
                company_id = the_company(session, company).id
        last = None if until is None else until.date()
        secret = invite(workshop, operator(actor()), email, RoleName(role), company_id, ends_on=last)
        _say_link(workshop.settings.web_url, secret)


@command.command(
    "reset",
    phrase=Phrase("Donner un lien pour choisir un nouveau mot de passe.", "Give a link for choosing a new password."),
)
@click.argument("email")
def reset(email: str) -> None:
    with opened_workshop() as workshop:
        _say_link(workshop.settings.web_url, reset_link(workshop, actor(), email))


@command.command(
    "language",
    phrase=Phrase(
        "Choisir la langue des messages à une personne : fr, en, ou company (celle de la société).",
        "Choose the language of messages to a person: fr, en, or company (that of the company).",
    ),
)
@click.argument("email")
@click.argument("language", type=click.Choice(["fr", "en", "company"]))
def language_(email: str, language: str) -> None:
    spoken: Language | None = "fr" if language == "fr" else "en" if language == "en" else None
    with opened_workshop() as workshop:
        speak(workshop, email, spoken)
    out = output()
    if out.as_json:
        out.json({"email": email, "language": spoken})
    else:
        out.say(Phrase("C'est noté.", "Noted."))


def _say_link(web_url: str, secret: str) -> None:
    out, link = output(), f"{web_url}/invitation/{secret}"
    if out.as_json:
        out.json({"link": link})
        return
    out.say(Phrase(f"Ce lien sert une fois : {link}", f"This link serves once: {link}"))
