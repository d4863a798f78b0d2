"""The control API: every route, what it refuses, and what it leaves behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import Limits, SandboxConfig
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.lab.router import PREFIX, ROUTES
from raccord_sandbox.serving.server import SandboxServer, create_app
from raccord_sandbox.switches import SWITCHES, Switch

Doc = dict[str, Any]
START = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "sandbox.md"


class Lab:
    """A client of the control API of one sandbox."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.http = httpx.Client(
            base_url=server.url + PREFIX, headers={"Authorization": f"Bearer {server.lab_token}"}, timeout=10
        )

    def ask(self, method: str, path: str, body: Doc | None = None) -> httpx.Response:
        return self.http.request(method, path, json=body)

    def do(self, method: str, path: str, /, **body: Any) -> Any:
        answer = self.ask(method, path, body or None)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_float=Decimal)

    def refused(self, method: str, path: str, /, **body: Any) -> tuple[int, str]:
        answer = self.ask(method, path, body or None)
        found = answer.json()
        assert found["error"] != ""
        assert found["erreur"] != ""
        return answer.status_code, found["code"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clock=SandboxClock(START), seeds=(), max_companies=30, max_snapshots=2)) as server:
        yield server


@pytest.fixture(scope="module")
def lab(sandbox: SandboxServer) -> Iterator[Lab]:
    found = Lab(sandbox)
    yield found
    found.http.close()


@pytest.fixture(scope="module")
def shop(lab: Lab) -> Doc:
    """A company with one customer, made through the API."""
    made: Doc = lab.do("POST", "/companies", template="us", name="Shop")
    return made


