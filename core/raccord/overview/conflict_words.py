"""What conflicts, their answers and those who may give them are called, in French and English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from raccord.plugin.ledger import ConflictKind, ResolutionKind
from raccord.plugin.texts import Text
from raccord.sync.resolving.conflict_rules import By

TITLES: Mapping[ConflictKind, Text] = MappingProxyType(
    {
        ConflictKind.DUPLICATE_NAME: Text("Nom déjà pris", "Name taken"),
        ConflictKind.ALIKE_NAME: Text("Nom presque pareil", "Almost the same name"),
        ConflictKind.MANY_NAMES: Text("Beaucoup de noms nouveaux", "Many new names"),
        ConflictKind.DUPLICATE_NUMBER: Text("Numéro déjà pris", "Number taken"),
        ConflictKind.STALE: Text("Modifié dans QuickBooks", "Changed in QuickBooks"),
        ConflictKind.ALREADY_EXISTS: Text("Peut-être déjà là", "Perhaps there already"),
        ConflictKind.AMOUNT_DIFFERS: Text("Autre montant", "Another amount"),
        ConflictKind.LINKED_ELSEWHERE: Text("Associé à une autre opération", "Linked to another record"),
        ConflictKind.DELETED: Text("Supprimé dans QuickBooks", "Deleted in QuickBooks"),
        ConflictKind.VOIDED: Text("Annulé dans QuickBooks", "Voided in QuickBooks"),
        ConflictKind.INACTIVE_REFERENCE: Text("Fiche ou compte inactif", "Inactive entry or account"),
        ConflictKind.PERIOD_CLOSED: Text("Période fermée", "Period closed"),
        ConflictKind.DEPOSITED: Text("Figé dans un dépôt", "Frozen in a deposit"),
        ConflictKind.CAPABILITY_MISSING: Text(
            "La société QuickBooks ne le permet pas", "The QuickBooks company cannot hold it"
        ),
    }
)

ANSWERS: Mapping[ResolutionKind, Text] = MappingProxyType(
    {
        ResolutionKind.HOLD: Text("attendre", "let it wait"),
        ResolutionKind.CREATE: Text("c'est autre chose : l'écrire aussi", "it is something else: post it too"),
        ResolutionKind.LINK: Text("c'est ce document ou cette fiche : l'associer", "it is that one: link it"),
        ResolutionKind.SKIP: Text("ne pas l'écrire", "do not post it"),
        ResolutionKind.KEEP_THEIRS: Text("garder la version de QuickBooks", "keep QuickBooks' version"),
        ResolutionKind.RESTORE_OURS: Text("rétablir la nôtre", "restore ours"),
        ResolutionKind.UNLINK: Text("délier", "untie them"),
        ResolutionKind.RENAME: Text("employer un autre nom", "use another name"),
        ResolutionKind.REPLACE: Text(
            "prendre une autre fiche à la place, pour ce document", "take another entry instead, for this document"
        ),
        ResolutionKind.REACTIVATE: Text(
            "la rendre active de nouveau, par le plan", "make it active again, as a line of the plan"
        ),
        ResolutionKind.WITHOUT: Text(
            "l'écrire sans ce que la société ne tient pas", "post it without what the company cannot hold"
        ),
        ResolutionKind.RETRY: Text("c'est réparé dans QuickBooks : renvoyer", "it is mended in QuickBooks: send again"),
    }
)

WHO: Mapping[By, Text] = MappingProxyType(
    {
        By.ANYONE: Text(
            "un connecteur, une extension ou qui tient les livres", "a connector, an extension or who keeps the books"
        ),
        By.PERSON: Text("qui tient les livres, jamais un connecteur", "who keeps the books, never a connector"),
        By.MANAGER: Text("qui gère la connexion", "who manages the connection"),
    }
)
