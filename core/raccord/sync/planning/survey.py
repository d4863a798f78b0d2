"""What posted documents would say under other choices and terms: field by field, and by how much accounts move.

Nothing is written here. A document that must not be touched is named with the reason instead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.guard import PluginFault
from raccord.plugin.drafts import Draft, links_in
from raccord.plugin.errors import BadRecord
from raccord.plugin.hooks import Mapped
from raccord.quickbooks.codec import EncodeError, differing, entity_of
from raccord.store.models import (
    Choice,
    DraftRow,
    DraftState,
    Drift,
    DriftState,
    LinkRow,
    LinkState,
    SourceRecord,
)
from raccord.sync.bodies import dump_draft, load_draft
from raccord.sync.books.company import Facts
from raccord.sync.books.drift import value_at
from raccord.sync.books.parties import with_customers
from raccord.sync.books.written import Written, written_last
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.lump_sums import payer_keys
from raccord.sync.lines.treatments import as_treated
from raccord.sync.mapping.map import record_of
from raccord.sync.planning.moves import moves_of
from raccord.sync.planning.plan import KIND_CHANGED
from raccord.sync.posting.periods import DOCUMENT_CLOSED, Closing, dated
from raccord.sync.proving.certified import reconciled_days
from raccord.sync.resolving.encoding import Encoder
from raccord.sync.resolving.resolve import Held, Resolver
from raccord.sync.resolving.terms import DatedTerms
from raccord.sync.resolving.views import MapView
from raccord.sync.workshop import Bench

NOT_OURS = "repost.not_ours"
EDITED = "repost.edited"
DEPOSITED = "repost.deposited"
GONE = "repost.gone"
UNDER_WAY = "repost.under_way"
UNMAPPED = "repost.unmapped"
STATEMENT = "repost.statement"

SLICE = 500


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One posted document and what it would say instead."""

    draft_id: int
    key: str
    kind: str
    document_id: str
    day: date
    """The date that the document bears."""
    fields: Sequence[Mapping[str, str]]
    """``{"field", "before", "after"}``, values as text, references by their id."""
    effect: Mapping[str, Decimal]
    """By how much each account moves, debit positive."""
    body: str
    """The draft under the new mapping."""
    posted: Mapping[str, Any]
    """What we wrote last."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One posted document that would say something else and must stay as it is."""

    key: str
    kind: str
    document_id: str
    day: date
    code: str
    params: Mapping[str, Any]


@dataclass(slots=True)
class Survey:
    """What a mapping changes of what is posted."""

    rewrites: list[Rewrite] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    looked_at: int = 0

    def effect(self) -> dict[tuple[str, date], Decimal]:
        """Return by how much each account moves on each day, those that do not left out."""
        sums: dict[tuple[str, date], Decimal] = {}
        for each in self.rewrites:
            for account, amount in each.effect.items():
                sums[account, each.day] = sums.get((account, each.day), Decimal(0)) + amount
        return {place: amount for place, amount in sums.items() if amount}

    def keep(self, rewrite: Rewrite, code: str, **params: object) -> None:
        """Leave a document as it is, with the reason."""
        self.rewrites.remove(rewrite)
        self.kept.append(Kept(rewrite.key, rewrite.kind, rewrite.document_id, rewrite.day, code, params))