WORKS: dict[str, Doc | None] = {
    "GET /templates": None,
    "GET /companies": None,
    "POST /companies": {"template": "us"},
    "GET /companies/{realm}": None,
    "DELETE /companies/{realm}": None,
    "GET /clients": None,
    "POST /clients": {"name": "Mine", "redirect_uris": ["https://app.example.com/cb", "http://localhost:3000/cb"]},
    "DELETE /clients/{client_id}": None,
    "GET /lifetimes": None,
    "POST /lifetimes": {"access_token": 3600},
    "GET /companies/{realm}/export": None,
    "POST /companies/import": None,
    "POST /companies/{realm}/tokens": {"scope": "com.intuit.quickbooks.accounting openid"},
    "POST /companies/{realm}/tokens/expire": None,
    "GET /companies/{realm}/snapshots": None,
    "POST /companies/{realm}/snapshots": {"name": "kept"},
    "POST /companies/{realm}/snapshots/{name}/restore": None,
    "DELETE /companies/{realm}/snapshots/{name}": None,
    "GET /requests": None,
    "DELETE /requests": None,
    "GET /faults": None,
    "POST /faults": {"effect": "hold", "path": "nowhere"},
    "DELETE /faults": None,
    "DELETE /faults/{number}": None,
    "GET /clock": None,
    "POST /clock": {"advance": 0},
    "GET /companies/{realm}/clock": None,
    "POST /companies/{realm}/clock": {"advance": 60},
    "GET /limits": None,
    "POST /limits": {"per_minute": 100_000},
    "GET /switches": None,
    "GET /companies/{realm}/switches": None,
    "POST /companies/{realm}/switches": {"ignore_requestid": True},
    "POST /companies/{realm}/person/create": {"entity": "Customer", "changes": {"DisplayName": "New"}},
    "POST /companies/{realm}/person/edit": {"entity": "Customer", "id": "{id}", "changes": {"Notes": "x"}},
    "POST /companies/{realm}/person/deactivate": {"entity": "Customer", "id": "{id}"},
    "POST /companies/{realm}/person/reactivate": {"entity": "Customer", "id": "{id}"},
    "POST /companies/{realm}/person/void": {"entity": "SalesReceipt", "id": "{sale}"},
    "POST /companies/{realm}/person/delete": {"entity": "SalesReceipt", "id": "{sale}"},
    "POST /companies/{realm}/person/close-books": {"date": "2026-01-31"},
    "POST /companies/{realm}/person/set-up-taxes": {"regime": "united-states-automated"},
    "POST /companies/{realm}/person/disconnect": None,
    "POST /person/password": {"password": ""},
    "GET /companies/{realm}/writes": None,
    "GET /companies/{realm}/check": None,
    "GET /companies/{realm}/mails": None,
    "POST /companies/{realm}/person/merge": {"entity": "Customer", "id": "{id}", "into": "{other}"},
    "GET /webhooks": None,
    "POST /webhooks": {"url": "http://localhost:1/hook"},
    "POST /webhooks/deliver": None,
    "DELETE /webhooks/{number}": None,
    "POST /webhooks/{number}/enable": None,
    "GET /webhooks/{number}/deliveries": None,
}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_works_and_is_documented(lab: Lab, route: Any) -> None:
    name = f"{route.method} {route.path}"
    body = WORKS[name]
    assert f"`{route.method} {PREFIX}{route.path}`" in PAGE.read_text("utf-8")
    realm = lab.do("POST", "/companies", template="us")["realm"]
    here = f"/companies/{realm}"
    customer = lab.do("POST", f"{here}/person/create", entity="Customer", changes={"DisplayName": "Ada"})
    item = next(iter(lab.server.store.get(realm).table("Item")))  # type: ignore[union-attr]
    line = {
        "Amount": 5,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": item["Id"]}},
    }
    sale = lab.do("POST", f"{here}/person/create", entity="SalesReceipt", changes={"Line": [line]})
    lab.do("POST", f"{here}/snapshots", name="default")
    other = lab.do("POST", f"{here}/person/create", entity="Customer", changes={"DisplayName": "Other"})
    fault = lab.do("POST", "/faults", effect="hold", path="nowhere")["number"]
    hook = lab.do("POST", "/webhooks", url="http://localhost:1/", entities=["Budget"])["number"]
    number = str(hook if route.path.startswith("/webhooks") else fault)
    client = lab.do("POST", "/clients", name="Other")["client_id"]
    ids = {"{id}": customer["Id"], "{sale}": sale["Id"], "{other}": other["Id"]}
    sent = None if body is None else {key: ids.get(str(value), value) for key, value in body.items()}
    path = route.path.replace("{realm}", realm).replace("{name}", "default").replace("{number}", number)
    path = path.replace("{client_id}", client)
    answer = lab.ask(route.method, path, sent)
    if route.file_limit:
        answer = lab.http.post(path, content=lab.http.get(f"{here}/export").content)
    assert answer.status_code == 200, answer.text
    lab.do("DELETE", "/faults")
    for endpoint in lab.do("GET", "/webhooks"):
        lab.do("DELETE", f"/webhooks/{endpoint['number']}")
    lab.do("POST", "/limits")
    if lab.server.store.get(realm) is not None:
        assert lab.do("GET", f"{here}/check") == {"balanced": True}
        lab.do("DELETE", here)
    for company in lab.do("GET", "/companies"):
        if company["name"] != "Shop":
            lab.do("DELETE", f"/companies/{company['realm']}")


def test_the_table_of_this_test_has_every_route_and_no_other() -> None:
    assert set(WORKS) == {f"{route.method} {route.path}" for route in ROUTES}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}])
