"""The client against the local QuickBooks Online, from consent to books."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from raccord.quickbooks import (
    LOCAL,
    PUBLISHED,
    AppCredentials,
    BatchItem,
    BatchQuery,
    Cause,
    Governor,
    Lane,
    OAuthClient,
    Operation,
    QuickBooks,
    ReauthoriseError,
    RefusedError,
    RetryClass,
    Secret,
    TokenKeeper,
    Uncertain,
    local,
    new_state,
    quoted,
)
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import Limits as SandboxLimits
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.serving.server import SandboxServer

CALLBACK = "http://localhost/callback"


class SharedClock:
    """The sandbox's hour, which stands still; waiting moves it on."""

    def __init__(self, sandbox: SandboxServer) -> None:
        self._sandbox = sandbox
        self._lock = threading.Lock()
        self.waited_ms = 0

    def now(self) -> datetime:
        return self._sandbox.config.clock.now()

    def elapsed_ms(self) -> int:
        return int(self.now().timestamp() * 1000)

    def sleep_ms(self, span_ms: int) -> None:
        with self._lock:
            self.waited_ms += span_ms
            self._sandbox.config.clock.advance(timedelta(milliseconds=span_ms))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    clock = SandboxClock(datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
    with SandboxServer(SandboxConfig(clock=clock, seeds=("us", "quebec"))) as running:
        yield running


@pytest.fixture(autouse=True)
def _disarmed(sandbox: SandboxServer) -> Iterator[None]:
    yield
    sandbox.lab.clear()
    sandbox.store.throttle.limits = SandboxLimits()


@pytest.fixture
def shared(sandbox: SandboxServer) -> SharedClock:
    return SharedClock(sandbox)


@pytest.fixture
def host(sandbox: SandboxServer, shared: SharedClock) -> Iterator[OAuthClient]:
    credentials = AppCredentials(sandbox.config.client_id, Secret(sandbox.config.client_secret), CALLBACK)
    client = OAuthClient(local(sandbox.url), credentials, clock=shared)
    yield client
    client.close()


def _consent(sandbox: SandboxServer, host: OAuthClient, realm: str) -> tuple[str, str]:
    """Walk through the consent page as a browser does; returns the callback address and the state."""
    state = new_state()
    address = f"{host.authorization_url(state)}&auto=1&realm={realm}"
    return str(httpx.get(address, follow_redirects=False).headers["location"]), state


@pytest.fixture
def connected(sandbox: SandboxServer, host: OAuthClient, shared: SharedClock, kit: Any) -> TokenKeeper:
    realm = sandbox.store.of_template("us").realm
    callback, state = _consent(sandbox, host, realm)
    keeper = TokenKeeper(realm, kit.store(None), host, shared)
    keeper.adopt(host.exchange(callback, state))
    return keeper


@pytest.fixture
def us(sandbox: SandboxServer, connected: TokenKeeper, shared: SharedClock) -> Iterator[QuickBooks]:
    governor = Governor(LOCAL, clock=shared)
    with QuickBooks(local(sandbox.url), connected.realm, connected, governor, clock=shared) as client:
        yield client


def _customer(name: str) -> str:
    return json.dumps({"DisplayName": name}, ensure_ascii=False)


def _receipt(us: QuickBooks, number: str, *amounts: str) -> str:
    """A sales receipt's text; amounts are numbers made from text."""
    (item,) = us.query("SELECT * FROM Item WHERE Type = 'Service' MAXRESULTS 1")
    lines = ",".join(
        f'{{"Amount":{amount},"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{{"ItemRef":{{"value":"{item["Id"]}"}}}}}}'
        for amount in amounts
    )
    return f'{{"DocNumber":"{number}","Line":[{lines}]}}'


def test_from_consent_to_the_first_answer(sandbox: SandboxServer, us: QuickBooks) -> None:
    answer = us.company_info()
    assert answer.value["Country"] == "US"
    assert answer.tid
    assert us.preferences().value["CurrencyPrefs"]["HomeCurrency"]["value"] == "USD"


def test_a_name_with_an_apostrophe_is_made_found_changed_and_counted(us: QuickBooks) -> None:
    name = "Chez L'Écluse \\ Fils"
    made = us.create("Customer", _customer(name), "apostrophe-1").value
    (found,) = us.query_all("Customer", f"DisplayName = {quoted(name)}")
    assert found["Id"] == made["Id"]
    body = json.dumps({"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True, "Notes": "n"})
    changed = us.update("Customer", body, "apostrophe-2").value
    assert (changed["Notes"], changed["DisplayName"]) == ("n", name)
    assert us.read("Customer", made["Id"]).value["SyncToken"] == changed["SyncToken"]
    assert us.count("Customer", f"DisplayName = {quoted(name)}") == 1
    with pytest.raises(RefusedError) as caught:
        us.update("Customer", body, "apostrophe-3")
    assert (caught.value.cause, caught.value.retry) == (Cause.STALE, RetryClass.REREAD)


def test_cents_stay_cents_from_text_to_books(us: QuickBooks) -> None:
    answer = us.create("SalesReceipt", _receipt(us, "cents", "0.10", "0.20"), "cents-1")
    assert answer.value["TotalAmt"] == Decimal("0.30")
    assert str(us.read("SalesReceipt", answer.value["Id"]).value["TotalAmt"]) in ("0.3", "0.30")


def test_refusals_have_their_causes(us: QuickBooks) -> None:
    us.create("Customer", _customer("Twice"), "twice-1")
    causes: list[Cause] = []
    for kind, body in (
        ("Customer", _customer("twice")),
        ("Customer", "{}"),
        ("Customer", '{"DisplayName": '),
        ("SalesReceipt", _receipt(us, "n" * 22, "1.00")),
        ("SalesReceipt", '{"CustomerRef":{"value":"99999"},' + _receipt(us, "x", "1.00")[1:]),
    ):
        with pytest.raises(RefusedError) as caught:
            us.create(kind, body, f"refused-{len(causes)}")
        causes.append(caught.value.cause)
    assert causes == [
        Cause.DUPLICATE_NAME,
        Cause.REQUIRED_MISSING,
        Cause.MALFORMED,
        Cause.TOO_LONG,
        Cause.INACTIVE_REFERENCE,
    ]


def test_a_deleted_document_is_gone(us: QuickBooks) -> None:
    made = us.create("SalesReceipt", _receipt(us, "gone", "5.00"), "gone-1").value
    assert us.delete("SalesReceipt", made["Id"], made["SyncToken"], "gone-2").value["status"] == "Deleted"
    with pytest.raises(RefusedError) as caught:
        us.read("SalesReceipt", made["Id"])
    assert caught.value.cause is Cause.GONE


@pytest.mark.parametrize(
    "fault",
    [
        ArmedFault(Effect.LOSE_ANSWER, method="POST", path="customer"),
        ArmedFault(Effect.ERROR_AFTER, method="POST", path="customer", status=502, body="html"),
        ArmedFault(Effect.ERROR_AFTER, method="POST", path="customer", status=500),
        ArmedFault(Effect.CUT_BEFORE, method="POST", path="customer"),
    ],
    ids=lambda fault: f"{fault.effect}-{fault.body}",
)
def test_after_a_lost_answer_the_books_are_read_back_and_hold_at_most_one(
    sandbox: SandboxServer, us: QuickBooks, fault: ArmedFault
) -> None:
    name = f"Lost {fault.effect} {fault.status} {fault.body}"
    where = f"DisplayName = {quoted(name)}"
    sandbox.lab.arm(fault)
    with pytest.raises(Uncertain) as caught:
        us.create("Customer", _customer(name), "lost-" + name.replace(" ", ""))
    executed = 0 if fault.effect is Effect.CUT_BEFORE else 1
    assert us.count("Customer", where) == executed
    again = us.create("Customer", _customer(name), caught.value.attempt.request_id)
    assert (again.value["DisplayName"], us.count("Customer", where)) == (name, 1)


@pytest.mark.parametrize("body", ["json", "xml", "html", "empty"])
def test_a_throttled_write_waits_and_is_made_once(
    sandbox: SandboxServer, us: QuickBooks, shared: SharedClock, body: str
) -> None:
    sandbox.lab.arm(ArmedFault(Effect.THROTTLE, path="customer", body=body))
    us.create("Customer", _customer(f"Throttled {body}"), f"throttled-{body}")
    assert shared.waited_ms == 60_000
    assert us.count("Customer", f"DisplayName = 'Throttled {body}'") == 1


def test_two_threads_with_an_expired_token_make_one_refresh(
    sandbox: SandboxServer, us: QuickBooks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "raccord.quickbooks")
    sandbox.config.clock.advance(timedelta(hours=2))
    countries: list[str] = []
    threads = [threading.Thread(target=lambda: countries.append(us.company_info().value["Country"])) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert countries == ["US", "US"]
    assert caplog.text.count("oauth POST /oauth2/v1/tokens/bearer 200") == 1


def test_a_token_that_the_gateway_alone_thinks_expired_is_renewed_once(
    sandbox: SandboxServer, us: QuickBooks, connected: TokenKeeper
) -> None:
    before = connected.access()
    sandbox.lab.arm(ArmedFault(Effect.ERROR_BEFORE, path="companyinfo", status=401))
    assert us.company_info().value["Country"] == "US"
    assert connected.access() != before


def test_a_lost_answer_to_a_rotating_refresh_is_healed_within_its_grace(
    sandbox: SandboxServer, us: QuickBooks, kit: Any
) -> None:
    sandbox.config.clock.advance(timedelta(hours=25))
    sandbox.lab.arm(ArmedFault(Effect.LOSE_ANSWER, path="tokens/bearer"))
    assert us.company_info().value["Country"] == "US"
    sandbox.config.clock.advance(timedelta(hours=25))
    assert us.company_info().value["Country"] == "US"


def test_a_company_disconnected_in_quickbooks_asks_for_a_person_and_a_reconnection_heals_it(
    sandbox: SandboxServer, us: QuickBooks, connected: TokenKeeper, host: OAuthClient
) -> None:
    sandbox.store.grants.disconnect(us.realm)
    for _ in range(2):
        with pytest.raises(ReauthoriseError):
            us.company_info()
    callback, state = _consent(sandbox, host, us.realm)
    connected.adopt(host.exchange(callback, state, expected_realm=us.realm))
    assert us.company_info().value["Country"] == "US"


def test_revoking_ends_access_and_may_be_repeated(sandbox: SandboxServer, us: QuickBooks, host: OAuthClient) -> None:
    callback, state = _consent(sandbox, host, us.realm)
    tokens = host.exchange(callback, state)
    host.revoke(tokens)
    host.revoke(tokens)
    with pytest.raises(ReauthoriseError):
        host.refresh(tokens)


def test_the_code_of_a_consent_works_once(sandbox: SandboxServer, us: QuickBooks, host: OAuthClient) -> None:
    callback, state = _consent(sandbox, host, us.realm)
    host.exchange(callback, state)
    with pytest.raises(ReauthoriseError):
        host.exchange(callback, state)


def test_a_token_does_not_open_the_books_of_another_company(
    sandbox: SandboxServer, host: OAuthClient, shared: SharedClock, kit: Any
) -> None:
    callback, state = _consent(sandbox, host, sandbox.store.of_template("us").realm)
    quebec = sandbox.store.of_template("quebec").realm
    borrowed = replace(host.exchange(callback, state), realm=quebec)
    keeper = TokenKeeper(quebec, kit.store(borrowed), host, shared)
    other = QuickBooks(local(sandbox.url), quebec, keeper, Governor(LOCAL, clock=shared), clock=shared)
    with other, pytest.raises(RefusedError) as caught:
        other.company_info()
    assert (caught.value.cause, caught.value.retry) == (Cause.ACCESS_DENIED, RetryClass.REAUTHORISE)


def test_an_ended_subscription_says_so(sandbox: SandboxServer, us: QuickBooks) -> None:
    settings = sandbox.store.of_template("us").settings
    settings["expired"] = True
    try:
        with pytest.raises(RefusedError) as caught:
            us.create("Customer", _customer("Too late"), "late-1")
    finally:
        settings["expired"] = False
    assert caught.value.cause is Cause.SUBSCRIPTION


def test_a_batch_holds_good_and_bad_side_by_side(us: QuickBooks) -> None:
    good = BatchItem("g", Operation.CREATE, "Customer", _customer("In a batch"))
    bad = BatchItem("b", Operation.CREATE, "Customer", "{}")
    lists = BatchQuery("q", "SELECT * FROM Account WHERE AccountType = 'Bank'")
    made, refused, accounts = us.batch([good, bad, lists], "batch-1")
    assert made.value is not None
    assert made.value["DisplayName"] == "In a batch"
    assert refused.faults[0].cause is Cause.REQUIRED_MISSING
    assert {row["AccountType"] for row in accounts.rows} == {"Bank"}
    (again,) = us.batch([good], "batch-1")
    assert again.value is not None
    assert again.value["Id"] == made.value["Id"], "the same request id gives the first answer again"


def test_pages_of_a_query_hold_every_object_once(us: QuickBooks) -> None:
    items = [BatchItem(str(n), Operation.CREATE, "Customer", _customer(f"Page {n:02}")) for n in range(25)]
    assert all(answer.ok for answer in us.batch(items, "pages-1"))
    rows = list(us.query_all("Customer", "DisplayName LIKE 'Page %'", page=10))
    assert sorted(row["DisplayName"] for row in rows) == [f"Page {n:02}" for n in range(25)]


def test_a_report_comes_whole(us: QuickBooks) -> None:
    assert us.report("TrialBalance", {"end_date": "2030-12-31"}).value["Header"]["ReportName"] == "TrialBalance"


def test_the_published_limits_are_never_hit(
    sandbox: SandboxServer, connected: TokenKeeper, shared: SharedClock
) -> None:
    sandbox.store.throttle.limits = SandboxLimits.documented()
    before = sandbox.store.throttle.refused
    governor = Governor(PUBLISHED, clock=shared)
    with QuickBooks(local(sandbox.url), connected.realm, connected, governor, clock=shared) as run:
        person = run.in_lane(Lane.INTERACTIVE)
        for number in range(150):
            run.batch([BatchQuery("q", "SELECT COUNT(*) FROM Term")], "") if number % 5 == 0 else run.preferences()
            if number % 10 == 0:
                person.preferences()
    assert sandbox.store.throttle.refused == before
