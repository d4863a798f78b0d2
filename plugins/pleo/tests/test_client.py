"""The export protocol as the client speaks it, against the twin over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import pytest

import raccord_pleo
from raccord.plugin import BadRecord, Reauthorise
from raccord.plugin.contexts import Answer, Download
from raccord.plugin.testing import FixedClock
from raccord_pleo.access import OAuthClient, Place, api_key, bearer, challenge
from raccord_pleo.client import Event, PleoClient, PleoRefused
from raccord_pleo.sandbox import Filed, PleoTwin, TwinCompany
from raccord_pleo.settings import PleoSettings
from raccord_pleo.wire import NOTHING, Item, ItemStatus, JobStatus, Result


@dataclass
class Wire:
    """HTTP as a connector gets it, without core's judgement of statuses."""

    client: httpx.Client
    calls: list[tuple[str, str]] = field(default_factory=list)

    def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        return self._said(self.client.get(url, params=params, headers=headers))

    def post(
        self, url: str, *, json: object = None, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        return self._said(self.client.post(url, content=content or _text(json), headers=headers))

    def put(self, url: str, *, json: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        return self._said(self.client.put(url, content=_text(json), headers=headers))

    def download(self, url: str, *, headers: Mapping[str, str] | None = None) -> AbstractContextManager[Download]:
        raise AssertionError(url)

    def _said(self, response: httpx.Response) -> Answer:
        self.calls.append((response.request.method, str(response.request.url)))
        return Said(response.status_code, response.headers, response.content)


@dataclass
class Said:
    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> object:
        return json.loads(self.content, parse_float=Decimal)


def _text(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[PleoTwin, Wire]]:
    with PleoTwin(TwinCompany(FixedClock())) as twin, httpx.Client() as client:
        yield twin, Wire(client)


@dataclass
class Shop:
    twin: PleoTwin
    company: TwinCompany
    clock: FixedClock
    wire: Wire
    client: PleoClient


@pytest.fixture
def shop(served: tuple[PleoTwin, Wire]) -> Shop:
    """A company of its own, served by the module's twin."""
    twin, wire = served
    clock = FixedClock()
    twin.company, twin.busy = TwinCompany(clock, twin.url), []
    twin.scopes = {"export-jobs:read", "export-jobs:write", "export-items:read"}
    wire.calls.clear()
    client = PleoClient(wire, twin.url, twin.company.id, bearer("twin-token"))
    return Shop(twin, twin.company, clock, wire, client)


def items_of(shop: Shop, job: UUID) -> list[Item]:
    """Read all pages of a job's items."""
    rows, after = shop.client.items_page(job)
    found = [*rows]
    while after:
        rows, after = shop.client.items_page(job, after)
        found += rows
    return [Item.model_validate(each) for each in found]


def refused(shop: Shop, job: UUID) -> str:
    with pytest.raises(PleoRefused) as caught:
        items_of(shop, job)
    return caught.value.kind


def test_an_export_goes_from_the_press_of_a_button_to_completed(shop: Shop) -> None:
    entries = [shop.company.file(Filed(minor=100 + number, receipts=(b"%PDF-1",))) for number in range(230)]
    assert list(shop.client.jobs(JobStatus.PENDING)) == []
    job = shop.company.export()
    [found] = shop.client.jobs(JobStatus.PENDING)
    assert (found.id, found.number_of_items, found.expires_in) == (job, 230, 3600)
    shop.client.tell(job, Event.STARTED)
    items = items_of(shop, job)
    assert [item.accounting_entry_id for item in items] == entries
    assert sum(method == "GET" and "export-items" in url for method, url in shop.wire.calls) == 3
    results = [
        Result(accounting_entry_id=entry, status=ItemStatus.SUCCESSFUL, external_id=str(number))
        for number, entry in enumerate(entries)
    ]
    stranger = uuid4()
    results.append(
        Result(accounting_entry_id=stranger, status=ItemStatus.FAILED, failure_reason_type="account_unknown")
    )
    assert shop.client.report(job, results) == {stranger: "ITEM_NOT_FOUND"}
    assert sum(method == "PUT" for method, _ in shop.wire.calls) == 3
    assert {each.status for each in shop.client.job_items(job)} == {ItemStatus.SUCCESSFUL}
    shop.client.tell(job, Event.COMPLETED)
    assert [each.status for each in shop.client.jobs()] == [JobStatus.COMPLETED]
    assert shop.company.exports[job].results[entries[7]]["externalId"] == "7"
    assert refused(shop, job) == "EXPORT_JOB_STATUS_UNPROCESSABLE"
    shop.company.export(entries[:1])
    assert [each.number_of_items for each in shop.client.jobs(JobStatus.PENDING)] == [1]


def test_a_job_that_nobody_touches_expires_and_an_update_keeps_it_alive(shop: Shop) -> None:
    entry = shop.company.file(Filed(minor=1))
    job = shop.company.export()
    shop.client.tell(job, Event.STARTED)
    for _ in range(3):
        shop.clock.advance(timedelta(minutes=50))
        shop.client.report(job, [Result(accounting_entry_id=entry, status=ItemStatus.IN_PROGRESS)])
    shop.clock.advance(timedelta(minutes=61))
    assert [(each.status, each.failure_reason_type) for each in shop.client.jobs()] == [("failed", "job_expired")]
    assert refused(shop, job) == "EXPORT_JOB_STATUS_UNPROCESSABLE"


def test_each_refusal_has_its_name_and_says_what_to_do(shop: Shop) -> None:
    shop.company.file(Filed(minor=1, contra=False))
    job = shop.company.export()
    assert refused(shop, job) == "MISSING_CONTRA_ACCOUNTS"
    shop.twin.scopes.discard("export-items:read")
    with pytest.raises(PleoRefused, match="export-items:read"):
        items_of(shop, job)
    shop.twin.busy.append(409)
    with pytest.raises(PleoRefused, match=r"409.*wait"):
        shop.client.tell(job, Event.STARTED)
    url = f"{shop.twin.url}/v3/export-jobs/{job}/items"
    row = {"accountingEntryId": str(job), "status": "failed"}
    assert shop.wire.put(url, json=[row] * 101, headers=bearer("twin-token")).status == 413
    assert shop.wire.get(url, headers=bearer("other")).status == 401
    assert shop.wire.get(f"{shop.twin.url}/v3/export-jobs", headers=bearer("other")).status == 401
    assert shop.wire.get(f"{shop.twin.url}/v3/export-jobs", headers=api_key("twin-key")).status == 200


def test_amounts_are_minor_units_and_what_is_unknown_is_said(shop: Shop) -> None:
    unsure = {"id": str(NOTHING), "name": "?"}
    shop.company.file(Filed(minor=89696, currency="SEK", supplier_currency="JPY", supplier_minor=1234, category=unsure))
    shop.company.file(Filed(minor=1, supplier_currency="UNDEFINED"))
    known, unknown = items_of(shop, shop.company.export())
    assert str(known.amount.in_wallet_currency.money("amount")) == "896.96 SEK"
    assert str(known.amount.in_supplier_currency.money("amount")) == "1234 JPY"
    assert known.accounting_entry_lines[0].account is None
    with pytest.raises(BadRecord) as caught:
        unknown.amount.in_supplier_currency.money("amount")
    assert caught.value.code == "pleo.currency_undefined"
    assert unknown.amount.in_wallet_currency.money("amount")


def test_a_person_files_and_exports_on_the_twins_page(shop: Shop) -> None:
    browser = shop.wire.client
    assert browser.post(f"{shop.twin.url}/file", data={"amount": "12,30"}).status_code == 303
    assert browser.post(f"{shop.twin.url}/file", data={"amount": "x"}).status_code == 400
    assert browser.post(f"{shop.twin.url}/export").status_code == 303
    assert browser.post(f"{shop.twin.url}/export").json()["type"] == "EXPORT_ALREADY_IN_PROGRESS"
    page = browser.get(shop.twin.url).text
    assert "card_purchase: 12.30 EUR" in page
    assert "pending: 1" in page


@dataclass
class Answers:
    """HTTP that answers one thing and keeps what was sent."""

    status: int
    body: object
    sent: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    def post(
        self, url: str, *, json: object = None, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        self.sent.append((url, content, headers or {}))
        return Said(self.status, {}, _text(self.body))

    def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        return Said(self.status, {}, _text(self.body))

    def put(self, url: str, *, json: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        raise AssertionError(url)

    def download(self, url: str, *, headers: Mapping[str, str] | None = None) -> AbstractContextManager[Download]:
        raise AssertionError(url)


def test_oauth_proves_itself_with_pkce_and_shows_no_secret() -> None:
    # The pair of RFC 7636, appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    client = OAuthClient("us", "canary", "https://here/back", Place.STAGING.auth)
    url = client.authorise_url("s1", verifier)
    assert url.startswith("https://auth.staging.pleo.io/oauth/authorize?")
    assert "code_challenge_method=S256" in url
    http = Answers(200, {"access_token": "canary-a", "refresh_token": "canary-r", "expires_in": 3600})
    tokens = client.redeem(http, "c1", verifier)
    assert f"code_verifier={verifier}".encode() in http.sent[0][1]
    assert "canary" not in f"{client} {tokens}{url}"
    assert client.renew(Answers(200, {"access_token": "b", "expires_in": 60}), tokens.refresh).refresh == "canary-r"
    with pytest.raises(Reauthorise):
        client.renew(Answers(400, {"error": "invalid_grant"}), "old")


def test_production_and_staging_have_addresses_of_their_own() -> None:
    company = {"company_id": "8eb648ab-464b-42a0-8a17-eda703657e33", "api_key": "k"}
    asked = [PleoSettings.model_validate({**company, **more}) for more in ({}, {"place": "staging"})]
    assert [(each.base, each.auth) for each in asked] == [
        ("https://external.pleo.io", "https://auth.pleo.io"),
        ("https://external.staging.pleo.io", "https://auth.staging.pleo.io"),
    ]
    info = raccord_pleo.describe()
    assert info is not None
    assert {urlsplit(place).hostname for each in asked for place in (each.base, each.auth)} <= set(info.hosts)


def test_a_list_without_pages_is_read_and_a_cursor_that_repeats_stops() -> None:
    assert list(PleoClient(Answers(200, []), "x", NOTHING, {}).jobs()) == []
    stuck = {"data": [], "pagination": {"hasNextPage": True, "endCursor": "AB="}}
    for body, kind in ((stuck, "CURSOR_REPEATED"), ("odd", "UNREADABLE")):
        with pytest.raises(PleoRefused) as caught:
            list(PleoClient(Answers(200, body), "x", NOTHING, {}).jobs())
        assert caught.value.kind == kind
    with pytest.raises(BadRecord) as unread:
        list(PleoClient(Answers(200, [{"id": 3}]), "x", NOTHING, {}).jobs())
    assert unread.value.field == "id"
