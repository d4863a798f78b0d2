"""One company as one file: a JSON document a line, which another sandbox can take in."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from raccord_sandbox.attachments.files import CONTENT
from raccord_sandbox.company import Company
from raccord_sandbox.deletions import Deletion
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.faults import Doc
from raccord_sandbox.storage import Row, entries_of, entry_docs
from raccord_sandbox.switches import SWITCHES, SwitchError, read_switches
from raccord_sandbox.wire import dumps

FORMAT = "raccord-sandbox-company"
VERSION = 1


class UnreadableError(Exception):
    """A file that is no company of a sandbox; says in which line, in French and English."""

    def __init__(self, fr: str, en: str) -> None:
        super().__init__(en)
        self.fr = fr
        self.en = en


@dataclass(slots=True)
class Portable:
    """Everything that a company is, apart from tokens and mails."""

    realm: str
    settings: Doc = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    writes: list[Doc] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)


def lines_of(company: Company) -> Iterator[str]:
    """Yield a company's file line by line; the caller holds the lock."""
    head = {"format": FORMAT, "version": VERSION, "realm": company.realm, "name": company.settings["name"]}
    yield dumps(head)
    yield dumps({"settings": company.settings})
    for row in company.rows():
        yield dumps({"row": row_doc(row)})
    for deletion in company.deletions:
        yield dumps({"deletion": asdict(deletion)})
    for name, text in company.answers.items():
        yield dumps({"answer": {"id": name, "text": text}})
    for write in company.writes:
        yield dumps({"write": write})
    for digest in dict.fromkeys(doc[CONTENT] for doc in company.table("Attachable") if CONTENT in doc):
        content = company.files.get(digest)
        if content is not None:
            yield dumps({"file": base64.b64encode(content).decode()})


def read_lines(content: bytes) -> Portable:
    """Return the company that a file holds. Raises UnreadableError."""
    found: Portable | None = None
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            doc = json.loads(line, parse_float=Decimal)
            if found is None:
                found = _begun(doc)
            else:
                _take(found, doc)
        except (ValueError, KeyError, TypeError, ArithmeticError, binascii.Error, SwitchError) as error:
            reason = f"{type(error).__name__}: {error}"[:200]
            raise UnreadableError(
                f"la ligne {number} ne se lit pas ({reason})", f"line {number} cannot be read ({reason})"
            ) from error
    if found is None or not found.settings or not any(row.kind == "CompanyInfo" for row in found.rows):
        raise UnreadableError("le fichier est incomplet", "the file is not complete")
    return found


def row_doc(row: Row) -> Doc:
    """Return a row as a JSON object."""
    entries = None if row.entries is None else entry_docs(row.entries)
    return {"kind": row.kind, "id": row.id, "serial": row.serial, "doc": row.doc, "entries": entries}


def row_of(doc: Doc) -> Row:
    """Return the row of a JSON object. Raises KeyError for an entity that this sandbox does not have."""
    KINDS[doc["kind"]]  # an unknown entity could not be shown
    entries = doc["entries"]
    return Row(
        doc["kind"], str(doc["id"]), int(doc["serial"]), doc["doc"], None if entries is None else entries_of(entries)
    )


def _begun(head: Any) -> Portable:
    if head["format"] != FORMAT or head["version"] != VERSION:
        raise ValueError(f"the format is not {FORMAT} {VERSION}")
    return Portable(str(head["realm"]))


def _take(found: Portable, doc: Doc) -> None:
    [(part, value)] = doc.items()
    match part:
        case "settings":
            switches = {name: value[name] for name in SWITCHES if name in value}
            found.settings = {**value, **read_switches(switches)}
        case "row":
            found.rows.append(row_of(value))
        case "deletion":
            found.deletions.append(Deletion(**value))
        case "answer":
            found.answers[value["id"]] = value["text"]
        case "write":
            found.writes.append(value)
        case "file":
            found.files.append(base64.b64decode(value, validate=True))
        case _:
            raise ValueError(f"unknown part {part}")
