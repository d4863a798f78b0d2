"""The query language: its exact subset, parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from raccord_sandbox.faults import FaultError

MAX_RESULTS = 1000
DEFAULT_RESULTS = 100
MAX_VALUES = 1000


class Comparison(StrEnum):
    """The operators of a condition."""

    EQUAL = "="
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
class Token:
    """One word, text or mark with its column from 1."""

    kind: str
    text: str
    column: int


TOKENS = re.compile(
    r"""(?P<space>\s+)|(?P<text>'(?:\\.|[^'\\])*')|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))"""
    r"""|(?P<word>[A-Za-z_][\w.]*)|(?P<mark><=|>=|!=|[=<>(),*;])""",
    re.DOTALL,
)


def parse(statement: str, *, cap: bool = False) -> Query:
    """Parse a statement. Raises 4000 for grammar and 4001 for paging out of bounds; `cap` lowers a page to 1000."""
    return _Parser(statement, cap=cap).query()


def _tokens(statement: str) -> Iterator[Token]:
    place = 0
    while place < len(statement):
        found = TOKENS.match(statement, place)
        if found is None:
            raise parse_error(statement[place], place + 1)
        kind = str(found.lastgroup)
        if kind != "space":
            text = found.group()
            yield Token(
                kind, re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL) if kind == "text" else text, place + 1
            )
        place = found.end()
    yield Token("end", "<EOF>", len(statement) + 1)


def parse_error(text: str, column: int) -> FaultError:
    """Return fault 4000 in the wording of the service's parser."""
    return FaultError(4000, f'QueryParserError: Encountered "{text}" at line 1, column {column}.')


def validation_error(text: str) -> FaultError:
    """Return fault 4001."""
    return FaultError(4001, f"QueryValidationError: {text}")


class _Parser:
    def __init__(self, statement: str, *, cap: bool) -> None:
        self._tokens = list(_tokens(statement))
        self._place = 0
        self._cap = cap

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
            raise parse_error(end.text, end.column)
        return Query(entity, count, names, conditions, order, start, limit)

    def _selection(self) -> tuple[bool, tuple[str, ...]]:
        if self._accept("COUNT"):
            for mark in ("(", "*", ")"):
                self._mark(mark)
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
                case "mark", "=" | "<" | ">" | "<=" | ">=" as mark:
                    yield Condition(name, Comparison(mark), (self._value(),))
                case "word", "LIKE":
                    yield Condition(name, Comparison.LIKE, (self._value(),))
                case "word", "IN":
                    yield Condition(name, Comparison.IN, tuple(self._values()))
                case _:
                    raise parse_error(token.text, token.column)
            if not self._accept("AND"):
                return

    def _values(self) -> Iterator[str]:
        self._mark("(")
        for _ in range(MAX_VALUES):
            yield self._value()
            if not self._accept(","):
                self._mark(")")
                return
        raise validation_error(f"IN may hold at most {MAX_VALUES} values")

    def _value(self) -> str:
        token = self._next()
        if token.kind in ("text", "number") or token.text.lower() in ("true", "false"):
            return token.text
        raise parse_error(token.text, token.column)

    def _order(self) -> Iterator[tuple[str, bool]]:
        if not self._accept("ORDERBY"):
            if not self._accept("ORDER"):
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
        if self._accept("STARTPOSITION"):
            start = self._whole()
        if self._accept("MAXRESULTS"):
            limit = self._whole()
        if self._accept("STARTPOSITION"):
            start = self._whole()
        if limit > MAX_RESULTS:
            if not self._cap:
                raise validation_error(f"value {limit} is too large. Max allowed value is {MAX_RESULTS}")
            limit = MAX_RESULTS
        return start, limit

    def _whole(self) -> int:
        token = self._take("number")
        if not token.text.lstrip("-").isdigit():
            raise parse_error(token.text, token.column)
        if int(token.text) < 1:
            raise validation_error(f"value {token.text} is too small. Min allowed value is 1")
        return int(token.text)

    def _next(self) -> Token:
        token = self._tokens[self._place]
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def _take(self, kind: str) -> Token:
        token = self._next()
        if token.kind != kind:
            raise parse_error(token.text, token.column)
        return token

    def _accept(self, text: str) -> bool:
        token = self._tokens[self._place]
        if token.kind in ("word", "mark") and token.text.upper() == text:
            self._next()
            return True
        return False

    def _keyword(self, text: str) -> None:
        if not self._accept(text):
            token = self._next()
            raise parse_error(token.text, token.column)

    def _mark(self, text: str) -> None:
        self._keyword(text)
