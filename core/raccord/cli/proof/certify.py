"""``raccord proof certify`` and ``check``: a month in one document, and whether such a document holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import click
from sqlalchemy import select

from raccord import catalog as catalogs
from raccord.catalog import Catalog
from raccord.cli.terminal.engine import holding_company
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, Output, actor, output
from raccord.cli.terminal.showing import money, stream_label
from raccord.cli.terminal.words import Option, command
from raccord.errors import RaccordError
from raccord.onboarding.closing.certificates import certify, faults_in, sums_by_stream
from raccord.onboarding.closing.left_out import declared_in
from raccord.onboarding.closing.not_certified import CertificateError
from raccord.onboarding.connecting.companies import the_company
from raccord.plugin.texts import Text
from raccord.store.canonical import canonical, exact
from raccord.store.models import Connection, ConnectionState
from raccord.sync.proving.reprove import prove_again
from raccord.sync.workshop import Workshop

BYTES_MAX = 50_000_000


@command(
    "certify",
    "Prouver un mois de nouveau et le certifier : un document qui se vérifie sans Raccord.",
    "Prove a month again and certify it: a document that can be checked without Raccord.",
    params=[
        Option("--company", default="", phrase=Phrase("Société, s'il y en a plusieurs.", "Company, if several.")),
        Option(
            "--with-exceptions",
            is_flag=True,
            phrase=Phrase(
                "Certifier même si quelque chose reste ouvert : tout y est nommé, avec --reason.",
                "Certify even if something is still open: all of it is named, with --reason.",
            ),
        ),
        Option(
            "--reason",
            default="",
            phrase=Phrase(
                "Pourquoi ce qui est ouvert est accepté ; le certificat le dit.",
                "Why what is open is accepted; the certificate says it.",
            ),
        ),
        Option(
            "--out",
            type=click.Path(dir_okay=False, path_type=Path),
            phrase=Phrase("Écrire le certificat dans ce fichier.", "Write the certificate to this file."),
        ),
    ],
)
@click.argument("month", type=click.DateTime(["%Y-%m"]))
def certify_month(month: datetime, company: str, with_exceptions: bool, reason: str, out: Path | None) -> int:
    said = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = the_company(session, company)
            alive = select(Connection).where(
                Connection.company_id == chosen.id, Connection.state != ConnectionState.UNCONNECTED
            )
            connections = session.scalars(alive).all()
        with holding_company(workshop, chosen.id):
            for each in connections:
                prove_and_show(workshop, each, said)
            certificate = certify(
                workshop, operator(actor()), chosen.id, month.date(), with_exceptions=with_exceptions, reason=reason
            )
        catalog = workshop.scopes.catalog
    body: Any = exact(certificate.body)
    document = {"certificate": body, "sha256": certificate.hash}
    if out is not None:
        out.write_text(canonical(document) + "\n", encoding="utf-8")
    if said.as_json:
        said.json(document)
        return Exit.OK
    _show(said, body, catalog)
    said.say(Phrase(f"Empreinte : {certificate.hash}", f"Fingerprint: {certificate.hash}"))
    if out is not None:
        said.say(
            Phrase(
                f"Écrit dans {out}. Quiconque le vérifie : raccord proof check {out}",
                f"Written to {out}. Anybody checks it: raccord proof check {out}",
            )
        )
    return Exit.OK


def prove_and_show(workshop: Workshop, connection: Connection, said: Output) -> None:
    """Prove a connection again while a bar shows how far it is; the caller holds the company."""
    label = connection.label
    with said.progress(Phrase(f"Preuve de {label}", f"Proof of {label}")) as progress:
        prove_again(workshop, connection.id, lambda done, _all: progress(done))


@command(
    "check",
    "Vérifier un certificat, sans base de données : empreinte, sommes, exceptions.",
    "Check a certificate, without a database: fingerprint, sums, exceptions.",
)
@click.argument("file", type=click.File("rb"))
def check_certificate(file: IO[bytes]) -> int:
    document = _read(file)
    try:
        wrong = faults_in(document["certificate"], str(document["sha256"]))
    except (KeyError, TypeError, ValueError, ArithmeticError):
        raise _unreadable() from None
    out = output()
    if out.as_json:
        out.json({"holds": not wrong, "wrong": wrong, "month": document["certificate"]["month"]})
    elif wrong:
        out.say(
            Phrase(
                f"Ce certificat ne tient pas : {'; '.join(wrong[:10])}.",
                f"This certificate does not hold: {'; '.join(wrong[:10])}.",
            )
        )
    else:
        _show(out, document["certificate"], catalogs.load_catalog())
        out.say(Phrase("Le certificat tient : empreinte et sommes.", "The certificate holds: fingerprint and sums."))
    return Exit.UNEQUAL if wrong else Exit.OK


def _read(file: IO[bytes]) -> Mapping[str, Any]:
    raw = file.read(BYTES_MAX + 1)
    try:
        document = exact(raw) if len(raw) <= BYTES_MAX else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("certificate"), dict):
        raise _unreadable()
    return document


def _unreadable() -> RaccordError:
    return CertificateError(
        "certificate.unreadable",
        Text("Ce fichier n'est pas un certificat de Raccord.", "This file is no certificate of Raccord's."),
        Text(
            "Donnez le fichier que « raccord proof certify » a écrit.", "Give the file “raccord proof certify” wrote."
        ),
    )


def _show(out: Output, body: Mapping[str, Any], catalog: Catalog) -> None:
    clean = (
        Phrase("sans exception", "without exception") if body["clean"] else Phrase("avec exceptions", "with exceptions")
    )
    title = f"{body['company']['name']}, {body['month']}, v{body['version']}"
    out.table(
        Phrase(f"{title} : {clean.fr}", f"{title}: {clean.en}"),
        [
            Column(Phrase("Connexion", "Connection")),
            Column(Phrase("Flux", "Stream")),
            Column(Phrase("Devise", "Currency")),
            Column(Phrase("Source", "Source"), right=True),
            Column(Phrase("Laissé de côté", "Left out"), right=True),
            Column(Phrase("dont déclaré", "of which declared"), right=True),
            Column(Phrase("Écrit", "Posted"), right=True),
            Column(Phrase("QuickBooks", "QuickBooks"), right=True),
            Column(Phrase("Exceptions", "Exceptions"), right=True),
        ],
        [
            [
                part["label"],
                stream_label(catalog, part["connector"], each.stream).get(out.language),
                each.currency,
                money(each.source, out.language),
                money(each.left_out, out.language),
                money(declared.get((each.stream, each.currency), Decimal(0)), out.language),
                money(each.posted, out.language),
                money(each.quickbooks, out.language),
                str(len(part["exceptions"])),
            ]
            for part in body["connections"]
            for declared in (_declared(part),)
            for each in sums_by_stream(part["proofs"])
        ],
        empty=Phrase("Rien ne s'est passé ce mois-là.", "Nothing happened in that month."),
    )


def _declared(part: Mapping[str, Any]) -> dict[tuple[str, str], Decimal]:
    """Return what people declared as entered by hand, by stream and currency; certificates of old do not say."""
    reasons = part.get("left_out", {}).get("reasons", ())
    return {(each.stream, each.currency): each.amount for each in declared_in(reasons)}
