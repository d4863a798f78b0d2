"""``raccord sync``: fetch, plan and post what is new, here and now."""

from __future__ import annotations

import click
from sqlalchemy import func, select

from raccord.cli.terminal.engine import inline_engine
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import the_connections
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, Output, actor, output
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.jobs.inline import HandOver
from raccord.jobs.requests import request_run
from raccord.overview.explain import explain
from raccord.store.models import Connection, LineState, PlanLine, Proof, Run, RunCount, RunState
from raccord.sync.books.acquaint import RECOGNISED
from raccord.sync.workshop import Workshop

STATES = {
    RunState.QUEUED: Phrase("en file", "queued"),
    RunState.RUNNING: Phrase("en cours", "running"),
    RunState.PAUSED: Phrase("en pause", "paused"),
    RunState.APPROVAL: Phrase("attend votre approbation", "waits for your approval"),
    RunState.DONE: Phrase("terminée", "done"),
    RunState.FAILED: Phrase("en échec", "failed"),
    RunState.CANCELLED: Phrase("abandonnée", "cancelled"),
}


@make_command(
    "sync",
    "Chercher, préparer et écrire ce qui est nouveau : une connexion, ou toutes celles qui sont reliées.",
    "Fetch, plan and post what is new: one connection, or all that are connected.",
    params=[
        Option(
            "--later",
            is_flag=True,
            phrase=Phrase("Confier l'exécution à un « raccord worker ».", "Leave the work to a “raccord worker”."),
        )
    ],
)
@click.argument("connection", required=False)
def command(connection: str | None, later: bool) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = the_connections(session, connection)
        runs = [run_one(workshop, each, out, later=later) for each in chosen]
        if out.as_json:
            out.json({"runs": [describe(workshop, run) for run in runs]})
        else:
            for each, run in zip(chosen, runs, strict=True):
                show_run(workshop, each, run, out)
        return exit_of(workshop, runs)


def run_one(
    workshop: Workshop, connection: Connection, out: Output, *, later: bool = False, stop_after: str = ""
) -> Run:
    """Start a connection's run and execute it, with a bar that shows how far it is."""
    label = Phrase(connection.label, connection.label)
    with out.progress(label) as progress:
        steps = 0

        def step(_run_id: str) -> None:
            nonlocal steps
            steps += 1
            progress(steps)

        engine = HandOver() if later else inline_engine(workshop, step)
        run_id = request_run(
            workshop.database,
            engine,
            connection.id,
            trigger="person",
            by=actor(),
            clock=workshop.clock,
            stop_after=stop_after,
        )
    with workshop.database.read() as session:
        return session.get_one(Run, run_id)


def describe(workshop: Workshop, run: Run) -> dict[str, object]:
    """Return a run as JSON values."""
    with workshop.database.read() as session:
        counts = session.scalars(select(RunCount).where(RunCount.run_id == run.id).order_by(RunCount.stream)).all()
    said = (
        {language: explain(run.error_code, run.error_params, language) for language in ("fr", "en")}
        if run.error_code
        else {}
    )
    return {
        "run": run.id,
        "connection": run.connection_id,
        "state": run.state,
        "plan": run.plan_id,
        "error": {"code": run.error_code, **{name: each.what for name, each in said.items()}}
        if run.error_code
        else None,
        "streams": [
            {
                "stream": count.stream,
                "fetched": count.fetched,
                "posted": count.posted,
                "unchanged": count.unchanged,
                "skipped": count.skipped,
                "held": count.held,
                "failed": count.failed,
            }
            for count in counts
        ],
        "written": written_by(workshop, run),
        "recognised": recognised_by(run),
        "unequal": unequal(workshop, run),
    }