@dataclass(slots=True)
class Surveyor:
    """Compares what is posted with what the choices and terms of a day make of it."""

    session: Session
    bench: Bench
    facts: Facts
    terms: DatedTerms | None = None
    """Given where words may have changed: records are mapped again."""
    choices: Sequence[Choice] = ()
    """Those that are not saved yet."""
    resolver: Resolver = field(init=False)
    closing: Closing = field(init=False)
    statements: Mapping[str, date] = field(init=False)

    def __post_init__(self) -> None:
        bench = self.bench
        self.resolver = Resolver(bench.connection, bench.scope, bench.view, bench.view.language)
        self.resolver.load(self.session)
        for each in self.choices:
            _lay_over(self.resolver, each)
        self.closing = Closing.read(self.session, bench.connection, self.facts.closed_on)
        self.statements = reconciled_days(self.session, bench.company.id)

    def look(self, first: date, last: date) -> Survey:
        """Look at the posted documents whose records are of these days."""
        survey = Survey()
        true_day = func.coalesce(LinkRow.record_day, LinkRow.day)
        after = 0
        while True:
            rows = self.session.execute(
                select(DraftRow, LinkRow, SourceRecord)
                .join(LinkRow, (LinkRow.connection_id == DraftRow.connection_id) & (LinkRow.key == DraftRow.key))
                .outerjoin(SourceRecord, SourceRecord.id == DraftRow.record_id)
                .where(
                    DraftRow.connection_id == self.bench.connection.id,
                    DraftRow.id > after,
                    LinkRow.state == LinkState.LIVE,
                    LinkRow.amount.is_not(None),
                    true_day >= first,
                    true_day <= last,
                )
                .order_by(DraftRow.id)
                .limit(SLICE)
            ).all()
            if not rows:
                return survey
            after = rows[-1][0].id
            survey.looked_at += len(rows)
            self._slice(survey, [(row[0], row[1], row[2]) for row in rows])

    def _slice(self, survey: Survey, rows: Sequence[tuple[DraftRow, LinkRow, SourceRecord | None]]) -> None:
        drafts = {row.id: self._known(self._mapped(row, record)) for row, _, record in rows}
        keys = [key for draft in drafts.values() if draft is not None for key in links_in(draft)]
        keys += [key for row, _, _ in rows for key in payer_keys(row)]
        self.resolver.load_links(self.session, keys, "")
        written = written_last(self.session, self.bench.connection.id, [row.id for row, _, _ in rows])
        edited = _edited(self.session, [link.id for _, link, _ in rows])
        for row, link, _ in rows:
            before = written.get(row.id, Written({}, {}))
            found, code = self._compare(row, link, drafts[row.id], before)
            if found is None:
                continue
            survey.rewrites.append(found)
            code = code or self._stays(row, link, before, link.id in edited)
            told = {"day": str(link.day), "document": link.document_id, "closed_on": str(self.closing.closed_on)}
            account = next((each for each in sorted(found.effect) if self._reconciled(each, found.day)), "")
            if code:
                survey.keep(found, code, **told)
            elif account:
                survey.keep(found, STATEMENT, **told, account=account, through=str(self.statements[account]))

    def _reconciled(self, account: str, day: date) -> bool:
        """Tell whether money would move on a statement that a person declared reconciled."""
        through = self.statements.get(account)
        return through is not None and day <= through

    def _known(self, draft: Draft | None) -> Draft | None:
        """Return a draft with the customer whose document it names, where it names one."""
        return draft and with_customers(self.session, self.bench.connection.id, [draft])[0]

    def _mapped(self, row: DraftRow, record: SourceRecord | None) -> Draft | None:
        """Return the draft as the terms of its record's day make it, or nothing where they make none."""
        if self.terms is None or record is None:
            return load_draft(row.body)
        view = self.bench.view
        context = MapView(
            view.settings, view.time_zone, view.home_currency, view.language, view.starts_on, view.days,
            self.terms.on(record.day), self.bench.company.taxed,
        )  # fmt: skip
        try:
            answer = self.bench.scope.map(context, record_of(record))
        except (BadRecord, PluginFault):
            return None
        drafts = answer.drafts if isinstance(answer, Mapped) else ()
        return next((draft for draft in drafts if draft.key == row.key), None)

    def _compare(
        self, row: DraftRow, link: LinkRow, draft: Draft | None, before: Written
    ) -> tuple[Rewrite | None, str]:
        """Return what a document would say instead, nothing where it says it already, and why it cannot be said."""
        day = link.day or date.min

        def rewrite(fields: Sequence[Mapping[str, str]], effect: Mapping[str, Decimal]) -> Rewrite:
            body = row.body if draft is None else dump_draft(draft)
            return Rewrite(row.id, row.key, link.kind, link.document_id, day, fields, effect, body, before.body)

        if draft is None:
            return rewrite([], {}), UNMAPPED
        said = as_treated(row.decisions, draft)
        if entity_of(said) != link.kind:
            return rewrite([_field("kind", link.kind, entity_of(said))], {}), KIND_CHANGED
        made = dated(said, day, self.resolver.language)
        self.resolver.begin(row.key, row.day, {name: str(answer) for name, answer in row.decisions.items()})
        encoder = Encoder(self.bench.company, self.bench.connection, self.resolver, self.facts)
        try:
            payload = encoder.encode(made, row.key, link.revision, None, link.generation).payload
            effect = moves_of(made, self.resolver, self.facts.encoding).effect
        except (Held, EncodeError) as error:
            return rewrite([], {}), error.code
        says = json.loads(payload, parse_float=Decimal)
        paths = differing(says, before.body)
        if not paths:
            return None, ""
        moved = {
            account: effect.get(account, Decimal(0)) - before.effect.get(account, Decimal(0))
            for account in {*effect, *before.effect}
        }
        fields = [_field(path, value_at(before.body, path), value_at(says, path)) for path in paths]
        return rewrite(fields, {account: amount for account, amount in moved.items() if amount}), ""

    def _stays(self, row: DraftRow, link: LinkRow, before: Written, edited: bool) -> str:
        """Return why a document must stay as it is, or nothing; what QuickBooks itself says of it comes later."""
        if row.state != DraftState.POSTED:
            return UNDER_WAY
        if link.origin != "created" or not before.body:
            return NOT_OURS
        if self.closing.closes(link.day):
            return DOCUMENT_CLOSED
        return EDITED if edited else ""


def check_books(survey: Survey, documents: Mapping[tuple[str, str], Mapping[str, Any]]) -> None:
    """Keep what QuickBooks says is gone, edited by hand, or in a deposit, where nothing of it can change (6540)."""
    for each in list(survey.rewrites):
        document = documents.get((each.kind, each.document_id))
        if document is None:
            survey.keep(each, GONE, document=each.document_id)
            continue
        deposits = [one for one in document.get("LinkedTxn", []) if one.get("TxnType") == "Deposit"]
        touched = differing(each.posted, document)
        if touched:
            survey.keep(each, EDITED, document=each.document_id, fields=list(touched[:20]))
        elif deposits and each.kind != "Deposit":
            survey.keep(each, DEPOSITED, document=each.document_id, deposit=str(deposits[0].get("TxnId", "")))


def _field(path: str, before: str, after: str) -> dict[str, str]:
    return {"field": path, "before": before, "after": after}


def _edited(session: Session, link_ids: Sequence[int]) -> set[int]:
    """Return the links whose documents somebody changed by hand, and that nobody gave back to us."""
    found: dict[int, str] = {}
    for some in chunks(sorted(link_ids), CHUNK):
        rows = session.execute(
            select(Drift.link_id, Drift.state).where(Drift.link_id.in_(some)).order_by(Drift.found_at, Drift.id)
        )
        found.update({row.link_id: row.state for row in rows})
    return {link for link, state in found.items() if state in (DriftState.OPEN, DriftState.KEPT)}


def _lay_over(resolver: Resolver, choice: Choice) -> None:
    place = (choice.role, choice.of)
    others = [each for each in resolver.choices.get(place, []) if each.valid_from != choice.valid_from]
    resolver.choices[place] = sorted([*others, choice], key=lambda each: each.valid_from)
