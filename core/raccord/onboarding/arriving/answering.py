"""Questions that a connector asks about files, all of one file at once; lines of settings, ``key = answer``, answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.arriving.reading_ahead import asked_ahead
from raccord.onboarding.arriving.unnamed_accounts import books_account, called, say_account
from raccord.onboarding.connecting.connections import update_settings
from raccord.onboarding.sources.source_accounts import info_of, refused
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.records import record_key
from raccord.plugin.texts import Text
from raccord.store.models import Connection, Problem, ProblemState, RecordState, SourceRecord
from raccord.store.vault import join_secrets
from raccord.sync.workshop import Workshop, settings_handle

QUESTIONS_MAX = 50


@dataclass(frozen=True, slots=True)
class FileReading:
    """One way to read a file: the answer that chooses it, its name, and what each example row becomes under it."""

    answer: str
    label: Text
    shown: Sequence[Text] = ()


@dataclass(frozen=True, slots=True)
class FileAsk:
    """One thing that is asked about a file; ``cells`` is a row of a table whose columns are to be told."""

    code: str
    setting: str
    text: Text
    answers: Sequence[str]
    readings: Sequence[FileReading]
    """What may be answered, in the connector's words; none where it gives none."""
    examples: Sequence[str]
    """Rows of the file, which every reading shows in its own way."""
    cells: Sequence[str]
    parts: Sequence[str]
    """What a column may be, where ``cells`` are given."""
    chosen: Sequence[str] = ()
    """What each column is taken for already, where that is known."""
    key: str = ""
    """The key under which it alone is answered, where that is not the file's."""
    signs: bool = False
    """Whether the answer may say that money going out is written without a minus."""


@dataclass(frozen=True, slots=True)
class FileQuestion:
    """All that is asked about one file; an answer counts for it, or for all files that are written like it."""

    code: str
    """Of the record that asks."""
    key: str
    layout: str
    """The key of all files that are written like this one; the same as ``key`` where the two are not told apart."""
    file: str
    asks: Sequence[FileAsk]
    unnamed: str = ""
    """The key of the account that the file does not name, while nobody said which it is."""
    naming: str = ""
    """The setting that takes its name."""


def file_questions(
    session: Session, connection: Connection, info: ConnectorInfo, ahead: Sequence[Mapping[str, Any]] = ()
) -> list[FileQuestion]:
    """Return what is asked about a connection's files and was not answered since they were read, each file once.

    ``ahead`` is what files ask that no run has read yet.
    """
    raws = [(str(raw.get("code", "")), raw) for raw in ahead] + _kept(session, connection, info)
    found: dict[str, FileQuestion] = {}
    for code, raw in raws:
        question = _question(raw, code, info, connection.settings)
        if question is not None and not _answered(question, connection.settings):
            found.setdefault(question.key, question)
    return list(found.values())[:QUESTIONS_MAX]


def questions_of(workshop: Workshop, connection_id: str) -> list[FileQuestion]:
    """Return what is asked about a connection's files; until the first plan is approved, of unread ones too."""
    ahead = asked_ahead(workshop, connection_id)
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        return file_questions(session, connection, info_of(workshop, connection.connector), ahead)


