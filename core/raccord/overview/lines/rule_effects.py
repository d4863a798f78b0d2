"""What a rule would do: its effect on the lines that wait, and on what was answered before; nothing is changed.

A rule is tried in its place among the others, by the same judgement that runs go by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.deciding.bank_rules import RuleSaid, check_body
from raccord.overview.lines.rule_views import RuleAnswer, answer_of, names_of
from raccord.plugin.drafts import Deposit, DirectLine, Draft, Expense
from raccord.store.models import Connection, DraftState
from raccord.sync.lines.bank_rules import Rule, RuleMode, fits
from raccord.sync.lines.line_answers import RULED
from raccord.sync.lines.paying import PAYS
from raccord.sync.lines.rule_order import RuleOrder
from raccord.sync.lines.treatments import Treated, Treatment, UnfitTreatment, arrives, shares, treated
from raccord.sync.planning.ruling import (
    BOTH_SIDES,
    MATCH_FIRST,
    Judge,
    Place,
    by_person,
    days_of,
    read_places,
    read_rules,
    said_of,
)

LINES_MAX = 20_000
"""The newest lines of a company; a rule is tried on no more."""
EXAMPLES = 25
"""Lines that are shown of each kind."""
SHOWN = ("against", "waiting", "other", "unfit")
"""The kinds whose examples people are shown, in this order."""
NEW = "new"
"""The id of a rule that is not saved yet."""


@dataclass(frozen=True, slots=True)
class Example:
    """A line that a rule is about, with what it was said to be and what the rule says."""

    key: str
    connection: str
    day: date
    amount: Decimal
    currency: str
    text: str
    was: RuleAnswer | None
    """Nothing where the line waits."""
    would_be: RuleAnswer | None
    """Nothing where the rule cannot say it of this line."""
    reason: str = ""
    """Why it cannot: the code of a treatment that does not fit."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a rule would have done; the counts do not overlap, but for ``goes`` and ``against``."""

    looked_at: int
    truncated: bool
    """Whether the company has more lines, older ones."""
    waiting: int
    """Lines that wait for an answer and would get this one."""
    goes: int
    """Those of them that the next runs would answer without a question, were the rule to be carried out."""
    other: int
    """Answered lines of which it says something else than was said."""
    against: int
    """Those of them that a person answered."""
    posted: int
    """Those of them that are in QuickBooks, whoever answered; no rule changes them."""
    again: int
    """Those of them that a rule answered and that are not posted: with this rule, the next run judges them anew."""
    alike: int
    """Answered lines of which it says the same."""
    earlier: int
    """Lines that it fits, but for which a rule before it comes first."""
    matched: int
    """Lines that pay open documents, or may well: a match comes first."""
    both_sides: int
    """Transfers of which the other account's line waits too: a person says that they are one."""
    unfit: int
    """Lines that it cannot be said of."""
    examples: Mapping[str, Sequence[Example]]

    @property
    def changed(self) -> int:
        """Return how many lines it would change from now on."""
        return self.waiting + self.again

    @property
    def left_alone(self) -> int:
        """Return of how many answered lines it says something else and changes nothing."""
        return self.other - self.again

    @property
    def not_shown(self) -> int:
        """Lines of which it says something else, or that cannot be said to be this, for which there is no example."""
        return self.waiting + self.other + self.unfit - sum(len(self.examples.get(kind, ())) for kind in SHOWN)


def try_rule(session: Session, company_id: str, said: RuleSaid, rule_id: str = "") -> Effect:
    """Return what a rule would have done; one that exists is tried as it is said here, in its own place.

    Raises ``RuleError`` and ``DecisionError`` for what no rule can be.
    """
    check_body(session, company_id, said.body)
    rules, mine = _with(read_rules(session, company_id), said, rule_id)
    looked = read_places(session, company_id, rules, limit=LINES_MAX + 1)
    places, before = looked[:LINES_MAX], rules[: rules.index(mine)]
    judge, earlier = Judge(session, company_id, rules, days_of(places)), RuleOrder(before)
    counts: dict[str, int] = dict.fromkeys(
        (
            "waiting",
            "goes",
            "other",
            "against",
            "posted",
            "again",
            "alike",
            "earlier",
            "matched",
            "both_sides",
            "unfit",
        ),
        0,
    )
    kept: dict[str, list[tuple[Place, Treatment | None, str]]] = {}
    for place in places:
        if not fits(mine, place.line):
            continue
        kinds, treatment, reason = _judged(judge, mine, earlier, place)
        if not kinds:
            continue
        for kind in kinds:
            counts[kind] += 1
        shown = kept.setdefault(kinds[-1], [])
        if len(shown) < EXAMPLES:
            shown.append((place, treatment, reason))
    return Effect(
        looked_at=len(places),
        truncated=len(looked) > LINES_MAX,
        examples=_examples(session, company_id, kept),
        **counts,
    )


