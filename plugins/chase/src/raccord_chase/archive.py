"""Takes the files out of a ZIP archive, within limits that no honest archive comes near."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from pathlib import PurePosixPath
from tempfile import TemporaryFile
from typing import IO

from raccord.plugin import FileBox, Reauthorise, SourceFile, Text
from raccord_chase.problems import Problem, problem

MEMBERS_MAX = 1_000
TOTAL_BYTES_MAX = 1024 * 1024 * 1024
RATIO_MAX = 200
_RATIO_FREE_BYTES = 4 * 1024 * 1024
"""Small members may be very regular; the ratio counts beyond this size."""

_CHUNK = 256 * 1024
_ENCRYPTED = 0x1


def unpack(archive: SourceFile, files: FileBox, password: str) -> list[Problem]:
    """Receive every member into ``files`` and return what could not be; the same members again are no problem.

    Raises :class:`Reauthorise` where a password is needed and missing or wrong: with the right one the archive is read
    again, so nothing is lost.
    """
    problems: list[Problem] = []
    try:
        with archive.open() as stream, zipfile.ZipFile(stream) as opened:
            members = [member for member in opened.infolist() if not member.is_dir()]
            if len(members) > MEMBERS_MAX:
                return [problem("zip_bomb", detail=f"{len(members)} > {MEMBERS_MAX} files")]
            left = TOTAL_BYTES_MAX
            for member in members:
                with TemporaryFile() as copy:
                    found = _copy(opened, member, copy, password, left)
                    if isinstance(found, Problem):
                        problems.append(found)
                        if found.code == "chase.zip_bomb":
                            return problems
                        continue
                    left -= found
                    copy.seek(0)
                    name = PurePosixPath(member.filename.replace("\\", "/")).name or "member"
                    files.receive(name, copy, origin=f"zip:{archive.name}")
    except zipfile.BadZipFile as error:
        problems.append(problem("zip_broken", detail=str(error)[:120]))
    return problems


def _copy(
    opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: IO[bytes], password: str, left: int
) -> int | Problem:
    """Copy a member and return its size, or why it is refused; the sizes the archive declares are not believed."""
    encrypted = bool(member.flag_bits & _ENCRYPTED)
    if encrypted and member.compress_type == 99:
        return problem("zip_encryption", member=member.filename[:100])
    if encrypted and not password:
        raise _password_needed(member)
    limit = min(left, max(_RATIO_FREE_BYTES, member.compress_size * RATIO_MAX))
    size = 0
    try:
        with opened.open(member, pwd=password.encode() if encrypted else None) as source:
            while chunk := source.read(_CHUNK):
                if size == 0 and chunk.startswith(b"PK\x03\x04"):
                    return problem("zip_nested", member=member.filename[:100])
                size += len(chunk)
                if size > limit:
                    return problem("zip_bomb", detail=f"{member.filename[:100]}: > {limit} bytes")
                target.write(chunk)
    except NotImplementedError:
        return problem("zip_encryption", member=member.filename[:100])
    except RuntimeError as error:  # the zipfile module says no more than this for a wrong password
        if encrypted:
            raise _password_needed(member) from error
        return problem("zip_broken", detail=str(error)[:120])
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        if encrypted:  # one wrong password in 256 passes the module's check and only the content tells
            raise _password_needed(member) from error
        return problem("zip_broken", detail=f"{member.filename[:100]}: {str(error)[:120]}")
    return size


def _password_needed(member: zipfile.ZipInfo) -> Reauthorise:
    wrong = problem("zip_password", member=member.filename[:100])
    return Reauthorise(Text(wrong.text.fr, wrong.text.en))
