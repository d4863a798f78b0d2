"""Why a line that was read is not posted, or not yet: codes and sentences."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from raccord.plugin import Answers, BadRecord, Money, Skipped, Text
from raccord_bankfeed.readers.contract import AccountKind
from raccord_bankfeed.readers.questions import amount_text, day_text
from raccord_bankfeed.readers.told import ACCEPT, REVERSED, SAME, SEPARATE


def pending() -> Skipped:
    return Skipped(
        "bankfeed.pending",
        Text(
            "La banque n’a pas encore comptabilisé cette opération : elle sera proposée quand elle le sera.",
            "The bank has not booked this transaction yet: it will be offered once it has.",
        ),
    )


def zero() -> Skipped:
    return Skipped(
        "bankfeed.zero",
        Text("La ligne ne déplace pas d’argent (montant nul).", "The line moves no money (its amount is zero)."),
    )


def type_left_out(kind: Text) -> Skipped:
    return Skipped(
        "bankfeed.type_left_out",
        Text(
            f"Les lignes de type « {kind.fr} » ne sont pas envoyées (table des termes).",
            f"Lines of the kind “{kind.en}” are not posted (term table).",
        ),
    )


def account_left_out(account: str, key: str) -> Skipped:
    return Skipped(
        "bankfeed.account_left_out",
        Text(
            f"Le compte {account} ({key}) n’est pas parmi ceux que vous avez nommés. Nommez-le dans les réglages pour "
            "le lire.",
            f"The account {account} ({key}) is not among those you named. Name it in the settings to have it read.",
        ),
    )


def account_set_aside(account: str) -> Skipped:
    return Skipped(
        "bankfeed.account_set_aside",
        Text(
            f"Le compte {account} est laissé de côté, comme quelqu’un l’a dit à côté du fichier. La page des fichiers "
            "permet de le reprendre.",
            f"The account {account} is left out, as somebody said beside the file. The page of files lets you take it "
            "up again.",
        ),
    )


def account_elsewhere(account: str) -> Skipped:
    return Skipped(
        "bankfeed.account_elsewhere",
        Text(
            f"Le compte {account} vient par une autre connexion, comme quelqu’un l’a dit ; ses lignes sont écartées "
            "ici.",
            f"The account {account} comes by another connection, as somebody said; its lines are left out here.",
        ),
    )


def balance_only() -> Skipped:
    return Skipped(
        "bankfeed.balance_only",
        Text(
            "Un relevé donne le solde ; ses lignes sont lues à part.",
            "A statement tells the balance; its lines are read apart.",
        ),
    )


def known_elsewhere() -> Skipped:
    return Skipped(
        "bankfeed.known_elsewhere",
        Text(
            "La même opération est dans les livres par une autre connexion, qui n’apporte plus ce compte.",
            "The same transaction is in the books by another connection, which brings this account no more.",
        ),
    )


def known_by_another_road(other: str) -> Skipped:
    return Skipped(
        "bankfeed.known_by_another_road",
        Text(
            f"La même opération est déjà venue par un fichier d’un autre format : {other}.",
            f"The same transaction came before in a file of another format: {other}.",
        ),
    )


def perhaps_known(other: str, key: str) -> BadRecord:
    return BadRecord(
        "twin",
        Text(
            "Cette ligne est peut-être celle qu’un fichier d’un autre format a déjà apportée : même compte, même "
            "montant, date proche.",
            "This line is perhaps the one that a file of another format brought before: the same account and amount, "
            "a near date.",
        ),
        "bankfeed.perhaps_known",
        Answers(
            "answers",
            key,
            (
                (SAME, Text("C’est la même opération", "It is the same transaction")),
                (SEPARATE, Text("C’en est une autre", "It is another one")),
            ),
            like=other,
        ),
    )


def goes_on_as_another() -> Skipped:
    return Skipped(
        "bankfeed.goes_on_as_another",
        Text(
            "La même opération que la banque donnait avant avec un autre montant : celui-ci y est repris.",
            "The same transaction that the bank told before with another amount: that one has this amount now.",
        ),
    )


_CORRECTED = Text(
    "ce qui a été envoyé est corrigé au nouveau montant", "what was posted is corrected to the new amount"
)
_TOLD_ELSEWHERE = Text(
    "un autre fichier la donne déjà au nouveau montant, et ce qui a été envoyé à l’ancien vous est montré, à garder "
    "ou à défaire",
    "another file tells it with the new amount already, and what was posted with the old one is shown to you, to "
    "keep or to undo",
)


def perhaps_replaces(day: date, amount: Decimal, other: str, key: str, *, told_elsewhere: bool = False) -> BadRecord:
    """Ask whether a line is an earlier one that the bank no longer tells, before a tip or as an authorisation; a file
    of another road may have it already (``told_elsewhere``).
    """
    was, on = amount_text(amount), day_text(day)
    then = _TOLD_ELSEWHERE if told_elsewhere else _CORRECTED
    return BadRecord(
        "amount",
        Text(
            f"La banque donnait une ligne de ce nom le {on.fr}, de {was.fr}, et ne la donne plus : celle-ci est "
            "peut-être la même, avec un pourboire ou après une préautorisation. Rien n’en est envoyé avant votre "
            f"réponse. Si c’est la même, {then.fr}.",
            f"The bank told a line of this name on {on.en}, of {was.en}, and no longer does: this one is perhaps the "
            "same, with a tip or after a pre-authorisation. Nothing of it is posted before you answer. If it is the "
            f"same, {then.en}.",
        ),
        "bankfeed.perhaps_replaces",
        _same_or_another(key, other),
    )


def perhaps_moved(day: date, amount: Decimal, other: str, key: str) -> BadRecord:
    """Ask whether a line is an earlier one of the same id and amount, which the bank now dates otherwise."""
    was, on = amount_text(amount), day_text(day)
    return BadRecord(
        "day",
        Text(
            f"La banque donnait une ligne de {was.fr} sous le même numéro le {on.fr}, et ne la donne plus : celle-ci "
            "est peut-être la même, comptabilisée un autre jour. Rien n’en est envoyé avant votre réponse. Si c’est la "
            "même, ce qui a été envoyé est corrigé au nouveau jour.",
            f"The bank told a line of {was.en} under the same number on {on.en}, and no longer does: this one is "
            "perhaps the same, booked on another day. Nothing of it is posted before you answer. If it is the same, "
            "what was posted is corrected to the new day.",
        ),
        "bankfeed.perhaps_replaces",
        _same_or_another(key, other),
    )


def _same_or_another(key: str, other: str) -> Answers:
    same = Text("C’est la même opération", "It is the same transaction")
    another = Text("C’en est une autre", "It is another one")
    return Answers("answers", key, ((SAME, same), (SEPARATE, another)), like=other)


def sign_contradicted(kind: str, amount: str, key: str) -> BadRecord:
    fr, en = ("une entrée", "money in") if kind == "CREDIT" else ("une sortie", "money out")
    return BadRecord(
        "amount",
        Text(
            f"La banque nomme cette ligne {kind}, donc {fr} d’argent, mais écrit le montant {amount} : l’un des deux "
            "est faux. Comparez avec votre relevé. Si le signe du montant est juste, dites-le une fois pour ce compte. "
            "Sinon, marquez la ligne résolue et saisissez-la à la main.",
            f"The bank calls this line {kind}, so {en}, but writes the amount {amount}: one of the two is wrong. "
            "Compare with your statement. If the sign of the amount is right, say so once for this account. "
            "Otherwise mark the line resolved and enter it by hand.",
        ),
        "bankfeed.sign_contradicted",
        Answers("answers", key, ((ACCEPT, Text("Le signe du montant est juste", "The sign of the amount is right")),)),
    )


def card_signs(day: date, text: str, amount: Money, key: str) -> BadRecord:
    """Ask for the signs of a card's file; ``amount`` is as the file writes it."""
    size, minus = amount_text(abs(amount.amount)), amount.amount < 0
    fr, en = f"{size.fr}\u00a0{amount.currency}", f"{amount.currency}\u00a0{size.en}"
    purchase = Text(f"achat de {fr}", f"purchase of {en}")
    payment = Text(f"paiement ou remboursement de {fr}", f"payment or refund of {en}")
    signed, bare = (purchase, payment) if minus else (payment, purchase)
    sign = Text("avec un moins", "with a minus") if minus else Text("sans moins", "without a minus")
    on = day_text(day)
    with_minus = Text(
        f"Les achats ont un moins ; cette ligne : {signed.fr}", f"Purchases have a minus; this line: {signed.en}"
    )
    without = Text(
        f"Les achats n’ont pas de moins ; cette ligne : {bare.fr}", f"Purchases have no minus; this line: {bare.en}"
    )
    return BadRecord(
        "amount",
        Text(
            "Ce compte est une carte, et rien dans ses fichiers ne dit si un achat y a un moins. Cette ligne du "
            f"{on.fr}, « {text} », y est écrite {sign.fr}. Comparez avec votre relevé et dites une fois "
            "comment ces fichiers écrivent les achats.",
            "This account is a card, and nothing in its files tells whether a purchase has a minus. This line of "
            f"{on.en}, “{text}”, is written {sign.en}. Compare with your statement and say once how these "
            "files write purchases.",
        ),
        "bankfeed.card_signs",
        Answers("answers", key, ((ACCEPT, with_minus), (REVERSED, without))),
    )


