"""The bench page: who may use it, each source from page to ledger, recordings handed in, and nothing touched."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import TOKEN
from sqlalchemy import func, select
from starlette.testclient import TestClient

import raccord_pleo
from raccord.bench import SourceKind, trials_for
from raccord.bench.looking import record
from raccord.bench.service import bench_brought, bench_recording
from raccord.catalog import load_catalog
from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.store.columns import Model
from raccord.sync.workshop import Workshop

PAGE = "/plugins/pleo/bench"


@pytest.fixture
def pleo(workshop: Workshop) -> Workshop:
    """The house with Pleo's connector let in as well."""
    catalog = workshop.scopes.catalog.admitted
    assert isinstance(catalog, dict)
    catalog["pleo"] = load_catalog().admitted["pleo"]
    return workshop


def rows_of(workshop: Workshop) -> dict[str, int]:
    with workshop.database.read() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Model.metadata.tables.items()
        }


def test_twin_and_samples_are_followed_from_page_to_ledger(pleo: Workshop, browser: TestClient) -> None:
    before = rows_of(pleo)
    assert f'href="{PAGE}"' in browser.get("/plugins/pleo").text
    for source in ("twin", "samples"):
        page = browser.get(f"{PAGE}?source={source}").text
        for seen in (
            "GET https://external.pleo.io/v3/export-items", "What the source said", "Draft · Expense",
            "What QuickBooks would get · Expense", "PrivateNote", "No two things share a key.",
            "Debits and credits are equal.", "500.00",
        ):  # fmt: skip
            assert seen in page, (source, seen)
        assert "twin-key" not in page
    assert "Ce que QuickBooks recevrait" in browser.get(f"{PAGE}?source=twin", headers={"accept-language": "fr"}).text
    assert "No page brought a record." in browser.get(f"{PAGE}?source=twin&first=100").text
    said = browser.get("/plugins/till/bench?source=twin").text
    assert "bench.no_module" in said
    assert browser.get("/plugins/nothing/bench").status_code == 404
    assert rows_of(pleo) == before


def test_a_recording_that_is_handed_in_is_replayed_and_not_kept(pleo: Workshop, browser: TestClient) -> None:
    token = TOKEN.search(browser.get(PAGE).text)
    assert token
    form_token = token[1]
    info = raccord_pleo.describe()
    (trial,) = trials_for(raccord_pleo, SourceKind.TWIN)
    written = record(raccord_pleo, info, trial).recording.written()
    before = rows_of(pleo)

    def hand_in(*files: bytes) -> Any:
        parts = [("files", ("a.recording.json", each)) for each in files]
        return browser.post(PAGE, data={"form_token": form_token}, files=parts)

    page = hand_in(written)
    assert page.status_code == 200
    assert "Debits and credits are equal." in page.text
    assert "8 records" in page.text
    for bad, code in ((b"{", "recording.damaged"), (written.replace(b'"pleo"', b'"chase"'), "bench.other_connector")):
        page = hand_in(bad)
        assert (page.status_code, code in page.text) == (422, True)
    assert "bench.one_file" in hand_in(written, written).text
    wrong = written.replace(b"limit=100", b"limit=99")
    page = hand_in(wrong)
    assert "Reading stopped" in page.text
    assert "The recording does not hold GET external.pleo.io" in page.text
    assert browser.post(PAGE, data={"form_token": "no"}, files=[("files", ("a", b"x"))]).status_code == 403
    large = {"content-length": str(65 * 1024 * 1024), "content-type": "multipart/form-data; boundary=x"}
    assert browser.post(PAGE, content=b"", headers=large).status_code == 413
    assert rows_of(pleo) == before


def test_only_who_runs_the_installation_may_use_the_bench(pleo: Workshop) -> None:
    for role in RoleName:
        actor = Actor("x", role)
        if role in (RoleName.OWNER, RoleName.OPERATOR):
            assert bench_brought(pleo, actor, "pleo", SourceKind.TWIN).look.balanced
            continue
        with pytest.raises(NotAllowedError):
            bench_brought(pleo, actor, "pleo", SourceKind.TWIN)
        with pytest.raises(NotAllowedError):
            bench_recording(pleo, actor, "pleo", [])
