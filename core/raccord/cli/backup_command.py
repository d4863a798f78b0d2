"""``raccord backup``: a copy of all that is kept in another place, and where that is."""

from __future__ import annotations

from pathlib import Path

import click

from raccord.cli.terminal.finding import operator
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, actor, output
from raccord.cli.terminal.words import Option, default_group
from raccord.keeping.backups import Backup, choose_target, list_backups, make_backup, read_backup
from raccord.keeping.disks import SAME_DISK, on_disk_of
from raccord.keeping.errors import no_target
from raccord.sync.safekeeping import installation_of, target_of
from raccord.sync.workshop import Workshop

LISTED = 30


@default_group(
    "backup",
    "make",
    "Sauvegarder la base et les fichiers reçus dans la cible ; la clé n'en fait pas partie.",
    "Back up the database and the received files to the target; the key is not part of it.",
)
def command() -> None:
    pass


@command.command(
    "make",
    phrase=Phrase(
        "Faire une sauvegarde maintenant (ce que fait « raccord backup » seul).",
        "Make a backup now (what “raccord backup” alone does).",
    ),
)
def make() -> None:
    with opened_workshop() as workshop:
        made = make_backup(workshop, actor())
    out = output()
    if out.as_json:
        out.json(_as_json(made))
    out.say(
        Phrase(
            f"Sauvegarde {made.name} dans {made.folder.parent} : base de {made.database_bytes} octets, "
            f"fichiers reçus : {made.files}. La clé se sauvegarde à part.",
            f"Backup {made.name} in {made.folder.parent}: database of {made.database_bytes} bytes, "
            f"received files: {made.files}. The key is saved apart.",
        )
    )


@command.command(
    "list",
    phrase=Phrase(
        "Montrer les sauvegardes de la cible, la dernière d'abord.", "Show the target's backups, the last one first."
    ),
    params=[
        Option(
            "--limit",
            type=click.IntRange(1, 1000),
            default=LISTED,
            phrase=Phrase("Nombre de sauvegardes au plus.", "Number of backups at most."),
        )
    ],
)
def list_(limit: int) -> None:
    with opened_workshop() as workshop:
        target = _target(workshop)
    found = [read_backup(target, name) for name in list_backups(target)[:limit]]
    out = output()
    if out.as_json:
        out.json({"target": str(target), "backups": [_as_json(each) for each in found]})
        return
    out.table(
        Phrase("Sauvegardes", "Backups"),
        [
            Column(Phrase("Sauvegarde", "Backup")),
            Column(Phrase("Version", "Version")),
            Column(Phrase("Octets", "Bytes"), right=True),
            Column(Phrase("Fichiers", "Files"), right=True),
        ],
        [[each.name, each.raccord, str(each.database_bytes), str(each.files)] for each in found],
        empty=Phrase("Aucune encore : raccord backup make.", "None yet: raccord backup make."),
    )


@command.command(
    "target",
    phrase=Phrase("Montrer où vont les sauvegardes, ou le dire.", "Show where backups go, or say it."),
)
@click.argument("folder", required=False)
def target_command(folder: str | None) -> None:
    with opened_workshop() as workshop:
        created = folder is not None and not Path(folder).exists()
        place = choose_target(workshop, operator(actor()), folder) if folder is not None else _target(workshop)
        same_disk = on_disk_of(place, workshop.settings.data_dir)
    out = output()
    if out.as_json:
        out.json({"target": str(place), "created": created, "same_disk": same_disk})
    if created:
        out.say(
            Phrase(f"Le dossier {place} n'existait pas : il a été créé.", f"{place} did not exist: it was created.")
        )
    out.say(Phrase(f"Les sauvegardes vont dans {place}.", f"Backups go to {place}."))
    if same_disk:
        out.say(Phrase(SAME_DISK.fr, SAME_DISK.en))


def _target(workshop: Workshop) -> Path:
    with workshop.database.read() as session:
        target = target_of(workshop.settings, installation_of(session))
    if target is None:
        raise no_target()
    return target


def _as_json(made: Backup) -> dict[str, object]:
    return {
        "name": made.name,
        "folder": str(made.folder),
        "made_at": made.made_at.isoformat(),
        "raccord": made.raccord,
        "revision": made.revision,
        "bytes": made.database_bytes,
        "files": made.files,
    }
