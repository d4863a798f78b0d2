"""Planning an undo within its run: what is asked for, read as it is now, becomes a plan that waits for a person."""

from __future__ import annotations

from datetime import datetime

from raccord.store.models import Connection, PlanState, Run, RunState
from raccord.sync.execution import Execution
from raccord.sync.phases import Phase, Progress
from raccord.sync.planning.figures import keep_figures
from raccord.sync.planning.plans import plan_hash, start_plan
from raccord.sync.planning.since_approval import KEPT_DAYS
from raccord.sync.posting.removals import read_documents
from raccord.sync.proving.certified import kept_days
from raccord.sync.undoing.books import read_books
from raccord.sync.undoing.plan import UndoPlanner
from raccord.sync.undoing.selection import Asked, files_on, names_used, select_links
from raccord.sync.workshop import Bench


def plan_undo(execution: Execution, bench: Bench, now: datetime) -> Progress:
    """Make the plan of an undo in one commit; it always waits for a person, unless nothing in it can be done."""
    with execution.database.read() as session:
        asked = Asked.of(session.get_one(Run, execution.run_id))
        selection = select_links(session, bench.connection, asked)
    client = bench.client()
    if asked.names and not asked.run_id:
        places = [(link.kind, link.document_id) for link in selection.documents]
        documents = read_documents(client, places)
        with execution.database.read() as session:
            for link in names_used(session, bench.connection, documents.values()):
                selection.links.setdefault(link.key, link)
    with execution.database.read() as session:
        # A file without its document is of no use to anybody.
        for link in files_on(session, bench.connection, selection.documents):
            selection.links.setdefault(link.key, link)
    books = read_books(client, [(link.kind, link.document_id) for link in selection.links.values()])
    with execution.begin() as (session, run):
        connection = session.get_one(Connection, bench.connection.id)
        plan = start_plan(session, connection, run, now, books.closed_on)
        run.progress = {**run.progress, KEPT_DAYS: kept_days(session, run.company_id)}
        going = UndoPlanner(session, connection, plan, asked, selection, books, now).write()
        session.flush()
        plan.hash = plan_hash(session, plan.id)
        keep_figures(session, plan)
        if not going:
            plan.state, run.phase = PlanState.APPLIED, Phase.CLOSE
            return Progress.MORE
        plan.state, run.state, run.phase = PlanState.WAITING, RunState.APPROVAL, Phase.POST
        return Progress.STOPPED
