"""What the parts below refuse, said by the one printer: core, QuickBooks, a source, the database."""

from __future__ import annotations

from sqlalchemy.exc import InterfaceError, NoResultFound, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from raccord.cli.terminal.complaints import complain
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.words import State
from raccord.errors import RaccordError
from raccord.overview.explain import explain
from raccord.plugin.errors import ConnectorError, Reauthorise, RetryLater
from raccord.quickbooks import QuickBooksError, RefusedError
from raccord.store.errors import FilesRefusedError

DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError)
REFUSALS = (RaccordError, ConnectorError, QuickBooksError, NoResultFound, *DATABASE_AWAY)
"""Errors that end a command with a sentence; any other is a mistake of ours and shows where it happened."""


def complain_of(error: Exception, state: State) -> Exit:
    """Print one of ``REFUSALS`` and return the exit status."""
    match error:
        case RaccordError():
            return complain(error.code, error.text, error.fix, state)
        case QuickBooksError():
            detail = error.fault.detail[:500] if isinstance(error, RefusedError) else ""
            return _explained(str(error.cause), {"detail": detail} if detail else {}, state)
        case FilesRefusedError():
            return complain(error.code, error.what, error.fix, state)
        case ConnectorError():
            return _explained(_source_code(error), {"fr": error.text.fr, "en": error.text.en}, state)
        case NoResultFound():
            return complain("cli.unknown_id", _UNKNOWN, _LOOK, state)
        case _ if "no such table" in str(error):
            return complain("store.schema_old", _NO_TABLES, _UPGRADE, state)
        case _:
            # The text of such errors may hold addresses and values; their kind says enough.
            kind = type(getattr(error, "orig", None) or error).__name__
            what = Phrase(
                f"La base de données ne répond pas ou est verrouillée ({kind}).",
                f"The database does not answer or is locked ({kind}).",
            )
            return complain("store.away", what, _AGAIN, state)


def _source_code(error: ConnectorError) -> str:
    match error:
        case Reauthorise():
            return "source.reauthorise"
        case RetryLater():
            return "source.later"
        case _:
            return "source.refused"


def _explained(code: str, params: dict[str, str], state: State) -> Exit:
    french, english = explain(code, params, "fr"), explain(code, params, "en")
    return complain(code, Phrase(french.what, english.what), Phrase(french.fix, english.fix), state)


_UNKNOWN = Phrase("Rien ne porte ce numéro ici.", "Nothing here has that id.")
_LOOK = Phrase(
    "Regardez les listes : raccord connect list, raccord holds, raccord problems.",
    "Look at the lists: raccord connect list, raccord holds, raccord problems.",
)
_NO_TABLES = Phrase("La base de données n'a pas les tables attendues.", "The database lacks the tables expected.")
_UPGRADE = Phrase("Lancez « raccord db upgrade ».", "Run “raccord db upgrade”.")
_AGAIN = Phrase(
    "Recommencez dans un instant ; si cela dure, voyez quel autre programme l'occupe et l'espace du disque.",
    "Try again in a moment; if it lasts, see which other program holds it, and the space on the disk.",
)
