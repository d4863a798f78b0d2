"""What is proposed for bank lines that wait: by the first rule that fits, or by what people answered before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from raccord.overview.bank_lines import BankLine
from raccord.overview.questions import Behind, suggested_in
from raccord.overview.rule_views import answer_of, names_of, rulings_on
from raccord.store.models import Hold, LedgerEntry
from raccord.sync.suggestions import LEARNED
from raccord.sync.treatments import BY_SUGGESTION, Part, Treated, Treatment


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


def proposed_for(session: Session, lines: Sequence[BankLine]) -> dict[str, Proposed]:
    """Return by hold what is proposed for lines: people's rules come before what was learned."""
    rulings = rulings_on(session, [line.hold_id for line in lines])
    found: dict[str, Proposed] = {}
    for line in lines:
        ruling = rulings.get(line.hold_id)
        if ruling is not None and ruling.treatment is not None:
            answer = answer_of(ruling.treatment, names_of(session, line.company_id, [ruling.treatment]))
            if answer is not None:
                names = [*(share.account for share in answer.shares), answer.other_account]
                found[line.hold_id] = Proposed(
                    ruling.treatment, [each for each in names if each], answer.party, ruling.rule.name
                )
        elif (proposed := _learned(session, line)) is not None:
            found[line.hold_id] = proposed
    return found


def _learned(session: Session, line: BankLine) -> Proposed | None:
    """Return what was learned for a line, without what is inactive by now or money received cannot bear."""
    hold = session.get_one(Hold, line.hold_id)
    told, said = suggested_in(hold.params), hold.params.get(LEARNED)
    if told is None or not isinstance(said, Mapping) or not _active(session, line, "Account", told.account):
        return None
    party = _kept(session, line, said, str(said.get("party_kind", "")), "party_id")
    taxed = not line.arrives or line.on_card
    part = Part(
        account=told.account,
        tax_code=_kept(session, line, said, "TaxCode", "tax_code") if taxed else "",
        class_id=_kept(session, line, said, "Class", "class_id"),
    )
    treatment = Treatment(
        kind=Treated(str(said["kind"])),
        parts=(part,),
        party_kind=str(said.get("party_kind", "")) if party else "",
        party_id=party,
        location_id=_kept(session, line, said, "Department", "location_id"),
        origin=BY_SUGGESTION,
        why=f"{told.confidence}/1000: " + ", ".join(each.key for each in told.examples),
    )
    return Proposed(treatment, [told.account_name], told.party, "", told.confidence, told.examples)


def _kept(session: Session, line: BankLine, said: Mapping[str, Any], kind: str, name: str) -> str:
    object_id = str(said.get(name, ""))
    return object_id if _active(session, line, kind, object_id) else ""


def _active(session: Session, line: BankLine, kind: str, object_id: str) -> bool:
    entry = session.get(LedgerEntry, (line.company_id, kind, object_id)) if object_id else None
    return entry is not None and entry.active
