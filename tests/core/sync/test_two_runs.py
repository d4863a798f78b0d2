"""Two runs of a company that both saw a movement before either had posted it: it goes once, and the other one asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from threading import Event, Thread
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, finish, request, sync
from open_documents import by_hand
from sqlalchemy import select

from raccord.clock import FixedClock
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import answer_conflict
from raccord.plugin.ledger import ResolutionKind
from raccord.store.models import Company, Connection, Hold, Run, RunState
from raccord.sync.phases import Phase
from raccord.sync.posting import claims
from raccord.sync.posting.post import Poster
from raccord.sync.run import Pipeline
from raccord.sync.workshop import Workshop

DAY = date(2026, 3, 4)
BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)


def paid(id_: str, amount: str = "-12.30", day: date = DAY) -> dict[str, str]:
    return {"stream": "bank", "kind": "paid out", "id": id_, "day": day.isoformat(), "amount": amount}


def two_by_themselves(workshop: Workshop, company: Company, connection: Connection) -> list[Connection]:
    """Return two connections of one bank account whose plans go without a person."""
    new = NewConnection(
        company_id=company.id, connector="till", values={"till": "T2", "code": "x"}, starts_on=date(2026, 3, 1)
    )
    both = [connection, connect(workshop, OWNER, new)]
    for each, number in zip(both, ("T1", "T2"), strict=True):
        choose_usual(workshop, each, company)
        till.ROWS[number] = [paid("0", f"-{number[1]}.01", date(2026, 3, 1))]
        assert sync(workshop, each).state == RunState.DONE
    return both


def about_to_post(workshop: Workshop, connection: Connection) -> str:
    """Begin a run and stop where its plan is approved and nothing of it is sent; returns its id."""
    run_id, pipeline = request(workshop, connection), Pipeline(workshop)
    while True:
        pipeline.advance(run_id)
        with workshop.database.read() as session:
            run = session.get_one(Run, run_id)
        assert run.state in (RunState.QUEUED, RunState.RUNNING), run.state
        if run.phase == Phase.POST:
            return run_id


def open_holds(workshop: Workshop) -> list[Hold]:
    with workshop.database.read() as session:
        return list(session.scalars(select(Hold).where(Hold.closed_at.is_(None))))


def purchases(workshop: Workshop, company: Company) -> int:
    return workshop.client(company).count("Purchase") - 2


@BOTH
def test_of_two_runs_that_planned_before_either_posted_the_second_asks_and_goes_on_as_it_is_answered(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    one, two = two_by_themselves(workshop, company, connection)
    till.ROWS["T1"] += [paid("a"), paid("other", "-40.00")]
    till.ROWS["T2"] += [paid("b", day=DAY + timedelta(days=2)), paid("twin", day=DAY), paid("own", "-50.00")]
    runs = [about_to_post(workshop, each) for each in (one, two)]
    assert [finish(workshop, each).state for each in runs] == [RunState.DONE, RunState.DONE]
    (hold,) = open_holds(workshop)
    assert purchases(workshop, company) == 4, "the one, what is equal and only the other's, and what each has alone"
    assert (hold.connection_id, hold.code) == (two.id, "conflict.already_exists")
    assert (hold.params["owner"], hold.params["owner_key"], hold.params["day"]) == (one.label, "bank/a", "2026-03-04")
    assert sync(workshop, two).state == RunState.DONE
    assert purchases(workshop, company) == 4
    answer_conflict(workshop, OWNER, hold.id, ResolutionKind.SKIP)
    assert sync(workshop, two).state == RunState.DONE
    assert (purchases(workshop, company), open_holds(workshop)) == (4, [])


@BOTH
def test_what_another_run_is_sending_just_now_is_not_sent_as_well(
    workshop: Workshop, company: Company, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = two_by_themselves(workshop, company, connection)
    till.ROWS["T1"].append(paid("a"))
    till.ROWS["T2"].append(paid("b"))
    first, second = (about_to_post(workshop, each) for each in (one, two))
    pump = Poster._pump

    def meanwhile(self: Poster, plan_id: str, jobs: Sequence[Any], **more: Any) -> None:
        # The worker of the first run stalls between its intent and the call; another one takes the second up.
        if self.connection_id == one.id:
            assert finish(workshop, second).state == RunState.DONE
            assert purchases(workshop, company) == 0
            monkeypatch.setattr(Poster, "_pump", pump)
        pump(self, plan_id, jobs, **more)

    monkeypatch.setattr(Poster, "_pump", meanwhile)
    assert finish(workshop, first).state == RunState.DONE
    assert purchases(workshop, company) == 1
    (hold,) = open_holds(workshop)
    assert (hold.connection_id, hold.params["owner"]) == (two.id, one.label)
    sync(workshop, two)
    (hold,) = open_holds(workshop)
    assert hold.params["id"], "once it is there, the question names it"
    answer_conflict(workshop, OWNER, hold.id, ResolutionKind.CREATE)
    sync(workshop, two)
    assert (purchases(workshop, company), open_holds(workshop)) == (2, [])


@BOTH
def test_two_runs_that_claim_in_the_same_moment_wait_for_one_another(
    workshop: Workshop, company: Company, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = two_by_themselves(workshop, company, connection)
    till.ROWS["T1"].append(paid("a"))
    till.ROWS["T2"].append(paid("b"))
    first, second = (about_to_post(workshop, each) for each in (one, two))
    intend, ended = Poster._intend, list[RunState]()
    other = Thread(target=lambda: ended.append(RunState(finish(workshop, second).state)))

    def slowly(self: Poster, *arguments: Any) -> Any:
        # Inside the transaction of the first run's claim, before it is committed.
        if self.connection_id == one.id and not other.ident:
            other.start()
            other.join(timeout=1)
            assert other.is_alive(), "the second run's claim waits for the first one's"
        return intend(self, *arguments)

    monkeypatch.setattr(Poster, "_intend", slowly)
    assert finish(workshop, first).state == RunState.DONE
    other.join(timeout=60)
    assert ended == [RunState.DONE]
    assert purchases(workshop, company) == 1
    (hold,) = open_holds(workshop)
    # By the books alone it is found where the second look falls between the first one's document and its link.
    assert (hold.connection_id, hold.params["owner"] in (one.label, "")) == (two.id, True)


@pytest.mark.at_length
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_what_another_run_finishes_while_it_is_looked_for_is_seen_as_the_one_or_the_other(
    workshop: Workshop, company: Company, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = two_by_themselves(workshop, company, connection)
    till.ROWS["T1"].append(paid("a"))
    till.ROWS["T2"].append(paid("b"))
    first, second = (about_to_post(workshop, each) for each in (one, two))
    looked, go_on = Event(), Event()
    settle, posted, under_way = Poster._settle, claims._posted, claims._under_way
    ended = list[RunState]()
    other = Thread(target=lambda: ended.append(RunState(finish(workshop, second).state)))

    def settling(self: Poster, results: Sequence[Any]) -> None:
        # The first one's document is in QuickBooks, and its answer is about to be stored.
        if self.connection_id == one.id:
            other.start()
            assert looked.wait(timeout=60)
        settle(self, results)
        go_on.set()

    def between(look: Any) -> Any:
        def looking(session: Any, labels: Any, *where: Any) -> list[Any]:
            found = list(look(session, labels, *where))
            if one.id in labels:
                looked.set()
                assert go_on.wait(timeout=60)
            return found

        return looking

    monkeypatch.setattr(Poster, "_settle", settling)
    monkeypatch.setattr(claims, "_posted", between(posted))
    monkeypatch.setattr(claims, "_under_way", between(under_way))
    assert finish(workshop, first).state == RunState.DONE
    other.join(timeout=60)
    assert ended == [RunState.DONE]
    assert purchases(workshop, company) == 1
    (hold,) = open_holds(workshop)
    assert (hold.connection_id, hold.params["owner"]) == (two.id, one.label)


def test_a_plan_that_goes_by_itself_looks_again_once_time_has_passed(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [paid("0", "-1.01", date(2026, 3, 1))]
    sync(workshop, connection)
    till.ROWS["T1"] += [paid("a"), paid("c", "-40.00")]
    run_id = about_to_post(workshop, connection)
    by_hand(workshop, company, "Purchase", "12.30", DAY)
    assert isinstance(workshop.clock, FixedClock)
    workshop.clock.advance(timedelta(hours=1))
    assert finish(workshop, run_id).state == RunState.DONE
    client = workshop.client(company)
    assert client.count("Purchase") == 3, "the one before, the one by hand, and what nothing stands for"
    (hold,) = open_holds(workshop)
    assert (hold.code, hold.params["kind"]) == ("conflict.already_exists", "Purchase")
