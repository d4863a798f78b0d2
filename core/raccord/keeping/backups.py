"""Backups in the target: each a folder with the database and a manifest; received files, still sealed, beside them."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import select

from raccord.keeping.dumps import dump
from raccord.keeping.errors import (
    BackupError,
    no_target,
    not_written,
    target_missing,
    target_unusable,
    unknown_backup,
    unreadable,
)
from raccord.onboarding.access.people import Actor, Power, require
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.canonical import canonical, exact
from raccord.store.durable import sync_folder
from raccord.store.models import Event
from raccord.sync.safekeeping import installation_of, target_of, the_installation
from raccord.sync.workshop import Workshop

FORMAT = "raccord backup 1"
MANIFEST = "manifest.json"
FILES = "files"
MANIFEST_BYTES_MAX = 256 * 1024 * 1024
LISTED_MAX = 1000
MADE = "backup.made"
"""What the audit chain calls a backup; the entry holds its manifest's hash."""

_NAME = re.compile(r"raccord-\d{8}T\d{6}Z")
_SEALED_NAME = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup: its folder's name, when it was made and what its manifest says."""

    name: str
    folder: Path
    made_at: datetime
    raccord: str
    revision: str
    database: Path
    database_bytes: int
    files: int
    manifest: Mapping[str, Any]
    sha256: str
    """Of the manifest, as the audit chain knows it."""


def choose_target(
    workshop: Workshop, actor: Actor, folder: str, *, from_pages: bool = False, create: bool = True
) -> Path:
    """Say where backups go from now on; what is in the old place stays there. ``BackupError`` where it takes none, or
    where it does not exist and was not said to be created.

    From pages that others reach it is refused: whoever signs in there chooses no folder of this machine.
    """
    require(actor, Power.OPERATE)
    settings = workshop.settings
    if from_pages and not settings.served_here():
        raise BackupError(
            "backup.only_here",
            Text(
                "Ces pages sont ouvertes à un réseau : la cible se choisit sur la machine.",
                "These pages are open to a network: the target is chosen on the machine.",
            ),
            Text(
                "Réglez RACCORD_BACKUP_DIR sur la machine, puis relancez Raccord.",
                "Set RACCORD_BACKUP_DIR on the machine, then restart Raccord.",
            ),
        )
    if settings.backup_dir != Path():
        raise BackupError(
            "backup.target_given",
            Text(
                f"La cible vient de RACCORD_BACKUP_DIR ({settings.backup_dir}).",
                f"The target comes from RACCORD_BACKUP_DIR ({settings.backup_dir}).",
            ),
            Text("Changez-la là, puis relancez Raccord.", "Change it there, then restart Raccord."),
        )
    place = Path(folder.strip())
    if not folder.strip() or not place.is_absolute() or "\x00" in folder:
        raise target_unusable(place, Text("ce n'est pas un chemin entier", "that is no whole path"))
    created = not os.path.exists(place)
    if created and not create:
        raise target_missing(place)
    _probe(place, settings.data_dir)
    with workshop.database.begin() as session:
        row = the_installation(session)
        before, row.backup_dir = row.backup_dir, str(place)
        events.append(
            session, actor=actor.name, action="backup.target_chosen", subject=str(place), now=workshop.clock.now(),
            body={"before": before, "created": created},
        )  # fmt: skip
    return place


def make_backup(workshop: Workshop, by: str) -> Backup:
    """Write a backup to the target, take away what is beyond ``backup_keep``, and tell the audit chain.

    The database is as it was at one moment; files that came later may lie beside it. The vault's key is not in it.
    """
    with workshop.database.read() as session:
        target = target_of(workshop.settings, installation_of(session))
    if target is None:
        raise no_target()
    _probe(target, workshop.settings.data_dir)
    now = workshop.clock.now().astimezone(UTC)
    name = f"raccord-{now:%Y%m%dT%H%M%SZ}"
    folder, part = target / name, target / f".{name}.part"
    if folder.exists():
        raise target_unusable(folder, Text("elle existe déjà", "it exists already"))
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        file, content = dump(workshop.database, part)
        manifest = {
            "format": FORMAT,
            "raccord": version("raccord"),
            "made_at": now.isoformat(),
            "database": {
                "kind": workshop.database.dialect, "file": file.name, "bytes": file.stat().st_size,
                "sha256": hash_of(file), "revision": content.revision, "counts": dict(content.counts),
                "chain": {"entries": content.entries, "hash": content.hash},
            },
            "files": _copy_files(workshop.settings.data_dir / FILES, target),
        }  # fmt: skip
        _write(part / MANIFEST, canonical(manifest).encode())
        sync_folder(part)
        part.rename(folder)
        sync_folder(target)
    except OSError as error:
        raise not_written(target, error) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    made = read_backup(target, name)
    with workshop.database.begin() as session:
        row = the_installation(session)
        row.backed_up_at, row.backup = now, name
        events.append(
            session, actor=by, action=MADE, subject=name, now=now,
            body={"manifest": made.sha256, "files": made.files, "bytes": made.database_bytes},
        )  # fmt: skip
        ours = set(session.scalars(select(Event.subject).where(Event.company_id == "", Event.action == MADE)))
    try:
        _take_away(target, ours, workshop.settings.backup_keep)
    except OSError as error:
        raise not_written(target, error) from None
    return made


