"""What the answer to a conflict makes of a draft: it goes, goes another way, is left out, or waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, assert_never, cast

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Account, Customer, Draft, Item, Vendor
from raccord.plugin.ledger import ConflictKind, ResolutionKind
from raccord.store.models import Company, DraftRow, Drift, DriftState, LinkRow, LinkState, Match
from raccord.sync.bodies import mark
from raccord.sync.books.acquaint import forget
from raccord.sync.books.readback import LISTS
from raccord.sync.resolving.conflict_rules import (
    ALREADY_EXISTS,
    DIFFERS,
    KINDS,
    LINKED_ELSEWHERE,
    MATCHED_EDITED,
    NAME_TAKEN,
    found_anew,
)
from raccord.sync.resolving.conflicts import DECISION, RENAMED, decision_of, linked_to, settle, without_decision
from raccord.sync.resolving.resolve import Place, Resolver

CLASS = "class"
_MADE_ANYWAY = (ConflictKind.ALIKE_NAME, ConflictKind.MANY_NAMES)


@dataclass(frozen=True, slots=True)
class Go:
    """The draft goes, perhaps as another than it was; with ``link_to`` it becomes a document that is there."""

    draft: Draft
    link_to: str = ""
    any_amount: bool = False
    replaced: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Leave:
    """Nothing is written for the draft: what is in QuickBooks stands."""

    code: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wait:
    """The draft is held with this question."""

    code: str
    params: Mapping[str, Any]


Way = Go | Leave | Wait


@dataclass(slots=True)
class Settling:
    """Turns the answers to conflicts into ways, for the drafts of one slice of a plan."""

    session: Session
    company: Company
    resolver: Resolver
    now: datetime
    promised: dict[tuple[str, str], str] = field(default_factory=dict)
    """Documents that lines of this slice link to."""

    def answer(self, row: DraftRow, draft: Draft, link: LinkRow | None, code: str, params: Mapping[str, Any]) -> Way:
        """Ask who may answer, and return what becomes of the draft."""
        resolution = settle(self.resolver.scope, self.resolver.view, row, draft, code, params, self.resolver.answered)
        target = resolution.target
        match resolution.kind:
            case ResolutionKind.CREATE if code == DIFFERS or KINDS[code] in _MADE_ANYWAY:
                return Go(draft)
            case ResolutionKind.HOLD | ResolutionKind.UNLINK | ResolutionKind.CREATE:
                return Wait(code, params)
            case ResolutionKind.SKIP | ResolutionKind.KEEP_THEIRS:
                self._theirs(link, code)
                # A line stays its document, as it was before that was edited.
                return Leave(ALREADY_EXISTS if code == MATCHED_EDITED else code, params)
            case ResolutionKind.LINK:
                return self._linked(row, draft, code, params, target)
            case ResolutionKind.RESTORE_OURS:
                self._ours(row, link, code, params)
                return Go(draft)
            case ResolutionKind.RENAME if code == NAME_TAKEN:
                self.resolver.renamed[place_of(params)] = target
                return Go(draft)
            case ResolutionKind.RENAME:
                row.decisions = {**without_decision(row), RENAMED: target}
                return Go(renamed(row, draft))
            case ResolutionKind.REPLACE:
                return Go(draft, replaced={(str(params["kind"]), str(params["id"])): target})
            case ResolutionKind.REACTIVATE:
                return self._reactivated(draft, code, params)
            case ResolutionKind.WITHOUT:
                return Go(without_classes(draft))
            case ResolutionKind.RETRY:
                return Go(draft)
            case other:
                assert_never(other)

    def tied(self, row: DraftRow, draft: Draft) -> Way | None:
        """Return how a list's entry goes that a person tied to one of the ledger's before anything asked about it."""
        decided = decision_of(row)
        if row.kind not in LISTS or decided is None or decided.kind is not ResolutionKind.LINK:
            return None
        entry = self.resolver.lists.by_id.get((row.kind, decided.target))
        # What is not active by now is asked about like any other name.
        return None if entry is not None and not entry.active else Go(draft, decided.target)

    def _linked(self, row: DraftRow, draft: Draft, code: str, params: Mapping[str, Any], target: str) -> Way:
        other = linked_to(self.session, self.company.id, row, target) or self.promised.get((row.kind, target))
        if other is not None:
            known = {name: params[name] for name in ("code", "detail", "number", "day") if name in params}
            elsewhere = {
                **known,
                "kind": row.kind,
                "id": target,
                "document": f"{row.kind} {target}",
                "owner_key": other,
            }
            row.decisions = without_decision(row)
            return Wait(LINKED_ELSEWHERE, elsewhere)
        if row.kind not in LISTS:
            self.promised[row.kind, target] = row.key
        return Go(draft, target, any_amount=code == DIFFERS or KINDS[code] is ConflictKind.AMOUNT_DIFFERS)

    def _reactivated(self, draft: Draft, code: str, params: Mapping[str, Any]) -> Way:
        entry = (str(params.get("kind", "")), str(params.get("id", "")))
        if entry not in self.resolver.inactive:
            # Its state in QuickBooks is read with the books of the next run.
            return Wait(code, params)
        self.resolver.reactivated.add(entry)
        return Go(draft)

    def _ours(self, row: DraftRow, link: LinkRow | None, code: str, params: Mapping[str, Any]) -> None:
        """Prepare for ours to be written again: over what is there, or anew where it was deleted."""
        row.decisions = without_decision(row)
        # A new revision has a new mark and request id, so the deleted document is not taken for the new one.
        row.revision += 1
        if code == MATCHED_EDITED:
            self.session.execute(delete(Match).where(Match.draft_id == row.id))
        if link is None or KINDS[code] is ConflictKind.DELETED:
            forget(self.session, self.company.id, [mark(self.company.realm, row.connection_id, row.key)])
            if link is not None:
                self.session.delete(link)
                self.session.flush()
            return
        # Named by the state that was asked about: changed once more meanwhile, it is asked about again.
        seen = self._drift(link)
        token = str(params.get("sync_token", "")) or ("" if seen is None else seen.sync_token)
        link.state, link.sync_token = LinkState.LIVE, token or link.sync_token
        self._close(seen, DriftState.RESTORED)

    def _theirs(self, link: LinkRow | None, code: str) -> None:
        if link is None:
            return
        if KINDS[code] is ConflictKind.VOIDED:
            link.state = LinkState.VOIDED
        self._close(self._drift(link), DriftState.KEPT)

    def _drift(self, link: LinkRow) -> Drift | None:
        found = select(Drift).where(Drift.link_id == link.id).order_by(Drift.found_at.desc(), Drift.id.desc()).limit(1)
        return self.session.scalars(found).first()

    def _close(self, drift: Drift | None, state: DriftState) -> None:
        """What was answered as a conflict is not asked about a second time as a change."""
        if drift is not None and drift.state == DriftState.OPEN:
            drift.state, drift.decided_at, drift.decided_by = state, self.now, "raccord"


def first_question(row: DraftRow, code: str, params: Mapping[str, Any]) -> bool:
    """Tell whether a draft's conflict is answered before anything else is looked at.

    One that the plan finds out anew waits for that, unless the draft is to be left out whatever it finds.
    """
    if code not in KINDS or code == ALREADY_EXISTS:
        # Possible doubles are looked for once all lines of a plan are known.
        return False
    decided = decision_of(row)
    return not found_anew(code, params) or (decided is not None and decided.kind is ResolutionKind.SKIP)


def decided_for_all(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[Place, str], set[tuple[str, str]]]:
    """Return what people decided on one draft and meant for every one: names of default entries, and entries to be
    made active again.
    """
    names: dict[Place, str] = {}
    again: set[tuple[str, str]] = set()
    for decisions in rows:
        decided = decisions.get(DECISION)
        params = decided.get("params") if isinstance(decided, Mapping) else None
        if not isinstance(decided, Mapping) or not isinstance(params, Mapping):
            continue
        if decided["kind"] == ResolutionKind.RENAME and "role" in params:
            names[place_of(params)] = str(decided["target"])
        if decided["kind"] == ResolutionKind.REACTIVATE:
            again.add((str(params["kind"]), str(params["id"])))
    return names, again


def place_of(params: Mapping[str, Any]) -> Place:
    """Return which of core's own entries a question about a taken name means."""
    return (str(params.get("place", "")), str(params.get("role", "")), str(params.get("of", "")))


def renamed(row: DraftRow, draft: Draft) -> Draft:
    """Return an entry under the name that was decided for it."""
    name = row.decisions.get(RENAMED)
    if not name or not isinstance(draft, Account | Customer | Vendor | Item):
        return draft
    return replace(draft, name=str(name))


def has_classes(draft: Draft) -> bool:
    """Tell whether a line of a document bears a class."""
    return any(getattr(line, "class_", None) is not None for line in getattr(draft, "lines", ()))


def without_classes(draft: Draft) -> Draft:
    """Return a document whose lines bear no class."""
    lines = getattr(draft, "lines", ())
    bare = tuple(replace(line, class_=None) if getattr(line, "class_", None) is not None else line for line in lines)
    return replace(draft, **cast("dict[str, Any]", {"lines": bare})) if lines else draft
