"""``raccord tokens``: what programs show to use the JSON API, made for a person and a company."""

from __future__ import annotations

from dataclasses import asdict

import click

from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, actor, output
from raccord.cli.terminal.words import Option, default_group
from raccord.onboarding.access.accounts import person_of
from raccord.onboarding.access.api_tokens import (
    DAYS_MAX,
    DAYS_USUAL,
    Scope,
    TokenView,
    make_token,
    revoke_token,
    tokens_of,
)
from raccord.onboarding.connecting.companies import the_company


@default_group(
    "tokens",
    "list",
    "Montrer, faire et révoquer les jetons de l'API JSON.",
    "Show, make and revoke tokens of the JSON API.",
)
def command() -> None:
    pass


@command.command("list", phrase=Phrase("Montrer les jetons.", "Show the tokens."))
def list_() -> None:
    out = output()
    with opened_workshop() as workshop, workshop.database.read() as session:
        tokens = tokens_of(session, None, workshop.clock.now())
    if out.as_json:
        out.json({"tokens": [_told(each) for each in tokens]})
        return
    out.table(
        Phrase("Jetons", "Tokens"),
        [
            Column(Phrase("Numéro", "Id")),
            Column(Phrase("Nom", "Name")),
            Column(Phrase("Personne", "Person")),
            Column(Phrase("Société", "Company")),
            Column(Phrase("Portée", "Scope")),
            Column(Phrase("Jusqu'au", "Until")),
            Column(Phrase("Servi", "Used")),
        ],
        [
            (
                each.id,
                each.name,
                each.email,
                each.company,
                str(each.scope),
                f"{each.ends_at:%Y-%m-%d}" if each.works else Phrase("révoqué ou échu", "over").get(out.language),
                "" if each.used_at is None else f"{each.used_at:%Y-%m-%d}",
            )
            for each in tokens
        ],
        empty=Phrase("Aucun jeton.", "No token."),
    )


@command.command(
    "create",
    phrase=Phrase("Faire un jeton ; il est dit cette seule fois.", "Make a token; it is said this once."),
    params=[
        Option("--company", phrase=Phrase("La société qu'il atteint.", "The company it reaches.")),
        Option(
            "--scope",
            type=click.Choice([str(scope) for scope in Scope]),
            default=str(Scope.READ),
            phrase=Phrase("Ce qu'il peut faire.", "What it may do."),
        ),
        Option(
            "--days",
            type=click.IntRange(1, DAYS_MAX),
            default=DAYS_USUAL,
            phrase=Phrase("Combien de jours il sert.", "For how many days it works."),
        ),
    ],
)
@click.argument("email")
@click.argument("name")
def create(email: str, name: str, company: str | None, scope: str, days: int) -> None:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            company_id = the_company(session, company or "").id
            person_id = person_of(session, email).id
        view, secret = make_token(workshop, person_id, company_id, name, Scope(scope), days)
    if out.as_json:
        out.json({"secret": secret, "token": _told(view)})
        return
    out.say(Phrase(f"Ce jeton est montré cette seule fois : {secret}", f"This token is shown this once: {secret}"))


@command.command("revoke", phrase=Phrase("Rendre un jeton sans valeur.", "Make a token worthless."))
@click.argument("token")
def revoke(token: str) -> None:
    out = output()
    with opened_workshop() as workshop:
        revoke_token(workshop, actor(), token)
    if out.as_json:
        out.json({"revoked": token})
    else:
        out.say(Phrase("Le jeton ne sert plus.", "The token no longer works."))


def _told(view: TokenView) -> dict[str, object]:
    told: dict[str, object] = asdict(view)
    for name in ("made_at", "ends_at", "used_at", "revoked_at"):
        at = getattr(view, name)
        told[name] = None if at is None else at.isoformat()
    return told
