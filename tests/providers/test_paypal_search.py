"""PayPal's transaction search on this machine: currencies, fees, pages, windows and what is told late."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from provided import Held

import raccord_bankfeed
from raccord.plugin import Reauthorise, RetryLater, SourceRefused, TermTable
from raccord.plugin.testing import FakeMapContext, map_records, read_stream
from raccord_bankfeed.twins.bank import connector
from raccord_bankfeed.twins.http import Answered, TwinServer
from raccord_bankfeed.twins.paypal import PayPalTwin, record, sales

DAY = date(2026, 6, 10)


@pytest.fixture
def paypal() -> PayPalTwin:
    return PayPalTwin()


@pytest.fixture
def held(paypal: PayPalTwin, connected: Callable[..., Held]) -> Iterator[Held]:
    with TwinServer(paypal) as server:
        made = connected(
            input_kind="paypal", paypal_server=server.url, paypal_client_id="app", paypal_secret=paypal.secret
        )
        yield made


def searches(paypal: PayPalTwin) -> list[tuple[str, str]]:
    found = [each for each in paypal.log if each.path.endswith("/transactions") and each.one("page") == "1"]
    return [(each.one("start_date")[:10], each.one("end_date")[:10]) for each in found]


@pytest.mark.requirement("BF-01", "BF-13", "BF-20", "K20")
def test_fees_are_lines_of_their_own_and_the_balance_agrees(
    paypal: PayPalTwin, held: Held, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    paypal.rows, balance = sales(1_234, date(2026, 4, 1), 90)
    paypal.rows.append(record("USD1", DAY, "5.00", currency="USD"))
    offered = held.sign_in()
    assert [each.text.en for each in offered.asks] == ["Read “PayPal CAD”", "Read “PayPal USD”"]
    assert held.sign_in({"answered": "yes"}).told is not None
    assert held.sign_in({"take:CAD": "on"}).done
    reading = held.run()
    assert reading.codes() == []
    assert len(set(reading.ids())) == len(reading.ids()) == 2 * 1_234
    assert sum(each.amount.amount for each in reading.records if each.amount) == balance
    assert {each.amount.currency for each in reading.records if each.amount} == {"CAD"}
    drafts = map_records(connector, FakeMapContext(settings=held.settings, terms=connector_terms()), reading.records)
    assert len(drafts) == 2 * 1_234
    statements = read_stream(raccord_bankfeed, held.context(), "statements").records
    assert str(balance) in {str((each.raw["ledger_balance"] or {}).get("amount")) for each in statements}
    spans = [date.fromisoformat(last) - date.fromisoformat(first) for first, last in searches(paypal)]
    assert max(spans) <= timedelta(30)
    for (_, last), (first, _) in pairwise(searches(paypal)):
        assert date.fromisoformat(first) == date.fromisoformat(last) + timedelta(1)
    held.clock.advance(timedelta(1))
    assert set(held.run().ids()) <= set(reading.ids())
    assert searches(paypal)[-2:] == [("2026-05-30", "2026-06-29"), ("2026-06-30", "2026-07-01")]
    for secret in ("canary-secret", "token-of"):
        assert secret not in caplog.text + repr(held.settings) + (held.cursor or "")
        assert not any(secret in file.path.read_text() for file in held.shelf)


def connector_terms() -> TermTable:
    return raccord_bankfeed.describe().terms


def test_a_window_of_too_many_records_is_halved_until_it_fits(paypal: PayPalTwin, held: Held) -> None:
    paypal.rows, balance = sales(200, date(2026, 4, 1), 90)
    paypal.most = 20
    held.sign_in({"take:CAD": "on"})
    reading = held.run()
    assert len(set(reading.ids())) == 400
    assert sum(each.amount.amount for each in reading.records if each.amount) == balance
    paypal.most = 0
    held.clock.advance(timedelta(1))
    with pytest.raises(SourceRefused, match="too many lines"):
        held.run()


def test_what_moves_no_money_is_left_out_and_what_is_not_known_is_told(paypal: PayPalTwin, held: Held) -> None:
    paypal.rows = [
        record("OK1", DAY, "10.00", fee="-0.59"),
        record("REV", DAY, "7.00", status="V"),
        record("REV2", DAY, "-7.00", code="T1107", paypal_reference_id="REV"),
        record("HOLD", DAY, "-3.00", code="T1503"),
        record("FREE", DAY, "3.00", code="T1105", paypal_reference_id="HOLD"),
        record("KEPT", DAY, "-2.00", code="T2103"),
        record("GIVEN", DAY, "2.00", code="T2104", paypal_reference_id="KEPT"),
        record("NO", DAY, "9.00", status="D"),
        record("WAIT", DAY, "4.00", status="P"),
        record("ODD", DAY, "4.00", status="X"),
        record("BAD", DAY, "4,00"),
        record("FEE", DAY, "4.00", fee="free"),
        record("", DAY, "4.00"),
    ]
    held.sign_in({"take:CAD": "on"})
    reading = held.run()
    moved = [each.amount.amount for each in reading.records if each.amount]
    assert moved == [Decimal("10.00"), Decimal("-0.59"), Decimal("7.00"), Decimal("-7.00")]
    assert [each.raw["native"] for each in reading.records if each.raw["pending"]] == ["WAIT.T0006"]
    assert sorted(reading.codes()) == [
        "bankfeed.amount_unreadable", "bankfeed.amount_unreadable", "bankfeed.id_missing",
        "bankfeed.status_unknown",
    ]  # fmt: skip
    # A payment that waited is booked on the day on which it began, once, weeks later.
    paypal.rows[8] = record("WAIT", DAY, "4.00")
    held.clock.advance(timedelta(1))
    new = [each.raw["native"] for each in held.run().records if each.source_id not in set(reading.ids())]
    assert new == ["WAIT.T0006"]


@pytest.mark.requirement("BF-22")
def test_refusals_say_what_to_do_and_days_too_young_are_asked_again(paypal: PayPalTwin, held: Held) -> None:
    paypal.allowed = False
    with pytest.raises(Reauthorise, match="9 hours"):
        held.sign_in()
    paypal.allowed = True
    held.change({"paypal_secret": "wrong"})
    with pytest.raises(Reauthorise):
        held.sign_in()
    held.change({"paypal_secret": paypal.secret})
    with pytest.raises(Reauthorise, match="nobody has signed in"):
        held.run()
    held.sign_in({"take:CAD": "on"})
    for answered, kind in (
        (Answered(b"<html>", 200), RetryLater),
        (Answered(b"", 503), RetryLater),
        (Answered(b'{"name": "INVALID_REQUEST", "message": "No"}', 400), SourceRefused),
    ):
        paypal.trouble = [answered] * 3
        with pytest.raises(kind):
            held.run()
        assert held.cursor is None
    paypal.trouble = []
    held.starts_on = date(2026, 6, 30)
    paypal.refreshed = date(2026, 6, 29)
    paypal.rows = [record("TODAY", date(2026, 6, 30), "1.00")]
    assert held.run().records == []
    paypal.refreshed = date(2026, 6, 30)
    assert len(held.run().records) == 1
