"""The accounts of a bank in the set-up, on one step: for each its type and its account in the books, or a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session
from starlette.requests import Request

from raccord.onboarding.access.people import Actor
from raccord.onboarding.deciding.decisions import BEGINNING
from raccord.onboarding.deciding.telling_accounts import AccountSaid, tell_accounts
from raccord.onboarding.gates.each_account import EachAccount, each_account
from raccord.onboarding.setting_up.chart_accounts import KINDS, NewAccount, add_account, read_kind
from raccord.onboarding.sources.account_types import HeldAs
from raccord.overview.questions import Candidate, candidates
from raccord.plugin.drafts import Accepts
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Connection
from raccord.sync.workshop import Workshop
from raccord_web.pages.rendering import among
from raccord_web.parts.mapped import RoleView

NEW = "+"
"""The entry of the drop-down that stands for an account to add."""
_KINDS = {HeldAs.CASH: NewAccount.CASH, HeldAs.CARD: NewAccount.CARD}
"""Of these types there is one kind of new account; a bank account is a chequing or a savings account."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account as it stands in the form: what is typed, else what is kept; ``wrong`` names fields that lack."""

    at: int
    account: EachAccount
    held_as: str
    ledger_id: str
    name: str
    """Of an account to add."""
    kind: str
    wrong: frozenset[str] = frozenset()

    @property
    def adds(self) -> bool:
        return bool(self.name) and self.ledger_id in ("", NEW)

    @property
    def whole(self) -> bool:
        return not self.wrong


def account_rows(
    workshop: Workshop, connection: Connection, info: ConnectorInfo, fields: Mapping[str, str] | None = None
) -> list[AccountRow]:
    """Return the accounts of a source with what a form says of them; without one, with what is kept."""
    with workshop.database.read() as session:
        accounts = each_account(workshop, session, connection, info)
    if fields is None:
        return [
            AccountRow(at, each, each.held_as, "" if each.now is None else each.now.ledger_id, "", "")
            for at, each in enumerate(accounts)
        ]
    numbers = {fields[name]: name.removeprefix("key_") for name in fields if name.startswith("key_")}
    return [_read(at, each, numbers.get(each.key, ""), fields) for at, each in enumerate(accounts)]


def take_accounts(
    workshop: Workshop, actor: Actor, connection: Connection, rows: Sequence[AccountRow], only: int | None = None
) -> None:
    """Keep the rows that are whole; ``only`` adds the new account of one row and leaves those of the others alone."""
    told = [each for each in rows if each.whole and not each.adds]
    said = [AccountSaid(each.account.role.name, each.account.key, each.held_as, each.ledger_id) for each in told]
    tell_accounts(workshop, actor, connection.id, said)
    for each in rows:
        if each.whole and each.adds and only in (None, each.at):
            kind = _KINDS.get(HeldAs(each.held_as)) or read_kind(each.kind)
            role, key = each.account.role.name, each.account.key
            add_account(workshop, actor, connection.id, role, each.name, kind, key, BEGINNING)


def _read(at: int, account: EachAccount, number: str, fields: Mapping[str, str]) -> AccountRow:
    """Return a row of the form; one that stood in none lacks what was not told."""
    if not number:
        lacks = frozenset[str]() if account.told else frozenset({"type", "account"})
        kept = "" if account.now is None else account.now.ledger_id
        return AccountRow(at, account, account.held_as, kept, "", "", lacks)
    held_as, ledger = fields.get(f"type_{number}", ""), fields.get(f"account_{number}", "")
    name, kind = fields.get(f"name_{number}", ""), fields.get(f"kind_{number}", "")
    wrong = set[str]()
    if held_as not in set(HeldAs):
        wrong.add("type")
    adds = bool(name) and ledger in ("", NEW)
    if not adds and ledger in ("", NEW):
        wrong.add("account")
    if adds and held_as == HeldAs.BANK and kind not in (NewAccount.CHECKING, NewAccount.SAVINGS):
        wrong.add("kind")
    return AccountRow(int(number) if number.isdecimal() else at, account, held_as, ledger, name, kind, frozenset(wrong))


def kinds_of_type() -> list[NewAccount]:
    """Return the kinds of new accounts that a person has to say: those of bank accounts."""
    return [kind for kind, (type_, _) in KINDS.items() if type_ == "Bank" and kind is not NewAccount.CASH]


def fitting_roles(
    request: Request, session: Session, connection: Connection, info: ConnectorInfo, roles: Sequence[RoleView],
    wanted: object,
) -> Mapping[Accepts, Sequence[Candidate]]:  # fmt: skip
    """Return what fits the roles of a connection, with what is chosen or ``wanted`` for them in any case."""
    chosen = {each.now.ledger_id for each in roles if each.now is not None}
    typed = set(map(str, wanted.values())) if isinstance(wanted, Mapping) else set()
    places = {each.accepts for each in info.roles}
    return candidates(session, connection.company_id, places, among(request), chosen | typed)
