"""Why a request about runs is refused, and why a run was given up, in words people can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from raccord.errors import RaccordError
from raccord.plugin.texts import Text


class JobError(RaccordError):
    """Raised when a run, a schedule or a worker cannot do what was asked; nothing was changed."""


class RunFault(StrEnum):
    """Stable codes of what ends a run from outside the pipeline, as stored in ``run.error_code``."""

    RETRIES_EXHAUSTED = "jobs.retries_exhausted"
    UNEXPECTED = "jobs.unexpected"
    TOO_MANY_RESTARTS = "jobs.too_many_restarts"
    ENGINE_STOPPED = "jobs.engine_stopped"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a code means and what to do about it."""

    text: Text
    fix: Text


EXPLANATIONS: Mapping[RunFault, Explanation] = MappingProxyType(
    {
        RunFault.RETRIES_EXHAUSTED: Explanation(
            Text(
                fr="Le réseau ou la base de données n'a pas répondu malgré plusieurs essais.",
                en="The network or the database did not answer in spite of several attempts.",
            ),
            Text(
                fr="Vérifiez la connexion, puis relancez ; rien n'est perdu ni doublé.",
                en="Check the connection, then run again; nothing is lost or doubled.",
            ),
        ),
        RunFault.UNEXPECTED: Explanation(
            Text(
                fr="Une erreur imprévue de Raccord a arrêté la synchro.",
                en="An unexpected error inside Raccord stopped the run.",
            ),
            Text(
                fr="Relancez ; si l'erreur revient, signalez-la avec le journal de cette heure.",
                en="Run again; if it comes back, report it with the log of that hour.",
            ),
        ),
        RunFault.TOO_MANY_RESTARTS: Explanation(
            Text(
                fr="La synchro s'est interrompue sans explication plusieurs fois de suite au même endroit.",
                en="The run broke off without a word several times in a row at the same place.",
            ),
            Text(
                fr="Regardez la mémoire et le journal de la machine, puis relancez.",
                en="Look at the machine's memory and log, then run again.",
            ),
        ),
        RunFault.ENGINE_STOPPED: Explanation(
            Text(
                fr="Le moteur a abandonné cette synchro.",
                en="The job engine gave this run up.",
            ),
            Text(fr="Relancez ; elle reprend où elle en était.", en="Run again; it goes on where it was."),
        ),
    }
)


def unknown_run(run_id: str) -> JobError:
    """Return the error for a run that does not exist."""
    return JobError(
        "jobs.unknown_run",
        Text(fr=f"La synchro {run_id} n'existe pas.", en=f"There is no run {run_id}."),
        Text(fr="Choisissez-la dans la liste des synchros.", en="Choose it from the list of runs."),
    )


def unknown_connection(connection_id: str) -> JobError:
    """Return the error for a connection that does not exist."""
    return JobError(
        "jobs.unknown_connection",
        Text(fr=f"La connexion {connection_id} n'existe pas.", en=f"There is no connection {connection_id}."),
        Text(fr="Choisissez-la dans la liste des connexions.", en="Choose it from the list of connections."),
    )


def unknown_company(company_id: str) -> JobError:
    """Return the error for a company that does not exist."""
    return JobError(
        "jobs.unknown_company",
        Text(fr=f"La société {company_id} n'existe pas.", en=f"There is no company {company_id}."),
        Text(fr="Choisissez-la dans la liste des sociétés.", en="Choose it from the list of companies."),
    )


def not_ready(label: str, state: str) -> JobError:
    """Return the error for a connection whose state allows no run."""
    return JobError(
        "jobs.connection_not_ready",
        Text(
            fr=f"La connexion « {label} » ne peut pas être exécutée : son état est « {state} ».",
            en=f"The connection “{label}” cannot run: its state is “{state}”.",
        ),
        Text(
            fr="Terminez ou rétablissez la connexion, puis relancez.",
            en="Finish or restore the connection, then run again.",
        ),
    )


def wrong_state(run_id: str, state: str, wish: Text) -> JobError:
    """Return the error for a run whose state does not allow ``wish``, an infinitive such as “be resumed”."""
    return JobError(
        "jobs.wrong_state",
        Text(
            fr=f"La synchro {run_id} ne peut pas {wish.fr} : son état est « {state} ».",
            en=f"The run {run_id} cannot {wish.en}: its state is “{state}”.",
        ),
        Text(fr="Rechargez la page : elle a changé d'état.", en="Reload the page: its state has changed."),
    )


def other_run_open(connection_id: str) -> JobError:
    """Return the error for a run that cannot be queued because its connection has another open one."""
    return JobError(
        "jobs.other_run_open",
        Text(
            fr=f"La connexion {connection_id} a déjà une autre synchro en cours.",
            en=f"The connection {connection_id} already has another open run.",
        ),
        Text(fr="Attendez sa fin ou abandonnez-la.", en="Wait for its end or cancel it."),
    )


def company_busy(company_id: str) -> JobError:
    """Return the error for a company on which another process works."""
    return JobError(
        "jobs.company_busy",
        Text(
            fr=f"Un autre processus travaille sur la société {company_id}.",
            en=f"Another process works on the company {company_id}.",
        ),
        Text(
            fr="Attendez la fin de sa synchro ; celle-ci reste dans la file.",
            en="Wait for the end of its run; this one stays in the queue.",
        ),
    )


def second_process(folder: str) -> JobError:
    """Return the error for a second worker on one data directory."""
    return JobError(
        "jobs.second_process",
        Text(
            fr=f"Un autre Raccord exécute déjà le dossier de données {folder}.",
            en=f"Another Raccord already executes the data directory {folder}.",
        ),
        Text(
            fr="Arrêtez-le d'abord, ou passez à PostgreSQL pour en avoir plusieurs.",
            en="Stop it first, or move to PostgreSQL to have several.",
        ),
    )


def bad_cron(line: str) -> JobError:
    """Return the error for a cron line that names no time."""
    return JobError(
        "jobs.cron",
        Text(
            fr=f"« {line} » n'est pas un horaire : il faut cinq champs (minute heure jour mois jour-de-semaine).",
            en=f"“{line}” is not a schedule: it needs five fields (minute hour day month weekday).",
        ),
        Text(fr="Par exemple « 0 6 * * * », chaque jour à 6 h.", en="For example “0 6 * * *”, every day at 6:00."),
    )


def bad_time_zone(name: str) -> JobError:
    """Return the error for a time zone that nobody knows."""
    return JobError(
        "jobs.time_zone",
        Text(fr=f"Le fuseau horaire « {name} » est inconnu.", en=f"The time zone “{name}” is unknown."),
        Text(fr="Par exemple « America/Toronto ».", en="For example “America/Toronto”."),
    )
