"""``raccord undo``: the plan of what would be taken out of QuickBooks again; nothing goes before it is approved."""

from __future__ import annotations

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.cli.plan.command import tell_plan
from raccord.cli.sync_command import describe, show_run
from raccord.cli.terminal.engine import inline_engine
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import is_part, operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import actor, output
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.jobs.undo_requests import MOST, UndoError, connection_of_run, keys_named, request_undo
from raccord.plugin.texts import Text
from raccord.store.models import Connection, Run, RunState
from raccord.sync.undoing.selection import Asked, written_since


@make_command(
    "undo",
    "Défaire une exécution ou des documents, par un plan : ce qui part, ce qui reste et pourquoi. Rien ne part avant "
    "« raccord apply » ; ensuite, rien n'est écrit de nouveau sans décision.",
    "Plan the undo of a run or of documents: what goes, what stays and why. Nothing goes before “raccord apply”; "
    "afterwards nothing is posted again without a decision.",
    params=[
        Option(
            "--run",
            "run_name",
            default="",
            metavar="RUN",
            phrase=Phrase("Tout ce que cette exécution a créé.", "Everything that this run created."),
        ),
        Option(
            "--document",
            "documents",
            multiple=True,
            metavar="KIND:ID",
            phrase=Phrase(
                "Un document de QuickBooks (SalesReceipt:145) ; répétable.",
                "A QuickBooks document (SalesReceipt:145); may be repeated.",
            ),
        ),
        Option(
            "--record",
            "records",
            multiple=True,
            metavar="STREAM/ID",
            phrase=Phrase(
                "Ce qui vient d'une opération de la source (sales/s1) ; répétable.",
                "What came of a record of the source (sales/s1); may be repeated.",
            ),
        ),
        Option(
            "--everything",
            is_flag=True,
            phrase=Phrase(
                "Tout ce que la connexion nommée a créé depuis son premier jour.",
                "Everything that the named connection created from its first day on.",
            ),
        ),
        Option(
            "--names",
            is_flag=True,
            phrase=Phrase(
                "Désactiver aussi les noms créés pour cela et que rien d'autre n'emploie.",
                "Also make the names inactive that were created for it and that nothing else uses.",
            ),
        ),
        Option(
            "--void",
            is_flag=True,
            phrase=Phrase(
                "Annuler (montants à zéro) au lieu de supprimer, là où QuickBooks le permet.",
                "Void (amounts at zero) instead of deleting, where QuickBooks can.",
            ),
        ),
        Option(
            "--certified",
            default="",
            metavar="WHY",
            phrase=Phrase(
                "Toucher aussi aux mois certifiés, pour cette raison.",
                "Touch certified months too, for this reason.",
            ),
        ),
    ],
)
@click.argument("connection", required=False)
def command(
    connection: str | None,
    run_name: str,
    documents: tuple[str, ...],
    records: tuple[str, ...],
    everything: bool,
    names: bool,
    void: bool,
    certified: str,
) -> int:
    if [bool(run_name), bool(documents or records), everything].count(True) != 1:
        raise UndoError(
            "undo.what",
            Text(
                "Il faut dire quoi : une exécution, des documents, ou tout.",
                "Say what: a run, documents, or everything.",
            ),
            Text(
                "Donnez --run, ou bien --document et --record, ou bien --everything avec la connexion.",
                "Give --run, or else --document and --record, or else --everything with the connection.",
            ),
        )
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = None if connection is None else the_connection(session, connection)
            run_id, keys = "", list[str]()
            if everything:
                chosen = the_connection(session, connection)
                keys = list(written_since(session, chosen, MOST + 1))
            elif run_name:
                run_id = _run(session, run_name, chosen)
                chosen = session.get_one(Connection, connection_of_run(session, run_id))
            else:
                pairs = [_pair(each, ":") for each in documents], [_pair(each, "/") for each in records]
                connection_id, keys = keys_named(session, *pairs, "" if chosen is None else chosen.id)
                chosen = session.get_one(Connection, connection_id)
        asked = Asked(run_id, tuple(keys), names, void, certified)
        made = request_undo(
            workshop.database,
            inline_engine(workshop),
            chosen.id,
            asked,
            actor=operator(actor()),
            clock=workshop.clock,
        )
        with workshop.database.read() as session:
            run = session.get_one(Run, made)
        if run.state in (RunState.FAILED, RunState.CANCELLED) or not run.plan_id:
            if out.as_json:
                out.json(describe(workshop, run))
            else:
                show_run(workshop, chosen, run, out)
            return Exit.FAILED
        return tell_plan(workshop, run.plan_id, True, 100_000)


def _run(session: Session, name: str, connection: Connection | None) -> str:
    """Return the run of that id, or of the only id that a part of fits."""
    runs = select(Run.id) if connection is None else select(Run.id).where(Run.connection_id == connection.id)
    found = [each for each in session.scalars(runs) if each == name or is_part(name.lower(), each)]
    if len(found) > 1:
        raise UndoError(
            "cli.ambiguous",
            Text(f"Plusieurs exécutions portent le nom {name}.", f"Several runs are named {name}."),
            Text("Donnez le numéro entier (--json le montre).", "Give the whole id (--json shows it)."),
        )
    return found[0] if found else name


def _pair(text: str, between: str) -> tuple[str, str]:
    first, found, second = text.partition(between)
    if not found or not first or not second:
        raise UndoError(
            "undo.unknown",
            Text(f"« {text} » ne nomme rien.", f"“{text}” names nothing."),
            Text(
                "Donnez Genre:numéro (SalesReceipt:145) ou flux/identifiant de la source.",
                "Give Kind:id (SalesReceipt:145) or stream/id of the source.",
            ),
        )
    return first, second
