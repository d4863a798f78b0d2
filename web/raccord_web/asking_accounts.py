"""What pages show where files leave something open: how they are to be read, and which account they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request

from raccord.onboarding.access.people import Power, may
from raccord.onboarding.arriving.answering import FileQuestion, file_questions
from raccord.onboarding.arriving.unnamed_accounts import BankAccount, UnnamedAccount, bank_accounts, unnamed_accounts
from raccord.store.models import Connection
from raccord_web.desk import desk_of
from raccord_web.visitors import visitor_of


@dataclass(frozen=True, slots=True)
class AskedAccounts:
    """What is asked of files, the accounts that they do not name, those of the books, and whether the one who looks
    may answer.
    """

    unnamed: Sequence[UnnamedAccount] = ()
    accounts: Sequence[BankAccount] = ()
    may_name: bool = False
    questions: Sequence[FileQuestion] = ()


def asked_accounts(
    request: Request, session: Session, connection: Connection, ahead: Sequence[Mapping[str, Any]] = ()
) -> AskedAccounts:
    """Return what is asked about the files of a connection; ``ahead`` is what those ask that no run has read."""
    admitted = desk_of(request).workshop.scopes.catalog.get(connection.connector)
    if admitted is None or not (admitted.info.unnamed or admitted.info.questions):
        return AskedAccounts()
    unnamed = unnamed_accounts(session, connection, admitted.info)
    questions = file_questions(session, connection, admitted.info, ahead)
    if not unnamed and not questions:
        return AskedAccounts()
    actor, granted = visitor_of(request).reach.actor_in(connection.company_id), connection.manage_granted_at is not None
    may_name = actor is not None and may(actor, Power.MANAGE, admitted.info, manage_granted=granted)
    return AskedAccounts(unnamed, bank_accounts(session, connection.company_id), may_name, questions)
