"""What the fields of records are called, and the words that they hold."""

from __future__ import annotations

from collections.abc import Mapping

from raccord.plugin import Text

FACTS: Mapping[str, Text] = {
    "native": Text("Identifiant à la banque", "The bank's identifier"),
}
FACT_VALUES: Mapping[str, Mapping[str, Text]] = {
    "account_type": {
        "CHECKING": Text("Chèques", "Chequing"),
        "SAVINGS": Text("Épargne", "Savings"),
        "MONEYMRKT": Text("Marché monétaire", "Money market"),
        "CREDITLINE": Text("Marge de crédit", "Credit line"),
        "CREDITCARD": Text("Carte de crédit", "Credit card"),
        "CD": Text("Dépôt à terme", "Term deposit"),
    },
}
