"""Asking a connector under test: whatever it raises is kept, and what it does behind the contexts' back is noted."""

from __future__ import annotations

import gc
import io
import logging
import socket
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from types import FrameType
from typing import Generic, TextIO, TypeVar

_Answer = TypeVar("_Answer")

_CLOCKS = frozenset({"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime"})
_CHANCES = frozenset({"random", "getrandbits", "urandom", "randbytes"})
_THROUGH = ("uuid.py", "random.py", "secrets.py", "calendar.py")
"""Modules of Python that hand a clock or chance on: who called them is asked about."""


@dataclass(slots=True)
class Deeds:
    """What a call did that no context gave it: looked at a clock, asked chance, reached for the network."""

    clock: list[str] = field(default_factory=list)
    chance: list[str] = field(default_factory=list)
    network: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """What it logged or printed."""


@dataclass(slots=True)
class Asked(Generic[_Answer]):
    """What a hook answered or raised, and what it did meanwhile."""

    answer: _Answer | None
    error: BaseException | None
    deeds: Deeds

    @property
    def raised(self) -> str:
        """The kind of error and where it came from; no message, which may hold what the source said."""
        if self.error is None:
            return ""
        trace = self.error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = "" if trace is None else f" ({_short(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno})"
        return f"{type(self.error).__name__}{where}"


class NetworkReached(OSError):  # noqa: N818 - reads as what happened
    """Raised in a connector that goes round ``context.http``."""


_watch = threading.local()


def asked(step: Callable[[], _Answer], *, closely: bool = True) -> Asked[_Answer]:
    """Call a hook and return its answer, its error and its deeds; a guard, for a connector may raise anything.

    Only ``closely`` clock and chance are watched too, which takes twice as long: it is spared where no rule looks.
    """
    deeds = Deeds()
    try:
        with _watched(deeds, closely):
            return Asked(step(), None, deeds)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the guard of the kit: what is under test may raise anything
        return Asked(None, error, deeds)


@contextmanager
def unwatched() -> Iterator[None]:
    """Do what a context does for the connector, its network and its clock included."""
    before, _watch.deeds = getattr(_watch, "deeds", None), None
    try:
        yield
    finally:
        _watch.deeds = before


@contextmanager
def no_network() -> Iterator[None]:
    """Keep hooks from the network for as long as the check lasts; other threads and our own contexts go on."""
    names = ("connect", "connect_ex", "sendto")
    resolve = socket.getaddrinfo

    def kept_from(name: str) -> Callable[..., object]:
        plain = getattr(socket.socket, name)

        def guarded(*values: object, **named: object) -> object:
            _refuse(name)
            return plain(*values, **named)

        return guarded

    def resolved(*values: object, **named: object) -> object:
        _refuse("getaddrinfo")
        return resolve(*values, **named)  # type: ignore[arg-type]  # handed on as it came

    for name in names:
        setattr(socket.socket, name, kept_from(name))
    socket.getaddrinfo = resolved  # type: ignore[assignment]  # put back below
    try:
        yield
    finally:
        socket.getaddrinfo = resolve
        for name in names:
            delattr(socket.socket, name)


class _Noted(logging.Handler):
    """Notes what a hook logs, at whatever level."""

    def emit(self, record: logging.LogRecord) -> None:
        _note(record.getMessage())


class _Heard(io.TextIOBase):
    """Stands before standard output or error and notes what a hook prints."""

    def __init__(self, plain: TextIO) -> None:
        self.plain = plain

    def write(self, text: str) -> int:
        _note(text)
        return self.plain.write(text)

    def flush(self) -> None:
        self.plain.flush()


@contextmanager
def listening() -> Iterator[None]:
    """Note what hooks log and print for as long as the check lasts."""
    root, handler, before = logging.getLogger(), _Noted(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with redirect_stdout(_Heard(sys.stdout)), redirect_stderr(_Heard(sys.stderr)):
            yield
    finally:
        root.setLevel(before)
        root.removeHandler(handler)


def _note(text: str) -> None:
    deeds: Deeds | None = getattr(_watch, "deeds", None)
    if deeds is not None:
        deeds.said.append(text)


def _refuse(what: str) -> None:
    deeds: Deeds | None = getattr(_watch, "deeds", None)
    if deeds is not None:
        deeds.network.append(what)
        raise NetworkReached("the network is reached through context.http alone")


@contextmanager
def _watched(deeds: Deeds, closely: bool) -> Iterator[None]:
    before = sys.getprofile()
    _watch.deeds = deeds
    if closely:
        sys.setprofile(_noting)
    try:
        yield
    finally:
        if closely:
            sys.setprofile(before)
        _watch.deeds = None


def _noting(frame: FrameType, event: str, function: object) -> None:
    if event != "c_call":
        return
    name = getattr(function, "__name__", "")
    if name not in _CLOCKS and name not in _CHANCES:
        return
    deeds: Deeds | None = getattr(_watch, "deeds", None)
    caller = "" if _is_collector(frame) else _caller(frame)
    if deeds is None or not caller or not _is_clock_or_chance(function):
        return
    (deeds.clock if name in _CLOCKS else deeds.chance).append(f"{name} ({caller})")


def _is_clock_or_chance(function: object) -> bool:
    owner = getattr(function, "__self__", None)
    kind = owner if isinstance(owner, type) else type(owner)
    return kind.__module__ in ("datetime", "random", "_random") or getattr(owner, "__name__", "") in ("time", "posix")


def _is_collector(frame: FrameType) -> bool:
    """Tell whether the garbage collector called, which sets in anywhere: a test tool may time it."""
    return any(getattr(each, "__code__", None) is frame.f_code for each in gc.callbacks)


def _caller(frame: FrameType | None) -> str:
    """Return who asked, unless Python's own library did for a purpose of its own (a log, a lock)."""
    while frame is not None and frame.f_code.co_filename.endswith(_THROUGH):
        frame = frame.f_back
    if frame is None:
        return ""
    path = frame.f_code.co_filename
    own = path.startswith(sysconfig.get_path("stdlib")) and "-packages" not in path
    return "" if own or path.startswith("<frozen") else f"{_short(path)}:{frame.f_lineno}"


def _short(path: str) -> str:
    return "/".join(path.replace("\\", "/").split("/")[-2:])
