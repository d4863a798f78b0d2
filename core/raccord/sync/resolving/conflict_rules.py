"""Every kind of conflict as data: the codes it is asked under, the answers it allows, and who may give each.

Holding is always allowed and changes nothing; it is core's own answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from raccord.plugin.ledger import ConflictKind, ResolutionKind

DUPLICATE_NAME = "conflict.duplicate_name"
ALIKE_NAME = "conflict.alike_name"
MANY_NAMES = "conflict.many_names"
DUPLICATE_NUMBER = "conflict.duplicate_number"
STALE = "conflict.stale"
ALREADY_EXISTS = "conflict.already_exists"
DIFFERS = "conflict.differs"
"""What the old tool seems to have posted otherwise: another amount, a day further away, another account."""
AMOUNT_DIFFERS = "conflict.amount_differs"
LINKED_ELSEWHERE = "conflict.linked_elsewhere"
DELETED = "conflict.deleted"
VOIDED = "conflict.voided"
MATCHED_EDITED = "conflict.matched_edited"
EDITED = "edited"
"""Under this name that question keeps what it says of each of several documents."""
INACTIVE = "posting.inactive_reference"
NAME_TAKEN = "resolve.name_taken"
PERIOD_CLOSED = "posting.period_closed"
DOCUMENT_CLOSED = "period.document_closed"
DEPOSITED = "posting.deposited"
FEATURE_MISSING = "posting.feature_missing"
CURRENCY_FOREIGN = "encoding.currency_foreign"


class By(StrEnum):
    """Who may give an answer."""

    ANYONE = "anyone"
    """The connector or an extension by itself, or a person who keeps the books."""
    PERSON = "person"
    """A person who keeps the books; no plugin."""
    MANAGER = "manager"
    """A person who manages the connection; no plugin."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of conflict."""

    codes: tuple[str, ...]
    answers: Mapping[ResolutionKind, By]


_ANYONE, _PERSON, _MANAGER = By.ANYONE, By.PERSON, By.MANAGER
_HOLD, _SKIP, _LINK, _CREATE = ResolutionKind.HOLD, ResolutionKind.SKIP, ResolutionKind.LINK, ResolutionKind.CREATE
_THEIRS, _OURS, _RETRY = ResolutionKind.KEEP_THEIRS, ResolutionKind.RESTORE_OURS, ResolutionKind.RETRY
_RENAME, _REPLACE = ResolutionKind.RENAME, ResolutionKind.REPLACE
_REACTIVATE, _WITHOUT = ResolutionKind.REACTIVATE, ResolutionKind.WITHOUT

RULES: Mapping[ConflictKind, Rule] = MappingProxyType(
    {
        ConflictKind.DUPLICATE_NAME: Rule(
            (DUPLICATE_NAME, NAME_TAKEN),
            {_HOLD: _ANYONE, _LINK: _ANYONE, _RENAME: _ANYONE, _SKIP: _ANYONE, _RETRY: _PERSON},
        ),
        ConflictKind.ALIKE_NAME: Rule(
            (ALIKE_NAME,), {_HOLD: _ANYONE, _LINK: _ANYONE, _CREATE: _PERSON, _SKIP: _ANYONE}
        ),
        ConflictKind.MANY_NAMES: Rule((MANY_NAMES,), {_HOLD: _ANYONE, _CREATE: _PERSON, _SKIP: _PERSON}),
        ConflictKind.DUPLICATE_NUMBER: Rule(
            (DUPLICATE_NUMBER,), {_HOLD: _ANYONE, _LINK: _ANYONE, _SKIP: _ANYONE, _RETRY: _PERSON}
        ),
        ConflictKind.STALE: Rule((STALE, MATCHED_EDITED), {_HOLD: _ANYONE, _THEIRS: _ANYONE, _OURS: _PERSON}),
        ConflictKind.ALREADY_EXISTS: Rule(
            (ALREADY_EXISTS, DIFFERS), {_HOLD: _ANYONE, _LINK: _ANYONE, _SKIP: _ANYONE, _CREATE: _ANYONE}
        ),
        ConflictKind.AMOUNT_DIFFERS: Rule(
            (AMOUNT_DIFFERS,), {_HOLD: _ANYONE, _LINK: _PERSON, _SKIP: _ANYONE, _THEIRS: _PERSON, _OURS: _PERSON}
        ),
        ConflictKind.LINKED_ELSEWHERE: Rule((LINKED_ELSEWHERE,), {_HOLD: _ANYONE, _LINK: _ANYONE, _SKIP: _ANYONE}),
        # What a person deleted or voided never comes back but by a person.
        ConflictKind.DELETED: Rule((DELETED,), {_HOLD: _ANYONE, _THEIRS: _ANYONE, _OURS: _PERSON}),
        ConflictKind.VOIDED: Rule((VOIDED,), {_HOLD: _ANYONE, _THEIRS: _ANYONE, _OURS: _PERSON}),
        ConflictKind.INACTIVE_REFERENCE: Rule(
            (INACTIVE,),
            {_HOLD: _ANYONE, _REPLACE: _ANYONE, _REACTIVATE: _MANAGER, _SKIP: _ANYONE, _RETRY: _PERSON},
        ),
        ConflictKind.PERIOD_CLOSED: Rule((PERIOD_CLOSED, DOCUMENT_CLOSED), {_HOLD: _ANYONE, _SKIP: _PERSON}),
        ConflictKind.DEPOSITED: Rule((DEPOSITED,), {_HOLD: _ANYONE, _THEIRS: _ANYONE, _RETRY: _PERSON}),
        ConflictKind.CAPABILITY_MISSING: Rule(
            (FEATURE_MISSING, CURRENCY_FOREIGN),
            {_HOLD: _ANYONE, _WITHOUT: _ANYONE, _SKIP: _PERSON, _RETRY: _PERSON},
        ),
    }
)

