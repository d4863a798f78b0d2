"""Why a line that its bank corrects, or by which it corrects another one, is not posted, or not yet."""

from __future__ import annotations

from raccord.plugin import Answers, BadRecord, Skipped, Text
from raccord_bankfeed.readers.told import ACCEPT, SAME, SEPARATE


def corrects_another(native: str) -> Skipped:
    return Skipped(
        "bankfeed.corrects_another",
        Text(
            f"La banque corrige ainsi sa ligne {native}, qui a pris ce montant et ce jour : l’opération est envoyée "
            "une fois, sous celle-là.",
            f"The bank corrects its line {native} by this one: that line has this amount and day now, and the "
            "transaction is posted once, under it.",
        ),
    )


def withdraws_another(native: str) -> Skipped:
    return Skipped(
        "bankfeed.withdraws_another",
        Text(
            f"La banque retire ainsi sa ligne {native}, qui est laissée de côté. Si celle-ci est déjà dans "
            "QuickBooks, une personne décide du document.",
            f"The bank withdraws its line {native} by this one: that line is left out. If it is in QuickBooks "
            "already, a person decides about the document.",
        ),
    )


def withdraws_unknown(native: str) -> Skipped:
    return Skipped(
        "bankfeed.withdraws_unknown",
        Text(
            f"La banque retire sa ligne {native}, qu’aucun fichier n’a apportée : il n’y a rien à faire. Si elle "
            "vient encore, elle est laissée de côté.",
            f"The bank withdraws its line {native}, which no file brought: there is nothing to do. Should it come "
            "yet, it is left out.",
        ),
    )


def corrected(by: str, *, withdrawn: bool) -> Skipped:
    """Core shows a person whatever was posted for the line: nothing is deleted by itself."""
    if withdrawn:
        return Skipped(
            "bankfeed.withdrawn_by_bank",
            Text(
                f"La banque a retiré cette ligne par sa ligne {by}. Si elle avait été envoyée, une personne décide du "
                "document.",
                f"The bank withdrew this line by its line {by}. If it was posted, a person decides about the document.",
            ),
        )
    return Skipped(
        "bankfeed.replaced_by_bank",
        Text(
            f"La banque a remplacé cette ligne par sa ligne {by}, qui est à part.",
            f"The bank replaced this line by its line {by}, which stands apart.",
        ),
    )


def perhaps_corrected(by: str, key: str, *, withdrawn: bool) -> BadRecord:
    """Ask about one of several lines that bear the id of one that was corrected before they came."""
    fr, en = ("retiré", "withdrew") if withdrawn else ("remplacé", "replaced")
    return BadRecord(
        "CORRECTFITID",
        Text(
            f"La banque a {fr} par sa ligne {by} une ligne de ce numéro, qui est venue après : c’est peut-être "
            "celle-ci. Comparez avec votre relevé. Rien n’en est envoyé avant votre réponse.",
            f"The bank {en} by its line {by} a line of this number, which came afterwards: perhaps this one. Compare "
            "with your statement. Nothing of it is posted before you answer.",
        ),
        "bankfeed.perhaps_corrected",
        Answers(
            "answers",
            key,
            (
                (SAME, Text("C’est elle : la laisser de côté", "It is that one: leave it out")),
                (SEPARATE, Text("C’en est une autre", "It is another one")),
            ),
        ),
    )


def line_replaced(native: str, key: str, like: str) -> BadRecord:
    return BadRecord(
        "CORRECTFITID",
        Text(
            f"La banque dit que cette ligne remplace sa ligne {native}, et il n’est pas sûr de laquelle il s’agit, ou "
            "elle est venue par un autre format : corrigez ce qui est dans QuickBooks pour celle-là, ou laissez-la de "
            "côté. Rien n’est envoyé pour celle-ci avant votre réponse, pour ne pas compter deux fois.",
            f"The bank says that this line replaces its line {native}, and it is not sure which one that is, or it "
            "came by another format: correct what is in QuickBooks for that one, or leave it out. Nothing is posted "
            "for this one before you answer, so that nothing counts twice.",
        ),
        "bankfeed.line_replaced",
        Answers(
            "answers",
            key,
            (
                (SAME, Text("L’autre est corrigée : laisser celle-ci de côté", "The other is corrected: leave this "
                            "one out")),
                (SEPARATE, Text("L’autre est laissée de côté, ou c’en est une autre : celle-ci vient à vérifier",
                                "The other is left out, or is another one: this one comes to review")),
            ),
            like=like,
        ),
    )  # fmt: skip


def line_withdrawn(native: str, key: str, like: str) -> BadRecord:
    return BadRecord(
        "CORRECTFITID",
        Text(
            f"La banque retire sa ligne {native}, et il n’est pas sûr de laquelle il s’agit, ou elle est venue par un "
            "autre format. Si elle attend, laissez-la de côté ; si elle est dans QuickBooks, annulez le document.",
            f"The bank withdraws its line {native}, and it is not sure which one that is, or it came by another "
            "format. If it waits, leave it out; if it is in QuickBooks, void the document.",
        ),
        "bankfeed.line_withdrawn",
        Answers("answers", key, ((ACCEPT, Text("C’est fait", "That is done")),), like=like),
    )


def noted(native: str) -> Text:
    """Say behind the text of a line that its bank corrects another one by it."""
    return Text(f"(remplace la ligne {native} de la banque)", f"(replaces the bank's line {native})")
