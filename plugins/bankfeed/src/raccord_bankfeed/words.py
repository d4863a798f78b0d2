"""What the fields of records are called, and the words that they hold."""

from __future__ import annotations

from collections.abc import Mapping

from raccord.plugin import Text

FACTS: Mapping[str, Text] = {
    "account": Text("Compte", "Account"),
    "amount": Text("Montant", "Amount"),
    "answers": Text("Fichier", "File"),
    "currency": Text("Devise", "Currency"),
    "twin": Text("Peut-être déjà là", "Perhaps here already"),
    "CORRECTFITID": Text("Correction de la banque", "Correction by the bank"),
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