KINDS: Mapping[str, ConflictKind] = MappingProxyType(
    {code: kind for kind, rule in RULES.items() for code in rule.codes}
)
ALLOWED: Mapping[ConflictKind, frozenset[ResolutionKind]] = MappingProxyType(
    {kind: frozenset(rule.answers) for kind, rule in RULES.items()}
)

ANEW = frozenset(
    {
        ALREADY_EXISTS,
        ALIKE_NAME,
        MANY_NAMES,
        NAME_TAKEN,
        INACTIVE,
        PERIOD_CLOSED,
        DOCUMENT_CLOSED,
        FEATURE_MISSING,
        CURRENCY_FOREIGN,
    }
)
"""Codes that each plan finds out again by itself, so that they go as they came."""
REACTIVATED = ("Account", "Customer", "Vendor", "Item")
"""Lists whose inactive entries a plan makes active again."""
FEATURES_LEFT_OUT = ("class",)
"""What a document can go without."""


def allowed_for(code: str, params: Mapping[str, object]) -> frozenset[ResolutionKind]:
    """Return what may be answered to a question of this code in this one case; nothing where it is no conflict."""
    kind = KINDS.get(code)
    if kind is None:
        return frozenset()
    return ALLOWED[kind] - _not_here(kind, params)


def by_plugins(answers: frozenset[ResolutionKind], kind: ConflictKind) -> frozenset[ResolutionKind]:
    """Return which of these answers a plugin may give by itself."""
    return frozenset(each for each in answers if RULES[kind].answers[each] is By.ANYONE)


def found_anew(code: str, params: Mapping[str, object]) -> bool:
    """Tell whether a plan finds out by itself if this conflict still stands; what QuickBooks refused it cannot tell."""
    return code in ANEW and (_RETRY not in ALLOWED[KINDS[code]] or not was_refused(params))


def was_refused(params: Mapping[str, object]) -> bool:
    """Tell whether QuickBooks itself refused, rather than a plan foreseeing it."""
    return bool(params.get("code"))


def _not_here(kind: ConflictKind, params: Mapping[str, object]) -> frozenset[ResolutionKind]:
    """Return the answers of a kind that mean nothing in this case."""
    not_here: set[ResolutionKind] = set()
    if params.get("linkable") is False:
        not_here.add(_LINK)
    if not was_refused(params):
        not_here.add(_RETRY)
    match kind:
        case ConflictKind.AMOUNT_DIFFERS if params.get("linked"):
            not_here |= {_LINK, _SKIP}
        case ConflictKind.AMOUNT_DIFFERS:
            not_here |= {_THEIRS, _OURS}
        case ConflictKind.INACTIVE_REFERENCE:
            if params.get("kind") not in REACTIVATED:
                not_here.add(_REACTIVATE)
            if not params.get("id"):
                not_here |= {_REACTIVATE, _REPLACE}
        case ConflictKind.CAPABILITY_MISSING if params.get("feature") not in FEATURES_LEFT_OUT:
            not_here.add(_WITHOUT)
        case _:
            pass
    return frozenset(not_here)
