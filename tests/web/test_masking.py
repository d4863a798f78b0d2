"""No page, export or log line shows an account or card number whole that a source's own id carries."""

from __future__ import annotations

import csv
import io
import logging
import re
import zipfile

import pytest
import till
from harness import sync
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.masking import MaskedFormatter, known, masked
from raccord.onboarding.access.people import Actor, RoleName
from raccord.onboarding.closing.export import export_company
from raccord.onboarding.deciding.decisions import skip_draft
from raccord.store.models import Company, Connection, Hold, Problem, Run, SourceRecord
from raccord.sync.workshop import Workshop

ACCOUNT = "12345678"
LINE = f"bank-5678/0000{ACCOUNT}2026030600001-7c31a0"
CARD = "411111******9876"
OWNER = Actor("Odile", RoleName.OWNER)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"lines/{LINE}", "lines/bank-5678/…0001-7c31a0"),
        ("sales/4111111111119876", "sales/…9876"),
        ("4111 1111 1111 9876", "…9876"),
        (f"card {CARD}.", "card …9876."),
        ("0000098765-CAD-77013-20260901-20260901", "…8765-CAD-77013-20260901-20260901"),
        ("ee032111222333ff/2026-09-10-12345678", "ee032111222333ff/2026-09-10-12345678"),
        ("", ""),
    ],
)
def test_a_long_number_is_shown_by_its_last_four_digits_and_nothing_else_is_touched(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_key_of_programs_is_shown_by_the_end_of_the_number_in_it_or_not_at_all() -> None:
    for key, shown in (
        ("bank-5678-ee32da3e41", "…5678"), ("card-1111-4a7b22", "…1111"), ("csv-abd9d1b9-5519400d", ""),
        ("unnamed-csv-26830bed", ""), ("4e39b2fa-8c0b-50a2-9ee5-1120870e9425", ""), ("QC", "QC"), ("A0001", "A0001"),
        ("Compte chèques-1", "Compte chèques-1"), ("day-facade", "day-facade"), ("INV-1024", "INV-1024"),
    ):  # fmt: skip
        assert known(key) == shown, key


def test_a_log_line_holds_no_whole_number() -> None:
    record = logging.LogRecord("raccord", logging.WARNING, "", 0, "line %s failed", (LINE,), None)
    assert MaskedFormatter("%(message)s").format(record) == "line bank-5678/…0001-7c31a0 failed"


def test_no_page_and_no_export_shows_the_number_that_a_sources_id_holds(
    browser: TestClient, workshop: Workshop, synced: Connection, company: Company
) -> None:
    spent = {"stream": "bank", "day": "2026-03-06", "amount": "-9.00"}
    till.ROWS["T1"] += [
        {**spent, "id": LINE},
        {**spent, "id": LINE.replace("00001-", "00002-"), "memo": "PAPETERIE"},
        {"stream": "sales", "id": f"{CARD}/7", "day": "2026-03-06", "amount": "4.00"},
        {"stream": "sales", "id": LINE.replace("00001-", "00003-"), "day": "2026-03-06", "amount": "4.00"},
        {
            "stream": "sales",
            "id": LINE.replace("00001-", "00004-"),
            "day": "2026-03-06",
            "amount": "5",
            "kind": "wrong",
        },
    ]
    sync(workshop, synced)
    with workshop.database.read() as session:
        left = session.scalars(select(Hold.id).where(Hold.closed_at.is_(None)).order_by(Hold.id)).all()[-1]
    skip_draft(workshop, OWNER, left, "not for the books")
    with workshop.database.read() as session:
        records = session.scalars(select(SourceRecord.id).order_by(SourceRecord.id)).all()
        runs = session.scalars(select(Run)).all()
        codes = set(session.scalars(select(Problem.code)))
    pages = [
        "/", "/records", "/review", "/review?state=answered", "/questions", "/problems", "/audit", "/drift", "/proof",
        f"/connections/{synced.id}", f"/connections/{synced.id}/proof", f"/connections/{synced.id}/doctor",
        *(f"/problems?code={code}" for code in codes),
        *(f"/runs/{run.id}" for run in runs), *(f"/plans/{run.plan_id}" for run in runs if run.plan_id),
        *(f"/records/{record}" for record in records), f"/records/{records[0]}/undo",
    ]  # fmt: skip
    raw = []
    for page in pages:
        shown = browser.get(page).text
        raw += [page] if ACCOUNT in shown else []
        shown = re.sub(r"<pre.*?</pre>", "", shown, flags=re.DOTALL)
        for number in (ACCOUNT, CARD):
            at = shown.find(number)
            assert at < 0, f"{page}: {shown[at - 150 : at + 60]}"
    shown_raw = [page.split("/")[1] for page in raw]
    assert set(shown_raw) == {"records", "plans"}, "what the source said, and what is sent to QuickBooks, as they are"
    assert shown_raw.count("records") == 4
    with zipfile.ZipFile(io.BytesIO(b"".join(export_company(workshop, OWNER, company.id)))) as archive:
        for name in archive.namelist():
            for row in csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))):
                assert ACCOUNT not in str({column: value for column, value in row.items() if column != "raw"}), name