def answer_file(
    workshop: Workshop,
    actor: Actor,
    connection_id: str,
    key: str,
    said: Mapping[str, str],
    *,
    every: bool = True,
    ledger_id: str = "",
    name: str = "",
) -> FileQuestion:
    """Keep the answers to all that is asked about a file, by code; the next run reads the file again.

    They count for all files that are written like it (``every``) or for it alone. Where the file names no account, it
    is one of the books (``ledger_id``) or a new name. The settings refuse what the connector does not know.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
    asked = next((each for each in questions_of(workshop, connection_id) if each.key == key), None)
    if asked is None:
        raise refused(
            "files.no_question",
            Text("Cette question n'attend plus.", "This question waits no more."),
            Text("Regardez de nouveau la page des fichiers.", "Look at the page of files again."),
        )
    answers = [(each, said.get(each.code, "").strip()) for each in asked.asks]
    for ask, answer in answers:
        if not answer or "\n" in answer or (ask.readings and answer not in ask.answers):
            raise _unanswered(asked)
    with workshop.database.read() as session:
        secret = workshop.vault.within(session).get_mapping(settings_handle(connection_id), missing_ok=True)
        chosen = books_account(session, connection.company_id, ledger_id)
        title = called(chosen, ledger_id, name) if asked.unnamed else ""
    values = join_secrets(info.settings, connection.settings, secret).model_dump()
    words: dict[tuple[str, str], list[str]] = {}
    for ask, answer in answers:
        place = ask.key or (asked.layout if every else asked.key)
        words.setdefault((ask.setting, place), []).append(answer)
    for (setting, under), some in words.items():
        _add(values, setting, under, " ".join(some))
    if title:
        _add(values, asked.naming, asked.unnamed, title)
    update_settings(workshop, actor, connection_id, values)
    if title and chosen is not None:
        say_account(workshop, actor, connection_id, info, asked.unnamed, chosen)
    return asked


def _add(values: dict[str, Any], setting: str, key: str, said: str) -> None:
    lines = str(values.get(setting, "")).rstrip("\n")
    values[setting] = f"{lines}\n{key} = {said}".lstrip("\n")


def _unanswered(asked: FileQuestion) -> Exception:
    return refused(
        "files.answer_missing",
        Text(
            f"Il manque une réponse pour {asked.file or asked.key}, ou elle n'est pas parmi celles proposées.",
            f"An answer about {asked.file or asked.key} is missing, or it is none of those that are offered.",
        ),
        Text("Répondez à chaque question de ce fichier.", "Answer each question about this file."),
    )


def _kept(session: Session, connection: Connection, info: ConnectorInfo) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the code and the body of each record that asks, while its problem is open."""
    asked = {
        row.subject: row.code
        for row in session.scalars(
            select(Problem)
            .where(
                Problem.connection_id == connection.id,
                Problem.state == ProblemState.OPEN,
                Problem.code.in_(sorted(info.questions)),
            )
            .limit(QUESTIONS_MAX)
        )
    }
    if not asked:
        return []
    rows = session.scalars(
        select(SourceRecord)
        .where(
            SourceRecord.connection_id == connection.id,
            SourceRecord.state == RecordState.FAILED,
            SourceRecord.raw.contains('"question":'),
        )
        .order_by(SourceRecord.id)
    )
    found = {record_key(row.stream, row.source_id): row for row in rows}
    return [
        (code, json.loads(found[subject].raw, parse_float=str)) for subject, code in asked.items() if subject in found
    ]


def _question(
    raw: Mapping[str, Any], code: str, info: ConnectorInfo, settings: Mapping[str, Any]
) -> FileQuestion | None:
    asks = [_ask(each, str(each.get("code", "")) or code, info) for each in raw.get("asks") or [raw]]
    key, unnamed = str(raw["question"]), str(raw.get("unnamed", ""))
    naming = next(iter(info.unnamed.values()), "")
    if not asks or not all(each.setting for each in asks):
        return None
    if not naming or unnamed in _keys(settings, naming):
        unnamed = ""
    return FileQuestion(code, key, str(raw.get("layout", "")) or key, str(raw.get("file", "")), asks, unnamed, naming)


def _ask(raw: Mapping[str, Any], code: str, info: ConnectorInfo) -> FileAsk:
    return FileAsk(
        code,
        info.questions.get(code, ""),
        Text(str(raw.get("fr", "")), str(raw.get("en", ""))),
        [str(each) for each in raw.get("answers", [])],
        [
            FileReading(
                str(each["answer"]),
                Text(str(each["fr"]), str(each["en"])),
                [Text(str(text["fr"]), str(text["en"])) for text in each.get("shown", [])],
            )
            for each in raw.get("readings", [])
        ],
        [str(each) for each in raw.get("examples", [])],
        [str(each) for each in raw.get("cells", [])],
        [str(each) for each in raw.get("parts", [])],
        [str(each) for each in raw.get("chosen", [])],
        str(raw.get("key", "")),
        bool(raw.get("signs", False)),
    )


def _answered(asked: FileQuestion, settings: Mapping[str, Any]) -> bool:
    """Tell whether settings answer all that is asked: what is told of a table whole, else a word for each question."""
    for ask in asked.asks:
        lines = _keys(settings, ask.setting)
        said = [lines[each] for each in ((ask.key,) if ask.key else (asked.key, asked.layout)) if each in lines]
        if not said or not (ask.cells or any(set(ask.answers) & words for words in said)):
            return False
    return True


def _keys(settings: Mapping[str, Any], setting: str) -> dict[str, frozenset[str]]:
    """Return what the lines of a setting say, by their keys."""
    found: dict[str, frozenset[str]] = {}
    for line in str(settings.get(setting, "") or "").splitlines():
        key, equals, said = line.partition("=")
        if equals:
            words = frozenset(said.replace(",", " ").split())
            found[key.strip()] = found.get(key.strip(), frozenset()) | words
    return found
