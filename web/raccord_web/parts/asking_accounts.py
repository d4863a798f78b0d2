"""What pages show where files leave something open: how they are to be read, and which accounts they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from sqlalchemy.orm import Session
from starlette.requests import Request

from raccord.jobs.requests import RUNNABLE, request_run
from raccord.onboarding.access.people import Power, may
from raccord.onboarding.arriving.answering import FileQuestion, unsettled
from raccord.onboarding.arriving.changing import Told, account_posted, posted_of, told_of
from raccord.onboarding.arriving.reading_ahead import SeenAccount, SeenFile, asked_together, look_into, takes_files
from raccord.onboarding.arriving.untold_accounts import AccountTold, AskedAccount, BankAccount, bank_accounts
from raccord.onboarding.setting_up.chart_accounts import NewAccount, kinds_for
from raccord.overview.explain import ASKED_OF_FILES, QUESTIONS_OF_FILES, Explained
from raccord.plugin.drafts import Accepts
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Text
from raccord.store.models import Connection
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, visitor_of
from raccord_web.pages.rendering import said_by

FAULTS_MAX = 20
CONNECTIONS_MAX = 10
OF_FILES = (*ASKED_OF_FILES, *QUESTIONS_OF_FILES)
"""Ends of the codes of what files leave open."""
NEW = "+"
"""The entry of the drop-down that stands for an account to add."""

LEAVE = "-"
"""The entry that stands for an account whose lines are left out."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why what was answered of a file is not kept, to stand beside its account or beside its other questions."""

    why: Explained
    of_account: bool


@dataclass(frozen=True, slots=True)
class AskedAccounts:
    """What is asked of a connection's files, the accounts of the books that may answer, and whether the one who looks
    may say so.
    """

    connection_id: str = ""
    label: str = ""
    questions: Sequence[FileQuestion] = ()
    accounts: Sequence[AskedAccount] = ()
    books: Sequence[BankAccount] = ()
    may_name: bool = False
    may_leave: bool = False
    """Whether an account may be left out."""
    new_kinds: Sequence[NewAccount] = tuple(kinds_for(Accepts.BANK_OR_CARD))
    again: bool = False
    """Whether it was answered before and may be answered anew."""
    fixed: Explained | None = None
    """Why it may not."""
    faults: Sequence[tuple[str, Text]] = ()
    """What of files that no run has read cannot be brought over, by file."""
    looked: Mapping[str, SeenFile] = field(default_factory=dict)
    """What is in each of these files, by its hash."""

    faulty: Mapping[str, Fault] = field(default_factory=dict)
    """What was answered just now and is not kept, by the key of its file or account."""
    typed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What was typed just now, by the same key."""
    kept: int = 0
    """How many other answers were kept with it."""
    nothing: bool = False
    """Whether the form was sent with no answer."""

    @property
    def cards(self) -> int:
        """How many files and accounts are asked about."""
        return len(self.questions) + len(self.accounts)

    @property
    def open(self) -> int:
        """How many things wait for an answer."""
        return sum(len(each.asks) + (each.account is not None) for each in self.questions) + len(self.accounts)

    @property
    def any(self) -> bool:
        return bool(self.questions or self.accounts)


def asked_accounts(
    request: Request, session: Session, connection: Connection, *, arrived: bool = False
) -> AskedAccounts:
    """Return what is asked about the files of a connection; until its first plan is approved, of unread ones too.

    With ``arrived``, files came just now: what is in them and what of it cannot be read is told whatever the state.
    """
    workshop = desk_of(request).workshop
    admitted = workshop.scopes.catalog.get(connection.connector)
    if admitted is None or not (admitted.info.unnamed or admitted.info.questions):
        return AskedAccounts()
    info = admitted.info
    ahead = connection.approved_at is None and takes_files(info, connection.settings)
    found = unsettled(session, connection, info)
    looked: Sequence[SeenFile] = ()
    if ahead or arrived or found.questions or found.accounts:
        looked = look_into(workshop, connection.id)
        together = asked_together(workshop, connection.id) if ahead else ()
        found = unsettled(session, connection, info, looked, ahead=ahead, together=together)
    faults = [(each.name, fault) for each in looked for fault in each.faults if ahead or arrived]
    faults, seen = faults[:FAULTS_MAX], {each.sha256: each for each in looked if ahead or arrived}
    if not found.questions and not found.accounts:
        return AskedAccounts(connection.id, connection.label, faults=faults, looked=seen)
    may_name = _may_name(request, connection, info)
    return AskedAccounts(
        connection.id, connection.label, found.questions, found.accounts,
        bank_accounts(session, connection.company_id), may_name, bool(info.left_out), faults=faults,
        looked=seen,
    )  # fmt: skip


def asked_before(
    request: Request, session: Session, connection_id: str, asks: Sequence[FileQuestion]
) -> list[AskedAccounts]:
    """Return what is to be said of a connection's files before something else, each question by itself."""
    connection = session.get_one(Connection, connection_id)
    admitted = desk_of(request).workshop.scopes.catalog.get(connection.connector)
    may_name = admitted is not None and _may_name(request, connection, admitted.info)
    return [AskedAccounts(connection.id, connection.label, [each], may_name=may_name) for each in asks]