def series_kept() -> Skipped:
    return Skipped(
        "bankfeed.series",
        Text("Les numéros et soldes des relevés d’un compte.", "The numbers and balances of an account's statements."),
    )


def gap_filled() -> Skipped:
    return Skipped(
        "bankfeed.gap_filled",
        Text("Le relevé qui manquait est arrivé.", "The statement that was missing has arrived."),
    )


def answered() -> Skipped:
    return Skipped(
        "bankfeed.question_answered",
        Text(
            "La question est répondue ; le fichier est relu à la prochaine synchro.",
            "The question is answered; the file is read again by the next run.",
        ),
    )


def not_a_bank_account(account: str, kind: str, rows: int) -> Skipped:
    """Say that a loan or an investment account is not read; ``rows`` counts the transactions that it lists."""
    fr, en = (f"Le compte {account}", f"The account {account}") if account else ("Ce compte", "This account")
    fr_kind, en_kind = ("de prêt", "a loan") if kind == AccountKind.LOAN else ("de placement", "an investment")
    return Skipped(
        "bankfeed.not_a_bank_account",
        Text(
            f"{fr} est un compte {fr_kind} : ses opérations ({rows} dans ce relevé) ne sont pas des lignes de banque "
            "et ne sont pas lues. Saisissez-les dans QuickBooks.",
            f"{en} is {en_kind} account: its transactions ({rows} in this statement) are no bank lines and are not "
            "read. Enter them in QuickBooks.",
        ),
        report=True,
    )


