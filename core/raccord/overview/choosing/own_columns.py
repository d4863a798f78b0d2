"""Headings of a company's own tables that its connector does not know, to be said which column each of them is.

A field of the settings model says so of itself (``raccord.plugin.contract.known_columns``). Headings are read from the
newest files that came; the setting keeps a line for each, ``invoice.number = No de facture``.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from raccord.overview.choosing.known_here import Known
from raccord.plugin.contract.asking import key_of
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Text
from raccord.store.errors import FilesRefusedError
from raccord.store.files import given
from raccord.store.models import Connection, SourceFile
from raccord.sync.facts import fact_named
from raccord.sync.workshop import Workshop

FILES_MAX = 10
"""The newest ones."""
HEAD_BYTES = 64 * 1024
SHOWN_MAX = 100
_DELIMITERS = (",", ";", "\t")


def own_columns(workshop: Workshop, connection_id: str, info: ConnectorInfo) -> dict[str, list[Known]]:
    """Return by setting the headings that a connection's tables have and nobody knows by themselves."""
    wanted: dict[str, Sequence[Mapping[str, Any]]] = {}
    for name, field in info.settings.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        of: Any = extra.get("known") or {}
        if of.get("says") == "column":
            wanted[name] = of["objects"]
    if not wanted:
        return {}
    with workshop.database.read() as session:
        kept = session.get_one(Connection, connection_id).settings
    tables = _tables(workshop, connection_id)
    return {name: _unknown(info, objects, tables, str(kept.get(name, ""))) for name, objects in wanted.items()}


def _unknown(
    info: ConnectorInfo, objects: Sequence[Mapping[str, Any]], tables: Sequence[tuple[str, Sequence[str]]], kept: str
) -> list[Known]:
    """Return the headings to say something of; a table that was answered as a whole is changed where that was asked."""
    answered = {line.partition("=")[0].strip() for line in kept.splitlines()}
    found: dict[str, Known] = {}
    for file, heads in tables:
        of = next((each for each in objects if file.casefold().startswith(tuple(each["files"]))), None)
        plain = [head.casefold() for head in heads]
        if of is None or "object" in plain or key_of(of["name"], plain) in answered:
            continue
        by_themselves = {*of["columns"], *of["headings"]}
        options = [(column, _column_named(info, column)) for column in of["columns"]]
        for head in heads:
            if head and head.casefold() not in by_themselves and len(found) < SHOWN_MAX:
                key = f"{of['name']}:{head.casefold()}"
                found.setdefault(key, Known(key, [head], options))
    return list(found.values())


def _column_named(info: ConnectorInfo, column: str) -> Text:
    names = [fact_named(info, part) for part in column.split(".")]
    return Text(" · ".join(each.fr for each in names), " · ".join(each.en for each in names))


def _tables(workshop: Workshop, connection_id: str) -> Sequence[tuple[str, Sequence[str]]]:
    """Return the newest tables by the names of their files, each with its headings."""
    newest = select(SourceFile.sha256).where(*given(connection_id)).order_by(SourceFile.number.desc()).limit(FILES_MAX)
    with workshop.database.read() as session:
        hashes = session.scalars(newest).all()
    box, found = workshop.files(connection_id), []
    for sha256 in hashes:
        file = box.of_hash(sha256)
        try:
            with file.open() as stream:
                head = stream.read(HEAD_BYTES)
        except FilesRefusedError:
            # The run says what is wrong with the file; it has no headings to choose here.
            continue
        line = next(iter(head.decode("utf-8-sig", errors="replace").splitlines()), "")
        if line.lstrip().startswith(("{", "[", "<")):
            continue
        delimiter = max(_DELIMITERS, key=line.count)
        if delimiter in line:
            found.append((file.name, [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]))
    return found
