"""What was last written of drafts: the body that was sent and what it did to which account."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.store.models import Action, LinkRow, PlanLine, Posting, PostingState
from raccord.sync.chunks import CHUNK, chunks

_LINK = re.compile(r"^\{link:(.*)\}$")


@dataclass(frozen=True, slots=True)
class Written:
    """The body that was sent last, and its effect on accounts by their ids, debit positive."""

    body: Mapping[str, Any]
    effect: Mapping[str, Decimal]


def written_last(session: Session, connection_id: str, draft_ids: Sequence[int]) -> dict[int, Written]:
    """Return what was last written of drafts; nothing of those that were only linked."""
    rows: dict[int, tuple[str, Mapping[str, Any]]] = {}
    for some in chunks(sorted(draft_ids), CHUNK):
        found = session.execute(
            select(PlanLine.draft_id, Posting.body, PlanLine.effect)
            .join(Posting, Posting.plan_line_id == PlanLine.id)
            .where(
                PlanLine.draft_id.in_(some),
                Posting.connection_id == connection_id,
                Posting.state == PostingState.DONE,
                Posting.operation.in_((Action.CREATE, Action.UPDATE)),
                Posting.body != "",
            )
            .order_by(Posting.id)
        )
        rows.update({draft: (body, effect) for draft, body, effect in found if draft is not None})
    keys = {match[1] for _, effect in rows.values() for account in effect if (match := _LINK.match(account))}
    ids: dict[str, str] = {}
    for some_keys in chunks(sorted(keys), CHUNK):
        links = select(LinkRow.key, LinkRow.document_id).where(
            LinkRow.connection_id == connection_id, LinkRow.key.in_(some_keys)
        )
        ids.update({row.key: row.document_id for row in session.execute(links)})
    return {
        draft: Written(json.loads(body, parse_float=Decimal), _by_id(effect, ids))
        for draft, (body, effect) in rows.items()
    }


def _by_id(effect: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for account, amount in effect.items():
        match = _LINK.match(account)
        known = account if match is None else ids.get(match[1], account)
        sums[known] = sums.get(known, Decimal(0)) + Decimal(amount)
    return sums
