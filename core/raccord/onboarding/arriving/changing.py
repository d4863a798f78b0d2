"""What was said of files, shown again and changed: possible until something that rests on it is in QuickBooks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import JSON, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.arriving.answering import FileQuestion, answers_in, kept_questions, kept_under, question_in
from raccord.onboarding.arriving.reading_ahead import (
    SeenAccount,
    SeenFile,
    asked_together,
    ids_in,
    look_into,
    takes_files,
    too_much_to_read,
)
from raccord.onboarding.arriving.untold_accounts import (
    AccountTold,
    AskedAccount,
    keep_told,
    said_of,
    unread,
    waits_no_more,
)
from raccord.onboarding.connecting.connections import update_settings
from raccord.onboarding.gates.each_account import roles_of_accounts
from raccord.onboarding.sources.source_accounts import info_of, refused
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Text
from raccord.store.errors import StoreError
from raccord.store.models import (
    Choice,
    Connection,
    DraftRow,
    DraftState,
    LinkRow,
    LinkState,
    RecordState,
    SourceRecord,
    StreamCursor,
)
from raccord.store.vault import join_secrets
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.fetching.keep import READ_OTHERWISE, UNSAID
from raccord.sync.fetching.told_as import kept_ids
from raccord.sync.resolving.holds import close_hold
from raccord.sync.workshop import Workshop, settings_handle

TOLD_MAX = 50


@dataclass(frozen=True, slots=True)
class ToldAccount:
    """An account of files and which of the books somebody said it is."""

    key: str
    name: str
    bank: str
    number: str
    ledger_id: str
    ledger_name: str
    files: Sequence[str] = ()
    """Those that do not name it."""
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """All that was said of a connection's files."""

    files: Sequence[FileQuestion] = ()
    accounts: Sequence[ToldAccount] = ()


def told_of(workshop: Workshop, connection_id: str) -> Told:
    """Return what was said of a connection's files: how they are read, and which accounts they are of."""
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        accounts, settings = _accounts(session, connection, info, ()), connection.settings
        if accounts and takes_files(info, settings):
            accounts = _accounts(session, connection, info, look_into(workshop, connection_id))
    if not any(settings.get(each) for each in info.questions.values()):
        return Told((), accounts)
    looked = look_into(workshop, connection_id, unanswered=True)
    with workshop.database.read() as session:
        kept = kept_questions(session, connection, info)
    # What rests on several files is told by a run; before the first one it is looked up as a run will tell it.
    together = asked_together(workshop, connection_id) if unread(workshop, connection_id) else ()
    files: dict[str, FileQuestion] = {}
    for raw in (*(raw for seen in looked for raw in seen.asks), *together, *kept):
        question = question_in(raw, str(raw.get("code", "")), info, connection, looked, ())
        if question is not None and (said := answers_in(question, settings)) is not None:
            files.setdefault(question.key, replace(question, said=said, unnamed="", account=None))
    return Told(list(files.values())[:TOLD_MAX], accounts)


def posted_of(session: Session, connection: Connection, key: str) -> int:
    """Return how many documents in QuickBooks an account's lines became."""
    raw = SourceRecord.raw
    said = cast(raw, JSON) if session.get_bind().dialect.name == "postgresql" else type_coerce(raw, JSON)
    rows = _posted(connection.id).where(said["account"].as_string() == key)
    return session.scalar(select(func.count()).select_from(rows.subquery())) or 0


