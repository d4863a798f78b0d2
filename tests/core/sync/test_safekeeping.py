"""Nothing is posted to a real company before its books could be put back; companies that were there go on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import till
from harness import NOW, OWNER, choose_usual, finish, request

from raccord.onboarding.deciding.decisions import approve_plan
from raccord.store.models import Company, Connection, Installation, Plan, PlanState, Run, RunState
from raccord.sync.safekeeping import NoBackupError, the_installation
from raccord.sync.workshop import Workshop

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SALES = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"}]


def say(workshop: Workshop, **values: object) -> None:
    with workshop.database.begin() as session:
        row = the_installation(session)
        for name, value in values.items():
            setattr(row, name, value)


def planned(workshop: Workshop, connection: Connection) -> tuple[Run, Plan]:
    run = finish(workshop, request(workshop, connection))
    with workshop.database.read() as session:
        return run, session.get_one(Plan, run.plan_id)


def receipts(workshop: Workshop, company: Company) -> int:
    return workshop.client(company).count("SalesReceipt")


@ON_SQLITE
def test_without_a_backup_target_a_plan_of_a_real_company_is_not_approved_and_a_run_ends_before_it_posts(
    workshop: Workshop, company: Company, connection: Connection, tmp_path: Path
) -> None:
    till.ROWS["T1"] = list(SALES)
    choose_usual(workshop, connection, company)
    with workshop.database.begin() as session:
        # The books stay the sandbox's: the client is made already. Its row says that they are somebody's.
        session.get_one(Company, company.id).environment = "production"
    run, plan = planned(workshop, connection)
    with pytest.raises(NoBackupError) as refused:
        approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert refused.value.code == "posting.no_backup"
    assert "raccord backup target" in refused.value.fix.en
    assert "raccord backup target" in refused.value.fix.fr

    say(workshop, exempt_before=NOW + timedelta(days=1))
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    say(workshop, exempt_before=NOW - timedelta(days=1))
    # Approved while it was allowed, and the target was taken away before the run went on.
    ended = finish(workshop, run.id)
    assert (ended.state, ended.error_code) == (RunState.FAILED, "posting.no_backup")
    with workshop.database.read() as session:
        assert session.get_one(Plan, plan.id).state == PlanState.STALE
    assert receipts(workshop, company) == 0

    say(workshop, backup_dir=str(tmp_path))
    again, _ = planned(workshop, connection)
    assert again.state == RunState.DONE, "once approved, the next run goes by itself"
    assert receipts(workshop, company) == 1


@ON_SQLITE
def test_a_sandbox_company_and_one_that_was_there_before_are_posted_to_without_a_target(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    till.ROWS["T1"] = list(SALES)
    choose_usual(workshop, connection, company)
    run, plan = planned(workshop, connection)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert finish(workshop, run.id).state == RunState.DONE
    with workshop.database.read() as session:
        assert session.get(Installation, 1) is None, "nothing was said of the installation"
    assert receipts(workshop, company) == 1
    say(workshop, exempt_before=NOW + timedelta(days=1))
    with workshop.database.begin() as session:
        session.get_one(Company, company.id).environment = "production"
    till.ROWS["T1"].append({"stream": "sales", "id": "s2", "day": "2026-03-03", "amount": "12.00"})
    assert planned(workshop, connection)[0].state == RunState.DONE
    assert receipts(workshop, company) == 2
