"""A record's page: what its source says beside the document in QuickBooks, row by row, in words."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.overview.pointing.two_sides import LINES_MAX, Field, sides_of
from raccord.store.canonical import canonical, exact
from raccord.store.models import Connection, DraftRow, Drift, LinkRow, PlanLine, SourceRecord
from raccord.sync.workshop import Workshop


def rows_of(browser: TestClient, record: int, language: str) -> list[str]:
    """Return the rows of a record's comparison as text, each with its mark where it has one."""
    page = browser.get(f"/records/{record}", headers={"accept-language": language}).text
    sides = page.partition('<dl class="sbs')[2].partition("</dl>")[0]
    told = []
    for row in re.split(r"<div(?= class=\"(?:flag|warnflag|head)|>)", sides)[1:]:
        mark = re.match(r' class="(\w+)"', row)
        text = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", re.sub(r"^[^>]*>", "", row))
        told.append(f"{mark[1] + ': ' if mark else ''}{' '.join(text.split())}")
    return told


def test_a_records_page_shows_the_document_beside_its_source_and_flags_what_differs(
    workshop: Workshop, synced: Connection, browser: TestClient
) -> None:
    with workshop.database.read() as session:
        of = {each.source_id: each.id for each in session.scalars(select(SourceRecord))}
    assert rows_of(browser, of["s1"], "en")[3:9] == [
        "Date 2 Mar 2026 2 Mar 2026",
        "Customer or payee Customer Client Caisse",
        "Amount $ 1,114.98 $ 1,114.98",
        "Tax Included in the amounts $ 145.22 Included in the amounts",
        "Account Clearing Fonds non déposés",
        "Lines Income · $ 1,114.98 Revenu Caisse · $ 1,114.98",
    ]
    french = rows_of(browser, of["r1"], "fr")
    assert french[3] == "Date 3 mars 2026 3 mars 2026"
    assert french[5] == "Montant 20,00 $ 20,00 $"
    assert french[6] == "Taxes Comprises dans les montants 2,60 $ Comprises dans les montants"
    held = rows_of(browser, of["b1"], "en")
    assert held[3:5] == ["Date 4 Mar 2026 –", "Amount $ 12.30 –"], "what waits for an answer is no document yet"

    with workshop.database.begin() as session:
        link = session.scalars(select(LinkRow).where(LinkRow.key == "sales/s1")).one()
        link.day, link.record_day, link.amount = date(2026, 4, 1), link.day, Decimal("1114.00")
        session.add(
            Drift(
                company_id=link.company_id,
                connection_id=synced.id,
                link_id=link.id,
                change="edited",
                found_at=datetime.now(UTC),
                fields=[{"field": "PrivateNote", "before": "ours", "after": "checked by HR"}],
            )
        )
    shown = rows_of(browser, of["s1"], "en")
    assert shown[3] == "warnflag: Date 2 Mar 2026 1 Apr 2026 Not as at the source"
    assert shown[5] == "flag: Amount $ 1,114.98 $ 1,114.00 Not as at the source"
    assert "warnflag: Memo Changed in QuickBooks since ours checked by HR" in shown
    shown = rows_of(browser, of["s1"], "fr")
    assert shown[5] == "flag: Montant 1 114,98 $ 1 114,00 $ Pas comme à la source"


def test_the_tax_of_a_document_of_many_lines_is_that_of_all_of_them(workshop: Workshop, synced: Connection) -> None:
    with workshop.database.begin() as session:
        draft = session.scalars(select(DraftRow).where(DraftRow.key == "sales/s1")).one()
        written = session.scalars(select(PlanLine).where(PlanLine.draft_id == draft.id, PlanLine.payload != "")).one()
        body: Any = exact(written.payload)
        taxed = {"Amount": Decimal("1.00"), "SalesItemLineDetail": {"TaxInclusiveAmt": Decimal("1.15")}}
        body["Line"] = [taxed] * (LINES_MAX + 5)
        body.pop("TxnTaxDetail", None)
        written.payload = canonical(body)
        session.flush()
        sides = sides_of(session, draft.record_id)[draft.id]
    tax = next(each for each in sides.rows if each.field == Field.TAX)
    assert [each.amount for each in tax.ledger] == [Decimal("3.75")]