def change_account(workshop: Workshop, actor: Actor, connection_id: str, key: str, told: AccountTold) -> str:
    """Say otherwise which account of the books an account of files is; refused once lines of it are posted.

    One that was left out is asked about again.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
        before = next((each for each in _accounts(session, connection, info, ()) if each.key == key), None)
        posted = 0 if before is None else posted_of(session, connection, key)
        named = any(key in said_of(connection, setting) for setting in info.unnamed.values())
        priced = any(key in said_of(connection, setting) for setting in info.currencies.values())
    if before is not None and before.left_out:
        _take_up(workshop, actor, connection_id, info, key)
        return before.name
    if before is None:
        raise refused(
            "files.no_account",
            Text("De ce compte, rien n'est encore dit.", "Nothing was said of this account yet."),
            Text("Regardez de nouveau la page des fichiers.", "Look at the page of files again."),
        )
    if posted:
        raise account_posted(before, posted)
    role = next((each.name for each in roles_of_accounts(info)), "")
    asked = AskedAccount(key, SeenAccount(key, unnamed=named, no_currency=priced), role)
    return keep_told(workshop, actor, connection_id, asked, told)


def _take_up(workshop: Workshop, actor: Actor, connection_id: str, info: ConnectorInfo, key: str) -> None:
    """Leave an account out no more: which of the books it is, is asked again."""

    def left(standing: BaseModel) -> Mapping[str, object]:
        lines = str(getattr(standing, info.left_out)).splitlines()
        return {info.left_out: "\n".join(line for line in lines if line.partition("=")[0].strip() != key)}

    update_settings(workshop, actor, connection_id, left)


def account_posted(account: ToldAccount, posted: int) -> RaccordError:
    """Return the refusal of another account, because documents stand on the one that was said."""
    return refused(
        "files.account_posted",
        Text(
            f"{posted} document(s) de ce compte sont déjà dans QuickBooks, sur « {account.ledger_name} » : la réponse "
            "ne se change plus pour eux.",
            f"{posted} document(s) of this account are in QuickBooks already, on “{account.ledger_name}”: the answer "
            "changes no more for them.",
        ),
        Text(
            "Dites l'autre compte à partir d'un jour, dans les correspondances ; « Réécrire » y déplace le passé.",
            "Say the other account from a day on, on the mapping page; “Repost” moves the past there.",
        ),
    )


def change_answers(
    workshop: Workshop, actor: Actor, connection_id: str, key: str, said: Mapping[str, str], *, every: bool = True
) -> FileQuestion:
    """Have a file read otherwise: lines that only the earlier reading makes are left out, the others stay.

    Refused where one of those is posted.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
        secret = workshop.vault.within(session).get_mapping(settings_handle(connection_id), missing_ok=True)
        values = join_secrets(info.settings, connection.settings, secret).model_dump()
    asked = next((each for each in told_of(workshop, connection_id).files if each.key == key), None)
    if asked is None:
        raise refused(
            "files.not_said",
            Text("De ce fichier, rien n'est encore dit.", "Nothing was said of this file yet."),
            Text("Regardez de nouveau la page des fichiers.", "Look at the page of files again."),
        )
    changed = _said_anew(values, asked, kept_under(asked, said, every=every), every=every)
    gone = ids_in(workshop, connection_id, values) - ids_in(workshop, connection_id, changed)

    def anew(standing: BaseModel) -> Mapping[str, object]:
        settings = {ask.setting for ask in asked.asks}
        if any(getattr(standing, each) != values[each] for each in settings):
            raise waits_no_more()
        return {each: changed[each] for each in settings}

    def leave(session: Session) -> None:
        ids = kept_ids(session, connection_id, gone, UNSAID)
        posted = _count_posted(session, connection_id, ids)
        if posted:
            raise _lines_posted(posted, {ask.setting for ask in asked.asks})
        _leave_out(session, connection_id, ids, workshop.clock.now())

    update_settings(workshop, actor, connection_id, anew, leave)
    return asked