def test_the_token_is_needed_whether_or_not_the_route_exists(sandbox: SandboxServer, headers: dict[str, str]) -> None:
    for path in ("", "/companies", "/nowhere"):
        answer = httpx.get(f"{sandbox.url}/sandbox{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "no_token")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nowhere", {}, 404, "no_route"),
        ("GET", "/companies/1", {}, 404, "no_company"),
        ("POST", "/companies", {"template": "mars"}, 400, "no_template"),
        ("POST", "/companies", {"template": "us", "colour": "red"}, 400, "unknown_field"),
        ("POST", "/companies", {"template": "us", "country": "FR"}, 400, "not_empty"),
        ("POST", "/companies", {"template": "empty", "country": "France"}, 400, "bad_value"),
        ("POST", "/companies", {"template": "empty", "currency": "ZZZ"}, 400, "bad_value"),
        ("POST", "/companies", {"template": "us", "name": "a/b"}, 400, "bad_value"),
        ("POST", "/companies", {"template": "us", "clock": "soon"}, 400, "bad_value"),
        ("POST", "/companies", {"template": "us", "clock": "2026-01-01T00:00:00"}, 400, "bad_value"),
        ("POST", "/companies", {"template": "us", "switches": {"gravity": True}}, 400, "no_switch"),
        ("POST", "/companies", {"template": "us", "switches": {"tax_tolerance": True}}, 400, "bad_value"),
        ("POST", "/companies", {"template": "us", "switches": ["expired"]}, 400, "bad_value"),
        ("POST", "/companies/{realm}/switches", {"expired": "yes"}, 400, "bad_value"),
        ("POST", "/companies/{realm}/switches", {"tax_tolerance": -1}, 400, "bad_value"),
        ("POST", "/companies/{realm}/snapshots/never/restore", {}, 404, "no_snapshot"),
        ("DELETE", "/companies/{realm}/snapshots/never", {}, 404, "no_snapshot"),
        ("POST", "/faults", {"effect": "explode"}, 400, "no_effect"),
        ("POST", "/faults", {}, 400, "no_effect"),
        ("POST", "/faults", {"effect": "hold", "path": "("}, 400, "bad_value"),
        ("POST", "/faults", {"effect": "hold", "when": "now"}, 400, "unknown_field"),
        ("POST", "/faults", {"effect": "error_before", "status": 200}, 400, "bad_value"),
        ("POST", "/faults", {"effect": "error_before", "body": "pdf"}, 400, "bad_value"),
        ("POST", "/faults", {"effect": "delay", "seconds": -1}, 400, "bad_value"),
        ("POST", "/faults", {"effect": "hold", "probability": "often"}, 400, "bad_value"),
        ("POST", "/faults", {"effect": "hold", "left": -1}, 400, "bad_value"),
        ("DELETE", "/faults/7777", {}, 404, "no_fault"),
        ("POST", "/companies", {"template": "us", "client_id": "nobody"}, 404, "no_client"),
        ("POST", "/companies/{realm}/tokens", {"scope": "everything"}, 400, "bad_value"),
        ("POST", "/clients", {"redirect_uris": "https://a.example/cb"}, 400, "bad_value"),
        ("POST", "/clients", {"redirect_uris": ["http://a.example/cb"]}, 400, "bad_address"),
        ("POST", "/clients", {"redirect_uris": ["https://a.example/cb#x"]}, 400, "bad_address"),
        ("DELETE", "/clients/nobody", {}, 404, "no_client"),
        ("DELETE", "/clients/raccord-sandbox", {}, 409, "own_client"),
        ("POST", "/lifetimes", {"access_token": "long"}, 400, "bad_value"),
        ("POST", "/clock", {"advance": "later"}, 400, "bad_value"),
        ("POST", "/clock", {"advance": 10**12}, 400, "bad_value"),
        ("POST", "/clock", {"set": "noon"}, 400, "bad_value"),
        ("POST", "/clock", {"frozen": "no"}, 400, "bad_value"),
        ("POST", "/limits", {"per_year": 1}, 400, "unknown_field"),
        ("POST", "/limits", {"per_minute": "many"}, 400, "bad_value"),
        ("POST", "/companies/{realm}/person/close-books", {"date": "soon"}, 400, "bad_value"),
        ("POST", "/companies/{realm}/person/set-up-taxes", {"regime": "france"}, 400, "bad_value"),
        ("POST", "/companies/{realm}/person/set-up-taxes", {"regime": "united-states"}, 400, "already_set_up"),
        ("POST", "/companies/{realm}/person/edit", {"entity": "Moon", "id": "1"}, 400, "no_entity"),
        ("POST", "/companies/{realm}/person/edit", {"entity": "Customer", "id": "99999"}, 404, "no_object"),
        ("POST", "/companies/{realm}/person/edit", {"entity": "Customer", "id": 1}, 400, "bad_value"),
        ("POST", "/companies/{realm}/person/create", {"entity": "Customer", "changes": {"Colour": "red"}}, 400, "2010"),
        ("GET", "/companies/{realm}/writes?limit=x", {}, 400, "bad_value"),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_done_says_why(
    lab: Lab, shop: Doc, method: str, path: str, body: Doc, status: int, code: str
) -> None:
    assert lab.refused(method, path.replace("{realm}", shop["realm"]), **body) == (status, code)


