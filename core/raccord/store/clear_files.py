"""Files that an older version kept in clear: sealed where they are first read, or all at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import select

from raccord.clock import Clock
from raccord.plugin.texts import Text
from raccord.store.errors import FilesRefusedError
from raccord.store.file_keys import FileKeys
from raccord.store.models import SourceFile
from raccord.store.parts import part_in, sweep
from raccord.store.sealed import Sealer, altered, is_sealed
from raccord.store.vault import Vault

_READ = 1024 * 1024
_NAMED_AT_MOST = 5


def seal_file(path: Path, keys: Sequence[bytes], label: str, sha256: str) -> bool:
    """Put a sealed file in place of one in clear; ``False`` when it is sealed already.

    Whoever reads the file meanwhile reads on; when this is killed, the file stands as it was. Raises
    ``FilesRefusedError`` when its bytes are not those of ``sha256``.
    """
    with path.open("rb") as clear, part_in(path.parent) as part:
        if is_sealed(clear):
            return False
        sealer = Sealer(part.file, keys)
        while chunk := clear.read(_READ):
            sealer.write(chunk)
        if sealer.finish() != sha256:
            raise altered(label)
        part.keep(path.name)
    return True


def seal_clear_files(vault: Vault, data_dir: Path, clock: Clock) -> int:
    """Seal every file of the data directory that still lies in clear and return how many there were.

    One file at a time, each whole or not at all: when it is killed, the next call goes on. All files are tried before
    ``FilesRefusedError`` names those that could not be sealed.
    """
    count = 0
    failed: list[Text] = []
    for folder in _folders(data_dir / "files"):
        sweep(folder, clock.now())
        for path in _received(folder):
            try:
                count += not _sealed(path) and seal_file(
                    path, FileKeys(vault, folder.name).ensured(), _name(vault, path), path.name
                )
            except FileNotFoundError:
                continue
            except OSError as error:
                why = error.strerror or type(error).__name__
                failed.append(Text(fr=f"{path} : {why}.", en=f"{path}: {why}."))
            except FilesRefusedError as error:
                failed.append(error.what)
    if failed:
        raise _not_sealed(failed)
    return count


def _folders(files: Path) -> list[Path]:
    return sorted(path for path in files.iterdir() if path.is_dir()) if files.is_dir() else []


def _received(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if re.fullmatch(r"[0-9a-f]{64}", path.name):
            yield path


def _sealed(path: Path) -> bool:
    with path.open("rb") as stream:
        return is_sealed(stream)


def _name(vault: Vault, path: Path) -> str:
    """Return the file's name as it arrived; one whose row a crash lost goes by its hash."""
    with vault.database.read() as session:
        name = session.scalars(
            select(SourceFile.name).where(SourceFile.connection_id == path.parent.name, SourceFile.sha256 == path.name)
        ).first()
    return name or path.name


def _not_sealed(failed: list[Text]) -> FilesRefusedError:
    more = " …" if len(failed) > _NAMED_AT_MOST else ""
    fr = " ".join(why.fr for why in failed[:_NAMED_AT_MOST]) + more
    en = " ".join(why.en for why in failed[:_NAMED_AT_MOST]) + more
    return FilesRefusedError(
        "files.not_sealed",
        Text(
            fr=f"Fichiers reçus qui restent en clair dans le dossier de données : {len(failed)}. {fr}",
            en=f"Received files that still lie in clear in the data directory: {len(failed)}. {en}",
        ),
        Text(
            fr="Remettez-les de la sauvegarde ou effacez-les, puis relancez ; tous les autres sont chiffrés.",
            en="Put them back from the backup or delete them, then run this again; all others are encrypted.",
        ),
    )
