"""Term tables: from the source's words to the ledger's, each row with where it comes from.

A connector ships ``terms.toml``::

    [[term]]
    word = "sale"                 # the source's word
    ledger = "SalesReceipt"       # what it becomes
    role = "income_sales"         # the place it posts to, if the company may choose one
    fr = "Vente par carte"
    en = "Card sale"
    origin = "CH-26"              # requirement row or page that says so
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from raccord.plugin.texts import Text


class TermTableError(ValueError):
    """Raised when ``terms.toml`` lacks a field, repeats a word or is not TOML."""


@dataclass(frozen=True, slots=True)
class Term:
    """One row: the source's word, what the ledger calls it, the role it posts to and where the row comes from."""

    word: str
    ledger: str
    label: Text
    origin: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class TermTable:
    """All terms of a connector by the source's word; a company's overrides make a new table."""

    terms: Mapping[str, Term] = field(default_factory=dict)

    @classmethod
    def from_toml(cls, text: str) -> TermTable:
        """Read the rows of a ``terms.toml``; every field but ``role`` is required."""
        try:
            rows = tomllib.loads(text).get("term", [])
        except tomllib.TOMLDecodeError as error:
            raise TermTableError(f"terms.toml is not TOML: {error}") from error
        terms: dict[str, Term] = {}
        for number, row in enumerate(rows, start=1):
            missing = [name for name in ("word", "ledger", "fr", "en", "origin") if not str(row.get(name, "")).strip()]
            if missing:
                raise TermTableError(f"terms.toml, term {number}: {', '.join(missing)} missing")
            word = str(row["word"])
            if word in terms:
                raise TermTableError(f"terms.toml, term {number}: {word!r} stands twice")
            terms[word] = Term(
                word,
                str(row["ledger"]),
                Text(str(row["fr"]), str(row["en"])),
                str(row["origin"]),
                str(row.get("role", "")),
            )
        return cls(terms)

    def get(self, word: str) -> Term | None:
        return self.terms.get(word)

    def __iter__(self) -> Iterator[Term]:
        return iter(self.terms.values())

    def with_overrides(self, overrides: Mapping[str, str]) -> TermTable:
        """Return a table in which each overridden word posts to the company's role or ledger word instead."""
        changed = dict(self.terms)
        for word, ledger in overrides.items():
            if word in changed:
                old = changed[word]
                changed[word] = Term(word, ledger, old.label, "company", old.role)
        return TermTable(changed)