def list_backups(target: Path) -> list[str]:
    """Return the names of the backups in a target, the newest first."""
    if not target.is_dir():
        return []
    found = [each.name for each in target.iterdir() if _NAME.fullmatch(each.name) and (each / MANIFEST).is_file()]
    return sorted(found, reverse=True)[:LISTED_MAX]


def read_backup(target: Path, name: str = "") -> Backup:
    """Return a backup of the target by its name, or the last one; ``BackupError`` where there is none or it says
    nothing that can be read.
    """
    known = list_backups(target)
    if not known or (name and name not in known):
        raise unknown_backup(name, known)
    folder = target / (name or known[0])
    path = folder / MANIFEST
    if path.stat().st_size > MANIFEST_BYTES_MAX:
        raise unreadable(folder.name, MANIFEST)
    raw = path.read_bytes()
    try:
        said: Any = exact(raw.decode())
        database = said["database"]
        if said["format"] != FORMAT or Path(database["file"]).name != database["file"]:
            raise unreadable(folder.name, str(said["format"]))
        return Backup(
            folder.name, folder, datetime.fromisoformat(said["made_at"]), said["raccord"], database["revision"],
            folder / database["file"], int(database["bytes"]), len(said["files"]), said,
            hashlib.sha256(raw).hexdigest(),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise unreadable(folder.name, type(error).__name__) from None


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _probe(place: Path, data_dir: Path) -> None:
    """Make a target where it is missing, and write to it once."""
    try:
        own, there = data_dir.resolve(), place.resolve()
        if there == own or there.is_relative_to(own):
            raise target_unusable(place, Text("il est dans le dossier de données", "it lies in the data directory"))
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = place / f".raccord-{os.getpid()}"
        _write(probe, b"")
        probe.unlink()
    except OSError as error:
        raise not_written(place, error) from None


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _copy_files(files: Path, target: Path) -> list[dict[str, Any]]:
    """Copy received files, sealed as they lie, that the target does not have yet, and name all with their hashes."""
    known = _known_files(target)
    named = []
    for source in _sealed_in(files):
        path = f"{FILES}/{source.parent.name}/{source.name}"
        there, size = target / path, source.stat().st_size
        before = known.get(path)
        if before is None or before[0] != size or not there.is_file() or there.stat().st_size != size:
            there.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = there.with_name(f".{there.name}.part")
            shutil.copyfile(source, fresh)
            fresh.chmod(0o600)
            before = size, hash_of(fresh)
            fresh.rename(there)
        named.append({"path": path, "bytes": before[0], "sha256": before[1]})
    return named


def _sealed_in(files: Path) -> Iterator[Path]:
    for folder in sorted(path for path in files.iterdir() if path.is_dir()) if files.is_dir() else ():
        yield from sorted(path for path in folder.iterdir() if _SEALED_NAME.fullmatch(path.name))


def _known_files(target: Path) -> dict[str, tuple[int, str]]:
    """Return what the last backup said of each file: sealed ones never change, so they are hashed once."""
    if not list_backups(target):
        return {}
    return {each["path"]: (int(each["bytes"]), each["sha256"]) for each in read_backup(target).manifest["files"]}


def _take_away(target: Path, ours: Collection[str], keep: int) -> None:
    """Remove ours beyond the newest, and files that no backup left names; what another installation put there stays."""
    gone = [name for name in list_backups(target) if name in ours][keep:]
    if not gone:
        return
    for name in gone:
        shutil.rmtree(target / name)
    named = {each["path"] for name in list_backups(target) for each in read_backup(target, name).manifest["files"]}
    for path in _sealed_in(target / FILES):
        if f"{FILES}/{path.parent.name}/{path.name}" not in named:
            path.unlink()
