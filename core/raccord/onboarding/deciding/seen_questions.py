"""Questions about conflicts as somebody saw them: a run may name another document in one before it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from raccord.store.canonical import canonical
from raccord.sync.lines.several_documents import SEVERAL

_DIGITS = 12


def question_seen(code: str, params: Mapping[str, Any]) -> str:
    """Return what tells a question from one of another kind, or about another document or entry, as a digest."""
    about = [str(params.get(name, "")) for name in ("kind", "id", "owner_key")]
    several = [[str(each["kind"]), str(each["id"])] for each in params.get(SEVERAL, ())]
    return sha256(canonical([code, about, several]).encode()).hexdigest()[:_DIGITS]
