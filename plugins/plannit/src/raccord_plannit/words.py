"""What the fields of records are called, and the words that they hold."""

from __future__ import annotations

from collections.abc import Mapping

from raccord.plugin import Text

FACT_VALUES: Mapping[str, Mapping[str, Text]] = {
    "method": {
        "cash": Text("Comptant", "Cash"),
        "cheque": Text("Chèque", "Cheque"),
        "e-transfer": Text("Virement Interac", "E-transfer"),
        "card": Text("Carte", "Card"),
        "direct debit": Text("Prélèvement", "Direct debit"),
        "other": Text("Autre", "Other"),
    },
    "kind": {
        "payment": Text("Paiement", "Payment"),
        "deposit": Text("Avance (acompte)", "Advance (deposit)"),
    },
    "status": {
        "open": Text("Ouvert", "Open"),
        "to pay": Text("À payer", "To pay"),
        "paid": Text("Payée", "Paid"),
        "closed": Text("Fermé", "Closed"),
        "draft": Text("Brouillon", "Draft"),
        "void": Text("Annulée", "Void"),
    },
    "language": {
        "fr": Text("Français", "French"),
        "en": Text("Anglais", "English"),
    },
}
