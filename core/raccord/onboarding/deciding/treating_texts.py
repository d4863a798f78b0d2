"""Why a bank line cannot be what somebody says it is, in French and English."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from raccord.onboarding.deciding.decisions import DecisionError
from raccord.plugin.texts import Language, Text, figures_of

_TEXTS: Mapping[str, tuple[Text, Text]] = MappingProxyType(
    {
        "not_a_line": (
            Text(
                "Cette question ne porte pas sur une opération bancaire à classer.",
                "This question is not about a bank line to categorise.",
            ),
            Text("Répondez à ce qu'elle demande, ou corrigez sa cause.", "Answer what it asks, or mend its cause."),
        ),
        "does_not_fit": (
            Text(
                "« {object} » n'existe pas dans QuickBooks, est inactif ou ne convient pas ici.",
                "“{object}” does not exist in QuickBooks, is inactive or does not fit here.",
            ),
            Text("Choisissez dans la liste proposée.", "Choose from the list that is offered."),
        ),
        "none_chosen": (
            Text("Aucun compte n'est choisi.", "No account is chosen."),
            Text("Choisissez dans la liste proposée.", "Choose from the list that is offered."),
        ),
        "currency": (
            Text(
                "« {object} » est tenu en {currency}, l'opération est en {line}.",
                "“{object}” is kept in {currency}, the line is in {line}.",
            ),
            Text("Choisissez un compte de la même devise.", "Choose an account of the same currency."),
        ),
        "same_account": (
            Text(
                "L'opération est déjà sur ce compte : un virement va vers un autre.",
                "The line is on that account already: a transfer goes to another one.",
            ),
            Text("Choisissez l'autre compte.", "Choose the other account."),
        ),
        "one_part": (
            Text("Il faut exactement un compte.", "It takes exactly one account."),
            Text("Pour plusieurs, ventilez l'opération.", "For several, split the line."),
        ),
        "parts": (
            Text("Une ventilation a de 1 à {most} parts.", "A split has 1 to {most} parts."),
            Text("Ajoutez ou regroupez des parts.", "Add parts, or put some together."),
        ),
        "two_rests": (
            Text("Deux parts sont sans montant.", "Two parts have no amount."),
            Text(
                "Laissez-en une seule sans montant : elle prend le reste.",
                "Leave one only without an amount: it takes the rest.",
            ),
        ),
        "fraction": (
            Text("Un montant a plus de décimales que sa devise.", "An amount has more decimals than its currency."),
            Text("Arrondissez-le.", "Round it."),
        ),
        "sum": (
            Text(
                "Les parts font {said}, l'opération {total} ; aucune part n'est nulle.",
                "The parts come to {said}, the line to {total}; no part is zero.",
            ),
            Text(
                "Corrigez les montants, ou laissez une part sans montant pour le reste.",
                "Correct the amounts, or leave one part without an amount for the rest.",
            ),
        ),
        "tax_on_deposit": (
            Text(
                "De l'argent reçu ne porte de taxe que sur les parts qui vont à des dépenses, et « {account} » "
                "n'en est pas une.",
                "Money received bears a tax only on the parts that go to costs; “{account}” is none.",
            ),
            Text(
                "Choisissez un compte de dépense, ou ôtez la taxe. Pour une vente taxée, faites une facture ou un "
                "reçu de vente, puis rapprochez l'opération.",
                "Choose an expense account, or leave the tax out. For a taxed sale, make an invoice or a sales "
                "receipt, then match the line with it.",
            ),
        ),
        "cheque_number": (
            Text(
                "Un numéro de chèque a au plus {most} signes, tous imprimables.",
                "The number of a cheque has {most} letters at most, all of them printable.",
            ),
            Text("Écrivez-le comme il est sur le chèque.", "Write it as it stands on the cheque."),
        ),
        "payment_type": (
            Text(
                "Ce mode de paiement ne convient pas à ce compte, ou à une somme reçue.",
                "This way of paying does not fit this account, or money received.",
            ),
            Text(
                "Comptant ou chèque pour un compte bancaire, carte pour une carte.",
                "Cash or cheque for a bank account, card for a card.",
            ),
        ),
        "why_missing": (
            Text("Il faut une raison pour exclure une opération.", "Excluding a line needs a reason."),
            Text("Écrivez-la en quelques mots.", "Write it in a few words."),
        ),
        "no_transfer": (
            Text("Cette question ne propose aucun virement.", "This question proposes no transfer."),
            Text("Relancez une synchro, ou dites ce qu'est l'opération.", "Run again, or say what the line is."),
        ),
        "other_side": (
            Text(
                "L'autre opération n'est pas l'autre côté de ce virement : même montant, sens contraire, autre compte.",
                "The other line is not the other side of this transfer: same amount, other direction, other account.",
            ),
            Text("Choisissez la bonne opération, ou aucune.", "Choose the right line, or none."),
        ),
        "not_two_sides": (
            Text(
                "Rien n'est demandé sur cette opération et une autre.",
                "Nothing is asked about this line and another one.",
            ),
            Text("Dites ce qu'est l'opération.", "Say what the line is."),
        ),
        "two_sides_posted": (
            Text(
                "L'autre opération ({key}) est déjà écrite, ou s'écrit : le virement compterait deux fois.",
                "The other line ({key}) is posted already, or being posted: the transfer would count twice.",
            ),
            Text(
                "Défaites-la d'abord (« raccord undo »), puis répondez oui.",
                "Undo it first (“raccord undo”), then answer yes.",
            ),
        ),
        "too_many": (
            Text("Plus de {most} opérations à la fois.", "More than {most} lines at once."),
            Text("Choisissez-en moins.", "Choose fewer."),
        ),
        "nothing_to_take_back": (
            Text("Aucune réponse à reprendre pour cette opération.", "There is no answer to take back for this line."),
            Text("« raccord holds » montre ce qui attend.", "“raccord holds” shows what waits."),
        ),
        "posted_already": (
            Text("L'opération est déjà écrite, ou s'écrit.", "The line is posted already, or being posted."),
            Text("Défaites-la : « raccord undo ».", "Undo it: “raccord undo”."),
        ),
        "other_side_first": (
            Text(
                "Cette opération est l'autre côté d'un virement ({key}).",
                "This line is the other side of a transfer ({key}).",
            ),
            Text("Reprenez la réponse de ce virement.", "Take the answer of that transfer back."),
        ),
    }
)


def refusal(why: str, **params: str | Decimal) -> DecisionError:
    """Return the error of a reason, with the code ``treatment.<why>``; amounts are in the figures of each language."""
    french = {name: _figures(each, "fr") for name, each in params.items()}
    english = {name: _figures(each, "en") for name, each in params.items()}
    what, fix = (Text(text.fr.format_map(french), text.en.format_map(english)) for text in _TEXTS[why])
    return DecisionError(f"treatment.{why}", what, fix)


def _figures(value: str | Decimal, language: Language) -> str:
    return value if isinstance(value, str) else figures_of(value, language)
