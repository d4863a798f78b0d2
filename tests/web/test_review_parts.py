"""The review page shows in both languages what a line pays a part of, or refunds, and posts what is accepted."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape

import till
from harness import choose_usual, sync
from httpx import Response
from lines_at_hand import asked, line
from open_documents import owed
from starlette.testclient import TestClient

from raccord.store.models import Company, Connection
from raccord.sync.workshop import Workshop

Send = Callable[..., Response]
SAID = {
    "b1": {
        "en": ("pays it together with other lines", "Leaves ", "199.90", "Together with", "99.95"),
        "fr": ("la règle avec d’autres opérations", "Laisse ", "199,90", "Avec", "99,95"),
    },
    "b4": {
        "en": ("AV-7001", "payment of nothing that takes the credit memo"),
        "fr": ("AV-7001", "paiement de zéro qui y applique l’avoir"),
    },
    "b5": {
        "en": ("Vendor credit CF-8001", "bill payment of nothing that takes the vendor credit"),
        "fr": ("Crédit fournisseur CF-8001", "paiement de facture de zéro qui y applique le crédit"),
    },
}


def test_parts_and_refunds_are_shown_with_what_they_leave_and_posted_as_accepted(
    workshop: Workshop, company: Company, connection: Connection, browser: TestClient, send: Send
) -> None:
    choose_usual(workshop, connection, company)
    invoice = owed(workshop, company, "Invoice", "Boulangerie Gagnon", "300.00", "F-20417")
    memo = owed(workshop, company, "CreditMemo", "Clinique Roy", "40.25", "AV-7001")
    credit = owed(workshop, company, "VendorCredit", "Papeterie Lavoie", "61.50", "CF-8001")
    till.ROWS["T1"] = [
        line(1, "100.10", "BOULANGERIE GAGNON F-20417"),
        line(2, "99.95", "BOULANGERIE GAGNON F-20417"),
        line(3, "99.95", "BOULANGERIE GAGNON F-20417"),
        line(4, "-40.25", "REMB CLINIQUE ROY AV-7001"),
        line(5, "61.50", "REMB PAPETERIE LAVOIE CF-8001"),
    ]
    sync(workshop, connection)
    holds = {key: hold.id for key, hold in asked(workshop).items()}
    for key, languages in SAID.items():
        for language, words in languages.items():
            page = browser.get(f"/review?line={holds[key]}", headers={"accept-language": language}).text
            shown = re.sub(r"[\s\u00a0\u202f]+", " ", unescape(re.sub(r"<[^>]+>", "", page)))
            assert [each for each in words if each not in shown] == [], (key, language)
    for key, document in (("b1", invoice), ("b4", memo), ("b5", credit)):
        page = f"/review?line={holds[key]}"
        assert send(page, f"/review/{holds[key]}/pay", documents=document).status_code == 303
    sync(workshop, connection)
    client = workshop.client(company)
    left = [
        Decimal(next(client.query_all(kind, f"Id = '{id_}'"))["Balance"])
        for kind, id_ in (("Invoice", invoice), ("CreditMemo", memo), ("VendorCredit", credit))
    ]
    assert left == [Decimal("199.90"), 0, 0]
