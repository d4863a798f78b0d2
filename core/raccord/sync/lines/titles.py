"""What people call what they see: a bank line by its text, day and amount, another draft by its kind, its number and
whom it is for; its key is a detail of second rank.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.masking import masked
from raccord.plugin.drafts import Attachment, Draft, LedgerId, Link
from raccord.plugin.texts import Language, Text, figures_of
from raccord.quickbooks.kinds import kind_named
from raccord.store.models import Connection, DraftRow, LedgerEntry
from raccord.sync.bodies import load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.treatments import arrives, treatable

TEXT_MAX = 300
MONTHS: Mapping[Language, Sequence[str]] = MappingProxyType(
    {
        "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juill.", "août", "sept.", "oct.", "nov.", "déc."),
        "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    }
)


@dataclass(frozen=True, slots=True)
class Title:
    """What a draft is called: ``text`` is what a bank's line says, else whom or what the draft is for.

    The amount of a bank line is negative if spent; entries of lists have neither day nor amount.
    """

    text: str
    day: date | None
    amount: Decimal | None
    currency: str
    kind: str = ""
    """QuickBooks' kind; empty for a bank line, which may become any."""
    number: str = ""


PARTIES = ("customer", "vendor", "payee", "document")
"""Where drafts say whom, or of a file what, they are for."""


def text_of(draft: Draft) -> str:
    """Return the words of a draft that a person would know it by."""
    said = [str(getattr(draft, name, "")) for name in ("name", "memo", "reference")]
    said += [str(getattr(line, "description", "")) for line in getattr(draft, "lines", ())]
    return next((each for each in said if each.strip()), "")[:TEXT_MAX]


def titles_of(session: Session, connection_id: str, keys: Collection[str]) -> dict[str, Title]:
    """Return by key what some drafts of a connection are called."""
    found: dict[str, Title] = {}
    for some in chunks(sorted(set(keys)), CHUNK):
        wanted = (DraftRow.connection_id == connection_id, DraftRow.key.in_(some))
        rows = session.execute(select(DraftRow.id, DraftRow.key, DraftRow.connection_id, DraftRow.body).where(*wanted))
        keyed = {row.id: row for row in rows}
        named = titles_by_id(session, {row.id: (row.connection_id, row.body) for row in keyed.values()})
        found.update({keyed[each].key: title for each, title in named.items()})
    return found


def said(title: Title, number: str = "") -> Text:
    """Return what a draft is called within a sentence; ``number`` is that of its document, where it has one."""
    return Text(_said(title, number, "fr"), _said(title, number, "en"))


def _said(title: Title, number: str, language: Language) -> str:
    name = " ".join(filter(None, (title.kind and kind_named(title.kind, language), number or title.number)))
    facts = [title.text] if name else []
    if title.day is not None:
        facts.append(f"{title.day.day}\N{NO-BREAK SPACE}{MONTHS[language][title.day.month - 1]} {title.day.year}")
    if title.amount is not None:
        facts.append(f"{figures_of(title.amount, language)}\N{NO-BREAK SPACE}{title.currency}")
    known = ", ".join(filter(None, facts))
    return f"{name or title.text} ({known})" if known else name or title.text


def titles_by_id(session: Session, bodies: Mapping[int, tuple[str, str]]) -> dict[int, Title]:
    """Return what drafts are called, by their number, of each the connection and the body given."""
    drafts = {each: (of, load_draft(body)) for each, (of, body) in bodies.items()}
    names = _names(session, [(of, ref) for of, draft in drafts.values() if (ref := _party(draft)) is not None])
    return {each: _title(of, draft, names) for each, (of, draft) in drafts.items()}


def _title(connection_id: str, draft: Draft, names: Mapping[tuple[str, str], str]) -> Title:
    line = treatable(draft)
    text = "" if line is None else " ".join(text_of(line).split())
    if line is not None and text:
        return Title(text, line.day, line.total if arrives(line) else -line.total, line.currency)
    kind = "Purchase" if draft.kind == "Expense" else draft.kind
    day = getattr(draft, "day", None)
    party, number = _party(draft), str(getattr(draft, "reference", ""))
    said = "" if party is None else names.get((connection_id, _pointed(party)), "")
    if not said and not isinstance(draft, Attachment):
        words = " ".join(text_of(draft).split())
        # A document that says nothing else is known by its number, which stands beside it; a memo is its connector's,
        # in the language of the company, and is no name.
        memo = " ".join(str(getattr(draft, "memo", "")).split()) if day is not None else ""
        said = "" if words in (number, memo[:TEXT_MAX].strip()) else words
    total = getattr(draft, "total", None)
    return Title(masked(said), day, total, str(getattr(draft, "currency", "")) if day else "", kind, masked(number))


def _party(draft: Draft) -> Link | LedgerId | None:
    said = next((each for name in PARTIES if (each := getattr(draft, name, None)) is not None), None)
    return said if isinstance(said, Link | LedgerId) else None


def _pointed(ref: Link | LedgerId) -> str:
    return f"link:{ref.key}" if isinstance(ref, Link) else f"id:{ref.id}"


def _names(session: Session, parties: Sequence[tuple[str, Link | LedgerId]]) -> dict[tuple[str, str], str]:
    """Return what customers and vendors are called, by connection and how a draft points to them."""
    found: dict[tuple[str, str], str] = {}
    connections = {of for of, _ in parties}
    for some in chunks(sorted({ref.key for _, ref in parties if isinstance(ref, Link)}), CHUNK):
        wanted = (DraftRow.connection_id.in_(connections), DraftRow.key.in_(some))
        for row in session.execute(select(DraftRow.connection_id, DraftRow.key, DraftRow.body).where(*wanted)):
            found[row.connection_id, f"link:{row.key}"] = " ".join(text_of(load_draft(row.body)).split())
    for some in chunks(sorted({ref.id for _, ref in parties if isinstance(ref, LedgerId)}), CHUNK):
        rows = session.execute(
            select(Connection.id, LedgerEntry.object_id, LedgerEntry.name)
            .join(LedgerEntry, LedgerEntry.company_id == Connection.company_id)
            .where(
                Connection.id.in_(connections),
                LedgerEntry.kind.in_(("Customer", "Vendor", "Employee")),
                LedgerEntry.object_id.in_(some),
            )
        )
        found.update({(of, f"id:{number}"): name for of, number, name in rows})
    return found
