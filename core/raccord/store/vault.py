"""Secrets at rest: what connections and companies must not show, encrypted in the table ``secret``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Literal, overload

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from raccord.clock import Clock, SystemClock
from raccord.plugin.texts import Text
from raccord.store.canonical import canonical, exact
from raccord.store.database import Database
from raccord.store.errors import UnknownSecretError, WrongKeyError
from raccord.store.keyring import Keyring
from raccord.store.models import Secret
from raccord.store.sensitive import join_secrets, split_secrets

__all__ = ["Vault", "VaultSession", "join_secrets", "split_secrets"]

Value = bytes | str | Mapping[str, object]


class Vault:
    """Keeps values encrypted under a handle such as ``company:<id>:tokens``; each call is a transaction of its own.

    Text and bytes come back as they were put; a mapping is kept as JSON and comes back from ``get_mapping``.
    ``within`` does the same inside a transaction of the caller's.
    """

    def __init__(self, database: Database, keyring: Keyring, clock: Clock | None = None) -> None:
        self.database = database
        self._keyring = keyring
        self._clock = clock or SystemClock()

    def within(self, session: Session) -> VaultSession:
        """Return the vault bound to ``session``: a secret is kept or lost together with the row that needs it."""
        return VaultSession(session, self._keyring, self._clock)

    def put(self, handle: str, value: Value) -> None:
        with self.database.begin() as session:
            self.within(session).put(handle, value)

    def delete(self, handle: str) -> None:
        """Remove what is kept under ``handle``, if anything is."""
        with self.database.begin() as session:
            self.within(session).delete(handle)

    def update(self, handle: str, change: Callable[[str | None], str]) -> str:
        """Keep what ``change`` makes of the text under ``handle``, if any, and return it; one caller at a time."""
        with self.database.begin() as session:
            _take_turn(session, alone=True)
            bound = self.within(session)
            value = change(bound.get(handle, missing_ok=True))
            bound.put(handle, value)
        return value

    @overload
    def get(self, handle: str, *, missing_ok: Literal[False] = False) -> str: ...
    @overload
    def get(self, handle: str, *, missing_ok: bool) -> str | None: ...
    def get(self, handle: str, *, missing_ok: bool = False) -> str | None:
        """Return the text kept under ``handle``.

        Raises ``UnknownSecretError`` when there is none and ``missing_ok`` is not set, ``WrongKeyError`` when no key
        opens it.
        """
        with self.database.read() as session:
            return self.within(session).get(handle, missing_ok=missing_ok)

    def get_bytes(self, handle: str) -> bytes:
        with self.database.read() as session:
            return self.within(session).get_bytes(handle)

    def get_mapping(self, handle: str, *, missing_ok: bool = False) -> dict[str, object]:
        """Return the mapping kept under ``handle``; with ``missing_ok`` an empty one when there is none."""
        with self.database.read() as session:
            return self.within(session).get_mapping(handle, missing_ok=missing_ok)

    def rotate(self, batch: int = 100) -> int:
        """Encrypt everything with the first key and return how many secrets were not yet.

        Each batch is a transaction, so a rotation that was killed is finished by the next one.
        """
        changed, after = 0, ""
        while True:
            with self.database.begin() as session:
                _take_turn(session)
                rows = session.scalars(
                    select(Secret).where(Secret.handle > after).order_by(Secret.handle).limit(batch).with_for_update()
                ).all()
                if not rows:
                    return changed
                changed += sum(_renewed(row, self._keyring) for row in rows)
                after = rows[-1].handle

    def change_key(self) -> int:
        """Encrypt everything with a new key of the key file and forget the old keys; return how many secrets there are.

        May be killed anywhere and started again; other processes go on meanwhile.
        """
        self._keyring.add()
        self.rotate()
        with self.database.begin() as session:
            _take_turn(session, alone=True)
            rows = session.scalars(select(Secret).execution_options(yield_per=100))
            count = 0
            for row in rows:
                _renewed(row, self._keyring)
                count += 1
            session.flush()
        self._keyring.retire()
        return count

    def __repr__(self) -> str:
        return f"Vault({self.database!r}, {self._keyring!r})"


class VaultSession:
    """The vault within one transaction of the caller's."""

    def __init__(self, session: Session, keyring: Keyring, clock: Clock) -> None:
        self._session = session
        self._keyring = keyring
        self._clock = clock
        self._known: dict[str, Secret | None] = {}

    def put(self, handle: str, value: Value) -> None:
        """Encrypt and keep ``value``, in place of what was there."""
        _take_turn(self._session)
        self._known.pop(handle, None)
        ciphertext = self._keyring.first().encrypt(_sealed(handle, value))
        row = self._session.get(Secret, handle)
        if row is None:
            self._session.add(Secret(handle=handle, ciphertext=ciphertext, updated_at=self._clock.now()))
        else:
            row.ciphertext, row.updated_at = ciphertext, self._clock.now()
        self._session.flush()

    def delete(self, handle: str) -> None:
        """Remove what is kept under ``handle``, if anything is."""
        self._known.pop(handle, None)
        row = self._session.get(Secret, handle)
        if row is not None:
            self._session.delete(row)
            self._session.flush()

    @overload
    def get(self, handle: str, *, missing_ok: Literal[False] = False) -> str: ...
    @overload
    def get(self, handle: str, *, missing_ok: bool) -> str | None: ...
    def get(self, handle: str, *, missing_ok: bool = False) -> str | None:
        row = self._row(handle)
        if row is None and missing_ok:
            return None
        return _opened(handle, row, self._keyring).decode("utf-8")

    def look_up(self, handles: Collection[str]) -> None:
        """Read at once what is kept under each of these, if anything is: asking for them asks the database no more."""
        rows = self._session.scalars(select(Secret).where(Secret.handle.in_(handles)))
        self._known.update({**dict.fromkeys(handles), **{row.handle: row for row in rows}})

    def get_bytes(self, handle: str) -> bytes:
        return _opened(handle, self._row(handle), self._keyring)

    def get_mapping(self, handle: str, *, missing_ok: bool = False) -> dict[str, object]:
        row = self._row(handle)
        if row is None and missing_ok:
            return {}
        value = exact(_opened(handle, row, self._keyring))
        if not isinstance(value, dict):
            raise TypeError(f"the secret under {handle!r} is not a mapping")
        return value

    def _row(self, handle: str) -> Secret | None:
        return self._known[handle] if handle in self._known else self._session.get(Secret, handle)


