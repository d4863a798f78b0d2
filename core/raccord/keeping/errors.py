"""What keeps a backup or a drill from being made."""

from __future__ import annotations

from pathlib import Path

from raccord.errors import RaccordError
from raccord.plugin.texts import Text


class BackupError(RaccordError):
    """Raised when a backup cannot be made, found or put back; says why and what to do."""


class RetentionError(RaccordError):
    """Raised when something would be kept for fewer days than what rests on it."""


def no_target() -> BackupError:
    return BackupError(
        "backup.no_target",
        Text("Aucune cible de sauvegarde n'est choisie.", "No backup target is chosen."),
        Text(
            "Choisissez un dossier, au mieux sur un autre disque : « raccord backup target DOSSIER » ou "
            "RACCORD_BACKUP_DIR.",
            "Choose a folder, best on another disk: “raccord backup target FOLDER” or RACCORD_BACKUP_DIR.",
        ),
    )


def target_unusable(folder: Path, why: Text) -> BackupError:
    return BackupError(
        "backup.target_unusable",
        Text(
            f"Le dossier {folder} ne peut pas recevoir de sauvegardes : {why.fr}.",
            f"The folder {folder} cannot take backups: {why.en}.",
        ),
        Text(
            "Donnez un dossier entier, hors du dossier de données, où Raccord peut écrire.",
            "Give a whole path, outside the data directory, where Raccord may write.",
        ),
    )


def target_missing(folder: Path) -> BackupError:
    return BackupError(
        "backup.target_missing",
        Text(f"Le dossier {folder} n'existe pas encore.", f"The folder {folder} does not exist yet."),
        Text(
            "Corrigez le chemin, montez le disque s'il manque, ou faites créer ce dossier.",
            "Correct the path, mount the disk if it is missing, or have this folder created.",
        ),
    )


def not_written(folder: Path, error: OSError) -> BackupError:
    why = error.strerror or type(error).__name__
    return target_unusable(folder, Text(why, why))


def tool_missing(name: str) -> BackupError:
    return BackupError(
        "backup.tool_missing",
        Text(
            f"Le programme {name} de PostgreSQL n'est pas installé sur cette machine.",
            f"PostgreSQL's program {name} is not installed on this machine.",
        ),
        Text(
            "Installez les programmes clients de PostgreSQL (paquet postgresql-client), de la version du serveur "
            "ou plus récents.",
            "Install PostgreSQL's client programs (package postgresql-client), of the server's version or newer.",
        ),
    )


def tool_failed(name: str, said: str) -> BackupError:
    return BackupError(
        "backup.tool_failed",
        Text(f"{name} a échoué : {said}", f"{name} failed: {said}"),
        Text(
            "Vérifiez l'accès à la base, la place et la version du programme, puis recommencez.",
            "Check the access to the database, the room and the program's version, then try again.",
        ),
    )


def unknown_backup(name: str, known: list[str]) -> BackupError:
    some = ", ".join(known[:5]) or "–"
    return BackupError(
        "backup.unknown",
        Text(
            f"Il n'y a pas de sauvegarde « {name} » ; les dernières : {some}."
            if name
            else "Il n'y a encore aucune sauvegarde.",
            f"There is no backup “{name}”; the last ones: {some}." if name else "There is no backup yet.",
        ),
        Text(
            "« raccord backup list » les montre ; « raccord backup make » en fait une.",
            "“raccord backup list” shows them; “raccord backup make” makes one.",
        ),
    )


def unreadable(name: str, why: str) -> BackupError:
    return BackupError(
        "backup.unreadable",
        Text(f"La sauvegarde {name} n'est pas lisible : {why}.", f"The backup {name} cannot be read: {why}."),
        Text("Prenez-en une autre, ou faites-en une nouvelle.", "Take another one, or make a new one."),
    )
