"""Whether backups lie on the disk that they are there to survive."""

from __future__ import annotations

from pathlib import Path

from raccord.plugin.texts import Text

SAME_DISK = Text(
    "Ce dossier est sur le même disque que les données : un disque qui casse emporte les deux.",
    "This folder lies on the same disk as the data: a disk that breaks takes both.",
)


def on_disk_of(folder: Path, data_dir: Path) -> bool:
    """Tell whether a folder, or the nearest above it that exists, lies on the data directory's own disk.

    What cannot be looked at is not known to; that it takes no backup is told when one is made.
    """
    there, own = _disk(folder), _disk(data_dir)
    return there is not None and there == own


def _disk(folder: Path) -> int | None:
    for place in (folder, *folder.parents):
        try:
            return place.stat().st_dev
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return None
    return None
