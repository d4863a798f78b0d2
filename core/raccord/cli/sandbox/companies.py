"""``raccord sandbox companies``: the companies of a sandbox that runs."""

from __future__ import annotations

from typing import BinaryIO

import click

from raccord.cli.sandbox.client import URL, Doc, pairs, running_lab
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, Output, output
from raccord.cli.terminal.words import Option, default_group

SWITCH = Option(
    "--switch",
    multiple=True,
    metavar="NAME=VALUE",
    phrase=Phrase("Commutateur de départ ; plusieurs fois au besoin.", "A switch to begin with; may be repeated."),
)


@default_group(
    "companies",
    "list",
    "Montrer, créer, garder, rétablir et supprimer les sociétés du bac à sable.",
    "Show, make, keep, bring back and delete the companies of the sandbox.",
)
def companies() -> None:
    pass


@companies.command("list", phrase=Phrase("Montrer les sociétés.", "Show the companies."), params=[URL])
def list_(url: str) -> None:
    found: list[Doc] = running_lab(url).get("/companies")
    out = output()
    if out.as_json:
        out.json({"companies": found})
        return
    out.table(
        Phrase("Sociétés du bac à sable", "Companies of the sandbox"),
        [
            Column(Phrase("Numéro", "Realm")),
            Column(Phrase("Nom", "Name")),
            Column(Phrase("Modèle", "Template")),
            Column(Phrase("Monnaie", "Currency")),
            Column(Phrase("Heure", "Time")),
            Column(Phrase("Écritures", "Writes"), right=True),
        ],
        [[str(each[key]) for key in ("realm", "name", "template", "currency", "now", "writes")] for each in found],
        empty=Phrase(
            "Aucune. Créez-en une : raccord sandbox companies make --template us",
            "None. Make one: raccord sandbox companies make --template us",
        ),
    )


@companies.command(
    "make",
    phrase=Phrase(
        "Créer une société prête pour un logiciel : numéro, application, jetons.",
        "Make a company that is ready for an application: realm, client, tokens.",
    ),
    params=[
        Option(
            "--template", required=True, phrase=Phrase("us, quebec, france ou empty.", "us, quebec, france or empty.")
        ),
        Option("--name", default="", phrase=Phrase("Son nom.", "Its name.")),
        Option(
            "--country", default="", phrase=Phrase("Pays du modèle empty (FR).", "Country of the template empty (FR).")
        ),
        Option(
            "--currency",
            default="",
            phrase=Phrase("Monnaie du modèle empty (EUR).", "Currency of the template empty (EUR)."),
        ),
        Option(
            "--clock", default="", phrase=Phrase("Son heure de départ (ISO 8601).", "Its time at first (ISO 8601).")
        ),
        Option("--frozen", is_flag=True, phrase=Phrase("Arrêter son horloge.", "Stop its clock.")),
        SWITCH,
        URL,
    ],
)
def make(
    template: str, name: str, country: str, currency: str, clock: str, frozen: bool, switch: tuple[str, ...], url: str
) -> None:
    given = {"template": template, "name": name, "country": country, "currency": currency, "clock": clock}
    body: Doc = {key: value for key, value in given.items() if value}
    body |= ({"frozen": True} if frozen else {}) | ({"switches": pairs(switch, "--switch")} if switch else {})
    _show(output(), running_lab(url).post("/companies", body))


@companies.command("show", phrase=Phrase("Montrer une société.", "Show a company."), params=[URL])
@click.argument("company")
def show(company: str, url: str) -> None:
    lab = running_lab(url)
    _show(output(), lab.get(f"/companies/{lab.realm(company)}"))


@companies.command(
    "tokens",
    phrase=Phrase("Donner de nouveaux jetons, sans navigateur.", "Give fresh tokens, without a browser."),
    params=[URL],
)
@click.argument("company")
def tokens(company: str, url: str) -> None:
    lab = running_lab(url)
    _show(output(), lab.post(f"/companies/{lab.realm(company)}/tokens"))


@companies.command(
    "delete", phrase=Phrase("Supprimer une société et ses livres.", "Delete a company and its books."), params=[URL]
)
@click.argument("company")
def delete(company: str, url: str) -> None:
    lab = running_lab(url)
    _show(output(), lab.delete(f"/companies/{lab.realm(company)}"))


@companies.command(
    "snapshot",
    phrase=Phrase("Garder l'état d'une société sous un nom.", "Keep the state of a company under a name."),
    params=[URL],
)
@click.argument("company")
@click.argument("name", default="default")
def snapshot(company: str, name: str, url: str) -> None:
    lab = running_lab(url)
    _show(output(), lab.post(f"/companies/{lab.realm(company)}/snapshots", {"name": name}))


@companies.command(
    "restore",
    phrase=Phrase("Rétablir une société comme elle était.", "Bring a company back as it was."),
    params=[URL],
)
@click.argument("company")
@click.argument("name", default="default")
def restore(company: str, name: str, url: str) -> None:
    lab = running_lab(url)
    _show(output(), lab.post(f"/companies/{lab.realm(company)}/snapshots/{name}/restore"))


@companies.command(
    "export",
    phrase=Phrase("Écrire une société dans un fichier.", "Write a company to a file."),
    params=[URL],
)
@click.argument("company")
@click.argument("file", type=click.File("wb"))
def export(company: str, file: BinaryIO, url: str) -> None:
    lab = running_lab(url)
    realm = lab.realm(company)
    content = lab.fetch("GET", f"/companies/{realm}/export")
    file.write(content)
    _show(output(), {"realm": realm, "bytes": len(content)})


@companies.command(
    "import",
    phrase=Phrase("Reprendre une société d'un fichier.", "Take in a company from a file."),
    params=[URL],
)
@click.argument("file", type=click.File("rb"))
def import_(file: BinaryIO, url: str) -> None:
    _show(output(), running_lab(url).ask("POST", "/companies/import", file.read()))


def _show(out: Output, answer: Doc) -> None:
    if out.as_json:
        out.json(answer)
        return
    for name, value in answer.items():
        if not isinstance(value, dict):
            out.say(Phrase(f"{name} : {value}", f"{name}: {value}"))
            continue
        for inner, each in value.items():
            out.say(Phrase(f"{name} {inner} : {each}", f"{name} {inner}: {each}"))
