"""Checks of the installation itself: folder, keys, database, secrets, audit chain, disk, plugins."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.exc import InterfaceError, OperationalError

from raccord.catalog import Catalog
from raccord.onboarding.checking.findings import Finding, Level, named, refused, well
from raccord.plugin.texts import Text
from raccord.settings import Settings
from raccord.store import events, schema
from raccord.store.database import Database
from raccord.store.errors import StoreError
from raccord.store.keyring import Keyring
from raccord.store.models import Secret
from raccord.store.told import verify_links
from raccord.store.told_proofs import verify_proofs
from raccord.store.vault import Vault
from raccord.sync.safekeeping import guarded_companies, installation_of, target_of

DISK_LOW = 1024**3
DISK_FULL = 200 * 1024**2
SECRETS_MAX = 10_000


def check_house(settings: Settings, database: Database, catalog: Catalog) -> Iterator[Finding]:
    """Check what needs no company; what needs the tables is left out while they are not this version's."""
    yield _folder(settings)
    yield _disk(settings)
    ready = _schema(database)
    yield ready
    if ready.level is Level.OK:
        yield from _keys(settings, database)
        yield from _backups(settings, database)
        yield _audit(database)
    yield from _plugins(catalog)


def _folder(settings: Settings) -> Finding:
    mode = stat.S_IMODE(settings.data_dir.stat().st_mode)
    if mode & 0o077:
        return Finding(
            "doctor.data_dir_open",
            Level.WARNING,
            Text(
                f"D'autres comptes de cette machine lisent {settings.data_dir} (mode {mode:04o}).",
                f"Other accounts of this machine can read {settings.data_dir} (mode {mode:04o}).",
            ),
            Text(f"Lancez « chmod 700 {settings.data_dir} ».", f"Run “chmod 700 {settings.data_dir}”."),
        )
    return well("doctor.data_dir", "Le dossier de données est privé.", "The data directory is private.")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data_dir).free
    said = f"{free // 1024**2} Mio", f"{free // 1024**2} MiB"
    if free < DISK_LOW:
        return Finding(
            "doctor.disk",
            Level.FAILED if free < DISK_FULL else Level.WARNING,
            Text(f"Il reste {said[0]} sur le disque.", f"{said[1]} are left on the disk."),
            Text("Faites de la place ou déplacez le dossier de données.", "Make room or move the data directory."),
        )
    return well("doctor.disk", f"Le disque a {said[0]} de libre.", f"The disk has {said[1]} free.")


def _schema(database: Database) -> Finding:
    try:
        schema.ensure_ready(database)
        schema.check(database)
    except StoreError as error:
        return refused(error)
    except (OperationalError, InterfaceError) as error:
        kind = type(error.orig).__name__
        return Finding(
            "store.away",
            Level.FAILED,
            Text(f"La base de données ne répond pas ({kind}).", f"The database does not answer ({kind})."),
            Text("Vérifiez son adresse et qu'elle tourne.", "Check its address and that it runs."),
        )
    return well("doctor.schema", "La base est au schéma de cette version.", "The database has this version's schema.")


def _keys(settings: Settings, database: Database) -> Iterator[Finding]:
    with database.read() as session:
        handles = session.scalars(select(Secret.handle).order_by(Secret.handle).limit(SECRETS_MAX)).all()
        total = session.scalar(select(func.count()).select_from(Secret)) or 0
    given = bool(settings.key.get_secret_value().strip())
    if not given and not settings.key_file.exists():
        # Opening the vault would make a new key, which opens none of the secrets.
        level = Level.FAILED if handles else Level.OK
        yield Finding(
            "doctor.key_missing" if handles else "doctor.key",
            level,
            Text(
                f"Le fichier de clés {settings.key_file} n'existe pas ; {total} secrets en dépendent.",
                f"The key file {settings.key_file} does not exist; {total} secrets depend on it.",
            ),
            Text("Remettez celui de votre sauvegarde.", "Put back the one of your backup.")
            if handles
            else Text("Il sera créé au premier secret.", "It is made with the first secret."),
        )
        return
    vault = Vault(database, Keyring.open(settings.key_file, settings.key))
    try:
        for handle in handles:
            vault.get_bytes(handle)
    except StoreError as error:
        yield refused(error)
        return
    yield well(
        "doctor.key", f"La clé ouvre tous les secrets ({len(handles)}).", f"The key opens all secrets ({len(handles)})."
    )


