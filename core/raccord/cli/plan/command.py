"""``raccord plan``: what would be posted, line by line, before anything is."""

from __future__ import annotations

from dataclasses import asdict

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.cli.plan.tables import as_json, books_now, lines_as_json, read_plan, show, show_change, show_lines
from raccord.cli.sync_command import describe, run_one, show_run
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import output
from raccord.cli.terminal.words import Option, default_group
from raccord.errors import RaccordError
from raccord.overview.plans import LineView, PlanSummary, plan_effect, plan_lines, waiting_plan
from raccord.overview.upgrades import mapping_change
from raccord.plugin.texts import Text
from raccord.store.models import Connection, Plan, PlanState, RunState
from raccord.sync.workshop import Workshop

LINES_USUAL = 50


class PlanMissingError(RaccordError):
    """Raised when a connection has no plan to show."""


@default_group(
    "plan",
    "make",
    "Montrer ce qui serait écrit, sans rien écrire : lit la source et prépare le plan.",
    "Show what would be posted, without posting: reads the source and makes the plan.",
)
def command() -> None:
    pass


_LINES = [
    Option(
        "--lines",
        is_flag=True,
        phrase=Phrase("Montrer chaque ligne, avant et après.", "Show each line, before and after."),
    ),
    Option(
        "--limit",
        type=click.IntRange(1, 100_000),
        default=LINES_USUAL,
        phrase=Phrase("Nombre de lignes au plus.", "Number of lines at most."),
    ),
]


@command.command(
    "make",
    phrase=Phrase(
        "Lire la source et préparer un plan (ce que fait « raccord plan » seul).",
        "Read the source and make a plan (what “raccord plan” alone does).",
    ),
    params=[*_LINES],
)
@click.argument("connection", required=False)
def make(connection: str | None, lines: bool, limit: int) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = the_connection(session, connection)
        run = run_one(workshop, chosen, out, stop_after="plan")
        if run.state in (RunState.FAILED, RunState.CANCELLED):
            if out.as_json:
                out.json(describe(workshop, run))
            else:
                show_run(workshop, chosen, run, out)
            return Exit.FAILED
        return tell_plan(workshop, run.plan_id, lines, limit)


@command.command(
    "show",
    phrase=Phrase(
        "Montrer le plan qui attend, sinon le dernier ; ne lit pas la source.",
        "Show the plan that waits, else the last one; does not read the source.",
    ),
    params=[*_LINES],
)
@click.argument("connection", required=False)
def show_command(connection: str | None, lines: bool, limit: int) -> int:
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = the_connection(session, connection)
            found = waiting_plan(session, chosen.id)
            plan_id = found.id if found else _last(session, chosen)
        return tell_plan(workshop, plan_id, lines, limit)


def _last(session: Session, connection: Connection) -> str:
    made = select(Plan.id).where(Plan.connection_id == connection.id, Plan.state != PlanState.BUILDING)
    last = session.scalars(made.order_by(Plan.id.desc()).limit(1)).first()
    if last is None:
        raise PlanMissingError(
            "plan.none",
            Text(
                f"La connexion « {connection.label} » n'a pas encore de plan.",
                f"The connection “{connection.label}” has no plan yet.",
            ),
            Text("Préparez-en un : raccord plan.", "Make one: raccord plan."),
        )
    return last


def tell_plan(workshop: Workshop, plan_id: str, lines: bool, limit: int) -> Exit:
    """Show a plan, with its lines if asked for; the status says whether it waits for a person."""
    out = output()
    with workshop.database.read() as session:
        plan, effect = read_plan(session, plan_id)
        by_day = plan_effect(session, plan_id, by_day=True).rows
        shown = _lines(session, plan, limit) if lines else []
        change = mapping_change(session, plan.connection_id) if plan.state == PlanState.WAITING else None
    before = books_now(workshop, plan, shown) if lines else {}
    if out.as_json:
        more = {"lines": lines_as_json(shown, before)} if lines else {}
        changed = {"mapping_changed": asdict(change)} if change else {}
        out.json(as_json(plan, effect, by_day) | more | changed)
    else:
        if change:
            show_change(out, change)
        show(out, plan, effect)
        if lines:
            show_lines(out, shown, before, plan.lines)
    return Exit.NEEDS_PERSON if plan.state == PlanState.WAITING else Exit.OK


def _lines(session: Session, plan: PlanSummary, limit: int) -> list[LineView]:
    found: list[LineView] = []
    while len(found) < limit:
        page = plan_lines(session, plan.id, limit=limit - len(found), offset=len(found))
        found += page.rows
        if not page.more:
            break
    return found
