"""The request ids that are being executed at this moment."""

from __future__ import annotations

from threading import Lock


class Running:
    """Lets each request id run once at a time."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._lock = Lock()

    def add(self, request_id: str) -> bool:
        """Note that a request begins; False where one with the same id has not ended."""
        with self._lock:
            if request_id in self._ids:
                return False
            self._ids.add(request_id)
            return True

    def remove(self, request_id: str) -> None:
        """Note that a request ended."""
        with self._lock:
            self._ids.discard(request_id)
