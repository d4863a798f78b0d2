"""Pages of records out of the files of a connection, however they came: handed in, pulled, or sent as messages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from functools import lru_cache

from raccord.plugin.contexts import FetchContext, SourceFile
from raccord.plugin.contract.asking import Asked, Said
from raccord.plugin.contract.fields import ContractObject
from raccord.plugin.contract.objects import Contract
from raccord.plugin.contract.problems import Problem, problem, refused
from raccord.plugin.contract.pulling import Progress, Pull, pull_page
from raccord.plugin.contract.reading import FILE_BYTES_MAX, Found, read_objects
from raccord.plugin.records import PAGE_RECORDS_MAX, Page, Record, Reject

FILES_PER_PAGE = 200
Make = Callable[[str, ContractObject], Record]
"""Turns an object of a kind into its record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """How a connection's objects come, beside messages and files that people hand in."""

    folder: str = ""
    pull: Pull | None = None
    said: Said = field(default_factory=Said)
    """What the company says of its tables' columns."""
    asks: bool = False
    """Whether a table that lacks columns is asked about (``columns_answer``), instead of being refused."""

    @property
    def told(self) -> str:
        """What decides how tables are read, as text."""
        kinds = {kind: dict(words) for kind, words in self.said.headings.items()}
        return json.dumps({"headings": kinds, "tables": dict(self.said.tables), "asks": self.asks}, sort_keys=True)


@dataclass(frozen=True, slots=True)
class _Place:
    """``after`` is the last file that is done; of the next one ``done`` objects are."""

    after: int = 0
    done: int = 0
    pulling: Progress = field(default_factory=Progress)
    said: str = ""
    """What was said of columns when the files were read: where that is another now, they are read again."""

    @classmethod
    def read(cls, cursor: str | None, said: str) -> _Place:
        if cursor is None:
            return cls(said=said)
        value = json.loads(cursor, parse_float=Decimal)
        pulling = Progress(**value["pulling"])
        if str(value.get("said", "")) != said:
            return cls(pulling=pulling, said=said)
        return cls(int(value["after"]), int(value["done"]), pulling, said)

    def write(self) -> str:
        return json.dumps(asdict(self))


def contract_page(
    context: FetchContext, contract: Contract, intake: Intake, stream: str, cursor: str | None, make: Make
) -> Page | None:
    """Return the page of ``stream`` after ``cursor``; the first stream also brings in what is new at the source.

    Of an object that stands in a page more than once, the newest word counts, whichever came last.
    """
    kinds = {each.name for each in contract.of_stream(stream)}
    if not kinds:
        return None
    first = contract.objects[0].stream == stream
    said = digest_of(intake.said)
    at, records, rejects = _Place.read(cursor, said), dict[str, Record](), list[Reject]()
    asked = not first
    for _ in range(FILES_PER_PAGE):
        file = context.files.after(at.after)
        if file is None:
            if asked or records or rejects:
                break
            at, more = _ask(context, contract, intake, at)
            asked = not more
            continue
        found = _objects(contract, file, intake.told)
        for each in found[at.done :]:
            if len(records) + len(rejects) >= PAGE_RECORDS_MAX:
                return Page(list(records.values()), at.write(), more=True, rejects=rejects)
            at = replace(at, done=at.done + 1)
            if each.kind in kinds or (first and not each.kind):
                _take(context, stream, file, each, make, records, rejects)
        at = _Place(file.number, 0, at.pulling, said)
    more = context.files.after(at.after) is not None or not asked
    return Page(list(records.values()), at.write(), more=more, rejects=rejects)


def digest_of(said: Said) -> str:
    """Return a short hash of what was said of columns; nothing where nothing was."""
    if not said.headings and not said.tables:
        return ""
    return hashlib.sha256(Intake(said=said).told.encode()).hexdigest()[:12]


def _take(
    context: FetchContext,
    stream: str,
    file: SourceFile,
    found: Found,
    make: Make,
    records: dict[str, Record],
    rejects: list[Reject],
) -> None:
    if isinstance(found.item, Asked):
        asked = found.item.record(stream, file.name, context.starts_on)
        records[asked.source_id] = asked
        return
    if isinstance(found.item, Problem):
        rejects.append(found.item.reject(stream, f"{file.name[:120]} [{file.sha256[:8]}]:{found.line}"))
        return
    record = make(found.kind, found.item)
    known = records.get(record.source_id)
    if known is None or known.as_of is None or record.as_of is None or record.as_of >= known.as_of:
        records[record.source_id] = record


def _ask(context: FetchContext, contract: Contract, intake: Intake, at: _Place) -> tuple[_Place, bool]:
    """Bring in what is new in the folder or at the source; return whether there is more to ask for."""
    if intake.folder:
        try:
            context.files.scan(intake.folder)
        except OSError as error:
            raise refused("folder", folder=intake.folder) from error
    if intake.pull is None:
        return at, False
    progress, more = pull_page(context, contract, intake.pull, at.pulling)
    return replace(at, pulling=progress), more


def _objects(contract: Contract, file: SourceFile, told: str) -> tuple[Found, ...]:
    if file.size > FILE_BYTES_MAX:
        return (Found("", 0, problem("file_too_large", limit=FILE_BYTES_MAX >> 20)),)
    with file.open() as stream:
        content = stream.read()
    return _read_once(_File(contract, file.name, told, file.sha256, content))


@dataclass(frozen=True, slots=True)
class _File:
    """A file as all streams read it; equal to another by what names its bytes, so that no megabytes are compared."""

    contract: Contract
    name: str
    told: str
    sha256: str
    content: bytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _File) and self._known_by == other._known_by

    def __hash__(self) -> int:
        return hash(self._known_by)

    @property
    def _known_by(self) -> tuple[str, str, str, str]:
        return self.contract.name, self.name, self.told, self.sha256


@lru_cache(maxsize=4)
def _read_once(file: _File) -> tuple[Found, ...]:
    """Read a file for all of its pages and streams; it depends on nothing but what it says."""
    told = json.loads(file.told, parse_float=Decimal)
    said = Said(told["headings"], told["tables"])
    found = tuple(read_objects(file.contract, file.name, file.content, said, asks=bool(told["asks"])))
    # Of a file with too many rows nothing is used, as its problem says: which objects it holds whole is not known.
    return found[-1:] if found and _is_too_many(found[-1].item) else found


def _is_too_many(item: object) -> bool:
    return isinstance(item, Problem) and item.code == "contract.too_many_objects"
