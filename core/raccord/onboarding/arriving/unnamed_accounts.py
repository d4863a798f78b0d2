"""Files that do not say which account they are of: asked once a layout, answered with an account of the books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import JSON, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.connecting.connections import update_settings
from raccord.onboarding.connecting.telling_accounts import AccountSaid, tell_accounts
from raccord.onboarding.gates.each_account import roles_of_accounts
from raccord.onboarding.sources.account_types import HeldAs
from raccord.onboarding.sources.feeds import MONEY_TYPES
from raccord.onboarding.sources.source_accounts import info_of, refused
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Text
from raccord.store.models import Connection, LedgerEntry, RecordState, SourceRecord
from raccord.store.vault import join_secrets
from raccord.sync.workshop import Workshop, settings_handle

QUESTIONS_MAX = 50
ACCOUNTS_MAX = 500
NAME_MAX = 100


@dataclass(frozen=True, slots=True)
class UnnamedAccount:
    """An account that files do not name, with how many of its lines wait and of which days."""

    key: str
    setting: str
    lines: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class BankAccount:
    """A bank or card account of the books."""

    id: str
    name: str
    type: str


def unnamed_accounts(session: Session, connection: Connection, info: ConnectorInfo) -> list[UnnamedAccount]:
    """Return the accounts that the files of a connection do not name, of which nobody said yet which they are."""
    if not info.unnamed:
        return []
    postgres = session.get_bind().dialect.name == "postgresql"
    raw = cast(SourceRecord.raw, JSON) if postgres else type_coerce(SourceRecord.raw, JSON)
    failed = (
        select(raw["account"].as_string().label("account"), SourceRecord.reason, SourceRecord.day)
        .where(
            SourceRecord.connection_id == connection.id,
            SourceRecord.state == RecordState.FAILED,
            SourceRecord.reason.in_(sorted(info.unnamed)),
        )
        .subquery()
    )
    rows = session.execute(
        select(failed.c.account, failed.c.reason, func.count(), func.min(failed.c.day), func.max(failed.c.day))
        .where(failed.c.account.is_not(None), failed.c.account != "")
        .group_by(failed.c.account, failed.c.reason)
        .order_by(func.min(failed.c.day), failed.c.account)
        .limit(QUESTIONS_MAX)
    )
    return [UnnamedAccount(row[0], info.unnamed[row[1]], row[2], row[3], row[4]) for row in rows]


def bank_accounts(session: Session, company_id: str) -> list[BankAccount]:
    """Return the company's active bank and card accounts, by name."""
    rows = session.execute(
        select(LedgerEntry.object_id, LedgerEntry.name, LedgerEntry.type)
        .where(
            LedgerEntry.company_id == company_id,
            LedgerEntry.kind == "Account",
            LedgerEntry.active.is_(True),
            LedgerEntry.type.in_(MONEY_TYPES),
        )
        .order_by(LedgerEntry.name_key)
        .limit(ACCOUNTS_MAX)
    )
    return [BankAccount(*row) for row in rows]


def name_account(
    workshop: Workshop, actor: Actor, connection_id: str, key: str, *, ledger_id: str = "", name: str = ""
) -> str:
    """Say which account files of a layout are of: one of the books, or a new name; return the name it is kept under.

    The next run goes on with the lines that waited. An account of the books is also what they are written to.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
        asked = next((each for each in unnamed_accounts(session, connection, info) if each.key == key), None)
        chosen = books_account(session, connection.company_id, ledger_id)
        secret = workshop.vault.within(session).get_mapping(settings_handle(connection.id), missing_ok=True)
        values = join_secrets(info.settings, connection.settings, secret).model_dump()
    if asked is None:
        raise refused(
            "files.account_told",
            Text(
                "Rien n'est demandé de ce compte, ou quelqu'un l'a déjà dit.",
                "Nothing is asked about this account, or somebody said it already.",
            ),
            Text("Regardez de nouveau la page des fichiers.", "Look at the page of files again."),
        )
    title = called(chosen, ledger_id, name)
    lines = str(values.get(asked.setting, "")).rstrip("\n")
    values[asked.setting] = f"{lines}\n{key} = {title}".lstrip("\n")
    update_settings(workshop, actor, connection_id, values)
    if chosen is not None:
        say_account(workshop, actor, connection_id, info, key, chosen)
    return title


def books_account(session: Session, company_id: str, ledger_id: str) -> BankAccount | None:
    """Return the active bank or card account of the books with an id; nothing where none has it."""
    return next((each for each in bank_accounts(session, company_id) if each.id == ledger_id), None)


def called(chosen: BankAccount | None, ledger_id: str, name: str) -> str:
    """Return the name that an account gets; raises where nothing usable was said."""
    found = " ".join(name.split()) or (chosen.name if chosen is not None else "")
    if not found or len(found) > NAME_MAX or (ledger_id and chosen is None):
        raise refused(
            "files.account_missing",
            Text(
                "Aucun compte n'est choisi, ou il n'est pas un compte de banque ou de carte actif.",
                "No account is chosen, or it is no active bank or card account.",
            ),
            Text(
                "Choisissez-en un de la liste, ou écrivez un nouveau nom.",
                "Choose one of the list, or type a new name.",
            ),
        )
    return found


def say_account(
    workshop: Workshop, actor: Actor, connection_id: str, info: ConnectorInfo, key: str, chosen: BankAccount
) -> None:
    """Keep that an account of the source is one of the books: what its lines are written to."""
    held_as = HeldAs.CARD if chosen.type == "Credit Card" else HeldAs.BANK
    said = [AccountSaid(role.name, key, held_as, chosen.id) for role in roles_of_accounts(info)]
    tell_accounts(workshop, actor, connection_id, said)
