"""The durable engine with real tables, in this process."""

from __future__ import annotations

from raccord.jobs.requests import request_run
from raccord.store.models import RunState


def test_a_run_asked_for_is_executed_to_its_end(house, connection, pages, worker_of, until, clock):
    worker = worker_of(pages.advance)
    worker.start()
    run_id = request_run(house.database, worker.engine, connection, trigger="person", by="owner", clock=clock)
    run = until(run_id, RunState.DONE)
    assert len(pages.steps) == 5
    assert run.epoch == 1  # five pages are two slices of three