def test_a_body_must_be_an_object_of_bounded_size(lab: Lab) -> None:
    assert lab.http.post("/companies", content=b"[]").json()["code"] == "bad_body"
    assert lab.http.post("/companies", content=b"{").json()["code"] == "2010"
    answer = lab.http.post("/companies", content=b" " * 1_000_001)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_company_made_here_is_ready_for_a_client(lab: Lab) -> None:
    made = lab.do("POST", "/companies", template="quebec", name="Chez nous", clock="2025-12-31T12:00:00-08:00",
                  frozen=True, switches={"store_deposit_number": True, "tax_tolerance": 0.1})  # fmt: skip
    assert (made["name"], made["country"], made["currency"]) == ("Chez nous", "CA", "CAD")
    assert made["switches"]["store_deposit_number"] is True
    assert made["switches"]["tax_tolerance"] == Decimal("0.1")
    headers = {"Accept": "application/json", "Authorization": f"Bearer {made['access_token']}"}
    info = httpx.get(f"{made['api']}/companyinfo/{made['realm']}", headers=headers).json()["CompanyInfo"]
    assert info["CompanyName"] == "Chez nous"
    assert info["MetaData"]["CreateTime"] == "2025-12-31T12:00:00-08:00"
    form = {"grant_type": "refresh_token", "refresh_token": made["refresh_token"]}
    answer = httpx.post(
        f"{lab.server.url}/oauth2/v1/tokens/bearer", data=form, auth=(made["client_id"], made["client_secret"])
    )
    assert answer.status_code == 200
    lab.do("DELETE", f"/companies/{made['realm']}")
    assert httpx.get(f"{made['api']}/preferences", headers=headers).status_code == 401
    assert lab.refused("GET", f"/companies/{made['realm']}") == (404, "no_company")


def test_a_companys_clock_moves_alone_and_the_sandboxs_moves_all(lab: Lab, shop: Doc) -> None:
    clock = f"/companies/{shop['realm']}/clock"
    before = lab.do("GET", "/clock")["now"]
    moved = lab.do("POST", clock, set="2027-01-01T00:00:00Z", frozen=True)
    assert moved == {"now": "2026-12-31T16:00:00.000-08:00", "frozen": True}
    assert lab.do("GET", "/clock")["now"] == before
    lab.do("POST", clock, frozen=False)
    lab.do("POST", "/clock", advance=3600)
    assert lab.do("GET", clock) == {"now": "2026-12-31T17:00:00.000-08:00", "frozen": False}
    lab.do("POST", "/clock", advance=-3600)


def test_limits_of_companies_and_snapshots_hold(lab: Lab) -> None:
    made = lab.do("POST", "/companies", template="us")
    snapshots = f"/companies/{made['realm']}/snapshots"
    for name in ("a", "b", "a"):
        lab.do("POST", snapshots, name=name)
    assert lab.do("GET", snapshots) == ["a", "b"]
    assert lab.refused("POST", snapshots, name="c") == (409, "full")
    while len(lab.do("GET", "/companies")) < 30:
        lab.do("POST", "/companies", template="us")
    assert lab.refused("POST", "/companies", template="us") == (409, "full")
    realms = {company["realm"] for company in lab.do("GET", "/companies")}
    assert len(realms) == 30
    lab.do("DELETE", f"/companies/{made['realm']}")
    again = lab.do("POST", "/companies", template="us")["realm"]
    assert again not in realms
    for company in lab.do("GET", "/companies"):
        if company["name"] != "Shop":
            lab.do("DELETE", f"/companies/{company['realm']}")


