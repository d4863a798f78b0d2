"""``raccord audit``: the chain of what people decided, whether it is whole, and why a document is in QuickBooks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import the_connection
from raccord.cli.terminal.house import opened
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, Output, output
from raccord.cli.terminal.showing import day, moment, money, short
from raccord.cli.terminal.words import Option, group
from raccord.errors import RaccordError
from raccord.masking import masked
from raccord.overview.answers import CONFLICT, PluginAnswer, conflict_said
from raccord.overview.audit import Entry, WantedEntries, audit_log
from raccord.overview.history import SAID as DEEDS
from raccord.overview.listing import MOST, USUAL
from raccord.overview.verified import links_untold, proofs_untold
from raccord.overview.why import Said, Why, Write, why
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.told import verify_links
from raccord.store.told_proofs import verify_proofs


class ChainBrokenError(RaccordError):
    """Raised when an entry of the audit chain is not what was written."""


class DocumentUnknownError(RaccordError):
    """Raised when no linked document goes by the name that a person gave."""


@group(
    "audit",
    "Montrer qui a décidé quoi, et pourquoi.",
    "Show who decided what, and why.",
)
def command() -> None:
    pass


@command.command(
    "verify",
    phrase=Phrase(
        "Vérifier la chaîne d'audit : nomme la première entrée modifiée.",
        "Verify the audit chain: names the first entry that was altered.",
    ),
)
def verify() -> None:
    with opened() as database, database.read() as session:
        broken = events.verify(session)
        links = None if broken is not None else verify_links(session)
        proofs = None if broken is not None else verify_proofs(session)
    if broken is not None:
        raise ChainBrokenError(
            "audit.chain_broken",
            Text(
                f"L'entrée {broken} de la chaîne d'audit a été modifiée, retirée, ajoutée ou déplacée.",
                f"Entry {broken} of the audit chain was altered, removed, added or moved.",
            ),
            Text(
                "Comparez avec une sauvegarde : quelqu'un a écrit dans la base sans passer par Raccord.",
                "Compare with a backup: somebody wrote to the database without going through Raccord.",
            ),
        )
    if links is not None and links.untold:
        raise links_untold(links)
    if proofs is not None and proofs.untold:
        raise proofs_untold(proofs)
    out = output()
    told, older = (0, 0) if links is None else (links.told, links.older)
    proven, proven_before = (0, 0) if proofs is None else (proofs.told, proofs.older)
    if out.as_json:
        out.json({"intact": True, "links": told, "older": older, "proofs": proven, "older_proofs": proven_before})
    documents = counted(told, ("{n} document", "{n} document"), ("{n} documents", "{n} documents"))
    proofs_told = counted(proven, ("{n} preuve", "{n} proof"), ("{n} preuves", "{n} proofs"))
    out.say(
        Phrase(
            f"La chaîne d'audit est intacte ; elle raconte tels quels {documents.fr} et {proofs_told.fr}.",
            f"The audit chain is intact; {documents.en} and {proofs_told.en} are as it tells them.",
        )
    )
    if proven_before:
        out.say(
            counted(
                proven_before,
                ("{n} preuve date d'avant que la chaîne la raconte.", "{n} proof is from before the chain told of it."),
                (
                    "{n} preuves datent d'avant que la chaîne les raconte.",
                    "{n} proofs are from before the chain told of them.",
                ),
            )
        )
    if older:
        out.say(
            counted(
                older,
                (
                    "{n} document date d'avant que la chaîne le raconte.",
                    "{n} document is from before the chain told of it.",
                ),
                (
                    "{n} documents datent d'avant que la chaîne les raconte.",
                    "{n} documents are from before the chain told of them.",
                ),
            )
        )


@command.command(
    "log",
    phrase=Phrase("Montrer qui a fait quoi, le plus récent d'abord.", "Show who did what, the newest first."),
    params=[
        Option("--connection", default=None, phrase=Phrase("D'une seule connexion.", "Of one connection only.")),
        Option("--by", default="", metavar="NAME", phrase=Phrase("D'une seule personne.", "Of one person only.")),
        Option(
            "--action",
            default="",
            phrase=Phrase(
                "D'une seule action (plan.approved) ou famille (plan).",
                "Of one action (plan.approved) or family (plan) only.",
            ),
        ),
        Option(
            "--from",
            "origin",
            default="",
            metavar="PLACE",
            phrase=Phrase(
                "D'une seule adresse, d'un appareil ou d'un jeton.", "From one address, device or token only."
            ),
        ),
        Option(
            "--limit",
            type=click.IntRange(1, MOST),
            default=USUAL,
            phrase=Phrase("Nombre d'entrées au plus.", "Number of entries at most."),
        ),
    ],
)
def log(connection: str | None, by: str, action: str, origin: str, limit: int) -> None:
    out = output()
    with opened() as database, database.read() as session:
        chosen = "" if connection is None else the_connection(session, connection).id
        wanted = WantedEntries(connection_id=chosen, actor=by, action=action, origin=origin)
        found = audit_log(session, wanted, limit=limit)
    if out.as_json:
        out.json({"entries": [_entry_json(entry) for entry in found.rows], "total": found.total})
        return
    _show_entries(out, Phrase(f"Audit ({found.total})", f"Audit ({found.total})"), found.rows)


@command.command(
    "why",
    phrase=Phrase(
        "Montrer pourquoi un document est dans QuickBooks : ce que la source a dit, quel greffon et quelles "
        "correspondances l'ont traduit, qui l'a approuvé, quelle exécution l'a écrit.",
        "Show why a document is in QuickBooks: what the source said, which plugin and mapping translated it, who "
        "approved it, which run posted it.",
    ),
)
@click.argument("document")
def why_(document: str) -> int:
    out = output()
    with opened() as database, database.read() as session:
        found = why(session, document)
    if not found:
        raise DocumentUnknownError(
            "audit.document_unknown",
            Text(
                f"Aucun document lié ne porte le nom {document}.",
                f"No linked document goes by the name {document}.",
            ),
            Text(
                "Donnez son numéro, son genre et son identifiant QuickBooks (« SalesReceipt 123 ») ou sa clé. Un "
                "document que Raccord n'a ni écrit ni lié n'y est pas.",
                "Give its number, its kind and QuickBooks id (“SalesReceipt 123”) or its key. A document that Raccord "
                "neither posted nor linked is not there.",
            ),
        )
    if out.as_json:
        out.json({"documents": [_why_json(each) for each in found]})
    else:
        for each in found:
            _show_why(out, each)
    return Exit.OK


def _show_why(out: Output, found: Why) -> None:
    rows = [
        [field.get(out.language), value]
        for field, value in (
            *_document(out, found),
            *(() if found.said is None else _said(out, found.said)),
            *(_answer(out, answer) for answer in found.answers),
            *(field for write in found.writes for field in _write(out, write)),
        )
    ]
    name = f"{found.kind} {found.document_id}"
    out.table(
        Phrase(f"Pourquoi {name} est là", f"Why {name} is here"),
        [Column(Phrase("Quoi", "What")), Column(Phrase("Valeur", "Value"))],
        rows,
        empty=Phrase("Rien à montrer.", "Nothing to show."),
    )
    out.table(
        Phrase("Son histoire, du plus ancien au plus récent", "Its history, the oldest first"),
        [
            Column(Phrase("Quand", "When")),
            Column(Phrase("Quoi", "What")),
            Column(Phrase("Qui", "Who")),
            Column(Phrase("Pourquoi", "Why")),
        ],
        [
            [
                moment(each.at),
                " ".join(
                    filter(None, (DEEDS[each.what].get(out.language), each.kind, each.number or each.document_id))
                ),
                each.by,
                each.code,
            ]
            for each in found.history
        ],
        empty=Phrase("Rien n'y est encore.", "Nothing is there yet."),
    )
    if found.entries:
        _show_entries(out, Phrase("Dans la chaîne d'audit", "In the audit chain"), found.entries)


def _document(out: Output, found: Why) -> Iterator[tuple[Phrase, str]]:
    yield Phrase("Société", "Company"), found.company
    yield Phrase("Document", "Document"), " ".join(filter(None, (found.kind, found.number or found.document_id)))
    yield Phrase("Adresse", "Address"), found.url
    origin = {
        "created": Phrase("écrit par Raccord", "posted by Raccord"),
        "linked": Phrase("lié à un document qui y était", "linked to a document that was there"),
    }
    said = origin.get(found.origin, Phrase(found.origin, found.origin)).get(out.language)
    yield Phrase("Origine", "Origin"), f"{said}, {moment(found.linked_at)} ({found.state})"
    yield Phrase("Connexion", "Connection"), f"{found.connection} ({found.connector})"
    yield Phrase("Clé", "Key"), masked(found.key)
    if found.rule is not None:
        how = Phrase("appliquée", "carried out") if found.rule.carried_out else Phrase("proposée", "proposed")
        version = f"{found.rule.name} (v{found.rule.version}, {found.rule.made_by})"
        yield Phrase("Règle", "Rule"), f"{version}, {how.get(out.language)}"


def _said(out: Output, said: Said) -> Iterator[tuple[Phrase, str]]:
    amount = "" if said.amount is None else f", {money(said.amount, out.language)} {said.currency}"
    yield (
        Phrase("La source a dit", "The source said"),
        f"{said.stream} {masked(said.source_id)}, r{said.revision}, {day(said.day)}{amount}",
    )
    note = "" if said.newest else Phrase(" (a changé depuis)", " (has changed since)").get(out.language)
    yield Phrase("Reçu", "Received"), f"{moment(said.fetched_at)}, run {short(said.fetched_by_run)}{note}"
    yield Phrase("Empreinte", "Fingerprint"), said.content_hash


def _answer(out: Output, answer: PluginAnswer) -> tuple[Phrase, str]:
    reason = "" if answer.reason is None else f": {answer.reason.get(out.language)}"
    by = f"{answer.plugin} {answer.version}, {moment(answer.at)}{reason}"
    if answer.hook == CONFLICT:
        what, how = conflict_said(answer, out.language)
        return Phrase(f"  {what}", f"  {what}"), f"{how} ({by})"
    role = f"  {answer.about} {answer.of}".rstrip()
    return Phrase(role, role), f"{answer.name or answer.answer} ({by})"


def _write(out: Output, write: Write) -> Iterator[tuple[Phrase, str]]:
    yield (
        Phrase("Traduit par", "Translated by"),
        f"{write.plugin or 'raccord'}, {Phrase('correspondances', 'mapping').get(out.language)} r{write.mapping}",
    )
    for each in write.chosen:
        yield (
            Phrase(f"  {each.role}", f"  {each.role}"),
            f"{each.ledger} ({each.origin}: {each.by}, {moment(each.at)})",
        )
    standing = Phrase("la règle de la connexion", "the connection's standing rule").get(out.language)
    by = standing if write.approved_by == "standing" else write.approved_by
    yield (
        Phrase("Plan approuvé par", "Plan approved by"),
        f"{by}, {moment(write.approved_at)} ({write.plan_hash[:12]})",
    )
    yield (
        Phrase("Écrit par l'exécution", "Posted by run"),
        f"{short(write.run_id)} ({write.run_trigger}: {write.run_started_by})",
    )
    yield (
        Phrase("Réponse de QuickBooks", "QuickBooks' answer"),
        f"{write.operation} r{write.revision}, {moment(write.answered_at)}",
    )
    yield Phrase("requestid, intuit_tid", "requestid, intuit_tid"), f"{write.request_id}, {write.tid or '–'}"


def _show_entries(out: Output, title: Phrase, entries: Sequence[Entry]) -> None:
    out.table(
        title,
        [
            Column(Phrase("N°", "No."), right=True),
            Column(Phrase("Quand", "When")),
            Column(Phrase("Qui", "Who")),
            Column(Phrase("Quoi", "What")),
            Column(Phrase("Sujet", "Subject")),
            Column(Phrase("D'où", "From where")),
            Column(Phrase("Détail", "Detail")),
        ],
        [
            [
                str(entry.seq),
                moment(entry.at),
                entry.actor,
                entry.action,
                masked(entry.subject),
                " · ".join(filter(None, (entry.token, entry.address, entry.device))),
                masked(", ".join(f"{name}: {value}" for name, value in sorted(entry.body.items()))),
            ]
            for entry in entries
        ],
        empty=Phrase("Rien n'y est encore.", "Nothing is there yet."),
    )


def _entry_json(entry: Entry) -> dict[str, object]:
    return {**asdict(entry), "at": entry.at.isoformat(), "body": dict(entry.body)}


def _why_json(found: Why) -> dict[str, object]:
    body: dict[str, object] = {name: _plain(value) for name, value in asdict(found).items() if name != "entries"}
    if found.said is not None:
        body["said"] = {
            **{name: _plain(value) for name, value in asdict(found.said).items()},
            "raw": json.loads(found.said.raw, parse_float=Decimal),
        }
    body["entries"] = [_entry_json(entry) for entry in found.entries]
    return body


def _plain(value: object) -> object:
    """Return a value whose dates are text, whatever it holds."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
