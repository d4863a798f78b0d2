"""The contents of attached files, and the signed links under which they can be fetched for a quarter of an hour."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import timedelta
from urllib.parse import quote, urlencode

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.keeping.storage import Storage
from raccord_sandbox.refusing.faults import FaultError

LINK_LIFETIME = timedelta(minutes=15)
MAX_MEMORY = 2_000_000_000
CONTENT = "_content"
"""The property of a stored Attachable that names its content; it is never shown."""
TYPES = {
    "ai": "application/postscript",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "eps": "application/postscript",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "pdf": "application/pdf",
    "png": "image/png",
    "rtf": "application/rtf",
    "tif": "image/tiff",
    "txt": "text/plain",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
}
"""The kinds of file that may be attached, by their ending."""


def ending(name: str) -> str:
    """Return the ending of a file's name in lower case, without the dot."""
    return name.rpartition(".")[2].lower() if "." in name else ""


class Files:
    """One company's contents by their hash: equal files are kept once, and what a snapshot needs is never replaced."""

    def __init__(self, realm: str, clock: SandboxClock, storage: Storage | None) -> None:
        self.address = ""
        """Where the client of the running request reaches this sandbox."""
        self._realm = realm
        self._clock = clock
        self._storage = storage
        self._memory: dict[str, bytes] = {}
        self._size = 0
        self._key = secrets.token_bytes(32)

    def put(self, content: bytes) -> str:
        """Keep a content and return its name. Raises a business fault when the memory for files is full."""
        digest = hashlib.sha256(content).hexdigest()
        if self._storage is not None:
            self._storage.put_file(self._realm, digest, content)
        elif digest not in self._memory:
            if self._size + len(content) > MAX_MEMORY:
                raise FaultError(6000, "Business Validation Error: the company's space for attachments is full.")
            self._memory[digest] = content
            self._size += len(content)
        return digest

    def get(self, digest: str) -> bytes | None:
        """Return a content."""
        return self._storage.file(self._realm, digest) if self._storage is not None else self._memory.get(digest)

    def keep_only(self, digests: Collection[str]) -> None:
        """Remove the contents that nothing refers to any more."""
        if self._storage is not None:
            self._storage.keep_files(self._realm, digests)

    def link(self, key: str, name: str) -> str:
        """Return a link to an attachable's file that needs no token and soon expires."""
        expires = str(int((self._clock.now() + LINK_LIFETIME).timestamp()))
        query = urlencode({"Expires": expires, "Signature": self._signature(key, expires)})
        return f"{self.address}/files/{self._realm}/{key}/{quote(name, safe='')}?{query}"

    def is_open(self, key: str, expires: str, signature: str) -> bool:
        """Tell whether a link is one of ours and still good."""
        ours = hmac.compare_digest(signature.encode(), self._signature(key, expires).encode())
        return ours and self._clock.now().timestamp() < int(expires)

    def _signature(self, key: str, expires: str) -> str:
        return hmac.new(self._key, f"{self._realm}/{key}/{expires}".encode(), hashlib.sha256).hexdigest()
