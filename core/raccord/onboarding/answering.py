"""Questions that a connector asks about files, answered by a line of a setting: ``key = answer``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.connections import update_settings
from raccord.onboarding.people import Actor, Power, require
from raccord.onboarding.source_accounts import info_of, refused
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.records import record_key
from raccord.plugin.texts import Text
from raccord.store.models import Connection, Problem, ProblemState, RecordState, SourceRecord
from raccord.store.vault import join_secrets
from raccord.sync.workshop import Workshop, settings_handle

QUESTIONS_MAX = 50


@dataclass(frozen=True, slots=True)
class FileQuestion:
    """What a connector asks about a file; ``cells`` is a row of a table whose columns are to be told."""

    key: str
    setting: str
    file: str
    text: Text
    answers: Sequence[str]
    cells: Sequence[str]
    parts: Sequence[str]
    """What a column may be, where ``cells`` are given."""
    chosen: Sequence[str] = ()
    """What each column is taken for already, where that is known."""


def file_questions(session: Session, connection: Connection, info: ConnectorInfo) -> list[FileQuestion]:
    """Return the questions of a connection's files that are open and were not answered since the last run."""
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
        _question(json.loads(found[subject].raw, parse_float=str), info.questions[code])
        for subject, code in asked.items()
        if subject in found
    ]


def answer_file(workshop: Workshop, actor: Actor, connection_id: str, key: str, answer: str) -> None:
    """Say the answer; the next run reads the file again. The settings refuse what the connector does not know."""
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
        asked = next((each for each in file_questions(session, connection, info) if each.key == key), None)
        secret = workshop.vault.within(session).get_mapping(settings_handle(connection.id), missing_ok=True)
    if asked is None or not answer.strip() or "\n" in answer:
        raise refused(
            "files.no_question",
            Text(
                "Cette question n'attend plus, ou la réponse est vide.",
                "This question waits no more, or the answer is empty.",
            ),
            Text("Regardez de nouveau la page des fichiers.", "Look at the page of files again."),
        )
    values = join_secrets(info.settings, connection.settings, secret).model_dump()
    said = str(values.get(asked.setting, "")).rstrip("\n")
    values[asked.setting] = f"{said}\n{key} = {answer.strip()}".lstrip("\n")
    update_settings(workshop, actor, connection_id, values)


def _question(raw: dict[str, Any], setting: str) -> FileQuestion:
    return FileQuestion(
        str(raw["question"]),
        setting,
        str(raw.get("file", "")),
        Text(str(raw.get("fr", "")), str(raw.get("en", ""))),
        [str(each) for each in raw.get("answers", [])],
        [str(each) for each in raw.get("cells", [])],
        [str(each) for each in raw.get("parts", [])],
        [str(each) for each in raw.get("chosen", [])],
    )
