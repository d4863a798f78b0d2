"""``raccord problems link``, ``skip``, ``answer`` and ``by-hand``: what a person decides of one record."""

from __future__ import annotations

from collections.abc import Sequence

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import FindingError, operator, the_connection, the_problem
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, actor, output
from raccord.cli.terminal.showing import day, money
from raccord.cli.terminal.words import Option, command
from raccord.onboarding.arriving.answering import answer_problem
from raccord.onboarding.deciding.alike import Alike
from raccord.onboarding.deciding.by_hand import decide, ways_of
from raccord.onboarding.deciding.failures import link_failed, skip_failed
from raccord.onboarding.deciding.hand_made import resolve_by_hand
from raccord.onboarding.sources.source_accounts import info_of
from raccord.plugin.texts import Text
from raccord.store.models import Connection, Problem, RecordState, SourceRecord
from raccord.sync.problems import ANSWERS


@command(
    "link",
    "Relier une opération en échec au document de QuickBooks qui est le sien : la prochaine exécution la relie.",
    "Tie a failed record to the QuickBooks document that is its own: the next run links it.",
    params=[
        Option(
            "--document",
            required=True,
            metavar="ID",
            phrase=Phrase(
                "Le numéro interne du document : il est dans son adresse, après txnId=.",
                "The document's id: it stands in its address, after txnId=.",
            ),
        )
    ],
)
@click.argument("problem")
def link(problem: str, document: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            problem_id = the_problem(session, problem)
        linked = link_failed(workshop, operator(actor()), problem_id, document)
    if out.as_json:
        out.json({"linked": linked.id, "subject": linked.subject, "document": document.strip()})
    out.say(
        Phrase(
            f"{linked.subject} : la prochaine exécution le relie au document {document.strip()} (raccord sync).",
            f"{linked.subject}: the next run links it to document {document.strip()} (raccord sync).",
        )
    )
    return Exit.OK


def by_document(problems: Sequence[str], cause: str, document: str) -> int:
    """Resolve one record by the number or the link of its hand-made document, and show what was found."""
    out = output()
    if len(problems) != 1 or cause:
        raise FindingError(
            "problem.one_document",
            Text("Un document est celui d'une seule opération.", "A document is one record's alone."),
            Text("Nommez un seul problème avec --document.", "Name one problem with --document."),
        )
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            problem_id = the_problem(session, problems[0])
        done = resolve_by_hand(workshop, operator(actor()), problem_id, document)
    subject, found = done.problem.subject, done.document
    if out.as_json:
        out.json({"marked": [done.problem.id], "declared": done.declared, "document": _document(found)})
    if found is None:
        out.say(
            Phrase(
                f"{subject} : rien sous {document} dans QuickBooks. Marquée résolue, déclarée saisie à la main.",
                f"{subject}: nothing under {document} in QuickBooks. Marked resolved, declared as entered by hand.",
            )
        )
        return Exit.OK
    said = " ".join(filter(None, (found.kind, found.number or found.id, day(found.day), found.name)))
    amount = f"{money(found.amount, out.language)} {found.currency}".strip()
    out.say(
        Phrase(
            f"{subject} : la prochaine exécution le relie à {said}, {amount} (raccord sync).",
            f"{subject}: the next run links it to {said}, {amount} (raccord sync).",
        )
    )
    return Exit.OK


def _document(found: Alike | None) -> dict[str, object] | None:
    if found is None:
        return None
    return {
        "id": found.id, "kind": found.kind, "number": found.number, "name": found.name, "day": day(found.day) or None,
        "amount": found.amount, "currency": found.currency,
    }  # fmt: skip


@command(
    "skip",
    "Laisser de côté une opération en échec, avec une raison ; « raccord problems by-hand » la ramène.",
    "Leave a failed record out, with a reason; “raccord problems by-hand” brings it back.",
    params=[Option("--why", required=True, phrase=Phrase("La raison.", "The reason."))],
)
@click.argument("problem")
def skip(problem: str, why: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            problem_id = the_problem(session, problem)
        skipped = skip_failed(workshop, operator(actor()), problem_id, why)
    if out.as_json:
        out.json({"skipped": skipped.id, "subject": skipped.subject})
    out.say(Phrase(f"{skipped.subject} : laissé de côté.", f"{skipped.subject}: left out."))
    return Exit.OK


@command(
    "answer",
    "Montrer ce qu'un problème demande et ce qui peut être répondu ; avec WORD, le répondre.",
    "Show what a problem asks and what may be answered; with WORD, answer it.",
)
@click.argument("problem")
@click.argument("word", required=False)
def answer(problem: str, word: str | None) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            asked = session.get_one(Problem, the_problem(session, problem))
            words = (asked.params.get(ANSWERS) or {}).get("words", [])
        if word is not None:
            answer_problem(workshop, operator(actor()), asked.id, word)
            if out.as_json:
                out.json({"answered": asked.id, "word": word})
            out.say(
                Phrase(
                    "Réponse gardée. « raccord sync » reprend la ligne.",
                    "Answer kept. “raccord sync” takes the line up again.",
                )
            )
            return Exit.OK
    if out.as_json:
        out.json({"problem": asked.id, "words": words})
        return Exit.NEEDS_PERSON if words else Exit.OK
    out.table(
        Phrase("Ce qui peut être répondu", "What may be answered"),
        [Column(Phrase("Mot", "Word")), Column(Phrase("Ce qu'il veut dire", "What it means"))],
        [[each["word"], each[out.language]] for each in words],
        empty=Phrase("Ce problème ne demande rien.", "This problem asks nothing."),
    )
    return Exit.NEEDS_PERSON if words else Exit.OK


@command(
    "by-hand",
    "Montrer ce qui peut être décidé d'une opération (STREAM/ID) et ce qui s'ensuit ; avec WAY, le décider.",
    "Show what may be decided of a record (STREAM/ID) and what follows; with WAY, decide it.",
    params=[
        Option("--connection", default=None, phrase=Phrase("Sa connexion, s'il y en a plusieurs.", "Its connection."))
    ],
)
@click.argument("record")
@click.argument("way", required=False)
def by_hand(record: str, way: str | None, connection: str | None) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            owner = the_connection(session, connection)
            found = _the_record(session, owner, record)
            ways = ways_of(session, info_of(workshop, owner.connector), owner, found)
        if way is not None:
            done = decide(workshop, operator(actor()), found.id, way)
            if out.as_json:
                out.json({"record": record, "decided": done.name})
            out.say(Phrase(f"{done.label.fr}. {done.consequence.fr}", f"{done.label.en}. {done.consequence.en}"))
            return Exit.OK
    if out.as_json:
        said = [
            {
                "way": each.name,
                "label": {"fr": each.label.fr, "en": each.label.en},
                "consequence": {"fr": each.consequence.fr, "en": each.consequence.en},
            }
            for each in ways
        ]
        out.json({"record": record, "ways": said})
        return Exit.OK
    out.table(
        Phrase(f"Ce qui se décide de {record}", f"What may be decided of {record}"),
        [
            Column(Phrase("Mot", "Word")),
            Column(Phrase("Ce que c'est", "What it is")),
            Column(Phrase("Ce qui s'ensuit", "What follows")),
        ],
        [[each.name, each.label.get(out.language), each.consequence.get(out.language)] for each in ways],
        empty=Phrase("Rien, tel qu'il est maintenant.", "Nothing as it stands now."),
    )
    return Exit.OK


def _the_record(session: Session, connection: Connection, name: str) -> SourceRecord:
    stream, _, source_id = name.partition("/")
    found = session.scalars(
        select(SourceRecord).where(
            SourceRecord.connection_id == connection.id,
            SourceRecord.stream == stream,
            SourceRecord.source_id == source_id,
            SourceRecord.state != RecordState.SUPERSEDED,
        )
    ).one_or_none()
    if found is None:
        raise FindingError(
            "record.unknown",
            Text(f"Aucune opération ne porte le nom {name}.", f"No record is named {name}."),
            Text(
                "Son nom est sa liste et son numéro à la source, comme payments/pay_0001.",
                "Its name is its stream and its id at the source, such as payments/pay_0001.",
            ),
        )
    return found
