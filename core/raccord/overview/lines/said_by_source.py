"""What a source's own program filed a bank line under, and which accounts of the company have those names: offered,
never taken for an answer.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.catalog import Admitted, Catalog
from raccord.guard import call
from raccord.overview.lines.bank_lines import BankLine, last_account
from raccord.overview.lines.said_views import SaidPartView, SaidView
from raccord.overview.listing import MOST
from raccord.overview.questions import Candidate, Question
from raccord.plugin.drafts import Accepts
from raccord.plugin.info import SourceAccount
from raccord.plugin.said_parts import SaidPart
from raccord.shapes import misfit
from raccord.store.models import Choice, Connection, DraftRow, Hold, LedgerEntry, SourceRecord
from raccord.sync.books.company import TYPES
from raccord.sync.lines.bank_rules import fold
from raccord.sync.lines.treatment_fit import NO_CATEGORIES, NOBODYS_ACCOUNTS, OWN_ACCOUNTS
from raccord.sync.lines.treatments import Treated
from raccord.sync.resolving.resolve import DECISION_MISSING

PREFILLED_MAX = 8
"""Parts that are written into the form of a split, which has so many rows."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A part as the source says it; ``account`` is the one of the company that has its name, if there is one."""

    said: SaidPart
    account: Candidate | None
    near: Candidate | None = None
    """Where no account has the name: the one whose name is the most like it, to be offered."""


@dataclass(frozen=True, slots=True)
class SaidBySource:
    """What the source says of a line, beside the question about it."""

    parts: Sequence[Filed]
    adds_up: bool
    """Whether the parts come to the line's amount; of one category without an amount of its own they do."""

    @property
    def transferred(self) -> Filed | None:
        """Return the own account to or from which the whole line went, whether the company has one of that name or
        not.
        """
        return self.parts[0] if len(self.parts) == 1 and self.parts[0].said.transfer else None

    @property
    def view(self) -> Treated | None:
        """Return what the line would be, as the source says; nothing where its one name is no account of the company,
        or a split has more parts than there are rows.
        """
        if self.transferred is not None:
            return Treated.TRANSFER
        if len(self.parts) == 1:
            return Treated.CATEGORY if self.adds_up and self.parts[0].account is not None else None
        return Treated.SPLIT if len(self.parts) <= PREFILLED_MAX else None


def said_by_source(
    session: Session, catalog: Catalog, line: BankLine, categories: Sequence[Candidate], own: Sequence[Candidate]
) -> SaidBySource | None:
    """Return what a line's source says that it was for; nothing where it says nothing."""
    connection = session.get_one(Connection, line.connection_id)
    if not _tells(catalog, connection.connector) or line.record_id is None:
        return None
    raw = session.scalar(select(SourceRecord.raw).where(SourceRecord.id == line.record_id)) or "{}"
    parts = _told(catalog, connection.connector, raw)
    if not parts:
        return None
    moved = any(part.transfer for part in parts)
    accounts = (
        _OwnAccounts(session, catalog).of(connection.company_id, connection.connector, own, parts) if moved else {}
    )
    return _judged(parts, {fold(each.name): each for each in categories}, accounts, line.amount)


def with_said(session: Session, catalog: Catalog, questions: Sequence[Question]) -> list[Question]:
    """Return questions with what their lines' sources say; read together, however many they are."""
    asked = {
        each.hold_id: each
        for each in questions
        if each.code == DECISION_MISSING and each.amount is not None and _tells(catalog, each.connector)
    }
    if not asked:
        return list(questions)
    rows = session.execute(
        select(Hold.id, SourceRecord.raw, last_account().label("account"))
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .where(Hold.id.in_(asked))
    ).all()
    told = {
        hold_id: (parts, account or "")
        for hold_id, raw, account in rows
        if (parts := _told(catalog, asked[hold_id].connector, raw or "{}"))
    }
    if not told:
        return list(questions)
    books = _books(session, {asked[hold_id].company_id for hold_id in told})
    own_accounts = _OwnAccounts(session, catalog)
    found: dict[str, SaidView] = {}
    for hold_id, (parts, account) in told.items():
        question = asked[hold_id]
        categories, own = books[question.company_id]
        own = [each for each in own if each.id != account]
        moved = any(part.transfer for part in parts)
        accounts = own_accounts.of(question.company_id, question.connector, own, parts) if moved else {}
        found[hold_id] = _viewed(_judged(parts, categories, accounts, question.amount or Decimal(0)))
    return [replace(each, said=found.get(each.hold_id)) for each in questions]


def _books(
    session: Session, companies: Collection[str]
) -> Mapping[str, tuple[Mapping[str, Candidate], Sequence[Candidate]]]:
    """Return by company its categories by name, and the accounts that are its own."""
    found: dict[str, tuple[dict[str, Candidate], list[Candidate]]] = {each: ({}, []) for each in companies}
    columns = (
        LedgerEntry.company_id, LedgerEntry.object_id, LedgerEntry.name, LedgerEntry.type, LedgerEntry.number,
        LedgerEntry.subtype,
    )  # fmt: skip
    wanted = (LedgerEntry.company_id.in_(companies), LedgerEntry.kind == "Account", LedgerEntry.active.is_(True))
    for row in session.execute(select(*columns).where(*wanted).order_by(LedgerEntry.type, LedgerEntry.name_key)):
        categories, own = found[row.company_id]
        each = Candidate(row.object_id, row.name, row.type, row.number, subtype=row.subtype)
        if row.type in TYPES[Accepts.CATEGORY]:
            categories[fold(row.name)] = each
        if row.type in OWN_ACCOUNTS and row.subtype not in NOBODYS_ACCOUNTS:
            own.append(each)
    return found


