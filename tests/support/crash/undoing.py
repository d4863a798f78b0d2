"""An undo killed at each commit and each request; whatever happens, everything is gone once and told once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
from harness import OWNER
from sqlalchemy import select

from crash.exhaustive import UNIT, Moment, Walk
from crash.life import Killed, Life
from crash.plant import Plant
from raccord.jobs.inline import HandOver
from raccord.jobs.undo_requests import request_undo
from raccord.store.models import (
    REMOVALS,
    Connection,
    DraftRow,
    Drift,
    LinkRow,
    Posting,
    PostingState,
    Run,
    RunState,
)
from raccord.sync.books.readback import DOCUMENTS, MARKED
from raccord.sync.undoing.selection import Asked


@dataclass
class UndoWalk(Walk):
    """An undo's run from its first to its last commit."""

    def _killed(self, moment: Moment, at: int) -> Moment:
        plant = self.plant
        plant.put_back(UNIT)
        with pytest.raises(Killed):
            self._advance(Life(at=at))
        moment.uncertain = plant.open_intents()
        plant.approve_waiting()
        assert plant.live(Life()) == RunState.DONE, moment
        check_undone(plant)
        return moment


def ask_undo(plant: Plant, *, void: bool = False) -> None:
    """Ask for the undo of the only run there was."""
    workshop = plant.workshop()
    with workshop.database.read() as session:
        connection = session.scalars(select(Connection)).one()
        run_id = session.scalars(select(Run.id)).one()
    request_undo(
        workshop.database, HandOver(), connection.id, Asked(run_id, void=void), actor=OWNER, clock=workshop.clock
    )


def check_undone(plant: Plant) -> None:
    """Nothing of ours stands in the books, each document went by one removal, and its draft waits for a person."""
    standing = {
        kind: [
            each["Id"]
            for each in plant.company.table(kind)
            if kind not in DOCUMENTS or each.get("TotalAmt") or each.get("Amount")
        ]
        for kind in MARKED
    }
    with plant.database.read() as session:
        links = [link for link in session.scalars(select(LinkRow)) if link.kind in MARKED]
        drafts = {draft.key: (draft.state, draft.reason) for draft in session.scalars(select(DraftRow))}
        done = select(Posting.key).where(Posting.operation.in_(REMOVALS), Posting.state == PostingState.DONE)
        removed = Counter(session.scalars(done))
        drifts = session.scalars(select(Drift)).all()
    left = {link.key for link in links if link.document_id in standing[link.kind]}
    assert not left, f"still in the books: {left}"
    assert {(link.state, link.generation) for link in links} == {("undone", 1)}
    assert removed == Counter({link.key: 1 for link in links})
    assert {drafts[link.key] for link in links} == {("held", "undo.undone")}
    assert drifts == []
    plant.check_sums()