def show_run(workshop: Workshop, connection: Connection, run: Run, out: Output) -> None:
    """Tell a person what a run did and what to do next."""
    with workshop.database.read() as session:
        counts = session.scalars(select(RunCount).where(RunCount.run_id == run.id).order_by(RunCount.stream)).all()
    names = ("fetched", "posted", "unchanged", "skipped", "held", "failed")
    out.table(
        Phrase(
            f"{connection.label} : {STATES[RunState(run.state)].fr}",
            f"{connection.label}: {STATES[RunState(run.state)].en}",
        ),
        [
            Column(Phrase("Flux", "Stream")),
            Column(Phrase("Lus", "Fetched"), right=True),
            Column(Phrase("Écrits", "Posted"), right=True),
            Column(Phrase("Inchangés", "Unchanged"), right=True),
            Column(Phrase("Écartés", "Skipped"), right=True),
            Column(Phrase("En attente", "Held"), right=True),
            Column(Phrase("En échec", "Failed"), right=True),
        ],
        [[count.stream, *(str(getattr(count, name)) for name in names)] for count in counts],
        empty=Phrase("La source n'a rien donné.", "The source gave nothing."),
    )
    written = written_by(workshop, run)
    if written:
        out.say(
            Phrase(
                f"Documents écrits, lus à une exécution précédente compris : {written}.",
                f"Documents written, those fetched by an earlier run included: {written}.",
            )
        )
    recognised = recognised_by(run)
    if recognised:
        out.say(
            Phrase(
                f"Déjà dans QuickBooks, oubliés par une sauvegarde restaurée et de nouveau associés : {recognised}.",
                f"In QuickBooks already, forgotten by a restored backup and linked again: {recognised}.",
            )
        )
    match run.state:
        case RunState.APPROVAL:
            out.say(
                Phrase(
                    f"Un plan attend votre approbation : raccord plan show {connection.label!r}, puis raccord apply.",
                    f"A plan waits for your approval: raccord plan show {connection.label!r}, then raccord apply.",
                )
            )
        case RunState.FAILED | RunState.CANCELLED:
            french, english = (explain(run.error_code, run.error_params, language) for language in ("fr", "en"))
            out.say(Phrase(f"{french.what} {french.fix}", f"{english.what} {english.fix}"))
        case _:
            pass
    _say_what_differs(workshop, connection, run, out)


def _say_what_differs(workshop: Workshop, connection: Connection, run: Run, out: Output) -> None:
    """Say why the status will be 4 and where to look; the counts above do not show it."""
    apart = unequal(workshop, run)
    if apart:
        out.say(
            Phrase(
                f"La preuve ne tombe pas juste ({apart}) : raccord proof {connection.label!r} montre quoi, "
                "raccord drift ce que des personnes ont changé dans QuickBooks.",
                f"The proof does not add up ({apart}): raccord proof {connection.label!r} shows what, raccord drift "
                "what people changed in QuickBooks.",
            )
        )


def written_by(workshop: Workshop, run: Run) -> int:
    """Count the documents that this run's plan wrote, of records of earlier runs too."""
    with workshop.database.read() as session:
        done = select(func.count()).where(
            PlanLine.plan_id == run.plan_id, PlanLine.state == LineState.DONE, PlanLine.draft_id.is_not(None)
        )
        return (session.scalar(done) or 0) - recognised_by(run)


def recognised_by(run: Run) -> int:
    """Count the documents that this run found in QuickBooks under our marks and linked again."""
    return int(run.progress.get(RECOGNISED, 0))


def unequal(workshop: Workshop, run: Run) -> int:
    """Count the cells of the connection's proof that are not equal."""
    with workshop.database.read() as session:
        return len(
            session.scalars(
                select(Proof.id).where(Proof.connection_id == run.connection_id, Proof.equal.is_(False)).limit(1000)
            ).all()
        )


def exit_of(workshop: Workshop, runs: list[Run]) -> Exit:
    """Return the worst of the runs' exit statuses."""
    if any(run.state in (RunState.FAILED, RunState.CANCELLED) for run in runs):
        return Exit.FAILED
    if any(unequal(workshop, run) for run in runs):
        return Exit.UNEQUAL
    if any(run.state == RunState.APPROVAL for run in runs):
        return Exit.NEEDS_PERSON
    return Exit.OK
