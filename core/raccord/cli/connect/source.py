"""``raccord connect source``, ``settings`` and ``reconnect``: a source account's settings, typed or described."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import click
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from sqlalchemy.orm import Session

from raccord.cli.connect.connections_table import STATES
from raccord.cli.terminal.asking import confirm
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, Output, actor, both, output
from raccord.cli.terminal.showing import days_said, moment
from raccord.cli.terminal.typed_settings import (
    default_of,
    is_kept,
    is_secret,
    missing_secrets,
    needed_with,
    options_of,
    plain_values,
    secret_values,
    title,
)
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.enablement import Switchboard
from raccord.onboarding.arriving.changing import change_settings
from raccord.onboarding.arriving.freshness import first_data_expected
from raccord.onboarding.connecting.companies import the_company
from raccord.onboarding.connecting.connections import NIGHTLY, NewConnection, connect, reconnect
from raccord.onboarding.connecting.seen_settings import seen_of, seen_of_kept
from raccord.plugin.info import ConnectorInfo, Mode
from raccord.plugin.texts import Text
from raccord.scope import ScopeError
from raccord.store import events
from raccord.store.errors import StoreError
from raccord.store.models import Connection, ConnectionState
from raccord.store.vault import join_secrets
from raccord.sync.workshop import Workshop, settings_handle

_SET = Option(
    "--set",
    "typed",
    multiple=True,
    metavar="KEY=VALUE",
    phrase=Phrase("Un réglage ; répétable.", "A setting; repeatable."),
)
_SECRET = Option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="KEY[=env:NAME|file:PATH|stdin]",
    phrase=Phrase(
        "Un réglage secret, demandé sans l'afficher ; répétable.", "A secret, asked without showing it; repeatable."
    ),
)
_YES = Option("--yes", is_flag=True, phrase=Phrase("Ne rien demander.", "Ask nothing."))


@make_command(
    "source",
    "Relier un compte source à une société ; --describe montre ce que le connecteur demande.",
    "Join a source account to a company; --describe shows what the connector asks for.",
    params=[
        Option(
            "--describe",
            is_flag=True,
            phrase=Phrase("Montrer les réglages, sans relier.", "Show the settings, connect nothing."),
        ),
        Option("--company", default="", phrase=Phrase("Société QuickBooks.", "QuickBooks company.")),
        Option("--label", default="", phrase=Phrase("Nom de la connexion.", "Name of the connection.")),
        Option(
            "--starts-on",
            type=click.DateTime(["%Y-%m-%d"]),
            phrase=Phrase("Premier jour apporté ; aujourd'hui sinon.", "First day brought over; today if absent."),
        ),
        Option(
            "--time-zone",
            default="",
            phrase=Phrase(
                "Fuseau horaire de la source ; sinon celui de la société, d'après ses connexions ou son pays.",
                "The source's time zone; if absent the company's, by its connections or its country.",
            ),
        ),
        Option(
            "--cut-off",
            default="",
            phrase=Phrase(
                "Heure où finissent ses jours, HH:MM ; minuit sinon.",
                "Hour at which its days end, HH:MM; midnight if absent.",
            ),
        ),
        Option(
            "--mode",
            type=click.Choice([str(mode) for mode in Mode]),
            default=str(Mode.FIRST_TIME),
            phrase=Phrase("Première fois, ou livres déjà en marche.", "First time, or books already running."),
        ),
        Option(
            "--draft",
            is_flag=True,
            phrase=Phrase(
                "La garder pour plus tard (raccord connect activate).", "Keep it for later (raccord connect activate)."
            ),
        ),
        Option("--cron", default=NIGHTLY, show_default=True, phrase=Phrase("Horaire (cron).", "Schedule (cron).")),
        Option(
            "--enable",
            is_flag=True,
            phrase=Phrase(
                "Autoriser le connecteur ici et l'activer pour la société.",
                "Allow the connector here and enable it for the company.",
            ),
        ),
        Option(
            "--passed",
            multiple=True,
            metavar="GATE",
            phrase=Phrase("Un préalable qui est fait ; répétable.", "A gate that is passed; repeatable."),
        ),
        _SET,
        _SECRET,
    ],
)
@click.argument("connector")
def source(
    connector: str,
    describe: bool,
    company: str,
    label: str,
    starts_on: datetime | None,
    time_zone: str,
    cut_off: str,
    mode: str,
    draft: bool,
    cron: str,
    enable: bool,
    passed: tuple[str, ...],
    typed: tuple[str, ...],
    secrets: tuple[str, ...],
) -> int:
    out = output()
    with opened_workshop() as workshop:
        info = info_of(workshop, connector)
        if describe:
            _describe(out, info)
            return Exit.OK
        values = _asked(info, typed, secrets, {}, out)
        with workshop.database.begin() as session:
            found = the_company(session, company)
            if enable:
                board = Switchboard(session, events.append, actor=actor(), now=workshop.clock.now())
                board.allow(connector)
                board.enable(connector, found.id)
        new = NewConnection(
            company_id=found.id,
            connector=connector,
            values=values,
            label=label,
            mode=Mode(mode),
            starts_on=None if starts_on is None else starts_on.date(),
            time_zone=time_zone,
            cut_off=cut_off,
            cron=cron,
            draft=draft,
            passed=frozenset(passed),
        )
        connection = connect(workshop, operator(actor()), new)
        _tell(out, info, connection)
        return Exit.OK


@make_command(
    "settings",
    "Changer des réglages ou des identifiants ; compte, liens et historique restent.",
    "Change settings or credentials; account, links and history stay.",
    params=[_SET, _SECRET],
)
@click.argument("connection")
def settings(connection: str, typed: tuple[str, ...], secrets: tuple[str, ...]) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
            known = _known(workshop, session, found)
        info = info_of(workshop, found.connector)
        values = _asked(info, typed, secrets, known, out)
        typed_anew = {name: value for name, value in values.items() if name not in known or value != known[name]}
        # Secrets are asked for meanwhile: what somebody else said of the same settings is not written over.
        changed = change_settings(
            workshop, operator(actor()), found.id, typed_anew, _seen(info, known, set(typed_anew))
        )
        _tell_state(out, changed)
        return Exit.OK


@make_command(
    "reconnect",
    "Relier de nouveau un compte déconnecté ou à autoriser ; rien ne vient deux fois.",
    "Connect an account again that was disconnected or must be authorised; nothing comes twice.",
    params=[_SET, _SECRET, _YES],
)
@click.argument("connection")
def reconnect_command(connection: str, typed: tuple[str, ...], secrets: tuple[str, ...], yes: bool) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
            known = _known(workshop, session, found)
        info = info_of(workshop, found.connector)
        confirm(
            out,
            Phrase(
                "Les données reprennent à partir d'aujourd'hui ; les jours de l'interruption restent un trou.",
                "Data goes on from today; the days of the interruption stay a gap.",
            ),
            yes=yes,
        )
        values = _asked(info, typed, secrets, known, out)
        # Secrets are asked for meanwhile, as above; all other settings are written again as they were read.
        _tell_state(out, reconnect(workshop, operator(actor()), found.id, values, seen=seen_of_kept(found.settings)))
        return Exit.OK


def info_of(workshop: Workshop, connector: str) -> ConnectorInfo:
    """Return an installed connector's manifest; the refusal says why a quarantined one is not here."""
    admitted = workshop.scopes.catalog.get(connector)
    if admitted is not None:
        return admitted.info
    for one in workshop.scopes.catalog.quarantined:
        if one.name == connector:
            raise ScopeError(str(one.code), one.reason, one.fix)
    raise ScopeError(
        "connector.not_installed",
        Text(f"Le connecteur « {connector} » n'est pas installé.", f"The connector “{connector}” is not installed."),
        Text("« raccord plugins » montre ceux qui sont là.", "“raccord plugins” shows those that are there."),
    )


