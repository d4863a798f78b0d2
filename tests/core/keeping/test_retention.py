"""What is kept no longer goes, a bounded piece a day, and nothing that the books, proofs or identities rest on."""

from __future__ import annotations

from datetime import timedelta

import pytest
import till
from harness import OWNER, choose_usual, sync
from sqlalchemy import func, select

from raccord.errors import RaccordError
from raccord.keeping import retention
from raccord.keeping.chores import keep
from raccord.keeping.retention import DEVICES_MIN, MESSAGES_MIN, Purged, Retention, choose_retention, retention_of
from raccord.onboarding.access.accounts import new_person
from raccord.onboarding.access.people import Actor, RoleName
from raccord.store import events
from raccord.store.columns import Model
from raccord.store.models import Company, Connection, Event, Incident, Installation, Invitation, Notice, WebSession
from raccord.sync.workshop import Workshop

OPERATOR = Actor("Ophélie", RoleName.OPERATOR)
GOES = {"incident", "notice", "web_session", "invitation"}
"""Tables that a purge may take rows from; the chain and the installation's own row only gain."""


def fill(workshop: Workshop, count: int, days_ago: int) -> None:
    """Note things that were over so many days ago, and one of each that is not over."""
    now = workshop.clock.now()
    then = now - timedelta(days=days_ago)
    with workshop.database.begin() as session:
        person = new_person(f"p{days_ago}@example.ca", "P", "", then, "test")
        session.add(person)
        session.flush()
        for number in range(count + 1):
            over = None if number == count else then
            incident = Incident(
                key=f"k{days_ago}-{number}", code="run.failed", grave=False, text_fr="f", text_en="e", fix_fr="f",
                fix_en="e", opened_at=then, closed_at=over,
            )  # fmt: skip
            session.add(incident)
            session.flush()
            session.add(Notice(incident_id=incident.id, news="began", person_id=person.id, language="fr", subject="s",
                               body="b", made_at=then, try_at=None, sent_at=then))  # fmt: skip
            named, ends = f"{days_ago}-{number}", now + timedelta(days=1)
            session.add(WebSession(person_id=person.id, token_hash=named, agent="a", address="1", opened_at=then,
                                   seen_at=then, ends_at=ends, ended_at=over))  # fmt: skip
            session.add(Invitation(token_hash=named, email="x@example.ca", role="owner", made_by="t", made_at=then,
                                   ends_at=ends, used_at=over))  # fmt: skip


def counts(workshop: Workshop) -> dict[str, int]:
    with workshop.database.read() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Model.metadata.sorted_tables
        }


def test_everything_is_kept_until_somebody_says_otherwise_and_then_what_is_over_goes_once_a_day(
    workshop: Workshop, connection: Connection, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"}]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "12.00"}]
    sync(workshop, connection)
    fill(workshop, 3, 400)
    fill(workshop, 2, 60)
    before = counts(workshop)
    keep(workshop)
    assert counts(workshop) == before, "off by default"

    choose_retention(workshop, OPERATOR, Retention(messages=90, devices=45))
    before = counts(workshop)
    monkeypatch.setattr(retention, "BATCH", 2)
    keep(workshop)
    after = counts(workshop)
    gone = {name: before[name] - after[name] for name in GOES}
    assert gone == {"incident": 3, "notice": 3, "web_session": 5, "invitation": 5}
    others = {name: before[name] for name in before if name not in GOES and name != "event"}
    assert others == {name: after[name] for name in others}, "nothing else is touched"
    fill(workshop, 1, 300)
    keep(workshop)
    assert counts(workshop)["incident"] == after["incident"] + 2, "once a day"
    workshop.clock.sleep_ms(24 * 3600 * 1000)
    keep(workshop)
    assert counts(workshop)["incident"] == after["incident"] + 1
    with workshop.database.read() as session:
        told = session.scalars(select(Event).where(Event.action.like("retention.%")).order_by(Event.seq)).all()
        assert [(each.action, each.actor) for each in told] == [
            ("retention.changed", OPERATOR.name), ("retention.purged", "raccord"), ("retention.purged", "raccord"),
        ]  # fmt: skip
        assert {name: told[1].body[name] for name in ("messages", "devices")} == {"messages": 6, "devices": 10}
        assert events.verify(session) is None, "the chain is whole"
    rows = counts(workshop)["link"], workshop.client(company).count("SalesReceipt")
    sync(workshop, connection)
    assert (counts(workshop)["link"], workshop.client(company).count("SalesReceipt")) == rows, "nothing is posted twice"


def test_a_purge_is_bounded(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(workshop, 6, 400)
    choose_retention(workshop, OPERATOR, Retention(messages=90))
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "BATCHES", 2)
    assert retention.purge(workshop, "test") == Purged(messages=8)
    assert retention.purge(workshop, "test") == Purged(messages=4)


def test_what_still_waits_to_be_sent_is_kept_with_what_it_tells_of(workshop: Workshop) -> None:
    fill(workshop, 2, 400)
    with workshop.database.begin() as session:
        waiting = session.scalars(select(Notice).order_by(Notice.id)).first()
        assert waiting is not None
        waiting.try_at, waiting.sent_at, kept = workshop.clock.now(), None, waiting.incident_id
    choose_retention(workshop, OPERATOR, Retention(messages=90))
    assert retention.purge(workshop, "test").messages == 2, "one that is over, and what was told of it"
    with workshop.database.read() as session:
        closed = select(Incident.id).where(Incident.closed_at.is_not(None))
        assert session.scalars(closed).all() == [kept]


@pytest.mark.parametrize("wanted", [Retention(messages=MESSAGES_MIN - 1), Retention(devices=DEVICES_MIN - 1),
                                    Retention(messages=4000)])  # fmt: skip
def test_fewer_days_than_what_rests_on_them_are_refused(workshop: Workshop, wanted: Retention) -> None:
    with pytest.raises(RaccordError) as refused:
        choose_retention(workshop, OPERATOR, wanted)
    assert refused.value.code == "retention.days"
    with workshop.database.read() as session:
        assert (retention_of(session), session.scalars(select(Installation)).all()) == (Retention(), [])


def test_only_who_runs_the_installation_says_it(workshop: Workshop) -> None:
    with pytest.raises(RaccordError) as refused:
        choose_retention(workshop, Actor("Anne", RoleName.BOOKKEEPER), Retention(messages=90))
    assert refused.value.code == "people.not_allowed"
    choose_retention(workshop, OWNER, Retention(messages=90))
