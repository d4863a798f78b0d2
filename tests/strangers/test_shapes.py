"""The check of what goes over the wire notices what is not as documented."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest
from documented import UndocumentedError, check
from wiretap import Exchange

Stranger = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import


def said(stranger: Stranger, path: str, body: Any = None, **parameters: str) -> Exchange:
    """Say something to the sandbox through the wiretap and return the exchange."""
    form = {"grant_type": "refresh_token", "refresh_token": stranger.refresh_token}
    keys = (stranger.client_id, stranger.client_secret)
    with httpx.Client(base_url=stranger.url, verify=False, headers={"Accept": "application/json"}) as http:  # noqa: S501  # plain HTTP
        token = http.post("/oauth2/v1/tokens/bearer", data=form, auth=keys).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        url = f"/v3/company/{stranger.realm}/{path}"
        http.get(url, params=parameters) if body is None else http.post(url, json=body, params=parameters)
    return stranger.tap.exchanges[-1]


def changed(exchange: Exchange, change: dict[str, Any], *path: str) -> Exchange:
    """Return the exchange with other values (none for None) at a place of its answer."""
    body = json.loads(exchange.plain_answer)
    place = body
    for name in path:
        place = place[int(name) if name.isdecimal() else name]
    for name, value in change.items():
        if value == "gone":
            del place[name]
        else:
            place[name] = value
    headers = {name: value for name, value in exchange.answer_headers.items() if name != "content-encoding"}
    return replace(exchange, answer=json.dumps(body).encode(), answer_headers=headers)


@pytest.mark.parametrize(
    ("change", "path", "told"),
    [
        ({"Id": 7}, ("Customer",), "Id is 7"),
        ({"SyncToken": "gone"}, ("Customer",), "lacks SyncToken"),
        ({"Notes": None}, ("Customer",), "is null"),
        ({"Nickname": "A"}, ("Customer",), "undocumented"),
        ({"Balance": "0.00"}, ("Customer",), "not number"),
        ({"Active": "true"}, ("Customer",), "not flag"),
        ({"CreateTime": "2026-03-02T08:00:00Z"}, ("Customer", "MetaData"), "not moment"),
        ({"value": "gone"}, ("Customer", "CurrencyRef"), "lacks value"),
        ({"time": "2026-03-02"}, (), "not time"),
        ({"Fault": {}}, (), "a fault with status 200"),
    ],
)
def test_an_object_that_is_not_as_documented_is_noticed(
    stranger: Stranger, change: dict[str, Any], path: tuple[str, ...], told: str
) -> None:
    exchange = said(stranger, "customer", {"DisplayName": "Ada"})
    check(exchange)
    with pytest.raises(UndocumentedError, match=told):
        check(changed(exchange, change, *path))


def test_headers_requests_faults_and_reports_are_looked_at_too(stranger: Stranger) -> None:
    made = said(stranger, "customer", {"DisplayName": "Ada"})
    without = {name: value for name, value in made.answer_headers.items() if name != "intuit_tid"}
    refused = said(stranger, "customer", {"DisplayName": "ADA"})
    report = said(stranger, "reports/TrialBalance")
    page = said(stranger, "query", query="select * from Term")
    for good in (refused, report, page):
        check(good)
    for bad, told in (
        (replace(made, answer_headers=without), "header intuit_tid"),
        (replace(made, headers={**made.headers, "authorization": "Basic x"}), "no bearer token"),
        (replace(made, target=f"{made.target}?minorversion=x"), "minor version"),
        (replace(made, status=201), "status 201"),
        (changed(refused, {"code": 6240}, "Fault", "Error", "0"), "code"),
        (changed(report, {"ReportName": "Other"}, "Header"), "the report asked for"),
        (changed(report, {"value": 5}, "Rows", "Row", "0", "Summary", "ColData", "1"), "not text"),
        (changed(page, {"maxResults": 9}, "QueryResponse"), "counts the page"),
    ):
        with pytest.raises(UndocumentedError, match=told):
            check(bad)