def _asked(
    info: ConnectorInfo, typed: tuple[str, ...], secrets: tuple[str, ...], known: Mapping[str, object], out: Output
) -> dict[str, object]:
    """Return all values: what is known already, what was typed over it, and the secrets that are still missing."""
    values = {**known, **plain_values(info, typed), **secret_values(info, secrets, out)}
    return values | secret_values(info, missing_secrets(info, values), out)


def _known(workshop: Workshop, session: Session, connection: Connection) -> Mapping[str, object]:
    """Return the connection's present settings with their secrets; without those that no longer suit the connector."""
    vault = workshop.vault.within(session)
    handle = settings_handle(connection.id)
    secret = vault.get_mapping(handle, missing_ok=True)
    info = info_of(workshop, connection.connector)
    try:
        return join_secrets(info.settings, connection.settings, secret).model_dump()
    except StoreError:
        return dict(connection.settings)


def _seen(info: ConnectorInfo, known: Mapping[str, object], names: set[str]) -> str:
    """Return what tells settings as they stood when they were read; nothing where they no longer suit the connector."""
    try:
        return seen_of(info.settings.model_validate(known), names)
    except ValidationError:
        return ""


def _tell(out: Output, info: ConnectorInfo, connection: Connection) -> None:
    expected = first_data_expected(connection.set_up_at.astimezone(ZoneInfo(connection.time_zone)))
    if out.as_json:
        out.json(
            {
                "connection": connection.id,
                "label": connection.label,
                "state": connection.state,
                "starts_on": connection.starts_on.isoformat(),
                "time_zone": connection.time_zone,
                "cut_off": connection.cut_off,
                "first_data_expected": expected.isoformat() if info.delivery else None,
                "warnings": [both(each) for each in info.warnings],
            }
        )
    _tell_state(out, connection, quiet=out.as_json)
    out.say(days_said(connection.time_zone, connection.cut_off))
    for warning in info.warnings:
        out.say(warning)
    if info.delivery is not None:
        said = moment(expected, connection.time_zone)
        out.say(Phrase(f"Premières données attendues d'ici {said}.", f"First data expected by {said}."))
    out.say(
        Phrase(
            f"Ensuite : raccord connect roles {connection.label!r}, puis raccord plan {connection.label!r}.",
            f"Next: raccord connect roles {connection.label!r}, then raccord plan {connection.label!r}.",
        )
    )


