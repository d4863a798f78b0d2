"""All that came of running a connector on one source: exchanges, pages, records, drafts, documents and ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from types import ModuleType

from pydantic import SecretStr

from raccord.bench.documents import Documented, MadeUpBooks, Posting
from raccord.bench.identity import Identity, identity_of
from raccord.plugin.contexts import Http
from raccord.plugin.errors import ConnectorError
from raccord.plugin.hooks import Mapped, Skipped
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.records import Record, Reject
from raccord.plugin.testing.contexts import NoHttp
from raccord.plugin.testing.files import ShelvedFile
from raccord.plugin.testing.kit.asking import Asked, no_network
from raccord.plugin.testing.kit.subject import Read, Subject, Turned, opened, secrets_of, stored
from raccord.plugin.testing.recording import (
    Disguise,
    RecordingError,
    RecordingFile,
    Source,
    TakingHttp,
    hidden_exchanges,
    learn_exchanges,
    make_recording,
)
from raccord.plugin.testing.recording.shapes import RecordedExchange
from raccord.plugin.testing.trial import Trial
from raccord.plugin.texts import Text

_PRIVATE_KEY = "PRIVATE KEY-----"


@dataclass(frozen=True, slots=True)
class Made:
    """A record and what became of it: documents, or why there is none (a code, and a sentence where one was said)."""

    record: Record
    documents: Sequence[Documented] = ()
    code: str = ""
    why: Text | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """All that came of one source; ``error`` is what reading raised, with the sentence that was said."""

    connector: str
    source: str
    turns: Sequence[Turned]
    exchanges: Sequence[RecordedExchange]
    rejects: Sequence[Reject]
    made: Sequence[Made]
    identity: Identity
    ledger: Sequence[Posting]
    """What all documents together do to each account, by currency."""
    files: Sequence[ShelvedFile]
    error: str = ""
    said: Text | None = None

    @property
    def balanced(self) -> bool:
        """Whether each document's postings come to nothing, and so all of them."""
        return all(each.balanced for one in self.made for each in one.documents)


def look(plugin: ModuleType, info: ConnectorInfo, trial: Trial) -> Look:
    """Read a source as it is told and follow what came to the ledger; nothing is judged, and nothing goes out."""
    with _read(plugin, info, trial) as (subject, read, taking):
        books = MadeUpBooks(info, trial.home_currency, {})
        asked = [(record, subject.map(record, taxed=books.taxed)) for record in map(stored, read.records)]
        drafts = [draft for _, each in asked if isinstance(each.answer, Mapped) for draft in each.answer.drafts]
        books.drafts = {draft.key: draft for draft in drafts}
        made = [_made(books, record, each) for record, each in asked]
        disguise = Disguise(frozenset(info.terms.terms))
        learn_exchanges(disguise, taking.taken)
        failed = read.error
        error = None if failed is None else failed.asked.error
        return Look(
            info.name,
            trial.name,
            read.turns,
            hidden_exchanges(disguise, taking.taken),
            read.rejects,
            made,
            identity_of([page.records for _, page in read.pages], read.records, drafts),
            _together([each for one in made for each in one.documents]),
            list(read.box),
            "" if failed is None else f"{failed.stream}: {failed.asked.raised}",
            error.text if isinstance(error, ConnectorError) else None,
        )


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording, how many records came while it was made, and what reading raised, which is in it as it came."""

    recording: RecordingFile
    records: int
    error: str = ""
    said: Text | None = None
    renewed: bool = False
    """Whether the source gave new secrets meanwhile, which nobody keeps."""


def record(plugin: ModuleType, info: ConnectorInfo, trial: Trial) -> Recorded:
    """Read a source and return a recording of it; raises ``RecordingError`` where none may be made.

    What is signed with a private key, or comes over a connection of the connector's own, could not be replayed from
    what a recording holds.
    """
    if any(_PRIVATE_KEY in _plain(value) for value in trial.values.values()):
        raise _signed()
    with _read(plugin, info, trial) as (subject, read, taking):
        if any(turn.asked.deeds.network for turn in read.turns):
            raise _own_connection()
        before = dict(read.context.secrets)
        recording = make_recording(Source(info, trial, subject.settings, taking.taken, list(read.box), read.records))
        failed = read.error
        error = None if failed is None else failed.asked.error
        return Recorded(
            recording,
            len(read.records),
            "" if failed is None else f"{failed.stream}: {failed.asked.raised}",
            error.text if isinstance(error, ConnectorError) else None,
            renewed=before != secrets_of(subject.settings),
        )


def _signed() -> RecordingError:
    return RecordingError(
        "recording.private_key",
        Text(
            "Cette source se lit avec une clé privée, qu'un enregistrement ne garde pas : rejoué, rien ne se signe.",
            "This source is read with a private key, which a recording does not keep: replayed, it could sign nothing.",
        ),
        Text(
            "Enregistrez les fichiers que la source a donnés : réglez le dépôt par fichiers et ajoutez --file.",
            "Record the files that the source gave: set that files are handed in, and add --file.",
        ),
    )


def _own_connection() -> RecordingError:
    return RecordingError(
        "recording.own_connection",
        Text(
            "Ce connecteur ouvre une connexion à lui (SFTP) ; un enregistrement ne tient qu'échanges HTTP et fichiers.",
            "This connector opens a connection of its own (SFTP); a recording holds HTTP exchanges and files alone.",
        ),
        Text(
            "Enregistrez les fichiers que la source a donnés : réglez le dépôt par fichiers et ajoutez --file.",
            "Record the files that the source gave: set that files are handed in, and add --file.",
        ),
    )


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


@contextmanager
def _read(plugin: ModuleType, info: ConnectorInfo, trial: Trial) -> Iterator[tuple[Subject, Read, TakingHttp]]:
    taking = TakingHttp(NoHttp())

    @contextmanager
    def taken_down() -> Iterator[Http]:
        if trial.told.http is None:
            yield taking
        else:
            with trial.told.http() as inner:
                taking.inner = inner
                yield taking

    watched = replace(trial, told=replace(trial.told, http=taken_down))
    with no_network(), opened(plugin, info, watched) as subject:
        yield subject, subject.first, taking


def _made(books: MadeUpBooks, record: Record, asked: Asked[Mapped | Skipped | None]) -> Made:
    match asked.answer:
        case Mapped(drafts):
            return Made(record, [books.document(draft) for draft in drafts])
        case Skipped(code, reason):
            return Made(record, code=code, why=reason)
    if isinstance(asked.error, ConnectorError):
        return Made(record, code=str(getattr(asked.error, "code", type(asked.error).__name__)), why=asked.error.text)
    return Made(record, code=asked.raised or "None")


def _together(documents: Sequence[Documented]) -> list[Posting]:
    sums: dict[tuple[str, str], Decimal] = {}
    for each in documents:
        for posting in each.postings:
            key = (posting.currency, posting.account)
            sums[key] = sums.get(key, Decimal(0)) + posting.amount
    return [Posting(account, amount, currency) for (currency, account), amount in sorted(sums.items())]
