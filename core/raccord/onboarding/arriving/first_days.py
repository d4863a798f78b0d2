"""From which day on a source is brought over, as its set-up proposes it."""

from __future__ import annotations

import hashlib
import io
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from threading import Lock
from typing import BinaryIO

from sqlalchemy import select

from raccord.onboarding.arriving.reading_ahead import BYTES_MAX, LINES_MAX, records_in, takes_files
from raccord.onboarding.gates.passed_steps import SCOPE, step_passed
from raccord.plugin.contexts import FileBox
from raccord.plugin.contexts import SourceFile as File
from raccord.plugin.info import Mode
from raccord.scope import ScopeError
from raccord.store.files import ATTACHED
from raccord.store.models import Company, Connection, SourceFile
from raccord.sync.workshop import Workshop

_KEPT_MAX = 256

_kept: OrderedDict[tuple[str, int, tuple[str, ...]], date | None] = OrderedDict()
"""The earliest day, by connection, its revision and the bytes of its files."""
_lock = Lock()


def proposed_first_day(workshop: Workshop, connection_id: str) -> date | None:
    """Return the earliest day that the files handed in tell of, for a first day that nobody has said yet.

    Nothing where these books know the source already: what is older is in them, and the day is that of the change
    (K16). Nothing either without files, or with more than a page waits for.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        admitted = workshop.scopes.catalog.get(connection.connector)
        if admitted is None or connection.mode != Mode.FIRST_TIME or step_passed(connection, SCOPE):
            return None
        if not takes_files(admitted.info, connection.settings):
            return None
        mine = (SourceFile.connection_id == connection_id, SourceFile.origin != ATTACHED)
        files = session.execute(select(SourceFile.sha256, SourceFile.size).where(*mine)).all()
        if not files or sum(each.size for each in files) > BYTES_MAX:
            return None
        place = (connection_id, connection.revision, tuple(sorted(each.sha256 for each in files)))
        with _lock:
            if place in _kept:
                return _kept[place]
        try:
            bench = workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)
        except ScopeError:
            return None
    view = replace(workshop.fetch_view(bench), files=_Unpacked(workshop.files(connection_id)))
    records = records_in(bench, view, {}, pages=LINES_MAX)
    found = min((each.day for each in records if each.amount is not None), default=None)
    with _lock:
        _kept[place] = found
        while len(_kept) > _KEPT_MAX:
            _kept.popitem(last=False)
    return found


@dataclass(frozen=True, slots=True)
class _Member:
    """A file that lies in another one."""

    number: int
    name: str
    sha256: str
    content: bytes = field(repr=False)

    @property
    def size(self) -> int:
        return len(self.content)

    def open(self) -> AbstractContextManager[BinaryIO]:
        return nullcontext(io.BytesIO(self.content))


class _Unpacked:
    """A file box that holds every file that arrived, and in memory what is unpacked from them; it keeps nothing."""

    def __init__(self, box: FileBox) -> None:
        self._box = box
        self._last = max((each.number for each in _every(box)), default=0)
        self._members: dict[str, _Member] = {}
        self._left = BYTES_MAX

    def receive(self, name: str, content: BinaryIO, *, origin: str) -> bool:
        read = content.read(self._left + 1)
        sha256 = hashlib.sha256(read).hexdigest()
        if sha256 in self._members or len(read) > self._left:
            return False
        self._left -= len(read)
        self._members[sha256] = _Member(self._last + len(self._members) + 1, name, sha256, read)
        return True

    def scan(self, folder: str) -> int:
        return 0

    def has(self, name: str, size: int) -> bool:
        return False

    def after(self, number: int) -> File | None:
        found = self._box.after(number)
        return found or next((each for each in self._members.values() if each.number > number), None)


def _every(box: FileBox) -> Iterator[File]:
    at = 0
    while (found := box.after(at)) is not None:
        yield found
        at = found.number
