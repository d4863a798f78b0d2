"""Term tables: from the source's words to the ledger's, each row with where it comes from.

A connector ships ``terms.toml``::

    [[term]]
    word = "sale"                 # the source's word
    ledger = "SalesReceipt"       # what it becomes
    role = "income_sales"         # the place it posts to, if the company may choose one
    fr = "Vente par carte"
    en = "Card sale"
    origin = "CH-26"              # requirement row or page that says so

A word may also name a way of posting that the company chooses, such as one document a sale or one a day::

    [[term]]
    word = "posting"
    ledger = "each"               # the way until the company chooses another
    one_of = ["each", "daily"]
    fr = "Écriture des ventes"
    en = "How sales are posted"
    origin = "CH-26"

The names of words that are the table's own, and not QuickBooks' names of its entities, stand at its end; people read
those::

    [ledger]
    each = { fr = "Un document par vente", en = "One document a sale" }

Where ``map_record`` goes by what words become, the table begins with the words that it reads, and a company may give a
word another of them. Where it posts to the role of a word's row (``places``), a word may take that of another. Without
either, the company only reads the rows::

    becomes = ["SalesReceipt", "Deposit", "left_out"]
    places = true

``map_record`` reads it from ``context.terms``, which are those of the record's day: what comes before a change keeps
the way that it had. A record that another one of its day stands for is skipped with a reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files

from raccord.plugin.errors import BadRecord
from raccord.plugin.texts import Language, Text

_WORD_SHOWN_MAX = 80
SAME_AS = "="
"""Begins the answer of a company that lets a word stand for another one."""


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
    one_of: tuple[str, ...] = ()
    """The ways among which the company chooses, where the word is one of posting; a change never touches a day that has
    documents, or its movements would be posted in both ways or in none.
    """
    origin_fr: str = ""
    """The origin in French, where it is a sentence and not a mark."""

    def origin_in(self, language: Language) -> str:
        """Return where the row comes from, in a language if it is said in that one."""
        return self.origin_fr if language == "fr" and self.origin_fr else self.origin


@dataclass(frozen=True, slots=True)
class TermTable:
    """All terms of a connector by the source's word; a company's overrides make a new table."""

    terms: Mapping[str, Term] = field(default_factory=dict)
    ledgers: Mapping[str, Text] = field(default_factory=dict)
    """What the table's own words for the ledger are called; QuickBooks' names of its entities need none."""
    becomes: tuple[str, ...] = ()
    """The words for the ledger that ``map_record`` reads, of which a company may give a word of the source another."""
    places: bool = False
    """Whether ``map_record`` posts to the role of a word's row, so that a word may post where another does."""

    @classmethod
    def from_toml(cls, text: str) -> TermTable:
        """Read a ``terms.toml``: its rows, of which every field but ``role``, ``one_of`` and ``origin_fr`` is required,
        the words that they may become, and below ``ledger`` the names of words that are the table's own.
        """
        try:
            said = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise TermTableError(f"terms.toml is not TOML: {error}") from error
        becomes = tuple(str(each) for each in said.get("becomes", ()))
        terms: dict[str, Term] = {}
        for number, row in enumerate(said.get("term", []), start=1):
            missing = [name for name in ("word", "ledger", "fr", "en", "origin") if not str(row.get(name, "")).strip()]
            if missing:
                raise TermTableError(f"terms.toml, term {number}: {', '.join(missing)} missing")
            word = str(row["word"])
            if word in terms:
                raise TermTableError(f"terms.toml, term {number}: {word!r} stands twice")
            one_of = tuple(str(each) for each in row.get("one_of", ()))
            if one_of and str(row["ledger"]) not in one_of:
                raise TermTableError(f"terms.toml, term {number}: ledger is none of one_of")
            if becomes and not one_of and str(row["ledger"]) not in becomes:
                raise TermTableError(f"terms.toml, term {number}: ledger is none of becomes")
            terms[word] = Term(
                word,
                str(row["ledger"]),
                Text(str(row["fr"]), str(row["en"])),
                str(row["origin"]),
                str(row.get("role", "")),
                one_of,
                str(row.get("origin_fr", "")),
            )
        try:
            ledgers = {word: Text(str(named["fr"]), str(named["en"])) for word, named in said.get("ledger", {}).items()}
        except (KeyError, TypeError) as error:
            raise TermTableError("terms.toml, ledger: each word has fr and en") from error
        return cls(terms, ledgers, becomes, places=bool(said.get("places", False)))

    @classmethod
    def of(cls, package: str) -> TermTable:
        """Read the ``terms.toml`` that lies in a package."""
        return cls.from_toml((files(package) / "terms.toml").read_text(encoding="utf-8"))

    def get(self, word: str) -> Term | None:
        return self.terms.get(word)

    def known(self, word: str, field: str) -> Term:
        """Return the term of a word; one that the table has not makes a bad record, which names ``field``.

        A company that gives the word the meaning of another one has the record taken up again.
        """
        found = self.terms.get(word)
        if found is None:
            shown = word[:_WORD_SHOWN_MAX]
            reason = Text(f"Le mot « {shown} » n'est pas connu.", f"The word “{shown}” is not known.")
            raise BadRecord(field, reason)
        return found

    def __iter__(self) -> Iterator[Term]:
        return iter(self.terms.values())

    def with_overrides(self, overrides: Mapping[str, str]) -> TermTable:
        """Return a table in which each overridden word posts to the company's role or ledger word instead.

        A word that stands for another (``=card``) means whatever that one means then; it need not be the connector's.
        """
        changed = dict(self.terms)
        for word, ledger in overrides.items():
            if word in changed and not ledger.startswith(SAME_AS):
                changed[word] = replace(changed[word], ledger=ledger, origin="company", origin_fr="société")
        for word, ledger in overrides.items():
            other = self.terms.get(ledger.removeprefix(SAME_AS)) if ledger.startswith(SAME_AS) else None
            if other is not None:
                label = self.terms[word].label if word in self.terms else Text(word, word)
                changed[word] = replace(
                    changed[other.word], word=word, label=label, origin="company", origin_fr="société"
                )
        return replace(self, terms=changed)

    def meaning(self, word: str, ledger: str) -> str:
        """Return a company's answer as it is kept: for a word that is not in the table, the word that it stands for."""
        known = self.terms.get(ledger.removeprefix(SAME_AS))
        return f"{SAME_AS}{known.word}" if word not in self.terms and known is not None and not known.one_of else ledger