def _if_absent(field: FieldInfo) -> Phrase:
    """Say what counts without the setting, and the other values where they are few."""
    usual, options = default_of(field), options_of(field)
    others = ", ".join(option for option in options if option != usual)
    if not options or not others:
        return Phrase(usual, usual)
    if not usual:
        return Phrase(f"un de : {others}", f"one of: {others}")
    return Phrase(f"{usual} (ou {others})", f"{usual} (or {others})")


def _tell_state(out: Output, connection: Connection, *, quiet: bool = False) -> None:
    if out.as_json and not quiet:
        out.json({"connection": connection.id, "label": connection.label, "state": connection.state})
    out.say(
        Phrase(
            f"Connexion « {connection.label} » : {STATES[ConnectionState(connection.state)].fr}.",
            f"Connection “{connection.label}”: {STATES[ConnectionState(connection.state)].en}.",
        )
    )


def _describe(out: Output, info: ConnectorInfo) -> None:
    fields = [(name, field) for name, field in info.settings.model_fields.items() if not is_kept(field)]
    if out.as_json:
        out.json(
            {
                "connector": info.name,
                "label": both(info.label),
                "summary": both(info.summary),
                "limits": [both(each) for each in info.limits],
                "warnings": [both(each) for each in info.warnings],
                "settings": [
                    {
                        "name": name,
                        "title": both(title(name, field)),
                        "required": field.is_required(),
                        "secret": is_secret(field),
                        "default": default_of(field) or None,
                        "options": options_of(field),
                        "when": needed_with(field),
                    }
                    for name, field in fields
                ],
                "roles": [
                    {"name": role.name, "label": both(role.label), "accepts": str(role.accepts)} for role in info.roles
                ],
                "gates": [
                    {"name": gate.name, "before": str(gate.before), "title": both(gate.title), "how": both(gate.how)}
                    for gate in info.gates
                ],
                "contacts": [
                    {"label": both(each.label), "phone": each.phone, "url": each.url} for each in info.contacts
                ],
            }
        )
        return
    for said in (info.label, info.summary, *info.limits, *info.warnings):
        out.say(said)
    secret = Phrase(" (secret)", " (secret)").get(out.language)
    out.table(
        Phrase("Réglages", "Settings"),
        [
            Column(Phrase("Nom", "Name")),
            Column(Phrase("Ce que c'est", "What it is")),
            Column(Phrase("Seulement avec", "Only with")),
            Column(Phrase("Exigé", "Required")),
            Column(Phrase("Sinon", "If absent")),
        ],
        [
            [
                name,
                title(name, field).get(out.language) + (secret if is_secret(field) else ""),
                ", ".join(f"{of}={value}" for of, among in needed_with(field).items() for value in among),
                Phrase("oui", "yes").get(out.language) if field.is_required() else "",
                _if_absent(field).get(out.language),
            ]
            for name, field in fields
        ],
        empty=Phrase("Ce connecteur ne demande aucun réglage.", "This connector asks for no setting."),
    )
