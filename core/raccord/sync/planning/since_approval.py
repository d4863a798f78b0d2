"""What changed since a person approved a plan: it is carried out exactly as it was read, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.texts import Text
from raccord.quickbooks import BATCH_MAX, QuickBooks, quoted
from raccord.store.models import REMOVALS, Company, Connection, DraftRow, LineState, LinkRow, Plan, PlanLine, Run
from raccord.sync.bodies import digest
from raccord.sync.books.readback import LISTS
from raccord.sync.chunks import chunks
from raccord.sync.lines.titles import Title, said, titles_of
from raccord.sync.phases import is_undo
from raccord.sync.planning.plans import REVISION, line_changed, plan_hash
from raccord.sync.proving.certified import kept_days
from raccord.sync.resolving.standing import is_voided

CHANGED_SINCE = "plan.changed_since"
KEPT_DAYS = "kept_days"
"""Under this name the progress of an undo's run keeps what was reconciled and certified when it was planned."""
NAMED = 20
"""Changes that are named one by one; the others are counted."""


@dataclass(frozen=True, slots=True)
class Since:
    """One thing that is no longer as it was when the plan was made; ``key`` is empty for the plan as a whole."""

    key: str
    text: Text


class PlanChanged(Exception):  # noqa: N818 - named for what is so
    """Raised before anything of a plan is sent that is no longer what was approved; nothing of it is sent."""

    def __init__(self, changes: Sequence[Since], names: Mapping[str, Text]) -> None:
        super().__init__(f"{len(changes)} changes")
        self.changes = changes
        self.names = names

    def params(self) -> dict[str, Any]:
        """Return what is told: the changes by line, the first of them in words."""
        words = told(self.changes, self.names)
        return {
            "lines": [each.key for each in self.changes[:NAMED]],
            "count": len(self.changes),
            "changes": words.fr,
        } | {"changes_en": words.en}


def told(changes: Sequence[Since], names: Mapping[str, Text]) -> Text:
    """Return the first changes in one sentence, with what people call the lines that changed."""
    named = changes[:NAMED]
    more = len(changes) - len(named)
    about = [names.get(each.key) for each in named]
    fr = " ; ".join(f"{of.fr} : {each.text.fr}" if of else each.text.fr for each, of in zip(named, about, strict=True))
    en = "; ".join(f"{of.en}: {each.text.en}" if of else each.text.en for each, of in zip(named, about, strict=True))
    return Text(fr + (f" … (+{more})" if more else ""), en + (f" … (+{more})" if more else ""))


def names_of(session: Session, plan_id: str, changes: Sequence[Since]) -> dict[str, Text]:
    """Return by key what people call the lines that changed: what core itself wanted by its kind and name."""
    keys = [each.key for each in changes[:NAMED] if each.key]
    lines = session.scalars(select(PlanLine).where(PlanLine.plan_id == plan_id, PlanLine.key.in_(keys))).all()
    connection_id = session.get_one(Plan, plan_id).connection_id
    titles = titles_of(session, connection_id, keys)
    links = select(LinkRow).where(LinkRow.connection_id == connection_id, LinkRow.key.in_(keys))
    numbers = {each.key: each.document_number for each in session.scalars(links)}
    found: dict[str, Text] = {}
    for line in lines:
        own = json.loads(line.payload, parse_float=Decimal).get("Name", "") if line.payload else ""
        title = titles.get(line.key, Title(str(own), line.day, line.amount, line.currency, line.kind))
        found[line.key] = said(title, numbers.get(line.key) or "")
    return found


def changed_here(session: Session, plan: Plan, run: Run, connection: Connection) -> list[Since]:
    """Return what changed in our tables: the plan itself, the choices and settings, the records behind its lines.

    Told by revisions and hashes, never by clocks: those of several processes differ.
    """
    # Choices and settings have no part in an undo.
    around = _declared(session, run) if is_undo(run) else _connection(run, connection)
    return [*_plan_itself(session, plan), *around, *_records(session, plan)]


