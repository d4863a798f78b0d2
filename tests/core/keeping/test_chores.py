"""A worker backs up each day and drills when asked; who runs the installation is told of what stopped, once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from harness import NOW, OWNER
from sqlalchemy import select

from raccord.alarms.conditions import conditions_of
from raccord.alarms.incidents import bring_up_to_date
from raccord.clock import FixedClock
from raccord.keeping import chores
from raccord.keeping.backups import choose_target, list_backups
from raccord.keeping.chores import keep
from raccord.keeping.drill import Drill, ask_for_drill, drill
from raccord.onboarding.checking.house import check_house
from raccord.store.models import Company, Event, Incident, Installation
from raccord.sync.workshop import Workshop

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def troubles(workshop: Workshop) -> list[tuple[str, bool]]:
    found = conditions_of(workshop, workshop.clock.now()).conditions
    return [(each.code, each.grave) for each in found if each.key.startswith("house/")]


def doctor(workshop: Workshop) -> str:
    found = check_house(workshop.settings, workshop.database, workshop.scopes.catalog)
    return next(str(each.code) for each in found if each.code.startswith("doctor.backup"))


@ON_SQLITE
def test_backups_are_made_each_day_and_drills_when_asked_and_what_stops_is_told(
    workshop: Workshop, company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, target = workshop.clock, tmp_path / "target"
    assert isinstance(clock, FixedClock)
    keep(workshop)
    assert troubles(workshop) == [], "a sandbox company needs no backup"
    with workshop.database.begin() as session:
        session.get_one(Company, company.id).environment = "production"
    assert troubles(workshop) == [("alarm.backup_missing", False)]
    assert doctor(workshop) == "doctor.backup_target"
    bring_up_to_date(workshop, conditions_of(workshop, NOW), NOW)
    with workshop.database.read() as session:
        told = session.scalars(select(Incident).where(Incident.code == "alarm.backup_missing")).one()
    assert company.name in told.text_fr
    assert "Mise en service" in told.fix_fr

    choose_target(workshop, OWNER, str(target))
    assert troubles(workshop) == []
    for _ in range(2):
        keep(workshop)
    assert len(list_backups(target)) == 1, "one a day"
    assert doctor(workshop) == "doctor.backup"
    clock.advance(timedelta(days=1))
    ask_for_drill(workshop, OWNER)
    under_way: list[str] = []

    def watched(*asked: Any) -> Drill:
        with workshop.database.read() as session:
            under_way.append(session.get_one(Installation, 1).drill_asked_by)
        return drill(*asked)

    monkeypatch.setattr(chores, "drill", watched)
    keep(workshop)
    keep(workshop)
    assert under_way == [OWNER.name], "asked for until it is over, and made once"
    assert len(list_backups(target)) == 2
    with workshop.database.read() as session:
        assert session.scalars(select(Event.actor).where(Event.action == "drill.passed")).all() == [OWNER.name]
        assert session.get_one(Installation, 1).drill_passed

    # The target goes away: tried once an hour, told after two days, gravely after a week.
    target.rename(tmp_path / "away")
    target.write_text("")
    clock.advance(timedelta(days=3))
    keep(workshop)
    assert troubles(workshop) == [("alarm.backup_overdue", False)]
    assert doctor(workshop) == "doctor.backup_target_away"
    clock.advance(timedelta(days=5))
    ask_for_drill(workshop, OWNER)
    keep(workshop)
    assert troubles(workshop) == [("alarm.backup_overdue", True), ("alarm.drill_failed", True)]
    target.unlink()
    (tmp_path / "away").rename(target)
    ask_for_drill(workshop, OWNER)
    clock.advance(timedelta(hours=1))
    keep(workshop)
    assert troubles(workshop) == [], "over once a backup is made and its drill passed"
    clock.advance(timedelta(days=92))
    keep(workshop)
    assert troubles(workshop) == [("alarm.drill_overdue", False)]
