"""The restore drill: a backup is put back in a scratch place, looked at whole, and would create nothing twice."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from raccord.errors import RaccordError
from raccord.keeping.backups import FILES, MADE, Backup, hash_of, read_backup
from raccord.keeping.dumps import content_of, restored
from raccord.keeping.errors import BackupError, no_target
from raccord.keeping.replanning import Replanned, replan
from raccord.onboarding.access.people import Actor, Power, require
from raccord.plugin.texts import Text
from raccord.quickbooks import QuickBooksError, ReadOnlyError
from raccord.store import events, schema
from raccord.store.database import Database
from raccord.store.keyring import Keyring
from raccord.store.locks import exclusive
from raccord.store.models import Event, Secret
from raccord.store.told import verify_links
from raccord.store.told_proofs import verify_proofs
from raccord.store.vault import Vault
from raccord.sync.safekeeping import installation_of, target_of, the_installation
from raccord.sync.workshop import Workshop

PASSED, FAILED = "drill.passed", "drill.failed"
"""What the audit chain calls a drill that ended well, and one that did not."""
SAID_MAX = 40
"""Lines of a drill that are kept."""
SECRETS_AT_ONCE = 500
SCRATCH = ".drill-"
LEFT_BEHIND = timedelta(days=1)
"""Age at which a scratch place is one of a drill that was killed."""
TROUBLES = (RaccordError, QuickBooksError, ReadOnlyError, DBAPIError, OSError, ValueError)
"""What a backup that is damaged, a key that is missing or a QuickBooks that is away raises."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a drill looked at."""

    ok: bool
    text: Text


@dataclass(frozen=True, slots=True)
class Drill:
    """What came of a drill, and of which backup."""

    backup: str
    made_at: datetime | None
    at: datetime
    passed: bool
    lines: tuple[Line, ...]


def ask_for_drill(workshop: Workshop, actor: Actor) -> None:
    """Let a worker try the last backup soon."""
    require(actor, Power.OPERATE)
    with workshop.database.begin() as session:
        row = the_installation(session)
        if target_of(workshop.settings, row) is None:
            raise no_target()
        row.drill_asked_by = actor.name


def drill(workshop: Workshop, actor: Actor, name: str = "") -> Drill:
    """Put a backup of the target (the last one unless named) back in a scratch place and look whether it is whole.

    The manifest's hashes, the counts of rows, the audit chain, the key and the schema's upgrade are looked at, then a
    plan of each connection is made, which must create no document. Nothing is written to QuickBooks or asked of a
    source. The result stands in the audit chain. One drill at a time; ``LockHeldError`` while another goes on.
    """
    require(actor, Power.OPERATE)
    with workshop.database.read() as session:
        target = target_of(workshop.settings, installation_of(session))
    if target is None:
        raise no_target()
    with exclusive(workshop.database, workshop.settings.data_dir, "drill", timedelta(seconds=1)):
        found: Backup | None = None
        lines: list[Line] = []
        try:
            found = read_backup(target, name)
            # What was found before trouble stays.
            lines.extend(_looked_at(workshop, target, found))
        except TROUBLES as error:
            lines.append(Line(False, _said(error)))
        return _keep(workshop, actor, found, name, lines)


def _looked_at(workshop: Workshop, target: Path, backup: Backup) -> Iterator[Line]:
    yield _manifest(workshop, backup)
    yield from _hashes(target, backup)
    data_dir = workshop.settings.data_dir
    _sweep(data_dir, workshop.clock.now())
    place = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=data_dir))
    try:
        with restored(workshop.database, backup.database, place) as copied:
            yield from _content(workshop, copied, backup)
            schema.upgrade(copied)
            schema.ensure_ready(copied)
            yield Line(
                True,
                Text(f"Schéma : {backup.revision} → {schema.head()}.", f"Schema: {backup.revision} → {schema.head()}."),
            )
            yield from _chain(copied)
            vault, line = _key(workshop, copied)
            yield line
            for each in replan(workshop, copied, vault, place):
                yield _of_plan(each)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _manifest(workshop: Workshop, backup: Backup) -> Line:
    with workshop.database.read() as session:
        told: Any = session.scalars(
            select(Event.body).where(Event.company_id == "", Event.action == MADE, Event.subject == backup.name)
            .order_by(Event.seq.desc()).limit(1)
        ).first()  # fmt: skip
    if told is None:
        return Line(
            True,
            Text("Le journal d'audit ne connaît pas cette sauvegarde.", "The audit chain does not know this backup."),
        )
    same = told["manifest"] == backup.sha256
    return Line(
        same,
        Text("Le manifeste est celui du journal d'audit.", "The manifest is the one the audit chain knows.")
        if same
        else Text(
            "Le manifeste n'est plus celui du journal d'audit : il a été changé.",
            "The manifest is not the one the audit chain knows: it was changed.",
        ),
    )


