"""What is said where a document's link, or a proof, is not as the audit chain tells it."""

from __future__ import annotations

from collections.abc import Mapping

from raccord.errors import RaccordError
from raccord.plugin.texts import Text
from raccord.store.told import Links, Untold
from raccord.store.told_proofs import Proofs, UntoldProof


class LinksUntoldError(RaccordError):
    """Raised when links were altered, removed or inserted past Raccord."""


def links_untold(links: Links) -> LinksUntoldError:
    """Name the links that the chain does not tell."""
    french = "; ".join(_french(each) for each in links.untold)
    english = "; ".join(_english(each) for each in links.untold)
    return LinksUntoldError(
        "audit.links_untold",
        Text(
            f"Des liens ne sont pas tels que la chaîne d'audit les raconte : {french}.",
            f"Links are not as the audit chain tells them: {english}.",
        ),
        Text(
            "Comparez avec une sauvegarde : quelqu'un a écrit dans la base sans passer par Raccord.",
            "Compare with a backup: somebody wrote to the database without going through Raccord.",
        ),
    )


class ProofsUntoldError(RaccordError):
    """Raised when proofs were altered, removed or inserted past Raccord."""


def proofs_untold(proofs: Proofs) -> ProofsUntoldError:
    """Name the proofs that the chain does not tell."""
    french = "; ".join(_place(each, _FRENCH, "entrée") for each in proofs.untold)
    english = "; ".join(_place(each, _ENGLISH, "entry") for each in proofs.untold)
    return ProofsUntoldError(
        "audit.proofs_untold",
        Text(
            f"Des preuves ne sont pas telles que la chaîne d'audit les raconte : {french}.",
            f"Proofs are not as the audit chain tells them: {english}.",
        ),
        Text(
            "Refaites-les (raccord proof --refresh), puis cherchez qui a écrit dans la base sans passer par Raccord.",
            "Make them again (raccord proof --refresh), then look for who wrote to the database past Raccord.",
        ),
    )


_FRENCH = {"altered": "modifiée", "removed": "retirée", "inserted": "ajoutée"}
_ENGLISH = {"altered": "altered", "removed": "removed", "inserted": "inserted"}


def _place(untold: UntoldProof, words: Mapping[str, str], entry: str) -> str:
    told = f" ({entry} {untold.seq})" if untold.seq else ""
    return f"{untold.connection} {untold.stream} {untold.currency} {untold.day} {words[untold.what]}{told}"


def _french(untold: Untold) -> str:
    what = {"altered": "modifié", "removed": "retiré", "inserted": "ajouté"}[untold.what]
    return f"{untold.key or untold.link_id} {what}" + (f" (entrée {untold.seq})" if untold.seq else "")


def _english(untold: Untold) -> str:
    return f"{untold.key or untold.link_id} {untold.what}" + (f" (entry {untold.seq})" if untold.seq else "")
