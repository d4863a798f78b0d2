"""Lines of two own accounts that tell of one movement between them: paired once, and proposed as one transfer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.store.models import Connection, DraftRow, Hold, LedgerEntry, PlanLine
from raccord.sync.bodies import load_draft
from raccord.sync.lines.matching import Sure
from raccord.sync.lines.pairing import DAYS_APART, SLOW_DAYS_APART
from raccord.sync.lines.treatments import arrives, treatable
from raccord.sync.party_names import words_of
from raccord.sync.resolving.resolve import DECISION_MISSING

TRANSFER = "transfer"
"""Under this name a question says of which transfer its line probably tells, and which line is the other side."""
_WORDS = frozenset({"VIR", "VIREMENT", "VIREMENTS", "TRANSFER", "TRANSFERT", "TRANSF", "XFER", "TFR", "TRSF"})
"""By which banks name what moves between accounts."""
_TO_OTHERS = frozenset({"INTERAC", "VIR", "SALAIRE", "SALAIRES", "PAIE", "PAYROLL"})
"""Beside which they name what goes to or comes from other people."""


class Tells(StrEnum):
    """What speaks for a transfer; the amount always does."""

    AMOUNT = "amount"
    SAME_DAY = "same_day"
    WORDS = "words"
    """The bank calls one of the lines a transfer."""
    ONLY = "only"
    """Neither line has another that could be its other side."""
    DAYS_APART = "days_apart"
    """What speaks against it: more days lie between the two than a transfer mostly takes."""


@dataclass(frozen=True, slots=True)
class Side:
    """A line that waits; money in is positive. ``account`` is the own account that it moved."""

    id: str
    account: str
    day: date
    amount: Decimal
    currency: str
    text: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two lines that may be one transfer."""

    out: Side
    into: Side
    score: int
    """At most 100."""
    sure: Sure
    reasons: tuple[Tells, ...]

    def other(self, id_: str) -> Side:
        """Return the side that is not the given one."""
        return self.into if self.out.id == id_ else self.out


def says_transfer(text: str) -> bool:
    """Tell whether a bank calls a line a transfer, and not one of those with other people."""
    words = words_of(text)
    return not _WORDS.isdisjoint(words) and _TO_OTHERS.isdisjoint(words)


def pair_transfers(sides: Iterable[Side]) -> list[Pair]:
    """Return the transfers that lines tell of, the surest first; a line is in one pair at most.

    What nothing near is the other side of goes with what lies some days further.
    """
    lines = list(sides)
    found = _paired(lines, DAYS_APART)
    used = {side.id for pair in found for side in (pair.out, pair.into)}
    return [*found, *_paired([side for side in lines if side.id not in used], SLOW_DAYS_APART)]


def _paired(sides: Iterable[Side], most_apart: int) -> list[Pair]:
    outs: dict[tuple[Decimal, str], list[Side]] = defaultdict(list)
    ins: dict[tuple[Decimal, str], list[Side]] = defaultdict(list)
    for side in sorted(sides, key=lambda each: (each.day, each.id)):
        (ins if side.amount > 0 else outs)[abs(side.amount), side.currency].append(side)
    near = [
        (out, into)
        for place, there in outs.items()
        for out in there
        for into in ins.get(place, ())
        if into.account != out.account and abs((into.day - out.day).days) <= most_apart
    ]
    rivals: dict[str, int] = defaultdict(int)
    for out, into in near:
        rivals[out.id] += 1
        rivals[into.id] += 1
    pairs = [_judged(out, into, rivals[out.id] == 1 == rivals[into.id]) for out, into in near]
    used: set[str] = set()
    found = []
    for pair in sorted(pairs, key=lambda each: (-each.score, each.out.day, each.out.id, each.into.id)):
        if used.isdisjoint((pair.out.id, pair.into.id)):
            used |= {pair.out.id, pair.into.id}
            found.append(pair)
    return found


def _judged(out: Side, into: Side, only: bool) -> Pair:
    apart = abs((into.day - out.day).days)
    named = not _WORDS.isdisjoint((*words_of(out.text), *words_of(into.text)))
    slow = apart > DAYS_APART
    tells = [
        (Tells.SAME_DAY, apart == 0), (Tells.WORDS, named), (Tells.ONLY, only), (Tells.DAYS_APART, slow),
    ]  # fmt: skip
    score = 40 + 4 * (DAYS_APART - apart) + (20 if named else 0) + (20 if only else 0)
    if slow:
        sure = Sure.LIKELY if named and only else Sure.POSSIBLE
    else:
        sure = Sure.CERTAIN if named and only else Sure.LIKELY if only else Sure.POSSIBLE
    return Pair(out, into, score, sure, (Tells.AMOUNT, *(tell for tell, said in tells if said)))


def propose_transfers(session: Session, company_id: str) -> int:
    """Put beside the open questions of a company's lines which of them are one transfer; return how many are."""
    holds: dict[str, Hold] = {}
    sides = []
    for hold, side in _waiting(session, company_id):
        holds[hold.id] = hold
        sides.append(side)
    pairs = pair_transfers(sides)
    said = {side.id: _said(session, company_id, pair, side.id) for pair in pairs for side in (pair.out, pair.into)}
    for id_, hold in holds.items():
        if hold.params.get(TRANSFER) != said.get(id_):
            kept = {name: value for name, value in hold.params.items() if name != TRANSFER}
            hold.params = {**kept, TRANSFER: said[id_]} if id_ in said else kept
    return len(pairs)


def _waiting(session: Session, company_id: str) -> list[tuple[Hold, Side]]:
    """Return the lines that wait for what they are, with the accounts that their last plans found."""
    last = (
        select(func.max(PlanLine.id))
        .join(Hold, Hold.draft_id == PlanLine.draft_id)
        .where(Hold.closed_at.is_(None), Hold.code == DECISION_MISSING, PlanLine.money_account != "")
        .group_by(PlanLine.draft_id)
    )
    rows = session.execute(
        select(Hold, DraftRow, PlanLine.money_account)
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .join(PlanLine, PlanLine.draft_id == Hold.draft_id)
        .join(Connection, Connection.id == Hold.connection_id)
        .where(
            Connection.company_id == company_id,
            Hold.closed_at.is_(None),
            Hold.code == DECISION_MISSING,
            PlanLine.id.in_(last),
        )
    )
    found = []
    for hold, row, account in rows:
        draft = treatable(load_draft(row.body))
        if draft is not None and row.day is not None:
            amount = draft.total if arrives(draft) else -draft.total
            found.append((hold, Side(hold.id, account, row.day, amount, draft.currency, draft.memo)))
    return found


def _said(session: Session, company_id: str, pair: Pair, id_: str) -> dict[str, Any]:
    """Return what a question says of the transfer that its line may be a side of."""
    other = pair.other(id_)
    entry = session.get(LedgerEntry, (company_id, "Account", other.account))
    return {
        "hold": other.id,
        "account": other.account,
        "name": entry.name if entry is not None else "",
        "day": other.day.isoformat(),
        "text": other.text[:120],
        "score": pair.score,
        "sure": str(pair.sure),
        "reasons": [str(each) for each in pair.reasons],
    }


def is_side(params: Mapping[str, Any]) -> bool:
    """Tell whether a question's line probably is a side of a transfer."""
    return (params.get(TRANSFER) or {}).get("sure") in (Sure.CERTAIN, Sure.LIKELY)
