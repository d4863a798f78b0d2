"""Reads a stream page by page: a cursor counts the files read and says where in the next one reading goes on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from raccord.plugin import PAGE_RECORDS_MAX, FetchContext, Page, Record, Reject, SourceRefused, Text
from raccord_chase import sftp
from raccord_chase.manifest import CHARGEBACKS, CHARGES, REFUNDS, REPORTS, SALES, SETTLEMENTS
from raccord_chase.reading import START, Place, StreamReader
from raccord_chase.settings import ChaseSettings, InputKind

FILES_PER_PAGE = 200
_LINES_PER_WEIGHT = 50
"""A settlement weighs on its page by its lines, so that pages stay small in memory."""


@dataclass(frozen=True, slots=True)
class _Cursor:
    after: int = 0
    place: Place = START

    @classmethod
    def parse(cls, text: str | None) -> _Cursor:
        if text is None:
            return cls()
        value = json.loads(text)
        section, offset, line = value.get("at", START)
        return cls(int(value["after"]), (int(section), int(offset), int(line)))

    def text(self) -> str:
        value: dict[str, object] = {"after": self.after}
        if self.place != START:
            value["at"] = list(self.place)
        return json.dumps(value)


def fetch_page(context: FetchContext, settings: ChaseSettings, stream: str, cursor: str | None) -> Page | None:
    """Return the page of ``stream`` after ``cursor``; the first stream also brings new files in at its end."""
    if stream not in (SALES, REFUNDS, CHARGEBACKS, CHARGES, SETTLEMENTS, REPORTS):
        return None
    at = _Cursor.parse(cursor)
    reader = StreamReader(context, settings, stream)
    records: dict[str, Record] = {}
    rejects: list[Reject] = []
    weight = files_read = 0
    polled = stream != SALES
    while files_read < FILES_PER_PAGE:
        file = context.files.after(at.after)
        if file is None:
            if polled:
                return Page(list(records.values()), at.text(), more=False, rejects=rejects)
            take_in(context, settings)
            polled = True
            continue
        for step in reader.steps(file, at.place):
            # An id twice in a page can only be the same object sent again: the newest file has the last word.
            if isinstance(step.item, Record):
                records[step.item.source_id] = step.item
                weight += 1 + _lines_of(step.item) // _LINES_PER_WEIGHT
            else:
                rejects.append(step.item)
                weight += 1
            if weight >= PAGE_RECORDS_MAX:
                reader.keep(step)
                text = _Cursor(at.after, step.place).text()
                return Page(list(records.values()), text, more=True, rejects=rejects)
        at = _Cursor(file.number)
        files_read += 1
    return Page(list(records.values()), at.text(), more=True, rejects=rejects)


def take_in(context: FetchContext, settings: ChaseSettings) -> None:
    """Receive what is new in the folder or on the server; uploads come by themselves."""
    match settings.input_kind:
        case InputKind.UPLOAD:
            return
        case InputKind.SFTP:
            sftp.fetch_new(settings, context.files, context.connect)
        case InputKind.FOLDER:
            if not Path(settings.folder).is_dir():
                raise SourceRefused(
                    Text(
                        f"Le dossier {settings.folder} n’existe pas ou n’est pas lisible. Corrigez les réglages.",
                        f"The folder {settings.folder} does not exist or cannot be read. Correct the settings.",
                    )
                )
            context.files.scan(settings.folder)


def _lines_of(record: Record) -> int:
    lines = record.raw.get("lines")
    return len(lines) if isinstance(lines, list | tuple) else 0
