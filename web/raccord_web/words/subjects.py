"""What an entry of the audit chain is about, by name: a line by its text, a plan by its connection."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.catalog import Catalog
from raccord.masking import known, masked
from raccord.overview.audit import Entry
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Language, Text
from raccord.store.models import Company, Connection, DraftRow, Plan, Run
from raccord.sync.lines.titles import Title, titles_by_id
from raccord_web.words.formats import month_text
from raccord_web.words.wording import typeset

CONNECTOR = "connector:"
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class About:
    """What an entry is about; ``title`` where it is a draft, ``kind`` the word of what ``text`` is the name of."""

    text: str = ""
    kind: str = ""
    connection: str = ""
    href: str = ""
    title: Title | None = None
    said: Mapping[str, str] = field(default_factory=dict)
    """What of the entry's body is a sentence of the connector, in the reader's language."""


def abouts(session: Session, catalog: Catalog, entries: Sequence[Entry], language: Language) -> dict[int, About]:
    """Return by number what each entry is about; whose subject nobody can name is not among them."""
    ids = {each.connection_id for each in entries} - {""}
    connections = {each.id: each for each in session.scalars(select(Connection).where(Connection.id.in_(ids)))}
    drafts = _drafts(session, entries)
    titles = titles_by_id(session, {each.id: (each.connection_id, each.body) for each in drafts.values()})
    plans = _known(session, Plan, [each.subject for each in entries])
    runs = _known(session, Run, [each.subject for each in entries])
    companies = {each.company_id for each in entries} - {""}
    names = {each.realm: each.name for each in session.scalars(select(Company).where(Company.id.in_(companies)))}
    found: dict[int, About] = {}
    for entry in entries:
        of = connections.get(entry.connection_id)
        label = "" if of is None else of.label
        admitted = None if of is None else catalog.get(of.connector)
        draft = drafts.get((entry.connection_id, entry.subject))
        if draft is not None:
            href = "" if draft.record_id is None else f"/records/{draft.record_id}"
            found[entry.seq] = About(masked(entry.subject), "", label, href, titles[draft.id])
        elif entry.subject in plans:
            found[entry.seq] = About(label, "plan", "", f"/plans/{entry.subject}")
        elif entry.subject in runs:
            found[entry.seq] = About(label, "run", "", f"/runs/{entry.subject}")
        elif entry.subject.startswith(CONNECTOR):
            name = entry.subject.removeprefix(CONNECTOR)
            plugin = catalog.get(name)
            found[entry.seq] = About(name if plugin is None else plugin.info.label.get(language), "", label)
        elif entry.action.startswith("company.") and entry.subject in names:
            found[entry.seq] = About(names[entry.subject])
        elif admitted is not None and (named := _named(admitted.info, entry)) is not None:
            of_what = str(entry.body.get("of") or "")
            said = typeset(named.get(language), language)
            titled = {"title": said} if "title" in entry.body else {}
            found[entry.seq] = About(" ".join(filter(None, (said, known(of_what)))), "", label, said=titled)
        elif label:
            text = "" if entry.subject == label else known(entry.subject)
            found[entry.seq] = About(_month(text, language) or text, "", label)
        elif month := _month(entry.subject, language):
            found[entry.seq] = About(month)
    return found


def _month(subject: str, language: Language) -> str:
    """Return the month that an entry is about as people write it; nothing where it is about something else."""
    return month_text(date.fromisoformat(f"{subject}-01"), language) if MONTH.fullmatch(subject) else ""


def _named(info: ConnectorInfo, entry: Entry) -> Text | None:
    """Return what a connector calls a role, a word, a list or a step of the set-up that an entry is about."""
    among: Mapping[str, Sequence[tuple[str, Text]]] = {
        "choice": [(each.name, each.label) for each in info.roles],
        "list": [(each.name, each.label) for each in info.lists],
        "connection": [(each.name, each.title) for each in info.gates],
        "term": [(each.word, each.label) for each in info.terms],
    }
    return dict(among.get(entry.action.partition(".")[0], ())).get(entry.subject)


def _drafts(session: Session, entries: Sequence[Entry]) -> dict[tuple[str, str], DraftRow]:
    keys = defaultdict(set)
    for each in entries:
        if each.connection_id and "/" in each.subject:
            keys[each.connection_id].add(each.subject)
    wanted = {key for some in keys.values() for key in some}
    rows = session.scalars(select(DraftRow).where(DraftRow.connection_id.in_(list(keys)), DraftRow.key.in_(wanted)))
    return {(row.connection_id, row.key): row for row in rows} if wanted else {}


def _known(session: Session, model: type[Plan] | type[Run], subjects: Sequence[str]) -> frozenset[str]:
    return frozenset(session.scalars(select(model.id).where(model.id.in_(set(subjects)))))
