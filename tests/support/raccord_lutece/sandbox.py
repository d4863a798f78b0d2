"""A made-up Lutèce: its API in this process, told in several ways, and what it all comes to."""

import json
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files
from zoneinfo import ZoneInfo

from raccord.plugin.testing import RestTwin, Trial, rest_trial, serve_twin
from raccord_lutece.expected import COUNTS, EFFECTS, EXPECTED, OPEN, PRINTED

ROWS, NEWS = (
    json.loads((files("raccord_lutece") / "samples" / name).read_text(encoding="utf-8"))
    for name in ("rows.json", "news.json")
)
TWIN = RestTwin(rows=ROWS, data="donnees", page="page", since="modifie_depuis", changed="modifie_le")


def trials() -> list[Trial]:
    moments = {"payments": "encaissements/recu_le", "refunds": "remboursements/rendu_le"}
    trial = rest_trial(TWIN, {"account": "1", "api_token": TWIN.token}, news=NEWS, moments=moments)
    return [
        replace(
            trial,
            # By hand: all invoices of the list but the one in francs, the credit note taken off; payments after fees.
            totals={
                "invoices": {"EUR": Decimal("148.45"), "CHF": Decimal("100.00")},
                "payments": {"EUR": Decimal("165.55"), "CHF": Decimal("50.00")},
                "refunds": {"EUR": Decimal("-30.10")},
            },
            expected=EXPECTED,
            effects=EFFECTS,
            open=OPEN,
            counts=COUNTS,
            printed=PRINTED,
            taxed=True,
            time_zone=ZoneInfo("Europe/Paris"),
            home_currency="EUR",
        )
    ]


if __name__ == "__main__":
    serve_twin(TWIN.answer, 8790)
