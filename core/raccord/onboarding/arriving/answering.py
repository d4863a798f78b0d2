"""Questions that a connector asks about files, all of one file at once; lines of settings, ``key = answer``, answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.arriving.reading_ahead import SeenAccount, SeenFile, asked_together, look_into
from raccord.onboarding.arriving.untold_accounts import (
    AccountTold,
    AskedAccount,
    keep_told,
    said_of,
    unread,
    untold_accounts,
    waits_no_more,
)
from raccord.onboarding.gates.each_account import roles_of_accounts
from raccord.onboarding.sources.source_accounts import info_of, refused
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.records import record_key
from raccord.plugin.texts import Text
from raccord.store.models import Connection, Problem, ProblemState, RecordState, SourceRecord
from raccord.sync.fetching.keep import UNSAID
from raccord.sync.problems import ANSWERS
from raccord.sync.workshop import Workshop

QUESTIONS_MAX = 50
_ACCOUNT_COLUMN = "account:"


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
    account: AskedAccount | None = None
    """Its one account, while nobody said which of the books it is: asked on the same form."""
    seen: SeenFile | None = None
    """What is in it, where it was looked into."""
    said: Mapping[str, str] = field(default_factory=dict)
    """What was answered before, by code, where it may be answered anew."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """All that files of a connection leave open: how they are read, and the accounts that no such question takes in."""

    questions: Sequence[FileQuestion] = ()
    accounts: Sequence[AskedAccount] = ()


def unsettled(
    session: Session,
    connection: Connection,
    info: ConnectorInfo,
    looked: Sequence[SeenFile] = (),
    *,
    ahead: bool = False,
    together: Sequence[Mapping[str, Any]] = (),
) -> Unsettled:
    """Return what is asked about a connection's files and was not answered since they were read, each file once.

    ``looked`` is what its files hold, ``together`` what they ask that rests on several of them; with ``ahead``, what
    those ask counts that no run has read.
    """
    raws = [raw for each in looked for raw in each.asks] + list(together) if ahead else []
    accounts = untold_accounts(session, connection, info, looked)
    found: dict[str, FileQuestion] = {}
    for code, raw in [(str(raw.get("code", "")), raw) for raw in raws] + _kept(session, connection, info):
        question = question_in(raw, code, info, connection, looked, accounts)
        if question is not None and answers_in(question, connection.settings) is None:
            found.setdefault(question.key, question)
    questions = list(found.values())[:QUESTIONS_MAX]
    taken = {each.account.key for each in questions if each.account is not None}
    return Unsettled(questions, [each for each in accounts if (each.waits or ahead) and each.key not in taken])


def questions_of(workshop: Workshop, connection_id: str) -> list[FileQuestion]:
    """Return what is asked about a connection's files; until the first plan is approved, of unread ones too."""
    return list(all_unsettled(workshop, connection_id).questions)


def all_unsettled(workshop: Workshop, connection_id: str) -> Unsettled:
    """Return what files of a connection leave open, with what is in them."""
    looked, ahead = look_into(workshop, connection_id), unread(workshop, connection_id)
    together = asked_together(workshop, connection_id) if ahead else ()
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        return unsettled(session, connection, info, looked, ahead=ahead, together=together)


def asked_in(
    connection: Connection, info: ConnectorInfo, raws: Sequence[Mapping[str, Any]], but: Sequence[Mapping[str, Any]]
) -> list[FileQuestion]:
    """Return what records ask that nobody answered yet, but for what others (``but``) ask too."""
    others = {str(raw["question"]) for raw in but}
    found = [question_in(raw, str(raw.get("code", "")), info, connection, (), ()) for raw in raws]
    asked = {each.key: replace(each, account=None, unnamed="") for each in found if each is not None}
    return [each for key, each in asked.items() if key not in others and answers_in(each, connection.settings) is None][
        :QUESTIONS_MAX
    ]


def require_manage(workshop: Workshop, actor: Actor, connection_id: str) -> None:
    """Refuse who may not say how a connection's files are read."""
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)


