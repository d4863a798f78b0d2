"""``raccord plugins``: what is installed, what was not let in and why, and the switches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import click
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from raccord import catalog as catalogs
from raccord.catalog import Catalog
from raccord.cli.terminal.house import opened, read_settings
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, actor, both, output
from raccord.cli.terminal.words import Option, group
from raccord.clock import SystemClock
from raccord.enablement import INSTALLATION, Switchboard
from raccord.errors import RaccordError
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.database import Database, sqlite_path
from raccord.store.errors import StoreError
from raccord.store.models import Company, ConnectorSwitch


class UnknownError(RaccordError):
    """Raised when a connector or a company of that name is not here."""


@dataclass(frozen=True, slots=True)
class Switches:
    """The rows of the switches; ``known`` is false while there is no database to read them from."""

    known: bool = False
    allowed: frozenset[str] = frozenset()
    companies: Mapping[str, list[str]] = field(default_factory=dict)


@group(
    "plugins",
    "Montrer les connecteurs installés, ceux qui sont écartés et pourquoi ; les autoriser et les activer.",
    "Show the installed connectors, those that are quarantined and why; allow and enable them.",
    invoke_without_command=True,
)
@click.pass_context
def command(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        _show()


@command.command("list", phrase=Phrase("Montrer les connecteurs installés.", "Show the installed connectors."))
def list_() -> None:
    _show()


_COMPANY = Option(
    "--company",
    phrase=Phrase("Numéro ou nom de la société.", "Number or name of the company."),
    required=True,
)


@command.command(
    "allow",
    phrase=Phrase("Autoriser un connecteur dans cette installation.", "Allow a connector in this installation."),
)
@click.argument("connector")
def allow(connector: str) -> None:
    _require_installed(connector)
    _switch(lambda board, _: board.allow(connector))
    output().say(Phrase(f"« {connector} » est autorisé.", f"“{connector}” is allowed."))


@command.command(
    "forbid", phrase=Phrase("Retirer un connecteur à toute l'installation.", "Take a connector away from everybody.")
)
@click.argument("connector")
def forbid(connector: str) -> None:
    _switch(lambda board, _: board.forbid(connector))
    output().say(Phrase(f"« {connector} » n'est plus autorisé.", f"“{connector}” is no longer allowed."))


@command.command(
    "enable",
    phrase=Phrase("Activer un connecteur pour une société.", "Enable a connector for a company."),
    params=[_COMPANY],
)
@click.argument("connector")
def enable(connector: str, company: str) -> None:
    _require_installed(connector)
    _switch(lambda board, found: board.enable(connector, found), company)
    output().say(Phrase(f"« {connector} » est activé.", f"“{connector}” is enabled."))


@command.command(
    "disable",
    phrase=Phrase("Désactiver un connecteur pour une société.", "Disable a connector for a company."),
    params=[_COMPANY],
)
@click.argument("connector")
def disable(connector: str, company: str) -> None:
    _switch(lambda board, found: board.disable(connector, found), company)
    output().say(Phrase(f"« {connector} » est désactivé.", f"“{connector}” is disabled."))


def _switch(change: Callable[[Switchboard, str], None], company: str = "") -> None:
    with opened() as database, database.begin() as session:
        company_id = INSTALLATION
        if company:
            rows = session.execute(select(Company.id, Company.name, Company.realm))
            found = [one for one, name, realm in rows if company in (one, name, realm)]
            if len(found) != 1:
                raise _unknown_company(company, len(found))
            company_id = found[0]
        change(Switchboard(session, events.append, actor=actor(), now=SystemClock().now()), company_id)
    if output().as_json:
        _show()


def _show() -> None:
    out = output()
    catalog = catalogs.load_catalog()
    switches = _read_switches()
    if out.as_json:
        out.json(_as_json(catalog, switches))
        return
    yes, no, unknown = Phrase("oui", "yes"), Phrase("non", "no"), Phrase("?", "?")

    def said(name: str) -> str:
        return (unknown if not switches.known else yes if name in switches.allowed else no).get(out.language)

    out.table(
        Phrase("Connecteurs", "Connectors"),
        [
            Column(Phrase("Nom", "Name")),
            Column(Phrase("Ce que c'est", "What it is")),
            Column(Phrase("Distribution", "Distribution")),
            Column(Phrase("Autorisé", "Allowed")),
            Column(Phrase("Sociétés", "Companies"), right=True),
        ],
        [
            (
                one.name,
                label.get(out.language),
                f"{one.distribution} {one.version}",
                said(one.name),
                str(len(switches.companies.get(one.name, []))),
            )
            for one, label in (
                *((one, one.info.label) for one in catalog.admitted.values()),
                *((one, Text("Extension", "Extension")) for one in catalog.extensions.values()),
            )
        ],
        empty=Phrase(
            "Aucun connecteur n'est installé. Installez-en un : pip install raccord-chase",
            "No connector is installed. Install one: pip install raccord-chase",
        ),
    )
    if catalog.quarantined:
        out.table(
            Phrase("Écartés", "Quarantined"),
            [
                Column(Phrase("Nom", "Name")),
                Column(Phrase("Distribution", "Distribution")),
                Column(Phrase("Motif", "Reason")),
                Column(Phrase("À faire", "What to do")),
            ],
            [
                (
                    one.name,
                    f"{one.distribution} {one.version}",
                    f"{one.reason.get(out.language)} [{one.code}]",
                    one.fix.get(out.language),
                )
                for one in catalog.quarantined
            ],
            empty=Phrase("Aucun.", "None."),
        )


def _as_json(catalog: Catalog, switches: Switches) -> dict[str, object]:
    def common(name: str, distribution: str, version: str) -> dict[str, object]:
        return {"name": name, "distribution": distribution, "version": version}

    def switched(name: str) -> dict[str, object]:
        return {
            "allowed": name in switches.allowed if switches.known else None,
            "companies": switches.companies.get(name, []),
        }

    return {
        "connectors": [
            common(one.name, one.distribution, one.version)
            | switched(one.name)
            | {
                "label": both(one.info.label),
                "summary": both(one.info.summary),
                "streams": [stream.name for stream in one.info.streams],
                "hooks": sorted(one.hooks),
            }
            for one in catalog.admitted.values()
        ],
        "extensions": [
            common(one.name, one.distribution, one.version) | switched(one.name) | {"hooks": sorted(one.hooks)}
            for one in catalog.extensions.values()
        ],
        "quarantined": [
            common(one.name, one.distribution, one.version)
            | {"code": str(one.code), "reason": both(one.reason), "fix": both(one.fix)}
            for one in catalog.quarantined
        ],
    }


def _read_switches() -> Switches:
    """Read the rows if there is a database; the list shows even when it is away or of another version."""
    try:
        settings = read_settings()
        database = Database(settings.database_url.get_secret_value())
        if database.dialect == "sqlite" and not sqlite_path(database.url).exists():
            return Switches()
        with opened(settings) as database, database.read() as session:
            rows = session.execute(
                select(ConnectorSwitch.connector, ConnectorSwitch.company_id).where(ConnectorSwitch.enabled)
            ).all()
    except (StoreError, SQLAlchemyError):
        return Switches()
    companies: dict[str, list[str]] = {}
    for connector, company_id in rows:
        if company_id != INSTALLATION:
            companies.setdefault(connector, []).append(company_id)
    return Switches(True, frozenset(name for name, company_id in rows if company_id == INSTALLATION), companies)


def _require_installed(connector: str) -> None:
    catalog = catalogs.load_catalog()
    if connector in catalog.admitted or connector in catalog.extensions:
        return
    for one in catalog.quarantined:
        if one.name == connector:
            raise UnknownError(str(one.code), one.reason, one.fix)
    raise UnknownError(
        "connector.not_installed",
        Text(f"Le connecteur « {connector} » n'est pas installé.", f"The connector “{connector}” is not installed."),
        Text("« raccord plugins » montre ceux qui sont là.", "“raccord plugins” shows those that are there."),
    )


def _unknown_company(company: str, found: int) -> UnknownError:
    if found:
        text = Text(f"Plusieurs sociétés s'appellent « {company} ».", f"Several companies are called “{company}”.")
    else:
        text = Text(f"Il n'y a pas de société « {company} ».", f"There is no company “{company}”.")
    fix = Text("Donnez son numéro QuickBooks.", "Give its QuickBooks number.")
    return UnknownError("company.unknown", text, fix)
