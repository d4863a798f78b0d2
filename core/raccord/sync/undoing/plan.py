"""The plan of an undo: which documents go, in which order, and of each other one the reason why it stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from raccord.quickbooks.codec import TOKEN, can_void, deactivation, deletion, differing, is_voided, voiding
from raccord.store.models import (
    Action,
    Choice,
    Connection,
    DraftRow,
    LineState,
    LinkRow,
    LinkState,
    Match,
    Plan,
    PlanLine,
)
from raccord.sync.bodies import digest
from raccord.sync.books.readback import LISTS
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.posting.holding import fingerprint, holding, linked, standing
from raccord.sync.posting.removals import EDITED, GONE, LINKED, PERIOD_CLOSED, SEEN, STANDS, STILL_HELD
from raccord.sync.problems import close_problems
from raccord.sync.proving.certified import newest_certificate, reconciled_days
from raccord.sync.undoing.selection import FILE, Asked, Selection, attached_to, references
from raccord.sync.undoing.written import Written, held_once, read_written

ASKED = "undo.asked"
FOLLOWS = "undo.follows"
NOT_OURS = "undo.not_ours"
ONLY_UPDATED = "undo.only_updated"
VOIDED = "undo.voided"
STATEMENT = "undo.statement"
CERTIFIED = "undo.certified"
IN_DEPOSIT = "undo.in_deposit"
NAME_IN_USE = "undo.name_in_use"
NAME_CHOSEN = "undo.name_chosen"

NOTHING_TO_DO = (GONE, VOIDED)
"""Reasons for which nothing is left to be done, rather than something refused."""

KIND_RANKS: Mapping[str, int] = {
    "Attachable": 0,
    "Deposit": 0,
    "Payment": 1,
    "BillPayment": 1,
    "RefundReceipt": 2,
    "CreditMemo": 2,
}
"""What usually holds others goes first; what does hold a document goes before it in any case."""
OTHER_RANK = 3
NAME_RANKS: Mapping[str, int] = {"Account": 2}
"""After all documents; an account after the items that post to it."""

Place = tuple[str, str]
"""Kind and id."""


@dataclass(frozen=True, slots=True)
class Books:
    """What QuickBooks says of what is to be undone."""

    documents: Mapping[Place, Mapping[str, Any]]
    closed_on: date | None
    users: Mapping[Place, Sequence[Place]] = field(default_factory=dict)
    """Of each name, what in the books refers to it."""

    def stands(self, kind: str, document: Mapping[str, Any]) -> str:
        """Return where a document or name stands, as a hash."""
        return standing(kind, document, self.users.get((kind, str(document["Id"])), ()))


@dataclass(slots=True)
class UndoPlanner:
    """Writes the lines of an undo's plan."""

    session: Session
    connection: Connection
    plan: Plan
    asked: Asked
    selection: Selection
    books: Books
    now: datetime
    stays: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    """By key, why a document stays."""
    holders: dict[str, list[str]] = field(default_factory=dict)
    """By key, the keys of the documents of this undo that hold it, or use it."""
    written: Written = field(init=False)
    statements: dict[str, date] = field(default_factory=dict)
    certified: dict[date, str] = field(default_factory=dict)
    """By month, who certified it; empty where nobody did."""
    frees: dict[Place, list[str]] = field(default_factory=dict)
    """Drafts of other sources that were left out because one of these documents holds their movement."""

    def write(self) -> int:
        """Write all lines; return how many take something out."""
        self.statements = reconciled_days(self.session, self.connection.company_id)
        self.written = read_written(self.session, self.connection, list(self.selection.links))
        for link in self.selection.links.values():
            why = self._why_not(link)
            if why is not None:
                self.stays[link.key] = why
        self._settle_holders()
        self._settle_files()
        self._settle_names()
        drafts = self._drafts()
        self._read_matches()
        lines = [self._line(link, drafts.get(link.key)) for link in self.selection.links.values()]
        lines.sort(key=lambda line: int(line["rank"]))
        for some in chunks(lines, CHUNK):
            self.session.execute(insert(PlanLine), some)
        for link in self.selection.links.values():
            for code in (EDITED, LINKED, STILL_HELD):
                close_problems(self.session, self.connection.id, link.key, self.now, code)
        return sum(line["state"] == LineState.PENDING for line in lines)

    # Why a document stays

    def _why_not(self, link: LinkRow) -> tuple[str, dict[str, Any]] | None:
        document = self.books.documents.get((link.kind, link.document_id))
        if link.state != LinkState.LIVE or document is None or document.get("Active") is False:
            return GONE, {}
        if link.origin != "created":
            return NOT_OURS, {}
        if link.key in self.selection.only_updated:
            return ONLY_UPDATED, {}
        if link.kind in LISTS:
            return None
        if is_voided(document):
            return VOIDED, {}
        changed = self._changed(link, document)
        if changed:
            return EDITED, {"fields": list(changed)}
        return None if link.kind == FILE else self._by_day(link, document)

    def _changed(self, link: LinkRow, document: Mapping[str, Any]) -> Sequence[str]:
        """Return in what a document is no longer as we wrote it."""
        body = self.written.bodies.get(link.key)
        fields = () if body is None else differing(body, document)
        moved_on = str(document.get("SyncToken")) != link.sync_token
        if not fields and moved_on and not any(linked(link.kind, document)) and not held_once(self.session, link):
            # Nothing holds it that could have touched it: somebody changed what we never wrote.
            return ("SyncToken",)
        return fields

    def _by_day(self, link: LinkRow, document: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
        day = date.fromisoformat(str(document["TxnDate"]))
        closed = self.books.closed_on
        if closed is not None and day <= closed:
            return PERIOD_CLOSED, {"day": day.isoformat(), "closed_on": closed.isoformat()}
        moved = {value for name, value in references(document) if name.endswith("AccountRef")}
        for account in sorted(moved | set(self.written.effects.get(link.key, {}))):
            through = self.statements.get(account)
            if through is not None and day <= through:
                return STATEMENT, {"day": day.isoformat(), "account": account, "through": through.isoformat()}
        by = "" if self.asked.certified else self._certified_by(day.replace(day=1))
        return (CERTIFIED, {"day": day.isoformat(), "month": f"{day:%Y-%m}", "by": by}) if by else None

    def _certified_by(self, month: date) -> str:
        """Return who certified a month, or nothing."""
        if month not in self.certified:
            certificate = newest_certificate(self.session, self.connection.company_id, month)
            self.certified[month] = "" if certificate is None else certificate.made_by
        return self.certified[month]

    def _settle_holders(self) -> None:
        """Keep what something outside of this undo holds, and order the rest; what stays holds what is in it."""
        by_id = {link.document_id: link for link in self.selection.documents}
        held: dict[str, list[Mapping[str, Any]]] = {}
        for link in self.selection.documents:
            document = self.books.documents.get((link.kind, link.document_id), {})
            held[link.key] = list(holding(link.kind, document))
        settled = False
        while not settled:
            settled = True
            for link in self.selection.documents:
                if link.key in self.stays:
                    continue
                for holder in held[link.key]:
                    other = by_id.get(str(holder.get("TxnId")))
                    if other is None or other.key in self.stays:
                        self.stays[link.key] = self._held_by(holder, other)
                        settled = False
                        break
        for link in self.selection.documents:
            if link.key not in self.stays:
                self.holders[link.key] = [by_id[str(holder["TxnId"])].key for holder in held[link.key]]

    def _settle_files(self) -> None:
        """Keep the files of documents that stay; the others go before their documents."""
        going = {(link.kind, link.document_id): link for link in self.selection.documents if link.key not in self.stays}
        for link in self.selection.files:
            if link.key in self.stays:
                continue
            places = attached_to(self.books.documents[link.kind, link.document_id])
            staying = next((place for place in places if place not in going), None)
            if staying is not None:
                self.stays[link.key] = self._held_by({"TxnType": staying[0], "TxnId": staying[1]}, None)
                continue
            for place in places:
                self.holders[going[place].key].append(link.key)

    def _held_by(self, holder: Mapping[str, Any], ours: LinkRow | None) -> tuple[str, dict[str, Any]]:
        kind, document_id = str(holder.get("TxnType", "")), str(holder.get("TxnId", ""))
        if ours is None:
            ours = self.session.scalars(
                select(LinkRow).where(
                    LinkRow.company_id == self.connection.company_id,
                    LinkRow.document_id == document_id,
                    LinkRow.kind.not_in(LISTS),
                    LinkRow.state == LinkState.LIVE,
                )
            ).first()
        params = {"kind": kind, "document": document_id, "key": "" if ours is None else ours.key}
        return IN_DEPOSIT if kind == "Deposit" else LINKED, params

    def _settle_names(self) -> None:
        """Keep the names that anything uses which does not go too."""
        going = {
            (link.kind, link.document_id): link.key
            for link in self.selection.links.values()
            if link.key not in self.stays
        }
        # Accounts last: an item that stays keeps its account.
        for link in sorted(self.selection.names, key=lambda each: NAME_RANKS.get(each.kind, 1)):
            if link.key in self.stays:
                continue
            users = self.books.users.get((link.kind, link.document_id), ())
            others = [place for place in users if place not in going]
            chosen = self._chosen_by_people(link)
            if others:
                self.stays[link.key] = (NAME_IN_USE, {"kind": others[0][0], "document": others[0][1]})
            elif chosen:
                self.stays[link.key] = (NAME_CHOSEN, {"role": chosen})
            if link.key in self.stays:
                going.pop((link.kind, link.document_id), None)
            else:
                self.holders[link.key] = sorted({going[place] for place in users})

    def _chosen_by_people(self, link: LinkRow) -> str:
        """Return a role that a person, or another connection, chose the name for."""
        chosen = select(Choice.role, Choice.origin, Choice.connection_id).join(
            Connection, Connection.id == Choice.connection_id
        )
        here = (
            Connection.company_id == self.connection.company_id,
            Choice.ledger_kind == link.kind,
            Choice.ledger_id == link.document_id,
        )
        for role, origin, connection_id in self.session.execute(chosen.where(*here)):
            if origin != "default" or connection_id != self.connection.id:
                return str(role)
        return ""

    # The lines

    def _line(self, link: LinkRow, draft: DraftRow | None) -> dict[str, Any]:
        first = self.selection.follows.get(link.key)
        goes: tuple[str, dict[str, Any]] = (ASKED, {}) if first is None else (FOLLOWS, {"key": first})
        reason, params = self.stays.get(link.key, goes)
        line: dict[str, Any] = {
            "plan_id": self.plan.id,
            "rank": self._rank(link),
            "draft_id": None if draft is None else draft.id,
            "key": link.key,
            "revision": link.revision,
            "kind": link.kind,
            "day": self._day(link),
            "document_id": link.document_id,
            "payload": "",
            "payload_hash": "",
            "needs": [],
            "reason": reason,
            "params": params,
            "effect": {},
            "amount": None if link.amount is None else -link.amount,
            "currency": link.currency,
            "money_account": link.money_account,
            "state": LineState.LEFT,
            "mapped_by": "",
            "mapped_under": 0,
        }
        if link.key in self.stays:
            return line | {"action": Action.SKIP if reason in NOTHING_TO_DO else Action.BLOCKED}
        document = self.books.documents[link.kind, link.document_id]
        freed = self.frees.get((link.kind, link.document_id))
        needs = self.holders.get(link.key, [])
        seen = {SEEN: fingerprint(document), STANDS: self.books.stands(link.kind, document)}
        action, payload = self._payload(link, document, held=bool(needs))
        effect = {account: format(-value, "f") for account, value in self.written.effects.get(link.key, {}).items()}
        return line | {
            "action": action,
            "payload": payload,
            "payload_hash": digest(payload),
            "needs": needs,
            "params": params | seen | ({"frees": freed} if freed else {}),
            "effect": effect,
            "state": LineState.PENDING,
        }

    def _day(self, link: LinkRow) -> date | None:
        """Return the day on which the document stands in the books."""
        said = self.books.documents.get((link.kind, link.document_id), {}).get("TxnDate")
        return date.fromisoformat(str(said)) if said else link.day

    def _payload(self, link: LinkRow, document: Mapping[str, Any], *, held: bool) -> tuple[Action, str]:
        if link.kind in LISTS:
            return Action.DEACTIVATE, deactivation(link.kind, document)
        token = TOKEN if held else str(document["SyncToken"])
        if self.asked.void and can_void(link.kind):
            return Action.VOID, voiding(link.kind, link.document_id, token)
        return Action.DELETE, deletion(link.kind, link.document_id, token)

    def _rank(self, link: LinkRow) -> int:
        """Return a place after everything that holds the document, by kind where nothing does; names come last."""
        if link.kind in LISTS:
            return len(self.selection.links) + OTHER_RANK + NAME_RANKS.get(link.kind, 1)
        after = [self._rank(self.selection.links[key]) + 1 for key in self.holders.get(link.key, [])]
        return max([KIND_RANKS.get(link.kind, OTHER_RANK), *after])

    def _read_matches(self) -> None:
        ids = [link.document_id for link in self.selection.documents]
        for some in chunks(sorted(ids), CHUNK):
            rows = self.session.execute(
                select(Match.kind, Match.document_id, DraftRow.key)
                .join(DraftRow, DraftRow.id == Match.draft_id)
                .where(Match.company_id == self.connection.company_id, Match.document_id.in_(some))
                .order_by(DraftRow.id)
            )
            for kind, document_id, key in rows:
                self.frees.setdefault((kind, document_id), []).append(key)

    def _drafts(self) -> dict[str, DraftRow]:
        found: dict[str, DraftRow] = {}
        for some in chunks(sorted(self.selection.links), CHUNK):
            rows = self.session.scalars(
                select(DraftRow).where(DraftRow.connection_id == self.connection.id, DraftRow.key.in_(some))
            )
            found.update({row.key: row for row in rows})
        return found
