"""Enable Banking on this machine: consent at the bank, pages and windows, four looks a day, the end of a consent."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from joserfc.jwk import RSAKey
from provided import NOON, Held

import raccord_bankfeed
from raccord.plugin import AskKind, Reauthorise, RetryLater, SignIn, SourceRefused
from raccord.plugin.testing import FakeMapContext, Reading, map_records, read_stream
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, connector
from raccord_bankfeed.twins.camt import camt_chunks
from raccord_bankfeed.twins.enable_banking import APPLICATION, RETURN, EnableBankingTwin, error, line
from raccord_bankfeed.twins.http import Answered, TwinServer

DAY = date(2026, 6, 10)
INFO = raccord_bankfeed.describe()


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048)


@pytest.fixture
def bank(key: RSAKey) -> EnableBankingTwin:
    rows = [line(f"REF-{n:04}", date(2026, 4, 3) + timedelta(n), f"-{n + 1}.50") for n in range(80)]
    return EnableBankingTwin(key, NOON, [rows, []])


@pytest.fixture
def held(bank: EnableBankingTwin, key: RSAKey, connected: Callable[..., Held]) -> Iterator[Held]:
    pasted = key.as_pem(private=True).decode().replace("\n", "")
    with TwinServer(bank) as server:
        yield connected(
            input_kind="enable_banking", enable_server=server.url, enable_application=APPLICATION, enable_key=pasted,
            enable_return=RETURN, enable_bank="BNP Paribas",
        )  # fmt: skip


def enter(bank: EnableBankingTwin, held: Held, *places: int) -> SignIn:
    """Consent at the bank and choose accounts by their places."""
    assert held.sign_in().page
    held.sign_in({"back": bank.consent_at_the_bank("4711")})
    return held.sign_in({f"take:hash-{place}/CAD": "on" for place in places or (0,)})


def looks(bank: EnableBankingTwin) -> list[tuple[str, str]]:
    found = [each for each in bank.log if each.path.endswith("/transactions") and not each.one("continuation_key")]
    return [(each.one("date_from"), each.one("date_to")) for each in found]


def moved(reading: Reading) -> list[Decimal]:
    return [each.amount.amount for each in reading.records if each.amount]


def tomorrow(bank: EnableBankingTwin, held: Held, days: int = 1) -> None:
    held.clock.advance(timedelta(days))
    bank.now += timedelta(days)


@pytest.mark.requirement("BF-01", "BF-08", "BF-10", "BF-12", "BF-13", "K20")
def test_a_bank_is_found_consent_is_refused_then_given_and_one_account_is_read(
    bank: EnableBankingTwin, held: Held, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    held.change({"enable_bank": "crédit agr"})
    offered = held.sign_in()
    assert [each.text.fr for each in offered.asks] == ["Crédit Agricole Nord", "Crédit Agricole Paris"]
    page = held.sign_in({"bank:Crédit Agricole Paris": "on"})
    assert page.page.startswith("https://")
    assert [(each.key, each.kind) for each in page.asks] == [("back", AskKind.SECRET)]
    refused = held.sign_in({"back": bank.consent_at_the_bank("0000")})
    assert refused.told is not None
    assert "Wrong code" in refused.told.en
    assert refused.page, "a wrong second factor can be given again, on a new page"
    right = bank.consent_at_the_bank("4711")
    foreign = held.sign_in({"back": right.replace("state=", "state=x")})
    assert foreign.told is not None
    assert "not that of the end" in foreign.told.en
    right = bank.consent_at_the_bank("4711")
    accounts = held.sign_in({"back": right})
    assert [each.text.en for each in accounts.asks] == [
        "Read “Crédit Agricole Paris Compte courant …0189”",
        "Read “Crédit Agricole Paris Carte Pro”",
    ]
    assert [each.preset for each in accounts.asks] == ["on", "on"]
    assert not held.sign_in({"answered": "yes"}).done, "nothing chosen is asked again"
    assert held.sign_in({"take:hash-0/CAD": "on"}).done
    reading = held.run()
    assert moved(reading) == [-Decimal(f"{n + 1}.50") for n in range(80)]
    assert [each.path for each in bank.log if "/accounts/uid-1-1" in each.path] == [], "what was not chosen stays there"
    drafts = map_records(connector, FakeMapContext(settings=held.settings, terms=INFO.terms), reading.records)
    assert len(drafts) == 80
    statements = read_stream(raccord_bankfeed, held.context(), "statements").records
    assert [each.raw["ledger_balance"] for each in statements] == [{"amount": "1250.75", "day": "2026-06-29"}]
    told = caplog.text + repr(held.settings) + (held.cursor or "") + "".join(f.path.read_text() for f in held.shelf)
    for secret in ("PRIVATE KEY", held.settings.enable_key.get_secret_value()[40:80], "session-1", "Bearer", "code-"):
        assert secret not in told


@pytest.mark.requirement("BF-20")
def test_runs_ask_four_times_a_day_from_ten_days_back_and_bring_each_line_once(
    bank: EnableBankingTwin, held: Held
) -> None:
    enter(bank, held)
    first = held.run()
    assert looks(bank) == [("2026-04-02", "2026-06-30")]
    assert len(first.ids()) == len(set(first.ids())) == 80
    bank.lines[0].append(line("LATE", date(2026, 6, 25), "3.00", "REMISE"))
    bank.lines[0].append(line(None, date(2026, 6, 30), "-9.99", status="PDNG", booking_date=None))
    second = held.run()
    assert {each.raw["native"] for each in second.records if each.source_id not in set(first.ids())} == {"LATE", ""}
    assert [each.amount for each in second.records if each.raw["pending"]] == [None]
    for _ in range(4):
        held.run()
    assert len(looks(bank)) == 4
    tomorrow(bank, held)
    bank.lines[0][-1] = line("BOOKED", date(2026, 7, 1), "-9.99")
    known = {*first.ids(), *second.ids()}
    assert [each.raw["native"] for each in held.run().records if each.source_id not in known] == ["BOOKED"]
    assert looks(bank)[-1] == ("2026-06-20", "2026-07-01")


@pytest.mark.requirement("BF-18", "BF-22", "BF-23", "BF-24", "K11")
def test_a_consent_ends_and_another_keeps_the_account_its_lines_and_its_history(
    bank: EnableBankingTwin, held: Held
) -> None:
    assert INFO.credentials_end is not None
    assert INFO.history_days is not None
    enter(bank, held)
    first, before = held.run(), held.settings.chosen
    assert INFO.credentials_end(held.settings) == date(2026, 9, 28), "as long as the bank allows, 90 days"
    assert INFO.history_days(held.settings) == 89
    asked = held.sign_in()
    assert asked.told is not None
    assert "holds until 2026-09-28" in asked.told.en
    assert [each.key for each in asked.asks if each.preset] == ["take:hash-0/CAD"]
    assert held.sign_in({"renew": "on"}).page
    tomorrow(bank, held, 90)
    with pytest.raises(Reauthorise, match="has ended or was taken back"):
        held.run()
    enter(bank, held)
    assert held.settings.chosen == before
    assert INFO.credentials_end(held.settings) == date(2026, 12, 27)
    bank.history_days = 200
    assert set(held.run().ids()) <= set(first.ids())
    assert bank.log[-1].path.startswith("/accounts/uid-2-0/")
    bank.status = "REVOKED"
    assert held.sign_in().page, "a consent that was taken back leads to the bank's page"


def test_equal_lines_without_an_id_stay_as_many_over_pages_and_beside_a_file(
    bank: EnableBankingTwin, held: Held
) -> None:
    shops = [(n, f"-{60 + n}.00") for n in (-8, -3, 2, 9)]
    bank.lines[0] = [line(None, DAY, "-4.20") for _ in range(3)]
    bank.lines[0] += [line(f"S{n}", DAY + timedelta(n), amount, "SHOP") for n, amount in shops]
    bank.page_size = 2
    made = [MadeLine(day=DAY, amount=Decimal("-4.20"), name="CAFE", native=f"C{n}") for n in range(3)]
    made += [
        MadeLine(day=DAY + timedelta(n), amount=Decimal(amount), name="SHOP", native=f"F{n}") for n, amount in shops
    ]
    account = MadeAccount(number="FR7630006000011234567890189", currency="CAD")
    held.shelf.receive("releve.xml", BytesIO(b"".join(camt_chunks(account, made))), origin="upload")
    enter(bank, held)
    reading = held.run()
    assert len(moved(reading)) == 7, "known by its number, the account of the file is the bank's"
    assert sum(1 for each in reading.records if "twin" in each.raw) == 7
    bank.lines[0].append(line(None, DAY, "-4.20"))
    tomorrow(bank, held)
    held.starts_on = date(2026, 4, 2)
    held.cursor = None
    assert sorted(moved(held.run())).count(Decimal("-4.20")) == 4


def test_refusals_say_what_to_do_and_move_nothing(
    bank: EnableBankingTwin, held: Held, key: RSAKey, connected: Callable[..., Held]
) -> None:
    with pytest.raises(Reauthorise, match="nobody has signed in"):
        held.run()
    for wrong, kind, words in (
        ({"enable_key": "no key"}, Reauthorise, "BEGIN PRIVATE KEY"),
        ({"enable_application": "another"}, Reauthorise, "not the application's"),
        ({"enable_bank": "no such bank"}, SourceRefused, "reaches no bank"),
        ({"enable_country": "DE"}, SourceRefused, "reaches no bank"),
        ({"enable_return": "https://elsewhere.example.com/"}, SourceRefused, "return address"),
    ):
        was = {name: getattr(held.settings, name) for name in wrong}
        held.change(wrong)
        with pytest.raises(kind, match=words):
            held.sign_in()
        held.change(was)
    held.sign_in()
    used = bank.consent_at_the_bank("4711")
    bank.codes.clear()
    again = held.sign_in({"back": used})
    assert again.told is not None
    assert "no longer holds" in again.told.en
    enter(bank, held)
    for answered, raised, words in (
        (error(422, "WRONG_TRANSACTIONS_PERIOD"), SourceRefused, "Lower “Days back”"),
        (error(400, "ASPSP_ERROR"), RetryLater, "does not answer"),
        (error(403, "ACCESS_DENIED"), Reauthorise, "ACCESS_DENIED it is"),
        (error(422, "ASPSP_PSU_ACTION_REQUIRED"), Reauthorise, "Sign in at the source again"),
        (error(422, "ODD"), SourceRefused, "ODD it is"),
        (Answered(b"<html>"), RetryLater, "damaged"),
        (Answered(b'{"transactions": [], "continuation_key": "same"}'), RetryLater, "damaged"),
    ):
        bank.troubles = {"/transactions": answered}
        with pytest.raises(raised, match=words):
            held.run()
        assert held.cursor is None
    bank.troubles = {"/transactions": error(429, "ASPSP_RATE_LIMIT_EXCEEDED")}
    with pytest.raises(RetryLater) as waits:
        held.run()
    assert waits.value.after == timedelta(hours=1)
    bank.troubles = {"/transactions": error(404, "ACCOUNT_DOES_NOT_EXIST")}
    assert held.run().codes() == ["bankfeed.provider_account_missing"]


def test_what_is_odd_is_told_and_what_never_moved_is_left_out(bank: EnableBankingTwin, held: Held) -> None:
    bank.lines[0] = [
        line("GOOD", DAY, "-1.00", creditor=None),
        line("SAME", DAY, "-2.00"), line("SAME", DAY, "-3.00"), line("SAME", DAY, "-3.00"),
        line("PLAN", DAY, "-4.00", status="SCHD"), line("ODD1", DAY, "-4.00", status="NEW"),
        line("ODD2", DAY, "-4.00", credit_debit_indicator=""), line("ODD3", DAY, "--4.00"),
        line("ODD4", DAY, "-4.00") | {"transaction_amount": {"amount": "four"}},
    ]  # fmt: skip
    enter(bank, held)
    reading = held.run()
    assert moved(reading) == [Decimal(each) for each in ("-1.00", "-2.00", "-3.00", "-3.00")]
    assert len(set(reading.ids())) == 4, "a reference that the bank repeats tells no lines apart"
    assert reading.records[0].raw["name"] == "PAIEMENT CAFE"
    assert sorted(reading.codes()) == [
        "bankfeed.amount_unreadable", "bankfeed.direction_unknown", "bankfeed.direction_unknown",
        "bankfeed.status_unknown",
    ]  # fmt: skip
    assert json.loads(held.settings.chosen)["key"].startswith("enable-0189-")


def test_the_session_is_ended_with_the_connection_and_one_that_is_over_is_done(
    bank: EnableBankingTwin, held: Held
) -> None:
    assert raccord_bankfeed.close_source(held.context()) is True, "nobody signed in, nothing is asked"
    assert bank.log == []
    enter(bank, held)
    assert bank.status == "AUTHORIZED"
    for _ in range(2):
        assert raccord_bankfeed.close_source(held.context()) is True
        assert bank.status == "CLOSED"
    another = RSAKey.generate_key(2048).as_pem(private=True).decode()
    held.change({"enable_key": another})
    with pytest.raises(Reauthorise):
        raccord_bankfeed.close_source(held.context())
    held.change({"input_kind": "simplefin"})
    assert raccord_bankfeed.close_source(held.context()) is None
