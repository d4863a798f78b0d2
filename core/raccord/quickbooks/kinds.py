"""What QuickBooks' kinds of documents and entries are called: one table for pages, commands and messages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from raccord.plugin.texts import Language, Text

KINDS: Mapping[str, Text] = MappingProxyType(
    {
        "Account": Text("Compte", "Account"),
        "Attachable": Text("Pièce jointe", "Attachment"),
        "Bill": Text("Facture fournisseur", "Bill"),
        "BillPayment": Text("Paiement de facture", "Bill payment"),
        "Class": Text("Classe", "Class"),
        "CreditCardPayment": Text("Paiement de carte de crédit", "Credit card payment"),
        "CreditMemo": Text("Note de crédit", "Credit memo"),
        "Customer": Text("Client", "Customer"),
        "CustomerType": Text("Type de client", "Customer type"),
        "Department": Text("Lieu", "Location"),
        "Deposit": Text("Dépôt", "Deposit"),
        "DepositLine": Text("Ligne du dépôt", "Line of the deposit"),
        "Employee": Text("Employé", "Employee"),
        "Expense": Text("Dépense", "Expense"),
        "Invoice": Text("Facture", "Invoice"),
        "Item": Text("Produit ou service", "Product or service"),
        "JournalEntry": Text("Écriture de journal", "Journal entry"),
        "Payment": Text("Paiement reçu", "Payment"),
        "PaymentMethod": Text("Mode de paiement", "Payment method"),
        "Purchase": Text("Dépense", "Expense"),
        "RefundReceipt": Text("Reçu de remboursement", "Refund receipt"),
        "SalesItemLine": Text("Ligne de vente", "Sales line"),
        "SalesReceipt": Text("Reçu de vente", "Sales receipt"),
        "Sku": Text("Code (SKU)", "SKU"),
        "TaxCode": Text("Code de taxe", "Tax code"),
        "Term": Text("Condition de paiement", "Payment term"),
        "Transfer": Text("Virement", "Transfer"),
        "UnitPrice": Text("Prix unitaire", "Unit price"),
        "Vendor": Text("Fournisseur", "Vendor"),
        "VendorCredit": Text("Crédit fournisseur", "Vendor credit"),
        # Words of term tables that stand for no single kind.
        "by_sign": Text("Selon le signe", "By its sign"),
        "left_out": Text("Laissé de côté", "Left out"),
    }
)
"""By QuickBooks' own names of its entities and of parts of them."""


def kind_named(entity: str, language: Language) -> str:
    """Return what a kind is called; one that nobody named as QuickBooks writes it."""
    found = KINDS.get(entity)
    return entity if found is None else found.get(language)
