"""What the fields of documents are called, QuickBooks' own and those of drafts: one table for pages, commands and the
API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from raccord.plugin.texts import Text

_LINE = re.compile(r"(?:Line|lines)\[(\d+)\]")
_WITHIN = frozenset({"en", "fr", "id", "key", "kind", "name", "of", "ref"})
"""Ends of the paths of drafts that say how a field points to something: it is called as the field itself."""

FIELDS: Mapping[str, Text] = MappingProxyType(
    {
        "Line": Text("Nombre de lignes", "Number of lines"),
        "money": Text("Argent déplacé", "Money moved"),
        "kind": Text("Genre", "Kind"),
        "Amount": Text("Montant", "Amount"),
        "TotalAmt": Text("Total", "Total"),
        "TxnDate": Text("Date", "Date"),
        "DueDate": Text("Échéance", "Due date"),
        "DocNumber": Text("Numéro", "Number"),
        "PrivateNote": Text("Mémo", "Memo"),
        "CustomerMemo": Text("Message au client", "Message to the customer"),
        "Description": Text("Description", "Description"),
        "AccountRef": Text("Compte", "Account"),
        "DepositToAccountRef": Text("Déposé dans", "Deposited to"),
        "FromAccountRef": Text("Du compte", "From account"),
        "ToAccountRef": Text("Au compte", "To account"),
        "CCAccountRef": Text("Compte de carte", "Card account"),
        "BankAccountRef": Text("Compte bancaire", "Bank account"),
        "ARAccountRef": Text("Compte clients", "Accounts receivable"),
        "APAccountRef": Text("Compte fournisseurs", "Accounts payable"),
        "IncomeAccountRef": Text("Compte de revenus", "Income account"),
        "DiscountAccountRef": Text("Compte des rabais", "Discount account"),
        "ItemRef": Text("Produit ou service", "Product or service"),
        "CustomerRef": Text("Client", "Customer"),
        "VendorRef": Text("Fournisseur", "Vendor"),
        "EntityRef": Text("Bénéficiaire", "Payee"),
        "ClassRef": Text("Classe", "Class"),
        "DepartmentRef": Text("Lieu", "Location"),
        "TaxCodeRef": Text("Code de taxe", "Tax code"),
        "TxnTaxCodeRef": Text("Code de taxe", "Tax code"),
        "TaxRateRef": Text("Taux de taxe", "Tax rate"),
        "PaymentMethodRef": Text("Mode de paiement", "Payment method"),
        "PaymentRefNum": Text("Référence", "Reference"),
        "SalesTermRef": Text("Conditions", "Terms"),
        "CustomerTypeRef": Text("Type de client", "Customer type"),
        "CurrencyRef": Text("Devise", "Currency"),
        "ExchangeRate": Text("Taux de change", "Exchange rate"),
        "GlobalTaxCalculation": Text("Calcul des taxes", "Tax calculation"),
        "TotalTax": Text("Total des taxes", "Total tax"),
        "TaxInclusiveAmt": Text("Montant, taxe comprise", "Amount, tax included"),
        "TaxPercent": Text("Pourcentage de la taxe", "Tax percentage"),
        "Qty": Text("Quantité", "Quantity"),
        "UnitPrice": Text("Prix unitaire", "Unit price"),
        "PostingType": Text("Débit ou crédit", "Debit or credit"),
        "PaymentType": Text("Payé par", "Paid by"),
        "TxnId": Text("Document relié", "Linked document"),
        "TxnType": Text("Genre du document relié", "Kind of the linked document"),
        "Active": Text("Actif", "Active"),
        "Name": Text("Nom", "Name"),
        "DisplayName": Text("Nom affiché", "Display name"),
        "CompanyName": Text("Société", "Company"),
        "TxnTaxDetail": Text("Taxes", "Taxes"),
        "TaxLine": Text("Lignes de taxe", "Tax lines"),
        "NetAmountTaxable": Text("Montant taxable", "Taxable amount"),
        "TaxApplicableOn": Text("Taxe sur achats ou ventes", "Tax on sales or purchases"),
        "DetailType": Text("Genre de ligne", "Kind of line"),
        "LinkedTxn": Text("Documents reliés", "Linked documents"),
        "TxnLineId": Text("Ligne du document relié", "Line of the linked document"),
        "PercentBased": Text("Rabais en pourcentage", "Discount as a percentage"),
        "PayType": Text("Payé par", "Paid by"),
        "Credit": Text("Remboursement", "Money back"),
        "BillableStatus": Text("Refacturable", "Billable"),
        "ApplyTaxAfterDiscount": Text("Taxe après le rabais", "Tax after the discount"),
        "Entity": Text("Bénéficiaire", "Payee"),
        "Type": Text("Genre", "Kind"),
        "AccountType": Text("Type de compte", "Type of account"),
        "AccountSubType": Text("Type détaillé", "Detail type"),
        "AcctNum": Text("Numéro de compte", "Account number"),
        "Sku": Text("Code (SKU)", "SKU"),
        "Note": Text("Note", "Note"),
        "Notes": Text("Notes", "Notes"),
        "FileName": Text("Fichier", "File"),
        "ContentType": Text("Format du fichier", "Format of the file"),
        "IncludeOnSend": Text("Joint à l'envoi", "Attached when sent"),
        "AttachableRef": Text("Pièce jointe à", "Attached to"),
        "PrimaryEmailAddr": Text("Courriel", "Email"),
        "Address": Text("Courriel", "Email"),
        "PrimaryPhone": Text("Téléphone", "Phone"),
        "FreeFormNumber": Text("Téléphone", "Phone"),
        "BillAddr": Text("Adresse de facturation", "Billing address"),
        "Line1": Text("Adresse, ligne 1", "Address, line 1"),
        "Line2": Text("Adresse, ligne 2", "Address, line 2"),
        "City": Text("Ville", "City"),
        "CountrySubDivisionCode": Text("Province ou État", "Province or state"),
        "PostalCode": Text("Code postal", "Postal code"),
        "Country": Text("Pays", "Country"),
        "CheckPayment": Text("Paiement par chèque", "Payment by cheque"),
        "CreditCardPayment": Text("Paiement par carte", "Payment by card"),
        "PrintStatus": Text("Impression", "Printing"),
        "EmailStatus": Text("Envoi par courriel", "Sending by email"),
        # Fields of drafts.
        "account": Text("Compte", "Account"),
        "address": Text("Adresse", "Address"),
        "after": Text("Écrit après", "Posted after"),
        "amount": Text("Montant", "Amount"),
        "applied": Text("Appliqué à", "Applied to"),
        "arriving": Text("Jour d'arrivée", "Day of arrival"),
        "bank": Text("Compte bancaire", "Bank account"),
        "city": Text("Ville", "City"),
        "class_": Text("Classe", "Class"),
        "company": Text("Société", "Company"),
        "country": Text("Pays", "Country"),
        "credit": Text("Remboursement", "Money back"),
        "currency": Text("Devise", "Currency"),
        "customer": Text("Client", "Customer"),
        "day": Text("Jour", "Day"),
        "deposit_to": Text("Déposé dans", "Deposited to"),
        "description": Text("Description", "Description"),
        "discount": Text("Rabais", "Discount"),
        "document": Text("Document relié", "Linked document"),
        "due": Text("Échéance", "Due date"),
        "email": Text("Courriel", "Email"),
        "entity": Text("Bénéficiaire", "Payee"),
        "exchange_rate": Text("Taux de change", "Exchange rate"),
        "file": Text("Fichier", "File"),
        "id": Text("Objet de QuickBooks", "QuickBooks object"),
        "income_account": Text("Compte de revenus", "Income account"),
        "item": Text("Produit ou service", "Product or service"),
        "keeps_name": Text("Garde son nom", "Keeps its name"),
        "key": Text("Ce à quoi il est relié", "What it is tied to"),
        "line": Text("Ligne", "Line"),
        "lines": Text("Lignes", "Lines"),
        "location": Text("Lieu", "Location"),
        "memo": Text("Mémo", "Memo"),
        "method": Text("Mode de paiement", "Payment method"),
        "name": Text("Nom", "Name"),
        "note": Text("Note", "Note"),
        "number": Text("Numéro", "Number"),
        "of": Text("Pour", "For"),
        "otherwise": Text("Sinon", "Otherwise"),
        "paid_from": Text("Payé depuis", "Paid from"),
        "payee": Text("Bénéficiaire", "Payee"),
        "payment": Text("Paiement", "Payment"),
        "payment_type": Text("Payé par", "Paid by"),
        "percent": Text("Pourcentage", "Percentage"),
        "phone": Text("Téléphone", "Phone"),
        "postal_code": Text("Code postal", "Postal code"),
        "quantity": Text("Quantité", "Quantity"),
        "ref": Text("Renvoi", "Reference to"),
        "reference": Text("Référence", "Reference"),
        "region": Text("Province ou État", "Province or state"),
        "side": Text("Débit ou crédit", "Debit or credit"),
        "sku": Text("Code (SKU)", "SKU"),
        "source": Text("Du compte", "From account"),
        "subtype": Text("Type détaillé", "Detail type"),
        "suggestion": Text("Suggestion", "Suggestion"),
        "target": Text("Au compte", "To account"),
        "tax_code": Text("Code de taxe", "Tax code"),
        "tax_mode": Text("Calcul des taxes", "Tax calculation"),
        "taxes": Text("Taxes", "Taxes"),
        "term": Text("Conditions", "Terms"),
        "total": Text("Total", "Total"),
        "type": Text("Genre", "Kind"),
        "type_": Text("Type de client", "Customer type"),
        "unit_price": Text("Prix unitaire", "Unit price"),
        "vendor": Text("Fournisseur", "Vendor"),
        "voided": Text("Annulé", "Voided"),
        "when_used": Text("Seulement s'il sert", "Only when used"),
        "accepts": Text("Ce qui convient", "What fits"),
        "label": Text("Question", "Question"),
    }
)
"""By the last name of their paths."""
VALUES: Mapping[str, Mapping[str, Text]] = MappingProxyType(
    {
        "PaymentType": {
            "Cash": Text("Compte bancaire ou caisse", "Bank or cash"),
            "Check": Text("Chèque", "Cheque"),
            "CreditCard": Text("Carte de crédit", "Credit card"),
        },
        "PayType": {
            "Check": Text("Compte bancaire", "Bank account"),
            "CreditCard": Text("Carte de crédit", "Credit card"),
        },
        "PostingType": {"Debit": Text("Débit", "Debit"), "Credit": Text("Crédit", "Credit")},
        "GlobalTaxCalculation": {
            "TaxExcluded": Text("Taxe en sus", "Tax on top"),
            "TaxInclusive": Text("Taxe comprise", "Tax included"),
            "NotApplicable": Text("Sans taxe", "No tax"),
        },
        "EmailStatus": {"NotSet": Text("Aucun", "None"), "NeedToSend": Text("À envoyer", "To be sent")},
        "PrintStatus": {"NotSet": Text("Aucune", "None"), "NeedToPrint": Text("À imprimer", "To be printed")},
        **{
            name: {"true": Text("Oui", "Yes"), "false": Text("Non", "No")}
            for name in ("Active", "ApplyTaxAfterDiscount", "Credit", "IncludeOnSend", "Taxable")
        },
    }
)
"""What QuickBooks' words say, by the properties that hold them."""
KIND_FIELDS = frozenset({"kind", "TxnType"})
"""Fields whose value is a kind of document."""


def field_named(path: str) -> Text:
    """Return what the field at a path (``Line[0].ItemRef``) is called, and in which line of its document it stands.

    One that nobody named is called as it is written.
    """
    line = _LINE.match(path)
    names = [each.partition("[")[0] for each in path.split(".")]
    while len(names) > 1 and names[-1] in _WITHIN and names[-2] not in ("Line", "lines"):
        names.pop()
    said = FIELDS.get(names[-1]) or Text(names[-1] or path or "–", names[-1] or path or "–")
    if line is None or len(names) == 1:
        return said
    number = int(line[1]) + 1
    return Text(f"Ligne {number}, {said.fr}", f"Line {number}, {said.en}")


def value_named(path: str, value: str) -> Text | None:
    """Return what the word that a property holds says; nothing where it is no word of QuickBooks'."""
    known = VALUES.get(path.rpartition(".")[2], {})
    return known.get(value) or known.get(value.lower())
