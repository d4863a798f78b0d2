"""A connector's term table with the company's own answers laid over it, each from its day on (K9)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.plugin.info import ConnectorInfo
from raccord.plugin.terms import SAME_AS, Term, TermTable
from raccord.plugin.texts import Text
from raccord.quickbooks.kinds import KINDS
from raccord.store.made_once import made_once
from raccord.store.models import TermOverride


@dataclass(frozen=True, slots=True)
class DatedTerm:
    """What a word of the source means from a day on."""

    word: str
    ledger: str
    first: date


@dataclass(frozen=True, slots=True)
class DatedTerms:
    """The tables that hold from each of ``days`` on; the connector's own holds before the first."""

    table: TermTable
    days: Sequence[date]
    tables: Sequence[TermTable]

    @classmethod
    def read(cls, session: Session, connection_id: str, table: TermTable, also: Sequence[DatedTerm] = ()) -> DatedTerms:
        """Read the company's answers, with some laid over them that are not saved."""
        rows = session.execute(*_answered(connection_id))
        answers = {(word, first): ledger for word, ledger, first in rows}
        answers |= {(each.word, each.first): table.meaning(each.word, each.ledger) for each in also}
        ordered = sorted(answers, key=lambda place: place[1])
        days = sorted({first for _, first in ordered})
        laid_over = [
            table.with_overrides({word: answers[word, first] for word, first in ordered if first <= day})
            for day in days
        ]
        return cls(table, days, laid_over)

    def on(self, day: date) -> TermTable:
        """Return the table for a record of ``day``."""
        place = bisect_right(self.days, day)
        return self.tables[place - 1] if place else self.table


@made_once
def _answered(connection_id: str) -> Select[str, str, date]:
    of = select(TermOverride.word, TermOverride.ledger, TermOverride.valid_from)
    return of.where(TermOverride.connection_id == connection_id).order_by(TermOverride.valid_from)


def meanings(info: ConnectorInfo, word: str) -> tuple[str, ...]:
    """Return what a word of the source may become, the connector's own meaning of it first.

    One of its ways; or one of the words for the ledger that the connector reads; or, where it goes by places, the
    meaning of another word (``=``) that posts elsewhere, to a place of the same kind if it goes by nothing else. A word
    that the connector does not know takes the meaning of one that it knows.
    """
    term, table = info.terms.get(word), info.terms
    if term is None:
        return tuple(f"{SAME_AS}{each.word}" for each in table if not each.one_of)
    if term.one_of:
        return term.one_of
    accepts = {role.name: role.accepts for role in info.roles}
    here = (term.ledger if table.becomes else "", term.role)
    elsewhere: dict[tuple[str, str], str] = {}
    for each in table:
        place = (each.ledger if table.becomes else "", each.role)
        fits = bool(table.becomes) or accepts.get(each.role) == accepts.get(term.role)
        if table.places and term.role and each.role and not each.one_of and fits and place != here:
            elsewhere.setdefault(place, f"{SAME_AS}{each.word}")
    return tuple(dict.fromkeys((term.ledger, *table.becomes, *elsewhere.values())))


def meaning_named(table: TermTable, meaning: str) -> Text:
    """Return what a meaning is called: by the connector, else by QuickBooks; of another word that it is like that."""
    like = table.get(meaning.removeprefix(SAME_AS)) if meaning.startswith(SAME_AS) else None
    if like is not None:
        return Text(f"comme « {like.label.fr} »", f"like “{like.label.en}”")
    return table.ledgers.get(meaning) or KINDS.get(meaning) or Text(meaning or "–", meaning or "–")


def term_named(table: TermTable, word: str) -> Text:
    """Return what a word of the source is called; one that a company added is as it wrote it."""
    term: Term | None = table.get(word)
    return Text(word, word) if term is None else term.label
