"""Connections as a table for people and as JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence

from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, Output, both
from raccord.cli.terminal.showing import moment, short
from raccord.errors import RaccordError
from raccord.onboarding.arriving.arrivals import Freshness, freshness_of
from raccord.onboarding.closing.holes import holes_of
from raccord.overview.connections import ConnectionView
from raccord.store.models import Connection
from raccord.sync import life
from raccord.sync.workshop import Workshop

STATES = {state: Phrase(said.fr, said.en) for state, said in life.STATES.items()}


def show(out: Output, workshop: Workshop, views: Sequence[ConnectionView]) -> None:
    """Show each connection with its state, how fresh its data is, its runs and what waits."""
    out.table(
        Phrase("Connexions", "Connections"),
        [
            Column(Phrase("Connexion", "Connection")),
            Column(Phrase("État", "State")),
            Column(Phrase("Données", "Data")),
            Column(Phrase("En attente", "Waiting")),
            Column(Phrase("Documents", "Documents"), right=True),
            Column(Phrase("Preuve", "Proof")),
        ],
        [_row(out, workshop, view) for view in views],
        empty=Phrase(
            "Aucune connexion. Reliez une source : raccord connect source CONNECTEUR.",
            "No connection. Connect a source: raccord connect source CONNECTOR.",
        ),
    )


def as_json(workshop: Workshop, view: ConnectionView) -> dict[str, object]:
    """Return a connection as JSON values."""
    fresh, error = _freshness(workshop, view)
    with workshop.database.read() as session:
        holes = holes_of(workshop, session, session.get_one(Connection, view.id))
    return {
        "connection": view.id,
        "label": view.label,
        "connector": view.connector,
        "company": view.company,
        "company_id": view.company_id,
        "company_state": str(view.company_state),
        "blocked_by": view.blocked_by,
        "state": str(view.state),
        "starts_on": view.starts_on.isoformat(),
        "time_zone": view.time_zone,
        "cut_off": view.cut_off,
        "closed_policy": view.closed_policy,
        "books_closed_on": None if view.books_closed_on is None else view.books_closed_on.isoformat(),
        "approved": view.approved_at is not None,
        "last_run": None if view.last_run is None else {"run": view.last_run.id, "state": str(view.last_run.state)},
        "next_run": None if view.next_run is None else view.next_run.isoformat(),
        "waiting_plan": view.waiting_plan or None,
        "questions": view.questions,
        "problems": view.problems,
        "documents": view.documents,
        "unequal": None if view.proven is None else view.proven.unequal,
        "moved": [
            {"currency": each.currency, "in": each.moved_in, "out": each.moved_out, "between": each.between}
            for each in view.moved
        ],
        "gaps": [
            {
                "reason": each.reason,
                "first_day": None if each.first_day is None else each.first_day.isoformat(),
                "last_day": None if each.last_day is None else each.last_day.isoformat(),
                "records": each.records,
                "totals": dict(each.totals),
            }
            for each in holes
        ],
        "freshness": _fresh_json(fresh),
        "freshness_error": error or None,
    }


def _fresh_json(fresh: Freshness | None) -> dict[str, object] | None:
    if fresh is None:
        return None
    return {
        "state": str(fresh.status.state),
        "day": fresh.status.day.isoformat(),
        "expected_by": fresh.status.expected_by.isoformat(),
        "newest": None if fresh.newest is None else fresh.newest.isoformat(),
        "first_data_expected": fresh.first_expected.isoformat(),
        "text": both(fresh.status.text),
        "no_deposit": None if fresh.no_deposit is None else both(fresh.no_deposit),
        "contacts": [{"label": both(each.label), "phone": each.phone, "url": each.url} for each in fresh.contacts],
    }


def _row(out: Output, workshop: Workshop, view: ConnectionView) -> list[str]:
    fresh, error = _freshness(workshop, view)
    proof = ""
    if view.proven is not None:
        proof = "=" if view.proven.equal else f"≠ {view.proven.unequal}"
    data = fresh.status.text.get(out.language) if fresh else error
    due = moment(view.next_run, view.time_zone)
    if due:
        data += Phrase(f"\nProchaine exécution : {due}", f"\nNext run: {due}").get(out.language)
    return [
        f"{view.label}\n{view.company}\n{short(view.id)}\n{view.time_zone} {view.cut_off}",
        STATES[view.state].get(out.language),
        data.strip(),
        _waiting(view).get(out.language),
        str(view.documents),
        proof,
    ]


def _waiting(view: ConnectionView) -> Phrase:
    found = []
    if view.waiting_plan:
        found.append(Phrase("plan à approuver", "plan to approve"))
    if view.questions:
        found.append(Phrase(f"questions : {view.questions}", f"questions: {view.questions}"))
    if view.problems:
        found.append(Phrase(f"problèmes : {view.problems}", f"problems: {view.problems}"))
    return Phrase("\n".join(each.fr for each in found), "\n".join(each.en for each in found))


def _freshness(workshop: Workshop, view: ConnectionView) -> tuple[Freshness | None, str]:
    with workshop.database.read() as session:
        try:
            return freshness_of(workshop, session, session.get_one(Connection, view.id)), ""
        except RaccordError as error:
            # One connector that is switched off or faulty does not keep the list from showing.
            return None, error.code