def account_unnamed(key: str) -> BadRecord:
    return BadRecord(
        "account",
        Text(
            f"Le fichier ne dit pas de quel compte il s’agit. Choisissez-le une fois à la page des fichiers ({key}).",
            f"The file does not say which account it is of. Choose it once, on the page of files ({key}).",
        ),
        "bankfeed.account_unnamed",
    )


def currency_missing(account: str) -> BadRecord:
    return BadRecord(
        "currency",
        Text(
            f"Le fichier n’indique pas la devise du compte {account}. Dites une fois, à la page des fichiers, quel "
            "compte de QuickBooks c’est : sa devise compte.",
            f"The file does not state the currency of the account {account}. Say once, on the page of files, which "
            "account of QuickBooks it is: its currency counts.",
        ),
        "bankfeed.currency_missing",
    )


def conversion(account: str, amount: Money, key: str) -> BadRecord:
    """Say what a conversion is; ``amount`` is what it moves on the balance of the line."""
    size = amount_text(abs(amount.amount))
    fr, en = f"{size.fr}\u00a0{amount.currency}", f"{amount.currency}\u00a0{size.en}"
    fr = f"{fr} sont sortis de {account} vers" if amount.amount < 0 else f"{fr} sont entrés dans {account} depuis"
    en = f"{en} left {account} for" if amount.amount < 0 else f"{en} came to {account} from"
    return BadRecord(
        "type",
        Text(
            f"PayPal a converti : {fr} votre solde d’une autre devise. C’est un virement entre deux comptes à vous, ni "
            "un revenu ni une dépense. Si ce solde a son compte dans QuickBooks, saisissez-y un seul virement entre "
            "les deux avec les deux montants, et marquez les deux lignes résolues. S’il n’est pas dans vos livres, "
            "dites-le une fois.",
            f"PayPal converted: {en} your balance in another currency. It is a transfer between two accounts of your "
            "own, neither income nor expense. If that balance has its account in QuickBooks, enter one transfer "
            "between the two there with both amounts, and mark both lines resolved. If it is not in your books, say "
            "so once.",
        ),
        "bankfeed.conversion",
        Answers(
            "answers",
            key,
            (
                (
                    ACCEPT,
                    Text(
                        "L’autre solde n’est pas dans les livres : ces lignes viennent à vérifier",
                        "The other balance is not in the books: these lines come to review",
                    ),
                ),
            ),
        ),
    )


def amount_fraction(amount: str) -> BadRecord:
    return BadRecord(
        "amount",
        Text(
            f"Le montant {amount} a plus de décimales que la devise : peut-être une virgule qui sépare les milliers. "
            "Comparez-le au relevé de la banque et saisissez l’opération à la main.",
            f"The amount {amount} has more decimals than the currency: perhaps a comma that separates thousands. "
            "Compare "
            "it with the bank's statement and enter the transaction by hand.",
        ),
        "bankfeed.amount_fraction",
    )


def line_gone() -> Skipped:
    """Core shows a person whatever was posted for the line: nothing is deleted by itself."""
    return Skipped(
        "bankfeed.line_gone",
        Text(
            "La source ne donne plus cette ligne. Si elle attendait, l’opération comptabilisée vient comme une ligne à "
            "part ; si elle avait été envoyée, une personne décide du document.",
            "The source no longer tells this line. If it was pending, the booked transaction comes as a line of its "
            "own; if it was posted, a person decides about the document.",
        ),
    )
