"""What is told of a line that may be a deposit of payments: why none are named, or are not there any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raccord.plugin.texts import Text
from raccord.sync.lines.undeposited import CROWDED, DAYS, TAKEN, UNCLEAR

_CALLED = {"Payment": Text("le paiement", "payment"), "SalesReceipt": Text("le reçu de vente", "sales receipt")}


def deposit_notes(params: Mapping[str, Any], currency: str) -> Sequence[Text]:
    """Return what a question says of its line's deposit, in sentences."""
    notes = []
    for gone in params.get(TAKEN) or ():
        of = _CALLED[str(gone["kind"])]
        number = f" {gone['number']}" if gone["number"] else ""
        party_fr, party_en = (f" de {gone['party']}", f" of {gone['party']}") if gone["party"] else ("", "")
        amount = f"{gone['amount']} {currency}"
        if gone["deposit"]:
            why = Text(
                f"QuickBooks l'a déposé entre-temps (dépôt {gone['deposit']})",
                f"QuickBooks has it in deposit {gone['deposit']} by now",
            )
        else:
            why = Text(
                "il n'est plus dans les fonds non déposés pour ce montant",
                "it is not in Undeposited Funds for this amount any more",
            )
        notes.append(
            Text(
                f"Le dépôt accepté n'a pas été écrit : {of.fr}{number}{party_fr} ({amount}), {why.fr}.",
                f"The deposit that was accepted was not posted: {of.en}{number}{party_en} ({amount}), {why.en}.",
            )
        )
    if UNCLEAR in params:
        notes.append(
            Text(
                "Des paiements des fonds non déposés font ce montant de plusieurs façons : aucune n'est proposée. "
                "Faites le dépôt dans QuickBooks, et la synchro suivante le reconnaîtra.",
                "Payments in Undeposited Funds come to this amount in more than one way: none is proposed. Make the "
                "deposit in QuickBooks, and the next run recognises it.",
            )
        )
    if CROWDED in params:
        most, days = params[CROWDED], DAYS.days
        notes.append(
            Text(
                f"Plus de {most} paiements des {days} derniers jours attendent dans les fonds non déposés : ils n'ont "
                "pas été additionnés. Faites le dépôt dans QuickBooks si cette opération en est un.",
                f"More than {most} payments of the last {days} days wait in Undeposited Funds: they were not added up. "
                "Make the deposit in QuickBooks if this line is one.",
            )
        )
    return notes
