"""From where somebody acts: noted where a request or command begins, read where the audit chain is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

TEXT_MAX = 200


@dataclass(slots=True)
class Origin:
    """The network address, the device as it names itself, and the name of the token that a program showed, if any."""

    address: str = ""
    device: str = ""
    token: str = ""


_ORIGIN: ContextVar[Origin | None] = ContextVar("raccord_origin", default=None)


@contextmanager
def acting_from(address: str, device: str) -> Iterator[Origin]:
    """Have all that is written to the chain meanwhile say from where; the token may be added once it is known."""
    origin = Origin(_short(address), _short(device))
    mark = _ORIGIN.set(origin)
    try:
        yield origin
    finally:
        _ORIGIN.reset(mark)


def note_token(name: str) -> None:
    """Say which token a program showed, once it is found to work."""
    origin = _ORIGIN.get()
    if origin is not None:
        origin.token = _short(name)


def origin_now() -> Origin:
    """Return from where somebody acts; of what runs do by themselves nothing is known."""
    return _ORIGIN.get() or Origin()


def _short(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)[:TEXT_MAX].strip()
