"""Why a file cannot be taken back now, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from raccord.errors import RaccordError
from raccord.onboarding.sources.source_accounts import refused
from raccord.plugin.texts import Text
from raccord.store.models import SourceFile
from raccord.sync.proving.certified import REASON_MAX, REASON_MIN


def not_here(number: int) -> RaccordError:
    return refused(
        "files.not_here",
        Text(f"Le fichier n° {number} n'est pas dans cette connexion.", f"File {number} is not in this connection."),
        Text("Regardez de nouveau la page des fichiers.", "Look at the page of files again."),
    )


def not_handed_in(file: SourceFile) -> RaccordError:
    inside = file.origin.startswith("zip:")
    archive = file.origin.removeprefix("zip:")
    return refused(
        "files.not_handed_in",
        Text(f"Personne n'a remis « {file.name} » tel quel.", f"Nobody handed “{file.name}” in as it is."),
        Text(f"Il vient de l'archive « {archive} » : retirez celle-ci.", f"It came in “{archive}”: take that back.")
        if inside
        else Text(
            "La source l'a donné elle-même : écartez ses opérations une à une, ou défaites-les.",
            "The source gave it by itself: leave its records out one by one, or undo them.",
        ),
    )


def takes_no_files(label: str) -> RaccordError:
    return refused(
        "files.not_taken",
        Text(
            f"« {label} » ne reçoit plus de fichiers remis à la main.",
            f"“{label}” takes no files that are handed in any more.",
        ),
        Text(
            "Choisissez de nouveau les fichiers dans les réglages de la connexion, puis retirez celui-ci.",
            "Choose files in the connection's settings again, then take this one back.",
        ),
    )


def run_open(label: str) -> RaccordError:
    return refused(
        "files.run_open",
        Text(
            f"Une synchro de « {label} » est en cours ou en pause ; elle lit peut-être ce fichier.",
            f"A run of “{label}” is going on or paused; it may be reading this file.",
        ),
        Text("Attendez sa fin, ou abandonnez-la.", "Wait for its end, or cancel it."),
    )


def undo_waits(label: str) -> RaccordError:
    return refused(
        "files.undo_waits",
        Text(
            f"Un plan qui défait des documents de « {label} » attend une approbation.",
            f"A plan that undoes documents of “{label}” waits for approval.",
        ),
        Text("Approuvez-le ou refusez-le d'abord.", "Approve or reject it first."),
    )


def being_sent() -> RaccordError:
    return refused(
        "files.being_sent",
        Text(
            "D'un document de ce fichier, on ne sait pas encore si QuickBooks l'a pris.",
            "Of a document of this file it is not known yet whether QuickBooks took it.",
        ),
        Text(
            "Lancez une synchro : elle le demande à QuickBooks. Puis retirez le fichier.",
            "Start a run: it asks QuickBooks. Then take the file back.",
        ),
    )


def others_unread(why: Text) -> RaccordError:
    return refused(
        "files.others_unread",
        Text(
            f"Ce que disent les autres fichiers ne se lit pas : {why.fr}",
            f"What the other files say cannot be read: {why.en}",
        ),
        Text(
            "Réglez cela d'abord : sans eux, on ne sait pas quelles lignes restent.",
            "Mend that first: without them it is not known which lines stay.",
        ),
    )


def asks_first(name: str, asks: Sequence[Text]) -> RaccordError:
    more = "" if len(asks) == 1 else f" (+ {len(asks) - 1})"
    return refused(
        "files.asks_first",
        Text(
            f"Sans « {name} », une question se pose sur les autres fichiers{more} : {asks[0].fr}",
            f"Without “{name}” something is asked about the other files{more}: {asks[0].en}",
        ),
        Text(
            "Répondez-y d'abord, là où le retrait est montré : c'est de cela que dépend quelles lignes continuent.",
            "Answer that first, where taking back is shown: on that depends which lines go on.",
        ),
    )


def too_much(most: int, label: str, number: int) -> RaccordError:
    return refused(
        "files.too_much_to_take_back",
        Text(
            f"Les fichiers de cette connexion font plus de {most >> 20} Mo : les relire tous prendrait trop de temps "
            "ici.",
            f"The files of this connection are more than {most >> 20} MB: to read them all again would take too long "
            "here.",
        ),
        Text(
            f"Dans un terminal : raccord connect file-back {label!r} {number}.",
            f"In a terminal: raccord connect file-back {label!r} {number}.",
        ),
    )


def changed_since(name: str) -> RaccordError:
    return refused(
        "files.changed_since",
        Text(
            f"Ce qui part avec « {name} » n'est plus ce qui a été montré ; rien n'a été fait.",
            f"What goes with “{name}” is no longer what was shown; nothing was done.",
        ),
        Text("Regardez de nouveau, puis confirmez.", "Look again, then confirm."),
    )


def reason_missing(months: Sequence[date]) -> RaccordError:
    named = ", ".join(f"{each:%Y-%m}" for each in months)
    return refused(
        "files.reason_missing",
        Text(
            f"Toucher à un mois certifié ({named}) demande une raison, en quelques mots.",
            f"Touching a certified month ({named}) needs a reason, in a few words.",
        ),
        Text(
            f"Écrivez-la, de {REASON_MIN} à {REASON_MAX} caractères.",
            f"Write it, {REASON_MIN} to {REASON_MAX} characters.",
        ),
    )
