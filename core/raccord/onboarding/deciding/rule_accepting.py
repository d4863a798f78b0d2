"""What a rule says of the lines that wait, accepted by a person for all of them in one go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.deciding.bank_rules import standing_rule
from raccord.onboarding.deciding.decisions import DecisionError
from raccord.onboarding.deciding.treating import treat
from raccord.store.models import Hold
from raccord.sync.lines.rule_order import RuleOrder
from raccord.sync.lines.treatments import Treatment
from raccord.sync.planning.ruling import Judge, days_of, read_places, read_rules
from raccord.sync.workshop import Workshop

ACCEPTED_MAX = 200
"""Lines that are answered in one go; the others wait for the next."""
LINES_MAX = 20_000
"""The newest lines that wait; no others are looked at."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line that waits and of which a rule says something that a person may accept."""

    hold_id: str
    treatment: Treatment
    other_side: str = ""
    """The hold of the line that tells of the same transfer in the other account: answered with it."""


@dataclass(frozen=True, slots=True)
class AcceptedLines:
    """Keys of the lines that were answered, how many did not allow it, and how many wait for the next go."""

    keys: Sequence[str]
    refused: int
    left: int


def waiting_for(session: Session, company_id: str, rule_id: str) -> Sequence[Waiting]:
    """Return the lines that wait and of which a rule that is on says what they are, the newest first.

    Those that no rule answers by itself either are not among them: a line that probably pays an open document, or
    tells of the other side of a transfer, and one of which a person said something before.
    """
    rules = read_rules(session, company_id)
    mine = next((each for each in rules if each.id == rule_id and each.enabled), None)
    if mine is None:
        return ()
    order = RuleOrder(rules)
    read = read_places(session, company_id, rules, [Hold.id.is_not(None)], limit=LINES_MAX)
    places = [place for place in read if order.first_fitting(place.line) is mine]
    judge = Judge(session, company_id, rules, days_of(places))
    found: list[Waiting] = []
    settled: set[str] = set()
    for place in places:
        ruling = judge.by(mine, place)
        if ruling.treatment is None or ruling.held or place.hold_id in settled:
            continue
        other = "" if ruling.other is None else ruling.other.hold_id
        settled.add(other)
        found.append(Waiting(place.hold_id, ruling.treatment, other))
    return found


def count_waiting(session: Session, company_id: str) -> Mapping[str, int]:
    """Return by rule how many of the newest lines that wait it is the first to fit, where a rule may answer them.

    Whether the books still have what it names is not looked up here, as it is where its answer is accepted.
    """
    rules = read_rules(session, company_id)
    if not any(each.enabled for each in rules):
        return {}
    order, judge = RuleOrder(rules), Judge(session, company_id, rules)
    counts: Counter[str] = Counter()
    for place in read_places(session, company_id, rules, [Hold.id.is_not(None)], limit=LINES_MAX):
        rule = order.first_fitting(place.line)
        if rule is not None and not judge.held_back(place):
            counts[rule.id] += 1
    return counts


def accept_rule(workshop: Workshop, actor: Actor, rule_id: str, seen: int | None = None) -> AcceptedLines:
    """Accept what a rule says of the lines that wait, ``ACCEPTED_MAX`` of them at most.

    Each is answered for itself, as if a person had accepted it in the review, and may be taken back there; one that
    does not allow it leaves the others answered. ``seen`` is the version of the rule that the person read.
    """
    require(actor, Power.WORK)
    with workshop.database.read() as session:
        row = standing_rule(session, rule_id, seen)
        waiting = waiting_for(session, row.company_id, rule_id)
    keys: list[str] = []
    for each in waiting[:ACCEPTED_MAX]:
        try:
            keys.append(treat(workshop, actor, each.hold_id, each.treatment, other_side=each.other_side).key)
        except DecisionError:
            # It stays open, and its own page says why: answered meanwhile, or of an account that is closed now.
            continue
    tried = min(len(waiting), ACCEPTED_MAX)
    return AcceptedLines(keys, tried - len(keys), len(waiting) - tried)