class Unmet(Protocol):
    """A cause for which something of a connection waits or failed."""

    @property
    def connection_id(self) -> str: ...

    @property
    def code(self) -> str: ...


def forms_about_files(
    request: Request, session: Session, causes: Sequence[Unmet]
) -> dict[tuple[str, str], AskedAccounts]:
    """Return, by connection and code, what files leave open, each asked once beside the first cause it makes."""
    found: dict[tuple[str, str], AskedAccounts] = {}
    ids = list(dict.fromkeys(each.connection_id for each in causes if each.code.endswith(OF_FILES)))
    for connection_id in ids[:CONNECTIONS_MAX]:
        asked = asked_accounts(request, session, session.get_one(Connection, connection_id))
        codes = [each.code for each in causes if each.connection_id == connection_id]
        for code in codes:
            questions = [each for each in asked.questions if each.code == code]
            first = next((each for each in codes if each.endswith(ASKED_OF_FILES)), "")
            accounts = asked.accounts if code == first else ()
            if questions or accounts:
                found[connection_id, code] = replace(asked, questions=questions, accounts=accounts)
    return found


def changing(request: Request, session: Session, connection: Connection, told: Told, key: str) -> AskedAccounts | None:
    """Return the form of something that was said of files, by its key, to say it otherwise; or why that cannot be."""
    admitted = desk_of(request).workshop.scopes.catalog.get(connection.connector)
    if admitted is None or not key:
        return None
    may_name = _may_name(request, connection, admitted.info)
    books = bank_accounts(session, connection.company_id)
    if files := [each for each in told.files if each.key == key]:
        return AskedAccounts(connection.id, connection.label, files, (), books, may_name, again=True)
    leave = bool(admitted.info.left_out)
    account = next((each for each in told.accounts if each.key == key), None)
    if account is None or account.left_out:
        return None
    if posted := posted_of(session, connection, key):
        return AskedAccounts(
            connection.id, connection.label, again=True, fixed=said_by(account_posted(account, posted), request)
        )
    seen = SeenAccount(key, account.number, account.bank)
    asked = AskedAccount(key, seen, "", account.name, account.ledger_id)
    return AskedAccounts(connection.id, connection.label, (), [asked], books, may_name, leave, again=True)


def files_values(request: Request, connection: Connection, info: ConnectorInfo) -> dict[str, object]:
    """Return what the step of files shows beside them: what was said of them."""
    return {"told": told_of(desk_of(request).workshop, connection.id)}


def _may_name(request: Request, connection: Connection, info: ConnectorInfo) -> bool:
    actor, granted = visitor_of(request).reach.actor_in(connection.company_id), connection.manage_granted_at is not None
    return actor is not None and may(actor, Power.MANAGE, info, manage_granted=granted)


def told_in(fields: Mapping[str, str]) -> AccountTold | None:
    """Return what a form says an account is; nothing where it says nothing."""
    ledger, name = fields.get("ledger", ""), fields.get("name", "").strip()
    if ledger == LEAVE:
        return AccountTold(leaves=True)
    if ledger == NEW or not ledger:
        return AccountTold("", name, fields.get("kind", "")) if name else None
    return AccountTold(ledger)


def read_on(request: Request, connection_id: str) -> bool:
    """Have a connection's files read with what was said of them; false where it does not run now."""
    desk = desk_of(request)
    with desk.workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        if connection.state not in RUNNABLE or connection.paused_at is not None:
            return False
    request_run(
        desk.workshop.database, desk.engine, connection_id, trigger="person", by=acting(request).name,
        clock=desk.workshop.clock,
    )  # fmt: skip
    return True