def _backups(settings: Settings, database: Database) -> Iterator[Finding]:
    """Say where backups go and where the last one is; without a target only where somebody's real books are kept."""
    with database.read() as session:
        row = installation_of(session)
        real = guarded_companies(session)
    target = target_of(settings, row)
    if target is None:
        names = named([each.name for each in real])
        yield Finding(
            "doctor.backup_target",
            Level.WARNING if real else Level.OK,
            Text(
                f"Aucune cible de sauvegarde n'est choisie ; sociétés réelles : {names or '–'}.",
                f"No backup target is chosen; real companies: {names or '–'}.",
            ),
            Text(
                "Choisissez un dossier, au mieux sur un autre disque : « raccord backup target DOSSIER ».",
                "Choose a folder, best on another disk: “raccord backup target FOLDER”.",
            ),
        )
        return
    if not target.is_dir():
        yield Finding(
            "doctor.backup_target_away",
            Level.FAILED,
            Text(f"Le dossier de sauvegarde {target} n'est pas là.", f"The backup folder {target} is not there."),
            Text("Montez-le, ou choisissez-en un autre.", "Mount it, or choose another one."),
        )
        return
    last = "–" if row is None or row.backed_up_at is None else f"{row.backed_up_at:%Y-%m-%d}"
    yield well(
        "doctor.backup", f"Sauvegardes dans {target} ; la dernière : {last}.", f"Backups in {target}; the last: {last}."
    )


def _audit(database: Database) -> Finding:
    with database.read() as session:
        broken = events.verify(session)
        links = None if broken is not None else verify_links(session)
        proofs = None if broken is not None else verify_proofs(session)
    if links is not None and links.untold:
        told = links.untold[0]
        return Finding(
            "audit.links_untold",
            Level.FAILED,
            Text(
                f"{told.key or told.link_id} n'est pas tel que la chaîne d'audit le raconte.",
                f"{told.key or told.link_id} is not as the audit chain tells it.",
            ),
            Text("« raccord audit verify » les nomme tous.", "“raccord audit verify” names them all."),
        )
    if proofs is not None and proofs.untold:
        proof = proofs.untold[0]
        where = f"{proof.connection} {proof.stream} {proof.currency} {proof.day}"
        return Finding(
            "audit.proofs_untold",
            Level.FAILED,
            Text(
                f"La preuve {where} n'est pas telle que la chaîne d'audit la raconte.",
                f"The proof {where} is not as the audit chain tells it.",
            ),
            Text("« raccord audit verify » les nomme toutes.", "“raccord audit verify” names them all."),
        )
    if broken is None:
        return well("doctor.audit", "La chaîne d'audit est intacte.", "The audit chain is intact.")
    return Finding(
        "audit.chain_broken",
        Level.FAILED,
        Text(
            f"L'entrée {broken} de la chaîne d'audit a été modifiée, retirée, ajoutée ou déplacée.",
            f"Entry {broken} of the audit chain was altered, removed, added or moved.",
        ),
        Text("Comparez avec une sauvegarde.", "Compare with a backup."),
    )


def _plugins(catalog: Catalog) -> Iterator[Finding]:
    for one in catalog.quarantined:
        yield Finding(str(one.code), Level.WARNING, one.reason, one.fix, one.name)
    if not catalog.admitted:
        yield Finding(
            "doctor.no_connector",
            Level.WARNING,
            Text("Aucun connecteur n'est installé.", "No connector is installed."),
            Text("Installez-en un : pip install raccord-chase.", "Install one: pip install raccord-chase."),
        )
    elif not catalog.quarantined:
        count = len(catalog.admitted)
        yield well("doctor.plugins", f"Connecteurs admis : {count}.", f"Connectors admitted: {count}.")
