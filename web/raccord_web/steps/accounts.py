"""The accounts of a bank in the set-up, on one step: for each its type and its account in the books, or a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session
from starlette.requests import Request

from raccord.onboarding.access.people import Actor
from raccord.onboarding.deciding.decisions import BEGINNING
from raccord.onboarding.deciding.seen_choices import sent_as_told, told_again, told_choices
from raccord.onboarding.gates.each_account import EachAccount, each_account, roles_of_accounts
from raccord.onboarding.setting_up.chart_accounts import KINDS, NewAccount, add_account, read_kind
from raccord.onboarding.setting_up.steps import AccountSaid, fill_roles
from raccord.onboarding.sources.account_types import HeldAs
from raccord.overview.questions import Candidate, candidates
from raccord.plugin.drafts import Accepts
from raccord.plugin.info import ConnectorInfo, RoleInfo
from raccord.store.models import Connection
from raccord.sync.workshop import Workshop
from raccord_web.pages.rendering import among
from raccord_web.parts.mapped import RoleView, leaving_defaults, roles_of

ROLE, NAMED, KIND, NUMBER, JOURNAL = "role_", "new_", "kind_", "number_", "journal_"
"""What the names of a role's fields begin with: the account that fills it, or one to add, what that one holds, its
number and its journal.
"""
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
    said: bool = False
    """Whether a form says it: what is sent as it was shown, or stood in none, stays as it stands."""

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
        return [_kept(at, each) for at, each in enumerate(accounts)]
    numbers = {fields[name]: name.removeprefix("key_") for name in fields if name.startswith("key_")}
    return [_read(at, each, numbers.get(each.key, ""), fields) for at, each in enumerate(accounts)]


def roles_said(info: ConnectorInfo, fields: Mapping[str, str]) -> dict[str, str]:
    """Return what a form says of each role, but for those that it sends as they were shown to it."""
    return {
        role.name: fields[ROLE + role.name]
        for role in info.roles
        if ROLE + role.name in fields
        and not sent_as_told(fields.get("seen"), (role.name, ""), ("", fields[ROLE + role.name]))
    }


def told_of(session: Session, connection: Connection, info: ConnectorInfo, values: Mapping[str, object]) -> str:
    """Return what tells the choices that the form shows; one that is shown again goes on saying of what it changes what
    it was told, until its person was told what stands (``changed``).
    """
    typed, of_accounts = values.get("typed"), [each.name for each in roles_of_accounts(info)]
    if not isinstance(typed, Mapping) or "seen" not in typed or values.get("changed"):
        return told_choices(session, connection.id, of_accounts)
    said: dict[tuple[str, str], tuple[str, str]] = {
        (name, ""): ("", id_) for name, id_ in roles_said(info, typed).items()
    }
    rows = values.get("accounts")
    for each in rows if isinstance(rows, list) else ():
        if each.said:
            said[each.account.role.name, each.account.key] = each.held_as, each.ledger_id
    return told_again(session, connection.id, of_accounts, typed["seen"], said)


def take_accounts(
    workshop: Workshop, actor: Actor, connection: Connection, info: ConnectorInfo, rows: Sequence[AccountRow],
    fields: Mapping[str, str],
) -> None:  # fmt: skip
    """Keep what a form says of the roles and of the rows that are whole, all or nothing; then add what is to be added:
    all of it, or what one button alone is for.
    """
    button = fields.get("add")
    only = next((each.at for each in rows if button == f"account_{each.at}"), None if button is None else -1)
    adds = [each for each in rows if each.whole and each.adds and only in (None, each.at)]
    named = [role for role in info.roles if named_for(role, fields)]
    said = [
        AccountSaid(each.account.role.name, each.account.key, each.held_as, each.ledger_id)
        for each in rows
        if each.said and each.whole and not each.adds
    ]
    fill_roles(
        workshop, actor, connection.id, roles_said(info, fields), said, whole=False, told=fields.get("seen"),
        adding=[*((role.name, "") for role in named), *((each.account.role.name, each.account.key) for each in adds)],
    )  # fmt: skip
    _add_accounts(workshop, actor, connection, info, fields)
    for each in adds:
        kind = _KINDS.get(HeldAs(each.held_as)) or read_kind(each.kind)
        role, key = each.account.role.name, each.account.key
        add_account(workshop, actor, connection.id, role, each.name, kind, key, BEGINNING)


def left_defaults(
    workshop: Workshop, connection: Connection, info: ConnectorInfo, fields: Mapping[str, str]
) -> list[RoleView]:
    """Return the roles that would leave a default worth keeping and were not asked about yet."""
    wanted = {role.name: fields.get(ROLE + role.name, "") or named_for(role, fields) for role in info.roles}
    asked = fields.get("sure", "").split()
    with workshop.database.read() as session:
        views = leaving_defaults(roles_of(session, connection, info), wanted)
    return [each for each in views if each.info.name not in asked]


def _add_accounts(
    workshop: Workshop, actor: Actor, connection: Connection, info: ConnectorInfo, fields: Mapping[str, str]
) -> None:
    """Add each account that was named beside a role and fill the role with it, whichever button was pressed; one whose
    name stood there beforehand, only with its own button.
    """
    for role in info.roles:
        if name := named_for(role, fields):
            kind = read_kind(fields.get(KIND + role.name, ""))
            add_account(
                workshop, actor, connection.id, role.name, name, kind, valid_from=BEGINNING,
                number=fields.get(NUMBER + role.name, ""), journal=fields.get(JOURNAL + role.name, ""),
            )  # fmt: skip


def named_for(role: RoleInfo, fields: Mapping[str, str]) -> str:
    """Return the name of an account that a person wants added for a role."""
    name = fields.get(NAMED + role.name, "").strip()
    stood = set() if role.proposal is None else {role.proposal.name.fr, role.proposal.name.en}
    return "" if name in stood and fields.get("add") != role.name else name


def _kept(at: int, account: EachAccount) -> AccountRow:
    return AccountRow(at, account, account.held_as, "" if account.now is None else account.now.ledger_id, "", "")


def _read(at: int, account: EachAccount, number: str, fields: Mapping[str, str]) -> AccountRow:
    """Return a row of the form; one that stood in none lacks what was not told."""
    if not number:
        lacks = frozenset[str]() if account.told else frozenset({"type", "account"})
        kept = "" if account.now is None else account.now.ledger_id
        return AccountRow(at, account, account.held_as, kept, "", "", lacks)
    held_as, ledger = fields.get(f"type_{number}", ""), fields.get(f"account_{number}", "")
    name, kind = fields.get(f"name_{number}", ""), fields.get(f"kind_{number}", "")
    at = int(number) if number.isdecimal() else at
    if account.told and sent_as_told(fields.get("seen"), (account.role.name, account.key), (held_as, ledger)):
        # As it was shown: what others said of it meanwhile stands.
        return _kept(at, account)
    wrong = set[str]()
    if held_as not in set(HeldAs):
        wrong.add("type")
    adds = bool(name) and ledger in ("", NEW)
    if not adds and ledger in ("", NEW):
        wrong.add("account")
    if adds and held_as == HeldAs.BANK and kind not in (NewAccount.CHECKING, NewAccount.SAVINGS):
        wrong.add("kind")
    return AccountRow(at, account, held_as, ledger, name, kind, frozenset(wrong), said=True)


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