def changed_there(client: QuickBooks, company: Company, lines: Sequence[PlanLine]) -> list[Since]:
    """Return what changed in QuickBooks: the company, and the documents that the plan writes over or links.

    One request for the company, one for thirty documents of a kind.
    """
    found: list[Since] = []
    name = str(client.company_info().value.get("CompanyName", ""))
    if name and name != company.name:
        found.append(
            Since(
                "",
                Text(
                    f"la société s'appelait « {company.name} », QuickBooks répond pour « {name} »",
                    f"the company was called “{company.name}”, QuickBooks answers for “{name}”",
                ),
            )
        )
    there = _documents(client, lines)
    for line in lines:
        change = _document(line, there.get((line.kind, line.document_id)))
        if change is not None:
            found.append(Since(line.key, change))
    return found


def lines_on_documents(session: Session, plan_id: str) -> list[PlanLine]:
    """Return the lines still to be sent that touch a document that is there."""
    pending = (PlanLine.plan_id == plan_id, PlanLine.state == LineState.PENDING, PlanLine.document_id != "")
    return list(session.scalars(select(PlanLine).where(*pending).order_by(PlanLine.rank, PlanLine.id)))


def _plan_itself(session: Session, plan: Plan) -> Iterator[Since]:
    rows = session.execute(
        select(PlanLine.key, PlanLine.payload, PlanLine.payload_hash)
        .where(PlanLine.plan_id == plan.id, PlanLine.payload != "")
        .execution_options(yield_per=1000)
    )
    for key, payload, hashed in rows:
        if digest(payload) != hashed:
            yield Since(
                key, Text("ce qui serait envoyé n'est pas ce qui a été lu", "what would be sent is not what was read")
            )
    if plan.hash != plan_hash(session, plan.id):
        yield Since(
            "",
            Text(
                "les lignes du plan ne sont plus celles qui ont été lues",
                "the plan's lines are not those that were read",
            ),
        )


def _connection(run: Run, connection: Connection) -> Iterator[Since]:
    if run.company_id != connection.company_id:
        yield Since("", Text("la connexion est passée à une autre société", "the connection went to another company"))
    was = run.progress.get(REVISION)
    if was != connection.revision:
        yield Since(
            "",
            Text(
                "les choix ou les réglages de la connexion ont changé",
                "the connection's choices or settings changed",
            ),
        )


def _declared(session: Session, run: Run) -> Iterator[Since]:
    if run.progress.get(KEPT_DAYS) != kept_days(session, run.company_id):
        yield Since(
            "",
            Text(
                "un relevé ou un mois certifié a été déclaré, ou repris, depuis",
                "a statement or a certified month was declared, or taken back, since",
            ),
        )


def _records(session: Session, plan: Plan) -> Iterator[Since]:
    pending = (PlanLine.plan_id == plan.id, PlanLine.state == LineState.PENDING)
    changed = select(PlanLine).where(*pending, line_changed(session, plan.id)).order_by(PlanLine.rank, PlanLine.id)
    for line in session.scalars(changed):
        draft = None if line.draft_id is None else session.get(DraftRow, line.draft_id)
        if line.action in REMOVALS or draft is None:
            yield Since(line.key, Text("son document n'est plus lié", "its document is no longer linked"))
        elif draft.revision != line.revision:
            yield Since(line.key, Text("l'opération a changé", "the record changed"))
        else:
            yield Since(line.key, Text("il n'est plus à écrire", "it is no longer to be posted"))


def _document(line: PlanLine, document: Mapping[str, Any] | None) -> Text | None:
    if document is None:
        return Text(
            "ce document n'est plus dans QuickBooks",
            "this document is gone from QuickBooks",
        )
    seen = json.loads(line.payload, parse_float=Decimal).get("SyncToken") if line.payload else None
    now = str(document.get("SyncToken", ""))
    if seen is None or str(seen) == now:
        return None
    if is_voided(document):
        return Text("ce document a été annulé dans QuickBooks", "this document was voided in QuickBooks")
    return Text("ce document a été modifié dans QuickBooks", "this document was changed in QuickBooks")


def _documents(client: QuickBooks, lines: Sequence[PlanLine]) -> dict[tuple[str, str], Mapping[str, Any]]:
    wanted: dict[str, list[str]] = {}
    for line in lines:
        wanted.setdefault(line.kind, []).append(line.document_id)
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for kind, ids in wanted.items():
        active = " AND Active IN (true, false)" if kind in LISTS else ""
        for some in chunks(sorted(set(ids)), BATCH_MAX):
            where = f"Id IN ({', '.join(map(quoted, some))}){active}"
            found.update({(kind, str(row["Id"])): row for row in client.query_all(kind, where)})
    return found
