"""What a code says to people, in either language, wherever the code comes from."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from raccord.jobs.errors import EXPLANATIONS, RunFault
from raccord.masking import masked
from raccord.overview.ways import on_page
from raccord.plugin.texts import Language
from raccord.quickbooks import Cause
from raccord.quickbooks import explain as explain_cause
from raccord.sync.problems import ANSWERS

Way = Literal["command", "page"]
"""Where a sentence is read, which decides what it calls the way out."""

CONNECTOR = "connector"
"""The row for codes that a connector brings with sentences of its own."""
ABOUT_A_FILE = "connector.about_a_file"
"""The row for those that one answer about the file mends, for all its lines at once."""
NAMED_BY_SOURCE = ("key", "keys", "subject", "record", "source_id")
"""Values that may hold the number of an account, as a source names its records."""
ASKED_OF_FILES = (".account_unnamed", ".currency_missing")
"""How their codes end."""

LEFT = "skipped"
"""The ``case`` of what is left out, for good: there is nothing to correct."""

_LEFT_BY = re.compile(r"(person|transfer|rule)(?::[^:\s]+)?: (.*)", re.DOTALL)
"""How drafts say by whom they were left out, and why."""
_CELL = re.compile(r"^(\d{4}-\d\d-\d\d) .*")
"""A day of a proof with its stream and currency, of which a sentence says the day."""
_ENDED_TWICE = re.compile(r"([?!…])\.(?=\s|$)")
ASKS_ITSELF = "connector.record_question"
"""The row for those that offer their own answers about one record."""
OF_A_FILE = "connector.file_question"
"""The row for those that ask how a file is to be read, all in one form."""
QUESTIONS_OF_FILES = (".date_order", ".decimal_mark", ".csv_columns", ".columns_asked", ".statement_does_not_add_up",
                      ".file_questions", ".signs_contradict", ".statement_missing",
                      ".year_missing", ".sections", ".trades", ".tax_beside", ".texts_first", ".which_account",
                      ".same_account")  # fmt: skip
"""How their codes end."""


OF_ANOTHER = "connector.other_account"
"""The row for those that tell of a file of another account than the connection's."""
OTHER_ACCOUNTS = (".other_merchant", ".other_account")
"""How their codes end."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A code in one language: what happened, what to do, and who can do it."""

    code: str
    sentence: str
    """What happened, in our words alone."""
    fix: str
    who: str
    quoted: str = ""
    """What QuickBooks itself said of it, as a quotation; its texts come in English."""

    @property
    def what(self) -> str:
        """What happened, with QuickBooks' own words behind it, for places of one line."""
        return f"{self.sentence} ({self.quoted})" if self.quoted else self.sentence


class _Values(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def explain(code: str, params: Mapping[str, object], language: Language, way: Way = "command") -> Explained:
    """Return the sentences of a code; what ``params`` say themselves (``fr``, ``en``) comes first.

    What to do names commands, or the pages and their buttons (``way``) where it is read in a browser or a message.

    A code may have sentences for a ``case`` that its params name. One without sentences gets those of its family
    (``encoding.…``), or of connectors' own codes.
    """
    own = str(params.get(language, ""))
    left = _LEFT_BY.fullmatch(code)
    if left is not None:
        code, params = f"left_out.{left[1]}", {**params, "why": left[2]}
    case = f"{code}.{params.get('case', '')}"
    if params.get("case") == LEFT and code not in known_codes() and code.partition(".")[0] not in _table():
        case = f"{CONNECTOR}.{LEFT}"
    asked = ASKS_ITSELF if params.get(ANSWERS) and code not in _table() else code
    what, fix, who = _sentences(case if case in _table() else asked, language, way)
    values = _Values({"code": code, **{name: _shown(name, value) for name, value in params.items()}})
    said = own or what.format_map(values) or code
    detail, quoted = str(params.get("detail", "")), ""
    if detail:
        quoted = f"QuickBooks a répondu : « {detail} »" if language == "fr" else f"QuickBooks answered: “{detail}”"
    return Explained(code, _once_ended(said), _once_ended(fix.format_map(values)), who, quoted)


def who_is(name: str, language: Language) -> str:
    """Say who a row of who.toml names (``books``, ``source``, …), where no code says who puts a thing right."""
    return _who()[name][language]


def _once_ended(text: str) -> str:
    """Return a text without the full stop after a value that ends with a mark of its own, such as a question."""
    return _ENDED_TWICE.sub(r"\1", text)


def known_codes() -> frozenset[str]:
    """Return every code that has sentences of its own, wherever they are kept."""
    return frozenset(_table()) | frozenset(map(str, Cause)) | frozenset(map(str, RunFault))


def _sentences(code: str, language: Language, way: Way) -> tuple[str, str, str]:
    row = _table().get(code)
    if row is not None:
        return _row(row, language, way)
    if code in set(Cause):
        said = explain_cause(Cause(code), language)
        return _literal(f"{said.what} {said.why}"), _literal(said.fix), said.who
    if code in set(RunFault):
        explained = EXPLANATIONS[RunFault(code)]
        return explained.text.get(language), explained.fix.get(language), _who()["operator"][language]
    if code.endswith(ASKED_OF_FILES):
        return _row(_table()[ABOUT_A_FILE], language, way)
    if code.endswith(QUESTIONS_OF_FILES):
        return _row(_table()[OF_A_FILE], language, way)
    if code.endswith(OTHER_ACCOUNTS):
        return _row(_table()[OF_ANOTHER], language, way)
    return _row(_table().get(code.partition(".")[0]) or _table()[CONNECTOR], language, way)


def _row(row: Mapping[str, str], language: Language, way: Way) -> tuple[str, str, str]:
    fix = row[f"fix_{language}"]
    if way == "page":
        fix = row.get(f"page_{language}") or on_page(fix, language)
    return row[language], fix, _who()[row["who"]][language]


def _literal(text: str) -> str:
    """Return a text in which nothing is taken for the name of a value."""
    return text.replace("{", "{{").replace("}", "}}")


def _shown(name: str, value: object) -> str:
    if name in NAMED_BY_SOURCE:
        value = [masked(str(each)) for each in value] if isinstance(value, list) else masked(str(value))
    if name == "cells" and isinstance(value, list):
        value = list(dict.fromkeys(_CELL.sub(r"\1", str(each)) for each in value))
    if isinstance(value, list):
        shown = ", ".join(map(str, value[:5]))
        return f"{shown}, … ({len(value)})" if len(value) > 5 else shown
    return str(value)


@cache
def _table() -> dict[str, dict[str, str]]:
    return _toml("sentences.toml")


@cache
def _who() -> dict[str, dict[str, str]]:
    return _toml("who.toml")


def _toml(name: str) -> dict[str, dict[str, str]]:
    return tomllib.loads(files("raccord.overview").joinpath(name).read_text("utf-8"))
