"""Tables whose headings are somebody's own: a person says once which column each is, and it is remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import LiteralString

from pydantic import JsonValue
from pydantic_core import PydanticCustomError

from raccord.plugin.contract.columns import columns_of
from raccord.plugin.contract.objects import Contract, ObjectInfo
from raccord.plugin.contract.problems import Problem
from raccord.plugin.errors import BadRecord
from raccord.plugin.hooks import Skipped
from raccord.plugin.records import JSON, Record
from raccord.plugin.texts import Text

COLUMNS_ASKED = "contract.columns_asked"
"""The code of a failed record that asks which columns a table has: for ``ConnectorInfo.questions``."""
LINES_MAX = 200
_QUESTION = "question"

Headings = Mapping[str, Mapping[str, str]]
"""What a company says of its tables: by object, the heading (in small letters) and the column it stands for."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a company says of its tables: of headings, and of whole tables by the key of their headings."""

    headings: Headings = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """A table that lacks columns, or that was told; ``key`` is the same for every table of these headings."""

    key: str
    heads: tuple[str, ...]
    known: tuple[str, ...]
    """By heading, the column it is taken for already; empty for none."""
    parts: tuple[str, ...]
    text: Text | None
    """What is missing; nothing where it was told."""

    def record(self, stream: str, file: str, day: date) -> Record:
        """Return the record that asks, or that asks no more."""
        raw: dict[str, JSON] = {"file": file[:120]}
        if self.text is not None:
            raw |= {
                _QUESTION: self.key,
                "answers": [],
                "cells": list(self.heads),
                "chosen": list(self.known),
                "parts": list(self.parts),
                "fr": self.text.fr,
                "en": self.text.en,
            }
        return Record(stream, f"columns/{self.key}", day, raw)


def ask(info: ObjectInfo, heads: Sequence[str], known: Mapping[int, str], why: Problem | None) -> Asked:
    """Return the question about a table's headings; without a ``why`` it was answered."""
    return Asked(
        key_of(info.name, heads),
        tuple(heads),
        tuple(known.get(place, "") for place in range(len(heads))),
        tuple(columns_of(info.model)),
        None if why is None else why.text,
    )


def columns_answer(record: Record) -> Skipped | None:
    """Return what a record about a table's columns becomes, nothing for any other; raises ``BadRecord`` while it asks.

    A connector whose intake asks says this before anything else of a record.
    """
    if not record.source_id.startswith("columns/"):
        return None
    if _QUESTION in record.raw:
        raise BadRecord("columns", Text(str(record.raw.get("fr", "")), str(record.raw.get("en", ""))), COLUMNS_ASKED)
    return Skipped("contract.columns_said", Text("Les colonnes de ce tableau sont dites.", "Its columns are told."))


def key_of(kind: str, heads: Sequence[str]) -> str:
    """Return by which key an answer is kept: one for the same headings in the same order."""
    return f"{kind}-{hashlib.sha256(chr(31).join(heads).encode()).hexdigest()[:12]}"


def said_columns(contract: Contract, text: str) -> Said:
    """Read what a setting says of tables: ``invoice.number = No de facture``, or ``<key> = id:1 number:2``."""
    headings: dict[str, dict[str, str]] = {}
    tables: dict[str, str] = {}
    for line in text.splitlines()[:LINES_MAX]:
        name, _, told = (part.strip() for part in line.partition("="))
        kind, point, column = name.partition(".")
        info = contract.named(kind)
        if point and info is not None:
            headings.setdefault(info.name, {})[told.casefold()] = column.strip()
        elif told:
            tables[name] = told
    return Said(headings, tables)


def checked_columns(contract: Contract, text: str, code: LiteralString) -> str:
    """Return the setting with its lines trimmed; raises ``PydanticCustomError`` with ``code`` for a wrong one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > LINES_MAX:
        raise PydanticCustomError(
            code,
            "There are {count} lines, at most {most} are read. Remove those of tables that come no more. · Il y a "
            "{count} lignes, {most} au plus sont lues. Enlevez celles des tableaux qui ne viennent plus.",
            {"count": len(lines), "most": LINES_MAX},
        )
    if not all(_fits(contract, line) for line in lines):
        raise PydanticCustomError(
            code,
            "Write object.column = heading, such as invoice.number = No de facture. · "
            "Écrivez objet.colonne = titre, comme invoice.number = No de facture.",
        )
    return "\n".join(lines)


def known_columns(contract: Contract) -> dict[str, JsonValue]:
    """Return what a setting that keeps such lines says of itself (``json_schema_extra={"known": …}``): the columns
    among which a person chooses for each heading of the tables that came.
    """
    objects: list[JsonValue] = [
        {
            "name": each.name,
            "fr": each.label.fr,
            "en": each.label.en,
            "files": [each.path, each.name, *each.words],
            "columns": list(columns_of(each.model)),
            "headings": [heading.casefold() for heading in each.headings],
        }
        for each in contract.objects
    ]
    return {"says": "column", "objects": objects}


def places_said(info: ObjectInfo, heads: Sequence[str], answer: str) -> dict[str, int]:
    """Return which column stands where, as an answer says it; what it says wrongly is left aside."""
    known = columns_of(info.model)
    found: dict[str, int] = {}
    for each in answer.split():
        part, _, number = each.rpartition(":")
        if part in known and number.isdecimal() and 0 < int(number) <= len(heads):
            found.setdefault(part, int(number) - 1)
    return found


def _fits(contract: Contract, line: str) -> bool:
    name, equals, told = (part.strip() for part in line.partition("="))
    kind, point, column = name.partition(".")
    if point:
        return bool(equals and told and column and contract.named(kind))
    info = contract.named(name.rpartition("-")[0])
    if info is None or not told:
        return False
    parts = [each.rpartition(":") for each in told.split()]
    return all(part in columns_of(info.model) and number.isdecimal() for part, _, number in parts)
