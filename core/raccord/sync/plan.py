"""What a run will do, line by line, before it does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, assert_never

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Accepts, Account, Customer, Draft, Item, Vendor, links_in, money_effect
from raccord.plugin.ledger import ResolutionKind
from raccord.quickbooks.codec import Encoded, EncodeError, Target, encode, entity_of, ledger_effect, rank_of
from raccord.store.models import (
    Action,
    Company,
    Connection,
    DraftRow,
    DraftState,
    Hold,
    LineState,
    LinkRow,
    LinkState,
    MarkedDocument,
    Plan,
    PlanLine,
    Run,
)
from raccord.sync.acquaint import RECOGNISED, forget, marked_under
from raccord.sync.bodies import digest, load_draft, mark, marker
from raccord.sync.books import Facts
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.conflicts import ALREADY_EXISTS, DECISION, DELETED, KINDS, linked_to, settle
from raccord.sync.holds import asked, close_hold, open_hold
from raccord.sync.periods import NEXT_OPEN_DAY, Blocked, Closing, Left, Open, dated
from raccord.sync.problems import close_problems, open_problem, troubled
from raccord.sync.resolve import DECISION_MISSING, LINK_MISSING, LINK_WAITS, Held, Resolver

KIND_CHANGED = "plan.kind_changed"

PLANNABLE = (DraftState.WAITING, DraftState.READY, DraftState.HELD)
RANKS: tuple[tuple[str, ...], ...] = (
    ("Account",),
    ("Customer", "Vendor", "Item"),
    ("SalesReceipt", "RefundReceipt", "Purchase", "JournalEntry", "Transfer"),
    ("Deposit",),
)
"""QuickBooks' entities by dependency level; a draft refers only to drafts of a lower one."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where planning stands: dependency level and last draft taken."""

    rank: int
    last: int


