"""What a person says of a failed record that was entered by hand: which document it is, or that it is there somewhere.

A document that QuickBooks has is tied to the record, and the proof counts it as that. Without one the person alone
vouches for it: it is declared, and the proof and the certificate show it apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from raccord.onboarding.access.people import Actor
from raccord.onboarding.deciding.alike import Alike, numbered
from raccord.onboarding.deciding.decisions import DecisionError
from raccord.onboarding.deciding.failures import link_failed, mark_resolved
from raccord.plugin.texts import Text
from raccord.store.models import Problem
from raccord.sync.workshop import Workshop

NUMBER_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Resolved:
    """A record that was entered by hand; without a ``document`` it is declared."""

    problem: Problem
    document: Alike | None = None

    @property
    def declared(self) -> bool:
        return self.document is None


def resolve_by_hand(workshop: Workshop, actor: Actor, problem_id: str, number: str = "") -> Resolved:
    """Tie a failed record to the document that bears ``number``, or that a QuickBooks link leads to; the next run links
    it. Where none is given or found, the record is declared.

    Raises ``DecisionError`` for a document that is another record's, and where several bear the number.
    """
    number = number.strip()[:NUMBER_CHARS_MAX]
    found = numbered(workshop, actor, problem_id, number) if number else []
    if not found:
        return Resolved(mark_resolved(workshop, actor, problem_id, number))
    if len(found) > 1:
        raise _several(number, found)
    (document,) = found
    return Resolved(link_failed(workshop, actor, problem_id, document.id), document)


def _several(number: str, found: list[Alike]) -> DecisionError:
    named = ", ".join(f"{each.name} {each.day or ''} ({each.id})".strip() for each in found)
    return DecisionError(
        "problem.several_documents",
        Text(
            f"Plusieurs documents de QuickBooks portent le numéro {number} : {named}.",
            f"Several documents in QuickBooks bear the number {number}: {named}.",
        ),
        Text(
            "Donnez le lien de celui que vous avez saisi (l'adresse de sa page dans QuickBooks).",
            "Give the link of the one you entered (the address of its page in QuickBooks).",
        ),
    )
