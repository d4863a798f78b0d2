"""The first day of a set-up: what it leaves out is counted in the plan's step, and an earlier day brings it in."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import till
from harness import OWNER, choose_usual, finish
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.onboarding.connecting.connections import NewConnection
from raccord.onboarding.setting_up.steps import begin
from raccord.plugin.texts import Language
from raccord.store.models import Company, Plan, PlanLine, RecordState, Run, RunState, SourceRecord
from raccord.sync.workshop import Workshop
from raccord_web.words.wording import wording

Send = Callable[..., Response]
SAID: dict[Language, tuple[str, str]] = {
    "fr": ("2 opérations restent dehors", "Commencer au premier d’entre eux"),
    "en": ("2 records stay outside", "Begin on the first of them"),
}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.every(2)
def test_what_the_first_day_leaves_out_is_counted_and_comes_in_with_an_earlier_one(
    workshop: Workshop, company: Company, browser: TestClient, send: Send, language: Language
) -> None:
    browser.headers["accept-language"] = language
    till.ROWS["T1"] = [
        {"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"},
        {"stream": "sales", "id": "s2", "day": "2026-03-03", "amount": "20.00"},
    ]
    new = NewConnection(company_id=company.id, connector="till", values={"till": "T1", "code": "x"})
    draft = begin(workshop, OWNER, new)
    choose_usual(workshop, draft, company)
    own, (counted, change) = f"/connections/{draft.id}/setup", SAID[language]
    today = workshop.clock.now().date().isoformat()
    send(f"{own}/scope", f"{own}/scope", first=today, time_zone="America/Toronto")
    send(f"{own}/checks", f"{own}/checks")
    assert _newest(workshop).state == RunState.DONE, "nothing is of today or later"
    plain = " ".join(re.sub(r"<[^>]+>", " ", browser.get(f"{own}/plan").text).replace("\u00a0", " ").split())
    assert counted in plain
    assert change in plain

    scope = f"{own}/scope?first=2026-03-02"
    assert 'name="first" required value="2026-03-02"' in browser.get(scope).text
    send(scope, f"{own}/scope", first="2026-03-02", time_zone="America/Toronto", cut_off="00:00")
    kept = browser.get(f"{own}/checks").text
    said = kept.partition(f"{wording(language)('wizard.kept')} ")[2]
    assert said.startswith(wording(language)("wizard.step_scope")), "the step after it says so"
    send(f"{own}/checks", f"{own}/checks")
    run = _newest(workshop)
    assert run.state == RunState.APPROVAL
    assert change not in browser.get(f"{own}/plan").text
    with workshop.database.read() as session:
        assert RecordState.SKIPPED not in session.scalars(select(SourceRecord.state)).all()

    # A later day takes out of the plan what an earlier one had brought in, and nobody approves the old plan.
    shown = f"/plans/{run.plan_id}"
    send(scope, f"{own}/scope", first="2026-03-03", time_zone="America/Toronto", cut_off="00:00")
    assert send(shown, f"{shown}/approve", hash=_plan(workshop, run).hash).status_code == 409
    send(f"{own}/checks", f"{own}/checks")
    again = _newest(workshop)
    with workshop.database.read() as session:
        keys = session.scalars(select(PlanLine.key).where(PlanLine.plan_id == again.plan_id)).all()
        assert {"sales/s1", "sales/s2"} & set(keys) == {"sales/s2"}
        assert [each.reason for each in session.scalars(select(SourceRecord).order_by(SourceRecord.source_id))] == [
            "scope.before_start",
            "",
        ]
    send(scope, f"{own}/scope", first="2026-03-01", time_zone="America/Toronto", cut_off="00:00")
    send(f"{own}/checks", f"{own}/checks")
    with workshop.database.read() as session:
        plan = PlanLine.plan_id == _newest(workshop).plan_id
        assert {"sales/s1", "sales/s2"} <= set(session.scalars(select(PlanLine.key).where(plan)).all())


def _plan(workshop: Workshop, run: Run) -> Plan:
    with workshop.database.read() as session:
        return session.get_one(Plan, run.plan_id)


def _newest(workshop: Workshop) -> Run:
    with workshop.database.read() as session:
        newest = session.scalars(select(Run).order_by(Run.created_at.desc(), Run.id.desc())).first()
    assert newest is not None
    return finish(workshop, newest.id)
