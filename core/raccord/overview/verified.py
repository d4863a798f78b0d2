"""What is said where a document's link is not as the audit chain tells it."""

from __future__ import annotations

from raccord.errors import RaccordError
from raccord.plugin.texts import Text
from raccord.store.told import Links, Untold


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


def _french(untold: Untold) -> str:
    what = {"altered": "modifié", "removed": "retiré", "inserted": "ajouté"}[untold.what]
    return f"{untold.key or untold.link_id} {what}" + (f" (entrée {untold.seq})" if untold.seq else "")


def _english(untold: Untold) -> str:
    return f"{untold.key or untold.link_id} {untold.what}" + (f" (entry {untold.seq})" if untold.seq else "")
