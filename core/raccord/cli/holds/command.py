"""``raccord holds``: what waits for a person, and the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import click
from sqlalchemy.orm import Session

from raccord.cli.connect.closed import asked_as_json, show_asked
from raccord.cli.holds.attach import attach_, detach_
from raccord.cli.holds.decide import decide
from raccord.cli.holds.pay import pay_
from raccord.cli.holds.proposals import proposed, proposed_as_json, rules_on
from raccord.cli.holds.release import release_
from raccord.cli.holds.treat import personal, split, take_back_, transfer
from raccord.cli.holds.two_sides import two_sides_
from raccord.cli.holds.unmet import unmet
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection, the_hold
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, Output, actor, output
from raccord.cli.terminal.showing import day, money, short
from raccord.cli.terminal.words import Option, default_group
from raccord.onboarding.deciding.decisions import answer_hold, choose, skip_draft
from raccord.overview.closed_months import asked_months
from raccord.overview.explain import explain
from raccord.overview.lines.rule_sentences import RuleSays
from raccord.overview.lines.said_by_source import with_said
from raccord.overview.listing import MOST, Listing
from raccord.overview.naming import AnswerError, pick
from raccord.overview.questions import Candidate, MissingChoice, Question, candidates, missing_choices, open_questions
from raccord.plugin.drafts import Accepts
from raccord.plugin.texts import Text
from raccord.store.models import Connection, Hold
from raccord.sync.resolving.resolve import CHOICE_MISSING, DECISION_MISSING
from raccord.sync.workshop import Workshop

ROWS_USUAL = 50


@default_group(
    "holds", "list", "Montrer ce qui attend une personne, et y répondre.", "Show what waits for a person, and answer."
)
def command() -> None:
    pass


@command.command(
    "list",
    phrase=Phrase("Montrer ce qui attend une personne.", "Show what waits for a person."),
    params=[
        Option(
            "--limit",
            type=click.IntRange(1, 500),
            default=ROWS_USUAL,
            phrase=Phrase("Nombre de questions au plus.", "Number of questions at most."),
        ),
        Option(
            "--offset",
            type=click.IntRange(min=0),
            default=0,
            phrase=Phrase("Nombre de questions à passer d'abord.", "Number of questions to pass over first."),
        ),
    ],
)
@click.argument("connection", required=False)
def list_(connection: str | None, limit: int, offset: int) -> int:
    out = output()
    with opened_workshop() as workshop, workshop.database.read() as session:
        chosen = None if connection is None else the_connection(session, connection).id
        questions = open_questions(session, chosen, without_choices=True, limit=limit, offset=offset)
        choices = missing_choices(session, chosen)
        months = asked_months(session, chosen)
        questions = replace(questions, rows=with_said(session, workshop.scopes.catalog, questions.rows))
        ruled = rules_on(session, questions.rows)
    if out.as_json:
        out.json(
            {
                "questions": [_as_json(each, ruled.get(each.hold_id)) for each in questions.rows],
                "total": questions.total,
                "offset": questions.offset,
                "more": questions.more,
                "choices": [_choice_as_json(each) for each in choices],
                "closed_months": [asked_as_json(each) for each in months],
            }
        )
    else:
        _show_choices(out, choices)
        show_asked(out, months)
        _show_questions(out, questions, ruled, nothing_else=not choices and not months)
    return Exit.NEEDS_PERSON if questions.total or choices or months else Exit.OK


@command.command(
    "answer",
    phrase=Phrase(
        "Répondre à une question, ou à plusieurs de la même façon, par ce que QuickBooks a : un compte, un client, un "
        "produit, selon la question.",
        "Answer one question, or several the same way, with what QuickBooks has: an account, a customer, a product, as "
        "the question asks.",
    ),
    params=[
        Option(
            "--account",
            required=True,
            metavar="ID|NAME",
            phrase=Phrase(
                "Le compte ou la fiche (numéro QuickBooks ou nom).", "The account or entry (QuickBooks id or name)."
            ),
        )
    ],
)
@click.argument("hold", nargs=-1, required=True)
def answer(hold: tuple[str, ...], account: str) -> int:
    out = output()
    with opened_workshop() as workshop, out.progress(Phrase("Réponses", "Answers"), len(hold)) as progress:
        with workshop.database.read() as session:
            ids = list(dict.fromkeys(the_hold(session, each) for each in hold))
        names = []
        for done, hold_id in enumerate(ids, start=1):
            names.append(_answer(workshop, hold_id, account))
            progress(done)
    if out.as_json:
        out.json({"answered": ids, "with": sorted(set(names))})
    answers = counted(len(ids), ("{n} réponse", "{n} answered"), ("{n} réponses", "{n} answered"))
    said = ", ".join(sorted(set(names)))
    out.say(
        Phrase(
            f"{answers.fr} : {said}. La prochaine exécution en tient compte.",
            f"{answers.en}: {said}. The next run acts on it.",
        )
    )
    return Exit.OK


command.add_command(decide)
command.add_command(pay_)
command.add_command(unmet)
command.add_command(release_)
for each in (split, transfer, personal, two_sides_, take_back_, attach_, detach_):
    command.add_command(each)


@command.command(
    "skip",
    phrase=Phrase(
        "Écarter définitivement une opération ou un document, avec une raison.",
        "Leave a line or document out for good, with a reason.",
    ),
    params=[
        Option("--why", required=True, phrase=Phrase("La raison, en quelques mots.", "The reason, in a few words."))
    ],
)
@click.argument("hold", nargs=-1, required=True)
def skip(hold: tuple[str, ...], why: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            ids = list(dict.fromkeys(the_hold(session, each) for each in hold))
        keys = [skip_draft(workshop, operator(actor()), each, why).key for each in ids]
    if out.as_json:
        out.json({"skipped": keys, "why": why})
    out.say(Phrase(f"Écartées : {', '.join(keys)}.", f"Left out: {', '.join(keys)}."))
    return Exit.OK


def find_candidate(session: Session, company_id: str, accepts: Accepts, wanted: str) -> Candidate:
    """Return the ledger object of that id, number or name that fits; the refusal names what is near.

    Of a list too long to be read whole those of that id or with those words are looked for apart.
    """
    first = candidates(session, company_id, [accepts])[accepts]
    if len(first) < MOST:
        return pick(first, wanted)
    named = candidates(session, company_id, [accepts], wanted, [wanted])[accepts]
    return pick([*named, *(each for each in first if each not in named)], wanted)


def _answer(workshop: Workshop, hold_id: str, account: str) -> str:
    """Answer one hold; a missing choice is made once for all drafts that wait for it."""
    with workshop.database.read() as session:
        hold = session.get_one(Hold, hold_id)
        connection = session.get_one(Connection, hold.connection_id)
        if hold.code not in (DECISION_MISSING, CHOICE_MISSING):
            said = {language: explain(hold.code, hold.params, language) for language in ("fr", "en")}
            raise AnswerError(
                "hold.not_a_decision", Text(said["fr"].what, said["en"].what), Text(said["fr"].fix, said["en"].fix)
            )
        found = find_candidate(session, connection.company_id, Accepts(str(hold.params["accepts"])), account)
    person = operator(actor())
    if hold.code == CHOICE_MISSING:
        choose(workshop, person, connection.id, str(hold.params["role"]), found.id, str(hold.params["of"]))
    else:
        answer_hold(workshop, person, hold_id, found.id)
    return found.name


def _show_choices(out: Output, choices: Sequence[MissingChoice]) -> None:
    if not choices:
        return
    out.table(
        Phrase("Choix à faire une fois", "Choices to make once"),
        [
            Column(Phrase("Connexion", "Connection")),
            Column(Phrase("Rôle", "Role")),
            Column(Phrase("Pour", "Of")),
            Column(Phrase("Documents qui attendent", "Documents waiting"), right=True),
            Column(Phrase("À faire", "What to do")),
        ],
        [
            [
                each.connection,
                each.role,
                each.of,
                str(each.drafts),
                f"raccord connect choose {each.connection!r} {each.role} …",
            ]
            for each in choices
        ],
        empty=Phrase("Aucun.", "None."),
    )


def _show_questions(
    out: Output, questions: Listing[Question], ruled: Mapping[str, RuleSays], *, nothing_else: bool
) -> None:
    if not questions.rows and not nothing_else:
        return
    out.table(
        Phrase(
            f"Attendent une personne ({_part(questions)} sur {questions.total})",
            f"Waiting for a person ({_part(questions)} of {questions.total})",
        ),
        [
            Column(Phrase("Numéro", "Id")),
            Column(Phrase("Jour", "Day")),
            Column(Phrase("Montant", "Amount"), right=True),
            Column(Phrase("Opération", "Line")),
            Column(Phrase("Question", "Question")),
        ],
        [
            [
                short(each.hold_id),
                day(each.day),
                f"{money(each.amount, out.language)} {each.currency}".strip(),
                f"{each.text or each.key}\n{each.connection}, {each.key}",
                (
                    f"{explain(each.code, each.params, out.language).what} [{each.code}]"
                    f"{proposed(out, each, ruled.get(each.hold_id))}"
                ),
            ]
            for each in questions.rows
        ],
        empty=Phrase("Rien n'attend personne.", "Nothing waits for anybody."),
    )
    if questions.more:
        after = questions.offset + len(questions.rows)
        left = questions.total - after
        out.say(Phrase(f"… et {left} de plus (--offset {after}).", f"… and {left} more (--offset {after})."))


def _part(questions: Listing[Question]) -> str:
    """Return which of all questions are shown: how many from the first on, else from which to which."""
    if not questions.offset or not questions.rows:
        return str(len(questions.rows))
    return f"{questions.offset + 1}–{questions.offset + len(questions.rows)}"


def _as_json(each: Question, rule: RuleSays | None) -> dict[str, object]:
    return {
        "hold": each.hold_id,
        "connection": each.connection,
        "connection_id": each.connection_id,
        "key": each.key,
        "kind": each.kind,
        "day": day(each.day) or None,
        "amount": each.amount,
        "currency": each.currency,
        "text": each.text,
        "facts": dict(each.facts),
        "code": each.code,
        "answer": str(each.answer),
        "ways": [str(way) for way in each.ways],
        "seen": each.seen,
        "params": dict(each.params),
        "accepts": None if each.accepts is None else str(each.accepts),
        "question": {language: explain(each.code, each.params, language).what for language in ("fr", "en")},
        "fix": {language: explain(each.code, each.params, language).fix for language in ("fr", "en")},
        **proposed_as_json(each, rule),
    }


def _choice_as_json(each: MissingChoice) -> dict[str, object]:
    return {
        "connection": each.connection,
        "connection_id": each.connection_id,
        "role": each.role,
        "of": each.of,
        "accepts": str(each.accepts),
        "drafts": each.drafts,
    }
