"""What the fields of records are called, those of a refused expense too."""

from __future__ import annotations

from collections.abc import Mapping

from raccord.plugin import Text

FACTS: Mapping[str, Text] = {
    "account": Text("Catégorie", "Category"),
    "accountingEntryLines": Text("Ventilation", "Split"),
    "amount": Text("Montant", "Amount"),
    "bookkeeping.method": Text("Méthode comptable", "Bookkeeping method"),
    "invoiceInformation": Text("Facture", "Invoice"),
    "job": Text("Export de Pleo", "Pleo's export"),
    "lineAmount": Text("Montant de la ligne", "Amount of the line"),
    "note": Text("Note", "Note"),
    "supplier.name": Text("Fournisseur", "Supplier"),
    "user.name": Text("Personne", "Person"),
    "vendor": Text("Fournisseur", "Vendor"),
}
