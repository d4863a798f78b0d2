"""What ``raccord holds`` shows beside a question: what a line may pay or be, by matches, people's rules and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Output
from raccord.cli.terminal.showing import day, money
from raccord.onboarding.deciding.suggesting import percent
from raccord.overview.lines.deposit_notes import deposit_notes
from raccord.overview.lines.one_or_two import OneOrTwo
from raccord.overview.lines.rule_sentences import RuleSays, rules_say
from raccord.overview.questions import Question
from raccord.sync.lines.paying import MATCHES_LIMITED
from raccord.sync.lines.transfers import TRANSFER


def rules_on(session: Session, questions: Sequence[Question]) -> Mapping[str, RuleSays]:
    """Return by question what the first rule that fits says of its line."""
    return rules_say(session, {each.hold_id: each.company_id for each in questions})


def proposed(out: Output, question: Question, rule: RuleSays | None) -> str:
    """Return what may be said of a question's line, a proposal on each line of text; rules come before answers."""
    learned = "" if rule is not None and rule.answer is not None else _suggested(question)
    if question.one_or_two is not None:
        return _either(out, question.one_or_two)
    said = _said(out, question)
    return f"{_matched(out, question)}{_other_side(out, question)}{_ruled(out, rule)}{learned}{said}"


def proposed_as_json(question: Question, rule: RuleSays | None) -> dict[str, object]:
    told = question.suggested
    return {
        "pays": [
            {
                "kind": each.kind,
                "party": each.party,
                "sure": str(each.sure),
                "score": each.score,
                "documents": [{"id": one.id, "amount": format(one.amount, "f")} for one in each.documents],
                "seen": each.seen,
            }
            for each in question.matches
        ],
        "rule": None
        if rule is None
        else {
            "id": rule.id,
            "name": rule.name,
            "version": rule.version,
            "says": None if rule.answer is None else {"fr": rule.answer.fr, "en": rule.answer.en},
            "waits_because": None if rule.waits is None else {"fr": rule.waits.fr, "en": rule.waits.en},
        },
        "one_or_two": None
        if question.one_or_two is None
        else {
            "connection_id": question.one_or_two.connection_id,
            "key": question.one_or_two.key,
            "posted": question.one_or_two.posted,
            "called": {"fr": question.one_or_two.called.fr, "en": question.one_or_two.called.en},
            "other_called": {"fr": question.one_or_two.other_called.fr, "en": question.one_or_two.other_called.en},
        },
        "said": None if question.said is None else asdict(question.said),
        "suggested": None
        if told is None
        else {
            "account": told.account,
            "account_name": told.account_name,
            "party": told.party,
            "confidence": told.confidence,
            "examples": [
                {"connection_id": each.connection_id, "key": each.key, "day": day(each.day), "text": each.text}
                for each in told.examples
            ],
        },
    }


def _either(out: Output, other: OneOrTwo) -> str:
    """Return the line that may be the same movement, and what both were called; ``holds two-sides`` answers."""
    called, there = other.called.get(out.language), other.other_called.get(out.language)
    said = Phrase("Un seul virement ? oui ou non", "One transfer? yes or no").get(out.language)
    return f"\n⇄ {said}: {called} | {other.account}, {day(other.day)}, {other.text}: {there}"


def _matched(out: Output, question: Question) -> str:
    """Return what a line may pay, one proposal a line; the id in brackets is what ``holds pay --document`` takes."""
    said = ""
    for match in question.matches:
        documents = " + ".join(f"{each.kind} {each.number or '–'} (id {each.id})".lstrip() for each in match.documents)
        said += f"\n→ {match.party}, {match.kind} {documents} [{match.sure}]"
        left = sum((each.leaves for each in match.documents), Decimal(0))
        if left:
            said += Phrase(f", laisse {left:f} ouvert", f", leaves {left:f} open").get(out.language)
        if match.together:
            others = ", ".join(f"{each.amount:f} ({day(each.day)})" for each in match.together)
            said += Phrase(f", avec {others}", f", with {others}").get(out.language)
    if question.matches and MATCHES_LIMITED in question.params:
        most = question.params[MATCHES_LIMITED]
        limited = Phrase(
            f"Plus de {most} opérations nomment ce document : seules les {most} plus anciennes ont été additionnées.",
            f"More than {most} lines name this document: only the {most} oldest were added up.",
        )
        said += f"\n  {limited.get(out.language)}"
    for note in deposit_notes(question.params, question.currency):
        said += f"\n  {note.get(out.language)}"
    return said


def _other_side(out: Output, question: Question) -> str:
    """Return of which transfer a line may tell; ``holds transfer`` takes it."""
    said = question.params.get(TRANSFER)
    if not said:
        return ""
    apart = 0 if question.day is None else abs((date.fromisoformat(said["day"]) - question.day).days)
    words = counted(apart, ("{n} jour d'écart", "{n} day apart"), ("{n} jours d'écart", "{n} days apart"))
    far = f" ({words.get(out.language)})" if apart > 1 else ""
    return f"\n⇄ {said['name']}, {said['day']}{far}, {said['text']} [{said['sure']}]"


def _said(out: Output, question: Question) -> str:
    """Return what the source's program filed a line under, each part on a line with the account of its name."""
    if question.said is None:
        return ""
    found = ""
    for part in question.said.parts:
        amount = "" if part.amount is None else f" {money(part.amount, out.language)}"
        name = f"[{part.name}]" if part.transfer else part.name or "–"
        nearest = Phrase(f" ; le plus proche : {part.near_name}", f"; the nearest: {part.near_name}").get(out.language)
        none = Phrase("aucun compte de ce nom", "no account of this name").get(out.language)
        there = part.account_name or f"{none}{nearest if part.near else ''}"
        found += f"\n⇢ {name}{amount}" + ("" if there == part.name else f" ({there})")
    if not question.said.adds_up:
        off = Phrase("Ces parts ne font pas le montant.", "These parts do not come to the amount.")
        found += f"\n  {off.get(out.language)}"
    return found


def _ruled(out: Output, rule: RuleSays | None) -> str:
    """Return what a rule says of a line, and why it waits all the same."""
    if rule is None:
        return ""
    said = "" if rule.answer is None else f"\n→ {rule.answer.get(out.language)} [« {rule.name} » v{rule.version}]"
    return said + ("" if rule.waits is None else f"\n  {rule.waits.get(out.language)}")


def _suggested(question: Question) -> str:
    """Return what a line probably is, with how sure that is and the days of the lines behind it."""
    told = question.suggested
    if told is None:
        return ""
    party = f" ({told.party})" if told.party else ""
    days = ", ".join(day(each.day) for each in told.examples)
    return f"\n→ {told.account_name}{party} {percent(told.confidence)} % · {days}"