def _viewed(said: SaidBySource) -> SaidView:
    parts = [
        SaidPartView(
            part.said.name,
            part.said.amount,
            part.said.memo,
            part.said.transfer,
            *(("", "") if part.account is None else (part.account.id, part.account.name)),
            *(("", "") if part.near is None else (part.near.id, part.near.name)),
        )
        for part in said.parts
    ]
    return SaidView("" if said.view is None else str(said.view), said.adds_up, parts)


def _tells(catalog: Catalog, connector: str) -> bool:
    admitted = catalog.get(connector)
    return admitted is not None and admitted.info.said_parts is not None


def _told(catalog: Catalog, connector: str, raw: str) -> list[SaidPart]:
    """Return what a connector tells of a record."""
    admitted = catalog.get(connector)
    tell = None if admitted is None else admitted.info.said_parts
    if admitted is None or tell is None:
        return []
    told = call(
        admitted,
        "said_parts",
        lambda: list(tell(json.loads(raw, parse_float=Decimal))),
        lambda answer: misfit(answer, Sequence[SaidPart]),
    )
    return cast("list[SaidPart]", told or [])


def _judged(
    parts: Sequence[SaidPart], by_name: Mapping[str, Candidate], accounts: Mapping[str, Candidate], total: Decimal
) -> SaidBySource:
    found = [_filed(each, accounts if each.transfer else by_name) for each in parts]
    amounts = [each.amount for each in parts]
    alone = amounts == [None]
    adds_up = alone or (None not in amounts and sum(filter(None, amounts), Decimal(0)) == abs(total))
    return SaidBySource(found, adds_up)


def _filed(part: SaidPart, by_name: Mapping[str, Candidate]) -> Filed:
    account = by_name.get(fold(part.name))
    return Filed(part, account, None if account is not None or part.transfer else _nearest(part.name, by_name))


def _nearest(name: str, by_name: Mapping[str, Candidate]) -> Candidate | None:
    """Return the account whose name is the most like one, or like its last part, if any is like it at all."""
    known: dict[str, Candidate] = {}
    for said, account in by_name.items():
        if account.subtype not in NO_CATEGORIES:
            known.setdefault(said.rpartition(":")[2], account)
            known[said] = account
    for wanted in dict.fromkeys((fold(name), fold(name.rpartition(":")[2]))):
        if near := get_close_matches(wanted, known, n=1):
            return known[near[0]]
    return None


@dataclass(slots=True)
class _OwnAccounts:
    """Own accounts by name: as the books call them, else as the source's connections call what they became."""

    session: Session
    catalog: Catalog
    _read: dict[tuple[str, str], Sequence[Any]] = field(default_factory=dict)

    def of(
        self, company_id: str, connector: str, own: Sequence[Candidate], parts: Collection[SaidPart]
    ) -> Mapping[str, Candidate]:
        found = {fold(each.name): each for each in own}
        admitted = self.catalog.get(connector)
        if admitted is None or all(fold(part.name) in found for part in parts if part.transfer):
            return found
        known = {each.id: each for each in own}
        named: dict[str, Mapping[str, str]] = {}
        by_key: dict[str, Candidate] = {}
        by_name: dict[str, Candidate] = {}
        labels: dict[str, set[str]] = {}
        for key, ledger_id, connection_id, label, settings in self._choices(company_id, connector):
            if ledger_id not in known:
                continue
            if connection_id not in named:
                named[connection_id] = _names(admitted, settings)
            by_key[key] = known[ledger_id]
            if name := named[connection_id].get(key):
                by_name[fold(name)] = known[ledger_id]
            labels.setdefault(fold(label), set()).add(ledger_id)
        of_labels = {label: known[next(iter(ids))] for label, ids in labels.items() if len(ids) == 1}
        of_keys = {fold(p.name): by_key[key] for p in parts for key in p.keys if p.transfer and key in by_key}
        return {**of_labels, **by_name, **of_keys, **found}

    def _choices(self, company_id: str, connector: str) -> Sequence[Any]:
        """Return which accounts the connections of a connector were said to be, read once of each company."""
        if (company_id, connector) not in self._read:
            self._read[company_id, connector] = self.session.execute(
                select(Choice.of, Choice.ledger_id, Connection.id, Connection.label, Connection.settings)
                .join(Connection, Connection.id == Choice.connection_id)
                .where(Connection.company_id == company_id, Connection.connector == connector)
                .where(Choice.of != "")
                .order_by(Choice.valid_from, Choice.id)
                .limit(MOST)
            ).all()
        return self._read[company_id, connector]


def _names(admitted: Admitted, settings: Mapping[str, Any]) -> Mapping[str, str]:
    """Return what a connection's settings call its accounts, by their keys."""
    found: dict[str, str] = {}
    for role in admitted.info.roles:
        if (tell := role.known_accounts) is None:
            continue
        kept = admitted.info.settings.model_construct(**settings)
        said = call(
            admitted,
            "known_accounts",
            lambda tell=tell, kept=kept: list(tell(kept)),  # type: ignore[misc]
            lambda answer: misfit(answer, Sequence[SourceAccount]),
        )
        found |= {each.key: each.name for each in cast("list[SourceAccount]", said or [])}
    return found
