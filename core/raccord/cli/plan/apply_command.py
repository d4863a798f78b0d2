"""``raccord apply``: approve exactly the plan that was seen, and execute it here and now."""

from __future__ import annotations

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.cli.plan.tables import HASH_SHOWN, read_plan, show
from raccord.cli.sync_command import describe, exit_of, show_run
from raccord.cli.terminal.asking import confirm
from raccord.cli.terminal.engine import inline_engine
from raccord.cli.terminal.finding import operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Output, actor, output
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.errors import RaccordError
from raccord.onboarding.deciding.decisions import approve_plan, require_documents
from raccord.overview.plans import PlanSummary, waiting_plan
from raccord.plugin.texts import Text
from raccord.store.models import Connection, Plan, PlanState, Run
from raccord.sync.workshop import Workshop

HASH_MIN = 8
"""Characters of a hash that are enough to name a plan."""


class ApplyError(RaccordError):
    """Raised when no plan waits, or another one than was seen."""


@make_command(
    "apply",
    "Approuver le plan qui attend et l'exécuter ; --hash dit lequel a été lu.",
    "Approve the plan that waits and execute it; --hash says which one was read.",
    params=[
        Option(
            "--hash",
            "seen",
            default="",
            metavar="PREFIX",
            phrase=Phrase("Début de l'empreinte du plan lu.", "Beginning of the hash of the plan that was read."),
        ),
        Option(
            "--yes",
            is_flag=True,
            phrase=Phrase(
                "Ne rien demander (pour les scripts ; exige --hash).", "Ask nothing (for scripts; needs --hash)."
            ),
        ),
    ],
)
@click.argument("connection", required=False)
def command(connection: str | None, seen: str, yes: bool) -> int:
    out = output()
    if yes and not seen:
        raise ApplyError(
            "apply.hash_missing",
            Text(
                "--yes exige --hash : le plan lu est celui qui est approuvé.",
                "--yes needs --hash: what is approved is what was read.",
            ),
            Text(
                "L'empreinte est au bas de « raccord plan show ».", "The hash is at the bottom of “raccord plan show”."
            ),
        )
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = _with_plan(session, connection)
            plan = _waiting(session, chosen, seen)
            if chosen.approved_at is None:
                require_documents(session, plan.id)
        if not seen:
            _let_read(workshop, out, plan)
        run = _approve_and_execute(workshop, out, plan)
        if out.as_json:
            out.json(describe(workshop, run))
        else:
            show_run(workshop, chosen, run, out)
        return exit_of(workshop, [run])


def _with_plan(session: Session, name: str | None) -> Connection:
    """Return the connection named, or the only one whose plan waits."""
    if name is None:
        ids = session.scalars(select(Plan.connection_id).where(Plan.state == PlanState.WAITING).distinct()).all()
        if len(ids) == 1:
            return session.get_one(Connection, ids[0])
    return the_connection(session, name)


def _waiting(session: Session, connection: Connection, seen: str) -> PlanSummary:
    plan = waiting_plan(session, connection.id)
    if plan is None:
        raise ApplyError(
            "apply.nothing_waits",
            Text(
                f"Aucun plan de « {connection.label} » n'attend d'approbation.",
                f"No plan of “{connection.label}” waits for approval.",
            ),
            Text("Préparez-en un : raccord plan.", "Make one: raccord plan."),
        )
    if seen and (len(seen) < HASH_MIN or not plan.hash.startswith(seen.lower())):
        raise ApplyError(
            "plan.not_current",
            Text(
                f"Le plan qui attend a l'empreinte {plan.hash[:HASH_SHOWN]}, pas {seen}.",
                f"The plan that waits has the hash {plan.hash[:HASH_SHOWN]}, not {seen}.",
            ),
            Text(
                f"Relisez-le avec « raccord plan show » ; donnez au moins {HASH_MIN} caractères.",
                f"Read it again with “raccord plan show”; give {HASH_MIN} characters at least.",
            ),
        )
    return plan


def _let_read(workshop: Workshop, out: Output, plan: PlanSummary) -> None:
    if not out.as_json:
        with workshop.database.read() as session:
            show(out, *read_plan(session, plan.id))
    confirm(
        out,
        counted(
            plan.to_send,
            ("{n} document sera écrit dans QuickBooks.", "{n} document will be written to QuickBooks."),
            ("{n} documents seront écrits dans QuickBooks.", "{n} documents will be written to QuickBooks."),
        ),
        yes=False,
        instead=Text(
            f"Ajoutez --hash {plan.hash[:HASH_SHOWN]} --yes si c'est bien voulu.",
            f"Add --hash {plan.hash[:HASH_SHOWN]} --yes if this is what you want.",
        ),
    )


def _approve_and_execute(workshop: Workshop, out: Output, plan: PlanSummary) -> Run:
    run = approve_plan(workshop, operator(actor()), plan.id, plan.hash)
    with out.progress(Phrase(plan.connection, plan.connection)) as progress:
        steps = 0

        def step(_run_id: str) -> None:
            nonlocal steps
            steps += 1
            progress(steps)

        inline_engine(workshop, step).submit(run.id)
    with workshop.database.read() as session:
        return session.get_one(Run, run.id)
