"""What is proposed for bank lines that wait: by the first rule that fits, or by what people answered before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.overview.lines.bank_lines import BankLine
from raccord.overview.lines.rule_sentences import waits_because
from raccord.overview.lines.rule_views import Names, answer_of, names_of, rulings_on
from raccord.overview.questions import Behind, suggested_in
from raccord.plugin.texts import Text
from raccord.store.models import LedgerEntry
from raccord.sync.books.company import TAXED_BACK
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.line_answers import LEARNED
from raccord.sync.lines.treatments import BY_SUGGESTION, Part, Treated, Treatment


@dataclass(frozen=True, slots=True)
class Proposed:
    """A treatment that waits to be accepted, with its reason: a rule's name, or lines that were answered alike."""

    treatment: Treatment
    names: Sequence[str]
    """Of the accounts that it names."""
    party: str = ""
    rule: str = ""
    confidence: int = 0
    """Of 1 000 such suggestions so many were right."""
    examples: Sequence[Behind] = ()
    taxes: Sequence[str] = ()
    """Names of the tax codes that it writes."""


class _Entry(NamedTuple):
    """What a suggestion names in the company's lists."""

    name: str
    type: str


def proposed_for(session: Session, lines: Sequence[BankLine]) -> dict[str, Proposed]:
    """Return by hold what is proposed for lines: people's rules come before what was learned."""
    rulings = rulings_on(session, [line.hold_id for line in lines])
    names: dict[str, Names] = {}
    for company_id in {line.company_id for line in lines}:
        said = [
            ruling.treatment
            for line in lines
            if line.company_id == company_id and (ruling := rulings.get(line.hold_id)) and ruling.treatment
        ]
        names[company_id] = names_of(session, company_id, said) if said else {}
    active = _active(session, lines)
    found: dict[str, Proposed] = {}
    for line in lines:
        ruling = rulings.get(line.hold_id)
        if ruling is not None and ruling.treatment is not None:
            answer = answer_of(ruling.treatment, names[line.company_id])
            if answer is not None:
                said_names = [*(share.account for share in answer.shares), answer.other_account]
                found[line.hold_id] = Proposed(
                    ruling.treatment,
                    [each for each in said_names if each],
                    answer.party,
                    ruling.rule.name,
                    taxes=list(dict.fromkeys(share.tax for share in answer.shares if share.tax)),
                )
        elif (proposed := _learned(line, active)) is not None:
            found[line.hold_id] = proposed
    return found


def rule_waits(session: Session, hold_id: str) -> Text | None:
    """Return why a line that a rule fits waits for a person all the same, if it does."""
    ruling = rulings_on(session, [hold_id]).get(hold_id)
    return None if ruling is None else waits_because(ruling)


def _learned(line: BankLine, active: Mapping[tuple[str, str, str], _Entry]) -> Proposed | None:
    """Return what was learned for a line, without what is inactive by now or money received cannot bear."""
    said, told = line.learned, suggested_in({LEARNED: line.learned})
    account = None if told is None else active.get((line.company_id, "Account", told.account))
    if told is None or said is None or account is None:
        return None

    def kept(kind: str, name: str) -> str:
        object_id = str(said.get(name, ""))
        return object_id if (line.company_id, kind, object_id) in active else ""

    party = kept(str(said.get("party_kind", "")), "party_id")
    part = Part(
        account=told.account,
        tax_code=kept("TaxCode", "tax_code") if not line.arrives or line.on_card or account.type in TAXED_BACK else "",
        class_id=kept("Class", "class_id"),
    )
    treatment = Treatment(
        kind=Treated(str(said["kind"])),
        parts=(part,),
        party_kind=str(said.get("party_kind", "")) if party else "",
        party_id=party,
        location_id=kept("Department", "location_id"),
        origin=BY_SUGGESTION,
        why=f"{told.confidence}/1000: " + ", ".join(each.key for each in told.examples),
    )
    taxes = [active[line.company_id, "TaxCode", part.tax_code].name] if part.tax_code else []
    return Proposed(treatment, [told.account_name], told.party, "", told.confidence, told.examples, taxes)


def _active(session: Session, lines: Sequence[BankLine]) -> Mapping[tuple[str, str, str], _Entry]:
    """Return what the lines' learned suggestions name and is active, by company, kind and id."""
    named = {
        str(line.learned[name])
        for line in lines
        if line.learned
        for name in ("account", "party_id", "tax_code", "class_id", "location_id")
        if name in line.learned
    }
    found: dict[tuple[str, str, str], _Entry] = {}
    for some in chunks(sorted(named), CHUNK):
        rows = session.execute(
            select(
                LedgerEntry.company_id, LedgerEntry.kind, LedgerEntry.object_id, LedgerEntry.name, LedgerEntry.type
            ).where(LedgerEntry.object_id.in_(some), LedgerEntry.active.is_(True))
        )
        found.update({(row.company_id, row.kind, row.object_id): _Entry(row.name, row.type) for row in rows})
    return found
