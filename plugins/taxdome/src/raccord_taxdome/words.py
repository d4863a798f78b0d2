"""What the fields of records are called, and the words that they hold."""

from __future__ import annotations

from collections.abc import Mapping

from raccord.plugin import Text

FACTS: Mapping[str, Text] = {
    "posted": Text("Date d’écriture", "Posted on"),
    "source": Text("Payé par", "Paid by"),
    "provider": Text("Processeur", "Processor"),
}
FACT_VALUES: Mapping[str, Mapping[str, Text]] = {
    "type": {
        "individual": Text("Particulier", "Individual"),
        "company": Text("Entreprise", "Company"),
        "other": Text("Autre", "Other"),
    },
    "status": {
        "draft": Text("Ébauche", "Draft"),
        "scheduled": Text("Planifiée", "Scheduled"),
        "unpaid": Text("Impayée", "Unpaid"),
        "in_progress": Text("En cours", "In progress"),
        "partially_paid": Text("Payée en partie", "Partially paid"),
        "paid": Text("Payée", "Paid"),
        "overdue": Text("En retard", "Overdue"),
        "voided": Text("Annulée", "Voided"),
        "succeeded": Text("Réussi", "Succeeded"),
        "failed": Text("Échoué", "Failed"),
    },
    "source": {
        "cash": Text("Comptant", "Cash"),
        "check": Text("Chèque", "Check"),
        "card": Text("Carte", "Card"),
        "bank_debit": Text("Prélèvement bancaire", "Bank debit"),
        "promotional_credit": Text("Crédit promotionnel", "Promotional credit"),
        "client_credit": Text("Crédit du client", "Client credit"),
        "other": Text("Autre", "Other"),
    },
    "provider": {
        "none": Text("Aucun", "None"),
        "stripe": Text("Stripe", "Stripe"),
        "cpacharge": Text("CPACharge", "CPACharge"),
        "taxdome_payments": Text("TaxDome Payments", "TaxDome Payments"),
    },
    "origin": {
        "taxdome_after": Text("TaxDome, après la connexion", "TaxDome, after the connection"),
        "quickbooks_copy": Text("Copie de QuickBooks", "Copy of QuickBooks"),
        "taxdome_before": Text("TaxDome, avant la connexion", "TaxDome, before the connection"),
    },
    "kind": {
        "promotional": Text("Promotionnel", "Promotional"),
        "prepayment": Text("Paiement d’avance", "Prepayment"),
        "overpayment": Text("Trop-payé", "Overpayment"),
    },
    "rate_type": {
        "hour": Text("À l’heure", "By the hour"),
        "item": Text("À l’unité", "By the item"),
    },
}
