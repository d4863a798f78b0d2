"""What is told of a line that may be a deposit or a payment: why none is named, or what of it is there no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from raccord.plugin.texts import Language, Text, figures_of
from raccord.sync.lines.payments_left import STANDING
from raccord.sync.lines.undeposited import AWAITED, CROWDED, DAYS, FOREIGN, REFUND, TAKEN, UNCLEAR

LANGUAGES: tuple[Language, Language] = ("fr", "en")
_CALLED = {
    "Payment": Text("le paiement", "payment"),
    "SalesReceipt": Text("le reçu de vente", "sales receipt"),
    "Invoice": Text("la facture", "invoice"),
    "Bill": Text("la facture fournisseur", "bill"),
    "CreditMemo": Text("l'avoir", "credit memo"),
    "VendorCredit": Text("l'avoir fournisseur", "vendor credit"),
}
_WAITING = ("Payment", "SalesReceipt")


def deposit_notes(params: Mapping[str, Any], currency: str) -> Sequence[Text]:
    """Return what a question says of its line's deposit or payment, in sentences."""
    notes = [_gone(each, currency) for each in params.get(TAKEN) or ()]
    notes += [_standing(params[STANDING], currency)] if params.get(STANDING) else []
    if UNCLEAR in params:
        notes.append(
            Text(
                "Des paiements des fonds non déposés font ce montant de plusieurs façons : aucune n'est proposée. "
                "Faites le dépôt dans QuickBooks, et la synchro suivante le reconnaîtra.",
                "Payments in Undeposited Funds come to this amount in more than one way: none is proposed. Make the "
                "deposit in QuickBooks, and the next run recognises it.",
            )
        )
    if AWAITED in params:
        by = ", ".join(params[AWAITED])
        notes.append(
            Text(
                f"Des paiements que « {by} » a écrits attendent dans les fonds non déposés et font ce montant. Cette "
                "connexion écrit elle-même leur dépôt, que la synchro suivante reconnaîtra : rien à faire. Si elle ne "
                "les verse pas, faites le dépôt dans QuickBooks.",
                f"Payments that “{by}” posted wait in Undeposited Funds and come to this amount. That connection posts "
                "their deposit itself, and the next run recognises it: nothing to do. If it does not pay them out, "
                "make the deposit in QuickBooks.",
            )
        )
    if FOREIGN in params:
        notes.append(
            Text(
                f"Des paiements en {currency} des fonds non déposés font ce montant. Le cours de leur dépôt peut "
                "différer du leur, et la différence est un gain ou une perte de change : faites le dépôt dans "
                "QuickBooks, et la synchro suivante le reconnaîtra.",
                f"Payments in {currency} in Undeposited Funds come to this amount. Their deposit may have another rate "
                "than they have, and the difference is an exchange gain or loss: make the deposit in QuickBooks, and "
                "the next run recognises it.",
            )
        )
    if REFUND in params:
        notes.append(_refunded(params[REFUND], currency))
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


def _standing(payments: Sequence[Mapping[str, Any]], currency: str) -> Text:
    """Return what is told of payments of a line that are in the books without its deposit, and the two ways on."""
    fr, en = (
        "; ".join(f"{each['party']} {_figures(each, currency, language)}".strip() for each in payments)
        for language in LANGUAGES
    )
    return Text(
        "Des paiements faits pour cette opération sont déjà dans QuickBooks, aux fonds non déposés : "
        f"{fr}. Tant qu'ils y sont, rien d'autre n'est écrit pour elle : leur montant compterait deux fois. "
        "Défaites-les depuis la page de l'opération, et ce que vous en dites sera écrit ; ou déposez-les avec le reste "
        "dans QuickBooks, et rapprochez l'opération de ce dépôt.",
        f"Payments that were made for this line are in QuickBooks already, in Undeposited Funds: {en}. While they "
        "are, nothing else is posted for it, as their amount would count twice. Undo them from the line's page, and "
        "what you say of it is posted; or deposit them with the rest in QuickBooks, and match the line with that "
        "deposit.",
    )


def _refunded(refunds: Sequence[Mapping[str, Any]], currency: str) -> Text:
    """Return why a line of refunds out of Undeposited Funds gets no category, and how it comes to the bank."""
    fr, en = (
        "; ".join(
            ", ".join(
                filter(
                    None,
                    (each["number"] or each["id"], each["party"], each["day"], _figures(each, currency, language)),
                )
            )
            for each in refunds
        )
        for language in LANGUAGES
    )
    return Text(
        f"Des remboursements faits des fonds non déposés font ce montant, seuls ou avec des paiements qui y attendent "
        f"({fr}) : une catégorie le compterait une seconde fois. Dans QuickBooks, faites le dépôt des paiements et "
        "de ces remboursements ou, sans paiement, un virement de ce compte aux fonds non déposés ; la synchro suivante "
        "le reconnaîtra.",
        f"Refunds made from Undeposited Funds come to this amount, alone or with payments that wait there ({en}): a "
        "category would count it a second time. In QuickBooks, deposit the payments with these refunds or, without a "
        "payment, transfer the amount from this account to Undeposited Funds; the next run recognises it.",
    )


def _gone(gone: Mapping[str, Any], currency: str) -> Text:
    """Return why what a person had accepted was not posted: what became of one of its documents."""
    kind = str(gone["kind"])
    of = _CALLED[kind]
    number = f" {gone['number']}" if gone["number"] else ""
    party_fr, party_en = (f" de {gone['party']}", f" of {gone['party']}") if gone["party"] else ("", "")
    fr, en = (_figures(gone, currency, language) for language in LANGUAGES)
    if kind not in _WAITING:
        return Text(
            f"Le paiement accepté n'a pas été écrit : {of.fr}{number}{party_fr} ({fr}) n'a plus ce solde ouvert "
            "dans QuickBooks, où il a été réglé, annulé ou modifié.",
            f"The payment that was accepted was not posted: {of.en}{number}{party_en} ({en}) is not open for as "
            "much any more in QuickBooks, where it was paid, voided or changed.",
        )
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
    return Text(
        f"Le dépôt accepté n'a pas été écrit : {of.fr}{number}{party_fr} ({fr}), {why.fr}.",
        f"The deposit that was accepted was not posted: {of.en}{number}{party_en} ({en}), {why.en}.",
    )


def _figures(of: Mapping[str, Any], currency: str, language: Language) -> str:
    """Return what a document or a payment comes to, in the figures of a language."""
    return f"{figures_of(Decimal(str(of['amount'])), language)} {currency}".strip()