def test_a_snapshot_brings_everything_back(lab: Lab) -> None:
    made = lab.do("POST", "/companies", template="us")
    here = f"/companies/{made['realm']}"
    lab.do("POST", f"{here}/person/create", entity="Customer", changes={"DisplayName": "First"})
    lab.do("POST", f"{here}/snapshots", name="one")
    lab.do("POST", f"{here}/person/create", entity="Customer", changes={"DisplayName": "Second"})
    lab.do("POST", f"{here}/switches", expired=True)
    lab.do("POST", f"{here}/clock", advance=60)
    before = lab.do("GET", here)["objects"]["Customer"]
    lab.do("POST", f"{here}/snapshots/one/restore")
    after = lab.do("GET", here)
    assert after["objects"]["Customer"] == before - 1
    assert after["switches"]["expired"] is False
    assert after["now"] == lab.do("GET", "/clock")["now"]
    lab.do("DELETE", here)


def test_the_limits_set_are_those_named_and_no_others(lab: Lab) -> None:
    documented = lab.do("POST", "/limits", documented=True, per_minute=7, per_second=None)
    assert documented == {
        "per_minute": 7,
        "per_second": None,
        "concurrent": 10,
        "batches_per_minute": 40,
        "batches_of_all_per_minute": 120,
        "reports_per_minute": 200,
        "mails_per_day": 40,
        "report_cells": 400_000,
    }
    assert set(lab.do("POST", "/limits").values()) == {None}
    assert lab.server.store.throttle.limits == Limits()


@pytest.mark.parametrize("switch", SWITCHES.values(), ids=lambda switch: switch.name)
def test_every_switch_is_listed_set_and_documented(lab: Lab, shop: Doc, switch: Switch) -> None:
    listed = {row["name"]: row for row in lab.do("GET", "/switches")}[switch.name]
    assert listed["default"] == switch.default
    assert listed["meaning"] == switch.en
    assert listed["sens"] == switch.fr
    values: tuple[object, ...] = (
        (True, False) if isinstance(switch.default, bool) else switch.choices or (3, Decimal(7))
    )
    here = f"/companies/{shop['realm']}/switches"
    assert lab.do("GET", here)[switch.name] == switch.default
    for value in values:
        sent = int(value) if isinstance(value, Decimal) else value
        assert lab.do("POST", here, **{switch.name: sent})[switch.name] == value
    lab.do("POST", here, **{switch.name: json.loads(json.dumps(switch.default, default=float))})
    assert f"| `{switch.name}` |" in PAGE.read_text("utf-8")


def test_moved_clocks_made_companies_and_switches_outlive_a_restart(tmp_path: Path) -> None:
    config = SandboxConfig(data=tmp_path, seeds=())
    with SandboxServer(config) as server:
        lab = Lab(server)
        first, second = (lab.do("POST", "/companies", template="us", name=name)["realm"] for name in ("One", "Two"))
        lab.do("POST", f"/companies/{first}/clock", set="2030-01-01T00:00:00Z", frozen=True)
        lab.do("POST", f"/companies/{first}/switches", tax_tolerance=1, expired=True)
        lab.do("DELETE", f"/companies/{second}")
        lab.do("POST", "/clock", set="2029-01-01T00:00:00Z", frozen=True)
        lab.http.close()
    store = Store(SandboxConfig(data=tmp_path, seeds=()))
    [company] = store
    assert (company.realm, company.settings["name"]) == (first, "One")
    assert company.clock.now() == datetime(2030, 1, 1, tzinfo=UTC)
    assert store.clock.now() == datetime(2029, 1, 1, tzinfo=UTC)
    assert company.switch("tax_tolerance") == Decimal(1)
    assert company.switch("expired") is True
    assert store.add("us").realm not in (first, second)
    store.close()


@pytest.mark.parametrize(("remote_lab", "status"), [(False, 403), (True, 200)])
def test_other_machines_are_refused_unless_the_settings_open_the_api(remote_lab: bool, status: int) -> None:
    config = SandboxConfig(seeds=(), remote_lab=remote_lab)

    async def ask() -> int:
        transport = httpx.ASGITransport(create_app(config), client=("10.0.0.8", 5000))
        headers = {"Authorization": f"Bearer {config.lab_token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as http:
            return (await http.get("/sandbox/companies")).status_code

    assert asyncio.run(ask()) == status
