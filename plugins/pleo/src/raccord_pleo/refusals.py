"""Why an exported expense is not posted, told to the bookkeeper and to Pleo."""

from __future__ import annotations

from raccord.plugin import BadRecord, Reject, Text
from raccord_pleo.wire import ItemStatus, Result

LEFT_OUT = {
    "scope.before_start": Text(
        "La dépense date d'avant le premier jour de la connexion : elle reste hors de QuickBooks.",
        "The expense is dated before the connection's first day: it stays out of QuickBooks.",
    ),
    "scope.paused": Text(
        "La dépense date d'un jour où la connexion était en pause : elle reste hors de QuickBooks.",
        "The expense is dated on a day when the connection was paused: it stays out of QuickBooks.",
    ),
}
"""By core's codes: what is out of the connection's days, so that Pleo is told more than a code."""


INVOICE_NUMBER = Text(
    "Garde sous quel numéro les paiements de Pleo nomment une facture.",
    "Keeps under which number Pleo's payments name an invoice.",
)


PAYMENT_ALONE = Text(
    "Ce que Pleo a payé d'une dépense qui n'est pas écrite comme une facture.",
    "What Pleo paid of an expense that is not posted as a bill.",
)


def type_unknown(kind: str, sub_type: str) -> Text:
    named = f"{kind}/{sub_type}" if sub_type else kind
    return Text(
        f"Pleo exporte un type que Raccord ne connaît pas : {named}. Rien n'a été écrit ; passez l'écriture à la main.",
        f"Pleo exports a type that Raccord does not know: {named}. Nothing was posted; enter it by hand.",
    )


def type_left_out(label: Text) -> Text:
    return Text(
        f"« {label.fr} » n'est pas écrit par Raccord : passez l'écriture dans QuickBooks.",
        f"“{label.en}” is not posted by Raccord: enter it in QuickBooks.",
    )


def against_its_type(kind: str, amount: str) -> BadRecord:
    return BadRecord(
        "amount",
        Text(
            f"Le montant {amount} contredit le type {kind} : vérifiez la dépense dans Pleo.",
            f"The amount {amount} contradicts the type {kind}: check the expense in Pleo.",
        ),
        "pleo.amount_against_type",
    )


def currency_foreign(currency: str, home: str) -> BadRecord:
    return BadRecord(
        "amount",
        Text(
            f"Le compte Pleo est tenu en {currency}, la société en {home} : la dépense n'est pas écrite.",
            f"The Pleo account is kept in {currency}, the company in {home}: the expense is not posted.",
        ),
        "pleo.currency_foreign",
    )


def does_not_add_up(lines: str, total: str) -> BadRecord:
    return BadRecord(
        "accountingEntryLines",
        Text(
            f"Les lignes font {lines}, la dépense {total} : vérifiez la ventilation dans Pleo.",
            f"The lines come to {lines}, the expense to {total}: check the split in Pleo.",
        ),
        "pleo.does_not_add_up",
    )


def no_lines() -> BadRecord:
    return BadRecord(
        "accountingEntryLines",
        Text("La dépense n'a aucune ligne.", "The expense has no line."),
        "pleo.no_lines",
    )


def category_missing() -> BadRecord:
    return BadRecord(
        "account",
        Text(
            "La dépense n'a pas de catégorie : choisissez-la dans Pleo, puis exportez de nouveau.",
            "The expense has no category: choose it in Pleo, then export again.",
        ),
        "pleo.category_missing",
    )


def vendor_missing() -> BadRecord:
    return BadRecord(
        "vendor",
        Text(
            "Le fournisseur manque, et une facture en a un : choisissez-le dans Pleo, puis exportez de nouveau.",
            "The vendor is missing, and a bill has one: choose it in Pleo, then export again.",
        ),
        "pleo.vendor_missing",
    )


def accounts_payable(label: Text) -> BadRecord:
    return BadRecord(
        "bookkeeping.method",
        Text(
            f"« {label.fr} » : Pleo demande la méthode des comptes fournisseurs, que Raccord tient pour les achats, "
            "les factures et leurs paiements. Choisissez l'écriture de journal dans Pleo, puis exportez de nouveau.",
            f"“{label.en}”: Pleo asks for the accounts payable method, which Raccord keeps for purchases, invoices and "
            "their payments. Choose journal entries in Pleo, then export again.",
        ),
        "pleo.accounts_payable",
    )


def invoice_unnamed() -> BadRecord:
    return BadRecord(
        "invoiceInformation",
        Text(
            "Le paiement ne nomme aucune facture que Raccord a reçue : exportez aussi la facture, puis de nouveau le "
            "paiement, ou passez-le à la main.",
            "The payment names no invoice that Raccord received: export the invoice too, then the payment again, or "
            "enter it by hand.",
        ),
        "pleo.invoice_unnamed",
    )


def export_ended(where: str, left: int) -> Reject:
    return Reject(
        "entries",
        where,
        "pleo.export_ended",
        Text(
            f"L'export a pris fin chez Pleo avant que {left} de ses dépenses aient leur réponse : exportez-les de "
            "nouveau ; ce qui est écrit ne l'est pas deux fois.",
            f"The export ended at Pleo before {left} of its expenses had their answer: export them again; what is "
            "posted is not posted twice.",
        ),
    )


def exports_ended(count: int) -> Text:
    return Text(
        f"L'export a pris fin chez Pleo avant que {count} de ses dépenses aient leur réponse.",
        f"The export ended at Pleo before {count} of its expenses had their answer.",
    )


def came_late(result: Result) -> Text:
    """Say what became of an expense whose export did not wait for it, and what to do."""
    if result.status is ItemStatus.SUCCESSFUL:
        return Text(
            f"La dépense est écrite dans QuickBooks (nº {result.external_id}), mais son export a pris fin chez Pleo "
            "avant qu'il l'apprenne : exportez-la de nouveau, Pleo montre alors ce document, sans en écrire un second.",
            f"The expense is posted in QuickBooks (id {result.external_id}), but its export ended at Pleo before it "
            "heard so: export it again, Pleo then shows this document and no second one is posted.",
        )
    return Text(
        f"La dépense n'est pas écrite ({result.failure_reason}), et son export a pris fin chez Pleo avant qu'il "
        "l'apprenne : mettez-la en ordre, puis exportez-la de nouveau.",
        f"The expense is not posted ({result.failure_reason}), and its export ended at Pleo before it heard so: put it "
        "in order, then export it again.",
    )


def receipt_missing(name: str, why: str) -> BadRecord:
    if why == "expired":
        return BadRecord(
            "files",
            Text(
                f"Le lien du justificatif {name} a expiré (24 heures) : exportez de nouveau la dépense depuis Pleo.",
                f"The link of the receipt {name} has expired (24 hours): export the expense from Pleo again.",
            ),
            "pleo.receipt_expired",
        )
    return BadRecord(
        "files",
        Text(
            f"Le justificatif {name} n'a pas pu être lu ({why}) : exportez de nouveau la dépense depuis Pleo.",
            f"The receipt {name} could not be read ({why}): export the expense from Pleo again.",
        ),
        "pleo.receipt_unreadable",
    )


def term_unknown(ledger: str) -> BadRecord:
    return BadRecord(
        "type",
        Text(
            f"La correspondance « {ledger} » n'existe pas : corrigez-la dans Correspondances.",
            f"The mapping “{ledger}” does not exist: correct it in Mappings.",
        ),
        "pleo.term_unknown",
    )
