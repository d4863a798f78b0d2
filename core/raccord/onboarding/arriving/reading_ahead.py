"""What files hold, looked at for a person who has to say something of them: each by itself, and nothing is kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from threading import Lock
from typing import Any, BinaryIO

from pydantic import ValidationError
from sqlalchemy import select

from raccord.guard import PluginFault
from raccord.onboarding.gates.passed_steps import SCOPE, step_passed
from raccord.onboarding.sources.source_accounts import refused
from raccord.plugin.contexts import FileBox
from raccord.plugin.contexts import SourceFile as File
from raccord.plugin.errors import BadRecord, ConnectorError
from raccord.plugin.hooks import Skipped
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.records import Record
from raccord.plugin.texts import Text
from raccord.scope import ScopeError
from raccord.store.files import StoredFile, given
from raccord.store.models import Company, Connection, SourceFile
from raccord.sync.resolving.views import FetchView, MapView
from raccord.sync.workshop import Bench, Workshop

BYTES_MAX = 4 * 1024 * 1024
"""Of the newest files together: what is older or larger is read by a run alone, since a page waits for this; a large
file keeps none of the others out.
"""
FILES_MAX = 10
PAGES_MAX = 4
"""Of each stream of a file."""
AGAIN_MAX = 32 * 1024 * 1024
"""Of all files together, where an answer is changed and they are compared under both readings."""
LINES_MAX = 1000
"""Pages of a stream then."""
LINES_SHOWN = 3
TEXT_MAX = 120
_KEPT_MAX = 256


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A line as it is read."""

    day: date
    text: str
    amount: Decimal
    currency: str
    """Empty where the file states none."""


@dataclass(slots=True)
class SeenAccount:
    """An account as files tell of it; lines that are not brought over are not counted."""

    key: str
    number: str = ""
    """The last characters of its number."""
    bank: str = ""
    card: bool = False
    lines: int = 0
    first: date = date.max
    last: date = date.min
    shown: list[SeenLine] = field(default_factory=list)
    unnamed: bool = False
    """Whether its files do not even name it."""
    no_currency: bool = False
    """Whether its lines wait for their currency too."""
    files: list[str] = field(default_factory=list)
    moved: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    """What came in and what went out, by currency; an empty one where the file states none."""

    def add(self, row: SeenLine) -> None:
        """Count a line, and show it if it is among the first."""
        self.lines += 1
        self.first, self.last = min(self.first, row.day), max(self.last, row.day)
        came, went = self.moved.get(row.currency, (Decimal(0), Decimal(0)))
        self.moved[row.currency] = came + max(row.amount, Decimal(0)), went + min(row.amount, Decimal(0))
        if len(self.shown) < LINES_SHOWN:
            self.shown.append(row)


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file with what it asks, and its accounts as they are read once that is answered the first way offered."""

    name: str
    asks: Sequence[Mapping[str, Any]] = ()
    accounts: Mapping[str, SeenAccount] = field(default_factory=dict)
    faults: Sequence[Text] = ()
    """Why lines of it are not brought over, each reason once."""
    sha256: str = ""


class _Alone:
    """A file box that holds one file, as its first: what stands before it tells nothing of what it says."""

    def __init__(self, file: StoredFile) -> None:
        self._file = replace(file, number=1)

    def receive(self, name: str, content: BinaryIO, *, origin: str) -> bool:
        raise NotImplementedError

    def scan(self, folder: str) -> int:
        return 0

    def has(self, name: str, size: int) -> bool:
        return False

    def after(self, number: int) -> File | None:
        return self._file if number < 1 else None


class _All(_Alone):
    """A file box that holds every file that arrived, and takes in no other."""

    def __init__(self, box: FileBox) -> None:
        self._box = box

    def after(self, number: int) -> File | None:
        return self._box.after(number)


ViewOn = Callable[[date], MapView]

_together: OrderedDict[tuple[str, int, tuple[str, ...]], Sequence[Mapping[str, Any]]] = OrderedDict()
"""What files ask together, by connection, its revision and the bytes of all of them."""

_kept: OrderedDict[tuple[str, int, str, bool], SeenFile] = OrderedDict()
"""What was seen, by connection, its revision and the file's bytes, which are all that it depends on; and whether
nothing was to be taken as answered.
"""
_lock = Lock()


def takes_files(info: ConnectorInfo, settings: Mapping[str, Any]) -> bool:
    """Tell whether people hand in a connection's files themselves."""
    return bool(info.uploads) and all(str(settings.get(name, "")) == value for name, value in info.uploads.items())