def _sealed(handle: str, value: Value) -> bytes:
    """Return what is encrypted: the handle stands in front, so that a row cannot be passed off as another."""
    match value:
        case bytes():
            plain = value
        case str():
            plain = value.encode("utf-8")
        case Mapping():
            plain = canonical(value).encode("utf-8")
    return handle.encode("utf-8") + b"\0" + plain


def _opened(handle: str, row: Secret | None, keyring: Keyring) -> bytes:
    if row is None:
        raise UnknownSecretError(
            "vault.unknown",
            Text(fr=f"Le coffre ne contient rien sous « {handle} ».", en=f"The vault holds nothing under “{handle}”."),
            Text(fr="Reconnectez ce compte.", en="Connect this account again."),
        )
    try:
        front, _, plain = keyring.all().decrypt(row.ciphertext).partition(b"\0")
    except InvalidToken:
        raise _wrong_key(handle) from None
    if front != handle.encode("utf-8"):
        raise _wrong_key(handle)
    return plain


def _renewed(row: Secret, keyring: Keyring) -> bool:
    """Encrypt a row with the first key unless it is; tell whether it was not."""
    first: Fernet = keyring.first()
    try:
        first.decrypt(row.ciphertext)
    except InvalidToken:
        row.ciphertext = first.encrypt(_sealed(row.handle, _opened(row.handle, row, keyring)))
        return True
    return False


def _take_turn(session: Session, *, alone: bool = False) -> None:
    """Fix the order of writers and a change of key before the key is looked up.

    Whoever encrypts after this either is seen by the last pass of a change of key, or sees the new key. SQLite has
    one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        mode = "EXCLUSIVE" if alone else "ROW EXCLUSIVE"
        session.execute(text(f"LOCK TABLE secret IN {mode} MODE"))
    else:
        session.connection()


def _wrong_key(handle: str) -> WrongKeyError:
    return WrongKeyError(
        "vault.wrong_key",
        Text(
            fr=f"Le secret « {handle} » ne s'ouvre avec aucune des clés de cette installation.",
            en=f"The secret “{handle}” opens with none of this installation's keys.",
        ),
        Text(
            fr="Remettez le fichier de clés (ou RACCORD_KEY) qui allait avec cette base, ou reconnectez ce compte.",
            en="Put back the key file (or RACCORD_KEY) that belonged to this database, or connect this account again.",
        ),
    )
