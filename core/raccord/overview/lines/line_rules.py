"""A rule made from one bank line: about lines with its payee, saying what was said, or is proposed, of it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from raccord.onboarding.deciding.bank_rules import RuleSaid
from raccord.overview.lines.last_time import last_said
from raccord.overview.lines.rule_views import rulings_on
from raccord.plugin.drafts import PaymentType
from raccord.store.models import Connection, DraftRow, Hold
from raccord.suggesting.words import payee_of, words_in
from raccord.sync.bodies import load_draft
from raccord.sync.lines.bank_rules import (
    NAME_MAX,
    VALUE_MAX,
    Direction,
    DirectionCondition,
    Line,
    Outcome,
    RuleBody,
    RulePart,
    TextCondition,
    TextTest,
    fold,
)
from raccord.sync.lines.line_answers import LEARNED
from raccord.sync.lines.paying import PAYS, asked_in
from raccord.sync.lines.titles import text_of
from raccord.sync.lines.treatments import Part, Treated, Treatment, arrives, load_treatment, treatable

_HUNDRED = Decimal(100)


def rule_from_line(session: Session, company_id: str, hold_id: str) -> RuleSaid | None:
    """Return the rule that a line of a company suggests, for a person to read and change; nothing for other lines."""
    hold = session.get(Hold, hold_id)
    connection = None if hold is None else session.get_one(Connection, hold.connection_id)
    if hold is None or connection is None or connection.company_id != company_id:
        return None
    row = session.get_one(DraftRow, hold.draft_id)
    draft = treatable(load_draft(row.body))
    if draft is None:
        return None
    looked_for = _payee(Line.of(draft, connection.id, "", "").text, draft.memo)
    text = (TextCondition(test=TextTest.CONTAINS, value=looked_for),) if looked_for else ()
    direction = DirectionCondition(direction=Direction.IN if arrives(draft) else Direction.OUT)
    said = _said(session, hold, row, company_id)
    if said is None and (last := last_said(session, company_id, text_of(draft), received=arrives(draft))):
        said = Treatment(kind=Treated.CATEGORY, parts=(Part(account=last[0]),))
    outcome = Outcome(kind=Treated.CATEGORY) if said is None else _outcome(said, draft.total)
    return RuleSaid(name=looked_for[:NAME_MAX].title(), body=RuleBody(conditions=(*text, direction), outcome=outcome))


def _payee(folded: str, memo: str) -> str:
    """Return the words by which a line's payee is known, as many of them as stand together in its text, and as they
    are written there: "petro-canada" is one name.
    """
    words = fold(payee_of(words_in(memo))).split()
    for count in range(len(words), 0, -1):
        for start in range(len(words) - count + 1):
            told = re.search("[^a-z0-9]{1,3}".join(map(re.escape, words[start : start + count])), folded)
            if told is not None:
                return told[0][:VALUE_MAX]
    return folded[:VALUE_MAX]


def _said(session: Session, hold: Hold, row: DraftRow, company_id: str) -> Treatment | None:
    """Return what a line was said to be, else what a rule or the answers before say of it."""
    said = load_treatment(row.decisions)
    if said is not None or PAYS in row.decisions:
        return said
    line = treatable(load_draft(row.body))
    asked = None if line is None else asked_in(line)
    answer: Any = None if asked is None else row.decisions.get(asked.name)
    if isinstance(answer, str):
        return Treatment(kind=Treated.CATEGORY, parts=(Part(account=answer),))
    ruling = rulings_on(session, [hold.id]).get(hold.id)
    if ruling is not None and ruling.treatment is not None:
        return ruling.treatment
    told = hold.params.get(LEARNED)
    if not isinstance(told, dict):
        return None
    names = ("party_kind", "party_id", "location_id")
    part = Part(account=told["account"], tax_code=told.get("tax_code", ""), class_id=told.get("class_id", ""))
    return Treatment(kind=Treated(told["kind"]), parts=(part,), **{name: told.get(name, "") for name in names})


def _outcome(said: Treatment, total: Decimal) -> Outcome:
    """Return what a rule says where a line was said to be something; a split is told in percent of the whole."""
    return Outcome(
        kind=said.kind,
        parts=_parts(said, total),
        party_kind=said.party_kind,
        party_id=said.party_id,
        location_id=said.location_id,
        other_account=said.other_account,
        why=said.why if said.kind is Treated.EXCLUDE else "",
        payment_type=None if said.payment_type is PaymentType.CARD else said.payment_type,
    )


def _parts(said: Treatment, total: Decimal) -> tuple[RulePart, ...]:
    plain = [RulePart(account=each.account, tax_code=each.tax_code, class_id=each.class_id) for each in said.parts]
    if said.kind is not Treated.SPLIT:
        return tuple(plain)
    found = []
    for place, (part, rule_part) in enumerate(zip(said.parts, plain, strict=True), 1):
        share = None if part.amount is None else (part.amount * _HUNDRED / total).quantize(Decimal("0.01"))
        rest = share is None or not 0 < share < _HUNDRED or place == len(plain)
        found.append(
            RulePart(
                account=rule_part.account, percent=None if rest else share, tax_code=rule_part.tax_code,
                class_id=rule_part.class_id, description=part.description,
            )
        )  # fmt: skip
    return tuple(found)
