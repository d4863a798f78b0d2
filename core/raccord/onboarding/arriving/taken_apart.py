"""Archives (ZIP) of several files that people hand in, taken apart: each file is kept as if it had come alone.

Banks pack a month that way, a file a day or an account. An archive of one file, a workbook (which is an archive too),
and one that cannot be opened whole stay what they are: the connector reads them, or says why not.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, cast

from raccord.plugin.texts import Text

MEMBERS_MAX = 400
"""An archive of more files stays whole."""
TOTAL_BYTES_MAX = 256 * 1024 * 1024
"""So much is unpacked of one archive."""
RATIO_MAX = 200
_RATIO_FREE_BYTES = 4 * 1024 * 1024
"""Small files may be very regular; the ratio counts beyond this size."""
_IN_MEMORY_BYTES = 1024 * 1024
_CHUNK = 256 * 1024
_ENCRYPTED = 0x1
_ZIP = b"PK\x03\x04"
_HIDDEN = ("__MACOSX/", ".")
_OF_WORKBOOK = "[Content_Types].xml"

_TOO_LARGE = Text(
    "Une fois décompressé, ce fichier de l'archive est trop gros : rien n'en est gardé. Demandez une période plus "
    "courte, ou ouvrez l'archive et déposez-le seul.",
    "Unpacked, this file of the archive is too large: nothing of it is kept. Ask for a shorter period, or open the "
    "archive and hand it in alone.",
)


def taken_apart(name: str, content: BinaryIO) -> Iterator[tuple[str, BinaryIO, Text | None]]:
    """Yield the files in an archive of several, or what was handed in where it is none, each with its name; and why one
    cannot be kept, which keeps no other out.

    A file is open until the next one is asked for. The sizes that an archive declares are not believed.
    """
    members = _members(content)
    content.seek(0)
    if len(members) < 2:
        yield name, content, None
        return
    left = TOTAL_BYTES_MAX
    with zipfile.ZipFile(content) as archive:
        for member in members:
            with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as copy:
                size = _copied(archive, member, cast(IO[bytes], copy), left)
                left -= size or 0
                copy.seek(0)
                yield PurePosixPath(member.filename).name, cast(BinaryIO, copy), _TOO_LARGE if size is None else None


def _members(content: BinaryIO) -> list[zipfile.ZipInfo]:
    """Return the files in an archive that can be taken apart; nothing where it cannot."""
    if content.read(len(_ZIP)) != _ZIP:
        return []
    try:
        with zipfile.ZipFile(content) as archive:
            names = {each.filename for each in archive.infolist()}
            found = [each for each in archive.infolist() if not each.is_dir() and not each.filename.startswith(_HIDDEN)]
            whole = _OF_WORKBOOK in names or len(found) > MEMBERS_MAX or any(map(_is_encrypted, found))
            # What is damaged in its middle is refused before anything of it is kept.
            return [] if whole or _beyond(found) or archive.testzip() is not None else found
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        return []


def _is_encrypted(member: zipfile.ZipInfo) -> bool:
    return bool(member.flag_bits & _ENCRYPTED)


def _beyond(members: list[zipfile.ZipInfo]) -> bool:
    """Tell whether an archive itself says that it holds more than is unpacked."""
    return sum(each.file_size for each in members) > TOTAL_BYTES_MAX


def _copied(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: IO[bytes], left: int) -> int | None:
    """Unpack a file and return its size; nothing where it is larger than any statement comes to be."""
    limit = min(left, max(_RATIO_FREE_BYTES, member.compress_size * RATIO_MAX))
    size = 0
    with archive.open(member) as source:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                target.truncate(0)
                return None
            target.write(chunk)
    return size