def look_into(workshop: Workshop, connection_id: str, *, unanswered: bool = False) -> Sequence[SeenFile]:
    """Return what a connection's newest files hold, in order of arrival; only of connectors that ask about files.

    With ``unanswered``, as if nobody had answered anything about them. A file that cannot be read holds nothing here:
    the run says what is wrong with it.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        admitted = workshop.scopes.catalog.get(connection.connector)
        if admitted is None or not (admitted.info.questions or admitted.info.unnamed):
            return []
        arrived = select(SourceFile.sha256, SourceFile.size).where(*given(connection_id))
        newest = arrived.order_by(SourceFile.number.desc())
        hashes, size = [], 0
        for sha256, bytes_ in session.execute(newest.limit(FILES_MAX)):
            if size + bytes_ <= BYTES_MAX:
                size += bytes_
                hashes.append(sha256)
        if not hashes:
            return []
        try:
            bench = workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)
        except ScopeError:
            return []
        view_on = workshop.map_view(session, bench)
    box = workshop.files(connection_id)
    return [
        _known(bench, each, unanswered=unanswered) or _seen(bench, view_on, box.of_hash(each), unanswered=unanswered)
        for each in reversed(hashes)
    ]


def asked_together(workshop: Workshop, connection_id: str) -> Sequence[Mapping[str, Any]]:
    """Return the questions that rest on several of a connection's files, answered ones too, as a run will ask them.

    Nothing where there are more files than a page waits for: a run asks about them.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        admitted = workshop.scopes.catalog.get(connection.connector)
        arrived = session.execute(select(SourceFile.sha256, SourceFile.size).where(*given(connection_id))).all()
        place = (connection_id, connection.revision, tuple(sorted(each.sha256 for each in arrived)))
        with _lock:
            if (kept := _together.get(place)) is not None:
                return kept
        cover = admitted.info.files_cover if admitted is not None and admitted.info.questions else None
        if cover is None or len(arrived) < 2 or sum(each.size for each in arrived) > BYTES_MAX:
            return []
        try:
            bench = workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)
        except ScopeError:
            return []
    view = replace(workshop.fetch_view(bench), files=_All(workshop.files(connection_id)))
    records = _of_stream(bench, view, cover.stream, {}, pages=LINES_MAX)
    found = [each.raw for each in records if "question" in each.raw]
    with _lock:
        _together[place] = found
        while len(_together) > _KEPT_MAX:
            _together.popitem(last=False)
    return found


