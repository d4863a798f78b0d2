"""OFX Direct Connect against a bank's server on this machine: second factors, accounts, statements like files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from provided import Held

from raccord.plugin import Reauthorise, RetryLater, SourceRefused
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, statement_file
from raccord_bankfeed.twins.http import TwinServer
from raccord_bankfeed.twins.ofx import OfxTwin, three_accounts

LINES = [
    MadeLine(day=date(2026, 4, 1) + timedelta(7 * n), amount=Decimal(f"-{n + 1}.50"), native=f"FIT{n:05}", name="CAFE")
    for n in range(13)
]
FACTOR = {"MFA1": ("City where you were born", "Laval"), "MFA13": ("", "42")}


@pytest.fixture
def bank() -> OfxTwin:
    return OfxTwin(three_accounts(LINES))


@pytest.fixture
def held(bank: OfxTwin, connected: Callable[..., Held]) -> Iterator[Held]:
    with TwinServer(bank) as server:
        yield connected(
            input_kind="ofx", ofx_url=f"{server.url}/ofx", ofx_org="Banque & Fils", ofx_fid="815",
            ofx_user=bank.user, ofx_password=bank.password,
        )  # fmt: skip


def picks(held: Held) -> dict[str, str]:
    """Return the first account that is offered, chosen."""
    return {next(iter(held.sign_in().asks)).key: "on"}


@pytest.mark.requirement("BF-10", "BF-12", "BF-13", "BF-23", "BF-24", "K20")
@pytest.mark.parametrize(("gives_key", "version"), [(True, "103"), (False, "211")])
def test_a_second_factor_is_answered_wrong_then_right_and_one_of_three_accounts_is_read(
    bank: OfxTwin, held: Held, gives_key: bool, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bank.factor, bank.gives_key = FACTOR, gives_key
    held.change({"ofx_version": version})
    asked = held.sign_in()
    assert [(each.key, each.kind) for each in asked.asks] == [("mfa:MFA1", "secret"), ("mfa:MFA13", "secret")]
    assert [each.text.fr for each in asked.asks] == ["City where you were born", "Question MFA13 de la banque"]
    again = held.sign_in({"answered": "yes", "mfa:MFA1": "Paris", "mfa:MFA13": "41"})
    assert again.told is not None
    assert "does not accept" in again.told.en
    assert len(again.asks) == 2
    empty = held.sign_in({"answered": "yes", "mfa:MFA1": "", "mfa:MFA13": ""})
    assert len(empty.asks) == 2
    offered = held.sign_in({"answered": "yes", "mfa:MFA1": "Laval", "mfa:MFA13": "42"})
    names = [each.text.en for each in offered.asks if each.key.startswith("take:")]
    assert names == ["Read “Chequing …6789”", "Read “Savings …3210”", "Read “Visa …1111”"]
    assert len(offered.asks) == 3, "what each account is, is asked with its account in the books"
    told = held.sign_in({"answered": "yes"}).told
    assert told is not None
    assert told.en == "Choose at least one account."
    assert held.sign_in({offered.asks[0].key: "on"}).done
    reading = held.run()
    assert len(reading.records) == 13
    assert reading.codes() == []
    assert "<ACCTID>9876543210" not in bank.log[-1]

    # Another password, changed in place: the same account, nothing new.
    bank.password = "another"
    with pytest.raises(Reauthorise, match="15500"):
        held.run()
    held.change({"ofx_password": "another"})
    held.clock.advance(timedelta(1))
    assert set(held.run().ids()) <= set(reading.ids())
    seen = caplog.text + repr(held.settings) + (held.cursor or "") + str(held.settings.model_dump(mode="json"))
    for secret in ("s&cret", "Laval", "another", "4111111111111111", "key-for-later"):
        assert secret not in seen


def test_a_code_that_works_once_is_asked_for_where_the_program_is_not_known(bank: OfxTwin, held: Held) -> None:
    bank.token = "778899"
    assert [each.key for each in held.sign_in().asks] == ["authtoken"]
    again = held.sign_in({"authtoken": "1"})
    assert [each.key for each in again.asks] == ["authtoken"]
    assert again.told is not None
    assert "does not accept" in again.told.en
    assert len(held.sign_in({"authtoken": "778899"}).asks) == 3
    assert len({line for text in bank.log for line in text.splitlines() if line.startswith("<CLIENTUID>")}) == 1


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (15500, Reauthorise, "user name or the password"),
        (15502, Reauthorise, "locked"),
        (15510, Reauthorise, "Approve it"),
        (2000, RetryLater, "busy"),
        (13504, SourceRefused, "import a file"),
    ],
)
@pytest.mark.requirement("BF-22")
def test_what_the_server_says_tells_what_to_do(
    bank: OfxTwin, held: Held, status: int, kind: type[Exception], words: str
) -> None:
    chosen = picks(held)
    held.sign_in(chosen)
    bank.status = status
    with pytest.raises(kind, match=words) as raised:
        held.run()
    assert str(status) in str(raised.value)
    assert held.cursor is None
    bank.status = 0
    assert len(held.run().records) == 13


def test_a_second_factor_wanted_in_a_run_waits_for_a_person(bank: OfxTwin, held: Held) -> None:
    held.sign_in(picks(held))
    bank.factor = FACTOR
    with pytest.raises(Reauthorise, match="second factor again"):
        held.run()
    for body in (b"<html>maintenance</html>", b"<OFX><SIGNONMSGSRSV1></SIGNONMSGSRSV1></OFX>"):
        bank.body = body
        with pytest.raises(SourceRefused, match="no OFX"):
            held.run()


def test_windows_are_resumed_and_a_file_downloaded_by_hand_before_is_the_same_lines(bank: OfxTwin, held: Held) -> None:
    held.starts_on = date(2026, 1, 1)
    held.change({"ofx_history_days": 180})
    held.sign_in(picks(held))
    by_hand = statement_file(MadeAccount(), LINES[:6])
    held.shelf.put("download.qfx", by_hand)
    reading = held.run()
    assert len(set(reading.ids())) == 13, "one road, the same ids: a line of a file and of the server is one"
    windows = [text.partition("<DTSTART>")[2][:8] for text in bank.log if "<INCTRAN>" in text]
    assert windows == ["20260101", "20260401", "20260630"]
    held.clock.advance(timedelta(3))
    bank.accounts[0][2].append(MadeLine(day=date(2026, 6, 24), amount=Decimal("-3.00"), native="LATE0001"))
    assert len(set(held.run().ids()) - set(reading.ids())) == 1


def test_credentials_are_written_so_that_nothing_in_them_is_markup(bank: OfxTwin, held: Held) -> None:
    bank.password = "x</USERPASS><USERID>boss\r\n&é"
    held.change({"ofx_password": bank.password})
    with pytest.raises(Reauthorise):
        held.sign_in()
    assert "<USERID>boss" not in bank.log[-1]
    assert "<ORG>Banque &amp; Fils" in bank.log[-1]
    assert "&lt;/USERPASS&gt;" in bank.log[-1]
