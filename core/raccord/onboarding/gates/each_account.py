"""Each account at a bank, told on one step of the set-up: its type, and the account of the books it is (BF-14)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.sources.account_types import HeldAs
from raccord.onboarding.sources.source_accounts import refused
from raccord.plugin.info import ConnectorInfo, RoleInfo
from raccord.plugin.texts import Text
from raccord.store.models import Choice, Company, Connection, Hold
from raccord.sync.resolving.resolve import CHOICE_MISSING
from raccord.sync.workshop import Workshop


@dataclass(frozen=True, slots=True)
class EachAccount:
    """One account at a source, with what was told of it; ``chosen`` says that a person takes it, records or not."""

    role: RoleInfo
    key: str
    name: str
    chosen: bool
    held_as: str
    """The type that was told, else the one the source gives; empty where nobody knows."""
    now: Choice | None

    @property
    def told(self) -> bool:
        return self.now is not None


def roles_of_accounts(info: ConnectorInfo) -> list[RoleInfo]:
    return [role for role in info.roles if role.told_by_records]


def each_account(
    workshop: Workshop, session: Session, connection: Connection, info: ConnectorInfo
) -> list[EachAccount]:
    """Return the accounts that the settings name, those that records told of and wait, and those told before."""
    roles = roles_of_accounts(info)
    if not roles:
        return []
    settings = workshop.bench_of(session, session.get_one(Company, connection.company_id), connection).view.settings
    waiting = _waiting(session, connection.id)
    rows = select(Choice).where(Choice.connection_id == connection.id, Choice.of != "").order_by(Choice.valid_from)
    made = {(each.role, each.of): each for each in session.scalars(rows)}
    found: list[EachAccount] = []
    for role in roles:
        known = {each.key: each for each in (role.known_accounts(settings) if role.known_accounts else ())}
        keys = [*known, *sorted(of for name, of in waiting if name == role.name and of not in known)]
        keys += [of for name, of in made if name == role.name and of not in keys]
        for key in keys:
            now, told = made.get((role.name, key)), known.get(key)
            guess = "" if told is None or not told.card else HeldAs.CARD
            held_as = now.held_as if now is not None and now.held_as else guess
            found.append(EachAccount(role, key, key if told is None else told.name, key in known, held_as, now))
    return found


def _waiting(session: Session, connection_id: str) -> set[tuple[str, str]]:
    """Return the roles and keys that drafts wait for."""
    role, of = Hold.params["role"].as_string(), Hold.params["of"].as_string()
    rows = select(role, of).where(
        Hold.connection_id == connection_id, Hold.closed_at.is_(None), Hold.code == CHOICE_MISSING
    )
    return {(name, key) for name, key in session.execute(rows.distinct()) if key}


def require_told(workshop: Workshop, session: Session, connection: Connection, info: ConnectorInfo) -> None:
    """Refuse to read a source before each account that a person chose there has its type and its account."""
    open_ = [each for each in each_account(workshop, session, connection, info) if each.chosen and not each.told]
    if open_:
        names = ", ".join(each.name for each in open_)
        raise refused(
            "account.not_told",
            Text(
                f"Il manque le type ou le compte QuickBooks de : {names}.",
                f"The type or the QuickBooks account is missing for: {names}.",
            ),
            Text(
                "Dites-les à l'étape des comptes (raccord connect choose … --of …).",
                "Say them in the step of the accounts (raccord connect choose … --of …).",
            ),
        )
