"""The company's own answers for the source's words count from their day on."""

from __future__ import annotations

from datetime import date

import pytest
from harness import NOW

from raccord.plugin import Term, TermTable, Text
from raccord.store.models import Connection, TermOverride
from raccord.sync.resolving.terms import DatedTerms
from raccord.sync.workshop import Workshop

TABLE = TermTable({"sale": Term("sale", "SalesReceipt", Text("Vente", "Sale"), "CH-26")})


@pytest.mark.requirement("K9", "CH-55")
def test_a_record_keeps_the_word_that_held_on_its_own_day(workshop: Workshop, connection: Connection) -> None:
    with workshop.database.begin() as session:
        for day, ledger in ((date(2026, 3, 5), "Invoice"), (date(2026, 3, 9), "Deposit")):
            session.add(
                TermOverride(
                    connection_id=connection.id,
                    word="sale",
                    valid_from=day,
                    ledger=ledger,
                    changed_by="Odile",
                    changed_at=NOW,
                )
            )
    with workshop.database.read() as session:
        terms = DatedTerms.read(session, connection.id, TABLE)
    words = {day: terms.on(date(2026, 3, day)).terms["sale"].ledger for day in (4, 5, 8, 9, 20)}
    assert words == {4: "SalesReceipt", 5: "Invoice", 8: "Invoice", 9: "Deposit", 20: "Deposit"}
