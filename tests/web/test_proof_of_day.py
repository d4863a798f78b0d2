"""Where a line of the proof leads, and what was taken from it: its day's sums above the records, fees posted apart."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.overview.proofs import proof_totals
from raccord.plugin.drafts import Deposit, Link, Role
from raccord.plugin.lines import DirectLine, LinkedLine
from raccord.plugin.texts import Language
from raccord.store.models import Connection, DraftRow, LinkRow, LinkState, Proof
from raccord.sync.bodies import dump_draft
from raccord.sync.workshop import Workshop
from raccord_web.words.wording import wording


def fee_apart(workshop: Workshop, connection: Connection, amount: str, day: date, state: LinkState) -> None:
    """Have a sale's fee be in QuickBooks as an expense of its own."""
    with workshop.database.begin() as session:
        session.add(
            LinkRow(
                company_id=connection.company_id, connection_id=connection.id, key=f"sales/f{amount}#fee",
                kind="Purchase", document_id=f"9{amount}", sync_token="0", revision=1, marker="m", payload_hash="h",
                stream="sales", day=day, amount=Decimal(amount), currency="CAD", state=state,
                linked_at=datetime.now(UTC),
            )
        )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "$1,115.01 before fees − $7.40 of fees, posted apart = $1,107.61"),
        ("fr", "1 115,01 $ avant frais − 7,40 $ de frais, comptabilisés à part = 1 107,61 $"),
    ],
)
def test_fees_posted_apart_stand_under_the_line_that_they_were_taken_from(
    workshop: Workshop, synced: Connection, browser: TestClient, language: str, said: str
) -> None:
    fee_apart(workshop, synced, "-7.4", date(2026, 3, 2), LinkState.LIVE)
    fee_apart(workshop, synced, "-2.50", date(2026, 3, 2), LinkState.UNDONE)
    with workshop.database.begin() as session:
        for proof in session.query(Proof).filter_by(stream="sales", day=date(2026, 3, 2)):
            proof.source_total = proof.posted_total = proof.quickbooks_total = proof.source_total - Decimal("7.40")
    with workshop.database.read() as session:
        found = {each.stream: each for each in proof_totals(session, [synced.id])}
    assert (found["sales"].before_fees, found["sales"].fees) == (Decimal("1115.01"), Decimal("7.4"))
    assert found["refunds"].fees == 0
    for page in ("/", "/proof", f"/connections/{synced.id}/proof"):
        shown = re.sub(r"\s", " ", browser.get(page, headers={"accept-language": language}).text)
        assert shown.count(said) == 1, page


def test_the_records_of_a_proofs_day_stand_under_its_sums(
    workshop: Workshop, synced: Connection, browser: TestClient, rows: list[dict[str, str]]
) -> None:
    proof = browser.get(f"/connections/{synced.id}/proof").text
    link = re.search(r'href="(/records\?connection=[^"]+first=2026-03-03[^"]+)"', proof)
    assert link
    address = link[1].replace("&amp;", "&")
    shown = browser.get(address).text.replace("\u00a0", " ")
    assert "Proof of 3 Mar 2026" in shown
    assert f'href="/connections/{synced.id}/proof?month=2026-03-03"' in shown
    table = shown.partition('aria-labelledby="of-day"')[2].partition("</table>")[0]
    sums = [re.sub(r"<[^>]+>|\s", "", each) for each in re.findall(r'<td class="num[^>]*>(.*?)</td>', table, re.DOTALL)]
    assert sums == [
        "\N{MINUS SIGN}$20.00",
        "$0.00",
        "\N{MINUS SIGN}$20.00",
        "\N{MINUS SIGN}$20.00",
        "$0.03",
        "$0.00",
        "$0.03",
        "$0.03",
    ]
    assert 'data-total="2"' in shown, "as many as the list below holds"
    assert "Preuve du 3 mars 2026" in browser.get(address, headers={"accept-language": "fr"}).text.replace(
        "\u00a0", " "
    )
    assert "This day is not proven" in browser.get(address.replace("2026-03-03", "2026-01-03")).text
    for other in ("/records", f"/records?connection={synced.id}", "/records?first=2026-03-03&last=2026-03-03"):
        assert "of-day" not in browser.get(other).text, other


@pytest.mark.parametrize(
    ("language", "day", "month"),
    [
        (
            "en",
            " before fees − $2.50 kept back in the deposit = ",
            "$2.50 of fees kept back in the deposits in March 2026",
        ),
        (
            "fr",
            " avant frais − 2,50 $ retenus dans le dépôt = ",
            "2,50 $ de frais retenus dans les dépôts en mars 2026",
        ),
    ],
)
def test_fees_kept_inside_a_deposit_stand_in_its_days_row_and_in_the_months_sum(
    workshop: Workshop, synced: Connection, browser: TestClient, language: Language, day: str, month: str
) -> None:
    with workshop.database.begin() as session:
        draft = session.scalars(select(DraftRow).where(DraftRow.key == "sales/s1")).one()
        link = session.scalars(select(LinkRow).where(LinkRow.key == "sales/s1")).one()
        deposit = Deposit(
            key=draft.key, day=date(2026, 3, 2), currency="CAD", bank=Role("bank"), total=Decimal("1114.98"),
            lines=(
                LinkedLine(document=Link("sales/s2"), amount=Decimal("1117.48")),
                DirectLine(account=Role("fees"), amount=Decimal("-2.50")),
            ),
        )  # fmt: skip
        link.kind = draft.kind = "Deposit"
        draft.body = dump_draft(deposit)
    asked = {"accept-language": language}
    shown = re.sub(r"\s", " ", browser.get(f"/connections/{synced.id}/proof", headers=asked).text)
    assert (shown.count(day), shown.count(month)) == (1, 1)
    record = browser.get(f"/records/{draft.record_id}", headers=asked).text
    assert wording(language)("records.side_kept_back") in record
