"""From which day on a mapping may change: not within books that are closed, or in a month that somebody certified.

What was never said before replaces nothing, so it may count from any day; and before the first plan is approved nothing
is posted that a change could contradict.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Text
from raccord.quickbooks import Lane
from raccord.store.models import Choice, Company, Connection, TermOverride
from raccord.sync.books.company import read_facts
from raccord.sync.posting.periods import Closing
from raccord.sync.workshop import Workshop


class ClosedDayError(RaccordError):
    """Raised where a mapping would change from a day on that lies in a closed or certified month."""


def open_day(session: Session, connection: Connection, day: date) -> date:
    """Return ``day``, or the first day after it that lies neither in closed books nor in a certified month."""
    closing = _closing(session, connection)
    while closing.closes(day) or closing.is_certified(day):
        opens = closing.first_open()
        day = opens if opens is not None and closing.closes(day) else _next_month(day)
    return day


def look_again(workshop: Workshop, connection_id: str, days: Iterable[date]) -> None:
    """Ask QuickBooks up to when its books are closed, where a day lies in what they were when they were read last."""
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        company = session.get_one(Company, connection.company_id)
        until = company.books_closed_on
    if connection.approved_at is None or until is None or all(each > until for each in days):
        return
    now_closed = read_facts(workshop.client(company).in_lane(Lane.INTERACTIVE)).closed_on
    if now_closed != until:
        with workshop.database.begin() as session:
            session.get_one(Company, company.id).books_closed_on = now_closed


def require_open_role(session: Session, connection: Connection, role: str, of: str, first: date) -> None:
    """Refuse to fill a role otherwise from a closed day on."""
    stands = Choice.connection_id == connection.id, Choice.role == role, Choice.of.in_({of, ""})
    if session.scalar(select(exists().where(*stands))):
        _require_open(session, connection, first)


def require_open_word(session: Session, connection: Connection, info: ConnectorInfo, word: str, first: date) -> None:
    """Refuse another meaning of a word from a closed day on."""
    stands = TermOverride.connection_id == connection.id, TermOverride.word == word
    if info.terms.get(word) is not None or session.scalar(select(exists().where(*stands))):
        _require_open(session, connection, first)


def _require_open(session: Session, connection: Connection, first: date) -> None:
    opens = open_day(session, connection, first)
    if connection.approved_at is None or opens == first:
        return
    closing = _closing(session, connection)
    until, month = closing.closed_on, f"{first:%Y-%m}"
    closed = closing.closes(first)
    raise ClosedDayError(
        "mapping.closed_month",
        Text(
            f"Le {first} est dans une période close : les livres le sont jusqu'au {until}."
            if closed
            else f"Le {first} est dans un mois certifié ({month}).",
            f"{first} is in a closed period: the books are closed up to {until}."
            if closed
            else f"{first} is in a certified month ({month}).",
        ),
        Text(
            f"Choisissez un jour à partir du {opens}, le premier ouvert ; une réécriture ne touche pas non plus ce qui "
            "est clos.",
            f"Choose a day from {opens} on, the first open one; a repost does not touch what is closed either.",
        ),
    )


def _closing(session: Session, connection: Connection) -> Closing:
    company = session.get_one(Company, connection.company_id)
    return Closing.read(session, connection, company.books_closed_on)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
