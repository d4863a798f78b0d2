"""Finding one's bank among those a connector knows, and how far back each way of reading it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import cast

from pydantic import BaseModel

from raccord.catalog import Admitted
from raccord.guard import call
from raccord.onboarding.sources.names_typed import plain_words, ranked
from raccord.onboarding.sources.source_accounts import refused
from raccord.plugin.info import ConnectorInfo, Institution
from raccord.plugin.texts import Text
from raccord.shapes import misfit

FOUND_MAX = 20


@dataclass(frozen=True, slots=True)
class Found:
    """What a search of a directory found: the first ways to connect, how many there are, and what is always offered."""

    ways: Sequence[Institution]
    total: int
    always: Sequence[Institution]


def find_institutions(info: ConnectorInfo, text: str) -> Sequence[Institution]:
    """Return the ways of connecting every institution whose names answer the words typed (``names_typed.py``).

    What is ``always`` offered comes last, also where nothing is found: nobody stands before an empty list (BF-09).
    """
    found = search_institutions(info, text)
    return [*found.ways, *found.always]


def search_institutions(info: ConnectorInfo, text: str) -> Found:
    """Return the ways that :func:`find_institutions` finds, ``FOUND_MAX`` at most, with how many there are."""
    listed = [each for each in info.institutions if not each.always]
    scores = ranked(text, [(each.name, *each.words) for each in listed])
    # The ways of one institution stay together, in their own order.
    best = sorted(((listed[number], score) for number, score in scores), key=lambda pair: _place(*pair))
    found = [each for each, _ in best]
    return Found(found[:FOUND_MAX], len(found), [each for each in info.institutions if each.always])


def _place(each: Institution, score: tuple[Fraction, Fraction]) -> tuple[Fraction, Fraction, tuple[str, ...]]:
    told, covered = score
    return -told, -covered, plain_words(each.name)


@dataclass(frozen=True, slots=True)
class History:
    """How far back a source gives lines: so many days, so from which day on."""

    days: int
    first: date


def limit_of(admitted: Admitted | None, settings: BaseModel, today: date) -> History | None:
    """Return how far back the source gives lines by these settings, where it has a limit."""
    tell = None if admitted is None else admitted.info.history_days
    if admitted is None or tell is None:
        return None
    days = cast("int | None", call(admitted, "history_days", lambda: tell(settings), lambda said: misfit(said, int)))
    return None if days is None else History(days, today - timedelta(days))


def require_history(admitted: Admitted | None, settings: BaseModel, first: date, today: date) -> None:
    """Refuse a first day that lies further back than the source gives lines, with its limit and the other way (K11)."""
    limit = limit_of(admitted, settings, today)
    if limit is None or first >= limit.first:
        return
    days, earliest = limit.days, limit.first.isoformat()
    raise refused(
        "connection.history",
        Text(
            f"Par ce chemin, la source ne donne que {days} jours : depuis le {earliest}.",
            f"This way the source gives {days} days only: since {earliest}.",
        ),
        Text(
            f"Choisissez le {earliest} ou un jour d'après. Pour les jours d'avant, remettez ensuite à cette connexion "
            "un fichier de la banque (CSV ou autre) et faites reprendre ces jours : raccord connect upload, puis "
            "raccord connect backfill.",
            f"Choose {earliest} or a later day. For the days before, hand a file of the bank (CSV or other) over to "
            "this connection afterwards and have those days taken up: raccord connect upload, then raccord connect "
            "backfill.",
        ),
    )
