"""Brings new report files from Chase's SFTP server; its key must have the fingerprint that the settings hold."""

from __future__ import annotations

import base64
import hashlib
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from tempfile import TemporaryFile

import paramiko

from raccord.plugin import FileBox, Reauthorise, RetryLater, SourceRefused, Text
from raccord_chase.settings import ChaseSettings

TIMEOUT_SECONDS = 30
FILES_MAX = 10_000
FILE_BYTES_MAX = 1024 * 1024 * 1024
Connect = Callable[[tuple[str, int], int], socket.socket]
_PARTIAL = (".part", ".tmp", ".filepart")


def fetch_new(settings: ChaseSettings, files: FileBox, connect: Connect) -> int:
    """Receive every remote file the box does not know, oldest name first; return how many were new.

    ``connect`` opens the connection, for it is the host that knows which addresses a person may type.

    Raises :class:`SourceRefused` for another host key or a missing folder, :class:`Reauthorise` for refused
    credentials, :class:`RetryLater` when the server is away.
    """
    new = 0
    try:
        with _session(settings, connect) as client:
            for entry in _listed(client, settings):
                size = entry.st_size or 0
                if files.has(entry.filename, size):
                    continue
                with TemporaryFile() as copy:
                    client.getfo(f"{settings.sftp_folder.rstrip('/')}/{entry.filename}", copy)
                    copy.seek(0)
                    new += files.receive(entry.filename, copy, origin=f"sftp:{settings.sftp_host}")
    except paramiko.AuthenticationException as error:
        raise Reauthorise(
            Text(
                f"Le serveur SFTP {settings.sftp_host} refuse l’utilisateur {settings.sftp_user} : donnez le nouveau "
                "mot de passe ou la nouvelle clé. Rien n’est perdu, la lecture reprendra là où elle s’est arrêtée.",
                f"The SFTP server {settings.sftp_host} refuses user {settings.sftp_user}: give the new password or "
                "key. Nothing is lost, reading goes on where it stopped.",
            )
        ) from error
    except (paramiko.SSHException, OSError, EOFError) as error:
        # Only the kind of failure is told: messages of the library may quote what the server said.
        kind = type(error).__name__
        raise RetryLater(
            Text(
                f"Le serveur SFTP {settings.sftp_host} ne répond pas comme il faut ({kind}). Nouvel essai plus tard.",
                f"The SFTP server {settings.sftp_host} does not answer as it should ({kind}). Tried again later.",
            )
        ) from error
    return new


def fingerprint(key: paramiko.PKey) -> str:
    """Return a key's fingerprint as OpenSSH writes it: ``SHA256:`` and base64 without padding."""
    digest = hashlib.sha256(key.asbytes()).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _listed(client: paramiko.SFTPClient, settings: ChaseSettings) -> list[paramiko.SFTPAttributes]:
    try:
        entries = client.listdir_attr(settings.sftp_folder)
    except FileNotFoundError as error:
        raise SourceRefused(
            Text(
                f"Le dossier « {settings.sftp_folder} » n’existe pas sur {settings.sftp_host}. Corrigez les réglages.",
                f"The folder “{settings.sftp_folder}” does not exist on {settings.sftp_host}. Correct the settings.",
            )
        ) from error
    wanted = [
        entry
        for entry in entries
        if stat.S_ISREG(entry.st_mode or 0)
        and not entry.filename.startswith(".")
        and not entry.filename.endswith(_PARTIAL)
        and (entry.st_size or 0) <= FILE_BYTES_MAX
    ]
    return sorted(wanted, key=lambda entry: entry.filename)[-FILES_MAX:]


@contextmanager
def _session(settings: ChaseSettings, connect: Connect) -> Iterator[paramiko.SFTPClient]:
    secret = settings.sftp_key.get_secret_value()
    key = _private_key(secret) if secret else None  # before anybody is called
    address = (settings.sftp_host, settings.sftp_port)
    with connect(address, TIMEOUT_SECONDS) as connection:
        transport = paramiko.Transport(connection)
        transport.banner_timeout = transport.auth_timeout = TIMEOUT_SECONDS
        try:
            transport.start_client(timeout=TIMEOUT_SECONDS)
            _check_host_key(transport, settings)
            if key is not None:
                transport.auth_publickey(settings.sftp_user, key)
            else:
                transport.auth_password(settings.sftp_user, settings.sftp_password.get_secret_value())
            client = paramiko.SFTPClient.from_transport(transport)
            if client is None:
                raise paramiko.SSHException("no SFTP channel")
            with client:
                yield client
        finally:
            transport.close()


def _check_host_key(transport: paramiko.Transport, settings: ChaseSettings) -> None:
    found = fingerprint(transport.get_remote_server_key())
    if found != settings.sftp_host_key:
        raise SourceRefused(
            Text(
                f"Le serveur {settings.sftp_host} montre une autre clé ({found}) que celle des réglages. Rien n’a été "
                "envoyé. Vérifiez la nouvelle empreinte auprès de Chase avant de la changer.",
                f"The server {settings.sftp_host} shows another key ({found}) than the settings hold. Nothing was "
                "sent. Check the new fingerprint with Chase before changing it.",
            )
        )


def _private_key(text: str) -> paramiko.PKey:
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(StringIO(text))
        except (paramiko.SSHException, ValueError):
            continue
    raise SourceRefused(
        Text(
            "La clé privée SFTP n’est ni Ed25519, ni ECDSA, ni RSA, ou porte un mot de passe. Collez une clé sans mot "
            "de passe.",
            "The SFTP private key is neither Ed25519, ECDSA nor RSA, or has a passphrase. Paste a key without one.",
        )
    )
