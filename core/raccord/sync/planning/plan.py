"""What a run will do, line by line, before it does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Draft, links_in
from raccord.quickbooks.codec import Encoded, EncodeError, Target
from raccord.store.models import (
    Action,
    Company,
    Connection,
    DraftRow,
    DraftState,
    Hold,
    LinkRow,
    LinkState,
    MarkedDocument,
    Plan,
    PlanLine,
    Run,
)
from raccord.sync.bodies import load_draft
from raccord.sync.books.acquaint import RECOGNISED, marked_under
from raccord.sync.books.company import Facts
from raccord.sync.books.drift import bodies_of
from raccord.sync.books.entries import Entries, target_of
from raccord.sync.books.parties import with_customers
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.attached import LINE_NOT_POSTED, WITH_DOCUMENT, document_undone, line_not_posted, wake_planned
from raccord.sync.lines.lump_sums import LUMP_NOT_POSTED, is_payer, lump_not_posted, payer_keys, wake_payers
from raccord.sync.lines.payments_left import asked_about, payments_left
from raccord.sync.lines.refunds import REFUND_NOT_POSTED, refund_not_posted, wake_refunds
from raccord.sync.lines.treatments import as_treated
from raccord.sync.mapping.unused import TAKEN_BACK, was_taken_back
from raccord.sync.planning.beside import compared_anew
from raccord.sync.planning.left_out import LeftLines
from raccord.sync.planning.lines import lines_first, sent
from raccord.sync.planning.moves import Moves, moves_of
from raccord.sync.planning.order import Position, waiting_drafts
from raccord.sync.posting.attachments import attachment_unfit, files_of
from raccord.sync.posting.links import links_under
from raccord.sync.posting.periods import NEXT_OPEN_DAY, Closing, Open, dated
from raccord.sync.posting.removals import UNDONE, undone_of
from raccord.sync.resolving.answered import Answered
from raccord.sync.resolving.conflict_rules import (
    ALREADY_EXISTS,
    DELETED,
    DIFFERS,
    INACTIVE,
    KINDS,
    VOIDED,
    was_refused,
)
from raccord.sync.resolving.conflicts import ANY_AMOUNT, DECISION
from raccord.sync.resolving.encoding import Encoder
from raccord.sync.resolving.newcomers import FIRSTS, NAMED, Newcomers, question_about
from raccord.sync.resolving.reactivate import AGAIN, to_reactivate
from raccord.sync.resolving.resolve import Held, Resolver
from raccord.sync.resolving.settling import Go, Leave, Settling, Wait, first_question, renamed

KIND_CHANGED = "plan.kind_changed"
_LEFT_WITH = (
    (WITH_DOCUMENT, document_undone),
    (LINE_NOT_POSTED, line_not_posted),
    (REFUND_NOT_POSTED, refund_not_posted),
    (LUMP_NOT_POSTED, lump_not_posted),
)
TURNS = 5
"""How many conflicts of one draft are answered while it is written, one after the other."""


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
    there: dict[str, MarkedDocument] = field(default_factory=dict)
    """Documents that a life of ours made and that a restored backup has forgotten, by the code of their mark."""
    closing: Closing = field(default_factory=lambda: Closing(None))
    generations: dict[str, int] = field(default_factory=dict)
    """How many documents of a draft were undone, by its key."""
    payments_left: Mapping[int, list[dict[str, str]]] = field(default_factory=dict)
    """What is told of customers' payments that their line left in the books, by its record."""
    undone: dict[str, dict[str, str]] = field(default_factory=dict)
    """What is told of drafts whose documents were undone, by their keys."""
    files: Mapping[str, int] = field(default_factory=dict)
    """Sizes of the received files that this slice attaches, by their SHA-256."""
    entries: Entries = field(default_factory=dict)
    """List entries of ours that this slice updates, as QuickBooks holds them, and below what we last wrote of them."""
    entries_written: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    newcomers: Newcomers | None = None
    """What is to be asked about new names, where this slice brings some."""
    settling: Settling = field(init=False)
    left: LeftLines = field(init=False)
    encoder: Encoder = field(init=False)

    def __post_init__(self) -> None:
        self.encoder = Encoder(self.company, self.connection, self.resolver, self.facts)
        self.settling = Settling(self.session, self.company, self.resolver, self.now)
        self.left = LeftLines(self.session, self.connection, self.run, self.plan, self.resolver, self.now)

    def slice(self, position: Position, limit: int) -> Position | None:
        """Plan up to ``limit`` drafts after ``position``; return where to go on, or nothing at the end."""
        if position == Position(0, 0):
            wake_payers(self.session, self.connection.id)
        position, rows = waiting_drafts(self.session, self.connection.id, position, limit)
        if not rows:
            return None
        self._plan(rows)
        return Position(position.rank, rows[-1].id)

    def again(self, rows: Sequence[DraftRow]) -> None:
        """Plan drafts anew that were answered since their lines were made."""
        for some in chunks([row.id for row in rows], CHUNK):
            self.session.execute(delete(PlanLine).where(PlanLine.plan_id == self.plan.id, PlanLine.draft_id.in_(some)))
        self._plan(rows)

    def _plan(self, rows: Sequence[DraftRow]) -> None:
        told = with_customers(self.session, self.connection.id, (load_draft(row.body) for row in rows))
        drafts = list(zip(rows, told, strict=True))
        self.closing = Closing.read(self.session, self.connection, self.facts.closed_on)
        self.resolver.load(self.session)
        self.resolver.renamed, self.resolver.inactive = to_reactivate(self.session, self.run)
        named = [key for row, draft in drafts for key in (*links_in(draft), *payer_keys(row))]
        self.resolver.load_links(self.session, named, self.plan.id)
        links = self._links([row.key for row in rows])
        if self.entries:
            self.entries_written = bodies_of(self.session, list(links.values()))
        self.generations = {key: link.generation for key, link in links.items()}
        self.undone = undone_of(self.session, links.values())
        links = {key: link for key, link in links.items() if link.state != LinkState.RELEASED}
        unlinked = [self.encoder.code(row.key) for row in rows if row.key not in links]
        self.there = marked_under(self.session, self.company.id, unlinked)
        self.left.begin(rows)
        self.payments_left = payments_left(self.session, self.connection.id)
        self.files = files_of(self.session, self.connection.id, [draft for _, draft in drafts])
        self.newcomers = None
        if any(row.kind in NAMED for row in rows):
            self.newcomers = Newcomers.of(
                self.session, self.connection, self.plan.id, self.resolver.lists, self.run.progress.get(FIRSTS, {})
            )
        lines = [line for row, draft in drafts if (line := self._told(row, draft, links.get(row.key))) is not None]
        wake_planned(self.session, rows)
        wake_refunds(self.session, rows)
        made = self._links([*self.resolver.wanted])
        wanted = lines_first(self.session, self.plan.id, self.resolver, self.facts, made)
        for some in chunks([*wanted, *lines], CHUNK):
            self.session.execute(insert(PlanLine), some)

    def _links(self, keys: Sequence[str]) -> dict[str, LinkRow]:
        found: dict[str, LinkRow] = {}
        for some in chunks(keys, CHUNK):
            for link in self.session.scalars(*links_under(self.company.id, [self.connection.id], some)):
                found[link.key] = link
        return found

    def _told(self, row: DraftRow, draft: Draft, link: LinkRow | None) -> dict[str, Any] | None:
        """Return the plan line of a draft with what plugins answered for it; their faults become its problems."""
        answered = self.resolver.answered = Answered()
        standing = [] if link else self.payments_left.get(row.record_id or 0, [])
        question = asked_about(row, standing) if standing else None
        line = self.left.hold(row, draft, question) if question is not None else self._line(row, draft, link)
        marked = row.key in self.left.troubled
        answered.tell_faults(self.session, self.connection.id, self.run.id, row.key, self.now, troubled=marked)
        return None if line is None else line | {"answered_by": answered.kept()}

    def _line(self, row: DraftRow, draft: Draft, link: LinkRow | None) -> dict[str, Any] | None:
        """Return the plan line of a draft, or nothing where the books already say what it says."""
        if link is not None and link.state == LinkState.UNDONE:
            return self._undone(row, draft)
        code = row.reason
        if link is not None and link.state != LinkState.LIVE:
            code = VOIDED if link.state == LinkState.VOIDED else DELETED
        # Asked about, it stays so through a new revision of its record, which takes its reason away.
        code = code or next((each for each in (ALREADY_EXISTS, DIFFERS) if self.left.asked.get(row.id) == each), "")
        params = self._asked_with(row, link, code) if code in KINDS else {}
        draft = as_treated(row.decisions, renamed(row, draft))
        way = Go(draft)
        # What is looked for once all lines of the plan are known stays asked about until then.
        later = code == ALREADY_EXISTS or compared_anew(self.connection, row, code)
        asked = first_question(row, code, params) and not later
        if asked:
            params = self._known_by_now(row, draft, link, code, params)
            answer = self.settling.answer(row, draft, link, code, params)
            if not isinstance(answer, Go):
                return self.left.otherwise(row, draft, answer)
            way = answer
            link = link if link is not None and link.state == LinkState.LIVE else None
        if link is not None and link.revision == row.revision:
            row.state, row.reason = DraftState.POSTED, ""
            self.left.settled(row)
            return None
        new = link is None and not asked and code != ALREADY_EXISTS
        marked = self.there.get(self.encoder.code(row.key)) if new else None
        there = link or marked
        if there is not None and there.kind != row.kind:
            return self.left.blocked(
                row, draft, KIND_CHANGED, {"was": there.kind, "is": row.kind, "document": there.document_id}
            )
        # Tying a draft to a document that is there writes nothing, closed or not.
        verdict = Open() if way.link_to or marked else self.closing.judge(row.day, link)
        if not isinstance(verdict, Open):
            return self.left.closed(row, draft, verdict)
        named = self._new_name(row, way.draft) if new and marked is None else way
        if not isinstance(named, Go):
            return self.left.otherwise(row, draft, named)
        way = replace(named, draft=dated(named.draft, verdict.day, self.resolver.language))
        moved = verdict.day is not None and verdict.day != row.day
        written = self._written(row, way, link)
        if isinstance(written, dict):
            return written
        way, encoded, moves = written
        if not later:
            self.left.settled(row)
        if self.newcomers is not None and new and not (marked or way.link_to):
            self.newcomers.count(row)
        existing = way.link_to
        # A document to link to stays decided until it is linked, whatever becomes of this plan.
        # What was asked about stays so until the plan's lines were held against the books, should the run end before.
        kept = existing or later or DECISION in row.decisions
        row.state, row.reason = DraftState.PLANNED, code if kept else ""
        self.resolver.planned[row.key] = Action.CREATE
        awaited = [AGAIN + "/".join(entry) for entry in sorted(self.resolver.awaited)]
        return {
            **self.left.fields(row, draft),
            **(self._moved(row, verdict.day) if moved else {"reason": RECOGNISED if marked else ""}),
            "action": Action.LINK if existing or marked else Action.CREATE if link is None else Action.UPDATE,
            "document_id": existing or getattr(marked or link, "document_id", ""),
            **({"params": {ANY_AMOUNT: True}} if way.any_amount else {}),
            **({} if existing else sent(encoded.payload, draft)),
            "needs": [] if existing else [*encoded.needs, *awaited],
            "effect": {account: format(value, "f") for account, value in moves.effect.items()},
            "amount": moves.amount,
            "currency": "" if moves.amount is None else getattr(draft, "currency", ""),
            "money_account": moves.money_account,
        }

    def _undone(self, row: DraftRow, draft: Draft) -> dict[str, Any]:
        """Return the line of a draft whose document was undone: a question, unless it only follows another draft."""
        if (left := self._left_with_its_line(row, draft)) is not None:
            return left
        # Whatever the source says of it since: only a person lets it go again.
        return self.left.hold(row, draft, Held(UNDONE, **self.undone.get(row.key, {})))

    def _left_with_its_line(self, row: DraftRow, draft: Draft) -> dict[str, Any] | None:
        """Return the line of what was made for a bank line that does not go itself; nothing of any other draft."""
        for code, told in _LEFT_WITH:
            if (params := told(self.session, row, draft)) is not None:
                return self.left.leave_out(row, draft, code, params)
        return None

    def _new_name(self, row: DraftRow, draft: Draft) -> Go | Leave | Wait:
        """Return what becomes of a draft that nothing is there for: a new name may have to be asked about."""
        if was_taken_back(draft):
            return Leave(TAKEN_BACK, {})
        if self.newcomers is None:
            return Go(draft)
        tied = self.settling.tied(row, draft)
        if tied is not None:
            return tied
        question = question_about(self.newcomers, row.key, draft, self.left.asked.get(row.id, ""))
        return Go(draft) if question is None else self.settling.answer(row, draft, None, *question)

    def _moved(self, row: DraftRow, day: date | None) -> dict[str, Any]:
        """Return what a line says of a document that bears another date than its record."""
        params = {"day": str(row.day), "posted_on": str(day), "closed_on": str(self.closing.closed_on)}
        return {"day": day, "record_day": row.day, "reason": NEXT_OPEN_DAY, "params": params}

    def _written(self, row: DraftRow, way: Go, link: LinkRow | None) -> dict[str, Any] | tuple[Go, Encoded, Moves]:
        """Return what is sent and what it does to the ledger, or the line that says why nothing is."""
        if link is None and (out := self._left_with_its_line(row, way.draft)) is not None:
            return out
        unfit = attachment_unfit(way.draft, link, self.files)
        if unfit is not None:
            return self.left.blocked(row, way.draft, *unfit)
        target = None if link is None else target_of(link, self.entries, self.entries_written)
        drawn = "" if link is None else link.money_account
        for turn in range(TURNS):
            last = turn + 1 == TURNS
            answers = {name: str(answer) for name, answer in row.decisions.items()}
            self.resolver.begin(row.key, row.day, answers, way.replaced, drawn)
            try:
                encoded = self._encode(way.draft, row.key, row.revision, target)
                moves = moves_of(way.draft, self.resolver, self.facts.encoding)
                # The proof counts the money of several customers once: with their line's deposit.
                return way, encoded, replace(moves, amount=None) if is_payer(row) else moves
            except Held as held:
                code, params = held.code, dict(held.params)
                if last or code not in KINDS:
                    return self.left.hold(row, way.draft, held)
            except EncodeError as error:
                code, params = error.code, {"fr": error.fr, "en": error.en, "field": error.field}
                if last or code not in KINDS:
                    return self.left.blocked(row, way.draft, code, params)
            other = self.settling.answer(row, way.draft, link, code, params)
            if not isinstance(other, Go):
                return self.left.otherwise(row, way.draft, other)
            way = replace(
                other, link_to=way.link_to, any_amount=way.any_amount, replaced={**way.replaced, **other.replaced}
            )
        raise AssertionError("the last turn returns")

    def _asked_with(self, row: DraftRow, link: LinkRow | None, code: str) -> dict[str, Any]:
        """Return what the question about a draft says; of a link that is gone, what was linked."""
        if row.id in self.left.asked:
            found = select(Hold.params).where(Hold.draft_id == row.id, Hold.closed_at.is_(None))
            return dict(self.session.scalars(found).first() or {})
        decided = row.decisions.get(DECISION)
        if isinstance(decided, dict) and decided.get("params"):
            return dict(decided["params"])
        return {} if link is None else {"kind": link.kind, "id": link.document_id, "state": link.state}

    def _known_by_now(
        self, row: DraftRow, draft: Draft, link: LinkRow | None, code: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        """Name the inactive entry that QuickBooks refused without naming it, now that the lists were read again."""
        if code != INACTIVE or not was_refused(params) or params.get("id"):
            return params
        self.resolver.begin(row.key, row.day, {name: str(answer) for name, answer in row.decisions.items()})
        try:
            self._encode(draft, row.key, row.revision, None if link is None else Target("0", "0"))
        except Held as held:
            return {**params, **held.params} if held.code == INACTIVE else params
        except EncodeError:
            pass
        return params

    def _encode(self, draft: Draft, key: str, revision: int, target: Target | None) -> Encoded:
        return self.encoder.encode(draft, key, revision, target, self.generations.get(key, 0))
