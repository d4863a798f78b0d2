"""What rules ask, say and would do, in words of both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from sqlalchemy.orm import Session

from raccord.onboarding.deciding.treating_texts import refusal
from raccord.overview.lines.rule_effects import Effect
from raccord.overview.lines.rule_views import Names, RuleAnswer, Share, answer_of, names_of, rulings_on
from raccord.plugin.drafts import PaymentType
from raccord.plugin.texts import Text
from raccord.sync.lines.bank_rules import (
    AmountCondition,
    AmountTest,
    Condition,
    Direction,
    DirectionCondition,
    KindCondition,
    RuleBody,
    RuleMode,
    TextCondition,
    TextTest,
    Together,
)
from raccord.sync.lines.treatments import Treated
from raccord.sync.planning.ruling import BOTH_SIDES, MATCH_FIRST, PERSON_FIRST, Ruling

_READS = {
    TextTest.CONTAINS: Text("texte contient « {} »", "text contains “{}”"),
    TextTest.LACKS: Text("texte sans « {} »", "text without “{}”"),
    TextTest.STARTS: Text("texte commence par « {} »", "text starts with “{}”"),
    TextTest.EQUALS: Text("texte est « {} »", "text is “{}”"),
    TextTest.WORD: Text("texte a le mot « {} »", "text has the word “{}”"),
}
_COUNTS = {
    AmountTest.IS: Text("montant = {}", "amount = {}"),
    AmountTest.BETWEEN: Text("montant de {} à {}", "amount from {} to {}"),
    AmountTest.UNDER: Text("montant < {}", "amount < {}"),
    AmountTest.OVER: Text("montant > {}", "amount > {}"),
}


_HELD = {
    MATCH_FIRST: Text("l'opération règle sans doute un document ouvert.", "the line probably pays an open document."),
    BOTH_SIDES: Text("l'autre compte parle du même virement.", "the other account tells of the same transfer."),
    PERSON_FIRST: Text("une personne en a dit autre chose.", "a person said something else of it."),
}


def conditions_said(body: RuleBody) -> Text:
    """Return what a rule asks, as one sentence."""
    said = [condition_said(each) for each in body.conditions]
    fr, en = (" et ", " and ") if body.together is Together.ALL else (" ou ", " or ")
    return Text(fr.join(each.fr for each in said), en.join(each.en for each in said))


def condition_said(condition: Condition) -> Text:
    match condition:
        case TextCondition():
            return _filled(_READS[condition.test], Text(condition.value, condition.value))
        case AmountCondition():
            amounts = [_figure(each) for each in (condition.amount, condition.upto) if each is not None]
            said = _filled(_COUNTS[condition.test], *amounts)
            return Text(f"{said.fr} {condition.currency}".strip(), f"{said.en} {condition.currency}".strip())
        case DirectionCondition():
            arrives = condition.direction is Direction.IN
            return Text("argent reçu", "money in") if arrives else Text("argent sorti", "money out")
        case KindCondition():
            return Text(f"genre « {condition.value} »", f"kind “{condition.value}”")
        case _:
            assert_never(condition)


def answer_said(answer: RuleAnswer | None) -> Text:
    """Return what is said of a line, as one phrase; a dash for nothing."""
    if answer is None:
        return Text("–", "–")
    match answer.kind:
        case Treated.TRANSFER:
            said = Text(f"virement : {answer.other_account}", f"transfer: {answer.other_account}")
        case Treated.EXCLUDE:
            said = Text(f"laissée de côté : {answer.why}", f"left out: {answer.why}")
        case _:
            said = _accounts(answer.shares)
            if answer.kind == Treated.PERSONAL:
                said = Text(f"personnel : {said.fr}", f"personal: {said.en}")
    cheque = ("chèque", "cheque") if answer.payment_type is PaymentType.CHECK else ("", "")
    named = [", ".join(filter(None, (paid, answer.party, answer.location))) for paid in cheque]
    return Text(f"{said.fr} ({named[0]})", f"{said.en} ({named[1]})") if named[0] else said


@dataclass(frozen=True, slots=True)
class RuleSays:
    """What a rule says of a line that waits; ``answer`` is nothing where it cannot be said of the line."""

    id: str
    name: str
    version: int
    answer: Text | None
    waits: Text | None
    """Why the line waits all the same; nothing where the rule only proposes."""


def rules_say(session: Session, companies: Mapping[str, str]) -> dict[str, RuleSays]:
    """Return by question what the first rule that fits says of its line; the questions come with their companies."""
    rulings = rulings_on(session, list(companies))
    names: dict[str, Names] = {}
    for company_id in {companies[each] for each in rulings}:
        mine = (ruling.treatment for each, ruling in rulings.items() if companies[each] == company_id)
        names[company_id] = names_of(session, company_id, [treatment for treatment in mine if treatment])
    return {
        hold_id: RuleSays(
            ruling.rule.id,
            ruling.rule.name,
            ruling.rule.version,
            None if ruling.treatment is None else answer_said(answer_of(ruling.treatment, names[companies[hold_id]])),
            waits_because(ruling),
        )
        for hold_id, ruling in rulings.items()
    }


def waits_because(ruling: Ruling) -> Text | None:
    """Return why a line that a rule fits waits all the same; nothing where the rule only proposes."""
    if ruling.unfit is not None:
        why = refusal(ruling.unfit.code, **ruling.unfit.params).text
    elif ruling.held and ruling.rule.mode is RuleMode.APPLY:
        why = _HELD[ruling.held]
    else:
        return None
    name = ruling.rule.name
    return Text(f"La règle « {name} » convient, mais : {why.fr}", f"The rule “{name}” fits, but: {why.en}")


def effect_said(effect: Effect) -> Text:
    """Return what a rule would change from now on; and of what was answered, of which it says something else, that it
    leaves it alone.
    """
    now = Text(
        f"En attente, qui changeraient : {effect.changed}.", f"Waiting lines that would change: {effect.changed}."
    )
    if not effect.changed:
        now = Text("Aucune opération en attente ne changerait.", "No line that waits would change.")
    if not effect.left_alone:
        return now
    left = Text(
        f"Déjà répondues, laissées telles quelles : {effect.left_alone} dont elle dirait autre chose "
        f"({effect.posted} dans QuickBooks), {effect.against or 'aucune'} contre votre choix.",
        f"Answered already and left alone: {effect.left_alone} of which it would say something else "
        f"({effect.posted} in QuickBooks), {effect.against or 'none'} against your own choice.",
    )
    return Text(f"{now.fr} {left.fr}", f"{now.en} {left.en}")


def counts_said(effect: Effect) -> list[tuple[Text, int]]:
    """Return what else there is to say of an effect: those counts that are not zero."""
    rows = [
        (Text("Attendent et recevraient cette réponse", "Wait and would get this answer"), effect.waiting),
        (
            Text(
                "Réglées par une règle, pas encore écrites : jugées de nouveau",
                "Answered by a rule, not posted yet: judged anew",
            ),
            effect.again,
        ),
        (Text("Répondues autrement, laissées telles quelles", "Answered otherwise, left alone"), effect.left_alone),
        (Text("Répondues de même", "Answered alike"), effect.alike),
        (Text("Une règle d'avant passe d'abord", "A rule before it comes first"), effect.earlier),
        (Text("Un rapprochement passe d'abord", "A match comes first"), effect.matched),
        (Text("L'autre côté du virement attend aussi", "The transfer's other side waits too"), effect.both_sides),
        (Text("La réponse n'y convient pas", "The answer does not fit them"), effect.unfit),
    ]
    return [(text, count) for text, count in rows if count]


def _accounts(shares: Sequence[Share]) -> Text:
    said = [_share(each, whole=len(shares) == 1) for each in shares]
    return Text(" + ".join(each.fr for each in said), " + ".join(each.en for each in said))


def _share(share: Share, *, whole: bool) -> Text:
    name = ", ".join(filter(None, (share.account, share.tax, share.class_name)))
    if share.percent is not None:
        figure = _figure(share.percent.normalize())
        return Text(f"{name} {figure.fr} %", f"{name} {figure.en}%")
    if whole or share.amount is None:
        return Text(name, name)
    figure = _figure(share.amount)
    return Text(f"{name} {figure.fr}", f"{name} {figure.en}")


def _figure(value: Decimal) -> Text:
    """Return a number as each language writes it; its thousands are not set apart, as people type it."""
    plain = f"{value:f}"
    return Text(plain.replace(".", ","), plain)


def _filled(text: Text, *values: Text) -> Text:
    return Text(text.fr.format(*(each.fr for each in values)), text.en.format(*(each.en for each in values)))
