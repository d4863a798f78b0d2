"""The drawing of the chart of posted money: nothing sticks out, heights are as the amounts, words fit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.overview.posted import Posted, Series
from raccord.store.models import Company, Connection, LedgerEntry, LinkRow
from raccord.sync.workshop import Workshop
from raccord_web.pages.charts import BASE, HIGH, chart_of
from raccord_web.words.formats import compact

CENTS = st.integers(0, 10**12).map(lambda cents: Decimal(cents).scaleb(-2))


def posted(*sources: Sequence[Decimal]) -> Posted:
    days = [date(2026, 3, 1) + timedelta(days=place) for place in range(len(sources[0]))]
    series = [Series(str(number), str(number), amounts) for number, amounts in enumerate(sources)]
    return Posted("c", ["c"], "CAD", ["CAD"], days, series, 1, Decimal(1), *[Decimal(0)] * 4, 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CENTS, CENTS, CENTS), min_size=2, max_size=90).filter(lambda days: any(map(any, days))))
def test_bars_and_lines_stay_within_the_drawing_and_keep_their_order(days: list[tuple[Decimal, ...]]) -> None:
    chart = chart_of(posted(*zip(*days, strict=True)))
    assert len(chart.bars) == len(days)
    assert 2 <= len(chart.lines) <= 6
    assert chart.lines[0].amount == 0
    assert chart.lines[-1].amount >= max(sum(day) for day in days)
    assert chart.highest.amount == max(sum(day) for day in days)
    for bar, amounts in zip(chart.bars, days, strict=True):
        assert len(bar.blocks) == sum(1 for amount in amounts if amount)
        tops = [Decimal(block.y) for block in bar.blocks]
        assert tops == sorted(tops, reverse=True)
        # Three that are too small to be seen may add three pixels.
        assert all(Decimal(BASE - HIGH - 30) / 10 <= top <= Decimal(BASE) / 10 for top in tops)
        assert Decimal(bar.x.rstrip("%")) + Decimal(bar.width.rstrip("%")) <= 100
    assert 1 <= sum(bar.named for bar in chart.bars) <= 6


def test_a_bar_is_as_high_as_its_share_of_the_scale() -> None:
    chart = chart_of(posted([Decimal(4000), Decimal(1000)], [Decimal(0), Decimal(3000)]))
    assert [line.amount for line in chart.lines] == [0, 1000, 2000, 3000, 4000]
    first, second = chart.bars
    assert [(block.place, block.y, block.height) for block in first.blocks] == [(1, "30.0", "155.0")]
    assert [(block.place, block.y) for block in second.blocks] == [(1, "147.0"), (2, "30.0")]


@pytest.mark.parametrize(
    ("amount", "en", "fr"),
    [
        ("0", "0", "0"), ("0.5", "0.5", "0,5"), ("250", "250", "250"), ("2500", "2.5k", "2,5\u00a0k"),
        ("12000", "12k", "12\u00a0k"), ("2E+6", "2M", "2\u00a0M"),
    ],
)  # fmt: skip
def test_the_scale_says_amounts_in_few_characters(amount: str, en: str, fr: str) -> None:
    assert (compact(Decimal(amount), "en"), compact(Decimal(amount), "fr")) == (en, fr)


def test_home_says_in_words_and_in_a_table_what_its_chart_draws(browser: TestClient, synced: Connection) -> None:
    empty = browser.get("/").text
    assert "No money moved in the last 30 days" in empty
    assert "/?company=&amp;currency=&amp;days=90#posted" in empty


def test_home_draws_the_money_of_all_companies_or_of_one_and_says_whose_it_is(
    workshop: Workshop, browser: TestClient, synced: Connection
) -> None:
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        other = Company(environment="sandbox", realm="2", name="Riverain", home_currency="CAD", created_at=now)
        session.add(other)
        session.flush()
        for id_, amount in ((synced.company_id, "10.00"), (other.id, "700.00"), (other.id, "7.00")):
            source = Connection(
                company_id=id_,
                connector="till",
                label=f"T{amount}",
                starts_on=now.date(),
                set_up_at=now,
                created_by="x",
            )
            entry = LedgerEntry(
                company_id=id_, kind="Account", object_id="B9", name="B", name_key="b", active=True, type="Bank",
                seen_at=now,
            )  # fmt: skip
            session.merge(entry)
            session.add(source)
            session.flush()
            session.add(
                LinkRow(
                    company_id=id_, connection_id=source.id, key="k", kind="Deposit", document_id=amount,
                    sync_token="0", revision=1, marker="M", payload_hash="h", day=now.date(),
                    amount=Decimal(amount), currency="CAD",
                    money_account="B9", linked_at=now,
                )
            )  # fmt: skip
        mine = session.get_one(Company, synced.company_id).name
    whole = browser.get("/").text
    assert whole.partition('id="posted"')[0].count("<option") == 3, "another company, or all, is a choice away"
    one = browser.get(f"/?company={synced.company_id}").text
    assert "T10.00" in one.partition('id="conns"')[2]
    assert "T700.00" not in one, "what is chosen is the company of the whole page"
    assert "T700.00" in whole
    shown = {
        page: browser.get(page).text.partition('id="posted"')[2] for page in ("/", f"/?company={synced.company_id}")
    }
    for (page, text), (name, amount) in zip(shown.items(), (("all companies", "717.00"), (mine, "10.00")), strict=True):
        heading, _, rest = text.partition("</h2>")
        assert heading.endswith(f", {name}</span>"), page
        assert f'<span class="cur">$</span>{amount}' in rest.partition("</dl>")[0], page
        assert (", Riverain" in rest) == (page == "/"), "of all, each source bears its company's name"
    assert "717.00" not in one, "of one company there is no sum with another"
    with workshop.database.begin() as session:
        for link in session.scalars(select(LinkRow).where(LinkRow.company_id == synced.company_id)):
            link.day = date(2020, 1, 1)
    still = browser.get(f"/?company={synced.company_id}").text
    assert "No money moved in the last 30 days" in still
    assert "707.00" not in still, "where nothing moved, nothing of another company stands in its place"