def answer_file(
    workshop: Workshop,
    actor: Actor,
    connection_id: str,
    key: str,
    said: Mapping[str, str],
    *,
    every: bool = True,
    told: AccountTold | None = None,
) -> FileQuestion:
    """Keep the answers to all that is asked about a file, by code; the next run reads the file again.

    They count for all files that are written like it (``every``) or for it alone. Where its account is asked too,
    ``told`` says which it is. The settings refuse what the connector does not know.
    """
    require_manage(workshop, actor, connection_id)
    asked = next((each for each in questions_of(workshop, connection_id) if each.key == key), None)
    if asked is None:
        raise waits_no_more()
    keep_answer(workshop, actor, connection_id, asked, FileAnswer(key, said, every, told))
    return asked


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What a person says of a file or an account: the answers by code, whether they count for all files like it, and
    which account of the books it is.
    """

    key: str
    said: Mapping[str, str] = field(default_factory=dict)
    every: bool = True
    told: AccountTold | None = None


def answer_all(
    workshop: Workshop, actor: Actor, connection_id: str, answers: Sequence[FileAnswer]
) -> dict[str, RaccordError]:
    """Keep several answers, each by itself, after one look into the files; return why some are refused, by key.

    Of two files that are written alike and said to be read differently, the second answer counts for its file alone.
    """
    require_manage(workshop, actor, connection_id)
    open_ = all_unsettled(workshop, connection_id)
    files, accounts = {each.key: each for each in open_.questions}, {each.key: each for each in open_.accounts}
    layouts: dict[str, Mapping[str, str]] = {}
    named: dict[str, AccountTold] = {}
    claimed: dict[str, AccountTold | None] = {}
    firsts: dict[str, str] = {}
    refusals: dict[str, RaccordError] = {}
    for answer in answers:
        try:
            if (asked := files.get(answer.key)) is not None:
                said = replace(answer, every=answer.every and asked.layout not in layouts)
                of = "" if asked.account is None or answer.told is None else asked.account.key
                if of and claimed.setdefault(of, answer.told) != answer.told:
                    # How it is written counts all the same.
                    if layouts.get(asked.layout) != answer.said:
                        alone = replace(asked, account=None, unnamed="")
                        keep_answer(workshop, actor, connection_id, alone, replace(said, told=None))
                    raise _two_accounts(asked, firsts[of])
                firsts.setdefault(of, asked.file or asked.key)
                # Two files of one account: what was said of it just now stands.
                if asked.account is not None and named.get(asked.account.key) == said.told is not None:
                    asked, said = replace(asked, account=None, unnamed=""), replace(said, told=None)
                if layouts.get(asked.layout) != answer.said or said.told is not None:
                    keep_answer(workshop, actor, connection_id, asked, said)
                if said.every:
                    layouts[asked.layout] = answer.said
                if asked.account is not None and said.told is not None:
                    named[asked.account.key] = said.told
            elif (account := accounts.get(answer.key)) is not None:
                told = answer.told or AccountTold()
                keep_told(workshop, actor, connection_id, account, told, stood=account.ledger_id)
            else:
                raise waits_no_more()
        except RaccordError as error:
            refusals[answer.key] = error
    return refusals


def keep_answer(workshop: Workshop, actor: Actor, connection_id: str, asked: FileQuestion, answer: FileAnswer) -> None:
    """Keep the answer to a question that is asked, in the settings."""
    words = kept_under(asked, answer.said, every=answer.every)
    # A table with a column of account numbers names its accounts itself.
    names_itself = any(ask.cells and _ACCOUNT_COLUMN in answer.said.get(ask.code, "") for ask in asked.asks)
    of = asked.account if answer.told is not None or (asked.unnamed and not names_itself) else None
    keep_told(workshop, actor, connection_id, of, answer.told or AccountTold(), words)


def answer_problem(workshop: Workshop, actor: Actor, problem_id: str, word: str) -> Connection:
    """Keep one of the words that a problem offers; the next run maps its record, and others of its key, again.

    Returns the connection. Refuses a word that is not offered, and a problem that offers none or is open no more.
    """
    with workshop.database.read() as session:
        problem = session.get_one(Problem, problem_id)
        connection = session.get_one(Connection, problem.connection_id)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
        offered: Mapping[str, Any] = problem.params.get(ANSWERS) or {}
        setting, words = str(offered.get("setting", "")), [each["word"] for each in offered.get("words", ())]
    if problem.state != ProblemState.OPEN or word not in words or setting not in info.settings.model_fields:
        raise refused(
            "problem.no_answer",
            Text("Ce problème n'attend pas cette réponse.", "This problem does not wait for this answer."),
            Text("Regardez de nouveau la page des problèmes.", "Look at the page of problems again."),
        )
    keep_told(workshop, actor, connection.id, None, AccountTold(), [(setting, str(offered["key"]), word)])
    return connection


def kept_under(asked: FileQuestion, said: Mapping[str, str], *, every: bool) -> list[tuple[str, str, str]]:
    """Return how answers are kept: setting, key and words; raises where one is missing or none that is offered."""
    words: dict[tuple[str, str], list[str]] = {}
    for ask in asked.asks:
        answer = said.get(ask.code, "").strip()
        if not answer or "\n" in answer or (ask.readings and answer not in ask.answers):
            raise _unanswered(asked)
        words.setdefault((ask.setting, ask.key or (asked.layout if every else asked.key)), []).append(answer)
    return [(setting, under, " ".join(some)) for (setting, under), some in words.items()]


def _unanswered(asked: FileQuestion) -> Exception:
    return refused(
        "files.answer_missing",
        Text(
            f"Il manque une réponse pour {asked.file or asked.key}, ou elle n'est pas parmi celles proposées.",
            f"An answer about {asked.file or asked.key} is missing, or it is none of those that are offered.",
        ),
        Text("Répondez à chaque question de ce fichier.", "Answer each question about this file."),
    )


def _two_accounts(asked: FileQuestion, first: str) -> Exception:
    file = asked.file or asked.key
    return refused(
        "files.two_accounts",
        Text(
            f"{file} et {first} sont lus comme un seul compte (ils nomment le même, ou aucun et sont écrits de la même "
            f"façon), et vous en avez choisi deux. Celui de {first} compte ; celui de {file} n'est pas gardé.",
            f"{file} and {first} are read as one account (they name the same one, or none and are written alike), and "
            f"you chose two. The one said for {first} counts; the one said for {file} is not kept.",
        ),
        Text(
            f"Si {file} ne nomme pas son compte, dites à côté de ce fichier de quel compte il est : c'est demandé une "
            "fois les fichiers relus.",
            f"If {file} names no account, say beside it which account it is of: that is asked once the files are read "
            "again.",
        ),
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


def kept_questions(session: Session, connection: Connection, info: ConnectorInfo) -> list[Mapping[str, Any]]:
    """Return the bodies of records that asked about files, or tell what was answered, the newest first."""
    if info.files_cover is None:
        return []
    rows = select(SourceRecord.raw).where(
        SourceRecord.connection_id == connection.id,
        SourceRecord.stream == info.files_cover.stream,
        SourceRecord.state == RecordState.SKIPPED,
        SourceRecord.reason.not_in(UNSAID),
        SourceRecord.raw.contains('"question":'),
    )
    newest = session.scalars(rows.order_by(SourceRecord.id.desc()).limit(QUESTIONS_MAX))
    return [json.loads(raw, parse_float=str) for raw in newest]


def question_in(
    raw: Mapping[str, Any],
    code: str,
    info: ConnectorInfo,
    connection: Connection,
    looked: Sequence[SeenFile],
    accounts: Sequence[AskedAccount],
) -> FileQuestion | None:
    """Return what a record asks, with what is in its file; nothing where no setting takes the answer."""
    asks = [_ask(each, str(each.get("code", "")) or code, info) for each in raw.get("asks") or [raw]]
    key, unnamed = str(raw["question"]), str(raw.get("unnamed", ""))
    if not asks or not all(each.setting for each in asks):
        return None
    if any(unnamed in said_of(connection, setting) for setting in info.unnamed.values()):
        unnamed = ""
    seen = next((each for each in looked if any(str(one["question"]) == key for one in each.asks)), None)
    of = {unnamed} if unnamed else set() if seen is None or len(seen.accounts) > 1 else set(seen.accounts)
    account = next((each for each in accounts if each.key in of), None)
    if unnamed and account is None:
        seen_so = SeenAccount(unnamed, unnamed=True, no_currency=bool(info.currencies))
        account = AskedAccount(unnamed, seen_so, next((each.name for each in roles_of_accounts(info)), ""))
    layout, file = str(raw.get("layout", "")) or key, str(raw.get("file", ""))
    return FileQuestion(code, key, layout, file, asks, unnamed, account, seen)


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


def answers_in(asked: FileQuestion, settings: Mapping[str, Any]) -> dict[str, str] | None:
    """Return what settings answer, by code: what is told of a table whole, else a word for each question.

    Nothing where one of them is not answered. What is said of a file alone counts before what is said of its layout.
    """
    found: dict[str, str] = {}
    for ask in asked.asks:
        lines = _keys(settings, ask.setting)
        places = [each for each in ((ask.key,) if ask.key else (asked.key, asked.layout)) if each in lines]
        if ask.cells:
            answer = " ".join(lines[places[0]]) if places else ""
        else:
            answer = next((word for each in places for word in ask.answers if word in lines[each]), "")
        if not answer:
            return None
        found[ask.code] = answer
    return found


def _keys(settings: Mapping[str, Any], setting: str) -> dict[str, list[str]]:
    """Return what the lines of a setting say, by their keys."""
    found: dict[str, list[str]] = {}
    for line in str(settings.get(setting, "") or "").splitlines():
        key, equals, said = line.partition("=")
        if equals:
            found.setdefault(key.strip(), []).extend(said.replace(",", " ").split())
    return found
