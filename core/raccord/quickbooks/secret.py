"""Text that must never be shown."""

from __future__ import annotations

import hmac


class Secret:
    """Holds a token or password so that printing, logging or dumping it shows only stars.

    Two secrets compare in constant time. ``reveal`` is called where the text leaves for the wire or the vault,
    nowhere else.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled; reveal it into the vault")
