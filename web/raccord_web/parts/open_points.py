"""What is open in a month, as people read it: each with its name, amount and the page that mends it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.masking import masked
from raccord.overview.explain import explain, who_is
from raccord.overview.titles import asks_of_file, file_of
from raccord.store.models import DraftRow, DraftState, Match, SourceRecord
from raccord.sync.proving.certified import cell_name, sums_of
from raccord_web.words.names import Names
from raccord_web.words.wording import typeset

TOLD = 100
"""Points that are looked up; a page names no more."""
WHO = {
    "waits": "books",
    "failed": "books",
    "unequal": "books",
    "unproven": "books",
    "stale": "books",
    "gap": "source",
    "gap paused": "owner",
    "gap disconnected": "owner",
    "gap before_start": "owner",
    "gap taken_up": "owner",
    "gap unasked": "books",
}
"""Who settles what is open, as who.toml names them; a record's own reason says it before."""
TEXTS = ("name", "memo", "description", "text")
"""Fields of a record that say in words what it is; the first that is there."""


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """One thing that is open; ``address`` is where it is settled."""

    code: str
    connection: str
    address: str
    what: str = ""
    day: date | None = None
    amount: Decimal | None = None
    currency: str = ""
    first: date | None = None
    last: date | None = None
    """The days of a stretch, where it is one."""
    reason: str = ""
    """Why the days of a stretch have no data."""
    who: str = ""
    """Who can settle it, as a sentence."""


def open_points(session: Session, names: Names, parts: Sequence[Mapping[str, Any]]) -> list[OpenPoint]:
    """Return what stands open in the connections' parts of a certificate, made or refused."""
    return [point for part in parts for point in _of_part(session, names, part)]


@dataclass(frozen=True, slots=True)
class Told:
    """What a line that is left out says, and the record that it is."""

    text: str
    record_id: int
    document: tuple[str, str] | None = None
    """Kind and id of the document in QuickBooks that is the same movement, where one is."""


def left_out_told(session: Session, parts: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Told]:
    """Return what the lines are that a certificate, or a month's proof, shows as left out, by connection and key."""
    found = {}
    for part in parts:
        lines = part.get("left_out", {}).get("lines", ())[:TOLD]
        records = _records(session, part["id"], {_place(each["key"]) for each in lines}) if lines else {}
        same = _same(session, [each.id for each in records.values()])
        for each in lines:
            record = records.get(_place(each["key"]))
            if record is not None:
                found[part["id"], each["key"]] = Told(_text(record), record.id, same.get(record.id))
    return found


def _same(session: Session, records: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return the documents that hold the movements of some records already, by record."""
    if not records:
        return {}
    rows = session.execute(
        select(DraftRow.record_id, Match.kind, Match.document_id)
        .join(Match, Match.draft_id == DraftRow.id)
        .where(DraftRow.record_id.in_(records), DraftRow.state == DraftState.SKIPPED)
        .order_by(Match.id.desc())
    )
    return {record: (kind, document) for record, kind, document in rows if record is not None}


def _of_part(session: Session, names: Names, part: Mapping[str, Any]) -> list[OpenPoint]:
    exceptions = part["exceptions"]
    named = {_place(each["key"]) for each in exceptions[:TOLD] if "key" in each}
    records = _records(session, part["id"], named)
    return [replace(_point(names, part, each, records), who=_who(names, each)) for each in exceptions]


def _who(names: Names, said: Mapping[str, Any]) -> str:
    """Say who can settle it: whom the reason of the record or draft names, else whoever settles such things."""
    code, language = said["code"], names.words.language
    # A draft says its state before its reason.
    reason = said.get("state", "") if code == "failed" else said.get("state", "").partition(" ")[2]
    if reason:
        return typeset(explain(reason, {}, language, "page").who, language)
    name = WHO.get(f"{code} {said.get('reason', '')}") or WHO[code]
    return typeset(who_is(name, language), language)


def _point(
    names: Names,
    part: Mapping[str, Any],
    said: Mapping[str, Any],
    records: Mapping[tuple[str, str], SourceRecord],
) -> OpenPoint:
    connection, own = part["label"], f"/connections/{part['id']}"
    match code := said["code"]:
        case "waits" | "failed":
            stream, source_id = _place(said["key"])
            record = records.get((stream, source_id))
            if record is None:
                return OpenPoint(
                    code, connection, f"/questions?{urlencode({'connection': part['id']})}", masked(said["key"])
                )
            asks = asks_of_file(record.raw)
            named = file_of(record.raw) if asks else masked(source_id)
            what = _text(record) or f"{names.stream(part['connector'], stream)} {named}"
            return OpenPoint(
                code, connection, f"/records/{record.id}", what, None if asks else record.day, record.amount,
                record.currency or "",
            )  # fmt: skip
        case "unequal":
            return _unequal(names, part, said["cell"])
        case "gap":
            return OpenPoint(
                code, connection, "/gaps", said.get("account", ""),
                first=_day(said["first"]), last=_day(said["last"]), reason=said["reason"],
            )  # fmt: skip
        case "unproven":
            return OpenPoint(code, connection, own, day=date.fromisoformat(said["day"]))
        case _:
            return OpenPoint(code, connection, f"{own}/proof")


def _unequal(names: Names, part: Mapping[str, Any], cell: str) -> OpenPoint:
    """Return a day that does not agree: its kind of record, and how far QuickBooks is from what should be there."""
    row = next((each for each in part["proofs"] if cell_name(each) == cell), None)
    own = f"/connections/{part['id']}/proof?only=unequal"
    if row is None:
        return OpenPoint("unequal", part["label"], own, cell)
    source, left_out, moved, _, quickbooks = sums_of(row)
    return OpenPoint(
        "unequal", part["label"], own, names.stream(part["connector"], row["stream"]),
        date.fromisoformat(row["day"]), quickbooks - (source - left_out + moved), row["currency"],
    )  # fmt: skip


def _day(said: str | None) -> date | None:
    return None if said is None else date.fromisoformat(said)


def _place(key: str) -> tuple[str, str]:
    """Return the stream and the id of the record that a draft's key names."""
    stream, _, rest = key.partition("/")
    return stream, rest.partition("#")[0]


def _records(session: Session, connection_id: str, places: set[tuple[str, str]]) -> dict[tuple[str, str], SourceRecord]:
    """Return the newest revision of each record."""
    rows = session.scalars(
        select(SourceRecord)
        .where(
            SourceRecord.connection_id == connection_id,
            # With its streams it is found by its key; by its id alone, all of the connection would be walked.
            SourceRecord.stream.in_(sorted({stream for stream, _ in places})),
            SourceRecord.source_id.in_(sorted({source_id for _, source_id in places})),
        )
        .order_by(SourceRecord.id)
    )
    return {(row.stream, row.source_id): row for row in rows}


def _text(record: SourceRecord) -> str:
    said: Any = json.loads(record.raw, parse_float=str, parse_int=str)
    if not isinstance(said, dict):
        return ""
    return next((str(said[name])[:120] for name in TEXTS if isinstance(said.get(name), str) and said[name]), "")
