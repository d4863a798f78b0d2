"""The bench: a connector run on made-up or recorded sources, from page to ledger, without a company or a database."""

from raccord.bench.documents import Documented, Posting
from raccord.bench.identity import Identity, Met
from raccord.bench.looking import Look, Made, look
from raccord.bench.sources import NoSourceError, SourceKind, recorded_trial, trials_for

__all__ = [
    "Documented",
    "Identity",
    "Look",
    "Made",
    "Met",
    "NoSourceError",
    "Posting",
    "SourceKind",
    "look",
    "recorded_trial",
    "trials_for",
]
