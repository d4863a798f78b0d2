"""The first week after a first plan was approved: a summary a day, and the way back where two days running differ."""

from __future__ import annotations

from datetime import timedelta

import pytest
import till
from harness import choose_usual, lab, sync
from open_documents import received
from post_box import Post
from sqlalchemy import select

from raccord.alarms import watch
from raccord.alarms.first_weeks import tell_first_weeks
from raccord.clock import FixedClock
from raccord.overview.beginning.first_week import first_week
from raccord.store.models import Company, Connection, LinkRow
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

OLIVE, ADELE = "olive@house.test", "adele@house.test"


def sale(number: int, day: str) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": day, "amount": "10.00"}


def next_day(workshop: Workshop, sandbox: SandboxServer, days: int = 1) -> None:
    clock = workshop.clock
    assert isinstance(clock, FixedClock)
    clock.advance(timedelta(days))
    sandbox.config.clock.advance(timedelta(days))


def told(post: Post) -> dict[str, tuple[str, str]]:
    return {
        address: (subject, body.replace("\r\n", "\n"))
        for address, subject, body in post.taken()
        if "alarm.first_week" in body
    }


@pytest.mark.usefixtures("people")
def test_owners_get_one_summary_a_day_for_a_week_and_the_way_back_when_two_days_running_differ(
    workshop: Workshop, connection: Connection, company: Company, post: Post, sandbox: SandboxServer
) -> None:
    workshop.settings = workshop.settings.model_copy(update={"web_url": "https://raccord.test"})
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [sale(1, "2026-03-20")]
    sync(workshop, connection)
    watch(workshop)
    assert told(post) == {}, "its first day is not over"

    next_day(workshop, sandbox)
    watch(workshop)
    first = told(post)
    assert sorted(first) == [ADELE, OLIVE]
    assert "First week, day 1 of 7: days that are not equal: 0" in first[OLIVE][0]
    assert "\n2026-03-20: equal\n" in first[OLIVE][1]
    assert "\n2026-03-20 : juste\n" in first[ADELE][1]
    assert "/undo" not in first[OLIVE][1]
    assert "You get this summary once a day" in first[OLIVE][1]
    watch(workshop)
    assert told(post) == {}, "once a day"

    till.ROWS["T1"].append(sale(2, "2026-03-21"))
    sync(workshop, connection)
    with workshop.database.read() as session:
        receipt = session.scalars(select(LinkRow.document_id).where(LinkRow.key == "sales/s1")).one()
    lab(sandbox, "edit", entity="SalesReceipt", id=receipt, changes={"TxnDate": "2026-03-21"})
    next_day(workshop, sandbox)
    sync(workshop, connection)
    watch(workshop)
    second = told(post)
    assert "day 2 of 7: two days running are not equal" in second[OLIVE][0]
    assert "\n2026-03-20: sales -10.00 CAD\n2026-03-21: sales 10.00 CAD\n" in second[OLIVE][1]
    assert f"Undo back to the first day: https://raccord.test/connections/{connection.id}/undo" in second[OLIVE][1]
    assert "deux jours de suite ne tombent pas juste" in second[ADELE][0]

    # Nobody looked for two days: the newest is told alone; after the week nothing is.
    next_day(workshop, sandbox, 2)
    assert (tell_first_weeks(workshop, workshop.clock.now()), tell_first_weeks(workshop, workshop.clock.now())) == (
        1,
        0,
    )
    next_day(workshop, sandbox, 4)
    assert tell_first_weeks(workshop, workshop.clock.now()) == 0


def test_what_somebody_else_enters_once_more_is_named(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [sale(1, "2026-03-20"), sale(2, "2026-03-21")]
    sync(workshop, connection)
    client = workshop.client(company)
    again = received(client, "SalesReceipt", "Zoé Roy", "10.00", "2026-03-20")
    received(client, "SalesReceipt", "Zoé Roy", "11.00", "2026-03-20")
    next_day(workshop, sandbox)
    sync(workshop, connection)
    with workshop.database.read() as session:
        week = first_week(session, session.get_one(Connection, connection.id), workshop.clock.now())
        assert week is not None
        assert [(each.kind, each.document_id) for each in week.twice] == [("SalesReceipt", again)]
        assert (week.number, [each.cells for each in week.days], week.unequal, week.red) == (1, [1, 1], 0, False)
