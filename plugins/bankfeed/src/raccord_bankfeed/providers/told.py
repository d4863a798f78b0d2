"""What a provider tells of an account beside its lines, as problems of the connection."""

from __future__ import annotations

from raccord.plugin import Reject, Text
from raccord_bankfeed.providers.chosen import Choice
from raccord_bankfeed.records import LINES


def account_missing(provider: str, choice: Choice) -> Reject:
    """Say that an account which a person chose is no longer told."""
    return Reject(
        LINES,
        f"{provider} {choice.key}",
        "bankfeed.provider_account_missing",
        Text(
            f"{provider} ne donne plus le compte « {choice.name} ». Reliez-le de nouveau là-bas, ou connectez-vous "
            "ici pour choisir d’autres comptes. Les autres comptes sont lus.",
            f"{provider} no longer gives the account “{choice.name}”. Connect it again there, or sign in here to "
            "choose other accounts. The other accounts are read.",
        ),
    )
