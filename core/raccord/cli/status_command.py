"""``raccord status``: how everything stands, without asking QuickBooks or a source."""

from __future__ import annotations

from datetime import UTC, datetime

from raccord.alarms.mail import TROUBLES, message, opened_server
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, Output, output
from raccord.cli.terminal.showing import moment
from raccord.cli.terminal.words import Option, command
from raccord.errors import RaccordError
from raccord.overview.status import CompanyStatus, IncidentView, SourceStatus, Status, status
from raccord.plugin.texts import Language, Text
from raccord.settings import Settings
from raccord.store.models import CompanyState, ConnectionState
from raccord.sync.life import BLOCKED, COMPANY_STATES, STATES


class StatusError(RaccordError):
    """Raised when a message cannot be tried out."""


@command(
    "status",
    "Montrer l'état de tout : autorisations, lectures du mois, nuits, sources, et ce dont on a prévenu.",
    "Show how everything stands: authorisations, this month's readings, nights, sources, and what people were told.",
    params=[
        Option(
            "--try-mail",
            "address",
            default="",
            phrase=Phrase(
                "Envoyer un message d'essai à cette adresse, et rien d'autre.",
                "Send a message to this address to try it out, and do nothing else.",
            ),
        )
    ],
)
def command_status(address: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        if address:
            _try_mail(workshop.settings, address, workshop.clock.now())
            if out.as_json:
                out.json({"sent": True})
            else:
                out.say(Phrase("Le serveur a pris le message.", "The server has taken the message."))
            return Exit.OK
        found = status(workshop)
        now = workshop.clock.now()
    if out.as_json:
        out.json(_as_json(found, now))
    else:
        _show(out, found, now)
    return Exit.NEEDS_PERSON if found.incidents else Exit.OK


def _try_mail(settings: Settings, address: str, now: datetime) -> None:
    if not settings.smtp_host:
        raise StatusError(
            "alarm.no_server",
            Text("Aucun serveur de courriel n'est réglé.", "No mail server is set."),
            Text("Donnez RACCORD_SMTP_HOST, puis recommencez.", "Give RACCORD_SMTP_HOST, then try again."),
        )
    try:
        with opened_server(settings) as server:
            server.send_message(message(settings, address, "Raccord", "Raccord : essai. / A try.\n", now))
    except TROUBLES as error:
        raise StatusError(
            "alarm.not_sent",
            Text(
                f"Le message n'est pas parti ({type(error).__name__}).",
                f"The message did not leave ({type(error).__name__}).",
            ),
            Text(
                "Vérifiez RACCORD_SMTP_HOST, _PORT, _SECURITY, _USER, _PASSWORD et _FROM.",
                "Check RACCORD_SMTP_HOST, _PORT, _SECURITY, _USER, _PASSWORD and _FROM.",
            ),
        ) from None


def _show(out: Output, found: Status, now: datetime) -> None:
    use = found.use
    limit = str(use.limit) if use.limit else "∞"
    out.say(
        Phrase(
            f"Lectures de QuickBooks en {use.month:%Y-%m} : {use.reads} sur {limit}, à ce rythme {use.forecast}.",
            f"Readings of QuickBooks in {use.month:%Y-%m}: {use.reads} of {limit}, at this rate {use.forecast}.",
        )
    )
    out.table(
        Phrase("Sociétés", "Companies"),
        [
            Column(Phrase("Société", "Company")),
            Column(Phrase("État", "State")),
            Column(Phrase("Autorisée encore", "Still authorised for"), right=True),
            Column(Phrase("Lectures", "Readings"), right=True),
            Column(Phrase("Dernière nuit", "Last night")),
            Column(Phrase("Sources", "Sources")),
        ],
        [
            [
                each.company,
                _state(each).get(out.language),
                _days(each, now, out.language),
                ", ".join(f"{purpose} {reads}" for purpose, reads in each.reads.items()) or "0",
                "" if each.night is None else moment(each.night.last_at, each.night.time_zone),
                "\n".join(_stands(source, out.language) for source in each.sources),
            ]
            for each in found.companies.rows
        ],
        empty=Phrase(
            "Aucune société. Reliez-en une : raccord connect quickbooks.",
            "No company. Connect one: raccord connect quickbooks.",
        ),
    )
    out.table(
        Phrase("Incidents", "Incidents"),
        [
            Column(Phrase("Depuis", "Since")),
            Column(Phrase("Où", "Where")),
            Column(Phrase("Quoi", "What")),
            Column(Phrase("À faire", "What to do")),
            Column(Phrase("Prévenus", "Told"), right=True),
        ],
        [_row(each, out.language) for each in found.incidents],
        empty=Phrase("Aucun incident.", "No incident."),
    )


def _stands(source: SourceStatus, language: Language) -> str:
    told = source.away or source.overdue
    state = STATES[ConnectionState(source.state)]
    said = told.get(language) if told is not None else source.freshness or state.get(language)
    return Phrase(f"{source.connection} : {said}", f"{source.connection}: {said}").get(language)


def _state(each: CompanyStatus) -> Text:
    return BLOCKED.get(each.blocked_by) or COMPANY_STATES[CompanyState(each.state)]


def _days(each: CompanyStatus, now: datetime, language: Language) -> str:
    if each.authorised_until is None:
        return ""
    days = (each.authorised_until - now.astimezone(UTC)).days
    return counted(days, ("{n} jour", "{n} day"), ("{n} jours", "{n} days")).get(language)


def _row(each: IncidentView, language: Language) -> list[str]:
    fr = language == "fr"
    return [
        moment(each.opened_at, each.time_zone),
        each.connection or each.company,
        f"{each.text_fr if fr else each.text_en} [{each.code}]",
        each.fix_fr if fr else each.fix_en,
        f"{each.told}/{each.telling}" if each.telling else Phrase("aucun dû", "none due").get(language),
    ]


def _as_json(found: Status, now: datetime) -> dict[str, object]:
    return {
        "readings": {
            "month": f"{found.use.month:%Y-%m}",
            "used": found.use.reads,
            "limit": found.use.limit,
            "forecast": found.use.forecast,
            "state": str(found.use.state),
        },
        "companies": [
            {
                "company": each.company,
                "company_id": each.company_id,
                "state": each.state,
                "blocked_by": each.blocked_by,
                "blocked_at": None if each.blocked_at is None else each.blocked_at.isoformat(),
                "authorised_until": None if each.authorised_until is None else each.authorised_until.isoformat(),
                "days_left": None if each.authorised_until is None else (each.authorised_until - now).days,
                "readings": dict(each.reads),
                "writes": each.writes,
                "night": None if each.night is None else _moment(each.night.last_at),
                "confirmed_at": None if each.night is None else _moment(each.night.confirmed_at),
                "sources": [
                    {
                        "connection": source.connection,
                        "connection_id": source.connection_id,
                        "state": source.state,
                        "away": None if source.away is None else {"fr": source.away.fr, "en": source.away.en},
                        "freshness": source.freshness,
                        "overdue": None
                        if source.overdue is None
                        else {"fr": source.overdue.fr, "en": source.overdue.en},
                        "newest": None if source.newest is None else source.newest.isoformat(),
                        "expected_by": _moment(source.expected_by),
                        "last_run": _moment(source.last_run),
                    }
                    for source in each.sources
                ],
            }
            for each in found.companies.rows
        ],
        "incidents": [
            {
                "id": each.id,
                "code": each.code,
                "grave": each.grave,
                "company": each.company,
                "connection": each.connection,
                "text": {"fr": each.text_fr, "en": each.text_en},
                "fix": {"fr": each.fix_fr, "en": each.fix_en},
                "since": each.opened_at.isoformat(),
                "told": each.told,
                "telling": each.telling,
            }
            for each in found.incidents
        ],
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
