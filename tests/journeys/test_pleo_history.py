"""An export over time: kept alive while it is posted, dated at settlement, and never taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from harness import OWNER, finish, request, sync
from pleo_house import DAY, House, running_by_itself
from sqlalchemy import select

from raccord.jobs.inline import HandOver
from raccord.jobs.undo_requests import request_undo
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.plugin import RetryLater
from raccord.store.models import Plan, Run
from raccord.sync.phases import Phase
from raccord.sync.posting import post
from raccord.sync.run import Pipeline, Progress
from raccord.sync.telling import report
from raccord.sync.undoing.selection import Asked
from raccord_pleo.sandbox import TwinCompany, TwinRefusalError
from raccord_pleo.sandbox.company import EXPIRES, PEOPLE


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with running_by_itself(tmp_path) as made:
        yield made


def posted_slowly(house: House, run_id: str, step: timedelta) -> int:
    """Run to the end with a clock that goes on by ``step`` after each slice of posting; return how many there were."""
    pipeline, slices, going = Pipeline(house.workshop), 0, True
    while going:
        going = pipeline.advance(run_id) is Progress.MORE
        with house.workshop.database.read() as session:
            run = session.get_one(Run, run_id)
            posting = run.phase == Phase.POST and run.state == "running"
        if posting:
            house.clock.advance(step)
            slices += 1
    return slices


@pytest.mark.requirement("PO-08")
def test_an_export_that_is_posted_for_hours_is_kept_alive(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "CLAIM", 2)
    monkeypatch.setattr(post, "SLICE", 2)
    step, touches, update = timedelta(minutes=20), list[int](), TwinCompany.update

    def counted(company: TwinCompany, job: UUID, rows: list[dict[str, object]]) -> dict[str, object]:
        touches.append(len(rows) if rows[0]["status"] == "in_progress" else 0)
        return update(company, job, rows)

    monkeypatch.setattr(TwinCompany, "update", counted)
    job = house.export(*(house.file(1000 + number) for number in range(12)))
    slices = posted_slowly(house, request(house.workshop, house.connection), step)
    assert slices * step > EXPIRES, "longer than Pleo waits"
    assert len(house.documents("Purchase")) == 13
    assert house.pleo.exports[job].status == "completed"
    assert {status for status, _ in house.results(job).values()} == {"successful"}
    assert 3 <= sum(touches) <= slices + 2, "one word a slice and page, and no more"
    assert house.codes() == []

    # Without the word now and then, Pleo gives up.
    monkeypatch.setattr(report, "UNDER_WAY_EVERY", timedelta(days=9))
    job = house.export(*(house.file(2000 + number) for number in range(8)))
    assert posted_slowly(house, request(house.workshop, house.connection), step) * step > EXPIRES
    assert house.pleo.exports[job].reason_type == "job_expired"
    assert house.codes() == ["report.too_late"] * 8


@pytest.mark.requirement("EX-15", "PO-15")
def test_only_what_is_settled_comes_dated_at_settlement_and_an_export_is_never_taken_back(house: House) -> None:
    entry = house.file(4550, performed="2026-03-12T09:00:00Z", employee=PEOPLE[1])
    pending = house.file(990, pending=True, performed="2026-03-12T09:00:00Z")
    with pytest.raises(TwinRefusalError, match="not settled"):
        house.export(pending)
    with httpx.Client(base_url=house.twin.url) as person:
        assert person.post("/export", data={"by": PEOPLE[1]}).status_code == 303
        job = list(house.pleo.exports)[-1]
        run = sync(house.workshop, house.connection)
        assert run.state == "done"
        assert set(house.results(job)) == {entry}, "what is not settled is in no export"
        document = next(each for each in house.documents("Purchase") if int(each["TotalAmt"] * 100) == 4550)
        assert document["TxnDate"] == DAY[:10], "neither the day it was paid nor the day of the export"
        # The history at Pleo: the day, the time and who it was.
        page = person.get("/").text
        assert f"completed: 1 , {house.clock.now():%Y-%m-%d %H:%M}, {PEOPLE[1]}" in page

        # Taken out of QuickBooks here, it stays exported there; and what comes again is not posted by itself.
        undo = request_undo(
            house.workshop.database, HandOver(), house.connection.id, Asked(run_id=run.id), actor=OWNER,
            clock=house.workshop.clock,
        )  # fmt: skip
        ended = finish(house.workshop, undo)
        with house.workshop.database.read() as session:
            plan = session.scalars(select(Plan).where(Plan.id == ended.plan_id)).one()
        approve_plan(house.workshop, OWNER, plan.id, plan.hash)
        assert finish(house.workshop, undo).state == "done"
        assert len(house.documents("Purchase")) == 1
        assert house.pleo.stage(entry) == "EXPORTED"
        assert house.results(job)[entry][0] == "successful"
        again = house.export(entry)
        sync(house.workshop, house.connection)
        assert len(house.documents("Purchase")) == 1
        assert house.results(again)[entry][0] == "failed"


def test_pleo_s_limits_are_kept_and_nothing_is_lost_or_doubled(house: House) -> None:
    entry = house.file(2000)
    job = house.export()
    # Busy twice: what reads is asked again after a while, by itself.
    house.twin.busy = [503, 429]
    assert sync(house.workshop, house.connection).state == "done"
    assert house.results(job)[entry][0] == "successful"
    # Busy for longer: the run waits as long as it is told, and goes on.
    second = house.file(3000)
    again = house.export(second)
    house.twin.busy = [429] * 3
    run_id = request(house.workshop, house.connection)
    with pytest.raises(RetryLater) as later:
        finish(house.workshop, run_id)
    assert later.value.after == timedelta(seconds=7), "as long as Pleo said"
    assert house.twin.busy == []
    assert finish(house.workshop, run_id).state == "done"
    assert house.results(again)[second][0] == "successful"
    assert len(house.documents("Purchase")) == 3
