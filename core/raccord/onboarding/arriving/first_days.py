"""From which day on a source is brought over, as its set-up proposes it."""

from __future__ import annotations

import hashlib
import io
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from threading import Lock
from typing import Any, BinaryIO

from sqlalchemy import select

from raccord.onboarding.arriving.reading_ahead import BYTES_MAX, LINES_MAX, records_in, takes_files
from raccord.onboarding.gates.passed_steps import SCOPE, step_passed
from raccord.plugin.contexts import FileBox
from raccord.plugin.contexts import SourceFile as File
from raccord.plugin.info import ConnectorInfo, Mode
from raccord.scope import ScopeError
from raccord.store.errors import FilesRefusedError
from raccord.store.files import given
from raccord.store.folder import Found, lying_in, opened
from raccord.store.models import Company, Connection, SourceFile
from raccord.sync.workshop import Workshop

_KEPT_MAX = 256

_kept: OrderedDict[tuple[str, int, tuple[str, ...]], date | None] = OrderedDict()
"""The earliest day, by connection, its revision and its files: the bytes of those that arrived, and what those that lie
in its folder looked like.
"""
_lock = Lock()


def proposed_first_day(workshop: Workshop, connection_id: str) -> date | None:
    """Return the earliest day that the files tell of which were handed in, or lie in the folder that is read, for a
    first day that nobody has said yet.

    Nothing where these books know the source already: what is older is in them, and the day is that of the change
    (K16). Nothing either without files, or with more than a page waits for.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        admitted = workshop.scopes.catalog.get(connection.connector)
        if admitted is None or connection.mode != Mode.FIRST_TIME or step_passed(connection, SCOPE):
            return None
        folder = folder_of(admitted.info, connection.settings)
        if not folder and not takes_files(admitted.info, connection.settings):
            return None
        files = session.execute(select(SourceFile.sha256, SourceFile.size).where(*given(connection_id))).all()
        try:
            if folder and not workshop.settings.may_read(folder):
                return None
            lying = lying_in(folder) if folder else []
        except FilesRefusedError:
            # The checks of the set-up say what is wrong with it.
            return None
        size = sum(each.size for each in files) + sum(each.size for each in lying)
        if not (files or lying) or size > BYTES_MAX:
            return None
        seen = [f"{each.name} {each.size} {each.changed_at.isoformat()}" for each in lying]
        place = (connection_id, connection.revision, (*sorted(each.sha256 for each in files), folder, *seen))
        with _lock:
            if place in _kept:
                return _kept[place]
        try:
            bench = workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)
        except ScopeError:
            return None
    view = replace(workshop.fetch_view(bench), files=_Unpacked(workshop.files(connection_id), folder))
    records = records_in(bench, view, {}, pages=LINES_MAX)
    found = min((each.day for each in records if each.amount is not None), default=None)
    with _lock:
        _kept[place] = found
        while len(_kept) > _KEPT_MAX:
            _kept.popitem(last=False)
    return found


def folder_of(info: ConnectorInfo, settings: Mapping[str, Any]) -> str:
    """Return the folder of this server that a connection reads its files from; empty where it reads none."""
    field_ = info.settings.model_fields.get("folder")
    extra = {} if field_ is None or not isinstance(field_.json_schema_extra, dict) else field_.json_schema_extra
    when = extra.get("when")
    if not isinstance(when, dict) or not all(
        isinstance(among, list) and str(settings.get(name, "")) in among for name, among in when.items()
    ):
        return ""
    return str(settings.get("folder") or "")


@dataclass(frozen=True, slots=True)
class _Member:
    """A file that lies in another one, or in the folder."""

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
    """A file box that holds every file that arrived, and in memory what is unpacked from them or lies in the one folder
    that may be read; it keeps nothing.
    """

    def __init__(self, box: FileBox, folder: str) -> None:
        self._box = box
        self._last = max((each.number for each in _every(box)), default=0)
        self._members: dict[str, _Member] = {}
        self._left = BYTES_MAX
        self._folder = folder

    def receive(self, name: str, content: BinaryIO, *, origin: str) -> bool:
        read = content.read(self._left + 1)
        sha256 = hashlib.sha256(read).hexdigest()
        if sha256 in self._members or len(read) > self._left:
            return False
        self._left -= len(read)
        self._members[sha256] = _Member(self._last + len(self._members) + 1, name, sha256, read)
        return True

    def scan(self, folder: str) -> int:
        if not folder or folder != self._folder:
            return 0
        self._folder = ""
        return sum(self._taken(each) for each in lying_in(folder))

    def _taken(self, found: Found) -> bool:
        try:
            with opened(found) as stream:
                return self.receive(found.name, stream, origin="folder")
        except OSError:
            # One that cannot be read tells no day; the run says so.
            return False

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