def _hashes(target: Path, backup: Backup) -> Iterator[Line]:
    wanted = str(backup.manifest["database"]["sha256"])
    whole = backup.database.is_file() and hash_of(backup.database) == wanted
    if not whole:
        raise BackupError(
            "drill.database_altered",
            Text(
                f"La base de la sauvegarde {backup.name} manque ou a été changée.",
                f"The database of the backup {backup.name} is missing or was changed.",
            ),
            Text("Prenez une autre sauvegarde, et faites-en une nouvelle.", "Take another backup, and make a new one."),
        )
    bad = []
    for each in backup.manifest["files"]:
        path = Path(str(each["path"]))
        there = target / FILES / path.parent.name / path.name
        if not there.is_file() or hash_of(there) != each["sha256"]:
            bad.append(path.name)
    if bad:
        some = ", ".join(bad[:5])
        yield Line(
            False,
            Text(
                f"Fichiers reçus qui manquent ou ont changé : {len(bad)} ({some}).",
                f"Received files that are missing or were changed: {len(bad)} ({some}).",
            ),
        )
    else:
        yield Line(
            True,
            Text(
                f"Empreintes : la base et {backup.files} fichiers reçus.",
                f"Hashes: the database and {backup.files} received files.",
            ),
        )


def _content(workshop: Workshop, copied: Database, backup: Backup) -> Iterator[Line]:
    """Compare what was put back with what the manifest counted, and its audit chain with ours."""
    said = backup.manifest["database"]
    with copied.read() as session:
        if copied.dialect == "sqlite":
            answer = session.scalar(text("PRAGMA integrity_check(1)"))
            yield Line(answer == "ok", Text(f"Vérification de SQLite : {answer}.", f"SQLite's own check: {answer}."))
        content = content_of(session, backup.revision)
    differs = [
        name
        for name in sorted({*said["counts"], *content.counts})
        if said["counts"].get(name) != content.counts.get(name)
    ]
    rows = sum(content.counts.values())
    if differs:
        some = ", ".join(differs[:5])
        yield Line(
            False,
            Text(
                f"Tables qui n'ont pas le compte du manifeste : {some}.",
                f"Tables without the manifest's count: {some}.",
            ),
        )
    else:
        yield Line(
            True,
            Text(
                f"Comptes : {len(content.counts)} tables, {rows} lignes.",
                f"Counts: {len(content.counts)} tables, {rows} rows.",
            ),
        )
    if not content.entries:
        return
    with workshop.database.read() as session:
        ours = session.scalar(select(Event.hash).where(Event.seq == content.entries))
    same = ours == content.hash == said["chain"]["hash"]
    yield Line(
        same,
        Text(
            f"La chaîne d'audit de la sauvegarde est le début de la nôtre ({content.entries} entrées).",
            f"The backup's audit chain is the beginning of ours ({content.entries} entries).",
        )
        if same
        else Text(
            "La chaîne d'audit de la sauvegarde n'est pas le début de la nôtre.",
            "The backup's audit chain is not the beginning of ours.",
        ),
    )


def _chain(copied: Database) -> Iterator[Line]:
    with copied.read() as session:
        broken = events.verify(session)
        if broken is not None:
            yield Line(
                False,
                Text(
                    f"L'entrée {broken} de sa chaîne d'audit a été changée.",
                    f"Entry {broken} of its audit chain was changed.",
                ),
            )
            return
        untold = len(verify_links(session).untold) + len(verify_proofs(session).untold)
    yield Line(
        not untold,
        Text("Chaîne d'audit, liens et preuves sont intacts.", "Audit chain, links and proofs are intact.")
        if not untold
        else Text(
            "Des liens ou des preuves ne sont pas tels que la chaîne les raconte.",
            "Links or proofs are not as the chain tells them.",
        ),
    )