def ids_in(workshop: Workshop, connection_id: str, values: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return stream and id of every line in a connection's files, as they are read under other settings.

    Raises where there are more than a page waits for.
    """
    if too_much_to_read(workshop, connection_id):
        raise _too_much()
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        bench = workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)
    view = replace(workshop.fetch_view(bench), settings=type(bench.view.settings).model_validate(values))
    # Together, as which account a file is of may rest on those before it.
    every = replace(view, files=_All(workshop.files(connection_id)))
    return {
        (record.stream, record.source_id)
        for record in records_in(bench, every, {}, pages=LINES_MAX)
        if record.amount is not None
    }


def too_much_to_read(workshop: Workshop, connection_id: str) -> bool:
    """Tell whether a connection's files are more than a page waits for."""
    with workshop.database.read() as session:
        return sum(session.scalars(select(SourceFile.size).where(*given(connection_id)))) > AGAIN_MAX


def _too_much() -> Exception:
    return refused(
        "files.too_much_to_read_again",
        Text(
            f"Les fichiers de cette connexion font plus de {AGAIN_MAX >> 20} Mo : les relire tous prendrait trop "
            "de temps ici.",
            f"The files of this connection are more than {AGAIN_MAX >> 20} MB: to read them all again would take too "
            "long here.",
        ),
        Text(
            "Changez la réponse dans les réglages de la connexion, sous « Ce qui a été dit des fichiers », et écartez "
            "les lignes mal lues.",
            "Change the answer in the connection's settings, under “What was said of files”, and leave out the lines "
            "that were read wrongly.",
        ),
    )


def _known(bench: Bench, sha256: str, *, unanswered: bool) -> SeenFile | None:
    with _lock:
        return _kept.get((bench.connection.id, bench.connection.revision, sha256, unanswered))


def _seen(bench: Bench, view_on: ViewOn, file: StoredFile, *, unanswered: bool) -> SeenFile:
    key = (bench.connection.id, bench.connection.revision, file.sha256, unanswered)
    view = replace(bench.workshop.fetch_view(bench), files=_Alone(file))
    if unanswered:
        values = view.settings.model_dump() | dict.fromkeys(bench.scope.info.questions.values(), "")
        view = replace(view, settings=type(view.settings).model_validate(values))
    rejects: dict[str, Text] = {}
    records = list(records_in(bench, view, rejects))
    asks = [each.raw for each in records if "question" in each.raw]
    if asks:
        records = list(records_in(bench, _as_answered(bench, view, asks), {}))
    accounts = _accounts(bench, view_on, file.name, records, rejects)
    found = SeenFile(file.name, asks, accounts, tuple(rejects.values()), file.sha256)
    with _lock:
        _kept[key] = found
        while len(_kept) > _KEPT_MAX:
            _kept.popitem(last=False)
    return found


def records_in(bench: Bench, view: FetchView, rejects: dict[str, Text], *, pages: int = PAGES_MAX) -> Iterator[Record]:
    """Yield what a file says; ``rejects`` takes why rows of it cannot be read, the first of each code."""
    for stream in bench.scope.info.streams:
        yield from _of_stream(bench, view, stream.name, rejects, pages=pages)


def _of_stream(bench: Bench, view: FetchView, stream: str, rejects: dict[str, Text], *, pages: int) -> Iterator[Record]:
    cursor, more = None, True
    for _ in range(pages):
        if not more:
            break
        try:
            page = bench.scope.fetch(view, stream, cursor)
        except (PluginFault, ConnectorError):
            break
        for reject in page.rejects:
            rejects.setdefault(reject.code, reject.reason)
        yield from page.records
        cursor, more = page.cursor, page.more


def _as_answered(bench: Bench, view: FetchView, asks: Sequence[Mapping[str, Any]]) -> FetchView:
    """Return a view in which each question is answered the first way that it offers; as it was where there is none."""
    values, questions = view.settings.model_dump(), bench.scope.info.questions
    for asked in asks:
        for ask in asked.get("asks") or [asked]:
            setting, answers = questions.get(str(ask.get("code", ""))), ask.get("answers") or [""]
            if setting and not ask.get("cells"):
                line = f"{ask.get('key') or asked['question']} = {answers[0]}"
                values[setting] = f"{values[setting]}\n{line}".lstrip("\n")
    try:
        return replace(view, settings=type(view.settings).model_validate(values))
    except ValidationError:
        return view


def _accounts(
    bench: Bench, view_on: ViewOn, file: str, records: Sequence[Record], faults: dict[str, Text]
) -> dict[str, SeenAccount]:
    """Return the accounts whose lines are brought over once they are told; ``faults`` takes why others are not."""
    info, found, banks = bench.scope.info, dict[str, SeenAccount](), dict[str, str]()
    # Before the first day is said no line is left out for it: the files are what it is proposed from.
    first = bench.view.starts_on if step_passed(bench.connection, SCOPE) else date.min
    for record in records:
        key = str(record.raw.get("account") or "")
        if not key or record.day < first:
            continue
        banks[key] = banks.get(key) or str(record.raw.get("institution") or "")
        code = ""
        try:
            made = bench.scope.map(view_on(record.day), record)
        except BadRecord as error:
            made, code = None, error.code
            if code not in {*info.unnamed, *info.currencies}:
                faults.setdefault(code, error.reason)
                continue
        except PluginFault:
            continue
        if isinstance(made, Skipped):
            if made.report:
                faults.setdefault(made.code, made.reason)
        elif record.amount:
            account = found.setdefault(key, SeenAccount(key, files=[file]))
            take(account, info, code, record.day, record.amount.amount, record.raw)
    for key, account in found.items():
        account.bank = banks[key]
    return found


def take(
    account: SeenAccount, info: ConnectorInfo, code: str, day: date, amount: Decimal, raw: Mapping[str, Any]
) -> None:
    """Add a line to its account; ``code`` is why it failed, if it did."""
    currency = str(raw.get("currency") or "")
    name, memo = (" ".join(str(raw.get(part) or "").split()) for part in ("name", "memo"))
    words = (memo if name.casefold() in memo.casefold() else f"{name} {memo}".strip()) or str(raw.get("type") or "")
    account.number = account.number or str(raw.get("account_number") or "")
    account.card = account.card or raw.get("account_kind") == "card"
    account.unnamed = account.unnamed or code in info.unnamed
    account.no_currency = account.no_currency or code in info.currencies or (code in info.unnamed and not currency)
    account.add(SeenLine(day, words[:TEXT_MAX], amount, currency))
