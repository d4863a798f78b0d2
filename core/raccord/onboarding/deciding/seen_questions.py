"""Questions about conflicts as somebody saw them: a run may name another document in one before it is answered, and
somebody else may answer it first.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from raccord.onboarding.deciding.conflict_texts import Refused, answered_meanwhile, asked_otherwise
from raccord.plugin.ledger import Resolution
from raccord.store.canonical import canonical
from raccord.sync.lines.several_documents import SEVERAL
from raccord.sync.resolving.conflict_rules import EDITED, MATCHED_EDITED

_DIGITS = 12


def question_seen(code: str, params: Mapping[str, Any], answered: Resolution | None = None) -> str:
    """Return what tells a question and the answer that it has by now, as a digest of each: it is another one for
    another kind, document, entry or answer.
    """
    return _asked(code, params) if answered is None else f"{_asked(code, params)}.{_answered(answered)}"


def refused_as_seen(
    seen: str, code: str, params: Mapping[str, Any], answered: Resolution | None, given: Resolution
) -> Refused | None:
    """Return why an answer to a question as it was ``seen`` is refused, or nothing: also where that is not told, or
    the same answer stands already.
    """
    if not seen:
        return None
    asked, _, answer = seen.partition(".")
    if asked != _asked(code, params):
        return asked_otherwise()
    standing = "" if answered is None else _answered(answered)
    return None if standing in (answer, _answered(given)) else answered_meanwhile()


def _answered(answer: Resolution) -> str:
    return _digest([str(answer.kind), answer.target])


def _asked(code: str, params: Mapping[str, Any]) -> str:
    # What a document says after an edit is the question; of others a run may only tell it better.
    says = ("amount", "day", "line") if code == MATCHED_EDITED else ()
    about = [str(params.get(name, "")) for name in ("kind", "id", "owner_key", *says)]
    several = [[str(each["kind"]), str(each["id"])] for each in params.get(SEVERAL, ())]
    edited = [[str(each[name]) for name in ("kind", "id", "amount", "day")] for each in params.get(EDITED, ())]
    return _digest([code, about, several, *([edited] if edited else [])])


def _digest(said: list[Any]) -> str:
    return sha256(canonical(said).encode()).hexdigest()[:_DIGITS]