def _judged(judge: Judge, rule: Rule, before: RuleOrder, place: Place) -> tuple[Sequence[str], Treatment | None, str]:
    """Return as what a line counts, what the rule says of it, and why it cannot."""
    if before.first_fitting(place.line) is not None:
        return ("earlier",), None, ""
    ruling = judge.by(rule, place)
    if ruling.treatment is None:
        return ("unfit",), None, "" if ruling.unfit is None else ruling.unfit.code
    if place.waits:
        if ruling.held == MATCH_FIRST:
            return ("matched",), ruling.treatment, ""
        if ruling.held == BOTH_SIDES:
            return ("both_sides",), ruling.treatment, ""
        # What a person said of it once, before it changed, is the person's again.
        return ("waiting",) if ruling.held else ("goes", "waiting"), ruling.treatment, ""
    if PAYS in place.decisions:
        return ("matched",), ruling.treatment, ""
    was = said_of(place)
    if was is None:
        # It was in the books before, or its source took it back: nobody said what it is.
        return (), None, ""
    if alike(was, ruling.treatment, place.line.draft):
        return ("alike",), ruling.treatment, ""
    return _answered(place), ruling.treatment, ""


def _answered(place: Place) -> Sequence[str]:
    """Return as what a line counts of which something else was said, the kind that its example stands among last."""
    posted = ("posted",) if place.state == DraftState.POSTED else ()
    if by_person(place):
        return ("other", *posted, "against")
    return ("again", "other") if RULED in place.decisions and not posted else (*posted, "other")


def alike(said: Treatment, rule: Treatment, draft: Deposit | Expense) -> bool:
    """Tell whether a line becomes the same document by what a rule says; what the rule leaves open may be anything."""
    if Treated.EXCLUDE in (said.kind, rule.kind):
        return said.kind is rule.kind
    try:
        return _undescribed(treated(draft, said)) == _undescribed(treated(draft, _as_open(rule, said, draft)))
    except UnfitTreatment:
        return False


def _as_open(rule: Treatment, said: Treatment, draft: Deposit | Expense) -> Treatment:
    """Return what a rule says, with what was said of the line where the rule says nothing."""
    if rule.kind is Treated.TRANSFER:
        return rule
    had = [*shares(said.parts, draft.total, draft.currency)] if said.parts else []
    parts = []
    for part in shares(rule.parts, draft.total, draft.currency):
        same = next((each for each in had if (each.account, each.amount) == (part.account, part.amount)), None)
        if same is not None:
            had.remove(same)
            part = replace(
                part, tax_code=part.tax_code or same.tax_code, class_id=part.class_id or same.class_id,
            )  # fmt: skip
        parts.append(part)
    party = rule if rule.party_id else said
    return replace(
        rule,
        parts=tuple(parts),
        party_kind=party.party_kind,
        party_id=party.party_id,
        location_id=rule.location_id or said.location_id,
        payment_type=rule.payment_type or said.payment_type,
        number=said.number,
    )


def _undescribed(document: Draft) -> Draft:
    """Return a document without the words of its lines, and these in one order: they are not what a line is."""
    match document:
        case Deposit():
            direct = [replace(each, description="") for each in document.lines if isinstance(each, DirectLine)]
            return replace(document, lines=tuple(sorted(direct, key=repr)))
        case Expense():
            spent = [replace(each, description="") for each in document.lines]
            return replace(document, lines=tuple(sorted(spent, key=repr)))
        case _:
            return document


def _with(rules: Sequence[Rule], said: RuleSaid, rule_id: str) -> tuple[list[Rule], Rule]:
    """Return the rules with the one that is tried in its place, on and to be carried out."""
    mine = Rule(
        id=rule_id or NEW, version=0, name=said.name, mode=RuleMode.APPLY, enabled=True, valid_from=said.valid_from,
        body=said.body,
    )  # fmt: skip
    if any(rule.id == rule_id for rule in rules):
        return [mine if rule.id == rule_id else rule for rule in rules], mine
    return [*rules, mine], mine


def _examples(
    session: Session, company_id: str, kept: Mapping[str, Sequence[tuple[Place, Treatment | None, str]]]
) -> dict[str, list[Example]]:
    said = [
        each
        for some in kept.values()
        for place, treatment, _ in some
        for each in (treatment, said_of(place))
        if each is not None
    ]
    names = names_of(session, company_id, said)
    ids = {place.line.connection for some in kept.values() for place, _, _ in some}
    labels = dict(session.execute(select(Connection.id, Connection.label).where(Connection.id.in_(ids))).all())
    return {
        kind: [
            Example(
                key=place.key,
                connection=labels.get(place.line.connection, ""),
                day=place.line.day,
                amount=place.line.draft.total if arrives(place.line.draft) else -place.line.draft.total,
                currency=place.line.draft.currency,
                text=place.line.draft.memo or place.key,
                was=answer_of(None if place.waits else said_of(place), names),
                would_be=answer_of(treatment, names),
                reason=reason,
            )
            for place, treatment, reason in some
        ]
        for kind, some in kept.items()
    }
