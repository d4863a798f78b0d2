"""What the fields of records are called, and the words that they hold."""

from __future__ import annotations

from collections.abc import Mapping

from raccord.plugin import Text

FACTS: Mapping[str, Text] = {
    "card": Text("Carte (masquée)", "Card (masked)"),
    "dispute": Text("Numéro de litige", "Dispute number"),
    "entity": Text("Numéro d’entité", "Entity number"),
    "order": Text("Numéro de commande", "Order number"),
    "reason": Text("Motif (code de la carte)", "Reason (the card's code)"),
    "category": Text("Étape du litige", "Stage of the dispute"),
}
FACT_VALUES: Mapping[str, Mapping[str, Text]] = {
    "category": {
        "RTM": Text("Retirée du marchand", "Returned to merchant"),
        "REPR": Text("Représentée", "Representment"),
    },
}
