"""``raccord connect quickbooks`` and ``disconnect-company``: a company's consent, and its end."""

from __future__ import annotations

from urllib.parse import quote

import click
import httpx
from sqlalchemy.orm import Session

from raccord.cli.terminal.asking import confirm
from raccord.cli.terminal.callback_listener import ListenerError, is_loopback, wait_for_callback
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Output, actor, output
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.errors import RaccordError
from raccord.onboarding.connecting.companies import (
    begin_authorisation,
    disconnect_company,
    finish_authorisation,
    the_company,
)
from raccord.plugin.texts import Text
from raccord.store.models import Company
from raccord.sync.environments import CALLBACK_PATH
from raccord.sync.workshop import Workshop

WITHOUT_EXPORT = Option(
    "--without-export",
    is_flag=True,
    phrase=Phrase(
        "Confirmer une seconde fois : déconnecter bien que tout ne soit pas exporté.",
        "Confirm a second time: disconnect although not everything is exported.",
    ),
)


class ConsentError(RaccordError):
    """Raised when consent cannot be given the way that was asked for."""


@make_command(
    "quickbooks",
    "Relier une société QuickBooks Online, ou l'autoriser de nouveau.",
    "Connect a QuickBooks Online company, or authorise it again.",
    params=[
        Option(
            "--company",
            default="",
            phrase=Phrase(
                "Société à autoriser de nouveau ; une autre est refusée.",
                "Company to authorise again; another one is refused.",
            ),
        ),
        Option(
            "--callback",
            default="",
            metavar="URL",
            phrase=Phrase(
                "Adresse à laquelle le navigateur est revenu, avec --state.",
                "Address the browser came back to, with --state.",
            ),
        ),
        Option(
            "--state",
            default="",
            phrase=Phrase(
                "L'état affiché avec l'adresse de consentement.", "The state shown with the consent address."
            ),
        ),
        Option(
            "--no-wait",
            is_flag=True,
            phrase=Phrase(
                "Afficher l'adresse et l'état, sans attendre le retour.", "Show address and state, without waiting."
            ),
        ),
        Option(
            "--consent",
            is_flag=True,
            phrase=Phrase(
                "Consentir sans personne (QuickBooks local seulement).",
                "Consent without a person (local QuickBooks only).",
            ),
        ),
        Option(
            "--realm",
            default="",
            phrase=Phrase("Avec --consent : numéro de la société.", "With --consent: the company's number."),
        ),
    ],
)
def quickbooks(company: str, callback: str, state: str, no_wait: bool, consent: bool, realm: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        expected = None
        environment = workshop.settings.quickbooks_environment
        if company:
            with workshop.database.read() as session:
                known = the_company(session, company)
            expected, environment = known.realm, known.environment
        if callback:
            if not state:
                raise ConsentError(
                    "connect.state_missing",
                    Text("--callback exige --state.", "--callback needs --state."),
                    Text("L'état a été affiché avec l'adresse.", "The state was shown with the address."),
                )
            back = callback
        else:
            url, state = begin_authorisation(workshop, operator(actor()), environment)
            if no_wait:
                return _show_address(out, url, state)
            back = _consented(url, realm or expected or "", environment) if consent else _waited(workshop, url, state)
        found = finish_authorisation(workshop, operator(actor()), environment, back, state, expected)
        _show(out, found)
        return Exit.OK


@make_command(
    "disconnect-company",
    "Mettre fin à l'autorisation d'une société dont plus aucune connexion ne sert.",
    "End the authorisation of a company none of whose connections is used any more.",
    params=[Option("--yes", is_flag=True, phrase=Phrase("Ne rien demander.", "Ask nothing.")), WITHOUT_EXPORT],
)
@click.argument("company")
def end_company(company: str, yes: bool, without_export: bool) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_company(session, company)
        confirm(
            out,
            Phrase(
                f"L'autorisation de « {found.name} » prend fin ; rien n'est supprimé dans QuickBooks.",
                f"The authorisation of “{found.name}” ends; nothing is deleted in QuickBooks.",
            ),
            yes=yes,
        )
        _show(out, disconnect_company(workshop, operator(actor()), found.id, without_export=without_export))
        return Exit.OK


def company_of(session: Session, name: str) -> Company:
    """Return the company named, or the only one."""
    return the_company(session, name)


def _show_address(out: Output, url: str, state: str) -> Exit:
    if out.as_json:
        out.json({"url": url, "state": state})
    out.say(Phrase(f"Ouvrez : {url}", f"Open: {url}"))
    out.say(
        Phrase(
            f"Puis : raccord connect quickbooks --state {state} --callback ADRESSE",
            f"Then: raccord connect quickbooks --state {state} --callback ADDRESS",
        )
    )
    return Exit.NEEDS_PERSON


def _waited(workshop: Workshop, url: str, state: str) -> str:
    address = workshop.settings.web_url + CALLBACK_PATH
    if not is_loopback(address):
        raise ListenerError(
            "connect.not_here",
            Text(
                f"QuickBooks renvoie le navigateur à {address}, qui n'est pas cette machine.",
                f"QuickBooks sends the browser back to {address}, which is not this machine.",
            ),
            Text(
                "Reliez la société depuis la page web, ou employez --no-wait puis --callback.",
                "Connect the company from the web page, or use --no-wait and then --callback.",
            ),
        )
    # On standard error, so that --json keeps standard output to itself.
    return wait_for_callback(address, state, workshop.clock, ready=lambda: click.echo(url, err=True))


def _consented(url: str, realm: str, environment: str) -> str:
    if not is_loopback(environment):
        raise ConsentError(
            "connect.consent_is_a_persons",
            Text(
                "Seul un QuickBooks local, sur cette machine, accepte un consentement sans personne.",
                "Only a local QuickBooks, on this machine, takes consent without a person.",
            ),
            Text("Retirez --consent et ouvrez l'adresse affichée.", "Leave --consent out and open the address shown."),
        )
    chosen = f"&realm={quote(realm, safe='')}" if realm else ""
    try:
        answer = httpx.get(f"{url}&auto=1{chosen}", follow_redirects=False)
    except httpx.TransportError:
        raise ConsentError(
            "connect.no_answer",
            Text(f"{environment} ne répond pas.", f"{environment} does not answer."),
            Text("Démarrez-le : raccord sandbox serve.", "Start it: raccord sandbox serve."),
        ) from None
    back = answer.headers.get("location", "")
    if not back:
        raise ConsentError(
            "connect.consent_refused",
            Text("Le QuickBooks local n'a pas consenti seul.", "The local QuickBooks did not consent by itself."),
            Text("Donnez --realm, ou consentez dans le navigateur.", "Give --realm, or consent in the browser."),
        )
    return str(back)


def _show(out: Output, company: Company) -> None:
    if out.as_json:
        out.json(
            {
                "company": company.id,
                "name": company.name,
                "legal_name": company.legal_name,
                "plan": company.plan,
                "features": dict(company.features),
                "realm": company.realm,
                "environment": company.environment,
                "country": company.country,
                "home_currency": company.home_currency,
                "taxed": company.taxed,
                "books_closed_on": None if company.books_closed_on is None else company.books_closed_on.isoformat(),
                "state": company.state,
            }
        )
    connected = company.state == "connected"
    out.say(
        Phrase(
            f"« {company.name} » ({company.realm}) est {'reliée' if connected else 'déconnectée'}.",
            f"“{company.name}” ({company.realm}) is {'connected' if connected else 'disconnected'}.",
        )
    )
