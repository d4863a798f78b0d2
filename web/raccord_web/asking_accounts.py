"""What pages show where files do not say which account they are of: the question, and the accounts to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session
from starlette.requests import Request

from raccord.onboarding.people import Power, may
from raccord.onboarding.unnamed_accounts import BankAccount, UnnamedAccount, bank_accounts, unnamed_accounts
from raccord.store.models import Connection
from raccord_web.desk import desk_of
from raccord_web.visitors import visitor_of


@dataclass(frozen=True, slots=True)
class AskedAccounts:
    """The accounts that files do not name, those of the books, and whether whoever looks may answer."""

    unnamed: Sequence[UnnamedAccount] = ()
    accounts: Sequence[BankAccount] = ()
    may_name: bool = False


def asked_accounts(request: Request, session: Session, connection: Connection) -> AskedAccounts:
    """Return what is asked about the files of a connection."""
    admitted = desk_of(request).workshop.scopes.catalog.get(connection.connector)
    if admitted is None or not admitted.info.unnamed:
        return AskedAccounts()
    unnamed = unnamed_accounts(session, connection, admitted.info)
    if not unnamed:
        return AskedAccounts()
    actor, granted = visitor_of(request).reach.actor_in(connection.company_id), connection.manage_granted_at is not None
    may_name = actor is not None and may(actor, Power.MANAGE, admitted.info, manage_granted=granted)
    return AskedAccounts(unnamed, bank_accounts(session, connection.company_id), may_name)