def change_settings(
    workshop: Workshop,
    actor: Actor,
    connection_id: str,
    typed: Mapping[str, object],
    seen: str = "",
    also: Callable[[Session], None] | None = None,
) -> Connection:
    """Change settings as somebody typed them; an answer about files that is changed or taken away there counts as one
    that is changed at its form. Where there is too much to read for that, all files are read again all the same.

    ``also`` and ``seen`` are those of :func:`update_settings`.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
        secret = workshop.vault.within(session).get_mapping(settings_handle(connection_id), missing_ok=True)
        held = {name: str(connection.settings.get(name) or "") for name in info.questions.values()}
    otherwise = {name for name, said in held.items() if not _says_all(said, str(typed.get(name, said) or ""))}
    if not otherwise:
        return update_settings(workshop, actor, connection_id, typed, also, seen)
    gone: set[tuple[str, str]] = set()
    try:
        values = join_secrets(info.settings, connection.settings, secret).model_dump()
        if not too_much_to_read(workshop, connection_id):
            gone = ids_in(workshop, connection_id, values) - ids_in(workshop, connection_id, values | dict(typed))
    except (ValidationError, StoreError):
        # What is wrong with the settings is said where they are kept.
        pass

    def leave(session: Session) -> None:
        if also is not None:
            also(session)
        standing = session.get_one(Connection, connection_id).settings
        # What was seen is compared where the settings are kept, and shown.
        if not seen and any(str(standing.get(name) or "") != said for name, said in held.items()):
            raise waits_no_more()
        ids = kept_ids(session, connection_id, gone, UNSAID)
        posted = _count_posted(session, connection_id, ids)
        if posted:
            raise _lines_posted(posted, otherwise)
        _leave_out(session, connection_id, ids, workshop.clock.now())

    return update_settings(workshop, actor, connection_id, typed, leave, seen)


def _says_all(before: str, after: str) -> bool:
    """Tell whether lines of a setting still say all that they said; they may say more."""
    said = {key: set(words.replace(",", " ").split()) for key, words in _lines(after)}
    return all(set(words.replace(",", " ").split()) <= said.get(key, set()) for key, words in _lines(before))


def _lines(setting: str) -> list[tuple[str, str]]:
    """Return key and words of each line of a setting."""
    return [(key.strip(), said) for key, _, said in (line.partition("=") for line in setting.splitlines())]


class AnswerPostedError(RaccordError):
    """Raised where lines are posted that only the earlier answer makes; ``settings`` are those that hold it."""

    settings: Collection[str] = ()


def _lines_posted(posted: int, settings: Collection[str]) -> AnswerPostedError:
    error = AnswerPostedError(
        "files.answer_posted",
        Text(
            f"{posted} ligne(s) de ce fichier, comme il est lu maintenant, sont déjà dans QuickBooks.",
            f"{posted} line(s) of this file, as it is read now, are in QuickBooks already.",
        ),
        Text(
            "Défaites d'abord ces documents (la page « Défaire » de la connexion), puis changez la réponse.",
            "Undo these documents first (the connection's page “Undo”), then change the answer.",
        ),
    )
    error.settings = settings
    return error


def _accounts(
    session: Session, connection: Connection, info: ConnectorInfo, looked: Sequence[SeenFile]
) -> list[ToldAccount]:
    if not (info.unnamed or info.currencies):
        return []
    roles = [each.name for each in roles_of_accounts(info)]
    rows = select(Choice).where(Choice.connection_id == connection.id, Choice.role.in_(roles), Choice.of != "")
    newest = {each.of: each for each in session.scalars(rows.order_by(Choice.valid_from))}
    names = {key: said for setting in info.unnamed.values() for key, said in said_of(connection, setting).items()}
    seen = {key: account for file in looked for key, account in file.accounts.items()}
    aside = said_of(connection, info.left_out)
    found = [ToldAccount(key, name, "", "", "", "", left_out=True) for key, name in aside.items()][:TOLD_MAX]
    for key, choice in sorted(newest.items())[:TOLD_MAX]:
        if key in aside:
            continue
        of = seen.get(key, SeenAccount(key))
        name = names.get(key, "")
        nameless = [each.name for each in looked if key in each.accounts] if name and not of.number else []
        found.append(ToldAccount(key, name, of.bank, of.number, choice.ledger_id, choice.ledger_name, nameless))
    return found


def _said_anew(
    values: Mapping[str, Any], asked: FileQuestion, lines: Sequence[tuple[str, str, str]], *, every: bool
) -> dict[str, Any]:
    """Return settings with answers in the place of the earlier ones to the same questions."""
    words = {word for ask in asked.asks for word in ask.answers}
    places = {asked.key, *(ask.key for ask in asked.asks if ask.key), *([asked.layout] if every else [])}
    whole = {ask.setting for ask in asked.asks if ask.cells}
    changed = dict(values)
    for setting in {ask.setting for ask in asked.asks}:
        kept = []
        for line in str(values.get(setting, "") or "").splitlines():
            key, _, said = line.partition("=")
            if key.strip() in places:
                left = (
                    [] if setting in whole else [each for each in said.replace(",", " ").split() if each not in words]
                )
                line = f"{key.strip()} = {' '.join(left)}" if left else ""
            kept += [line] if line.strip() else []
        kept += [f"{key} = {said}" for of, key, said in lines if of == setting]
        changed[setting] = "\n".join(kept)
    return changed


def _posted(connection_id: str) -> Any:
    return (
        select(LinkRow.key)
        .join(DraftRow, (DraftRow.connection_id == LinkRow.connection_id) & (DraftRow.key == LinkRow.key))
        .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .where(LinkRow.connection_id == connection_id, LinkRow.state == LinkState.LIVE)
    )


def _count_posted(session: Session, connection_id: str, ids: Collection[tuple[str, str]]) -> int:
    found = 0
    for stream in {stream for stream, _ in ids}:
        for some in chunks(sorted(each for of, each in ids if of == stream), CHUNK):
            rows = _posted(connection_id).where(SourceRecord.stream == stream, SourceRecord.source_id.in_(some))
            found += session.scalar(select(func.count()).select_from(rows.subquery())) or 0
    return found


def _leave_out(session: Session, connection_id: str, ids: Collection[tuple[str, str]], now: datetime) -> None:
    """Leave records out that their files no longer make, and have all files read again from the first.

    One that comes again after all, by another file or another answer, is taken as new.
    """
    for stream in {stream for stream, _ in ids}:
        for some in chunks(sorted(each for of, each in ids if of == stream), CHUNK):
            mine = (
                SourceRecord.connection_id == connection_id,
                SourceRecord.stream == stream,
                SourceRecord.source_id.in_(some),
                SourceRecord.state != RecordState.SUPERSEDED,
            )
            for row in session.scalars(select(SourceRecord).where(*mine)):
                row.state, row.reason, row.content_hash = RecordState.SKIPPED, READ_OTHERWISE, ""
                for draft in session.scalars(select(DraftRow).where(DraftRow.record_id == row.id)):
                    draft.state, draft.reason = DraftState.WITHDRAWN, READ_OTHERWISE
                    close_hold(session, draft, now)
    for cursor in session.scalars(select(StreamCursor).where(StreamCursor.connection_id == connection_id)):
        session.delete(cursor)
