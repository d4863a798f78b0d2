"""What is said to a person whose answer to a conflict cannot be taken: code, what is wrong, what to do."""

from __future__ import annotations

from collections.abc import Collection

from raccord.plugin.ledger import ResolutionKind
from raccord.plugin.texts import Text

Refused = tuple[str, Text, Text]


def not_allowed(allowed: Collection[ResolutionKind]) -> Refused:
    answers = ", ".join(sorted(allowed)) or "–"
    return (
        "conflict.not_allowed",
        Text(
            f"Cette réponse n'est pas possible ici. Possibles : {answers}.",
            f"This answer is not possible here. Possible: {answers}.",
        ),
        Text(
            "Choisissez-en une ; pour associer ou remplacer, donnez aussi l'objet, pour renommer, le nom.",
            "Choose one; to link or replace, name the object too, to rename, the name.",
        ),
    )


def not_an_account() -> Refused:
    return (
        "hold.not_a_decision",
        Text("Cette question ne se répond pas par un compte.", "This question is not answered with an account."),
        Text("Corrigez sa cause, ou écartez l'opération.", "Mend its cause, or leave the line out."),
    )


def asked_otherwise() -> Refused:
    return (
        "conflict.asked_otherwise",
        Text(
            "La question a changé depuis que vous l'avez lue : elle porte sur autre chose. Rien n'est enregistré.",
            "The question changed since you read it: it is about something else. Nothing is saved.",
        ),
        Text("Relisez-la, puis répondez de nouveau.", "Read it again, then answer again."),
    )


def answered_meanwhile() -> Refused:
    return (
        "conflict.answered_meanwhile",
        Text(
            "Quelqu'un a répondu autrement à cette question depuis que vous l'avez lue. Rien n'est enregistré.",
            "Somebody answered this question otherwise since you read it. Nothing is saved.",
        ),
        Text("Relisez-la, puis répondez si vous n'êtes pas d'accord.", "Read it again, then answer if you disagree."),
    )


def one_or_two(key: str) -> Refused:
    return (
        "treatment.one_or_two",
        Text(
            f"Dites d'abord si cette opération et {key} sont les deux côtés d'un même virement.",
            f"Say first whether this line and {key} are the two sides of one transfer.",
        ),
        Text("Répondez oui ou non : « raccord holds two-sides ».", "Answer yes or no: “raccord holds two-sides”."),
    )


def linked_already(target: str, key: str) -> Refused:
    return (
        "conflict.linked_already",
        Text(
            f"Le document {target} appartient déjà à « {key} » ou lui est promis.",
            f"The document {target} belongs or is promised to “{key}” already.",
        ),
        Text("Choisissez un autre document.", "Choose another document."),
    )


def parts_changed(key: str) -> Refused:
    return (
        "conflict.parts_changed",
        Text(
            f"L'opération « {key} », qui ferait ce document avec celle-ci, a reçu une autre réponse.",
            f"The line “{key}”, which would be this document together with this one, was answered otherwise.",
        ),
        Text("Synchronisez d'abord : la question est refaite.", "Sync first: the question is asked anew."),
    )


def others_asked(count: int) -> Refused:
    return (
        "conflict.others_asked",
        Text(
            f"Ce ne sont plus les mêmes questions : {count} attendent maintenant une réponse. Rien n'est enregistré.",
            f"These are no longer the same questions: {count} wait for an answer by now. Nothing is saved.",
        ),
        Text("Regardez de nouveau, puis répondez.", "Look again, then answer."),
    )
