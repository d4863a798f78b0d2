"""``raccord lists``: lists of QuickBooks that go to a source."""

from __future__ import annotations

from dataclasses import asdict
from itertools import count

import click

from raccord.cli.sync_command import STATES
from raccord.cli.terminal.engine import inline_engine
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, actor, output
from raccord.cli.terminal.words import Option, default_group
from raccord.jobs.list_requests import request_lists
from raccord.onboarding.setting_up.doubles import Double, delete_doubles, imported_doubles
from raccord.onboarding.setting_up.lists import likely_doubles, lists_of, verify_list
from raccord.onboarding.setting_up.tending import Tended, tag_earlier
from raccord.onboarding.setting_up.undoing_imports import Imported, imported_of, undo_import
from raccord.overview.explain import explain
from raccord.store.models import Run, RunState
from raccord.sync.telling.sending import sent_of


@default_group(
    "lists",
    "list",
    "Montrer les listes de QuickBooks qui vont à une source, et les envoyer.",
    "Show the lists of QuickBooks that go to a source, and send them.",
)
def command() -> None:
    pass


@command.command(
    "list",
    phrase=Phrase("Montrer ce que la source a reçu de chaque liste.", "Show what the source has of each list."),
)
@click.argument("connection")
def list_(connection: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = the_connection(session, connection).id
        views = lists_of(workshop, chosen)
    if out.as_json:
        rows = [
            {"list": view.info.name, "goes": view.goes, "every_run": view.info.every_run, "taken": view.taken}
            for view in views
        ]
        out.json({"lists": rows})
        return Exit.OK
    out.table(
        Phrase("Listes", "Lists"),
        [
            Column(Phrase("Nom", "Name")),
            Column(Phrase("Liste", "List")),
            Column(Phrase("Reçus par la source", "Taken by the source"), right=True),
            Column(Phrase("Envoi", "Sent")),
        ],
        [
            [
                view.info.name,
                view.info.label.get(out.language),
                str(view.taken),
                _when(view.goes, view.info.every_run).get(out.language),
            ]
            for view in views
        ],
        empty=Phrase("Cette source ne reçoit aucune liste.", "This source takes no list."),
    )
    return Exit.OK


@command.command(
    "push",
    phrase=Phrase(
        "Envoyer une liste à la source ; ce qu'elle a déjà n'est pas renvoyé.",
        "Send a list to the source; what it has already is not sent again.",
    ),
)
@click.argument("connection")
@click.argument("name")
def push(connection: str, name: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = the_connection(session, connection)
        with out.progress(Phrase(chosen.label, chosen.label)) as progress:
            pages = count(1)
            engine = inline_engine(workshop, lambda _run_id: progress(next(pages)))
            run_id = request_lists(workshop, engine, operator(actor()), chosen.id, [name])
        with workshop.database.read() as session:
            run = session.get_one(Run, run_id)
    counts, ended = next((each.counts, each.ended) for each in sent_of(run.progress) if each.name == name)
    if out.as_json:
        out.json({"list": name, "run": run.id, "ended": ended, **asdict(counts)})
    out.say(
        Phrase(
            f"{counts.read} lus : {counts.pushed} envoyés, {counts.unchanged} déjà reçus, {counts.refused} refusés, "
            f"{counts.left} sans réponse, {counts.inactive} inactifs.",
            f"{counts.read} read: {counts.pushed} sent, {counts.unchanged} there already, {counts.refused} refused, "
            f"{counts.left} without an answer, {counts.inactive} inactive.",
        )
    )
    if not ended:
        return _stopped(run)
    return Exit.NEEDS_PERSON if counts.refused or counts.left else Exit.OK


@command.command(
    "check",
    phrase=Phrase(
        "Comparer une liste avec ce que la source en a : les deux comptes et ce qui manque.",
        "Compare a list with what the source has of it: both counts and what is missing.",
    ),
)
@click.argument("connection")
@click.argument("name")
def check(connection: str, name: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = the_connection(session, connection).id
        found = verify_list(workshop, chosen, name)
        doubles = likely_doubles(workshop, chosen, name)
    if out.as_json:
        out.json({"list": name, "likely_doubles": doubles, **asdict(found)})
    else:
        missing, inactive = (", ".join(names) or "-" for names in (found.missing, found.inactive))
        out.say(
            Phrase(
                f"{found.ledger} dans QuickBooks, {found.taken} à la source. Manquent : {missing}. Inactifs, restent "
                f"dehors : {inactive}. Doublons probables : {doubles}.",
                f"{found.ledger} in QuickBooks, {found.taken} at the source. Missing: {missing}. Inactive, stay out: "
                f"{inactive}. Likely duplicates: {doubles}.",
            )
        )
    return Exit.OK if found.ledger == found.taken else Exit.NEEDS_PERSON


@command.command(
    "tag",
    phrase=Phrase(
        "Étiqueter à la source ce qui y était avant l'importation d'une liste.",
        "Tag at the source what was there before a list is imported.",
    ),
)
@click.argument("connection")
@click.argument("name")
def tag(connection: str, name: str) -> int:
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = the_connection(session, connection).id
        tended = tag_earlier(workshop, operator(actor()), chosen, name)
    return _tended(name, tended, Phrase("étiquetés", "tagged"))


@command.command(
    "doubles",
    phrase=Phrase(
        "Montrer ce qui est en double à la source depuis l'importation, et supprimer l'importé.",
        "Show what is at the source twice since the import, and delete what was imported.",
    ),
    params=[
        Option(
            "--delete",
            multiple=True,
            metavar="ID",
            phrase=Phrase("Supprimer cet importé (id QuickBooks).", "Delete this imported one (QuickBooks id)."),
        ),
    ],
)
@click.argument("connection")
@click.argument("name")
def doubles(connection: str, name: str, delete: tuple[str, ...]) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = the_connection(session, connection).id
        if delete:
            tended = delete_doubles(workshop, operator(actor()), chosen, name, delete)
            return _tended(name, tended, Phrase("supprimés", "deleted"))
        found = imported_doubles(workshop, chosen, name).rows
    if out.as_json:
        out.json({"list": name, "doubles": [_double(each) for each in found]})
        return Exit.OK
    out.table(
        Phrase("Doublons", "Duplicates"),
        [Column(Phrase("Id", "Id")), Column(Phrase("Importé", "Imported")),
         Column(Phrase("Y était déjà", "There before")), Column(Phrase("Sert déjà", "In use"))],
        [
            [each.object_id, each.name, ", ".join(f"{one.name} ({one.id})" for one in each.earlier),
             Phrase("oui", "yes").get(out.language) if each.in_use else ""]
            for each in found
        ],
        empty=Phrase("Aucun doublon.", "No duplicate."),
    )  # fmt: skip
    return Exit.OK


@command.command(
    "undo",
    phrase=Phrase(
        "Annoncer ce qui partirait si l'importation d'une liste était défaite ; avec --yes, le supprimer à la source.",
        "Tell what would go if the import of a list were undone; with --yes, delete it at the source.",
    ),
    params=[Option("--yes", is_flag=True, phrase=Phrase("Le faire.", "Do it."))],
)
@click.argument("connection")
@click.argument("name")
def undo(connection: str, name: str, yes: bool) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = the_connection(session, connection).id
        if yes:
            taken_back = undo_import(workshop, operator(actor()), chosen, name)
            goes, stay, left = taken_back.done, taken_back.stay, taken_back.left
        else:
            found = imported_of(workshop, chosen, name)
            stay, left = [each for each in found if each.stays is not None], 0
            goes = len(found) - len(stay)
    if out.as_json:
        out.json({"list": name, "undone": yes, "goes": goes, "stays": [_staying(each) for each in stay], "left": left})
        return Exit.NEEDS_PERSON if left else Exit.OK
    out.table(
        Phrase("Ce qui reste à la source", "What stays at the source"),
        [Column(Phrase("Importé", "Imported")), Column(Phrase("Raison", "Reason"))],
        [[each.name, "" if each.stays is None else each.stays.get(out.language)] for each in stay],
        empty=Phrase("Rien.", "Nothing."),
    )
    done = Phrase(f"{goes} supprimés à la source.", f"{goes} deleted at the source.")
    out.say(done if yes else Phrase(f"{goes} partiraient : --yes.", f"{goes} would go: --yes."))
    return Exit.NEEDS_PERSON if left else Exit.OK


def _stopped(run: Run) -> Exit:
    """Say why a list is not at the source as a whole."""
    state = STATES[RunState(run.state)]
    french, english = (explain(run.error_code, run.error_params, language) for language in ("fr", "en"))
    why = Phrase(f" {french.what} {french.fix}", f" {english.what} {english.fix}") if run.error_code else Phrase("", "")
    output().say(
        Phrase(
            f"Pas jusqu'au bout : l'exécution est {state.fr}.{why.fr}",
            f"Not to the end: the run is {state.en}.{why.en}",
        )
    )
    return Exit.FAILED


def _double(each: Double) -> dict[str, object]:
    beside = [
        {**asdict(one.earlier), "reasons": [str(why) for why in one.reasons], "linked": one.linked}
        for one in each.beside
    ]
    return {
        "object_id": each.object_id, "name": each.name, "source_id": each.source_id, "earlier": beside,
        "in_use": each.in_use,
    }  # fmt: skip


def _staying(each: Imported) -> dict[str, object]:
    why = None if each.stays is None else {"fr": each.stays.fr, "en": each.stays.en}
    return {"id": each.object_id, "name": each.name, "why": why}


def _tended(name: str, tended: Tended, done: Phrase) -> int:
    out, whole = output(), not tended.refused and not tended.left
    if out.as_json:
        out.json({"list": name, "done": tended.done, "refused": tended.refused, "left": tended.left})
    else:
        why = f" {tended.why.get(out.language)}" if tended.why else ""
        out.say(
            Phrase(
                f"{tended.done} {done.fr}, {tended.refused} refusés, {tended.left} sans réponse.{why}",
                f"{tended.done} {done.en}, {tended.refused} refused, {tended.left} without an answer.{why}",
            )
        )
    return Exit.OK if whole else Exit.NEEDS_PERSON


def _when(goes: bool, every_run: bool) -> Phrase:
    if not goes:
        return Phrase("jamais dans ce mode", "never in this mode")
    return Phrase("à chaque exécution", "with every run") if every_run else Phrase("sur demande", "on request")
