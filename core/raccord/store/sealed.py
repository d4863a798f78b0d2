"""The form in which received files lie on the disk: encrypted, proof against changes, readable from any place.

A sealed file is a header and chunks of 64 KiB, each encrypted with AES-256-GCM. The key is the file's own, derived from
a file key of its connection and a random salt; the nonce is the chunk's number, so no chunk stands in another's place.
The header, encrypted likewise, holds length and hash of the plaintext: whatever is cut off, added or passed off as
another file is found when the file is opened, and whatever is altered when it is read.

Fernet, which the vault uses, would make files a third larger and every chunk depend on the vault's key. Here only the
file keys do, which lie in the vault as secrets: a change of the vault's key touches no file at all.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
from collections.abc import Sequence
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from raccord.plugin.texts import Text
from raccord.store.errors import FilesRefusedError

MAGIC = b"\x89RACC\x1a\n\x01"
"""The first bytes of a sealed file, the last of them the version of this form; no text and no archive begins so."""

CHUNK = 64 * 1024
KEY_BYTES = 32

_TAG = 16
_SALT = struct.Struct(">I32s")
_PLAIN = struct.Struct(">Q32s")
HEADER = len(MAGIC) + _SALT.size + _PLAIN.size + _TAG
_OF_HEADER = b"\xff" * 12
"""The header's nonce, which no chunk has."""


class Sealer:
    """Writes one sealed file, in bounded memory; it is a sealed file only after ``finish``.

    ``keys`` are the connection's file keys, oldest first; the last one seals. ``target`` is empty and can seek.
    """

    def __init__(self, target: BinaryIO, keys: Sequence[bytes]) -> None:
        self._target = target
        self._salt = _SALT.pack(len(keys) - 1, os.urandom(32))
        self._cipher = _cipher(keys[-1], self._salt)
        self._digest = hashlib.sha256()
        self._begun = bytearray()
        self._number = 0
        self.size = 0
        """How many plain bytes were written."""
        target.write(bytes(HEADER))

    def write(self, content: bytes) -> None:
        self.size += len(content)
        self._digest.update(content)
        view = memoryview(content)
        if self._begun:
            missing = CHUNK - len(self._begun)
            self._begun += view[:missing]
            view = view[missing:]
            if len(self._begun) == CHUNK:
                self._put(self._begun)
                self._begun = bytearray()
        while len(view) >= CHUNK:
            self._put(view[:CHUNK])
            view = view[CHUNK:]
        self._begun += view

    def finish(self) -> str:
        """Write what is left and the header; return the SHA-256 of the plaintext."""
        if self._begun:
            self._put(self._begun)
        plain = _PLAIN.pack(self.size, self._digest.digest())
        self._target.seek(0)
        self._target.write(MAGIC + self._salt + self._cipher.encrypt(_OF_HEADER, plain, MAGIC + self._salt))
        return self._digest.hexdigest()

    def _put(self, chunk: bytearray | memoryview) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number), chunk, None))
        self._number += 1


def is_sealed(stream: BinaryIO) -> bool:
    """Tell whether ``stream``, at its beginning, holds a sealed file; leaves it there."""
    found = stream.read(len(MAGIC))
    stream.seek(0)
    return found == MAGIC


def unsealed(file: io.FileIO, keys: Sequence[bytes], label: str, size: int, sha256: str) -> BinaryIO:
    """Return the plaintext of an open sealed file as a stream that can seek; closing it closes ``file``.

    Raises ``FilesRefusedError``, which names ``label`` and never shows content: at once for a key that is not among
    ``keys``, for a file that is not the one of ``size`` and ``sha256`` or not of its length, and in the middle of
    reading for a chunk that was altered.
    """
    header = os.pread(file.fileno(), HEADER, 0)
    salt, rest = header[len(MAGIC) : len(MAGIC) + _SALT.size], header[len(MAGIC) + _SALT.size :]
    if not header.startswith(MAGIC) or len(header) != HEADER:
        raise altered(label)
    generation = int(_SALT.unpack(salt)[0])
    if generation >= len(keys):
        raise wrong_key(label)
    cipher = _cipher(keys[generation], salt)
    try:
        found = _PLAIN.unpack(cipher.decrypt(_OF_HEADER, rest, MAGIC + salt))
    except InvalidTag:
        raise altered(label) from None
    chunks = -(-size // CHUNK)
    if found != (size, bytes.fromhex(sha256)) or os.fstat(file.fileno()).st_size != HEADER + size + chunks * _TAG:
        raise altered(label)
    return io.BufferedReader(_Unsealing(file, cipher, size, label), CHUNK)


def altered(label: str) -> FilesRefusedError:
    return FilesRefusedError(
        "files.altered",
        Text(
            fr=f"Le contenu du fichier « {label} » a été modifié dans le dossier de données, ou vient d'une autre "
            "installation ; il n'est pas lu.",
            en=f"The content of the file “{label}” was altered in the data directory, or comes from another "
            "installation; it is not read.",
        ),
        Text(
            fr="Restaurez le dossier « files » sauvegardé avec la base, ou déposez le fichier à nouveau ; cherchez qui "
            "a écrit dans ce dossier.",
            en="Restore the folder “files” saved together with the database, or hand the file in again; find out who "
            "wrote to that folder.",
        ),
    )


def wrong_key(label: str) -> FilesRefusedError:
    return FilesRefusedError(
        "files.wrong_key",
        Text(
            fr=f"Le fichier « {label} » ne s'ouvre avec aucune des clés de cette installation.",
            en=f"The file “{label}” opens with none of this installation's keys.",
        ),
        Text(
            fr="Remettez le fichier de clés (ou RACCORD_KEY) et la base qui allaient avec ce dossier de données, ou "
            "déposez le fichier à nouveau.",
            en="Put back the key file (or RACCORD_KEY) and the database that belonged to this data directory, or hand "
            "the file in again.",
        ),
    )


class _Unsealing(io.RawIOBase):
    """Decrypts the chunk that is asked for and holds no other."""

    def __init__(self, file: io.FileIO, cipher: AESGCM, size: int, label: str) -> None:
        super().__init__()
        self._file = file
        self._cipher = cipher
        self._size = size
        self._label = label
        self._at = 0
        self._number = -1
        self._chunk = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("negative seek position")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # what BufferedReader gives
        if self._at >= self._size:
            return 0
        number, begin = divmod(self._at, CHUNK)
        if number != self._number:
            self._chunk, self._number = self._read(number), number
        count = min(len(buffer), len(self._chunk) - begin)
        buffer[:count] = memoryview(self._chunk)[begin : begin + count]
        self._at += count
        return count

    def close(self) -> None:
        self._chunk = b""
        self._file.close()
        super().close()

    def _read(self, number: int) -> bytes:
        sealed = os.pread(self._file.fileno(), CHUNK + _TAG, HEADER + number * (CHUNK + _TAG))
        try:
            return self._cipher.decrypt(_nonce(number), sealed, None)
        except InvalidTag:
            raise altered(self._label) from None


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, b"raccord sealed file 1").derive(key))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
