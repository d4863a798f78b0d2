"""``raccord sandbox person``: what somebody does in the browser, past the API."""

from __future__ import annotations

import click

from raccord.cli.sandbox.client import URL, Doc, pairs, running_lab
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import output
from raccord.cli.terminal.words import Option, group

CHANGE = Option(
    "--set",
    "change",
    multiple=True,
    metavar="NAME=VALUE",
    phrase=Phrase(
        "Une propriété ; sa valeur est du JSON, sinon un texte. Plusieurs fois au besoin.",
        "A property; its value is JSON, else text. May be repeated.",
    ),
)


@group(
    "person",
    "Faire ce qu'une personne fait dans le navigateur : écrire, modifier, annuler, supprimer, fermer les livres.",
    "Do what a person does in the browser: make, edit, void, delete, close the books.",
)
def person() -> None:
    pass


@person.command("create", phrase=Phrase("Créer un objet.", "Make an object."), params=[CHANGE, URL])
@click.argument("company")
@click.argument("entity")
def create(company: str, entity: str, change: tuple[str, ...], url: str) -> None:
    _do(url, company, "create", {"entity": entity, "changes": pairs(change, "--set")})


@person.command("edit", phrase=Phrase("Modifier un objet.", "Edit an object."), params=[CHANGE, URL])
@click.argument("company")
@click.argument("entity")
@click.argument("id")
def edit(company: str, entity: str, id: str, change: tuple[str, ...], url: str) -> None:
    _do(url, company, "edit", {"entity": entity, "id": id, "changes": pairs(change, "--set")})


def _on_object(deed: str, phrase: Phrase) -> None:
    @person.command(deed, phrase=phrase, params=[URL])
    @click.argument("company")
    @click.argument("entity")
    @click.argument("id")
    def do(company: str, entity: str, id: str, url: str) -> None:
        _do(url, company, deed, {"entity": entity, "id": id})


for _deed, _phrase in (
    ("void", Phrase("Annuler un document.", "Void a document.")),
    ("delete", Phrase("Supprimer un objet.", "Delete an object.")),
    ("deactivate", Phrase("Rendre un nom inactif.", "Make a name inactive.")),
    ("reactivate", Phrase("Rendre un nom actif.", "Make a name active again.")),
):
    _on_object(_deed, _phrase)


@person.command(
    "close-books",
    phrase=Phrase(
        "Fermer les livres jusqu'au jour donné ; les ouvrir sans jour.",
        "Close the books up to a day; open them without one.",
    ),
    params=[URL],
)
@click.argument("company")
@click.argument("day", required=False)
def close_books(company: str, day: str | None, url: str) -> None:
    _do(url, company, "close-books", {} if day is None else {"date": day})


@person.command(
    "disconnect",
    phrase=Phrase("Retirer la société à tous les logiciels.", "Take the company away from every application."),
    params=[URL],
)
@click.argument("company")
def disconnect(company: str, url: str) -> None:
    _do(url, company, "disconnect", {})


@person.command(
    "set-up-taxes",
    phrase=Phrase(
        "Mettre en place les taxes : quebec, british-columbia, united-kingdom, france, united-states…",
        "Set up taxes: quebec, british-columbia, united-kingdom, france, united-states…",
    ),
    params=[URL],
)
@click.argument("company")
@click.argument("regime")
def set_up_taxes(company: str, regime: str, url: str) -> None:
    _do(url, company, "set-up-taxes", {"regime": regime})


@person.command(
    "merge",
    phrase=Phrase("Fondre une entrée d'une liste dans une autre.", "Let an entry of a list vanish into another."),
    params=[URL],
)
@click.argument("company")
@click.argument("entity")
@click.argument("id")
@click.argument("into")
def merge(company: str, entity: str, id: str, into: str, url: str) -> None:
    _do(url, company, "merge", {"entity": entity, "id": id, "into": into})


def _do(url: str, company: str, deed: str, body: Doc) -> None:
    lab = running_lab(url)
    answer: Doc = lab.post(f"/companies/{lab.realm(company)}/person/{deed}", body)
    if output().as_json:
        output().json(answer)
    subject = " ".join(str(answer[key]) for key in ("Id", "DocNumber", "DisplayName", "Name") if key in answer)
    output().say(Phrase(f"Fait. {subject}".rstrip(), f"Done. {subject}".rstrip()))
