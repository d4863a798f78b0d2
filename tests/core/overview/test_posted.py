"""What moved per day for the chart of the home page: at the bank and on cards alone, by source, in one currency."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from raccord.overview.posted import OTHERS, posted_by_day
from raccord.store.database import Database
from raccord.store.models import Company, Connection, LedgerEntry, LinkRow, LinkState

NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
TODAY = NOW.date()
BANK, CLEARING = "1", "2"


@pytest.fixture
def company(database: Database) -> Company:
    return company_of(database, "1")


def company_of(database: Database, realm: str) -> Company:
    with database.begin() as session:
        made = Company(environment="sandbox", realm=realm, name="A", home_currency="CAD", created_at=NOW)
        session.add(made)
        session.flush()
        for id_, type_ in ((BANK, "Bank"), (CLEARING, "Other Current Asset")):
            session.add(
                LedgerEntry(
                    company_id=made.id, kind="Account", object_id=id_, name=id_, name_key=id_, active=True,
                    type=type_, seen_at=NOW,
                )
            )  # fmt: skip
    return made


def source(database: Database, company: Company, label: str, *moved: tuple[int, str, str, str, str]) -> Connection:
    """Return a connection with documents: days ago, amount, currency, account, state."""
    with database.begin() as session:
        made = Connection(
            company_id=company.id, connector="till", label=label, starts_on=TODAY, set_up_at=NOW, created_by="x"
        )
        session.add(made)
        session.flush()
        for place, (ago, amount, currency, account, state) in enumerate(moved):
            session.add(
                LinkRow(
                    company_id=company.id, connection_id=made.id, key=f"k{place}", kind="Deposit",
                    document_id=f"{label}{place}", sync_token="0", revision=1, marker="M", payload_hash="h",
                    day=TODAY - timedelta(days=ago), amount=Decimal(amount), currency=currency,
                    money_account=account, state=state, linked_at=NOW,
                )
            )  # fmt: skip
    return made


def test_a_chart_adds_up_what_moved_money_by_day_and_source(database: Database, company: Company) -> None:
    live = LinkState.LIVE
    shop = source(
        database, company, "Shop", (0, "10.10", "CAD", BANK, live), (0, "0.2", "CAD", BANK, live),
        (29, "5", "CAD", BANK, live), (30, "7.00", "CAD", BANK, live), (60, "99.00", "CAD", BANK, live),
        (1, "50.00", "CAD", CLEARING, live), (1, "60.00", "CAD", BANK, LinkState.UNDONE),
        (2, "3.00", "USD", BANK, live),
    )  # fmt: skip
    bank = source(database, company, "Bank", (0, "-4.05", "CAD", BANK, live))
    with database.read() as session:
        found = posted_by_day(session, TODAY, 30)
        dollars = posted_by_day(session, TODAY, 30, "USD")
        unknown = posted_by_day(session, TODAY, 30, "EUR", within=[company.id])
        others = posted_by_day(session, TODAY, 30, within=["somebody else's"])
    assert found is not None
    assert (found.currency, list(found.currencies), found.documents) == ("CAD", ["CAD", "USD"], 4)
    assert (found.moved_in, found.moved_out) == (Decimal("15.30"), Decimal("4.05"))
    assert (found.in_before, found.out_before) == (Decimal("7.00"), Decimal(0))
    assert (found.days[0], found.days[-1], len(found.days)) == (date(2026, 2, 19), TODAY, 30)
    assert [(each.connection_id, each.label) for each in found.series] == [(shop.id, "Shop"), (bank.id, "Bank")]
    assert [each.amounts[-1] for each in found.series] == [Decimal("10.30"), Decimal("4.05")]
    assert (found.of_day(0), found.of_day(1), found.of_day(29)) == (Decimal(5), Decimal(0), Decimal("14.35"))
    assert dollars is not None
    assert (dollars.currency, dollars.moved_in, dollars.moved_out, dollars.in_before) == (
        "USD",
        Decimal("3.00"),
        Decimal(0),
        Decimal(0),
    )
    assert unknown == found
    assert others is None


def test_of_many_sources_the_largest_are_told_apart_and_the_rest_is_one(database: Database, company: Company) -> None:
    for number in range(1, 7):
        source(database, company, f"S{number}", (1, f"{number}.00", "CAD", BANK, LinkState.LIVE))
    with database.read() as session:
        found = posted_by_day(session, TODAY, 30)
    assert found is not None
    assert [(each.label, each.amounts[-2]) for each in found.series] == [
        ("S6", Decimal(6)), ("S5", Decimal(5)), ("S4", Decimal(4)), ("", Decimal(6)),
    ]  # fmt: skip
    assert found.series[-1].connection_id == OTHERS


def test_a_chart_is_of_the_company_that_is_chosen_or_of_all_and_of_one_currency(
    database: Database, company: Company
) -> None:
    other = company_of(database, "2")
    live = LinkState.LIVE
    source(database, company, "Shop", (0, "10.00", "CAD", BANK, live), (1, "2.00", "CAD", BANK, live))
    source(database, other, "Other", (0, "700.00", "CAD", BANK, live), (1, "5.00", "EUR", BANK, live))
    with database.read() as session:
        every, euros = posted_by_day(session, TODAY, 30), posted_by_day(session, TODAY, 30, "EUR")
        asked = posted_by_day(session, TODAY, 30, "", other.id)
        mine = posted_by_day(session, TODAY, 30, "", company.id, within=[other.id])
    assert every is not None
    assert euros is not None
    assert asked is not None
    assert (every.company_id, every.currency, every.moved_in) == ("", "CAD", Decimal(712))
    assert {each.label for each in every.series} == {f"Shop, {company.name}", f"Other, {other.name}"}
    assert (euros.company_id, euros.currency, euros.moved_in) == ("", "EUR", Decimal(5)), "no sum of two currencies"
    assert (asked.company_id, asked.moved_in, list(asked.currencies)) == (other.id, Decimal(700), ["CAD", "EUR"])
    assert mine is None, "who may not see a company is not shown it"
