"""One company as one file: a JSON document a line, which another sandbox can take in."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from raccord_sandbox.attachments.files import CONTENT
from raccord_sandbox.clock import stamp
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.keeping.deletions import Deletion
from raccord_sandbox.keeping.storage import Row, entries_of, entry_docs
from raccord_sandbox.operations import shown
from raccord_sandbox.refusing.faults import Doc, FaultError
from raccord_sandbox.reports.catalog import report
from raccord_sandbox.switches import SWITCHES, SwitchError, read_switches
from raccord_sandbox.tax.by_code import PSEUDO_CODES
from raccord_sandbox.wire import dumps, loads

FORMAT = "raccord-sandbox-company"
VERSION = 1
WRITTEN = frozenset({"number", "at", "operation", "entity", "id", "doc_number", "private_note", "by", "request_id"})
REPORTS_TRIED = ("TrialBalance", "GeneralLedger", "AgedReceivables", "AgedPayables")


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
            doc = loads(line)
            if found is None:
                found = _begun(doc)
            else:
                _take(found, doc)
        except (ValueError, KeyError, TypeError, ArithmeticError, binascii.Error, SwitchError, FaultError) as error:
            reason = f"{type(error).__name__}: {error}"[:200]
            raise UnreadableError(
                f"la ligne {number} ne se lit pas ({reason})", f"line {number} cannot be read ({reason})"
            ) from error
    if found is None or not found.settings or not any(row.kind == "CompanyInfo" for row in found.rows):
        raise UnreadableError("le fichier est incomplet", "the file is not complete")
    return found


def assert_readable(company: Company) -> None:
    """Show once all that a client may ask for of a company just taken in; what breaks on it, raises."""
    for name in ("name", "template", "country", "currency"):
        _text(company.settings[name])
    stamp(company.clock.now())
    for name, number in company.settings.get("sequences", {}).items():
        _text(name)
        if not isinstance(number, int):
            raise TypeError(f"the sequence {name} is no number")
    for row in company.rows():
        for name in ("Id", "SyncToken"):
            int(_text(row.doc[name])) if row.id not in PSEUDO_CODES else _text(row.doc[name])
        for name in ("CreateTime", "LastUpdatedTime"):
            datetime.fromisoformat(_text(row.doc["MetaData"][name]))
        if not isinstance(row.doc.get("Active", True), bool):
            raise TypeError(f"{row.kind} {row.id} is neither active nor not")
        kind = KINDS[row.kind]
        dumps(shown(company, kind, row.doc, kind.extras)).encode()
    for section in (company.get("Preferences", "1") or {}).values():
        if not isinstance(section, (dict, str, bool)):
            raise TypeError("a section of the preferences is no object")
    for name in REPORTS_TRIED:
        dumps(report(company, name, {})).encode()
    for line in lines_of(company):
        line.encode()


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


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text"[:80])
    return value


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
            int(_text(value["text"]).partition(" ")[0])
            found.answers[_text(value["id"])] = value["text"]
        case "write":
            if set(value) != WRITTEN:
                raise ValueError(f"a write has {', '.join(sorted(WRITTEN))}")
            found.writes.append({name: item if name == "number" else _text(item) for name, item in value.items()})
        case "file":
            found.files.append(base64.b64decode(value, validate=True))
        case _:
            raise ValueError(f"unknown part {part}")
