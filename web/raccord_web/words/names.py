"""What things are called on the pages: connectors, streams, roles and document kinds, in the words of who made them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from raccord.catalog import Catalog
from raccord.masking import masked
from raccord.overview.explain import NAMED_BY_SOURCE
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.terms import Term, TermTable
from raccord.plugin.texts import Text
from raccord.quickbooks.fields import KIND_FIELDS, field_named, value_named
from raccord.quickbooks.kinds import KINDS, kind_named
from raccord.sync.facts import fact_named
from raccord.sync.resolving.terms import meaning_named, term_named
from raccord_web.words.formats import month_text, written
from raccord_web.words.wording import Wording, typeset

TILES = {"bankfeed": "bank"}
"""Connectors whose tile has another colour than one of their name."""
CODED = frozenset({"brand", "category", "kind", "method", "rate_type", "source", "type"})
"""Fields that hold a word of the source, which its term table may name; the others hold what people wrote."""
IDENTIFYING = ("id", "native", "number")
"""Ends of the names of fields whose digits are no amount."""
KIND_PARAMS = frozenset({"kind", "is", "was"})
"""Values of sentences that name a kind of document or entry."""
UNWRITTEN = frozenset({*NAMED_BY_SOURCE, "detail", "fr", "en", "name", "file", "version", "text"})
"""Values of sentences that stay as they are: what a source, a person or QuickBooks wrote."""

_MARK = re.compile(r"^[A-Z]{1,3}-?\d{1,3}$|\s*\([A-Z]{1,3}-\d{1,3}\)")
"""A row of the list that a connector was written by, which no reader of a page has."""
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_WORDED = ("DocNumber", "PaymentRefNum", "PrivateNote", "CustomerMemo", "Description")
"""Properties of documents that hold what somebody wrote."""

COUNTRIES = frozenset(
    {"AU", "BE", "CA", "CH", "DE", "ES", "FR", "GB", "HK", "IE", "IN", "IT", "LU", "NL", "NZ", "SG", "UK", "US", "ZA"}
)
"""Countries that the texts name."""


class Streamed(Protocol):
    """A row about one stream and currency."""

    @property
    def stream(self) -> str: ...

    @property
    def currency(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Names:
    """Labels in one language; what nobody named is shown as it is stored."""

    catalog: Catalog
    words: Wording

    def connector(self, name: str) -> str:
        info = self._info(name)
        return name if info is None else self._set(info.label)

    def tile(self, name: str) -> str:
        """Return the two letters that stand for a connector."""
        info = self._info(name)
        return (info.tile if info is not None and info.tile else self.connector(name)[:2].title())[:2]

    def colour(self, name: str) -> str:
        return TILES.get(name, name)

    def stream(self, connector: str, name: str) -> str:
        info = self._info(connector)
        found = {} if info is None else {stream.name: stream.label for stream in info.streams}
        return self._set(found[name]) if name in found else name

    def listed(self, connector: str, name: str) -> str:
        """Return what a connector calls a list that goes to its source."""
        info = self._info(connector)
        found = {} if info is None else {each.name: each.label for each in info.lists}
        return self._set(found[name]) if name in found else name

    def stream_note(self, connector: str, name: str) -> str:
        """Return what a connector says of each record of a stream; empty where it says nothing."""
        info = self._info(connector)
        found = [stream.note for stream in info.streams if stream.name == name and stream.note] if info else []
        return self._set(found[0]) if found else ""

    def in_order(self, connector: str, rows: Sequence[Streamed]) -> Sequence[Streamed]:
        """Return what bears a stream as its connector has those: what is sold before what is paid out."""
        info = self._info(connector)
        place = {} if info is None else {stream.name: at for at, stream in enumerate(info.streams)}
        return sorted(rows, key=lambda each: (each.currency, place.get(each.stream, len(place))))

    def role(self, connector: str, name: str) -> str:
        info = self._info(connector)
        found = {} if info is None else {role.name: role.label for role in info.roles}
        return self._set(found[name]) if name in found else name

    def kind(self, entity: str) -> str:
        """Return what QuickBooks' entity is called."""
        return kind_named(entity, self.words.language)

    def term(self, connector: str, word: str) -> str:
        """Return what a word of a connector's term table is called; one that a company added is as it wrote it."""
        info = self._info(connector)
        return word if info is None else self._set(term_named(info.terms, word))

    def ledger(self, connector: str, word: str) -> str:
        """Return what a word becomes, as its connector calls it, else QuickBooks."""
        info = self._info(connector)
        return self._set(meaning_named(TermTable() if info is None else info.terms, word))

    def origin(self, term: Term) -> str:
        """Return where a row of a term table comes from, as a sentence; nothing where only a mark of a list says it."""
        text = _MARK.sub("", term.origin_in(self.words.language)).strip()
        return typeset(text, self.words.language)

    def account_type(self, name: str) -> str:
        """Return what QuickBooks calls a type of its chart or of its items; one that nobody knows by its own name."""
        return self.words(f"ledger_types.{name}") if self.words.has(f"ledger_types.{name}") else name

    def fact(self, connector: str, name: str) -> str:
        """Return what a field of a record is called: by its connector, else by what such fields usually are."""
        return self._set(fact_named(self._info(connector), name))

    def fact_value(self, connector: str, name: str, value: str) -> str:
        """Return what a field says: a word by its name, days and amounts as people write them, all else as it is."""
        info = self._info(connector)
        if info is not None:
            term = info.terms.get(value) if name in CODED else None
            named = info.fact_values.get(name, {}).get(value) or (None if term is None else term.label)
            if named is not None:
                return self._set(named)
        if name == "stream":
            return self.stream(connector, value)
        if value in ("True", "False"):
            return self.words("people.yes" if value == "True" else "people.no")
        if name == "account_kind" and self.words.has(f"account_types.{value}"):
            return self.words(f"account_types.{value}")
        return masked(value) if name.endswith(IDENTIFYING) else masked(written(value, self.words.language))

    def property(self, path: str) -> str:
        """Return what a field of a document is called, and in which of its lines it stands."""
        return self._set(field_named(path))

    def property_value(self, path: str, value: str) -> str:
        """Return what such a property says; of what a person wrote, nothing is read into it."""
        name = path.rpartition(".")[2]
        if name in KIND_FIELDS:
            return self.kind(value)
        if said := value_named(path, value):
            return self._set(said)
        return value if name in _WORDED else written(value, self.words.language)

    def param(self, name: str, value: object) -> object:
        """Return a value of a sentence as people write it: kinds by their names, days, moments and amounts."""
        if name == "cells" and isinstance(value, list):
            # A day of a proof, its stream and currency: which they are is told beside the day's figures.
            return list(dict.fromkeys(written(str(each).partition(" ")[0], self.words.language) for each in value))
        if isinstance(value, list):
            return [self.param(name, each) for each in value]
        if not isinstance(value, str) or name in UNWRITTEN:
            return value
        if name in KIND_PARAMS:
            return self.kind(value)
        if name == "month" and _MONTH.fullmatch(value):
            return month_text(date.fromisoformat(f"{value}-01"), self.words.language)
        first, _, rest = value.partition(" ")
        if name == "document" and rest and first in KINDS:
            return f"{self.kind(first)} {rest}"
        return written(value, self.words.language)

    def country(self, code: str) -> str:
        """Return what a country of two letters is called, or its letters."""
        return self.words(f"countries.{code}") if code in COUNTRIES else code

    def environment(self, name: str) -> str:
        return self.words(f"environments.{name if name in ('production', 'sandbox') else 'local'}")

    def _set(self, text: Text) -> str:
        return typeset(text.get(self.words.language), self.words.language)

    def _info(self, name: str) -> ConnectorInfo | None:
        admitted = self.catalog.get(name)
        return None if admitted is None else admitted.info
