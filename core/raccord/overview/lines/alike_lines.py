"""Lines that wait and read like one that a person just answered: offered its answer too, never given it unasked."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from raccord.overview.lines.bank_lines import SEARCH_MAX, BankLine, WantedLines, some_lines
from raccord.overview.lines.last_time import known_words
from raccord.overview.lines.one_or_two import one_or_two
from raccord.overview.listing import Within
from raccord.store.models import Connection, DraftRow, Hold
from raccord.sync.bodies import load_draft
from raccord.sync.lines.titles import text_of
from raccord.sync.lines.treatments import BY_PERSON, Treated, Treatment, arrives, load_treatment, treatable

OFFERED = (Treated.CATEGORY, Treated.PERSONAL, Treated.EXCLUDE)
"""What is said of more than one line: a split has the amounts, and a transfer the other side, of a line of its own."""
ALIKE_MAX = 10
"""Lines that are offered at once."""


@dataclass(frozen=True, slots=True)
class AlikeLines:
    """The answer that a person gave, and the first lines that may get it too; ``total`` counts all of them."""

    treatment: Treatment
    lines: list[BankLine]
    total: int


def alike_lines(session: Session, hold_id: str, within: Within = None) -> AlikeLines | None:
    """Return the lines of a company that wait and have the words, without numbers, and direction of an answered one.

    None of which it is known what it pays, or asked whether another line tells of it too. Nothing where there is none,
    or where the answer is one line's own.
    """
    hold = session.get(Hold, hold_id)
    if hold is None or hold.closed_at is None:
        return None
    row = session.get_one(DraftRow, hold.draft_id)
    draft, said = treatable(load_draft(row.body)), load_treatment(row.decisions)
    if draft is None or said is None or said.kind not in OFFERED or said.origin != BY_PERSON:
        return None
    text = text_of(draft)
    words = known_words(text)
    if not words:
        return None
    plain = [each for each in text.split() if not any(letter.isdigit() for letter in each)]
    wanted = WantedLines(
        company_id=session.get_one(Connection, hold.connection_id).company_id,
        arriving=arrives(draft),
        search=max(plain, key=len, default="")[:SEARCH_MAX],
    )
    found = [
        each for each in some_lines(session, wanted, within) if not each.matches and known_words(each.text) == words
    ]
    asked = one_or_two(session, [each.hold_id for each in found])
    free = [each for each in found if each.hold_id not in asked]
    return AlikeLines(said, free[:ALIKE_MAX], len(free)) if free else None
