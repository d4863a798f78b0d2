"""The keys that open the vault: from a private file, or handed over by the environment."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet
from pydantic import SecretStr

from raccord.plugin.texts import Text
from raccord.store.durable import sync_folder
from raccord.store.errors import StoreError

KEYS_MAX = 16


class Keyring:
    """Fernet keys in order: the first encrypts, all decrypt. A key file is read again whenever it changes.

    Nothing of a key shows in its representation or its errors.
    """

    def __init__(self, keys: SecretStr | None = None, *, path: Path | None = None) -> None:
        if (keys is None) == (path is None):
            raise ValueError("a keyring is given either keys or the path of a file")
        self.path = path
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._fernets = _parsed(keys.get_secret_value().replace(",", "\n"), "RACCORD_KEY") if keys else []

    @classmethod
    def open(cls, path: Path, keys: SecretStr | None = None) -> Keyring:
        """Return the keys given by the environment if there are any, else those of the file, made on first use."""
        return cls(keys) if keys is not None and keys.get_secret_value().strip() else cls(path=path)

    def first(self) -> Fernet:
        """Return the key that encrypts."""
        return self._current()[0]

    def all(self) -> MultiFernet:
        """Return all keys; encrypting with it uses the first."""
        return MultiFernet(self._current())

    def add(self) -> None:
        """Put a new key first in the file; the old ones stay until ``retire``. ``StoreError`` without a file."""
        lines = self._file_lines()
        if len(lines) >= KEYS_MAX:
            raise StoreError(
                "vault.too_many_keys",
                Text(
                    fr=f"Le fichier de clés en contient déjà {KEYS_MAX}.", en=f"The key file already holds {KEYS_MAX}."
                ),
                Text(
                    fr="Terminez d'abord le changement de clé commencé : il retire les anciennes.",
                    en="First finish the change of key that was begun: it removes the old ones.",
                ),
            )
        self._write([Fernet.generate_key().decode("ascii"), *lines])

    def retire(self) -> None:
        """Keep only the first key of the file. What the others encrypted is lost: see ``Vault.change_key``."""
        self._write(self._file_lines()[:1])

    def _current(self) -> list[Fernet]:
        if self.path is None:
            return self._fernets
        with self._lock:
            seen = self._state()
            if seen != self._seen:
                self._fernets = _parsed(self.path.read_text("ascii", "replace"), str(self.path))
                self._seen = seen
            return self._fernets

    def _state(self) -> tuple[int, int, int]:
        """Return what changes when the file does; makes it when missing, refuses it when others can read it."""
        if self.path is None:
            raise ValueError("these keys have no file")
        if not self.path.exists():
            _create(self.path)
        found = self.path.stat()
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise StoreError(
                "vault.key_file_open",
                Text(
                    fr=f"Le fichier de clés {self.path} peut être lu par d'autres comptes de cette machine "
                    f"(mode {stat.S_IMODE(found.st_mode):04o}).",
                    en=f"The key file {self.path} can be read by other accounts of this machine "
                    f"(mode {stat.S_IMODE(found.st_mode):04o}).",
                ),
                Text(
                    fr=f"Lancez « chmod 600 {self.path} », puis changez de clé : elle a pu être vue.",
                    en=f"Run “chmod 600 {self.path}”, then change the key: it may have been seen.",
                ),
            )
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _file_lines(self) -> list[str]:
        if self.path is None:
            raise StoreError(
                "vault.key_given",
                Text(
                    fr="Les clés viennent de RACCORD_KEY : aucun fichier n'est à changer.",
                    en="The keys come from RACCORD_KEY: there is no file to change.",
                ),
                Text(
                    fr="Mettez la nouvelle clé devant l'ancienne, séparées par une virgule, puis relancez.",
                    en="Put the new key before the old one, separated by a comma, then run this again.",
                ),
            )
        self._current()
        return _lines(self.path.read_text("ascii"))

    def _write(self, lines: list[str]) -> None:
        if self.path is None:
            raise ValueError("these keys have no file")
        fresh = _private(self.path, lines)
        fresh.replace(self.path)
        sync_folder(self.path.parent)

    def __repr__(self) -> str:
        return f"Keyring({str(self.path) if self.path else 'given'!r})"


def _create(path: Path) -> None:
    """Make the file with one new key; when another process is quicker, its file stays."""
    fresh = _private(path, [Fernet.generate_key().decode("ascii")])
    try:
        # Linking never replaces a file, and nobody ever sees one that is half written.
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()
    sync_folder(path.parent)


def _private(path: Path, lines: list[str]) -> Path:
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _lines(text: str) -> list[str]:
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith("#")]


def _parsed(text: str, where: str) -> list[Fernet]:
    lines = _lines(text)
    try:
        fernets = [Fernet(line) for line in lines]
    except ValueError:
        fernets = []
    if not fernets:
        raise StoreError(
            "vault.key_unreadable",
            Text(fr=f"{where} ne contient pas de clé utilisable.", en=f"{where} holds no usable key."),
            Text(
                fr="Une clé compte 32 octets en base64 ; remettez celle de votre sauvegarde, une par ligne ou virgule.",
                en="A key is 32 bytes in base64; put back the one from your backup, one per line or comma.",
            ),
        )
    return fernets