def _key(workshop: Workshop, copied: Database) -> tuple[Vault, Line]:
    """Open every secret of the copy with today's keys; a key file that is missing is never made anew here."""
    settings = workshop.settings
    if not settings.key.get_secret_value().strip() and not settings.key_file.exists():
        raise BackupError(
            "drill.key_missing",
            Text(
                f"Le fichier de clés {settings.key_file} n'existe pas.",
                f"The key file {settings.key_file} does not exist.",
            ),
            Text("Remettez celui de votre sauvegarde.", "Put back the one of your backup."),
        )
    vault, last, count = Vault(copied, Keyring.open(settings.key_file, settings.key), workshop.clock), "", 0
    with copied.read() as session:
        total = session.scalar(select(func.count()).select_from(Secret)) or 0
    while count < total:
        with copied.read() as session:
            handles = session.scalars(
                select(Secret.handle).where(Secret.handle > last).order_by(Secret.handle).limit(SECRETS_AT_ONCE)
            ).all()
        for handle in handles:
            vault.get_bytes(handle)
        count, last = count + len(handles), handles[-1]
    return vault, Line(True, Text(f"La clé ouvre tous les secrets ({count}).", f"The key opens all secrets ({count})."))


def _of_plan(each: Replanned) -> Line:
    where = f"{each.company} · {each.label}"
    if each.error:
        return Line(
            False,
            Text(
                f"{where} : le plan n'a pas pu être fait ({each.error}).",
                f"{where}: the plan could not be made ({each.error}).",
            ),
        )
    also_fr = f" ; en attente ici aussi : {each.waiting}" if each.waiting else ""
    also_en = f"; waiting here too: {each.waiting}" if each.waiting else ""
    names = f" ({', '.join(each.examples)})" if each.examples else ""
    return Line(
        not each.created,
        Text(
            f"{where} : documents à créer : {each.created}{names}{also_fr}.",
            f"{where}: documents to create: {each.created}{names}{also_en}.",
        ),
    )


def _said(error: BaseException) -> Text:
    if isinstance(error, RaccordError):
        return Text(f"{error.text.fr} {error.fix.fr}", f"{error.text.en} {error.fix.en}")
    kind = type(error.orig).__name__ if isinstance(error, DBAPIError) else type(error).__name__
    detail = "" if isinstance(error, DBAPIError) else f" ({str(error)[:200]})"
    return Text(f"L'exercice s'est arrêté : {kind}{detail}.", f"The drill stopped: {kind}{detail}.")


def _keep(workshop: Workshop, actor: Actor, backup: Backup | None, name: str, lines: list[Line]) -> Drill:
    now, passed = workshop.clock.now(), bool(lines) and all(line.ok for line in lines)
    which = backup.name if backup is not None else name
    # What failed is what somebody needs: it is kept first where there is too much of it.
    kept = sorted(lines, key=lambda line: line.ok)[:SAID_MAX] if len(lines) > SAID_MAX else lines
    said = [{"ok": line.ok, "fr": line.text.fr, "en": line.text.en} for line in kept]
    with workshop.database.begin() as session:
        row = the_installation(session)
        row.drilled_at, row.drilled, row.drill_passed, row.drill_said = now, which, passed, said
        row.drill_asked_by = ""
        events.append(
            session, actor=actor.name, action=PASSED if passed else FAILED, subject=which, now=now,
            body={"failed": [each["en"] for each in said if not each["ok"]], "looked_at": len(lines)},
        )  # fmt: skip
    return Drill(which, None if backup is None else backup.made_at, now, passed, tuple(lines))


def _sweep(data_dir: Path, now: datetime) -> None:
    """Remove the scratch places of drills that were killed."""
    for left in data_dir.glob(f"{SCRATCH}*"):
        if left.is_dir() and now.timestamp() - left.stat().st_mtime > LEFT_BEHIND.total_seconds():
            shutil.rmtree(left, ignore_errors=True)
