"""Plaid on this machine: a page to sign in on, changes from a cursor on, nothing twice and nothing lost."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from provided import Held

import raccord_bankfeed
from raccord.plugin import Reauthorise, RetryLater, SignIn, Skipped, SourceRefused
from raccord.plugin.testing import FakeMapContext, Reading, map_records, read_stream
from raccord_bankfeed.providers import plaid as provider
from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Line
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, connector, statement_file
from raccord_bankfeed.twins.http import Answered, TwinServer
from raccord_bankfeed.twins.plaid import CLIENT_ID, SECRET, PlaidTwin, account, error, gone, line

DAY = date(2026, 6, 10)
INFO = raccord_bankfeed.describe()


@pytest.fixture
def plaid() -> PlaidTwin:
    return PlaidTwin(
        [account("ACC-1", "Chequing"), account("ACC-2", "Visa", "credit", "250.10", "1111"),
         account("ACC-3", "Mortgage", "loan")],
        changes=[("added", line(f"TX-{n:03}", date(2026, 4, 1) + timedelta(n), f"{n + 1}.50")) for n in range(60)],
    )  # fmt: skip


@pytest.fixture
def held(plaid: PlaidTwin, connected: Callable[..., Held]) -> Iterator[Held]:
    with TwinServer(plaid) as server:
        yield connected(
            input_kind="plaid", plaid_server=server.url, plaid_client_id=CLIENT_ID, plaid_secret=SECRET,
            plaid_history_days=365,
        )  # fmt: skip


def enter(plaid: PlaidTwin, held: Held, *answers: str) -> SignIn:
    """Sign in at the bank and choose accounts."""
    if held.sign_in().page:
        assert plaid.type_at_the_bank("4711")
        held.sign_in({"answered": "yes"})
    return held.sign_in(dict.fromkeys(answers or ("take:ACC-1",), "on"))


def syncs(plaid: PlaidTwin) -> list[dict[str, object]]:
    return [json.loads(each.body) for each in plaid.log if each.path == "/transactions/sync"]


def moved(reading: Reading) -> list[Decimal]:
    return [each.amount.amount for each in reading.records if each.amount]


@pytest.mark.requirement("BF-01", "BF-10", "BF-12", "BF-13", "K20")
def test_a_person_signs_in_at_plaid_wrong_then_right_and_one_of_the_accounts_is_read(
    plaid: PlaidTwin, held: Held, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    held.callback = "https://books.example.com/back"
    step = held.sign_in()
    assert step.page.startswith("https://")
    assert not step.done
    made = json.loads(next(each for each in plaid.log if each.path == "/link/token/create").body)
    assert made["transactions"] == {"days_requested": 365}
    assert made["country_codes"] == ["CA", "US"]
    assert made["hosted_link"] == {"completion_redirect_uri": "https://books.example.com/back?state=state-1"}
    assert not plaid.type_at_the_bank("0000")
    waiting = held.sign_in({"answered": "yes"})
    assert waiting.page == step.page, "the page stays where it is until the person is through"
    assert waiting.told is not None
    assert plaid.type_at_the_bank("4711")
    offered = held.sign_in({"back": "https://books.example.com/back?state=state-1"})
    assert [each.text.en for each in offered.asks] == [
        "Read “Banque Test Chequing …6789”",
        "Read “Banque Test Visa …1111”",
    ]
    assert [each.preset for each in offered.asks] == ["on", "on"]
    assert held.settings.plaid_link.get_secret_value() == ""
    plaid.changes.append(("added", line("CARD", DAY, "5.00", account_id="ACC-2")))
    assert held.sign_in({"take:ACC-1": "on"}).done
    reading = held.run()
    assert moved(reading) == [-Decimal(f"{n + 1}.50") for n in range(60)]
    assert {each.raw["account"] for each in reading.records} == {json.loads(held.settings.chosen)["key"]}
    drafts = map_records(connector, FakeMapContext(settings=held.settings, terms=INFO.terms), reading.records)
    assert len(drafts) == 60
    told = caplog.text + repr(held.settings) + (held.cursor or "") + "".join(f.path.read_text() for f in held.shelf)
    for secret in (SECRET, plaid.access, "link-token", "public-1"):
        assert secret not in told

    # An account that is chosen later brings its past, though the cursor has gone by it.
    assert held.sign_in({"take:ACC-1": "on", "take:ACC-2": "on"}).done
    assert [each.raw["native"] for each in held.run().records if each.source_id not in set(reading.ids())] == ["CARD"]
    held_as = {each.key: each.card for role in INFO.roles[:1] for each in role.known_accounts(held.settings)}
    assert sorted(held_as.values()) == [False, True], "Plaid says itself which of them is a card"


@pytest.mark.requirement("BF-20")
def test_pages_come_whole_whatever_changes_in_between_and_then_only_what_is_new(
    plaid: PlaidTwin, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "PAGE_SIZE", 25)
    enter(plaid, held)
    # While the pages are read, a line is taken back that the first of them told: nobody will say so again.
    plaid.mutations, plaid.late = 2, [("removed", gone("TX-003")), ("added", line("TX-900", DAY, "-7.00", "REFUND"))]
    first = held.run()
    assert [each.get("cursor", "") for each in syncs(plaid)].count("") == 3
    assert "TX-003" not in {each.raw["native"] for each in first.records}
    assert Decimal("7.00") in moved(first)
    assert len(first.ids()) == len(set(first.ids())) == 60
    files = len(list(held.shelf))
    assert held.run().records == []
    assert len(list(held.shelf)) == files, "an answer without a change is kept once a day"
    held.clock.advance(timedelta(1))
    plaid.changes.append(("added", line("TX-901", DAY, "1.00")))
    later = held.run()
    assert [each.raw["native"] for each in later.records] == ["TX-901"]
    plaid.mutations = 99
    plaid.changes += [("added", line(f"TX-A{n:02}", DAY, "2.00")) for n in range(30)]
    with pytest.raises(RetryLater, match="keep changing"):
        held.run()
    plaid.mutations = 0
    assert len(held.run().records) == 30


def test_pending_becomes_booked_and_what_is_changed_or_gone_is_the_same_line(plaid: PlaidTwin, held: Held) -> None:
    plaid.changes = [("added", line("PEND", DAY, "9.00", pending=True)), ("added", line("KEPT", DAY, "5.00"))]
    enter(plaid, held)
    first = held.run()
    assert moved(first) == [Decimal("-5.00")]
    assert [each.raw["native"] for each in first.records if each.raw["pending"]] == ["PEND"]
    plaid.changes += [
        ("removed", gone("PEND")), ("added", line("DONE", DAY, "9.40", pending_transaction_id="PEND")),
        ("modified", line("KEPT", date(2026, 6, 11), "5.25", "CAFE CENTRAL")),
    ]  # fmt: skip
    second = held.run()
    ids = {each.raw["native"]: each.source_id for each in (*first.records, *second.records)}
    assert sorted(moved(second)) == [Decimal("-9.40"), Decimal("-5.25")]
    assert {each.source_id for each in first.records} == {ids["PEND"], ids["KEPT"]}, "changed, they keep their ids"
    plaid.changes.append(("removed", gone("KEPT")))
    third = held.run().records
    assert [(each.source_id, each.amount) for each in third] == [(ids["KEPT"], None)]
    assert (third[0].day, third[0].raw["name"], third[0].raw["amount"]) == (date(2026, 6, 11), "CAFE CENTRAL", "-5.25")
    for record in (*third, *(each for each in second.records if each.raw["native"] == "PEND")):
        said = raccord_bankfeed.map_record(FakeMapContext(settings=held.settings, terms=INFO.terms), record)
        assert isinstance(said, Skipped), "core then shows a person what was posted for it"
        assert said.code == "bankfeed.line_gone"


@pytest.mark.requirement("BF-22", "BF-23", "BF-24")
def test_the_bank_wants_the_person_again_and_nothing_comes_twice(plaid: PlaidTwin, held: Held) -> None:
    enter(plaid, held)
    first, access, before = held.run(), plaid.access, held.settings.chosen
    plaid.trouble = "ITEM_LOGIN_REQUIRED"
    with pytest.raises(Reauthorise, match="sign in there again"):
        held.run()
    step = held.sign_in()
    assert step.page
    assert json.loads(plaid.log[-1].body)["access_token"] == access
    plaid.leave_the_page()
    left = held.sign_in({"answered": "yes"})
    assert left.page != step.page
    assert left.told is not None
    assert "the code was wrong" in left.told.en
    assert plaid.type_at_the_bank("4711")
    assert [each.key for each in held.sign_in({"answered": "yes"}).asks if each.preset] == ["take:ACC-1"]
    assert held.sign_in({"take:ACC-1": "on"}).done
    assert (plaid.access, held.settings.chosen) == (access, before)
    assert held.run().records == [], "the same access goes on from its cursor"

    # The access was ended at Plaid: a new one has new ids for accounts; the account stays what it was.
    plaid.access = ""
    with pytest.raises(Reauthorise, match="no longer exists"):
        held.run()
    plaid.accounts = [account("ACC-9", "Chequing")]
    plaid.changes = [(kind, {**row, "account_id": "ACC-9"}) for kind, row in plaid.changes]
    assert held.sign_in().page
    assert plaid.type_at_the_bank("4711")
    assert [each.key for each in held.sign_in({"answered": "yes"}).asks if each.preset] == ["take:ACC-9"]
    assert held.sign_in({"take:ACC-9": "on"}).done
    assert json.loads(held.settings.chosen)["key"] == json.loads(before)["key"]
    again = held.run()
    assert set(again.ids()) == set(first.ids())
    asked = held.sign_in()
    assert [each.key for each in asked.asks] == ["take:ACC-9", "renew"]
    assert held.sign_in({"renew": "on"}).page


@pytest.mark.requirement("BF-08", "BF-22")
def test_refusals_say_what_to_do_and_move_nothing(plaid: PlaidTwin, held: Held) -> None:
    with pytest.raises(Reauthorise, match="nobody has signed in"):
        held.run()
    held.change({"plaid_bank": "no such bank"})
    with pytest.raises(SourceRefused, match="reaches no bank"):
        held.sign_in()
    held.change({"plaid_bank": "royal"})
    told = held.sign_in().told
    assert told is not None
    assert "RBC Royal Bank, Royal Credit Union" in told.en
    plaid.links.clear()
    assert held.sign_in({"answered": "yes"}).page, "a page that is over is made anew"
    enter(plaid, held)
    plaid.ready = False
    with pytest.raises(RetryLater, match="still fetching"):
        held.run()
    plaid.ready = True
    for answered, kind, words in (
        (error("ITEM_ERROR", "PRODUCT_NOT_READY", "x"), RetryLater, "still fetching"),
        (error("INSTITUTION_ERROR", "INSTITUTION_DOWN", "x"), RetryLater, "does not answer"),
        (error("RATE_LIMIT_EXCEEDED", "TRANSACTIONS_SYNC_LIMIT", "x", 429), RetryLater, "asks to wait"),
        (error("INVALID_INPUT", "INVALID_API_KEYS", "x"), Reauthorise, "refuses the keys"),
        (error("INVALID_REQUEST", "UNKNOWN_FIELDS", "odd field"), SourceRefused, "odd field"),
        (Answered(b"<html>"), RetryLater, "damaged"),
        (Answered(b"[" * 100_000), RetryLater, "damaged"),
    ):
        plaid.answers = [answered]
        with pytest.raises(kind, match=words):
            held.run()
        assert held.cursor is None
    assert len(held.run().records) == 60
    held.cursor = str(held.cursor).replace("item-1/", "item-0/")
    plaid.changes.append(("added", line("TX-999", DAY, "1.00")))
    assert len(held.run().records) == 61, "a cursor that Plaid forgot: all is told anew"
    plaid.accounts.pop(0)
    assert held.run().codes() == ["bankfeed.provider_account_missing"]


def test_what_the_access_gave_is_kept_though_plaid_fails_right_after(plaid: PlaidTwin, held: Held) -> None:
    held.sign_in()
    plaid.type_at_the_bank("4711")
    plaid.failing = "/accounts/get"
    step = held.sign_in({"answered": "yes"})
    assert [each.key for each in step.asks] == ["list"]
    assert held.settings.plaid_access.get_secret_value() == plaid.access
    plaid.failing = ""
    assert held.sign_in({"list": "on"}).asks
    assert held.sign_in({"take:ACC-1": "on"}).done


@pytest.mark.requirement("BF-18", "K11")
def test_days_balances_and_the_end_of_a_consent_are_as_the_bank_tells(plaid: PlaidTwin, held: Held) -> None:
    assert INFO.history_days is not None
    assert INFO.credentials_end is not None
    assert INFO.history_days(held.settings) == 365
    assert INFO.credentials_end(held.settings) is None
    plaid.consent_ends = "2026-12-27T00:00:00Z"
    plaid.changes = [
        ("added", line("CASH", DAY, "12.5", account_id="ACC-2", transaction_code="interest", check_number="77")),
        ("added", line("COIN", DAY, "1", iso_currency_code=None, unofficial_currency_code="BTC")),
        ("added", line("ODD", DAY, "1.00") | {"date": "soon"}),
        ("added", line("", DAY, "1.00")),
    ]
    enter(plaid, held, "take:ACC-1", "take:ACC-2")
    assert INFO.credentials_end(held.settings) == date(2026, 12, 27)
    reading = held.run()
    assert sorted(reading.codes()) == ["bankfeed.date_impossible", "bankfeed.id_missing"]
    assert [(each.raw["name"], each.raw["type"], each.raw["currency"]) for each in reading.records] == [
        ("CAFE", "INT", "CAD"), ("CAFE", "", "BTC"),
    ]  # fmt: skip
    plaid.changes.append(("removed", {"transaction_id": "LOST"}))
    assert held.run().codes() == ["bankfeed.id_missing"]
    statements = read_stream(raccord_bankfeed, held.context(), "statements").records
    assert {str(each.raw["account_kind"]): each.raw["ledger_balance"] for each in statements} == {
        "bank": {"amount": "100.25", "day": "2026-06-30"}, "card": {"amount": "-250.10", "day": "2026-06-30"},
    }  # fmt: skip


def own_key(content: bytes) -> str:
    events = reader_for(BytesIO(content)).events(BytesIO(content))
    return next(each.account.key for each in events if isinstance(each, Line))


def test_lines_of_a_file_and_then_of_plaid_are_one_and_equal_coffees_stay_as_many(plaid: PlaidTwin, held: Held) -> None:
    coffees = [MadeLine(day=DAY, amount=Decimal("-4.20"), native=f"F{n:04}", name="CAFE") for n in range(3)]
    others = [
        MadeLine(day=DAY + timedelta(n), amount=Decimal(f"-{n + 50}"), native=f"G{n:04}", name="SHOP")
        for n in (-5, -1, 1, 5)
    ]
    content = statement_file(MadeAccount(), [*coffees, *others])
    plaid.changes = [("added", line(f"COFFEE-{n}", DAY, "4.20")) for n in range(3)]
    plaid.changes += [("added", line(f"SHOP-{n}", DAY + timedelta(n), f"{n + 50}.00", "SHOP")) for n in (-5, -1, 1, 5)]
    enter(plaid, held)
    held.shelf.receive("bank.qfx", BytesIO(content), origin="upload")
    held.change({"accounts": f"{own_key(content)} = Chequing\n{json.loads(held.settings.chosen)['key']} = Chequing"})
    reading = held.run()
    assert len(moved(reading)) == 7
    assert sum(1 for each in reading.records if "twin" in each.raw) == 7
    # A fourth coffee of that day, told later, is the twin of none of the three that have theirs.
    plaid.changes.append(("added", line("COFFEE-3", DAY, "4.20")))
    assert moved(held.run()) == [Decimal("-4.20")]
    # One that is taken back is nobody's other: the same coffee in a later file counts.
    plaid.changes.append(("removed", gone("COFFEE-3")))
    held.run()
    more = statement_file(MadeAccount(), [*coffees, *others, replace(coffees[0], native="F0009")])
    held.shelf.receive("more.qfx", BytesIO(more), origin="upload")
    assert len(moved(held.run())) == 8
