"""``raccord connect list``, ``pause``, ``resume``, ``disconnect``, ``schedule`` and ``upload``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from sqlalchemy import select

from raccord.cli.connect.connections_table import STATES, as_json, show
from raccord.cli.connect.quickbooks import WITHOUT_EXPORT
from raccord.cli.terminal.asking import confirm, typed_word
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection, the_unconnected
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import actor, both, output
from raccord.cli.terminal.showing import moment, short
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.jobs.schedules import set_schedule
from raccord.onboarding.access.people import Actor
from raccord.onboarding.arriving.receiving import receive_files
from raccord.onboarding.connecting.companies import disconnect_company, the_company
from raccord.onboarding.connecting.connections import activate, grant_managing, pause, resume
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.connecting.hours import Hours
from raccord.onboarding.connecting.leaving import still_held
from raccord.onboarding.connecting.switching import WORDS, describe_switch, switch_company
from raccord.onboarding.setting_up.steps import remove
from raccord.overview.connections import list_connections
from raccord.overview.listing import MOST
from raccord.store.models import Connection, ConnectionState, Schedule
from raccord.sync.workshop import Workshop

_YES = Option("--yes", is_flag=True, phrase=Phrase("Ne rien demander.", "Ask nothing."))
Deed = Callable[[Workshop, Actor, str], Connection]

PAUSES = Phrase(
    "Plus rien n'est écrit jusqu'à la reprise. Les jours de la pause ne seront pas apportés : ils restent un trou. "
    "Après un an, il faudra autoriser de nouveau.",
    "Nothing more is written until it is resumed. The days of the pause will not be brought over: they stay a gap. "
    "After a year it must be authorised again.",
)
RESUMES = Phrase(
    "Les données reprennent à partir d'aujourd'hui ; les jours de la pause restent un trou.",
    "Data goes on from today; the days of the pause stay a gap.",
)
DISCONNECTS = Phrase(
    "L'autorisation prend fin et les identifiants sont effacés. Pour la relier de nouveau, toute la mise en place est "
    "à refaire, et les jours d'ici là restent un trou. Rien n'est supprimé dans QuickBooks.",
    "The authorisation ends and the credentials are erased. To connect it again the whole onboarding must be done "
    "again, and the days until then stay a gap. Nothing is deleted in QuickBooks.",
)
ENDS_COMPANY = Phrase(
    " C'est la dernière connexion de « {company} » : son autorisation chez QuickBooks prend fin aussi.",
    " It is the last connection of “{company}”: its authorisation at QuickBooks ends too.",
)


@make_command(
    "list",
    "Montrer les connexions : état, données, exécutions, preuve.",
    "Show the connections: state, data, runs, proof.",
)
def list_() -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = list_connections(session, limit=MOST)
        if out.as_json:
            out.json({"connections": [as_json(workshop, each) for each in found.rows], "total": found.total})
        else:
            show(out, workshop, found.rows)
    return Exit.OK


@make_command("pause", "Suspendre une connexion.", "Pause a connection.", params=[_YES])
@click.argument("connection")
def pause_command(connection: str, yes: bool) -> int:
    return _do(connection, pause, PAUSES, yes)


@make_command("resume", "Reprendre une connexion suspendue.", "Resume a paused connection.", params=[_YES])
@click.argument("connection")
def resume_command(connection: str, yes: bool) -> int:
    return _do(connection, resume, RESUMES, yes)


@make_command(
    "grant",
    "Laisser aussi les administrateurs gérer une connexion réservée à son propriétaire ; --off le retire.",
    "Let administrators manage a connection that is its owner's alone; --off takes it back.",
    params=[Option("--off", is_flag=True, phrase=Phrase("Retirer ce droit.", "Take it back."))],
)
@click.argument("connection")
def grant(connection: str, off: bool) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
        changed = grant_managing(workshop, operator(actor()), found.id, granted=not off)
    granted = changed.manage_granted_at is not None
    if out.as_json:
        out.json({"connection": changed.id, "label": changed.label, "manage_granted": granted})
    out.say(
        Phrase("Les administrateurs peuvent la gérer.", "Administrators may manage it.")
        if granted
        else Phrase("Seul son propriétaire la gère.", "Only its owner manages it.")
    )
    return Exit.OK


@make_command(
    "disconnect",
    "Déconnecter un compte source ; la dernière connexion d'une société met fin à son autorisation.",
    "Disconnect a source account; the last connection of a company ends its authorisation.",
    params=[
        _YES,
        Option(
            "--keep-company",
            is_flag=True,
            phrase=Phrase("Garder l'autorisation de QuickBooks.", "Keep the authorisation of QuickBooks."),
        ),
        WITHOUT_EXPORT,
    ],
)
@click.argument("connection")
def disconnect_command(connection: str, yes: bool, keep_company: bool, without_export: bool) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
            alive = Connection.state.not_in((ConnectionState.DISCONNECTED, ConnectionState.UNCONNECTED))
            others = session.scalars(
                select(Connection.id).where(Connection.company_id == found.company_id, Connection.id != found.id, alive)
            ).first()
            company = next(view.company for view in list_connections(session, found.company_id, limit=1).rows)
        ends_company = others is None and not keep_company
        more = ENDS_COMPANY if ends_company else Phrase("", "")
        said = (DISCONNECTS.fr + more.fr.format(company=company), DISCONNECTS.en + more.en.format(company=company))
        confirm(out, Phrase(*said), yes=yes)
        changed = disconnect(workshop, operator(actor()), found.id, without_export=without_export)
        left = still_held(workshop, found.id)
        if ends_company:
            disconnect_company(workshop, operator(actor()), found.company_id, without_export=without_export)
        if out.as_json:
            out.json(
                {
                    "connection": changed.id,
                    "label": changed.label,
                    "state": changed.state,
                    "company_ended": ends_company,
                    "still_held": None if left is None else {"fr": left.fr, "en": left.en},
                }
            )
        out.say(_now(changed))
        if left is not None:
            out.say(Phrase(left.fr, left.en))
    return Exit.OK


@make_command(
    "remove",
    "Retirer un compte créé sans connexion ; rien n'a jamais été lu ni écrit pour lui.",
    "Remove an account created without a connection; nothing was ever read or written for it.",
)
@click.argument("connection")
def remove_command(connection: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_unconnected(session, connection)
        remove(workshop, operator(actor()), found.id)
    if out.as_json:
        out.json({"connection": found.id, "label": found.label, "removed": True})
    out.say(Phrase(f"« {found.label} » est retiré.", f"“{found.label}” is removed."))
    return Exit.OK


@make_command(
    "schedule",
    "Montrer ou changer l'horaire d'une connexion.",
    "Show or change when a connection runs by itself.",
    params=[
        Option("--cron", default="", phrase=Phrase("Cinq champs : « 30 5 * * * ».", "Five fields: “30 5 * * *”.")),
        Option("--time-zone", default="", phrase=Phrase("Fuseau horaire de l'horaire.", "Time zone of the schedule.")),
        Option(
            "--off", is_flag=True, phrase=Phrase("Ne plus l'exécuter d'elle-même.", "Let it run no more by itself.")
        ),
    ],
)
@click.argument("connection")
def schedule(connection: str, cron: str, time_zone: str, off: bool) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
            known = session.get(Schedule, found.id)
        if cron or time_zone or off or known is None:
            line = cron or (known.cron if known else "30 5 * * *")
            zone = time_zone or (known.time_zone if known else found.time_zone)
            set_schedule(workshop.database, found.id, line, zone, clock=workshop.clock, enabled=not off, by=actor())
        with workshop.database.read() as session:
            now = session.get_one(Schedule, found.id)
        if out.as_json:
            due = None if now.next_at is None else now.next_at.isoformat()
            out.json({"cron": now.cron, "time_zone": now.time_zone, "enabled": now.enabled, "next": due})
        if now.enabled:
            said, words = moment(now.next_at, now.time_zone) or "–", Hours.of(now.cron).said()
            out.say(
                Phrase(
                    f"S'exécute {words.fr} ({now.time_zone}, cron « {now.cron} ») ; prochaine exécution : {said}.",
                    f"Runs {words.en} ({now.time_zone}, cron “{now.cron}”); next run: {said}.",
                )
            )
        else:
            out.say(Phrase("Ne s'exécute pas d'elle-même.", "Does not run by itself."))
    return Exit.OK


@make_command(
    "upload",
    "Remettre des fichiers à une connexion ; les mêmes octets ne sont gardés qu'une fois.",
    "Hand files to a connection; the same bytes are kept only once.",
)
@click.argument("connection")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def upload(connection: str, files: tuple[Path, ...]) -> int:
    out = output()
    received: list[dict[str, object]] = []
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
        with out.progress(Phrase(found.label, found.label), len(files)) as progress:
            for done, path in enumerate(files, start=1):
                with path.open("rb") as content:
                    # Of an archive that is taken apart they are several.
                    for each in receive_files(workshop, operator(actor()), found.id, [(path.name, content)]):
                        why = each.refused
                        if why is not None:
                            out.say(Phrase(f"{each.name} : {why.fr}", f"{each.name}: {why.en}"))
                        said = None if why is None else both(why)
                        received.append({"name": each.name, "new": each.new, "refused": said})
                progress(done)
    new_ones = sum(1 for each in received if each["new"])
    if out.as_json:
        out.json({"files": received, "new": new_ones})
    refused = sum(1 for each in received if each["refused"] is not None)
    known = len(received) - new_ones - refused
    taken = counted(new_ones, ("{n} fichier reçu", "{n} file received"), ("{n} fichiers reçus", "{n} files received"))
    again = counted(known, ("{n} déjà connu", "{n} known already"), ("{n} déjà connus", "{n} known already"))
    out.say(
        Phrase(
            f"{taken.fr}, {again.fr}. Ensuite : raccord sync {found.label!r}.",
            f"{taken.en}, {again.en}. Next: raccord sync {found.label!r}.",
        )
    )
    return Exit.FAILED if refused else Exit.OK


@make_command("activate", "Mettre en marche une connexion gardée pour plus tard.", "Start a connection kept for later.")
@click.argument("connection")
def activate_command(connection: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
        changed = activate(workshop, operator(actor()), found.id)
        if out.as_json:
            out.json({"connection": changed.id, "label": changed.label, "state": changed.state})
        out.say(_now(changed))
    return Exit.OK


@make_command(
    "switch",
    "Relier un compte source à une autre société ; demande un mot, et rien n'est perdu dans la première.",
    "Connect a source account to another company; asks for a word, and nothing is lost in the first one.",
    params=[
        Option("--to", "target", required=True, phrase=Phrase("L'autre société.", "The other company.")),
        Option(
            "--word",
            default="",
            phrase=Phrase("Le mot qui confirme, pour les scripts.", "The word that confirms, for scripts."),
        ),
    ],
)
@click.argument("connection")
def switch_command(connection: str, target: str, word: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found, company = the_connection(session, connection), the_company(session, target)
        said = describe_switch(workshop, found.id, company.id)
        notice = Phrase(said.text.fr, said.text.en)
        typed = typed_word(out, notice, WORDS[out.language], word)
        changed = switch_company(workshop, operator(actor()), found.id, company.id, typed, out.language)
        if out.as_json:
            out.json({"connection": changed.id, "label": changed.label, "state": changed.state, "company": company.id})
        out.say(_now(changed))
        step = f"raccord plan {short(changed.id)}"
        out.say(Phrase(f"Ensuite, lisez son plan : {step}", f"Next, read its plan: {step}"))
    return Exit.OK


def _do(connection: str, deed: Deed, consequence: Phrase, yes: bool) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
        confirm(out, consequence, yes=yes)
        changed = deed(workshop, operator(actor()), found.id)
        if out.as_json:
            out.json({"connection": changed.id, "label": changed.label, "state": changed.state})
        out.say(_now(changed))
    return Exit.OK


def _now(connection: Connection) -> Phrase:
    return Phrase(
        f"Connexion « {connection.label} » : {STATES[ConnectionState(connection.state)].fr}.",
        f"Connection “{connection.label}”: {STATES[ConnectionState(connection.state)].en}.",
    )