@dataclass(slots=True)
class Planner:
    """Writes the lines of one plan, a slice at a time."""

    session: Session
    company: Company
    connection: Connection
    run: Run
    plan: Plan
    facts: Facts
    resolver: Resolver
    now: datetime
    asked: dict[int, str] = field(default_factory=dict)
    """Drafts of this slice that have an open question, with its code, and below those that have an open problem."""
    troubled: set[str] = field(default_factory=set)
    there: dict[str, MarkedDocument] = field(default_factory=dict)
    """Documents that a life of ours made and that a restored backup has forgotten, by the code of their mark."""
    promised: dict[tuple[str, str], str] = field(default_factory=dict)
    """Documents that lines of this slice link to."""
    closing: Closing = field(default_factory=lambda: Closing(None))

    def slice(self, position: Position, limit: int) -> Position | None:
        """Plan up to ``limit`` drafts after ``position``; return where to go on, or nothing at the end."""
        if position.rank >= len(RANKS):
            return None
        rows = self.session.scalars(
            select(DraftRow)
            .where(*self._waiting(), DraftRow.kind.in_(RANKS[position.rank]), DraftRow.id > position.last)
            .order_by(DraftRow.id)
            .limit(limit)
        ).all()
        if not rows:
            return Position(position.rank + 1, 0)
        drafts = [(row, load_draft(row.body)) for row in rows]
        self.closing = Closing.read(self.session, self.connection, self.facts.closed_on)
        self.resolver.load(self.session)
        self.resolver.load_links(self.session, [key for _, draft in drafts for key in links_in(draft)], self.plan.id)
        links = self._links([row.key for row in rows])
        unlinked = [self._code(row.key) for row in rows if row.key not in links]
        self.there = marked_under(self.session, self.company.id, unlinked)
        self.asked = asked(self.session, (row.id for row in rows))
        self.troubled = troubled(self.session, self.connection.id, (row.key for row in rows))
        lines = [line for row, draft in drafts if (line := self._line(row, draft, links.get(row.key))) is not None]
        wanted = self._wanted_lines()
        for some in chunks([*wanted, *lines], CHUNK):
            self.session.execute(insert(PlanLine), some)
        return Position(position.rank, rows[-1].id)

    def _waiting(self) -> tuple[ColumnElement[bool], ...]:
        return (DraftRow.connection_id == self.connection.id, DraftRow.state.in_(PLANNABLE))

    def _links(self, keys: Sequence[str]) -> dict[str, LinkRow]:
        found: dict[str, LinkRow] = {}
        for some in chunks(keys, CHUNK):
            for link in self.session.scalars(
                select(LinkRow).where(
                    LinkRow.company_id == self.company.id,
                    LinkRow.connection_id == self.connection.id,
                    LinkRow.key.in_(some),
                )
            ):
                found[link.key] = link
        return found

    def _line(self, row: DraftRow, draft: Draft, link: LinkRow | None) -> dict[str, Any] | None:
        """Return the plan line of a draft, or nothing where the books already say what it says."""
        code = DELETED if link is not None and link.state != LinkState.LIVE else row.reason
        # Asked about, it stays so through a new revision of its record, which takes its reason away.
        code = code or (ALREADY_EXISTS if self.asked.get(row.id) == ALREADY_EXISTS else "")
        existing = ""
        # Whether something exists already is looked at anew for every plan, once all its lines are known.
        if code in KINDS and code != ALREADY_EXISTS:
            answered = self._conflict(row, draft, link, code)
            if not isinstance(answered, str):
                return answered
            existing = answered
            link = link if link is not None and link.state == LinkState.LIVE else None
        if link is not None and link.revision == row.revision:
            row.state, row.reason = DraftState.POSTED, ""
            self._settled(row)
            return None
        if link is not None and link.kind != row.kind:
            return self._blocked(
                row, draft, KIND_CHANGED, {"was": link.kind, "is": row.kind, "document": link.document_id}
            )
        marked = self.there.get(self._code(row.key)) if link is None and code not in KINDS else None
        if marked is not None and marked.kind != row.kind:
            return self._blocked(
                row, draft, KIND_CHANGED, {"was": marked.kind, "is": row.kind, "document": marked.document_id}
            )
        # Tying a draft to a document that is there writes nothing, closed or not.
        verdict = Open() if existing or marked else self.closing.judge(row.day, link)
        if not isinstance(verdict, Open):
            return self._closed(row, draft, verdict)
        draft = dated(draft, verdict.day, self.resolver.language)
        moved = verdict.day is not None and verdict.day != row.day
        self.resolver.begin(row.key, row.day, {name: str(answer) for name, answer in row.decisions.items()})
        target = None if link is None else Target(link.document_id, link.sync_token)
        try:
            encoded = self._encode(draft, row.key, row.revision, target)
            effect, money_account, amount = self._effect(draft)
        except Held as held:
            return self._hold(row, draft, held)
        except EncodeError as error:
            return self._blocked(row, draft, error.code, {"fr": error.fr, "en": error.en, "field": error.field})
        if code != ALREADY_EXISTS:
            self._settled(row)
        # A document to link to stays decided until it is linked, whatever becomes of this plan.
        # What was asked about stays so until the plan's lines were held against the books, should the run end before.
        row.state, row.reason = DraftState.PLANNED, code if existing or code == ALREADY_EXISTS else ""
        self.resolver.planned[row.key] = Action.CREATE
        return {
            **self._fields(row, draft),
            **(self._moved(row, verdict.day) if moved else {"reason": RECOGNISED if marked else ""}),
            "action": Action.LINK if existing or marked else Action.CREATE if link is None else Action.UPDATE,
            "document_id": existing or getattr(marked or link, "document_id", ""),
            "payload": "" if existing else encoded.payload,
            "payload_hash": "" if existing else digest(encoded.payload),
            "needs": [] if existing else list(encoded.needs),
            "effect": {account: format(value, "f") for account, value in effect.items()},
            "amount": amount,
            "currency": "" if amount is None else getattr(draft, "currency", ""),
            "money_account": money_account,
        }

    def _closed(self, row: DraftRow, draft: Draft, verdict: Left | Blocked) -> dict[str, Any]:
        """Return the line of a draft that a closed period keeps back."""
        if isinstance(verdict, Left):
            return self._left(row, draft, verdict.code, verdict.params)
        if verdict.asks:
            if row.key in self.troubled:
                # What it waited for before is a question now.
                close_problems(self.session, self.connection.id, row.key, self.now)
            return self._hold(row, draft, Held(verdict.code, **verdict.params))
        return self._blocked(row, draft, verdict.code, verdict.params)

    def _moved(self, row: DraftRow, day: date | None) -> dict[str, Any]:
        """Return what a line says of a document that bears another date than its record."""
        params = {"day": str(row.day), "posted_on": str(day), "closed_on": str(self.closing.closed_on)}
        return {"day": day, "record_day": row.day, "reason": NEXT_OPEN_DAY, "params": params}

    def _left(self, row: DraftRow, draft: Draft, code: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Leave a draft out, as it was decided; what was asked about it is settled."""
        self._settled(row)
        row.decisions = {name: answer for name, answer in row.decisions.items() if name != DECISION}
        row.state, row.reason = DraftState.SKIPPED, code
        left = {"action": Action.SKIP, "reason": code, "params": dict(params), "state": LineState.LEFT}
        return self._fields(row, draft) | left

    def _conflict(self, row: DraftRow, draft: Draft, link: LinkRow | None, code: str) -> dict[str, Any] | str:
        """Return the line that a conflict's answer makes, or the id of the document to link to (empty: none)."""
        asked = select(Hold.params).where(Hold.draft_id == row.id, Hold.closed_at.is_(None))
        found = self.session.scalars(asked).first()
        known = {} if link is None else {"kind": link.kind, "id": link.document_id, "state": link.state}
        params = dict(found or known)
        resolution = settle(self.resolver.scope, self.resolver.view, row, draft, code, str(params.get("detail", "")))
        match resolution.kind:
            case ResolutionKind.HOLD | ResolutionKind.UNLINK | ResolutionKind.CREATE:
                return self._hold(row, draft, Held(code, **params))
            case ResolutionKind.SKIP | ResolutionKind.KEEP_THEIRS:
                return self._left(row, draft, code, params)
            case ResolutionKind.LINK:
                other = linked_to(self.session, self.company.id, row, resolution.target)
                other = other or self.promised.get((row.kind, resolution.target))
                if other is not None:
                    return self._hold(row, draft, Held(code, **{**params, "linked_to": other}))
                self.promised[row.kind, resolution.target] = row.key
                return resolution.target
            case ResolutionKind.RESTORE_OURS:
                row.decisions = {name: answer for name, answer in row.decisions.items() if name != DECISION}
                # A new revision has a new mark and request id, so the deleted document is not taken for the new one.
                row.revision += 1
                forget(self.session, self.company.id, [self._code(row.key)])
                if link is not None:
                    self.session.delete(link)
                    self.session.flush()
                return ""
            case _:
                assert_never(resolution.kind)

    def _settled(self, row: DraftRow) -> None:
        """Close what a draft waited on: it can go now."""
        if row.id in self.asked:
            close_hold(self.session, row, self.now)
        if row.key in self.troubled:
            close_problems(self.session, self.connection.id, row.key, self.now)

    def _encode(self, draft: Draft, key: str, revision: int, target: Target | None) -> Encoded:
        code = self._code(key)
        number = f"{self.connection.connector[:3].upper()}-{code}"
        return encode(
            draft,
            self.resolver.resolve,
            self.facts.encoding,
            marker=marker(code, revision),
            number=number,
            update=target,
            kind_of=self.resolver.kind_of,
        )

    def _code(self, key: str) -> str:
        return mark(self.company.realm, self.connection.id, key)

    def _effect(self, draft: Draft) -> tuple[dict[str, Decimal], str, Decimal | None]:
        if isinstance(draft, Account | Customer | Vendor | Item):
            return {}, "", None
        ref, amount = money_effect(draft)
        return (
            ledger_effect(draft, self.resolver.resolve, self.facts.encoding, clearing=self._clearing()),
            self.resolver.resolve(ref),
            amount,
        )

    def _clearing(self) -> str:
        own = self.resolver.lists.of_subtype(Accepts.CLEARING, "UndepositedFunds")
        return "" if own is None else own.id

    def _hold(self, row: DraftRow, draft: Draft, held: Held) -> dict[str, Any]:
        code, params = held.code, dict(held.params)
        if code == LINK_MISSING:
            code, params = self._missing(draft)
        row.state, row.reason = DraftState.HELD, code
        open_hold(self.session, self.connection.id, row, code, params, self.now)
        return {
            **self._fields(row, draft),
            **(self._money(draft) if code == DECISION_MISSING else {}),
            "action": Action.HOLD,
            "reason": code,
            "params": params,
            "state": LineState.LEFT,
        }

    def _money(self, draft: Draft) -> dict[str, Any]:
        """Return what a draft moves where, as far as that is known while a person still has to say what for."""
        if isinstance(draft, Account | Customer | Vendor | Item):
            return {}
        ref, amount = money_effect(draft)
        try:
            return {"amount": amount, "currency": draft.currency, "money_account": self.resolver.resolve(ref)}
        except Held:
            return {}

    def _missing(self, draft: Draft) -> tuple[str, dict[str, Any]]:
        """Name every document that a draft needs and lacks, and what became of the drafts they should come from."""
        keys = [key for key in links_in(draft) if key not in self.resolver.links and key not in self.resolver.planned]
        states: dict[str, str] = {}
        for some in chunks(keys, CHUNK):
            for key, state, reason in self.session.execute(
                select(DraftRow.key, DraftRow.state, DraftRow.reason).where(
                    DraftRow.connection_id == self.connection.id, DraftRow.key.in_(some)
                )
            ):
                states[key] = f"{state} {reason}".strip()
        code = LINK_WAITS if len(states) == len(keys) else LINK_MISSING
        return code, {"keys": keys, "states": states}

    def _blocked(self, row: DraftRow, draft: Draft, code: str, params: Mapping[str, Any]) -> dict[str, Any]:
        params = dict(params)
        row.state, row.reason = DraftState.HELD, code
        open_hold(self.session, self.connection.id, row, code, params, self.now)
        open_problem(
            self.session,
            connection_id=self.connection.id,
            run_id=self.run.id,
            stream=row.key.split("/", 1)[0],
            code=code,
            subject=row.key,
            params=params,
            now=self.now,
        )
        return {
            **self._fields(row, draft),
            "action": Action.BLOCKED,
            "reason": code,
            "params": params,
            "state": LineState.LEFT,
        }

    def _fields(self, row: DraftRow, draft: Draft) -> dict[str, Any]:
        """Return a whole line with nothing to send, for the caller to fill in."""
        return _line_fields(self.plan.id, row.key, row.revision, draft) | {
            "draft_id": row.id,
            "day": row.day,
            "mapped_by": row.mapped_by,
            "mapped_under": row.mapped_under,
        }

    def _wanted_lines(self) -> list[dict[str, Any]]:
        """Return lines for the list objects that this slice's drafts want and that no earlier slice planned."""
        keys = list(self.resolver.wanted)
        known = set(
            self.session.scalars(select(PlanLine.key).where(PlanLine.plan_id == self.plan.id, PlanLine.key.in_(keys)))
        )
        # One made before and not to be used any more is not made again under its old request id.
        made = {key: link.revision for key, link in self._links(keys).items()}
        lines: list[dict[str, Any]] = []
        for key in keys:
            if key in known:
                continue
            wanted = self.resolver.wanted[key]
            encoded = encode(wanted.draft, self._wanted_ref, self.facts.encoding, marker="", number="")
            lines.append(
                _line_fields(self.plan.id, key, made.get(key, 0) + 1, wanted.draft)
                | {
                    "action": Action.CREATE,
                    "payload": encoded.payload,
                    "payload_hash": digest(encoded.payload),
                    "needs": list(encoded.needs),
                    "reason": "plan.default" if wanted.role else "plan.default_item",
                    "params": {"role": wanted.role, "of": wanted.of},
                }
            )
        return lines

    def _wanted_ref(self, ref: Any) -> str:
        return f"{{link:{ref.key}}}" if ref.ref == "link" else str(ref.id)


def _line_fields(plan_id: str, key: str, revision: int, draft: Draft) -> dict[str, Any]:
    return {
        "plan_id": plan_id,
        "rank": rank_of(draft),
        "draft_id": None,
        "key": key,
        "revision": revision,
        "kind": entity_of(draft),
        "day": None,
        "record_day": None,
        "document_id": "",
        "payload": "",
        "payload_hash": "",
        "needs": [],
        "reason": "",
        "params": {},
        "effect": {},
        "amount": None,
        "currency": "",
        "money_account": "",
        "state": LineState.PENDING,
        "mapped_by": "",
        "mapped_under": 0,
    }
