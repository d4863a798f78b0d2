"""The query language: its exact subset, parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from raccord_sandbox.refusing.faults import FaultError

MOST_DIGITS = 30
MAX_RESULTS = 1000
DEFAULT_RESULTS = 100
MAX_VALUES = 1000


class Comparison(StrEnum):
    """The operators of a condition."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    GREATER = ">"
    LESS_OR_EQUAL = "<="
    GREATER_OR_EQUAL = ">="
    IN = "IN"
    LIKE = "LIKE"


@dataclass(frozen=True, slots=True)
class Condition:
    """One property compared with one value, or with several for IN."""

    name: str
    comparison: Comparison
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed statement; `names` is empty for all properties."""

    entity: str
    count: bool
    names: tuple[str, ...]
    conditions: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]
    """Property and whether it descends."""
    start: int
    limit: int


@dataclass(frozen=True, slots=True)
class Leniency:
    """What is taken although it is not documented."""

    cap: bool = False
    """A page above the limit is lowered to it."""
    not_equal: bool = False
    """The operator != is known."""
    start_zero: bool = False
    """STARTPOSITION 0 is the first one."""
    order_by: bool = True
    """ORDER BY may be two words."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word, text or mark with its line and column from 1."""

    kind: str
    text: str
    line: int
    column: int


TOKENS = re.compile(
    r"""(?P<space>\s+)|(?P<text>'(?:\\.|[^'\\])*')|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))"""
    r"""|(?P<word>[A-Za-z_][\w.]*)|(?P<mark><=|>=|!=|[=<>(),*;])""",
    re.DOTALL,
)
END = "<EOF>"


def parse(statement: str, leniency: Leniency | None = None) -> Query:
    """Parse a statement. Raises 4000 for grammar and 4001 for paging out of bounds."""
    return _Parser(statement, leniency or Leniency()).query()


def _tokens(statement: str) -> Iterator[Token]:
    place, line, begin = 0, 1, 0
    while place < len(statement):
        found = TOKENS.match(statement, place)
        if found is None:
            raise _lexical_error(statement[place], line, place - begin + 1)
        kind, text = str(found.lastgroup), found.group()
        if kind != "space":
            yield Token(kind, _unescaped(text) if kind == "text" else text, line, place - begin + 1)
        if "\n" in text:
            line += text.count("\n")
            begin = place + text.rindex("\n") + 1
        place = found.end()
    # The service counts an empty statement from nought.
    yield Token("end", END, line if statement else 0, place - begin + 1 if statement else 0)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _lexical_error(mark: str, line: int, column: int) -> FaultError:
    return FaultError(
        4000,
        f"QueryParserError: Invalid content. Lexical error at line {line}, column {column}.  "
        f'Encountered: "{mark}" ({ord(mark)}), after : ""',
    )


def parse_error(token: Token, expected: str = "") -> FaultError:
    """Return fault 4000 in the wording of the service's parser."""
    detail = f'QueryParserError: Encountered "{token.text}" at line {token.line}, column {token.column}.'
    return FaultError(4000, f'{detail}\nWas expecting:\n    "{expected}" ...' if expected else detail)


def validation_error(text: str) -> FaultError:
    """Return fault 4001."""
    return FaultError(4001, f"QueryValidationError: {text}")


class _Parser:
    def __init__(self, statement: str, leniency: Leniency) -> None:
        self._tokens = list(_tokens(statement))
        self._place = 0
        self._leniency = leniency

    def query(self) -> Query:
        self._keyword("SELECT")
        count, names = self._selection()
        self._keyword("FROM")
        entity = self._take("word").text
        conditions: tuple[Condition, ...] = ()
        if self._accept("WHERE"):
            conditions = tuple(self._conditions())
        order = tuple(self._order())
        start, limit = self._paging()
        self._accept(";")
        end = self._next()
        if end.kind != "end":
            raise parse_error(end)
        return Query(entity, count, names, conditions, order, start, limit)

    def _selection(self) -> tuple[bool, tuple[str, ...]]:
        if self._accept("COUNT"):
            for mark in ("(", "*", ")"):
                self._keyword(mark)
            return True, ()
        names: list[str] = []
        everything = False
        while True:
            if self._accept("*"):
                everything = True
            else:
                names.append(self._take("word").text)
            if not self._accept(","):
                return False, () if everything else tuple(names)

    def _conditions(self) -> Iterator[Condition]:
        while True:
            name = self._take("word").text
            token = self._next()
            match token.kind, token.text.upper():
                case "mark", "!=" if self._leniency.not_equal:
                    yield Condition(name, Comparison.NOT_EQUAL, (self._value(),))
                case "mark", "=" | "<" | ">" | "<=" | ">=" as mark:
                    yield Condition(name, Comparison(mark), (self._value(),))
                case "word", "LIKE":
                    yield Condition(name, Comparison.LIKE, (self._value(),))
                case "word", "IN":
                    yield Condition(name, Comparison.IN, tuple(self._values()))
                case _:
                    raise parse_error(token)
            if not self._accept("AND"):
                return

    def _values(self) -> Iterator[str]:
        self._keyword("(")
        for _ in range(MAX_VALUES):
            yield self._value()
            if not self._accept(","):
                self._keyword(")")
                return
        raise validation_error(f"IN may hold at most {MAX_VALUES} values")

    def _value(self) -> str:
        token = self._next()
        if token.kind in ("text", "number") or token.text.lower() in ("true", "false"):
            return token.text
        raise parse_error(token)

    def _order(self) -> Iterator[tuple[str, bool]]:
        if not self._accept("ORDERBY"):
            if not self._leniency.order_by or not self._accept("ORDER"):
                return
            self._keyword("BY")
        while True:
            name = self._take("word").text
            descending = self._accept("DESC")
            if not descending:
                self._accept("ASC")
            yield name, descending
            if not self._accept(","):
                return

    def _paging(self) -> tuple[int, int]:
        start, limit = 1, DEFAULT_RESULTS
        least = 0 if self._leniency.start_zero else 1
        if self._accept("STARTPOSITION"):
            start = self._whole(least)
        if self._accept("MAXRESULTS"):
            limit = self._whole(1)
            if self._accept("STARTPOSITION"):
                start = self._whole(least)
        if limit > MAX_RESULTS:
            if not self._leniency.cap:
                raise validation_error(f"value {limit} is too large. Max allowed value is {MAX_RESULTS}")
            limit = MAX_RESULTS
        return max(start, 1), limit

    def _whole(self, least: int) -> int:
        token = self._take("number")
        if not token.text.lstrip("-").isdecimal():
            raise parse_error(token)
        if len(token.text) > MOST_DIGITS:
            raise validation_error(f"value {token.text[:MOST_DIGITS]}… has more than {MOST_DIGITS} digits")
        if int(token.text) < least:
            raise validation_error(f"value {token.text} is too small. Min allowed value is {least}")
        return int(token.text)

    def _next(self) -> Token:
        token = self._tokens[self._place]
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def _take(self, kind: str) -> Token:
        token = self._next()
        if token.kind != kind:
            raise parse_error(token)
        return token

    def _accept(self, text: str) -> bool:
        token = self._tokens[self._place]
        if token.kind in ("word", "mark") and token.text.upper() == text:
            self._next()
            return True
        return False

    def _keyword(self, text: str) -> None:
        if not self._accept(text):
            raise parse_error(self._next(), text.lower())
