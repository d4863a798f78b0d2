"""Drafts and records as text, and the hashes and marks derived from them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, TypeAdapter

from raccord.plugin.drafts import Draft
from raccord.plugin.records import JSON, Record
from raccord.sync.storable import storable

_DRAFT: TypeAdapter[Draft] = TypeAdapter(Annotated[Draft, Field(discriminator="kind")])


def dump_draft(draft: Draft) -> str:
    """Return the draft as JSON text; equal drafts give equal text."""
    return _DRAFT.dump_json(draft).decode()


def load_draft(text: str) -> Draft:
    return _DRAFT.validate_json(text)


def dump_raw(raw: Mapping[str, JSON]) -> str:
    """Return what the source said as JSON text with sorted keys; half a surrogate pair stays an escape."""
    text = json.dumps(raw, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text if storable(text) else json.dumps(raw, sort_keys=True, separators=(",", ":"))


def digest(*parts: str) -> str:
    """Return the SHA-256 of the parts, each closed by a separator so that no two lists of parts collide."""
    state = hashlib.sha256()
    for part in parts:
        state.update(part.encode())
        state.update(b"\x1f")
    return state.hexdigest()


def record_hash(record: Record, raw: str) -> str:
    amount = "" if record.amount is None else str(record.amount)
    return digest(record.day.isoformat(), amount, raw)


def mark(realm: str, connection_id: str, key: str) -> str:
    """Return the lasting mark of a draft: 12 letters and digits from its identity alone, never from its content."""
    hashed = hashlib.sha256("\x1f".join((realm, connection_id, key)).encode()).digest()
    return base64.b32encode(hashed[:10]).decode()[:12]


def marker(code: str, revision: int) -> str:
    """Return the text that our documents carry in their private note, so that they can be found again."""
    return f"[raccord {code} r{revision}]"


def request_id(code: str, revision: int, refusals: int, *, removal: bool = False) -> str:
    """Return QuickBooks' ``requestid``: the same for every resend, a new one after QuickBooks refused; taking a
    revision out again is another request than writing it.
    """
    return f"raccord-{code}-{'u' if removal else 'r'}{revision}-{refusals}"
