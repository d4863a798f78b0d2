"""Possible doubles: movements of money that the books hold already, entered by hand or posted for another source.

One movement of money has one owner. A draft that would post again, on a bank or card account, what a document holds
within a few days is not sent before a person (or a plugin) has said which of the two it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.ledger import Document, ResolutionKind
from raccord.plugin.money import Money
from raccord.scope import Scope
from raccord.store.models import (
    Action,
    Company,
    Connection,
    DraftRow,
    DraftState,
    LineState,
    LinkRow,
    LinkState,
    MarkedDocument,
    Match,
    PlanLine,
)
from raccord.sync.bodies import load_draft, mark
from raccord.sync.books.parties import cheque_of, number_of, party_of
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines import several_documents
from raccord.sync.lines.in_parts import in_parts, of_several
from raccord.sync.lines.line_answers import ask_other_side, forget_answers
from raccord.sync.lines.matching import Sure
from raccord.sync.lines.pairing import Found, Line, Telling, pair, sure_of
from raccord.sync.lines.shared_documents import Shares, asked_with, is_part
from raccord.sync.lines.spoken_for import REFUSED, being_sent, ours_of, refused_by, spoken_for
from raccord.sync.lines.told_before import (
    NOT_TOLD,
    LeftOut,
    Recorded,
    account_told,
    asides_of,
    asked_of_own,
    coming,
    held_by,
    in_one,
    left_out_as,
    matched_of,
    records_of,
    tellings,
    text_told,
    told,
    waiting,
)
from raccord.sync.lines.treatments import OTHER_SIDE, as_treated
from raccord.sync.resolving.answered import Answered
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS, DIFFERS
from raccord.sync.resolving.conflicts import DECISION, decision_of, linked_to, settle, without_decision
from raccord.sync.resolving.holds import close_hold, open_hold
from raccord.sync.resolving.resolve import DECISION_MISSING
from raccord.sync.resolving.views import View

SURE = "sure"
"""Under this name a question about a possible double keeps how sure it is."""


def unclaimed(
    session: Session, connection: Connection, found: Sequence[Found], left_out: LeftOut, *, how: bool = False
) -> list[Found]:
    """Leave out what the connection has matched, and name the owners; of its own documents say in what they were told,
    and where lines wait that may be one of them, ``how``.
    """
    ids = sorted({each.id for each in found})
    links: dict[tuple[str, str], tuple[str, str, str]] = {}
    posted_on: dict[tuple[str, str], str] = {}
    forgotten: set[tuple[str, str]] = set()
    for some in chunks(ids, CHUNK):
        for link, label in session.execute(
            select(LinkRow, Connection.label)
            .join(Connection, Connection.id == LinkRow.connection_id)
            .where(
                LinkRow.company_id == connection.company_id,
                LinkRow.document_id.in_(some),
                LinkRow.state == LinkState.LIVE,
            )
        ):
            links[link.kind, link.document_id] = (link.connection_id, label, link.key)
            if link.kind == "Transfer":
                posted_on[link.kind, link.document_id] = link.money_account
        # Ours, made by a life that a restored backup has forgotten: its own draft is linked to it.
        known = select(MarkedDocument).where(
            MarkedDocument.company_id == connection.company_id, MarkedDocument.document_id.in_(some)
        )
        forgotten.update((marked.kind, marked.document_id) for marked in session.scalars(known))
    matched = matched_of(session, connection, ids)
    several = bool(in_one(session, connection))
    own_keys = [key for owner, _, key in links.values() if owner == connection.id]
    own = told(session, connection, own_keys, cards=several, how=how)
    told_twice = _other_sides(session, [f"{links[place][0]} {links[place][2]}" for place in posted_on])
    sending = being_sent(session, connection.company_id)
    free = []
    for each in found:
        owner, label, key = links.get((each.kind, each.id)) or sending.get(each.code, ("", "", ""))
        other_leg = each.other_leg or posted_on.get((each.kind, each.id), each.account) not in ("", each.account)
        if other_leg and f"{owner} {key}" in told_twice:
            continue
        by_us = own.get(key, NOT_TOLD) if owner == connection.id and not other_leg else NOT_TOLD
        # What the source took back of ours is nobody's line: another one may be it.
        taken_back, by_us = by_us.gone, NOT_TOLD if by_us.gone else by_us
        tellers = {
            (by_us.account, by_us.id, by_us.by),
            *matched.tellers.get(each.place, ()),
            *left_out.get(by_us.id, ()),
        }
        told_as, told_ids, told_by = (frozenset(filter(None, some)) for some in zip(*tellers, strict=True))
        covered = matched.parts.get(each.place, Decimal(0))
        whole = each.place in matched.whole or covered == each.amount
        strange = (owner != connection.id or other_leg or taken_back) and not whole
        # What the source tells under a third id is still the same document, though the second one was matched.
        if (each.kind, each.id) not in forgotten and (strange or by_us.by):
            free.append(
                replace(
                    each, owner=label, owner_key=key, told_in=by_us.by, told_as=told_as, told_ids=told_ids,
                    told_by=told_by, told_beside=frozenset((as_, by) for as_, _, by in tellers),
                    told_first=by_us.account, text=by_us.text, card=by_us.card, other_leg=other_leg, covered=covered,
                    record=by_us.number, telling=by_us.telling, refused=by_us.refused,
                )
            )  # fmt: skip
    return free


def _other_sides(session: Session, posted_by: Sequence[str]) -> set[str]:
    """Return those of the lines that posted transfers (connection and key) whose other side a person named already."""
    said = DraftRow.decisions[OTHER_SIDE].as_string()
    found: set[str] = set()
    for some in chunks(sorted(posted_by), CHUNK):
        found.update(session.scalars(select(said).where(DraftRow.state == DraftState.SKIPPED, said.in_(some))))
    return found


@dataclass(slots=True)
class Doubles:
    """Settles one month of a plan's possible doubles in one transaction, with what is after it and one with them."""

    session: Session
    company: Company
    connection: Connection
    scope: Scope
    view: View
    now: datetime
    run_id: str = ""

    def settle(self, lines: Sequence[PlanLine], found: Sequence[Found], until: date = date.max) -> int:
        """Hold, link, skip or leave each line that has a possible double; return how many have one.

        Those after a day are looked at, and left to their own month unless they are one document with one before it.
        """
        several_as_one = in_one(self.session, self.connection)
        told_so = tellings(self.session, lines)
        telling = waiting(self.session, lines, told_so)
        records = records_of(self.session, self.connection, lines, cards=bool(several_as_one))
        accounts = {each.account for each in found} | several_as_one
        accounts |= {line.money_account for line in lines if line.id in telling}
        rows = self._drafts(lines)
        said_parts = {id_ for id_, row in rows.items() if is_part(row)}
        sought = {
            line.id: self._sought(line, rows.get(line.id), telling.get(line.id), records.get(line.id))
            for line in lines
            if (line.money_account in accounts or line.id in said_parts) and line.amount and line.day is not None
        }
        left_out = self._left_out(sought.values(), bool(several_as_one or telling))
        free = unclaimed(self.session, self.connection, found, left_out, how=bool(telling))
        refused = {id_: refused_by(row) for id_, row in rows.items()}
        themselves = coming(self.connection, sought, records, left_out, told_so, refused, in_one=several_as_one)
        sought = {id_: replace(each, itself=themselves.get(id_)) for id_, each in sought.items()}
        held = held_by(self.session, lines)
        not_in_books = [each for each in themselves.values() if each.owner_key not in held]
        not_in_books += asides_of(self.session, self.connection, sought.values(), left_out)
        shares = Shares(self.session, self.connection, self.now)
        said = shares.decided([(each, rows[id_]) for id_, each in sought.items() if id_ in rows], free)
        several = several_documents.decided([(each, rows[id_]) for id_, each in sought.items() if id_ in rows], free)
        gone = {each for some in several.values() for each in some}
        free = [each for each in free if each not in gone]
        pairs = pair(
            [each for id_, each in sought.items() if id_ not in said and id_ not in several],
            [
                *(each for each in free if not each.covered),
                *not_in_books,
            ],
            refused,
        )
        known, paired = {*said, *several, *pairs}, set(pairs.values())
        asked = self._asked(lines, sought, rows, known, [each for each in free if each not in paired])
        here = {line.id for line in lines if (line.record_day or line.day or until) <= until}
        begun = {group.place for id_, (group, _) in asked.items() if id_ in here}
        here |= {id_ for id_, (group, _) in asked.items() if group.place in begun}
        # The other line's month may be over when its own comes.
        here |= {id_ for id_, each in pairs.items() if each.line}
        for line in lines:
            row = rows.get(line.id) if line.id in here else None
            if row is not None and line.id in said:
                self._leave(line, row, said[line.id])
                shares.match(line, row, said[line.id])
            elif row is not None and line.id in several:
                self._leave(line, row, several[line.id][0])
                several_documents.match(self.session, self.connection, line, row, several[line.id], self.now)
            elif row is not None and line.id in pairs:
                self._one(line, row, sought[line.id], pairs[line.id])
            elif row is not None and line.id in asked:
                self._hold(line, row, *asked[line.id])
            elif row is not None and line.action == Action.CREATE:
                # What stood in the way is gone, or was said to be another line's.
                self._free(row)
        return len(here & {*known, *asked})

    def hold_new(
        self, lines: Sequence[PlanLine], found: Sequence[Found], until: date = date.max, plan_id: str = ""
    ) -> int:
        """Hold the lines to be sent that one of these documents may be, unless it is ours or the line was answered,
        or the plan or a question of the connection speaks of it already.

        For what came into the books after the plan was settled; how many are held is returned.
        """
        rows = self._drafts([line for line in lines if line.amount and (line.record_day or line.day)])
        telling = waiting(self.session, lines, tellings(self.session, lines))
        ours = ours_of(self.session, self.connection, found)
        sought = [self._sought(line, rows[line.id], telling.get(line.id)) for line in lines if line.id in rows]
        named = spoken_for(self.session, self.connection, plan_id)
        left_out = self._left_out(sought, bool(telling or in_one(self.session, self.connection)))
        free = [
            each
            for each in unclaimed(self.session, self.connection, found, left_out)
            if not each.covered and (each.other_leg or (each.kind, each.id) not in ours) and not each.names & named
        ]
        refused = {id_: refused_by(row) for id_, row in rows.items()}
        pairs = pair(sought, free, refused)
        held = 0
        for line, of in zip([line for line in lines if line.id in rows], sought, strict=True):
            row, double = rows[line.id], pairs.get(line.id)
            if double is None or line.action != Action.CREATE or (line.record_day or line.day or until) > until:
                continue
            known = not double.names.isdisjoint(refused[line.id])
            if known or any(each["about"] == ALREADY_EXISTS for each in line.answered_by):
                # A person said of this one that it is another movement; a plugin knew that there was one like it.
                continue
            apart = double.kind != line.kind or bool(double.owner)
            row.decisions = _asked_anew(row)
            self._hold(line, row, double, {"linkable": not apart, SURE: Sure.LIKELY if apart else sure_of(of, double)})
            held += 1
        return held

    def _drafts(self, lines: Sequence[PlanLine]) -> dict[int, DraftRow]:
        """Return the drafts of lines by the lines' ids."""
        drafts: dict[int, DraftRow] = {}
        for some in chunks([line.draft_id for line in lines if line.draft_id], CHUNK):
            drafts.update({row.id: row for row in self.session.scalars(select(DraftRow).where(DraftRow.id.in_(some)))})
        return {line.id: drafts[line.draft_id] for line in lines if line.draft_id in drafts}

    def _left_out(self, sought: Iterable[Line], wanted: bool) -> LeftOut:
        """Return what the connector left out as the same around some lines, where it may matter."""
        return left_out_as(self.session, self.connection, [each.day for each in sought]) if wanted else {}

    def _asked(
        self,
        lines: Sequence[PlanLine],
        sought: Mapping[int, Line],
        rows: Mapping[int, DraftRow],
        known: Collection[int],
        free: Sequence[Found],
    ) -> dict[int, tuple[Found, dict[str, object]]]:
        """Return by line the document that it and others may be together, or the first of those that it may be, and
        what the question says of them.
        """
        some = [
            each
            for id_, each in sought.items()
            if id_ not in known and id_ in rows and DECISION not in rows[id_].decisions
        ]
        keys = {line.id: line.key for line in lines}
        groups = in_parts(some, free)
        asked: dict[int, tuple[Found, dict[str, object]]] = {
            line.id: (group.found, {**asked_with(group, line, keys), SURE: Sure.POSSIBLE})
            for group in groups
            for line in group.lines
        }
        held = {group.found for group in groups}
        unanswered = {line.id for line in lines if line.reason == DECISION_MISSING}
        alone = [each for each in some if each.id in unanswered and each.id not in asked]
        for each in of_several(alone, [found for found in free if found not in held]):
            asked[each.line.id] = (each.found[0], {**several_documents.asked_of(each), SURE: Sure.POSSIBLE})
        return asked

    def _sought(
        self, line: PlanLine, row: DraftRow | None, told: Telling | None, record: Recorded | None = None
    ) -> Line:
        day, draft = line.record_day or line.day, None if row is None else load_draft(row.body)
        if day is None or line.amount is None:
            raise TypeError(line.key)
        said = record or Recorded()
        return Line(
            line.id, mark(self.company.realm, self.connection.id, line.key), line.money_account, line.amount, day,
            line.kind, told, account_told(draft), said.apart, number_of(draft),
            party_of(self.session, self.connection, draft), text_told(draft), said.card, cheque_of(draft),
            "" if row is None else row.key, by=said.by,
        )  # fmt: skip

    def _one(self, line: PlanLine, row: DraftRow, sought: Line, found: Found) -> None:
        refused, before = refused_by(row), row.decisions
        if not found.names.isdisjoint(refused):
            # Kept beyond the answer, which goes once the line is posted: it holds for the other one too.
            row.decisions = {**before, REFUSED: sorted(map(list, refused))}
            if line.action == Action.CREATE:
                self._free(row)
            return
        # What was said of one document says nothing of another.
        row.decisions = _asked_anew(row)
        # A document is linked by one draft alone, and only where both are of one kind; anything else is matched.
        apart = found.kind != line.kind or bool(found.owner)
        total = None if line.amount is None else Money(abs(line.amount), line.currency)
        existing = None if not found.id else Document(found.kind, found.id, found.number, found.bears, total)
        detail = f"{found.kind} {found.id}"
        draft = as_treated(row.decisions, load_draft(row.body))
        params = {"linkable": not apart}
        unasked = line.reason == DECISION_MISSING and DECISION not in row.decisions
        if found.other_leg and not found.slow_side(sought) and unasked:
            # The same movement, told by its other account: known, and nobody's question.
            self._skip(line, row, found)
            return
        answered = Answered()
        resolution = settle(self.scope, self.view, row, draft, ALREADY_EXISTS, params, answered, existing, detail)
        line.answered_by = [*line.answered_by, *answered.kept()]
        answered.tell_faults(self.session, self.connection.id, self.run_id, row.key, self.now, troubled=False)
        match resolution.kind:
            case ResolutionKind.CREATE:
                row.decisions = before
                if line.action == Action.CREATE:
                    self._free(row)
            case ResolutionKind.SKIP:
                self._skip(line, row, found)
            case ResolutionKind.LINK if resolution.target == found.id and not self._linked(row, found):
                self._link(line, row, found)
            case _:
                self._hold(
                    line, row, found, {"linkable": not apart, SURE: Sure.LIKELY if apart else sure_of(sought, found)}
                )

    def _free(self, row: DraftRow) -> None:
        """Let a draft go: nothing in the books is its movement. What differs there is compared anew after this."""
        if row.reason == DIFFERS:
            return
        row.reason = ""
        close_hold(self.session, row, self.now)

    def _linked(self, row: DraftRow, found: Found) -> bool:
        return linked_to(self.session, self.company.id, row, found.id) is not None

    def _hold(self, line: PlanLine, row: DraftRow, found: Found, how: Mapping[str, object]) -> None:
        params = {**_said(found), **how}
        row.state, row.reason = DraftState.HELD, ALREADY_EXISTS
        open_hold(self.session, self.connection.id, row, ALREADY_EXISTS, params, self.now)
        line.action, line.state, line.reason, line.params = Action.HOLD, LineState.LEFT, ALREADY_EXISTS, params
        _nothing_sent(line)

    def _leave(self, line: PlanLine, row: DraftRow, found: Found) -> None:
        close_hold(self.session, row, self.now)
        row.decisions = without_decision(row)
        if found.told_in:
            # Undone, the document is asked about as the other line's: this one is not to go by an older answer.
            forget_answers(self.session, row)
        row.state, row.reason = DraftState.SKIPPED, ALREADY_EXISTS
        if found.kind not in ("Transfer", "CreditCardPayment"):
            # What the books hold does not move the other account: that one's line tells of something else.
            ask_other_side(self.session, row)
        line.action, line.state, line.reason, line.params = Action.SKIP, LineState.LEFT, ALREADY_EXISTS, _said(found)
        _nothing_sent(line)

    def _skip(self, line: PlanLine, row: DraftRow, found: Found) -> None:
        self._leave(line, row, found)
        if not found.id or self._is_matched(found):
            # Told under a third id, the second one holds the document already; or none is there yet to be held.
            return
        self.session.add(
            Match(
                company_id=self.company.id,
                connection_id=self.connection.id,
                draft_id=row.id,
                kind=found.kind,
                document_id=found.id,
                money_account=found.account,
                amount=found.amount,
                currency=line.currency,
                day=found.day,
                matched_at=self.now,
            )
        )

    def _is_matched(self, found: Found) -> bool:
        known = select(Match.id).where(
            Match.connection_id == self.connection.id,
            Match.kind == found.kind,
            Match.document_id == found.id,
            Match.money_account == found.account,
        )
        return self.session.scalars(known).first() is not None

    def _link(self, line: PlanLine, row: DraftRow, found: Found) -> None:
        close_hold(self.session, row, self.now)
        # The answer stays with the draft until it is linked, whatever becomes of this plan.
        row.state, row.reason = DraftState.PLANNED, ALREADY_EXISTS
        line.action, line.state, line.reason, line.params = Action.LINK, LineState.PENDING, "", {}
        line.document_id = found.id
        _nothing_sent(line)


def _asked_anew(row: DraftRow) -> dict[str, Any]:
    """Return a draft's decisions for a question about a document that it was not said not to be, as others were."""
    refused = refused_by(row)
    decided = decision_of(row)
    kept = without_decision(row) if decided is not None and decided.kind is ResolutionKind.CREATE else row.decisions
    return {**kept, REFUSED: sorted(map(list, refused))} if refused else row.decisions


def _nothing_sent(line: PlanLine) -> None:
    line.payload, line.payload_hash, line.needs, line.effect = "", "", [], {}


def _said(found: Found) -> dict[str, Any]:
    return {
        "document": f"{found.kind} {found.number or found.id}",
        "kind": found.kind,
        "id": found.id,
        "day": found.bears.isoformat(),
        "amount": format(found.amount, "f"),
        "owner": found.owner,
        "owner_key": found.owner_key,
        **asked_of_own(found),
    }
